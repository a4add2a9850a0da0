"""The terminal that a screen stands on, and how to leave one that no longer reads."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable
from contextlib import suppress

_STANDARD = (0, 1, 2)


class Terminal:
    """Remembers which standard descriptors are a terminal, so that they can be let go even after a hang-up."""

    def __init__(self) -> None:
        self._descriptors = [number for number in _STANDARD if _is_terminal(number)]

    def let_go(self, writers: Iterable[threading.Thread]) -> None:
        """Put the null device in the terminal's place and free the threads that wait in a write to it.

        A write to a terminal that nobody reads never returns. Interrupted by a signal, it starts again by the
        number of its descriptor, which is the null device by then. Call it from the main thread, as in a
        signal handler.
        """
        null = os.open(os.devnull, os.O_RDWR)
        for number in self._descriptors:
            os.dup2(null, number)
        os.close(null)
        if threading.current_thread() is not threading.main_thread():
            return
        # It stays in place: the signals may still be on their way, and by default this one interrupts nothing.
        signal.signal(signal.SIGURG, lambda *_: None)
        for thread in writers:
            if thread.ident is not None and thread.is_alive():
                with suppress(ProcessLookupError):
                    signal.pthread_kill(thread.ident, signal.SIGURG)


def _is_terminal(number: int) -> bool:
    try:
        return os.isatty(number)
    except OSError:
        return False
