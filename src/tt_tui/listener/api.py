"""What became of an alert, for whoever holds the API token.

``status`` of ``/api/v1/orders/<alert_id>`` is the first of ``unknown, waiting, working, filled, canceled, refused``
that any account is in. An alert without a verdict yet is ``working``; one that found nothing to do, because the
position was already as asked, is ``filled``; one that concerned no account, or was ignored, is ``refused``.
Protective orders are listed and do not decide.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from tt_tui.desk.desk import Desk
from tt_tui.desk.execution import Result, status_of
from tt_tui.desk.rows import AlertRow, Order
from tt_tui.desk.views import PROTECTION
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.instrument import Instrument, UnknownSymbol

STATUSES = ("unknown", "waiting", "working", "filled", "canceled", "refused")
_SECOND = 1_000_000_000


class Api:
    """Reads the desk's state; called on the desk's loop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def alert(self, alert_id: str) -> dict[str, object] | None:
        """Return an alert's verdict, account by account; None where no such alert is known."""
        row = self._desk.context.state.alerts.get(alert_id)
        if row is None:
            return None
        alert = row.alert
        return {
            "alert_id": alert_id,
            "status": row.status,
            "text": row.text,
            "received": _time(alert.received),
            "sender": alert.sender.name,
            "action": alert.instruction.action,
            "symbol": alert.instruction.symbol,
            "quantity": _amount(alert.instruction.quantity),
            "strategy": alert.instruction.strategy,
            "account_group": alert.instruction.account_group,
            "warnings": alert.instruction.warnings,
            "unknown_keys": alert.instruction.unknown_keys,
            "repeats": row.repeats,
            "accounts": row.accounts,
            "orders": row.order_ids,
        }

    def orders(self, alert_id: str) -> dict[str, object] | None:
        """Return what an alert has come to so far and its orders; None where no such alert is known."""
        state = self._desk.context.state
        row = state.alerts.get(alert_id)
        if row is None:
            return None
        orders = state.orders_of_alert(alert_id)
        instruction = row.alert.instruction
        return {
            "alert_id": alert_id,
            "status": self.status(row, orders),
            "symbol": self._root(instruction.symbol),
            "contract": self._contract(row, orders),
            "quantity": _amount(instruction.quantity),
            "orders": [_order(order) for order in orders],
        }

    def status(self, row: AlertRow, orders: list[Order]) -> str:
        """Return the one word for an alert."""
        own: dict[str, list[Order]] = {}
        for order in orders:
            if order.request.role not in PROTECTION:
                own.setdefault(order.request.account, []).append(order)
        found = {status_of(Result(account=account), some) for account, some in own.items()}
        found |= {verdict.status for verdict in row.accounts if verdict.account not in own}
        if row.status is AlertStatus.RECEIVED:
            found.add("working")
        if row.status is AlertStatus.DONE or "done" in found:
            found.add("filled")
        return next((status for status in STATUSES if status in found), "refused")

    def _root(self, symbol: str) -> str | None:
        instrument = self._instrument(symbol)
        return instrument.root if instrument is not None else symbol or None

    def _instrument(self, symbol: str) -> Instrument | None:
        try:
            return self._desk.context.instrument(symbol, "") if symbol else None
        except UnknownSymbol:
            return None

    def _contract(self, row: AlertRow, orders: list[Order]) -> str | None:
        """Return the contract of the orders, else of the verdict, else the one it will be for its first account."""
        named = [order.request.symbol for order in orders] + [each.contract for each in row.accounts if each.contract]
        if named:
            return named[0]
        instruction, desk = row.alert.instruction, self._desk
        group = instruction.account_group or row.alert.sender.default_group
        routes = desk.context.config.groups.get(group, ())
        if row.status is not AlertStatus.RECEIVED or not routes or not instruction.symbol:
            return None
        found = desk.execution.contract(instruction, routes[0])
        return found.symbol if isinstance(found, Instrument) else None


def _order(order: Order) -> dict[str, object]:
    request, decision = order.request, order.decision
    return {
        "account": request.account,
        "order_id": order.order_id,
        "broker_order_id": order.broker_order_id or None,
        "role": request.role,
        "contract": request.symbol,
        "side": request.side,
        "quantity": _amount(order.quantity),
        "order_type": request.order_type,
        "limit_price": order.limit_price,
        "stop_price": order.stop_price,
        "filled": _amount(order.filled),
        "average_price": order.average,
        "state": order.state,
        "reason": order.reason,
        "code": decision.code if decision is not None else "",
    }


def _amount(value: Decimal | None) -> int | str | None:
    """Return a whole number as such, any other as exact text."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else str(value)


def _time(at: int) -> str:
    return datetime.fromtimestamp(at // _SECOND, UTC).replace(microsecond=at % _SECOND // 1000).isoformat()
