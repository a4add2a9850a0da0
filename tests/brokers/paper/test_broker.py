"""The paper broker behind its port: answers, stream, history, sessions, restarts and a disk that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.brokers.paper.support import BUY, LISTED, SELL, START, Hours, d, quote, request, seen, ticks
from tt_tui.brokers.paper.broker import PaperBroker
from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.brokers.paper.skin import EVERYTHING
from tt_tui.brokers.paper.store import PaperStore, StoreFailed
from tt_tui.desk.ports import Broker, BrokerCapabilities, QuoteView, Report, StreamState
from tt_tui.domain.account import Account, AccountMode, Balance
from tt_tui.domain.errors import NotSent, OutcomeUnknown, Rejected, Unavailable
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.market import Depth, Print, Quote
from tt_tui.domain.order import Bracket, Fill, OrderChange, OrderReport, OrderState, OrderType, Role, TimeInForce
from tt_tui.domain.sessions import shipped_calendar
from tt_tui.infra.ids import RandomIds


class Time:
    """Wall and venue time, both set by the test."""

    label = ""

    def __init__(self, at: int = 1_000) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def monotonic(self) -> int:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the paper broker never waits")


class Quotes:
    """The hub as a broker sees it."""

    def __init__(self, time: Time) -> None:
        self.latest: dict[str, Quote] = {}
        self.listeners: list[Callable[[Quote], None]] = []
        self.watched: list[str] = []
        self.venue = time

    def view(self, symbol: str) -> QuoteView | None:
        found = self.latest.get(symbol)
        return None if found is None else QuoteView(quote=found, age=0, stale=False)

    def depth(self, symbol: str) -> Depth | None:
        return None

    def prints(self, symbol: str, count: int) -> tuple[Print, ...]:
        return ()

    def listen(self, listener: Callable[[Quote], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def watch(self, instruments: Sequence[Instrument]) -> None:
        self.watched += [instrument.symbol for instrument in instruments]

    def push(self, bid: object | None, ask: object | None, last: object | None = None, **more: object) -> None:
        one = quote(bid, ask, last, at=self.venue.at, **more)  # type: ignore[arg-type]
        self.latest[one.symbol] = one
        for listener in list(self.listeners):
            listener(one)


class Bench:
    """A broker on a file of its own, with everything around it in the test's hand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "paper.sqlite"
        self.time = Time()
        self.quotes = Quotes(self.time)
        self.hours = Hours()
        self.start = START
        self.passed: list[str] = []
        self.on_crash_point: Callable[[str], None] = self.passed.append
        self.broker = self.make()

    def make(
        self,
        settings: PaperSettings | None = None,
        capabilities: BrokerCapabilities = EVERYTHING,
        accounts: Sequence[str] = ("main", "second"),
    ) -> PaperBroker:
        return PaperBroker(
            name="paper",
            accounts=[
                Account(name=name, connection="paper", broker_id=name, mode=AccountMode.PAPER, start_balance=self.start)
                for name in accounts
            ],
            quotes=self.quotes,
            instrument=LISTED.get,
            sessions=self.hours,
            ids=RandomIds(),
            clock=self.time,
            venue=self.time,
            settings=settings,
            store_path=self.path,
            capabilities=capabilities,
            crash_point=lambda name: self.on_crash_point(name),
        )

    async def restart(self, **more: object) -> None:
        await self.broker.close()
        self.broker = self.make(**more)  # type: ignore[arg-type]
        await self.broker.connect()


@pytest.fixture
async def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    await bench.broker.connect()
    return bench


async def stream_of(bench: Bench) -> list[Report]:
    """Return all reports of the session, which it ends."""
    reports = bench.broker.reports()
    await bench.broker.close()
    return [report async for report in reports]


