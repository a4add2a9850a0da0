"""`tt config`: write, check and show the configuration."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from tt_tui.cli import exits

_EPILOG = exits.epilog(exits.NOT_FOUND, exits.WRONG_USE)
_file = click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="Another file than this user's.")


@click.group("config", epilog=_EPILOG)
def config_group() -> None:
    """Write, check and show the configuration; without a file everything has its default."""


@config_group.command("init", epilog=_EPILOG)
@_file
@click.option("--json", "as_json", is_flag=True, help="Print the path as JSON.")
def init(file: Path | None, as_json: bool) -> None:
    """Write a configuration with every key as a comment; a file that is there stays as it is."""
    from tt_tui.infra.locations import private_folder
    from tt_tui.settings.file import settings_path
    from tt_tui.settings.reference import sample

    path = file or settings_path()
    try:
        private_folder(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        click.echo(f"tt: {path} is there already and stays as it is; `tt config check` looks at it", err=True)
        sys.exit(exits.NOT_FOUND)
    except OSError as error:
        click.echo(f"tt: {path} can't be written ({error.strerror or error})", err=True)
        sys.exit(exits.WRONG_USE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(sample())
    click.echo(json.dumps({"file": str(path)}) if as_json else f"{path} is written; every key in it is a comment.")


@config_group.command("check", epilog=_EPILOG)
@_file
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def check(file: Path | None, as_json: bool) -> None:
    """Name every problem: file, line, key, what was expected and what to write."""
    from tt_tui.settings.file import BadSettings, read_settings, settings_path

    path = file or settings_path()
    problems: list[dict[str, Any]] = []
    text = f"{path} is right." if path.exists() else f"There is no {path}; everything has its default."
    try:
        read_settings(path)
    except BadSettings as error:
        text = str(error)
        problems = [
            {
                "file": str(each.file),
                "line": each.line,
                "key": each.key,
                "seen": each.seen,
                "expected": each.expected,
                "write": each.write,
            }
            for each in error.problems
        ]
    click.echo(json.dumps({"file": str(path), "problems": problems}) if as_json else text, err=bool(problems) > as_json)
    sys.exit(exits.WRONG_USE if problems else exits.DONE)


@config_group.command("show", epilog=_EPILOG)
@_file
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(file: Path | None, as_json: bool) -> None:
    """Print what is in force: the file's values with the defaults of the rest. No secret is among them."""
    from tt_tui.cli.failures import leave
    from tt_tui.settings import SettingsError
    from tt_tui.settings.file import read_settings

    try:
        setup = read_settings(file)
    except SettingsError as error:
        leave(error)
    import msgspec

    # The firm's rules are functions, and a plan is no setting of this file.
    desk = msgspec.structs.replace(
        setup.desk,
        accounts={name: _limits(account) for name, account in setup.desk.accounts.items()},
    )
    document = msgspec.to_builtins(msgspec.structs.replace(setup, desk=desk), enc_hook=str)
    if as_json:
        click.echo(json.dumps(document))
        return
    click.echo(f"# from {setup.source or 'the defaults'}")
    for line in _plain(document):
        click.echo(line)


def _limits(account: Any) -> dict[str, Any]:
    limits = {name: getattr(account.limits, name) for name in account.limits.__struct_fields__}
    return {"live_permitted": account.live_permitted, "limits": limits}


def _plain(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict) and value:
        return [line for name, each in value.items() for line in _plain(each, f"{path}.{name}" if path else str(name))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [line for number, each in enumerate(value, 1) for line in _plain(each, f"{path}[{number}]")]
    return [f"{path} = {json.dumps(value)}"]
