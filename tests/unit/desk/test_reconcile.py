"""Our picture against the broker's: adopted orders, missing ones, differences, broken sessions (order-lifecycle §6)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.faulty import FaultyBroker, faulty
from tests.memory_journal import MemoryJournal
from tests.rig import FakeClock, Rig, desk_rig, settle
from tt_tui.desk.ports import Snapshot
from tt_tui.domain import event as ev
from tt_tui.domain.account import ConnectionState, KillLevel, PositionReport
from tt_tui.domain.instruction import Action
from tt_tui.domain.order import Fill, Leg, OrderRequest, OrderState, OrderType, Origin, Role, Side

ONE, TWO = Decimal(1), Decimal(2)
WORKING: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": Decimal("4990.00")}


class Edited(FaultyBroker):
    """Answers snapshots as a test wants them seen."""

    edit: Callable[[Snapshot], Snapshot] | None = None
    asked = 0
    during: Callable[[], Any] | None = None

    async def snapshot(self, account: str, since: int) -> Snapshot:
        seen = await super().snapshot(account, since)
        if account == "main-1":
            self.asked += 1
            if self.during is not None:
                during, self.during = self.during, None
                await during()
            if self.edit is not None:
                return self.edit(seen)
        return seen


def rig_of(folder: Path, **options: Any) -> Any:
    options.setdefault("memory", MemoryJournal())
    options.setdefault("wrap", Edited)
    return desk_rig(folder, **options)


def edited(rig: Rig) -> Edited:
    broker = faulty(rig)
    assert isinstance(broker, Edited)
    return broker


def external(side: Side = Side.BUY) -> OrderRequest:
    leg = Leg(symbol="ESZ6", side=side, quantity=ONE)
    return OrderRequest(order_id="", account="main-1", legs=(leg,), **WORKING)


def with_position(quantity: int, symbol: str = "ESZ6") -> Callable[[Snapshot], Snapshot]:
    def edit(seen: Snapshot) -> Snapshot:
        rows = [row for row in seen.positions if row.symbol != symbol]
        more = PositionReport(account="main-1", symbol=symbol, quantity=Decimal(quantity), average=Decimal(4990))
        return msgspec.structs.replace(seen, positions=(*rows, more))

    return edit


def adjustments(rig: Rig) -> list[ev.PositionAdjusted]:
    found = [ev.decode(record.payload) for record in rig.journal.records]
    return [event for event in found if isinstance(event, ev.PositionAdjusted)]


async def test_a_foreign_order_is_counted_and_left_alone(tmp_path: Path) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        faulty(rig).hide = True
        await faulty(rig).inner.place(external())
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        (order,) = rig.orders()
        assert order.request.origin is Origin.EXTERNAL
        assert order.order_id.startswith("EXT-")
        assert rig.desk.execution.holding("main-1", "ESZ6").in_flight == 1
        await rig.clock.advance(60)
        assert order.state is OrderState.WORKING


async def test_running_it_again_writes_nothing(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=TWO)
        await rig.alert(quantity=ONE, **WORKING)
        await faulty(rig).inner.place(external())
        await rig.clock.advance(40)
        count = len(rig.journal.records)
        for _ in range(3):
            differences = await rig.desk.reconcile.account(faulty(rig), "main-1", first=False)
            assert differences == ()
        assert len(rig.journal.records) == count


async def test_an_order_that_the_broker_does_not_have_becomes_unknown_and_is_then_proven_absent(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=ONE, **WORKING)
        (order,) = rig.orders()
        edited(rig).edit = lambda seen: msgspec.structs.replace(seen, orders=())
        await rig.clock.advance(20)
        states = {order.state}
        assert states <= {OrderState.UNKNOWN, OrderState.WORKING}
        found = [ev.decode(record.payload) for record in rig.journal.records]
        assert any(isinstance(event, ev.OrderLost) for event in found)
        await rig.clock.advance(20)
        assert order.state is OrderState.WORKING, "asked by its id, the broker has it"


async def test_a_foreign_order_that_one_answer_lacked_is_not_called_absent(tmp_path: Path) -> None:
    async with rig_of(tmp_path, reconcile_seconds=3600.0) as rig:
        await faulty(rig).inner.place(external())
        await settle(20)
        (order,) = rig.orders()
        await rig.clock.advance(1)
        edited(rig).edit = lambda seen: msgspec.structs.replace(seen, orders=())
        await rig.desk.reconcile.account(faulty(rig), "main-1", first=False)
        found = [ev.decode(record.payload) for record in rig.journal.records]
        assert any(isinstance(event, ev.OrderLost) for event in found)
        edited(rig).edit = None
        await rig.clock.advance(60)
        assert str(order.state) == "working", "it has no id of ours; the broker knows it by its own"


async def test_an_order_sent_while_the_broker_is_asked_is_not_missing(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:

        async def trade() -> None:
            await rig.clock.sleep(0.5)
            await rig.take(quantity=ONE, **WORKING)
            await rig.clock.sleep(0.5)

        edited(rig).during = trade
        edited(rig).edit = lambda seen: msgspec.structs.replace(seen, orders=(), fills=(), positions=())
        await rig.until(lambda: bool(rig.orders()), seconds=30)
        await rig.clock.advance(2)
        edited(rig).edit = None
        found = [ev.decode(record.payload) for record in rig.journal.records]
        assert not any(isinstance(event, ev.OrderLost) for event in found)


# Differences.


async def test_a_difference_is_booked_after_a_second_look_and_stops_entries(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=TWO)
        edited(rig).edit = with_position(3)
        await rig.until(lambda: bool(adjustments(rig)), seconds=40)
        (adjusted,) = adjustments(rig)
        assert (adjusted.quantity, adjusted.price) == (Decimal(3), Decimal(4990))
        assert rig.state.position("main-1", "ESZ6").estimated
        assert rig.state.kill_level("main-1") is KillLevel.REDUCING
        assert rig.state.kill_level("topstep-1") is KillLevel.NONE
        assert any("we had 2, the broker has 3" in row.alarm.text for row in rig.state.alarms.values())
        await rig.clock.advance(60)
        assert len(adjustments(rig)) == 1


async def test_a_difference_that_is_gone_at_the_second_look_was_a_fill_on_its_way(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=TWO)
        asked = edited(rig).asked
        edited(rig).edit = with_position(3)
        await rig.until(lambda: edited(rig).asked > asked, seconds=20)
        edited(rig).edit = None
        await rig.clock.advance(60)
        assert adjustments(rig) == []
        assert rig.state.kill_level("main-1") is KillLevel.NONE


@pytest.mark.parametrize("second", [with_position(4), with_position(1, "NQZ6")])
async def test_two_looks_that_see_different_things_confirm_nothing(
    tmp_path: Path, second: Callable[[Snapshot], Snapshot]
) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=TWO)
        asked = edited(rig).asked
        edited(rig).edit = with_position(3)
        await rig.until(lambda: edited(rig).asked > asked, seconds=20)
        edited(rig).edit = second
        await rig.until(lambda: edited(rig).asked > asked + 1, seconds=20)
        edited(rig).edit = None
        await rig.clock.advance(60)
        assert adjustments(rig) == []


async def test_a_difference_never_lowers_a_latch(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=TWO)
        await rig.desk.kill(KillLevel.HALTED, "main-1", "a person")
        edited(rig).edit = with_position(3)
        await rig.until(lambda: bool(adjustments(rig)), seconds=40)
        assert rig.state.kill_level("main-1") is KillLevel.HALTED


# Fills.


async def test_a_fill_that_only_the_journal_remembers_is_not_booked_again(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=ONE)
        fill = next(iter(rig.state.fills.values()))[0]
        rig.state.fill_keys.clear()
        assert rig.desk.reports.take(fill) is False
        assert rig.position() == 1


async def test_a_late_fill_counts_and_is_told(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=ONE, **WORKING)
        await rig.alert(action=Action.CANCEL)
        await settle(20)
        (order,) = rig.orders()
        fill = Fill(
            account="main-1",
            fill_id="LATE",
            broker_order_id=order.broker_order_id,
            symbol="ESZ6",
            side=Side.BUY,
            quantity=ONE,
            price=Decimal(4990),
        )
        assert rig.desk.reports.take(fill)
        assert str(order.state) == "canceled"
        assert rig.position() == 1
        assert any("was canceled and yet filled 1" in row.alarm.text for row in rig.state.alarms.values())


async def test_a_fill_after_its_status_is_no_alarm(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=TWO)
        assert not rig.state.alarms


# Sessions.


async def test_a_connector_that_breaks_is_down_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig_of(tmp_path) as rig:

        def broken(seen: Snapshot) -> Snapshot:
            raise KeyError("an answer that can't be read")

        edited(rig).edit = broken
        await rig.until(lambda: rig.state.connections["paper"].state is ConnectionState.DOWN, seconds=40)
        assert "KeyError" in rig.state.connections["paper"].why
        row = rig.alert_row(await rig.alert(quantity=ONE))
        assert row.accounts[0].code in ("NOT_CONNECTED", "NOT_RECONCILED")
        edited(rig).edit = None
        await rig.until(lambda: rig.state.connections["paper"].state is ConnectionState.READY, seconds=40)
        rig.quote("ES", "5000.00", "5000.25")
        await rig.alert(quantity=ONE)
        assert rig.position() == 1
        assert "the session of paper failed" in caplog.text


async def test_entries_are_refused_until_the_first_pass_has_ended(tmp_path: Path) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        await rig.alert(quantity=ONE)

    class Thinks(Edited):
        def __init__(self, inner: Any) -> None:
            super().__init__(inner)
            self.during = lambda: clock.sleep(40)

    async with rig_of(tmp_path, clock=clock, memory=memory, wrap=Thinks, place_timeout=600.0) as rig:
        row = rig.alert_row(await rig.alert(quantity=ONE))
        assert row.accounts[0].code == "NOT_RECONCILED"
        await rig.take(action=Action.CLOSE)
        await settle(60)
        assert rig.state.connections["paper"].state is ConnectionState.RECONCILING
        assert [order.role for order in faulty(rig).placed] == [Role.EXIT], "an exit needs no reconciliation"
        await rig.until(lambda: rig.position() == 0, seconds=60)
