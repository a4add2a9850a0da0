"""From the body of an alert to an instruction, in any dialect that traders already have.

``parse`` never raises: what is not certainly a trade becomes an instruction that is shown and never traded.
``find_secrets`` and ``redact`` handle the proof and the credentials that bodies carry.
"""

from __future__ import annotations

from typing import Protocol

from tt_tui.domain.instruction import Action, Instruction
from tt_tui.listener.dialects import (
    _pairs,
    alertatron,
    altrady,
    autoview,
    coinrule,
    crosstrade,
    generic,
    hackingthemarkets,
    okx,
    phsphd,
    pickmytrade,
    pineconnector,
    prose,
    seed,
    thetopham,
    threecommas,
    traderspost,
)
from tt_tui.listener.dialects._common import read_symbol
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, Ignorable
from tt_tui.listener.dialects._json import Unreadable, decode, loads
from tt_tui.listener.dialects._secrets import find_secrets, redact

__all__ = ["parse", "find_secrets", "redact"]


class _Dialect(Protocol):
    """One dialect of objects: a name, how it is recognised by its keys, and how it is read."""

    NAME: str

    def matches(self, fields: Fields) -> bool: ...

    def read(self, fields: Fields, draft: Draft) -> None: ...


_OBJECTS: tuple[_Dialect, ...] = (
    hackingthemarkets,
    threecommas,
    okx,
    altrady,
    phsphd,
    pickmytrade,
    thetopham,
    coinrule,
    traderspost,
    seed,
    generic,
)
_PAIRS: tuple[_Dialect, ...] = (crosstrade, autoview, *_OBJECTS)


def parse(raw: bytes | str, *, content_type: str = "") -> Instruction:
    """Return what a body asks for.

    The order is JSON object, PineConnector's list, ``key=value`` pairs, Alertatron's script, prose. The
    content type is what the sender claims and never decides, because TradingView labels one and the same body
    either way (tradingview §1): it is only named where a body that claims to be JSON is not.
    """
    draft = Draft(dialect="")
    try:
        _read(decode(raw), draft)
        return draft.finish()
    except Unreadable as error:
        return draft.untraded(Action.ERROR, str(error))
    except Ignorable as reason:
        if draft.dialect == prose.NAME and "json" in content_type:
            draft.warnings.append("the body claims to be JSON and is plain text")
        return draft.untraded(Action.IGNORE, str(reason))


def _read(text: str, draft: Draft) -> None:
    """Recognise the dialect of a text and read it into the draft."""
    if not text:
        raise Unreadable("empty body: write a message in the alert's message box")
    if text[0] in '{["' or text.replace(".", "", 1).isdigit():
        _read_json(text, draft)
    elif pineconnector.looks_like_csv(text):
        draft.dialect = pineconnector.NAME
        pineconnector.read(text, draft)
    elif _pairs.looks_like_pairs(text):
        _read_pairs(text, draft)
    elif alertatron.looks_like_script(text):
        draft.dialect = alertatron.NAME
        alertatron.read(text, draft)
    else:
        draft.dialect = prose.NAME
        prose.read(text, draft)


def _read_json(text: str, draft: Draft) -> None:
    draft.dialect = "json"
    value = loads(text)
    if isinstance(value, dict):
        if not value:
            raise Unreadable("empty object: send symbol, action and quantity")
        _read_object(Fields(value), draft, _OBJECTS)
    elif isinstance(value, str):
        if value.lstrip().startswith("{"):
            raise Unreadable("the whole object is quoted as one text; remove the outer quotes")
        draft.dialect = prose.NAME
        prose.read(value, draft)
    else:
        kind = "list; send one object in each alert" if isinstance(value, list) else "number, not an alert"
        raise Unreadable(f"the body is a {kind}")


def _read_object(fields: Fields, draft: Draft, dialects: tuple[_Dialect, ...]) -> None:
    dialect = next(dialect for dialect in dialects if dialect.matches(fields))
    draft.dialect = dialect.NAME
    read_symbol(fields, draft)
    dialect.read(fields, draft)


def _read_pairs(text: str, draft: Draft) -> None:
    """Read a body of pairs; a text that names no order at all is prose that happens to begin with one."""
    draft.dialect = "pairs"
    if not _pairs.names_an_order(text):
        draft.dialect = prose.NAME
        prose.read(text, draft)
    commands = _pairs.split(text)
    if len(commands) > 1:
        raise Unreadable(f"{len(commands)} commands in one body; send one command in each alert")
    _read_object(Fields(commands[0]), draft, _PAIRS)
