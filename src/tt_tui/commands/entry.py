"""What an entry of the registry tells: a function, a verb or a key action."""

from __future__ import annotations

import msgspec

APP = "app"
"""``Action.where`` of what works everywhere."""

PANE = "pane"
"""``Action.where`` of what works in every list; else ``where`` is a pane kind."""


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """What a mnemonic opens."""

    mnemonic: str
    title: str
    pane: str
    """Kind of the pane that shows it."""
    help: str
    examples: tuple[str, ...]
    words: tuple[str, ...] = ()
    """What people call it, for completion and the palette."""
    arguments: str = ""
    """What may follow, as shown; empty where nothing may."""
    takes_symbol: bool = False
    """``ES GP``, ``GP ES`` and, for the symbol of the pane, ``GP``."""


class Verb(msgspec.Struct, frozen=True, kw_only=True):
    """A word that does something."""

    word: str
    title: str
    usage: str
    help: str
    examples: tuple[str, ...]
    words: tuple[str, ...] = ()
    moves_money: bool = False
    """May change orders or positions."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something the screen does on a key."""

    id: str
    text: str
    keys: tuple[str, ...] = ()
    """Default keys, as Textual names them; the keymap file may move them by id."""
    needs_confirmation: bool = False
    where: str = APP
    shown: bool = False
    """Has a place in the footer."""
    types: str = ""
    """The sentence it puts into the command line, for Enter to run; empty where it acts by itself."""
