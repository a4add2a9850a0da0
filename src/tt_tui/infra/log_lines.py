"""What a log record is, and the threads and sinks that write it."""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO

RING_RECORDS = 2_000
_QUEUE_RECORDS = 20_000
_FILE_BYTES = 10_000_000
_OLD_FILES = 5


@dataclass(frozen=True, slots=True)
class LogLine:
    """One record, redacted: what the file, the stream and the LOG pane show."""

    number: int
    """Counts from 1 in this process."""
    at: int
    """Wall time in nanoseconds UTC."""
    level: str
    logger: str
    message: str
    thread: str
    traceback: str = ""
    fields: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def as_json(self, *, ascii_only: bool = False) -> str:
        """Return the record as one line of JSON, with escapes for all but ASCII when asked."""
        seconds, nanoseconds = divmod(self.at, 1_000_000_000)
        stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        document: dict[str, Any] = {
            "at": f"{stamp}.{nanoseconds // 1_000:06d}Z",
            "level": self.level,
            "logger": self.logger,
            "message": self.message,
            "thread": self.thread,
        }
        if self.traceback:
            document["traceback"] = self.traceback
        if self.fields:
            document["fields"] = dict(self.fields)
        return json.dumps(document, ensure_ascii=ascii_only, default=str)


class LogRing:
    """The last records in memory, for the LOG pane; any thread may read."""

    def __init__(self, size: int = RING_RECORDS) -> None:
        self._lines: deque[LogLine] = deque(maxlen=size)
        self._lock = threading.Lock()

    def write(self, line: LogLine) -> None:
        """Keep the record, dropping the oldest when full."""
        with self._lock:
            self._lines.append(line)

    def since(self, number: int) -> tuple[LogLine, ...]:
        """Return the kept records whose number is greater, oldest first."""
        with self._lock:
            if not self._lines or self._lines[-1].number <= number:
                return ()
            return tuple(line for line in self._lines if line.number > number)


class LineFile:
    """A JSON-lines file of mode 0600 with five older ones; a full disk costs records, never the program."""

    def __init__(self, path: Path) -> None:
        self.failures = 0
        self._handler = _PrivateRotatingHandler(
            path, maxBytes=_FILE_BYTES, backupCount=_OLD_FILES, encoding="utf-8", errors="backslashreplace"
        )
        self._handler.handleError = self._count  # type: ignore[method-assign]
        self._handler.setFormatter(logging.Formatter("%(message)s"))

    def write(self, line: LogLine) -> None:
        """Append the record, turning the file over when it is full."""
        self._handler.emit(logging.makeLogRecord({"msg": line.as_json()}))

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            self._handler.close()

    def _count(self, record: logging.LogRecord) -> None:
        self.failures += 1


class _PrivateRotatingHandler(logging.handlers.RotatingFileHandler):
    def _open(self) -> Any:
        def private(path: str, flags: int) -> int:
            descriptor = os.open(path, flags, 0o600)
            os.fchmod(descriptor, 0o600)
            return descriptor

        return open(self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=private)


class LineStream:
    """JSON lines on a stream; a closed pipe ends it silently."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream

    def write(self, line: LogLine) -> None:
        """Write the record; a stream that cannot show a character gets its escape."""
        if self._stream is None:
            return
        try:
            try:
                self._stream.write(line.as_json() + "\n")
            except UnicodeEncodeError:
                self._stream.write(line.as_json(ascii_only=True) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = None


class Writer:
    """A thread that hands queued records to its sinks, in order."""

    def __init__(self, name: str, sinks: tuple[Callable[[LogLine], None], ...], size: int = _QUEUE_RECORDS) -> None:
        self._sinks = sinks
        self._queue: queue.Queue[LogLine | threading.Event | None] = queue.Queue(size)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, line: LogLine) -> bool:
        """Queue a record; False when the queue is full and it was dropped."""
        try:
            self._queue.put_nowait(line)
        except queue.Full:
            return False
        return True

    def flush(self, timeout: float) -> bool:
        """Wait until what was queued before is written; False when the time is over."""
        written = threading.Event()
        try:
            self._queue.put(written, timeout=timeout)
        except queue.Full:
            return False
        return written.wait(timeout)

    def stop(self, timeout: float) -> None:
        """Write what is queued and end the thread, in that many seconds at most."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=timeout)
            self._thread.join(timeout)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
                continue
            for sink in self._sinks:
                sink(item)
