"""OKX signal bots: contracts only where ``investmentType`` says so."""

from __future__ import annotations

from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, number, shown
from tt_tui.listener.dialects._json import Unreadable

NAME = "okx"


def matches(fields: Fields) -> bool:
    """Return True where the body carries an OKX signal token or investment type."""
    return fields.has_any("signaltoken", "investmenttype")


def read(fields: Fields, draft: Draft) -> None:
    """Read a signal; an offset from the market is refused, as no order here can follow one."""
    offset = fields.take("orderpriceoffset")
    if offset is not None and number(*offset):
        raise Unreadable(
            f'"{shown(offset[0])}" asks for a limit relative to the market; send limit_price, or orderType market'
        )
    fields.drop(("maxlag",))
    read_common(fields, draft)
