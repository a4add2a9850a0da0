"""The area of the panes; where each stands is ``arrange``'s to say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from tt_tui.tui.arrange import arrange, is_roomy
from tt_tui.tui.panes.base import Pane


class _PaneLayout(Layout):
    """Puts panes where ``arrange`` says."""

    name = "panes"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Return the places of the panes that show."""
        assert isinstance(parent, Body)
        parent.pre_layout(self)
        places = arrange(size.width, size.height, parent.front, parent.is_zoomed)
        return [
            WidgetPlacement(Region(place.x, place.y, place.width, place.height), NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if isinstance(child, Pane) and (place := places.get(child.kind)) is not None
        ]


class Body(Widget):
    """The panes; one is in front, which matters where not all have room."""

    DEFAULT_CSS = """
    Body { width: 1fr; height: 1fr; }
    """

    def __init__(self, panes: Sequence[Pane], front: str) -> None:
        super().__init__()
        self._pane_layout = _PaneLayout()
        self.panes = {pane.kind: pane for pane in panes}
        self.front = front
        self.is_zoomed = False

    def compose(self) -> Iterable[Widget]:
        """Return the panes."""
        return self.panes.values()

    @property
    def layout(self) -> Layout:
        """Return how the panes are placed."""
        return self._pane_layout

    @property
    def shown(self) -> list[Pane]:
        """Return the panes that show, in the order of the arrangement."""
        places = arrange(self.size.width, self.size.height, self.front, self.is_zoomed)
        return [self.panes[kind] for kind in places]

    @property
    def is_roomy(self) -> bool:
        """Return whether several panes show."""
        return not self.is_zoomed and is_roomy(self.size.width, self.size.height)

    def bring(self, kind: str) -> Pane:
        """Bring a pane to the front."""
        if kind != self.front:
            self.front = kind
            self._arrange()
        return self.panes[kind]

    def zoom(self) -> None:
        """Give the pane in front all the room, or take it back."""
        self.is_zoomed = not self.is_zoomed
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        """Show as many panes as have room."""
        self._arrange()

    def _arrange(self) -> None:
        shown = {pane.kind for pane in self.shown}
        for kind, pane in self.panes.items():
            pane.display = kind in shown
        self.refresh(layout=True)
