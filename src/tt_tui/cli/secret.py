"""`tt secret`: store, list and remove credentials. A value comes from a hidden prompt or standard input, never argv."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from tt_tui.secrets import LayeredStore, Secret, SecretError

EXIT_NOT_FOUND = 1
EXIT_USAGE = 2
EXIT_NO_PLACE = 4
EXIT_UNSAFE = 5

_LONGEST_INPUT = 65_536
_EPILOG = (
    f"Exit codes: 0 done; {EXIT_NOT_FOUND} nothing of that name; {EXIT_USAGE} wrong use; {EXIT_NO_PLACE} no keyring "
    f"and no passphrase, or locked; {EXIT_UNSAFE} a secret file is open to others or damaged."
)


@click.group("secret", epilog=_EPILOG)
def secret_group() -> None:
    """Keep credentials in the system keyring or a sealed file.

    Read first: systemd credentials (tt-NAME), then files named by TT_SECRET_<NAME>_FILE. Written: the system keyring
    where it proves itself, else a file sealed with a passphrase (from the systemd credential tt-passphrase, a
    descriptor named by TT_PASSPHRASE_FD, or a prompt). Read last, with a warning: TT_SECRET_<NAME>.
    """


@secret_group.command("set", epilog=_EPILOG)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def set_secret(name: str, as_json: bool) -> None:
    """Store a secret under NAME; its value is typed at a hidden prompt or read from standard input."""
    from tt_tui.secrets import SecretError

    try:
        store = _open()
        # Asked first, so that nobody types a value that cannot be kept, and a pipe is not waited for in vain.
        store.place_to_set(name)
        secret = _value_of(name)
        written = store.set(name, secret)
    except SecretError as error:
        _leave(error)
    if as_json:
        document = {"name": name, "place": written.place, "notes": list(written.notes)}
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    click.echo(f"{name} {secret.masked()} is stored in {written.place}.")
    for note in written.notes:
        click.echo(f"Note: {note}.", err=True)


@secret_group.command("list", epilog=_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_secrets(as_json: bool) -> None:
    """List the names that are stored and where, never a value; asks for no passphrase."""
    from tt_tui.secrets import SecretError

    try:
        names = _open().names()
    except SecretError as error:
        _leave(error)
    if as_json:
        click.echo(json.dumps([{"name": stored.name, "place": stored.place} for stored in names]))
        return
    if not names:
        click.echo("No secret is stored; `tt secret set NAME` stores one.")
    width = max((len(stored.name) for stored in names), default=0)
    for stored in names:
        click.echo(f"{stored.name:<{width}}  {stored.place}")


@secret_group.command("remove", epilog=_EPILOG)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def remove_secret(name: str, as_json: bool) -> None:
    """Remove the secret NAME from wherever it was set."""
    from tt_tui.secrets import SecretError

    try:
        removed = _open().remove(name)
    except SecretError as error:
        _leave(error)
    if as_json:
        click.echo(json.dumps({"name": name, "removed": removed}))
    elif removed:
        click.echo(f"{name} is removed.")
    else:
        click.echo(f"There is no secret {name}; `tt secret list` shows what there is.", err=True)
    if not removed:
        sys.exit(EXIT_NOT_FOUND)


def _open() -> LayeredStore:
    from tt_tui.infra.process import harden
    from tt_tui.secrets import open_store

    harden()
    return open_store(interactive=True, allow_ephemeral=False)


def _value_of(name: str) -> Secret:
    from tt_tui.secrets import Secret, SecretError

    if sys.stdin.isatty():
        import getpass

        try:
            value = getpass.getpass(f"Value of {name} (hidden): ")
        except EOFError:
            value = ""
    else:
        try:
            content = sys.stdin.buffer.read(_LONGEST_INPUT).decode("utf-8")
        except UnicodeDecodeError:
            raise SecretError("standard input is not UTF-8 text, so nothing was stored") from None
        value = content[:-2] if content.endswith("\r\n") else content.removesuffix("\n")
    if not value:
        raise SecretError(f"no value came for {name}; type it at the prompt or pipe it into standard input")
    return Secret(value)


def _leave(error: SecretError) -> NoReturn:
    from tt_tui.infra.redaction import Redactor
    from tt_tui.secrets import NoSecretPlace, SecretsDamaged, SecretsLocked, SecretsUnsafe

    click.echo(f"Error: {Redactor().text(str(error))}", err=True)
    if isinstance(error, NoSecretPlace | SecretsLocked):
        sys.exit(EXIT_NO_PLACE)
    if isinstance(error, SecretsUnsafe | SecretsDamaged):
        sys.exit(EXIT_UNSAFE)
    sys.exit(EXIT_USAGE)
