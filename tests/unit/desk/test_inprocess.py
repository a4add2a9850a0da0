"""The door of a screen in the same process: calls from another thread, answers from the desk's loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.memory_journal import MemoryJournal
from tests.rig import Rig, desk_rig, plain, settle
from tt_tui.desk.inprocess import InProcessPort
from tt_tui.desk.port import DeskStatus, LogLine
from tt_tui.desk.state import State
from tt_tui.domain import event as ev
from tt_tui.domain.account import KillLevel
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.instrument import UnknownSymbol
from tt_tui.domain.order import OrderType, Origin

ONE = Decimal(1)
BUY = Instruction(action=Action.BUY, symbol="ES", quantity=ONE, accounts=("main-1",), origin=Origin.PERSON)
LINES = (LogLine(number=1, wall=0, level="INFO", name="tt", text="hello"),)


class Screen:
    """Asks a port as a screen does, from a thread of its own."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.port = InProcessPort(
            rig.desk,
            asyncio.get_running_loop(),
            status=lambda: DeskStatus(running=True, market="hand"),
            logs=lambda after, limit: LINES[after:limit],
            hook_help=lambda: "curl",
        )

    async def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Call from another thread, and wait for the answer while the desk goes on."""
        found: list[Any] = []

        def work() -> None:
            try:
                answer = getattr(self.port, name)(*arguments, **options)
                found.append(answer.result(30) if isinstance(answer, Future) else answer)
            except Exception as error:
                found.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        while thread.is_alive():
            await settle()
            await asyncio.sleep(0.001)
            await self.rig.clock.advance(0.01, step=0.01)
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]


@asynccontextmanager
async def screen_of(folder: Path, **options: Any) -> Any:
    async with desk_rig(folder, memory=MemoryJournal(), **options) as rig:
        yield Screen(rig)


async def test_a_wish_from_another_thread_is_carried_out(tmp_path: Path) -> None:
    async with screen_of(tmp_path) as screen:
        preview = await screen.call("preview", BUY)
        assert preview.lines[0].text == "buy 1 ESZ6 market"
        outcome = await screen.call("submit", BUY)
        assert outcome.ok, outcome.text
        assert screen.rig.position() == 1
        assert outcome.order_ids


async def test_events_since_a_number_rebuild_the_desks_state(tmp_path: Path) -> None:
    async with screen_of(tmp_path) as screen:
        copy = State()
        await screen.call("submit", BUY)
        while rows := (await screen.call("events", copy.seq, 3)).rows:
            assert len(rows) <= 3
            for row in rows:
                assert row.seq == copy.seq + 1
                copy.apply(row.seq, row.wall, row.event)
        assert plain(copy) == plain(screen.rig.state)
        assert (await screen.call("events", copy.seq)).rows == ()


async def test_a_screen_that_fell_too_far_behind_gets_the_whole_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tt_tui.desk.ledger.RING", 20)
    async with screen_of(tmp_path) as screen:
        ledger = screen.rig.desk.context.ledger
        for number in range(40):
            ledger.write(ev.AlarmRaised(alarm_id=f"A{number}", text="x"))
        batch = await screen.call("events", 1)
        assert batch.state is not None
        copy = State.from_bytes(batch.state)
        assert plain(copy) == plain(screen.rig.state)
        assert (await screen.call("events", copy.seq - 5)).state is None


async def test_market_values(tmp_path: Path) -> None:
    async with screen_of(tmp_path) as screen:
        assert await screen.call("watch", ["ES", "NQ1!"]) == ("ESZ6", "NQZ6")
        with pytest.raises(UnknownSymbol):
            await screen.call("watch", ["ZZZ1!"])
        frame = await screen.call("frame", ["ESZ6", "NQZ6"], ["ESZ6"], ["ESZ6"])
        assert list(frame.quotes) == ["ESZ6"]
        assert frame.quotes["ESZ6"].quote.bid == 5000
        assert frame.venue_now == screen.rig.venue.now()
        assert frame.prints == {"ESZ6": ()}


async def test_what_is_told_of_the_process(tmp_path: Path) -> None:
    async with screen_of(tmp_path) as screen:
        assert (await screen.call("status")).market == "hand"
        assert await screen.call("logs", 0) == LINES
        assert await screen.call("hook_help") == "curl"


async def test_latches_and_arming(tmp_path: Path) -> None:
    async with screen_of(tmp_path) as screen:
        assert (await screen.call("kill", KillLevel.HALTED, "main-1", "test")).ok
        assert not (await screen.call("submit", BUY)).ok
        assert (await screen.call("clear_kill", "main-1")).ok
        assert (await screen.call("submit", BUY)).ok
        paper = await screen.call("arm", "main-1")
        assert paper.ok
        assert "needs no arming" in paper.text
        assert not (await screen.call("arm", "nobody")).ok
        assert (await screen.call("disarm", "main-1")).ok


async def test_orders_strategies_and_alarms_that_are_not_there_are_sentences(tmp_path: Path) -> None:
    async with screen_of(tmp_path) as screen:
        for name, argument in (
            ("confirm", "ORD-NONE"),
            ("drop", "ORD-NONE"),
            ("enable_strategy", "nobody"),
            ("acknowledge", "ALM-NONE"),
        ):
            outcome = await screen.call(name, argument)
            assert not outcome.ok
            assert outcome.text


async def test_alarms_are_seen_one_by_one_or_all(tmp_path: Path) -> None:
    async with screen_of(tmp_path) as screen:
        ledger = screen.rig.desk.context.ledger
        ledger.write(*(ev.AlarmRaised(alarm_id=name, text="x") for name in "ABC"))
        assert (await screen.call("acknowledge", "A")).text == "1 alarm seen"
        assert (await screen.call("acknowledge", "")).text == "2 alarms seen"


async def test_flat_all_and_cancel_by_id(tmp_path: Path) -> None:
    async with screen_of(tmp_path) as screen:
        await screen.call("submit", BUY)
        limit = Instruction(
            action=Action.BUY,
            symbol="ES",
            quantity=ONE,
            accounts=("main-1",),
            order_type=OrderType.LIMIT,
            limit_price=Decimal(4990),
        )
        working = await screen.call("submit", limit)
        cancel = Instruction(action=Action.CANCEL, order_id=working.order_ids[0])
        assert (await screen.call("submit", cancel)).ok
        alert_id = await screen.rig.alert(quantity=ONE, account_group="topstep")
        assert screen.rig.alert_row(alert_id).status is AlertStatus.EXECUTED
        flat = await screen.call("submit", Instruction(action=Action.FLATTEN, everything=True))
        assert flat.ok, flat.text
        assert screen.rig.state.held_symbols("main-1") == screen.rig.state.held_symbols("topstep-1") == []
