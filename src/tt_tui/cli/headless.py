"""The wait of a process without a screen, and its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from tt_tui.cli import exits

if TYPE_CHECKING:
    from tt_tui.cli.session import Session

_LOG = logging.getLogger(__name__)


class Headless:
    """Ends the desk when a signal says so; the main thread waits meanwhile."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked = threading.Lock()
        self._over = threading.Event()
        self._last: list[Callable[[], None]] = []

    def at_end(self, action: Callable[[], None]) -> None:
        """Do that after the desk is closed."""
        self._last.append(action)

    def end(self, why: str) -> None:
        """Close the desk and end the wait; a second call changes nothing. From any thread."""
        if not self._asked.acquire(blocking=False):
            return
        try:
            self._session.close(why)
        finally:
            for action in self._last:
                action()
            self._session.end_log()
            self._over.set()

    def hangup(self) -> None:
        """Go on: the desk needs no terminal."""
        _LOG.warning("the terminal is gone (SIGHUP); the desk goes on without it")

    def wait(self) -> int:
        """Return the exit code once the desk is closed."""
        self._over.wait()
        return exits.DONE
