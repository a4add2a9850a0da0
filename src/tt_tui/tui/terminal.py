"""Frees threads that wait in a write to a terminal which nobody reads."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable
from contextlib import suppress


def allow_interrupts() -> None:
    """Give the signal of ``interrupt`` a handler, as by default it interrupts nothing; does so in the main thread."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGURG, lambda *_: None)


def interrupt(threads: Iterable[threading.Thread]) -> None:
    """Interrupt system calls of these threads; may be called from any thread.

    A write that is interrupted starts again by the number of its descriptor. Where that has become another
    file, as the null device, it goes there and returns.
    """
    for thread in threads:
        if thread.ident is not None and thread.is_alive():
            with suppress(ProcessLookupError):
                signal.pthread_kill(thread.ident, signal.SIGURG)
