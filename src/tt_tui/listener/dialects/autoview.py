"""AutoView: ``e=exchange s=ES1! b=long q=1 t=limit p=5000``, one command in a line."""

from __future__ import annotations

from decimal import Decimal

from tt_tui.domain.instruction import Action
from tt_tui.domain.order import OrderType
from tt_tui.listener.dialects._brackets import distance, keep
from tt_tui.listener.dialects._common import read_texts, time_in_force
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import Fields, Ignorable, boolean, price, seconds, shown, text, word
from tt_tui.listener.dialects._json import Unreadable, Value
from tt_tui.listener.dialects._sizes import read_size
from tt_tui.listener.dialects._words import LONG, ORDER_TYPES, SIDES, TIMES_IN_FORCE, Verb, squash

NAME = "autoview"

_LEGS = (
    ("tp", "target", "points"),
    ("ftp", "target", "price"),
    ("sl", "stop", "points"),
    ("fsl", "stop", "price"),
    ("ts", "trail", "points"),
)
_NATIVE_UNITS = frozenset({"contract", "contracts", "share", "shares", "units"})


def matches(fields: Fields) -> bool:
    """Return True where a book side or a cancel stands beside a symbol, in single letters."""
    return fields.has("s") and (fields.has("b") or fields.has("c"))


def read(fields: Fields, draft: Draft) -> None:
    """Read one command; a bare number of ``sl``, ``tp`` and ``ts`` is a distance in points.

    Raises Ignorable for ``d=1``, Unreadable for a relative price or a part that cannot be kept.
    """
    account = fields.take("a")
    draft.account_shown = text(*account) or "" if account else ""
    read_texts(fields, draft)
    disabled = fields.take("d")
    if disabled is not None and boolean(*disabled):
        raise Ignorable("d=1: the sender marked the command as disabled")
    _read_verb(fields, draft)
    _read_size(fields, draft)
    _read_order(fields, draft)
    for key, leg, unit in _LEGS:
        entry = fields.take(key)
        if entry is not None:
            keep(draft, leg, entry[0], distance(*entry, unit))
    draft.delay = fields.first(("delay",), seconds)
    draft.unknown_keys = fields.names_left()


def _read_verb(fields: Fields, draft: Draft) -> None:
    """Read ``c`` (cancel or close, ``b`` narrowing it) or else ``b``, the side to open."""
    book, ending = fields.take("b"), fields.take("c")
    side_word = word(*book) if book else None
    side = SIDES.get(squash(side_word or ""), "")
    if side_word and not side:
        raise Unreadable(f'"b" is {shown(side_word)}; send long or short')
    if ending is not None:
        what = squash(word(*ending) or "")
        draft.verb_text = f"c={shown(ending[1])}"
        if what not in ("order", "position"):
            raise Unreadable(f'"c" is {shown(ending[1])}; send order to cancel or position to close')
        draft.verb = Verb(Action.CANCEL if what == "order" else Action.CLOSE, side)
        return
    if not side:
        raise Unreadable('no side: send "b" as long or short, or "c" as order or position')
    draft.verb_text = f"b={shown(side_word)}"
    draft.verb = Verb(Action.BUY if side == LONG else Action.SELL)


def _read_size(fields: Fields, draft: Draft) -> None:
    """Read ``q``; a percentage of a close is the part of the position to close."""
    if fields.has("cm"):
        raise Unreadable('"cm" limits what is closed in a way that is not known here; send q as a number or q=50%')
    unit = fields.first(("u",), word)
    read_size(fields, draft)
    if draft.quantity is None:
        return
    if draft.quantity_type == "percent":
        if draft.verb is not None and draft.verb.action is Action.CLOSE:
            draft.fraction = draft.quantity / Decimal(100)
            draft.quantity, draft.quantity_type, draft.quantity_field = None, "contracts", ""
    elif unit and squash(unit) not in _NATIVE_UNITS:
        draft.quantity_type, draft.quantity_field = shown(unit), "q"


def _read_order(fields: Fields, draft: Draft) -> None:
    """Read the type and the price; a price relative to the market is refused."""
    kinds = fields.first(("t",), word) or ""
    for kind in kinds.replace(",", " ").split():
        if squash(kind) in TIMES_IN_FORCE:
            draft.time_in_force = time_in_force(kind)
        elif squash(kind) in (ORDER_TYPES.keys() - {"trail", "trailingstop"}):
            draft.order_type = ORDER_TYPES[squash(kind)]
        else:
            raise Unreadable(f'"t" is {shown(kind)}; send market, limit, day, gtc, ioc or fok')
    fixed = fields.agreed(("fp", "p"), _fixed_price)
    if fixed is None:
        return
    if draft.order_type is None:
        draft.order_type = OrderType.LIMIT
    draft.price = fixed


def _fixed_price(name: str, value: Value) -> Decimal | None:
    if isinstance(value, str) and (value.startswith(("+", "-", "@")) or value.endswith("%")):
        raise Unreadable(f'"{name}" is {shown(value)}, relative to the market; send a price as fp=5000.25')
    return price(name, value)
