"""Ambiguous outcomes: nothing is sent twice, nothing is called absent without proof (order-lifecycle §5)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.faulty import FaultyBroker, faulty
from tests.rig import Rig, desk_rig
from tt_tui.desk.rows import Order
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.order import OrderState

ONE = Decimal(1)


def only_order(rig: Rig) -> Order:
    (order,) = rig.orders()
    return order


async def test_a_refusal_of_the_venue_is_final_and_told(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, wrap=FaultyBroker) as rig:
        faulty(rig).place_fault = "reject"
        alert_id = await rig.alert(quantity=ONE)
        assert only_order(rig).state is OrderState.REJECTED
        assert rig.alert_row(alert_id).status is AlertStatus.REFUSED
        assert "the venue says no" in rig.alert_row(alert_id).text


async def test_what_never_left_is_not_unknown(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, wrap=FaultyBroker) as rig:
        faulty(rig).place_fault = "not_sent"
        await rig.alert(quantity=ONE)
        assert only_order(rig).state is OrderState.NOT_SENT
        assert rig.state.live_orders("main-1") == []


async def test_a_lost_reply_is_looked_up_and_never_sent_again(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, wrap=FaultyBroker) as rig:
        faulty(rig).place_fault = "drop_reply"
        faulty(rig).hide = True
        await rig.take(quantity=ONE)
        await rig.until(lambda: rig.orders() and only_order(rig).state is OrderState.UNKNOWN)
        faulty(rig).hide = False
        await rig.until(lambda: only_order(rig).state is OrderState.FILLED)
        await rig.until(lambda: rig.position() == 1)
        assert len(faulty(rig).placed) == 1


async def test_a_silent_venue_makes_the_order_unknown_and_blocks_the_contract(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, wrap=FaultyBroker, place_timeout=0.01) as rig:
        faulty(rig).place_fault = "hang"
        faulty(rig).hide = True
        first = await rig.take(quantity=ONE)
        await rig.until(lambda: rig.orders() and only_order(rig).state is OrderState.UNKNOWN)
        await rig.until(lambda: rig.alert_row(first.alert_id).status is AlertStatus.EXECUTED)
        assert rig.alert_row(first.alert_id).accounts[0].status == "unknown"
        second = await rig.alert(quantity=ONE)
        assert rig.alert_row(second).accounts[0].code == "UNKNOWN_ORDER"
        assert len(faulty(rig).placed) == 1


async def test_absence_is_proven_only_after_two_answers_ten_seconds_apart(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, wrap=FaultyBroker) as rig:
        faulty(rig).place_fault = "lost"
        await rig.take(quantity=ONE)
        await rig.until(lambda: rig.orders() and only_order(rig).state is OrderState.UNKNOWN)
        await rig.clock.advance(9)
        assert only_order(rig).state is OrderState.UNKNOWN
        await rig.until(lambda: only_order(rig).state is OrderState.NEVER_ARRIVED)
        assert len(faulty(rig).placed) == 1


async def test_what_can_not_be_asked_proves_nothing(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, wrap=FaultyBroker) as rig:
        faulty(rig).place_fault = "lost"
        faulty(rig).deaf = True
        await rig.take(quantity=ONE)
        await rig.until(lambda: rig.orders() and only_order(rig).state is OrderState.UNKNOWN)
        await rig.clock.advance(120)
        assert only_order(rig).state is OrderState.UNKNOWN


async def test_a_fill_that_the_stream_lost_is_found_by_the_slow_look(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, wrap=FaultyBroker) as rig:
        faulty(rig).mute_fills = True
        await rig.take(quantity=ONE)
        await rig.until(lambda: bool(rig.orders()))
        await rig.clock.advance(1)
        assert rig.position() == 0
        await rig.until(lambda: rig.position() == 1, seconds=30)
        assert rig.state.kill_level("main-1") == "none"


async def test_a_failed_query_alters_no_position(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, wrap=FaultyBroker) as rig:
        await rig.alert(quantity=ONE)
        await rig.until(lambda: rig.position() == 1)
        faulty(rig).deaf = True
        await rig.clock.advance(120)
        assert rig.position() == 1


async def test_a_position_that_the_broker_does_not_have_is_taken_over_after_a_second_look(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, wrap=FaultyBroker) as rig:
        await rig.alert(quantity=ONE)
        await rig.until(lambda: rig.position() == 1)
        faulty(rig).hide = True
        await rig.until(lambda: rig.position() == 0, seconds=60)
        assert rig.state.position("main-1", "ESZ6").estimated is False
        assert rig.state.kill_level("main-1") == "reducing"
        assert any(row.alarm.severity == "critical" for row in rig.state.alarms.values())


async def test_a_refused_cancel_is_a_question_not_a_repeat(tmp_path: Path) -> None:
    async with desk_rig(tmp_path, wrap=FaultyBroker) as rig:
        from tt_tui.domain.order import OrderType

        await rig.alert(quantity=ONE, order_type=OrderType.LIMIT, limit_price=Decimal("4990.00"))
        order = only_order(rig)
        faulty(rig).refuse_cancels = True
        await rig.desk.orders.cancel(order.order_id, "test")
        assert order.state is OrderState.WORKING
        assert order.pending_cancel is False
