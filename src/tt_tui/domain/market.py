"""Market data values: quotes, prints, depth and bars. Prices are Decimal, times nanoseconds UTC."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Quote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The latest known prices of one contract; None is unknown, never zero."""

    symbol: str
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last: Decimal | None = None
    last_size: Decimal | None = None
    volume: Decimal | None = None
    previous_close: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    ts_event: int = 0
    """The venue's time."""
    ts_recv: int = 0
    """Our time of receipt, on the clock of the venue that sent it."""
    source: str = ""

    @property
    def mid(self) -> Decimal | None:
        """Return the middle of bid and ask, else the last price, else None."""
        if self.bid is not None and self.ask is not None:
            return (self.bid + self.ask) / 2
        return self.last


class Print(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One trade of the market."""

    symbol: str
    price: Decimal
    size: Decimal
    buyer: bool | None = None
    """True when the buyer crossed the spread, False the seller, None unknown."""
    ts_event: int = 0


class Level(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One price level of a book."""

    price: Decimal
    size: Decimal


class Depth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The book of one contract, best levels first."""

    symbol: str
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    ts_event: int = 0


class Bar(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One bar; ``ts`` is its start."""

    ts: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
