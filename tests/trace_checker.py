"""Reads a desk's journal and the paper venue's own file after a run, and tells whatever must never be so.

One checker for every test that kills, cuts or restarts a desk (reliability R1, R3 to R6): it knows nothing of the
run, only what has to hold after each of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tests.rig import plain
from tt_tui.brokers.paper.orders import PaperOrder
from tt_tui.brokers.paper.store import PaperStore
from tt_tui.desk.journal import Journal
from tt_tui.desk.ledger import restore
from tt_tui.desk.state import State
from tt_tui.domain import event as ev
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.decision import Answer
from tt_tui.domain.order import Fill, OrderState, Origin, Role, may_move
from tt_tui.domain.position import Position
from tt_tui.infra.clock import SystemClock

_EVIDENCE: dict[OrderState, tuple[type[ev.Event], ...]] = {
    OrderState.FILLED: (ev.OrderReported, ev.OrderAdopted, ev.FillBooked),
    OrderState.CANCELED: (ev.OrderReported, ev.OrderAdopted),
    OrderState.REPLACED: (ev.OrderReported, ev.OrderAdopted),
    OrderState.EXPIRED: (ev.OrderReported, ev.OrderAdopted, ev.OrderExpired),
    OrderState.REJECTED: (ev.OrderReported, ev.OrderAdopted, ev.OrderRefused),
    OrderState.DENIED: (ev.OrderDecided,),
    OrderState.NOT_SENT: (ev.OrderNotSent,),
    OrderState.NEVER_ARRIVED: (ev.OrderNeverArrived,),
    OrderState.ABANDONED: (ev.OrderAbandoned,),
}
"""What alone may end an order, by the state it ends in."""
_ABSENT = (OrderState.NOT_SENT, OrderState.NEVER_ARRIVED, OrderState.ABANDONED, OrderState.DENIED)
"""States that say the venue never saw the order."""


@dataclass
class Trace:
    """A run, read back."""

    events: list[tuple[int, int, ev.AnyEvent]]
    """Number, wall time and event."""
    state: State
    restored: State
    """From the newest snapshot on, as the next start would read it."""
    damage: tuple[str, ...]
    venue_orders: list[PaperOrder]
    venue_fills: list[Fill]
    venue_positions: list[Position]
    moves: list[tuple[ev.AnyEvent, str, OrderState, OrderState]] = field(default_factory=list)
    """Each change of an order's state, with the event that made it."""

    def of(self, *kinds: type[ev.Event]) -> list[ev.AnyEvent]:
        """Return the events of some kinds, in order."""
        return [event for _, _, event in self.events if isinstance(event, kinds)]

    def entries(self, account: str) -> list[PaperOrder]:
        """Return the entries that the venue took for an account."""
        return [order for order in self.venue_orders if order.account == account and order.role is Role.ENTRY]

    def venue_position(self, account: str) -> Decimal:
        """Return the signed sum of what the venue holds for an account."""
        return sum((row.quantity for row in self.venue_positions if row.account == account), Decimal(0))

    def fold(self) -> None:
        """Fold the events into the state, noting how orders move."""
        for seq, wall, event in self.events:
            name = getattr(event, "order_id", "")
            if isinstance(event, ev.OrderAdopted | ev.OrderIntended):
                name = event.request.order_id
            known = self.state.orders.get(name)
            before = known.state if known is not None else None
            self.state.apply(seq, wall, event)
            after = self.state.orders.get(name)
            if after is not None and before is not None and after.state is not before:
                self.moves.append((event, name, before, after.state))


def read_state(data: Path) -> State:
    """Return what the journal has made durable so far; the desk may be running."""
    journal = Journal.open(data / "journal.sqlite", clock=SystemClock(), read_only=True)
    try:
        return restore(None, journal.tail(0))
    finally:
        journal.close()


