from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tt_tui.domain.instrument import (
    Instrument,
    Kind,
    UnknownSymbol,
    canonical_occ,
    equity,
    future,
    option,
    product,
    products,
)

ALL = "FGHJKMNQUVXZ"

# root, exchange, tick, tick value, point value, listed months, micro: the contract table of the facts.
FACTS = [
    ("ES", "CME", "0.25", "12.50", "50", "HMUZ", "MES"),
    ("NQ", "CME", "0.25", "5.00", "20", "HMUZ", "MNQ"),
    ("RTY", "CME", "0.10", "5.00", "50", "HMUZ", "M2K"),
    ("YM", "CBOT", "1", "5.00", "5", "HMUZ", "MYM"),
    ("MES", "CME", "0.25", "1.25", "5", "HMUZ", None),
    ("MNQ", "CME", "0.25", "0.50", "2", "HMUZ", None),
    ("M2K", "CME", "0.10", "0.50", "5", "HMUZ", None),
    ("MYM", "CBOT", "1", "0.50", "0.50", "HMUZ", None),
    ("GC", "COMEX", "0.10", "10.00", "100", "GJMQVZ", "MGC"),
    ("SI", "COMEX", "0.005", "25.00", "5000", "FHKNUZ", "SIL"),
    ("HG", "COMEX", "0.0005", "12.50", "25000", "HKNUZ", "MHG"),
    ("MGC", "COMEX", "0.10", "1.00", "10", "GJMQVZ", None),
    ("SIL", "COMEX", "0.005", "5.00", "1000", "HKNUZ", None),
    ("MHG", "COMEX", "0.0005", "1.25", "2500", "HKNUZ", None),
    ("CL", "NYMEX", "0.01", "10.00", "1000", ALL, "MCL"),
    ("NG", "NYMEX", "0.001", "10.00", "10000", ALL, "MNG"),
    ("MCL", "NYMEX", "0.01", "1.00", "100", ALL, None),
    ("MNG", "NYMEX", "0.001", "1.00", "1000", ALL, None),
    ("ZB", "CBOT", "0.03125", "31.25", "1000", "HMUZ", None),
    ("ZN", "CBOT", "0.015625", "15.625", "1000", "HMUZ", None),
    ("ZF", "CBOT", "0.0078125", "7.8125", "1000", "HMUZ", None),
    ("ZT", "CBOT", "0.00390625", "7.8125", "2000", "HMUZ", None),
    ("ZC", "CBOT", "0.25", "12.50", "50", "HKNUZ", None),
    ("ZS", "CBOT", "0.25", "12.50", "50", "FHKNQUX", None),
    ("ZW", "CBOT", "0.25", "12.50", "50", "HKNUZ", None),
    ("6E", "CME", "0.00005", "6.25", "125000", "HMUZ", "M6E"),
    ("6J", "CME", "0.0000005", "6.25", "12500000", "HMUZ", None),
    ("M6E", "CME", "0.0001", "1.25", "12500", "HMUZ", None),
    ("BTC", "CME", "5", "25.00", "5", ALL, "MBT"),
    ("ETH", "CME", "0.50", "25.00", "50", ALL, "MET"),
    ("MBT", "CME", "5", "0.50", "0.1", ALL, None),
    ("MET", "CME", "0.50", "0.05", "0.1", ALL, None),
]

GROUPS = {
    "equity_index": "ES NQ RTY YM MES MNQ M2K MYM",
    "metals": "GC SI HG MGC SIL MHG",
    "energy": "CL NG MCL MNG",
    "rates": "ZB ZN ZF ZT",
    "grains": "ZC ZS ZW",
    "fx": "6E 6J M6E",
    "crypto": "BTC ETH MBT MET",
}


@pytest.mark.parametrize(
    ("root", "exchange", "tick", "tick_value", "point", "cycle", "micro"),
    FACTS,
    ids=[row[0] for row in FACTS],
)
def test_every_row_of_the_fact_table(
    root: str, exchange: str, tick: str, tick_value: str, point: str, cycle: str, micro: str | None
) -> None:
    found = product(root)

    assert found is not None
    assert (found.exchange, found.cycle, found.micro) == (exchange, cycle, micro)
    assert (found.tick_size, found.point_value) == (Decimal(tick), Decimal(point))
    assert found.tick_value == Decimal(tick_value)
    contract = future(root, 2026, 12)
    assert contract.tick_value == Decimal(tick_value)
    assert contract.symbol == f"{root}Z6"


def test_no_product_is_missing_from_the_fact_table() -> None:
    assert set(products()) == {row[0] for row in FACTS}
    assert {root: one.group for root, one in products().items()} == {
        root: group for group, roots in GROUPS.items() for root in roots.split()
    }


