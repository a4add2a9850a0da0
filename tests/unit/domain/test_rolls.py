from __future__ import annotations

from datetime import date, timedelta

import pytest

from tt_tui.domain import expiry
from tt_tui.domain.instrument import MONTH_CODES, UnknownSymbol, equity, future, option, products
from tt_tui.domain.rolls import RollCalendar

ROLLS = RollCalendar()


@pytest.mark.parametrize(
    ("root", "year", "month", "last", "rolls", "notice"),
    [
        ("ES", 2025, 12, "2025-12-19", "2025-12-15", None),
        ("ES", 2026, 3, "2026-03-20", "2026-03-16", None),
        ("ES", 2026, 6, "2026-06-18", "2026-06-15", None),
        ("ES", 2026, 9, "2026-09-18", "2026-09-14", None),
        ("ES", 2026, 12, "2026-12-18", "2026-12-14", None),
        ("ES", 2027, 3, "2027-03-19", "2027-03-15", None),
        ("ES", 2027, 6, "2027-06-17", "2027-06-14", None),
        ("M2K", 2026, 12, "2026-12-18", "2026-12-14", None),
        ("ES", 2013, 12, "2013-12-20", "2013-12-12", None),
        ("ZN", 2026, 12, "2026-12-21", "2026-11-25", "2026-11-30"),
        ("ZB", 2026, 12, "2026-12-21", "2026-11-25", "2026-11-30"),
        ("ZF", 2026, 12, "2026-12-31", "2026-11-25", "2026-11-30"),
        ("ZT", 2026, 12, "2026-12-31", "2026-11-25", "2026-11-30"),
        ("6E", 2026, 12, "2026-12-14", "2026-12-09", None),
        ("6J", 2026, 12, "2026-12-14", "2026-12-09", None),
        ("CL", 2027, 1, "2026-12-21", "2026-12-15", "2026-12-23"),
        ("CL", 2027, 2, "2027-01-20", "2027-01-13", "2027-01-22"),
        ("CL", 2026, 12, "2026-11-20", "2026-11-16", "2026-11-24"),
        ("MCL", 2027, 1, "2026-12-18", "2026-12-15", None),
        ("NG", 2027, 1, "2026-12-29", "2026-12-22", "2026-12-30"),
        ("NG", 2027, 2, "2027-01-27", "2027-01-21", "2027-01-28"),
        ("NG", 2026, 12, "2026-11-25", "2026-11-19", "2026-11-27"),
        ("MNG", 2027, 1, "2026-12-28", "2026-12-22", None),
        ("GC", 2026, 12, "2026-12-29", "2026-11-23", "2026-11-30"),
        ("GC", 2027, 2, "2027-02-24", "2027-01-25", "2027-01-29"),
        ("SIL", 2026, 12, "2026-12-29", "2026-11-23", "2026-11-30"),
        ("MHG", 2026, 12, "2026-11-25", "2026-11-23", None),
        ("MHG", 2023, 3, "2023-02-24", "2023-02-22", None),
        ("ZC", 2026, 12, "2026-12-14", "2026-11-18", "2026-11-30"),
        ("BTC", 2026, 12, "2026-12-24", "2026-12-23", None),
        ("MET", 2026, 11, "2026-11-27", "2026-11-25", None),
    ],
)
def test_worked_dates(root: str, year: int, month: int, last: str, rolls: str, notice: str | None) -> None:
    assert ROLLS.last_trade(root, year, month) == date.fromisoformat(last)
    assert ROLLS.roll_date(root, year, month) == date.fromisoformat(rolls)
    assert ROLLS.first_notice(root, year, month) == (date.fromisoformat(notice) if notice else None)


