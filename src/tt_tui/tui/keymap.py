"""Keys: bindings made from the registry of actions, moved by a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from textual.binding import Binding, BindingType

from tt_tui.commands.registry import ACTIONS, APP

FILE = "keymap.toml"
_IDS = frozenset(action.id for action in ACTIONS)


def bindings(where: str) -> list[BindingType]:
    """Return the bindings of the actions that work in one place; those of the app come before any widget's."""
    return [
        Binding(
            ",".join(action.keys),
            f"run('{action.id}')",
            action.text,
            show=action.shown,
            id=action.id,
            priority=where == APP,
        )
        for action in ACTIONS
        if action.where == where and action.keys
    ]


def read_keymap(path: Path) -> tuple[dict[str, str], list[str]]:
    """Return keys by action id, and a sentence for each line that can't be used; nothing where there is no file."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return {}, [f"keymap {path.name} can't be read: {error}"]
    keys = data.get("keys", {})
    if not isinstance(keys, dict):
        return {}, [f'keymap {path.name}: write [keys] and below it lines like "open.POS" = "f5"']
    good: dict[str, str] = {}
    problems = []
    for action, value in keys.items():
        if action not in _IDS:
            problems.append(f"keymap {path.name}: {action!r} is no action; HELP lists them")
        elif not isinstance(value, str) or not value:
            problems.append(f'keymap {path.name}: {action} takes keys in quotes, such as "f5" or "j,down"')
        else:
            good[action] = value
    return good, problems


def clashes(keymap: Mapping[str, str]) -> Iterator[str]:
    """Return a sentence for each key that two actions of one place would share."""
    taken: dict[tuple[str, str], str] = {}
    for action in ACTIONS:
        keys = keymap.get(action.id, ",".join(action.keys))
        for key in keys.split(","):
            place = (action.where, key.strip())
            if key and place in taken:
                yield f"keymap: {key.strip()} is both {taken[place]} and {action.id}; the first has it"
            taken.setdefault(place, action.id)
