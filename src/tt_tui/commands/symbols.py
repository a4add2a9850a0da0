"""Symbols as a person types them at the prompt: a bare root is the future, ``$ES`` and ``ES US`` the share."""

from __future__ import annotations

import re
from datetime import date

import msgspec

from tt_tui.commands.parsed import PromptContext
from tt_tui.commands.reading import Misread, Reader, Word, is_one_slip, near, shown, wrong
from tt_tui.domain.instrument import MONTH_CODES, Instrument, Kind, UnknownSymbol, equity, future, product, products
from tt_tui.domain.symbology import Spelling, parse_symbol, resolve

RESERVED = frozenset(
    {"ALL", "HALF", "AT", "STOP", "TP", "TRAIL", "BE", "DAY", "GTC", "IOC", "FOK", "ACC", "GRP", "MKT", "MARKET", "US"}
)
"""Words of an order sentence, which are no symbols there; the shares of that name are ``$ALL``, ``$BE`` and so on."""

_US = "US"
_PRICE_MARK = re.compile(r"@[0-9.,'’-]*")
_DATED = re.compile(rf"(?P<root>[A-Z0-9]{{1,4}}?)(?P<month>[{MONTH_CODES}][0-9]{{1,4}})")
_BARE = re.compile(r"[A-Z0-9]{1,5}")


class Target(msgspec.Struct, frozen=True):
    """What a symbol names."""

    symbol: str
    """For an instruction: the explicit contract where it is known, else the text as typed."""
    model: Instrument
    """Its ticks and price format; of the contract itself where that is known, else of its product."""
    is_explicit: bool


class _NoRolls:
    """Stands where no continuous symbol can arrive."""

    def front(self, root: str, on: date, offset: int = 0) -> Instrument:
        """Refuse."""
        raise UnknownSymbol(f"which contract {root} means today is not known")


def read_symbol(reader: Reader, context: PromptContext, missing: str) -> Target:
    """Take a symbol and, after a share's ticker, its ``US``; raise ``Misread`` for anything else."""
    following = reader.peek()
    if following is not None and _PRICE_MARK.fullmatch(following.text):
        raise wrong(following, missing)
    word = reader.need(missing)
    if word.key in RESERVED:
        raise wrong(word, f"{missing}; for the share of that name write ${word.key}")
    market = reader.peek()
    if market is not None and market.key == _US and not word.text.startswith("$"):
        reader.take()
        return _share(word, word.text)
    return find(word, context)


def is_symbol(word: Word, context: PromptContext) -> bool:
    """Tell whether a word names something that can be traded."""
    try:
        find(word, context)
    except Misread:
        return False
    return True


def find(word: Word, context: PromptContext) -> Target:
    """Return what one word names; raise ``Misread`` with near matches where it names nothing."""
    if word.text.startswith("$"):
        return _share(word, word.text[1:])
    try:
        spelling = parse_symbol(word.text, today=context.today)
        if spelling.kind is Kind.FUTURE:
            return _future(word, spelling, context)
        if spelling.kind is Kind.EQUITY and _looks_mistyped(word, spelling, context):
            raise _unknown(word, f" For the share write ${spelling.symbol}.")
        found = resolve(spelling, today=context.today, rolls=_NoRolls())
    except UnknownSymbol as error:
        raise _unknown(word, "", str(error)) from error
    return Target(symbol_for_desk(found), found, True)


def symbol_for_desk(instrument: Instrument) -> str:
    """Return a spelling that the desk reads as this instrument, also for a share named like a futures root."""
    if instrument.kind is Kind.EQUITY and product(instrument.symbol) is not None:
        return f"NYSE:{instrument.symbol}"
    return instrument.symbol


def _future(word: Word, spelling: Spelling, context: PromptContext) -> Target:
    if spelling.continuous is None:
        found = resolve(spelling, today=context.today, rolls=_NoRolls())
        return Target(found.symbol, found, True)
    known = context.resolve(word.text)
    if known is not None:
        return Target(known.symbol, known, True)
    return Target(word.key, future(spelling.root, context.today.year, context.today.month), False)


def _share(word: Word, ticker: str) -> Target:
    try:
        found = equity(ticker.upper().replace("/", ".") if ticker.isascii() else ticker)
    except UnknownSymbol as error:
        raise wrong(word, str(error)) from error
    return Target(symbol_for_desk(found), found, True)


def _looks_mistyped(word: Word, spelling: Spelling, context: PromptContext) -> bool:
    """A bare ticker one slip away from a futures root is more likely the future, so it is asked for."""
    if spelling.exchange or spelling.symbol in context.rows:
        return False
    return any(is_one_slip(word.key, root) for root in products())


def _unknown(word: Word, tail: str, sentence: str = "") -> Misread:
    found = suggestions(word.key)
    if found:
        said = f"{shown(word.text)} is no symbol known here; did you mean {' or '.join(found)}?{tail}"
        return wrong(word, said, found)
    return wrong(word, sentence or f"{shown(word.text)} is no symbol known here")


def suggestions(key: str) -> tuple[str, ...]:
    """Return up to three futures symbols near to a word in capitals, the most traded first."""
    roots = tuple(products())
    match = _DATED.fullmatch(key)
    if match is not None and match["root"] not in roots:
        return tuple(f"{root}{match['month']}" for root in near(match["root"], roots))
    return near(key, roots) if _BARE.fullmatch(key) else ()
