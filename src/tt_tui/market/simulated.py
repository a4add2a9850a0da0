"""The simulated market: seeded quotes, trades, books and history, the same for the same seed and clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from tt_tui.desk.ports import Clock, MarketCapabilities, MarketSink, VenueClock
from tt_tui.domain.errors import Unavailable
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.market import Bar, Depth, Level, Print, Quote
from tt_tui.domain.sessions import SessionCalendar
from tt_tui.market.bars import resample
from tt_tui.market.characters import Character, character, underlying
from tt_tui.market.clocks import SECOND, Hours, Window
from tt_tui.market.path import SESSION_SECONDS, Path, activity, market_noise, salt, uniform

NAME = "simulated"
BATCH = 0.1
"""Seconds between two batches of quotes."""
DEPTH_LEVELS = 10
HISTORY_DAYS = 5

_MINUTE = 60 * SECOND
_STARTS_PER_BATCH = 8
_SAMPLES_PER_MINUTE = 4
# A few milliseconds of work, then the loop has its turn.
_BARS_PER_SLICE = 25
_WANTED_FOR = 15 * SECOND
# Far inside the 5 s after which an index quote is stale, so that a quiet night is never taken for a fault.
_LONGEST_SILENCE = 2 * SECOND
_LIVELIER_PER_BATCH = 0.005
_CHICAGO = ZoneInfo("America/Chicago")


class _Day:
    """The hour of the day in Chicago, with the zone looked up once an hour only."""

    def __init__(self) -> None:
        self._hour = -1
        self._offset = 0

    def lively(self, at: int) -> float:
        """Return how lively the market is at a time in nanoseconds UTC."""
        hour = at // (3600 * SECOND)
        if hour != self._hour:
            self._hour = hour
            local = datetime.fromtimestamp(hour * 3600, _CHICAGO)
            self._offset = int((local.utcoffset() or timedelta()).total_seconds()) * SECOND
        return activity((at + self._offset) / (3600 * SECOND) % 24.0)


class _Line:
    """One contract on the simulated market."""

    def __init__(self, instrument: Instrument, path: Path, nature: Character, random: Random) -> None:
        self.instrument = instrument
        self.path = path
        self.session = Window(0, 0, False)
        self.previous_close = self.high = self.low = self.last = 0
        self.volume = 0.0
        self.quoted_at = 0
        self._nature = nature
        self._random = random
        self._tick = instrument.tick_size
        self._per_tick = 1.0 / float(instrument.tick_size)
        self._prices: dict[int, Decimal] = {}
        self._sizes: dict[int, Decimal] = {}

    def ticks(self, seconds: float, lively: float) -> float:
        """Return the fair price at a time of the path, in ticks."""
        return self.path.price(seconds, lively) * self._per_tick

    def price(self, ticks: int) -> Decimal:
        """Return the price of a number of ticks."""
        price = self._prices.get(ticks)
        if price is None:
            price = self._prices[ticks] = self._tick * ticks
        return price

    def size(self, count: int) -> Decimal:
        """Return a size as a Decimal."""
        size = self._sizes.get(count)
        if size is None:
            size = self._sizes[count] = Decimal(count)
        return size

    def open(self, session: Window, close: float, samples: Sequence[tuple[float, float]], now: float) -> None:
        """Begin a session, of which some may be over: prices in ticks, each sample a quarter of an hour's."""
        self.session = session
        self.previous_close, self.last = round(close), round(now)
        seen = [self.last, *(round(ticks) for ticks, _ in samples)]
        self.high, self.low = max(seen), min(seen)
        done = sum(lively for _, lively in samples) * 900.0 / SESSION_SECONDS
        self.volume = float(int(self._nature.volume * done / 0.65))

    def wants_to_quote(self, venue: int, lively: float) -> bool:
        """Draw whether the contract says something in this batch."""
        drawn = self._random.random() < self._nature.quotes_per_second * lively * BATCH
        return drawn or not 0 <= venue - self.quoted_at < _LONGEST_SILENCE

    def say(self, venue: int, fair: float, sink: MarketSink, *, deep: bool, traded: bool = True) -> None:
        """Send one quote, often with a trade before it, and the book where it is looked at."""
        random = self._random
        spread = 1 if random.random() >= self._nature.wide else 2 + int(random.random() * 2.0)
        bid = max(1, int(fair - (spread - 1) / 2.0))
        ask = bid + spread
        bid_size, ask_size = self._draw_size(1.0), self._draw_size(1.0)
        last_size = self._trade(venue, bid, spread, fair, sink) if traded and random.random() < 0.6 else None
        self.quoted_at = venue
        sink.on_quote(
            Quote(
                symbol=self.instrument.symbol,
                bid=self.price(bid),
                ask=self.price(ask),
                bid_size=self.size(bid_size),
                ask_size=self.size(ask_size),
                last=self.price(self.last),
                last_size=last_size,
                volume=Decimal(int(self.volume)),
                previous_close=self.price(self.previous_close),
                high=self.price(self.high),
                low=self.price(self.low),
                ts_event=venue,
                ts_recv=venue,
                source=NAME,
            )
        )
        if deep:
            sink.on_depth(self._book(venue, bid, ask, bid_size, ask_size))

    def _trade(self, venue: int, bid: int, spread: int, fair: float, sink: MarketSink) -> Decimal:
        # The side on which the fair price leans is hit more often, so that trades follow the path.
        buyer = self._random.random() < min(0.9, max(0.1, (fair - bid) / spread))
        self.last = bid + spread if buyer else bid
        count = self._draw_size(0.15)
        self.volume += count
        self.high, self.low = max(self.high, self.last), min(self.low, self.last)
        symbol, price, size = self.instrument.symbol, self.price(self.last), self.size(count)
        sink.on_print(Print(symbol=symbol, price=price, size=size, buyer=buyer, ts_event=venue))
        return size

    def minute_volume(self, minute: int, lively: float) -> Decimal:
        """Return how much trades in a minute of the past."""
        average = self._nature.volume * 60.0 / SESSION_SECONDS / 0.65
        wobble = 1.0 + 0.6 * uniform(salt(self.instrument.symbol), minute)
        return self.size(max(1, int(average * lively * wobble)))

    def _draw_size(self, share: float) -> int:
        return 1 + int(self._random.expovariate(1.0) * self._nature.size * share)

    def _book(self, venue: int, bid: int, ask: int, bid_size: int, ask_size: int) -> Depth:
        bids = [Level(self.price(bid), self.size(bid_size))]
        asks = [Level(self.price(ask), self.size(ask_size))]
        for step in range(1, DEPTH_LEVELS):
            thicker = 1.0 + 0.25 * step
            if bid > step:
                bids.append(Level(self.price(bid - step), self.size(self._draw_size(thicker))))
            asks.append(Level(self.price(ask + step), self.size(self._draw_size(thicker))))
        return Depth(symbol=self.instrument.symbol, bids=tuple(bids), asks=tuple(asks), ts_event=venue)


