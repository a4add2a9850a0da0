"""Past bars of a contract, from the first source that has them."""

from __future__ import annotations

from collections.abc import Sequence

from tt_tui.desk.ports import MarketData
from tt_tui.domain.errors import Unavailable
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.market import Bar
from tt_tui.domain.sessions import SessionCalendar
from tt_tui.market.bars import DAY, resample
from tt_tui.market.clocks import Hours

_MINUTE = 60


class History:
    """Asks the sources in order; a length that a source does not have is made of its one-minute bars."""

    def __init__(self, sources: Sequence[MarketData], calendar: SessionCalendar) -> None:
        self._sources = tuple(sources)
        self._hours = Hours(calendar)

    async def bars(self, instrument: Instrument, seconds: int, count: int) -> tuple[Bar, ...]:
        """Return up to ``count`` closed bars of ``seconds`` (one minute to one day), oldest first.

        Raises:
            ValueError: a length or count that makes no bars.
            Unavailable: no source could be asked; the text says why for each.
        """
        if not 1 <= seconds <= DAY or count < 1:
            raise ValueError(f"bars last 1 to {DAY} seconds and are 1 or more, asked were {count} of {seconds} s")
        reasons = []
        for source in self._sources:
            if not source.capabilities.history:
                reasons.append(f"{source.name}: keeps no history")
                continue
            try:
                return await self._ask(source, instrument, seconds, count)
            except Unavailable as error:
                reasons.append(f"{source.name}: {error}")
        why = "; ".join(reasons) or "no source of market data is configured"
        raise Unavailable(f"no history of {instrument.symbol}: {why}")

    async def _ask(self, source: MarketData, instrument: Instrument, seconds: int, count: int) -> tuple[Bar, ...]:
        try:
            return await source.history(instrument, seconds, count)
        except Unavailable:
            if seconds % _MINUTE or seconds == _MINUTE:
                raise
        # One bar more, because the oldest may be cut.
        minutes = await source.history(instrument, _MINUTE, (count + 1) * seconds // _MINUTE)
        bars = resample(minutes, seconds, self._hours, instrument.group, until=source.venue.now())
        return bars[-count:]
