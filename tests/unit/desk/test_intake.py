"""Taking alerts: duplicates, limits of senders and strategies, and a verdict for each (webhook-security §2, §5)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.faulty import FaultyBroker, faulty
from tests.memory_journal import MemoryJournal
from tests.rig import SENDER, FakeClock, Rig, desk_rig, settle
from tt_tui.desk.config import AccountConfig, AccountRoute
from tt_tui.desk.intake import Busy, Taken
from tt_tui.desk.journal import AppendResult, Entry, JournalFailed, Submitted
from tt_tui.domain.alert import AlertStatus, Sender
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Bracket, Distance, OrderState, OrderType, Origin, Role
from tt_tui.risk.view import Limits

ONE, TWO = Decimal(1), Decimal(2)
DAY = 86_400
WIDE = {"main-1": AccountConfig(limits=Limits(max_position=Decimal(10_000), max_repeats=None))}
BOTH = {"main": (AccountRoute(account="main-1"),), "topstep": (AccountRoute(account="topstep-1"),)}


def rig_of(folder: Path, **options: Any) -> Any:
    options.setdefault("memory", MemoryJournal())
    options.setdefault("wrap", FaultyBroker)
    return desk_rig(folder, **options)


def sender(**fields: Any) -> Sender:
    return msgspec.structs.replace(SENDER, **fields)


async def judged(rig: Rig, who: Sender = SENDER, **fields: Any) -> tuple[AlertStatus, str]:
    row = rig.alert_row(await rig.alert(who, **fields))
    return row.status, row.text


def entries(rig: Rig) -> int:
    return sum(order.request.role is Role.ENTRY and bool(order.sent_at) for order in rig.state.orders.values())


# Duplicates.


@pytest.mark.parametrize(("window", "waits"), [(60, 59), (7 * DAY, 7 * DAY - 60)])
async def test_a_key_is_a_duplicate_for_its_time_and_no_longer(tmp_path: Path, window: int, waits: int) -> None:
    async with rig_of(tmp_path) as rig:
        wish = Instruction(action=Action.BUY, symbol="ES", quantity=ONE)

        async def take() -> Any:
            rig.quote("ES", "5000.00", "5000.25")
            return await rig.desk.take_alert(SENDER, "body", wish, "same", window)

        first = await take()
        await settle(60)
        await rig.clock.advance(waits, step=max(1.0, waits / 2000))
        again = await take()
        assert (again.alert_id, again.duplicate) == (first.alert_id, True)
        assert rig.alert_row(first.alert_id).repeats == 1
        await rig.clock.advance(121, step=1)
        later = await take()
        assert not later.duplicate
        await settle(60)
        assert entries(rig) == 2


async def test_one_key_of_two_senders_is_two_alerts(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.take(sender(name="one"), key="same", quantity=ONE)
        assert not (await rig.take(sender(name="two"), key="same", quantity=ONE)).duplicate


async def test_four_sends_at_once_are_one_order(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        taken = await asyncio.gather(*(rig.take(key="same", quantity=ONE) for _ in range(4)))
        assert [each.duplicate for each in taken] == [False, True, True, True]
        await rig.clock.advance(2)
        assert entries(rig) == 1


# What is not stored is not traded.


async def test_busy_is_said_before_anything_is_stored(tmp_path: Path) -> None:
    async with rig_of(tmp_path, max_stored_alerts=3) as rig:
        rig.desk.intake.opened.clear()
        for _ in range(3):
            await rig.take(quantity=ONE)
        stored = len(rig.state.alerts)
        with pytest.raises(Busy):
            await rig.take(quantity=ONE)
        assert len(rig.state.alerts) == stored == 3
        rig.desk.intake.opened.set()
        await rig.clock.advance(2)
        await rig.take(quantity=ONE)


@pytest.mark.parametrize("fault", ["failed", "full"])
async def test_an_alert_that_is_not_stored_is_not_traded_and_may_come_again(tmp_path: Path, fault: str) -> None:
    async with rig_of(tmp_path) as rig:
        setattr(rig.journal, fault, "disk full" if fault == "failed" else True)
        with pytest.raises(JournalFailed):
            await rig.take(key="same", quantity=ONE)
        await rig.clock.advance(1)
        rig.journal.failed, rig.journal.full = None, False
        assert faulty(rig).placed == []
        assert not (await rig.take(key="same", quantity=ONE)).duplicate
        await rig.clock.advance(1)
        assert entries(rig) == 1


class FirstFails(MemoryJournal):
    """Can't store the first alert, and tells so a moment later, as a thread does."""

    failures = 1

    def submit(self, entries: Sequence[Entry], *, wall: int | None = None) -> Submitted:
        fails = self.failures and entries[0].kind == "AlertReceived"
        self.failures -= bool(fails)
        seqs, told = super().submit(entries, wall=wall)
        loop = asyncio.get_running_loop()
        durable: asyncio.Future[AppendResult] = loop.create_future()
        if fails:
            loop.call_soon(durable.set_exception, JournalFailed("disk full"))
        else:
            loop.call_soon(durable.set_result, told.result())
        return Submitted(seqs, durable)


