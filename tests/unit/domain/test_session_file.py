from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tt_tui.domain.sessions import CalendarError, load, shipped_calendar

CHICAGO = ZoneInfo("America/Chicago")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=CHICAGO).timestamp()) * 1_000_000_000


def test_an_own_day_is_laid_over_the_shipped_ones(tmp_path: Path) -> None:
    file = tmp_path / "sessions.toml"
    file.write_text(
        "valid_through = 2028-12-31\n"
        '[[days]]\ndate = 2027-11-26\nname = "Storm"\nhours = { equity_index = "10:00" }\n'
        '[[days]]\ndate = 2028-01-17\nname = "Martin Luther King Jr. Day"\nkind = "halt"\n',
        encoding="utf-8",
    )

    calendar = load(file)

    assert not calendar.is_open("equity_index", at("2027-11-26 10:00"))
    assert calendar.is_open("metals", at("2027-11-26 15:00"))
    assert not calendar.is_open("equity_index", at("2028-01-17 12:00"))
    assert calendar.trade_date("equity_index", at("2028-01-17 11:00")) == date(2028, 1, 18)
    assert calendar.is_open("equity_index", at("2026-11-26 11:59"))
    assert not calendar.is_open("equity_index", at("2026-11-26 12:00"))
    assert calendar.covers(date(2028, 6, 1))
    assert shipped_calendar().is_open("equity_index", at("2027-11-26 10:00"))


def test_an_own_group_and_an_own_kind() -> None:
    calendar = load(
        '[groups.lean_hogs]\nhours = ["08:30 to 13:05"]\n'
        '[kinds.halt]\nholiday = ["lean_hogs"]\nhours = { lean_hogs = "closed" }\n'
    )

    assert calendar.is_open("lean_hogs", at("2026-11-23 13:04"))
    assert not calendar.is_open("lean_hogs", at("2026-11-23 13:05"))
    assert not calendar.is_open("lean_hogs", at("2026-11-26 10:00"))
    assert calendar.is_open("equity_index", at("2026-11-26 13:00"))


ROUND_THE_CLOCK = """
[groups.crypto]
hours = ["-1 17:00 to 16:00"]
[[groups.crypto.changes]]
enabled = {enabled}
effective = 2026-05-29
hours = ["-1 17:00 to 17:00"]
saturday = ["-1 17:00 to 02:00", "04:00 to 17:00"]
sunday = ["-1 17:00 to 17:00"]
ignores_days = true
"""


def test_crypto_trades_round_the_clock_once_switched_on() -> None:
    on, off = (load(ROUND_THE_CLOCK.format(enabled=word)) for word in ("true", "false"))

    for wall, is_open in [
        ("2026-05-28 16:30", False),
        ("2026-05-29 16:30", True),
        ("2026-05-29 18:00", True),
        ("2026-05-30 02:00", False),
        ("2026-05-30 04:00", True),
        ("2026-11-26 13:00", True),
        ("2026-12-25 10:00", True),
    ]:
        assert on.is_open("crypto", at(wall)) is is_open, wall
    assert on.trade_date("crypto", at("2026-05-30 12:00")) == date(2026, 6, 1)
    assert on.trade_date("crypto", at("2026-12-25 10:00")) == date(2026, 12, 28)
    assert not off.is_open("crypto", at("2026-05-30 12:00"))
    assert not shipped_calendar().is_open("crypto", at("2026-05-30 12:00"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("days = [", "sessions: no valid TOML: "),
        ("colour = 1", "sessions: top level: Object contains unknown field `colour`"),
        ("[[days]]\ndate = 2026-01-01\nname = 1", "sessions: days[0].name: Expected `str`, got `int`"),
        ("[[days]]\ndate = 2026-01-01", "sessions: days[0]: Object missing required field `name`"),
        (
            '[[days]]\ndate = 2026-01-01\nname = "x"\nkind = "halv"',
            "sessions: days 2026-01-01.kind: no kind 'halv'; write one of closed, halt",
        ),
        (
            '[[days]]\ndate = 2026-01-01\nname = "x"\nhours = { tulips = "closed" }',
            "sessions: days 2026-01-01: no group 'tulips'; write one of equity_index",
        ),
        (
            '[[days]]\ndate = 2026-01-01\nname = "x"\nholiday = ["tulips"]',
            "sessions: days 2026-01-01: no group 'tulips'",
        ),
        (
            '[[days]]\ndate = 2026-01-01\nname = "x"\nhours = { fx = "25:00" }',
            "sessions: days 2026-01-01.hours.fx: '25:00' is no wall time; write HH:MM",
        ),
        (
            '[[days]]\ndate = 2026-01-01\nname = "x"\nhours = { fx = "noon" }',
            "sessions: days 2026-01-01.hours.fx: 'noon' is no wall time",
        ),
        (
            '[[days]]\ndate = 2026-01-01\nname = "x"\nhours = { fx = ["8 to 9"] }',
            "sessions: days 2026-01-01.hours.fx: '8 to 9' is no span; write",
        ),
        (
            '[groups.fx]\nhours = ["09:00 to 08:00"]',
            "sessions: groups.fx.hours: '09:00 to 08:00' ends before it starts",
        ),
        (
            '[groups.fx]\nhours = ["08:00 to 10:00", "09:00 to 11:00"]',
            "sessions: groups.fx.hours: '09:00 to 11:00' ends before it starts, or starts before",
        ),
        (
            '[groups.fx]\nhours = []\n[[groups.fx.changes]]\neffective = 2026-01-01\nhours = ["x"]',
            "sessions: groups.fx.changes[0].hours: 'x' is no span",
        ),
        ('timezone = "Mars/Olympus"', "sessions: timezone: no zone 'Mars/Olympus'; write America/Chicago"),
        ('day_start = "5pm"', "sessions: day_start: '5pm' is no wall time"),
        ("valid_from = 2028-01-01", "sessions: valid_through: 2027-12-31 lies before valid_from, 2028-01-01"),
    ],
)
def test_a_bad_file_is_told_by_key_and_reason(text: str, words: str) -> None:
    with pytest.raises(CalendarError) as caught:
        load(text)
    assert words in str(caught.value)


def test_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("colour = 1", encoding="utf-8")
    with pytest.raises(CalendarError, match=r"mine\.toml: top level"):
        load(file)
    with pytest.raises(OSError, match="absent"):
        load(tmp_path / "absent.toml")


def test_a_group_without_sessions_has_no_next_open_and_no_regular_day() -> None:
    calendar = load("[groups.fx]\nhours = []")
    with pytest.raises(ValueError, match="fx: no session opens in the 40 days after 2026-11-23"):
        calendar.next_open("fx", at("2026-11-23 10:00"))
    with pytest.raises(ValueError, match="fx: no regular session in the 40 days before"):
        calendar.last_regular_session("fx", at("2026-11-23 10:00"))


def test_the_cache_stays_bounded() -> None:
    calendar = load("")
    for day in range(8_100):
        calendar.is_open("fx", day * 86_400 * 1_000_000_000)
    assert len(calendar._near) <= 8_000
