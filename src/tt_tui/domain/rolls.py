"""Which contract a root means on a trade date, and until when a contract may be entered.

The rules per product are data (``data/products.toml``); the exchange's own dates are certain, first notice
and roll days are usage, so the user may override every roll day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from tt_tui.domain import expiry
from tt_tui.domain.instrument import (
    MONTH_CODES,
    Instrument,
    Kind,
    Product,
    UnknownSymbol,
    future,
    product,
    products,
)

_NO_OVERRIDES: Mapping[str, date] = MappingProxyType({})
_CONTRACT = re.compile(rf"(?P<root>[A-Z0-9]+?)(?P<month>[{MONTH_CODES}])(?P<year>[0-9]{{4}}|[0-9]{{1,2}})")
_DELIVERY_MARGIN = 2
_LOOK_BACK_MONTHS = 13
_CACHE_LIMIT = 4096


class RollCalendar:
    """The roll days of every product, with the user's own days over the usual ones."""

    def __init__(self, overrides: Mapping[str, date] = _NO_OVERRIDES) -> None:
        """Take the user's roll days: contract → the first trade date on which the next one is front.

        Raises:
            ValueError: a key is no liquid contract of a known product, or its date is over a year off.
        """
        self._overrides = dict(_override(symbol, day) for symbol, day in overrides.items())
        self._fronts: dict[tuple[str, date], tuple[int, int]] = {}

    def front(self, root: str, on: date, offset: int = 0) -> Instrument:
        """Return the front contract of a root on a trade date, or a later liquid one by `offset`.

        Raises:
            UnknownSymbol: the root is no futures product, or the offset is negative.
        """
        if offset < 0:
            raise UnknownSymbol(f"{root}: there is no contract {-offset} before the front one")
        key = (root, on)
        found = self._fronts.get(key)
        if found is None:
            if len(self._fronts) >= _CACHE_LIMIT:
                self._fronts.clear()
            found = self._fronts[key] = self._front_month(_product(root), on)
        if offset:
            found = _later(_product(root).roll_cycle, *found, offset)
        return future(root, *found)

    def roll_date(self, root: str, year: int, month: int) -> date:
        """Return the first trade date on which the next liquid contract is front instead of this one."""
        own = self._overrides.get((root, year, month))
        if own is not None:
            return own
        last, notice = self.last_trade(root, year, month), self.first_notice(root, year, month)
        return expiry.roll(_product(root).roll, year, month, last, notice)

    def last_trade(self, root: str, year: int, month: int) -> date:
        """Return the last trading day of a contract."""
        return expiry.last_trade(_product(root).last_trade, year, month)

    def first_notice(self, root: str, year: int, month: int) -> date | None:
        """Return the first notice day of a contract, None where nothing is delivered by notice."""
        return future(root, year, month).first_notice

    def entry_cutoff(self, instrument: Instrument) -> date | None:
        """Return the first trade date on which new risk in this contract is refused.

        Cash-settled futures: the last trading day itself, as most stop in the morning. Deliverable ones: two
        business days before the first notice or the last trading day, whichever is earlier. Options: the day
        after they expire. Shares have none.
        """
        last = instrument.last_trade
        if last is None:
            return None
        if instrument.kind is Kind.OPTION:
            return expiry.shift_business_days(last, 1)
        if instrument.cash_settled:
            return last
        notice = instrument.first_notice
        return expiry.shift_business_days(min(last, notice) if notice else last, -_DELIVERY_MARGIN)

    def _front_month(self, rules: Product, on: date) -> tuple[int, int]:
        months = on.year * 12 + on.month - 1 - _LOOK_BACK_MONTHS
        while True:
            year, month = months // 12, months % 12 + 1
            if MONTH_CODES[month - 1] in rules.roll_cycle and self.roll_date(rules.root, year, month) > on:
                return year, month
            months += 1


def _later(cycle: str, year: int, month: int, count: int) -> tuple[int, int]:
    months = year * 12 + month - 1
    while count:
        months += 1
        count -= MONTH_CODES[months % 12] in cycle
    return months // 12, months % 12 + 1


def _product(root: str) -> Product:
    found = product(root)
    if found is None:
        raise UnknownSymbol(f"{root!r} is no futures root known here; known are {', '.join(products())}")
    return found


def _override(symbol: str, day: date) -> tuple[tuple[str, int, int], date]:
    match = _CONTRACT.fullmatch(symbol)
    found = product(match["root"]) if match else None
    if match is None or found is None or match["month"] not in found.roll_cycle:
        raise ValueError(f"roll date of {symbol!r}: not a contract that is ever front; write for example ESZ6")
    month = MONTH_CODES.index(match["month"]) + 1
    digits = match["year"]
    year = int(digits) if len(digits) == 4 else 2000 + int(digits)
    if len(digits) == 1:
        year = next(y for y in range(day.year - 4, day.year + 6) if y % 10 == int(digits))
    last = expiry.last_trade(found.last_trade, year, month)
    if abs((last - day).days) > 366:
        raise ValueError(f"roll date of {symbol!r}: {day} is more than a year off its last trading day, {last}")
    return (found.root, year, month), day
