"""Resident memory of `tt listen` and of `tt demo` on a real terminal, ten seconds after they are up.

Run with ``python -m benchmarks.memory``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.process import Program, environment

from benchmarks._measure import RUNS, Measured, print_table, progress
from benchmarks._terminal import Terminal, resident_mib_of

SECONDS = 10.0
UP = b"PAPER"


def headless(folder: Path) -> float:
    """Return MiB of the listener."""
    with Program(folder) as program:
        program.start()
        program.wait_ready()
        time.sleep(SECONDS)
        return resident_mib_of(program.pid)


def with_screen(folder: Path) -> float:
    """Return MiB of the demo."""
    folder.mkdir()
    command = [sys.executable, "-m", "tt_tui", "demo", "--port", "0"]
    with Terminal(command, environment(folder)) as terminal:
        terminal.wait_for(UP)
        time.sleep(SECONDS)
        return resident_mib_of(terminal.pid)


def bare(folder: Path) -> float:
    """Return MiB of Textual's hello-world, the floor of anything with a screen."""
    from benchmarks.startup import HELLO

    folder.mkdir()
    with Terminal([sys.executable, "-c", HELLO], environment(folder)) as terminal:
        terminal.wait_for(b"Hello")
        time.sleep(1.0)
        return resident_mib_of(terminal.pid)


def main() -> None:
    """Measure each five times and print the table."""
    listen = Measured("tt listen, resident after 10 s", "MiB", bar=90 * 1_000_000 / 1_048_576, note="bar: 90 MB")
    demo = Measured("tt demo, resident after 10 s", "MiB", bar=130 * 1_000_000 / 1_048_576, note="bar: 130 MB")
    floor = Measured("Textual's hello-world (floor)", "MiB")
    for run in range(RUNS):
        progress(f"memory, run {run + 1}")
        with tempfile.TemporaryDirectory() as name:
            listen.values.append(headless(Path(name, "listen")))
            demo.values.append(with_screen(Path(name, "demo")))
            floor.values.append(bare(Path(name, "bare")))
    print_table("Memory", [listen, demo, floor])


if __name__ == "__main__":
    main()