async def test_it_keeps_the_broker_port(bench: Bench) -> None:
    port: Broker = bench.broker
    assert seen(port.name, port.skew, port.capabilities.flatten) == ("paper", 0, True)
    assert port.venue is bench.time
    assert [account.name for account in await port.accounts()] == ["main", "second"]
    snapshot = await port.snapshot("main", 0)
    assert snapshot.balance == Balance(account="main", cash=START, ts_event=1_000)
    assert (snapshot.positions, snapshot.orders, snapshot.fills) == ((), (), ())


async def test_an_order_is_answered_first_and_told_in_order(bench: Bench) -> None:
    bench.quotes.push(100, 100.25)
    answer = await bench.broker.place(request(BUY, 2, order_id="OUR-1"))
    assert (answer.state, answer.order_id, answer.version) == (OrderState.WORKING, "OUR-1", 1)
    snapshot = await bench.broker.snapshot("main", 0)
    assert [(row.symbol, row.quantity, row.average) for row in snapshot.positions] == [
        ("ESZ6", Decimal(2), d("100.25"))
    ]
    assert [row.state for row in snapshot.orders] == [OrderState.FILLED]
    assert await bench.broker.find("main", "OUR-1") == snapshot.orders[0]
    opened, second, working, fill, filled, balance = await stream_of(bench)
    assert isinstance(opened, Balance)
    assert isinstance(second, Balance)
    assert working == answer
    assert isinstance(fill, Fill)
    assert snapshot.fills == (fill,)
    assert filled == snapshot.orders[0]
    assert isinstance(balance, Balance)


async def test_the_hub_quote_of_a_new_contract_is_used_at_once(bench: Bench) -> None:
    bench.quotes.latest["MESZ6"] = quote(100, 100.25, symbol="MESZ6")
    await bench.broker.place(request(BUY, symbol="MESZ6", order_id="OUR-1"))
    report = await bench.broker.find("main", "OUR-1")
    assert report is not None
    assert report.state is OrderState.FILLED
    assert bench.quotes.watched == ["MESZ6"]
    assert report.ts_event == 1_000


async def test_it_is_written_before_it_is_told(bench: Bench) -> None:
    bench.quotes.push(100, 100.25)
    fills_in_file: list[tuple[str, int]] = []

    def look(name: str) -> None:
        store = PaperStore(bench.path)
        store.open()
        fills_in_file.append((name, len(store.fills("main", 0))))
        store.close()

    bench.on_crash_point = look
    await bench.broker.place(request(BUY))
    assert fills_in_file == [("paper.before_persist", 0), ("paper.after_persist", 1), ("paper.before_reply", 1)]


@pytest.mark.parametrize("place", ["paper.before_persist", "paper.after_persist", "paper.before_reply"])
async def test_an_order_cut_off_at_any_place_is_there_once_or_not_at_all(bench: Bench, place: str) -> None:
    class Killed(Exception):
        pass

    def kill(name: str) -> None:
        if name == place:
            raise Killed

    bench.quotes.push(100, 100.25)
    bench.on_crash_point = kill
    with pytest.raises(Killed):
        await bench.broker.place(request(BUY, order_id="OUR-1"))
    bench.on_crash_point = bench.passed.append
    await bench.restart()
    report = await bench.broker.find("main", "OUR-1")
    snapshot = await bench.broker.snapshot("main", 0)
    if place == "paper.before_persist":
        assert report is None
        assert snapshot.positions == ()
        await bench.broker.place(request(BUY, order_id="OUR-1"))
    else:
        assert report is not None
        assert report.state is OrderState.FILLED
        with pytest.raises(Rejected, match="was used before"):
            await bench.broker.place(request(BUY, order_id="OUR-1"))
    snapshot = await bench.broker.snapshot("main", 0)
    assert [row.quantity for row in snapshot.positions] == [1]
    assert len(snapshot.fills) == 1


