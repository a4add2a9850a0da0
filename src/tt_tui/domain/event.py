"""Events: what happened, past tense, as it is written to the journal and folded into the state."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from tt_tui.domain.account import Account, Balance, ConnectionState, KillLevel
from tt_tui.domain.alert import AccountVerdict, Alert, AlertStatus
from tt_tui.domain.decision import Decision
from tt_tui.domain.instruction import Instruction
from tt_tui.domain.order import Fill, OrderChange, OrderReport, OrderRequest


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event"):
    """Something that happened."""


class DeskStarted(Event, frozen=True, kw_only=True, tag=True):
    """A process took the desk; what was armed is armed no longer."""

    version: str
    pid: int


class DeskStopped(Event, frozen=True, kw_only=True, tag=True):
    """The process gave the desk up in good order."""

    why: str


class AlertReceived(Event, frozen=True, kw_only=True, tag=True):
    """A proven message from outside was stored."""

    alert: Alert


class AlertRepeated(Event, frozen=True, kw_only=True, tag=True):
    """The same alert came again and was not acted on."""

    alert_id: str
    sender: str


class AlertDropped(Event, frozen=True, kw_only=True, tag=True):
    """An alert was not durable when its sender was answered; a resend of it is not a repeat."""

    alert_id: str
    why: str


class AlertJudged(Event, frozen=True, kw_only=True, tag=True):
    """An alert got its verdict."""

    alert_id: str
    status: AlertStatus
    text: str
    accounts: tuple[AccountVerdict, ...] = ()


class InstructionTaken(Event, frozen=True, kw_only=True, tag=True):
    """A wish to trade that is not an alert was taken."""

    instruction_id: str
    instruction: Instruction
    by: str


class InstructionDone(Event, frozen=True, kw_only=True, tag=True):
    """A wish that is not an alert was carried out or refused, in one sentence."""

    instruction_id: str
    text: str
    refused: bool = False


class OrderIntended(Event, frozen=True, kw_only=True, tag=True):
    """An order request exists; nothing was sent."""

    request: OrderRequest


class OrderDecided(Event, frozen=True, kw_only=True, tag=True):
    """The gate answered."""

    order_id: str
    decision: Decision


class OrderSent(Event, frozen=True, kw_only=True, tag=True):
    """From here on at least one byte may have left; the quantity is reserved."""

    order_id: str
    attempt: int = 1


class OrderReported(Event, frozen=True, kw_only=True, tag=True):
    """The broker said how an order stands."""

    order_id: str
    report: OrderReport


class OrderAdopted(Event, frozen=True, kw_only=True, tag=True):
    """An order that we did not send, or a bracket child that the broker made, is ours to count."""

    request: OrderRequest
    report: OrderReport


class OrderLost(Event, frozen=True, kw_only=True, tag=True):
    """The outcome of a request cannot be proven now."""

    order_id: str
    why: str


class OrderNotSent(Event, frozen=True, kw_only=True, tag=True):
    """Proven that no byte left."""

    order_id: str
    why: str


class OrderRefused(Event, frozen=True, kw_only=True, tag=True):
    """The broker refused the request itself, with its words."""

    order_id: str
    why: str
    code: str = ""


class OrderNeverArrived(Event, frozen=True, kw_only=True, tag=True):
    """Absence at the broker is proven."""

    order_id: str
    why: str


class OrderAbandoned(Event, frozen=True, kw_only=True, tag=True):
    """The process ended between the intent and the sending; proven by the journal."""

    order_id: str


class OrderExpired(Event, frozen=True, kw_only=True, tag=True):
    """A waiting order was not confirmed in time."""

    order_id: str
    why: str


class CancelRequested(Event, frozen=True, kw_only=True, tag=True):
    """A cancel is about to leave."""

    order_id: str
    why: str = ""


class CancelRefused(Event, frozen=True, kw_only=True, tag=True):
    """The broker refused a cancel; the order has to be asked for."""

    order_id: str
    why: str


class ReplaceRequested(Event, frozen=True, kw_only=True, tag=True):
    """A change of a working order is about to leave."""

    order_id: str
    change: OrderChange


class ReplaceRefused(Event, frozen=True, kw_only=True, tag=True):
    """The broker refused a change."""

    order_id: str
    why: str


class StopFollows(Event, frozen=True, kw_only=True, tag=True):
    """The desk itself keeps a stop this far behind the market from here on; the broker does not trail it."""

    order_id: str
    trail: Decimal
    """Distance in price units."""


class FillBooked(Event, frozen=True, kw_only=True, tag=True):
    """One execution was booked; its point value makes the fold independent of any table."""

    fill: Fill
    point_value: Decimal
    order_id: str = ""
    strategy: str = ""


class PositionAdjusted(Event, frozen=True, kw_only=True, tag=True):
    """Our position was set to the broker's; the price is an estimate."""

    account: str
    symbol: str
    quantity: Decimal
    """The signed quantity that the account holds now."""
    price: Decimal
    point_value: Decimal
    adjustment_id: str
    why: str


