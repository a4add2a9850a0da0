"""W: live quotes with their age and source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tt_tui.commands.registry import Function
from tt_tui.commands.wording import typed_symbol
from tt_tui.desk.ports import QuoteView
from tt_tui.tui import figures
from tt_tui.tui.contracts import price
from tt_tui.tui.keymap import bindings
from tt_tui.tui.panes.base import Pane
from tt_tui.tui.view import View
from tt_tui.tui.widgets.ink import Cell, Cells
from tt_tui.tui.widgets.table import Column, Table

COLUMNS = (
    Column("Symbol", 7),
    Column("Last", 10, right=True),
    Column("Change", 10, right=True, rank=3),
    Column("%", 7, right=True, rank=1),
    Column("Bid", 9, right=True, rank=2),
    Column("Ask", 9, right=True, rank=2),
    Column("Size", 9, right=True, rank=4),
    Column("Volume", 6, right=True, rank=5),
    Column("Age", 5, right=True),
    Column("Source", 9, rank=6, stretch=True),
)
_FLASH = 400_000_000
_EMPTY: Cells = (("–", "dim"),) * (len(COLUMNS) - 1)


class Watchlist(Pane):
    """Quotes of the watched contracts, only those in view are asked for."""

    EMPTY_TEXT = "Nothing is watched; W ADD ES NQ adds contracts."
    BINDINGS: ClassVar[list[BindingType]] = bindings("watchlist")

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self._table = Table(COLUMNS, numbered=True)
        self._moves: dict[str, tuple[Decimal, int, int]] = {}
        """By symbol: the last price, which way it moved, and until when that is lit up."""
        self._by_name = False
        self._symbols: tuple[str, ...] = ()

    def body(self) -> Iterable[Widget]:
        """Return the list."""
        return (self._table,)

    @property
    def main_table(self) -> Table:
        """Return the list."""
        return self._table

    @property
    def symbol(self) -> str:
        """Return the contract under the cursor."""
        return self._table.selected

    def symbols_in_view(self) -> Sequence[str]:
        """Return the contracts of the rows that can be seen."""
        return self._table.keys_in_view

    def row_numbers(self) -> Sequence[str]:
        """Return all contracts in the order shown."""
        return self._symbols

    def act(self, action: str) -> None:
        """Change between the user's own order and the alphabet."""
        if action == "watchlist.sort":
            self._by_name = not self._by_name

    def pick(self) -> None:
        """Begin a sentence with the contract under the cursor."""
        if self.symbol:
            self.post_message(self.Typed(f"BUY 1 {typed_symbol(self.symbol)}"))

    def apply(self, view: View) -> None:
        """Show the quotes of a frame."""
        self._symbols = tuple(sorted(view.watched)) if self._by_name else view.watched
        self._table.show(self._symbols, lambda symbol: self._row(symbol, view))
        order = "by name" if self._by_name else ""
        said = " · ".join(part for part in (order, self._table.range_text or str(len(self._symbols))) if part)
        self.say((said, "tab"))

    def _row(self, symbol: str, view: View) -> Cells:
        seen = view.quote(symbol)
        if seen is None:
            return ((symbol, "strong"), *_EMPTY)
        quote, instrument = seen.quote, view.instrument(symbol)
        ink = "stale" if seen.stale else "text"
        change = None
        if quote.last is not None and quote.previous_close is not None:
            change = quote.last - quote.previous_close
        moved = ink if seen.stale or not change else "up" if change > 0 else "down"
        changed = price(instrument, change)
        return (
            (symbol, "stale" if seen.stale else "strong"),
            self._last(symbol, seen, view, price(instrument, quote.last)),
            (f"+{changed}" if change and change > 0 else changed, moved),
            (figures.percent(change, quote.previous_close), moved),
            (price(instrument, quote.bid), ink),
            (price(instrument, quote.ask), ink),
            (
                f"{figures.quantity(quote.bid_size)}×{figures.quantity(quote.ask_size)}",
                "stale" if seen.stale else "dim",
            ),
            (figures.volume(quote.volume), "stale" if seen.stale else "dim"),
            ("stale", "warn") if seen.stale else (figures.age(seen.age), "dim"),
            (f"{quote.source} {figures.age(seen.age)}" if seen.stale else quote.source, "dim"),
        )

    def _last(self, symbol: str, seen: QuoteView, view: View, text: str) -> Cell:
        last = seen.quote.last
        if last is None:
            return text, "dim"
        before, way, until = self._moves.get(symbol, (last, 0, 0))
        if last != before:
            way, until = (1 if last > before else -1), view.now + _FLASH
        self._moves[symbol] = (last, way, until)
        arrow = "▲" if way > 0 else "▼" if way < 0 else " "
        if seen.stale:
            return f"{text} ", "stale"
        if view.may_flash and view.now < until:
            return f"{text}{arrow}", "flash-up" if way > 0 else "flash-down"
        return f"{text}{arrow}", "up" if way > 0 else "down" if way < 0 else "strong"