async def test_a_repeat_of_an_alert_that_is_lost_meanwhile_is_traded_in_its_place(tmp_path: Path) -> None:
    async with rig_of(tmp_path, memory=FirstFails()) as rig:
        takes = [rig.take(key="same", quantity=ONE) for _ in range(4)]
        first, *others = await asyncio.gather(*takes, return_exceptions=True)
        assert isinstance(first, JournalFailed)
        taken = [each for each in others if isinstance(each, Taken)]
        assert sorted(each.duplicate for each in taken) == [False, True, True]
        assert len({each.alert_id for each in taken}) == 1
        await rig.clock.advance(2)
        assert entries(rig) == 1


async def test_another_message_with_the_id_of_an_earlier_one_is_told_once(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        wish = Instruction(action=Action.BUY, symbol="ES", quantity=ONE)
        bodies = ("one", "other", "third")
        taken = [await rig.desk.take_alert(SENDER, body, wish, "id:Long", 7 * DAY) for body in bodies]
        assert [each.duplicate for each in taken] == [False, True, True]
        texts = [row.alarm.text for row in rig.state.alarms.values()]
        assert len(texts) == 1
        assert taken[0].alert_id in texts[0]
        assert "{{timenow}}" in texts[0]


# A strategy that runs away.


async def test_ten_entries_a_minute_and_then_a_person(tmp_path: Path) -> None:
    async with rig_of(tmp_path, accounts=WIDE) as rig:
        for _ in range(10):
            assert (await judged(rig, quantity=ONE))[0] is AlertStatus.EXECUTED
        status, text = await judged(rig, quantity=ONE)
        assert status is AlertStatus.REFUSED
        assert "10 entries within a minute; type ENABLE hook" in text
        assert any("hook was stopped" in row.alarm.text for row in rig.state.alarms.values())
        await rig.clock.advance(90)
        rig.quote("ES", "5000.00", "5000.25")
        row = rig.alert_row(await rig.alert(quantity=ONE))
        assert row.accounts[0].code == "THROTTLED", "time alone does not lift it"
        assert (await judged(rig, sender(name="other"), symbol="ES", action=Action.CLOSE))[0] is AlertStatus.REFUSED
        assert (await judged(rig, action=Action.CLOSE))[0] is AlertStatus.EXECUTED, "exits go on"
        assert not (await rig.desk.enable_strategy("nobody")).ok
        assert (await rig.desk.enable_strategy("hook")).ok
        assert (await judged(rig, quantity=ONE))[0] is AlertStatus.EXECUTED


async def test_a_hundred_entries_a_day(tmp_path: Path) -> None:
    async with rig_of(tmp_path, accounts=WIDE) as rig:
        for _ in range(100):
            rig.quote("ES", "5000.00", "5000.25")
            assert (await judged(rig, quantity=ONE))[0] is AlertStatus.EXECUTED
            await rig.clock.advance(7, step=1)
        rig.quote("ES", "5000.00", "5000.25")
        status, text = await judged(rig, quantity=ONE)
        assert status is AlertStatus.REFUSED
        assert "100 entries within a day" in text


async def test_a_burst_can_not_exceed_the_limit(tmp_path: Path) -> None:
    async with rig_of(tmp_path, accounts=WIDE) as rig:
        taken = await asyncio.gather(*(rig.take(quantity=ONE) for _ in range(50)))
        await rig.clock.advance(10)
        assert entries(rig) <= 10
        assert all(rig.alert_row(each.alert_id).status is not AlertStatus.RECEIVED for each in taken)
        assert rig.state.strategies["hook"].stopped


async def test_an_entry_that_waits_for_its_fill_counts_once(tmp_path: Path) -> None:
    async with rig_of(tmp_path, accounts=WIDE) as rig:
        faulty(rig).mute_fills = True
        for symbol in ("ES", "NQ", "YM", "RTY", "CL", "GC", "SI", "ZN"):
            rig.quote(symbol, "100.00", "101.00")
            await rig.take(symbol=symbol, quantity=ONE)
            await rig.clock.advance(0.05, step=0.05)
        assert entries(rig) == 8, "all of them wait for their fills"
        assert not rig.state.strategies["hook"].stopped


async def test_one_alert_for_many_accounts_is_one_entry(tmp_path: Path) -> None:
    routes = {"main": tuple(AccountRoute(account=f"main-{number}") for number in range(1, 5))}
    async with rig_of(tmp_path, routes=routes) as rig:
        for _ in range(3):
            await rig.alert(quantity=ONE)
        assert entries(rig) == 12
        assert len(rig.state.strategies["hook"].entries) == 3


# What a sender may do.

LIMITS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"account_group": "nowhere"}, "it may use: main, topstep"),
    ({"groups": ("main",)}, {"account_group": "topstep"}, "not one that hook may use"),
    ({"groups": ("main",)}, {}, ""),
    ({"groups": ()}, {}, "it may use: none"),
    ({"default_group": "topstep"}, {}, ""),
    ({"symbols": ("NQ",)}, {}, "may trade NQ only, not ES"),
    ({"symbols": ("NQ",)}, {"symbol": "ZZZ1!"}, "ZZZ"),
    ({"symbols": ("ES",)}, {"symbol": "ES1!"}, ""),
    ({"symbols": ("ESZ6",)}, {}, ""),
    ({"maximum_quantity": 2}, {"quantity": Decimal(3)}, "may trade 2 at most"),
    ({"maximum_quantity": 2}, {"quantity": TWO}, ""),
    ({"maximum_quantity": 2}, {"quantity": ONE, "position_after": "long", "target_size": Decimal(3)}, "2 at most"),
    ({"sides": ("short",)}, {"position_after": "long"}, "may open short positions only"),
    ({"sides": ("short",)}, {}, "permits short, not long"),
    ({"sides": ("long",)}, {}, ""),
    ({}, {"symbol": ""}, "names no symbol"),
    ({}, {"delay": 5}, "delay"),
    ({}, {"quantity_type": "percent", "quantity_field": "qty_pct"}, "qty_pct is percent, not contracts"),
    ({}, {"account_shown": "topstep-1"}, ""),
]


