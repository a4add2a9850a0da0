from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tt_tui.domain import expiry
from tt_tui.domain.instrument import products
from tt_tui.domain.sessions import Session, shipped_calendar

CHICAGO = ZoneInfo("America/Chicago")
CALENDAR = shipped_calendar()
GLOBEX = ("equity_index", "fx", "rates", "metals", "energy", "crypto")
SECOND = 1_000_000_000


def dates(text: str) -> list[str]:
    return text.split()


# What differs from the usual hours, date by date: "x" is no session, else the hour of the last close.
# Holidays on Monday to Thursday halt, those on Friday close at noon, and early closes are business days.
HALTS = dates(
    "2024-01-15 2024-02-19 2024-05-27 2024-06-19 2024-07-04 2024-09-02 2024-11-28 "
    "2025-01-20 2025-02-17 2025-05-26 2025-06-19 2025-09-01 2025-11-27 "
    "2026-01-19 2026-02-16 2026-05-25 2026-09-07 2026-11-26 "
    "2027-01-18 2027-02-15 2027-05-31 2027-07-05 2027-09-06 2027-11-25"
)
FRIDAY_HALTS = dates("2025-07-04 2026-06-19 2026-07-03 2027-06-18")
CLOSED = dates(
    "2024-01-01 2024-03-29 2024-12-25 2025-01-01 2025-04-18 2025-12-25 2026-01-01 2026-12-25 "
    "2027-01-01 2027-03-26 2027-12-24"
)
AFTER_THANKSGIVING = dates("2024-11-29 2025-11-28 2026-11-27 2027-11-26")
CHRISTMAS_EVE = dates("2024-12-24 2025-12-24 2026-12-24")
GOOD_FRIDAY_2026 = ["2026-04-03"]

CLOSINGS: dict[str, list[tuple[list[str], str]]] = {
    "equity_index": [
        (HALTS, "12:00"),
        (FRIDAY_HALTS, "12:00"),
        (GOOD_FRIDAY_2026, "08:15"),
        (AFTER_THANKSGIVING, "12:15"),
        (CHRISTMAS_EVE, "12:15"),
        (["2024-07-03", "2025-07-03"], "12:15"),
        (["2025-01-09"], "08:30"),
    ],
    "fx": [
        (FRIDAY_HALTS, "12:00"),
        (GOOD_FRIDAY_2026, "10:15"),
        (AFTER_THANKSGIVING, "13:45"),
        (["2025-12-24", "2026-12-24"], "12:45"),
        (["2024-12-24"], "12:15"),
    ],
    "rates": [
        (HALTS, "12:00"),
        (FRIDAY_HALTS, "12:00"),
        (GOOD_FRIDAY_2026, "10:15"),
        (AFTER_THANKSGIVING, "12:15"),
        (CHRISTMAS_EVE, "12:15"),
        (["2025-01-09"], "12:15"),
    ],
    "metals": [
        (HALTS, "13:30"),
        (FRIDAY_HALTS, "12:00"),
        (GOOD_FRIDAY_2026, "x"),
        (AFTER_THANKSGIVING, "13:45"),
        (CHRISTMAS_EVE, "12:45"),
    ],
    "grains": [
        (HALTS, "x"),
        (FRIDAY_HALTS, "x"),
        (GOOD_FRIDAY_2026, "x"),
        (AFTER_THANKSGIVING, "12:05"),
        (CHRISTMAS_EVE, "12:05"),
        (["2025-01-09"], "12:15"),
    ],
    "crypto": [
        (FRIDAY_HALTS, "12:00"),
        (GOOD_FRIDAY_2026, "10:15"),
        (AFTER_THANKSGIVING, "13:45"),
        (CHRISTMAS_EVE, "12:45"),
    ],
    "us_equity": [
        (HALTS, "x"),
        (FRIDAY_HALTS, "x"),
        (GOOD_FRIDAY_2026, "x"),
        (["2025-01-09"], "x"),
        (AFTER_THANKSGIVING, "12:00"),
        (CHRISTMAS_EVE, "12:00"),
        (["2024-07-03", "2025-07-03"], "12:00"),
    ],
}
CLOSINGS["energy"] = CLOSINGS["metals"]
GRAINS_OPEN_AT_0830 = dates(
    "2024-01-02 2024-07-05 2024-11-29 2024-12-26 2025-01-02 2025-11-28 2025-12-26 2026-01-02 2026-11-27 2027-11-26"
)
USUAL_CLOSE = {"grains": time(13, 20), "us_equity": time(15)}

