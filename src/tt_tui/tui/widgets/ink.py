"""Named styles for widgets that draw their own lines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Cell = tuple[str, str]
"""A text and the name of its ink."""
Cells = tuple[Cell, ...]

INKS: dict[str, str] = {
    "text": "",
    "strong": "bold",
    "dim": "",
    "head": "",
    "title": "bold reverse",
    "tab": "",
    "key": "bold",
    "key-tab": "bold",
    "up": "",
    "down": "",
    "good": "",
    "warn": "",
    "bad": "",
    "loud": "bold reverse",
    "paper": "bold",
    "live": "bold reverse",
    "flash-up": "bold",
    "flash-down": "bold",
    "stale": "",
    "cursor": "bold reverse",
    "strip": "",
    "strip-strong": "bold",
    "strip-dim": "",
    "strip-up": "",
    "strip-down": "",
    "strip-warn": "",
    "prompt": "bold",
}
"""Every ink and what it is beside its colours; those that must show without any colour are reversed.

The colours are the theme's variables ``ink-<name>`` and ``ink-<name>-ground``. They are no component classes:
Textual would work out each of them for each widget whenever a style may have changed.
"""

GROUNDED = frozenset({"title", "tab", "key-tab", "head", "loud", "live", "cursor", "flash-up", "flash-down"})
"""Inks whose ground is seen, so that it must not spill into the gap between two columns."""

NO_GROUND = "transparent"


@lru_cache(maxsize=512)
def ink_style(front: str, ground: str, attributes: str) -> Style:
    """Return the style of an ink."""
    if "reverse" in attributes:
        # A reversed ink is written as it looks; what must show without colours is drawn by the terminal.
        front, ground = ground, front
    marks = Style.parse(attributes) if attributes else Style.null()
    return marks + Style(color=Color.parse(front).rich_color, bgcolor=Color.parse(ground).rich_color)


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
    """A widget that draws its own lines with inks by name. It has no border, padding or opacity.

    So its lines need nothing of Textual's box model, which costs more than drawing them.
    """

    _inks: dict[str, Style] | None = None

    def ink(self, name: str) -> Style:
        """Return the style of an ink under the current theme."""
        if self._inks is None:
            self._inks = {}
        style = self._inks.get(name)
        if style is None:
            variables = self.app.theme_variables
            front, ground = variables[f"ink-{name}"], variables[f"ink-{name}-ground"]
            if ground == NO_GROUND:
                ground = variables["background"]
            style = self._inks[name] = ink_style(front, ground, INKS[name])
        return style

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of a region."""
        filters, ground = self.get_line_filters(), Color.parse(self.app.theme_variables["background"])
        left, right = crop.column_span
        is_whole = left == 0 and right >= self.size.width
        strips = []
        for y in crop.line_range:
            strip = self.render_line(y)
            for one in filters:
                strip = strip.apply_filter(one, ground)
            strips.append(strip if is_whole else strip.crop(left, right))
        return strips

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
