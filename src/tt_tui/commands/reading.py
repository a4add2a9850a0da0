"""The words of a typed line, read one after another, and how reading stops at a mistake."""

from __future__ import annotations

import re

import msgspec

from tt_tui.commands.parsed import Mistake

MAX_LENGTH = 500
"""Characters of the longest line that is read at all."""

# NQ@18250 is two words; @ES, a spelling of a symbol, is one.
_WORD = re.compile(r"@?[^\s@]+|@")
# What str.splitlines breaks at, and every other control character: none of them is typed by a person.
_UNTYPED = re.compile("[\x00-\x08\x0a-\x1f\x7f\x80-\x9f\u2028\u2029]")
_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")


class Misread(Exception):
    """Reading stopped; carries what to tell."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.text)
        self.mistake = mistake


class Word(msgspec.Struct, frozen=True):
    """One word as typed, with its place in the line."""

    text: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """Return it in capitals, as keywords are compared; not ASCII stays as it is and so matches none."""
        return self.text.upper() if self.text.isascii() else self.text


def split(text: str) -> tuple[Word, ...]:
    """Return the words of a line."""
    return tuple(Word(match[0], match.start(), match.end()) for match in _WORD.finditer(text))


def wrong(word: Word, text: str, suggestions: tuple[str, ...] = ()) -> Misread:
    """Return what to raise for a word that can't stand where it stands."""
    return Misread(Mistake(text=text, start=word.start, end=word.end, suggestions=suggestions))


def check_line(text: str) -> None:
    """Raise ``Misread`` for a text that is no typed line: too long, or with line breaks or control characters."""
    if len(text) > MAX_LENGTH:
        raise Misread(Mistake(text=f"a line has at most {MAX_LENGTH} characters", start=MAX_LENGTH, end=len(text)))
    match = _UNTYPED.search(text)
    if match is None:
        return
    if match[0] in _BREAKS:
        sentence = "pasted text with a line break is never run; paste one line, without its end"
    else:
        sentence = f"the line holds a control character (code {ord(match[0])}); type it again by hand"
    raise Misread(Mistake(text=sentence, start=match.start(), end=match.end()))


class Reader:
    """Walks the words of one line."""

    def __init__(self, words: tuple[Word, ...], end: int) -> None:
        self._words = words
        self._at = 0
        self._end = end
        self.last: Word | None = None
        """The word taken last."""

    def is_done(self) -> bool:
        """Return True where no word is left."""
        return self._at >= len(self._words)

    def peek(self, offset: int = 0) -> Word | None:
        """Return the next word, or a later one, and leave it."""
        index = self._at + offset
        return self._words[index] if index < len(self._words) else None

    def take(self) -> Word:
        """Return the next word; the caller has made sure that there is one."""
        self.last = self._words[self._at]
        self._at += 1
        return self.last

    def need(self, text: str, suggestions: tuple[str, ...] = ()) -> Word:
        """Return the next word, or raise that something has to follow."""
        if self.is_done():
            raise self.missing(text, suggestions)
        return self.take()

    def missing(self, text: str, suggestions: tuple[str, ...] = ()) -> Misread:
        """Return what to raise where the line ends too early."""
        mistake = Mistake(text=text, start=self._end, end=self._end, suggestions=suggestions, incomplete=True)
        return Misread(mistake)

    def accept(self, *keys: str) -> Word | None:
        """Take the next word if it is one of these."""
        word = self.peek()
        return self.take() if word is not None and word.key in keys else None

    def rest(self) -> tuple[Word, ...]:
        """Take all that is left."""
        left = self._words[self._at :]
        self._at = len(self._words)
        return left

    def finish(self, after: str) -> None:
        """Raise if a word is left; ``after`` names what should have been the end."""
        word = self.peek()
        if word is not None:
            raise wrong(word, f"{shown(word.text)} is too much; nothing follows {after}")


def shown(text: str) -> str:
    """Return a typed word for a sentence, shortened."""
    return repr(text if len(text) <= 24 else f"{text[:23]}…")


def near(word: str, known: tuple[str, ...], limit: int = 3) -> tuple[str, ...]:
    """Return the known words that this one begins or that are one slip of the finger away, in their order."""
    begins = [one for one in known if word and one.startswith(word)]
    slips = [one for one in known if one not in begins and is_one_slip(word, one)]
    return tuple((begins + slips)[:limit])


def is_one_slip(word: str, other: str) -> bool:
    """Tell whether one letter of several is wrong, missing or too many, or two neighbours are swapped."""
    if word == other or abs(len(word) - len(other)) > 1 or max(len(word), len(other)) < 2:
        return False
    if len(word) == len(other):
        apart = [index for index, pair in enumerate(zip(word, other, strict=True)) if pair[0] != pair[1]]
        if len(apart) == 1:
            return True
        first = apart[0]
        return len(apart) == 2 and apart[1] == first + 1 and word[first : first + 2] == other[first : first + 2][::-1]
    long, short = (word, other) if len(word) > len(other) else (other, word)
    return any(long[:index] + long[index + 1 :] == short for index in range(len(long)))
