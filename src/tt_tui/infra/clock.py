"""The machine's clock: the one module that asks the operating system for the time."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """Wall and monotonic time of this machine, in integer nanoseconds."""

    def now(self) -> int:
        """Return the wall time in nanoseconds since the epoch, UTC."""
        return time.time_ns()

    def monotonic(self) -> int:
        """Return a time in nanoseconds that never steps back."""
        return time.monotonic_ns()

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock without blocking the loop."""
        await asyncio.sleep(seconds)
