"""The one registry: command line, palette, footer, keymap, help and docs come from its three tables.

A new function, verb or key is an entry there. ``{account}``, ``{group}``, ``{live}`` and ``{strategy}`` in an
example stand for a name of the user's own, see ``help.examples``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tt_tui.commands.actions import ACTIONS
from tt_tui.commands.entry import APP, PANE, Action, Function, Verb
from tt_tui.commands.functions import FUNCTIONS
from tt_tui.commands.verbs import VERBS

__all__ = [
    "ACTIONS",
    "ACTION_BY_ID",
    "APP",
    "FUNCTIONS",
    "FUNCTION_BY_MNEMONIC",
    "PANE",
    "VERBS",
    "VERB_BY_WORD",
    "Action",
    "Function",
    "Verb",
]

FUNCTION_BY_MNEMONIC: Mapping[str, Function] = MappingProxyType({one.mnemonic: one for one in FUNCTIONS})
VERB_BY_WORD: Mapping[str, Verb] = MappingProxyType({one.word: one for one in VERBS})
ACTION_BY_ID: Mapping[str, Action] = MappingProxyType({one.id: one for one in ACTIONS})