async def test_a_restart_keeps_money_orders_and_protection(bench: Bench) -> None:
    bench.quotes.push(100, 100.25)
    bracket = Bracket(stop=ticks(20), target=ticks(40), stop_id="OUR-S", target_id="OUR-T")
    await bench.broker.place(request(BUY, 2, bracket=bracket))
    before = await bench.broker.snapshot("main", 0)
    await bench.restart(accounts=("main", "third"))
    assert await bench.broker.snapshot("main", 0) == before
    assert bench.quotes.watched == ["ESZ6"]
    bench.quotes.push(95, 95.25, 95)
    stop, target = await bench.broker.find("main", "OUR-S"), await bench.broker.find("main", "OUR-T")
    assert stop is not None
    assert target is not None
    assert (stop.state, target.state) == (OrderState.FILLED, OrderState.CANCELED)
    assert [account.name for account in await bench.broker.accounts()] == ["main", "third"]
    assert (await bench.broker.snapshot("third", 0)).balance is not None


async def test_the_market_that_passed_while_away_is_met_on_return(bench: Bench) -> None:
    bench.quotes.push(100, 100.25)
    await bench.broker.place(request(BUY, 1, OrderType.LIMIT, limit=99, order_id="OUR-1"))
    await bench.broker.close()
    assert bench.quotes.listeners == []
    bench.quotes.push(98, 98.25)
    await bench.broker.connect()
    report = await bench.broker.find("main", "OUR-1")
    assert report is not None
    assert report.state is OrderState.FILLED


async def test_an_account_that_the_file_knows_keeps_its_money(bench: Bench) -> None:
    bench.quotes.push(100, 100.25)
    await bench.broker.place(request(BUY))
    bench.quotes.push(102.25, 102.5)
    await bench.broker.flatten("main", "ESZ6")
    bench.start = Decimal(1)
    await bench.restart()
    assert [account.start_balance for account in await bench.broker.accounts()] == [START, START]
    balance = (await bench.broker.snapshot("main", 0)).balance
    assert balance is not None
    assert balance.cash == START + 100


async def test_rejects_are_raised_with_code_kept_and_told(bench: Bench) -> None:
    bench.quotes.push(100, 100.25)
    with pytest.raises(Rejected, match="paper refused the order: quantity must be above zero") as refused:
        await bench.broker.place(request(BUY, 0, order_id="OUR-1"))
    assert refused.value.code == "bad_quantity"
    kept = await bench.broker.find("main", "OUR-1")
    assert kept is not None
    assert kept.state is OrderState.REJECTED
    assert kept in await stream_of(bench)


async def test_an_unknown_account_can_not_be_asked(bench: Bench) -> None:
    with pytest.raises(Unavailable, match="has no account 'other'"):
        await bench.broker.snapshot("other", 0)
    assert await bench.broker.find("main", "OUR-404") is None


async def test_replace_cancel_and_flatten(bench: Bench) -> None:
    bench.quotes.push(100, 100.25)
    await bench.broker.place(request(BUY, 2))
    resting = await bench.broker.place(request(BUY, 1, OrderType.LIMIT, limit=90))
    changed = await bench.broker.replace("main", resting.broker_order_id, OrderChange(limit_price=d(91)))
    assert seen(changed.limit_price, changed.broker_order_id) == (91, resting.broker_order_id)
    await bench.broker.cancel("main", resting.broker_order_id)
    with pytest.raises(Rejected, match="too late to cancel"):
        await bench.broker.cancel("main", resting.broker_order_id)
    await bench.broker.flatten("main", "ESZ6")
    snapshot = await bench.broker.snapshot("main", 0)
    assert snapshot.positions == ()
    assert snapshot.orders[-1].role is Role.EXIT


