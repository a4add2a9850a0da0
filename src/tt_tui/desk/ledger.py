"""The ledger: one call that folds events into the state, queues them for the journal and tells the screens.

The state is changed at once, so that the next decision on the loop already counts what this one reserved. What
leaves the process waits for the returned receipt. When the journal fails, entries stop; exits go on, and an
alarm says that they are not written yet.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

from tt_tui.desk.journal_schema import AppendResult, Entry, Record
from tt_tui.desk.port import Batch, EventRow
from tt_tui.desk.state import State
from tt_tui.domain import event as ev
from tt_tui.domain.errors import JournalFailed

RING = 20_000
"""Events kept for screens; one that fell further behind re-reads the whole state."""


class EventStore(Protocol):
    """The part of the journal that the ledger uses."""

    @property
    def failed(self) -> str | None:
        """Return why nothing is durable at present, None while all is well."""
        ...

    def stamp(self, entries: Sequence[Entry], on_done: Callable[[AppendResult], None]) -> AppendResult:
        """Queue entries for one commit; returns their numbers and times at once, tells the outcome once."""
        ...

    def save_snapshot(self, seq: int, state: bytes) -> None:
        """Keep a state that was taken after record ``seq``."""
        ...


class Receipt:
    """The promise that what was written will be durable."""

    def __init__(self) -> None:
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def durable(self) -> None:
        """Return when it is on disk; raises ``JournalFailed`` when it could not be written now."""
        await asyncio.shield(self.future)

    async def settled(self) -> bool:
        """Return whether it is on disk, when that is known."""
        try:
            await self.durable()
        except JournalFailed:
            return False
        return True


class Ledger:
    """Owns the state of a desk; all calls but ``batch`` are made on the desk's loop."""

    def __init__(self, store: EventStore, state: State, *, snapshot_every: int = 20_000) -> None:
        self.state = state
        self._store = store
        self._snapshot_every = snapshot_every
        self._since_snapshot = 0
        self._ring: deque[EventRow] = deque(maxlen=RING)
        self._ring_lock = threading.Lock()
        self._settled: deque[tuple[Receipt, AppendResult]] = deque()
        self._settle_planned = False
        self._settle_lock = threading.Lock()
        self._loop = asyncio.get_running_loop()
        self._applied: list[Callable[[Sequence[EventRow]], None]] = []

    @property
    def failed(self) -> str | None:
        """Return why nothing is durable at present."""
        return self._store.failed

    def on_applied(self, listener: Callable[[Sequence[EventRow]], None]) -> None:
        """Call the listener on the loop after each write, when the state has the events."""
        self._applied.append(listener)

    def write(self, *events: ev.AnyEvent) -> Receipt:
        """Fold events that belong together, and queue them for one commit."""
        receipt = Receipt()
        entries = []
        for event in events:
            order_id, alert_id = ev.subjects(event)
            entries.append(
                Entry(
                    kind=type(event).__name__,
                    payload=ev.encode(event),
                    order_id=order_id,
                    alert_id=alert_id,
                    unique=ev.unique_keys(event),
                )
            )
        rows: list[EventRow] = []
        stamped = self._store.stamp(entries, partial(self._tell, receipt))
        for seq, event in zip(stamped.seqs, events, strict=True):
            self.state.apply(seq, stamped.wall, event)
            rows.append(EventRow(seq, stamped.wall, event))
        with self._ring_lock:
            self._ring.extend(rows)
        for listener in self._applied:
            listener(rows)
        self._since_snapshot += len(rows)
        if self._since_snapshot >= self._snapshot_every:
            self.snapshot()
        return receipt

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

    def _tell(self, receipt: Receipt, result: AppendResult) -> None:
        """Take the writer thread's word to the loop, one wake-up for many commits."""
        with self._settle_lock:
            self._settled.append((receipt, result))
            if self._settle_planned:
                return
            self._settle_planned = True
        try:
            self._loop.call_soon_threadsafe(self._settle)
        except RuntimeError:
            # The loop has ended: nobody waits for the receipt any more, and the rows are on disk.
            return

    def _settle(self) -> None:
        with self._settle_lock:
            settled = list(self._settled)
            self._settled.clear()
            self._settle_planned = False
        for receipt, result in settled:
            future = receipt.future
            if future.done():
                continue
            if result.error is None:
                future.set_result(None)
            else:
                future.set_exception(JournalFailed(f"the journal could not write: {result.error}; nothing new is sent"))
                # Whoever does not wait for it is told by the alarm of the desk, not by the loop.
                future.exception()


def restore(snapshot: tuple[int, bytes] | None, tail: Iterator[Record]) -> State:
    """Fold a journal into a state, from its newest snapshot on."""
    state = State() if snapshot is None else State.from_bytes(snapshot[1])
    for record in tail:
        state.apply(record.seq, record.wall, ev.decode(record.payload))
    return state
