"""Our own dialect, that of the original project: symbol, action, quantity, price, account_group."""

from __future__ import annotations

from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields

NAME = "seed"


def matches(fields: Fields) -> bool:
    """Return True where ``symbol`` and ``action`` stand side by side."""
    return fields.has("symbol", "action")


def read(fields: Fields, draft: Draft) -> None:
    """Read an alert; ``price`` is a limit only beside ``order_type`` limit, else a reference."""
    read_common(fields, draft)