@pytest.mark.parametrize(
    ("roots", "symbol_tail", "year"),
    [
        ("ES NQ YM RTY MES MNQ MYM M2K 6E 6J M6E ZN ZB ZF ZT", "Z6", 2026),
        ("CL MCL NG MNG", "F7", 2027),
        ("GC MGC", "G7", 2027),
        ("SI HG SIL MHG", "H7", 2027),
        ("ZC ZW", "H7", 2027),
        ("ZS", "F7", 2027),
        ("BTC ETH MBT MET", "X6", 2026),
    ],
)
def test_front_months_of_2026_11_23(roots: str, symbol_tail: str, year: int) -> None:
    for root in roots.split():
        contract = ROLLS.front(root, date(2026, 11, 23))
        assert (contract.symbol, contract.year) == (root + symbol_tail, year)


@pytest.mark.parametrize(
    ("on", "symbol"),
    [
        ("2026-12-11", "ESZ6"),
        ("2026-12-13", "ESZ6"),
        ("2026-12-14", "ESH7"),
        ("2026-03-15", "ESH6"),
        ("2026-03-16", "ESM6"),
        ("2026-06-15", "ESU6"),
    ],
)
def test_the_front_changes_on_the_monday_of_expiry_week(on: str, symbol: str) -> None:
    assert ROLLS.front("ES", date.fromisoformat(on)).symbol == symbol


@pytest.mark.parametrize(
    ("root", "offset", "symbol"),
    [
        ("ES", 1, "ESH7"),
        ("ES", 4, "ESZ7"),
        ("GC", 1, "GCJ7"),
        ("GC", 4, "GCZ7"),
        ("ZS", 4, "ZSX7"),
        ("CL", 12, "CLF8"),
    ],
)
def test_later_contracts_follow_the_liquid_months(root: str, offset: int, symbol: str) -> None:
    assert ROLLS.front(root, date(2026, 11, 23), offset).symbol == symbol


def test_gold_rolls_past_october_and_corn_past_september() -> None:
    gold = {ROLLS.front("GC", date(2026, 1, 1) + timedelta(days=n)).symbol for n in range(365)}
    corn = {ROLLS.front("ZC", date(2026, 1, 1) + timedelta(days=n)).symbol for n in range(365)}
    beans = {ROLLS.front("ZS", date(2026, 1, 1) + timedelta(days=n)).symbol for n in range(365)}

    assert gold == {"GCG6", "GCJ6", "GCM6", "GCQ6", "GCZ6", "GCG7"}
    assert corn == {"ZCH6", "ZCK6", "ZCN6", "ZCZ6", "ZCH7"}
    assert beans == {"ZSH6", "ZSK6", "ZSN6", "ZSX6", "ZSF7", "ZSH7"}


@pytest.mark.parametrize("root", list(products()))
def test_the_front_contract_can_always_be_entered_and_never_steps_back(root: str) -> None:
    before = (0, 0)
    day = date(2026, 1, 1)
    while day < date(2028, 1, 1):
        contract = ROLLS.front(root, day)
        cutoff = ROLLS.entry_cutoff(contract)
        assert cutoff is not None
        assert cutoff > day
        assert (contract.year, contract.month) >= before
        before = (contract.year, contract.month)
        day += timedelta(days=1)


def test_the_user_overrides_a_roll_day() -> None:
    early = RollCalendar({"ESZ6": date(2026, 12, 10), "GCG27": date(2027, 1, 27), "CLF2027": date(2026, 12, 18)})

    assert early.front("ES", date(2026, 12, 9)).symbol == "ESZ6"
    assert early.front("ES", date(2026, 12, 10)).symbol == "ESH7"
    assert early.roll_date("ES", 2026, 12) == date(2026, 12, 10)
    assert early.roll_date("ES", 2027, 3) == date(2027, 3, 15)
    assert early.front("GC", date(2027, 1, 26)).symbol == "GCG7"
    assert early.front("CL", date(2026, 12, 17)).symbol == "CLF7"
    assert early.front("MES", date(2026, 12, 10)).symbol == "MESZ6"


@pytest.mark.parametrize(
    ("symbol", "day"),
    [
        ("ES", date(2026, 12, 10)),
        ("ESF6", date(2026, 1, 10)),
        ("GCV6", date(2026, 9, 25)),
        ("XXZ6", date(2026, 12, 10)),
        ("ESZ2020", date(2026, 12, 10)),
        ("esz6", date(2026, 12, 10)),
    ],
)
def test_an_override_that_can_mean_nothing_is_refused(symbol: str, day: date) -> None:
    with pytest.raises(ValueError, match=f"roll date of {symbol!r}"):
        RollCalendar({symbol: day})


