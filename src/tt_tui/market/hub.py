"""The hub: the latest quote, book and prints of every contract, from whichever source is healthy.

Sources write on the desk's loop. Readers on any thread look up immutable values in plain dicts, so nobody
waits for anybody and a slow reader sees only the latest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from tt_tui.desk.ports import MarketData, MarketSink, QuoteView, VenueClock
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.market import Depth, Print, Quote
from tt_tui.domain.sessions import SessionCalendar
from tt_tui.market.clocks import SECOND, Hours

PRINTS_KEPT = 500
MUTE_AFTER = 5 * SECOND
"""A source without a data frame for this long, in session, is mute [order-lifecycle, 7 "Stale"]."""
UNKNOWN_MAX_AGE = 60 * SECOND
"""Age limit of a contract that nobody asked to watch, so that its product is not known here."""

Listener = Callable[[Quote], None]

_log = logging.getLogger(__name__)


@runtime_checkable
class DepthOnDemand(Protocol):
    """A source that makes books only for contracts somebody looks at."""

    def want_depth(self, symbol: str) -> None:
        """Say that a contract's book is being looked at now. Thread-safe, cheap."""
        ...


@runtime_checkable
class SpeaksOfTrouble(Protocol):
    """A source that knows when it has nothing to say, such as a recording that has ended."""

    @property
    def trouble(self) -> str:
        """Return why no data is to be expected, as words; empty while all is well."""
        ...


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """How one source does, for the screen's strip."""

    name: str
    healthy: bool
    why: str = ""
    """What is wrong, as words; empty while healthy."""


class _Feed:
    """One source's own latest quotes; it is the sink that the source writes to."""

    def __init__(self, hub: Hub, source: MarketData, rank: int) -> None:
        self.source = source
        self.name = source.name
        self.rank = rank
        self.last_frame = 0
        """Venue time of the newest data frame; 0 before the first."""
        self.canaries: tuple[str, ...] = ()
        """Calendar groups by whose hours its silence is judged: what it quotes that trades all the time."""
        self.groups: tuple[str, ...] = ()
        """Calendar groups of all that it quotes."""
        self.on_demand = source if isinstance(source, DepthOnDemand) else None
        self.speaks = source if isinstance(source, SpeaksOfTrouble) else None
        self._hub = hub
        self._quotes: dict[str, Quote] = {}

    def on_quote(self, quote: Quote) -> None:
        """Merge a quote into what the source said before, and publish it."""
        former = self._quotes.get(quote.symbol)
        if former is not None or not quote.ts_recv or quote.source != self.name:
            quote = self._completed(quote, former)
        self._quotes[quote.symbol] = quote
        self.last_frame = quote.ts_recv
        if former is None:
            self.learn(self._hub.watched())
        self._hub.publish(self, quote)

    def on_print(self, trade: Print) -> None:
        """Take one trade."""
        self.last_frame = self.source.venue.now()
        self._hub.publish_print(self, trade)

    def on_depth(self, depth: Depth) -> None:
        """Take one book."""
        self.last_frame = self.source.venue.now()
        self._hub.publish_depth(self, depth)

    def quote(self, symbol: str) -> Quote | None:
        """Return the latest of this source alone."""
        return self._quotes.get(symbol)

    def learn(self, watched: tuple[Instrument, ...]) -> None:
        """Work out by whose hours the source is to be judged."""
        quoted = [instrument for instrument in watched if instrument.symbol in self._quotes]
        self.groups = tuple({one.group for one in quoted})
        # Silence in corn alone proves nothing; silence in what always trades does.
        self.canaries = tuple({one.group for one in quoted if one.max_quote_age <= MUTE_AFTER})

    def _completed(self, quote: Quote, former: Quote | None) -> Quote:
        if not (
            not quote.ts_recv
            or quote.source != self.name
            or quote.bid is None
            or quote.ask is None
            or quote.bid_size is None
            or quote.ask_size is None
            or quote.last is None
            or quote.last_size is None
            or quote.volume is None
            or quote.previous_close is None
            or quote.high is None
            or quote.low is None
        ):
            return quote
        old = former or quote
        return Quote(
            symbol=quote.symbol,
            bid=old.bid if quote.bid is None else quote.bid,
            ask=old.ask if quote.ask is None else quote.ask,
            bid_size=old.bid_size if quote.bid_size is None else quote.bid_size,
            ask_size=old.ask_size if quote.ask_size is None else quote.ask_size,
            last=old.last if quote.last is None else quote.last,
            last_size=old.last_size if quote.last_size is None else quote.last_size,
            volume=old.volume if quote.volume is None else quote.volume,
            previous_close=old.previous_close if quote.previous_close is None else quote.previous_close,
            high=old.high if quote.high is None else quote.high,
            low=old.low if quote.low is None else quote.low,
            ts_event=quote.ts_event or old.ts_event,
            ts_recv=quote.ts_recv or self.source.venue.now(),
            source=self.name,
        )


