"""The session file: reads hours and special days from TOML, or says which key is wrong and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec

_SHIPPED = Path(__file__).with_name("data") / "sessions.toml"
_SPAN = re.compile(r"(?P<before>-1 )?(?P<start>[0-9]{2}:[0-9]{2}) to (?P<end>[0-9]{2}:[0-9]{2})")
_WALL = re.compile(r"([0-9]{2}):([0-9]{2})")
_MINUTES_PER_DAY = 24 * 60


class CalendarError(ValueError):
    """A session file that can't be used; the text names file, key, reason and what to write."""


class Span(msgspec.Struct, frozen=True):
    """Open from `start` to `end`, in wall-clock minutes from the midnight that begins the day.

    A negative start lies on the day before.
    """

    start: int
    end: int


class Special(msgspec.Struct, frozen=True):
    """What one group does on a special day: its hours end at `cut`, or are `spans` instead."""

    cut: int | None = None
    spans: tuple[Span, ...] | None = None


class SpecialDay(msgspec.Struct, frozen=True, kw_only=True):
    """A date on which some groups keep other hours."""

    name: str
    groups: Mapping[str, Special]
    holiday: frozenset[str] | None
    """Groups for which it is no business day; None means all."""
    confidence: str


class WeeklyHours(msgspec.Struct, frozen=True, kw_only=True):
    """The hours of one group from a date on."""

    effective: date
    weekday: tuple[Span, ...]
    saturday: tuple[Span, ...] = ()
    sunday: tuple[Span, ...] = ()
    ignores_days: bool = False

    def on(self, day: date) -> tuple[Span, ...]:
        """Return the spans that belong to a calendar day."""
        weekday = day.weekday()
        return self.weekday if weekday < 5 else self.saturday if weekday == 5 else self.sunday


class CalendarData(msgspec.Struct, frozen=True, kw_only=True):
    """A session file, checked and ready for use."""

    timezone: str
    day_start: int
    """Wall-clock minute at which the next trade date begins."""
    valid_from: date
    valid_through: date
    groups: Mapping[str, tuple[WeeklyHours, ...]]
    """Hours of a group, newest first."""
    days: Mapping[date, SpecialDay]


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    effective: date
    hours: list[str]
    enabled: bool = True
    saturday: list[str] = []
    sunday: list[str] = []
    ignores_days: bool = False


class _Group(msgspec.Struct, forbid_unknown_fields=True):
    hours: list[str]
    changes: list[_Change] = []


class _Kind(msgspec.Struct, forbid_unknown_fields=True):
    hours: dict[str, str | list[str]] = {}
    holiday: bool | list[str] = False


class _Day(msgspec.Struct, forbid_unknown_fields=True):
    date: date
    name: str
    kind: str | None = None
    hours: dict[str, str | list[str]] = {}
    holiday: bool | list[str] | None = None
    confidence: Literal["listed", "rule", "own"] = "own"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    verified_on: date | None = None
    valid_from: date | None = None
    valid_through: date | None = None
    timezone: str | None = None
    day_start: str | None = None
    groups: dict[str, _Group] = {}
    kinds: dict[str, _Kind] = {}
    days: list[_Day] = []


@lru_cache(maxsize=1)
def shipped_data() -> CalendarData:
    """Return the session data shipped with the program."""
    return _compile(_shipped_file(), _SHIPPED.name)


def parse_data(text: str, origin: str) -> CalendarData:
    """Return the user's session file laid over the shipped one.

    Raises:
        CalendarError: the text is no TOML, or a key of it can't be used.
    """
    own, base = _parse(text, origin), _shipped_file()
    days = {one.date: one for one in base.days} | {one.date: one for one in own.days}
    merged = _File(
        verified_on=own.verified_on or base.verified_on,
        valid_from=own.valid_from or base.valid_from,
        valid_through=own.valid_through or base.valid_through,
        timezone=own.timezone or base.timezone,
        day_start=own.day_start or base.day_start,
        groups=base.groups | own.groups,
        kinds=base.kinds | own.kinds,
        days=list(days.values()),
    )
    return _compile(merged, origin)


