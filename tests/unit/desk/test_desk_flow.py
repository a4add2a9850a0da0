"""From an alert to a fill, through the whole core."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.rig import desk_rig
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.instruction import Action
from tt_tui.domain.order import OrderState


async def test_an_alert_becomes_a_fill_and_a_position(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig:
        alert_id = await rig.alert(quantity=Decimal(1))
        row = rig.alert_row(alert_id)
        assert row.status is AlertStatus.EXECUTED, row.text
        (order,) = rig.state.orders_of_alert(alert_id)
        assert order.state is OrderState.FILLED
        assert order.average == Decimal("5000.25")
        assert rig.position() == 1


async def test_a_close_takes_the_position_to_flat(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig:
        await rig.alert(quantity=Decimal(2))
        rig.quote("ES", "5010.00", "5010.25")
        alert_id = await rig.alert(action=Action.CLOSE)
        assert rig.alert_row(alert_id).status is AlertStatus.EXECUTED, rig.alert_row(alert_id).text
        assert rig.position() == 0
        assert rig.state.position("main-1", "ESZ6").realised == Decimal("975.00")
