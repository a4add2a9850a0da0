"""PickMyTrade: the verb in ``data``, 0 for a field that is not used, accounts with their own sizing."""

from __future__ import annotations

from decimal import Decimal

from tt_tui.domain.instruction import AccountShown
from tt_tui.domain.order import Distance
from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, boolean, number, text
from tt_tui.listener.dialects._json import Unreadable, Value
from tt_tui.listener.dialects._words import squash

NAME = "pickmytrade"


def matches(fields: Fields) -> bool:
    """Return True where ``data`` is a word beside a symbol."""
    return fields.has("data") and fields.has("symbol") and isinstance(fields.peek("data"), str)


def read(fields: Fields, draft: Draft) -> None:
    """Read an alert; a take-profit and a stop without a unit are prices, as PickMyTrade documents them."""
    _read_accounts(fields, draft)
    _read_trail(fields, draft)
    for key in ("updatetp", "updatesl"):
        entry = fields.take(key)
        if entry is not None and boolean(*entry):
            draft.warnings.append(f"{entry[0]} is not kept: the protection of a held position is not changed")
    verb = fields.peek("data")
    closes = isinstance(verb, str) and squash(verb) == "close"
    size = fields.peek("quantity")
    if size is not None and number("quantity", size) == 0 and (closes or _risk(fields)):
        fields.drop(("quantity",))
    fields.drop(("connectionname",))
    read_common(fields, draft)


def _risk(fields: Fields) -> bool:
    value = fields.peek("riskpercentage")
    return value is not None and bool(number("risk_percentage", value))


def _read_accounts(fields: Fields, draft: Draft) -> None:
    """Keep the listed accounts for display; they never choose where an order goes."""
    entry = fields.take("multipleaccounts")
    listed: list[Value] = entry[1] if entry is not None and isinstance(entry[1], list) else []
    rows = [Fields(item) for item in listed if isinstance(item, dict)]
    found = [
        AccountShown(
            name=row.first(("accountid", "accountname"), text) or "",
            risk_percent=row.first(("riskpercentage",), _optional),
            multiplier=row.first(("quantitymultiplier",), _optional),
        )
        for row in rows
    ]
    draft.accounts_shown = tuple(found)
    draft.account_shown = ", ".join(row.name for row in found if row.name)[:256]
    if found:
        draft.warnings.append("multiple_accounts is shown, never used: the route names the accounts and sizes")


def _optional(name: str, value: Value) -> Decimal | None:
    try:
        return number(name, value)
    except Unreadable:
        return None


def _read_trail(fields: Fields, draft: Draft) -> None:
    """Read the trailing stop, switched on by ``trail``; its trigger and step are not kept."""
    switch = fields.take("trail")
    stop, trigger, step = (fields.take(key) for key in ("trailstop", "trailtrigger", "trailfreq"))
    if switch is None or not boolean(*switch):
        return
    size = number(*stop) if stop else None
    if not size or size < 0:
        raise Unreadable("trail is on without trail_stop; send the trailing distance in points")
    draft.protection["trail"] = Distance(kind="points", value=size)
    if any(entry and number(*entry) for entry in (trigger, step)):
        draft.warnings.append("trail_trigger and trail_freq are not kept: the stop trails from the entry on")
