"""Lines of text that can be scrolled: help, addresses, details."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual import events
from textual.strip import Strip

from tt_tui.tui.widgets.ink import Cells, Inked

_WHEEL = 3


class TextLines(Inked, can_focus=True):
    """Lines in inks, wrapped to the width; scrolled by the row keys."""

    DEFAULT_CSS = """
    TextLines { height: 1fr; width: 1fr; }
    """

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(id=name)
        self._said: tuple[Cells, ...] = ()
        self._lines: list[Cells] = []
        self._wrapped_at = -1
        self._top = 0

    def show(self, lines: Sequence[Cells]) -> None:
        """Show these lines, from the top where they are others than before."""
        new = tuple(lines)
        if new != self._said:
            self._said = new
            self._wrapped_at = -1
            self._top = 0
            self.refresh()

    def show_text(self, text: str, ink: str = "text") -> None:
        """Show a plain text."""
        self.show([((line, ink),) for line in text.splitlines()])

    def move(self, by: int) -> None:
        """Scroll by lines."""
        self._wrap()
        top = min(max(0, self._top + by), max(0, len(self._lines) - self.size.height))
        if top != self._top:
            self._top = top
            self.refresh()

    @property
    def range_text(self) -> str:
        """Return which lines can be seen where not all can."""
        self._wrap()
        height = self.size.height
        if len(self._lines) <= height:
            return ""
        return f"{self._top + 1}–{min(self._top + height, len(self._lines))} of {len(self._lines)}"

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        self._wrap()
        index = self._top + y
        parts = self._lines[index] if index < len(self._lines) else ()
        return self.strip(((" ", "text"), *parts), self.size.width)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by the wheel."""
        event.stop()
        self.move(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by the wheel."""
        event.stop()
        self.move(-_WHEEL)

    def _wrap(self) -> None:
        width = self.size.width
        if width == self._wrapped_at:
            return
        self._wrapped_at = width
        self._lines = []
        for line in self._said:
            if len(line) == 1 and len(line[0][0]) >= width > 8:
                text, ink = line[0]
                indent = " " * (len(text) - len(text.lstrip()))
                wrapped = textwrap.wrap(text, width - 2, subsequent_indent=indent) or [""]
                self._lines.extend(((part, ink),) for part in wrapped)
            else:
                self._lines.append(line)
        self._top = min(self._top, max(0, len(self._lines) - 1))
