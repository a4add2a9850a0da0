"""What every benchmark shares: five runs, median and worst, the machine's floor, and the rule for a busy machine.

Loop lag is how much later than asked a 10 ms timer fires. Tail values and lag count only where an idle loop in the
same run shows a p99 of at most 3 ms; else the machine is busy and the row says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RUNS = 5
BUSY_LAG_MS = 3.0
TIMER_SECONDS = 0.010


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile; NaN for no values."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


class LagProbe:
    """Overshoots of a 10 ms timer in the running loop, in milliseconds."""

    def __init__(self) -> None:
        self.overshoots: list[float] = []

    @property
    def p99(self) -> float:
        """The 99th percentile in milliseconds."""
        return percentile(self.overshoots, 99)

    @property
    def worst(self) -> float:
        """The longest one in milliseconds."""
        return max(self.overshoots, default=math.nan)

    async def _watch(self) -> None:
        while True:
            due = time.perf_counter() + TIMER_SECONDS
            await asyncio.sleep(TIMER_SECONDS)
            self.overshoots.append((time.perf_counter() - due) * 1000)


@contextlib.asynccontextmanager
async def watch_lag() -> AsyncIterator[LagProbe]:
    """Measure the running loop's lag for as long as the block lasts."""
    probe = LagProbe()
    task = asyncio.get_running_loop().create_task(probe._watch(), name="lag-probe")
    try:
        yield probe
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def idle_lag(seconds: float = 2.0) -> LagProbe:
    """Measure the running loop while it does nothing else."""
    async with watch_lag() as probe:
        await asyncio.sleep(seconds)
    return probe


def idle_lag_p99(seconds: float = 1.0) -> float:
    """Return the p99 of a loop of its own that does nothing, in milliseconds."""
    return asyncio.run(idle_lag(seconds)).p99


def is_busy(idle: LagProbe | float) -> bool:
    """Say whether the machine was too busy for tail values and lag to count."""
    return (idle.p99 if isinstance(idle, LagProbe) else idle) > BUSY_LAG_MS


@dataclass
class Measured:
    """One row of a table: a value a run, the bar it must reach, and what the machine itself can do."""

    what: str
    unit: str
    values: list[float] = field(default_factory=list)
    bar: float | None = None
    more_is_better: bool = False
    busy_runs: int = 0
    """Runs that were measured on a busy machine; for a row whose tail or lag counts."""
    note: str = ""

    @property
    def median(self) -> float:
        """The median of the runs."""
        return statistics.median(self.values) if self.values else math.nan

    @property
    def worst(self) -> float:
        """The worst of the runs."""
        if not self.values:
            return math.nan
        return min(self.values) if self.more_is_better else max(self.values)

    @property
    def verdict(self) -> str:
        """``ok`` or ``MISSED`` by the worst run, ``median ok`` when only the median reaches it, or why none counts."""
        if self.bar is None:
            return ""
        if self.busy_runs:
            return f"machine busy in {self.busy_runs} of {len(self.values)} runs"
        if self._reaches(self.worst):
            return "ok"
        return "median ok" if self._reaches(self.median) else "MISSED"

    def _reaches(self, value: float) -> bool:
        assert self.bar is not None
        return value >= self.bar if self.more_is_better else value <= self.bar


def number(value: float) -> str:
    """Return a value in as many digits as help."""
    if math.isnan(value):
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def print_table(title: str, rows: Sequence[Measured]) -> None:
    """Print rows as a Markdown table under the machine's description."""
    print(f"\n## {title}\n\n{machine()}\n")
    print("| what | unit | median | worst | bar | verdict | note |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        sign = "" if row.bar is None else ("≥ " if row.more_is_better else "≤ ") + number(row.bar)
        cells = (row.what, row.unit, number(row.median), number(row.worst), sign, row.verdict, row.note)
        print(f"| {' | '.join(cells)} |")


def machine() -> str:
    """Return one line that says what was measured on."""
    load = ", ".join(f"{part:.2f}" for part in os.getloadavg())
    return (
        f"{os.cpu_count()} cores {platform.machine()}, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}, load {load}, {RUNS} runs"
    )


def floor_fdatasync(folder: Path, count: int = 500, size: int = 4096) -> list[float]:
    """Return the milliseconds of appending that many bytes to a file and flushing them, a value each time."""
    path = folder / "floor.raw"
    block = b"x" * size
    flush = getattr(os, "fdatasync", os.fsync)
    times = []
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    try:
        for _ in range(count):
            start = time.perf_counter()
            os.write(file, block)
            flush(file)
            times.append((time.perf_counter() - start) * 1000)
    finally:
        os.close(file)
        path.unlink()
    return times


def resident_mib() -> float:
    """Return this process's resident memory in MiB; NaN where the system has no /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError):
        return math.nan
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_048_576


def progress(text: str) -> None:
    """Say on stderr what is being measured."""
    print(text, file=sys.stderr, flush=True)
