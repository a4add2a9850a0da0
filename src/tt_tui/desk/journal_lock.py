"""One process per journal: an exclusive lock that says who holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tt_tui.desk.journal_schema import JournalHeld, JournalUnwritable


class JournalLock:
    """The lock file beside a journal; the system frees the lock when the process ends, however it ends."""

    def __init__(self, path: Path, journal: Path, *, started: int) -> None:
        """Take the lock or raise JournalHeld, naming the holder."""
        self._facts: dict[str, object] = {"pid": os.getpid(), "started": started}
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalUnwritable(journal, f"its lock {path} could not be opened ({error.strerror})") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            facts = _facts(self._file)
            os.close(self._file)
            pid = facts.get("pid")
            raise JournalHeld(journal, pid if isinstance(pid, int) else None, facts) from None
        except OSError as error:
            os.close(self._file)
            raise JournalUnwritable(
                journal, f"its folder does not support locks ({error.strerror}); use a local disk"
            ) from error
        self._write()

    def announce(self, facts: Mapping[str, object]) -> None:
        """Add facts (such as the port) to what a second process is told."""
        self._facts.update(facts)
        self._write()

    def release(self) -> None:
        """Give the lock back; the file stays, as removing it would let two processes lock two files."""
        os.ftruncate(self._file, 0)
        os.close(self._file)

    def _write(self) -> None:
        data = msgspec.json.encode(self._facts)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, data, 0)


def lock_path(journal: Path) -> Path:
    """Return the path of a journal's lock file."""
    return journal.with_name(f"{journal.name}.lock")


def holder(journal: Path) -> dict[str, object] | None:
    """Return what the process that holds a journal announced (``pid`` at least), None when nobody holds it."""
    try:
        file = os.open(lock_path(journal), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _facts(file)
    else:
        return None
    finally:
        os.close(file)


def _facts(file: int) -> dict[str, object]:
    """Return the facts in a lock file, none of them when another process is just writing it."""
    try:
        return msgspec.json.decode(os.pread(file, 65536, 0), type=dict[str, object])
    except msgspec.DecodeError:
        return {}
