"""`tt alert`: show what an alert means, or send one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from tt_tui.cli import exits


@click.group("alert")
def alert_group() -> None:
    """Show what an alert means, or send one."""


@alert_group.command("parse", epilog=exits.epilog(exits.WRONG_USE))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def parse(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Show what the alert in FILE means; nothing is traded.

    FILE is one alert body, or JSON lines that each hold a "raw" body and a "content_type"; "-" reads standard
    input. The exit code is 0 also for bodies that are errors.
    """
    from tt_tui.cli import alert_parse

    ctx.invoke(alert_parse.parse, file=file, as_json=as_json)


@alert_group.command(
    "send", epilog=exits.epilog(exits.NOT_FOUND, exits.WRONG_USE, exits.NO_PLACE, exits.UNSAFE, exits.NO_LISTENER)
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--url", metavar="URL", help="Where the listener answers; without, the running desk of this user.")
@click.option("--hook", metavar="NAME", help="The signed hook to send as; without, the first one.")
@click.option(
    "--ready-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take address and signing secret from what `tt listen --ready-file` wrote.",
)
@click.option("--demo", is_flag=True, help="To the running `tt demo`.")
@click.option("--json", "as_json", is_flag=True, help="Print status and reply as JSON.")
def send(file: Path, url: str | None, hook: str | None, ready_file: Path | None, demo: bool, as_json: bool) -> None:
    """Sign the alert in FILE ("-" is standard input) and post it; the reply is printed.

    The signing secret comes from the secret store or the ready file, or is asked for; never from the command line.
    """
    from tt_tui.cli.alert_send import Target, post, target_of
    from tt_tui.cli.failures import leave
    from tt_tui.domain.errors import TradingError
    from tt_tui.listener.hooks import HookError
    from tt_tui.secrets import SecretError

    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        target: Target = target_of(url, hook, ready_file, demo=demo)
        reply = post(target, body)
    except TradingError as error:
        click.echo(f"tt: {error}", err=True)
        sys.exit(exits.NO_LISTENER)
    except (SecretError, HookError, ValueError) as error:
        leave(error)
    text = reply.text.strip()
    click.echo(json.dumps({"status": reply.status, "reply": _parsed(text)}) if as_json else f"{reply.status} {text}")
    sys.exit(exits.DONE if 200 <= reply.status < 300 else exits.NOT_FOUND)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
