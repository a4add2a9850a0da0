"""Alertatron scripts: ``Account(SYMBOL) { market(side=buy, amount=1); } #bot``."""

from __future__ import annotations

import re
from decimal import Decimal

from tt_tui.domain.instruction import Action
from tt_tui.domain.order import Distance, OrderType
from tt_tui.listener.dialects._brackets import keep
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import (
    Fields,
    boolean,
    clean,
    number,
    price,
    refuse_placeholder,
    shown,
    text,
    word,
)
from tt_tui.listener.dialects._json import Unreadable
from tt_tui.listener.dialects._pairs import command_of
from tt_tui.listener.dialects._words import FLAT, LONG, SHORT, SIDES, Verb, squash

NAME = "alertatron"

_SCRIPT = re.compile(r"\s*([^(){}\n=]{0,64})\(([^(){}\n]{1,64})\)\s*\{(.*)\}\s*(?:#[^\n{}]*)?\Z", re.DOTALL)
_CALL = re.compile(r"\s*([A-Za-z]{1,40})\s*\(([^(){}]*)\)\s*\Z")
_ORDERS = {"market": OrderType.MARKET, "limit": OrderType.LIMIT}
_PERCENT = re.compile(r"([0-9.]{1,10})(%%?[abp]?)\Z")


def looks_like_script(text: str) -> bool:
    """Return True where a text has the shape ``Name(SYMBOL) { … }``."""
    return "{" in text and _SCRIPT.match(text) is not None


def read(script: str, draft: Draft) -> None:
    """Read one script: an order with its protection, or a cancel.

    Raises Unreadable for several orders and for commands that cannot be carried out as they are meant.
    """
    match = _SCRIPT.match(script)
    if match is None:
        raise Unreadable("the script is not of the form Account(SYMBOL) { market(side=buy, amount=1); }")
    account, symbol, body = match.groups()
    draft.account_shown, draft.symbol = clean(account), symbol.strip()
    refuse_placeholder("symbol", draft.symbol)
    protections: list[Fields] = []
    for statement in re.split(r"[;\n]+", body):
        line = statement.strip()
        if not line or line.startswith(("#", "//")):
            continue
        call = _CALL.match(line)
        if call is None:
            raise Unreadable(f'"{shown(line)}" is not a command of the form name(key=value, …)')
        name, pairs = call[1], Fields(command_of(call[2].split(",")))
        if squash(name) == "stoportakeprofit":
            protections.append(pairs)
        else:
            _read_command(draft, name, pairs)
    if draft.verb is None:
        raise Unreadable("the script places no order; send market(side=buy, amount=1) or cancel(which=all)")
    for pairs in protections:
        _read_protection(draft, pairs)


def _read_command(draft: Draft, name: str, pairs: Fields) -> None:
    """Read an order or a cancel; a cancel before an order is part of the order's own steps."""
    word_of = squash(name)
    if word_of == "cancel":
        which = pairs.first(("which",), word)
        if which is not None and which.lower() != "all":
            raise Unreadable(f"cancel(which={shown(which)}) cannot be carried out; only which=all is known")
        if draft.verb is None:
            draft.verb, draft.verb_text = Verb(Action.CANCEL), "cancel"
        return
    if word_of not in _ORDERS:
        raise Unreadable(
            f"the command {shown(name)} is not carried out; send market, limit, stopOrTakeProfit or cancel"
        )
    if draft.verb is not None and draft.verb.action is not Action.CANCEL:
        raise Unreadable("the script places more than one order; send one in each alert")
    draft.order_type, draft.verb_text = _ORDERS[word_of], name
    _read_order(draft, pairs)
    offset = pairs.take("offset")
    if offset is not None:
        fixed = str(offset[1]).strip()
        if not fixed.startswith("@"):
            raise Unreadable(f"offset={shown(fixed)} is relative to the market; send a price as offset=@5000.25")
        draft.price = price("offset", fixed[1:])
    pairs.drop(("tag", "postonly"))
    draft.unknown_keys = pairs.names_left()


def _read_order(draft: Draft, pairs: Fields) -> None:
    """Read the side and the amount, or the position to end in."""
    target = pairs.take("position")
    side_word = pairs.first(("side",), word)
    side = SIDES.get(squash(side_word or ""), "")
    reduces = pairs.first(("reduceonly",), boolean)
    if target is not None:
        size = number(*target)
        if size is None:
            raise Unreadable('"position" is empty; send the position to end in, 0 for none')
        draft.verb = Verb(Action.TARGET if size else Action.CLOSE)
        draft.position_after = LONG if size > 0 else SHORT if size < 0 else FLAT
        draft.target_size = abs(size)
        return
    if not side:
        raise Unreadable(f'the side "{shown(side_word or "")}" is not known; send side=buy or side=sell')
    amount = pairs.take("amount")
    percent = _PERCENT.match(str(amount[1]).strip()) if amount else None
    if reduces:
        draft.verb = Verb(Action.CLOSE, SHORT if side == LONG else LONG)
    else:
        draft.verb = Verb(Action.BUY if side == LONG else Action.SELL)
    if percent is not None:
        share = number("amount", percent[1]) or Decimal(0)
        if reduces and percent[2] == "%p":
            draft.fraction = share / 100
            return
        unit = {"%p": "percent_of_position"}.get(percent[2], "percent_of_balance")
        draft.quantity, draft.quantity_type, draft.quantity_field = share, unit, "amount"
    elif amount is not None:
        draft.quantity = number(*amount)


def _read_protection(draft: Draft, pairs: Fields) -> None:
    """Read the take-profit and the stop: a number is points, ``1%`` a percentage, ``@5000`` a price."""
    for key, leg in (("tp", "target"), ("sl", "stop")):
        entry = pairs.take(key)
        value = text(*entry) if entry else None
        if entry is None or value is None:
            continue
        kind, digits = "points", value
        if value.startswith("@"):
            kind, digits = "price", value[1:]
        elif value.endswith("%"):
            kind, digits = "percent", value[:-1]
        found = price(key, digits)
        keep(draft, leg, key, Distance(kind=kind, value=found) if found else None)
    pairs.drop(("side", "amount", "position", "tag", "trigger", "reduceonly"))
    left = pairs.names_left()
    if left:
        raise Unreadable(f'stopOrTakeProfit has "{shown(left[0])}", which is not known; send tp and sl')
