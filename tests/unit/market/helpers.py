"""A clock that tests move, sinks that remember, and times written the way a trader says them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tt_tui.desk.ports import MarketCapabilities, MarketSink, VenueClock
from tt_tui.domain.errors import Unavailable
from tt_tui.domain.instrument import Instrument, future
from tt_tui.domain.market import Bar, Depth, Print, Quote
from tt_tui.domain.sessions import shipped_calendar

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 3600 * SECOND
CALENDAR = shipped_calendar()
ES = future("ES", 2026, 12)
CL = future("CL", 2027, 1)


def chicago(text: str) -> int:
    """Return the moment of an ISO wall time in Chicago, nanoseconds UTC."""
    return at(text, "America/Chicago")


def at(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000) * 1_000_000


def wall(moment: int) -> str:
    """Return a moment as Chicago wall time."""
    return f"{datetime.fromtimestamp(moment / SECOND, ZoneInfo('America/Chicago')):%Y-%m-%d %H:%M:%S}"


class FakeClock:
    """Wall and monotonic time that only the test, and sleeping, move."""

    def __init__(self, now: int) -> None:
        self.wall = now
        self.mono = 0

    def now(self) -> int:
        return self.wall

    def monotonic(self) -> int:
        return self.mono

    async def sleep(self, seconds: float) -> None:
        self.pass_time(round(seconds * SECOND))
        await asyncio.sleep(0)

    def pass_time(self, nanoseconds: int) -> None:
        self.wall += nanoseconds
        self.mono += nanoseconds


class FakeVenue:
    """A venue clock that the test sets."""

    def __init__(self, now: int, label: str = "") -> None:
        self.time = now
        self.label_text = label

    @property
    def label(self) -> str:
        return self.label_text

    def now(self) -> int:
        return self.time


class Listed:
    """A sink that remembers everything in order."""

    def __init__(self) -> None:
        self.quotes: list[Quote] = []
        self.prints: list[Print] = []
        self.depths: list[Depth] = []

    def on_quote(self, quote: Quote) -> None:
        self.quotes.append(quote)

    def on_print(self, trade: Print) -> None:
        self.prints.append(trade)

    def on_depth(self, depth: Depth) -> None:
        self.depths.append(depth)


class FakeSource:
    """A source that says only what the test says for it."""

    def __init__(self, name: str, venue: VenueClock, bars: Sequence[Bar] | None = None) -> None:
        self._name = name
        self._venue = venue
        self._bars = bars
        self.asked: list[str] = []
        self.wanted_depth: list[str] = []
        self.history_asked: list[tuple[int, int]] = []

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> MarketCapabilities:
        return MarketCapabilities(history=self._bars is not None)

    @property
    def venue(self) -> VenueClock:
        return self._venue

    async def run(self, sink: MarketSink) -> None:
        await asyncio.Event().wait()

    def subscribe(self, instruments: Sequence[Instrument]) -> None:
        self.asked.extend(one.symbol for one in instruments)

    def want_depth(self, symbol: str) -> None:
        self.wanted_depth.append(symbol)

    async def history(self, instrument: Instrument, seconds: int, count: int) -> tuple[Bar, ...]:
        self.history_asked.append((seconds, count))
        if self._bars is None or seconds != 60:
            raise Unavailable(f"only one-minute bars, asked were {seconds} s")
        return tuple(self._bars[-count:])


def quote(
    symbol: str = "ESZ6",
    bid: str | None = "6850.00",
    ask: str | None = "6850.25",
    *,
    recv: int = 0,
    source: str = "",
    last: str | None = None,
) -> Quote:
    return Quote(
        symbol=symbol,
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
        last=None if last is None else Decimal(last),
        ts_event=recv,
        ts_recv=recv,
        source=source,
    )


def bar(ts: int, o: str, h: str, low: str, c: str, volume: int = 1) -> Bar:
    return Bar(ts, Decimal(o), Decimal(h), Decimal(low), Decimal(c), Decimal(volume))
