"""Themes from TOML files: the shipped ones and the user's own, which win."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from tt_tui.tui.widgets.ink import INKS, NO_GROUND

DEFAULT = "amber-on-black"
BY_COLOURS = {"standard": "ansi-16", "256": "xterm-256"}
"""The theme for what a terminal can show, as Rich names it; the default for any other."""

_DERIVED = {
    "strip-strong": ("strong", "strip"),
    "strip-dim": ("dim", "strip"),
    "strip-up": ("up", "strip"),
    "strip-down": ("down", "strip"),
    "strip-warn": ("warn", "strip"),
    "key-tab": ("key", "tab"),
}
"""Where a theme doesn't say: an ink in the colour of one and on the ground of another."""

_ANSI = {
    "ansi-background": "ansi_black",
    "ansi-foreground": "ansi_white",
    "border-blurred": "ansi_black",
    "block-cursor-foreground": "ansi_black",
    "block-cursor-background": "ansi_white",
    "input-cursor-background": "ansi_white",
    "input-cursor-foreground": "ansi_black",
    "input-cursor-text-style": "none",
    "input-selection-background": "ansi_bright_blue",
    "input-selection-foreground": "ansi_black",
}
"""What Textual's own widgets need of a theme in the terminal's colours, which have no shades to derive."""

_COLORS = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
)
_KEYS = {"name", "dark", "ansi", "colors", "inks"}


class BadTheme(ValueError):
    """A theme file that can't be used; the text names file, key and what to write."""


@dataclass(frozen=True, slots=True)
class Themes:
    """What was found, and a sentence for each file that can't be used."""

    themes: tuple[Theme, ...]
    problems: tuple[str, ...]


def automatic(color_system: str | None) -> str:
    """Return the theme's name for a terminal's colours."""
    return BY_COLOURS.get(color_system or "", DEFAULT)


def load_one(name: str, *folders: Path) -> Theme | None:
    """Return the theme of the file ``name.toml`` in the last folder that has a good one."""
    for folder in reversed(folders):
        path = folder / f"{name}.toml"
        try:
            return read(path)
        except (BadTheme, OSError):
            continue
    return None


def load_all(*folders: Path) -> Themes:
    """Return the themes of all folders, a later one in the place of an earlier one of the same name."""
    found: dict[str, Theme] = {}
    problems = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                theme = read(path)
            except (BadTheme, OSError) as error:
                problems.append(str(error))
            else:
                found[theme.name] = theme
    return Themes(tuple(found.values()), tuple(problems))


def read(path: Path) -> Theme:
    """Return the theme of a file.

    Raises:
        BadTheme: it is no theme; names the file, the key and what to write.
        OSError: it can't be read.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadTheme(f"theme {path.name}: not TOML: {error}") from None
    try:
        return _theme(data)
    except BadTheme as error:
        raise BadTheme(f"theme {path.name}: {error}") from None


def ink_defaults(colors: Mapping[str, str]) -> dict[str, str]:
    """Return a value for every variable of the inks, for themes that are not ours, from Textual's own colours."""
    front = {
        "head": "primary",
        "title": "background",
        "tab": "primary",
        "key": "accent",
        "prompt": "accent",
        "loud": "background",
        "cursor": "background",
        "flash-up": "background",
        "flash-down": "background",
        "paper": "secondary",
        "up": "success",
        "good": "success",
        "down": "error",
        "bad": "error",
        "warn": "warning",
    }
    ground = {
        "title": "primary",
        "tab": "panel",
        "strip": "panel",
        "loud": "warning",
        "live": "error",
        "cursor": "accent",
        "flash-up": "success",
        "flash-down": "error",
    }
    inks = {
        name: (colors[front.get(name, "foreground")], colors[ground[name]] if name in ground else "")
        for name in INKS
        if name not in _DERIVED
    }
    return _variables(inks)


def _variables(inks: dict[str, tuple[str, str]]) -> dict[str, str]:
    variables: dict[str, str] = {}
    for name, (plain, under) in _DERIVED.items():
        if plain in inks and under in inks:
            inks.setdefault(name, (inks[plain][0], inks[under][1]))
    for name, (front, ground) in inks.items():
        variables[f"ink-{name}"] = front
        variables[f"ink-{name}-ground"] = ground or NO_GROUND
    return variables


def _theme(data: Mapping[str, Any]) -> Theme:
    name = data.get("name")
    if not isinstance(name, str) or not name:
        raise BadTheme('needs a name; write name = "mine"')
    if unknown := sorted(set(data) - _KEYS):
        raise BadTheme(f"{unknown[0]!r} is not known; there are {', '.join(sorted(_KEYS))}")
    for key in ("dark", "ansi"):
        if not isinstance(data.get(key, False), bool):
            raise BadTheme(f"{key} is true or false, was {data[key]!r}")
    colors = dict(_table(data, "colors", _COLORS))
    if "primary" not in colors:
        raise BadTheme('colors.primary is missing; write primary = "#d98e00"')
    for key, value in colors.items():
        _check_colour(f"colors.{key}", value)
    inks: dict[str, tuple[str, str]] = {}
    for key, value in _table(data, "inks", tuple(INKS)):
        front, _, ground = value.partition(" on ")
        _check_colour(f"inks.{key}", front)
        if ground:
            _check_colour(f"inks.{key}", ground)
        inks[key] = (front.strip(), ground.strip())
    dark, ansi = data.get("dark", True), data.get("ansi", False)
    variables = _variables(inks) | (_ANSI if ansi else {})
    theme = Theme(name=name, primary=colors.pop("primary"), dark=dark, ansi=ansi, variables=variables)
    for key, value in colors.items():
        setattr(theme, key, value)
    return theme


def _table(data: Mapping[str, Any], key: str, known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    table = data.get(key, {})
    if not isinstance(table, dict):
        raise BadTheme(f"{key} is a table; write [{key}] and its lines below")
    for name, value in table.items():
        if name not in known:
            raise BadTheme(f"{key}.{name} is not known; there are {', '.join(known)}")
        if not isinstance(value, str):
            raise BadTheme(f"{key}.{name} is a colour in quotes, was {value!r}")
        yield name, value


def _check_colour(key: str, value: str) -> None:
    try:
        Color.parse(value.strip())
    except ColorParseError:
        raise BadTheme(f"{key}: {value!r} is no colour; write one like #ffb000 or ansi_yellow") from None
