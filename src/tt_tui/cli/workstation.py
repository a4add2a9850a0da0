"""`tt` and `tt demo`: the workstation, and the desk that outlives its screen.

The screen has the main thread. Signals, the terminal's end and the end of the process are the business of other
threads, since a terminal that nobody reads may hold the main one in a write for ever.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tt_tui.cli import exits, terminal
from tt_tui.cli.choices import Choices
from tt_tui.cli.headless import Headless
from tt_tui.cli.session import CONFIG_FILE, Session

if TYPE_CHECKING:
    from tt_tui.desk.port import DeskPort
    from tt_tui.tui.app import WorkstationApp
    from tt_tui.tui.result import ScreenResult

_LOG = logging.getLogger(__name__)
_SCREEN_SECONDS = 0.7
"""How long a screen may take to give the terminal back once the desk is closed."""


@click.command("demo", epilog=exits.epilog(*(code for code in exits.MEANINGS if code > exits.NOT_FOUND)))
@click.option("--replay", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Play a CSV or Parquet.")
@click.option("--symbol", default="", metavar="ROOT", help="What was recorded, where the file does not say.")
@click.option("--zone", default="", metavar="ZONE", help="Of times that name none; UTC without.")
@click.option("--stamp", type=click.Choice(["start", "end"]), default="start", help="Which end of a bar its time is.")
@click.option("--speed", type=click.FloatRange(min=0), default=1.0, help="Recorded seconds in a real one; 0 is most.")
@click.option("--seed", type=int, help="Of the simulated market.")
@click.option("--mouse/--no-mouse", default=None, help="Without, the terminal selects and copies.")
@click.option("--theme", metavar="NAME", help="Colours.")
@click.option("--fps", type=click.IntRange(1, 60), metavar="N", help="Frames a second, 1 to 60.")
@click.option("--port", type=click.IntRange(0, 65_535), metavar="N", help="The listener's port; 0 takes a free one.")
def demo(**given: Any) -> None:
    """Open the workstation with a simulated market, or a recording, and paper accounts; configuration is ignored.

    A demo keeps its journal and paper accounts in folders of its own.
    """
    sys.exit(run_workstation(Choices(demo=True, **given)))


def run_workstation(choices: Choices) -> int:
    """Run the workstation on this terminal, and the desk until it ends; return the exit code."""
    from tt_tui.cli.signals import take_signals, watch_signals
    from tt_tui.infra.process import harden

    if not terminal.has_terminal():
        terminal.say("tt: this is no terminal, so there is no screen to show; `tt listen` runs without one")
        return exits.WRONG_USE
    harden()
    session = Session(choices)
    try:
        session.refuse_second()
        session.ask_passphrase()
    except Exception as error:
        return _tell(error)
    take_signals()
    stage = Stage(session, choices)
    watch_signals(stage.end, stage.terminal_gone)
    code = stage.run()
    if stage.is_alone:
        # A thread of the screen may still hang in the terminal that is gone; desk and log are closed.
        os._exit(code)
    return code


class Stage:
    """The screen over the desk: which of them ends with what."""

    def __init__(self, session: Session, choices: Choices) -> None:
        self._session = session
        self._choices = choices
        self._headless = Headless(session)
        self._app: WorkstationApp | None = None
        self._gone = threading.Lock()
        self._screen_over = threading.Event()
        self._ending = False

    def run(self) -> int:
        """Show the screen; then end, or go on without it. Returns the exit code."""
        stop_watching = terminal.watch_hangup(self.terminal_gone)
        try:
            result = self._show()
        finally:
            stop_watching()
            self._screen_over.set()
        if self._ending:
            return self._headless.wait()
        if self._session.failure is not None:
            self._headless.end("the desk did not start")
            return _tell(self._session.failure)
        if result in ("quit", "flattened") and not self.is_alone:
            self._headless.end("the user quit")
            return self._headless.wait()
        return self._go_on(result)

    @property
    def is_alone(self) -> bool:
        """Return whether the terminal was let go."""
        return self._gone.locked()

    def end(self, why: str) -> None:
        """End the process in good order: the screen is asked, the desk is closed whatever the screen does."""
        self._ending = True
        self._ask_screen()
        self._headless.end(why)
        if not self._screen_over.wait(_SCREEN_SECONDS):
            # The main thread hangs in a write to the terminal; everything that must be kept is kept.
            os._exit(exits.DONE)

    def terminal_gone(self) -> None:
        """Go on without the screen: nothing may write to the terminal any more."""
        if not self._gone.acquire(blocking=False):
            self._headless.hangup()
            return
        terminal.let_go()
        _LOG.warning("the terminal is gone; the desk goes on without a screen, as `tt listen` does")
        if self._app is not None:
            self._app.drop()

    def _show(self) -> ScreenResult | str:
        from tt_tui.infra.locations import state_folder
        from tt_tui.tui.app import WorkstationApp
        from tt_tui.tui.settings import ScreenSettings

        screen = _screen_table(self._choices)
        settings = ScreenSettings(
            frame_rate=self._choices.fps or screen.get("fps"),
            theme=self._choices.theme or screen.get("theme", ""),
            mouse=screen.get("mouse", True) if self._choices.mouse is None else self._choices.mouse,
            history_file=state_folder() / "history",
        )
        try:
            self._app = app = WorkstationApp(self._open, settings)
            return app.run(mouse=settings.mouse) or "crashed"
        except Exception:
            if not self._session.begun:
                raise
            _LOG.exception("the screen failed")
            return "crashed"

    def _open(self) -> DeskPort:
        """Open the desk, on a thread of the screen's; where that fails there is nothing to show."""
        try:
            return self._session.open()
        except Exception:
            self._ask_screen()
            raise

    def _ask_screen(self) -> None:
        """Ask the screen to end, without waiting: it may not be able to."""
        app = self._app

        def ask() -> None:
            from tt_tui.tui.result import ScreenResult

            if app is not None:
                # Not running any more, or not yet.
                with contextlib.suppress(RuntimeError):
                    app.call_from_thread(app.exit, ScreenResult.KEEP_HEADLESS)

        threading.Thread(target=ask, name="tt-screen-end", daemon=True).start()

    def _go_on(self, result: ScreenResult | str) -> int:
        if self._gone.acquire(blocking=False):
            where = self._session.port.status().listener if self._session.port is not None else ""
            alerts = f", takes alerts on {where}" if where else ""
            terminal.say(
                f"The desk goes on without a screen (process {os.getpid()}{alerts}). Ctrl-C ends it; closing this "
                "terminal does not."
            )
            terminal.let_go(stays=True)
            why = "the screen failed" if result == "crashed" else "the user left the screen"
            _LOG.warning("%s; the desk goes on without it, as `tt listen` does", why)
        return self._headless.wait()


def _tell(error: Exception) -> int:
    from tt_tui.cli.failures import code_of, sentence

    terminal.say(sentence(error))
    return code_of(error)


def _screen_table(choices: Choices) -> dict[str, Any]:
    """Return what the configuration says of the screen, as far as it can be used: the whole of it is read, and its
    problems told, once something is on screen.
    """
    if choices.demo:
        return {}
    from tt_tui.infra.locations import config_folder

    try:
        table = tomllib.loads((config_folder() / CONFIG_FILE).read_text(encoding="utf-8")).get("screen", {})
    except (OSError, ValueError):
        return {}
    kinds = {"fps": int, "theme": str, "mouse": bool}
    return {name: table[name] for name, kind in kinds.items() if type(table.get(name)) is kind}