@pytest.mark.parametrize(
    ("micro", "mini", "ratio"),
    [
        ("MES", "ES", 10),
        ("MNQ", "NQ", 10),
        ("M2K", "RTY", 10),
        ("MYM", "YM", 10),
        ("MGC", "GC", 10),
        ("SIL", "SI", 5),
        ("MHG", "HG", 10),
        ("MCL", "CL", 10),
        ("MNG", "NG", 10),
        ("M6E", "6E", 10),
        ("MBT", "BTC", 50),
        ("MET", "ETH", 500),
    ],
)
def test_micros_know_their_mini_and_how_many_make_one(micro: str, mini: str, ratio: int) -> None:
    small, large = products()[micro], products()[mini]

    assert (small.mini, large.micro) == (mini, micro)
    assert small.micro_ratio == large.micro_ratio == ratio
    assert small.point_value * ratio == large.point_value
    assert small.mini_equivalent * ratio == large.mini_equivalent == 1


def test_products_without_a_micro_count_as_one() -> None:
    corn = products()["ZC"]
    assert (corn.micro, corn.mini, corn.micro_ratio, corn.mini_equivalent) == (None, None, 1, Decimal(1))


def test_index_quotes_age_in_five_seconds_and_others_in_sixty() -> None:
    ages = {root: one.max_quote_age for root, one in products().items()}
    assert {root for root, age in ages.items() if age == 5_000_000_000} == set(GROUPS["equity_index"].split())
    assert set(ages.values()) == {5_000_000_000, 60_000_000_000}
    assert future("ES", 2026, 12).max_quote_age == 5_000_000_000


def test_a_future_carries_its_dates() -> None:
    gold = future("GC", 2026, 12)
    assert (gold.last_trade, gold.first_notice) == (date(2026, 12, 29), date(2026, 11, 30))
    assert (gold.kind, gold.year, gold.month, gold.cash_settled) == (Kind.FUTURE, 2026, 12, False)
    index = future("ES", 2026, 12)
    assert (index.first_notice, index.cash_settled) == (None, True)


@pytest.mark.parametrize(
    ("root", "year", "month"), [("XX", 2026, 12), ("ES", 2026, 0), ("ES", 2026, 13), ("ES", 26, 3)]
)
def test_no_such_future(root: str, year: int, month: int) -> None:
    with pytest.raises(UnknownSymbol):
        future(root, year, month)


def test_equity_and_option() -> None:
    share = equity("BRK.B")
    assert (share.kind, share.tick_size, share.point_value, share.group) == (
        Kind.EQUITY,
        Decimal("0.01"),
        Decimal(1),
        "us_equity",
    )
    call = option("AAPL261218C00200000")
    assert call.symbol == "AAPL  261218C00200000"
    assert (call.kind, call.root, call.last_trade, call.point_value) == (
        Kind.OPTION,
        "AAPL",
        date(2026, 12, 18),
        Decimal(100),
    )
    assert call.name == "AAPL 2026-12-18 200 call"
    assert option("SPXW  261218P05012500").name == "SPXW 2026-12-18 5012.5 put"


@pytest.mark.parametrize("text", ["", "aapl", "BTCUSDT", "ES1!", "A B", "BRK.BBB"])
def test_no_equity(text: str) -> None:
    with pytest.raises(UnknownSymbol):
        equity(text)


@pytest.mark.parametrize(
    "text",
    [
        "AAPL",
        "AAPL261318C00200000",
        "AAPL261218X00200000",
        "AAPL261218C00000000",
        "AAPL261218C200",
        "é261218C00200000",
    ],
)
def test_no_option(text: str) -> None:
    with pytest.raises(UnknownSymbol):
        canonical_occ(text)


@pytest.mark.parametrize(
    ("root", "price", "down", "up"),
    [
        ("ES", "5000.30", "5000.25", "5000.50"),
        ("ES", "5000.25", "5000.25", "5000.25"),
        ("CL", "-37.635", "-37.64", "-37.63"),
        ("ZN", "110.52", "110.515625", "110.53125"),
        ("6J", "0.00641234", "0.0064120", "0.0064125"),
        ("RTY", "2000.37", "2000.30", "2000.40"),
        ("BTC", "100003", "100000", "100005"),
    ],
)
def test_rounding_to_the_grid(root: str, price: str, down: str, up: str) -> None:
    contract = future(root, 2026, 12)

    assert contract.round_to_tick(Decimal(price), up=False) == Decimal(down)
    assert contract.round_to_tick(Decimal(price), up=True) == Decimal(up)
    assert contract.is_on_tick(Decimal(price)) is (down == up)
    assert contract.round_limit(Decimal(price), 1) == contract.round_stop(Decimal(price), 1) == Decimal(down)
    assert contract.round_limit(Decimal(price), -1) == contract.round_stop(Decimal(price), -1) == Decimal(up)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "sNaN", "1e999999", "1e-999999", "1e16"])