async def test_day_orders_end_with_their_trading_day(bench: Bench) -> None:
    bench.quotes.push(100, 100.25)
    bench.hours.closes[bench.hours.today] = 5_000
    await bench.broker.place(request(BUY, 1, OrderType.LIMIT, limit=90, order_id="DAY"))
    gtc = request(BUY, 1, OrderType.LIMIT, limit=90, order_id="GTC", time_in_force=TimeInForce.GTC)
    await bench.broker.place(gtc)
    bench.time.at = 4_999
    bench.quotes.push(100, 100.25)
    assert await _state(bench, "DAY") is OrderState.WORKING
    bench.time.at = 5_000
    bench.quotes.push(89, 89.25)
    assert await _state(bench, "DAY") is OrderState.EXPIRED
    assert await _state(bench, "GTC") is OrderState.FILLED


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_day_order_ends_without_a_quote_as_soon_as_it_is_asked_for(bench: Bench, restarted: bool) -> None:
    bench.hours.closes[bench.hours.today] = 5_000
    await bench.broker.place(request(BUY, 1, OrderType.LIMIT, limit=90, order_id="DAY"))
    bench.time.at = 9_000
    if restarted:
        await bench.restart()
    (row,) = (await bench.broker.snapshot("main", 0)).orders
    assert (row.state, row.ts_event) == (OrderState.EXPIRED, 5_000)


async def test_an_order_of_the_next_day_outlives_the_end_of_this_one(bench: Bench) -> None:
    bench.hours.closes = {date(2026, 11, 23): 5_000, date(2026, 11, 24): 9_000}
    await bench.broker.place(request(BUY, 1, OrderType.LIMIT, limit=90, order_id="ONE"))
    bench.hours.turns = [(5_000, date(2026, 11, 24))]
    bench.time.at = 5_000
    await bench.broker.place(request(BUY, 1, OrderType.LIMIT, limit=90, order_id="TWO"))
    assert await _state(bench, "ONE") is OrderState.EXPIRED
    assert await _state(bench, "TWO") is OrderState.WORKING


async def test_the_shipped_calendar_closes_a_day_at_16_chicago(tmp_path: Path) -> None:
    calendar = shipped_calendar()
    bench = Bench(tmp_path)
    bench.hours = calendar  # type: ignore[assignment]
    monday = date(2026, 11, 23)
    bench.time.at = calendar.at_wall(monday, "15:30")
    bench.broker = bench.make()
    await bench.broker.connect()
    await bench.broker.place(request(BUY, 1, OrderType.LIMIT, limit=90, order_id="DAY"))
    bench.time.at = calendar.at_wall(monday, "16:00") - 1
    assert await _state(bench, "DAY") is OrderState.WORKING
    bench.time.at += 1
    assert await _state(bench, "DAY") is OrderState.EXPIRED
    with pytest.raises(Rejected, match="the market of ESZ6 is closed"):
        await bench.broker.place(request(BUY))
    await bench.broker.close()


@pytest.mark.parametrize(
    ("lacks", "order", "words"),
    [
        ("native_brackets", request(BUY, bracket=Bracket(stop=ticks(4))), "keeps no brackets"),
        ("native_trailing", request(BUY, bracket=Bracket(trail=ticks(4))), "keeps no trailing stops"),
        ("native_trailing", request(SELL, 1, OrderType.TRAILING_STOP, trail=1), "keeps no trailing stops"),
    ],
)
async def test_a_venue_of_less_refuses_what_it_can_not_do(bench: Bench, lacks: str, order: object, words: str) -> None:
    await bench.restart(capabilities=msgspec.structs.replace(EVERYTHING, **{lacks: False}))
    with pytest.raises(Rejected, match=words):
        await bench.broker.place(order)  # type: ignore[arg-type]


async def test_a_venue_without_groups_does_not_hear_of_them(bench: Bench) -> None:
    await bench.restart(capabilities=msgspec.structs.replace(EVERYTHING, native_oco=False))
    bench.quotes.push(100, 100.25)
    other = await bench.broker.place(request(BUY, 1, OrderType.LIMIT, limit=90, oco_group="G", order_id="A"))
    await bench.broker.place(request(BUY, 1, oco_group="G"))
    assert other.oco_group == ""
    assert await _state(bench, "A") is OrderState.WORKING


async def test_a_venue_without_replace_and_flatten_says_so(bench: Bench) -> None:
    await bench.restart(capabilities=msgspec.structs.replace(EVERYTHING, replace=False, flatten=False))
    order = await bench.broker.place(request(BUY))
    with pytest.raises(Rejected, match="can't replace orders"):
        await bench.broker.replace("main", order.broker_order_id, OrderChange(quantity=d(2)))
    with pytest.raises(Rejected, match="has no close call"):
        await bench.broker.flatten("main", "ESZ6")


