"""`tt listen`: the desk without a screen."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tt_tui.cli import exits

STOP_WORDS = "told to end by {}"


@click.command("listen", epilog=exits.epilog(*(code for code in exits.MEANINGS if code > exits.NOT_FOUND)))
@click.option("--host", metavar="ADDRESS", help="The address to listen on, in place of the configured one.")
@click.option("--port", type=click.IntRange(0, 65_535), metavar="N", help="The port; 0 takes a free one.")
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Once ready, write {url, token, signing_secret, api_token, pid} there as JSON, for this user only.",
)
def listen(host: str | None, port: int | None, ready_file: Path | None) -> None:
    """Trade alerts without a screen; the log goes to standard output as JSON lines.

    With nothing configured it has a simulated market and paper accounts. SIGTERM and Ctrl-C end it in good order;
    orders stay at the broker.
    """
    sys.exit(run_listener(host, port, ready_file))


def run_listener(host: str | None, port: int | None, ready_file: Path | None) -> int:
    """Run until a signal ends it, and return the exit code."""
    from tt_tui.cli.choices import Choices
    from tt_tui.cli.failures import code_of, sentence
    from tt_tui.cli.headless import Headless
    from tt_tui.cli.session import Session
    from tt_tui.cli.signals import take_signals, watch_signals
    from tt_tui.infra.process import harden

    harden()
    take_signals()
    # Logging keeps the stream; what the parent does with it later is not ours to notice.
    session = Session(Choices(host=host, port=port), stream=sys.stdout, with_proofs=ready_file is not None)
    headless = Headless(session)
    watch_signals(headless.end, headless.hangup)
    try:
        session.ask_passphrase()
        port_of_desk = session.open()
        problem = port_of_desk.status().listener_problem
        if problem:
            click.echo(f"tt: {problem}", err=True)
            headless.end("the listener's address is taken")
            return exits.NO_LISTENER
        if ready_file is not None:
            from tt_tui.cli.ready_file import write_ready

            write_ready(ready_file, port_of_desk.status().listener, session.proofs)
            headless.at_end(lambda: ready_file.unlink(missing_ok=True))
    except Exception as error:
        headless.end("it could not start")
        click.echo(sentence(error), err=True)
        return code_of(error)
    return headless.wait()
