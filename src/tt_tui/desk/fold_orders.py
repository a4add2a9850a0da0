"""The part of the fold that concerns orders, fills and positions (order-lifecycle §1, §6, §10)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tt_tui.desk.rows import Order, StrategyRow, note_time
from tt_tui.domain import event as ev
from tt_tui.domain.decision import Answer
from tt_tui.domain.order import Fill, OrderReport, OrderRequest, OrderState, OrderType, Role, Side, may_move
from tt_tui.domain.position import book

if TYPE_CHECKING:
    from tt_tui.desk.state import State

_MINUTE = 60 * 1_000_000_000
_DAY = 24 * 60 * _MINUTE
_ZERO = Decimal(0)
_SEEN = frozenset(
    {
        OrderState.ACKED,
        OrderState.HELD,
        OrderState.WORKING,
        OrderState.PARTIAL,
        OrderState.FILLED,
        OrderState.CANCELED,
        OrderState.EXPIRED,
        OrderState.REJECTED,
    }
)
"""States that only a broker which has the order can report."""


def _row(request: OrderRequest, wall: int) -> Order:
    return Order(
        request=request,
        quantity=request.quantity,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        follows=request.trail if request.order_type is OrderType.STOP else None,
        created=wall,
        updated=wall,
    )


def _move(state: State, order: Order, new: OrderState, wall: int) -> bool:
    """Change an order's state where the table permits it, and keep the list of live orders true."""
    order.updated = wall
    if order.state is not new and not may_move(order.state, new):
        return False
    order.state = new
    if new.is_terminal:
        order.pending_cancel = order.pending_replace = False
    _list(state, order)
    return True


def _list(state: State, order: Order) -> None:
    """Keep the list of orders that count in risk true; one whose fills are still on their way counts until they come.

    A broker's status may run ahead of its fills: without this the order would be in neither list nor position.
    """
    live = state.live.setdefault(order.request.account, [])
    counts = order.state.is_live or (order.state.is_terminal and order.remaining > 0)
    if counts and order.order_id not in live:
        live.append(order.order_id)
    elif not counts and order.order_id in live:
        live.remove(order.order_id)


def _link_alert(state: State, request: OrderRequest) -> None:
    row = state.alerts.get(request.alert_id)
    if row is not None and request.order_id not in row.order_ids:
        row.order_ids.append(request.order_id)


def _intended(state: State, wall: int, event: ev.OrderIntended) -> None:
    request = event.request
    state.orders[request.order_id] = _row(request, wall)
    if request.intent_id:
        state.intents.setdefault(request.intent_id, []).append(request.order_id)
    _link_alert(state, event.request)


def _decided(state: State, wall: int, event: ev.OrderDecided) -> None:
    order = state.orders.get(event.order_id)
    if order is None:
        return
    order.decision = event.decision
    if event.decision.answer is not Answer.ACCEPT:
        order.reason = event.decision.text
    if event.decision.answer is Answer.REFUSE:
        _move(state, order, OrderState.DENIED, wall)
    elif event.decision.answer is Answer.CONFIRM:
        _move(state, order, OrderState.WAITING, wall)
    elif event.decision.quantity is not None:
        order.quantity = event.decision.quantity


def _sent(state: State, wall: int, event: ev.OrderSent) -> None:
    order = state.orders.get(event.order_id)
    if order is None or not _move(state, order, OrderState.SENT, wall):
        return
    order.sent_at, order.attempt = wall, event.attempt
    request = order.request
    account = state.accounts.get(request.account)
    if account is None:
        return
    note_time(account.sent, wall, wall - _MINUTE)
    if request.role is not Role.ENTRY:
        return
    account.entries_today[request.symbol] = account.entries_today.get(request.symbol, 0) + 1
    account.last_entry[request.symbol] = wall
    if request.strategy:
        strategy = state.strategies.setdefault(request.strategy, StrategyRow())
        if request.alert_id not in state.alerts or _first_of_alert(state, request):
            note_time(strategy.entries, wall, wall - _DAY)
        key = repeat_key(request.account, request.symbol, request.side)
        note_time(strategy.repeats.setdefault(key, []), wall, wall - 10 * _MINUTE)


def _first_of_alert(state: State, request: OrderRequest) -> bool:
    """One alert for many accounts is one entry of its strategy."""
    for order_id in state.alerts[request.alert_id].order_ids:
        order = state.orders.get(order_id)
        if order is not None and order.request.role is Role.ENTRY and order.sent_at:
            return order_id == request.order_id
    return True


