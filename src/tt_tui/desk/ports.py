"""Ports: what the desk needs of the world, as small protocols with obligations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

import msgspec

from tt_tui.domain.account import Account, Balance, PositionReport
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.market import Bar, Depth, Print, Quote
from tt_tui.domain.order import Bracket, Fill, OrderChange, OrderReport, OrderRequest


class Clock(Protocol):
    """Time, injected so that a day can be tested in milliseconds."""

    def now(self) -> int:
        """Return the wall time in nanoseconds since the epoch, UTC."""
        ...

    def monotonic(self) -> int:
        """Return nanoseconds that never step back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock."""
        ...


class VenueClock(Protocol):
    """A venue's own time: the wall clock, a recording's, or the simulated market's."""

    @property
    def label(self) -> str:
        """Return what the screen shows beside the time, such as ``SIM TIME``; empty for real time."""
        ...

    def now(self) -> int:
        """Return the venue's time in nanoseconds UTC; a replay or a simulation may step back."""
        ...


class Ids(Protocol):
    """Ids made before anything is written."""

    def new(self, prefix: str) -> str:
        """Return a new unique id of at most 20 characters of ``A-Z0-9-``."""
        ...


class BrokerCapabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a broker can do by itself; the desk does the rest."""

    native_brackets: bool
    """Entry and protection leave in one call, and the broker cancels one child when the other fills."""
    native_oco: bool
    native_trailing: bool
    replace: bool
    client_ids: bool
    """Orders carry our id and can be looked up by it."""
    flatten: bool
    """The broker has a close call of its own."""

    def keeps(self, bracket: Bracket) -> bool:
        """Return whether the broker makes this protection itself when it leaves with its entry."""
        return self.native_brackets and (bracket.trail is None or self.native_trailing)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All of one account as its broker sees it, each part asked for and answered.

    An empty tuple means that the broker said there is none; what could not be asked raises instead.
    """

    account: str
    balance: Balance | None
    positions: tuple[PositionReport, ...]
    orders: tuple[OrderReport, ...]
    """Open orders and the order history since the time asked for."""
    fills: tuple[Fill, ...]


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """The broker session went up or down; ``why`` is a sentence."""

    up: bool
    why: str = ""


Report = OrderReport | Fill | Balance | StreamState
"""What a broker's stream says."""


class Broker(Protocol):
    """One broker session. All calls run on the desk's loop.

    Order calls raise ``NotSent``, ``Rejected`` or ``OutcomeUnknown`` and nothing else of their own; a
    cancelled or timed-out call counts as ``OutcomeUnknown``. Queries raise ``Unavailable``: failure is not
    emptiness. Reports come only through ``reports()``, in the broker's order, may repeat and may precede the
    answer of the call that caused them.
    """

    @property
    def name(self) -> str:
        """Return the connection's name, such as ``paper``."""
        ...

    @property
    def capabilities(self) -> BrokerCapabilities:
        """Return what the broker does by itself."""
        ...

    @property
    def venue(self) -> VenueClock:
        """Return the clock by which this broker's sessions, expiries and quote ages are judged."""
        ...

    @property
    def skew(self) -> int | None:
        """Return the broker's clock minus ours in nanoseconds, None while not measured."""
        ...

    async def connect(self) -> None:
        """Open the session; returns when requests can be made, raises ``Unavailable``."""
        ...

    async def close(self) -> None:
        """End the session; orders stay where they are. Idempotent."""
        ...

    async def accounts(self) -> tuple[Account, ...]:
        """Return the accounts that this session carries."""
        ...

    async def snapshot(self, account: str, since: int) -> Snapshot:
        """Return the account with order history and fills since a time in nanoseconds UTC."""
        ...

    async def place(self, order: OrderRequest) -> OrderReport:
        """Send one order with its bracket; the report is the broker's first word."""
        ...

    async def replace(self, account: str, broker_order_id: str, change: OrderChange) -> OrderReport:
        """Change a working order."""
        ...

    async def cancel(self, account: str, broker_order_id: str) -> None:
        """Ask for a cancel; the proof is a report. ``Rejected`` means ask again what it is, not repeat."""
        ...

    async def find(self, account: str, order_id: str) -> OrderReport | None:
        """Look an order up by our id, in open orders and history; None is proven absence in that answer."""
        ...

    async def flatten(self, account: str, symbol: str) -> None:
        """Close the position in one contract by the broker's own call; proof is a snapshot."""
        ...

    def reports(self) -> AsyncIterator[Report]:
        """Yield what the stream says until the session is closed."""
        ...


class MarketSink(Protocol):
    """Where a source of market data puts what it hears; never blocks, never raises."""

    def on_quote(self, quote: Quote) -> None:
        """Take the newest quote of one contract."""
        ...

    def on_print(self, trade: Print) -> None:
        """Take one trade of the market."""
        ...

    def on_depth(self, depth: Depth) -> None:
        """Take the newest book of one contract."""
        ...


class MarketCapabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a source of market data offers."""

    quotes: bool = True
    prints: bool = False
    depth: bool = False
    history: bool = False


class MarketData(Protocol):
    """One source of market data; separate from execution."""

    @property
    def name(self) -> str:
        """Return the source's name, shown beside its quotes."""
        ...

    @property
    def capabilities(self) -> MarketCapabilities:
        """Return what it offers."""
        ...

    @property
    def venue(self) -> VenueClock:
        """Return the clock of what it sends."""
        ...

    async def run(self, sink: MarketSink) -> None:
        """Feed the sink until cancelled."""
        ...

    def subscribe(self, instruments: Sequence[Instrument]) -> None:
        """Ask for more contracts; unknown ones are ignored and stay without a quote. Thread-safe."""
        ...

    async def history(self, instrument: Instrument, seconds: int, count: int) -> tuple[Bar, ...]:
        """Return up to ``count`` closed bars of ``seconds``, oldest first; raises ``Unavailable``."""
        ...


class QuoteView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A quote as it may be shown or judged: with its age and whether it is stale."""

    quote: Quote
    age: int
    """Nanoseconds since receipt, on the venue's clock, never negative."""
    stale: bool


class QuoteSource(Protocol):
    """Where the desk and the screen look quotes up."""

    def view(self, symbol: str) -> QuoteView | None:
        """Return the latest quote of a contract, None where there never was one."""
        ...

    def depth(self, symbol: str) -> Depth | None:
        """Return the latest book."""
        ...

    def prints(self, symbol: str, count: int) -> tuple[Print, ...]:
        """Return the latest prints, newest last."""
        ...

    def listen(self, listener: Callable[[Quote], None]) -> Callable[[], None]:
        """Call the listener on the desk's loop for every quote; returns how to stop."""
        ...

    def watch(self, instruments: Sequence[Instrument]) -> None:
        """Make sure these contracts are subscribed to somewhere. Thread-safe."""
        ...

    @property
    def venue(self) -> VenueClock:
        """Return the clock of the market that the screen shows."""
        ...


class BlackoutCalendar(Protocol):
    """News windows in which entries are refused."""

    def window(self, symbol: str, at: int) -> str | None:
        """Return the event's name while its window is open for the contract, else None."""
        ...
