"""The journal's one writer: a thread that turns queued appends into durable commits, in order, in groups."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import apsw

from tt_tui.desk import journal_schema as schema
from tt_tui.desk.journal_check import Link, last_link
from tt_tui.desk.journal_schema import AppendResult, JournalFailed, Row

GROUP_RECORDS = 256
"""A commit takes whole appends until it has this many records."""

KEPT_SNAPSHOTS = 2

_CHECKPOINT_IDLE_PAGES = 1000
_CHECKPOINT_PAGES = 4000
_CHECKPOINT_FORCED_PAGES = 8000
"""32 MiB of write-ahead log: from here the writer waits for readers, so that the log stays under 64 MiB."""

_ROW_BYTES = 500
"""About what a queued row takes besides its payload."""

_LONGEST_COMPANY_NS = 2_000_000

_FIRST_DELAY_SECONDS = 0.1
_LONGEST_DELAY_SECONDS = 5.0

_INSERT_RECORD = (
    "INSERT INTO record (seq, wall, mono, kind, order_id, alert_id, uniques, payload, hash) VALUES (?,?,?,?,?,?,?,?,?)"
)
_INSERT_KEY = "INSERT INTO unique_key (key, seq) VALUES (?,?)"

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")


class Append:
    """One queued append: its records are committed together or not at all."""

    __slots__ = ("done", "future", "heads", "keys", "rows", "seqs", "size", "told")

    def __init__(
        self,
        seqs: tuple[int, ...],
        rows: list[Row],
        heads: list[bytes],
        keys: list[tuple[str, int]],
        done: Callable[[AppendResult], None] | None,
        future: asyncio.Future[AppendResult] | None,
    ) -> None:
        self.seqs = seqs
        self.rows = rows
        self.heads = heads
        """The hashed form of each row before its payload."""
        self.keys = keys
        self.done = done
        self.future = future
        """Resolved on its loop, with JournalFailed where the append is not durable."""
        self.size = _ROW_BYTES * len(rows) + sum([len(row[-1]) for row in rows])
        self.told = False

    def chain(self, digest: bytes, into: list[tuple[int | str | bytes, ...]]) -> bytes:
        """Add the rows with their hashes, the first bound to the given one; return the last."""
        for row, head in zip(self.rows, self.heads, strict=True):
            digest = schema.chain(digest, head, row[-1])
            into.append((*row, digest))
        return digest


class SnapshotRequest(NamedTuple):
    """A state to keep once the record it was taken after is durable."""

    seq: int
    state: bytes


class Wake(enum.Enum):
    """A message that carries no data."""

    RETRY = enum.auto()
    CLOSE = enum.auto()


class JournalWriter:
    """Owns the writing connection and its thread.

    After a failed commit nothing is dropped: what is queued stays in order and is tried again at each later
    append, at ``Wake.RETRY`` and with back-off, until all of it is durable; only then does ``failed`` become
    None again.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        end: Link,
        *,
        monotonic: Callable[[], int],
        crash_point: Callable[[str], None],
        on_failure: Callable[[str], None],
        on_recovered: Callable[[int], None],
    ) -> None:
        self.durable_seq = end.seq
        self.failed: str | None = None
        self.settled_bytes = 0
        """How much of what was put has become durable since the start."""
        self._hash = end.hash
        self._connection = connection
        self._monotonic = monotonic
        self._crash_point = crash_point
        self._on_failure = on_failure
        self._on_recovered = on_recovered
        self._queue: queue.SimpleQueue[Append | SnapshotRequest | Wake] = queue.SimpleQueue()
        self._backlog: deque[Append] = deque()
        self._snapshot: SnapshotRequest | None = None
        self._delay = _FIRST_DELAY_SECONDS
        self._stuck = False
        self._closing = False
        self._last_group = 0
        self._last_took = 0
        self._wal_pages = 0
        self._checkpoint_from = _CHECKPOINT_IDLE_PAGES
        self._thread = threading.Thread(target=self._run, name="tt-journal", daemon=True)
        connection.set_wal_hook(self._note_wal_pages)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, item: Append | SnapshotRequest | Wake) -> None:
        """Queue something; never blocks."""
        self._queue.put(item)

    def close(self, timeout: float) -> bool:
        """Commit what is queued and end the thread; False when it is late or something is not durable."""
        self._queue.put(Wake.CLOSE)
        self._thread.join(timeout)
        return not self._thread.is_alive() and not self._backlog

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not (self._closing and (self._stuck or not self._backlog)):
            self._collect()
            if self._backlog:
                self._attempt()
            self._store_snapshot()
            self._checkpoint()
        with contextlib.suppress(apsw.Error):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._connection.close()

    def _collect(self) -> None:
        """Take all that is queued; wait for the first item when there is nothing to do."""
        if self._closing or (self._backlog and not self._stuck):
            self._take(0)
        else:
            self._take(self._delay if self._backlog else None)
        if self._backlog and self._last_group > 1 and not (self._stuck or self._closing):
            self._wait_for_companions()

    def _wait_for_companions(self) -> None:
        """Let callers just told join the next commit, for at most half of what the last one took.

        Without it two halves of the callers take turns, and a slow disk is asked twice as often as it need be.
        """
        wanted = len(self._backlog) + self._last_group
        self._last_group = 0
        until = self._monotonic() + min(self._last_took // 2, _LONGEST_COMPANY_NS)
        while len(self._backlog) < wanted and (left := until - self._monotonic()) > 0:
            before = len(self._backlog)
            self._take(left / 1e9)
            if len(self._backlog) == before:
                # Nobody came in that time; the injected clock may stand still, the callers' wait may not.
                return

    def _take(self, timeout: float | None) -> None:
        """Put all that is queued in its place, waiting so long for the first item (for ever: None)."""
        try:
            item = self._queue.get(timeout=timeout)
            while True:
                if isinstance(item, Append):
                    self._backlog.append(item)
                elif isinstance(item, SnapshotRequest):
                    self._snapshot = item
                elif item is Wake.CLOSE:
                    self._closing = True
                item = self._queue.get_nowait()
        except queue.Empty:
            return

    def _attempt(self) -> None:
        """Commit the front of the backlog; on any error keep it and say so."""
        try:
            if self._stuck:
                self._compare_with_disk()
            group = self._front()
            if group:
                started = self._monotonic()
                self._commit(group)
                self._last_took = self._monotonic() - started
                self._settle(group)
                self._last_group = len(group)
        except Exception as error:  # the top of the writer's work: a dead writer would be a silent one
            self._stuck = True
            self._fail(error)
            return
        self._stuck = False
        if self.failed is not None and not self._backlog:
            self.failed = None
            self._delay = _FIRST_DELAY_SECONDS
            _LOG.warning("the journal writes again, all is durable up to record %d", self.durable_seq)
            self._call(self._on_recovered, self.durable_seq)

    def _front(self) -> list[Append]:
        """Return the appends of the next commit, which stay in the backlog until they are durable."""
        group: list[Append] = []
        records = 0
        for append in self._backlog:
            if group and records + len(append.rows) > GROUP_RECORDS:
                break
            group.append(append)
            records += len(append.rows)
        return group

    def _commit(self, group: list[Append]) -> None:
        digest = self._hash
        rows: list[tuple[int | str | bytes, ...]] = []
        for append in group:
            digest = append.chain(digest, rows)
        keys = [key for append in group for key in append.keys]
        self._crash_point("journal.before_commit")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(_INSERT_RECORD, rows)
            if keys:
                self._connection.executemany(_INSERT_KEY, keys)
            self._connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self._crash_point("journal.after_commit")
        self._hash = digest

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with contextlib.suppress(apsw.Error):
                self._connection.execute("ROLLBACK")

    def _compare_with_disk(self) -> None:
        """After a failed commit, settle the appends that reached the disk although an error was told."""
        here = Link(self.durable_seq, self._hash)
        there = last_link(self._connection, Link(0, self._hash if here.seq == 0 else b""))
        reached: list[Append] = []
        digest, seq = here.hash, here.seq
        for append in self._backlog:
            if seq >= there.seq:
                break
            digest = append.chain(digest, [])
            seq = append.seqs[-1]
            reached.append(append)
        if (seq, digest) != there:
            raise JournalFailed(f"record {there.seq} on disk is not the one this process wrote")
        self._hash = digest
        self._settle(reached)

    def _settle(self, group: list[Append]) -> None:
        for append in group:
            self._backlog.popleft()
            self.durable_seq = append.seqs[-1]
            self.settled_bytes += append.size
        self._tell(group, None)

    def _fail(self, error: Exception) -> None:
        reason = (
            f"the journal could not be written ({schema.in_words(error)}); no entry is sent. Free space on its disk"
            " or make it writable: what is queued is kept and written then"
        )
        if self.failed is None:
            _LOG.error("%s", reason, exc_info=None if isinstance(error, apsw.Error | OSError) else error)
        else:
            self._delay = min(self._delay * 2, _LONGEST_DELAY_SECONDS)
        news = reason != self.failed
        self.failed = reason
        self._tell(list(self._backlog), reason)
        if news:
            self._call(self._on_failure, reason)

    def _tell(self, group: list[Append], error: str | None) -> None:
        """Tell each caller once, waking each event loop once for the whole group."""
        wakeups: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[AppendResult], AppendResult]]] = {}
        for append in group:
            if append.told:
                continue
            append.told = True
            done, future = append.done, append.future
            result = AppendResult(append.seqs, append.rows[0][1], append.rows[0][2], error)
            if done is not None:
                self._call(done, result)
            if future is not None:
                wakeups.setdefault(future.get_loop(), []).append((future, result))
        for loop, results in wakeups.items():
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, results)

    def _call(self, callback: Callable[[_T], None], value: _T) -> None:
        try:
            callback(value)
        except Exception:  # a caller's fault must not end the writer
            _LOG.exception("a callback of the journal failed")

    def _store_snapshot(self) -> None:
        request = self._snapshot
        if request is None or self.failed is not None or request.seq > self.durable_seq:
            return
        self._snapshot = None
        try:
            with self._transaction():
                row = self._connection.execute("SELECT hash FROM record WHERE seq=?", (request.seq,)).fetchone()
                if row is None:
                    raise JournalFailed(f"there is no record {request.seq}")
                checksum = schema.snapshot_checksum(request.seq, row[0], request.state)
                self._connection.execute(
                    "INSERT OR REPLACE INTO snapshot (seq, record_hash, checksum, state) VALUES (?,?,?,?)",
                    (request.seq, row[0], checksum, request.state),
                )
                self._connection.execute(
                    "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)",
                    (KEPT_SNAPSHOTS,),
                )
        except (apsw.Error, JournalFailed) as error:
            # Only the next start is slower; if the disk is bad the next append says so.
            _LOG.warning("the snapshot after record %d was not kept: %s", request.seq, schema.in_words(error))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _note_wal_pages(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self) -> None:
        """Fold the write-ahead log into the file after callers were told, preferably when nothing waits."""
        pages = self._wal_pages
        if pages < self._checkpoint_from or (pages < _CHECKPOINT_PAGES and not self._queue.empty()):
            return
        forced = pages >= _CHECKPOINT_FORCED_PAGES
        mode = apsw.SQLITE_CHECKPOINT_RESTART if forced else apsw.SQLITE_CHECKPOINT_PASSIVE
        try:
            written, folded = self._connection.wal_checkpoint(mode=mode)
        except apsw.Error as error:
            _LOG.warning("the write-ahead log was not folded into the journal: %s", schema.in_words(error))
            written, folded = pages, 0
        self._wal_pages = 0 if folded >= written else written
        self._checkpoint_from = _CHECKPOINT_IDLE_PAGES + self._wal_pages


def _resolve(results: list[tuple[asyncio.Future[AppendResult], AppendResult]]) -> None:
    for future, result in results:
        if future.done():
            continue
        if result.error is None:
            future.set_result(result)
        else:
            future.set_exception(JournalFailed(result.error))
