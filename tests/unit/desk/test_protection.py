"""Protection: a position that asked for a stop has one of exactly its size (order-lifecycle §7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.faulty import FaultyBroker, faulty
from tests.memory_journal import MemoryJournal
from tests.rig import FakeClock, Rig, desk_rig, settle
from tt_tui.brokers.paper.skin import EVERYTHING
from tt_tui.desk.ports import BrokerCapabilities
from tt_tui.desk.rows import Order
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import (
    Bracket,
    Distance,
    OrderChange,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Origin,
    Role,
    Side,
)

ONE, TWO, THREE = Decimal(1), Decimal(2), Decimal(3)
BY_HAND = msgspec.structs.replace(EVERYTHING, native_brackets=False, native_oco=False, native_trailing=False)
NO_TRAIL = msgspec.structs.replace(EVERYTHING, native_trailing=False)


def ticks(value: int) -> Distance:
    return Distance(kind="ticks", value=Decimal(value))


BRACKET = Bracket(stop=ticks(20), target=ticks(40))
STOP = Bracket(stop=ticks(20))


class StopFault(FaultyBroker):
    """Fails orders of one role only."""

    role = Role.STOP

    async def place(self, order: OrderRequest) -> OrderReport:
        fault = self.place_fault
        if order.role is not self.role:
            self.place_fault = ""
        elif fault in ("drop_reply", "hang"):
            self.hide = True
        try:
            return await super().place(order)
        finally:
            self.place_fault = fault


@asynccontextmanager
async def protected(
    folder: Path, can: BrokerCapabilities = BY_HAND, memory: MemoryJournal | None = None, **options: Any
) -> AsyncIterator[Rig]:
    options.setdefault("wrap", FaultyBroker)
    async with desk_rig(folder, capabilities=can, memory=memory or MemoryJournal(), **options) as rig:
        yield rig


def live(rig: Rig, role: Role) -> list[Order]:
    return [order for order in rig.state.live_orders("main-1") if order.request.role is role]


def working(rig: Rig, role: Role) -> Decimal:
    return sum((order.remaining for order in live(rig, role)), Decimal(0))


def venue(rig: Rig) -> Any:
    return faulty(rig).inner._engine  # type: ignore[attr-defined]


def venue_stops(rig: Rig) -> Decimal:
    return sum((order.remaining for order in venue(rig).open_orders("main-1") if order.is_stop), Decimal(0))


def critical(rig: Rig) -> list[str]:
    return [row.alarm.text for row in rig.state.alarms.values() if row.alarm.severity == "critical"]


async def enter(rig: Rig, quantity: Decimal = ONE, bracket: Bracket = STOP, **fields: Any) -> None:
    """Enter at 5000.25 and wait for the protection to stand."""
    before = abs(rig.position())
    await rig.alert(quantity=quantity, bracket=bracket, **fields)
    await rig.until(lambda: abs(rig.position()) == before + quantity and working(rig, Role.STOP) == before + quantity)
    await settle(40)


def person(action: Action, **fields: Any) -> Instruction:
    return Instruction(action=action, symbol="ES", origin=Origin.PERSON, accounts=("main-1",), **fields)


@pytest.mark.parametrize("can", [EVERYTHING, BY_HAND, NO_TRAIL])
@pytest.mark.parametrize("action", [Action.BUY, Action.SELL])
async def test_an_entry_is_protected_whatever_the_broker_can_do(
    tmp_path: Path, can: BrokerCapabilities, action: Action
) -> None:
    async with protected(tmp_path, can) as rig:
        await enter(rig, TWO, BRACKET, action=action)
        buys = action is Action.BUY
        entry = Decimal("5000.25") if buys else Decimal("5000.00")
        (stop,), (target,) = live(rig, Role.STOP), live(rig, Role.TARGET)
        assert stop.stop_price == (entry - 5 if buys else entry + 5)
        assert target.limit_price == (entry + 10 if buys else entry - 10)
        assert stop.request.side is target.request.side is (Side.SELL if buys else Side.BUY)
        assert venue_stops(rig) == 2


async def test_each_partial_fill_is_protected_at_once_for_what_has_filled(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        rig.quote("ES", "5000.00", "5000.25", "1")
        limit: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": Decimal("5000.25")}
        await rig.alert(quantity=THREE, bracket=STOP, **limit)
        for filled in (1, 2, 3):
            await settle(60)
            assert rig.position() == filled
            assert venue_stops(rig) == filled, "no time has passed since the fill"
            rig.quote("ES", "5000.00", "5000.25", "1")
        await rig.clock.advance(20)
        assert venue_stops(rig) == 3


@pytest.mark.parametrize("fault", ["reject", "not_sent"])
async def test_a_stop_that_is_refused_closes_the_position(tmp_path: Path, fault: str) -> None:
    async with protected(tmp_path, wrap=StopFault) as rig:
        faulty(rig).place_fault = fault
        await rig.alert(quantity=ONE, bracket=STOP)
        await rig.until(lambda: rig.position() == 0 and bool(critical(rig)), seconds=5)
        assert "the position is being closed" in critical(rig)[0]
        assert venue_stops(rig) == 0


@pytest.mark.parametrize("fault", ["lost", "drop_reply", "hang"])
async def test_a_stop_without_an_answer_closes_the_position_after_five_seconds(tmp_path: Path, fault: str) -> None:
    async with protected(tmp_path, wrap=StopFault, place_timeout=60.0) as rig:
        faulty(rig).place_fault = fault
        await rig.take(quantity=ONE, bracket=STOP)
        await rig.until(lambda: rig.position() == 1)
        await settle(60)
        await rig.clock.advance(4.5)
        assert venue_position(rig) == 1
        assert not critical(rig)
        await rig.until(lambda: bool(critical(rig)), seconds=1)
        faulty(rig).hide = False
        await rig.until(lambda: rig.position() == 0 and venue_position(rig) == 0, seconds=30)
        assert venue_stops(rig) == 0


def venue_position(rig: Rig, symbol: str = "ESZ6") -> Decimal:
    rows = venue(rig).positions("main-1")
    return sum((row.quantity for row in rows if row.symbol == symbol), Decimal(0))


@pytest.mark.parametrize("can", [EVERYTHING, BY_HAND])
async def test_a_partial_exit_leaves_protection_for_the_rest(tmp_path: Path, can: BrokerCapabilities) -> None:
    async with protected(tmp_path, can) as rig:
        await enter(rig, THREE, BRACKET)
        outcome = await rig.desk.submit(person(Action.CLOSE, quantity=TWO))
        assert outcome.ok, outcome.text
        assert rig.position() == 1
        await settle(60)
        assert working(rig, Role.STOP) == working(rig, Role.TARGET) == venue_stops(rig) == 1
        rig.quote("ES", "4990.00", "4990.25")
        await rig.until(lambda: rig.position() == 0 and not rig.state.live_orders("main-1"))
        await rig.clock.advance(20)
        assert venue_position(rig) == 0


async def test_a_partial_exit_over_several_stops_cancels_them_before_it_leaves(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        for _ in range(3):
            await enter(rig)
        assert len(live(rig, Role.STOP)) == 3
        outcome = await rig.desk.submit(person(Action.CLOSE, quantity=TWO))
        assert outcome.ok, outcome.text
        await settle(60)
        assert rig.position() == 1
        assert venue_stops(rig) == 1


async def test_a_partial_exit_does_not_leave_while_the_stop_may_still_fill_for_all(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        for _ in range(2):
            await enter(rig)
        faulty(rig).refuse_cancels = True
        placed = len(faulty(rig).placed)
        wish = rig.tasks.spawn("wish", rig.desk.submit(person(Action.CLOSE, quantity=ONE)))
        await rig.until(wish.done)
        assert not wish.result().ok
        assert len(faulty(rig).placed) == placed
        assert "could not be made smaller" in critical(rig)[0]


async def test_one_cancels_the_other_by_hand(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, TWO, BRACKET)
        rig.quote("ES", "5011.00", "5011.25")
        await rig.until(lambda: rig.position() == 0 and not rig.state.live_orders("main-1"), seconds=2)
        rig.quote("ES", "4980.00", "4980.25")
        await rig.clock.advance(20)
        assert venue_position(rig) == 0


async def test_a_target_that_fills_in_part_takes_as_much_from_the_stop(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, THREE, BRACKET)
        rig.quote("ES", "5010.50", "5010.75", "1")
        await rig.until(lambda: rig.position() == 2 and venue_stops(rig) == 2, seconds=2)
        assert working(rig, Role.TARGET) == 2


@pytest.mark.parametrize("can", [EVERYTHING, BY_HAND])
async def test_a_stop_outlives_the_desk(tmp_path: Path, can: BrokerCapabilities) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with protected(tmp_path, can, memory, clock=clock) as rig:
        await enter(rig, TWO, BRACKET)
        (before,) = live(rig, Role.STOP)
    async with protected(tmp_path, can, memory, clock=clock) as rig:
        await rig.clock.advance(20)
        assert [order.order_id for order in live(rig, Role.STOP)] == [before.order_id]
        assert working(rig, Role.TARGET) == 2
        assert venue_stops(rig) == 2


async def test_a_fill_while_the_desk_was_down_is_protected_at_the_start(tmp_path: Path) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    limit: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": Decimal("4999.00")}
    async with protected(tmp_path, memory=memory, clock=clock) as rig:
        await rig.alert(quantity=TWO, bracket=STOP, **limit)
        faulty(rig).mute_fills = faulty(rig).hide = True
        rig.quote("ES", "4998.50", "4998.75")
        assert venue_position(rig) == 2
    async with protected(tmp_path, memory=memory, clock=clock) as rig:
        await rig.until(lambda: rig.position() == 2 and working(rig, Role.STOP) == 2, seconds=5)
        assert venue_stops(rig) == 2


@pytest.mark.parametrize("can", [EVERYTHING, BY_HAND])
async def test_a_stop_that_was_canceled_by_somebody_else_is_placed_again(
    tmp_path: Path, can: BrokerCapabilities
) -> None:
    async with protected(tmp_path, can) as rig:
        await enter(rig, TWO, BRACKET)
        (stop,) = live(rig, Role.STOP)
        await faulty(rig).inner.cancel("main-1", stop.broker_order_id)
        await rig.until(lambda: venue_stops(rig) == 2, seconds=10)
        assert working(rig, Role.STOP) == 2


async def test_protection_that_is_left_over_is_canceled_when_the_position_is_closed_elsewhere(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, TWO, BRACKET)
        elsewhere = OrderRequest(
            order_id="",
            account="main-1",
            legs=(msgspec.structs.replace(rig.orders()[0].request.legs[0], side=Side.SELL),),
            role=Role.EXIT,
        )
        await faulty(rig).inner.place(elsewhere)
        await rig.until(lambda: rig.position() == 0 and not rig.state.live_orders("main-1"), seconds=5)
        assert venue_stops(rig) == 0


@pytest.mark.parametrize(("action", "better"), [(Action.BUY, 1), (Action.SELL, -1)])
async def test_break_even_moves_the_stop_to_the_entry_and_never_loosens_it(
    tmp_path: Path, action: Action, better: int
) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, ONE, STOP, action=action)
        entry = rig.state.position("main-1", "ESZ6").average
        assert entry is not None
        rig.quote("ES", str(5000 + 4 * better), str(Decimal("5000.25") + 4 * better))
        outcome = await rig.desk.submit(person(Action.BREAK_EVEN))
        assert outcome.ok, outcome.text
        (stop,) = live(rig, Role.STOP)
        assert stop.stop_price == entry
        await rig.desk.orders.replace(stop.order_id, OrderChange(stop_price=entry + better))
        outcome = await rig.desk.submit(person(Action.BREAK_EVEN))
        assert outcome.ok
        assert stop.stop_price == entry + better


async def test_a_move_without_a_stop_or_a_distance_is_a_sentence(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await rig.alert(quantity=ONE)
        await rig.until(lambda: rig.position() == 1)
        outcome = await rig.desk.submit(person(Action.BREAK_EVEN))
        assert not outcome.ok
        assert "no working stop" in outcome.text
    async with protected(tmp_path / "other") as rig:
        await enter(rig)
        outcome = await rig.desk.submit(person(Action.TRAIL))
        assert not outcome.ok
        assert "TRAIL 10t" in outcome.text


async def test_a_native_trailing_stop_takes_a_new_distance(tmp_path: Path) -> None:
    async with protected(tmp_path, EVERYTHING) as rig:
        await enter(rig, ONE, Bracket(trail=ticks(20)))
        outcome = await rig.desk.submit(person(Action.TRAIL, trail=ticks(8)))
        assert outcome.ok, outcome.text
        rig.quote("ES", "5010.00", "5010.25")
        await settle(40)
        assert live(rig, Role.STOP)[0].stop_price == Decimal("5008.00")


# Trailing by the desk.

TRAIL = Bracket(trail=ticks(8))


@pytest.mark.parametrize("can", [BY_HAND, NO_TRAIL])
async def test_the_desk_trails_where_the_broker_does_not(tmp_path: Path, can: BrokerCapabilities) -> None:
    async with protected(tmp_path, can) as rig:
        await enter(rig, ONE, TRAIL)
        (stop,) = live(rig, Role.STOP)
        assert stop.stop_price == Decimal("4998.25")
        rig.quote("ES", "5004.00", "5004.25")
        await settle(40)
        assert stop.stop_price == Decimal("5002.00")
        await rig.clock.advance(2)
        rig.quote("ES", "5002.50", "5002.75")
        await rig.clock.advance(2)
        assert stop.stop_price == Decimal("5002.00"), "it never follows the market back"
        rig.quote("ES", "5002.00", "5002.25")
        await rig.until(lambda: rig.position() == 0, seconds=2)


async def test_a_short_trails_the_other_way(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, ONE, TRAIL, action=Action.SELL)
        (stop,) = live(rig, Role.STOP)
        assert stop.stop_price == Decimal("5002.00")
        rig.quote("ES", "4995.75", "4996.00")
        await settle(40)
        assert stop.stop_price == Decimal("4998.00")


async def test_one_stop_moves_at_most_once_a_second_and_misses_no_high(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, ONE, TRAIL)
        (stop,) = live(rig, Role.STOP)
        moves = count_replaces(rig)
        for step in range(1, 9):
            rig.quote("ES", str(Decimal(5001) + step), str(Decimal("5001.25") + step))
            await settle(20)
        assert moves == ["5000.00"]
        rig.quote("ES", "5008.50", "5008.75")
        await rig.clock.advance(1.25)
        assert moves == ["5000.00", "5007.00"], "the best price was 5009"
        assert stop.stop_price == Decimal("5007.00")


def count_replaces(rig: Rig) -> list[str]:
    moves: list[str] = []
    inner = faulty(rig).inner
    replace = inner.replace

    async def counted(account: str, broker_order_id: str, change: OrderChange) -> OrderReport:
        moves.append(str(change.stop_price))
        return await replace(account, broker_order_id, change)

    inner.replace = counted  # type: ignore[method-assign]
    return moves


async def test_a_market_that_fell_through_meanwhile_gets_the_tightest_stop_there_is(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, ONE, TRAIL)
        (stop,) = live(rig, Role.STOP)
        rig.quote("ES", "5004.00", "5004.25")
        await settle(40)
        rig.quote("ES", "5020.00", "5020.25")
        rig.quote("ES", "5010.00", "5010.25")
        await rig.clock.advance(1.25)
        assert stop.stop_price == Decimal("5009.75")
        assert not critical(rig)


async def test_trailing_goes_on_after_a_restart_from_the_stops_own_price(tmp_path: Path) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with protected(tmp_path, memory=memory, clock=clock) as rig:
        await enter(rig, ONE, TRAIL)
        rig.quote("ES", "5010.00", "5010.25")
        await settle(40)
        assert live(rig, Role.STOP)[0].stop_price == Decimal("5008.00")
    async with protected(tmp_path, memory=memory, clock=clock, quotes=False) as rig:
        (stop,) = live(rig, Role.STOP)
        rig.quote("ES", "5009.00", "5009.25")
        await rig.clock.advance(2)
        assert stop.stop_price == Decimal("5008.00")
        rig.quote("ES", "5012.00", "5012.25")
        await rig.clock.advance(2)
        assert stop.stop_price == Decimal("5010.00")


async def test_break_even_by_quotes(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, ONE, Bracket(stop=ticks(20), break_even=ticks(8)))
        (stop,) = live(rig, Role.STOP)
        rig.quote("ES", "5002.00", "5002.25")
        await rig.clock.advance(2)
        assert stop.stop_price == Decimal("4995.25")
        rig.quote("ES", "5002.25", "5002.50")
        await rig.clock.advance(2)
        assert stop.stop_price == Decimal("5000.25")
        rig.quote("ES", "5000.75", "5001.00")
        await rig.clock.advance(2)
        assert stop.stop_price == Decimal("5000.25")


async def test_the_verb_trails_a_stop_that_stood_still(tmp_path: Path) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with protected(tmp_path, EVERYTHING, memory, clock=clock) as rig:
        await enter(rig, ONE, STOP)
        (stop,) = live(rig, Role.STOP)
        assert stop.stop_price == Decimal("4995.25")
        outcome = await rig.desk.submit(person(Action.TRAIL, trail=ticks(8)))
        assert outcome.ok, outcome.text
        rig.quote("ES", "5003.00", "5003.25")
        await rig.clock.advance(2)
        assert stop.stop_price == Decimal("5001.00")
    async with protected(tmp_path, EVERYTHING, memory, clock=clock, quotes=False) as rig:
        rig.quote("ES", "5005.00", "5005.25")
        await rig.clock.advance(2)
        assert live(rig, Role.STOP)[0].stop_price == Decimal("5003.00")


async def test_a_refused_move_is_not_repeated_at_quote_rate(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, ONE, TRAIL)
        calls = count_replaces(rig)
        capable = faulty(rig).inner
        capable._capabilities = msgspec.structs.replace(BY_HAND, replace=False)  # type: ignore[attr-defined]
        for step in range(1, 20):
            rig.quote("ES", str(Decimal(5001) + step), str(Decimal("5001.25") + step))
            await rig.clock.advance(0.5)
        assert len(calls) == 1
        assert live(rig, Role.STOP)[0].state is OrderState.WORKING


async def test_a_stop_whose_status_runs_ahead_of_its_fill_is_not_placed_twice(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, TWO)
        faulty(rig).mute_fills = True
        rig.quote("ES", "4990.00", "4990.25")
        await rig.clock.advance(4)
        assert venue_position(rig) == 0
        assert rig.position() == 2, "the fill is on its way"
        assert len([order for order in rig.orders() if order.request.role is Role.STOP]) == 1
        await rig.until(lambda: rig.position() == 0, seconds=20)
        assert venue_position(rig) == 0
        assert rig.state.live_orders("main-1") == []


async def test_a_dormant_order_of_an_unknown_entry_protects_nothing(tmp_path: Path) -> None:
    async with protected(tmp_path) as rig:
        await enter(rig, TWO)
        dormant = OrderReport(
            account="main-1",
            broker_order_id="PO-ELSEWHERE",
            state=OrderState.HELD,
            symbol="ESZ6",
            side=Side.SELL,
            quantity=ONE,
            order_type=OrderType.STOP,
            stop_price=Decimal("4990.00"),
            role=Role.STOP,
            parent_broker_id="PO-UNHEARD",
        )
        assert rig.desk.reports.take(dormant)
        assert rig.desk.protection.uncovered("main-1", "ESZ6") == 0
        (stop,) = [order for order in live(rig, Role.STOP) if order.state is OrderState.WORKING]
        await faulty(rig).inner.cancel("main-1", stop.broker_order_id)
        await rig.until(lambda: venue_stops(rig) == 2, seconds=3)


@pytest.mark.parametrize("can", [EVERYTHING, BY_HAND])
async def test_the_dormant_bracket_of_another_entry_stands_in_the_way_of_no_exit(
    tmp_path: Path, can: BrokerCapabilities
) -> None:
    async with protected(tmp_path, can) as rig:
        await enter(rig, TWO, BRACKET)
        limit: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": Decimal("4990.00")}
        await rig.alert(quantity=TWO, bracket=BRACKET, **limit)
        await settle(40)
        outcome = await rig.desk.submit(person(Action.CLOSE, quantity=ONE))
        assert outcome.ok, outcome.text
        await settle(40)
        assert rig.position() == 1
        assert venue_stops(rig) >= 1
        assert rig.desk.protection.uncovered("main-1", "ESZ6") == 0
        assert not critical(rig)
