"""What is loaded when: start-up is bound by imports, and a headless desk has no business with a screen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable

import pytest

from .sources import PACKAGE, SOURCE, Module, modules

SCREEN = ("tui", "cli")
# Each of these costs more than the whole command line may take before it answers `--help`.
HEAVY = (
    "textual",
    "pydantic_settings",
    "pydantic",
    "starlette",
    "uvicorn",
    "polars",
    "numba",
    "keyring",
    "cryptography",
    "msgspec",
    "httpx2",
    "websockets",
    "plotext",
    "feedparser",
    "apsw",
)


def loaded_by(imports: Iterable[str]) -> set[str]:
    """Return the modules a fresh interpreter has loaded after importing these."""
    program = (
        "import importlib, json, sys\n"
        "for name in json.loads(sys.argv[1]): importlib.import_module(name)\n"
        "print('LOADED', json.dumps(sorted(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, json.dumps(list(imports))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    loaded: list[str] = json.loads(result.stdout.rpartition("LOADED ")[2])
    return set(loaded)


def headless() -> list[Module]:
    return [module for module in modules() if not module.is_in(*SCREEN, "__main__")]


def other_brokers() -> list[str]:
    folders = (SOURCE / PACKAGE / "brokers").iterdir()
    return [
        f"{PACKAGE}.brokers.{folder.name}"
        for folder in folders
        if (folder / "__init__.py").exists() and folder.name != "paper"
    ]


def present(name: str) -> list[str]:
    """Return the module's name in a list, or an empty one: a folder without code would import as well."""
    return [module.name for module in modules() if module.name == name]


def test_the_command_line_loads_nothing_heavy() -> None:
    loaded = loaded_by(present(f"{PACKAGE}.cli"))

    assert loaded & set(HEAVY) == set()


def test_the_walk_sees_the_core() -> None:
    names = {module.name for module in headless()}

    assert {f"{PACKAGE}.desk", f"{PACKAGE}.domain", f"{PACKAGE}.listener"} <= names
    assert not any(name.startswith((f"{PACKAGE}.tui", f"{PACKAGE}.cli")) for name in names)


@pytest.mark.parametrize("forbidden", ["textual", "numba"])
def test_no_headless_module_loads_it(forbidden: str) -> None:
    loaded = loaded_by(module.name for module in headless())

    assert f"{PACKAGE}.desk" in loaded
    assert forbidden not in loaded


def test_no_headless_module_names_textual_even_late() -> None:
    found = [f"{module.label}:{one.line}" for module in headless() for one in module.imports() if one.is_of("textual")]

    assert not found


def test_putting_the_desk_together_loads_no_number_cruncher_and_no_broker_but_paper() -> None:
    loaded = loaded_by(present(f"{PACKAGE}.assembly"))

    assert loaded & {"numba", "polars", "textual", *other_brokers()} == set()


def test_no_front_end_names_a_broker_or_a_market() -> None:
    """The layers let the command line look down at both; only the assembly may."""
    found = [
        f"{module.label}:{one.line}: {one.module}"
        for module in modules()
        if module.is_in("cli", "tui", "listener")
        for one in module.imports()
        if one.is_of(f"{PACKAGE}.brokers") or one.is_of(f"{PACKAGE}.market")
    ]

    assert not found, "\n".join(found)
