from __future__ import annotations

import pytest

from tt_tui.domain.errors import Unavailable
from tt_tui.market.history import History

from .helpers import CALENDAR, ES, MINUTE, FakeSource, FakeVenue, bar, chicago

MONDAY = chicago("2026-11-23T10:00:00")
VENUE = FakeVenue(MONDAY)
MINUTES = [bar(MONDAY + (n - 60) * MINUTE, "5", "6", "4", "5") for n in range(60)]


async def test_the_first_source_that_keeps_history_answers() -> None:
    silent, keeper, spare = (
        FakeSource("silent", VENUE),
        FakeSource("keeper", VENUE, MINUTES),
        FakeSource("spare", VENUE, []),
    )

    assert await History([silent, keeper, spare], CALENDAR).bars(ES, 60, 3) == tuple(MINUTES[-3:])


async def test_a_length_that_a_source_lacks_is_made_of_its_minutes() -> None:
    keeper = FakeSource("keeper", VENUE, MINUTES)

    bars = await History([keeper], CALENDAR).bars(ES, 900, 2)

    assert [(one.ts, int(one.volume)) for one in bars] == [(MONDAY - 30 * MINUTE, 15), (MONDAY - 15 * MINUTE, 15)]
    assert keeper.history_asked == [(900, 2), (60, 45)]


async def test_nobody_having_history_is_said_with_every_reason() -> None:
    sources = [FakeSource("silent", VENUE), FakeSource("keeper", VENUE, MINUTES)]

    with pytest.raises(Unavailable) as refused:
        await History(sources, CALENDAR).bars(ES, 30, 5)

    assert str(refused.value) == (
        "no history of ESZ6: silent: keeps no history; keeper: only one-minute bars, asked were 30 s"
    )


async def test_no_source_at_all_is_a_sentence() -> None:
    with pytest.raises(Unavailable, match="no source of market data is configured"):
        await History([], CALENDAR).bars(ES, 60, 5)


@pytest.mark.parametrize(("seconds", "count"), [(0, 1), (86_401, 1), (60, 0)])
async def test_senseless_wishes_are_refused(seconds: int, count: int) -> None:
    with pytest.raises(ValueError, match="bars last"):
        await History([], CALENDAR).bars(ES, seconds, count)
