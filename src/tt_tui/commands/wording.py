"""A wish in plain words, and back as a sentence that can be typed."""

from __future__ import annotations

import re
from decimal import Decimal

from tt_tui.commands.parsed import PromptContext
from tt_tui.commands.reading import Misread, Word
from tt_tui.commands.symbols import find
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.instrument import Instrument, Kind, product
from tt_tui.domain.order import Bracket, Distance, OrderType

_TICKER = re.compile(r"[A-Z]{1,5}(?:\.[A-Z]{1,2})?")
_HALF = Decimal("0.5")
_SIMPLE = {
    Action.REVERSE: "REV",
    Action.BREAK_EVEN: "BE",
    Action.TRAIL: "TRAIL",
    Action.CANCEL: "CXL",
    Action.FLATTEN: "FLAT",
}


def format_sentence(instruction: Instruction) -> str:
    """Return the line that means an instruction; `parse` reads it back as the same one.

    Raises:
        ValueError: no sentence means it, such as an alert's target position.
    """
    parts = [_body(instruction)]
    if not instruction.everything and not instruction.order_id:
        if instruction.account_group:
            parts.append(f"GRP {instruction.account_group}")
        elif len(instruction.accounts) == 1:
            parts.append(f"ACC {instruction.accounts[0]}")
        elif instruction.accounts:
            raise ValueError("several accounts without a group can't be said in one sentence")
    return " ".join(parts)


def _body(instruction: Instruction) -> str:
    action = instruction.action
    if action in (Action.BUY, Action.SELL):
        return _entry(instruction)
    if action is Action.CLOSE:
        return _close(instruction)
    if action is Action.FLATTEN and instruction.everything:
        return "FLAT ALL"
    if action is Action.CANCEL and not instruction.symbol:
        return f"CXL {instruction.order_id or 'ALL'}"
    if action not in _SIMPLE or (not instruction.symbol and action is not Action.FLATTEN):
        raise ValueError(f"no sentence means {action} {instruction.symbol}".rstrip())
    words = [_SIMPLE[action]]
    if instruction.symbol:
        words.append(typed_symbol(instruction.symbol))
    if action is Action.TRAIL:
        words.append(_distance(instruction.trail, "a trail"))
    return " ".join(words)


def _entry(instruction: Instruction) -> str:
    if instruction.quantity is None:
        raise ValueError("an entry without a size can't be said in a sentence")
    words = [instruction.action.value.upper(), f"{instruction.quantity:f}", typed_symbol(instruction.symbol)]
    if instruction.stop_price is not None:
        words.append(f"AT {instruction.stop_price:f}")
    if instruction.limit_price is not None:
        words.append(f"@ {instruction.limit_price:f}")
    if instruction.time_in_force is not None:
        words.append(instruction.time_in_force.value.upper())
    bracket = instruction.bracket or Bracket()
    parts = (("STOP", bracket.stop), ("TP", bracket.target), ("TRAIL", bracket.trail), ("BE", bracket.break_even))
    words += [f"{word} {_distance(part, word)}" for word, part in parts if part is not None]
    return " ".join(words)


def _close(instruction: Instruction) -> str:
    symbol = typed_symbol(instruction.symbol)
    if instruction.fraction is None:
        size = "" if instruction.quantity is None else f"{instruction.quantity:f} "
        return f"CLOSE {size}{symbol}"
    part = "HALF" if instruction.fraction == _HALF else f"{(instruction.fraction * 100).normalize():f}%"
    verb = {"long": "SELL", "short": "BUY"}.get(instruction.side_closed, "CLOSE")
    return f"{verb} {part} {symbol}"


def _distance(distance: Distance | None, what: str) -> str:
    if distance is None or distance.kind not in ("ticks", "price"):
        raise ValueError(f"{what} is said in ticks or as a price only")
    return f"{distance.value:f}" + ("t" if distance.kind == "ticks" else "")


