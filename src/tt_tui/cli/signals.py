"""Signals as a queue: blocked in every thread and taken by one that nothing can hold up.

A handler would run in the main thread, which Textual has; where a terminal stops reading, that thread may hang in
a write for ever. A thread in ``sigwait`` is not concerned.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

TAKEN = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


def take_signals() -> None:
    """Block the signals that `watch_signals` takes; called in the main thread before any other thread starts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, TAKEN)


def watch_signals(on_end: Callable[[str], None], on_hangup: Callable[[], None]) -> threading.Thread:
    """Start the thread that calls ``on_end(name)`` at SIGTERM or SIGINT and ``on_hangup`` at SIGHUP."""

    def wait() -> None:
        while True:
            found = signal.sigwait(TAKEN)
            if found == signal.SIGHUP:
                on_hangup()
            else:
                on_end(signal.Signals(found).name)

    thread = threading.Thread(target=wait, name="tt-signals", daemon=True)
    thread.start()
    return thread
