"""Opening a journal: create it whole, check it, or put a damaged one aside."""

from __future__ import annotations

import os
from pathlib import Path

import apsw

from tt_tui.desk import journal_check
from tt_tui.desk import journal_schema as schema
from tt_tui.desk.journal_check import Damage, Link, Opening
from tt_tui.desk.journal_schema import (
    JournalClock,
    JournalDamaged,
    JournalUnsupported,
    JournalUnwritable,
    OpenReport,
)


def open_to_write(path: Path, clock: JournalClock, chain_id: str) -> tuple[apsw.Connection, Opening]:
    """Open and check the writing connection of a locked journal."""
    wal = path.with_name(f"{path.name}-wal")
    if not path.exists():
        if wal.exists() and wal.stat().st_size:
            raise _damaged(path, clock, Damage(f"{wal.name} holds records but {path.name} is gone"))
        _create(path, clock, chain_id)
    connection: apsw.Connection | None = None
    try:
        path.chmod(0o600)
        connection = schema.connect_writer(path)
        opening = journal_check.examine(connection, wal)
        if connection.readonly("main"):
            raise JournalUnwritable(path, "SQLite may only read it")
        schema.checkpoint_on_close(connection, on=True)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, Damage):
            raise _damaged(path, clock, error) from error
        if isinstance(error, apsw.CorruptError | apsw.NotADBError):
            raise _damaged(path, clock, Damage(f"SQLite can't read it ({error})")) from error
        if isinstance(error, apsw.Error | OSError):
            raise JournalUnwritable(path, str(error)) from error
        raise
    return connection, opening


def open_to_read(path: Path) -> Opening:
    """Check what can be read; a damaged journal opens too, with the damage in the report's notes."""
    if not path.exists():
        raise JournalUnsupported(f"there is no journal at {path}")
    chain_id = ""
    connection = schema.connect(path, flags=apsw.SQLITE_OPEN_READONLY, busy_ms=2000)
    try:
        for (stored,) in connection.execute("SELECT chain_id FROM meta"):
            chain_id = str(stored)
        end = journal_check.last_link(connection, Link(0, b""))
    except schema.UNREADABLE as error:
        return Opening(chain_id, b"", OpenReport(notes=(f"SQLite can't read it ({error})",)))
    finally:
        connection.close()
    return Opening(chain_id, end.hash, OpenReport(last_seq=end.seq))


def _create(path: Path, clock: JournalClock, chain_id: str) -> None:
    try:
        schema.create(path, created=clock.now(), chain_id=chain_id)
        sync(path.parent)
    except (apsw.Error, OSError) as error:
        raise JournalUnwritable(path, f"it could not be created ({error})") from error


def _damaged(path: Path, clock: JournalClock, damage: Damage) -> JournalDamaged:
    copy = journal_check.quarantine(path, clock.now())
    return JournalDamaged(path, damage.problem, damage.first_bad_seq, copy)


def sync(path: Path) -> None:
    """Flush a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
