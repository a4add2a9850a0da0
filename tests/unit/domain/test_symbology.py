from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tt_tui.domain.instrument import MONTH_CODES, Instrument, Kind, UnknownSymbol, equity, future, option, products
from tt_tui.domain.rolls import RollCalendar
from tt_tui.domain.symbology import Platform, Spelling, parse_symbol, resolve, spell

TODAY = date(2025, 11, 24)
ROLLS = RollCalendar()


@pytest.mark.parametrize(
    "text",
    [
        "ESZ5",
        "ESZ25",
        "ESZ2025",
        "esz2025",
        " ESZ2025 ",
        "CME_MINI:ESZ2025",
        "CME_MINI_DL:ESZ2025",
        "/ESZ5",
        "/ESZ25",
        "/ESZ25:XCME",
        "@ESZ25",
        "ES 12-25",
        "ES 12-25 Globex",
        "CON.F.US.EP.Z25",
        "EPZ25",
        "F.US.EPZ25",
    ],
)
def test_every_spelling_of_the_december_contract(text: str) -> None:
    found = parse_symbol(text, today=TODAY)

    assert (found.root, found.kind, found.year, found.month) == ("ES", Kind.FUTURE, 2025, 12)
    assert (found.symbol, found.continuous) == ("ESZ5", None)
    assert found.raw == text.strip()
    assert resolve(text, today=TODAY, rolls=ROLLS) == future("ES", 2025, 12)


@pytest.mark.parametrize(
    ("text", "number", "symbol"),
    [
        ("ES", 1, "ESZ5"),
        ("es", 1, "ESZ5"),
        ("/ES", 1, "ESZ5"),
        ("/ES:XCME", 1, "ESZ5"),
        ("@ES", 1, "ESZ5"),
        ("ES1!", 1, "ESZ5"),
        ("es1!", 1, "ESZ5"),
        ("ES2!", 2, "ESH6"),
        ("CME_MINI:ES1!", 1, "ESZ5"),
        ("CME_MINI_DL:ES1!", 1, "ESZ5"),
        ("CME_MINI_DLY:ES2!", 2, "ESH6"),
        ("CME_GBX:ES1!", 1, "ESZ5"),
        ("ES ##-##", 1, "ESZ5"),
        ("F.US.EP", 1, "ESZ5"),
        ("ES.c.0", 1, "ESZ5"),
        ("ES.v.0", 1, "ESZ5"),
        ("ES.n.1", 2, "ESH6"),
    ],
)
def test_every_continuous_spelling_becomes_a_contract(text: str, number: int, symbol: str) -> None:
    found = parse_symbol(text, today=TODAY)

    assert (found.root, found.kind, found.continuous, found.symbol) == ("ES", Kind.FUTURE, number, "")
    assert resolve(found, today=TODAY, rolls=ROLLS).symbol == symbol


@pytest.mark.parametrize(
    ("text", "root", "year", "month"),
    [
        ("M2K1!", "M2K", 0, 0),
        ("6E1!", "6E", 0, 0),
        ("6EZ2025", "6E", 2025, 12),
        ("M2KZ2025", "M2K", 2025, 12),
        ("ZNH2026", "ZN", 2026, 3),
        ("GCG2026", "GC", 2026, 2),
        ("MGCG26", "MGC", 2026, 2),
        ("CBOT:ZF1!", "ZF", 0, 0),
        ("CBOT_MINI:MYM1!", "MYM", 0, 0),
        ("COMEX_MINI:SIL1!", "SIL", 0, 0),
        ("NYMEX:MCLF2026", "MCL", 2026, 1),
        ("MES 03-26", "MES", 2026, 3),
        ("CON.F.US.EU6.H26", "6E", 2026, 3),
        ("F.US.TYAH26", "ZN", 2026, 3),
        ("F.US.USA", "ZB", 0, 0),
        ("CON.F.US.MNQ.H26", "MNQ", 2026, 3),
        ("ENQH26", "NQ", 2026, 3),
        ("CON.F.US.GMET.F26", "MET", 2026, 1),
        ("JY6H26", "6J", 2026, 3),
        ("/6EH26:XCME", "6E", 2026, 3),
        ("BTC", "BTC", 0, 0),
        ("CME:BTC1!", "BTC", 0, 0),
        ("MET", "MET", 0, 0),
        ("ETHZ5", "ETH", 2025, 12),
    ],
)
def test_roots_that_look_like_months_or_numbers(text: str, root: str, year: int, month: int) -> None:
    found = parse_symbol(text, today=TODAY)
    assert (found.kind, found.root, found.year, found.month) == (Kind.FUTURE, root, year, month)


