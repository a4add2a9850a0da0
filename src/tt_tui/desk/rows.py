"""The rows of the state. Only ``State.apply`` changes them; everyone else reads."""

from __future__ import annotations

from bisect import bisect_right, insort
from datetime import date
from decimal import Decimal

import msgspec

from tt_tui.domain.account import Account, ConnectionState, KillLevel
from tt_tui.domain.alert import AccountVerdict, Alert, AlertStatus
from tt_tui.domain.decision import Decision
from tt_tui.domain.event import AlarmRaised
from tt_tui.domain.instruction import Instruction
from tt_tui.domain.order import OrderRequest, OrderState, OrderType

_ZERO = Decimal(0)


def count_since(times: list[int], after: int) -> int:
    """Return how many of the sorted times lie after one."""
    return len(times) - bisect_right(times, after)


def note_time(times: list[int], at: int, keep_after: int) -> None:
    """Put a time in its place and drop those that are too old; the clock may have stepped back."""
    del times[: bisect_right(times, keep_after)]
    insort(times, at)


class Order(msgspec.Struct, kw_only=True):
    """One order of ours, or an external one that we count."""

    request: OrderRequest
    state: OrderState = OrderState.INTENT
    quantity: Decimal = _ZERO
    """As it stands now, after replaces."""
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    follows: Decimal | None = None
    """How far behind the market the desk itself keeps this stop, in price units; None where it stands still."""
    filled: Decimal = _ZERO
    """From booked fills."""
    value: Decimal = _ZERO
    """Sum of fill price times quantity; the average is ``value / filled``."""
    fees: Decimal = _ZERO
    broker_filled: Decimal = _ZERO
    """From the broker's statuses; above ``filled`` while fills are still on their way."""
    broker_order_id: str = ""
    version: int = 0
    decision: Decision | None = None
    reason: str = ""
    pending_cancel: bool = False
    pending_replace: bool = False
    attempt: int = 0
    created: int = 0
    sent_at: int = 0
    updated: int = 0
    broker_word_at: int = 0
    """Wall time of the last word of the broker about this order."""

    @property
    def order_id(self) -> str:
        """Return our id."""
        return self.request.order_id

    @property
    def remaining(self) -> Decimal:
        """Return what may still fill, or has filled unseen by us."""
        if self.state.is_terminal:
            return max(_ZERO, self.broker_filled - self.filled)
        return max(_ZERO, self.quantity - self.filled)

    @property
    def average(self) -> Decimal | None:
        """Return the average fill price, None without fills."""
        return self.value / self.filled if self.filled else None

    @property
    def order_type(self) -> OrderType:
        """Return how it meets the market."""
        return self.request.order_type


class AlertRow(msgspec.Struct, kw_only=True):
    """An alert and what became of it."""

    alert: Alert
    status: AlertStatus
    text: str = ""
    changed: int = 0
    repeats: int = 0
    order_ids: list[str] = []
    accounts: list[AccountVerdict] = []


class InstructionRow(msgspec.Struct, kw_only=True):
    """A wish of a person, strategy or guard and what became of it."""

    instruction: Instruction
    by: str
    taken: int
    text: str = ""
    refused: bool = False
    done: bool = False


class AccountRow(msgspec.Struct, kw_only=True):
    """An account as we know it."""

    account: Account
    balance: Decimal = _ZERO
    """Start balance plus realised profit less fees, by our own books."""
    broker_balance: Decimal | None = None
    broker_balance_at: int = 0
    realised_today: Decimal = _ZERO
    fees_today: Decimal = _ZERO
    day_start_balance: Decimal | None = None
    trade_date: date | None = None
    entries_today: dict[str, int] = {}
    last_entry: dict[str, int] = {}
    """Wall time of the last entry that was sent, by contract."""
    armed: bool = False
    stay_armed: bool = False
    locked: bool = False
    locked_until: int = 0
    lock_why: str = ""
    kill: KillLevel = KillLevel.NONE
    kill_why: str = ""
    sent: list[int] = []
    """Wall times of order messages of the last minute."""
    reconciled_at: int = 0
    confirmed_until: int = 0
    differences: list[str] = []


class ConnectionRow(msgspec.Struct, kw_only=True):
    """One broker session."""

    state: ConnectionState = ConnectionState.DOWN
    why: str = ""
    since: int = 0


class StrategyRow(msgspec.Struct, kw_only=True):
    """What a strategy, which is one sender of alerts, did of late."""

    entries: list[int] = []
    """Wall times of its entries of the last day."""
    repeats: dict[str, list[int]] = {}
    """Wall times of its entries by account, contract and side."""
    stopped: str = ""


class AlarmRow(msgspec.Struct, kw_only=True):
    """An alarm, until a person has seen it."""

    alarm: AlarmRaised
    raised: int
    acknowledged: bool = False
