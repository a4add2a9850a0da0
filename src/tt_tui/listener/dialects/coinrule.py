"""Coinrule: the verb in ``side``, and an ``id`` that makes a repeat recognisable."""

from __future__ import annotations

from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields

NAME = "coinrule"


def matches(fields: Fields) -> bool:
    """Return True where ``side`` is the verb beside a secret or an id."""
    verb_elsewhere = fields.has_any("action", "data", "signal", "orderaction", "command")
    return fields.has("side", "symbol") and not verb_elsewhere and (fields.has("secret") or fields.has("id"))


def read(fields: Fields, draft: Draft) -> None:
    """Read a signal."""
    read_common(fields, draft)
