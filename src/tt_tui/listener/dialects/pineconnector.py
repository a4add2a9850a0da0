"""PineConnector: ``LICENSE,command,SYMBOL,risk=1,sl=50``; its volumes and distances have the EA's units."""

from __future__ import annotations

import re

from tt_tui.domain.instruction import Action
from tt_tui.domain.order import OrderType
from tt_tui.listener.dialects._brackets import distance, keep
from tt_tui.listener.dialects._common import read_texts
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, Ignorable, price, refuse_placeholder, shown
from tt_tui.listener.dialects._json import Unreadable
from tt_tui.listener.dialects._pairs import command_of
from tt_tui.listener.dialects._secrets import LICENCE
from tt_tui.listener.dialects._sizes import read_size
from tt_tui.listener.dialects._words import LONG, SHORT, Verb

NAME = "pineconnector"

_SHAPE = re.compile(rf"(?:{LICENCE}),[A-Za-z]{{2,24}}(?:,\S|\Z)")
_CLOSE_AND_OPEN = {
    "closelongbuy": Action.BUY,
    "closeshortbuy": Action.BUY,
    "closelongsell": Action.SELL,
    "closeshortsell": Action.SELL,
}
_COMMANDS: dict[str, tuple[Verb, OrderType | None]] = {
    **dict.fromkeys(("buy", "long", "bull", "bullish"), (Verb(Action.BUY), OrderType.MARKET)),
    **dict.fromkeys(("sell", "short", "bear", "bearish"), (Verb(Action.SELL), OrderType.MARKET)),
    "buystop": (Verb(Action.BUY), OrderType.STOP),
    "sellstop": (Verb(Action.SELL), OrderType.STOP),
    "buylimit": (Verb(Action.BUY), OrderType.LIMIT),
    "selllimit": (Verb(Action.SELL), OrderType.LIMIT),
    "closelong": (Verb(Action.CLOSE, LONG), None),
    "closeshort": (Verb(Action.CLOSE, SHORT), None),
    "closelongshort": (Verb(Action.CLOSE), None),
    "closeall": (Verb(Action.CLOSE), None),
    "cancellong": (Verb(Action.CANCEL, LONG), None),
    "cancelshort": (Verb(Action.CANCEL, SHORT), None),
    **{name: (Verb(action), OrderType.MARKET) for name, action in _CLOSE_AND_OPEN.items()},
}
_CONTROL = frozenset({"eaon", "eaoff"})
_REFUSED = ("newsltp", "closealleaoff", "betrigger", "trail", "partial")
_FILTERS = ("spread", "accfilter")


def looks_like_csv(text: str) -> bool:
    """Return True where a text begins with a licence and a command, without spaces, as PineConnector asks."""
    if not _SHAPE.match(text):
        return False
    command = text.split(",", 2)[1].strip().lower()
    return command in _COMMANDS or command in _CONTROL or command.startswith(_REFUSED)


def read(text: str, draft: Draft) -> None:
    """Read one line; raises Unreadable for commands that change what is held, Ignorable for the EA's switch."""
    draft.auth = "body:license"
    parts = [part.strip() for part in text.split(",")]
    command = parts[1].lower()
    draft.verb_text = command
    if command in _CONTROL:
        raise Ignorable(f"{command} switches PineConnector's own program; nothing to trade")
    if command.startswith(_REFUSED):
        raise Unreadable(f"the command {command} is not carried out; send a close or a new order instead")
    if len(parts) > 2 and "=" not in parts[2]:
        refuse_placeholder("symbol", parts[2])
        draft.symbol = parts.pop(2)
    draft.verb, draft.order_type = _COMMANDS[command]
    draft.closes_first = command in _CLOSE_AND_OPEN
    if command == "closeall":
        draft.warnings.append("closeall closes the named symbol only, not every symbol")
    fields = Fields(command_of(parts[2:]))
    read_texts(fields, draft)
    for key in _FILTERS:
        entry = fields.take(key)
        if entry is not None and draft.verb.action in (Action.BUY, Action.SELL):
            raise Unreadable(f'"{entry[0]}" is a condition that an alert cannot keep; remove it')
    read_size(fields, draft)
    _read_targets(fields, draft)
    draft.price = fields.first(("price",), price)
    draft.unknown_keys = fields.names_left()


def _read_targets(fields: Fields, draft: Draft) -> None:
    """Read ``sl`` and ``tp`` as pips: their real unit is a setting of the EA that the message does not tell."""
    for key, leg in (("sl", "stop"), ("tp", "target")):
        entry = fields.take(key)
        found = distance(*entry, "pips") if entry else None
        if entry is None or found is None:
            continue
        keep(draft, leg, entry[0], found)
        draft.warnings.append(
            f"{key}={shown(entry[1])} has the unit that is set in PineConnector's EA, taken for pips; "
            f"send {key}={shown(entry[1])} ticks to be exact"
        )
