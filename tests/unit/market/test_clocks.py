from __future__ import annotations

import pytest

from tt_tui.market.clocks import SIMULATED_SPAN, Hours, ReplayClock, SimulatedVenueClock, WallVenueClock

from .helpers import CALENDAR, HOUR, MINUTE, SECOND, FakeClock, chicago, wall


def simulated(moment: str) -> SimulatedVenueClock:
    return SimulatedVenueClock(FakeClock(chicago(moment)), CALENDAR)


def test_the_wall_venue_clock_is_the_wall_clock() -> None:
    venue = WallVenueClock(FakeClock(5))

    assert (venue.now(), venue.label) == (5, "")


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-23T15:30:00",  # Monday, after the cash close
        "2026-11-23T10:00:00",
        "2026-11-23T15:59:59",
        "2026-11-23T17:00:00",  # the daily break is over
        "2026-11-27T12:00:00",  # early close at 12:15
        "2026-11-22T17:00:00",  # Sunday's open
        "2026-03-08T17:00:00",  # Sunday on which summer time began
        "2026-11-01T17:00:00",  # and ended
        "2027-01-04T03:00:00",
    ],
)
def test_it_follows_the_wall_clock_while_the_real_session_is_open(moment: str) -> None:
    venue = simulated(moment)

    assert wall(venue.now()) == moment.replace("T", " ")
    assert venue.label == ""


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20T16:00:00", "2026-11-20 09:30:00"),  # Friday's close
        ("2026-11-20T16:30:00", "2026-11-20 10:00:00"),
        ("2026-11-20T21:29:59", "2026-11-20 14:59:59"),
        ("2026-11-20T21:30:00", "2026-11-20 09:30:00"),  # the loop starts over
        ("2026-11-21T12:00:00", "2026-11-20 13:00:00"),  # Saturday, 20 h after the close
        ("2026-11-22T16:59:00", "2026-11-20 14:29:00"),  # Sunday, 48 h 59 min after the close
        ("2026-11-23T16:00:00", "2026-11-23 09:30:00"),  # the daily break
        ("2026-11-23T16:59:59", "2026-11-23 10:29:59"),
        ("2026-12-25T10:00:00", "2026-12-23 14:45:00"),  # Christmas, 21 h 45 after the 24th closed early
        ("2026-11-27T12:15:00", "2026-11-25 09:30:00"),  # an early close is no regular session
        ("2026-03-08T12:00:00", "2026-03-06 14:00:00"),  # the Sunday is an hour short: 43 h after the close
        ("2026-11-01T12:00:00", "2026-10-30 10:30:00"),  # and an hour longer: 45 h after it
    ],
)
def test_it_runs_on_inside_the_last_regular_session_while_the_real_one_is_closed(moment: str, expected: str) -> None:
    venue = simulated(moment)

    assert wall(venue.now()) == expected
    assert venue.label == "SIM TIME"


def test_every_hour_of_two_years_has_an_open_session() -> None:
    clock = FakeClock(chicago("2026-01-01T00:07:00"))
    venue = SimulatedVenueClock(clock, CALENDAR)
    end = chicago("2027-12-31T00:00:00")

    shut = []
    while clock.wall < end:
        now = venue.now()
        inside = "09:30" <= wall(now)[11:16] < "15:00"
        if not CALENDAR.is_open("equity_index", now) or (venue.label and not inside):
            shut.append(wall(clock.wall))
        clock.wall += HOUR

    assert not shut


def test_one_clock_object_goes_through_a_whole_weekend() -> None:
    clock = FakeClock(chicago("2026-11-20T15:59:00"))
    venue = SimulatedVenueClock(clock, CALENDAR)

    labels = []
    for _ in range(51 * 60):
        labels.append(venue.label)
        assert CALENDAR.is_open("equity_index", venue.now())
        clock.wall += MINUTE

    assert labels.count("SIM TIME") == 49 * 60
    assert labels[0] == labels[-1] == ""


def test_the_loop_is_five_and_a_half_hours() -> None:
    clock = FakeClock(chicago("2026-11-21T12:00:00"))
    venue = SimulatedVenueClock(clock, CALENDAR)
    before = venue.now()
    clock.wall += SIMULATED_SPAN

    assert venue.now() == before


def test_hours_remember_a_window_until_it_ends() -> None:
    hours = Hours(CALENDAR)
    friday = chicago("2026-11-20T15:59:59")

    assert hours.is_open("equity_index", friday)
    assert not hours.is_open("equity_index", friday + SECOND)
    assert hours.is_open("equity_index", friday)
    assert hours.last_open("equity_index", friday + 20 * HOUR).end == friday + SECOND


def test_hours_say_when_nothing_was_open() -> None:
    with pytest.raises(ValueError, match="no session hours"):
        Hours(CALENDAR).window("cheese", chicago("2026-11-20T12:00:00"))


def test_a_replay_clock_measures_at_its_speed_and_stands_while_paused() -> None:
    clock = FakeClock(0)
    venue = ReplayClock(clock, 1_000 * SECOND, speed=20)
    clock.pass_time(2 * SECOND)

    assert venue.now() == 1_000 * SECOND
    assert venue.due() == 1_040 * SECOND

    venue.advance(1_040 * SECOND)
    venue.pause()
    clock.pass_time(60 * SECOND)
    assert venue.due() == venue.now() == 1_040 * SECOND

    venue.resume()
    clock.pass_time(SECOND)
    assert venue.due() == 1_060 * SECOND


def test_a_change_of_speed_counts_from_now() -> None:
    clock = FakeClock(0)
    venue = ReplayClock(clock, 0, speed=1)
    clock.pass_time(10 * SECOND)
    venue.advance(10 * SECOND)

    venue.set_speed(60)
    clock.pass_time(SECOND)

    assert venue.due() == 70 * SECOND


def test_the_label_of_a_replay_says_what_it_does() -> None:
    venue = ReplayClock(FakeClock(0), 0, speed=2.5)
    labels = [venue.label]
    venue.set_speed(0)
    labels.append(venue.label)
    assert venue.due() is None
    venue.pause()
    labels.append(venue.label)
    venue.finish()
    labels.append(venue.label)
    venue.resume()
    venue.jump(0)
    labels.append(venue.label)

    assert labels == ["REPLAY 2.5x", "REPLAY MAX", "REPLAY PAUSED", "REPLAY ENDED", "REPLAY MAX"]


@pytest.mark.parametrize("speed", [-1.0, float("inf"), float("nan")])
def test_a_senseless_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="a replay's speed"):
        ReplayClock(FakeClock(0), 0, speed)
