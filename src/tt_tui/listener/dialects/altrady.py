"""Altrady webhook signals: positions by side, sizes in quote currency, bots that are not ours."""

from __future__ import annotations

from tt_tui.listener.dialects._brackets import distance, keep
from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._common import read_texts
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, Ignorable, number, shown
from tt_tui.listener.dialects._json import Unreadable, Value
from tt_tui.listener.dialects._words import squash

NAME = "altrady"

_BOT_COMMANDS = frozenset({"startbot", "stopbot", "stopandclose", "startandopen"})
_UNITS = {
    "price": "price",
    "stopprice": "price",
    "pricepercentage": "percent",
    "stoppercentage": "percent",
    "percentage": "percent",
}


def matches(fields: Fields) -> bool:
    """Return True where an API key, its secret and an action or an exchange stand side by side."""
    own = fields.has("apikey", "apisecret") and not fields.has("ticker")
    return own and (fields.has("exchange") or _bot_command(fields))


def read(fields: Fields, draft: Draft) -> None:
    """Read a position signal; raises Ignorable for commands to a bot."""
    if _bot_command(fields):
        read_texts(fields, draft)
        raise Ignorable(f"{shown(fields.peek('action'))} is a command to an Altrady bot; this desk runs none")
    for key in ("dcaorders", "entrycondition"):
        entry = fields.take(key)
        if entry is not None and entry[1]:
            raise Unreadable(f'"{shown(entry[0])}" cannot be carried out; send one order in each alert')
    _read_leg(fields, draft, "takeprofit", "target")
    _read_leg(fields, draft, "stoploss", "stop")
    entry = fields.take("quoteamount")
    amount = number(*entry) if entry else None
    read_common(fields, draft)
    if entry is not None and amount and draft.quantity is None:
        draft.quantity, draft.quantity_type, draft.quantity_field = amount, "quote_amount", entry[0]


def _bot_command(fields: Fields) -> bool:
    action = fields.peek("action")
    return isinstance(action, str) and squash(action) in _BOT_COMMANDS


def _read_leg(fields: Fields, draft: Draft, key: str, leg: str) -> None:
    """Read a stop, or the only level of a take-profit list."""
    entry = fields.take(key)
    if entry is None:
        return
    name, value = entry
    levels: list[Value] = value if isinstance(value, list) else [value]
    if len(levels) > 1:
        raise Unreadable(f'"{shown(name)}" has {len(levels)} levels; an order here carries one')
    for level in levels:
        if not isinstance(level, dict):
            raise Unreadable(f'"{shown(name)}" must be an object with a price or a percentage')
        parts = Fields(level)
        part = parts.take("positionpercentage")
        if part is not None and number(*part) not in (None, 100):
            raise Unreadable(f'"{shown(name)}" closes a part of the position; an order here closes all of it')
        for part_key, unit in _UNITS.items():
            found = parts.take(part_key)
            if found is not None:
                keep(draft, leg, found[0], distance(*found, unit))
        if leg not in draft.protection:
            raise Unreadable(f'"{shown(name)}" has no price or percentage that is known')
