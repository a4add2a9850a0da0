"""What the journal stores: records, the hash chain, the tables and the errors.

Errors::

    JournalError
    ├── JournalHeld         another process has this journal open
    ├── JournalDamaged      what is on disk is not what was written
    ├── JournalUnwritable   the file or its folder refuses writing
    ├── JournalUnsupported  written by a newer program, or SQLite is too old
    ├── JournalFailed       an append is not durable
    └── DuplicateKey        a unique key is already taken
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import apsw
import msgspec

SCHEMA_VERSION = 1
APPLICATION_ID = 0x74744A31
LARGEST_PAYLOAD = 16 * 1024 * 1024
OLDEST_SQLITE = (3, 51, 3)
"""Before it, two connections that write and checkpoint at once can lose committed pages."""

TABLES: dict[str, str] = {
    "meta": "CREATE TABLE meta (version INTEGER NOT NULL, created INTEGER NOT NULL, chain_id TEXT NOT NULL,"
    " hash BLOB NOT NULL) STRICT",
    "record": "CREATE TABLE record (seq INTEGER PRIMARY KEY, wall INTEGER NOT NULL, mono INTEGER NOT NULL,"
    " kind TEXT NOT NULL, order_id TEXT NOT NULL, alert_id TEXT NOT NULL, uniques TEXT NOT NULL,"
    " payload BLOB NOT NULL, hash BLOB NOT NULL) STRICT",
    "unique_key": "CREATE TABLE unique_key (key TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "snapshot": "CREATE TABLE snapshot (seq INTEGER PRIMARY KEY, record_hash BLOB NOT NULL,"
    " checksum BLOB NOT NULL, state BLOB NOT NULL) STRICT",
}

_SEPARATORS = 7
_GENESIS = struct.Struct(">qq")

UNREADABLE = (apsw.Error, ValueError, TypeError, struct.error, OverflowError)
"""What reading a damaged file may raise; ``UnicodeDecodeError`` and the errors of msgspec are ValueErrors."""


UNUSABLE = (
    apsw.CantOpenError,
    apsw.ReadOnlyError,
    apsw.PermissionsError,
    apsw.IOError,
    apsw.FullError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.NoMemError,
)
"""What says that the disk, the folder or another program is in the way, and nothing about what is in the file."""


class JournalClock(Protocol):
    """The two clocks a record is stamped with, in integer nanoseconds."""

    def now(self) -> int: ...

    def monotonic(self) -> int: ...


Row = tuple[int, int, int, str, str, str, str, bytes]
"""The columns of a record but its hash, which depends on the one before."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One durable row of the journal."""

    seq: int
    wall: int
    """Nanoseconds since the epoch, UTC."""
    mono: int
    """Nanoseconds of the monotonic clock of the process that wrote it."""
    kind: str
    order_id: str
    alert_id: str
    payload: bytes
    hash: bytes
    unique: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What a caller appends; ``unique`` names keys no other record may ever carry, as ``fill:ACC:123``."""

    kind: str
    payload: bytes
    order_id: str = ""
    alert_id: str = ""
    unique: tuple[str, ...] = ()


class AppendResult(msgspec.Struct, frozen=True, gc=False):
    """What became of one append, told once from the writer's thread."""

    seqs: tuple[int, ...]
    wall: int
    mono: int
    error: str | None = None
    """``None``: durable. Else: not durable now; it stays queued and is retried while the process lives."""


class OpenReport(msgspec.Struct, frozen=True):
    """What opening found."""

    last_seq: int = 0
    verified: int = 0
    """How many records had their hash checked."""
    snapshot_seq: int | None = None
    notes: tuple[str, ...] = ()
    """Sentences the user should see, such as a torn last write that was dropped."""


class VerifyReport(msgspec.Struct, frozen=True):
    """The outcome of checking every record from the first on."""

    records: int
    first_bad_seq: int | None = None
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything on disk is what was written."""
        return not self.problems


class JournalError(Exception):
    """Base of the journal's errors."""


class JournalHeld(JournalError):
    """Another process has the journal open."""

    def __init__(self, path: Path, pid: int | None, facts: Mapping[str, object]) -> None:
        self.path = path
        self.pid = pid
        self.facts = dict(facts)
        """What the holder announced, such as its port and when it started."""
        who = f"process {pid}" if pid is not None else "another process"
        super().__init__(
            f"{who} holds the journal {path}; only one process may trade from it."
            " Use that one, or stop it and start again"
        )


class JournalDamaged(JournalError):
    """What is on disk is not what was written; nothing was changed, a copy was put aside."""

    def __init__(self, path: Path, problem: str, first_bad_seq: int | None, copy: Path | None) -> None:
        self.path = path
        self.problem = problem
        self.first_bad_seq = first_bad_seq
        self.copy = copy
        where = "" if first_bad_seq is None else f" (first bad record: {first_bad_seq})"
        aside = f"A copy is kept at {copy}. " if copy is not None else "No copy could be made. "
        super().__init__(
            f"the journal {path} is damaged: {problem}{where}. Nothing was reset. {aside}"
            "Look at it with `tt journal verify` and `tt journal show`; then put back a backup, or move the"
            " file away to start an empty one and check every account at its broker first"
        )


class JournalUnwritable(JournalError):
    """The journal's file or folder can't be written."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"the journal {path} can't be written: {problem}. Make the file and its folder writable")


class JournalUnsupported(JournalError):
    """This program can't read that journal, or its SQLite is too old to be trusted with one."""


