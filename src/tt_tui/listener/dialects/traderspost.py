"""TradersPost: ticker and action, a sentiment that names the side after the trade, nested protection."""

from __future__ import annotations

from tt_tui.domain.instruction import Action
from tt_tui.domain.order import Distance
from tt_tui.listener.dialects._brackets import distance
from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields

NAME = "traderspost"


def matches(fields: Fields) -> bool:
    """Return True where ``ticker`` and ``action`` stand side by side."""
    return fields.has("ticker", "action")


def read(fields: Fields, draft: Draft) -> None:
    """Read a signal; the offset of a break-even move is in points."""
    offset = fields.take("breakevenoffset")
    move: Distance | None = distance(*offset, "points") if offset else None
    read_common(fields, draft)
    if move is not None and draft.verb is not None and draft.verb.action is Action.BREAK_EVEN:
        draft.protection["break_even"] = move
