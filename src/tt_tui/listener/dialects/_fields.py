"""Readers for the values of a body: numbers, booleans, times, texts, under any spelling of their key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from tt_tui.listener.dialects._json import MAX_TEXT, Unreadable, Value

T = TypeVar("T")

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9])?\Z")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:[,' ][0-9]{3})+(?:[.,][0-9]*)?\Z")
_TRUE = frozenset({"true", "1", "yes", "on", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "n", ""})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECONDS = (Decimal("1e8"), Decimal("1e10"))
_MILLISECONDS = (Decimal("1e11"), Decimal("1e13"))


class Ignorable(Exception):
    """The body is certainly no wish to trade; the text says why."""


def fold(name: str) -> str:
    """Return a key without case, underscores, hyphens and spaces: ``orderType`` and ``order_type`` are one."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def shown(value: object) -> str:
    """Return a short printable form of a value for a sentence."""
    return clean(str(value))[:40]


def clean(text: str) -> str:
    """Return a text fit for one line of a screen: printable, at most 256 characters."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return text.strip()[:MAX_TEXT]


class Fields:
    """The fields of one body; reading a field takes it away, so that the rest are the unknown ones."""

    __slots__ = ("_left",)

    def __init__(self, pairs: Mapping[str, Value]) -> None:
        self._left: dict[str, tuple[str, Value]] = {}
        self.merge(pairs)

    def merge(self, pairs: Mapping[str, Value]) -> None:
        """Add the fields of a nested object; raises Unreadable where one contradicts another."""
        left = self._left
        for name, value in pairs.items():
            entry = left.setdefault(fold(name), (name, value))
            if entry[1] != value:
                raise Unreadable(
                    f'"{shown(entry[0])}" and "{shown(name)}" are one field with two values; keep one of them'
                )

    def has(self, *keys: str) -> bool:
        """Return True where every key is there, whatever its value."""
        return self._left.keys() >= set(keys)

    def has_any(self, *keys: str) -> bool:
        """Return True where at least one of the keys is there."""
        return not self._left.keys().isdisjoint(keys)

    def peek(self, key: str) -> Value:
        """Return a value and leave it; None where it is absent."""
        entry = self._left.get(key)
        return None if entry is None else entry[1]

    def name_of(self, keys: tuple[str, ...]) -> str:
        """Return the sender's name of the first of the keys that is there, else nothing."""
        return next((self._left[key][0] for key in keys if key in self._left), "")

    def take(self, key: str) -> tuple[str, Value] | None:
        """Return the sender's name and the value of a key and take it away; None where absent or null."""
        entry = self._left.pop(key, None)
        return None if entry is None or entry[1] is None else entry

    def drop(self, keys: tuple[str, ...]) -> None:
        """Take keys away unread."""
        left = self._left
        if not left.keys().isdisjoint(keys):
            for key in keys:
                left.pop(key, None)

    def first(self, keys: tuple[str, ...], read: Callable[[str, Value], T | None]) -> T | None:
        """Take all keys and return the first that has a value."""
        found: T | None = None
        left = self._left
        if left.keys().isdisjoint(keys):
            return None
        for key in keys:
            entry = left.pop(key, None)
            if entry is not None and found is None:
                found = read(*entry)
        return found

    def agreed(self, keys: tuple[str, ...], read: Callable[[str, Value], T | None]) -> T | None:
        """Take all keys and return what they say; raises Unreadable where two say different things."""
        found: T | None = None
        found_name = ""
        left = self._left
        if left.keys().isdisjoint(keys):
            return None
        for key in keys:
            entry = left.pop(key, None)
            if entry is None:
                continue
            value = read(*entry)
            if value is None:
                continue
            if found is None:
                found, found_name = value, entry[0]
            elif value != found:
                raise Unreadable(
                    f'"{shown(found_name)}" says {shown(found)} but "{shown(entry[0])}" says '
                    f"{shown(value)}; send one of them"
                )
        return found

    def keys_left(self) -> Iterable[str]:
        """Return the folded keys of what was not read yet."""
        return self._left.keys()

    def names_left(self) -> tuple[str, ...]:
        """Return the sender's names of what was not read."""
        return tuple(clean(name)[:64] for name, _ in self._left.values())


