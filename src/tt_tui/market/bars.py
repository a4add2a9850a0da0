"""Bars from trades, and longer bars from shorter ones; no bar spans a session's end."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tt_tui.domain.market import Bar, Print
from tt_tui.market.clocks import SECOND, Hours

DAY = 86_400
"""Seconds of a daily bar; it holds one trade date, however long that is open."""

_LATE = 60 * SECOND
_ZERO = Decimal(0)


class BarBuilder:
    """Builds bars of one length for one contract.

    Bars are counted from the session's open, the last of a session ends with it, and a daily bar is a trade
    date. Where the market is closed, or no hours are given, bars are counted from midnight UTC.

    Args:
        seconds: length of a bar, from one second to one day.
        hours: the session calendar; None for a market without one.
        group: the contract's calendar group.
    """

    def __init__(self, seconds: int, hours: Hours | None = None, group: str = "") -> None:
        if not 1 <= seconds <= DAY:
            raise ValueError(f"a bar lasts from 1 second to one day ({DAY}), was {seconds}")
        self._seconds = seconds
        self._hours = hours
        self._group = group
        self._bar: Bar | None = None
        self._end = 0

    @property
    def current(self) -> Bar | None:
        """Return the bar that is still open, None before the first trade and after a ``close``."""
        return self._bar

    def add(self, ts: int, price: Decimal, size: Decimal = _ZERO) -> Bar | None:
        """Take one price at a time; returns the bar that it closed, if it did.

        What comes up to a minute late is left out, as its bar is gone. Anything earlier means that the
        venue's clock stepped back, and starts a new bar.
        """
        return self.add_bar(Bar(ts, price, price, price, price, size))

    def add_print(self, trade: Print) -> Bar | None:
        """Take one trade; returns the bar that it closed, if it did."""
        return self.add(trade.ts_event, trade.price, trade.size)

    def add_bar(self, bar: Bar) -> Bar | None:
        """Take a shorter bar, oldest first; returns the longer one that it closed, if it did."""
        current = self._bar
        if current is not None:
            if current.ts <= bar.ts < self._end:
                self._bar = Bar(
                    current.ts,
                    current.open,
                    max(current.high, bar.high),
                    min(current.low, bar.low),
                    bar.close,
                    current.volume + bar.volume,
                )
                return None
            if current.ts - _LATE <= bar.ts < current.ts:
                return None
        start, self._end = self._span(bar.ts)
        self._bar = Bar(start, bar.open, bar.high, bar.low, bar.close, bar.volume)
        return current

    def close(self, now: int) -> Bar | None:
        """Return the open bar if its time is over, else None; for a market that went quiet."""
        bar = self._bar
        if bar is None or now < self._end:
            return None
        self._bar = None
        return bar

    def _span(self, ts: int) -> tuple[int, int]:
        length = self._seconds * SECOND
        if self._hours is not None and self._seconds == DAY:
            day = self._hours.day(self._group, ts)
            if day is not None and day.start <= ts < day.end:
                return day.start, day.end
        elif self._hours is not None:
            window = self._hours.window(self._group, ts)
            if window.is_open:
                start = window.start + (ts - window.start) // length * length
                return start, min(start + length, window.end)
        start = ts // length * length
        return start, start + length


def resample(
    bars: Iterable[Bar], seconds: int, hours: Hours | None = None, group: str = "", until: int | None = None
) -> tuple[Bar, ...]:
    """Return longer bars made of shorter ones given oldest first.

    The last may be incomplete; with ``until`` it is left out unless its time was over by then.
    """
    builder = BarBuilder(seconds, hours, group)
    longer = [closed for bar in bars if (closed := builder.add_bar(bar)) is not None]
    last = builder.current if until is None else builder.close(until)
    if last is not None:
        longer.append(last)
    return tuple(longer)
