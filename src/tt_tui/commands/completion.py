"""What a line could go on with: codes by code and by plain words, symbols, names, and the parts of a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from tt_tui.commands import amounts
from tt_tui.commands.entries import CLAUSES
from tt_tui.commands.parsed import PromptContext
from tt_tui.commands.reading import MAX_LENGTH, Word, split
from tt_tui.commands.registry import FUNCTION_BY_MNEMONIC, FUNCTIONS, VERB_BY_WORD, VERBS
from tt_tui.domain.instrument import products

MOST = 40
"""Completions that are returned at most."""

_SHORTEST_CALL = 2
_SHORTEST_NAME = 3


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """One way to go on."""

    text: str
    """The whole line with it in place."""
    cursor: int
    """Where the cursor stands in that line."""
    label: str
    """The word itself, so that codes are learned from the list."""
    describes: str = ""


class _Word(msgspec.Struct, frozen=True):
    text: str
    describes: str = ""
    called: tuple[str, ...] = ()
    """Other words, in lower case, that find it."""


def complete(text: str, cursor: int, context: PromptContext) -> tuple[Completion, ...]:
    """Return what could stand in place of the word at the cursor, best first."""
    at = max(0, min(cursor, len(text)))
    if len(text) > MAX_LENGTH:
        return ()
    words = split(text[:at])
    typed = words[-1] if words and words[-1].end == at else Word("", at, at)
    before = words[:-1] if typed.text else words
    found = _matching(typed.text, _candidates(before, context))
    head, tail = text[: typed.start], text[at:]
    return tuple(_completion(head, one, tail) for one in found[:MOST])


def _completion(head: str, word: _Word, tail: str) -> Completion:
    line = f"{head}{word.text} "
    return Completion(text=line + tail.lstrip(), cursor=len(line), label=word.text, describes=word.describes)


def _matching(typed: str, candidates: Iterable[_Word]) -> list[_Word]:
    """Return what begins as typed, then what is called so; each once."""
    plain = typed.lower()
    known = list(candidates)
    begins = [one for one in known if one.text.lower().startswith(plain)]
    called = [
        one for one in known if len(plain) >= _SHORTEST_CALL and any(name.startswith(plain) for name in one.called)
    ]
    return list({one.text: one for one in (*begins, *called)}.values())


def _candidates(before: tuple[Word, ...], context: PromptContext) -> list[_Word]:
    if not before:
        return [*_functions(), *_verbs(), *_symbols(context)]
    first, rest = before[0].key, tuple(word.key for word in before[1:])
    if before[-1].key in ("ACC", "GRP"):
        return _names(context.accounts if before[-1].key == "ACC" else context.groups, context)
    if first in _FOLLOWS:
        return _FOLLOWS[first](rest, context)
    if first in ("CLOSE", "REV", "BE", "TRAIL"):
        return _after_symbol_verb(first, rest, context)
    if first in FUNCTION_BY_MNEMONIC:
        takes = FUNCTION_BY_MNEMONIC[first].takes_symbol and not rest
        return _symbols(context) if takes else []
    if first in VERB_BY_WORD or len(before) > 1:
        return []
    about = {one.mnemonic for one in FUNCTIONS if one.takes_symbol} | {"W"}
    return [one for one in _functions() if one.text in about]


def _functions() -> list[_Word]:
    return [_Word(one.mnemonic, one.title, one.words) for one in FUNCTIONS]


def _verbs() -> list[_Word]:
    return [_Word(one.word, one.title, one.words) for one in VERBS]


def _symbols(context: PromptContext) -> list[_Word]:
    """Return the rows in view first, then every futures root."""
    roots = [
        _Word(root, one.name, tuple(part for part in one.name.lower().split() if len(part) >= _SHORTEST_NAME))
        for root, one in products().items()
    ]
    return [*(_Word(row, "in view") for row in dict.fromkeys(context.rows)), *roots]


def _names(names: Iterable[str], context: PromptContext) -> list[_Word]:
    return [_Word(name, _members(name, context)) for name in names]


def _members(name: str, context: PromptContext) -> str:
    if name in context.accounts:
        return "LIVE" if name in context.live_accounts else "PAPER"
    return ", ".join(context.groups.get(name, ()))


def _words(*texts: str) -> list[_Word]:
    return [_Word(text, _PARTS.get(text, "")) for text in texts]


def _entry(rest: tuple[str, ...], context: PromptContext) -> list[_Word]:
    """After ``BUY`` or ``SELL``: a size, the symbol, then what has not been said yet."""
    sized = bool(rest) and (rest[0] == "HALF" or amounts.is_size(Word(rest[0], 0, 0)))
    if len(rest) <= sized:
        return [*_symbols(context), *([] if sized else _words("HALF"))]
    if rest[0] == "HALF":
        return _words("ACC", "GRP")
    if rest[-1] in ("@", "AT", "STOP", "TP", "TRAIL", "BE"):
        return []
    said = {"@" if word.startswith("@") else word for word in rest}
    times = {"DAY", "GTC", "IOC", "FOK"}
    if said & times:
        said |= times
    return [] if said & {"ACC", "GRP"} else _words(*(one for one in CLAUSES if one not in said))


def _after_symbol_verb(verb: str, rest: tuple[str, ...], context: PromptContext) -> list[_Word]:
    """After a verb that takes a symbol and then no more than the accounts."""
    parted = verb == "CLOSE" and bool(rest) and (rest[0] == "HALF" or amounts.is_size(Word(rest[0], 0, 0)))
    if len(rest) <= parted:
        return [*_symbols(context), *(_words("HALF") if verb == "CLOSE" and not parted else [])]
    needed = 1 + parted + (verb == "TRAIL")
    return _words("ACC", "GRP") if len(rest) == needed else []


def _flatten(rest: tuple[str, ...], context: PromptContext) -> list[_Word]:
    if not rest:
        return [*_words("ACC", "GRP", "ALL"), *_symbols(context)]
    return _words("ACC", "GRP") if len(rest) == 1 and rest[0] != "ALL" else []


def _cancel(rest: tuple[str, ...], context: PromptContext) -> list[_Word]:
    if not rest:
        return [*_words("ALL"), *_symbols(context)]
    return _words("ACC", "GRP") if len(rest) == 1 and not rest[0].startswith("ORD-") else []


def _kill(rest: tuple[str, ...], context: PromptContext) -> list[_Word]:
    if not rest:
        return _words("REDUCE", "FLATTEN", "ACC")
    return _words("ACC") if len(rest) == 1 else []


def _resume(rest: tuple[str, ...], context: PromptContext) -> list[_Word]:
    return [] if rest else _words("ACC")


def _arm(rest: tuple[str, ...], context: PromptContext) -> list[_Word]:
    if not rest:
        return _names((name for name in context.accounts if name in context.live_accounts), context)
    return _words("STAY") if len(rest) == 1 else []


def _disarm(rest: tuple[str, ...], context: PromptContext) -> list[_Word]:
    return [] if rest else _arm((), context)


def _watch(rest: tuple[str, ...], context: PromptContext) -> list[_Word]:
    if not rest:
        return _words("ADD", "DEL")
    return _symbols(context) if rest[0] == "ADD" else [_Word(row, "in view") for row in context.rows]


def _help(rest: tuple[str, ...], context: PromptContext) -> list[_Word]:
    return [] if rest else [*_functions(), *_verbs()]


_PARTS = {
    "@": "limit price",
    "AT": "stop price of the entry",
    "DAY": "until the session ends",
    "GTC": "until canceled",
    "IOC": "now or not at all, in part too",
    "FOK": "all of it now or not at all",
    "STOP": "protective stop, as ticks or a price",
    "TP": "profit target, as ticks or a price",
    "TRAIL": "trailing stop, in ticks",
    "BE": "stop to break-even, once so many ticks ahead",
    "ACC": "on one account",
    "GRP": "on a group of accounts",
    "ALL": "everything",
    "HALF": "half of the position",
    "REDUCE": "only reducing orders pass",
    "FLATTEN": "cancel and close everything",
    "STAY": "also after a restart",
    "ADD": "to the watchlist",
    "DEL": "from the watchlist",
}

_FOLLOWS: dict[str, Callable[[tuple[str, ...], PromptContext], list[_Word]]] = {
    "BUY": _entry,
    "SELL": _entry,
    "FLAT": _flatten,
    "CXL": _cancel,
    "KILL": _kill,
    "RESUME": _resume,
    "ARM": _arm,
    "DISARM": _disarm,
    "W": _watch,
    "HELP": _help,
}