def repeat_key(account: str, symbol: str, side: Side) -> str:
    """Return the key under which repeated executions are counted."""
    return f"{account}|{symbol}|{side}"


def _reported(state: State, wall: int, event: ev.OrderReported) -> None:
    order = state.orders.get(event.order_id)
    if order is None:
        return
    _take_report(state, order, event.report, wall)


def _adopted(state: State, wall: int, event: ev.OrderAdopted) -> None:
    if event.request.order_id in state.orders:
        _take_report(state, state.orders[event.request.order_id], event.report, wall)
        return
    order = _row(event.request, wall)
    order.state = OrderState.SENT
    order.sent_at = wall
    state.orders[order.order_id] = order
    state.live.setdefault(event.request.account, []).append(order.order_id)
    _link_alert(state, event.request)
    _take_report(state, order, event.report, wall)


def _take_report(state: State, order: Order, report: OrderReport, wall: int) -> None:
    """Apply a status: an old one is ignored, and a fill outranks it."""
    if report.version and report.version < order.version:
        return
    order.version = max(order.version, report.version)
    order.broker_word_at = wall
    if report.broker_order_id and report.broker_order_id != order.broker_order_id:
        order.broker_order_id = report.broker_order_id
        state.broker_orders[f"{report.account}|{report.broker_order_id}"] = order.order_id
        _claim_fills(state, order, wall)
    order.broker_filled = max(order.broker_filled, report.filled)
    if order.state.is_terminal and order.state is not OrderState.NOT_SENT:
        _list(state, order)
        return
    order.pending_cancel = report.pending_cancel
    order.pending_replace = report.pending_replace
    if report.quantity and not report.state.is_terminal:
        order.quantity = report.quantity
        order.limit_price = report.limit_price
        order.stop_price = report.stop_price
    if report.reason:
        order.reason = report.reason
    new = report.state
    if new is OrderState.WORKING and order.filled > 0:
        new = OrderState.PARTIAL
    if order.state is OrderState.NOT_SENT and new in _SEEN:
        # The broker has it after all: its word outranks our proof.
        _move(state, order, OrderState.SENT, wall)
    if not _move(state, order, new, wall):
        _list(state, order)


def _claim_fills(state: State, order: Order, wall: int) -> None:
    """Credit an order with fills that came before we knew the broker's name for it; the position has them."""
    account, symbol = order.request.account, order.request.symbol
    waiting = state.fills.pop(order.broker_order_id, [])
    own = [fill for fill in waiting if fill.account == account]
    if len(own) < len(waiting):
        state.fills[order.broker_order_id] = [fill for fill in waiting if fill.account != account]
    for fill in own:
        state.fills.setdefault(order.order_id, []).append(fill)
        _credit(state, order, fill, wall)
    held = state.position(account, symbol)
    if own and not held.opened_by and not held.estimated and held.side is order.request.side:
        state.positions[f"{account}|{symbol}"] = msgspec.structs.replace(
            held, owner=order.request.strategy, opened_by=order.order_id
        )


def _credit(state: State, order: Order, fill: Fill, wall: int) -> None:
    order.filled += fill.quantity
    order.value += fill.price * fill.quantity
    order.fees += fill.fee
    order.broker_filled = max(order.broker_filled, order.filled)
    order.broker_word_at = wall
    done = order.filled >= order.quantity
    _move(state, order, OrderState.FILLED if done else OrderState.PARTIAL, wall)
    _list(state, order)


def _lost(state: State, wall: int, event: ev.OrderLost) -> None:
    _close_with(state, event.order_id, OrderState.UNKNOWN, event.why, wall)


def _not_sent(state: State, wall: int, event: ev.OrderNotSent) -> None:
    _close_with(state, event.order_id, OrderState.NOT_SENT, event.why, wall)


def _refused(state: State, wall: int, event: ev.OrderRefused) -> None:
    _close_with(state, event.order_id, OrderState.REJECTED, event.why, wall)


def _never_arrived(state: State, wall: int, event: ev.OrderNeverArrived) -> None:
    _close_with(state, event.order_id, OrderState.NEVER_ARRIVED, event.why, wall)