class JournalFailed(JournalError):
    """An append is not durable; act as if the process could die with it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class DuplicateKey(JournalError):
    """A unique key is already taken; nothing was appended."""

    def __init__(self, key: str, existing_seq: int) -> None:
        self.key = key
        self.existing_seq = existing_seq
        super().__init__(f"the key {key} was already used by record {existing_seq}; nothing was appended")


def require_sqlite(version: str) -> None:
    """Raise JournalUnsupported unless that SQLite is free of the WAL-reset fault."""
    if tuple(int(part) for part in version.split(".")[:3]) < OLDEST_SQLITE:
        needed = ".".join(str(part) for part in OLDEST_SQLITE)
        raise JournalUnsupported(
            f"the journal needs SQLite {needed} or newer, apsw brings {version}; update the apsw package"
        )


def genesis_hash(version: int, created: int, chain_id: str) -> bytes:
    """Return what the first record's hash is chained to."""
    return hashlib.sha256(b"tt journal" + _GENESIS.pack(version, created) + chain_id.encode()).digest()


def head(seq: int, wall: int, mono: int, kind: str, order_id: str, alert_id: str, uniques: str) -> bytes:
    """Return the part of a row's hashed form before its payload; raise ValueError unless it can be read one way only.

    The separator may be in no field: with seven of them the fields, and so the row, are certain.
    """
    text = f"{seq}\x1f{wall}\x1f{mono}\x1f{kind}\x1f{order_id}\x1f{alert_id}\x1f{uniques}\x1f"
    if text.count("\x1f") != _SEPARATORS:
        raise ValueError(f"a kind, an order id or an alert id holds the separator U+001F: {text!r}")
    return text.encode()


def chain(previous: bytes, head: bytes, payload: bytes) -> bytes:
    """Return the hash of a row, bound to the hash before it."""
    return hashlib.sha256(previous + head + payload).digest()


def snapshot_checksum(seq: int, record_hash: bytes, state: bytes) -> bytes:
    """Return the checksum that binds a snapshot to the record it was taken after."""
    return hashlib.sha256(b"%d:" % seq + record_hash + state).digest()


def encode_unique(keys: tuple[str, ...]) -> str:
    """Return the stored form of an entry's unique keys: empty, or a JSON array."""
    return msgspec.json.encode(keys).decode() if keys else ""


def decode_unique(stored: str) -> tuple[str, ...]:
    """Return the unique keys from their stored form."""
    return msgspec.json.decode(stored, type=tuple[str, ...]) if stored else ()


def form(entry: Entry, seq: int, wall: int, mono: int) -> tuple[Row, bytes]:
    """Return an entry's columns and head; raise ValueError for what SQLite would refuse: it would stop the writer."""
    kind, order_id, alert_id, payload = entry.kind, entry.order_id, entry.alert_id, entry.payload
    texts = type(kind) is str and type(order_id) is str and type(alert_id) is str
    if not (texts and type(payload) is bytes and len(payload) <= LARGEST_PAYLOAD and 0 <= wall < 1 << 63):
        raise ValueError(
            f"a record needs text for kind and ids, at most {LARGEST_PAYLOAD} bytes of payload and a time in"
            f" nanoseconds after 1970, was {kind!r}, {order_id!r}, {alert_id!r}, {type(payload).__name__}, {wall!r}"
        )
    uniques = encode_unique(entry.unique) if entry.unique else ""
    row = (seq, wall, mono, kind, order_id, alert_id, uniques, payload)
    return row, head(seq, wall, mono, kind, order_id, alert_id, uniques)


def record_of(row: tuple[Any, ...]) -> Record:
    """Return a record from its columns in the order they are stored."""
    seq, wall, mono, kind, order_id, alert_id, uniques, payload, digest = row
    unique = decode_unique(uniques)
    return Record(seq, wall, mono, kind, order_id, alert_id, payload, digest, unique)


def in_words(error: Exception) -> str:
    """Return what SQLite or the system said, in words where they are known."""
    words = {
        apsw.FullError: "the disk is full",
        apsw.ReadOnlyError: "it is read-only",
        apsw.IOError: "disk error",
    }
    said = str(error) or type(error).__name__
    for kind, word in words.items():
        if isinstance(error, kind):
            return f"{word}: {said}"
    return said


def connect(path: Path, *, flags: int, busy_ms: int) -> apsw.Connection:
    """Return a connection set up as every connection to a journal is."""
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(busy_ms)
    connection.execute("PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY")
    return connection


def connect_writer(path: Path) -> apsw.Connection:
    """Return the one connection that writes: every commit reaches the disk before it returns.

    It leaves the write-ahead log in place on closing until ``checkpoint_on_close`` is told otherwise, so that
    a damaged journal can be copied as it was found.
    """
    connection = connect(path, flags=apsw.SQLITE_OPEN_READWRITE, busy_ms=2000)
    checkpoint_on_close(connection, on=False)
    connection.execute(
        "PRAGMA synchronous=FULL; PRAGMA fullfsync=1; PRAGMA checkpoint_fullfsync=1;"
        "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=33554432; PRAGMA cache_size=-8000"
    )
    return connection


def checkpoint_on_close(connection: apsw.Connection, *, on: bool) -> None:
    """Choose whether closing the last connection folds the write-ahead log into the file."""
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0 if on else 1)


def create(path: Path, *, created: int, chain_id: str) -> None:
    """Create an empty journal whole or not at all: made beside, synced, then renamed into place."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.chmod(0o600)
    connection = apsw.Connection(str(fresh), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA fullfsync=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={SCHEMA_VERSION}")
        for statement in TABLES.values():
            connection.execute(statement)
        connection.execute(
            "INSERT INTO meta (version, created, chain_id, hash) VALUES (?,?,?,?)",
            (SCHEMA_VERSION, created, chain_id, genesis_hash(SCHEMA_VERSION, created, chain_id)),
        )
        connection.execute("COMMIT")
    finally:
        connection.close()
    fresh.rename(path)
