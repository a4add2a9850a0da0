"""The composition root: a setup in, a running desk out.

The desk lives on a thread and event loop of its own, so that a terminal that stops reading stops nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from random import Random

import msgspec

from tt_tui import __version__
from tt_tui.brokers.paper.broker import PaperBroker
from tt_tui.desk.context import DeskContext
from tt_tui.desk.crash import CrashPoint, no_crash
from tt_tui.desk.desk import Desk
from tt_tui.desk.inprocess import InProcessPort
from tt_tui.desk.journal import Journal, JournalError
from tt_tui.desk.ledger import Ledger, restore
from tt_tui.desk.notifier import Notifier
from tt_tui.desk.port import DeskStatus, LogLine
from tt_tui.desk.ports import MarketData, VenueClock
from tt_tui.domain.instrument import Instrument, UnknownSymbol
from tt_tui.domain.rolls import RollCalendar
from tt_tui.domain.sessions import SessionCalendar, shipped_calendar
from tt_tui.domain.symbology import resolve
from tt_tui.infra.backoff import delay
from tt_tui.infra.clock import SystemClock
from tt_tui.infra.ids import RandomIds
from tt_tui.infra.logs import LogSystem
from tt_tui.infra.tasks import Crash, Restart, TaskSupervisor
from tt_tui.listener.hooks import HookBook
from tt_tui.listener.server import Listener, PortTaken
from tt_tui.market.clocks import SimulatedVenueClock
from tt_tui.market.hub import Hub
from tt_tui.settings import MarketSetup, Setup

_LOG = logging.getLogger(__name__)

JOURNAL_FILE = "journal.sqlite"
PAPER_FILE = "paper.sqlite"
STOP_SECONDS = 4.0
SWITCH_SECONDS = 0.001


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where the listener answers, and why it does not."""

    text: str = ""
    problem: str = ""


def crash_point_of(environment: dict[str, str] | os._Environ[str]) -> CrashPoint:
    """Return the hook that ends this process at a named place, where a test has asked for that.

    ``TT_CRASH_POINT`` is ``name`` or ``name:n`` for the n-th time the place is met.
    """
    asked = environment.get("TT_CRASH_POINT", "")
    if not asked:
        return no_crash
    wanted, _, count = asked.partition(":")
    left = [int(count or 1)]

    def crash(name: str) -> None:
        if name == wanted:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), 9)

    return crash


def market_of(
    setup: MarketSetup, clock: SystemClock, calendar: SessionCalendar
) -> tuple[MarketData, VenueClock, tuple[Instrument, ...]]:
    """Return the configured source of prices, its clock, and what it plays where that is all it has.

    Raises ``RecordingError`` for an unusable file.
    """
    if setup.kind == "replay" and setup.replay_file is not None:
        from tt_tui.market.recording import RecordingOptions, load
        from tt_tui.market.replay import ReplayMarket

        instrument = None
        if setup.replay_symbol:
            today = calendar.trade_date("equity_index", clock.now())
            instrument = resolve(setup.replay_symbol, today=today, rolls=RollCalendar())
        options = RecordingOptions(instrument=instrument, zone=setup.replay_zone, stamp=setup.replay_stamp)
        replay = ReplayMarket(load(setup.replay_file, options), clock, calendar, setup.replay_speed)
        return replay, replay.venue, replay.instruments
    from tt_tui.market.simulated import SimulatedMarket

    venue = SimulatedVenueClock(clock, calendar)
    return SimulatedMarket(clock, venue, calendar, setup.seed), venue, ()


