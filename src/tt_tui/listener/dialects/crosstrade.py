"""CrossTrade: ``key=…; command=PLACE; instrument=ES1!; action=BUY; qty=1;``."""

from __future__ import annotations

from tt_tui.domain.instruction import Action
from tt_tui.listener.dialects._common import read as read_common
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, shown, word
from tt_tui.listener.dialects._json import Unreadable
from tt_tui.listener.dialects._words import LONG, POSITIONS, SHORT, Verb, squash

NAME = "crosstrade"

_CLOSE, _CANCEL, _REVERSE = Verb(Action.CLOSE), Verb(Action.CANCEL), Verb(Action.REVERSE)
_COMMANDS: dict[str, Verb | None] = {
    "place": None,
    "flatplace": None,
    "closeposition": _CLOSE,
    "flatten": _CLOSE,
    "flatteneverything": Verb(Action.FLATTEN),
    "reverse": _REVERSE,
    "reverseposition": _REVERSE,
    "cancelorders": _CANCEL,
    "cancelallorders": _CANCEL,
}
_REFUSED = {
    "cancel": "one order by the sender's id cannot be canceled; use CANCELORDERS with the instrument",
    "cancelorder": "one order by the sender's id cannot be canceled; use CANCELORDERS with the instrument",
    "cancelreplace": "orders are not replaced by alerts; cancel with CANCELORDERS and PLACE anew",
    "change": "orders are not changed by alerts; cancel with CANCELORDERS and PLACE anew",
    "closestrategy": "it closes a NinjaTrader strategy; use CLOSEPOSITION with the instrument",
}
_CONDITIONS = ("requiremarketposition", "maxpositions")
_NO_MEANING = ("destination", "ocoid", "strategyid", "ratelimit")


def matches(fields: Fields) -> bool:
    """Return True where the pairs hold a ``command``."""
    return fields.has("command")


def read(fields: Fields, draft: Draft) -> None:
    """Read one command; raises Unreadable for one that cannot be carried out as it is meant."""
    entry = fields.take("command")
    command = word(*entry) if entry else None
    name = squash(command or "")
    if name in _REFUSED:
        raise Unreadable(f"the command {shown(command)} is not carried out: {_REFUSED[name]}")
    if name not in _COMMANDS:
        raise Unreadable(f'the command "{shown(command)}" is not known; send PLACE, CLOSEPOSITION, REVERSE or FLATTEN')
    verb = _COMMANDS[name]
    if verb is None:
        _read_place(fields, draft, name)
    else:
        _read_other(fields, draft, name, verb)
    draft.verb_text = draft.verb_text or name
    fields.drop(_NO_MEANING)
    read_common(fields, draft)
    if name == "reverseposition" and draft.verb_side:
        draft.position_after, draft.target_size = draft.verb_side, draft.quantity


def _read_place(fields: Fields, draft: Draft, name: str) -> None:
    """Read what only an entry has; its conditions cannot be kept, so it is refused rather than traded."""
    for key in _CONDITIONS:
        entry = fields.take(key)
        if entry is not None and word(*entry):
            raise Unreadable(f'"{shown(entry[0])}" cannot be kept by an alert; set it in the route and remove it here')
    draft.closes_first = name == "flatplace"
    template = fields.take("strategy")
    if template is not None and word(*template):
        draft.strategy = shown(template[1])
        draft.warnings.append("an ATM strategy places no stop here; send stop_loss, or set the route's bracket")


def _read_other(fields: Fields, draft: Draft, name: str, verb: Verb) -> None:
    """Read a close, reverse or cancel; only the two for everything do without an instrument."""
    draft.verb, draft.verb_text = verb, name
    action = fields.take("action")
    if name == "reverseposition" and action is not None:
        wanted = {"buy": LONG, "sell": SHORT}.get(squash(word(*action) or ""))
        if wanted is None:
            raise Unreadable(f'the action "{shown(action[1])}" is not known; send BUY or SELL')
        draft.verb_side, draft.names_position = wanted, True
    if name in ("flatten", "closeposition"):
        side = fields.take("marketposition")
        found = POSITIONS.get(squash(word(*side) or ""), "") if side else ""
        if side is not None and found not in (LONG, SHORT):
            raise Unreadable(f'"{shown(side[0])}" is {shown(side[1])}; send long or short, or leave it out')
        draft.verb_side, draft.names_position = found, True
    draft.everything = name == "flatteneverything" or (name == "cancelallorders" and not draft.symbol)
    if name == "flatteneverything":
        draft.symbol = ""
    if name == "flatten" and not draft.symbol:
        raise Unreadable("FLATTEN without an instrument: name it, or use FLATTENEVERYTHING for all accounts")
