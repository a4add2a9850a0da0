"""When markets are open, and to which trade date a moment belongs.

Arithmetic is in the exchange's wall clock and only then converted, so that a session keeps its hours over a
change to or from daylight saving time. Moments are nanoseconds UTC, in and out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tt_tui.domain.session_file import (
    CalendarData,
    CalendarError,
    Span,
    SpecialDay,
    WeeklyHours,
    parse_data,
    shipped_data,
)

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["CalendarError", "Session", "SessionCalendar", "load", "shipped_calendar"]

_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
_ONE_DAY = timedelta(days=1)
_SEARCH_DAYS = 40
_CACHE_LIMIT = 8_000


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of open market; `open_ns` is inside it, `close_ns` no longer."""

    group: str
    trade_date: date
    open_ns: int
    close_ns: int
    early_close: bool
    """It ends before the usual hour of its day."""


class SessionCalendar:
    """The hours of every product group.

    Answers are cached by day. Several threads may ask: a cached answer is only ever replaced by its equal.
    """

    def __init__(self, data: CalendarData) -> None:
        from zoneinfo import ZoneInfo

        self._data = data
        self._zone: ZoneInfo = ZoneInfo(data.timezone)
        self._near: dict[tuple[str, int], tuple[Session, ...]] = {}
        self._dates: dict[tuple[str, int], tuple[tuple[int, date], ...]] = {}

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the names of all product groups."""
        return tuple(self._data.groups)

    def covers(self, on: date) -> bool:
        """Tell whether holidays and early closes are known for a date; outside only weekly hours are."""
        return self._data.valid_from <= on <= self._data.valid_through

    def is_open(self, group: str, at: int) -> bool:
        """Tell whether the group trades at a moment; ValueError for an unknown group."""
        return self.session(group, at) is not None

    def session(self, group: str, at: int) -> Session | None:
        """Return the open stretch that contains a moment, None while closed."""
        for one in self._sessions_near(group, at):
            if one.open_ns <= at < one.close_ns:
                return one
        return None

    def trade_date(self, group: str, at: int) -> date:
        """Return the trade date of a moment, open or closed: 17:00 begins the next business day's."""
        key = (group, at // _DAY)
        starts = self._dates.get(key)
        if starts is None:
            starts = self._dates[key] = self._date_starts(group, at)
        return next(day for start, day in starts if at >= start)

    def next_open(self, group: str, at: int) -> int:
        """Return the next moment strictly after this one at which a session opens.

        Raises:
            ValueError: the group is unknown, or nothing opens within forty days.
        """
        day = self._local_date(at)
        for _ in range(_SEARCH_DAYS):
            for one in self._sessions_of(group, day):
                if one.open_ns > at:
                    return one.open_ns
            day += _ONE_DAY
        raise ValueError(f"{group}: no session opens in the {_SEARCH_DAYS} days after {self._local_date(at)}")

    def sessions_of(self, group: str, trade_date: date) -> tuple[Session, ...]:
        """Return all sessions of a trade date in order, those of a holiday before it included."""
        if not self._is_business_day(group, trade_date):
            return ()
        first = trade_date
        while not self._is_business_day(group, first - _ONE_DAY):
            first -= _ONE_DAY
        days = (first + timedelta(days=n) for n in range((trade_date - first).days + 1))
        return tuple(one for day in days for one in self._sessions_of(group, day))

    def open_of(self, group: str, trade_date: date) -> int | None:
        """Return when a trade date first opens, None where it has no session."""
        found = self.sessions_of(group, trade_date)
        return found[0].open_ns if found else None

    def close_of(self, group: str, trade_date: date) -> int | None:
        """Return when a trade date finally closes, None where it has no session."""
        found = self.sessions_of(group, trade_date)
        return found[-1].close_ns if found else None

    def last_regular_session(self, group: str, at: int) -> date:
        """Return the newest trade date of usual hours, no holiday and no early close, that is over.

        Raises:
            ValueError: the group is unknown, or had none within forty days.
        """
        day = self._local_date(at)
        for _ in range(_SEARCH_DAYS):
            if self._is_regular(group, day) and self._sessions_of(group, day)[-1].close_ns <= at:
                return day
            day -= _ONE_DAY
        raise ValueError(f"{group}: no regular session in the {_SEARCH_DAYS} days before {self._local_date(at)}")

    def at_wall(self, trade_date: date, wall: str) -> int:
        """Return the moment of an exchange wall time ("09:30") on a date.

        A time that a clock change skips or repeats is taken as of the clock before the change.
        """
        return self._moment(trade_date, _minutes(wall))

    def describe(self, group: str, at: int) -> str:
        """Return in words until when the group trades, or why it is closed and when it opens."""
        now = self.session(group, at)
        if now is not None:
            return f"open until {self._in_words(now.close_ns)}"
        special = self._special(group, self._calendar_day(at))
        reason = special.name if special else "outside trading hours"
        return f"closed ({reason}), opens {self._in_words(self.next_open(group, at))}"

    def _hours(self, group: str, day: date) -> WeeklyHours:
        try:
            versions = self._data.groups[group]
        except KeyError:
            known = ", ".join(self._data.groups)
            raise ValueError(f"no session hours for group {group!r}; known are {known}") from None
        return next(one for one in versions if one.effective <= day)

    def _special(self, group: str, day: date) -> SpecialDay | None:
        found = self._data.days.get(day)
        return found if found is not None and group in found.groups else None

    def _spans(self, group: str, day: date) -> tuple[Span, ...]:
        hours = self._hours(group, day)
        usual = hours.on(day)
        special = self._special(group, day)
        if special is None or hours.ignores_days:
            return usual
        change = special.groups[group]
        if change.spans is not None:
            return change.spans
        cut = change.cut or 0
        return tuple(Span(one.start, min(one.end, cut)) for one in usual if one.start < cut)

    def _sessions_of(self, group: str, day: date) -> tuple[Session, ...]:
        spans = self._spans(group, day)
        if not spans:
            return ()
        usual = self._hours(group, day).on(day)
        early = bool(usual) and spans[-1].end < usual[-1].end
        trade_date = self._business_day_from(group, day)
        return tuple(
            Session(
                group=group,
                trade_date=trade_date,
                open_ns=self._moment(day, span.start),
                close_ns=self._moment(day, span.end),
                early_close=early,
            )
            for span in spans
        )

    def _sessions_near(self, group: str, at: int) -> tuple[Session, ...]:
        key = (group, at // _DAY)
        found = self._near.get(key)
        if found is None:
            start = at // _DAY * _DAY
            days = _days_around(self._local_date(at))
            sessions = (one for day in days for one in self._sessions_of(group, day))
            found = tuple(one for one in sessions if one.open_ns < start + _DAY and one.close_ns > start)
            _make_room(self._near)
            self._near[key] = found
        return found

    def _date_starts(self, group: str, at: int) -> tuple[tuple[int, date], ...]:
        self._hours(group, self._local_date(at))
        _make_room(self._dates)
        return tuple(
            (self._moment(day, self._data.day_start), self._business_day_from(group, day + _ONE_DAY))
            for day in reversed(list(_days_around(self._local_date(at))))
        )

    def _is_business_day(self, group: str, day: date) -> bool:
        if day.weekday() >= 5:
            return False
        special = self._data.days.get(day)
        return special is None or (special.holiday is not None and group not in special.holiday)

    def _business_day_from(self, group: str, day: date) -> date:
        while not self._is_business_day(group, day):
            day += _ONE_DAY
        return day

    def _is_regular(self, group: str, day: date) -> bool:
        spans = self._spans(group, day)
        return bool(spans) and self._is_business_day(group, day) and spans == self._hours(group, day).on(day)

    def _calendar_day(self, at: int) -> date:
        """Return the day whose hours a moment falls under, business day or not."""
        local = datetime.fromtimestamp(at // _SECOND, self._zone)
        late = local.hour * 60 + local.minute >= self._data.day_start
        return local.date() + (_ONE_DAY if late else timedelta())

    def _local_date(self, at: int) -> date:
        return datetime.fromtimestamp(at // _SECOND, self._zone).date()

    def _moment(self, day: date, minutes: int) -> int:
        shift, minute = divmod(minutes, 24 * 60)
        wall = time(minute // 60, minute % 60)
        local = datetime.combine(day + timedelta(days=shift), wall, tzinfo=self._zone)
        return int(local.timestamp()) * _SECOND

    def _in_words(self, at: int) -> str:
        return f"{datetime.fromtimestamp(at // _SECOND, self._zone):%a %Y-%m-%d %H:%M %Z}"


@lru_cache(maxsize=1)
def shipped_calendar() -> SessionCalendar:
    """Return the calendar of the data shipped with the program."""
    return SessionCalendar(shipped_data())


def load(source: str | Path) -> SessionCalendar:
    """Return the calendar of the user's own file (a path) or text, laid over the shipped data.

    Raises:
        CalendarError: names the file, the key, the reason and what to write.
        OSError: the file can't be read.
    """
    if isinstance(source, Path):
        return SessionCalendar(parse_data(source.read_text(encoding="utf-8"), str(source)))
    return SessionCalendar(parse_data(source, "sessions"))


def _days_around(day: date) -> Iterator[date]:
    return (day + timedelta(days=shift) for shift in (-2, -1, 0, 1, 2))


def _make_room(cache: dict[tuple[str, int], Any]) -> None:
    if len(cache) >= _CACHE_LIMIT:
        cache.clear()


def _minutes(wall: str) -> int:
    parts = wall.split(":")
    if len(parts) == 2 and all(len(part) == 2 and part.isdecimal() for part in parts):
        minutes = int(parts[0]) * 60 + int(parts[1])
        if int(parts[1]) < 60 and minutes < 24 * 60:
            return minutes
    raise ValueError(f"{wall!r} is no wall time; write HH:MM, like 09:30")