async def test_a_venue_without_our_ids_carries_none(bench: Bench) -> None:
    await bench.restart(capabilities=msgspec.structs.replace(EVERYTHING, client_ids=False))
    bench.quotes.push(100, 100.25)
    bracket = Bracket(stop=ticks(4), stop_id="OUR-S")
    answer = await bench.broker.place(request(BUY, order_id="OUR-1", bracket=bracket))
    assert answer.order_id == ""
    with pytest.raises(Unavailable, match="does not keep our order ids"):
        await bench.broker.find("main", "OUR-1")
    assert {r.order_id for r in await stream_of(bench) if isinstance(r, OrderReport | Fill)} == {""}


async def test_without_a_session_nothing_is_sent_and_nothing_is_known(tmp_path: Path) -> None:
    broker = Bench(tmp_path).broker
    with pytest.raises(NotSent, match="not connected"):
        await broker.place(request(BUY))
    with pytest.raises(NotSent):
        await broker.cancel("main", "PO-1")
    with pytest.raises(NotSent):
        await broker.flatten("main", "ESZ6")
    with pytest.raises(Unavailable, match="not connected"):
        await broker.snapshot("main", 0)
    with pytest.raises(Unavailable, match="not connected"):
        await broker.find("main", "OUR-1")
    await broker.close()


async def test_a_second_session_has_a_stream_of_its_own(bench: Bench) -> None:
    assert len(await stream_of(bench)) == 2
    await bench.broker.connect()
    await bench.broker.connect()
    assert len(bench.quotes.listeners) == 1
    assert await stream_of(bench) == []


async def test_a_live_account_is_refused(tmp_path: Path) -> None:
    live = Account(name="main", connection="paper", broker_id="1", mode=AccountMode.LIVE)
    bench = Bench(tmp_path)
    with pytest.raises(ValueError, match="account main is live"):
        PaperBroker(
            name="paper",
            accounts=[live],
            quotes=bench.quotes,
            instrument=LISTED.get,
            sessions=bench.hours,
            ids=RandomIds(),
            clock=bench.time,
            venue=bench.time,
            store_path=bench.path,
        )


def fail(store: PaperStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StoreFailed("can't write the paper accounts: disk full")

    monkeypatch.setattr(store, "save", full)


async def test_an_order_that_can_not_be_written_is_unknown_and_not_there(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.quotes.push(100, 100.25)
    with monkeypatch.context() as patch:
        fail(bench.broker._store, patch)
        with pytest.raises(OutcomeUnknown, match="disk full"):
            await bench.broker.place(request(BUY, order_id="OUR-1"))
    with pytest.raises(Unavailable):
        await bench.broker.find("main", "OUR-1")
    await bench.broker.connect()
    assert await bench.broker.find("main", "OUR-1") is None
    last = (await stream_of(bench))[-1]
    assert isinstance(last, StreamState)
    assert not last.up
    assert "disk full" in last.why


async def test_a_fill_that_can_not_be_written_is_not_told_and_comes_after_the_repair(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.broker.place(request(BUY, order_id="OUR-1"))
    with monkeypatch.context() as patch:
        fail(bench.broker._store, patch)
        bench.quotes.push(100, 100.25)
    assert bench.quotes.listeners == []
    await bench.broker.connect()
    assert await _state(bench, "OUR-1") is OrderState.FILLED
    told = await stream_of(bench)
    assert [type(report) for report in told[-4:]] == [StreamState, Fill, OrderReport, Balance]
    assert sum(isinstance(report, Fill) for report in told) == 1


async def _state(bench: Bench, order_id: str) -> OrderState:
    account = await bench.broker.snapshot("main", 0)
    return next(row.state for row in account.orders if row.order_id == order_id)
