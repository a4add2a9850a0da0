"""3Commas: signal bots, whose amounts are crypto units, and DCA bots, which are not ours to run."""

from __future__ import annotations

from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._common import read_texts
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, Ignorable

NAME = "threecommas"


def matches(fields: Fields) -> bool:
    """Return True where a field is there that only 3Commas has."""
    return fields.has_any("tvinstrument", "strategyinfo", "botuuid", "botid", "emailtoken")


def read(fields: Fields, draft: Draft) -> None:
    """Read a signal; raises Ignorable for DCA and bot-control messages."""
    if fields.has("botid") or fields.has("emailtoken"):
        read_texts(fields, draft)
        raise Ignorable("a command to a 3Commas DCA bot; this desk runs no such bots")
    for key in ("strategyinfo", "order"):
        entry = fields.take(key)
        if entry is not None and isinstance(entry[1], dict):
            fields.merge(entry[1])
    fields.drop(("botuuid", "maxlag"))
    read_common(fields, draft)
    if draft.quantity_field == "amount":
        draft.quantity_field = "order.amount"
