"""Is what is on disk what was written? The checks of a journal, and the copy put aside when one fails."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import apsw

from tt_tui.desk import journal_schema as schema
from tt_tui.desk.journal_schema import OpenReport, VerifyReport

WHOLE_CHECK_RECORDS = 50_000
"""Up to this many records opening checks every one; beyond, those after the newest valid snapshot."""

_PAGE = 1000
_SIDES = ("-wal", "-shm")
_WAL_HEAD = struct.Struct(">IIII8sII")
_FRAME_HEAD = struct.Struct(">II4s4s")
_FRAME_HEAD_SIZE = 24
_WAL_MAGIC = (0x377F0682, 0x377F0683)


class Damage(Exception):
    """What is on disk is not what was written."""

    def __init__(self, problem: str, first_bad_seq: int | None = None) -> None:
        self.problem = problem
        self.first_bad_seq = first_bad_seq
        super().__init__(problem)


class Opening(NamedTuple):
    """What a healthy journal starts from."""

    chain_id: str
    last_hash: bytes
    report: OpenReport


class Link(NamedTuple):
    """A place in the chain: a record and its hash."""

    seq: int
    hash: bytes


def examine(connection: apsw.Connection, wal: Path) -> Opening:
    """Check a journal just opened and return its end, or raise Damage or JournalUnsupported.

    With at most WHOLE_CHECK_RECORDS records the whole chain, the keys and SQLite's own structure are checked;
    with more, the chain from the newest valid snapshot on.
    """
    try:
        _check_identity(connection)
        notes = _check_wal(connection, wal)
        chain_id, genesis = _check_tables(connection)
        last = last_link(connection, genesis)
        snapshot = newest_snapshot(connection, notes)
        whole = last.seq <= WHOLE_CHECK_RECORDS or snapshot is None
        start = genesis if whole or snapshot is None else snapshot
        end = verify_chain(connection, start, last.seq)
        if whole:
            _check_structure(connection)
            _check_key_count(connection)
    except schema.UNUSABLE:
        raise
    except schema.UNREADABLE as error:
        raise Damage(f"SQLite can't read it ({error})") from error
    report = OpenReport(
        last_seq=end.seq,
        verified=end.seq - start.seq,
        snapshot_seq=snapshot.seq if snapshot is not None else None,
        notes=tuple(notes),
    )
    return Opening(chain_id, end.hash, report)


def verify(connection: apsw.Connection) -> VerifyReport:
    """Check everything, from the first record to the last, and say what is wrong instead of raising."""
    problems: list[str] = []
    first_bad: int | None = None
    last = 0
    try:
        _check_identity(connection)
        genesis = _check_tables(connection)[1]
        last = last_link(connection, genesis).seq
        verify_chain(connection, genesis, last)
        _check_structure(connection)
        _check_key_count(connection)
    except Damage as damage:
        problems.append(damage.problem)
        first_bad = damage.first_bad_seq
    except schema.JournalUnsupported as error:
        problems.append(str(error))
    except schema.UNREADABLE as error:
        problems.append(f"SQLite can't read it ({error})")
    return VerifyReport(records=last, first_bad_seq=first_bad, problems=tuple(problems))


def last_link(connection: apsw.Connection, genesis: Link) -> Link:
    """Return the newest record's place in the chain, the genesis when there is none."""
    for seq, digest in connection.execute("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1"):
        return Link(seq, digest)
    return genesis


def verify_chain(connection: apsw.Connection, start: Link, upto: int) -> Link:
    """Check the records after ``start`` up to ``upto`` and return the last one's link, or raise Damage."""
    link = start
    while link.seq < upto:
        before = link
        for row in _page(connection, link.seq, upto):
            link = _check_row(link, row)
        if link is before:
            raise Damage(f"record {link.seq + 1} is missing", link.seq + 1)
        _check_keys(connection, before.seq, link.seq)
    return link


