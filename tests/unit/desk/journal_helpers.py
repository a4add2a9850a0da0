"""What the tests of the journal share."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from tt_tui.desk.journal import AppendResult, Entry, Journal, Record


class StepClock:
    """A clock that moves one microsecond each time it is asked."""

    def __init__(self) -> None:
        self._time = 1_800_000_000_000_000_000

    def now(self) -> int:
        """Return the next wall time."""
        self._time += 1000
        return self._time

    def monotonic(self) -> int:
        """Return the next monotonic time."""
        return self.now() - 1_700_000_000_000_000_000


class Answers:
    """Collects what appends were told, and waits for it."""

    def __init__(self) -> None:
        self.results: list[AppendResult] = []
        self._changed = threading.Condition()

    def __call__(self, result: AppendResult) -> None:
        with self._changed:
            self.results.append(result)
            self._changed.notify_all()

    def wait(self, count: int) -> list[AppendResult]:
        """Wait until that many appends were told."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.results) >= count, timeout=30)
            return list(self.results)


class FailPoint:
    """A crash point that raises the errors it was loaded with, one each time it is passed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.errors: list[Exception] = []
        self.passed: list[str] = []

    def __call__(self, name: str) -> None:
        self.passed.append(name)
        if name == self.name and self.errors:
            raise self.errors.pop(0)


def open_journal(
    path: Path,
    *,
    snapshot_every: int = 20_000,
    crash_point: Callable[[str], None] = lambda _: None,
    on_failure: Callable[[str], None] = lambda _: None,
    on_recovered: Callable[[int], None] = lambda _: None,
) -> Journal:
    """Open a journal with a test's clock."""
    return Journal.open(
        path,
        clock=StepClock(),
        chain_id="test-chain",
        snapshot_every=snapshot_every,
        crash_point=crash_point,
        on_failure=on_failure,
        on_recovered=on_recovered,
    )


def entry(number: int, *, keyed: bool = False) -> Entry:
    """Return an entry whose content follows from its number."""
    return Entry(
        kind=("AlertReceived", "OrderSent", "FillBooked")[number % 3],
        payload=b'{"number":%d,"text":"%s"}' % (number, b"x" * (number * 37 % 400)),
        order_id=f"ORD-{number:06}",
        alert_id=f"ALR-{number // 3:06}" if number % 2 else "",
        unique=(f"order:ORD-{number:06}",) if keyed else (),
    )


def write(journal: Journal, entries: list[Entry]) -> None:
    """Append entries one by one and wait until the last is durable."""
    answers = Answers()
    for one in entries:
        journal.append([one], answers)
    assert all(result.error is None for result in answers.wait(len(entries)))


def contents(journal: Journal) -> list[Record]:
    """Return every record."""
    return list(journal.tail(0))


def copy_as_crashed(source: Path, target: Path) -> None:
    """Copy a journal that is still open, as a crash would leave it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for side in ("", "-wal"):
        shutil.copyfile(source.with_name(source.name + side), target.with_name(target.name + side))