def number(name: str, value: Value) -> Decimal | None:
    """Return an exact number; None where it is absent or empty.

    Raises Unreadable for anything that is not a plain finite number, thousands separators included.
    """
    if isinstance(value, Decimal):
        return value
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable(f'"{shown(name)}" must be a number, not {_kind(value)}')
    text = value.strip()
    if not text:
        return None
    if _NUMBER.match(text):
        return Decimal(text)
    refuse_placeholder(name, text)
    if _THOUSANDS.match(text):
        raise Unreadable(f'"{shown(name)}" is {shown(text)}: write it without thousands separators')
    if text.lstrip("+-").lower() in ("nan", "na", "n/a", "inf", "infinity"):
        raise Unreadable(f'"{shown(name)}" is {shown(text)}, not a finite number: a plot had no value (na)')
    raise Unreadable(f'"{shown(name)}" is {shown(text)}, which is not a number; send digits and a dot only')


def price(name: str, value: Value) -> Decimal | None:
    """Return a price above zero; 0, empty and null are absent. Raises Unreadable otherwise."""
    found = number(name, value)
    if not found:
        return None
    if found < 0:
        raise Unreadable(f'"{shown(name)}" is {found}; a price must be above zero')
    return found


def seconds(name: str, value: Value) -> int | None:
    """Return a whole number of seconds, rounded up; 0 and empty are absent."""
    found = number(name, value)
    if not found:
        return None
    if not 0 < found <= 86_400:
        raise Unreadable(f'"{shown(name)}" is {found}; give seconds between 1 and 86400')
    return int(found.to_integral_value(rounding="ROUND_CEILING"))


def boolean(name: str, value: Value) -> bool | None:
    """Return a truth value from any of true/1/yes/on and their opposites; None where absent."""
    if isinstance(value, bool):
        return value
    if value is None:
        return None
    if isinstance(value, str | Decimal):
        word = str(value).strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return None if word == "" else False
        refuse_placeholder(name, word)
    raise Unreadable(f'"{shown(name)}" is {shown(value)}; write true or false')


def text(name: str, value: Value) -> str | None:
    """Return a text fit for a screen; None where absent or empty; a surviving placeholder is empty too."""
    if isinstance(value, bool) or not isinstance(value, str | Decimal):
        return None
    found = clean(str(value))
    return None if not found or "{{" in found else found


def word(name: str, value: Value) -> str | None:
    """Return the text of an order field; raises Unreadable for other kinds and surviving placeholders."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | Decimal):
        raise Unreadable(f'"{shown(name)}" must be a text, not {_kind(value)}')
    found = str(value).strip()
    refuse_placeholder(name, found)
    return found or None


def refuse_placeholder(name: str, found: str) -> None:
    """Raise Unreadable where a placeholder was not replaced by the sender."""
    if "{{" in found or "}}" in found:
        raise Unreadable(
            f'"{shown(name)}" still holds the placeholder {shown(found)}: TradingView fills placeholders only in '
            "the alert's message box, with their exact names, not inside alert()"
        )


def fired_at(name: str, value: Value) -> int | None:
    """Return nanoseconds UTC from ISO with Z or offset, or Unix seconds or milliseconds; else None."""
    if isinstance(value, str):
        found = value.strip()
        if _NUMBER.match(found):
            return _unix(Decimal(found))
        try:
            moment = datetime.fromisoformat(found)
        except ValueError:
            return None
        if moment.tzinfo is None or not 2000 <= moment.year < 2200:
            return None
        return (moment - _EPOCH) // _MICROSECOND * 1000
    if isinstance(value, Decimal):
        return _unix(value)
    return None


def _unix(value: Decimal) -> int | None:
    if _SECONDS[0] <= value < _SECONDS[1]:
        return int(value * 1_000_000_000)
    if _MILLISECONDS[0] <= value < _MILLISECONDS[1]:
        return int(value * 1_000_000)
    return None


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a list" if isinstance(value, list) else "an object"
