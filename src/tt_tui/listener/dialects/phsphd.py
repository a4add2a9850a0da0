"""phsphd/WebhookTradingBots: capitalised keys and broker credentials, which are masked and never used."""

from __future__ import annotations

from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields

NAME = "phsphd"


def matches(fields: Fields) -> bool:
    """Return True where a ticker stands beside a broker's login."""
    own = ("username", "appid", "deviceid", "takeprofitpoints", "stoplosspoints")
    return fields.has("ticker", "action") and fields.has_any(*own)


def read(fields: Fields, draft: Draft) -> None:
    """Read the order and leave the login alone."""
    read_common(fields, draft)
    draft.auth = ""
    draft.warnings.append("the body holds broker credentials: remove them, they are masked and never used here")