def typed_symbol(symbol: str) -> str:
    """Return an instruction's symbol as it is typed at the prompt: ``$F`` for a share, an option in one word."""
    if _TICKER.fullmatch(symbol) and product(symbol) is None:
        return f"${symbol}"
    return symbol.replace(" ", "")


def describe(instruction: Instruction, context: PromptContext) -> str:
    """Return what an instruction does, in plain words, without the accounts."""
    symbol, model = _named(instruction.symbol, context)
    match instruction.action:
        case Action.BUY | Action.SELL:
            return _describe_entry(instruction, symbol, model)
        case Action.CLOSE:
            return f"close {_describe_part(instruction)}{symbol}"
        case Action.REVERSE:
            return f"close {symbol}, wait for the fill, and open the same size on the other side"
        case Action.CANCEL if instruction.order_id:
            return f"cancel the order {instruction.order_id}"
        case Action.CANCEL:
            return f"cancel {f'the orders in {symbol}' if symbol else 'all working orders'}"
        case Action.FLATTEN:
            return f"flatten {symbol or 'everything'} (cancel, close, verify)"
        case Action.BREAK_EVEN:
            return f"move the stop of {symbol} to its average price"
        case Action.TRAIL:
            return f"let the stop of {symbol} trail by {_describe_distance(instruction.trail, model)}"
        case _:
            return f"{instruction.action.value.replace('_', ' ')} {symbol}"


def _describe_entry(instruction: Instruction, symbol: str, model: Instrument | None) -> str:
    size = "" if instruction.quantity is None else f"{instruction.quantity:f} "
    text = f"{instruction.action.value} {size}{symbol} {_describe_price(instruction, model)}"
    if instruction.time_in_force is not None:
        text += f", {instruction.time_in_force.value.upper()}"
    bracket = instruction.bracket or Bracket()
    parts = (
        ("stop", bracket.stop),
        ("target", bracket.target),
        ("stop trailing by", bracket.trail),
        ("break-even after", bracket.break_even),
    )
    said = [f"{name} {_describe_distance(part, model)}" for name, part in parts if part is not None]
    return f"{text} with {', '.join(said)}" if said else text


def _describe_price(instruction: Instruction, model: Instrument | None) -> str:
    limit, stop = instruction.limit_price, instruction.stop_price
    match instruction.order_type:
        case OrderType.LIMIT:
            return f"at limit {_shown(limit, model)}"
        case OrderType.STOP:
            return f"at stop {_shown(stop, model)}"
        case OrderType.STOP_LIMIT:
            return f"at stop {_shown(stop, model)} limit {_shown(limit, model)}"
        case _:
            return "at market"


def _describe_part(instruction: Instruction) -> str:
    if instruction.fraction is not None:
        percent = f"{(instruction.fraction * 100).normalize():f} %"
        part = "half" if instruction.fraction == _HALF else percent
        return f"{part} of a {instruction.side_closed} position in " if instruction.side_closed else f"{part} of "
    return "" if instruction.quantity is None else f"{instruction.quantity:f} of "


def _describe_distance(distance: Distance | None, model: Instrument | None) -> str:
    if distance is None:
        return "nothing"
    if distance.kind == "price":
        return f"at {_shown(distance.value, model)}"
    unit = distance.kind[:-1] if distance.value == 1 else distance.kind
    return f"{distance.value:f} {unit}"


def _shown(price: Decimal | None, model: Instrument | None) -> str:
    if price is None:
        return "?"
    return f"{price:f}" if model is None else model.format_price(price)


def _named(symbol: str, context: PromptContext) -> tuple[str, Instrument | None]:
    if not symbol:
        return "", None
    typed = typed_symbol(symbol)
    try:
        target = find(Word(typed, 0, len(typed)), context)
    except Misread:
        return symbol, None
    model = target.model
    if model.kind is Kind.FUTURE:
        return model.symbol if target.is_explicit else f"{symbol} (front contract)", model
    return f"{model.symbol} (share)" if model.kind is Kind.EQUITY else model.name, model
