"""Named styles for widgets that draw their own lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

Cell = tuple[str, str]
"""A text and the name of its ink."""
Cells = tuple[Cell, ...]

INKS = (
    "text",
    "strong",
    "dim",
    "head",
    "title",
    "key",
    "up",
    "down",
    "good",
    "warn",
    "bad",
    "loud",
    "paper",
    "live",
    "flash-up",
    "flash-down",
    "stale",
    "cursor",
    "tab",
    "key-tab",
    "strip",
    "strip-strong",
    "strip-dim",
    "strip-up",
    "strip-down",
    "strip-warn",
    "prompt",
)
"""Every ink; the style sheet has a rule ``.ink--<name>`` for each."""


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return a text of exactly that many cells; what is cut off is marked."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    length = len(text) if text.isascii() else cell_len(text)
    if length == width:
        return text
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    blank = " " * (width - length)
    return blank + text if right else text + blank


class Inked(Widget):
    """A widget that draws with inks by name; their styles are looked up once for each theme."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"ink--{name}" for name in INKS}

    _inks: dict[str, Style] | None = None

    def ink(self, name: str) -> Style:
        """Return the style of an ink under the current theme."""
        if self._inks is None:
            self._inks = {}
        style = self._inks.get(name)
        if style is None:
            style = self._inks[name] = self.get_component_rich_style(f"ink--{name}")
        return style

    def notify_style_update(self) -> None:
        """Forget the styles when the theme or a class changes."""
        self._inks = None
        super().notify_style_update()

    def strip(self, parts: Sequence[Cell], width: int, ground: str = "text") -> Strip:
        """Return the parts side by side, cut or filled to a width."""
        segments, left = [], width
        for text, name in parts:
            length = cell_len(text)
            if length > left:
                text, length = fit(text, left), left
            if length:
                segments.append(Segment(text, self.ink(name)))
            left -= length
            if not left:
                break
        if left:
            segments.append(Segment(" " * left, self.ink(ground)))
        return Strip(segments, width)
