"""One line of text in inks, with a part at its left and one at its right."""

from __future__ import annotations

from rich.cells import cell_len
from textual.geometry import Region
from textual.strip import Strip

from tt_tui.tui.widgets.ink import Cells, Inked


class Line(Inked):
    """One line; it paints only when what it says has changed."""

    DEFAULT_CSS = """
    Line { height: 1; width: 1fr; }
    """

    def __init__(
        self, *, ground: str = "text", keeps_right: bool = False, name: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=name, classes=classes)
        self._ground = ground
        self._keeps_right = keeps_right
        self._left: Cells = ()
        self._right: Cells = ()
        self._drawn: dict[int, Strip] = {}
        """By width; what is drawn already."""

    def show(self, left: Cells, right: Cells = ()) -> None:
        """Say this; where there is no room for both, the right part gives way, or the left one if so made."""
        if (left, right) == (self._left, self._right):
            return
        start = _same_cells(self._left, left) if len(right) == len(self._right) else 0
        end = self.size.width
        if right == self._right:
            end = min(end, max(_length(left), _length(self._left)))
        self._left, self._right = left, right
        self._drawn.clear()
        self.refresh(Region(start, 0, max(1, end - start), 1))

    @property
    def text(self) -> str:
        """Return what the line says."""
        return "".join(text for text, _ in (*self._left, *self._right))

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        width = self.size.width
        if y:
            return self.strip((), width, self._ground)
        if width not in self._drawn:
            self._drawn = {width: self._draw(width)}
        return self._drawn[width]

    def notify_style_update(self) -> None:
        """Draw anew under another theme."""
        self._drawn.clear()
        super().notify_style_update()

    def _draw(self, width: int) -> Strip:
        used, wanted = _length(self._left), _length(self._right)
        if wanted and used + wanted + 1 > width:
            if not self._keeps_right:
                return self.strip(self._left, width, self._ground)
            left = self.strip(self._left, max(0, width - wanted), self._ground)
            return Strip.join([left, self.strip(self._right, min(wanted, width), self._ground)])
        blank = ((" " * (width - used - wanted), self._ground),) if wanted else ()
        return self.strip((*self._left, *blank, *self._right), width, self._ground)


def _length(cells: Cells) -> int:
    return sum(cell_len(text) for text, _ in cells)


def _same_cells(old: Cells, new: Cells) -> int:
    """Return how many cells at the left stay as they were."""
    same = 0
    for before, after in zip(old, new, strict=False):
        if before != after:
            break
        same += cell_len(after[0])
    return same
