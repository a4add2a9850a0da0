"""A journal that can't be written: alerts are refused to be tried again, exits still go."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.rig import Rig, desk_rig
from tt_tui.desk.journal import JournalFailed
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import OrderState, Origin

ONE = Decimal(1)


def break_disk(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every commit fail as a full disk does, until ``monkeypatch.undo``."""

    def full(name: str) -> None:
        if name == "journal.before_commit":
            raise OSError(28, "No space left on device")

    assert rig.journal._writer is not None
    monkeypatch.setattr(rig.journal._writer, "_crash_point", full)


async def test_an_alert_that_was_not_stored_trades_once_when_it_is_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk_rig(tmp_path) as rig:
        with monkeypatch.context() as broken:
            break_disk(rig, broken)
            with pytest.raises(JournalFailed):
                await rig.take(quantity=ONE, key="same")
        rig.journal.retry()
        await rig.until(lambda: rig.journal.failed is None)
        assert rig.orders() == []
        again = await rig.take(quantity=ONE, key="same")
        assert not again.duplicate
        await rig.until(lambda: rig.position() == 1)
        assert len(rig.orders()) == 1
        assert (await rig.take(quantity=ONE, key="same")).duplicate


async def test_entries_stop_and_exits_go_while_nothing_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk_rig(tmp_path) as rig:
        await rig.alert(quantity=ONE)
        await rig.until(lambda: rig.position() == 1)
        with monkeypatch.context() as broken:
            break_disk(rig, broken)
            wish = {"symbol": "ES", "origin": Origin.PERSON, "accounts": ("main-1",)}
            entry = await rig.desk.submit(Instruction(action=Action.BUY, quantity=ONE, **wish))  # type: ignore[arg-type]
            assert not entry.ok
            assert rig.state.orders[entry.order_ids[0]].state is OrderState.DENIED
            leaving = await rig.desk.submit(Instruction(action=Action.CLOSE, **wish))  # type: ignore[arg-type]
            assert leaving.ok, leaving.text
            assert rig.position() == 0
