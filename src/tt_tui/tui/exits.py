"""The ways out: plain, on without a screen, or flattened and verified first."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from textual.app import App

from tt_tui.desk.port import DeskPort, Outcome
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.tui.commander import Commander
from tt_tui.tui.feed import Clock
from tt_tui.tui.leaving import still_open
from tt_tui.tui.prompt import account_names
from tt_tui.tui.result import ScreenResult
from tt_tui.tui.view import View

_TWICE_WITHIN = 2_000_000_000
_PATIENCE = 10_000_000_000


class Exits:
    """Leads out; nothing is left behind that the user did not choose to leave."""

    def __init__(self, port: DeskPort, clock: Clock) -> None:
        self._port = port
        self._clock = clock
        self._asked_at: int | None = None
        self._result: ScreenResult | None = None
        self._flatten: Future[Outcome] | None = None
        self._done_at: int | None = None
        self._failure = ""

    def asked_twice(self) -> bool:
        """Return whether this is the second request within two seconds."""
        now, before = self._clock.monotonic(), self._asked_at
        self._asked_at = now
        return before is not None and now - before <= _TWICE_WITHIN

    def begin(self, view: View, app: App[Any]) -> None:
        """Quit, or ask where something is still open."""
        from tt_tui.tui.screens.quitting import Choice, Quitting

        held = still_open(view)
        if not held:
            self._result = ScreenResult.QUIT
            return

        def take(choice: Choice | None) -> None:
            if choice is Choice.KEEP:
                self._result = ScreenResult.KEEP_HEADLESS
            elif choice is Choice.FLATTEN:
                self._start_flatten(account_names(view.status, view.state))

        app.push_screen(Quitting(held), take)

    def poll(self, view: View, commander: Commander) -> ScreenResult | None:
        """Return how to end, once that is certain."""
        if self._failure:
            commander.said, self._failure = (self._failure, "bad"), ""
        if self._flatten is not None:
            commander.said = ("Flattening everything; the screen goes once the desk has verified it…", "warn")
            self._poll_flatten(self._flatten, view, commander)
        return self._result

    def _start_flatten(self, accounts: tuple[str, ...]) -> None:
        wish = Instruction(action=Action.FLATTEN, everything=True, accounts=accounts)
        try:
            self._flatten, self._done_at = self._port.submit(wish), None
        except Exception as error:
            self._failure = f"The desk did not take the flatten, so the screen stays: {error}"

    def _poll_flatten(self, future: Future[Outcome], view: View, commander: Commander) -> None:
        if not future.done():
            return
        now = self._clock.monotonic()
        if self._done_at is None:
            self._done_at = now
        error = future.exception()
        if error is not None or not future.result().ok:
            text = str(error) if error is not None else future.result().text
            self._stay(commander, f"Not flat, so the screen stays: {text}")
        elif not still_open(view):
            self._result = ScreenResult.FLATTENED
        elif now - self._done_at > _PATIENCE:
            self._stay(commander, f"Not flat, so the screen stays: {'; '.join(still_open(view)[:3])}")

    def _stay(self, commander: Commander, text: str) -> None:
        self._flatten = self._done_at = None
        commander.said = (text, "bad")
