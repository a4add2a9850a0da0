"""The paper venue's own truth, in a SQLite file of its own, apart from the desk's journal.

Each call of the engine is one transaction, written before the caller is answered. The file is in WAL mode with
`synchronous=NORMAL`: a commit is a write without a disk flush, some tens of microseconds, so it may run on the
desk's loop; what does flush, moving the log into the file, is left to a thread. What a killed process has
committed is never lost; a power cut may take the last transactions, whole, which reconciliation then shows. The
journal, which must not lose them either, uses FULL.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec

from tt_tui.brokers.paper.ledger import PaperAccount
from tt_tui.brokers.paper.orders import PaperOrder
from tt_tui.brokers.paper.record import Changes, EngineState
from tt_tui.domain.errors import Unavailable
from tt_tui.domain.order import Fill
from tt_tui.domain.position import Position

_log = logging.getLogger(__name__)

_APPLICATION = 0x74745042
_VERSION = 1
_LOG_PAGES = 1_000
"""Length of the write-ahead log at which it is moved into the file."""
_SCHEMA = """
CREATE TABLE accounts (name TEXT PRIMARY KEY, start_balance TEXT NOT NULL, cash TEXT NOT NULL) STRICT;
CREATE TABLE positions (
    account TEXT NOT NULL, symbol TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (account, symbol)
) STRICT;
CREATE TABLE orders (
    broker_id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    order_id TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    open INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX orders_ours ON orders (account, order_id);
CREATE INDEX orders_rank ON orders (sequence);
CREATE INDEX orders_open ON orders (open) WHERE open;
CREATE INDEX orders_changed ON orders (account, changed);
CREATE TABLE fills (
    account TEXT NOT NULL,
    fill_id TEXT NOT NULL,
    changed INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (account, fill_id)
) STRICT;
CREATE INDEX fills_changed ON fills (account, changed);
"""
_SAVE_ORDER = """
INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (broker_id) DO UPDATE SET open = excluded.open, changed = excluded.changed, body = excluded.body
"""
_RECENT = """
SELECT body FROM orders
WHERE open
    OR broker_id IN (SELECT parent_id FROM orders WHERE open)
    OR sequence > (SELECT ifnull(max(sequence), 0) FROM orders) - ?
"""

_T = TypeVar("_T")


class StoreFailed(Unavailable):
    """The paper venue's file could not be read or written; what was to be written is not in it."""


class PaperStore:
    """Reads and writes the file; every method but `close` raises `StoreFailed` where it can't."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: apsw.Connection | None = None
        self._log_pages = 0
        self._mover: ThreadPoolExecutor | None = None
        self._moving: Future[None] | None = None

    def open(self) -> None:
        """Open the file, and make it where there is none."""
        with self._words("open"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            db = apsw.Connection(str(self._path))
            try:
                self._prepare(db)
            except BaseException:
                db.close()
                raise
            self._path.chmod(0o600)
        self._db = db

    def _prepare(self, db: apsw.Connection) -> None:
        db.set_busy_timeout(1000)
        db.set_wal_hook(self._note_log)
        # A statement that yields a row waits to be read: unread, the second would never run.
        db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL").fetchall()
        (version,) = db.execute("PRAGMA user_version").fetchone() or (0,)
        (application,) = db.execute("PRAGMA application_id").fetchone() or (0,)
        if version == 0 and application == 0 and not db.execute("SELECT 1 FROM sqlite_schema").fetchone():
            with db:
                db.execute(_SCHEMA)
                db.execute(f"PRAGMA application_id={_APPLICATION}; PRAGMA user_version={_VERSION}")
        elif (application, version) != (_APPLICATION, _VERSION):
            raise StoreFailed(
                f"{self._path} is no paper account file of version {_VERSION} (application {application:#x}, "
                f"version {version}); move it away to start new paper accounts"
            )

    def close(self) -> None:
        """Close the file. Idempotent."""
        if self._mover is not None:
            self._mover.shutdown()
            self._mover = None
        if self._db is not None:
            self._db.close()
            self._db = None

    def load(self, history: int) -> EngineState:
        """Return what an engine has to know: all that is open or held, and the latest finished orders."""
        accounts = self._rows("SELECT name, start_balance, cash FROM accounts ORDER BY name", (), _account)
        positions = self._rows("SELECT body FROM positions ORDER BY account, symbol", (), _decode(Position))
        orders = self._rows(_RECENT, (history,), _decode(PaperOrder))
        return EngineState(
            accounts=tuple(accounts),
            positions=tuple(positions),
            orders=tuple(sorted(orders, key=lambda order: order.sequence)),
        )

    def save(self, changes: Changes, recorded: int) -> None:
        """Write what a call of the engine changed, all or nothing.

        Args:
            changes: what is to be kept.
            recorded: wall time in nanoseconds UTC. The venue's own time may be a recording's, so history is
                kept under the later of the two: whichever clock a caller asks by, nothing is left out.
        """
        with self._words("write"), self._open_db() as db:
            for account in changes.accounts:
                row = (account.name, str(account.start_balance), str(account.cash))
                db.execute("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)", row)
            for position in changes.positions:
                body = msgspec.json.encode(position)
                db.execute(
                    "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
                    (position.account, position.symbol, body),
                )
            for order in changes.orders:
                db.execute(_SAVE_ORDER, _order_row(order, recorded))
            for fill in changes.fills:
                body = msgspec.json.encode(fill)
                db.execute(
                    "INSERT INTO fills VALUES (?, ?, ?, ?)",
                    (fill.account, fill.fill_id, max(fill.ts_event, recorded), body),
                )
        self._move_long_log()

    def _note_log(self, db: apsw.Connection, name: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _move_long_log(self) -> None:
        if self._log_pages < _LOG_PAGES or (self._moving is not None and not self._moving.done()):
            return
        if self._mover is None:
            self._mover = ThreadPoolExecutor(max_workers=1, thread_name_prefix="paper-store")
        self._moving = self._mover.submit(self._move_log)

    def _move_log(self) -> None:
        try:
            db = apsw.Connection(str(self._path))
            try:
                # Until it has read something, a connection does not know that there is a log.
                db.execute("SELECT count(*) FROM sqlite_schema").fetchall()
                db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            finally:
                db.close()
        except apsw.Error as error:
            _log.warning("the log of %s could not be moved into it, it grows until it can: %s", self._path, error)

    def was_used(self, account: str, order_id: str) -> bool:
        """Tell whether the account ever placed an order under this id."""
        query = "SELECT 1 FROM orders WHERE account = ? AND order_id = ? LIMIT 1"
        return bool(self._rows(query, (account, order_id), lambda row: row))

    def find(self, account: str, order_id: str) -> PaperOrder | None:
        """Return the newest order that the account placed under our id."""
        query = "SELECT body FROM orders WHERE account = ? AND order_id = ? ORDER BY sequence DESC LIMIT 1"
        found = self._rows(query, (account, order_id), _decode(PaperOrder))
        return found[0] if found else None

    def orders(self, account: str, since: int) -> list[PaperOrder]:
        """Return open orders and those that changed since a time, on the venue's or the wall clock."""
        query = "SELECT body FROM orders WHERE account = ? AND (open OR changed >= ?)"
        found = self._rows(query, (account, since), _decode(PaperOrder))
        return sorted(found, key=lambda order: order.sequence)

    def fills(self, account: str, since: int) -> list[Fill]:
        """Return fills since a time, on the venue's or the wall clock, oldest first."""
        query = "SELECT body FROM fills WHERE account = ? AND changed >= ? ORDER BY rowid"
        return self._rows(query, (account, since), _decode(Fill))

    def _open_db(self) -> apsw.Connection:
        if self._db is None:
            raise StoreFailed(f"{self._path} is not open")
        return self._db

    def _rows(self, query: str, values: tuple[Any, ...], make: Callable[[tuple[Any, ...]], _T]) -> list[_T]:
        with self._words("read"):
            return [make(row) for row in self._open_db().execute(query, values)]

    @contextmanager
    def _words(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (apsw.Error, OSError, msgspec.MsgspecError) as error:
            raise StoreFailed(
                f"can't {verb} the paper accounts in {self._path}: {error}; see that the folder is there, has "
                f"room and may be written, or move the file away to start new paper accounts"
            ) from error


def _account(row: tuple[Any, ...]) -> PaperAccount:
    name, start_balance, cash = row
    return PaperAccount(name=name, start_balance=Decimal(start_balance), cash=Decimal(cash))


def _decode(kind: type[_T]) -> Callable[[tuple[Any, ...]], _T]:
    decoder = msgspec.json.Decoder(kind)
    return lambda row: decoder.decode(row[0])


def _order_row(order: PaperOrder, recorded: int) -> tuple[Any, ...]:
    return (
        order.broker_id,
        order.account,
        order.order_id,
        order.parent_id,
        order.sequence,
        int(order.is_open),
        max(order.updated, recorded),
        msgspec.json.encode(order),
    )