@pytest.mark.parametrize(
    ("text", "today", "year"),
    [
        ("ESZ5", date(2026, 12, 31), 2025),
        ("ESZ5", date(2027, 1, 1), 2035),
        ("ESZ4", date(2026, 11, 23), 2034),
        ("ESZ6", date(2026, 11, 23), 2026),
        ("ESH9", date(2026, 11, 23), 2029),
        ("ESH0", date(2029, 6, 1), 2030),
        ("ESH30", date(2029, 6, 1), 2030),
        ("ESZ2013", date(2026, 11, 23), 2013),
    ],
)
def test_one_digit_years_lie_between_last_year_and_eight_years_on(text: str, today: date, year: int) -> None:
    assert parse_symbol(text, today=today).year == year


@pytest.mark.parametrize(
    ("text", "exchange", "delayed"),
    [
        ("CME_MINI:ES1!", "CME_MINI", False),
        ("CME_MINI_DL:ES1!", "CME_MINI", True),
        ("COMEX_DLY:GC1!", "COMEX", True),
        ("NASDAQ:AAPL", "NASDAQ", False),
        ("ES1!", "", False),
        ("/ESZ25:XCME", "XCME", False),
    ],
)
def test_a_delayed_feed_is_told_from_the_exchange(text: str, exchange: str, delayed: bool) -> None:
    found = parse_symbol(text, today=TODAY)
    assert (found.exchange, found.delayed) == (exchange, delayed)


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("ES1!", Platform.TRADINGVIEW),
        ("ES 12-25", Platform.NINJATRADER),
        ("ES ##-##", Platform.NINJATRADER),
        ("CON.F.US.EP.Z25", Platform.PROJECTX),
        ("EPZ25", Platform.CQG),
        ("F.US.EPZ25", Platform.CQG),
        ("ES.c.0", Platform.DATABENTO),
        ("ESZ5", None),
        ("ES", None),
    ],
)
def test_a_spelling_that_only_one_platform_has_names_it(text: str, platform: Platform | None) -> None:
    assert parse_symbol(text, today=TODAY).platform == platform


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("AAPL", "AAPL"),
        ("nasdaq:aapl", "AAPL"),
        ("BRK/B", "BRK.B"),
        ("BRK.B", "BRK.B"),
        ("BF-B", "BF.B"),
        ("SQ", "SQ"),
        ("NYSE:CL", "CL"),
        ("NYSE:MET", "MET"),
        ("NYSE:ES", "ES"),
    ],
)
def test_shares(text: str, symbol: str) -> None:
    found = parse_symbol(text, today=TODAY)

    assert (found.kind, found.root, found.symbol, found.continuous) == (Kind.EQUITY, symbol, symbol, None)
    assert resolve(found, today=TODAY, rolls=ROLLS) == equity(symbol)