def _abandoned(state: State, wall: int, event: ev.OrderAbandoned) -> None:
    why = "the desk ended before this order was sent; it was not sent late"
    _close_with(state, event.order_id, OrderState.ABANDONED, why, wall)


def _expired(state: State, wall: int, event: ev.OrderExpired) -> None:
    _close_with(state, event.order_id, OrderState.EXPIRED, event.why, wall)


def _close_with(state: State, order_id: str, new: OrderState, why: str, wall: int) -> None:
    order = state.orders.get(order_id)
    if order is not None and _move(state, order, new, wall):
        order.reason = why


def _cancel_requested(state: State, wall: int, event: ev.CancelRequested) -> None:
    order = state.orders.get(event.order_id)
    if order is not None and not order.state.is_terminal:
        order.pending_cancel = True
        order.updated = wall
        account = state.accounts.get(order.request.account)
        if account is not None:
            note_time(account.sent, wall, wall - _MINUTE)


def _cancel_refused(state: State, wall: int, event: ev.CancelRefused) -> None:
    order = state.orders.get(event.order_id)
    if order is not None:
        order.pending_cancel = False
        order.updated = wall


def _replace_requested(state: State, wall: int, event: ev.ReplaceRequested) -> None:
    order = state.orders.get(event.order_id)
    if order is not None and not order.state.is_terminal:
        order.pending_replace = True
        order.updated = wall


def _replace_refused(state: State, wall: int, event: ev.ReplaceRefused) -> None:
    order = state.orders.get(event.order_id)
    if order is not None:
        order.pending_replace = False
        order.updated = wall


def _follows(state: State, wall: int, event: ev.StopFollows) -> None:
    order = state.orders.get(event.order_id)
    if order is not None:
        order.follows = event.trail


def _filled(state: State, wall: int, event: ev.FillBooked) -> None:
    fill = event.fill
    key = f"{fill.account}|{fill.fill_id}"
    if key in state.fill_keys:
        return
    state.fill_keys[key] = wall
    state.fills.setdefault(event.order_id or fill.broker_order_id, []).append(fill)
    order = state.orders.get(event.order_id)
    if order is not None:
        _credit(state, order, fill, wall)
    before = state.position(fill.account, fill.symbol)
    after = book(
        before,
        fill.side,
        fill.quantity,
        fill.price,
        fill.fee,
        event.point_value,
        owner=event.strategy,
        order_id=event.order_id,
    )
    state.positions[f"{fill.account}|{fill.symbol}"] = after
    _book_account(state, fill.account, after.realised - before.realised, fill.fee)


def _book_account(state: State, account: str, realised: Decimal, fee: Decimal) -> None:
    row = state.accounts.get(account)
    if row is not None:
        row.realised_today += realised
        row.fees_today += fee
        row.balance += realised - fee


def _adjusted(state: State, wall: int, event: ev.PositionAdjusted) -> None:
    before = state.position(event.account, event.symbol)
    difference = event.quantity - before.quantity
    for order in state.live_orders(event.account, event.symbol):
        if order.state.is_terminal:
            # The broker's quantity has the fills in it that were still expected.
            order.broker_filled = order.filled
            _list(state, order)
    if not difference:
        return
    side = Side.BUY if difference > 0 else Side.SELL
    after = book(before, side, abs(difference), event.price, _ZERO, event.point_value)
    after = msgspec.structs.replace(after, estimated=bool(after.quantity))
    state.positions[f"{event.account}|{event.symbol}"] = after
    _book_account(state, event.account, after.realised - before.realised, _ZERO)


HANDLERS: dict[type[Any], Callable[[Any, int, Any], None]] = {
    ev.OrderIntended: _intended,
    ev.OrderDecided: _decided,
    ev.OrderSent: _sent,
    ev.OrderReported: _reported,
    ev.OrderAdopted: _adopted,
    ev.OrderLost: _lost,
    ev.OrderNotSent: _not_sent,
    ev.OrderRefused: _refused,
    ev.OrderNeverArrived: _never_arrived,
    ev.OrderAbandoned: _abandoned,
    ev.OrderExpired: _expired,
    ev.CancelRequested: _cancel_requested,
    ev.CancelRefused: _cancel_refused,
    ev.ReplaceRequested: _replace_requested,
    ev.ReplaceRefused: _replace_refused,
    ev.StopFollows: _follows,
    ev.FillBooked: _filled,
    ev.PositionAdjusted: _adjusted,
}
