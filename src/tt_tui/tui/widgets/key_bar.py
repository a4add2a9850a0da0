"""The last line: what the function keys open, the front one marked."""

from __future__ import annotations

from collections.abc import Mapping

from tt_tui.commands.registry import ACTIONS, FUNCTION_BY_MNEMONIC, Action
from tt_tui.tui.widgets.ink import Cell
from tt_tui.tui.widgets.line import Line

_NAMES = {"escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp"}


def key_name(keys: str) -> str:
    """Return the first key as it is printed on a keyboard."""
    first = keys.split(",")[0].strip()
    if first.startswith("ctrl+"):
        return f"^{first.removeprefix('ctrl+').upper()}"
    return _NAMES.get(first, first.upper() if len(first) > 1 else first)


class KeyBar(Line):
    """Functions first, then what else has a place here."""

    def __init__(self) -> None:
        super().__init__(ground="dim", name="keys")
        self.keymap: Mapping[str, str] = {}

    def apply(self, front: str) -> None:
        """Mark the function in front."""
        parts: list[Cell] = []
        opens = [one for one in ACTIONS if one.id.startswith("open.") and one.keys]
        rest = [one for one in ACTIONS if one.shown and one not in opens]
        help_first = sorted(rest, key=lambda one: one.id != "app.help")
        for action in (*help_first[:1], *opens, *help_first[1:]):
            mnemonic = action.id.removeprefix("open.")
            function = FUNCTION_BY_MNEMONIC.get(mnemonic)
            is_front = function is not None and function.pane == front
            text = mnemonic if function is not None else action.text
            parts += [(f" {key_name(self._keys(action))}", "key"), (f" {text} ", "title" if is_front else "dim")]
        self.show(tuple(parts))

    def _keys(self, action: Action) -> str:
        return self.keymap.get(action.id, ",".join(action.keys))
