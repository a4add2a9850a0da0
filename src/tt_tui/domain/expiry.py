"""Business days of the exchange, and when a contract month ends, gives notice and rolls.

Rules are pure functions of a year and a month (source: CME contract pages as gathered in the project's
futures facts, section 4). First notice and roll days are usage, not exchange law: a roll calendar lets
the user override them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

_Entry = TypeVar("_Entry")

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_MONDAY, _WEDNESDAY, _THURSDAY, _FRIDAY = 0, 2, 3, 4
_JUNETEENTH_SINCE = 2022
_MONDAY_ROLL_SINCE = date(2022, 6, 13)


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (anonymous Gregorian computus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    """Return the n-th such weekday of a month (Monday is 0); n = -1 is the last one."""
    if n < 0:
        end = _first_of_next(year, month) - _ONE_DAY
        return end - timedelta(days=(end.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


@lru_cache(maxsize=256)
def exchange_holidays(year: int) -> frozenset[date]:
    """Return the weekdays of a year that are no business days at CME Group.

    A holiday on Sunday is kept on Monday, one on Saturday on Friday, save New Year's Day, which a Saturday
    swallows. Juneteenth counts from 2022.
    """
    fixed = [date(year, 7, 4), date(year, 12, 25)]
    if year >= _JUNETEENTH_SINCE:
        fixed.append(date(year, 6, 19))
    kept = {_observed(day) for day in fixed}
    new_year = date(year, 1, 1)
    if new_year.weekday() != _SATURDAY:
        kept.add(_observed(new_year))
    kept.update(
        (
            nth_weekday(year, 1, _MONDAY, 3),
            nth_weekday(year, 2, _MONDAY, 3),
            easter(year) - 2 * _ONE_DAY,
            nth_weekday(year, 5, _MONDAY, -1),
            nth_weekday(year, 9, _MONDAY, 1),
            nth_weekday(year, 11, _THURSDAY, 4),
        )
    )
    return frozenset(kept)


def is_business_day(day: date) -> bool:
    """Tell whether the exchange counts this date as a business day."""
    return day.weekday() < _SATURDAY and day not in exchange_holidays(day.year)


def shift_business_days(day: date, count: int) -> date:
    """Return the date that many business days after `day` (before it when negative); 0 returns it as is."""
    step = _ONE_DAY if count > 0 else -_ONE_DAY
    for _ in range(abs(count)):
        day += step
        while not is_business_day(day):
            day += step
    return day


def last_trade(rule: str, year: int, month: int) -> date:
    """Return the last trading day of a contract month by the named rule; ValueError for an unknown name."""
    return _rule(_LAST_TRADE, "last_trade", rule)(year, month)


def first_notice(rule: str, last_trade_rule: str, year: int, month: int) -> date | None:
    """Return the first notice day by the named rule; None where nothing is delivered by notice."""
    if rule == "none":
        return None
    if rule == "prior-month-end":
        return shift_business_days(date(year, month, 1), -1)
    after = _rule(_NOTICE_AFTER_LAST_TRADE, "first_notice", rule)
    return shift_business_days(last_trade(last_trade_rule, year, month), after)


def roll(rule: str, year: int, month: int, last: date, notice: date | None) -> date:
    """Return the first trade date on which the next liquid contract is the front one, by the named rule."""
    if rule == "monday-of-expiry-week":
        return _equity_roll(year, month)
    base, days = _rule(_ROLL, "roll", rule)
    origin = last if base == "last_trade" else notice
    if origin is None:
        raise ValueError(f"roll rule {rule!r} counts from the first notice day, but this product has none")
    return shift_business_days(origin, -days)


def check_rules(last_trade_rule: str, first_notice_rule: str, roll_rule: str) -> None:
    """Raise ValueError, naming the key, when one of the three rule names is unknown."""
    _rule(_LAST_TRADE, "last_trade", last_trade_rule)
    if first_notice_rule not in {"none", "prior-month-end"}:
        _rule(_NOTICE_AFTER_LAST_TRADE, "first_notice", first_notice_rule)
    if roll_rule != "monday-of-expiry-week":
        _rule(_ROLL, "roll", roll_rule)


def _rule(table: Mapping[str, _Entry], key: str, name: str) -> _Entry:
    try:
        return table[name]
    except KeyError:
        known = ", ".join(sorted(table))
        raise ValueError(f"{key}: unknown rule {name!r}; write one of {known}") from None


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _first_of_next(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def _first_of_prior(year: int, month: int) -> date:
    return date(year, month, 1) - _ONE_DAY


def _back_to_business_day(day: date) -> date:
    return day if is_business_day(day) else shift_business_days(day, -1)


def _third_friday(year: int, month: int) -> date:
    return _back_to_business_day(nth_weekday(year, month, _FRIDAY, 3))


def _equity_roll(year: int, month: int) -> date:
    friday = nth_weekday(year, month, _FRIDAY, 3)
    # Before June 2022 the lead month changed on the Thursday eight days before the expiry.
    return friday - timedelta(days=4 if friday >= _MONDAY_ROLL_SINCE else 8)


def _two_before_third_wednesday(year: int, month: int) -> date:
    return shift_business_days(nth_weekday(year, month, _WEDNESDAY, 3), -2)


def _from_month_end(year: int, month: int, count: int) -> date:
    """Return the last business day of the month (0) or the one that many business days before it."""
    return shift_business_days(shift_business_days(_first_of_next(year, month), -1), -count)


def _third_last_of_prior_month(year: int, month: int) -> date:
    prior = _first_of_prior(year, month)
    return _from_month_end(prior.year, prior.month, 2)


def _crude_oil(year: int, month: int) -> date:
    twenty_fifth = _first_of_prior(year, month).replace(day=25)
    return shift_business_days(twenty_fifth, -3 if is_business_day(twenty_fifth) else -4)


def _natural_gas(year: int, month: int) -> date:
    return shift_business_days(date(year, month, 1), -3)


def _last_friday(year: int, month: int) -> date:
    return _back_to_business_day(nth_weekday(year, month, _FRIDAY, -1))


_LAST_TRADE: Mapping[str, Callable[[int, int], date]] = MappingProxyType(
    {
        "third-friday": _third_friday,
        "two-before-third-wednesday": _two_before_third_wednesday,
        "seven-before-month-end": lambda year, month: _from_month_end(year, month, 7),
        "last-business-day": lambda year, month: _from_month_end(year, month, 0),
        "third-last-business-day": lambda year, month: _from_month_end(year, month, 2),
        "third-last-business-day-of-prior-month": _third_last_of_prior_month,
        "crude-oil": _crude_oil,
        "one-before-crude-oil": lambda year, month: shift_business_days(_crude_oil(year, month), -1),
        "natural-gas": _natural_gas,
        "one-before-natural-gas": lambda year, month: shift_business_days(_natural_gas(year, month), -1),
        "before-the-fifteenth": lambda year, month: shift_business_days(date(year, month, 15), -1),
        "last-friday": _last_friday,
    }
)

_NOTICE_AFTER_LAST_TRADE: Mapping[str, int] = MappingProxyType({"one-after-last-trade": 1, "two-after-last-trade": 2})

_ROLL: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "one-before-last-trade": ("last_trade", 1),
        "two-before-last-trade": ("last_trade", 2),
        "three-before-last-trade": ("last_trade", 3),
        "four-before-last-trade": ("last_trade", 4),
        "two-before-first-notice": ("first_notice", 2),
        "four-before-first-notice": ("first_notice", 4),
        "seven-before-first-notice": ("first_notice", 7),
    }
)
