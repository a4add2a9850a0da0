"""On which line of a TOML text a key stands. The parser does not say, and an error without a line is half an error."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from typing import Any

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)(.+?)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def lines_of(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every table and key of a valid TOML text; what is inside a value has its key's."""
    found: dict[Path, int] = {}
    counts: Counter[Path] = Counter()
    table: Path = ()
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if inside:
            inside = f"{inside}\n{line}"
            if _is_whole(inside):
                inside = ""
            continue
        header, key = _HEADER.match(line), _KEY.match(line)
        if header and "=" not in line.partition("[")[0]:
            table = _table(_steps(header[2]), header[1] == "[[", counts)
            _mark(found, table, number)
        elif key:
            _mark(found, (*table, *_steps(key[1])), number)
            if not _is_whole(line):
                inside = line
    return found


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """Return the line of a key, else of the nearest table around it; None where there is neither."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def _mark(found: dict[Path, int], path: Path, number: int) -> None:
    """Note a line for a path and for the tables that it implies."""
    for end in range(1, len(path) + 1):
        found.setdefault(path[:end], number)


def _table(steps: Path, is_list: bool, counts: Counter[Path]) -> Path:
    """Return the path of a header: in lists of tables each step is followed by its number."""
    path: Path = ()
    for position, step in enumerate(steps):
        path = (*path, step)
        if is_list and position == len(steps) - 1:
            counts[path] += 1
        if counts[path]:
            path = (*path, counts[path] - 1)
    return path


def _steps(dotted: str) -> Path:
    node: Any = tomllib.loads(f"{dotted} = 0")
    steps: list[str] = []
    while isinstance(node, dict):
        ((step, node),) = node.items()
        steps.append(step)
    return tuple(steps)


def _is_whole(text: str) -> bool:
    """Return whether a key with its value is complete: values over several lines are not until their end."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
