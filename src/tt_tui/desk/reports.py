"""Reports: turns what brokers say into events, once each (order-lifecycle §1, §6).

The same report may come from an answer, a stream and a query; what brings nothing new writes nothing.
"""

from __future__ import annotations

import msgspec

from tt_tui.desk.context import DeskContext
from tt_tui.desk.journal import DuplicateKey
from tt_tui.desk.rows import Order
from tt_tui.domain import event as ev
from tt_tui.domain.account import Balance
from tt_tui.domain.order import Fill, Leg, OrderReport, OrderRequest, OrderState, Origin, Role

_WORKS = (OrderState.WORKING, OrderState.PARTIAL)


class Reports:
    """The only writer of what brokers say."""

    def __init__(self, context: DeskContext) -> None:
        self._context = context

    def take(self, report: OrderReport | Fill | Balance) -> bool:
        """Book one report; returns whether it brought anything new."""
        if isinstance(report, Fill):
            return self._fill(report)
        if isinstance(report, Balance):
            return self._balance(report)
        return self._order(report)

    def order_id_of(self, account: str, order_id: str, broker_order_id: str) -> str:
        """Return our id of an order a broker speaks of, empty where we don't know it."""
        state = self._context.state
        if order_id and order_id in state.orders:
            return order_id
        return state.broker_orders.get(f"{account}|{broker_order_id}", "")

    def _order(self, report: OrderReport) -> bool:
        context = self._context
        order_id = self.order_id_of(report.account, report.order_id, report.broker_order_id)
        if not order_id:
            return self._adopt(report)
        if not _is_news(context.state.orders[order_id], report):
            return False
        context.crash_point("ack.before_commit")
        context.ledger.write(ev.OrderReported(order_id=order_id, report=report))
        context.crash_point("ack.after_commit")
        return True

    def _adopt(self, report: OrderReport) -> bool:
        """Count an order that we did not send: a bracket child of ours, or another program's."""
        if report.state.is_terminal:
            return False
        parent = self._parent_of(report)
        request = OrderRequest(
            order_id=report.order_id or self._context.ids.new("EXT"),
            account=report.account,
            legs=(Leg(symbol=report.symbol, side=report.side, quantity=report.quantity),),
            order_type=report.order_type,
            limit_price=report.limit_price,
            stop_price=report.stop_price,
            trail=report.trail,
            time_in_force=report.time_in_force,
            origin=Origin.EXTERNAL if parent is None else parent.request.origin,
            role=report.role or Role.ENTRY,
            parent_id="" if parent is None else parent.order_id,
            oco_group=report.oco_group,
            alert_id="" if parent is None else parent.request.alert_id,
            strategy="" if parent is None else parent.request.strategy,
            created=self._context.clock.now(),
        )
        self._context.ledger.write(ev.OrderAdopted(request=request, report=report))
        return True

    def _parent_of(self, report: OrderReport) -> Order | None:
        """Return the entry of a bracket child: by the broker's word, or by the id that we gave the child."""
        state = self._context.state
        parent_id = state.broker_orders.get(f"{report.account}|{report.parent_broker_id}", "")
        if parent_id or not report.order_id:
            return state.orders.get(parent_id)
        for order in state.orders.values():
            bracket = order.request.bracket
            if bracket is not None and report.order_id in (bracket.stop_id, bracket.target_id):
                return order
        return None

    def _fill(self, fill: Fill) -> bool:
        context = self._context
        if f"{fill.account}|{fill.fill_id}" in context.state.fill_keys:
            return False
        order_id = self.order_id_of(fill.account, fill.order_id, fill.broker_order_id)
        order = context.state.orders.get(order_id)
        context.crash_point("fill.before_commit")
        if not fill.ts_recv:
            fill = msgspec.structs.replace(fill, ts_recv=context.clock.now())
        was = None if order is None else order.state
        explained = order is None or order.filled + fill.quantity <= order.broker_filled
        try:
            context.ledger.write(
                ev.FillBooked(
                    fill=fill,
                    point_value=context.point_value(fill.symbol, fill.account),
                    order_id=order_id,
                    strategy="" if order is None else order.request.strategy,
                )
            )
        except DuplicateKey:
            # It was booked so long ago that only the journal remembers.
            return False
        context.crash_point("fill.after_commit")
        if was is not None and was.is_terminal and not explained:
            self._late(fill, order_id, was)
        return True

    def _late(self, fill: Fill, order_id: str, was: OrderState) -> None:
        """A fill after the end changes the position all the same, and a person should know (order-lifecycle §1)."""
        text = f"{order_id} was {was} and yet filled {fill.quantity} {fill.symbol} at {fill.price}; the fill counts"
        self._context.alarm(text, severity="critical", account=fill.account, order_id=order_id)

    def _balance(self, balance: Balance) -> bool:
        row = self._context.state.accounts.get(balance.account)
        if row is None or row.broker_balance == balance.cash:
            return False
        self._context.ledger.write(ev.BalanceReported(balance=balance))
        return True


def _is_news(order: Order, report: OrderReport) -> bool:
    """Return whether a status would change what we know of an order."""
    if report.version and report.version < order.version:
        return False
    if report.broker_order_id and report.broker_order_id != order.broker_order_id:
        return True
    if report.filled > order.broker_filled:
        return True
    if order.state.is_terminal and order.state is not OrderState.NOT_SENT:
        return False
    if report.state is not order.state and not (report.state in _WORKS and order.state in _WORKS):
        return True
    return not report.state.is_terminal and (
        report.quantity != order.quantity
        or report.limit_price != order.limit_price
        or report.stop_price != order.stop_price
        or report.pending_cancel != order.pending_cancel
        or report.pending_replace != order.pending_replace
    )
