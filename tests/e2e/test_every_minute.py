"""The user's own test passes at every minute of the year on the simulated market, weekends and holidays too."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.test_listener_own_test import BODY, listening, request
from tests.rig import FakeClock, desk_rig
from tests.unit.listener.support import sign
from tt_tui.settings import default_setup

CHICAGO = ZoneInfo("America/Chicago")

MOMENTS = {
    "a Saturday": datetime(2026, 11, 21, 11, 0, tzinfo=CHICAGO),
    "a Sunday before the open": datetime(2026, 11, 22, 16, 59, tzinfo=CHICAGO),
    "a Sunday after the open": datetime(2026, 11, 22, 17, 1, tzinfo=CHICAGO),
    "the daily break": datetime(2026, 11, 23, 16, 30, tzinfo=CHICAGO),
    "half past three": datetime(2026, 11, 23, 15, 30, tzinfo=CHICAGO),
    "the last second of the session": datetime(2026, 11, 23, 15, 59, 58, tzinfo=CHICAGO),
    "the night": datetime(2026, 11, 24, 3, 0, tzinfo=CHICAGO),
    "Thanksgiving after its early close": datetime(2026, 11, 26, 14, 0, tzinfo=CHICAGO),
    "Christmas": datetime(2026, 12, 25, 10, 0, tzinfo=CHICAGO),
    "New Year": datetime(2027, 1, 1, 10, 0, tzinfo=CHICAGO),
    "Good Friday": datetime(2026, 4, 3, 10, 0, tzinfo=CHICAGO),
    "the day the clocks go forward": datetime(2026, 3, 8, 2, 30, tzinfo=CHICAGO),
    "the day the clocks go back": datetime(2026, 11, 1, 1, 30, tzinfo=CHICAGO),
    "a roll Monday": datetime(2026, 12, 14, 9, 0, tzinfo=CHICAGO),
    "an expiry Friday": datetime(2026, 12, 18, 10, 0, tzinfo=CHICAGO),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
async def test_the_users_own_test_passes(tmp_path: Path, moment: datetime) -> None:
    clock = FakeClock(int(moment.timestamp()) * 1_000_000_000)
    routes = dict(default_setup().desk.groups)
    async with (
        desk_rig(tmp_path, clock=clock, simulated=True, routes=routes) as rig,
        listening(rig) as (
            address,
            first,
            _,
        ),
    ):
        headers = {"Content-Type": "application/json", "X-Webhook-Signature": sign(first.signing_secret.reveal(), BODY)}
        status, taken = await asyncio.to_thread(request, address, "POST", "/webhook/tradingview", BODY, headers)
        assert (status, taken["status"]) == (200, "received")

        await rig.until(lambda: rig.alert_row(taken["alert_id"]).status != "received")
        bearer = {"Authorization": f"Bearer {first.api_token.reveal()}"}
        path = f"/api/v1/orders/{taken['alert_id']}"
        status, found = await asyncio.to_thread(request, address, "GET", path, None, bearer)
        assert status == 200
        assert found["status"] in ("filled", "working"), rig.alert_row(taken["alert_id"]).text
        assert (found["symbol"], found["quantity"]) == ("ES", 1)
        assert found["contract"].startswith("ES")
        assert len(found["orders"]) == 1