@pytest.mark.parametrize("text", ["AAPL261218C00200000", "AAPL  261218C00200000", "aapl261218c00200000"])
def test_options(text: str) -> None:
    found = parse_symbol(text, today=TODAY)

    assert (found.kind, found.root, found.symbol) == (Kind.OPTION, "AAPL", "AAPL  261218C00200000")
    assert resolve(found, today=TODAY, rolls=ROLLS) == option(text.upper())


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("BTCUSDT", "BTCUSDT"),
        ("BTCUSDT.P", "BTCUSDT.P"),
        ("BINANCE:BTCUSDT", "BTCUSDT"),
        ("BINANCE:BTC", "BTC"),
        ("COINBASE:ETH", "ETH"),
        ("eur/usd", "EUR/USD"),
        ("EURUSD", "EURUSD"),
        ("OANDA:SPX500USD", "SPX500USD"),
        ("TVC:VIX", "VIX"),
    ],
)
def test_spot_and_index_symbols_are_read_but_never_become_an_instrument(text: str, root: str) -> None:
    found = parse_symbol(text, today=TODAY)

    assert (found.kind, found.root, found.continuous) == (Kind.OTHER, root, None)
    with pytest.raises(UnknownSymbol, match="can't be traded here"):
        resolve(found, today=TODAY, rolls=ROLLS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "{{ticker}}",
        "ES3!",
        "ES0!",
        "ES10!",
        "XX1!",
        "NSE:NIFTY1!",
        "EUREX:FDAXZ2025",
        "CME_MINI:XYZ1!",
        "CME:AAPL",
        "BINANCE:BTC1!",
        "BINANCE:ESZ2025",
        "XYZZ2025",
        "ESZ202",
        "ESZ1925",
        "ESI5",
        "/XX",
        "/AAPL",
        "@XX",
        "ES 13-25",
        "ES 00-25",
        "XX 12-25",
        "AAPL 12-25",
        "ES.c.2",
        "F.US.XXX",
        "F.US.XXXZ25",
        "F.US.BTC",
        "CON.F.US.ES.Z25",
        "CON.F.US.EP.Z5",
        "./ESU4 EW4Q4 240823C5750",
        "ESZ5; DROP",
        "ES\n1!",
        "ЕSZ5",
        "ES=102XN",
        "...",
        "$",
        "A" * 65,
    ],
)
def test_what_names_nothing_gets_a_sentence(text: str) -> None:
    with pytest.raises(UnknownSymbol, match="names no contract known here; write a future as ES"):
        parse_symbol(text, today=TODAY)


def test_a_long_text_is_cut_in_the_sentence() -> None:
    with pytest.raises(UnknownSymbol) as caught:
        parse_symbol("Z" * 100_000, today=TODAY)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", ["ESF26", "ZNF26", "ZCF26", "ZSZ25"])
def test_months_that_are_not_listed_are_not_resolved(text: str) -> None:
    with pytest.raises(UnknownSymbol, match="has no such month; listed are"):
        resolve(text, today=TODAY, rolls=ROLLS)


def test_serial_months_of_currencies_and_metals_are() -> None:
    assert resolve("6EF26", today=TODAY, rolls=ROLLS).symbol == "6EF6"
    assert resolve("GCX26", today=TODAY, rolls=ROLLS).symbol == "GCX6"


def test_an_overridden_roll_changes_what_continuous_means() -> None:
    rolls = RollCalendar({"ESZ5": date(2025, 11, 24)})
    assert resolve("ES1!", today=TODAY, rolls=rolls).symbol == "ESH6"
    assert resolve("ESZ5", today=TODAY, rolls=rolls).symbol == "ESZ5"


@pytest.mark.parametrize(
    ("platform", "text"),
    [
        (Platform.TRADINGVIEW, "ESZ2025"),
        (Platform.TRADOVATE, "ESZ5"),
        (Platform.PROJECTX, "CON.F.US.EP.Z25"),
        (Platform.NINJATRADER, "ES 12-25"),
        (Platform.TASTYTRADE, "/ESZ5"),
        (Platform.TASTYTRADE_STREAMER, "/ESZ25:XCME"),
        (Platform.SCHWAB, "/ESZ25"),
        (Platform.RITHMIC, "ESZ5"),
        (Platform.DATABENTO, "ESZ5"),
        (Platform.CQG, "F.US.EPZ25"),
    ],
)
def test_the_table_of_spellings(platform: Platform, text: str) -> None:
    assert spell(future("ES", 2025, 12), platform) == text


