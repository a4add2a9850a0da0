"""Supervisor: keeps one broker session open, reconciled and heard (order-lifecycle §6)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from tt_tui.desk.context import DeskContext
from tt_tui.desk.ports import Broker, Report, StreamState
from tt_tui.desk.reconcile import Reconcile
from tt_tui.desk.reports import Reports
from tt_tui.domain import event as ev
from tt_tui.domain.account import ConnectionState
from tt_tui.domain.errors import Unavailable

_LOG = logging.getLogger(__name__)


class Supervisor:
    """Runs one connection until it is cancelled; every change of its state is an event."""

    def __init__(
        self,
        context: DeskContext,
        broker: Broker,
        reports: Reports,
        reconcile: Reconcile,
        delays: Callable[[int], float],
    ) -> None:
        self._context = context
        self._broker = broker
        self._reports = reports
        self._reconcile = reconcile
        self._delay = delays
        self._buffer: list[Report] | None = None
        self._dropped = False
        self._why = ""
        self.tried = False
        """True once the first attempt has ended, well or badly."""

    async def run(self) -> None:
        """Connect, reconcile, listen; on a loss wait and begin again."""
        failures = 0
        while True:
            try:
                await self._session()
                failures = 0
            except (Unavailable, TimeoutError) as error:
                self._say(ConnectionState.DOWN, str(error) or "no answer in time")
            except Exception as error:  # a fault of a connector must not end the connection for ever
                _LOG.exception("the session of %s failed", self._broker.name)
                self._say(ConnectionState.DOWN, f"the connector failed: {type(error).__name__}, see the log")
            finally:
                self._tried()
            await self._context.clock.sleep(self._delay(failures))
            failures += 1

    async def _session(self) -> None:
        """Live through one session; returns when the stream was lost after it had been ready."""
        broker = self._broker
        self._say(ConnectionState.CONNECTING, "")
        await broker.connect()
        self._dropped = False
        self._buffer = []
        pump = self._context.tasks.start(f"stream {broker.name}", self._pump)
        try:
            self._say(ConnectionState.RECONCILING, "")
            await self._first_pass()
            self._say(ConnectionState.READY, "")
            self._tried()
            await self._watch()
        finally:
            pump.cancel()
            # Waiting on the set keeps the stream's end apart from a cancellation of this very task.
            await asyncio.wait({pump})
            await broker.close()
        self._say(ConnectionState.DOWN, self._why or "the stream ended")

    async def _first_pass(self) -> None:
        context, broker = self._context, self._broker
        for account in await broker.accounts():
            row = context.state.accounts.get(account.name)
            if row is None or row.account != account:
                context.ledger.write(ev.AccountSeen(account=account))
        for account in await broker.accounts():
            await self._reconcile.account(broker, account.name, first=True)
        waiting, self._buffer = self._buffer or [], None
        for report in waiting:
            self._take(report)

    async def _watch(self) -> None:
        """Reconcile slowly until the stream is lost; a pass that can't ask changes nothing."""
        seconds = self._context.config.reconcile_seconds
        while not await self._lost_within(seconds):
            for name, row in list(self._context.state.accounts.items()):
                if row.account.connection == self._broker.name:
                    with contextlib.suppress(Unavailable, TimeoutError):
                        await self._reconcile.account(self._broker, name, first=False)

    async def _lost_within(self, seconds: float) -> bool:
        return await self._context.wait_for(lambda: self._dropped, seconds)

    def _drop(self) -> None:
        self._dropped = True
        self._context.notifier.notify()

    def _tried(self) -> None:
        self.tried = True
        self._context.notifier.notify()

    async def _pump(self) -> None:
        """Hand on what the stream says; while reconciling it is kept for afterwards."""
        try:
            async for report in self._broker.reports():
                if isinstance(report, StreamState):
                    if not report.up:
                        self._why = report.why
                        self._drop()
                elif self._buffer is not None:
                    self._buffer.append(report)
                else:
                    self._take(report)
        finally:
            self._drop()

    def _take(self, report: Report) -> None:
        if isinstance(report, StreamState):
            return
        try:
            self._reports.take(report)
        except Exception:  # one report that can't be read must not end the hearing of the next
            _LOG.exception("a report of %s could not be booked; reconciliation will look again", self._broker.name)

    def _say(self, state: ConnectionState, why: str) -> None:
        row = self._context.state.connections.get(self._broker.name)
        if row is None or row.state is not state or row.why != why:
            self._context.ledger.write(ev.ConnectionChanged(connection=self._broker.name, state=state, why=why))
