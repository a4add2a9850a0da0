"""thetopham/tradingview-bot: ``signal`` BUY, SELL, HOLD or FLAT; FLAT closes all, whatever ``size`` says."""

from __future__ import annotations

from tt_tui.domain.instruction import Action
from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields

NAME = "thetopham"


def matches(fields: Fields) -> bool:
    """Return True where ``signal`` is the verb."""
    return fields.has("signal", "symbol") and not fields.has("action")


def read(fields: Fields, draft: Draft) -> None:
    """Read a signal; a close has no size."""
    read_common(fields, draft)
    if draft.verb is not None and draft.verb.action is Action.CLOSE:
        draft.quantity = None
