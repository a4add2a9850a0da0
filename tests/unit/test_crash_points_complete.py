"""The list of crash points is whole: what is called is listed, what is listed is called, each in one place."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable

from tests.unit.sources import Module, example, modules
from tt_tui.desk.crash import CRASH_POINTS

_NAMES = {"crash_point", "_crash_point"}


def called(sources: Iterable[Module]) -> tuple[Counter[str], list[str]]:
    """Return the crash points that are met, and the calls whose name can't be read."""
    names: Counter[str] = Counter()
    unreadable = []
    for module in sources:
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if function not in _NAMES:
                continue
            if len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
                names[node.args[0].value] += 1
            else:
                unreadable.append(f"{module.label}:{node.lineno}")
    return names, unreadable


def test_every_crash_point_is_listed_and_every_listed_one_is_met() -> None:
    names, unreadable = called(modules())

    assert not unreadable, "name a crash point by a string, so that it can be found"
    assert names.keys() == set(CRASH_POINTS)


def test_a_crash_point_is_one_place() -> None:
    names, _ = called(modules())

    assert [name for name, count in names.items() if count > 1] == []
    assert len(CRASH_POINTS) == len(set(CRASH_POINTS)) >= 14


def test_a_call_is_found_however_it_is_reached() -> None:
    text = "self._context.crash_point('a')\ncrash_point('b')\nself._crash_point('c')\ncrash_point(name)\nother('d')"

    names, unreadable = called([example(text)])

    assert set(names) == {"a", "b", "c"}
    assert len(unreadable) == 1
