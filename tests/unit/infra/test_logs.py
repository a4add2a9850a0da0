"""Records reach file, memory and stream redacted, and nothing waits for a reader that stopped."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import stat
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tt_tui.infra.log_lines import LogLine, LogRing, Writer
from tt_tui.infra.logs import LogSystem, start_logging
from tt_tui.infra.redaction import Secret

CANARY = "canary-9f3e-value"
AT = 1_790_000_000_123_456_789


class StillClock:
    def now(self) -> int:
        return AT


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def system(tmp_path: Path, stream: io.StringIO) -> Iterator[LogSystem]:
    with start_logging(tmp_path / "logs", logging.DEBUG, stream, clock=StillClock()) as running:
        yield running


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Take pytest's handlers, which raise on arguments that do not fit, off the root logger."""

    def take() -> None:
        root = logging.getLogger()
        ours = [handler for handler in root.handlers if type(handler).__module__.startswith("tt_tui.")]
        monkeypatch.setattr(root, "handlers", ours)

    return take


@pytest.fixture
def canary() -> Secret:
    return Secret(CANARY)


def everything(system: LogSystem, stream: io.StringIO) -> str:
    assert system.flush()
    assert system.path is not None
    lines = "\n".join(line.as_json() for line in system.since(0))
    return "\n".join((system.path.read_text("utf-8"), stream.getvalue(), lines))


def test_a_record_is_one_line_of_json_in_file_and_stream(system: LogSystem, stream: io.StringIO) -> None:
    logging.getLogger("desk").info("alert %s\nin two lines", "ALR-1", extra={"strategy": "fade"})
    assert system.flush()
    assert system.path is not None
    written = system.path.read_text("utf-8").splitlines()

    assert written == stream.getvalue().splitlines()
    assert json.loads(written[-1]) == {
        "at": "2026-09-21T14:13:20.123456Z",
        "level": "INFO",
        "logger": "desk",
        "message": "alert ALR-1\nin two lines",
        "thread": threading.current_thread().name,
        "fields": {"strategy": "fade"},
    }


def test_file_and_folder_are_for_this_user_only(system: LogSystem) -> None:
    assert system.path is not None
    assert stat.S_IMODE(system.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(system.path.parent.stat().st_mode) == 0o700


def test_a_file_left_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "tt.jsonl"
    path.touch(0o644)
    with start_logging(tmp_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_appears_nowhere(
    system: LogSystem, stream: io.StringIO, canary: Secret, alone: Callable[[], None]
) -> None:
    alone()
    log = logging.getLogger("leaky")
    log.info("wrapped %s %r", canary, canary)
    log.info("in the message " + canary.reveal())
    log.info("in an argument %s and %r", canary.reveal(), {"deep": [canary.reveal()]})
    log.info("in a field", extra={"login": {"user": "me", "word": canary.reveal()}})
    log.info("not fitting %d", canary.reveal())
    log.info("with the stack", stack_info=True)
    try:
        raise ValueError(f"refused {canary.reveal()}")
    except ValueError:
        log.exception("failed")
    text = everything(system, stream)

    assert CANARY not in text
    assert text.count("refused ***") == 3
    assert text.count("do not fit") == 3


def test_what_looks_like_a_secret_appears_nowhere(system: LogSystem, stream: io.StringIO) -> None:
    log = logging.getLogger("leaky")
    log.info("POST /webhook/tradingview/%s", "unknown-4711")
    log.info('body {"secret": "%s"}', "unknown-4711")
    log.info("headers", extra={"authorization": "Bearer unknown-4711"})

    assert "unknown-4711" not in everything(system, stream)


def test_control_characters_do_not_reach_a_terminal(system: LogSystem) -> None:
    logging.getLogger("x").info("a\x1b[2Jb\x9bc")
    assert system.flush()

    assert system.since(0)[-1].message == "a\\x1b[2Jb\\x9bc"


def test_since_gives_what_came_after(system: LogSystem) -> None:
    log = logging.getLogger("x")
    log.info("one")
    assert system.flush()
    seen = system.since(0)[-1].number
    log.info("two")
    log.info("three")
    assert system.flush()

    assert [line.message for line in system.since(seen)] == ["two", "three"]
    assert system.since(seen + 2) == ()


def test_the_ring_keeps_the_last_records() -> None:
    ring = LogRing(3)
    for number in range(1, 6):
        ring.write(LogLine(number, AT, "INFO", "x", "", ""))

    assert [line.number for line in ring.since(0)] == [3, 4, 5]


@pytest.mark.parametrize("name", ["httpx2", "httpcore2.connection", "uvicorn.access", "uvicorn.error", "websockets"])
def test_libraries_that_log_urls_are_quiet_below_warning(system: LogSystem, name: str) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    assert logging.getLogger(name).isEnabledFor(logging.ERROR)


def test_stopping_gives_everything_back(tmp_path: Path) -> None:
    def state() -> list[Any]:
        root = logging.getLogger()
        hooks = [sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning]
        return [*hooks, list(root.handlers), root.level, logging.getLogger("httpx2").level]

    before = state()
    system = start_logging(tmp_path, logging.DEBUG)
    assert state() != before
    system.stop()
    system.stop()

    assert state() == before


def test_a_handler_on_the_terminal_is_taken_off(tmp_path: Path) -> None:
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    try:
        with start_logging(tmp_path):
            assert handler not in logging.getLogger().handlers
        assert handler in logging.getLogger().handlers
    finally:
        logging.getLogger().removeHandler(handler)


def test_nothing_is_written_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], alone: Callable[[], None]
) -> None:
    with start_logging(tmp_path) as system:
        alone()
        logging.getLogger("x").error("bad %d", "arguments")
        logging.getLogger("x").critical("end")
        assert system.flush()

    assert capfd.readouterr() == ("", "")


