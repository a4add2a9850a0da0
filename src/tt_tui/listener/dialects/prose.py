"""Plain text, such as TradingView's default messages: shown, never traded."""

from __future__ import annotations

from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Ignorable, clean
from tt_tui.listener.dialects._secrets import redact

NAME = "prose"


def read(text: str, draft: Draft) -> None:
    """Keep the text for display and raise Ignorable."""
    draft.comment = clean(redact(text))
    raise Ignorable(
        "plain text is shown and never traded; to trade, send a JSON object with symbol, action and quantity"
    )
