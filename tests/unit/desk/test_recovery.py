"""What a killed process left half done: an exit that never left is run while young, a repeat waits for its alert."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from tests.memory_journal import MemoryJournal
from tests.rig import FakeClock, Rig, desk_rig, settle
from tests.unit.desk.test_restart import stored
from tt_tui.desk.journal import AppendResult, JournalFailed, Submitted
from tt_tui.domain import event as ev
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.instruction import Action
from tt_tui.domain.order import Leg, OrderRequest, OrderState, Role, Side

ONE = Decimal(1)


async def leave_an_exit_unsent(rig: Rig) -> None:
    """Buy one, then write what a process leaves that dies between an exit's intent and its sending."""
    await rig.alert(quantity=ONE)
    await rig.until(lambda: rig.position() == 1)
    await rig.clock.advance(1)
    ledger = rig.desk.context.ledger
    ledger.write(ev.AlertReceived(alert=stored(rig, "ALT-LEFT", action=Action.CLOSE)))
    request = OrderRequest(
        order_id="ORD-LEFT",
        account="main-1",
        legs=(Leg(symbol="ESZ6", side=Side.SELL, quantity=ONE),),
        role=Role.EXIT,
        alert_id="ALT-LEFT",
        intent_id="ALT-LEFT:main-1/exit1",
    )
    await ledger.write(ev.OrderIntended(request=request)).durable()


async def test_a_young_exit_that_never_left_is_run(tmp_path: Path) -> None:
    clock = FakeClock()
    async with desk_rig(tmp_path, clock=clock) as rig:
        await leave_an_exit_unsent(rig)
    async with desk_rig(tmp_path, clock=clock) as rig:
        await rig.until(lambda: rig.alert_row("ALT-LEFT").status is not AlertStatus.RECEIVED)
        assert rig.alert_row("ALT-LEFT").status is AlertStatus.EXECUTED, rig.alert_row("ALT-LEFT").text
        assert rig.position() == 0
        assert rig.state.orders["ORD-LEFT"].state is OrderState.ABANDONED


async def test_an_old_exit_that_never_left_asks_a_person(tmp_path: Path) -> None:
    clock = FakeClock()
    async with desk_rig(tmp_path, clock=clock) as rig:
        await leave_an_exit_unsent(rig)
    await clock.advance(90, step=30)
    async with desk_rig(tmp_path, clock=clock) as rig:
        assert rig.alert_row("ALT-LEFT").status is AlertStatus.STALE
        assert rig.position() == 1
        assert [row.alarm.severity for row in rig.state.alarms.values() if "ALT-LEFT" in row.alarm.text] == ["critical"]


class SlowDisk(MemoryJournal):
    """A journal whose commits end when a test lets them."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[asyncio.Future[AppendResult]] | None = None

    def submit(self, *args: object, **kwargs: object) -> Submitted:
        done = super().submit(*args, **kwargs)  # type: ignore[arg-type]
        if self.held is None:
            return done
        future: asyncio.Future[AppendResult] = asyncio.get_running_loop().create_future()
        self.held.append(future)
        return Submitted(done.seqs, future)

    def end(self, error: JournalFailed | None = None) -> None:
        """End what waits, in order, well or with an error."""
        held, self.held = self.held or [], None
        for future in held:
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(AppendResult((), 0, 0))


async def test_a_repeat_is_not_answered_before_its_alert_is_durable(tmp_path: Path) -> None:
    disk = SlowDisk()
    async with desk_rig(tmp_path, memory=disk) as rig:
        disk.held = []
        first = asyncio.ensure_future(rig.take(quantity=ONE, key="same"))
        second = asyncio.ensure_future(rig.take(quantity=ONE, key="same"))
        await settle()
        assert not first.done()
        assert not second.done()
        disk.end()
        assert not (await first).duplicate
        assert (await second).duplicate


async def test_a_repeat_of_an_alert_that_could_not_be_stored_is_not_stored_either(tmp_path: Path) -> None:
    disk = SlowDisk()
    async with desk_rig(tmp_path, memory=disk) as rig:
        disk.held = []
        posts = [asyncio.ensure_future(rig.take(quantity=ONE, key="same")) for _ in range(2)]
        await settle()
        disk.end(JournalFailed("disk full"))
        for post in posts:
            with pytest.raises(JournalFailed):
                await post
        assert not (await rig.take(quantity=ONE, key="same")).duplicate