@lru_cache(maxsize=1)
def _shipped_file() -> _File:
    return _parse(_SHIPPED.read_text(encoding="utf-8"), _SHIPPED.name)


def _parse(text: str, origin: str) -> _File:
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        raise CalendarError(f"{origin}: no valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        key = path.strip("`").removeprefix("$.") or "top level"
        raise CalendarError(f"{origin}: {key}: {reason}") from error


def _compile(file: _File, origin: str) -> CalendarData:
    first, last = file.valid_from or date.min, file.valid_through or date.max
    if first > last:
        raise CalendarError(f"{origin}: valid_through: {last} lies before valid_from, {first}")
    return CalendarData(
        timezone=_timezone(file.timezone or "America/Chicago", origin),
        day_start=_wall(file.day_start or "17:00", f"{origin}: day_start"),
        valid_from=first,
        valid_through=last,
        groups={name: _weekly(one, f"{origin}: groups.{name}") for name, one in file.groups.items()},
        days={one.date: _special_day(one, file, f"{origin}: days {one.date}") for one in file.days},
    )


def _timezone(name: str, origin: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CalendarError(f"{origin}: timezone: no zone {name!r}; write America/Chicago") from error
    return name


def _weekly(group: _Group, where: str) -> tuple[WeeklyHours, ...]:
    hours = [WeeklyHours(effective=date.min, weekday=_spans(group.hours, f"{where}.hours"))]
    for number, change in enumerate(group.changes):
        at = f"{where}.changes[{number}]"
        found = WeeklyHours(
            effective=change.effective,
            weekday=_spans(change.hours, f"{at}.hours"),
            saturday=_spans(change.saturday, f"{at}.saturday"),
            sunday=_spans(change.sunday, f"{at}.sunday"),
            ignores_days=change.ignores_days,
        )
        if change.enabled:
            hours.append(found)
    return tuple(sorted(hours, key=lambda one: one.effective, reverse=True))


def _special_day(day: _Day, file: _File, where: str) -> SpecialDay:
    kind = _Kind()
    if day.kind is not None:
        if day.kind not in file.kinds:
            raise CalendarError(f"{where}.kind: no kind {day.kind!r}; write one of {', '.join(file.kinds)}")
        kind = file.kinds[day.kind]
    hours = kind.hours | day.hours
    holiday = kind.holiday if day.holiday is None else day.holiday
    named = [*hours, *(holiday if isinstance(holiday, list) else [])]
    for group in named:
        if group not in file.groups:
            known = ", ".join(file.groups)
            raise CalendarError(f"{where}: no group {group!r}; write one of {known}")
    return SpecialDay(
        name=day.name,
        groups={group: _special(value, f"{where}.hours.{group}") for group, value in hours.items()},
        holiday=None if holiday is True else frozenset(holiday or ()),
        confidence=day.confidence,
    )


def _special(value: str | list[str], where: str) -> Special:
    if value == "closed":
        return Special(spans=())
    if isinstance(value, str):
        return Special(cut=_wall(value, where))
    return Special(spans=_spans(value, where))


def _spans(texts: list[str], where: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    for text in texts:
        match = _SPAN.fullmatch(text)
        if match is None:
            raise CalendarError(f"{where}: {text!r} is no span; write '-1 17:00 to 16:00' or '08:30 to 13:20'")
        start = _wall(match["start"], where) - (_MINUTES_PER_DAY if match["before"] else 0)
        span = Span(start, _wall(match["end"], where))
        if span.start >= span.end or (spans and span.start < spans[-1].end):
            raise CalendarError(f"{where}: {text!r} ends before it starts, or starts before the one before ends")
        spans.append(span)
    return tuple(spans)


def _wall(text: str, where: str) -> int:
    match = _WALL.fullmatch(text)
    minutes = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else -1
    if not 0 <= minutes <= _MINUTES_PER_DAY:
        raise CalendarError(f"{where}: {text!r} is no wall time; write HH:MM, 00:00 to 24:00")
    return minutes
