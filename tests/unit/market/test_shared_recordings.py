"""Real recordings load and play; skipped where the folder of real data is not there."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tt_tui.domain.instrument import Instrument, Kind, equity, future
from tt_tui.market.recording import RecordingError, RecordingOptions, load
from tt_tui.market.replay import ReplayMarket

from .helpers import CALENDAR, FakeClock, Listed, at, wall

# Read at import, for every test runs without the developer's settings.
FOLDER = Path(os.environ.get("TT_SHARED_DATA", "") or "absent")

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="TT_SHARED_DATA names no folder of recordings")


def pair(symbol: str, tick: str) -> Instrument:
    return Instrument(
        symbol=symbol, root=symbol, kind=Kind.OTHER, tick_size=Decimal(tick), point_value=Decimal(1), group="fx"
    )


GIVEN: dict[str, dict[str, Any]] = {
    "6EH4_1min_2024-01.parquet": {"stamp": "end"},
    "FESX_1min_2006-01_02.parquet": {"stamp": "end", "zone": "Europe/Berlin", "instrument": pair("FESX", "1")},
    "BTCPERP_1min_2022-01.parquet": {"instrument": pair("BTCPERP", "0.5")},
    "GBPUSD_1min_bidask_2012-02.parquet": {"instrument": pair("GBPUSD", "0.00001")},
    "EURUSD_hour_bidask_2007_2018.parquet": {"instrument": pair("EURUSD", "0.00001"), "zone": "UTC-05"},
    "SPY_daily_1998_2021.parquet": {"zone": "America/New_York"},
    "SPY_daily_1998_2021.csv": {"zone": "America/New_York"},
    "SPY_hour_1998_2021.parquet": {"zone": "America/New_York"},
}


@pytest.mark.parametrize(
    ("name", "rows", "first", "symbols"),
    [
        ("6EH4_1min_2024-01.parquet", 29_996, at("2024-01-01T23:00:00"), ["6EH4"]),
        ("FESX_1min_2006-01_02.parquet", 30_889, at("2006-01-02T08:00:00"), ["FESX"]),
        ("BTCPERP_1min_2022-01.parquet", 45_031, at("2021-12-31T23:01:00"), ["BTCPERP"]),
        ("GBPUSD_1min_bidask_2012-02.parquet", 30_117, at("2012-02-01T00:00:00"), ["GBPUSD"]),
        ("lean/EURUSD_hour_bidask_2007_2018.parquet", 69_928, at("2007-03-30T05:00:00"), ["EURUSD"]),
        ("lean/ES_1min_trades_by_contract.parquet", 19_083, at("2013-10-06T22:00:00"), ["ESZ3", "ESH4", "ESH0"]),
        ("lean/GC_1min_trades_by_contract.parquet", 6_791, at("2013-10-07T00:00:00"), ["GCZ3", "GCJ0"]),
        ("lean/SPY_daily_1998_2021.parquet", 5_849, at("1998-01-02T14:30:00"), ["SPY"]),
        ("lean/SPY_daily_1998_2021.csv", 5_849, at("1998-01-02T14:30:00"), ["SPY"]),
        ("lean/SPY_hour_1998_2021.parquet", 40_832, at("1998-01-02T14:00:00"), ["SPY"]),
        ("GOOG.csv", 2_148, at("2004-08-19T13:30:00"), ["GOOG"]),
    ],
)
def test_every_recording_loads_and_plays(name: str, rows: int, first: int, symbols: list[str]) -> None:
    recording = load(FOLDER / name, RecordingOptions(**GIVEN.get(Path(name).name, {})))
    market = ReplayMarket(recording, FakeClock(0), CALENDAR, speed=0)
    heard = Listed()
    for _ in range(10):
        market.step(heard)

    assert (len(recording), recording.start) == (rows, first)
    assert [one.symbol for one in recording.instruments] == symbols
    assert len(heard.quotes) == 5000
    for quote in heard.quotes:
        assert quote.bid is not None
        assert quote.ask is not None
        assert quote.ask > quote.bid


def test_no_parquet_of_the_folder_is_left_out() -> None:
    for path in FOLDER.rglob("*.parquet"):
        load(path, RecordingOptions(**GIVEN.get(path.name, {})))


def test_a_table_that_is_no_recording_is_refused_in_words() -> None:
    with pytest.raises(RecordingError, match="needs a time"):
        load(FOLDER / "lean" / "futures_symbol_properties.csv")


def test_the_daily_csv_and_parquet_are_one_recording() -> None:
    one, other = (load(FOLDER / "lean" / f"SPY_daily_1998_2021.{kind}") for kind in ("csv", "parquet"))

    assert one.instruments == other.instruments == (equity("SPY"),)
    assert (one.columns, one.starts, one.volumes) == (other.columns, other.starts, other.volumes)


def test_the_globex_evening_opens_where_the_calendar_says() -> None:
    path = FOLDER / "6EH4_1min_2024-01.parquet"
    recording = load(path, RecordingOptions(stamp="end"))

    assert wall(recording.start) == "2024-01-01 17:00:00"
    assert CALENDAR.trade_date("fx", recording.start) == date(2024, 1, 2)
    assert recording.instruments == (future("6E", 2024, 3),)
