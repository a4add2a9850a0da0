"""One wish over many contracts of an account: each is closed by an exit of its own (order-lifecycle §8)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.memory_journal import MemoryJournal
from tests.rig import Rig, desk_rig
from tt_tui.desk.port import Outcome
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Bracket, Distance, Origin, Role

QUOTES = {
    "ES": ("5000.00", "5000.25"),
    "NQ": ("18000.00", "18000.25"),
    "YM": ("42000", "42001"),
    "RTY": ("2200.0", "2200.1"),
    "GC": ("2400.0", "2400.1"),
}
STOP = Bracket(stop=Distance(kind="ticks", value=Decimal(20)))


async def hold_all(rig: Rig, bracket: Bracket | None) -> list[str]:
    for symbol, (bid, ask) in QUOTES.items():
        rig.quote(symbol, bid, ask)
        alert_id = await rig.alert(symbol=symbol, quantity=Decimal(1), bracket=bracket, strategy="one")
        assert rig.alert_row(alert_id).status is AlertStatus.EXECUTED, rig.alert_row(alert_id).text
    held = [row.symbol for row in rig.state.positions.values() if row.quantity]
    assert len(held) == len(QUOTES)
    return held


@pytest.mark.parametrize("bracket", [None, STOP])
async def test_an_alert_that_flattens_everything_closes_every_contract(tmp_path: Path, bracket: Bracket | None) -> None:
    async with desk_rig(tmp_path, memory=MemoryJournal()) as rig:
        held = await hold_all(rig, bracket)
        alert_id = await rig.alert(action=Action.FLATTEN, symbol="", everything=True, strategy="one")
        row = rig.alert_row(alert_id)
        assert {symbol: rig.position(symbol) for symbol in held} == dict.fromkeys(held, Decimal(0)), row.text
        assert row.status is AlertStatus.EXECUTED
        assert not row.accounts[0].code


@pytest.mark.parametrize("bracket", [None, STOP])
async def test_a_person_flattens_every_contract_of_an_account_at_once(tmp_path: Path, bracket: Bracket | None) -> None:
    async with desk_rig(tmp_path, memory=MemoryJournal()) as rig:
        held = await hold_all(rig, bracket)
        wish = Instruction(action=Action.FLATTEN, accounts=("main-1",), origin=Origin.PERSON)
        done: list[Outcome] = []

        async def flatten() -> None:
            done.append(await rig.desk.submit(wish))

        rig.tasks.start("flatten", flatten)
        await rig.until(lambda: bool(done))
        assert (done[0].ok, done[0].text) == (True, "main-1: flat, no orders work")
        assert {symbol: rig.position(symbol) for symbol in held} == dict.fromkeys(held, Decimal(0))
        exits = [order for order in rig.orders() if order.request.role is Role.EXIT]
        assert sorted(order.request.symbol for order in exits) == sorted(held)
