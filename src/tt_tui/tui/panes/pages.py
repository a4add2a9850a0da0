"""HELP and HOOK: pages of text."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from textual.widget import Widget

from tt_tui.commands.help import Names, help_text
from tt_tui.commands.registry import Function
from tt_tui.tui.panes.base import Pane
from tt_tui.tui.view import View
from tt_tui.tui.widgets.text_lines import TextLines

log = logging.getLogger(__name__)

_FAR = 1_000_000


class Page(Pane):
    """A text that can be scrolled."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self.text = TextLines()

    def body(self) -> Iterable[Widget]:
        """Return the text."""
        return (self.text,)

    def focus_body(self) -> None:
        """Give the keyboard to the text."""
        self.text.focus()

    def action_run(self, action: str) -> None:
        """Scroll."""
        page = max(1, self.text.size.height - 1)
        by = {
            "row.down": 1,
            "row.up": -1,
            "row.page_down": page,
            "row.page_up": -page,
            "row.first": -_FAR,
            "row.last": _FAR,
        }
        self.text.move(by.get(action, 0))

    def apply(self, view: View) -> None:
        """Say which part can be seen."""
        self.say((self.text.range_text, "tab"))


class HelpPage(Page):
    """Everything there is, or one word with examples."""

    def __init__(self, function: Function, names: Callable[[], Names]) -> None:
        super().__init__(function)
        self._names = names
        self._word = ""

    def on_mount(self) -> None:
        """Show everything at first."""
        super().on_mount()
        self.explain("")

    def on_resize(self) -> None:
        """Wrap anew."""
        self.explain(self._word)

    def explain(self, word: str) -> None:
        """Show the help on a word, or on everything."""
        self._word = word
        self.text.show_text(help_text(word, self._names(), max(30, self.size.width - 4)))


class HookPage(Page):
    """The webhook's address and what to paste into TradingView."""

    def __init__(self, function: Function, read: Callable[[], str]) -> None:
        super().__init__(function)
        self._read = read

    def open(self) -> None:
        """Ask the desk again."""
        try:
            text, ink = self._read(), "text"
        except Exception as error:
            log.exception("the desk could not describe its webhook")
            text, ink = f"The desk could not describe its webhook: {error}", "bad"
        self.text.show_text(text, ink)
