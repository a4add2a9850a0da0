"""Protection in all its spellings: stops, targets, trails, and the units of their distances."""

from __future__ import annotations

import re
from decimal import Decimal

from tt_tui.domain.order import Distance
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, number, refuse_placeholder, shown
from tt_tui.listener.dialects._json import Unreadable, Value

_PLAIN = "plain"
_LEGS = {
    "target": ("takeprofit", "tp", "profittarget"),
    "stop": ("stoploss", "sl"),
    "trail": ("trailingstop", "trailstop", "trail", "ts"),
    "break_even": ("breakeven", "be"),
}
_UNITS = {
    "ticks": ("ticks", "tick"),
    "points": ("points", "point", "pts"),
    "percent": ("percent", "percentage", "pct"),
    "currency": ("dollar", "dollars", "usd", "currency"),
    "pips": ("pips",),
    "price": ("price",),
}
_VALUE = re.compile(r"[+-]?\s*(\$?)\s*([0-9.]{1,24})\s*(%|[A-Za-z]{0,10})\Z")
_VALUE_UNITS = {
    "%": "percent",
    "t": "ticks",
    "tick": "ticks",
    "ticks": "ticks",
    "pt": "points",
    "pts": "points",
    "point": "points",
    "points": "points",
    "pips": "pips",
    "usd": "currency",
}
_PART_KINDS = {
    "percent": "percent",
    "pct": "percent",
    "percentage": "percent",
    "amount": "points",
    "points": "points",
    "ticks": "ticks",
    "limitprice": "price",
    "stopprice": "price",
    "price": "price",
}


def _keys() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for leg, names in _LEGS.items():
        for name in names:
            found[name] = (leg, _PLAIN)
            for kind, words in _UNITS.items():
                if kind == "price" and leg not in ("stop", "target"):
                    continue
                for word in words:
                    found[name + word] = found[word + name] = (leg, kind)
    found["trailamount"] = found["trailingamount"] = ("trail", "points")
    return found


_KEYS = _keys()


def distance(name: str, value: Value, plain: str) -> Distance | None:
    """Return a distance; ``plain`` is the unit of a bare number; None where absent, 0 or false.

    Raises Unreadable for a negative number or a unit that is not known.
    """
    if value is None or value is False:
        return None
    if isinstance(value, str):
        match = _VALUE.match(value.strip())
        if match and (match[1] or match[3]):
            kind = "currency" if match[1] else _VALUE_UNITS.get(match[3].lower(), "")
            if not kind:
                raise Unreadable(f'"{shown(name)}" is {shown(value)}: use a price, ticks, points or %')
            return _distance(name, number(name, match[2]), kind)
        if value.strip().lower() == "false":
            return None
        refuse_placeholder(name, value)
    return _distance(name, number(name, value), plain)


def _distance(name: str, value: Decimal | None, kind: str) -> Distance | None:
    if not value:
        return None
    if value < 0:
        raise Unreadable(f'"{shown(name)}" is {value}; give a distance or a price above zero')
    return Distance(kind=kind, value=value)


def read_protection(
    fields: Fields, draft: Draft, *, plain: str = "price", only: tuple[str, ...] = tuple(_LEGS)
) -> None:
    """Read every stop, target and trail; ``plain`` is what a bare number of a stop or target means.

    Raises Unreadable where one leg is told twice.
    """
    for key in [key for key in fields.keys_left() if key in _KEYS and _KEYS[key][0] in only]:
        entry = fields.take(key)
        if entry is None:
            continue
        leg, kind = _KEYS[key]
        name, value = entry
        if leg == "break_even" and (value is True or value == "true"):
            draft.warnings.append("breakeven without a distance is not kept; send it as a number of points")
            continue
        if isinstance(value, dict):
            _read_parts(draft, leg, name, value)
            continue
        if kind == _PLAIN:
            kind = plain if leg in ("stop", "target") else "points"
        keep(draft, leg, name, distance(name, value, kind))


def keep(draft: Draft, leg: str, name: str, found: Distance | None) -> None:
    """Keep one leg; raises Unreadable where it is already there with another distance."""
    if found is None:
        return
    if draft.protection.setdefault(leg, found) != found:
        raise Unreadable(f'the {leg} is given twice, the second time as "{shown(name)}"; send one of them')


def _read_parts(draft: Draft, leg: str, name: str, value: dict[str, Value]) -> None:
    """Read a leg written as an object: ``{"percent": 1}`` or ``{"type": "stop", "stopPrice": 4990}``."""
    parts = Fields(value)
    kind = parts.take("type")
    kind_word = str(kind[1]).lower() if kind else ""
    trails = leg == "stop" and "trail" in kind_word
    for key, unit in (("trailamount", "points"), ("trailpercent", "percent")):
        entry = parts.take(key)
        if entry is not None:
            keep(draft, "trail", entry[0], distance(*entry, unit))
    if leg == "stop" and parts.has("stopprice", "limitprice"):
        parts.drop(("limitprice",))
        draft.warnings.append("the protective stop is a plain stop; its limit price is not kept")
    found: Distance | None = None
    for key, unit in _PART_KINDS.items():
        entry = parts.take(key)
        if entry is None:
            continue
        this = distance(*entry, unit)
        if this is not None and found is not None:
            raise Unreadable(f'"{shown(name)}" is given in two ways; send one of percent, amount or a price')
        found = this or found
    left = parts.names_left()
    if left:
        raise Unreadable(
            f'"{shown(name)}" holds "{shown(left[0])}", which is not known; use percent, amount or a price'
        )
    if trails and found is not None and "trail" in draft.protection:
        draft.warnings.append("the trailing stop starts at its own distance; its first stop price is not kept")
        return
    if trails and (found is None or found.kind == "price") and "trail" not in draft.protection:
        raise Unreadable(f'"{shown(name)}" is a trailing stop without a distance; send trailAmount or trailPercent')
    keep(draft, "trail" if trails else leg, name, found)
