"""Logging: standard library records, redacted where they are made, written by threads that nobody waits for.

A record is formatted and redacted in the thread that logs it, then queued. One thread writes the JSON-lines
file and the ring that the LOG pane reads; a headless process has a second one for its stream, so that a
terminal that stops reading stops neither the file nor the program. A full queue drops records and counts
them: the desk never waits.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import logging.handlers
import queue
import sys
import threading
import warnings
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Protocol, TextIO

from tt_tui.infra.clock import SystemClock
from tt_tui.infra.log_lines import LineFile, LineStream, LogLine, LogRing, Writer
from tt_tui.infra.redaction import Redactor, safe_traceback

FILE_NAME = "tt.jsonl"
_LONGEST_MESSAGE = 16_384
# These write whole URLs, headers or frames below WARNING.
_QUIET = (
    "httpx2",
    "httpcore2",
    "httpx",
    "httpcore",
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "websockets",
)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}

log = logging.getLogger(__name__)


class _Clock(Protocol):
    def now(self) -> int: ...


class _LineHandler(logging.handlers.QueueHandler):
    """Formats and redacts a record in the thread that made it, and queues it for the writers."""

    def __init__(self, writers: tuple[Writer, ...], redactor: Redactor, clock: _Clock) -> None:
        super().__init__(queue.SimpleQueue())
        self.dropped = 0
        self._writers = writers
        self._redactor = redactor
        self._clock = clock
        self._number = 0

    def prepare(self, record: logging.LogRecord) -> LogLine:
        """Return what may be shown of the record: message, exception and extra fields, all redacted."""
        try:
            message = record.getMessage()
        except Exception as error:
            message = f"{record.msg!s} (its arguments do not fit: {type(error).__name__})"
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        trace = ""
        if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
            trace = safe_traceback(record.exc_info[1], self._redactor)
        elif record.exc_text or record.stack_info:
            trace = self._redactor.text(record.exc_text or record.stack_info or "")
        self._number += 1
        return LogLine(
            number=self._number,
            at=self._clock.now(),
            level=record.levelname,
            logger=record.name,
            message=_printable(self._redactor.text(message)[:_LONGEST_MESSAGE]),
            thread=record.threadName or "",
            traceback=trace,
            fields=MappingProxyType(self._redactor.data(extra)),
        )

    def enqueue(self, record: Any) -> None:
        """Hand the record to every writer, counting those whose queue is full."""
        for writer in self._writers:
            if not writer.put(record):
                self.dropped += 1

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Count a record that could not even be prepared; the terminal is not ours to write to."""
        self.dropped += 1


