"""What happens by the clock: day rolls, expiries, ends of windows, latches that outlive their process."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.faulty import FaultyBroker, faulty
from tests.memory_journal import MemoryJournal
from tests.rig import FakeClock, Rig, desk_rig, settle
from tt_tui.desk.config import AccountConfig, AccountRoute, TradingWindow
from tt_tui.domain import event as ev
from tt_tui.domain.account import KillLevel
from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.instruction import Action
from tt_tui.domain.order import Leg, OrderRequest, OrderState, Side
from tt_tui.risk.view import FirmRules, GateView

ONE = Decimal(1)
HOUR = 3600


def rig_of(folder: Path, *windows: TradingWindow, **options: Any) -> Any:
    options.setdefault("memory", MemoryJournal())
    options.setdefault("wrap", FaultyBroker)
    options.setdefault("routes", {"main": (AccountRoute(account="main-1", windows=windows),)})
    return desk_rig(folder, **options)


def rolls(rig: Rig) -> list[ev.DayRolled]:
    found = [ev.decode(record.payload) for record in rig.journal.records]
    return [event for event in found if isinstance(event, ev.DayRolled)]


async def pass_time(rig: Rig, seconds: float) -> None:
    """Let time pass with a quote every few seconds."""
    for _ in range(int(seconds / 4)):
        rig.quote("ES", "5000.00", "5000.25")
        await rig.clock.advance(4, step=1)


async def test_a_day_begins_once_with_the_balance_of_the_last(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        assert [str(roll.trade_date) for roll in rolls(rig)] == ["2026-11-23"]
        await rig.alert(quantity=ONE)
        rig.quote("ES", "5001.25", "5001.50")
        await rig.alert(action=Action.CLOSE)
        row = rig.state.accounts["main-1"]
        assert (row.realised_today, sum(row.entries_today.values())) == (50, 1)
        await rig.clock.advance(7 * HOUR - 60, step=30)
        assert len(rolls(rig)) == 1, "one minute before 17:00 in Chicago"
        await rig.clock.advance(120, step=30)
        _, second = rolls(rig)
        assert str(second.trade_date) == "2026-11-24"
        assert second.closing_balance == row.day_start_balance == Decimal(50_050)
        assert row.realised_today == 0
        assert row.entries_today == {}
        await rig.clock.advance(2 * HOUR, step=60)
        assert len(rolls(rig)) == 2


async def test_a_roll_that_was_slept_through_is_caught_up_with_at_the_start(tmp_path: Path) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with rig_of(tmp_path, clock=clock, memory=memory):
        pass
    await clock.advance(50 * HOUR, step=HOUR)
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        assert [str(roll.trade_date) for roll in rolls(rig)] == ["2026-11-23", "2026-11-25"]


async def test_a_latch_is_no_matter_of_days(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.desk.kill(KillLevel.HALTED, "main-1", "test")
        await rig.clock.advance(24 * HOUR, step=60)
        assert len(rolls(rig)) == 2
        assert rig.state.kill_level("main-1") is KillLevel.HALTED


def ask(order: OrderRequest, view: GateView) -> Decision | None:
    if view.received is None:
        return None
    return Decision(answer=Answer.CONFIRM, code="ASK", text="A person is asked.")


def asking() -> dict[str, AccountConfig]:
    return {"main-1": AccountConfig(firm=FirmRules(firm=ask))}


async def test_what_nobody_confirms_expires(tmp_path: Path) -> None:
    async with rig_of(tmp_path, accounts=asking()) as rig:
        row = rig.alert_row(await rig.alert(quantity=ONE))
        assert str(row.status) == "waiting"
        (order,) = rig.orders()
        await pass_time(rig, 56)
        assert order.state is OrderState.WAITING
        await pass_time(rig, 8)
        assert str(order.state) == "expired"
        assert not (await rig.desk.confirm(order.order_id)).ok


async def test_what_is_confirmed_is_judged_again_and_sent(tmp_path: Path) -> None:
    async with rig_of(tmp_path, accounts=asking()) as rig:
        await rig.alert(quantity=ONE)
        await pass_time(rig, 20)
        outcome = await rig.desk.confirm(rig.orders()[0].order_id)
        assert outcome.ok, outcome.text
        await rig.until(lambda: rig.position() == 1)


async def test_a_confirmation_on_stale_quotes_is_refused(tmp_path: Path) -> None:
    async with rig_of(tmp_path, accounts=asking()) as rig:
        await rig.alert(quantity=ONE)
        await rig.clock.advance(20)
        outcome = await rig.desk.confirm(rig.orders()[0].order_id)
        assert not outcome.ok
        assert rig.orders()[0].state is OrderState.DENIED


async def test_a_waiting_order_may_be_dropped(tmp_path: Path) -> None:
    async with rig_of(tmp_path, accounts=asking()) as rig:
        await rig.alert(quantity=ONE)
        assert (await rig.desk.drop(rig.orders()[0].order_id)).ok
        assert rig.orders()[0].state is OrderState.EXPIRED
        assert not (await rig.desk.drop(rig.orders()[0].order_id)).ok


async def test_a_lock_ends_at_its_time(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        until = rig.clock.now() + 30 * 1_000_000_000
        rig.desk.context.ledger.write(ev.AccountLocked(account="main-1", until=until, why="cooling off"))
        row = rig.alert_row(await rig.alert(quantity=ONE))
        assert row.accounts[0].code == "ACCOUNT_LOCKED"
        await rig.clock.advance(31)
        rig.quote("ES", "5000.00", "5000.25")
        assert str(rig.alert_row(await rig.alert(quantity=ONE)).status) == "executed"


# Ends of trading windows; the rig begins at 10:00 in Chicago.


async def test_a_window_flattens_at_its_end_and_the_guard_goes_on_meanwhile(tmp_path: Path) -> None:
    window = TradingWindow(start="08:30", end="10:02", flatten_at_end=True)
    async with rig_of(tmp_path, window) as rig:
        await rig.alert(quantity=ONE)
        await pass_time(rig, 100)
        assert rig.position() == 1
        faulty(rig).mute_fills = faulty(rig).deaf = True
        await pass_time(rig, 28)
        until = rig.clock.now() + 1_000_000_000
        rig.desk.context.ledger.write(ev.AccountLocked(account="main-1", until=until, why="test"))
        await pass_time(rig, 4)
        assert not rig.state.accounts["main-1"].locked, "the guard still looks while the close is waited for"
        faulty(rig).mute_fills = faulty(rig).deaf = False
        await rig.until(lambda: rig.position() == 0)
        await rig.until(lambda: any("10:02 ended" in row.alarm.text for row in rig.state.alarms.values()))


async def test_a_window_without_that_wish_leaves_the_position(tmp_path: Path) -> None:
    async with rig_of(tmp_path, TradingWindow(start="08:30", end="10:01")) as rig:
        await rig.alert(quantity=ONE)
        await pass_time(rig, 120)
        assert rig.position() == 1


@pytest.mark.parametrize(
    ("windows", "position"),
    [
        ((("08:30", "10:01"),), 0),
        ((("08:30", "10:01"), ("10:00", "15:00")), 1),
        ((("08:30", "09:30"), ("10:00", "15:00")), 1),
    ],
)
async def test_after_a_restart_it_flattens_only_outside_all_windows(
    tmp_path: Path, windows: tuple[tuple[str, str], ...], position: int
) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        await rig.alert(quantity=ONE)
    await clock.advance(120, step=30)
    made = [TradingWindow(start=start, end=end, flatten_at_end=True) for start, end in windows]
    async with rig_of(tmp_path, *made, clock=clock, memory=memory) as rig:
        await pass_time(rig, 20)
        assert rig.position() == position


async def test_a_fault_of_one_look_does_not_end_the_guard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig_of(tmp_path) as rig:
        with monkeypatch.context() as broken:
            broken.setattr(rig.desk.guard, "roll_days", lambda: 1 / 0)
            await rig.clock.advance(3)
        assert "a look of the guard failed" in caplog.text
        caplog.clear()
        await rig.clock.advance(24 * HOUR, step=60)
        assert len(rolls(rig)) == 2


async def test_a_flatten_latch_meets_what_arrives_later(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.desk.kill(KillLevel.FLATTEN, "", "test")
        leg = Leg(symbol="ESZ6", side=Side.BUY, quantity=ONE)
        await faulty(rig).inner.place(OrderRequest(order_id="", account="main-1", legs=(leg,)))
        await settle(20)
        assert rig.position() == 1
        await rig.until(lambda: rig.position() == 0, seconds=10)
