"""The verb of a body and the side beside it, under any of their keys."""

from __future__ import annotations

from tt_tui.domain.instruction import Action
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, Ignorable, shown, word
from tt_tui.listener.dialects._json import Unreadable, Value
from tt_tui.listener.dialects._sizes import CONTRACT_KEYS
from tt_tui.listener.dialects._words import LONG, SHORT, SIDES, VERBS, Verb, squash

_VERBS_BESIDE = ("data", "signal", "orderaction", "command", "b")
_VERBS_IN_TEXT = ("type", "message")


def read_verb(fields: Fields, draft: Draft) -> None:
    """Read the verb and the side beside it.

    Raises Unreadable for an unknown or contradicting word, Ignorable for hold, ping and plain notices.
    """
    verb = draft.verb
    action = fields.take("action")
    if action is not None:
        verb = _verb(draft, *action)
    for key in _VERBS_BESIDE if fields.has_any(*_VERBS_BESIDE) else ():
        value = fields.peek(key)
        if not isinstance(value, str):
            continue
        fields.drop((key,))
        if verb is None:
            verb = _verb(draft, key, value)
        elif (other := VERBS.get(squash(value))) is not None and other != verb:
            raise Unreadable(f'"{key}" says {shown(value)} but the action is {shown(draft.verb_text)}; keep one')
    verb = _read_side(fields, draft, verb)
    for key in _VERBS_IN_TEXT:
        value = fields.peek(key)
        if verb is None and isinstance(value, str) and squash(value) in VERBS:
            fields.drop((key,))
            verb = _verb(draft, key, value)
    if verb is None:
        _refuse_no_verb(fields, draft)
    elif verb.action is Action.IGNORE:
        raise Ignorable(f'the action "{shown(draft.verb_text)}" asks for no trade')
    draft.verb = verb


def _verb(draft: Draft, name: str, value: Value) -> Verb:
    found = word(name, value)
    if found is None:
        raise Unreadable(f'"{shown(name)}" is empty; send one of buy, sell, close, reverse, cancel')
    verb = VERBS.get(squash(found))
    if verb is None:
        raise Unreadable(
            f'the action "{shown(found)}" in "{shown(name)}" is not known; send one of buy, sell, close, reverse, '
            "cancel"
        )
    draft.verb_text = found
    return verb


def _read_side(fields: Fields, draft: Draft, verb: Verb | None) -> Verb | None:
    """Read the side beside the verb; without a verb the side is the verb."""
    entry = fields.take("side") or fields.take("direction")
    found = word(*entry) if entry else None
    if entry is None or found is None:
        return verb
    if verb is None:
        return _verb(draft, entry[0], found)
    side = SIDES.get(squash(found), "")
    if side:
        draft.verb_side = side
        draft.names_position = squash(found) in (LONG, SHORT)
    elif verb.action not in (Action.CLOSE, Action.CANCEL, Action.REVERSE, Action.IGNORE):
        raise Unreadable(f'the side "{shown(found)}" does not fit the action {shown(draft.verb_text)}')
    return verb


def _refuse_no_verb(fields: Fields, draft: Draft) -> None:
    sized = fields.has_any(*CONTRACT_KEYS, "marketposition", "sentiment")
    if not draft.symbol and not sized and (draft.comment or draft.auth):
        raise Ignorable("a notice without an action or a symbol; nothing to trade")
    raise Unreadable('no action: send "action" as one of buy, sell, close, reverse, cancel')