def read_trace(data: Path) -> Trace:
    """Read the journal and the venue's file of a desk that has ended, however it ended."""
    journal = Journal.open(data / "journal.sqlite", clock=SystemClock(), read_only=True)
    try:
        report = journal.verify()
        events = [(record.seq, record.wall, ev.decode(record.payload)) for record in journal.tail(0)]
        snapshot = journal.snapshot()
        restored = restore(snapshot, journal.tail(snapshot[0] if snapshot else 0))
    finally:
        journal.close()
    store = PaperStore(data / "paper.sqlite")
    store.open()
    try:
        names = [account.name for account in store.load(0).accounts]
        trace = Trace(
            events=events,
            state=State(),
            restored=restored,
            damage=report.problems,
            venue_orders=[order for name in names for order in store.orders(name, 0)],
            venue_fills=[fill for name in names for fill in store.fills(name, 0)],
            venue_positions=list(store.load(0).positions),
        )
    finally:
        store.close()
    trace.fold()
    return trace


def check_trace(trace: Trace, *, settled: bool = True) -> list[str]:
    """Return everything that is wrong, in words; nothing where all is well.

    ``settled`` is False for a run that was cut short: then what is still under way is no fault.
    """
    checks = [_journal, _ids, _orders_at_venue, _fills, _moves, _evidence, _alerts]
    if settled:
        checks += [_positions, _ends]
    return [problem for check in checks for problem in check(trace)]


def _journal(trace: Trace) -> Iterator[str]:
    yield from trace.damage
    if plain(trace.state) != plain(trace.restored):
        yield "the state from the snapshot on is another one than from the first event"


def _ids(trace: Trace) -> Iterator[str]:
    """Each id is made once, each order sent once an attempt, and only after the gate let it go."""
    intended: Counter[str] = Counter()
    sent: Counter[tuple[str, int]] = Counter()
    let_go: set[str] = set()
    for _, _, event in trace.events:
        if isinstance(event, ev.OrderIntended | ev.OrderAdopted):
            intended[event.request.order_id] += 1
        elif isinstance(event, ev.OrderDecided) and event.decision.answer in (Answer.ACCEPT, Answer.REDUCE):
            let_go.add(event.order_id)
        elif isinstance(event, ev.OrderSent):
            sent[event.order_id, event.attempt] += 1
            if event.order_id not in let_go:
                yield f"{event.order_id} was sent without the gate's word"
    yield from (f"the id {name} was made {count} times" for name, count in intended.items() if count > 1)
    yield from (f"{name} was sent {count} times at attempt {n}" for (name, n), count in sent.items() if count > 1)
    entries = Counter(
        (event.request.alert_id, event.request.account, event.request.symbol)
        for event in trace.of(ev.OrderIntended)
        if isinstance(event, ev.OrderIntended) and event.request.alert_id and event.request.role is Role.ENTRY
    )
    yield from (f"the alert {key[0]} made {count} entries on {key[1]}" for key, count in entries.items() if count > 1)


def _orders_at_venue(trace: Trace) -> Iterator[str]:
    """The venue has each of our ids once, and nothing that the journal did not send or adopt."""
    ours = Counter((order.account, order.order_id) for order in trace.venue_orders if order.order_id)
    yield from (
        f"the venue has {name} of {account} {count} times" for (account, name), count in ours.items() if count > 1
    )
    sent = {event.order_id for event in trace.of(ev.OrderSent) if isinstance(event, ev.OrderSent)}
    for order in trace.venue_orders:
        known = trace.state.broker_orders.get(f"{order.account}|{order.broker_id}", order.order_id)
        mine = trace.state.orders.get(known)
        # A child that the venue made and ended while no desk ran was never ours to know.
        if mine is None and not (order.parent_id and not order.is_open):
            yield f"the venue's order {order.broker_id} ({order.order_id or 'no id'}) is not in the journal"
        elif mine is not None and mine.request.origin is Origin.EXTERNAL and order.order_id:
            yield f"our own order {order.order_id} was taken for another program's"
        elif mine is not None and mine.request.intent_id and known not in sent:
            yield f"{known} is at the venue, and the journal does not say that it was sent"
        elif mine is not None and mine.state in _ABSENT:
            yield f"{known} is {mine.state} by our books, and {order.state} at the venue"


