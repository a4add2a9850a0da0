"""How long a start takes: the first paint beside Textual's hello-world, `--version`, `--help` and each verb's help.

Run with ``python -m benchmarks.startup``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.process import environment

from benchmarks._measure import RUNS, Measured, idle_lag_p99, is_busy, print_table, progress
from benchmarks._terminal import Terminal
from tt_tui.cli import VERBS

HELLO = """
from textual.app import App
from textual.widgets import Static

class Hello(App):
    def compose(self):
        yield Static("Hello, world")

Hello().run()
"""
FIRST = "starting the desk…".encode()
FULL = b"PAPER"
TT = [sys.executable, "-m", "tt_tui"]


def painted(command: list[str], marks: tuple[bytes, ...], folder: Path) -> list[float]:
    """Return the milliseconds until each text is on the terminal."""
    folder.mkdir(exist_ok=True)
    terminal = Terminal(command, environment(folder))
    terminal.watch(*marks)
    with terminal:
        return [terminal.wait_for(mark) * 1000 for mark in marks]


def answered(command: list[str], variables: Mapping[str, str]) -> float:
    """Return the milliseconds that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, env=dict(variables), check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Measure all five times and print the table."""
    hello = Measured("Textual's hello-world, first paint (floor)", "ms")
    first = Measured("tt demo, first paint", "ms")
    again = Measured("tt demo, first paint, later start", "ms")
    full = Measured("tt demo, workspace with a desk", "ms")
    bare = Measured("python -c pass (floor)", "ms")
    verbs = {
        "--version": Measured("tt --version", "ms", bar=150),
        "--help": Measured("tt --help", "ms", bar=200),
        **{f"{verb} --help": Measured(f"tt {verb} --help", "ms", bar=200) for verb in VERBS},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for run in range(RUNS):
            progress(f"start, run {run + 1}")
            busy = is_busy(idle_lag_p99())
            hello.values += painted([sys.executable, "-c", HELLO], (b"Hello",), folder / "hello")
            fresh = painted([*TT, "demo", "--port", "0"], (FIRST, FULL), folder / f"demo{run}")
            first.values.append(fresh[0])
            full.values.append(fresh[1])
            again.values += painted([*TT, "demo", "--port", "0"], (FIRST,), folder / f"demo{run}")
            bare.values.append(answered([sys.executable, "-c", "pass"], environment(folder)))
            for arguments, row in verbs.items():
                row.values.append(answered([*TT, *arguments.split()], environment(folder)))
            for row in (first, again, *verbs.values()):
                row.busy_runs += busy
    first.bar = again.bar = 2 * hello.median
    first.note = again.note = "bar: 2 × hello-world"
    print_table("Start", [first, again, hello, full, *verbs.values(), bare])


if __name__ == "__main__":
    main()
