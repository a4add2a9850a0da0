"""What the gate sees: one immutable picture of an account, its venue and the market, taken at one moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import msgspec

from tt_tui.domain.account import AccountMode, ConnectionState, KillLevel
from tt_tui.domain.decision import Decision
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.order import OrderRequest, OrderState, OrderType, Role, Side

SECOND = 1_000_000_000


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The user's own limits for one account; None is no limit."""

    max_order_quantity: Decimal | None = Decimal(10)
    max_notional: Decimal | None = None
    """Price × quantity × point value of one order, in currency."""
    max_position: Decimal | None = Decimal(20)
    """Contracts of one symbol, with all that works or is unknown filled against us."""
    max_open_orders: int | None = 50
    """Live orders of the account that are not protection."""
    collar_percent: Decimal | None = Decimal(2)
    collar_ticks: int | None = None
    max_alert_age: int = 60 * SECOND
    max_alert_ahead: int = 5 * SECOND
    max_skew: int = 5 * SECOND
    max_orders_per_minute: int | None = 60
    max_repeats: int | None = 10
    """Entries of the same strategy, contract and side within ``repeat_window``."""
    repeat_window: int = 60 * SECOND
    reduce_to_fit: bool = False
    """Cut an entry down to the largest size that passes instead of refusing it."""


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A live order of the same account and contract."""

    order_id: str
    side: Side
    remaining: Decimal
    state: OrderState
    role: Role
    oco_group: str = ""
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    order_type: OrderType | None = None
    """None where it is not known; then the prices and the role tell."""
    strategy: str = ""


Rule = Callable[[OrderRequest, "GateView"], Decision | None]
"""A firm's rule: None or ACCEPT lets the order pass to the next check.

REFUSE ends the judging; with a ``quantity`` it offers a size that would pass. REDUCE and CONFIRM go on with
the smaller size, which the rule itself must let pass. The session rule runs before the order's form is
checked, so it may not rely on the quantity being a number.
"""


class FirmRules(msgspec.Struct, frozen=True, kw_only=True):
    """The slots 5, 17 and 19 of the gate; an account without a plan leaves them empty."""

    session: Rule | None = None
    loss: Rule | None = None
    firm: Rule | None = None


class GateView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the gate may look at for one order of one account."""

    now: int
    """Wall time, nanoseconds UTC: alert age and throttles."""
    venue_now: int
    """The venue's time: session, flat-by, expiry and quote age."""
    kill: KillLevel = KillLevel.NONE
    mode: AccountMode = AccountMode.PAPER
    armed: bool = False
    """Live accounts only; paper is always armed."""
    lock: str = ""
    """Why the account is locked, in words; empty when it is not."""
    connection: ConnectionState = ConnectionState.DOWN
    connection_why: str = ""
    skew: int | None = None
    """The broker's clock minus ours; None is not measured, which refuses automated live entries only."""
    session_open: bool = False
    session_text: str = ""
    """Ends the sentence "ES is …", such as ``closed until Sun 17:00 Chicago``; empty when not known."""
    in_flat_window: bool = False
    """Inside the account's own window before its flat-by time or the end of its trading window."""
    instrument: Instrument | None = None
    trade_date: date | None = None
    entry_cutoff: date | None = None
    """First trade date on which entries in this contract are refused."""
    duplicate_of: str = ""
    """The earlier intent that this one repeats, else empty."""
    fired_at: int | None = None
    """When the sender says the alert fired; None where it did not say, or for other origins."""
    received: int | None = None
    """When the alert was stored; None for other origins, and where its age no longer matters: a person
    confirmed it."""
    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None
    quote_age: int | None = None
    """Nanoseconds on the venue's clock; None where there never was a quote."""
    quote_stale: bool = True
    position: Decimal = Decimal(0)
    """Filled, signed."""
    open_orders: tuple[OpenOrder, ...] = ()
    """Live orders in this contract, the one judged left out."""
    superseded: tuple[str, ...] = ()
    """Order ids that this very close cancels first; they do not count as exits in flight."""
    unknown_here: bool = False
    """An order of this account and contract has no proven outcome."""
    account_open_orders: int = 0
    """Live orders of the account that are not protection."""
    margin_room: Decimal | None = None
    """Currency that may still be bound as margin; None where the broker does not say."""
    margin_per_unit: Decimal | None = None
    """Margin of one contract or share in currency; None where it is not known."""
    sent_last_minute: int = 0
    """Order messages of the account in the last 60 s."""
    repeats: int = 0
    """Entries of this strategy, contract and side inside the repeat window."""
    throttled: str = ""
    """Why this strategy's entries are stopped until a person enables them, else empty."""
    limits: Limits = Limits()
    firm: FirmRules = FirmRules()