class Hub:
    """Latest market data by contract; a ``MarketSink`` for its sources, a ``QuoteSource`` for its readers.

    A contract's quotes come from the first healthy source in the order given; ``Quote.source`` says which.

    Args:
        venue: the clock of the market that the screen shows.
        calendar: tells when a mute source is a fault and when the market is just closed.
        sources: in order of preference. Each is run with ``sink(source)``, or with the hub itself.
    """

    def __init__(self, venue: VenueClock, calendar: SessionCalendar, sources: Sequence[MarketData] = ()) -> None:
        self._venue = venue
        self._hours = Hours(calendar)
        self._feeds: dict[str, _Feed] = {}
        for source in sources:
            if source.name in self._feeds:
                raise ValueError(f"two sources of market data are called {source.name!r}; rename one of them")
            self._feeds[source.name] = _Feed(self, source, rank=len(self._feeds))
        self._preferred = next(iter(self._feeds.values()), None)
        self._instruments: dict[str, Instrument] = {}
        self._latest: dict[str, Quote] = {}
        self._chosen: dict[str, _Feed] = {}
        self._depths: dict[str, Depth] = {}
        self._prints: dict[str, list[Print]] = {}
        self._listeners: tuple[Listener, ...] = ()
        self._listeners_of: dict[str, tuple[Listener, ...]] = {}
        self._failures: dict[Listener, int] = {}

    @property
    def venue(self) -> VenueClock:
        """Return the clock of the market that the screen shows."""
        return self._venue

    def sink(self, source: MarketData) -> MarketSink:
        """Return where one source writes; it marks what it takes with the source's name."""
        return self._feeds[source.name]

    def on_quote(self, quote: Quote) -> None:
        """Take a quote of the source it names; one of an unknown source is dropped."""
        feed = self._feeds.get(quote.source)
        if feed is not None:
            feed.on_quote(quote)

    def on_print(self, trade: Print) -> None:
        """Take a trade of the preferred source."""
        if self._preferred is not None:
            self._preferred.on_print(trade)

    def on_depth(self, depth: Depth) -> None:
        """Take a book of the preferred source."""
        if self._preferred is not None:
            self._preferred.on_depth(depth)

    def watch(self, instruments: Sequence[Instrument]) -> None:
        """Ask every source for these contracts. Thread-safe."""
        fresh = [instrument for instrument in instruments if instrument.symbol not in self._instruments]
        if not fresh:
            return
        self._instruments.update({instrument.symbol: instrument for instrument in fresh})
        for feed in self._feeds.values():
            feed.learn(self.watched())
            feed.source.subscribe(fresh)

    def watched(self) -> tuple[Instrument, ...]:
        """Return the contracts asked for so far."""
        return tuple(self._instruments.values())

    def listen(self, listener: Listener, symbol: str = "") -> Callable[[], None]:
        """Call the listener on the desk's loop for every quote, or every one of a contract.

        One that raises is logged; it goes on being called, and so are all others.
        """
        if symbol:
            self._listeners_of[symbol] = (*self._listeners_of.get(symbol, ()), listener)
        else:
            self._listeners = (*self._listeners, listener)

        def stop() -> None:
            self._failures.pop(listener, None)
            if symbol:
                left = tuple(one for one in self._listeners_of.get(symbol, ()) if one is not listener)
                if left:
                    self._listeners_of[symbol] = left
                else:
                    self._listeners_of.pop(symbol, None)
            else:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return stop

    def view(self, symbol: str) -> QuoteView | None:
        """Return the latest quote with its age and whether it is stale, None where there never was one."""
        quote = self._latest.get(symbol)
        return None if quote is None else self._judge(quote)

    def frame(self, symbols: Iterable[str]) -> dict[str, QuoteView]:
        """Return the latest quotes of the contracts in view; those that never had one are left out."""
        latest = self._latest
        return {symbol: self._judge(latest[symbol]) for symbol in symbols if symbol in latest}

    def depth(self, symbol: str) -> Depth | None:
        """Return the latest book; asking is what makes a source go on making it."""
        for feed in self._feeds.values():
            if feed.on_demand is not None:
                feed.on_demand.want_depth(symbol)
        return self._depths.get(symbol)

    def prints(self, symbol: str, count: int) -> tuple[Print, ...]:
        """Return the latest prints of a watched contract, newest last, at most 500."""
        # A slice is taken whole before the writer can append again, so no lock is needed.
        return tuple(self._prints.get(symbol, [])[-min(count, PRINTS_KEPT) :]) if count > 0 else ()

    def sources(self) -> tuple[SourceState, ...]:
        """Return how each source does, in order of preference."""
        states = []
        for feed in self._feeds.values():
            why = self._trouble(feed, feed.source.venue.now())
            states.append(SourceState(name=feed.name, healthy=not why, why=why))
        return tuple(states)

    def publish(self, feed: _Feed, quote: Quote) -> None:
        """Make a source's quote the contract's latest, unless a better source is doing well."""
        symbol = quote.symbol
        current = self._chosen.get(symbol)
        if current is not feed:
            if current is not None:
                if not self._is_better(feed, current, symbol):
                    return
                self._depths.pop(symbol, None)
                _log.info("%s: quotes now come from %s instead of %s", symbol, feed.name, current.name)
            self._chosen[symbol] = feed
        self._latest[symbol] = quote
        for listener in self._listeners:
            self._tell(listener, quote)
        if symbol in self._listeners_of:
            for listener in self._listeners_of[symbol]:
                self._tell(listener, quote)

    def publish_print(self, feed: _Feed, trade: Print) -> None:
        """Keep a trade of a watched contract, from the source that also quotes it."""
        symbol = trade.symbol
        if symbol not in self._instruments or self._chosen.get(symbol, feed) is not feed:
            return
        kept = self._prints.get(symbol)
        if kept is None or len(kept) >= 2 * PRINTS_KEPT:
            kept = self._prints[symbol] = kept[-PRINTS_KEPT:] if kept else []
        kept.append(trade)

    def publish_depth(self, feed: _Feed, depth: Depth) -> None:
        """Keep a book, from the source that also quotes the contract."""
        if self._chosen.get(depth.symbol, feed) is feed:
            self._depths[depth.symbol] = depth

    def _is_better(self, feed: _Feed, current: _Feed, symbol: str) -> bool:
        if feed.rank < current.rank:
            return True
        quote = current.quote(symbol)
        return quote is None or self._judge(quote).stale

    def _judge(self, quote: Quote) -> QuoteView:
        feed = self._feeds[quote.source]
        now = feed.source.venue.now()
        age = now - quote.ts_recv
        instrument = self._instruments.get(quote.symbol)
        limit = UNKNOWN_MAX_AGE if instrument is None else instrument.max_quote_age
        if instrument is not None and not self._hours.is_open(instrument.group, now):
            stale = False
        else:
            # A venue clock that stepped back leaves quotes of the future behind: as old as they are ahead.
            stale = abs(age) > limit or bool(self._trouble(feed, now, instrument))
        return QuoteView(quote=quote, age=max(age, 0), stale=stale)

    def _trouble(self, feed: _Feed, now: int, instrument: Instrument | None = None) -> str:
        if feed.speaks is not None and (trouble := feed.speaks.trouble):
            return trouble
        own = () if instrument is None else (instrument.group,)
        groups = feed.canaries or own or feed.groups or tuple({one.group for one in self.watched()})
        opened = [window.start for group in groups if (window := self._hours.window(group, now)).is_open]
        if not opened:
            return ""
        # Silence counts from the open: before it nobody owed us a frame.
        silence = now - max(feed.last_frame, min(opened)) if feed.last_frame <= now else feed.last_frame - now
        if silence <= MUTE_AFTER:
            return ""
        return f"no data for {silence // SECOND} s while the session is open"

    def _tell(self, listener: Listener, quote: Quote) -> None:
        try:
            listener(quote)
        except Exception:
            failures = self._failures[listener] = self._failures.get(listener, 0) + 1
            # At quote rate a log line each would bury the first: only the 1st, 2nd, 4th, 8th … is written.
            if failures & (failures - 1) == 0:
                _log.exception("a quote listener failed on %s, %d times by now", quote.symbol, failures)
