"""What every pane is: a function's mnemonic and title, a list of symbols, and a method that takes a frame.

A new pane is a subclass with ``body`` and ``apply`` and a line in ``panes.catalogue``; nothing else changes.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from tt_tui.commands.registry import PANE, Function
from tt_tui.tui.keymap import bindings
from tt_tui.tui.view import View
from tt_tui.tui.widgets.ink import Cells
from tt_tui.tui.widgets.line import Line
from tt_tui.tui.widgets.table import Table

log = logging.getLogger(__name__)


class Pane(Vertical):
    """A window on the desk. It reads what it is given, paints what changed, and asks for nothing else."""

    DEFAULT_CSS = """
    Pane { width: 1fr; height: 1fr; }
    Pane .broken { display: none; }
    Pane.-broken .broken { display: block; height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(PANE)

    EMPTY_TEXT: ClassVar[str] = ""
    """What the list says where it is known to have no row."""

    class Typed(Message):
        """A key of the pane stands for a sentence, for Enter to run."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, function: Function) -> None:
        super().__init__(id=f"pane-{function.pane}")
        self.function = function
        self._heading = Line(ground="tab", classes="heading")
        self._broken = Line(ground="bad", classes="broken")
        self._error = ""
        self._version = -1
        self._said: Cells = (("starting", "tab"),)

    @property
    def kind(self) -> str:
        """Return the pane's kind, unique in the workspace."""
        return self.function.pane

    @property
    def error(self) -> str:
        """Return what went wrong in the pane, empty while it works."""
        return self._error

    def compose(self) -> ComposeResult:
        """Put the heading above the body."""
        yield self._heading
        yield self._broken
        yield from self.body()

    @abstractmethod
    def body(self) -> Iterable[Widget]:
        """Return the widgets below the heading."""

    @abstractmethod
    def apply(self, view: View) -> None:
        """Take a frame; must not block, and repaints only what changed."""

    def is_news(self, view: View) -> bool:
        """Return whether the state has changed since this was asked last, also while the pane was hidden."""
        news, self._version = view.version != self._version, view.version
        return news

    def symbols_in_view(self) -> Sequence[str]:
        """Return the contracts whose quotes the pane shows now."""
        return ()

    def row_numbers(self) -> Sequence[str]:
        """Return the symbols of the numbered rows, row 1 first; empty where rows have no numbers."""
        return ()

    @property
    def symbol(self) -> str:
        """Return the contract that the pane is about, empty where it is about none."""
        return ""

    @property
    def main_table(self) -> Table | None:
        """Return the list that the row keys move in, None where there is none."""
        return None

    def act(self, action: str) -> None:
        """Do what a key of this kind of pane is for."""

    def pick(self) -> None:
        """Do what Enter on a row is for."""

    def action_run(self, action: str) -> None:
        """Do what a key is for, here where the keyboard is."""
        table = self.main_table
        if not action.startswith("row."):
            self.act(action)
        elif action == "row.pick":
            self.pick()
        elif table is None:
            pass
        elif action == "row.copy":
            self.app.copy_to_clipboard(table.row_text(table.selected))
        else:
            _MOVES[action](table)

    def focus_body(self) -> None:
        """Give the keyboard to the pane."""
        table = self.main_table
        (table if table is not None else self).focus()

    def say(self, *parts: tuple[str, str]) -> None:
        """Say something beside the title, such as how many rows there are."""
        self._said = parts
        self._paint_heading()

    def guard_apply(self, view: View) -> None:
        """Take a frame; an error is shown in the pane and goes no further."""
        try:
            self.apply(view)
        except Exception as error:
            self._break(error)
        else:
            self._mend()
            if self.main_table is not None:
                self.main_table.say_when_empty(self.EMPTY_TEXT if view.known else "Not known yet.")
            if not view.status.running:
                self.say(("starting", "tab"))

    def guard_symbols(self) -> Sequence[str]:
        """Return the symbols in view; none where the pane can't tell."""
        try:
            return self.symbols_in_view()
        except Exception as error:
            self._break(error)
            return ()

    def _break(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        if text != self._error:
            self._error = text
            log.exception("the pane %s failed", self.function.mnemonic)
            self._broken.show(((f" This pane failed: {text}. The rest goes on; LOG has more.", "bad"),))
            self.add_class("-broken")

    def _mend(self) -> None:
        if self._error:
            self._error = ""
            self.remove_class("-broken")

    def _paint_heading(self) -> None:
        ink = "title" if self.has_pseudo_class("focus-within") else "tab"
        name: Cells = ((f" {self.function.title} ", ink), (f" {self.function.mnemonic} ", "tab"))
        self._heading.show(name, (*self._said, (" ", "tab")))

    def on_descendant_focus(self) -> None:
        """Mark the heading."""
        self.call_after_refresh(self._paint_heading)

    def on_descendant_blur(self) -> None:
        """Unmark the heading."""
        self.call_after_refresh(self._paint_heading)

    def on_mount(self) -> None:
        """Paint the heading once before the first frame."""
        self._paint_heading()


_MOVES: dict[str, Callable[[Table], None]] = {
    "row.down": lambda table: table.move(1),
    "row.up": lambda table: table.move(-1),
    "row.first": lambda table: table.move_to(0),
    "row.last": lambda table: table.move_to(len(table.keys) - 1),
    "row.page_down": lambda table: table.move(table.page),
    "row.page_up": lambda table: table.move(-table.page),
}
