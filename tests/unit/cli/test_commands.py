"""The command line as a whole: its help, its codes, its documentation, and what it loads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.unit.sources import ROOT, SOURCE
from tests.unit.test_import_hygiene import HEAVY
from tt_tui import __version__
from tt_tui.cli import VERBS, exits, root
from tt_tui.cli import secret as secret_command

COMMANDS = ROOT / "docs" / "commands.md"


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(root))
VERB_NAMES = sorted(" ".join(path) for path in ALL)


@pytest.mark.parametrize("path", ["", *VERB_NAMES])
def test_every_verb_has_help_with_its_codes(path: str) -> None:
    result = CliRunner().invoke(root, [*path.split(), "--help"])

    assert result.exit_code == 0, result.output
    assert result.output.startswith("Usage:")
    if path not in ("alert",):
        assert "Exit codes: 0 done" in result.output


def test_the_table_of_help_names_what_is_there() -> None:
    shown = CliRunner().invoke(root, ["--help"]).output

    for name, verb in VERBS.items():
        assert re.search(rf"^  {name} ", shown, re.MULTILINE), name
        module, _, attribute = verb.place.partition(":")
        assert (SOURCE / f"{module.replace('.', '/')}.py").exists()
        assert ALL[(name,)].callback is not None or attribute


def test_the_documentation_names_every_command_and_no_other() -> None:
    text = COMMANDS.read_text()
    documented = {match[1].strip() for match in re.finditer(r"^\| `tt ?([a-z ]*)", text, re.MULTILINE)}

    leaves = {" ".join(path) for path, command in ALL.items() if not isinstance(command, click.Group)}
    assert documented == {"", *leaves}


def test_the_documented_codes_are_those_in_use() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", COMMANDS.read_text(), re.MULTILINE)

    assert {int(code): meaning for code, meaning in rows} == dict(exits.MEANINGS)


def test_the_secret_commands_leave_with_the_same_codes() -> None:
    own = (
        secret_command.EXIT_NOT_FOUND,
        secret_command.EXIT_USAGE,
        secret_command.EXIT_NO_PLACE,
        secret_command.EXIT_UNSAFE,
    )

    assert own == (exits.NOT_FOUND, exits.WRONG_USE, exits.NO_PLACE, exits.UNSAFE)


def test_no_option_or_argument_could_take_a_secret() -> None:
    names = [name for command in ALL.values() for parameter in command.params for name in (parameter.name or "",)]

    assert "ready_file" in names
    assert not [name for name in names if re.search("secret|token|password|passphrase|key", name)]


def test_the_version() -> None:
    result = CliRunner().invoke(root, ["--version"])

    assert (result.exit_code, result.output) == (0, f"tt, version {__version__}\n")


def test_an_option_of_the_workstation_before_a_command_is_refused() -> None:
    result = CliRunner().invoke(root, ["--port", "1", "doctor"])

    assert result.exit_code == exits.WRONG_USE
    assert "after the command" in result.output


def loaded_by(*arguments: str) -> set[str]:
    """Return what a fresh process has loaded after a command that ends by itself."""
    program = (
        "import json, sys\n"
        "from tt_tui.cli import main\n"
        "try: main(json.loads(sys.argv[1]))\n"
        "except SystemExit: pass\n"
        "print('LOADED', json.dumps(sorted(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, json.dumps(arguments)], capture_output=True, text=True, check=True, timeout=60
    )
    loaded: list[str] = json.loads(result.stdout.rpartition("LOADED ")[2])
    return set(loaded)


@pytest.mark.parametrize("path", ["", *VERB_NAMES])
def test_help_loads_nothing_heavy(path: str) -> None:
    loaded = loaded_by(*path.split(), "--help")

    assert "tt_tui.cli" in loaded
    assert loaded & set(HEAVY) == set()


def test_the_program_s_help_and_version_load_no_verb() -> None:
    for arguments in (("--help",), ("--version",)):
        loaded = loaded_by(*arguments)

        assert {name for name in loaded if name.startswith("tt_tui.")} == {
            "tt_tui.cli",
            "tt_tui.cli.exits",
            "tt_tui.cli.lazy",
        }


def test_an_unforeseen_error_shows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from tt_tui.infra.redaction import Secret\n"
        "from tt_tui import cli\n"
        "kept = Secret('canary-value-1234')\n"
        "def fail(*a, **k): raise RuntimeError('it was ' + kept.reveal())\n"
        "cli.root.main = fail\n"
        "cli.main([])"
    )

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)

    assert result.returncode == exits.FAILED
    assert "RuntimeError: it was ***" in result.stderr
    assert "canary-value-1234" not in result.stderr
