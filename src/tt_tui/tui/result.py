"""How the screen ended, for the command that started it."""

from __future__ import annotations

from enum import StrEnum


class ScreenResult(StrEnum):
    """What is to happen to the desk now that the screen is gone."""

    KEEP_HEADLESS = "keep_headless"
    """Go on without a screen: positions, orders or stops are held, and the user chose so."""
    QUIT = "quit"
    """Nothing is held, or the desk never started: end the process."""
    FLATTENED = "flattened"
    """Everything was closed and verified: end the process."""
    CRASHED = "crashed"
    """The screen failed; the desk goes on headless."""
