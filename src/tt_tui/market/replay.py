"""Replays a recording as a market: its own time, 1× to as fast as possible, with pause and seek."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from tt_tui.desk.ports import Clock, MarketCapabilities, MarketSink
from tt_tui.domain.errors import Unavailable
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.market import Bar, Print, Quote
from tt_tui.domain.sessions import SessionCalendar
from tt_tui.market.bars import DAY, resample
from tt_tui.market.clocks import SECOND, Hours, ReplayClock
from tt_tui.market.recording import BARS, Recording

NAME = "replay"
STEP = 0.05
"""Real seconds between two looks at what is due."""
REPEAT = SECOND
"""Recorded time after which a quote that still stands is sent again."""
SKIP = 30 * 60 * SECOND
"""A gap at least this long, such as a night or a weekend, is leapt over."""

_EVENTS_PER_STEP = 500


class Event(NamedTuple):
    """One thing that the recording says, in whole ticks."""

    ts: int
    row: int
    bid: int
    ask: int
    last: int | None
    size: Decimal


class ReplayMarket:
    """A ``MarketData`` source that plays one recording.

    A bar is played as four prices: open, the nearer extreme, the other one, and close at its last nanosecond,
    each with a spread of one tick of which it is a side (the ask after a rise, the bid after a fall). Bars of
    bid and ask are played as such. What the recording does not hold, such as sizes at the best price, stays
    unknown; trades carry a quarter of their bar's volume each. While nothing new is due the last quote is
    sent again every second of recorded time, for that is what a quiet market's feed does; in a gap of five
    bars it is not, so that it goes stale.

    Args:
        recording: what to play.
        clock: paces it.
        calendar: for history bars that end with their session.
        speed: recorded seconds for one real second; 0 is as fast as possible.
    """

    def __init__(self, recording: Recording, clock: Clock, calendar: SessionCalendar, speed: float = 1.0) -> None:
        self._recording = recording
        self._clock = clock
        self._hours = Hours(calendar)
        self._venue = ReplayClock(clock, recording.start, speed)
        self._events = self._events_from(0)
        self._next = next(self._events, None)
        self._standing: Quote | None = None
        self._stands_until = 0
        # Prices of one long bar lie further apart than that, and belong together.
        self._skip = max(SKIP, 2 * recording.seconds * SECOND)

    @property
    def name(self) -> str:
        """Return ``replay``."""
        return NAME

    @property
    def capabilities(self) -> MarketCapabilities:
        """Return that it offers quotes, trades and history, no depth."""
        return MarketCapabilities(quotes=True, prints=True, depth=False, history=True)

    @property
    def venue(self) -> ReplayClock:
        """Return the recording's time, with its speed, pause and seek."""
        return self._venue

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Return what was recorded."""
        return self._recording.instruments

    @property
    def trouble(self) -> str:
        """Return that the recording has ended, in words; empty before."""
        if not self._venue.ended:
            return ""
        return f"the recording {self._recording.name} ended at {_in_words(self._recording.end)}; seek to play again"

    def subscribe(self, instruments: Sequence[Instrument]) -> None:
        """Take note of nothing: a recording plays what it holds, whoever asks. Thread-safe."""

    async def run(self, sink: MarketSink) -> None:
        """Play until cancelled; at the end it waits for a seek."""
        while True:
            busy = self.step(sink)
            await self._clock.sleep(0.0 if busy else STEP)

    def step(self, sink: MarketSink) -> bool:
        """Send what is due by now, at most 500 events; tell whether more is due already."""
        asked = self._venue.take_seek()
        if asked is not None:
            self._seek(asked, sink)
        if self._venue.paused or self._venue.ended:
            return False
        due = self._venue.due()
        for _ in range(_EVENTS_PER_STEP):
            event = self._next
            if event is None:
                self._finish(due)
                return False
            if event.ts - self._venue.now() >= self._skip and (due is None or event.ts > due):
                self._venue.jump(event.ts)
                due = self._venue.due()
            if due is not None and event.ts > due:
                self._idle(due, sink)
                return False
            self._venue.advance(event.ts)
            self._say(event, sink)
            self._next = next(self._events, None)
        return True

    async def history(self, instrument: Instrument, seconds: int, count: int) -> tuple[Bar, ...]:
        """Return up to ``count`` recorded bars that are over by the recording's present time, oldest first.

        Raises:
            Unavailable: another contract, or bars shorter than the recorded ones.
        """
        recording = self._recording
        if instrument.symbol not in {one.symbol for one in recording.instruments}:
            held = ", ".join(one.symbol for one in recording.instruments)
            raise Unavailable(f"{recording.name} holds {held}, not {instrument.symbol}; no history of it")
        daily = seconds == DAY
        if not 1 <= seconds <= DAY or (seconds < recording.seconds and not daily):
            raise Unavailable(
                f"{recording.name} holds bars of {recording.seconds} s; ask for a length from that to a day, "
                f"was {seconds} s"
            )
        now = self._venue.now()
        last = recording.row_at(now - recording.seconds * SECOND + 1)
        # As many rows as can fill the bars asked for, and one bar more because the oldest may be cut.
        first = max(0, last - (count + 1) * max(1, seconds // max(1, recording.seconds)))
        rows = [
            recording.bar(row) for row in range(first, last) if recording.instrument(row).symbol == instrument.symbol
        ]
        if seconds == recording.seconds:
            return tuple(rows[-count:])
        return resample(rows, seconds, self._hours, instrument.group, until=now)[-count:]

    def _seek(self, asked: int, sink: MarketSink) -> None:
        at = min(max(asked, self._recording.start), self._recording.end)
        before = None
        row = max(0, self._recording.row_at(at + 1) - 1)
        self._events = self._events_from(row)
        self._next = next(self._events, None)
        while self._next is not None and self._next.ts <= at:
            before = self._next
            self._next = next(self._events, None)
        self._venue.jump(at)
        self._standing = None
        if before is not None:
            self._say(before, sink, traded=False)

    def _finish(self, due: int | None) -> None:
        end = self._recording.end
        if due is None or due >= end:
            self._venue.advance(end)
            self._venue.finish()
        else:
            self._venue.advance(max(due, self._venue.now()))

    def _idle(self, due: int, sink: MarketSink) -> None:
        self._venue.advance(max(due, self._venue.now()))
        standing, now = self._standing, self._venue.now()
        if standing is not None and standing.ts_recv + REPEAT <= now < self._stands_until:
            self._quote(standing.symbol, standing.bid, standing.ask, None, sink)

    def _say(self, event: Event, sink: MarketSink, *, traded: bool = True) -> None:
        instrument = self._recording.instrument(event.row)
        tick = instrument.tick_size
        last = None if event.last is None else tick * event.last
        if traded and last is not None and event.size:
            sink.on_print(
                Print(
                    symbol=instrument.symbol,
                    price=last,
                    size=event.size,
                    buyer=event.last == event.ask,
                    ts_event=event.ts,
                )
            )
        self._stands_until = event.ts + max(6 * self._recording.seconds, 60) * SECOND
        self._quote(instrument.symbol, tick * event.bid, tick * event.ask, last, sink, event.ts)

    def _quote(
        self,
        symbol: str,
        bid: Decimal | None,
        ask: Decimal | None,
        last: Decimal | None,
        sink: MarketSink,
        ts: int = 0,
    ) -> None:
        now = self._venue.now()
        quote = Quote(symbol=symbol, bid=bid, ask=ask, last=last, ts_event=ts or now, ts_recv=now, source=NAME)
        self._standing = quote
        sink.on_quote(quote)

    def _events_from(self, row: int) -> Iterator[Event]:
        play = {"bars": self._bar, "bid_ask": self._bid_ask, "trades": self._trade}[self._recording.kind]
        last: int | None = None
        for number in range(row, len(self._recording)):
            for event in play(number, last):
                last = event.last
                yield event

    def _bar(self, row: int, before: int | None) -> Iterator[Event]:
        prices = dict(zip(BARS, (column[row] for column in self._recording.columns), strict=True))
        size = self._recording.volume(row) / 4
        for ts, name in self._times(row, _order(prices)):
            price = prices[name]
            rose = before is None or price >= before
            yield Event(ts, row, price - rose, price + (not rose), price, size)
            before = price

    def _bid_ask(self, row: int, _: int | None) -> Iterator[Event]:
        values = [column[row] for column in self._recording.columns]
        bids, asks = dict(zip(BARS, values[:4], strict=True)), dict(zip(BARS, values[4:], strict=True))
        for ts, name in self._times(row, _order(bids)):
            yield Event(ts, row, bids[name], asks[name], None, Decimal(0))

    def _trade(self, row: int, before: int | None) -> Iterator[Event]:
        price = self._recording.columns[0][row]
        rose = before is None or price >= before
        ts = self._recording.starts[row]
        yield Event(ts, row, price - rose, price + (not rose), price, self._recording.volume(row))

    def _times(self, row: int, names: tuple[str, str, str, str]) -> Iterator[tuple[int, str]]:
        start, length = self._recording.starts[row], self._recording.seconds * SECOND
        return zip((start, start + length // 3, start + 2 * length // 3, start + length - 1), names, strict=True)


def _order(prices: dict[str, int]) -> tuple[str, str, str, str]:
    """Return the names of a bar's prices in the order played: the extreme nearer to the open comes first."""
    up, down = prices["high"] - prices["open"], prices["open"] - prices["low"]
    if up < down or (up == down and prices["close"] < prices["open"]):
        return "open", "high", "low", "close"
    return "open", "low", "high", "close"


def _in_words(at: int) -> str:
    return f"{datetime.fromtimestamp(at // SECOND, UTC):%Y-%m-%d %H:%M:%S} UTC"
