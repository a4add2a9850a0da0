"""Any other object: the union of all keys, with nothing assumed."""

from __future__ import annotations

from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields

NAME = "generic"


def matches(fields: Fields) -> bool:
    """Return True: this is what is tried last."""
    return True


def read(fields: Fields, draft: Draft) -> None:
    """Read whatever is recognised."""
    read_common(fields, draft)
