"""The first frame: the workspace's shape while the desk starts. It loads nothing that the desk needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tt_tui.tui.arrange import LEFT, arrange
from tt_tui.tui.widgets.ink import Cells, Inked

_ABOVE = 2
_BELOW = 4


class _Frame(Inked):
    """The outlines, with what is typed meanwhile at the prompt."""

    DEFAULT_CSS = """
    _Frame { width: 1fr; height: 1fr; }
    """

    said = "starting the desk…"
    ink_of_said = "strip-dim"
    typed = ""

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        width, height = self.size
        if y == 0:
            return self.strip(((" tt ", "strip-strong"), (self.said, self.ink_of_said)), width, "strip")
        if y < _ABOVE:
            return self.strip((), width, "strip")
        if y == height - _BELOW + 1:
            return self.strip(((" …> ", "prompt"), (self.typed, "text")), width)
        return self._outline(y - _ABOVE, width, height - _ABOVE - _BELOW)

    def _outline(self, y: int, width: int, height: int) -> Strip:
        parts: Cells = ()
        x = 0
        for kind, place in arrange(width, max(0, height), LEFT).items():
            if place.y == y and place.x >= x:
                title = f" {kind.capitalize()} "
                said = "starting "
                blank = " " * max(0, place.width - len(title) - len(said))
                parts += ((" " * (place.x - x), "text"), (title, "tab"), (blank, "tab"), (said, "tab"))
                x = place.x + place.width
        return self.strip(parts, width)


class StartScreen(Screen[None], inherit_bindings=False):
    """Shown until there is a desk, or the reason why there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "app.leave", "Quit", id="start.quit", priority=True, show=False)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._frame = _Frame()

    def compose(self) -> Iterable[Widget]:
        """Return the outlines."""
        return (self._frame,)

    @property
    def typed(self) -> str:
        """Return what was typed so far; it goes on in the command line."""
        return self._frame.typed

    def on_key(self, event: events.Key) -> None:
        """Keep what is typed."""
        if event.is_printable and event.character:
            self._frame.typed += event.character
        elif event.key == "backspace":
            self._frame.typed = self._frame.typed[:-1]
        self._frame.refresh()

    def fail(self, text: str) -> None:
        """Say why there is no desk."""
        self._frame.said = f"The desk did not start: {text}  Ctrl-C quits."
        self._frame.ink_of_said = "loud"
        self._frame.refresh()
