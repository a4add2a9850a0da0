"""Instructions: the normalised wish to trade, whoever had it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from tt_tui.domain.order import Bracket, Distance, OrderType, Origin, TimeInForce


class Action(StrEnum):
    """The verbs."""

    BUY = "buy"
    SELL = "sell"
    ADD_BUY = "add_buy"
    """Scale into a long without the close and cancel steps of a plain buy."""
    ADD_SELL = "add_sell"
    CLOSE = "close"
    REVERSE = "reverse"
    CANCEL = "cancel"
    FLATTEN = "flatten"
    TARGET = "target"
    BREAK_EVEN = "break_even"
    TRAIL = "trail"
    IGNORE = "ignore"
    """Certainly not a wish to trade: shown, never traded."""
    ERROR = "error"
    """Not certainly a trade: shown with the reason, never traded."""

    @property
    def opens(self) -> bool:
        """Return True for verbs that may add risk."""
        return self in _OPENING


_OPENING = frozenset({Action.BUY, Action.SELL, Action.ADD_BUY, Action.ADD_SELL, Action.REVERSE, Action.TARGET})


class AccountShown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One account as an alert's body names it: shown, never used."""

    name: str
    risk_percent: Decimal | None = None
    multiplier: Decimal | None = None


class Instruction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One wish to trade in our words, before routing has chosen accounts and the contract.

    Absent is unknown: a missing quantity lets the route choose, a quantity whose ``quantity_type`` is not
    ``contracts`` is never taken for contracts.
    """

    action: Action
    symbol: str = ""
    """As the sender wrote it, cleaned of exchange prefixes only by symbology."""
    quantity: Decimal | None = None
    quantity_type: str = "contracts"
    """``contracts``, or the sender's word for percent, currency, risk, lots …"""
    quantity_field: str = ""
    """The sender's field that held a size which is not contracts, for the refusal's words."""
    fraction: Decimal | None = None
    """Part of the held position to close, such as 0.5 for ``SELL HALF``."""
    order_type: OrderType | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reference_price: Decimal | None = None
    """A price without an order type: for the collar only, never a limit."""
    trail: Distance | None = None
    time_in_force: TimeInForce | None = None
    bracket: Bracket | None = None
    position_after: str = ""
    """``long``, ``short`` or ``flat`` where the sender told the position after the trade."""
    target_size: Decimal | None = None
    """Unsigned size of that position, where told."""
    position_before: str = ""
    size_before: Decimal | None = None
    side_closed: str = ""
    """``long`` or ``short`` where a close is meant for that side only."""
    closes_first: bool = False
    """Flatten the contract before entering."""
    reverse_if_opposite: bool | None = None
    allow_pyramid: bool | None = None
    cancel_after: int | None = None
    """Seconds after which an unfilled entry is canceled."""
    delay: int | None = None
    """Seconds to wait before acting; refused where the route does not permit it."""
    order_id: str = ""
    """Our order id, for a cancel of one order."""
    everything: bool = False
    """The wish concerns every account and contract, such as FLATTENEVERYTHING."""
    account_group: str = ""
    accounts: tuple[str, ...] = ()
    """Account names chosen by a person at the prompt; never taken from an alert."""
    account_shown: str = ""
    """An account id in an alert's body: shown, never used."""
    accounts_shown: tuple[AccountShown, ...] = ()
    """Several of them with their sizing, where the body lists them: shown, never used."""
    strategy: str = ""
    comment: str = ""
    origin: Origin = Origin.PERSON
    alert_id: str = ""
    fired_at: int | None = None
    """When the sender says it fired, nanoseconds UTC."""
    key: str = ""
    """The sender's own id for this alert, where it has one."""
    sender_order: str = ""
    """The sender's name for its order, such as ``strategy.order.id``: shown only."""
    auth: str = ""
    """Where the sender's proof stood in the body, such as ``body:token``; never its value."""
    dialect: str = ""
    why: str = ""
    """Why it is ignored or an error, in a sentence with the fix."""
    warnings: tuple[str, ...] = ()
    unknown_keys: tuple[str, ...] = ()
