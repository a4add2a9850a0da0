"""The nested body of the most copied tutorial: the verb and the sizes stand in ``strategy``."""

from __future__ import annotations

from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields

NAME = "hackingthemarkets"


def matches(fields: Fields) -> bool:
    """Return True where ``strategy`` is an object that holds the order."""
    inner = fields.peek("strategy")
    return isinstance(inner, dict) and ("order_action" in inner or "action" in inner)


def read(fields: Fields, draft: Draft) -> None:
    """Read the nested order as if it stood at the top."""
    entry = fields.take("strategy")
    if entry is not None and isinstance(entry[1], dict):
        fields.merge(entry[1])
    read_common(fields, draft)
