"""Waiting for the state to become something, with a limit on the injected clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tt_tui.desk.ports import Clock


class Notifier:
    """Wakes whoever waits for the state when it has changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[asyncio.Future[None]] = []

    def notify(self) -> None:
        """Wake all waiting; called on the desk's loop after events were applied."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait_for(self, is_so: Callable[[], bool], seconds: float) -> bool:
        """Return True as soon as the condition holds, False when it does not within that many seconds."""
        if is_so():
            return True
        limit = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            while not is_so():
                if limit.done():
                    return False
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.append(future)
                await asyncio.wait({future, limit}, return_when=asyncio.FIRST_COMPLETED)
            return True
        finally:
            limit.cancel()
            await asyncio.wait({limit})
