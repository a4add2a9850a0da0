"""A token's maximum size holds for what the route makes of an alert, too."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.rig import SENDER, desk_rig
from tt_tui.desk.config import AccountRoute
from tt_tui.domain.instruction import Action

SMALL = msgspec.structs.replace(SENDER, maximum_quantity=2)


@pytest.mark.parametrize(
    "route",
    [
        AccountRoute(account="main-1", fixed_size=Decimal(5)),
        AccountRoute(account="main-1", multiplier=Decimal(4)),
        AccountRoute(account="main-1", default_quantity=Decimal(6)),
    ],
    ids=["fixed size", "multiplier", "default"],
)
async def test_a_route_trades_no_more_than_its_sender_may(tmp_path: Path, route: AccountRoute) -> None:
    async with desk_rig(tmp_path, routes={"main": (route,)}) as rig:
        asked = None if route.default_quantity > 1 else Decimal(1)
        await rig.alert(SMALL, quantity=asked)
        await rig.until(lambda: rig.position() == 2)
        await rig.alert(SMALL, action=Action.CLOSE)
        assert rig.position() == 0
