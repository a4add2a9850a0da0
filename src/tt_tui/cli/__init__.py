"""The command `tt`. Verbs import what they need when they are used, so that `tt --help` answers at once."""

from __future__ import annotations

import sys
from typing import Any

import click

from tt_tui import __version__
from tt_tui.cli import exits
from tt_tui.cli.lazy import LazyGroup, Verb

__all__ = ["main", "root"]

VERBS = {
    "demo": Verb(
        "tt_tui.cli.workstation:demo", "The workstation with a simulated or replayed market, ignoring config."
    ),
    "listen": Verb("tt_tui.cli.listen:listen", "Trade alerts without a screen; log JSON lines."),
    "alert": Verb("tt_tui.cli.alert:alert_group", "Show what an alert means, or send one."),
    "journal": Verb("tt_tui.cli.journal:journal_group", "Read, export and verify what the desk wrote."),
    "hook": Verb("tt_tui.cli.hook:hook_group", "Webhook addresses and their secrets."),
    "config": Verb("tt_tui.cli.config:config_group", "Write, check and show the configuration."),
    "secret": Verb("tt_tui.cli.secret:secret_group", "Keep credentials in the keyring or a sealed file."),
    "doctor": Verb("tt_tui.cli.doctor:doctor", "Look at this machine and say what is in the way."),
}
WIDTH = {"max_content_width": 100}


@click.group(
    "tt",
    cls=LazyGroup,
    verbs=VERBS,
    invoke_without_command=True,
    context_settings=WIDTH,
    epilog=exits.epilog(*(code for code in exits.MEANINGS if code)),
)
@click.version_option(__version__, prog_name="tt")
@click.option("--mouse/--no-mouse", default=None, help="Without, the terminal selects and copies.")
@click.option("--theme", metavar="NAME", help="Colours, in place of the configured ones.")
@click.option("--fps", type=click.IntRange(1, 60), metavar="N", help="Frames a second, 1 to 60.")
@click.option("--port", type=click.IntRange(0, 65_535), metavar="N", help="The listener's port; 0 takes a free one.")
@click.pass_context
def root(ctx: click.Context, mouse: bool | None, theme: str | None, fps: int | None, port: int | None) -> None:
    """A trading workstation in the terminal. Without a command it opens the workstation.

    When nothing is configured, that is a simulated market and paper accounts.
    """
    if ctx.invoked_subcommand is None:
        from tt_tui.cli.choices import Choices
        from tt_tui.cli.workstation import run_workstation

        ctx.exit(run_workstation(Choices(mouse=mouse, theme=theme, fps=fps, port=port)))
    elif any(value is not None for value in (mouse, theme, fps, port)):
        raise click.UsageError(f"write these options after the command: tt {ctx.invoked_subcommand} …")


def main(arguments: list[str] | None = None) -> None:
    """Run the command and end the process with its code; an unforeseen error never shows a secret."""
    try:
        root.main(args=arguments, prog_name="tt")
    except Exception as error:
        _tell(error)
        sys.exit(exits.FAILED)


def _tell(error: Exception) -> Any:
    from tt_tui.infra.redaction import safe_traceback

    click.echo(
        f"{safe_traceback(error)}\ntt failed in a way it did not expect; please report the lines above.", err=True
    )
