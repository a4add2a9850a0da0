"""Reads one typed line: `parse` says what it means, or what is wrong with it, and never raises.

The first word decides: a verb, then a function, then a row number, then a symbol. So ``BE`` is the verb and
``W`` the watchlist; the shares of those names are ``$BE`` and ``$W``. After a verb it is a symbol.
"""

from __future__ import annotations

from collections.abc import Callable

from tt_tui.commands.parsed import (
    Empty,
    Help,
    OpenFunction,
    Parsed,
    PickRow,
    PickSymbol,
    PromptContext,
    WatchAdd,
    WatchRemove,
)
from tt_tui.commands.reading import Misread, Reader, Word, check_line, near, shown, split, wrong
from tt_tui.commands.registry import FUNCTION_BY_MNEMONIC, FUNCTIONS, VERB_BY_WORD, VERBS, Function
from tt_tui.commands.sentences import SENTENCES
from tt_tui.commands.symbols import is_symbol, read_symbol

_FIRST_WORDS = (*VERB_BY_WORD, *FUNCTION_BY_MNEMONIC)
_LIKELY_MISTYPED = 3
"""From this length on, a word one slip away from a longer verb or mnemonic is not taken for a share."""


def parse(text: str, context: PromptContext) -> Parsed:
    """Return what a typed line means at a prompt; a ``Mistake`` with a sentence where it means nothing."""
    try:
        check_line(text)
        words = split(text)
        if not words:
            return Empty()
        return _read(Reader(words, len(text)), words[0], context)
    except Misread as stopped:
        return stopped.mistake


def _read(reader: Reader, first: Word, context: PromptContext) -> Parsed:
    if first.key in SENTENCES:
        reader.take()
        return SENTENCES[first.key](reader, context)
    if first.key in FUNCTION_BY_MNEMONIC:
        reader.take()
        return _function(reader, FUNCTION_BY_MNEMONIC[first.key], context, "")
    if first.text.isascii() and first.text.isdigit():
        return _row(reader, context)
    return _symbol(reader, first, context)


def _row(reader: Reader, context: PromptContext) -> Parsed:
    """``3``, ``3 GP``."""
    word = reader.take()
    number = int(word.text) if len(word.text) < 4 else 0
    if not 1 <= number <= len(context.rows):
        count = len(context.rows)
        raise wrong(
            word, f"there is no row {word.text}; " + (f"rows go from 1 to {count}" if count else "no rows here")
        )
    symbol = context.rows[number - 1]
    if reader.is_done():
        return PickRow(number=number, symbol=symbol)
    return _function_of(reader, symbol, context)


def _symbol(reader: Reader, first: Word, context: PromptContext) -> Parsed:
    """``ES``, ``ES US``, ``ES GP``."""
    known = _meant_words(first, context)
    if known:
        raise wrong(first, f"{shown(first.text)} is no command; did you mean {' or '.join(known)}?", known)
    try:
        target = read_symbol(reader, context, "")
    except Misread as stopped:
        if stopped.mistake.suggestions or first.text.startswith("$"):
            raise
        near_words = near(first.key, _FIRST_WORDS)
        said = f"did you mean {' or '.join(near_words)}?" if near_words else "HELP lists what can be typed"
        raise wrong(first, f"{shown(first.text)} is no command and no symbol; {said}", near_words) from stopped
    following = reader.peek()
    if following is None:
        return PickSymbol(symbol=target.symbol)
    meant = near(first.key, tuple(SENTENCES))
    if following.key not in _FIRST_WORDS and meant:
        raise wrong(first, f"{shown(first.text)} is no command; did you mean {' or '.join(meant)}?", meant)
    return _function_of(reader, target.symbol, context)


def _meant_words(word: Word, context: PromptContext) -> tuple[str, ...]:
    """Return the verbs and mnemonics that a first word must have meant, though it reads like a share's ticker."""
    if word.key in context.rows:
        return ()
    called = _called(word)
    if called:
        return called
    if len(word.key) < _LIKELY_MISTYPED:
        return ()
    return tuple(one for one in near(word.key, _FIRST_WORDS) if len(one) > _LIKELY_MISTYPED)


def _function_of(reader: Reader, symbol: str, context: PromptContext) -> Parsed:
    word = reader.take()
    function = FUNCTION_BY_MNEMONIC.get(word.key)
    if function is not None:
        return _function(reader, function, context, symbol)
    if word.key in SENTENCES:
        raise wrong(word, f"{word.key} comes first, as in {VERB_BY_WORD[word.key].examples[0]}")
    known = near(word.key, tuple(FUNCTION_BY_MNEMONIC))
    raise wrong(word, f"{shown(word.text)} is no function; HELP lists them", known)


def _function(reader: Reader, function: Function, context: PromptContext, symbol: str) -> Parsed:
    special = _SPECIAL.get(function.mnemonic)
    if special is not None:
        return special(reader, function, context, symbol)
    return _open(reader, function, context, symbol)


def _open(reader: Reader, function: Function, context: PromptContext, symbol: str) -> Parsed:
    if function.takes_symbol and not symbol:
        following = reader.peek()
        if following is not None and is_symbol(following, context):
            symbol = read_symbol(reader, context, "").symbol
        else:
            symbol = context.symbol
    if not function.arguments:
        reader.finish(function.mnemonic)
    args = tuple(word.text for word in reader.rest())
    return OpenFunction(mnemonic=function.mnemonic, symbol=symbol, args=args)


def _watch(reader: Reader, function: Function, context: PromptContext, symbol: str) -> Parsed:
    """``W``, ``W ADD ES NQ``, ``W DEL ES``."""
    if reader.is_done():
        return OpenFunction(mnemonic=function.mnemonic, symbol=symbol)
    word = reader.take()
    if word.key not in ("ADD", "DEL"):
        raise wrong(word, f"{shown(word.text)} is not understood; write W, W ADD ES NQ or W DEL ES", ("ADD", "DEL"))
    symbols = [symbol] if symbol else []
    while not symbols or not reader.is_done():
        symbols.append(_listed(reader, context, word))
    found = tuple(dict.fromkeys(symbols))
    return WatchAdd(symbols=found) if word.key == "ADD" else WatchRemove(symbols=found)


def _listed(reader: Reader, context: PromptContext, word: Word) -> str:
    return read_symbol(reader, context, f"W {word.key} needs symbols, such as W {word.key} ES NQ").symbol


def _help(reader: Reader, function: Function, context: PromptContext, symbol: str) -> Parsed:
    """``HELP``, ``HELP BUY``; words of people too."""
    word = reader.peek()
    if word is None:
        return Help()
    reader.take()
    reader.finish("HELP and one word")
    if word.key in _FIRST_WORDS:
        return Help(word=word.key)
    known = _called(word) or near(word.key, _FIRST_WORDS)
    if len(known) == 1:
        return Help(word=known[0])
    said = f"did you mean {' or '.join(known)}?" if known else "HELP alone lists all there is"
    raise wrong(word, f"there is no help on {shown(word.text)}; {said}", known)


def _called(word: Word) -> tuple[str, ...]:
    plain = word.text.lower()
    functions = [one.mnemonic for one in FUNCTIONS if plain in one.words]
    return tuple((functions + [one.word for one in VERBS if plain in one.words])[:3])


_SPECIAL: dict[str, Callable[[Reader, Function, PromptContext, str], Parsed]] = {"W": _watch, "HELP": _help}