# Roots as public ProjectX clients have them; the rest is spelt as at the exchange.
CQG = {
    "ES": "EP",
    "NQ": "ENQ",
    "CL": "CLE",
    "MCL": "MCLE",
    "GC": "GCE",
    "SI": "SIE",
    "HG": "CPE",
    "NG": "NGE",
    "MET": "GMET",
    "6E": "EU6",
    "6J": "JY6",
    "ZN": "TYA",
}
CQG_UNCONFIRMED = {"ZB": "USA", "ZF": "FVA", "ZT": "TUA", "ZC": "ZCE", "ZS": "ZSE", "ZW": "ZWA"}
CQG_UNKNOWN = {"BTC", "ETH"}


@pytest.mark.parametrize("root", list(products()))
def test_projectx_roots(root: str) -> None:
    contract = future(root, 2026, 12)
    if root in CQG_UNKNOWN or root in CQG_UNCONFIRMED:
        with pytest.raises(ValueError, match=f"root of {root} is not confirmed"):
            spell(contract, Platform.PROJECTX)
    if root in CQG_UNKNOWN:
        with pytest.raises(ValueError, match=f"root of {root} is not confirmed"):
            spell(contract, Platform.CQG, hint=True)
        return
    expected = CQG_UNCONFIRMED.get(root) or CQG.get(root, root)
    assert spell(contract, Platform.PROJECTX, hint=True) == f"CON.F.US.{expected}.Z26"
    assert spell(contract, Platform.CQG, hint=True) == f"F.US.{expected}Z26"


@pytest.mark.parametrize(
    ("root", "text", "confirmed"),
    [("GC", "/GCG26:XCEC", True), ("YM", "/YMG26:XCBT", False), ("CL", "/CLG26:XNYM", False)],
)
def test_streamer_exchange_codes(root: str, text: str, confirmed: bool) -> None:
    contract = future(root, 2026, 2)
    assert spell(contract, Platform.TASTYTRADE_STREAMER, hint=True) == text
    if not confirmed:
        with pytest.raises(ValueError, match="not confirmed"):
            spell(contract, Platform.TASTYTRADE_STREAMER)


def test_shares_and_options_are_spelt_where_they_trade() -> None:
    call = option("AAPL261218C00200000")

    assert spell(equity("BRK.B"), Platform.TASTYTRADE) == "BRK/B"
    assert spell(equity("BRK.B"), Platform.TRADINGVIEW) == "BRK.B"
    assert spell(call, Platform.SCHWAB) == spell(call, Platform.TASTYTRADE) == "AAPL  261218C00200000"
    for instrument in (call, equity("AAPL")):
        for platform in (Platform.PROJECTX, Platform.TRADOVATE, Platform.NINJATRADER, Platform.CQG):
            with pytest.raises(ValueError, match="has no spelling at"):
                spell(instrument, platform)


@st.composite
def _contracts(draw: st.DrawFn) -> tuple[Instrument, date]:
    today = date(draw(st.integers(2020, 2040)), draw(st.integers(1, 12)), 1)
    found = products()[draw(st.sampled_from(sorted(products())))]
    month = MONTH_CODES.index(draw(st.sampled_from(found.cycle))) + 1
    return future(found.root, draw(st.integers(today.year - 1, today.year + 8)), month), today


@given(drawn=_contracts(), platform=st.sampled_from(Platform))
def test_what_is_spelt_is_read_back(drawn: tuple[Instrument, date], platform: Platform) -> None:
    contract, today = drawn
    if contract.root in CQG_UNKNOWN and platform in {Platform.PROJECTX, Platform.CQG}:
        return
    text = spell(contract, platform, hint=True)

    found = parse_symbol(text, today=today)

    assert (found.root, found.year, found.month) == (contract.root, contract.year, contract.month)
    assert resolve(found, today=today, rolls=ROLLS) == contract


@given(text=st.text(max_size=30) | st.from_regex(r"[A-Z0-9:/@.!# -]{1,24}", fullmatch=True))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_symbol(text, today=TODAY)
    except UnknownSymbol:
        return
    assert isinstance(found, Spelling)
    assert found.root
    assert (found.symbol == "") == (found.continuous is not None)
