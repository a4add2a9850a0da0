"""The embedded paper broker: the matching engine behind the Broker port, with its truth in a file of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from tt_tui.brokers.paper.engine import NOTHING, MatchingEngine
from tt_tui.brokers.paper.orders import Event
from tt_tui.brokers.paper.record import Sessions
from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.brokers.paper.skin import EVERYTHING, inward, outward
from tt_tui.brokers.paper.store import PaperStore, StoreFailed
from tt_tui.desk.ports import (
    BrokerCapabilities,
    Clock,
    Ids,
    QuoteSource,
    Report,
    Snapshot,
    StreamState,
    VenueClock,
)
from tt_tui.domain.account import Account, AccountMode, PositionReport
from tt_tui.domain.errors import NotSent, OutcomeUnknown, Rejected, Unavailable
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.market import Quote
from tt_tui.domain.order import (
    OrderChange,
    OrderReport,
    OrderRequest,
    OrderState,
    TimeInForce,
)

_E = TypeVar("_E", bound=Event)

_log = logging.getLogger(__name__)

_NEVER = 1 << 63


def _no_crash(name: str) -> None:
    """Do nothing; a test may arm the named places of the order path."""


class PaperBroker:
    """Fills orders against the hub's quotes, on the desk's loop.

    Every call is carried out, written and reported without giving the loop away, so that a cancelled caller can
    not cut it in two. What a call changes is in the file before the caller or the stream hears of it.
    """

    def __init__(
        self,
        *,
        name: str,
        accounts: Sequence[Account],
        quotes: QuoteSource,
        instrument: Callable[[str], Instrument | None],
        sessions: Sessions,
        ids: Ids,
        clock: Clock,
        venue: VenueClock,
        store_path: Path,
        settings: PaperSettings | None = None,
        capabilities: BrokerCapabilities = EVERYTHING,
        crash_point: Callable[[str], None] = _no_crash,
    ) -> None:
        """Make a broker that is not connected yet.

        Args:
            name: the connection's name, such as ``paper``.
            accounts: the accounts to keep; one that the file knows keeps its money.
            quotes: where prices come from.
            instrument: finds a contract by its explicit symbol.
            sessions: trading hours, a `SessionCalendar`.
            ids: makes the venue's own ids.
            clock, venue: wall time, kept beside each record; the time that stamps orders and judges sessions.
            store_path: the file of the paper accounts.
            settings: costs and limits.
            capabilities: what the venue does by itself; with less of it the desk has to protect positions.
            crash_point: called at named places.
        """
        for account in accounts:
            if account.mode is not AccountMode.PAPER:
                raise ValueError(f"account {account.name} is {account.mode}: the paper broker keeps paper accounts")
        self._name = name
        self._accounts = {account.name: account for account in accounts}
        self._quotes = quotes
        self._instrument = instrument
        self._sessions = sessions
        self._ids = ids
        self._clock = clock
        self._venue = venue
        self._settings = settings or PaperSettings()
        self._capabilities = capabilities
        self._crash_point = crash_point
        self._store = PaperStore(store_path)
        self._engine: MatchingEngine | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._stream: asyncio.Queue[Report | None] = asyncio.Queue()
        self._next_end = _NEVER

    @property
    def name(self) -> str:
        """Return the connection's name."""
        return self._name

    @property
    def capabilities(self) -> BrokerCapabilities:
        """Return what the venue does by itself."""
        return self._capabilities

    @property
    def venue(self) -> VenueClock:
        """Return the clock by which orders are stamped and sessions judged."""
        return self._venue

    @property
    def skew(self) -> int | None:
        """Return zero: the venue lives in this process."""
        return 0

    async def connect(self) -> None:
        """Read the file, make accounts that are new, and follow the quotes. Idempotent while connected."""
        if self._engine is not None:
            return
        self._store.open()
        try:
            engine = MatchingEngine(
                instrument=self._instrument,
                sessions=self._sessions,
                new_id=self._ids.new,
                settings=self._settings,
                was_used=self._store.was_used,
            )
            engine.restore(self._store.load(self._settings.history))
            at = self._venue.now()
            opened = [
                event
                for account in self._accounts.values()
                for event in engine.open_account(account.name, account.start_balance, at)
            ]
            changes = engine.take_changes()
            if changes is not None:
                self._store.save(changes, self._clock.now())
        except BaseException:
            self._store.close()
            raise
        self._engine = engine
        self._deliver(opened)
        self._find_next_end(engine)
        self._follow_quotes(engine)

    def _follow_quotes(self, engine: MatchingEngine) -> None:
        symbols = {order.symbol for order in engine.open_orders()}
        for account in self._accounts:
            symbols |= {position.symbol for position in engine.positions(account) if position.quantity}
        self._stop_listening = self._quotes.listen(self._on_quote)
        for symbol in sorted(symbols):
            self._seed(engine, symbol)

    async def close(self) -> None:
        """Stop following quotes and end the stream; orders stay in the file. Idempotent."""
        self._let_go()
        self._stream.put_nowait(None)
        self._stream = asyncio.Queue()

    def _let_go(self) -> None:
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        self._engine = None
        self._store.close()

    async def accounts(self) -> tuple[Account, ...]:
        """Return the accounts with the start balance that the file has of them."""
        kept = {account.name: account for account in self._asked().accounts}
        return tuple(
            msgspec.structs.replace(account, start_balance=kept[name].start_balance)
            for name, account in self._accounts.items()
        )

    async def snapshot(self, account: str, since: int) -> Snapshot:
        """Return the account as it is, with order history and fills since a time."""
        engine = self._asked()
        if account not in self._accounts:
            raise Unavailable(f"{self._name} has no account {account!r}")
        at = self._advance(engine)
        return Snapshot(
            account=account,
            balance=engine.balance(account, at),
            positions=tuple(
                PositionReport(account=account, symbol=row.symbol, quantity=row.quantity, average=row.average)
                for row in engine.positions(account)
                if row.quantity
            ),
            orders=tuple(self._outward(order.report()) for order in self._store.orders(account, since)),
            fills=tuple(self._outward(fill) for fill in self._store.fills(account, since)),
        )

    async def find(self, account: str, order_id: str) -> OrderReport | None:
        """Look an order up by our id, in all that the venue ever took."""
        engine = self._asked()
        if not self._capabilities.client_ids:
            raise Unavailable(f"{self._name} does not keep our order ids; compare open orders instead")
        self._advance(engine)
        found = engine.find(account, order_id) or self._store.find(account, order_id)
        return found.report() if found is not None else None

    async def place(self, order: OrderRequest) -> OrderReport:
        """Take one order with its bracket; what it can trade now, it trades before this returns."""
        engine = self._ready()
        request = inward(order, self._capabilities, self._name)
        report = _first(self._carry_out(engine, lambda at: self._place(engine, request, at)))
        if report.state is OrderState.REJECTED:
            refused = engine.order(report.broker_order_id)
            raise Rejected(f"{self._name} refused the order: {report.reason}", refused.code if refused else "")
        return self._outward(report)

    def _place(self, engine: MatchingEngine, request: OrderRequest, at: int) -> Sequence[Event]:
        if engine.quote(request.symbol) is None:
            self._seed(engine, request.symbol)
        events = engine.place(request, at)
        if request.time_in_force is TimeInForce.DAY:
            self._next_end = min(self._next_end, self._end_of(request.symbol, at)[1])
        return events

    async def replace(self, account: str, broker_order_id: str, change: OrderChange) -> OrderReport:
        """Change an open order; it keeps the venue's id."""
        engine = self._ready()
        if not self._capabilities.replace:
            raise Rejected(f"{self._name} can't replace orders: cancel and place anew", "unsupported")
        events = self._carry_out(engine, lambda at: engine.replace(account, broker_order_id, change, at))
        return self._outward(_first(events))

    async def cancel(self, account: str, broker_order_id: str) -> None:
        """Cancel an open order; the proof is on the stream."""
        engine = self._ready()
        self._carry_out(engine, lambda at: engine.cancel(account, broker_order_id, at))

    async def flatten(self, account: str, symbol: str) -> None:
        """Cancel all orders of the account in a contract and close its position at market."""
        engine = self._ready()
        if not self._capabilities.flatten:
            raise Rejected(f"{self._name} has no close call: cancel and close by orders", "unsupported")
        self._carry_out(engine, lambda at: engine.flatten(account, symbol, at))

    def reports(self) -> AsyncIterator[Report]:
        """Yield what happens until the session is closed."""
        return _until_closed(self._stream)

    def _on_quote(self, quote: Quote) -> None:
        engine = self._engine
        if engine is None:
            return
        try:
            self._match(engine, quote, quote.ts_recv or self._venue.now())
        except StoreFailed:
            # Said on the stream and in the log by _keep; a listener must not raise into the hub.
            return

    def _match(self, engine: MatchingEngine, quote: Quote, at: int) -> None:
        if at >= self._next_end:
            self._expire(engine, at)
        events = engine.on_quote(quote, at)
        if events is not NOTHING:
            self._keep(engine, events)

    def _seed(self, engine: MatchingEngine, symbol: str) -> None:
        """Give the engine the hub's quote of a contract that it has heard nothing of yet."""
        instrument = self._instrument(symbol)
        if instrument is None:
            return
        self._quotes.watch([instrument])
        view = self._quotes.view(symbol)
        if view is not None:
            self._match(engine, view.quote, self._venue.now())

    def _carry_out(self, engine: MatchingEngine, call: Callable[[int], Sequence[Event]]) -> Sequence[Event]:
        """Run one order call at the venue's time, write what it changed, and tell it.

        Raises:
            Rejected: the engine refused; nothing changed.
            OutcomeUnknown: the file could not be read or written.
        """
        try:
            events = call(self._advance(engine))
            self._keep(engine, events)
        except StoreFailed as error:
            raise OutcomeUnknown(f"{self._name} stopped before it could answer: {error}") from error
        self._crash_point("paper.before_reply")
        return events

    def _asked(self) -> MatchingEngine:
        if self._engine is None:
            raise Unavailable(f"{self._name} is not connected")
        return self._engine

    def _ready(self) -> MatchingEngine:
        if self._engine is None:
            raise NotSent(f"{self._name} is not connected: nothing was sent; it is tried again on reconnect")
        return self._engine

    def _advance(self, engine: MatchingEngine) -> int:
        """Return the venue's time, after ending what ended before it."""
        at = self._venue.now()
        if at >= self._next_end:
            self._expire(engine, at)
        return at

    def _expire(self, engine: MatchingEngine, at: int) -> None:
        latest: dict[str, int] = {}
        for group, end in self._ends(engine):
            if end <= at:
                latest[group] = max(end, latest.get(group, 0))
        for group, end in latest.items():
            self._keep(engine, engine.on_session_end(group, end))
        self._find_next_end(engine)

    def _find_next_end(self, engine: MatchingEngine) -> None:
        self._next_end = min((end for _, end in self._ends(engine)), default=_NEVER)

    def _ends(self, engine: MatchingEngine) -> set[tuple[str, int]]:
        """Return when the trading days of the open DAY orders end, by calendar group."""
        return {
            self._end_of(order.symbol, order.created)
            for order in engine.open_orders()
            if order.time_in_force is TimeInForce.DAY
        }

    def _end_of(self, symbol: str, at: int) -> tuple[str, int]:
        instrument = self._instrument(symbol)
        if instrument is None:
            return "", _NEVER
        group = instrument.group
        end = self._sessions.close_of(group, self._sessions.trade_date(group, at))
        return group, _NEVER if end is None else end

    def _keep(self, engine: MatchingEngine, events: Sequence[Event]) -> None:
        """Write what a call changed, then tell it.

        Raises:
            StoreFailed: it could not be written. The engine, which is ahead of the file, is dropped; the next
                connect reads the file again.
        """
        changes = engine.take_changes()
        if changes is not None:
            self._crash_point("paper.before_persist")
            try:
                self._store.save(changes, self._clock.now())
            except StoreFailed as error:
                self._let_go()
                _log.error("paper broker %s stopped: %s", self._name, error)
                self._stream.put_nowait(StreamState(up=False, why=str(error)))
                raise
            self._crash_point("paper.after_persist")
        self._deliver(events)

    def _outward(self, event: _E) -> _E:
        return outward(event, self._capabilities)

    def _deliver(self, events: Sequence[Event]) -> None:
        for event in events:
            self._stream.put_nowait(self._outward(event))


def _first(events: Sequence[Event]) -> OrderReport:
    report = events[0]
    assert isinstance(report, OrderReport)
    return report


async def _until_closed(stream: asyncio.Queue[Report | None]) -> AsyncIterator[Report]:
    while (report := await stream.get()) is not None:
        yield report
