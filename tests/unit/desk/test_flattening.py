"""Kill, close and flatten: latch, refuse, cancel, close, verify (order-lifecycle §8)."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.faulty import FaultyBroker, faulty
from tests.memory_journal import MemoryJournal
from tests.rig import FakeClock, Rig, desk_rig, settle
from tt_tui.brokers.paper.broker import PaperBroker
from tt_tui.brokers.paper.skin import EVERYTHING
from tt_tui.desk.closing import Cause
from tt_tui.desk.config import AccountRoute
from tt_tui.desk.supervisor import Supervisor
from tt_tui.domain import event as ev
from tt_tui.domain.account import Account, AccountMode, ConnectionState, KillLevel
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.errors import Unavailable
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import (
    Bracket,
    Distance,
    Leg,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Origin,
    Role,
    Side,
)

ONE, TWO = Decimal(1), Decimal(2)
WORKING: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": Decimal("4990.00")}
STOP = Bracket(stop=Distance(kind="ticks", value=Decimal(20)))
FLAT_ALL = Instruction(action=Action.FLATTEN, everything=True, origin=Origin.PERSON)


class Recorder(FaultyBroker):
    """Writes down what leaves, in order, and what was working at that moment."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.calls: list[str] = []
        self.stops_at_exit: list[Decimal] = []

    async def place(self, order: OrderRequest) -> OrderReport:
        self.calls.append(f"place {order.role} {order.side} {order.quantity}")
        if order.role is Role.EXIT:
            there = self.inner._engine.open_orders(order.account, order.symbol)  # type: ignore[attr-defined]
            self.stops_at_exit.append(sum((each.remaining for each in there), Decimal(0)))
        return await super().place(order)

    async def cancel(self, account: str, broker_order_id: str) -> None:
        self.calls.append("cancel")
        await super().cancel(account, broker_order_id)

    async def flatten(self, account: str, symbol: str) -> None:
        self.calls.append(f"flatten {symbol}")
        await super().flatten(account, symbol)


def rig_of(folder: Path, **options: Any) -> Any:
    options.setdefault("memory", MemoryJournal())
    options.setdefault("wrap", Recorder)
    return desk_rig(folder, **options)


def recorder(rig: Rig) -> Recorder:
    broker = faulty(rig)
    assert isinstance(broker, Recorder)
    return broker


def events(rig: Rig, *kinds: type[ev.Event]) -> list[ev.AnyEvent]:
    found = [ev.decode(record.payload) for record in rig.journal.records]
    return [event for event in found if isinstance(event, kinds)]


def critical(rig: Rig) -> list[str]:
    return [row.alarm.text for row in rig.state.alarms.values() if row.alarm.severity == "critical"]


def venue_position(rig: Rig, account: str = "main-1") -> Decimal:
    engine = faulty(rig).inner._engine  # type: ignore[attr-defined]
    return sum((row.quantity for row in engine.positions(account)), Decimal(0))


async def held(rig: Rig, quantity: Decimal = TWO, bracket: Bracket | None = STOP) -> None:
    await rig.alert(quantity=quantity, bracket=bracket)
    await rig.until(lambda: rig.position() == quantity)
    await settle(40)


async def in_time(rig: Rig, work: Any, seconds: float = 120) -> Any:
    task = rig.tasks.spawn(rig.ids.new("TST"), work)
    await rig.until(task.done, seconds)
    return task.result()


def external(side: Side = Side.BUY, price: str = "4980.00") -> OrderRequest:
    return OrderRequest(
        order_id="",
        account="main-1",
        legs=(Leg(symbol="ESZ6", side=side, quantity=ONE),),
        order_type=OrderType.LIMIT,
        limit_price=Decimal(price),
    )


# The latch.


@pytest.mark.parametrize("level", [KillLevel.HALTED, KillLevel.FLATTEN])
async def test_the_latch_is_written_before_anything_leaves(tmp_path: Path, level: KillLevel) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        await rig.alert(quantity=ONE, **WORKING)
        recorder(rig).calls.clear()
        seen: list[int] = []
        rig.desk.context.crash_point = lambda name: (
            seen.append(len(recorder(rig).calls)) if name == "kill.after_latch" else None
        )
        outcome = await in_time(rig, rig.desk.kill(level, "", "test"))
        assert outcome.ok, outcome.text
        assert seen == [0]
        assert recorder(rig).calls
        first = events(rig, ev.KillThrown, ev.CancelRequested)
        assert isinstance(first[0], ev.KillThrown)