@pytest.mark.parametrize(("limits", "alert", "problem"), LIMITS)
async def test_limits_of_a_sender(tmp_path: Path, limits: dict[str, Any], alert: dict[str, Any], problem: str) -> None:
    async with rig_of(tmp_path) as rig:
        status, text = await judged(rig, sender(**limits), **{"quantity": ONE, **alert})
        assert status is (AlertStatus.REFUSED if problem else AlertStatus.EXECUTED), text
        assert problem in text
        assert entries(rig) == (0 if problem else 1)
        group = limits.get("default_group", "main")
        assert {order.request.account for order in rig.state.orders.values() if order.sent_at} <= {f"{group}-1"}


async def test_a_sender_of_one_side_may_close_it_but_not_turn_it_over(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        longs = sender(sides=("long",))
        await judged(rig, longs, quantity=TWO)
        await judged(rig, longs, action=Action.SELL, quantity=ONE)
        assert rig.position() == 1
        await judged(rig, longs, action=Action.REVERSE)
        assert rig.position() == 0, "closed, and no short opened"
        await judged(rig, longs, action=Action.SELL, quantity=ONE)
        assert rig.position() == 0


async def test_an_exit_is_not_held_up_by_a_senders_size_or_side(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await judged(rig, quantity=Decimal(5))
        small = sender(maximum_quantity=1, sides=("short",))
        assert (await judged(rig, small, action=Action.CLOSE, quantity=Decimal(5)))[0] is AlertStatus.EXECUTED
        assert rig.position() == 0


# Everything.


async def test_everything_is_the_senders_own_and_no_more(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        rig.quote("NQ", "18000.00", "18000.25")
        await rig.alert(quantity=ONE)
        await rig.alert(quantity=ONE, account_group="topstep")
        typed = Instruction(action=Action.BUY, symbol="NQ", quantity=ONE, origin=Origin.PERSON, accounts=("main-1",))
        assert (await rig.desk.submit(typed)).ok
        one_group = sender(groups=("main",))
        status, text = await judged(rig, one_group, action=Action.FLATTEN, symbol="", everything=True)
        assert rig.position() == 0
        assert rig.position(account="topstep-1") == 1, "not a group of the sender"
        assert rig.position("NQZ6") == 1, "a person opened it"
        assert status is AlertStatus.EXECUTED
        assert "adopt = true" in text


async def test_everything_opens_nothing(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        limited = sender(groups=("main",), maximum_quantity=1)
        status, _ = await judged(rig, limited, quantity=Decimal(5), everything=True)
        assert status is AlertStatus.REFUSED
        assert entries(rig) == 0


async def test_everything_of_a_sender_without_accounts_is_refused(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        status, text = await judged(rig, sender(groups=()), action=Action.CLOSE, symbol="", everything=True)
        assert status is AlertStatus.REFUSED
        assert "no account group" in text


@pytest.mark.parametrize("action", [Action.BREAK_EVEN, Action.TRAIL])
async def test_a_move_of_every_stop_closes_nothing(tmp_path: Path, action: Action) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=ONE, bracket=Bracket(stop=Distance(kind="ticks", value=Decimal(20))))
        await settle(40)
        rig.quote("ES", "5003.00", "5003.25")
        distance = Distance(kind="ticks", value=Decimal(4))
        await judged(rig, action=action, symbol="", everything=True, trail=distance)
        assert rig.position() == 1


async def test_cancel_everything(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        limit = {"order_type": OrderType.LIMIT, "limit_price": Decimal("4990.00")}
        for group in ("main", "topstep"):
            await rig.alert(quantity=ONE, account_group=group, **limit)
        status, _ = await judged(rig, action=Action.CANCEL, symbol="", everything=True)
        assert status is AlertStatus.DONE
        await settle(20)
        assert {order.state for order in rig.state.orders.values()} == {OrderState.CANCELED}


# Verdicts.


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"quantity": ONE}, AlertStatus.EXECUTED),
        ({"quantity": ONE, "symbol": "ZZZ1!"}, AlertStatus.REFUSED),
        ({"action": Action.IGNORE, "why": "plain text"}, AlertStatus.IGNORED),
        ({"action": Action.ERROR, "why": "no symbol"}, AlertStatus.BAD),
        ({"action": Action.CLOSE}, AlertStatus.DONE),
        ({"quantity": ONE, "fired_at": 1}, AlertStatus.STALE),
    ],
)
async def test_each_alert_ends_in_a_verdict_with_a_text(
    tmp_path: Path, fields: dict[str, Any], status: AlertStatus
) -> None:
    async with rig_of(tmp_path) as rig:
        found, text = await judged(rig, **fields)
        assert found is status
        assert text


async def test_the_statuses_of_accounts_are_the_apis_words(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        limit = {"order_type": OrderType.LIMIT, "limit_price": Decimal("4990.00")}
        words = [rig.alert_row(await rig.alert(quantity=ONE, **limit)).accounts[0].status]
        words.append(rig.alert_row(await rig.alert(action=Action.CANCEL)).accounts[0].status)
        words.append(rig.alert_row(await rig.alert(quantity=ONE)).accounts[0].status)
        faulty(rig).place_fault = "lost"
        words.append(rig.alert_row(await rig.alert(quantity=ONE)).accounts[0].status)
        assert words == ["working", "done", "filled", "unknown"]


async def test_alerts_wait_for_the_desk_to_be_open(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        rig.desk.intake.opened.clear()
        taken = await rig.take(quantity=ONE)
        await rig.clock.advance(3)
        assert rig.alert_row(taken.alert_id).status is AlertStatus.RECEIVED
        rig.desk.intake.opened.set()
        await rig.until(lambda: rig.position() == 1)


# R18: many alerts at once against the largest position.


class Late(FaultyBroker):
    """Answers late, or loses the answer, so that working and unknown orders stand beside filled ones."""

    clock: FakeClock
    turn = 0

    async def place(self, order: Any) -> Any:
        self.turn += 1
        await self.clock.sleep((self.turn * 7919 % 13) / 10)
        self.place_fault = "drop_reply" if self.turn % 11 == 0 else ""
        return await super().place(order)


@pytest.mark.parametrize("seed", range(6))
async def test_a_hundred_alerts_at_once_never_exceed_the_largest_position(tmp_path: Path, seed: int) -> None:
    limits = Limits(max_position=Decimal(7), max_repeats=None, max_orders_per_minute=None, max_open_orders=None)
    routes = {"main": (AccountRoute(account="main-1", shared=True),)}
    options: dict[str, Any] = {"accounts": {"main-1": AccountConfig(limits=limits)}, "wrap": Late, "routes": routes}
    async with rig_of(tmp_path, entries_per_minute=1000, entries_per_day=1000, **options) as rig:
        broker = faulty(rig)
        assert isinstance(broker, Late)
        broker.clock, broker.turn = rig.clock, seed
        worst = Decimal(0)

        def measure(rows: Any) -> None:
            nonlocal worst
            live = rig.state.live_orders("main-1")
            for side in (1, -1):
                working = sum((o.remaining for o in live if o.request.side.sign == side), Decimal(0))
                worst = max(worst, max(rig.position() * side, Decimal(0)) + working)

        rig.desk.context.ledger.on_applied(measure)
        for number in range(100):
            price = Decimal(4990 + (number + seed) % 5) if (number + seed) % 3 else None
            kind = {"order_type": OrderType.LIMIT, "limit_price": price} if price else {}
            quantity = Decimal(1 + (number * (seed + 1)) % 3)
            # One strategy each: the lanes and the gate have to hold, not the throttle.
            await rig.take(quantity=quantity, strategy=f"s{number}", action=Action.ADD_BUY, **kind)
        for _ in range(60):
            rig.quote("ES", "5000.00", "5000.25")
            await rig.clock.advance(2, step=0.5)
        assert worst <= 7
        assert worst > 4
        assert not [row for row in rig.state.alerts.values() if row.status is AlertStatus.RECEIVED]
