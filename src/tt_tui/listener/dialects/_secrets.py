"""Secrets in a body: which fields hold them, their values for the proof, and the body without them."""

from __future__ import annotations

import contextlib
import json
import re

from tt_tui.listener.dialects._fields import fold
from tt_tui.listener.dialects._json import Unreadable, Value, loads

MASK = "***"
_WHOLE = 6
"""Values at least this long are masked wherever they stand; shorter ones only in their own field."""
_MOST = 64

_PROOFS = frozenset(
    {
        "token",
        "secret",
        "passphrase",
        "key",
        "password",
        "signaltoken",
        "emailtoken",
        "apikey",
        "apisecret",
        "webhookkey",
        "webhooksecret",
        "webhooktoken",
        "license",
        "licence",
        "licensekey",
        "licenseid",
        "code",
        "pin",
        "auth",
        "authtoken",
        "apitoken",
        "sharedsecret",
    }
)
_CREDENTIALS = frozenset(
    {
        "username",
        "user",
        "login",
        "passwd",
        "pwd",
        "pass",
        "authorization",
        "bearer",
        "accesstoken",
        "refreshtoken",
        "clientsecret",
        "privatekey",
        "secretkey",
        "otp",
        "totp",
        "sec",
        "cid",
        "signature",
        "credentials",
    }
)
_ENDINGS = ("token", "secret", "password", "passphrase", "apikey", "privatekey", "secretkey")

_FIELD = re.compile(
    r"""(?P<quote>["'“”])?(?<![\w.-])(?P<key>[A-Za-z][\w.-]{0,39})\\{0,3}["'“”]?[ \t]{0,8}(?P<sign>[:=])\s{0,8}"""
)
_QUOTED = re.compile(
    r"""(?P<slash>\\{1,3})"(?P<escaped>(?:(?!\\{1,3}").)*)"""
    r"""|"(?P<double>(?:[^"\\]|\\.)*)"""
    r"""|'(?P<single>[^'\n]*)"""
    r"""|[“”](?P<smart>[^“”"\n]*)""",
    re.DOTALL,
)
_GROUP = re.compile(r"""[\[{][^\]}]*""")
_BARE_OBJECT = re.compile(r"""[^,{}\[\]\n"]+""")
_BARE_WORD = re.compile(r"""[^\s,;]+""")
_BARE_LINE = re.compile(r"""[^;&|\r\n]+""")
_SPACE = re.compile(r"\s")
_NEXT_FIELD = re.compile(r"[\s,]{1,8}[\w.]{1,40}\s{0,4}=")
LICENCE = r"[A-Z0-9_-]{5,64}|(?=[A-Za-z_-]*[0-9])[\w-]{6,64}"
"""What stands first in a PineConnector message: capitals, or a word with a digit in it."""
_LICENCE = re.compile(rf"(?P<licence>{LICENCE})\s*,\s*[A-Za-z]{{2,24}}\s*(?:,|\Z)")


def is_secret(key: str) -> bool:
    """Return True where a folded key names a secret or a credential."""
    return key in _PROOFS or key in _CREDENTIALS or key.endswith(_ENDINGS)


def is_proof(key: str) -> bool:
    """Return True where a folded key may carry the sender's proof, rather than a broker's credential."""
    return key in _PROOFS or key.endswith(("token", "secret", "passphrase"))


def find_secrets(raw: bytes | str) -> tuple[str, ...]:
    """Return the values of all secret fields of a body in any dialect, broken JSON included.

    At most 64 values, longest first. Meant for a comparison in constant time and for redaction.
    """
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return _values(text, _spans(text))


def redact(raw: str) -> str:
    """Return the body with every secret value replaced by ``***``, its other text unchanged."""
    spans = _spans(raw)
    pieces: list[str] = []
    last = 0
    for start, end in spans:
        if start < last:
            continue
        pieces += (raw[last:start], MASK)
        last = end
    masked = "".join((*pieces, raw[last:]))
    for value in _values(raw, spans):
        if len(value) >= _WHOLE:
            for form in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
                masked = masked.replace(form, MASK)
    return masked


def _values(text: str, spans: list[tuple[int, int]]) -> tuple[str, ...]:
    """Return the values at the places found by pattern and, where the body is JSON, below its secret keys."""
    found = dict.fromkeys(_plain(text[start:end]) for start, end in spans)
    body = text.lstrip("\ufeff \t\r\n")
    if body.startswith(("{", "[", '"')):
        with contextlib.suppress(Unreadable):
            _collect(loads(body.rstrip()), found, secret=False)
    return tuple(sorted((value for value in found if value), key=len, reverse=True)[:_MOST])


def _spans(text: str) -> list[tuple[int, int]]:
    """Return the places of secret values, found by pattern, so that they are found in broken bodies too."""
    spans: list[tuple[int, int]] = []
    body = text.lstrip("\ufeff \t\r\n")
    position = 0
    while match := _FIELD.search(text, position):
        position = match.end()
        if is_secret(fold(match["key"])):
            start, end = _value_at(text, match, objects=body.startswith(("{", "[", '"')))
            if end > start:
                spans.append((start, end))
                position = end
    licence = _LICENCE.match(body)
    if licence:
        offset = len(text) - len(body)
        spans.append((licence.start("licence") + offset, licence.end("licence") + offset))
    return sorted(spans)


def _value_at(text: str, field: re.Match[str], *, objects: bool) -> tuple[int, int]:
    """Return the place of the value after a field's sign, as its kind of body delimits it."""
    start = field.end()
    quoted = _QUOTED.match(text, start)
    if quoted:
        return quoted.span(quoted.lastgroup or 0)
    group = _GROUP.match(text, start)
    if group:
        return group.span()
    if field["sign"] == "=":
        line = _BARE_LINE.match(text, start)
        if line is None:
            return start, start
        following = _NEXT_FIELD.search(line[0])
        if text[field.start("key") - 1 : field.start("key")] in ("?", "&"):
            following = _SPACE.search(line[0])
        value = line[0][: following.start()] if following else line[0]
    else:
        pattern = _BARE_OBJECT if objects or field["quote"] else _BARE_WORD
        bare = pattern.match(text, start)
        value = bare[0] if bare else ""
    return start, start + len(value.rstrip())


def _plain(value: str) -> str:
    """Return the text that a quoted value stands for."""
    value = value.strip()
    if "\\" in value:
        try:
            decoded = json.loads(f'"{value}"', strict=False)
        except ValueError:
            return value
        return str(decoded)
    return value


def _collect(value: Value, found: dict[str, None], *, secret: bool) -> None:
    """Gather every value below a secret key."""
    if isinstance(value, dict):
        for name, item in value.items():
            _collect(item, found, secret=secret or is_secret(fold(name)))
    elif isinstance(value, list):
        for item in value:
            _collect(item, found, secret=secret)
    elif secret and value is not None and not isinstance(value, bool):
        found.setdefault(str(value))