def _fills(trace: Trace) -> Iterator[str]:
    """Each fill of the venue is booked once, with its own figures, on its own order."""
    booked: dict[tuple[str, str], ev.FillBooked] = {}
    for event in trace.of(ev.FillBooked):
        assert isinstance(event, ev.FillBooked)
        key = (event.fill.account, event.fill.fill_id)
        if key in booked:
            yield f"the fill {key[1]} was booked twice"
        booked[key] = event
        if not event.order_id and event.fill.order_id:
            yield f"the fill {key[1]} was booked on no order of ours"
    for fill in trace.venue_fills:
        found = booked.pop((fill.account, fill.fill_id), None)
        if found is None:
            yield f"the fill {fill.fill_id} ({fill.side} {fill.quantity} {fill.symbol}) was never booked"
        elif (found.fill.quantity, found.fill.price, found.fill.side, found.fill.fee) != (
            fill.quantity,
            fill.price,
            fill.side,
            fill.fee,
        ):
            yield f"the fill {fill.fill_id} was booked with other figures"
    yield from (f"the fill {key[1]} is in the journal and not at the venue" for key in booked)


def _moves(trace: Trace) -> Iterator[str]:
    for event, name, before, after in trace.moves:
        if not may_move(before, after):
            yield f"{name} went from {before} to {after} by {type(event).__name__}"


def _evidence(trace: Trace) -> Iterator[str]:
    """No order ends but by its broker's word, or by proof that it never left."""
    for event, name, _, after in trace.moves:
        if not after.is_terminal:
            continue
        if not isinstance(event, _EVIDENCE[after]):
            yield f"{name} became {after} by {type(event).__name__}"
        elif isinstance(event, ev.OrderReported | ev.OrderAdopted) and event.report.state is not after:
            yield f"{name} became {after} where the broker said {event.report.state}"


def _alerts(trace: Trace) -> Iterator[str]:
    """Each stored alert is judged at most once; `_ends` asks for at least once."""
    verdicts = Counter(event.alert_id for event in trace.of(ev.AlertJudged) if isinstance(event, ev.AlertJudged))
    stored = [event.alert.alert_id for event in trace.of(ev.AlertReceived) if isinstance(event, ev.AlertReceived)]
    yield from (f"the alert {name} has {verdicts[name]} verdicts" for name in stored if verdicts[name] > 1)
    yield from (f"the verdict of {name} is of no stored alert" for name in verdicts if name not in stored)


def _positions(trace: Trace) -> Iterator[str]:
    """Our books are the venue's, and nobody had to correct them."""
    ours = {key: row.quantity for key, row in trace.state.positions.items() if row.quantity}
    theirs = {f"{row.account}|{row.symbol}": row.quantity for row in trace.venue_positions if row.quantity}
    if ours != theirs:
        yield f"we hold {ours}, the venue says {theirs}"
    for event in trace.of(ev.PositionAdjusted):
        assert isinstance(event, ev.PositionAdjusted)
        yield f"a position had to be corrected: {event.why}"


def _ends(trace: Trace) -> Iterator[str]:
    """Each alert has its verdict, and each order is with us as it is at the venue."""
    for name, row in trace.state.alerts.items():
        if row.status is AlertStatus.RECEIVED:
            yield f"the alert {name} has no verdict"
    for wish, taken in trace.state.instructions.items():
        if not taken.done:
            yield f"the wish {wish} has no end"
    theirs = {order.order_id: order for order in trace.venue_orders if order.order_id}
    for name, mine in trace.state.orders.items():
        if mine.state in (OrderState.INTENT, OrderState.SENT, OrderState.UNKNOWN):
            yield f"{name} is still {mine.state}"
        found = theirs.get(name)
        if found is not None and not _agree(mine.state, found):
            yield f"{name} is {mine.state} by our books, and {found.state} at the venue"
        if found is not None and found.filled != mine.filled:
            yield f"{name} filled {mine.filled} by our books, and {found.filled} at the venue"


def _agree(state: OrderState, order: PaperOrder) -> bool:
    """Return whether our word for an order is the venue's; words for an open one may differ by a report."""
    return state.is_live if order.is_open else state is order.state
