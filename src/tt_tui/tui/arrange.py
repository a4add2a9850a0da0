"""Where panes stand: pure geometry, the same for the first frame and for the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDE = 120
TALL = 24
"""A body this large shows panes side by side; a smaller one shows one at a time."""
GAP = 1
LEFT = "watchlist"
STACK = ("alerts", "orders", "positions")
BOTTOM = "log"
_SHARES = (4, 4, 2)
_LEAST = 4
_LEFT_LEAST = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle in the body, in cells."""

    x: int
    y: int
    width: int
    height: int


def is_roomy(width: int, height: int) -> bool:
    """Return whether a body of this size shows several panes."""
    return width >= WIDE and height >= TALL


def arrange(width: int, height: int, front: str, zoomed: bool = False) -> dict[str, Place]:
    """Return the place of each pane that shows, by kind; the others are hidden.

    A pane in front that has no place of its own takes the right-hand stack.
    """
    if zoomed or not is_roomy(width, height):
        return {front: Place(0, 0, width, height)}
    bottom = max(_LEAST, height // 6)
    top = height - bottom
    left = max((width - GAP) * 47 // 100, _LEFT_LEAST)
    right = Place(left + GAP, 0, width - left - GAP, top)
    places = {LEFT: Place(0, 0, left, top), BOTTOM: Place(0, top, width, bottom)}
    if front in (LEFT, BOTTOM, *STACK):
        places |= dict(zip(STACK, _split(right, _SHARES), strict=True))
    else:
        places[front] = right
    return places


def _split(area: Place, shares: Sequence[int]) -> list[Place]:
    total, y, done, places = sum(shares), area.y, 0, []
    for share in shares:
        done += share
        end = area.y + area.height * done // total
        places.append(Place(area.x, y, area.width, end - y))
        y = end
    return places
