"""A whole desk on one loop, with the paper broker and a market that a test drives by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tests.memory_journal import MemoryJournal
from tt_tui.brokers.paper.broker import PaperBroker
from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.brokers.paper.skin import EVERYTHING
from tt_tui.desk.config import AccountConfig, AccountRoute, DeskConfig
from tt_tui.desk.context import DeskContext
from tt_tui.desk.desk import Desk
from tt_tui.desk.intake import Taken
from tt_tui.desk.journal import Journal
from tt_tui.desk.ledger import Ledger, restore
from tt_tui.desk.notifier import Notifier
from tt_tui.desk.ports import Broker, BrokerCapabilities, MarketCapabilities, MarketData, MarketSink, VenueClock
from tt_tui.desk.rows import AlertRow, Order
from tt_tui.desk.state import State
from tt_tui.domain.account import Account, AccountMode
from tt_tui.domain.alert import AlertStatus, Sender
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.instrument import Instrument, UnknownSymbol
from tt_tui.domain.market import Bar, Quote
from tt_tui.domain.rolls import RollCalendar
from tt_tui.domain.sessions import shipped_calendar
from tt_tui.domain.symbology import resolve
from tt_tui.infra.ids import RandomIds
from tt_tui.infra.tasks import TaskSupervisor
from tt_tui.market.clocks import SimulatedVenueClock, WallVenueClock
from tt_tui.market.hub import Hub
from tt_tui.market.simulated import SimulatedMarket

SECOND = 1_000_000_000
MONDAY = 1_795_449_600 * SECOND
"""Monday 2026-11-23 16:00 UTC: 10:00 in Chicago, every futures session is open."""


class FakeClock:
    """A clock that moves when a test says so; sleepers wake in order of their time."""

    def __init__(self, at: int = MONDAY) -> None:
        self._now = at
        self._mono = 0
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []

    def now(self) -> int:
        return self._now

    def monotonic(self) -> int:
        return self._mono

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._mono + int(seconds * SECOND), future))
        await future

    async def advance(self, seconds: float, step: float = 0.25) -> None:
        """Move time on in small steps and let everything run between them."""
        end = self._mono + int(seconds * SECOND)
        while self._mono < end:
            leap = min(int(step * SECOND), end - self._mono)
            self._mono += leap
            self._now += leap
            due = sorted((row for row in self._sleepers if row[0] <= self._mono), key=lambda row: row[0])
            self._sleepers = [row for row in self._sleepers if row[0] > self._mono]
            for _, future in due:
                if not future.done():
                    future.set_result(None)
            await settle()


async def settle(turns: int = 12) -> None:
    """Let the loop and the journal's thread come to rest."""
    for _ in range(turns):
        await asyncio.sleep(0)


class HandMarket:
    """A market source whose quotes a test writes."""

    name = "hand"
    capabilities = MarketCapabilities()

    def __init__(self, venue: VenueClock) -> None:
        self.venue = venue

    async def run(self, sink: MarketSink) -> None:
        await asyncio.Event().wait()

    def subscribe(self, instruments: Sequence[Instrument]) -> None:
        return

    async def history(self, instrument: Instrument, seconds: int, count: int) -> tuple[Bar, ...]:
        return ()


SENDER = Sender(name="hook", profile="signed", groups=("main", "topstep"), default_group="main")


class Rig:
    """The desk with everything around it in reach of a test."""

    def __init__(self, folder: Path, clock: FakeClock, *, simulated: bool = False) -> None:
        self.folder = folder
        self.clock = clock
        self.ids = RandomIds()
        self.calendar = shipped_calendar()
        self.venue: VenueClock = SimulatedVenueClock(clock, self.calendar) if simulated else WallVenueClock(clock)
        self.market: MarketData = (
            SimulatedMarket(clock, self.venue, self.calendar) if simulated else HandMarket(self.venue)
        )
        self.hub = Hub(self.venue, self.calendar, [self.market])
        self.rolls = RollCalendar()
        self.crashes: list[str] = []
        self.broker: Any = None
        self.journal: Any = None
        """A ``Journal``, or one in memory."""
        self.tasks: TaskSupervisor
        self.desk: Desk

    @property
    def state(self) -> State:
        return self.desk.context.state

    def instrument(self, symbol: str) -> Instrument | None:
        try:
            return resolve(symbol, today=self.calendar.trade_date("equity_index", self.venue.now()), rolls=self.rolls)
        except UnknownSymbol:
            return None

    def quote(self, symbol: str, bid: str, ask: str, size: str | None = "500") -> None:
        """Write one quote; it is matched at once."""
        amount = None if size is None else Decimal(size)
        instrument = self.instrument(symbol)
        if instrument is None:
            raise ValueError(symbol)
        self.hub.watch([instrument])
        self.hub.sink(self.market).on_quote(
            Quote(
                symbol=instrument.symbol,
                bid=Decimal(bid),
                ask=Decimal(ask),
                bid_size=amount,
                ask_size=amount,
                last=Decimal(bid),
                ts_event=self.clock.now(),
                ts_recv=self.clock.now(),
                source="hand",
            )
        )

    async def alert(self, sender: Sender = SENDER, key: str = "", **fields: Any) -> str:
        """Take an alert and return its id once it has its verdict."""
        taken = await self.take(sender, key, **fields)
        await self.until(lambda: self.alert_row(taken.alert_id).status is not AlertStatus.RECEIVED)
        return taken.alert_id

    async def take(self, sender: Sender = SENDER, key: str = "", **fields: Any) -> Taken:
        """Take an alert and return as the listener would answer."""
        fields.setdefault("action", Action.BUY)
        fields.setdefault("symbol", "ES")
        instruction = Instruction(**fields)
        return await self.desk.take_alert(sender, "body", instruction, key or self.ids.new("KEY"), 60)

    def alert_row(self, alert_id: str) -> AlertRow:
        return self.state.alerts[alert_id]

    def orders(self, account: str = "main-1") -> list[Order]:
        return [order for order in self.state.orders.values() if order.request.account == account]

    def position(self, symbol: str = "ESZ6", account: str = "main-1") -> Decimal:
        return self.state.position(account, symbol).quantity

    async def until(self, is_so: Any, seconds: float = 60.0) -> None:
        """Move the clock until something is so; the journal's own thread is waited for."""
        threads = isinstance(self.journal, Journal)
        for _ in range(int(seconds * 4)):
            for _ in range(6):
                if is_so():
                    return
                await (asyncio.sleep(0.001) if threads else settle())
            await self.clock.advance(0.25)
        raise AssertionError("it never came to be")


