"""The desk's door for a screen in the same process: thread-safe calls onto the desk's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any

from tt_tui.desk.context import DEFAULT_GROUP
from tt_tui.desk.desk import Desk
from tt_tui.desk.port import Batch, DeskStatus, Frame, LogLine, Outcome, Preview
from tt_tui.domain.account import KillLevel
from tt_tui.domain.instruction import Instruction
from tt_tui.domain.symbology import resolve

SNAPSHOT_WAIT = 5.0
"""Seconds that a screen which fell behind waits for the whole state."""


class InProcessPort:
    """``DeskPort`` over a desk that runs on another thread's loop."""

    def __init__(
        self,
        desk: Desk,
        loop: asyncio.AbstractEventLoop,
        *,
        status: Callable[[], DeskStatus],
        logs: Callable[[int, int], tuple[LogLine, ...]],
        hook_help: Callable[[], str],
    ) -> None:
        self._desk = desk
        self._loop = loop
        self._status = status
        self._logs = logs
        self._hook_help = hook_help

    def _ask(self, coroutine: Coroutine[Any, Any, Outcome]) -> Future[Outcome]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def submit(self, instruction: Instruction) -> Future[Outcome]:
        """Carry out a person's wish."""
        return self._ask(self._desk.submit(instruction))

    def preview(self, instruction: Instruction) -> Future[Preview]:
        """Tell what a wish would do."""
        return asyncio.run_coroutine_threadsafe(self._desk.preview(instruction), self._loop)

    def arm(self, account: str, *, stay: bool = False) -> Future[Outcome]:
        """Permit entries on a live account."""
        return self._ask(self._desk.arm(account, stay))

    def disarm(self, account: str) -> Future[Outcome]:
        """Refuse entries on a live account again."""
        return self._ask(self._desk.disarm(account))

    def kill(self, level: KillLevel, account: str = "", why: str = "") -> Future[Outcome]:
        """Set the latch."""
        return self._ask(self._desk.kill(level, account, why))

    def clear_kill(self, account: str = "") -> Future[Outcome]:
        """Lift the latch."""
        return self._ask(self._desk.clear_kill(account))

    def confirm(self, order_id: str) -> Future[Outcome]:
        """Approve a waiting order."""
        return self._ask(self._desk.confirm(order_id))

    def drop(self, order_id: str) -> Future[Outcome]:
        """Drop a waiting order."""
        return self._ask(self._desk.drop(order_id))

    def enable_strategy(self, strategy: str) -> Future[Outcome]:
        """Let a stopped strategy's entries pass again."""
        return self._ask(self._desk.enable_strategy(strategy))

    def acknowledge(self, alarm_id: str) -> Future[Outcome]:
        """Mark an alarm as seen; an empty id marks all."""
        return self._ask(self._desk.acknowledge(alarm_id))

    def events(self, after: int, limit: int = 2_000) -> Batch:
        """Return what happened after an event's number; the whole state where that is too long ago."""
        batch = self._desk.context.ledger.batch(after, limit)
        if batch is not None:
            return batch
        return Batch(state=asyncio.run_coroutine_threadsafe(self._state(), self._loop).result(SNAPSHOT_WAIT))

    async def _state(self) -> bytes:
        return self._desk.snapshot_bytes()

    def frame(self, symbols: Sequence[str], depth: Sequence[str] = (), prints: Sequence[str] = ()) -> Frame:
        """Return the latest market values of the contracts in view."""
        quotes = self._desk.context.quotes
        found = {symbol: view for symbol in symbols if (view := quotes.view(symbol)) is not None}
        return Frame(
            quotes=found,
            venue_now=quotes.venue.now(),
            venue_label=quotes.venue.label,
            depth={symbol: book for symbol in depth if (book := quotes.depth(symbol)) is not None},
            prints={symbol: quotes.prints(symbol, 100) for symbol in prints},
        )

    def watch(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Ask for quotes; returns the explicit contracts. Raises ``UnknownSymbol``."""
        context = self._desk.context
        today = context.calendar.trade_date(DEFAULT_GROUP, context.quotes.venue.now())
        instruments = [resolve(symbol, today=today, rolls=context.rolls) for symbol in symbols]
        context.quotes.watch(instruments)
        return tuple(instrument.symbol for instrument in instruments)

    def logs(self, after: int, limit: int = 500) -> tuple[LogLine, ...]:
        """Return the newest log lines after a number."""
        return self._logs(after, limit)

    def hook_help(self) -> str:
        """Return the webhook's address, a ready message and a curl line."""
        return self._hook_help()

    def status(self) -> DeskStatus:
        """Return what runs."""
        return self._status()
