"""`tt demo` on a real terminal that stops reading, goes away, or stays: the desk goes on, and ends when told."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.started import ALERT, PATIENCE, PROGRAM, wait_until
from tt_tui.cli import exits

pytestmark = pytest.mark.process

PASSPHRASE = "a sound passphrase"
_LOOKS_WITHOUT_GROWTH = 30


@dataclass
class Screened:
    """A workstation on a terminal of the test's own."""

    process: subprocess.Popen[bytes]
    terminal: int
    seen: bytearray

    def read(self) -> None:
        """Take what is there to be read, waiting a moment for it."""
        if select.select([self.terminal], [], [], 0.05)[0]:
            with contextlib.suppress(OSError):
                self.seen += os.read(self.terminal, 65_536)

    def read_until(self, text: bytes) -> None:
        for _ in range(PATIENCE * 20):
            if text in self.seen or self.process.poll() is not None:
                break
            self.read()
        assert text in self.seen, self.seen[-2000:]

    def read_to_end(self) -> int:
        for _ in range(PATIENCE * 20):
            if self.process.poll() is not None:
                break
            self.read()
        self.read()
        return self.process.wait(timeout=PATIENCE)

    def stop_reading(self) -> None:
        """Let the terminal fill up until the program's writes block: nothing more arrives in its buffer."""
        stood, count = 0, -1
        for _ in range(PATIENCE * 20):
            before, count = count, self._waiting()
            stood = stood + 1 if count == before and count > 0 else 0
            if stood == _LOOKS_WITHOUT_GROWTH:
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.05)
        raise AssertionError("the terminal's buffer never filled up")

    def _waiting(self) -> int:
        found: tuple[int] = struct.unpack("i", fcntl.ioctl(self.terminal, termios.FIONREAD, b"\0\0\0\0"))
        return found[0]


@contextlib.contextmanager
def screened(*arguments: str, program: tuple[str, ...] = PROGRAM) -> Iterator[Screened]:
    """Run the workstation as the leader of a session on a pseudo-terminal of 120 × 40."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [*program, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        preexec_fn=take_terminal,
    )
    os.close(slave)
    try:
        yield Screened(process, master, bytearray())
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(OSError):
            os.close(master)


@pytest.fixture
def passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every process of the test a sealed file, so that another one can sign what this one checks."""
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    credential = folder / "tt-passphrase"
    credential.write_text(PASSPHRASE)
    credential.chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))


def tt(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        start_new_session=True,
    )


def send(number: int) -> str:
    """Sign and post an alert from another process, and return its id."""
    sent = tt("alert", "send", "-", "--demo", "--json", stdin=json.dumps({**ALERT, "comment": f"number {number}"}))
    assert sent.returncode == exits.DONE, sent.stdout + sent.stderr
    return str(json.loads(sent.stdout)["reply"]["alert_id"])


def records(alert_id: str) -> list[dict[str, Any]]:
    shown = tt("journal", "show", alert_id, "--demo", "--json")
    return [json.loads(line) for line in shown.stdout.splitlines()]


def is_filled(alert_id: str) -> bool:
    orders = {row["order_id"] for row in records(alert_id) if row["kind"] == "OrderIntended"}
    return any(row["kind"] == "FillBooked" for order in orders for row in records(order))


def is_logged(words: str) -> bool:
    log = Path(os.environ["TT_LOG_FOLDER"]) / "demo" / "tt.jsonl"
    return words in log.read_text()


def eventually(is_so: Callable[[], bool], running: Screened) -> None:
    wait_until(is_so, lambda: running.process.poll() is not None, running.process)
    assert is_so()


@pytest.mark.usefixtures("passphrase")
@pytest.mark.parametrize("closed", [True, False], ids=["the terminal is closed", "SIGHUP alone"])
def test_a_terminal_that_stops_reading_and_hangs_up_stops_nothing(closed: bool) -> None:
    with screened("demo", "--port", "0") as running:
        running.read_until(b"127.0.0.1:")
        running.stop_reading()

        unread = send(1)
        eventually(lambda: is_filled(unread), running)

        if closed:
            os.close(running.terminal)
        else:
            running.process.send_signal(signal.SIGHUP)
        eventually(lambda: is_logged("the terminal is gone"), running)
        after = send(2)
        eventually(lambda: is_filled(after), running)

        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=PATIENCE) == exits.DONE
        assert is_logged("the desk is closed: SIGTERM")
    assert tt("journal", "verify", "--demo").returncode == exits.DONE


@pytest.mark.usefixtures("passphrase")
def test_a_terminal_that_is_read_and_hangs_up_leaves_the_desk_running() -> None:
    with screened("demo", "--port", "0") as running:
        running.read_until(b"127.0.0.1:")
        os.close(running.terminal)
        eventually(lambda: is_logged("the terminal is gone"), running)

        after = send(1)

        eventually(lambda: is_filled(after), running)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=PATIENCE) == exits.DONE


CRASH = """
import sys
from tt_tui.cli import main
from tt_tui.tui.app import WorkstationApp

def fail(self, message):
    local = "a-local-that-" + "nobody-may-see"
    raise RuntimeError("a screen that fails")

WorkstationApp.on_workstation_app_desk_up = fail
main(sys.argv[1:])
"""


@pytest.mark.usefixtures("passphrase")
def test_a_screen_that_fails_leaves_the_desk_running_until_ctrl_c() -> None:
    with screened("demo", "--port", "0", program=(sys.executable, "-c", CRASH)) as running:
        running.read_until(b"The desk goes on without a screen")
        assert b"a screen that fails" in running.seen
        assert b"a-local-that-nobody-may-see" not in running.seen

        after = send(1)

        eventually(lambda: is_filled(after), running)
        assert is_logged("the screen failed; the desk goes on without it")
        os.write(running.terminal, b"\x03")
        assert running.read_to_end() == exits.DONE
        assert is_logged("the desk is closed: SIGINT")


def test_sigterm_gives_the_terminal_back() -> None:
    with screened("demo", "--port", "0") as running:
        running.read_until(b"127.0.0.1:")
        running.process.send_signal(signal.SIGTERM)

        assert running.read_to_end() == exits.DONE
        assert b"\x1b[?1049l" in running.seen
        assert b"Traceback" not in running.seen


def test_ctrl_q_with_nothing_open_ends_the_program() -> None:
    with screened("demo", "--port", "0") as running:
        running.read_until(b"127.0.0.1:")
        os.write(running.terminal, b"\x11")

        assert running.read_to_end() == exits.DONE
        assert is_logged("the desk is closed: the user quit")


def test_a_second_workstation_names_the_first() -> None:
    with screened("demo", "--port", "0") as running:
        running.read_until(b"127.0.0.1:")
        with screened("demo", "--port", "0") as second:
            assert second.read_to_end() == exits.HELD
            assert f"process {running.process.pid}, started ".encode() in second.seen
            assert b"\x1b[?1049h" not in second.seen


def test_a_recording_that_cannot_be_played_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "es.csv"
    file.write_text("a,b\n1,2\n")
    with screened("demo", "--port", "0", "--replay", str(file)) as running:
        assert running.read_to_end() == exits.WRONG_USE
        assert b"es.csv" in running.seen.rpartition(b"\x1b[?1049l")[2]
        assert b"Traceback" not in running.seen


def test_without_a_terminal_it_says_what_to_start() -> None:
    result = tt()

    assert result.returncode == exits.WRONG_USE
    assert "tt listen" in result.stderr
