from __future__ import annotations

from decimal import Decimal

import pytest

from tt_tui.domain.market import Print
from tt_tui.market.bars import DAY, BarBuilder, resample
from tt_tui.market.clocks import Hours

from .helpers import CALENDAR, HOUR, MINUTE, SECOND, bar, chicago, wall

HOURS = Hours(CALENDAR)
MONDAY = chicago("2026-11-23T10:00:00")


def test_a_bar_is_what_was_traded_in_its_time() -> None:
    builder = BarBuilder(60)
    closed = [
        builder.add_print(
            Print(symbol="ESZ6", price=Decimal(price), size=Decimal(size), ts_event=MONDAY + after * SECOND)
        )
        for after, price, size in ((0, 5, 1), (10, 9, 2), (20, 3, 3), (59, 4, 4), (60, 7, 5))
    ]

    assert closed == [None] * 4 + [bar(MONDAY, "5", "9", "3", "4", 10)]
    assert builder.current == bar(MONDAY + MINUTE, "7", "7", "7", "7", 5)


def test_a_quiet_bar_closes_by_the_clock() -> None:
    builder = BarBuilder(60)
    builder.add(MONDAY + SECOND, Decimal(5))

    assert builder.close(MONDAY + 59 * SECOND) is None
    assert builder.close(MONDAY + MINUTE) == bar(MONDAY, "5", "5", "5", "5", 0)
    assert builder.close(MONDAY + MINUTE) is None


def test_minutes_without_trades_have_no_bar() -> None:
    builder = BarBuilder(60)
    builder.add(MONDAY, Decimal(5))
    builder.add(MONDAY + 5 * MINUTE, Decimal(6))

    assert builder.current is not None
    assert builder.current.ts == MONDAY + 5 * MINUTE


def test_a_late_trade_is_left_out_but_a_clock_that_stepped_back_starts_anew() -> None:
    builder = BarBuilder(60)
    builder.add(MONDAY, Decimal(5))

    assert builder.add(MONDAY - SECOND, Decimal(99)) is None
    assert builder.current == bar(MONDAY, "5", "5", "5", "5", 0)
    assert builder.add(MONDAY - HOUR, Decimal(99)) == bar(MONDAY, "5", "5", "5", "5", 0)
    assert builder.current == bar(MONDAY - HOUR, "99", "99", "99", "99", 0)


def test_bars_count_from_the_open_and_end_with_the_session() -> None:
    builder = BarBuilder(4 * 3600, HOURS, "equity_index")
    moments = ["2026-11-22T17:00:00", "2026-11-22T21:30:00", "2026-11-23T15:59:59", "2026-11-23T17:00:01"]
    closed = [one for moment in moments if (one := builder.add(chicago(moment), Decimal(1)))]

    assert [wall(one.ts) for one in closed] == [
        "2026-11-22 17:00:00",
        "2026-11-22 21:00:00",
        "2026-11-23 13:00:00",
    ]
    assert builder.current is not None
    assert wall(builder.current.ts) == "2026-11-23 17:00:00"


def test_the_last_bar_of_a_session_is_over_at_its_close() -> None:
    builder = BarBuilder(4 * 3600, HOURS, "equity_index")
    builder.add(chicago("2026-11-23T15:00:00"), Decimal(1))

    assert builder.close(chicago("2026-11-23T15:59:59")) is None
    assert builder.close(chicago("2026-11-23T16:00:00")) is not None


@pytest.mark.parametrize(
    ("group", "moments"),
    [
        ("equity_index", ["2026-11-22T17:00:00", "2026-11-23T15:59:00"]),
        ("equity_index", ["2026-03-08T17:00:00", "2026-03-09T15:59:00"]),
        ("grains", ["2026-11-22T19:00:00", "2026-11-23T07:00:00", "2026-11-23T08:30:00", "2026-11-23T13:19:00"]),
        ("us_equity", ["2026-11-23T08:30:00", "2026-11-23T14:59:00"]),
    ],
)
def test_a_daily_bar_is_a_trade_date(group: str, moments: list[str]) -> None:
    builder = BarBuilder(DAY, HOURS, group)

    assert [builder.add(chicago(moment), Decimal(1), Decimal(1)) for moment in moments] == [None] * len(moments)
    assert builder.current is not None
    assert wall(builder.current.ts) == moments[0].replace("T", " ")
    assert builder.current.volume == len(moments)


def test_trades_outside_every_session_get_bars_all_the_same() -> None:
    saturday = chicago("2026-11-21T12:00:00")
    builder = BarBuilder(60, HOURS, "equity_index")
    builder.add(saturday + SECOND, Decimal(1))

    assert builder.current is not None
    assert builder.current.ts == saturday


@pytest.mark.parametrize("seconds", [0, -60, DAY + 1])
def test_a_length_that_makes_no_bars_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="a bar lasts"):
        BarBuilder(seconds)


def test_minutes_become_longer_bars() -> None:
    minutes = [bar(MONDAY + n * MINUTE, str(n), str(n + 5), str(n), str(n + 1), n) for n in range(7)]

    assert resample(minutes, 300, HOURS, "equity_index") == (
        bar(MONDAY, "0", "9", "0", "5", 10),
        bar(MONDAY + 5 * MINUTE, "5", "11", "5", "7", 11),
    )
    closed = resample(minutes, 300, HOURS, "equity_index", until=MONDAY + 7 * MINUTE)
    assert closed == (bar(MONDAY, "0", "9", "0", "5", 10),)
