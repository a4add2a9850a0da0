"""Strict, bounded JSON: what a body may be before any field of it is looked at.

The bounds are those of webhook-security §3 item 8. Every refusal is one sentence that names the cause and
the fix, because the person who reads it is repairing an alert message in a small text box.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

MAX_BODY = 16 * 1024
MAX_DEPTH = 8
MAX_KEYS = 64
MAX_TEXT = 256
MAX_INTEGER_DIGITS = 15
_MAX_NUMBER_TEXT = 40
_MAX_BRACKETS = 64

Value: TypeAlias = "str | Decimal | bool | list[Value] | dict[str, Value] | None"

_SMART_QUOTES = "“”„‟‘’‚«»"
_COMMENT = re.compile(r"//|/\*|#")


class Unreadable(ValueError):
    """The body is not certainly a trade; the text says what was seen and how to repair it."""


def decode(raw: bytes | str) -> str:
    """Return the body as text without a byte order mark and outer white space.

    Raises Unreadable where it is larger than 16 KiB or not UTF-8.
    """
    if len(raw) > MAX_BODY:
        raise Unreadable(f"the body is larger than {MAX_BODY} bytes; send one alert in each message")
    if isinstance(raw, bytes):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Unreadable(f"byte {error.start} is not UTF-8 text; send the message as plain UTF-8") from error
    else:
        text = raw
        if not text.isascii():
            _refuse_surrogates(text)
    return text.removeprefix("\ufeff").strip()


def loads(text: str) -> Value:
    """Return the one JSON value of a text, numbers as exact decimals.

    Raises Unreadable with the likely cause where it is not JSON or passes a bound.
    """
    if text.count("{") + text.count("[") > _MAX_BRACKETS:
        raise Unreadable(f"more than {_MAX_BRACKETS} brackets: nested too deep, or several alerts in one body")
    try:
        value: Value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Unreadable(_explain(text, error)) from error
    _check(value, 1, 0)
    return value


def _check(value: Value, depth: int, keys: int) -> int:
    """Hold a value against the bounds; return the number of keys seen so far, counting those of ``value``."""
    if isinstance(value, str):
        _check_text(value)
    if not isinstance(value, dict | list):
        return keys
    if depth > MAX_DEPTH:
        raise Unreadable(f"objects are nested deeper than {MAX_DEPTH}; send a flat object")
    items: Iterable[Value] = value
    if isinstance(value, dict):
        keys += len(value)
        if keys > MAX_KEYS:
            raise Unreadable(f"more than {MAX_KEYS} fields; send only what the order needs")
        for name in value:
            _check_text(name)
        items = value.values()
    for item in items:
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict | list):
            keys = _check(item, depth + 1, keys)
    return keys


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise Unreadable(f"a text is longer than {MAX_TEXT} characters; shorten it")
    if not text.isascii():
        _refuse_surrogates(text)


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Unreadable("half of a surrogate pair stands in a text; remove the broken character") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f'the field "{twice[:40]}" stands twice; keep one of them')
    return found


def _integer(text: str) -> Decimal:
    if len(text.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise Unreadable(f"a whole number has more than {MAX_INTEGER_DIGITS} digits")
    return Decimal(text)


def _number(text: str) -> Decimal:
    if len(text) > _MAX_NUMBER_TEXT:
        raise Unreadable(f"a number is longer than {_MAX_NUMBER_TEXT} characters; round it")
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise Unreadable(f"the number {text} is out of range") from error
    if not -30 <= value.adjusted() <= MAX_INTEGER_DIGITS:
        raise Unreadable(f"the number {text} is out of range")
    return value


def _constant(text: str) -> Decimal:
    raise Unreadable(
        f"{text} is not JSON: a plot had no value (na) when the alert fired; send the field only with a number"
    )


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_int=_integer, parse_constant=_constant
)


def _explain(text: str, error: json.JSONDecodeError) -> str:
    """Return what most likely broke the JSON, with the place and the fix."""
    place = f"at line {error.lineno}, column {error.colno}"
    before = text[: error.pos].rstrip()
    rest = text[error.pos :].lstrip()
    cause = (
        _cause_at(before, rest) or _cause_of_text(text, rest, error.msg) or f"{error.msg[:1].lower()}{error.msg[1:]}"
    )
    return f"not valid JSON {place}: {cause}"


def _cause_at(before: str, rest: str) -> str:
    """Return the cause that the characters around the error show, else nothing."""
    head = rest[:1]
    if head == ",":
        before, rest, head = before + ",", rest[1:].lstrip(), rest[1:].lstrip()[:1]
    if rest.startswith("{{") or (rest.startswith("{") and before.endswith("{")):
        return "a placeholder {{…}} was not replaced; TradingView fills it only in the alert's message box"
    if head in ("}", "]") and before.endswith(","):
        return f'trailing comma before "{head}"; remove the comma'
    if _COMMENT.match(rest):
        return "comments (//, /* */, #) are not allowed in JSON; remove the comment"
    if head and head in _SMART_QUOTES:
        return 'smart quotes (“ ”); type plain quotes (")'
    if head == "'":
        return "single quotes; use double quotes"
    return ""


def _cause_of_text(text: str, rest: str, message: str) -> str:
    """Return the cause that the error's kind shows, else nothing."""
    if re.match(r"(?:nan|na|inf|infinity)\b", rest, re.IGNORECASE):
        return "NaN: a plot had no value (na) when the alert fired; send the field only with a number"
    if re.match(r"[0-9]", rest) and "property name" in message:
        return 'a number with a thousands separator, or an unquoted key; write 1000 and "key"'
    if re.match(r"[A-Za-z_]", rest) and "property name" in message:
        return f"unquoted key {rest.split(':', 1)[0].strip()[:40]}; put it in double quotes"
    if message.startswith("Invalid control character"):
        return "a line break or tab inside a text; write it as \\n or remove it"
    if message.startswith("Extra data"):
        return "something follows the JSON object; send one object in each alert"
    if not rest or message.startswith("Unterminated"):
        return "the text ends too early; a closing quote or bracket is missing"
    if any(quote in text for quote in _SMART_QUOTES):
        return 'smart quotes (“ ”); type plain quotes (")'
    if re.match(r"[A-Za-z_]", rest):
        return f"unquoted text {rest[:20].split(',')[0]}; put it in double quotes"
    return ""
