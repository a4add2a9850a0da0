from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tt_tui.domain.instrument import equity, future
from tt_tui.market.recording import Recording, RecordingError, RecordingOptions, load

from .helpers import MINUTE, SECOND, at, bar

ES_Z3 = future("ES", 2013, 12)
HEADER = "ts,open,high,low,close,volume"
ROWS = (
    "2024-01-31 14:30:00,4900.25,4901.00,4899.75,4900.50,120",
    "2024-01-31 14:31:00,4900.50,4902.25,4900.50,4902.00,80",
)


local = datetime.fromisoformat
"""Times as a file holds them, without a zone."""


def csv(folder: Path, *lines: str, name: str = "ESH4.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def parquet(folder: Path, columns: Mapping[str, object], name: str = "ESH4.parquet") -> Path:
    path = folder / name
    pl.DataFrame(columns).write_parquet(path)
    return path


def ohlc(times: Sequence[datetime], price: float = 4900.25) -> dict[str, object]:
    return {"ts": times} | {name: [price] * len(times) for name in ("open", "high", "low", "close")}


def refusal(path: Path, options: RecordingOptions | None = None) -> str:
    with pytest.raises(RecordingError) as refused:
        load(path, options)
    return str(refused.value)


def bars_of(recording: Recording) -> list[object]:
    return [recording.bar(row) for row in range(len(recording))]


def test_a_csv_is_read_to_the_tick(tmp_path: Path) -> None:
    recording = load(csv(tmp_path, HEADER, *ROWS))

    start = at("2024-01-31T14:30:00")
    assert [one.symbol for one in recording.instruments] == ["ESH4"]
    assert recording.instruments[0].year == 2024
    assert bars_of(recording) == [
        bar(start, "4900.25", "4901.00", "4899.75", "4900.50", 120),
        bar(start + MINUTE, "4900.50", "4902.25", "4900.50", "4902.00", 80),
    ]
    assert (recording.seconds, recording.start, recording.end) == (60, start, start + 2 * MINUTE)
    assert recording.notes == ()


def test_binary_prices_of_a_parquet_become_exact(tmp_path: Path) -> None:
    times = [local("2024-01-31T14:30"), local("2024-01-31T14:31")]
    columns = ohlc(times, 1.10775) | {"volume": [5, 6]}
    recording = load(parquet(tmp_path, columns, name="6EH4_1min.parquet"))

    assert recording.bar(0).close == Decimal("1.10775")
    assert recording.notes == ()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-31 14:30:00", "2024-01-31T14:30:00"),
        ("2024-01-31T14:30:00.000000000", "2024-01-31T14:30:00"),
        ("2024-01-31T14:30:00Z", "2024-01-31T14:30:00"),
        ("2024-01-31T14:30:00-06:00", "2024-01-31T20:30:00"),
        ("1706711400", "2024-01-31T14:30:00"),
        ("1706711400000", "2024-01-31T14:30:00"),
        ("1706711400000000", "2024-01-31T14:30:00"),
        ("1706711400000000000", "2024-01-31T14:30:00"),
    ],
)
def test_times_are_read_in_every_usual_way(tmp_path: Path, text: str, moment: str) -> None:
    path = csv(tmp_path, HEADER, f"{text},4900,4900,4900,4900,1")

    assert load(path).start == at(moment)


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("", "14:30"),
        ("UTC", "14:30"),
        ("America/Chicago", "20:30"),
        ("Europe/Berlin", "13:30"),
        ("UTC-05:00", "19:30"),
        ("-05", "19:30"),
        ("UTC+0530", "09:00"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_zone_is_an_option(tmp_path: Path, kind: str, zone: str, hour: str) -> None:
    times = [local("2024-01-31T14:30"), local("2024-01-31T14:31")]
    path = csv(tmp_path, HEADER, *ROWS) if kind == "csv" else parquet(tmp_path, ohlc(times))

    assert load(path, RecordingOptions(zone=zone)).start == at(f"2024-01-31T{hour}:00")


def test_a_column_that_carries_its_zone_needs_no_option(tmp_path: Path) -> None:
    times = pl.Series("ts", [local("2024-01-31T08:30")]).dt.replace_time_zone("America/Chicago")
    path = parquet(tmp_path, {"ts": times, "open": [1.0], "high": [1.0], "low": [1.0], "close": [1.0]})

    assert load(path).start == at("2024-01-31T14:30:00")
    assert refusal(path, RecordingOptions(zone="Europe/Berlin")) == (
        "ESH4.parquet: column 'ts' carries its zone already (America/Chicago); leave out the zone 'Europe/Berlin'"
    )


@pytest.mark.parametrize(("stamp", "minute"), [("start", "14:30"), ("end", "14:29")])
def test_a_stamp_is_a_bars_start_or_its_end(tmp_path: Path, stamp: str, minute: str) -> None:
    options = RecordingOptions(stamp="end" if stamp == "end" else "start")

    assert load(csv(tmp_path, HEADER, *ROWS), options).start == at(f"2024-01-31T{minute}:00")


def test_local_times_follow_summer_time(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        HEADER,
        "2024-03-08 09:30:00,5100,5100,5100,5100,1",
        "2024-03-11 09:30:00,5100,5100,5100,5100,1",
    )
    recording = load(path, RecordingOptions(zone="America/New_York", seconds=60))

    assert list(recording.starts) == [at("2024-03-08T14:30:00"), at("2024-03-11T13:30:00")]


@pytest.mark.parametrize(("stamp", "zone"), [("start", ""), ("end", "America/New_York")])
def test_daily_bars_are_played_in_the_regular_hours_of_their_date(tmp_path: Path, stamp: str, zone: str) -> None:
    path = csv(
        tmp_path,
        ",Open,High,Low,Close,Volume",
        "2024-03-08,100,104.06,95.96,100.34,22351900",
        "2024-03-11,101,104,99,102,1",
        "2024-03-12,101,104,99,102,1",
        name="GOOG.csv",
    )
    recording = load(path, RecordingOptions(stamp="end" if stamp == "end" else "start", zone=zone))

    assert recording.instruments == (equity("GOOG"),)
    assert list(recording.starts[:2]) == [
        at("2024-03-08T08:30:00", "America/Chicago"),
        at("2024-03-11T08:30:00", "America/Chicago"),
    ]
    assert recording.seconds == 6.5 * 3600


def contracts(tmp_path: Path) -> Path:
    rows = []
    for day, weights in ((9, (900, 100)), (10, (400, 600)), (11, (300, 800))):
        for name, volume in zip(("ES201312", "ES201403"), weights, strict=True):
            for minute in range(2):
                rows.append((local(f"2013-12-{day:02d}T15:{minute:02d}"), name, volume))
    rows.append((local("2013-12-09T23:30"), "ES201403", 5))
    columns: dict[str, object] = {"ts": [row[0] for row in rows], "contract": [row[1] for row in rows]}
    columns |= {name: [1780.25 if row[1] == "ES201312" else 1774.5 for row in rows] for name in ("open", "high")}
    columns |= dict.fromkeys(("low", "close"), columns["open"]) | {"volume": [row[2] for row in rows]}
    return parquet(tmp_path, columns, name="many.parquet")


def test_the_front_contract_is_each_trade_dates_busiest(tmp_path: Path) -> None:
    recording = load(contracts(tmp_path))

    assert [recording.instrument(row).symbol for row in range(len(recording))] == ["ESZ3"] * 2 + ["ESH4"] * 5
    # 23:30 UTC is 17:30 in Chicago: the evening belongs to the next trade date.
    assert recording.starts[2] == at("2013-12-09T23:30:00")
    assert [recording.bar(row).open for row in (0, 2)] == [Decimal("1780.25"), Decimal("1774.50")]


def test_a_contract_can_be_named(tmp_path: Path) -> None:
    recording = load(contracts(tmp_path), RecordingOptions(contract="ES201312"))

    assert recording.instruments == (ES_Z3,)
    assert len(recording) == 6
    assert refusal(contracts(tmp_path), RecordingOptions(contract="ES201406")) == (
        "many.parquet: has no contract 'ES201406' in column 'contract'; it has 'ES201312', 'ES201403'"
    )


def test_an_instrument_given_stands_for_all_contracts(tmp_path: Path) -> None:
    recording = load(contracts(tmp_path), RecordingOptions(instrument=ES_Z3))

    assert recording.instruments == (ES_Z3,)
    assert len(recording) == 7


def test_bid_and_ask_bars_keep_their_spread_and_crossed_ones_are_widened(tmp_path: Path) -> None:
    euro = future("6E", 2024, 3)
    columns: dict[str, object] = {"ts": [local("2024-01-31T14:30"), local("2024-01-31T14:31")]}
    columns |= {f"bid_{name}": [1.08, 1.08] for name in ("open", "high", "low", "close")}
    columns |= {f"ask_{name}": [1.0801, 1.08] for name in ("open", "high", "low", "close")}
    recording = load(parquet(tmp_path, columns), RecordingOptions(instrument=euro))

    assert recording.kind == "bid_ask"
    assert [column[0] for column in recording.columns] == [21600] * 4 + [21602] * 4
    assert [column[1] for column in recording.columns] == [21600] * 4 + [21601] * 4
    assert recording.notes == ("1 rows contradicted themselves (high below low, ask not above bid) and were widened",)


def test_recorded_trades_may_share_a_time(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "Time,Price,Size",
        "2024-01-31 14:30:00.100,4900.25,3",
        "2024-01-31 14:30:00.100,4900.50,1",
        "2024-01-31 14:30:00.200,4900.25,2",
    )
    recording = load(path)

    assert (recording.kind, recording.seconds, len(recording)) == ("trades", 0, 3)
    assert recording.bar(1) == bar(at("2024-01-31T14:30:00.100"), "4900.50", "4900.50", "4900.50", "4900.50")


def test_prices_off_the_tick_are_rounded_and_counted(tmp_path: Path) -> None:
    path = csv(tmp_path, HEADER, "2024-01-31 14:30:00,4900.30,4900.30,4900.20,4900.25,1", ROWS[1])
    recording = load(path)

    assert recording.bar(0).open == Decimal("4900.25")
    assert recording.notes == ("1 of 2 rows were off the tick of 0.25 and were rounded to it",)


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("6EH4_1min.csv", "6EH4"), ("ES_5m.csv", "ESH4"), ("AAPL-daily.csv", "AAPL"), ("CLZ2024.csv", "CLZ4")],
)
def test_the_file_name_says_what_was_recorded(tmp_path: Path, name: str, symbol: str) -> None:
    recording = load(csv(tmp_path, HEADER, "2024-01-31 14:30:00,80,80,80,80,1", name=name))

    assert recording.instruments[0].symbol == symbol


