"""Bodies of ``key=value``: one command, or several that stand side by side."""

from __future__ import annotations

import re

from tt_tui.listener.dialects._json import MAX_KEYS, MAX_TEXT, Unreadable, Value

_FIRST = re.compile(r"\s*[A-Za-z_][\w.]{0,39}\s*=")
_ORDER = re.compile(
    r"(?:^|[\s;&|])(?:command|action|side|signal|data|order_action|symbol|ticker|instrument|[bcs])\s{0,4}=",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?:^|[\s&])([A-Za-z_][\w.]{0,39})=")


def looks_like_pairs(text: str) -> bool:
    """Return True where the text begins with ``key=``."""
    return _FIRST.match(text) is not None


def names_an_order(text: str) -> bool:
    """Return True where a pair has the key of a verb or a symbol."""
    return _ORDER.search(text) is not None


def split(text: str) -> list[dict[str, Value]]:
    """Return the commands of a text, each as its pairs.

    Semicolons and line breaks part the pairs of one command (CrossTrade); where a line holds several pairs
    parted by spaces, each line and each ``|`` is a command of its own (AutoView).
    Raises Unreadable for text between the pairs, a key that stands twice, or too many of them.
    """
    if len(text) - len(text.replace("=", "")) > MAX_KEYS:
        raise Unreadable(f"more than {MAX_KEYS} fields; send only what the order needs")
    if ";" in text:
        return [command_of(text.replace("\r", "\n").replace("\n", ";").split(";"))]
    lines = [line for line in re.split(r"[\r\n|]+", text) if line.strip()]
    if any(len(_TOKEN.findall(line)) > 1 for line in lines):
        return [command_of(_tokens(line)) for line in lines]
    if "|" in text:
        return [command_of([line]) for line in lines]
    return [command_of(lines)]


def _tokens(line: str) -> list[str]:
    """Return the pairs of a line; a value runs to the next key."""
    starts = [match.start(1) for match in _TOKEN.finditer(line)]
    lead = line[: starts[0]] if starts else line
    pieces = [line[start:end] for start, end in zip(starts, [*starts[1:], len(line)], strict=True)]
    return [piece.rstrip("&, \t") for piece in (lead, *pieces) if piece.strip(" &\t")]


def command_of(pieces: list[str]) -> dict[str, Value]:
    """Return the pairs of one command; raises Unreadable for what is no pair and for a key that stands twice."""
    found: dict[str, Value] = {}
    for piece in pieces:
        if not piece.strip():
            continue
        name, sign, value = piece.partition("=")
        name, value = name.strip(), value.strip().strip('"')
        if not sign or not name:
            raise Unreadable("text stands between the key=value pairs; send pairs only, parted by semicolons")
        if len(value) > MAX_TEXT:
            raise Unreadable(f"a value is longer than {MAX_TEXT} characters; shorten it")
        if name.lower() in found:
            raise Unreadable(f'"{name[:40]}" stands twice: send one command in each alert')
        found[name.lower()] = value
    return found