@asynccontextmanager
async def desk_rig(
    folder: Path,
    *,
    clock: FakeClock | None = None,
    routes: dict[str, tuple[AccountRoute, ...]] | None = None,
    accounts: dict[str, AccountConfig] | None = None,
    capabilities: BrokerCapabilities = EVERYTHING,
    paper: PaperSettings | None = None,
    wrap: Callable[[PaperBroker], Broker] | None = None,
    simulated: bool = False,
    quotes: bool = True,
    memory: MemoryJournal | None = None,
    **config: Any,
) -> AsyncIterator[Rig]:
    """Open a desk over a folder; opening it again over the same folder is a restart.

    With ``memory`` the journal has no thread, so that the desk moves only when its test lets it.
    """
    rig = Rig(folder, clock or FakeClock(), simulated=simulated)
    groups = routes or {
        "main": (AccountRoute(account="main-1"),),
        "topstep": (AccountRoute(account="topstep-1"),),
    }
    names = dict.fromkeys(route.account for group in groups.values() for route in group)
    rig.journal = memory or Journal.open(folder / "journal.sqlite", clock=rig.clock)
    rig.tasks = TaskSupervisor(rig.clock, lambda: 0.0)
    snapshot = rig.journal.snapshot()
    state = restore(snapshot, rig.journal.tail(snapshot[0] if snapshot else 0))
    context = DeskContext(
        clock=rig.clock,
        ids=rig.ids,
        ledger=Ledger(rig.journal, state, rig.clock),
        notifier=Notifier(rig.clock),
        quotes=rig.hub,
        calendar=rig.calendar,
        rolls=rig.rolls,
        config=DeskConfig(groups=groups, accounts=accounts or {}, **config),
        tasks=rig.tasks,
    )
    paper_broker = PaperBroker(
        name="paper",
        accounts=[
            Account(
                name=name,
                connection="paper",
                broker_id=f"P-{name}",
                mode=AccountMode.PAPER,
                start_balance=Decimal(50_000),
            )
            for name in names
        ],
        quotes=rig.hub,
        instrument=rig.instrument,
        sessions=rig.calendar,
        ids=rig.ids,
        clock=rig.clock,
        venue=rig.venue,
        store_path=folder / "paper.sqlite",
        settings=paper,
        capabilities=capabilities,
    )
    rig.broker = paper_broker if wrap is None else wrap(paper_broker)
    context.brokers["paper"] = rig.broker
    rig.desk = Desk(context, version="test", pid=1, delays=lambda attempt: 1.0)
    if simulated:
        rig.tasks.start("market", lambda: rig.market.run(rig.hub.sink(rig.market)))
    elif quotes:
        rig.quote("ES", "5000.00", "5000.25")
    opening = asyncio.ensure_future(rig.desk.open())
    while not opening.done():
        await (asyncio.sleep(0.001) if memory is None else settle())
        await rig.clock.advance(0.25)
    opening.result()
    if quotes and not simulated:
        # The clock ran while the journal's thread worked; a quote of the start may be stale by now.
        rig.quote("ES", "5000.00", "5000.25")
    try:
        yield rig
    finally:
        await rig.tasks.stop(1.0)
        rig.journal.close()


def plain(value: object) -> object:
    """Return a struct as plain data, for comparing two states."""
    return msgspec.to_builtins(value)
