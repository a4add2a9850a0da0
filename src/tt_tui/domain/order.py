"""Orders: what we ask of a broker, what a broker says of it, and the states in between."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec


class Side(StrEnum):
    """The direction of an order."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """Return +1 for a buy and -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """Return the other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How an order meets the market."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(StrEnum):
    """How long an order stands."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"


class Origin(StrEnum):
    """Who wished to trade; the gate judges some of them differently."""

    ALERT = "alert"
    STRATEGY = "strategy"
    PERSON = "person"
    GUARD = "guard"
    KILL = "kill"
    EXTERNAL = "external"

    @property
    def is_automated(self) -> bool:
        """Return True where no person pressed a key for this order."""
        return self is not Origin.PERSON


class Role(StrEnum):
    """What an order is for: a new risk, less risk, or the protection of a position."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP = "stop"
    TARGET = "target"


class OrderState(StrEnum):
    """The states of order-lifecycle §1."""

    INTENT = "intent"
    DENIED = "denied"
    WAITING = "waiting"
    SENT = "sent"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    NEVER_ARRIVED = "never_arrived"
    ABANDONED = "abandoned"
    ACKED = "acked"
    HELD = "held"
    WORKING = "working"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"

    @property
    def is_terminal(self) -> bool:
        """Return True where only a late fill or a trade correction may still follow."""
        return self in TERMINAL

    @property
    def is_live(self) -> bool:
        """Return True where the order may stand at the broker, so that its quantity counts in risk."""
        return self in LIVE


_S = OrderState
_EVIDENCE = frozenset({_S.CANCELED, _S.EXPIRED, _S.REJECTED, _S.FILLED})

TERMINAL = frozenset({_S.DENIED, _S.NOT_SENT, _S.NEVER_ARRIVED, _S.ABANDONED, _S.REPLACED} | _EVIDENCE)
LIVE = frozenset({_S.SENT, _S.UNKNOWN, _S.ACKED, _S.HELD, _S.WORKING, _S.PARTIAL})

TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    _S.INTENT: frozenset({_S.DENIED, _S.WAITING, _S.SENT, _S.ABANDONED}),
    _S.DENIED: frozenset(),
    _S.WAITING: frozenset({_S.SENT, _S.DENIED, _S.EXPIRED}),
    _S.SENT: frozenset({_S.ACKED, _S.HELD, _S.WORKING, _S.PARTIAL, _S.UNKNOWN, _S.NOT_SENT}) | _EVIDENCE,
    _S.NOT_SENT: frozenset({_S.SENT}),
    _S.UNKNOWN: frozenset({_S.ACKED, _S.HELD, _S.WORKING, _S.PARTIAL, _S.NEVER_ARRIVED, _S.REPLACED}) | _EVIDENCE,
    _S.NEVER_ARRIVED: frozenset(),
    _S.ABANDONED: frozenset(),
    _S.ACKED: frozenset({_S.HELD, _S.WORKING, _S.PARTIAL, _S.UNKNOWN}) | _EVIDENCE,
    _S.HELD: frozenset({_S.ACKED, _S.WORKING, _S.PARTIAL, _S.UNKNOWN}) | _EVIDENCE,
    _S.WORKING: frozenset({_S.PARTIAL, _S.REPLACED, _S.UNKNOWN}) | _EVIDENCE,
    _S.PARTIAL: frozenset({_S.PARTIAL, _S.REPLACED, _S.UNKNOWN}) | _EVIDENCE,
    _S.FILLED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.REPLACED: frozenset(),
}
"""The legal moves of order-lifecycle §1.

``NOT_SENT`` may be sent again under the same id, because it is proven that no byte left.
"""


def may_move(old: OrderState, new: OrderState) -> bool:
    """Return True when the table of order-lifecycle §1 has the move."""
    return new in TRANSITIONS[old]


class Distance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far, or at what price, a stop or a target stands.

    ``kind`` is ``ticks``, ``points``, ``percent`` (of the entry price), ``currency`` (of one contract's
    profit or loss) or ``price`` (absolute). An order that leaves for a broker has ticks or price only.
    """

    kind: str
    value: Decimal


class Bracket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The protection that an entry carries; the ids are ours, made before the write."""

    stop: Distance | None = None
    target: Distance | None = None
    trail: Distance | None = None
    """Trailing distance; the stop follows the best price since the entry."""
    break_even: Distance | None = None
    """Once the position is ahead by this much, the stop moves to the entry price."""
    stop_id: str = ""
    target_id: str = ""

    @property
    def has_stop(self) -> bool:
        """Return True when the position is to be protected by a stop of either kind."""
        return self.stop is not None or self.trail is not None


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One contract of an order; futures orders have one leg."""

    symbol: str
    side: Side
    quantity: Decimal


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order for one account, explicit to the contract, before and after it leaves."""

    order_id: str
    account: str
    legs: tuple[Leg, ...]
    order_type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    """Trailing distance in price units, for a trailing stop."""
    time_in_force: TimeInForce = TimeInForce.DAY
    bracket: Bracket | None = None
    origin: Origin = Origin.PERSON
    role: Role = Role.ENTRY
    intent_id: str = ""
    attempt: int = 1
    parent_id: str = ""
    """The entry whose position this order protects."""
    oco_group: str = ""
    instruction_id: str = ""
    alert_id: str = ""
    strategy: str = ""
    reference_price: Decimal | None = None
    """The price that the sender saw; for the collar only, never a limit."""
    created: int = 0

    @property
    def symbol(self) -> str:
        """Return the explicit contract of the first leg."""
        return self.legs[0].symbol

    @property
    def side(self) -> Side:
        """Return the side of the first leg."""
        return self.legs[0].side

    @property
    def quantity(self) -> Decimal:
        """Return the quantity of the first leg, in contracts or shares."""
        return self.legs[0].quantity

    @property
    def reduces(self) -> bool:
        """Return True for exits, stops and targets."""
        return self.role is not Role.ENTRY


class OrderReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order as its broker sees it now: an answer, a stream message or a row of a query."""

    account: str
    broker_order_id: str
    state: OrderState
    order_id: str = ""
    """Our id where the broker carries it, else empty."""
    symbol: str = ""
    side: Side = Side.BUY
    quantity: Decimal = Decimal(0)
    filled: Decimal = Decimal(0)
    order_type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    role: Role | None = None
    parent_broker_id: str = ""
    oco_group: str = ""
    reason: str = ""
    pending_cancel: bool = False
    pending_replace: bool = False
    replaced_by: str = ""
    """The broker's id of the order that took this one's place."""
    ts_event: int = 0
    version: int = 0
    """Rises with every change of this order at the broker, where the broker counts; else 0."""


class Fill(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One execution. (account, fill_id) is unique for ever."""

    account: str
    fill_id: str
    broker_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal = Decimal(0)
    """Commission and fees of this fill, in account currency, never negative for a cost."""
    order_id: str = ""
    ts_event: int = 0
    ts_recv: int = 0


class OrderChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a replace asks for; None leaves a value as it is."""

    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
