"""LOG: what the program did and what went wrong, newest last."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from tt_tui.commands.registry import Function
from tt_tui.desk.port import LogLine
from tt_tui.tui import figures
from tt_tui.tui.panes.base import Pane
from tt_tui.tui.replica import LogTail
from tt_tui.tui.view import View
from tt_tui.tui.widgets.ink import Cells
from tt_tui.tui.widgets.table import Column, Table

COLUMNS = (Column("Time", 8), Column("Level", 8), Column("Who", 16, rank=1), Column("What", 20, stretch=True))
_INKS = {"WARNING": "warn", "ERROR": "bad", "CRITICAL": "loud", "DEBUG": "dim"}


class Log(Pane):
    """The tail of the log; it follows the newest line until the cursor leaves it."""

    EMPTY_TEXT = "Nothing yet."

    def __init__(self, function: Function, tail: LogTail) -> None:
        super().__init__(function)
        self._tail = tail
        self._shown = -1
        self._lines: dict[str, LogLine] = {}
        self._table = Table(COLUMNS, follows_end=True)

    def body(self) -> Iterable[Widget]:
        """Return the list."""
        return (self._table,)

    @property
    def main_table(self) -> Table:
        """Return the list."""
        return self._table

    def apply(self, view: View) -> None:
        """Show the lines there are."""
        if self._shown != self._tail.version:
            self._shown = self._tail.version
            self._lines = {str(line.number): line for line in self._tail.lines}
            lines = self._lines
            self._table.show(tuple(lines), lambda key: _row(lines[key], view))
        self.say((self._table.range_text or figures.plural(len(self._lines), "line"), "tab"))


def _row(line: LogLine, view: View) -> Cells:
    ink = _INKS.get(line.level.upper(), "text")
    return (
        (figures.clock_time(line.wall, view.zone), "dim"),
        (line.level.lower(), ink),
        (line.name.removeprefix("tt_tui."), "dim"),
        (line.text, ink),
    )