# Sundays on which the clock changes, and the UTC hour of 17:00 Chicago on that evening.
CLOCK_CHANGES = [
    (date(2024, 3, 10), 22),
    (date(2024, 11, 3), 23),
    (date(2025, 3, 9), 22),
    (date(2025, 11, 2), 23),
    (date(2026, 3, 8), 22),
    (date(2026, 11, 1), 23),
    (date(2027, 3, 14), 22),
    (date(2027, 11, 7), 23),
]


def at(text: str) -> int:
    """Nanoseconds of a Chicago wall time such as "2026-11-23 16:59:59"."""
    return int(datetime.fromisoformat(text).replace(tzinfo=CHICAGO).timestamp()) * SECOND


def wall(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment // SECOND, CHICAGO):%Y-%m-%d %H:%M}"


def closings(group: str) -> dict[date, time | None]:
    found: dict[date, time | None] = {date.fromisoformat(day): None for day in CLOSED}
    for days, close in CLOSINGS[group]:
        for day in days:
            found[date.fromisoformat(day)] = None if close == "x" else time.fromisoformat(close)
    return found


def expected_open(group: str, local: datetime, special: dict[date, time | None]) -> bool:
    """Say by the plain rules of the exchange whether a group trades at a Chicago wall time."""
    evening = {"grains": time(19), "us_equity": time(23, 59, 59)}.get(group, time(17))
    is_evening = local.time() >= evening
    day = local.date() + timedelta(days=is_evening)
    close = special.get(day, USUAL_CLOSE.get(group, time(16)))
    if day.weekday() >= 5 or close is None:
        return False
    if group == "us_equity":
        return time(8, 30) <= local.time() < close
    if group == "grains":
        if day.isoformat() in GRAINS_OPEN_AT_0830:
            return not is_evening and time(8, 30) <= local.time() < close
        return is_evening or local.time() < time(7, 45) or time(8, 30) <= local.time() < close
    return is_evening or local.time() < close


@pytest.mark.parametrize("group", CALENDAR.groups)
def test_every_special_day_of_four_years_and_no_other(group: str) -> None:
    special = closings(group)
    day = date(2024, 1, 1)
    while day <= date(2027, 12, 31):
        sessions = CALENDAR._sessions_of(group, day)
        if day.weekday() >= 5 or (day in special and special[day] is None):
            assert not sessions, day
        else:
            close = special.get(day) or USUAL_CLOSE.get(group, time(16))
            assert wall(sessions[-1].close_ns) == f"{day} {close:%H:%M}"
            assert all(one.early_close is (day in special) for one in sessions), day
        day += timedelta(days=1)


_edges = sorted({day for one in CALENDAR.groups for day in closings(one)} | {day for day, _ in CLOCK_CHANGES})


@pytest.mark.parametrize("group", ["equity_index", "metals", "grains", "us_equity"])
def test_every_minute_around_every_special_day_and_clock_change(group: str) -> None:
    special = closings(group)
    for day in _edges:
        start = at(f"{day - timedelta(days=1)} 13:00")
        for minute in range(0, 34 * 60, 1 if group == "equity_index" else 5):
            moment = start + minute * 60 * SECOND
            local = datetime.fromtimestamp(moment // SECOND, CHICAGO)
            assert CALENDAR.is_open(group, moment) is expected_open(group, local, special), local


@pytest.mark.parametrize("group", CALENDAR.groups)
def test_the_last_nanosecond_is_inside_and_the_close_is_not(group: str) -> None:
    for day in [*_edges, date(2026, 11, 23), date(2026, 7, 15)]:
        for one in CALENDAR._sessions_of(group, day):
            assert CALENDAR.is_open(group, one.open_ns)
            assert not CALENDAR.is_open(group, one.open_ns - 1)
            assert CALENDAR.is_open(group, one.close_ns - 1)
            assert not CALENDAR.is_open(group, one.close_ns)
            assert CALENDAR.session(group, one.close_ns - 1) == one


@pytest.mark.parametrize(
    ("group", "wall_time", "is_open"),
    [
        ("equity_index", "2026-11-22 16:59:59", False),
        ("equity_index", "2026-11-22 17:00:00", True),
        ("equity_index", "2026-11-23 15:59:59", True),
        ("equity_index", "2026-11-23 16:00:00", False),
        ("equity_index", "2026-11-23 16:59:59", False),
        ("equity_index", "2026-11-23 17:00:00", True),
        ("equity_index", "2026-11-20 16:00:00", False),
        ("equity_index", "2026-11-20 17:00:00", False),
        ("equity_index", "2026-11-21 12:00:00", False),
        ("grains", "2026-11-22 18:59:59", False),
        ("grains", "2026-11-22 19:00:00", True),
        ("grains", "2026-11-23 07:45:00", False),
        ("grains", "2026-11-23 08:29:59", False),
        ("grains", "2026-11-23 08:30:00", True),
        ("grains", "2026-11-23 13:20:00", False),
        ("grains", "2026-11-20 19:00:00", False),
        ("us_equity", "2026-11-23 08:29:59", False),
        ("us_equity", "2026-11-23 08:30:00", True),
        ("us_equity", "2026-11-23 15:00:00", False),
        ("crypto", "2026-11-21 12:00:00", False),
        ("crypto", "2026-11-22 17:00:00", True),
    ],
)
def test_the_week(group: str, wall_time: str, is_open: bool) -> None:
    assert CALENDAR.is_open(group, at(wall_time)) is is_open


@pytest.mark.parametrize(("sunday", "hour"), CLOCK_CHANGES)
@pytest.mark.parametrize("group", GLOBEX)
def test_hours_stay_put_on_the_wall_when_the_clock_changes(group: str, sunday: date, hour: int) -> None:
    monday, friday = sunday + timedelta(days=1), sunday - timedelta(days=2)
    opens = datetime(sunday.year, sunday.month, sunday.day, hour, tzinfo=UTC)

    assert CALENDAR.open_of(group, monday) == int(opens.timestamp()) * SECOND
    assert CALENDAR.close_of(group, monday) == int((opens + timedelta(hours=23)).timestamp()) * SECOND
    before = CALENDAR.close_of(group, friday)
    assert before is not None
    gap = 49 + (-1 if hour == 22 else 1)
    assert int(opens.timestamp()) * SECOND - before == gap * 3600 * SECOND
    assert CALENDAR.trade_date(group, int(opens.timestamp()) * SECOND - 1) == monday
    assert CALENDAR.next_open(group, before) == CALENDAR.open_of(group, monday)


@pytest.mark.parametrize(
    ("wall_time", "trade_date"),
    [
        ("2026-11-23 16:59:59", "2026-11-23"),
        ("2026-11-23 17:00:00", "2026-11-24"),
        ("2026-11-20 16:59:59", "2026-11-20"),
        ("2026-11-20 17:00:00", "2026-11-23"),
        ("2026-11-21 12:00:00", "2026-11-23"),
        ("2026-11-22 17:00:00", "2026-11-23"),
        ("2026-01-16 17:00:00", "2026-01-20"),
        ("2026-01-18 17:00:00", "2026-01-20"),
        ("2026-01-19 11:59:59", "2026-01-20"),
        ("2026-01-19 17:00:00", "2026-01-20"),
        ("2026-01-20 17:00:00", "2026-01-21"),
        ("2026-11-25 17:00:00", "2026-11-27"),
        ("2026-11-26 17:00:00", "2026-11-27"),
        ("2026-11-27 12:15:00", "2026-11-27"),
        ("2026-12-24 17:00:00", "2026-12-28"),
        ("2026-12-31 17:00:00", "2027-01-04"),
        ("2026-04-03 08:00:00", "2026-04-06"),
        ("2025-12-24 17:00:00", "2025-12-26"),
        ("2025-12-25 17:00:00", "2025-12-26"),
        ("2024-07-03 17:00:00", "2024-07-05"),
        ("2025-01-09 08:00:00", "2025-01-09"),
        ("2025-01-09 17:00:00", "2025-01-10"),
    ],
)
def test_trade_dates(wall_time: str, trade_date: str) -> None:
    assert CALENDAR.trade_date("equity_index", at(wall_time)) == date.fromisoformat(trade_date)


def test_a_holiday_of_one_group_alone_moves_only_its_trade_date() -> None:
    assert CALENDAR.trade_date("us_equity", at("2025-01-09 10:00:00")) == date(2025, 1, 10)
    assert CALENDAR.trade_date("fx", at("2025-01-09 10:00:00")) == date(2025, 1, 9)


_moments = st.integers(at("2023-12-01 00:00:00"), at("2028-01-31 00:00:00"))
_groups = st.sampled_from(CALENDAR.groups)


@given(group=_groups, moment=_moments)
def test_a_session_and_its_moments_agree_on_the_trade_date(group: str, moment: int) -> None:
    trade_date = CALENDAR.trade_date(group, moment)
    session = CALENDAR.session(group, moment)

    assert CALENDAR.is_open(group, moment) is (session is not None)
    assert trade_date.weekday() < 5
    assert CALENDAR.close_of(group, trade_date) is not None
    if session is not None:
        assert session.trade_date == trade_date
        assert session in CALENDAR.sessions_of(group, trade_date)


@given(group=_groups, first=_moments, second=_moments)
def test_trade_dates_never_go_back(group: str, first: int, second: int) -> None:
    early, late = sorted((first, second))
    assert CALENDAR.trade_date(group, early) <= CALENDAR.trade_date(group, late)


@given(group=_groups, moment=_moments)
def test_the_next_open_is_the_next_change_from_closed(group: str, moment: int) -> None:
    opens = CALENDAR.next_open(group, moment)
    session = CALENDAR.session(group, opens)

    assert opens > moment
    assert session is not None
    assert session.open_ns == opens
    assert not CALENDAR.is_open(group, opens - 1)
    if not CALENDAR.is_open(group, moment):
        assert not CALENDAR.is_open(group, (moment + opens) // 2)


@given(group=_groups, moment=_moments)
def test_the_last_regular_session_is_over_and_ordinary(group: str, moment: int) -> None:
    day = CALENDAR.last_regular_session(group, moment)
    close = CALENDAR.close_of(group, day)

    assert close is not None
    assert close <= moment
    assert day not in closings(group)
    assert wall(close) == f"{day} {USUAL_CLOSE.get(group, time(16)):%H:%M}"


@pytest.mark.parametrize(
    ("wall_time", "day"),
    [
        ("2026-11-23 15:59:59", "2026-11-20"),
        ("2026-11-23 16:00:00", "2026-11-23"),
        ("2026-11-28 12:00:00", "2026-11-25"),
        ("2026-11-26 16:00:00", "2026-11-25"),
        ("2026-12-27 12:00:00", "2026-12-23"),
        ("2026-01-20 10:00:00", "2026-01-16"),
    ],
)
def test_last_regular_sessions(wall_time: str, day: str) -> None:
    assert CALENDAR.last_regular_session("equity_index", at(wall_time)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("group", "wall_time", "opens"),
    [
        ("equity_index", "2026-11-20 16:00:00", "2026-11-22 17:00"),
        ("equity_index", "2026-11-23 16:30:00", "2026-11-23 17:00"),
        ("equity_index", "2026-11-23 17:00:00", "2026-11-24 17:00"),
        ("equity_index", "2026-11-26 12:00:00", "2026-11-26 17:00"),
        ("equity_index", "2026-11-27 12:15:00", "2026-11-29 17:00"),
        ("equity_index", "2026-12-24 12:15:00", "2026-12-27 17:00"),
        ("equity_index", "2025-12-24 12:15:00", "2025-12-25 17:00"),
        ("grains", "2026-11-25 13:20:00", "2026-11-27 08:30"),
        ("grains", "2026-11-23 07:45:00", "2026-11-23 08:30"),
        ("us_equity", "2026-11-25 15:00:00", "2026-11-27 08:30"),
    ],
)
def test_next_opens(group: str, wall_time: str, opens: str) -> None:
    assert wall(CALENDAR.next_open(group, at(wall_time))) == opens


def test_a_trade_date_after_a_holiday_holds_both_its_sessions() -> None:
    tuesday = date(2026, 1, 20)
    halted, usual = CALENDAR.sessions_of("equity_index", tuesday)

    assert (wall(halted.open_ns), wall(halted.close_ns)) == ("2026-01-18 17:00", "2026-01-19 12:00")
    assert (wall(usual.open_ns), wall(usual.close_ns)) == ("2026-01-19 17:00", "2026-01-20 16:00")
    assert (halted.early_close, usual.early_close) == (True, False)
    assert CALENDAR.open_of("equity_index", tuesday) == halted.open_ns
    assert CALENDAR.close_of("equity_index", tuesday) == usual.close_ns


@pytest.mark.parametrize("day", ["2026-01-19", "2026-11-21", "2026-12-25", "2026-04-03"])
def test_what_is_no_trade_date_neither_opens_nor_closes(day: str) -> None:
    assert CALENDAR.open_of("equity_index", date.fromisoformat(day)) is None
    assert CALENDAR.close_of("equity_index", date.fromisoformat(day)) is None


def test_holidays_of_the_data_are_the_exchanges_business_calendar() -> None:
    for year in range(2024, 2028):
        day, closed = date(year, 1, 1), set()
        while day.year == year:
            if day.weekday() < 5 and CALENDAR.close_of("metals", day) is None:
                closed.add(day)
            day += timedelta(days=1)
        assert closed == expiry.exchange_holidays(year)


def test_every_product_has_hours() -> None:
    assert {one.group for one in products().values()} | {"us_equity"} == set(CALENDAR.groups)


def test_wall_times_of_a_trade_date() -> None:
    assert wall(CALENDAR.at_wall(date(2026, 11, 23), "09:30")) == "2026-11-23 09:30"
    assert CALENDAR.at_wall(date(2026, 7, 1), "15:10") - CALENDAR.at_wall(date(2026, 7, 1), "00:00") == (
        (15 * 60 + 10) * 60 * SECOND
    )
    skipped = datetime(2026, 3, 8, 8, 30, tzinfo=UTC)
    assert CALENDAR.at_wall(date(2026, 3, 8), "02:30") == int(skipped.timestamp()) * SECOND
    repeated = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert CALENDAR.at_wall(date(2026, 11, 1), "01:30") == int(repeated.timestamp()) * SECOND


@pytest.mark.parametrize("text", ["9:30", "0930", "24:00", "12:60", "aa:bb", "", "09:30:00"])
def test_what_is_no_wall_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no wall time; write HH:MM"):
        CALENDAR.at_wall(date(2026, 11, 23), text)


@pytest.mark.parametrize(
    ("wall_time", "words"),
    [
        ("2026-11-23 10:00:00", "open until Mon 2026-11-23 16:00 CST"),
        ("2026-11-21 10:00:00", "closed (outside trading hours), opens Sun 2026-11-22 17:00 CST"),
        ("2026-11-26 13:00:00", "closed (Thanksgiving Day), opens Thu 2026-11-26 17:00 CST"),
        ("2026-11-27 13:00:00", "closed (Day after Thanksgiving), opens Sun 2026-11-29 17:00 CST"),
        ("2026-12-24 18:00:00", "closed (Christmas Day), opens Sun 2026-12-27 17:00 CST"),
        ("2026-07-15 16:30:00", "closed (outside trading hours), opens Wed 2026-07-15 17:00 CDT"),
    ],
)
def test_the_state_of_the_market_in_words(wall_time: str, words: str) -> None:
    assert CALENDAR.describe("equity_index", at(wall_time)) == words


def test_an_unknown_group_is_named() -> None:
    for call in (CALENDAR.is_open, CALENDAR.trade_date, CALENDAR.next_open, CALENDAR.last_regular_session):
        with pytest.raises(ValueError, match="no session hours for group 'tulips'; known are equity_index"):
            call("tulips", at("2026-11-23 10:00:00"))


def test_dates_beyond_the_data_are_told_apart() -> None:
    assert CALENDAR.covers(date(2024, 1, 1))
    assert CALENDAR.covers(date(2027, 12, 31))
    assert not CALENDAR.covers(date(2028, 1, 1))
    assert not CALENDAR.covers(date(2013, 10, 7))
    assert CALENDAR.is_open("equity_index", at("2013-10-07 10:00:00"))


def test_importing_the_calendar_reads_no_zone_and_no_file() -> None:
    code = (
        "import sys; import tt_tui.domain.sessions, tt_tui.domain.symbology, tt_tui.domain.rolls; "
        "print([name for name in ('zoneinfo', 'tomllib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_session_is_a_value() -> None:
    moment = at("2026-11-23 10:00:00")
    assert CALENDAR.session("equity_index", moment) == Session(
        group="equity_index",
        trade_date=date(2026, 11, 23),
        open_ns=at("2026-11-22 17:00:00"),
        close_ns=at("2026-11-23 16:00:00"),
        early_close=False,
    )
