"""Reads ``config.toml`` into a ``Setup``, or tells every problem in it at once: file, line, key, what to write."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tt_tui.infra.locations import config_folder
from tt_tui.settings import SettingsError, Setup, checks, default_setup
from tt_tui.settings.build import build
from tt_tui.settings.lines import line_of, lines_of
from tt_tui.settings.model import Settings
from tt_tui.settings.words import expected, nearest_keys, shown, to_write

FILE_NAME = "config.toml"
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in the file."""

    file: Path
    line: int | None
    key: str
    seen: str
    expected: str
    write: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        words = f"{place}: {self.key}: " if self.key else f"{place}: "
        words += f"{self.seen}; {self.expected} was expected" if self.expected else self.seen
        return f"{words}; write: {self.write}" if self.write else words


class BadSettings(SettingsError):
    """The file can't be used; ``problems`` has all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "the configuration has a problem" if count == 1 else f"the configuration has {count} problems"
        super().__init__("\n  ".join([f"{head}:", *map(str, self.problems)]))


def settings_path() -> Path:
    """Return where the user's configuration lies."""
    return config_folder() / FILE_NAME


def read_settings(path: Path | None = None) -> Setup:
    """Return the setup that the file describes, the defaults where there is none.

    Raises:
        BadSettings: the file can't be read or used; every problem is named.
    """
    path = path or settings_path()
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return default_setup()
    except OSError as error:
        seen = f"it can't be read ({error.strerror})"
        raise BadSettings([Problem(path, None, "", seen, "a file that you may read", f"chmod u+r {path}")]) from error
    text, data = _parse(path, raw)
    lines = lines_of(text)
    settings, problems = _validate(path, data, lines)
    told = {each.key for each in problems}
    for each in checks.check(settings, data, config_folder()):
        key = _dotted(each.key)
        # What was left out because it is wrong is not missed as well.
        if not any(one.startswith(key) or key.startswith(one) for one in told):
            problems.append(Problem(path, line_of(lines, each.key), key, each.seen, each.expected, each.write))
    if problems:
        raise BadSettings(sorted(problems, key=lambda each: (each.line or 0, each.key)))
    return build(settings, path)


def _parse(path: Path, raw: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problem = Problem(path, line, "", "a byte that is not UTF-8", "UTF-8 text", "save the file as UTF-8")
        raise BadSettings([problem]) from error
    try:
        return text, tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        words, _, place = str(error).partition(" (at ")
        number = place.partition("line ")[2].partition(",")[0]
        line = int(number) if number.isdigit() else text.count("\n") + 1
        problem = Problem(
            path, line, "", f"not TOML: {words}", "key = value", 'for example port = 8000, theme = "dark"'
        )
        raise BadSettings([problem]) from error


def _validate(
    path: Path, data: dict[str, Any], lines: dict[tuple[str | int, ...], int]
) -> tuple[Settings, list[Problem]]:
    """Return the settings without what is wrong, so that the rest is checked too, and what is wrong."""
    problems: list[Problem] = []
    rest = data
    for _ in range(_ROUNDS):
        try:
            return Settings(**rest), problems
        except ValidationError as error:
            details = error.errors(include_url=False)
        told = {each.key for each in problems}
        problems += [each for detail in details if (each := _problem(path, detail, lines)).key not in told]
        # Longest first: a number in a list names an element, and removing one moves those behind it.
        for place in sorted({_cut(detail) for detail in details}, key=_order, reverse=True):
            rest = _without(rest, place)
    return Settings(), problems


def _problem(path: Path, detail: Mapping[str, Any], lines: dict[tuple[str | int, ...], int]) -> Problem:
    key = tuple(step for step in detail["loc"] if step != "[key]")
    line = line_of(lines, key)
    if detail["type"] == "extra_forbidden":
        known = nearest_keys(key)
        near = difflib.get_close_matches(str(key[-1]), known, 1, 0.5)
        wanted = f"one of {', '.join(known)}"
        write = to_write((*key[:-1], near[0])) if near else ""
        meant = f"there is no such key; did you mean {near[0]}?" if near else "there is no such key"
        return Problem(path, line, _dotted(key), meant, wanted, write)
    seen = "it is missing" if detail["type"] == "missing" else f"{shown(detail['input'])} was found"
    return Problem(path, line, _dotted(key), seen, expected(key, detail), to_write(key))


def _cut(detail: Mapping[str, Any]) -> tuple[str | int, ...]:
    """Return what to leave out so that the rest can be read: the key, or the table that lacks one."""
    key = tuple(step for step in detail["loc"] if step != "[key]")
    return key[:-1] if detail["type"] == "missing" else key


def _order(path: tuple[str | int, ...]) -> tuple[int, tuple[tuple[int, str], ...]]:
    return len(path), tuple((step, "") if isinstance(step, int) else (-1, step) for step in path)


def _without(data: Any, path: tuple[str | int, ...]) -> Any:
    """Return the data without one element; unchanged where it is already gone."""
    if not path:
        return {}
    head, rest = path[0], path[1:]
    if isinstance(data, Mapping) and head in data:
        if rest and isinstance(data[head], dict | list):
            return {**data, head: _without(data[head], rest)}
        return {key: value for key, value in data.items() if key != head}
    if isinstance(data, list) and isinstance(head, int) and head < len(data):
        if rest and isinstance(data[head], dict | list):
            return [*data[:head], _without(data[head], rest), *data[head + 1 :]]
        return [*data[:head], *data[head + 1 :]]
    return data


def _dotted(path: tuple[str | int, ...]) -> str:
    words = ""
    for step in path:
        words += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return words.lstrip(".")