class SimulatedMarket:
    """A ``MarketData`` source that needs no network: any future or share it is asked for gets a market.

    Prices are a function of the seed and the wall time, so a restart finds the market where it would have
    been; sizes and trades are drawn from the seed and the time of the first batch. A contract whose session
    is closed says where it stands once and is then silent.

    Args:
        clock: paces the batches and places them on the price paths.
        venue: the market's own time; ``SimulatedVenueClock`` in the workstation.
        calendar: which sessions are open.
        seed: another seed is another market.
    """

    def __init__(self, clock: Clock, venue: VenueClock, calendar: SessionCalendar, seed: int = 1) -> None:
        self._clock = clock
        self._venue = venue
        self._hours = Hours(calendar)
        self._seed = seed
        self._asked: deque[Instrument] = deque()
        self._lines: dict[str, _Line] = {}
        self._paths: dict[str, Path] = {}
        self._market = market_noise(seed)
        self._day = _Day()
        self._depth_until: dict[str, int] = {}
        self._offset = 0
        self._lively = 0.0

    @property
    def name(self) -> str:
        """Return ``simulated``."""
        return NAME

    @property
    def capabilities(self) -> MarketCapabilities:
        """Return that it offers everything."""
        return MarketCapabilities(quotes=True, prints=True, depth=True, history=True)

    @property
    def venue(self) -> VenueClock:
        """Return the simulated market's time."""
        return self._venue

    def subscribe(self, instruments: Sequence[Instrument]) -> None:
        """Ask for more contracts. Thread-safe."""
        self._asked.extend(instruments)

    def want_depth(self, symbol: str) -> None:
        """Make a contract's book for the next quarter of a minute. Thread-safe."""
        self._depth_until[symbol] = self._clock.monotonic() + _WANTED_FOR

    async def run(self, sink: MarketSink) -> None:
        """Feed the sink with a batch every tenth of a second until cancelled."""
        while True:
            self.step(sink)
            await self._clock.sleep(BATCH)

    def step(self, sink: MarketSink) -> None:
        """Send one batch: what the contracts say at the clock's present time."""
        wall = self._clock.now()
        venue = self._venue.now()
        jumped = self._follow(wall, venue)
        lively = self._liveliness(venue)
        self._start_asked(wall)
        now, monotonic = wall / SECOND, self._clock.monotonic()
        for line in self._lines.values():
            window = self._hours.window(line.instrument.group, venue)
            if not window.is_open:
                if not line.quoted_at:
                    self._say_closed(line, venue, sink)
                continue
            if jumped or window != line.session:
                self._open(line, window, venue)
            if line.wants_to_quote(venue, lively):
                deep = self._depth_until.get(line.instrument.symbol, 0) > monotonic
                line.say(venue, line.ticks(now, lively), sink, deep=deep)

    async def history(self, instrument: Instrument, seconds: int, count: int) -> tuple[Bar, ...]:
        """Return up to ``count`` closed bars out of five days of one-minute history, oldest first.

        Raises:
            Unavailable: the length asked for is no multiple of a minute up to a day.
        """
        if seconds % 60 or not 60 <= seconds <= 86_400:
            raise Unavailable(
                f"the simulated market keeps one-minute history: ask for a multiple of 60 seconds up to a day "
                f"instead of {seconds}"
            )
        wall, now = self._clock.now(), self._venue.now()
        self._follow(wall, now)
        line = self._line(instrument, wall, fresh=True)
        try:
            # One bar more than asked for: the oldest may be cut and the newest still open.
            minutes = self._minutes(instrument.group, now, (count + (seconds > 60)) * seconds // 60)
        except LookupError as error:
            raise Unavailable(f"no history of {instrument.symbol}: {error}") from error
        bars: list[Bar] = []
        day = _Day()
        for at in range(0, len(minutes), _BARS_PER_SLICE):
            bars.extend(self._bar(line, day, minute) for minute in minutes[at : at + _BARS_PER_SLICE])
            await asyncio.sleep(0)
        if seconds == 60:
            return tuple(bars)
        return resample(bars, seconds, self._hours, instrument.group, until=now)[-count:]

    def _follow(self, wall: int, venue: int) -> bool:
        # Whole seconds: the two clocks are read one after the other, and the difference only changes in leaps.
        offset = (wall - venue + SECOND // 2) // SECOND * SECOND
        jumped = offset != self._offset
        self._offset = offset
        return jumped

    def _liveliness(self, venue: int) -> float:
        # When the venue's clock leaps so does the hour of the day, but prices must not.
        target = self._day.lively(venue)
        if self._lively:
            target = min(max(target, self._lively - _LIVELIER_PER_BATCH), self._lively + _LIVELIER_PER_BATCH)
        self._lively = target
        return target

    def _start_asked(self, wall: int) -> None:
        for _ in range(min(_STARTS_PER_BATCH, len(self._asked))):
            instrument = self._asked.popleft()
            if instrument.symbol not in self._lines:
                self._lines[instrument.symbol] = self._line(instrument, wall)

    def _line(self, instrument: Instrument, wall: int, *, fresh: bool = False) -> _Line:
        name = underlying(instrument)
        nature = character(name)
        path = None if fresh else self._paths.get(name)
        if path is None:
            # History walks a path of its own: the live one remembers where it is.
            market = market_noise(self._seed) if fresh else self._market
            path = Path(self._seed, name, base=nature.base, daily=nature.daily, beta=nature.beta, market=market)
            if not fresh:
                self._paths[name] = path
        return _Line(instrument, path, nature, Random(salt(self._seed, instrument.symbol, wall)))

    def _say_closed(self, line: _Line, venue: int, sink: MarketSink) -> None:
        window = self._hours.last_open(line.instrument.group, venue)
        self._open(line, window, window.end)
        line.say(venue, float(line.last), sink, deep=False, traded=False)

    def _open(self, line: _Line, window: Window, venue: int) -> None:
        day = _Day()

        def ticks(at: int, lively: float) -> float:
            return line.ticks((at + self._offset) / SECOND, lively)

        times = [(at, day.lively(at)) for at in range(window.start, venue, 15 * _MINUTE)]
        samples = [(ticks(at, lively), lively) for at, lively in times]
        before = window.start - _MINUTE
        line.open(window, ticks(before, day.lively(before)), samples, ticks(venue, self._lively))

    def _minutes(self, group: str, now: int, count: int) -> list[int]:
        """Return the starts of the latest closed minutes in session, oldest first."""
        found: list[int] = []
        for window in self._sessions_back(group, now):
            end = min(window.end, now) // _MINUTE * _MINUTE
            start = max(window.start, end - (count - len(found)) * _MINUTE)
            found = [*range(start, end, _MINUTE), *found]
            if len(found) >= count:
                break
        return found

    def _sessions_back(self, group: str, now: int) -> Iterator[Window]:
        days: set[object] = set()
        at = now
        while True:
            window = self._hours.last_open(group, at)
            days.add(self._hours.trade_date(group, window.start))
            if len(days) > HISTORY_DAYS:
                return
            yield window
            at = window.start - 1

    def _bar(self, line: _Line, day: _Day, minute: int) -> Bar:
        step = 60.0 / _SAMPLES_PER_MINUTE
        start = (minute + self._offset) / SECOND
        seen = []
        for number in range(_SAMPLES_PER_MINUTE + 1):
            lively = day.lively(minute + int(number * step) * SECOND)
            seen.append(max(1, round(line.ticks(start + number * step, lively))))
        volume = line.minute_volume(minute // _MINUTE, lively)
        price = line.price
        return Bar(minute, price(seen[0]), price(max(seen)), price(min(seen)), price(seen[-1]), volume)