def quarantine(path: Path, stamp_ns: int) -> Path | None:
    """Copy a damaged journal with its side files beside it; return the copy, or None when it could not be
    made.

    An earlier copy of the same bytes (same size and time) is not made again. Every connection must be closed:
    closing a second handle on a SQLite file drops the locks of the first.
    """
    try:
        for earlier in sorted(path.parent.glob(f"{path.name}.damaged-*")):
            if not earlier.name.endswith(_SIDES) and _same(path, earlier):
                return earlier
        stamp = datetime.fromtimestamp(stamp_ns / 1e9, UTC).strftime("%Y%m%dT%H%M%SZ")
        copy = path.with_name(f"{path.name}.damaged-{stamp}")
        for side in (*_SIDES, ""):
            source = path.with_name(path.name + side)
            if source.exists():
                shutil.copy2(source, copy.with_name(copy.name + side))
    except OSError:
        return None
    return copy if copy.exists() else None


def _same(path: Path, other: Path) -> bool:
    for side in ("", "-wal"):
        a, b = path.with_name(path.name + side), other.with_name(other.name + side)
        if a.exists() != b.exists():
            return False
        if a.exists() and (a.stat().st_size, a.stat().st_mtime_ns) != (
            b.stat().st_size,
            b.stat().st_mtime_ns,
        ):
            return False
    return True


def _check_identity(connection: apsw.Connection) -> None:
    if _value(connection, "PRAGMA application_id") != schema.APPLICATION_ID:
        raise Damage("it is not a journal of this program")
    version = _value(connection, "PRAGMA user_version")
    if version != schema.SCHEMA_VERSION:
        raise schema.JournalUnsupported(
            f"the journal has format {version}, this program reads {schema.SCHEMA_VERSION};"
            " start the program that wrote it"
        )
    mode = _value(connection, "PRAGMA journal_mode")
    if mode != "wal":
        raise Damage(f"its journal mode is {mode}, was written as wal")


def _check_tables(connection: apsw.Connection) -> tuple[str, Link]:
    """Check the tables and the first row, and return the chain's id and its start."""
    found = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"))
    if found != schema.TABLES:
        raise Damage("its tables are not the ones that were made")
    rows = _rows(connection, "SELECT version, created, chain_id, hash FROM meta")
    if len(rows) != 1:
        raise Damage(f"it has {len(rows)} first rows instead of one")
    version, created, chain_id, digest = rows[0]
    if digest != schema.genesis_hash(version, created, str(chain_id)):
        raise Damage("its first row does not match its hash", 0)
    return str(chain_id), Link(0, digest)


def newest_snapshot(connection: apsw.Connection, notes: list[str]) -> Link | None:
    """Return the record of the newest snapshot that is whole and of this chain; note those that are not."""
    for (seq,) in _rows(connection, "SELECT seq FROM snapshot ORDER BY seq DESC"):
        link = _snapshot_link(connection, seq)
        if link is not None:
            return link
        notes.append(f"the snapshot after record {seq} is not whole and is not used")
    return None


def _snapshot_link(connection: apsw.Connection, seq: int) -> Link | None:
    """Return the record a snapshot is bound to, None unless its checksum and that record's hash agree."""
    for record_hash, checksum, state, actual in _rows(
        connection,
        "SELECT s.record_hash, s.checksum, s.state, r.hash FROM snapshot s JOIN record r USING (seq) WHERE seq=?",
        (seq,),
    ):
        if record_hash == actual and checksum == schema.snapshot_checksum(seq, record_hash, state):
            return Link(seq, record_hash)
    return None


def _page(connection: apsw.Connection, after: int, upto: int) -> list[tuple[Any, ...]]:
    # Text is read as bytes: what is hashed is what lies on disk; bad UTF-8 is a wrong hash, no exception.
    return _rows(
        connection,
        "SELECT seq, wall, mono, CAST(kind AS BLOB), CAST(order_id AS BLOB), CAST(alert_id AS BLOB),"
        " CAST(uniques AS BLOB), payload, hash FROM record WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
        (after, upto, _PAGE),
    )


def _check_row(link: Link, row: tuple[Any, ...]) -> Link:
    seq = link.seq + 1
    if row[0] != seq:
        raise Damage(f"record {seq} is missing", seq)
    try:
        texts = [text.decode() for text in row[3:7]]
        digest = schema.chain(link.hash, schema.head(seq, row[1], row[2], *texts), row[7])
    except (*schema.UNREADABLE, AttributeError) as error:
        raise Damage(f"record {seq} holds a value of a wrong type ({error})", seq) from error
    if digest != row[8]:
        raise Damage(f"record {seq} does not match its hash", seq)
    return Link(seq, digest)