def test_unknown_roots_and_negative_offsets() -> None:
    with pytest.raises(UnknownSymbol, match="XX"):
        ROLLS.front("XX", date(2026, 11, 23))
    with pytest.raises(UnknownSymbol, match="XX"):
        ROLLS.last_trade("XX", 2026, 12)
    with pytest.raises(UnknownSymbol, match="before the front"):
        ROLLS.front("ES", date(2026, 11, 23), -1)


def test_the_cache_of_fronts_stays_bounded() -> None:
    rolls = RollCalendar()
    for n in range(5000):
        rolls.front("ES", date(2015, 1, 1) + timedelta(days=n))
    assert rolls.front("ES", date(2026, 12, 14)).symbol == "ESH7"
    assert len(rolls._fronts) <= 4096


@pytest.mark.parametrize(
    ("root", "year", "month", "cutoff"),
    [
        ("ES", 2026, 12, "2026-12-18"),
        ("MCL", 2027, 1, "2026-12-18"),
        ("BTC", 2026, 12, "2026-12-24"),
        ("GC", 2026, 12, "2026-11-25"),
        ("ZN", 2026, 12, "2026-11-25"),
        ("ZC", 2026, 12, "2026-11-25"),
        ("CL", 2027, 1, "2026-12-17"),
        ("NG", 2026, 12, "2026-11-23"),
        ("6E", 2026, 12, "2026-12-10"),
    ],
)
def test_entries_end_before_delivery(root: str, year: int, month: int, cutoff: str) -> None:
    assert ROLLS.entry_cutoff(future(root, year, month)) == date.fromisoformat(cutoff)


def test_shares_never_expire_and_options_may_be_entered_on_their_last_day() -> None:
    assert ROLLS.entry_cutoff(equity("AAPL")) is None
    assert ROLLS.entry_cutoff(option("AAPL261218C00200000")) == date(2026, 12, 21)


HOLIDAYS = {
    2024: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
    2025: "01-01 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
    2022: "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",
    2021: "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",
    2023: "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25",
}


@pytest.mark.parametrize("year", list(HOLIDAYS))
def test_exchange_holidays(year: int) -> None:
    assert expiry.exchange_holidays(year) == {date.fromisoformat(f"{year}-{day}") for day in HOLIDAYS[year].split()}


@pytest.mark.parametrize(
    ("year", "day"),
    [(2000, "04-23"), (2008, "03-23"), (2024, "03-31"), (2026, "04-05"), (2027, "03-28"), (2038, "04-25")],
)
def test_easter(year: int, day: str) -> None:
    assert expiry.easter(year) == date.fromisoformat(f"{year}-{day}")


def test_business_days_are_counted_over_holidays() -> None:
    assert expiry.shift_business_days(date(2026, 11, 30), -2) == date(2026, 11, 25)
    assert expiry.shift_business_days(date(2026, 12, 24), 1) == date(2026, 12, 28)
    assert expiry.shift_business_days(date(2026, 12, 25), 0) == date(2026, 12, 25)


def test_a_rule_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="last_trade: unknown rule 'never'"):
        expiry.check_rules("never", "none", "monday-of-expiry-week")
    with pytest.raises(ValueError, match="first_notice: unknown rule 'soon'"):
        expiry.check_rules("third-friday", "soon", "monday-of-expiry-week")
    with pytest.raises(ValueError, match="roll: unknown rule 'late'"):
        expiry.check_rules("third-friday", "none", "late")
    with pytest.raises(ValueError, match="this product has none"):
        expiry.roll("two-before-first-notice", 2026, 12, date(2026, 12, 18), None)


def test_month_codes_are_the_exchanges() -> None:
    assert MONTH_CODES == "FGHJKMNQUVXZ"