class AccountSeen(Event, frozen=True, kw_only=True, tag=True):
    """A connection carries this account."""

    account: Account


class BalanceReported(Event, frozen=True, kw_only=True, tag=True):
    """The broker stated an account's money."""

    balance: Balance


class AccountArmed(Event, frozen=True, kw_only=True, tag=True):
    """A person permitted entries on a live account."""

    account: str
    stay: bool = False
    by: str = ""


class AccountDisarmed(Event, frozen=True, kw_only=True, tag=True):
    """Entries on a live account are no longer permitted."""

    account: str
    why: str


class AccountLocked(Event, frozen=True, kw_only=True, tag=True):
    """Entries on an account are refused until a time."""

    account: str
    until: int
    """Wall time in nanoseconds UTC; 0 is until a person unlocks it."""
    why: str


class AccountUnlocked(Event, frozen=True, kw_only=True, tag=True):
    """A lock ended."""

    account: str
    why: str


class KillThrown(Event, frozen=True, kw_only=True, tag=True):
    """The latch was set; an empty account means all."""

    level: KillLevel
    why: str
    by: str
    account: str = ""


class KillCleared(Event, frozen=True, kw_only=True, tag=True):
    """A person lifted the latch."""

    by: str
    account: str = ""


class StrategyStopped(Event, frozen=True, kw_only=True, tag=True):
    """A strategy's entries are refused until a person enables it again."""

    strategy: str
    why: str


class StrategyEnabled(Event, frozen=True, kw_only=True, tag=True):
    """A person enabled a stopped strategy."""

    strategy: str
    by: str


class DayRolled(Event, frozen=True, kw_only=True, tag=True):
    """An account's trade date ended; day counters start again."""

    account: str
    trade_date: date
    """The date that begins."""
    closing_balance: Decimal


class ConnectionChanged(Event, frozen=True, kw_only=True, tag=True):
    """A broker session went up or down."""

    connection: str
    state: ConnectionState
    why: str = ""


class Reconciled(Event, frozen=True, kw_only=True, tag=True):
    """Our picture of an account was compared with the broker's."""

    account: str
    differences: tuple[str, ...] = ()
    confirmed_until: int = 0
    """Venue time up to which history has been read."""


class AlarmRaised(Event, frozen=True, kw_only=True, tag=True):
    """Something needs a person's eyes."""

    alarm_id: str
    text: str
    severity: str = "warning"
    """``warning`` or ``critical``."""
    account: str = ""
    order_id: str = ""
    alert_id: str = ""


class AlarmAcknowledged(Event, frozen=True, kw_only=True, tag=True):
    """A person has seen an alarm."""

    alarm_id: str
    by: str = ""


AnyEvent = (
    DeskStarted
    | DeskStopped
    | AlertReceived
    | AlertRepeated
    | AlertDropped
    | AlertJudged
    | InstructionTaken
    | InstructionDone
    | OrderIntended
    | OrderDecided
    | OrderSent
    | OrderReported
    | OrderAdopted
    | OrderLost
    | OrderNotSent
    | OrderRefused
    | OrderNeverArrived
    | OrderAbandoned
    | OrderExpired
    | CancelRequested
    | CancelRefused
    | ReplaceRequested
    | ReplaceRefused
    | StopFollows
    | FillBooked
    | PositionAdjusted
    | AccountSeen
    | BalanceReported
    | AccountArmed
    | AccountDisarmed
    | AccountLocked
    | AccountUnlocked
    | KillThrown
    | KillCleared
    | StrategyStopped
    | StrategyEnabled
    | DayRolled
    | ConnectionChanged
    | Reconciled
    | AlarmRaised
    | AlarmAcknowledged
)
"""Every event there is."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """Return the event as JSON, with its name under ``event``."""
    return _encoder.encode(event)


def decode(payload: bytes) -> AnyEvent:
    """Return the event of a journal row; raises ``msgspec.DecodeError`` on anything else."""
    return _decoder.decode(payload)