def test_a_folder_that_cannot_be_made_is_a_warning_not_an_end(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with start_logging(tmp_path / "file" / "logs") as system:
        logging.getLogger("x").warning("still here")
        assert system.flush()
        messages = [line.message for line in system.since(0)]

    assert system.path is None
    assert any("no log file" in message for message in messages)
    assert messages[-1] == "still here"


def test_a_broken_stream_costs_neither_file_nor_memory(tmp_path: Path) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with start_logging(tmp_path, stream=Broken()) as system:
        logging.getLogger("x").warning("one")
        logging.getLogger("x").warning("two")
        assert system.flush()
        assert [line.message for line in system.since(0)] == ["one", "two"]


def test_a_stream_of_ascii_gets_escapes(tmp_path: Path) -> None:
    raw = io.BytesIO()
    with start_logging(tmp_path, stream=io.TextIOWrapper(raw, "ascii")) as system:
        logging.getLogger("x").warning("déjà vu …")
        assert system.flush()
        assert json.loads(raw.getvalue())["message"] == "déjà vu …"


def test_a_terminal_that_stops_reading_stops_nobody(tmp_path: Path) -> None:
    reads_again, reached = threading.Event(), threading.Event()

    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            reached.set()
            reads_again.wait()
            return super().write(text)

    stream = Stuck()
    with start_logging(tmp_path, stream=stream) as system:
        log = logging.getLogger("x")
        log.warning("first")
        assert reached.wait(30)
        for number in range(25_000):
            log.warning("record %d", number)
        assert system._writers[0].flush(30)
        last = system.since(0)[-1].message
        lost = system.lost
        reads_again.set()

    assert last == "record 24999"
    assert lost > 4_000


def test_a_full_queue_drops_and_says_so() -> None:
    goes_on, busy = threading.Event(), threading.Event()

    def sink(line: LogLine) -> None:
        busy.set()
        goes_on.wait()

    writer = Writer("test", (sink,), size=2)
    line = LogLine(1, AT, "INFO", "x", "", "")
    writer.put(line)
    assert busy.wait(30)
    kept = [writer.put(line) for _ in range(3)]
    goes_on.set()
    writer.stop(30)

    assert kept == [True, True, False]


class TestWhatNobodyCatches:
    def test_in_a_thread(self, system: LogSystem, stream: io.StringIO, canary: Secret) -> None:
        def fail() -> None:
            local = canary.reveal()
            raise ValueError(f"refused {local}")

        thread = threading.Thread(target=fail, name="desk")
        thread.start()
        thread.join()
        text = everything(system, stream)

        assert "thread desk ended by ValueError" in text
        assert "refused ***" in text
        assert CANARY not in text

    def test_in_the_main_thread(
        self, system: LogSystem, stream: io.StringIO, canary: Secret, capsys: pytest.CaptureFixture[str]
    ) -> None:
        error = ValueError(f"refused {canary.reveal()}")
        sys.excepthook(ValueError, error, None)
        text = everything(system, stream)
        shown = capsys.readouterr().err

        assert "nothing caught ValueError" in text
        assert CANARY not in text + shown
        assert shown.startswith("tt ended by an error it did not expect: ValueError: refused ***; the details are in")
        assert len(shown.splitlines()) == 1

    async def test_on_a_loop(self, system: LogSystem, stream: io.StringIO, canary: Secret) -> None:
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()
        system.watch(loop)
        try:
            future = loop.create_future()
            future.set_exception(ValueError(f"refused {canary.reveal()}"))
            del future
            gc.collect()
        finally:
            loop.set_exception_handler(before)
        text = everything(system, stream)

        assert "event loop: Future exception was never retrieved" in text
        assert "refused ***" in text
        assert CANARY not in text

    def test_a_warning(self, system: LogSystem, stream: io.StringIO) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = sys.modules["tt_tui.infra.logs"]._log_warning
            warnings.warn("token=unknown-4711", UserWarning, stacklevel=1)
        text = everything(system, stream)

        assert "UserWarning: token=***" in text
        assert "unknown-4711" not in text
