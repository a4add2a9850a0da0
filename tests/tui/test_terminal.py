"""A terminal that stops reading, or goes away, takes the screen with it and nothing else."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os, signal, sys, threading
from tests.tui.demo import make_port
from tt_tui.cli.terminal import let_go
from tt_tui.tui.app import WorkstationApp
from tt_tui.tui.settings import ScreenSettings

told = int(sys.argv[1])

def tell(text):
    os.write(told, text.encode() + b"\\n")

app = WorkstationApp(lambda: make_port(100), ScreenSettings(theme="dark", frame_rate=60))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])

def leave():
    signal.sigwait([signal.SIGHUP])
    let_go()
    app.drop()

threading.Thread(target=leave, daemon=True).start()

def watch():
    while True:
        writer = getattr(app._driver, "_writer_thread", None)
        if writer is not None and writer._queue.full():
            return tell("blocked")
        threading.Event().wait(0.02)

threading.Thread(target=watch, daemon=True).start()
app._on_ready = lambda port: tell("ready")
result = app.run()
tell(f"ended {result}")
"""


class Child:
    """A program on a terminal of its own that nobody reads."""

    def __init__(self, path: Path) -> None:
        path.write_text(PROGRAM)
        self._read, write = os.pipe()
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            os.set_inheritable(write, True)
            environ = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}", "TERM": "xterm-256color"}
            os.execve(sys.executable, [sys.executable, str(path), str(write)], environ)
        os.close(write)
        self._heard = b""

    def wait_for(self, text: str) -> str:
        """Return what was told up to a line that begins so."""
        while not any(line.startswith(text) for line in self._heard.decode().splitlines()):
            ready, _, _ = select.select([self._read], [], [], 60)
            assert ready, f"never told {text!r}, only {self._heard!r}"
            chunk = os.read(self._read, 4_096)
            assert chunk, f"it ended before it told {text!r}, only {self._heard!r}"
            self._heard += chunk
        return self._heard.decode()

    def close(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._read)


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    """Start the workstation on a terminal that nobody reads."""
    started = Child(tmp_path / "program.py")
    yield started
    started.close()


@pytest.mark.process
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_terminal_that_is_not_read_can_be_left(child: Child) -> None:
    child.wait_for("blocked")
    os.kill(child.pid, signal.SIGHUP)

    assert "ended keep_headless" in child.wait_for("ended")
    os.close(child.terminal)


@pytest.mark.process
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_terminal_that_goes_away_takes_only_the_screen(child: Child) -> None:
    child.wait_for("blocked")
    os.close(child.terminal)

    assert "ended keep_headless" in child.wait_for("ended")