def test_prices_of_no_market_are_never_on_the_grid(text: str) -> None:
    contract = future("ES", 2026, 12)

    assert not contract.is_on_tick(Decimal(text))
    with pytest.raises(ValueError, match="no price"):
        contract.round_to_tick(Decimal(text), up=True)


def test_differences_are_counted_in_ticks() -> None:
    assert future("6J", 2026, 12).ticks(Decimal("0.0000020")) == 4
    assert future("ZT", 2026, 12).ticks(Decimal("0.03125")) == 8
    assert future("ES", 2026, 12).ticks(Decimal("-0.30")) == Decimal("-1.2")


@pytest.mark.parametrize(
    ("root", "price", "text"),
    [
        ("ES", "5000", "5000.00"),
        ("ES", "5000.3333333", "5000.3333"),
        ("YM", "42000.0", "42000"),
        ("BTC", "100005", "100005"),
        ("6J", "0.0064125", "0.0064125"),
        ("RTY", "2000.1", "2000.10"),
        ("SI", "31.2", "31.200"),
        ("ZB", "118.5", "118'16"),
        ("ZN", "110.515625", "110'16.5"),
        ("ZN", "110.5", "110'16.0"),
        ("ZF", "107.0078125", "107'00.2"),
        ("ZF", "107.0234375", "107'00.7"),
        ("ZT", "103.50390625", "103'16.1"),
        ("ZT", "103.52734375", "103'16.8"),
        ("ZN", "110.52", "110.52000000"),
        ("ZN", "-0.515625", "-0'16.5"),
        ("CL", "-37.63", "-37.63"),
        ("ES", "NaN", "NaN"),
        ("ES", "1E+30", "1E+30"),
    ],
)
def test_prices_as_a_trader_reads_them(root: str, price: str, text: str) -> None:
    assert future(root, 2026, 12).format_price(Decimal(price)) == text


def test_no_price_is_a_dash() -> None:
    assert future("ES", 2026, 12).format_price(None) == "–"


@pytest.mark.parametrize(
    ("root", "text", "price"),
    [
        ("ES", " 5000.25 ", "5000.25"),
        ("ES", ".5", "0.5"),
        ("ES", "5000.", "5000"),
        ("CL", "-37.63", "-37.63"),
        ("ZN", "110'16.5", "110.515625"),
        ("ZN", "110'165", "110.515625"),
        ("ZN", "110-16.5", "110.515625"),
        ("ZN", "110’16", "110.5"),
        ("ZN", "110.515625", "110.515625"),
        ("ZF", "107'00.25", "107.0078125"),
        ("ZF", "107'00.2", "107.0078125"),
        ("ZF", "107'00.7", "107.0234375"),
        ("ZT", "103'16.125", "103.50390625"),
        ("ZT", "103'16.8", "103.52734375"),
    ],
)
def test_prices_that_people_write(root: str, text: str, price: str) -> None:
    assert future(root, 2026, 12).parse_price(text) == Decimal(price)


@pytest.mark.parametrize(
    ("root", "text"),
    [
        ("ES", ""),
        ("ES", "NaN"),
        ("ES", "inf"),
        ("ES", "1e5"),
        ("ES", "1_000"),
        ("ES", "5,000.25"),
        ("ES", "٥٠"),
        ("ES", "110'16"),
        ("ES", "9" * 41),
        ("ES", "9" * 20),
        ("ZN", "110'32"),
        ("ZN", "110'5"),
        ("ZN", "110'16.4"),
        ("ZN", "110'16.9"),
        ("ZN", "110'16."),
    ],
)
def test_what_is_no_price_gets_a_sentence(root: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"is no price for {root}Z6; write it like"):
        future(root, 2026, 12).parse_price(text)


_contracts = st.sampled_from([future(root, 2026, 12) for root in products()])


@given(contract=_contracts, count=st.integers(-(10**6), 10**7))
def test_a_price_on_the_grid_survives_its_own_format(contract: Instrument, count: int) -> None:
    price = count * contract.tick_size
    if price < 0 and contract.price_format == "32nds":
        price = -price

    assert contract.is_on_tick(price)
    assert contract.parse_price(contract.format_price(price)) == price
    assert contract.round_to_tick(price, up=True) == contract.round_to_tick(price, up=False) == price


@given(contract=_contracts, price=st.decimals(-(10**6), 10**9, allow_nan=False, allow_infinity=False, places=9))
def test_rounding_is_tight(contract: Instrument, price: Decimal) -> None:
    low, high = contract.round_to_tick(price, up=False), contract.round_to_tick(price, up=True)

    assert low <= price <= high
    assert high - low == (0 if contract.is_on_tick(price) else contract.tick_size)
    assert contract.is_on_tick(low)
    assert contract.is_on_tick(high)
