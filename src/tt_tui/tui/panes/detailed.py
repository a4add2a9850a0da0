"""A list with the details of one row below it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from textual.widget import Widget

from tt_tui.commands.registry import Function
from tt_tui.tui.panes.base import Pane
from tt_tui.tui.view import View
from tt_tui.tui.widgets.ink import Cells
from tt_tui.tui.widgets.table import Column, Table
from tt_tui.tui.widgets.text_lines import TextLines


class DetailedPane(Pane):
    """A list; Enter on a row opens its details, Enter again closes them."""

    DEFAULT_CSS = """
    DetailedPane TextLines { display: none; height: 60%; }
    DetailedPane.-details TextLines { display: block; }
    """

    def __init__(self, function: Function, columns: Sequence[Column]) -> None:
        super().__init__(function)
        self.table = Table(columns)
        self._details = TextLines()
        self._details.can_focus = False
        self._open = False

    def body(self) -> Iterable[Widget]:
        """Return the list and the details below it."""
        return (self.table, self._details)

    @property
    def main_table(self) -> Table:
        """Return the list."""
        return self.table

    def apply(self, view: View) -> None:
        """Take a frame."""
        self.update(view)
        if self._open:
            self._details.show(tuple(self.details(self.table.selected, view)))

    @abstractmethod
    def update(self, view: View) -> None:
        """Show the list."""

    @abstractmethod
    def details(self, key: str, view: View) -> Iterable[Cells]:
        """Return the lines about one row."""

    def pick(self) -> None:
        """Open or close the details."""
        self.toggle_details()

    @property
    def shows_details(self) -> bool:
        """Return whether the details are open."""
        return self._open

    def toggle_details(self, shown: bool | None = None) -> None:
        """Open or close the details."""
        self._open = not self._open if shown is None else shown
        self.set_class(self._open, "-details")
