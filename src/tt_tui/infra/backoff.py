"""How long to wait before trying again: pure numbers, no waiting."""

from __future__ import annotations

from collections.abc import Callable

LONGEST_SECONDS = 60.0
HEALTHY_SECONDS = 60.0
_STEEPEST = 6


def delay(attempt: int, random: Callable[[], float]) -> float:
    """Return the seconds before the next try: min(60, 2ⁿ) times a factor in 1.0 to 1.25, for n = 0, 1, 2 …

    Args:
        attempt: how many tries have failed in a row before this one, from 0.
        random: gives a number in [0, 1); what spreads many clients apart.
    """
    if attempt < 0:
        raise ValueError(f"an attempt counts from 0, was {attempt}")
    return min(LONGEST_SECONDS, float(2 ** min(attempt, _STEEPEST))) * (1.0 + 0.25 * random())


class Backoff:
    """The delays of one thing that fails and is tried again; a minute of health starts them anew."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._attempt = 0

    @property
    def attempt(self) -> int:
        """How many failures in a row are counted."""
        return self._attempt

    def failed(self, healthy_seconds: float = 0.0) -> float:
        """Count a failure after that many seconds of health, and return the seconds to wait now."""
        if healthy_seconds >= HEALTHY_SECONDS:
            self._attempt = 0
        seconds = delay(self._attempt, self._random)
        self._attempt += 1
        return seconds

    def reset(self) -> None:
        """Forget past failures, as when the user asks to try now."""
        self._attempt = 0
