"""The terminal that a process was started in: watched for its end, and let go."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable

_LOOK_SECONDS = 1.0
"""How often a system that does not wake `poll` at a hang-up is looked at."""


def has_terminal() -> bool:
    """Return whether a screen can be shown: standard input and error are a terminal."""
    return os.isatty(0) and os.isatty(2)


def let_go(*, stays: bool = False) -> None:
    """Replace standard input, output and error, so that no write blocks on a terminal that nobody reads.

    Standard input becomes a pipe that never says anything: an end of file would keep a reader spinning. Nor does
    reading it wait: a reader that was just told of input would never come back. A terminal that ``stays`` is held
    open without being used: a window of which nobody holds the terminal closes, with the words in it.
    """
    if stays:
        os.dup(2)
    nothing = os.open(os.devnull, os.O_RDWR)
    silent, _held_open = os.pipe()
    os.set_blocking(silent, False)
    os.dup2(silent, 0)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(silent)
    os.close(nothing)


def watch_hangup(on_hangup: Callable[[], None]) -> Callable[[], None]:
    """Call ``on_hangup`` once when the terminal goes away without a signal; returns what ends the watch."""
    ended = threading.Event()
    terminal = os.dup(2)

    def wait() -> None:
        poll = select.poll()
        poll.register(terminal, 0)
        while not ended.is_set():
            found = poll.poll(_LOOK_SECONDS * 1000)
            if found and not ended.is_set():
                on_hangup()
                break
        os.close(terminal)

    threading.Thread(target=wait, name="tt-terminal", daemon=True).start()
    return ended.set


def say(text: str) -> None:
    """Tell the user something where there is still somebody to tell; never fails."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
