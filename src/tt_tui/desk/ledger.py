"""The ledger: one call that folds events into the state, queues them for the journal and tells the screens.

The state is changed at once, so that the next decision on the loop already counts what this one reserved. What
leaves the process waits for the returned receipt. When the journal fails, entries stop; exits go on, and an
alarm says that they are not written yet.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from tt_tui.desk.journal import AppendResult, Entry, JournalFailed, Record, Submitted
from tt_tui.desk.port import Batch, EventRow
from tt_tui.desk.ports import Clock
from tt_tui.desk.state import State
from tt_tui.domain import event as ev

_LOG = logging.getLogger(__name__)

RING = 20_000
"""Events kept for screens; one that fell further behind re-reads the whole state."""


class EventStore(Protocol):
    """The part of the journal that the ledger uses."""

    @property
    def failed(self) -> str | None:
        """Return why nothing is durable at present, None while all is well."""
        ...

    def submit(self, entries: Sequence[Entry], *, wall: int | None = None) -> Submitted:
        """Queue entries for one commit; their numbers are known at once."""
        ...

    def save_snapshot(self, seq: int, state: bytes) -> None:
        """Keep a state that was taken after record ``seq``."""
        ...


class Receipt:
    """The promise that what was written will be durable."""

    def __init__(self, durable: asyncio.Future[AppendResult]) -> None:
        self._durable = durable
        # Whoever does not wait for it hears of a failure by the desk's alarm, not by the loop.
        durable.add_done_callback(_retrieve)

    async def durable(self) -> None:
        """Return when it is on disk; raises ``JournalFailed`` when it could not be written now."""
        await asyncio.shield(self._durable)

    async def settled(self) -> bool:
        """Return whether it is on disk, when that is known."""
        try:
            await self.durable()
        except JournalFailed:
            return False
        return True


def _retrieve(future: asyncio.Future[AppendResult]) -> None:
    if not future.cancelled():
        future.exception()


class Ledger:
    """Owns the state of a desk; all calls but ``batch`` are made on the desk's loop."""

    def __init__(self, store: EventStore, state: State, clock: Clock, *, snapshot_every: int = 20_000) -> None:
        self.state = state
        self._store = store
        self._clock = clock
        self._snapshot_every = snapshot_every
        self._since_snapshot = 0
        self._ring: deque[EventRow] = deque(maxlen=RING)
        self._ring_lock = threading.Lock()
        self._applied: list[Callable[[Sequence[EventRow]], None]] = []

    @property
    def failed(self) -> str | None:
        """Return why nothing is durable at present."""
        return self._store.failed

    def on_applied(self, listener: Callable[[Sequence[EventRow]], None]) -> None:
        """Call the listener on the loop after each write, when the state has the events."""
        self._applied.append(listener)

    def write(self, *events: ev.AnyEvent) -> Receipt:
        """Fold events that belong together, and queue them for one commit.

        Raises ``JournalFailed``, with nothing folded, when the journal takes nothing more.
        """
        entries = [_entry(event) for event in events]
        wall = self._clock.now()
        submitted = self._store.submit(entries, wall=wall)
        rows = [EventRow(seq, wall, event) for seq, event in zip(submitted.seqs, events, strict=True)]
        for row in rows:
            self.state.apply(row.seq, wall, row.event)
        with self._ring_lock:
            self._ring.extend(rows)
        for listener in self._applied:
            try:
                listener(rows)
            except Exception:  # an onlooker's fault must not break the write it looks at
                _LOG.exception("a listener of the ledger failed")
        self._since_snapshot += len(rows)
        if self._since_snapshot >= self._snapshot_every:
            self.snapshot()
        return Receipt(submitted.durable)

    def snapshot(self) -> None:
        """Queue the present state as the point from which the next start reads."""
        self._since_snapshot = 0
        if self.state.seq:
            self._store.save_snapshot(self.state.seq, self.state.copy_bytes())

    def batch(self, after: int, limit: int) -> Batch | None:
        """Return events after a number; None where they are no longer at hand. Thread-safe."""
        with self._ring_lock:
            last = self._ring[-1].seq if self._ring else self.state.seq
            if after >= last:
                return Batch()
            if not self._ring or self._ring[0].seq > after + 1:
                return None
            skip = max(0, after + 1 - self._ring[0].seq)
            return Batch(rows=tuple(itertools.islice(self._ring, skip, skip + limit)))


def _entry(event: ev.AnyEvent) -> Entry:
    order_id, alert_id = subjects(event)
    return Entry(
        kind=type(event).__name__,
        payload=ev.encode(event),
        order_id=order_id,
        alert_id=alert_id,
        unique=unique_keys(event),
    )


def subjects(event: ev.AnyEvent) -> tuple[str, str]:
    """Return the order id and alert id that an event concerns, each empty where there is none."""
    match event:
        case ev.OrderIntended(request=request) | ev.OrderAdopted(request=request):
            return request.order_id, request.alert_id
        case ev.AlertReceived(alert=alert):
            return "", alert.alert_id
    return getattr(event, "order_id", ""), getattr(event, "alert_id", "")


def unique_keys(event: ev.AnyEvent) -> tuple[str, ...]:
    """Return what may be written only once in a journal's life (order-lifecycle §4)."""
    match event:
        case ev.OrderIntended(request=request) | ev.OrderAdopted(request=request):
            return (f"order:{request.order_id}",)
        case ev.FillBooked(fill=fill):
            return (f"fill:{fill.account}:{fill.fill_id}",)
        case ev.PositionAdjusted(adjustment_id=adjustment_id):
            return (f"adjustment:{adjustment_id}",)
        case ev.AlertReceived(alert=alert):
            # Repeats are told by the state, whose keys end after a minute or seven days; this one never does.
            return (f"alert:{alert.sender.name}:{alert.alert_id}",)
    return ()


def restore(snapshot: tuple[int, bytes] | None, tail: Iterator[Record]) -> State:
    """Fold a journal into a state, from its newest snapshot on."""
    state = State() if snapshot is None else State.from_bytes(snapshot[1])
    for record in tail:
        state.apply(record.seq, record.wall, ev.decode(record.payload))
    return state
