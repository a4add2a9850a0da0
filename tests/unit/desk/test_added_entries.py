"""Entries that add to a position and bring a bracket of their own, with brokers that keep brackets and without."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.memory_journal import MemoryJournal
from tests.rig import Rig, desk_rig, settle
from tt_tui.brokers.paper.skin import EVERYTHING
from tt_tui.desk.ports import BrokerCapabilities
from tt_tui.desk.rows import Order
from tt_tui.domain.instruction import Action
from tt_tui.domain.order import Bracket, Distance, OrderState, Role

PLAIN = msgspec.structs.replace(EVERYTHING, native_brackets=False, native_oco=False)
ONE, TWO = Decimal(1), Decimal(2)


def ticks(count: int) -> Distance:
    return Distance(kind="ticks", value=Decimal(count))


def live(rig: Rig, role: Role) -> list[Order]:
    return [order for order in rig.state.live_orders("main-1", "ESZ6") if order.request.role is role]


def working(rig: Rig, role: Role) -> Decimal:
    return sum((order.remaining for order in live(rig, role)), Decimal(0))


@pytest.mark.parametrize("capabilities", [EVERYTHING, PLAIN])
async def test_a_stop_that_came_with_an_added_entry_is_placed(tmp_path: Path, capabilities: BrokerCapabilities) -> None:
    async with desk_rig(tmp_path, memory=MemoryJournal(), capabilities=capabilities) as rig:
        await rig.alert(quantity=ONE)
        rig.quote("ES", "5001.00", "5001.25")
        await rig.alert(quantity=ONE, bracket=Bracket(stop=ticks(20), target=ticks(40)))
        await rig.clock.advance(8)
        assert rig.position() == TWO
        assert [(order.quantity, order.stop_price) for order in live(rig, Role.STOP)] == [(ONE, Decimal("4996.25"))]
        assert [(order.quantity, order.limit_price) for order in live(rig, Role.TARGET)] == [(ONE, Decimal("5011.25"))]


@pytest.mark.parametrize("capabilities", [EVERYTHING, PLAIN])
async def test_once_that_stop_has_filled_the_rest_is_as_unprotected_as_it_was_asked(
    tmp_path: Path, capabilities: BrokerCapabilities
) -> None:
    async with desk_rig(tmp_path, memory=MemoryJournal(), capabilities=capabilities) as rig:
        await rig.alert(quantity=ONE)
        await rig.alert(quantity=ONE, bracket=Bracket(stop=ticks(20)))
        await rig.until(lambda: working(rig, Role.STOP) == ONE)
        rig.quote("ES", "4994.00", "4994.25")
        await rig.until(lambda: rig.position() == ONE)
        await rig.clock.advance(8)
        await settle(40)
        assert rig.position() == ONE
        assert not live(rig, Role.STOP)


@pytest.mark.parametrize("capabilities", [EVERYTHING, PLAIN])
async def test_a_partial_exit_keeps_no_more_stop_than_position(
    tmp_path: Path, capabilities: BrokerCapabilities
) -> None:
    async with desk_rig(tmp_path, memory=MemoryJournal(), capabilities=capabilities) as rig:
        await rig.alert(quantity=ONE)
        await rig.alert(quantity=TWO, bracket=Bracket(stop=ticks(20)))
        await rig.until(lambda: working(rig, Role.STOP) == TWO)
        await rig.alert(action=Action.CLOSE, quantity=TWO)
        await rig.clock.advance(8)
        assert rig.position() == ONE
        assert working(rig, Role.STOP) == ONE


@pytest.mark.parametrize("capabilities", [EVERYTHING, PLAIN])
async def test_what_the_first_entry_asked_for_holds_for_all(tmp_path: Path, capabilities: BrokerCapabilities) -> None:
    async with desk_rig(tmp_path, memory=MemoryJournal(), capabilities=capabilities) as rig:
        await rig.alert(quantity=ONE, bracket=Bracket(stop=ticks(20)))
        await rig.alert(quantity=ONE)
        await rig.until(lambda: working(rig, Role.STOP) == TWO)
        assert all(order.state is OrderState.WORKING for order in live(rig, Role.STOP))


@pytest.mark.parametrize("capabilities", [EVERYTHING, PLAIN])
async def test_a_target_without_a_stop_is_placed(tmp_path: Path, capabilities: BrokerCapabilities) -> None:
    async with desk_rig(tmp_path, memory=MemoryJournal(), capabilities=capabilities) as rig:
        await rig.alert(quantity=ONE, bracket=Bracket(target=ticks(40)))
        await rig.until(lambda: working(rig, Role.TARGET) == ONE)
        assert not live(rig, Role.STOP)