@pytest.mark.parametrize("level", [KillLevel.REDUCING, KillLevel.HALTED, KillLevel.FLATTEN])
@pytest.mark.parametrize("account", ["", "main-1"])
async def test_new_risk_is_refused_under_every_level(tmp_path: Path, level: KillLevel, account: str) -> None:
    async with rig_of(tmp_path) as rig:
        await in_time(rig, rig.desk.kill(level, account, "test"))
        row = rig.alert_row(await rig.alert(quantity=ONE))
        assert row.accounts[0].code == f"KILL_{level.upper()}"
        other = rig.alert_row(await rig.alert(quantity=ONE, account_group="topstep"))
        assert (other.status is AlertStatus.EXECUTED) == bool(account)
        await rig.desk.clear_kill("")
        assert rig.alert_row(await rig.alert(quantity=ONE)).status is AlertStatus.EXECUTED


async def test_a_latch_is_never_lowered_but_by_a_person(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await in_time(rig, rig.desk.kill(KillLevel.HALTED, "main-1", "test"))
        rig.desk.context.ledger.write(
            ev.KillThrown(level=KillLevel.REDUCING, why="books differ", by="reconciliation", account="main-1")
        )
        assert rig.state.kill_level("main-1") is KillLevel.HALTED
        assert (await in_time(rig, rig.desk.submit(FLAT_ALL))).ok
        assert rig.state.kill_level("main-1") is KillLevel.HALTED


async def test_flattening_does_not_lift_a_latch_that_was_thrown_meanwhile(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        faulty(rig).mute_fills = True
        flat = rig.tasks.spawn("flat", rig.desk.submit(FLAT_ALL))
        await settle(30)
        assert rig.state.kill_level("main-1") is KillLevel.REDUCING
        await in_time(rig, rig.desk.kill(KillLevel.HALTED, "main-1", "a person"))
        faulty(rig).mute_fills = False
        await rig.until(flat.done)
        assert rig.state.kill_level("main-1") is KillLevel.HALTED
        assert rig.state.kill_level("topstep-1") is KillLevel.NONE


async def test_an_order_that_was_passed_before_the_latch_does_not_leave_after_it(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        ledger = rig.desk.context.ledger

        def latch(name: str) -> None:
            if name == "sent.after_commit":
                ledger.write(ev.KillThrown(level=KillLevel.HALTED, why="test", by="test"))

        rig.desk.context.crash_point = latch
        row = rig.alert_row(await rig.alert(quantity=ONE))
        assert row.accounts[0].code == "KILL_HALTED"
        assert rig.orders()[0].state is OrderState.NOT_SENT
        assert recorder(rig).calls == []


# Halt.


async def test_a_halt_cancels_entries_and_foreign_orders_and_leaves_stops(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        await rig.alert(quantity=ONE, **WORKING)
        await faulty(rig).inner.place(external())
        await rig.until(lambda: any(order.request.origin is Origin.EXTERNAL for order in rig.orders()))
        outcome = await in_time(rig, rig.desk.kill(KillLevel.HALTED, "", "test"))
        assert outcome.ok
        assert "2 working orders canceled" in outcome.text
        assert [order.request.role for order in rig.state.live_orders("main-1")] == [Role.STOP]
        await rig.clock.advance(20)
        assert rig.position() == 2
        assert [order.request.role for order in rig.state.live_orders("main-1")] == [Role.STOP]


@pytest.mark.parametrize(("origin", "passes"), [(Origin.PERSON, True), (Origin.STRATEGY, False)])
@pytest.mark.parametrize("quantity", [None, ONE])
async def test_an_exit_that_a_halt_refuses_costs_no_stop(
    tmp_path: Path, origin: Origin, passes: bool, quantity: Decimal | None
) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        await in_time(rig, rig.desk.kill(KillLevel.HALTED, "", "test"))
        recorder(rig).calls.clear()
        wish = Instruction(
            action=Action.CLOSE,
            symbol="ES",
            quantity=quantity,
            accounts=("main-1",),
            origin=origin,
            strategy="hook",
        )
        outcome = await in_time(rig, rig.desk.submit(wish))
        assert outcome.ok == passes, outcome.text
        if passes:
            assert rig.position() == (0 if quantity is None else 1)
        else:
            assert recorder(rig).calls == [], "nothing was canceled or sent"
            stops = [order.remaining for order in rig.state.live_orders("main-1")]
            assert stops == [2]
            assert not critical(rig)


async def test_an_alerts_close_under_a_halt_says_why(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        await in_time(rig, rig.desk.kill(KillLevel.HALTED, "", "test"))
        row = rig.alert_row(await rig.alert(action=Action.CLOSE))
        assert row.accounts[0].code == "KILL_HALTED"
        assert rig.position() == 2


async def test_an_order_whose_answer_was_lost_is_canceled_by_the_halt_once_it_shows(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        faulty(rig).place_fault, faulty(rig).hide = "drop_reply", True
        await rig.take(quantity=ONE, **WORKING)
        await rig.until(lambda: bool(rig.orders()) and rig.orders()[0].state is OrderState.UNKNOWN)
        outcome = await in_time(rig, rig.desk.kill(KillLevel.HALTED, "", "test"))
        assert not outcome.ok
        assert "not all confirmed" in outcome.text
        faulty(rig).hide = False
        await rig.until(lambda: rig.orders()[0].state is OrderState.CANCELED, seconds=20)


# Flatten and close.


async def test_flatten_takes_everything_off(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        rig.quote("NQ", "18000.00", "18000.25")
        await rig.alert(symbol="NQ", action=Action.SELL, quantity=ONE)
        await rig.alert(quantity=ONE, **WORKING)
        await rig.alert(quantity=ONE, account_group="topstep")
        await faulty(rig).inner.place(external())
        outcome = await in_time(rig, rig.desk.submit(FLAT_ALL))
        assert outcome.ok, outcome.text
        for account in ("main-1", "topstep-1"):
            assert rig.state.held_symbols(account) == []
            assert venue_position(rig, account) == 0
            assert rig.state.kill_level(account) is KillLevel.NONE
        assert rig.alert_row(await rig.alert(quantity=ONE)).status is AlertStatus.EXECUTED


async def test_the_close_leaves_only_when_no_order_of_the_contract_may_fill(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        await rig.alert(quantity=ONE, **WORKING)
        recorder(rig).calls.clear()
        assert (await in_time(rig, rig.desk.submit(FLAT_ALL))).ok
        assert recorder(rig).calls == ["cancel", "cancel", "place exit sell 2"]
        assert recorder(rig).stops_at_exit == [0]


async def test_entries_are_refused_while_it_runs(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        faulty(rig).mute_fills = True
        flat = rig.tasks.spawn("flat", rig.desk.submit(FLAT_ALL))
        await settle(30)
        row = rig.alert_row(await rig.alert(quantity=ONE, account_group="topstep"))
        assert row.accounts[0].code == "KILL_REDUCING"
        faulty(rig).mute_fills = False
        await rig.until(flat.done)
        assert flat.result().ok, flat.result().text


async def test_a_cancel_that_can_not_be_proven_uses_the_brokers_own_call(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        faulty(rig).refuse_cancels = True
        recorder(rig).calls.clear()
        outcome = await in_time(rig, rig.desk.submit(FLAT_ALL))
        assert outcome.ok, outcome.text
        assert recorder(rig).calls == ["cancel", "flatten ESZ6"], "no close is sent beside a stop that may fill"
        assert venue_position(rig) == 0


async def test_without_such_a_call_it_tries_three_times_and_raises_an_alarm(tmp_path: Path) -> None:
    can = msgspec.structs.replace(EVERYTHING, flatten=False)
    async with rig_of(tmp_path, capabilities=can) as rig:
        await held(rig)
        faulty(rig).refuse_cancels = True
        recorder(rig).calls.clear()
        outcome = await in_time(rig, rig.desk.submit(FLAT_ALL))
        assert not outcome.ok
        assert recorder(rig).calls == ["cancel"] * 3
        assert "not flat after 3 attempts" in critical(rig)[-1]
        assert rig.state.kill_level("main-1") is KillLevel.REDUCING, "entries stay off until a person looked"
        stops = [order.remaining for order in rig.state.live_orders("main-1")]
        assert stops == [2]


async def test_a_close_that_the_broker_refuses_is_sent_three_times_and_no_more(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig, bracket=None)
        faulty(rig).place_fault = "reject"
        recorder(rig).calls.clear()
        outcome = await in_time(rig, rig.desk.kill(KillLevel.FLATTEN, "", "test"))
        assert not outcome.ok
        await rig.clock.advance(120, step=1)
        assert len(recorder(rig).calls) <= 6, "the guard looks once more, and then only when something changes"
        count = len(recorder(rig).calls)
        await rig.clock.advance(600, step=5)
        assert len(recorder(rig).calls) == count
        assert critical(rig)


async def test_two_closes_at_once_close_once(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        recorder(rig).calls.clear()
        flats = [rig.tasks.spawn(f"flat {number}", rig.desk.submit(FLAT_ALL)) for number in range(3)]
        await rig.take(action=Action.CLOSE)
        await rig.until(lambda: all(each.done() for each in flats))
        assert all(each.result().ok for each in flats)
        assert [call for call in recorder(rig).calls if call.startswith("place")] == ["place exit sell 2"]
        assert not critical(rig)
        assert venue_position(rig) == 0


async def test_it_needs_no_quotes(tmp_path: Path) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        await held(rig)
    async with rig_of(tmp_path, clock=clock, memory=memory, quotes=False) as rig:
        assert rig.hub.view("ESZ6") is None
        flat = rig.tasks.spawn("flat", rig.desk.kill(KillLevel.FLATTEN, "", "test"))
        await rig.clock.advance(2)
        assert recorder(rig).calls == ["cancel", "place exit sell 2"]
        rig.quote("ES", "5000.00", "5000.25")
        await rig.until(flat.done)
        assert flat.result().ok


async def test_what_the_broker_does_not_answer_is_not_called_flat(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        faulty(rig).deaf = True
        outcome = await in_time(rig, rig.desk.submit(FLAT_ALL))
        assert not outcome.ok
        assert "could not be asked" in outcome.text
        assert "until RESUME" in outcome.text


async def test_a_position_that_only_the_broker_knew_of_is_closed_as_well(tmp_path: Path) -> None:
    async with rig_of(tmp_path, reconcile_seconds=3600.0) as rig:
        faulty(rig).mute_fills = True
        unseen = msgspec.structs.replace(external(), order_type=OrderType.MARKET, limit_price=None)
        await faulty(rig).inner.place(unseen)
        await settle(20)
        assert rig.position() == 0
        assert venue_position(rig) == 1
        outcome = await in_time(rig, rig.desk.submit(FLAT_ALL))
        assert outcome.ok, outcome.text
        assert rig.position() == venue_position(rig) == 0


async def test_a_flatten_latch_is_carried_on_after_a_restart(tmp_path: Path) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        await held(rig)
        latch = ev.KillThrown(level=KillLevel.FLATTEN, why="test", by="person")
        await rig.desk.context.ledger.write(latch).durable()
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        await rig.until(lambda: rig.position() == 0 and not rig.state.live_orders("main-1"), seconds=20)
        assert rig.state.kill_level("main-1") is KillLevel.FLATTEN
        assert rig.alert_row(await rig.alert(quantity=ONE)).accounts[0].code == "KILL_FLATTEN"


async def test_the_latch_holds_in_memory_where_the_journal_fails(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        rig.journal.failed = "disk full"
        outcome = await in_time(rig, rig.desk.kill(KillLevel.FLATTEN, "", "test"))
        assert outcome.ok, outcome.text
        assert venue_position(rig) == 0
        assert any("could not be written" in text for text in critical(rig))


# Two brokers.


class Hangs(Recorder):
    """Answers no command."""

    async def cancel(self, account: str, broker_order_id: str) -> None:
        self.calls.append("cancel")
        await asyncio.Event().wait()

    async def place(self, order: OrderRequest) -> OrderReport:
        if order.role is Role.EXIT:
            self.calls.append("hang")
            await asyncio.Event().wait()
        return await super().place(order)

    async def flatten(self, account: str, symbol: str) -> None:
        raise ZeroDivisionError


async def second_broker(rig: Rig, folder: Path) -> Hangs:
    account = Account(
        name="other-1", connection="other", broker_id="O-1", mode=AccountMode.PAPER, start_balance=Decimal(50_000)
    )
    inner = PaperBroker(
        name="other",
        accounts=[account],
        quotes=rig.hub,
        instrument=rig.instrument,
        sessions=rig.calendar,
        ids=rig.ids,
        clock=rig.clock,
        venue=rig.venue,
        store_path=folder / "other.sqlite",
    )
    broker = Hangs(inner)
    rig.desk.context.brokers["other"] = broker
    desk = rig.desk
    supervisor = Supervisor(desk.context, broker, desk.reports, desk.reconcile, lambda attempt: 1.0)
    rig.tasks.start("connection other", supervisor.run)
    await rig.until(
        lambda: "other" in rig.state.connections and rig.state.connections["other"].state is ConnectionState.READY
    )
    return broker


@pytest.mark.parametrize("level", [KillLevel.HALTED, KillLevel.FLATTEN])
async def test_a_broker_that_hangs_or_breaks_stops_no_other(
    tmp_path: Path, level: KillLevel, caplog: pytest.LogCaptureFixture
) -> None:
    routes = {"main": (AccountRoute(account="main-1"),)}
    async with rig_of(tmp_path, routes=routes, place_timeout=0.05) as rig:
        broker = await second_broker(rig, tmp_path)
        wish = Instruction(action=Action.BUY, symbol="ES", quantity=ONE, accounts=("other-1", "main-1"), **WORKING)
        assert (await in_time(rig, rig.desk.submit(wish))).ok
        kill = rig.tasks.spawn("kill", rig.desk.kill(level, "", "test"))
        await settle(80)
        assert rig.state.live_orders("main-1") == [], "no time has passed"
        assert broker.calls[-1] == "cancel"
        await rig.until(kill.done, seconds=60)
        assert not kill.result().ok
        assert rig.state.kill_level("other-1") is level
        caplog.clear()


async def test_a_dead_connection_is_told_and_finished_when_it_is_back(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        broker = faulty(rig)
        real = broker.inner

        class Gone:
            def __getattr__(self, name: str) -> Any:
                if name in ("name", "capabilities", "venue", "skew", "close", "reports", "_engine"):
                    return getattr(real, name)
                raise Unavailable("no route to the broker")

        broker.inner = Gone()
        broker.place_fault, broker.refuse_cancels = "not_sent", True
        outcome = await in_time(rig, rig.desk.kill(KillLevel.FLATTEN, "", "test"))
        assert not outcome.ok
        assert rig.position() == 2
        broker.inner, broker.place_fault, broker.refuse_cancels = real, "", False
        rig.desk.context.ledger.write(
            ev.ConnectionChanged(connection="paper", state=ConnectionState.DOWN, why="test"),
            ev.ConnectionChanged(connection="paper", state=ConnectionState.READY),
        )
        await rig.until(lambda: rig.position() == 0, seconds=60)
        assert venue_position(rig) == 0


async def test_a_second_close_waits_and_takes_nothing_from_the_first(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await held(rig)
        rig.quote("ES", "5000.00", "5000.25", "1")
        recorder(rig).calls.clear()
        cause = Cause(origin=Origin.PERSON)
        closes = [rig.tasks.spawn("first", rig.desk.closing.close("main-1", "ESZ6", cause))]
        await rig.clock.advance(1)
        assert rig.position() == 1, "half of the exit works on"
        closes.append(rig.tasks.spawn("second", rig.desk.closing.close("main-1", "ESZ6", cause)))
        await rig.clock.advance(1)
        rig.quote("ES", "5000.00", "5000.25")
        await rig.until(lambda: all(each.done() for each in closes))
        assert all(each.result().flat for each in closes)
        assert recorder(rig).calls == ["cancel", "place exit sell 2"], "the second cancels no exit of the first"
        assert venue_position(rig) == 0
