"""A restart over the same folder: nothing is sent again, nothing is lost, and everything ends in a verdict."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.faulty import FaultyBroker, faulty
from tests.rig import SENDER, FakeClock, Rig, desk_rig, plain, settle
from tt_tui.desk.ledger import restore
from tt_tui.domain import event as ev
from tt_tui.domain.account import KillLevel
from tt_tui.domain.alert import Alert, AlertStatus
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Bracket, Distance, Leg, OrderRequest, OrderState, Origin, Side

ONE = Decimal(1)
SECOND = 1_000_000_000
BRACKET = Bracket(stop=Distance(kind="ticks", value=Decimal(20)), target=Distance(kind="ticks", value=Decimal(40)))


def stored(rig: Rig, alert_id: str, **fields: object) -> Alert:
    """Return an alert as a former process stored it just now."""
    return Alert(
        alert_id=alert_id,
        received=rig.clock.now(),
        sender=SENDER,
        body="body",
        instruction=Instruction(symbol="ES", origin=Origin.ALERT, alert_id=alert_id, **fields),  # type: ignore[arg-type]
        key=alert_id,
        key_expires=rig.clock.now() + 60 * SECOND,
    )


async def test_the_state_after_a_restart_is_the_state_before(tmp_path: Path) -> None:
    clock = FakeClock()
    async with desk_rig(tmp_path, clock=clock) as rig:
        await rig.alert(quantity=Decimal(2), bracket=BRACKET)
        await rig.until(lambda: len(rig.state.live_orders("main-1")) == 2)
        before = plain(rig.state)
        snapshot = rig.state.copy_bytes()
    async with desk_rig(tmp_path, clock=clock) as rig:
        again = restore((0, snapshot), iter(()))
        assert plain(again) == before
        assert rig.position() == 2
        assert {order.request.role for order in rig.state.live_orders("main-1")} == {"stop", "target"}
        placed = [order for order in rig.orders() if order.request.role == "entry"]
        assert len(placed) == 1


async def test_restarting_many_times_writes_no_order_and_changes_no_position(tmp_path: Path) -> None:
    clock = FakeClock()
    async with desk_rig(tmp_path, clock=clock) as rig:
        await rig.alert(quantity=ONE, bracket=BRACKET)
        await rig.until(lambda: len(rig.state.live_orders("main-1")) == 2)
        orders = plain(list(rig.state.orders.values()))
    for _ in range(4):
        async with desk_rig(tmp_path, clock=clock) as rig:
            await rig.clock.advance(20)
            assert plain(list(rig.state.orders.values())) == orders
            assert rig.position() == 1


async def test_an_intent_that_was_not_sent_is_abandoned_and_its_alert_is_not_run_late(tmp_path: Path) -> None:
    clock = FakeClock()
    async with desk_rig(tmp_path, clock=clock) as rig:
        ledger = rig.desk.context.ledger
        request = OrderRequest(
            order_id="ORD-LEFT",
            account="main-1",
            legs=(Leg(symbol="ESZ6", side=Side.BUY, quantity=ONE),),
            alert_id="ALT-LEFT",
            intent_id="ALT-LEFT:main-1/entry",
        )
        ledger.write(ev.AlertReceived(alert=stored(rig, "ALT-LEFT", action=Action.BUY, quantity=ONE)))
        await ledger.write(ev.OrderIntended(request=request)).durable()
    async with desk_rig(tmp_path, clock=clock, wrap=FaultyBroker) as rig:
        assert rig.state.orders["ORD-LEFT"].state is OrderState.ABANDONED
        assert rig.alert_row("ALT-LEFT").status is AlertStatus.STALE
        assert faulty(rig).placed == []


async def test_a_sent_order_without_an_answer_is_asked_for(tmp_path: Path) -> None:
    clock = FakeClock()
    async with desk_rig(tmp_path, clock=clock) as rig:
        ledger = rig.desk.context.ledger
        request = OrderRequest(
            order_id="ORD-GONE",
            account="main-1",
            legs=(Leg(symbol="ESZ6", side=Side.BUY, quantity=ONE),),
            alert_id="ALT-GONE",
        )
        ledger.write(ev.AlertReceived(alert=stored(rig, "ALT-GONE", action=Action.BUY, quantity=ONE)))
        await ledger.write(ev.OrderIntended(request=request), ev.OrderSent(order_id="ORD-GONE")).durable()
        await rig.broker.place(request)
        await settle()
    async with desk_rig(tmp_path, clock=clock, wrap=FaultyBroker) as rig:
        await rig.until(lambda: rig.state.orders["ORD-GONE"].state is OrderState.FILLED)
        assert rig.position() == 1
        assert rig.alert_row("ALT-GONE").status is AlertStatus.EXECUTED
        assert faulty(rig).placed == []


@pytest.mark.parametrize(
    ("action", "age", "status", "position"),
    [
        (Action.BUY, 0, AlertStatus.EXECUTED, 2),
        (Action.BUY, 90, AlertStatus.STALE, 1),
        (Action.CLOSE, 10, AlertStatus.EXECUTED, 0),
        (Action.CLOSE, 90, AlertStatus.STALE, 1),
    ],
)
async def test_an_alert_without_a_verdict_gets_one(
    tmp_path: Path, action: Action, age: int, status: AlertStatus, position: int
) -> None:
    clock = FakeClock()
    async with desk_rig(tmp_path, clock=clock) as rig:
        await rig.alert(quantity=ONE)
        await rig.until(lambda: rig.position() == 1)
        await rig.clock.advance(1)
        alert = stored(rig, "ALT-LATE", action=action)
        await rig.desk.context.ledger.write(ev.AlertReceived(alert=alert)).durable()
    await clock.advance(age, step=30)
    async with desk_rig(tmp_path, clock=clock) as rig:
        await rig.until(lambda: rig.alert_row("ALT-LATE").status is not AlertStatus.RECEIVED)
        await rig.until(lambda: rig.position() == position)
        assert rig.alert_row("ALT-LATE").status is status, rig.alert_row("ALT-LATE").text


async def test_a_duplicate_is_one_over_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    async with desk_rig(tmp_path, clock=clock) as rig:
        first = await rig.alert(quantity=ONE, key="same")
    async with desk_rig(tmp_path, clock=clock) as rig:
        again = await rig.take(quantity=ONE, key="same")
        assert again.duplicate
        assert again.alert_id == first
        await rig.clock.advance(90)
        rig.quote("ES", "5000.00", "5000.25")
        later = await rig.take(quantity=ONE, key="same")
        assert not later.duplicate


async def test_arming_ends_with_a_restart_unless_it_was_to_stay(tmp_path: Path) -> None:
    clock = FakeClock()
    async with desk_rig(tmp_path, clock=clock) as rig:
        ledger = rig.desk.context.ledger
        ledger.write(ev.AccountArmed(account="main-1", by="test"))
        await ledger.write(ev.AccountArmed(account="topstep-1", stay=True, by="test")).durable()
    async with desk_rig(tmp_path, clock=clock) as rig:
        assert rig.state.accounts["main-1"].armed is False
        assert rig.state.accounts["topstep-1"].armed is True


async def test_the_kill_latch_survives_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    async with desk_rig(tmp_path, clock=clock) as rig:
        await rig.desk.kill(KillLevel.HALTED, "", "test")
    async with desk_rig(tmp_path, clock=clock) as rig:
        alert_id = await rig.alert(quantity=ONE)
        assert rig.alert_row(alert_id).accounts[0].code == "KILL_HALTED"
        await rig.desk.clear_kill("")
        alert_id = await rig.alert(quantity=ONE)
        assert rig.alert_row(alert_id).status is AlertStatus.EXECUTED
