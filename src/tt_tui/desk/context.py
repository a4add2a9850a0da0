"""What every part of the desk is given: the world through its ports, and the one ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from tt_tui.desk.config import DeskConfig
from tt_tui.desk.crash import CrashPoint, no_crash
from tt_tui.desk.ledger import Ledger
from tt_tui.desk.notifier import Notifier
from tt_tui.desk.ports import Broker, Clock, Ids, QuoteSource, VenueClock
from tt_tui.desk.state import State
from tt_tui.domain import event as ev
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.rolls import RollCalendar
from tt_tui.domain.sessions import SessionCalendar
from tt_tui.domain.symbology import resolve

DEFAULT_GROUP = "equity_index"
"""The session group whose trade date is an account's own: CME's day, 17:00 to 16:00 Chicago."""


MOST_INSTRUMENTS = 2_000
"""Spellings remembered at a time; senders may write any."""


class Tasks(Protocol):
    """Starts supervised tasks; a crashed one is logged and told, never silent."""

    @property
    def stopping(self) -> bool:
        """Return True once everything is being stopped."""
        ...

    def start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Run ``work()`` under a name that no running task has."""
        ...


@dataclass(slots=True)
class DeskContext:
    """The desk's surroundings. ``brokers`` is by connection name."""

    clock: Clock
    ids: Ids
    ledger: Ledger
    notifier: Notifier
    quotes: QuoteSource
    calendar: SessionCalendar
    rolls: RollCalendar
    config: DeskConfig
    tasks: Tasks
    brokers: dict[str, Broker] = field(default_factory=dict)
    crash_point: CrashPoint = no_crash
    _instruments: dict[tuple[str, date], Instrument] = field(default_factory=dict)

    def start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start a task that follows from another; while the desk ends nothing new begins, the next start finds it."""
        if not self.tasks.stopping:
            self.tasks.start(name, work)

    @property
    def state(self) -> State:
        """Return the folded state; read it, never write it."""
        return self.ledger.state

    def broker_of(self, account: str) -> Broker | None:
        """Return the broker that carries an account, None while no connection has shown it."""
        row = self.state.accounts.get(account)
        return None if row is None else self.brokers.get(row.account.connection)

    def venue_of(self, account: str) -> VenueClock:
        """Return the clock by which an account's sessions and dates are judged."""
        broker = self.broker_of(account)
        return self.quotes.venue if broker is None else broker.venue

    def trade_date(self, account: str) -> date:
        """Return the account's trade date now."""
        return self.calendar.trade_date(DEFAULT_GROUP, self.venue_of(account).now())

    def instrument(self, symbol: str, account: str) -> Instrument:
        """Return the explicit contract of any spelling; raises ``UnknownSymbol``."""
        key = (symbol, self.trade_date(account))
        found = self._instruments.get(key)
        if found is None:
            found = resolve(symbol, today=key[1], rolls=self.rolls)
            if len(self._instruments) >= MOST_INSTRUMENTS:
                self._instruments.clear()
            self._instruments[key] = found
        return found

    def point_value(self, symbol: str, account: str) -> Decimal:
        """Return currency per 1.0 of price for one contract."""
        return self.instrument(symbol, account).point_value

    def alarm(self, text: str, *, severity: str = "warning", account: str = "", order_id: str = "") -> None:
        """Raise an alarm that stays on screen until a person has seen it."""
        self.ledger.write(
            ev.AlarmRaised(
                alarm_id=self.ids.new("ALM"), text=text, severity=severity, account=account, order_id=order_id
            )
        )

    async def wait_for(self, is_so: Callable[[], bool], seconds: float) -> bool:
        """Wait until the state is so, at most that many seconds."""
        return await self.notifier.wait_for(is_so, seconds)
