"""`tt hook`: webhook addresses and their proofs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from tt_tui.cli import exits

if TYPE_CHECKING:
    from tt_tui.listener.hooks import Hook, HookBook, Issued

_EPILOG = exits.epilog(exits.NOT_FOUND, exits.WRONG_USE, exits.NO_PLACE, exits.UNSAFE)
_demo = click.option("--demo", is_flag=True, help="The hooks of `tt demo`.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_SHOWN_ONCE = "A running desk accepts it within a second. A token is shown only now."


@click.group("hook", epilog=_EPILOG)
def hook_group() -> None:
    """Webhook addresses and their proofs: tokens for TradingView, signing secrets for your own programs.

    The first start of a desk makes one of each, for paper groups only. A running desk sees a change within a second.
    """


def told(command: Callable[..., None]) -> Callable[..., None]:
    """Turn the errors of hooks and secrets into a sentence and an exit code."""

    @wraps(command)
    def call(**given: Any) -> None:
        from tt_tui.cli.failures import leave
        from tt_tui.listener.hooks import HookError
        from tt_tui.secrets import SecretError
        from tt_tui.settings import SettingsError

        try:
            command(**given)
        except (HookError, SecretError, SettingsError, OSError) as error:
            leave(error)

    return call


@hook_group.command("list", epilog=_EPILOG)
@_demo
@_json
@told
def list_hooks(demo: bool, as_json: bool) -> None:
    """List the hooks, what each may trade, and how many proofs it has; never a proof."""
    from tt_tui.cli.hooks_of_user import book_of

    book = book_of(demo)
    book.load()
    if as_json:
        click.echo(json.dumps([hook_json(hook) for hook in book.hooks()]))
        return
    for hook in book.hooks():
        click.echo(_line(hook))
    if not book.hooks():
        click.echo("There is no hook; the first start of the desk makes two, `tt hook add NAME` another.")
    for note in book.notes:
        click.echo(f"Note: {note}", err=True)


@hook_group.command("url", epilog=_EPILOG)
@click.option("--url", default="", metavar="URL", help="The public address; without, where the running desk listens.")
@_demo
@_json
@told
def url(url: str, demo: bool, as_json: bool) -> None:
    """Show where alerts go, a ready TradingView message and a signed curl line."""
    from tt_tui.cli.alert_send import PATH
    from tt_tui.cli.choices import Choices
    from tt_tui.cli.hooks_of_user import book_of, folder_of
    from tt_tui.cli.session import JOURNAL_FILE, read_setup
    from tt_tui.desk.journal_lock import holder

    book = book_of(demo)
    book.load()
    facts = holder(folder_of(demo) / JOURNAL_FILE) or {}
    listener = read_setup(Choices(demo=demo)).listener
    address = url or f"http://{facts.get('listener') or f'{listener.host}:{listener.port}'}"
    if as_json:
        click.echo(json.dumps({"url": f"{address}{PATH}", "hooks": [hook.name for hook in book.hooks()]}))
        return
    click.echo(book.help_text(address))


@hook_group.command("add", epilog=_EPILOG)
@click.argument("name")
@click.option("--signed", is_flag=True, help="Prove by a signature, for your own programs; without, by a token.")
@click.option("--group", "groups", multiple=True, metavar="NAME", help="A group it may use; without, all of paper.")
@click.option("--default-group", default="", metavar="NAME", help="Of an alert that names none.")
@click.option("--symbol", "symbols", multiple=True, metavar="ROOT", help="What it may trade; without, anything.")
@click.option("--side", "sides", multiple=True, type=click.Choice(["long", "short"]), help="Without, both.")
@click.option("--max-quantity", type=click.IntRange(min=1), metavar="N", help="Most contracts of one alert.")
@_demo
@_json
@told
def add(
    name: str,
    signed: bool,
    groups: tuple[str, ...],
    default_group: str,
    symbols: tuple[str, ...],
    sides: tuple[str, ...],
    max_quantity: int | None,
    demo: bool,
    as_json: bool,
) -> None:
    """Add a hook NAME and show its token or signing secret."""
    from tt_tui.cli.choices import Choices
    from tt_tui.cli.hooks_of_user import book_of
    from tt_tui.cli.session import paper_groups, read_setup
    from tt_tui.listener.hooks import Hook, HookError

    setup = read_setup(Choices(demo=demo))
    unknown = [group for group in groups if group not in setup.desk.groups]
    if unknown:
        raise HookError(f"no group is called {unknown[0]}; there are: {', '.join(setup.desk.groups)}")
    chosen = groups or paper_groups(setup)
    hook = Hook(
        name=name,
        profile="signed" if signed else "tv",
        groups=chosen,
        default_group=default_group or next(iter(chosen), ""),
        symbols=symbols,
        sides=sides,
        maximum_quantity=max_quantity,
    )
    _tell(book_of(demo).add(hook), as_json)


@hook_group.command("rotate", epilog=_EPILOG)
@click.argument("name")
@click.option("--overlap-hours", type=float, default=24.0, show_default=True, help="How long the old proof stays good.")
@_demo
@_json
@told
def rotate(name: str, overlap_hours: float, demo: bool, as_json: bool) -> None:
    """Make a new proof for the hook NAME; "api" is the token that reads orders."""
    from tt_tui.cli.hooks_of_user import book_of

    book = book_of(demo)
    book.load()
    if name != "api":
        _require(book, name)
    _tell(book.rotate(name, overlap_hours), as_json)


@hook_group.command("revoke", epilog=_EPILOG)
@click.argument("name")
@click.option("--old-only", is_flag=True, help="Only the proofs that a rotation replaced.")
@_demo
@_json
@told
def revoke(name: str, old_only: bool, demo: bool, as_json: bool) -> None:
    """Refuse the hook NAME from now on."""
    from tt_tui.cli.hooks_of_user import book_of

    book = book_of(demo)
    book.load()
    _require(book, name)
    book.revoke(name, old_only=old_only)
    done = "its replaced proofs are refused" if old_only else "it is refused"
    click.echo(json.dumps({"name": name, "old_only": old_only}) if as_json else f"{name}: {done} within a second.")
    for note in book.notes:
        click.echo(f"Note: {note}", err=True)


def _require(book: HookBook, name: str) -> None:
    """End where no hook has this name."""
    known = [hook.name for hook in book.hooks()]
    if name not in known:
        click.echo(f"tt: no hook is called {name}; there are: {', '.join(known) or 'none'}", err=True)
        sys.exit(exits.NOT_FOUND)


def hook_json(hook: Hook) -> dict[str, Any]:
    """Return a hook as plain values, without its proofs."""
    return {
        "name": hook.name,
        "profile": hook.profile,
        "groups": list(hook.groups),
        "default_group": hook.default_group,
        "symbols": list(hook.symbols),
        "sides": list(hook.sides),
        "maximum_quantity": hook.maximum_quantity,
        "proofs": [
            *({"made": _moment(row.made), "expires": _moment(row.expires)} for row in hook.tokens),
            *({"made": _moment(row.made), "expires": _moment(row.expires)} for row in hook.secrets),
        ],
    }


def _tell(issued: Issued, as_json: bool) -> None:
    value = issued.value.reveal()
    if as_json:
        click.echo(json.dumps({"name": issued.name, "kind": issued.kind, "value": value}))
        return
    click.echo(f"{issued.name}: {issued.kind.replace('_', ' ')}\n{value}")
    click.echo(_SHOWN_ONCE, err=True)


def _line(hook: Hook) -> str:
    limits = [
        f"symbols {', '.join(hook.symbols)}" if hook.symbols else "",
        f"{' and '.join(hook.sides)} only" if hook.sides else "",
        f"at most {hook.maximum_quantity}" if hook.maximum_quantity is not None else "",
    ]
    count = len(hook.tokens) + len(hook.secrets)
    kind = "token" if hook.profile == "tv" else "signing secret"
    words = [f"{hook.name:<16}{count} {kind}{'' if count == 1 else 's'}", f"groups {', '.join(hook.groups)}", *limits]
    return "; ".join(word for word in words if word)


def _moment(nanoseconds: int | None) -> str | None:
    if nanoseconds is None:
        return None
    return datetime.fromtimestamp(nanoseconds // 1_000_000_000, tz=UTC).isoformat().replace("+00:00", "Z")
