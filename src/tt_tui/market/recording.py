"""Recorded bars and trades from CSV and Parquet files, as exact ticks and nanoseconds UTC."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from tt_tui.domain.instrument import Instrument
from tt_tui.domain.market import Bar

Kind = Literal["bars", "bid_ask", "trades"]

BARS = ("open", "high", "low", "close")
BID_ASK = tuple(f"{side}_{name}" for side in ("bid", "ask") for name in BARS)
TRADES = ("price",)

_SECOND = 1_000_000_000


class RecordingError(ValueError):
    """A recording that can't be played; the text names the file, the place, what was found and what to do."""


class RecordingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a file does not say about itself."""

    instrument: Instrument | None = None
    """What was recorded; None tells it from the contract column or the file's name."""
    zone: str = ""
    """Zone of times without one: ``UTC`` (also when empty), ``America/New_York``, ``UTC-05:00``."""
    stamp: Literal["start", "end"] = "start"
    """Which end of a bar its time is."""
    contract: str = "front"
    """Of a file of many contracts: the one of that name, or each trade date's busiest."""
    seconds: int = 0
    """Length of a bar; 0 tells it from the times."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded market, oldest first. Prices are whole ticks; ``columns`` are those of its kind."""

    name: str
    kind: Kind
    instruments: tuple[Instrument, ...]
    """One, or the contracts that were front one after another."""
    which: Sequence[int]
    """Index of each row's instrument."""
    starts: Sequence[int]
    """Start of each bar, or time of each trade, nanoseconds UTC."""
    seconds: int
    """Length of a bar's time; 0 for trades."""
    columns: tuple[Sequence[int], ...]
    volumes: Sequence[float]
    notes: tuple[str, ...] = ()
    """What was put right while loading, in sentences."""

    @property
    def start(self) -> int:
        """Return the time of the first row."""
        return self.starts[0]

    @property
    def end(self) -> int:
        """Return the time at which the last row is over."""
        return self.starts[-1] + self.seconds * _SECOND

    def __len__(self) -> int:
        return len(self.starts)

    def row_at(self, at: int) -> int:
        """Return the first row that starts at or after a time; the number of rows when there is none."""
        return bisect_left(self.starts, at)

    def instrument(self, row: int) -> Instrument:
        """Return what a row is about."""
        return self.instruments[self.which[row]]

    def bar(self, row: int) -> Bar:
        """Return a row as a bar; of bid and ask the bid's."""
        tick = self.instrument(row).tick_size
        ticks = [column[row] for column in self.columns[:4]]
        o, h, low, c = (tick * count for count in (ticks if len(ticks) == 4 else ticks * 4))
        return Bar(self.starts[row], o, max(o, h, low, c), min(o, h, low, c), c, self.volume(row))

    def volume(self, row: int) -> Decimal:
        """Return a row's volume, 0 where none was recorded."""
        volume = self.volumes[row]
        return Decimal(int(volume)) if volume == int(volume) else Decimal(str(volume))


def load(path: Path, options: RecordingOptions | None = None) -> Recording:
    """Read a recording from a ``.csv`` or ``.parquet`` file.

    Columns are found by name, in any case: a time (``ts``, ``time``, ``timestamp``, ``date``, ``datetime`` or
    the first without a name) and either OHLC with an optional volume, ``bid_open`` to ``ask_close``, or
    ``price`` with an optional ``size``. Prices are put on the instrument's tick. Bars of a day or longer carry
    dates; they are played from 08:30 to 15:00 Chicago of theirs.

    Raises:
        RecordingError: a sentence that says what is wrong and where.
    """
    from tt_tui.market import recording_table

    return recording_table.load(path, options or RecordingOptions())