def _check_keys(connection: apsw.Connection, after: int, upto: int) -> None:
    """Check that each unique key of a span of verified records is held by its record."""
    span = (after, upto)
    stored = _rows(connection, "SELECT uniques FROM record WHERE seq > ? AND seq <= ? AND uniques <> ''", span)
    wanted = sum(len(schema.decode_unique(uniques)) for (uniques,) in stored)
    held = _value(
        connection,
        "SELECT count(*) FROM record r, json_each(r.uniques) j"
        " JOIN unique_key k ON k.key = j.value AND k.seq = r.seq WHERE r.seq > ? AND r.seq <= ? AND r.uniques <> ''",
        span,
    )
    if held != wanted:
        raise Damage(f"of the {wanted} unique keys of records {after + 1} to {upto} only {held} are held")


def _check_key_count(connection: apsw.Connection) -> None:
    held = _value(connection, "SELECT count(*) FROM unique_key")
    named = _value(connection, "SELECT coalesce(sum(json_array_length(uniques)), 0) FROM record WHERE uniques <> ''")
    if held != named:
        raise Damage(f"{held} unique keys are held, the records name {named}")


def _check_structure(connection: apsw.Connection) -> None:
    problems = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
    if problems != ["ok"]:
        raise Damage(f"SQLite finds its structure broken ({'; '.join(problems)})")


def _check_wal(connection: apsw.Connection, wal: Path) -> list[str]:
    """Tell a torn last write, which is dropped and noted, from damage inside the write-ahead log.

    SQLite reads the log up to the first bad frame and forgets the rest without a word. Each commit is synced
    before the next one starts, so a power loss tears the last one only: frames of this log behind a later
    commit prove that the bad frame was once whole. Frame layout: sqlite.org/walformat.html.
    """
    whole = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)[0]
    size = wal.stat().st_size if wal.exists() else 0
    if size == 0:
        return []
    with wal.open("rb") as file:
        head = file.read(_WAL_HEAD.size)
        if whole <= 0 and not any(head):
            return []
        if len(head) < _WAL_HEAD.size:
            return [f"a torn start of the write-ahead log ({size} bytes) was dropped"]
        magic, _, page, _, salts, sum1, sum2 = _WAL_HEAD.unpack(head)
        if magic not in _WAL_MAGIC or _checksum(head[:24], big=bool(magic & 1)) != (sum1, sum2):
            raise Damage("the head of its write-ahead log does not match its checksum")
        commits = list(_commit_marks(file, _WAL_HEAD.size + whole * (_FRAME_HEAD_SIZE + page), page, salts))
    if not commits:
        return []
    if any(commits[:-1]):
        raise Damage(f"frame {whole + 1} of its write-ahead log is broken and committed frames follow it")
    what = "was torn by a power loss or damaged since" if commits[-1] else "had not been finished"
    return [f"the last write in the write-ahead log ({len(commits)} frames) {what}; it was dropped"]


def _commit_marks(file: BinaryIO, start: int, page: int, salts: bytes) -> Iterator[bool]:
    """Yield, for each frame from a place on that was written for this log, whether it ends a commit."""
    place = start
    while len(head := _read_at(file, place, _FRAME_HEAD.size)) == _FRAME_HEAD.size:
        _, commit, salt1, salt2 = _FRAME_HEAD.unpack(head)
        # One damaged salt must not make a frame look like a leftover of an older log.
        if salt1 == salts[:4] or salt2 == salts[4:]:
            yield commit != 0
        place += _FRAME_HEAD_SIZE + page


def _read_at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


def _checksum(data: bytes, *, big: bool) -> tuple[int, int]:
    first = second = 0
    for x, y in struct.iter_unpack(">II" if big else "<II", data):
        first = (first + x + second) & 0xFFFFFFFF
        second = (second + y + first) & 0xFFFFFFFF
    return first, second


def _rows(connection: apsw.Connection, statement: str, bindings: tuple[int, ...] = ()) -> list[tuple[Any, ...]]:
    return connection.execute(statement, bindings).fetchall()


def _value(connection: apsw.Connection, statement: str, bindings: tuple[int, ...] = ()) -> Any:
    """Return the one value of a one-row statement."""
    row = connection.execute(statement, bindings).fetchone()
    if row is None:
        raise Damage(f"{statement} gave no answer")
    return row[0]
