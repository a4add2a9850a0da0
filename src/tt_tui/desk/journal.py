"""The journal: an append-only, hash-chained, durable record of everything the desk did, and in which order.

SQLite in WAL mode with ``synchronous=FULL``, a file of its own, one writer thread that commits in groups.
Sequence numbers are given at the append, before anything is durable, so that State can be folded at once;
whoever acts on an append (answers an alert, sends an order) waits until it is durable. An append that can't
be made durable keeps its place: State is then ahead of the disk and says so through ``failed``, and never the
other way round.

Known limit: when whole commits at the very end of the write-ahead log were removed from outside, nothing in
the file shows it; reconciliation with the brokers does.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from tt_tui.desk import journal_check
from tt_tui.desk import journal_schema as schema
from tt_tui.desk.journal_check import Link, Opening
from tt_tui.desk.journal_lock import JournalLock, holder, lock_path
from tt_tui.desk.journal_open import open_to_read, open_to_write, sync
from tt_tui.desk.journal_schema import (
    AppendResult,
    DuplicateKey,
    Entry,
    JournalClock,
    JournalDamaged,
    JournalError,
    JournalFailed,
    JournalHeld,
    JournalUnsupported,
    JournalUnwritable,
    OpenReport,
    Record,
    VerifyReport,
)
from tt_tui.desk.journal_writer import Append, JournalWriter, SnapshotRequest, Wake

__all__ = [
    "AppendResult",
    "DuplicateKey",
    "Entry",
    "Journal",
    "JournalClock",
    "JournalDamaged",
    "JournalError",
    "JournalFailed",
    "JournalHeld",
    "JournalUnsupported",
    "JournalUnwritable",
    "OpenReport",
    "Record",
    "Submitted",
    "VerifyReport",
    "holder",
]

SNAPSHOT_EVERY = 20_000

WAITING_BYTES = 32 * 1024 * 1024
"""How much may wait for the disk before appends are refused."""

SENT_AGAIN = frozenset({"AlertReceived", "AlertRepeated"})
"""What its sender sends again: it may fill half of the waiting room, the rest is kept for exits and latches."""

_RECENT_KEYS = 20_000
_PAGE = 1000
_SELECT = (
    "SELECT seq, wall, mono, kind, order_id, alert_id, uniques, payload, hash FROM record"
    " WHERE seq > ?{} ORDER BY seq LIMIT ?"
)


class Submitted(NamedTuple):
    """An append that has its place: the numbers now, the future when it is durable (or JournalFailed)."""

    seqs: tuple[int, ...]
    durable: asyncio.Future[AppendResult]


def _ignore(_: object) -> None:
    return


class Journal:
    """An open journal; appends and reads may come from any thread."""

    def __init__(
        self,
        path: Path,
        opening: Opening,
        *,
        clock: JournalClock,
        lock: JournalLock | None,
        writer: JournalWriter | None,
        snapshot_every: int,
    ) -> None:
        """Use ``Journal.open``."""
        self.path = path
        self.chain_id = opening.chain_id
        self.opening = opening.report
        self._clock = clock
        self._process_lock = lock
        self._writer = writer
        self._snapshot_every = snapshot_every
        self._snapshot_seq = opening.report.snapshot_seq or 0
        self._last_seq = opening.report.last_seq
        self._submitted_bytes = 0
        self._recent: dict[str, int] = {}
        self._closed = False
        self._append_lock = threading.Lock()
        self._read_lock = threading.Lock()
        # Looking up a key must not wait for a long read of another thread: each has a connection of its own.
        self._keys = schema.connect(path, flags=apsw.SQLITE_OPEN_READONLY, busy_ms=50)
        self._reader = schema.connect(path, flags=apsw.SQLITE_OPEN_READONLY, busy_ms=2000)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: JournalClock,
        chain_id: str = "",
        snapshot_every: int = SNAPSHOT_EVERY,
        read_only: bool = False,
        crash_point: Callable[[str], None] = _ignore,
        on_failure: Callable[[str], None] = _ignore,
        on_recovered: Callable[[int], None] = _ignore,
    ) -> Journal:
        """Open a journal, create it when there is none (then ``chain_id`` names its chain), and check it.

        ``on_failure(reason)`` and ``on_recovered(durable_seq)`` are called on the writer's thread.
        ``read_only`` takes no lock and opens what can be read, a damaged journal too. Raises JournalHeld,
        JournalDamaged (a copy is put aside, nothing is reset), JournalUnwritable or JournalUnsupported.
        """
        schema.require_sqlite(apsw.sqlite_lib_version())
        if read_only:
            opening = open_to_read(path)
            return cls(path, opening, clock=clock, lock=None, writer=None, snapshot_every=snapshot_every)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise JournalUnwritable(path, f"its folder could not be made ({error.strerror})") from error
        lock = JournalLock(lock_path(path), path, started=clock.now())
        try:
            connection, opening = open_to_write(path, clock, chain_id)
            writer = JournalWriter(
                connection,
                Link(opening.report.last_seq, opening.last_hash),
                monotonic=clock.monotonic,
                crash_point=crash_point,
                on_failure=on_failure,
                on_recovered=on_recovered,
            )
            journal = cls(path, opening, clock=clock, lock=lock, writer=writer, snapshot_every=snapshot_every)
        except BaseException:
            lock.release()
            raise
        writer.start()
        return journal

    @property
    def last_seq(self) -> int:
        """The number of the newest record, durable or not; 0 when there is none."""
        if self._writer is None:
            with self._read_lock:
                return journal_check.last_link(self._reader, Link(0, b"")).seq
        return self._last_seq

    @property
    def durable_seq(self) -> int:
        """The number of the newest durable record."""
        return self._writer.durable_seq if self._writer is not None else self.last_seq

    @property
    def failed(self) -> str | None:
        """Why appends are not durable; None again once everything queued is."""
        return self._writer.failed if self._writer is not None else None

    @property
    def snapshot_due(self) -> bool:
        """Whether so many records came since the last snapshot that the next one is worth its price."""
        return self._last_seq - self._snapshot_seq >= self._snapshot_every

    def append(
        self,
        entries: Sequence[Entry],
        on_done: Callable[[AppendResult], None] = _ignore,
        *,
        wall: int | None = None,
    ) -> tuple[int, ...]:
        """Give the entries their numbers and queue them for one commit; never waits for the disk.

        ``wall`` stamps them (nanoseconds UTC), by default the clock does. ``on_done`` is called once, on the
        writer's thread. Raises, with nothing queued, DuplicateKey, JournalFailed (closed, read-only, too much
        is waiting, or keys can't be looked up) or ValueError (no entry, the same key twice, a value that can't
        be stored).
        """
        return self._submit(entries, wall, on_done, None)

    def submit(self, entries: Sequence[Entry], *, wall: int | None = None) -> Submitted:
        """Do as ``append`` and return a future of the running event loop besides the numbers."""
        future: asyncio.Future[AppendResult] = asyncio.get_running_loop().create_future()
        return Submitted(self._submit(entries, wall, None, future), future)

    async def commit(self, entries: Sequence[Entry], *, wall: int | None = None) -> tuple[int, ...]:
        """Append and wait until it is durable; raise JournalFailed when it is not.

        Cancelling the wait does not take the append back.
        """
        future: asyncio.Future[AppendResult] = asyncio.get_running_loop().create_future()
        seqs = self._submit(entries, wall, None, future)
        await future
        return seqs

    def retry(self) -> None:
        """Try now to write what is queued; without it that happens at the next append and with back-off."""
        if self._writer is not None:
            self._writer.put(Wake.RETRY)

    def save_snapshot(self, seq: int, state: bytes) -> None:
        """Keep a state that contains exactly the records up to ``seq``, once that record is durable.

        The newest two are kept, each bound to its record's hash.
        """
        if self._writer is None or self._closed:
            raise JournalFailed(f"the journal {self.path} is closed or open for reading only")
        self._snapshot_seq = seq
        self._writer.put(SnapshotRequest(seq, state))

    def snapshot(self) -> tuple[int, bytes] | None:
        """Return the newest snapshot that is whole and belongs to this chain, with its record's number."""
        with self._reading() as connection:
            link = journal_check.newest_snapshot(connection, [])
            if link is None:
                return None
            rows = connection.execute("SELECT state FROM snapshot WHERE seq=?", (link.seq,))
            return next(((link.seq, bytes(state)) for (state,) in rows), None)

    def tail(self, after_seq: int) -> Iterator[Record]:
        """Yield the durable records after a number, in order; holds nothing open between pages."""
        while page := self.read(after_seq, _PAGE):
            yield from page
            after_seq = page[-1].seq

    def read(
        self,
        after_seq: int,
        limit: int,
        *,
        kind: str | None = None,
        order_id: str | None = None,
        alert_id: str | None = None,
    ) -> list[Record]:
        """Return up to ``limit`` durable records after a number, in order, that match what is given.

        Filters scan: they are for people who look, State answers programs. Raises JournalDamaged.
        """
        wanted = (("kind", kind), ("order_id", order_id), ("alert_id", alert_id))
        given = [(column, value) for column, value in wanted if value is not None]
        conditions = "".join(f" AND {column} = ?" for column, _ in given)
        with self._reading() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(
                _SELECT.format(conditions), (after_seq, *(value for _, value in given), limit)
            ).fetchall()
            return [schema.record_of(row) for row in rows]

    def verify(self) -> VerifyReport:
        """Check every record, key and page of what is durable; slow on a large journal, blocks no writer."""
        connection = schema.connect(self.path, flags=apsw.SQLITE_OPEN_READONLY, busy_ms=2000)
        try:
            return journal_check.verify(connection)
        finally:
            connection.close()

    def backup(self, target: Path) -> None:
        """Write a whole copy of what is durable now to a new file, while the journal goes on."""
        if target.exists():
            raise FileExistsError(f"{target} exists; name a new file for the backup")
        target.touch(mode=0o600)
        connection = schema.connect(self.path, flags=apsw.SQLITE_OPEN_READONLY, busy_ms=2000)
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        finally:
            connection.close()
        copy = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
        copy.execute("PRAGMA journal_mode=WAL")
        copy.close()
        sync(target)
        sync(target.parent)

    def announce(self, facts: Mapping[str, object]) -> None:
        """Tell a second process that is refused more about this one, such as its port."""
        if self._process_lock is not None:
            self._process_lock.announce(facts)

    def close(self, timeout: float = 5.0) -> bool:
        """Commit what is queued, close and free the lock; False when something is not durable in time."""
        with self._append_lock:
            if self._closed:
                return True
            self._closed = True
        with self._append_lock, self._read_lock:
            self._keys.close()
            self._reader.close()
        # The writer goes last: only it may fold the write-ahead log into the file and remove it.
        whole = self._writer.close(timeout) if self._writer is not None else True
        # A writer that still hangs in the disk keeps the lock: the process holds the file until it ends.
        if self._process_lock is not None and (self._writer is None or not self._writer.alive):
            self._process_lock.release()
        return whole

    def _submit(
        self,
        entries: Sequence[Entry],
        wall: int | None,
        on_done: Callable[[AppendResult], None] | None,
        future: asyncio.Future[AppendResult] | None,
    ) -> tuple[int, ...]:
        if not entries:
            raise ValueError("an append has at least one entry")
        with self._append_lock:
            writer = self._able(entries)
            first = self._last_seq + 1
            seqs = tuple(range(first, first + len(entries)))
            keys = [(key, seq) for seq, entry in zip(seqs, entries, strict=True) for key in entry.unique]
            if keys:
                self._refuse_taken(keys)
            wall = self._clock.now() if wall is None else wall
            mono = self._clock.monotonic()
            rows: list[schema.Row] = []
            heads: list[bytes] = []
            for seq, entry in zip(seqs, entries, strict=True):
                row, head = schema.form(entry, seq, wall, mono)
                rows.append(row)
                heads.append(head)
            append = Append(seqs, rows, heads, keys, on_done, future)
            self._last_seq = seqs[-1]
            self._submitted_bytes += append.size
            if keys:
                self._remember(keys, writer.durable_seq)
            writer.put(append)
        return seqs

    def _able(self, entries: Sequence[Entry]) -> JournalWriter:
        """Return the writer, or raise JournalFailed when nothing more can be queued."""
        if self._writer is None:
            raise JournalFailed(f"the journal {self.path} is open for reading only")
        if self._closed:
            raise JournalFailed(f"the journal {self.path} is closed")
        waiting = self._submitted_bytes - self._writer.settled_bytes
        is_sent_again = any(entry.kind in SENT_AGAIN for entry in entries)
        if waiting > (WAITING_BYTES // 2 if is_sent_again else WAITING_BYTES):
            why = self._writer.failed or "the disk does not keep up"
            raise JournalFailed(f"{waiting // 1_048_576} MiB wait for the journal, no more is taken: {why}")
        return self._writer

    def _refuse_taken(self, keys: list[tuple[str, int]]) -> None:
        """Raise when one of an append's unique keys is taken, or named twice."""
        if len(keys) > 1 and len({key for key, _ in keys}) != len(keys):
            raise ValueError(f"an append names a unique key twice: {[key for key, _ in keys]}")
        for key, _ in keys:
            taken = self._recent.get(key)
            if taken is None:
                taken = self._look_up(key)
            if taken is not None:
                raise DuplicateKey(key, taken)

    def _look_up(self, key: str) -> int | None:
        try:
            row = self._keys.execute("SELECT seq FROM unique_key WHERE key=?", (key,)).fetchone()
        except apsw.Error as error:
            raise JournalFailed(f"the key {key} could not be looked up in the journal ({error})") from error
        return int(row[0]) if row is not None else None

    def _remember(self, keys: list[tuple[str, int]], durable_seq: int) -> None:
        """Keep new keys until the database has them, and some longer, as resends come soon after."""
        self._recent.update(keys)
        while len(self._recent) > _RECENT_KEYS:
            oldest = next(iter(self._recent))
            if self._recent[oldest] > durable_seq:
                return
            del self._recent[oldest]

    @contextlib.contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        with self._read_lock:
            try:
                yield self._reader
            except apsw.ConnectionClosedError as error:
                raise JournalFailed(f"the journal {self.path} is closed") from error
            except schema.UNREADABLE as error:
                raise JournalDamaged(self.path, f"a record can't be read ({error})", None, None) from error
