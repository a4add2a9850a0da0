"""Orders, wishes and states in the few words that a row has room for."""

from __future__ import annotations

from decimal import Decimal

from tt_tui.desk.rows import Order
from tt_tui.domain.account import AccountMode, ConnectionState, KillLevel
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.instruction import Instruction
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.order import OrderState, OrderType, Role
from tt_tui.tui import figures
from tt_tui.tui.contracts import price

ALERT_INKS = {
    AlertStatus.RECEIVED: "text",
    AlertStatus.EXECUTED: "good",
    AlertStatus.REFUSED: "bad",
    AlertStatus.WAITING: "loud",
    AlertStatus.STALE: "warn",
    AlertStatus.IGNORED: "dim",
    AlertStatus.BAD: "bad",
    AlertStatus.DONE: "good",
}
VERDICT_INKS = {"filled": "good", "working": "text", "unknown": "loud", "waiting": "loud", "refused": "bad"}

_STATE_INKS = {
    OrderState.DENIED: "bad",
    OrderState.WAITING: "loud",
    OrderState.NOT_SENT: "bad",
    OrderState.UNKNOWN: "loud",
    OrderState.NEVER_ARRIVED: "bad",
    OrderState.ABANDONED: "warn",
    OrderState.ACKED: "strong",
    OrderState.HELD: "strong",
    OrderState.WORKING: "strong",
    OrderState.PARTIAL: "warn",
    OrderState.FILLED: "good",
    OrderState.CANCELED: "dim",
    OrderState.EXPIRED: "dim",
    OrderState.REJECTED: "bad",
    OrderState.REPLACED: "dim",
}
_CONNECTION_INKS = {
    ConnectionState.READY: ("●", "good"),
    ConnectionState.DEGRADED: ("◐", "warn"),
    ConnectionState.DOWN: ("○", "bad"),
    ConnectionState.CONNECTING: ("◌", "warn"),
    ConnectionState.RECONCILING: ("◌", "warn"),
}
_TYPES = {
    OrderType.MARKET: "MKT",
    OrderType.LIMIT: "LMT",
    OrderType.STOP: "STP",
    OrderType.STOP_LIMIT: "STL",
    OrderType.TRAILING_STOP: "TRL",
}
_ROLES = {Role.ENTRY: "", Role.EXIT: "exit", Role.STOP: "stop", Role.TARGET: "target"}
KILL_WORDS = {
    KillLevel.REDUCING: "KILL: only reducing orders pass",
    KillLevel.HALTED: "KILL: no order passes, cancels do",
    KillLevel.FLATTEN: "KILL: everything is canceled and closed",
}


def wish(instruction: Instruction) -> str:
    """Return an alert's wish, such as ``buy 2 ES @ 5012.25``, in the sender's own symbols."""
    parts = [instruction.action.value.replace("_", " ")]
    if instruction.quantity is not None:
        unit = "" if instruction.quantity_type == "contracts" else f" {instruction.quantity_type}"
        parts.append(figures.quantity(instruction.quantity) + unit)
    if instruction.symbol:
        parts.append(instruction.symbol)
    if instruction.stop_price is not None:
        parts.append(f"at {instruction.stop_price.normalize():f}")
    if instruction.limit_price is not None:
        parts.append(f"@ {instruction.limit_price.normalize():f}")
    if instruction.position_after:
        parts.append(f"→ {instruction.position_after}")
    return " ".join(parts)


def order_state(order: Order) -> tuple[str, str]:
    """Return an order's state as a word and its ink; UNKNOWN is loud."""
    if order.state is OrderState.UNKNOWN:
        return "?? UNKNOWN", "loud"
    if order.pending_cancel:
        return "canceling", "warn"
    if order.pending_replace:
        return "changing", "warn"
    return order.state.value.replace("_", " "), _STATE_INKS.get(order.state, "text")


def order_price(order: Order, instrument: Instrument | None) -> str:
    """Return type and prices, such as ``LMT 5012.25`` or ``STL 5020.00/5021.00``."""
    values = [price(instrument, value) for value in (order.stop_price, order.limit_price) if isinstance(value, Decimal)]
    trail = order.request.trail
    if trail is not None:
        values.append(f"by {price(instrument, trail)}")
    return f"{_TYPES[order.order_type]} {'/'.join(values)}".rstrip()


def role(order: Order) -> str:
    """Return what the order is for, nothing for an entry."""
    return _ROLES[order.request.role]


def connection(state: ConnectionState) -> tuple[str, str]:
    """Return a connection's sign and ink."""
    return _CONNECTION_INKS[state]


def mode(value: AccountMode | None) -> tuple[str, str]:
    """Return an account's mode as a word and its ink; what is not known is shown as loud as LIVE."""
    if value is AccountMode.PAPER:
        return "PAPER", "paper"
    return ("LIVE", "live") if value is AccountMode.LIVE else ("MODE?", "live")