class Runtime:
    """Everything that runs, on the desk's loop."""

    def __init__(self, setup: Setup, data: Path, hooks: HookBook, logs: LogSystem) -> None:
        self._setup = setup
        self._data = data
        self._hooks = hooks
        self._logs = logs
        self._address = Address()
        self._listener: Listener | None = None
        self._running = False
        self.journal: Journal | None = None
        self.desk: Desk | None = None
        self.tasks: TaskSupervisor | None = None
        self.hub: Hub | None = None

    async def open(self) -> None:
        """Open the journal, connect, listen; raises ``JournalError``, ``PortTaken`` is kept as a problem."""
        setup, clock = self._setup, SystemClock()
        loop = asyncio.get_running_loop()
        self._logs.watch(loop)
        calendar = shipped_calendar()
        market, venue, played = market_of(setup.market, clock, calendar)
        crash = crash_point_of(os.environ)
        ids = RandomIds()
        self.journal = Journal.open(self._data / JOURNAL_FILE, clock=clock, chain_id=ids.new("CHN"), crash_point=crash)
        for note in self.journal.opening.notes:
            _LOG.warning("journal: %s", note)
        snapshot = self.journal.snapshot()
        state = restore(snapshot, self.journal.tail(snapshot[0] if snapshot else 0))
        self.tasks = tasks = TaskSupervisor(clock, Random().random, self._crashed)
        self.hub = hub = Hub(venue, calendar, [market])
        rolls = RollCalendar(setup.desk.roll_overrides)
        context = DeskContext(
            clock=clock,
            ids=ids,
            ledger=Ledger(self.journal, state, clock),
            notifier=Notifier(clock),
            quotes=hub,
            calendar=calendar,
            rolls=rolls,
            config=setup.desk,
            tasks=tasks,
            crash_point=crash,
        )

        def instrument(symbol: str) -> Instrument | None:
            today = calendar.trade_date("equity_index", venue.now())
            with contextlib.suppress(UnknownSymbol):
                return resolve(symbol, today=today, rolls=rolls)
            return None

        context.brokers["paper"] = PaperBroker(
            name="paper",
            accounts=[account for account in setup.accounts if account.connection == "paper"],
            quotes=hub,
            instrument=instrument,
            sessions=calendar,
            ids=ids,
            clock=clock,
            venue=venue,
            store_path=self._data / PAPER_FILE,
            settings=setup.paper,
            crash_point=crash,
        )
        random = Random()
        self.desk = Desk(
            context, version=__version__, pid=os.getpid(), delays=lambda attempt: delay(attempt, random.random)
        )
        hub.watch(played)
        hub.watch([found for symbol in setup.watchlist if (found := instrument(symbol)) is not None])
        held = {position.symbol for position in state.positions.values() if position.quantity}
        hub.watch([found for symbol in held if (found := instrument(symbol)) is not None])
        tasks.start(f"market {market.name}", lambda: market.run(hub.sink(market)), Restart.ON_ERROR)
        await self.desk.open()
        await self._listen()
        self._running = True

    async def _listen(self) -> None:
        if not self._setup.listener.enabled or self.desk is None or self.journal is None:
            return
        self._listener = Listener(self.desk, self._hooks, self._setup.listener, SystemClock())
        try:
            address = await self._listener.start()
        except PortTaken as error:
            self._address = Address(problem=str(error))
            _LOG.error("%s", error)
            return
        self._address = Address(text=address)
        self.journal.announce({"listener": address})
        _LOG.info("listening for alerts on %s", address)

    def _crashed(self, crash: Crash) -> None:
        if self.desk is not None:
            self.desk.context.alarm(f"a part of the desk failed: {crash.name}; see the log", severity="critical")

    async def close(self, why: str) -> None:
        """Stop listening, write the end, close the journal; orders stay at the broker."""
        self._running = False
        if self._listener is not None:
            await self._listener.stop()
        if self.desk is not None:
            await self.desk.close(why)
        if self.tasks is not None:
            await self.tasks.stop(STOP_SECONDS / 2)
        if self.journal is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.journal.close)

    def status(self) -> DeskStatus:
        """Return what runs; read from any thread."""
        setup, journal = self._setup, self.journal
        failed = journal.failed if journal is not None else None
        return DeskStatus(
            running=self._running,
            problem=f"the journal can't be written: {failed}; entries are refused" if failed else "",
            listener=self._address.text,
            listener_problem=self._address.problem,
            market=setup.market.kind,
            journal=str(journal.path) if journal is not None else "",
            groups={name: tuple(route.account for route in routes) for name, routes in setup.desk.groups.items()},
            default_group=setup.desk.default_group,
            watchlist=tuple(row.symbol for row in self.hub.watched()) if self.hub is not None else (),
        )

    def logs(self, after: int, limit: int) -> tuple[LogLine, ...]:
        """Return log lines after a number, as the screen shows them."""
        return tuple(
            LogLine(number=line.number, wall=line.at, level=line.level, name=line.logger, text=line.message)
            for line in self._logs.since(after)[-limit:]
        )

    def hook_help(self) -> str:
        """Return the webhook's address, a ready message and a curl line."""
        return self._hooks.help_text(f"http://{self._address.text}" if self._address.text else "")


class DeskThread:
    """The desk on its own thread; what the workstation and the headless listener both start."""

    def __init__(self, setup: Setup, data: Path, hooks: HookBook, logs: LogSystem) -> None:
        self.runtime = Runtime(setup, data, hooks, logs)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="tt-desk", daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def start(self) -> InProcessPort:
        """Start the thread and return the screen's door once the desk is open.

        Raises ``JournalError`` (held by another process, damaged, unwritable) or ``RecordingError``; then
        nothing keeps running.
        """
        # A screen that draws must not hold the interpreter for 5 ms at a time while an alert waits.
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()
        opening: Future[None] = asyncio.run_coroutine_threadsafe(self.runtime.open(), self._loop)
        try:
            opening.result()
        except BaseException:
            self.stop("the desk could not be opened")
            raise
        if self.runtime.desk is None:
            raise JournalError("the desk could not be opened")
        return InProcessPort(
            self.runtime.desk,
            self._loop,
            status=self.runtime.status,
            logs=self.runtime.logs,
            hook_help=self.runtime.hook_help,
        )

    def stop(self, why: str) -> None:
        """Close the desk in good order, within about four seconds."""
        if not self._thread.is_alive():
            return
        closing: Future[None] = asyncio.run_coroutine_threadsafe(self.runtime.close(why), self._loop)
        try:
            closing.result(STOP_SECONDS)
        except TimeoutError:
            _LOG.error("the desk did not close within %g s", STOP_SECONDS)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(1.0)
