"""The instrument of an explicit symbol, for its ticks, price format and point value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from tt_tui.domain.instrument import Instrument, UnknownSymbol
from tt_tui.domain.price_grid import format_price
from tt_tui.domain.symbology import resolve
from tt_tui.tui.figures import NONE

_LIMIT = 4_096


class Contracts:
    """Looks explicit symbols up once; those that name nothing are remembered too."""

    def __init__(self) -> None:
        self._known: dict[str, Instrument | None] = {}

    def find(self, symbol: str, today: date) -> Instrument | None:
        """Return the instrument of an explicit symbol, None where it names none."""
        if symbol not in self._known:
            if len(self._known) >= _LIMIT:
                self._known.clear()
            try:
                self._known[symbol] = resolve(symbol, today=today, rolls=_NoRolls())
            except UnknownSymbol:
                self._known[symbol] = None
        return self._known[symbol]


class _NoRolls:
    """Explicit symbols need no roll calendar; the desk alone says what a root means."""

    def front(self, root: str, on: date, offset: int = 0) -> Instrument:
        """Refuse."""
        raise UnknownSymbol(f"{root} is no explicit contract")


def price(instrument: Instrument | None, value: Decimal | None) -> str:
    """Return a price in the instrument's own way, as it is where the instrument is not known."""
    if value is None:
        return NONE
    if instrument is None:
        return f"{value.normalize():f}"
    return _written(value, instrument.tick_size, instrument.price_format == "32nds")


@lru_cache(maxsize=16_384)
def _written(value: Decimal, tick: Decimal, thirty_seconds: bool) -> str:
    """Prices come back again and again, and writing one takes longer than finding it."""
    return format_price(value, tick, thirty_seconds=thirty_seconds)
