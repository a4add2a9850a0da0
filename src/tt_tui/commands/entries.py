"""Order sentences: ``BUY 2 ES AT 5020 @ 5021 GTC STOP 20t TP 40t ACC name``."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tt_tui.commands import amounts
from tt_tui.commands.parsed import PromptContext, Trade
from tt_tui.commands.reading import Misread, Reader, Word, near, shown, wrong
from tt_tui.commands.scope import Scope, is_override, read_scope, why_asks
from tt_tui.commands.symbols import read_symbol
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.instrument import Instrument, product
from tt_tui.domain.order import Bracket, Distance, OrderType, Origin, TimeInForce

_TIMES = {"DAY": TimeInForce.DAY, "GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}
_MARKET = frozenset({"MKT", "MARKET"})
CLAUSES = ("@", "AT", *_TIMES, "STOP", "TP", "TRAIL", "BE", "ACC", "GRP")
"""What may follow the symbol of an entry, in the order that it is written."""


_LIMIT = "write @ and the price, such as @ 5012.25"
_HINTS = {
    "LIMIT": _LIMIT,
    "LMT": _LIMIT,
    "LIM": _LIMIT,
    "STP": "write AT and the price for a stop entry, STOP for the protective stop",
    "SL": "write STOP for the protective stop",
    "TARGET": "write TP",
    "PT": "write TP",
    "PROFIT": "write TP",
    "ACCOUNT": "write ACC and the name",
    "GROUP": "write GRP and the name",
    "ON": "write ACC and the name",
}


class _Terms(msgspec.Struct):
    """The parts of an entry, as they are read."""

    is_market: bool = False
    limit: Decimal | None = None
    stop: Decimal | None = None
    time_in_force: TimeInForce | None = None
    bracket_stop: Distance | None = None
    target: Distance | None = None
    trail: Distance | None = None
    break_even: Distance | None = None


def read_entry(reader: Reader, context: PromptContext, action: Action) -> Trade:
    """Read what follows ``BUY`` or ``SELL``."""
    word = action.value.upper()
    first = reader.peek()
    if first is None:
        raise reader.missing(f"{word} what? A size and a symbol follow, such as {word} 2 ES")
    part = amounts.fraction(first)
    if part is not None:
        reader.take()
        return _close_part(reader, context, action, part)
    sized = amounts.is_size(first)
    quantity = amounts.size(reader.take()) if sized else Decimal(1)
    target = read_symbol(reader, context, f"{word} what? A symbol is missing, such as {word} {quantity} ES")
    terms = _read_terms(reader, target.model, "" if sized else word)
    scope = read_scope(reader, context, "the sentence")
    instruction = Instruction(
        action=action,
        symbol=target.symbol,
        quantity=quantity,
        order_type=_order_type(terms),
        limit_price=terms.limit,
        stop_price=terms.stop,
        time_in_force=terms.time_in_force,
        bracket=_bracket(terms),
        account_group=scope.group,
        accounts=scope.accounts,
        origin=Origin.PERSON,
    )
    return trade(instruction, scope, context, note="" if sized else "no size was given, so 1")


def trade(instruction: Instruction, scope: Scope, context: PromptContext, *, note: str = "") -> Trade:
    """Return a wish with whether it asks."""
    why = why_asks(scope.accounts, context)
    return Trade(instruction=instruction, accounts=scope.accounts, asks=bool(why), why_asks=why, note=note)


def _close_part(reader: Reader, context: PromptContext, action: Action, part: Decimal) -> Trade:
    """``SELL HALF`` closes half of a long position, and never opens a short one."""
    word = action.value.upper()
    target = read_symbol(reader, context, f"{word} HALF of what? A symbol follows, such as ES")
    scope = read_scope(reader, context, f"{word} HALF and a symbol but ACC or GRP")
    instruction = Instruction(
        action=Action.CLOSE,
        symbol=target.symbol,
        fraction=part,
        side_closed="long" if action is Action.SELL else "short",
        account_group=scope.group,
        accounts=scope.accounts,
    )
    return trade(instruction, scope, context)


def _read_terms(reader: Reader, instrument: Instrument, verb: str) -> _Terms:
    """Take all that stands between the symbol and the accounts; ``verb`` is empty where a size was given."""
    terms = _Terms()
    while not reader.is_done() and not is_override(reader.peek()):
        word = reader.take()
        if word.text.startswith("@"):
            _once(word, terms.limit, terms.is_market)
            terms.limit = _limit(reader, word, instrument)
        elif word.key == "AT":
            _once(word, terms.stop, terms.is_market)
            terms.stop = amounts.price(reader.need("AT needs the stop price, such as AT 5020"), instrument)
        elif word.key in _MARKET:
            _once(word, terms.limit, terms.stop)
            terms.is_market = True
        elif word.key in _TIMES:
            _once(word, terms.time_in_force)
            terms.time_in_force = _TIMES[word.key]
        else:
            _read_protection(reader, word, terms, instrument, verb)
    return terms


def _read_protection(reader: Reader, word: Word, terms: _Terms, instrument: Instrument, verb: str) -> None:
    match word.key:
        case "STOP":
            _once(word, terms.bracket_stop)
            terms.bracket_stop = amounts.distance(reader, "STOP", instrument)
        case "TP":
            _once(word, terms.target)
            terms.target = amounts.distance(reader, "TP", instrument)
        case "TRAIL":
            _once(word, terms.trail)
            terms.trail = amounts.need_ticks(reader, "TRAIL")
        case "BE":
            _once(word, terms.break_even)
            terms.break_even = amounts.need_ticks(reader, "BE")
        case _:
            raise _unexpected(word, verb, instrument)


def _limit(reader: Reader, word: Word, instrument: Instrument) -> Decimal:
    if word.text == "@":
        return amounts.price(reader.need("@ needs the limit price, such as @ 5012.25"), instrument)
    return amounts.price(Word(word.text[1:], word.start + 1, word.end), instrument)


def _once(word: Word, *taken: object) -> None:
    if any(part is not None and part is not False for part in taken):
        raise wrong(word, f"{word.key} does not go with what was said before it; each part is written once")


def _unexpected(word: Word, verb: str, instrument: Instrument) -> Misread:
    hint = _HINTS.get(word.key, "")
    if not hint and amounts.is_size(word):
        size = f"a size stands before the symbol ({verb} {word.text} {instrument.root}), " if verb else ""
        hint = f"{size}a price after @ or AT"
        return wrong(word, f"{shown(word.text)} is not understood here; {hint}", (f"@ {word.text}", f"AT {word.text}"))
    if not hint and product(word.key) is not None:
        hint = "a sentence has one symbol, and the size before it is a number"
    said = hint or "after the symbol come @ price, AT price, DAY, GTC, STOP, TP, TRAIL, BE, ACC or GRP"
    return wrong(word, f"{shown(word.text)} is not understood here; {said}", near(word.key, CLAUSES))


def _order_type(terms: _Terms) -> OrderType:
    if terms.stop is not None:
        return OrderType.STOP if terms.limit is None else OrderType.STOP_LIMIT
    return OrderType.MARKET if terms.limit is None else OrderType.LIMIT


def _bracket(terms: _Terms) -> Bracket | None:
    found = Bracket(stop=terms.bracket_stop, target=terms.target, trail=terms.trail, break_even=terms.break_even)
    return None if found == Bracket() else found
