"""Numbers as a person types them: sizes, prices on the tick, and distances of a bracket."""

from __future__ import annotations

import re
from decimal import Decimal

from tt_tui.commands.reading import Reader, Word, shown, wrong
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.order import Distance

_NUMBER_LIKE = re.compile(r"[+-]?[0-9.,'’_]*[0-9][0-9.,'’_-]*[%kKmM]?")
_SIZE = re.compile(r"[0-9]{1,6}")
_SEPARATED = re.compile(r"[+-]?[0-9]+(?:[,_][0-9]*)+(?:\.[0-9]*)?[tT]?")
_TICKS = re.compile(r"([0-9]{1,6})(?:T|TICKS?)")
_TICKS_LIKE = re.compile(r"([+-]?[0-9]*\.?[0-9]*)(?:T|TICKS?)")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?)%")


def is_size(word: Word) -> bool:
    """Tell whether a word is meant as a size, well written or not; ``6E`` is none."""
    return _NUMBER_LIKE.fullmatch(word.text) is not None


def size(word: Word) -> Decimal:
    """Return a size: a whole number above zero, without separators."""
    refuse_separators(word)
    if not _SIZE.fullmatch(word.text):
        raise wrong(word, f"{shown(word.text)} is no size; write a whole number of contracts or shares, such as 2")
    found = Decimal(word.text)
    if not found:
        raise wrong(word, "a size of 0 trades nothing; write 1 or more")
    return found


def fraction(word: Word) -> Decimal | None:
    """Return the part of a position that ``HALF`` or ``50%`` means, None for any other word."""
    if word.key == "HALF":
        return Decimal("0.5")
    match = _PERCENT.fullmatch(word.text)
    if match is None:
        return None
    percent = Decimal(match[1])
    if not 0 < percent < 100:
        raise wrong(word, f"{shown(word.text)} is no part of a position; write 1% to 99%, or leave it out to close all")
    return percent / 100


def refuse_separators(word: Word) -> None:
    """Raise for ``1,000`` and ``18250,5``: which of the two is meant can't be known."""
    if _SEPARATED.fullmatch(word.text):
        plain = re.sub("[,_]", "", word.text)
        said = f"{shown(word.text)} could be read in two ways; write numbers without separators and with a point"
        raise wrong(word, said, (plain,))


def price(word: Word, instrument: Instrument) -> Decimal:
    """Return a price on the instrument's tick; off it, raise with the nearest two."""
    refuse_separators(word)
    try:
        found = instrument.parse_price(word.text)
    except ValueError as error:
        raise wrong(word, str(error)) from error
    if instrument.is_on_tick(found):
        return found
    near = tuple(instrument.format_price(instrument.round_to_tick(found, up=up)) for up in (False, True))
    tick = f"{instrument.tick_size.normalize():f}"
    said = f"{word.text} is between the ticks of {instrument.root}, {tick} each; nearest are {near[0]} and {near[1]}"
    raise wrong(word, said, near)


def ticks(word: Word) -> Distance | None:
    """Return a distance such as ``20t``; None for a word that is not meant as one."""
    match = _TICKS.fullmatch(word.key)
    if match is not None and int(match[1]):
        return Distance(kind="ticks", value=Decimal(int(match[1])))
    if _TICKS_LIKE.fullmatch(word.key):
        raise wrong(word, f"{shown(word.text)} is no distance; write a whole number of ticks above zero, such as 20t")
    return None


def need_ticks(reader: Reader, after: str) -> Distance:
    """Take a distance in ticks, nothing else."""
    word = reader.need(f"{after} needs a distance in ticks, such as {after} 10t")
    refuse_separators(word)
    found = ticks(word)
    if found is None:
        hint = (f"{word.text}t",) if _SIZE.fullmatch(word.text) else ()
        raise wrong(word, f"{after} needs a distance in ticks, such as {after} 10t, not {shown(word.text)}", hint)
    return found


def distance(reader: Reader, after: str, instrument: Instrument) -> Distance:
    """Take a distance in ticks or a price."""
    word = reader.need(f"{after} needs ticks from the entry, such as {after} 20t, or a price")
    refuse_separators(word)
    return ticks(word) or Distance(kind="price", value=price(word, instrument))
