"""What keeps secrets out of every text: the `Secret` wrapper and the `Redactor` that knows the live ones.

A secret is known by value the moment it is wrapped, and what looks like one is known by its shape
(``whsec_…``, ``Bearer …``, JSON web tokens, ``token=…``, the token in a webhook's path, private keys).
"""

from __future__ import annotations

import hmac
import json
import re
import threading
import traceback
import weakref
from collections.abc import Mapping
from typing import Any, NoReturn, SupportsIndex, final
from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST_KNOWN = 4
"""Characters a value needs to be looked for by value; a shorter one would blot out ordinary words."""

_KEPT_AFTER_DEATH = 256
_LONGEST_TRACE = 65_536
_DEEPEST_VALUE = 12

_TRIGGERS = (
    "whsec_",
    "bearer",
    "eyj",
    "token",
    "secret",
    "passw",
    "passphrase",
    "passcode",
    "pwd",
    "signing",
    "api_key",
    "api-key",
    "apikey",
    "private",
    "signature",
    "authorization",
    "cookie",
    "/webhook/",
    "://",
)
_SENSITIVE_WORD = (
    r"(?:token|secret|password|passwd|passphrase|passcode|pwd|api[_-]?key|private[_-]?key|signing[_-]?key"
    r"|signature|authorization|cookie)"
)
_SENSITIVE_KEY = re.compile(_SENSITIVE_WORD + r"$", re.IGNORECASE)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL), MASK),
    (re.compile(r"whsec_[A-Za-z0-9+/=_-]+"), "whsec_" + MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*"), MASK),
    (re.compile(r"(?i)\b(bearer)\s+[^\s\"',;\\]+"), r"\1 " + MASK),
    (re.compile(r"(?i)(/webhook/[a-z0-9_.-]+/)[^\s/?#\"'\\]+"), r"\g<1>" + MASK),
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^\s/@\"']+@"), r"\g<1>" + MASK + "@"),
    # A quoted value runs to its own closing quote (escaped quotes do not end it) or, cut short, to the end.
    (
        re.compile(
            rf"(?is)({_SENSITIVE_WORD}(?:\\*[\"'])?\s*[:=]\s*b?)(?P<quote>\\*[\"'])(?:(?!(?P=quote))(?:\\.|.))*(?P=quote)?"
        ),
        rf"\g<1>\g<quote>{MASK}\g<quote>",
    ),
    (re.compile(r"(?i)(authorization\s*[:=]\s*)(?!\*\*\*)[^\s\"'\\]+(?:[ \t]+[^\s\"'\\,;]+)?"), r"\g<1>" + MASK),
    (re.compile(r"(?i)(passphrase\s*[:=]\s*)(?!\\*[\"'])[^\r\n&}]+"), r"\g<1>" + MASK),
    (
        re.compile(rf"(?i)({_SENSITIVE_WORD}(?:\\*[\"'])?\s*[:=]\s*)(?!\\*[\"']|\*\*\*)[^\s&,;)}}\]\"'\\]+"),
        r"\g<1>" + MASK,
    ),
)


class LiveSecrets:
    """The values that may appear in no text: every living `Secret`, and the last few that are gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[str, list[weakref.ref[Secret]]] = {}
        self._variants: tuple[str, ...] = ()

    def add(self, value: str, owner: Secret) -> None:
        """Look for that value in every usual spelling; one under four characters is left out."""
        if len(value) < SHORTEST_KNOWN:
            return
        with self._lock:
            owners = [ref for ref in self._owners.pop(value, ()) if ref() is not None]
            self._owners[value] = [*owners, weakref.ref(owner)]
            self._forget_oldest_dead()
            spellings = {spelling for known in self._owners for spelling in _spellings(known)}
            self._variants = tuple(sorted(spellings, key=len, reverse=True))

    def variants(self) -> tuple[str, ...]:
        """Return every spelling to look for, longest first."""
        return self._variants

    def _forget_oldest_dead(self) -> None:
        # A text in flight may still name a secret that was just replaced, so the dead are kept for a while.
        dead = [value for value, owners in self._owners.items() if not any(ref() for ref in owners)]
        for value in dead[: max(0, len(dead) - _KEPT_AFTER_DEATH)]:
            del self._owners[value]


LIVE = LiveSecrets()
"""The process's one register: state of the module on purpose, since an unregistered secret would leak."""


@final
class Secret:
    """A string that shows itself to nobody who does not ask with `reveal`.

    ``repr``, ``str`` and every format give ``***``; pickling is refused, JSON encoders do not know the type.
    Equality takes the same time wherever two values differ. Wrapping a value registers it for redaction.
    """

    __slots__ = ("__weakref__", "_value")

    _value: str

    def __init__(self, value: str, live: LiveSecrets = LIVE) -> None:
        if not isinstance(value, str):
            raise TypeError(f"a secret wraps text, was {type(value).__name__}")
        object.__setattr__(self, "_value", value)
        live.add(value, self)

    def reveal(self) -> str:
        """Return the value itself; keep it in no variable that outlives the call."""
        return self._value

    def masked(self) -> str:
        """Return what a person may see to recognise it: dots and the last four characters of a long value."""
        return "••••" + (self._value[-4:] if len(self._value) >= 12 else "")

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    __hash__ = None  # type: ignore[assignment]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret cannot be changed; make a new one")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret cannot be pickled; hand on its name and read it from the store")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret has no state to hand out; hand on its name and read it from the store")


class Redactor:
    """Takes live secret values, and what has the shape of a secret, out of text and data."""

    def __init__(self, live: LiveSecrets = LIVE) -> None:
        self._live = live

    def text(self, text: str) -> str:
        """Return the text with ``***`` where a secret stood; a text without one comes back as it is."""
        for spelling in self._live.variants():
            if spelling in text:
                text = text.replace(spelling, MASK)
        lowered = text.lower()
        for trigger in _TRIGGERS:
            if trigger in lowered:
                break
        else:
            return text
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def data(self, value: object, depth: int = _DEEPEST_VALUE) -> Any:
        """Return a copy fit for JSON: strings redacted, values under a sensitive key masked."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if depth == 0:
            return "…"
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): MASK if _SENSITIVE_KEY.search(str(key)) else self.data(item, depth - 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.data(item, depth - 1) for item in value]
        return self.text(str(value))


def safe_traceback(error: BaseException, redactor: Redactor | None = None) -> str:
    """Return the traceback with its causes as text: without local variables, redacted, at most 64 KiB."""
    summary = traceback.TracebackException.from_exception(error, capture_locals=False, compact=True)
    text = (redactor or Redactor()).text("".join(summary.format()).rstrip("\n"))
    if len(text) <= _LONGEST_TRACE:
        return text
    half = _LONGEST_TRACE // 2
    return f"{text[:half]}\n  … {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def _spellings(value: str) -> set[str]:
    raw = _bytes(value)
    spellings = {value, quote(raw, safe=""), quote(raw), quote_plus(raw), repr(value)[1:-1]}
    spellings |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    if value.startswith("whsec_"):
        spellings.add(value.removeprefix("whsec_"))
    return {spelling for spelling in spellings if len(spelling) >= SHORTEST_KNOWN}
