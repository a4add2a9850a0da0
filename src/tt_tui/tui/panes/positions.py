"""POS: what accounts hold, with live profit and loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tt_tui.commands.registry import Function
from tt_tui.commands.wording import typed_symbol
from tt_tui.desk.state import State, position_key
from tt_tui.domain.position import Position
from tt_tui.tui import figures, marks
from tt_tui.tui.contracts import price
from tt_tui.tui.keymap import bindings
from tt_tui.tui.panes.base import Pane
from tt_tui.tui.view import View
from tt_tui.tui.widgets.ink import Cell, Cells
from tt_tui.tui.widgets.table import Column, Table

COLUMNS = (
    Column("Account", 10),
    Column("Symbol", 7),
    Column("Quantity", 8, right=True),
    Column("Average", 9, right=True, rank=2),
    Column("Mark", 9, right=True, rank=3),
    Column("Open P&L", 10, right=True),
    Column("Realised", 10, right=True, rank=4),
    Column("Stop", 10, rank=1),
    Column("Owner", 8, rank=5, stretch=True),
)
_VERBS = {"positions.close": "CLOSE", "positions.break_even": "BE"}


def profit_ink(value: Decimal | None, *, stale: bool = False) -> str:
    """Return the ink of a profit or loss."""
    if value is None or stale:
        return "stale"
    return "up" if value > 0 else "down" if value < 0 else "text"


class Positions(Pane):
    """Positions that are not flat, of every account."""

    EMPTY_TEXT = "Flat."
    BINDINGS: ClassVar[list[BindingType]] = bindings("positions")

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self._table = Table(COLUMNS)
        self._held: dict[str, Position] = {}

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
        chosen = self.chosen
        return "" if chosen is None else chosen.symbol

    @property
    def chosen(self) -> Position | None:
        """Return the position under the cursor."""
        return self._held.get(self._table.selected)

    def act(self, action: str) -> None:
        """Begin the sentence that closes the position under the cursor, or moves its stop."""
        verb, chosen = _VERBS.get(action), self.chosen
        if verb is not None and chosen is not None:
            self.post_message(self.Typed(f"{verb} {typed_symbol(chosen.symbol)} ACC {chosen.account}"))

    def pick(self) -> None:
        """Begin the sentence that closes the position."""
        self.act("positions.close")

    def symbols_in_view(self) -> Sequence[str]:
        """Return the contracts held."""
        return tuple({position.symbol for position in self._held.values()})

    def apply(self, view: View) -> None:
        """Show the positions of a frame."""
        if self.is_news(view):
            self._held = _held(view.state)
        held = self._held
        self._table.show(tuple(held), lambda key: _row(held[key], view))
        profits = [marks.open_profit(position, view) for position in held.values()]
        total = None if None in profits else sum((one for one in profits if one is not None), Decimal(0))
        said = figures.money(total, signed=True) if held else ""
        self.say((f"{said} ", profit_ink(total)), (figures.plural(len(held), "position"), "tab"))


def _held(state: State) -> dict[str, Position]:
    return {position_key(one.account, one.symbol): one for one in marks.held(state)}


def _row(position: Position, view: View) -> Cells:
    instrument = view.instrument(position.symbol)
    exit_price = marks.mark(position, view)
    profit = marks.open_profit(position, view)
    return (
        (position.account, "live" if view.is_live(position.account) else "text"),
        (position.symbol, "strong"),
        (
            f"{'LONG' if position.quantity > 0 else 'SHORT'} {figures.quantity(abs(position.quantity))}",
            "up" if position.quantity > 0 else "down",
        ),
        (f"{price(instrument, position.average)}{'~' if position.estimated else ''}", "text"),
        (price(instrument, exit_price.price), "stale" if exit_price.stale else "text"),
        (figures.money(profit, signed=True), profit_ink(profit, stale=exit_price.stale)),
        (figures.money(position.realised, signed=True), profit_ink(position.realised)),
        _stop(position, view),
        (position.owner or figures.NONE, "dim"),
    )


def _stop(position: Position, view: View) -> Cell:
    """Return the stop's price, and in words where it covers nothing or a part only."""
    stops = marks.protection(view.state, position)
    if not stops:
        return "none", "warn"
    prices = [order.stop_price for order in stops if order.stop_price is not None]
    covered = sum((order.remaining for order in stops), Decimal(0))
    text = price(view.instrument(position.symbol), prices[0]) if prices else "trailing"
    if covered < abs(position.quantity):
        return f"{text} for {figures.quantity(covered)}", "warn"
    return text, "text"