class LogSystem:
    """A running log; made by `start_logging`, ended by `stop`."""

    def __init__(self, path: Path | None, stream: TextIO | None, level: int, redactor: Redactor, clock: _Clock) -> None:
        self.ring = LogRing()
        self.path: Path | None = path
        self._redactor = redactor
        self._undo = contextlib.ExitStack()
        self._file, problem = _open_file(path)
        sinks = (self.ring.write, self._file.write) if self._file else (self.ring.write,)
        self._writers = [Writer("tt-log", sinks)]
        if stream is not None:
            self._writers.append(Writer("tt-log-stream", (LineStream(stream).write,)))
        self._handler = _LineHandler(tuple(self._writers), redactor, clock)
        self._take_root(level)
        self._take_hooks()
        atexit.register(self.stop)
        self._undo.callback(atexit.unregister, self.stop)
        if problem:
            self.path = None
            log.warning("no log file: %s; records are kept in memory only", problem)

    @property
    def lost(self) -> int:
        """How many records could not be queued or written to the file."""
        return self._handler.dropped + (self._file.failures if self._file else 0)

    def since(self, number: int) -> tuple[LogLine, ...]:
        """Return the records in memory after that number, oldest first; from any thread."""
        return self.ring.since(number)

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Log what nobody awaits on that loop, instead of asyncio's own words with their objects."""
        loop.set_exception_handler(_log_loop_error)

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until every record so far is in ring, file and stream; False if that takes longer."""
        written = [writer.flush(timeout) for writer in self._writers]
        return all(written)

    def stop(self, timeout: float = 2.0) -> None:
        """Write what is queued, close the file and give logging and the hooks back; safe to call twice."""
        self._undo.close()
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.stop(timeout)
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> LogSystem:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _take_root(self, level: int) -> None:
        root = logging.getLogger()
        for name in _QUIET:
            logger = logging.getLogger(name)
            self._undo.callback(logger.setLevel, logger.level)
            logger.setLevel(max(logging.WARNING, logger.level))
        for handler in [handler for handler in root.handlers if _writes_to_terminal(handler)]:
            root.removeHandler(handler)
            self._undo.callback(root.addHandler, handler)
        self._undo.callback(root.setLevel, root.level)
        root.setLevel(level)
        root.addHandler(self._handler)
        self._undo.callback(root.removeHandler, self._handler)

    def _take_hooks(self) -> None:
        self._undo.callback(setattr, sys, "excepthook", sys.excepthook)
        self._undo.callback(setattr, threading, "excepthook", threading.excepthook)
        self._undo.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
        self._undo.callback(setattr, warnings, "showwarning", warnings.showwarning)
        sys.excepthook = self._on_uncaught
        threading.excepthook = _log_thread_error
        sys.unraisablehook = _log_unraisable
        warnings.showwarning = _log_warning

    def _on_uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        error = error.with_traceback(trace)
        log.critical("the program ends: nothing caught %s", kind.__name__, exc_info=error)
        # The main thread is at its end, so no screen is up any more and the user must see why.
        place = f"; the details are in {self.path}" if self.path else ""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            words = self._redactor.text(f"{kind.__name__}: {error}")
            sys.stderr.write(f"tt ended by an error it did not expect: {words}{place}\n")


def start_logging(
    folder: Path | None,
    level: int = logging.INFO,
    stream: TextIO | None = None,
    redactor: Redactor | None = None,
    clock: _Clock | None = None,
) -> LogSystem:
    """Send every record of the process to ``folder/tt.jsonl``, to memory and, when given, to a stream.

    A folder that cannot be written is a warning in the log, not an error: the program trades without a file.

    Args:
        folder: where the file lies, made with mode 0700 where missing; None for none.
        level: the lowest level kept; HTTP and websocket libraries stay at WARNING whatever it is.
        stream: a text stream for headless JSON lines; never given while Textual has the terminal.
        redactor: None for the one that knows every live `Secret`.
        clock: gives the time of the records.
    """
    path = None if folder is None else folder / FILE_NAME
    return LogSystem(path, stream, level, redactor or Redactor(), clock or SystemClock())


def _printable(text: str) -> str:
    """Return the text with control characters spelled out: an alert must not drive its reader's terminal."""
    return text if text.isprintable() else text.translate(_CONTROLS)


def _open_file(path: Path | None) -> tuple[LineFile | None, str]:
    if path is None:
        return None, ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LineFile(path), ""
    except OSError as error:
        return None, f"{path} could not be opened ({error.strerror or error})"


def _writes_to_terminal(handler: logging.Handler) -> bool:
    streams = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return isinstance(handler, logging.StreamHandler) and any(handler.stream is stream for stream in streams)


def _log_thread_error(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_type is SystemExit:
        return
    name = arguments.thread.name if arguments.thread else "unknown"
    log.critical("thread %s ended by %s", name, arguments.exc_type.__name__, exc_info=arguments.exc_value)


def _log_unraisable(arguments: sys.UnraisableHookArgs) -> None:
    log.error("an error in clean-up: %s", arguments.exc_type.__name__, exc_info=arguments.exc_value)


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    log.warning("%s: %s (%s line %s)", category.__name__, message, Path(filename).name, lineno)


def _log_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # The context also holds tasks and handles whose repr shows arguments: only words and error are kept.
    error = context.get("exception")
    log.error("event loop: %s", context.get("message", "an error"), exc_info=error)