@pytest.mark.parametrize(
    ("lines", "options", "expected"),
    [
        (
            ("when,what", "1,2"),
            {},
            "x.csv: a recording needs a time (ts, time, date …) and open, high, low, close, or bid_open … ask_close, "
            "or price; its columns are 'when', 'what'",
        ),
        ((HEADER,), {}, "x.csv: has its columns but no rows; there is nothing to play"),
        (
            (HEADER, ROWS[1], ROWS[0]),
            {},
            "x.csv: line 3, column 'ts': 2024-01-31 14:30:00 does not come after 2024-01-31 14:31:00 (line 2, column "
            "'ts'); sort the file by time, one row a time, and name the zone it was recorded in",
        ),
        (
            (HEADER, ROWS[0], ROWS[0]),
            {},
            "x.csv: line 3, column 'ts': 2024-01-31 14:30:00 does not come after 2024-01-31 14:30:00 (line 2, column "
            "'ts'); sort the file by time, one row a time, and name the zone it was recorded in",
        ),
        (
            (HEADER, ROWS[0], "2024-01-31 14:31:00,4900,NaN,4900,4900,1"),
            {},
            "x.csv: line 3, column 'high': 'NaN' is no price; repair the row or take it out",
        ),
        (
            (HEADER, ROWS[0], "2024-01-31 14:31:00,4900,4900,,4900,1"),
            {},
            "x.csv: line 3, column 'low': None is no price; repair the row or take it out",
        ),
        (
            (HEADER, "2024-01-31 14:31:00,4900,4900,4900,inf,1"),
            {},
            "x.csv: line 2, column 'close': 'inf' is no price; repair the row or take it out",
        ),
        (
            (HEADER, ROWS[0], "yesterday,4900,4900,4900,4900,1"),
            {},
            "x.csv: line 3, column 'ts': 'yesterday' is no time; write it like 2024-01-31 14:30:00",
        ),
        (
            (HEADER, *ROWS),
            {"zone": "Mars/Olympus"},
            "x.csv: 'Mars/Olympus' is no time zone; write one like UTC, America/New_York or UTC-05:00",
        ),
        (
            (HEADER, "2024-03-10 02:30:00,4900,4900,4900,4900,1"),
            {"zone": "America/Chicago"},
            "x.csv: line 2, column 'ts': 2024-03-10 02:30:00 does not exist in America/Chicago, its clocks went "
            "forward then; name the zone in which the file was recorded",
        ),
        (
            ("ts,price,ts ", "1,2,3"),
            {},
            "x.csv: two columns have the same name; columns are 'ts', 'price', 'ts '",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, lines: tuple[str, ...], options: dict[str, str], expected: str
) -> None:
    chosen = RecordingOptions(instrument=ES_Z3, zone=options.get("zone", ""))

    assert refusal(csv(tmp_path, *lines, name="x.csv"), chosen) == expected


def test_a_parquet_with_a_hole_names_its_row(tmp_path: Path) -> None:
    start = local("2024-01-31T14:30")
    columns = ohlc([start + timedelta(minutes=n) for n in range(3)]) | {"close": [1.0, float("nan"), None]}

    assert refusal(parquet(tmp_path, columns)) == (
        "ESH4.parquet: row 2, column 'close': nan is no price; repair the row or take it out"
    )


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("x.csv", "", "x.csv: can't be read as csv: "),
        ("x.parquet", "not parquet", "x.parquet: can't be read as parquet: "),
        ("x.xlsx", "x", "x.xlsx: a recording is a .csv or a .parquet file, was '.xlsx'"),
        ("GBPUSD_1min.csv", f"{HEADER}\n{ROWS[0]}\n", "GBPUSD_1min.csv: does not say what was recorded"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_in_words(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")

    assert refusal(path).startswith(expected)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.csv").startswith("gone.csv: can't be read as csv: ")


def test_contracts_of_different_ticks_are_refused(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "ts,contract,open,high,low,close,volume",
        "2013-12-09 15:00:00,ES201312,1780,1780,1780,1780,5",
        "2013-12-10 15:00:00,GC201402,1250,1250,1250,1250,5",
    )

    assert "holds contracts of different ticks ('ES201312', 'GC201402'); name one of them" in refusal(path)


def test_an_unknown_contract_is_said(tmp_path: Path) -> None:
    path = csv(tmp_path, "ts,contract,open,high,low,close", "2013-12-09 15:00:00,QQ201312,1,1,1,1")

    assert "column 'contract': 'QQ' is no futures root" in refusal(path)


def test_rows_are_found_by_time(tmp_path: Path) -> None:
    recording = load(csv(tmp_path, HEADER, *ROWS))

    assert [recording.row_at(recording.start + n * SECOND) for n in (-1, 0, 1, 60, 61)] == [0, 0, 1, 1, 2]
