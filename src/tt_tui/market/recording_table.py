"""Reading a recording's table: columns, times, contracts and prices. Polars is imported only when asked."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tt_tui.domain.instrument import Instrument, Kind, UnknownSymbol, future
from tt_tui.domain.rolls import RollCalendar
from tt_tui.domain.symbology import resolve
from tt_tui.market import recording
from tt_tui.market.recording import Recording, RecordingError, RecordingOptions

if TYPE_CHECKING:
    import polars as pl

_SECOND = 1_000_000_000
_DAY = 86_400
_PLAYED_DAY = 6 * 3600 + 30 * 60
"""Seconds in which a bar of a day or longer is played: 08:30 to 15:00 Chicago."""
_TIMES = ("ts", "time", "timestamp", "datetime", "date", "")
_CONTRACTS = ("contract", "symbol", "instrument")
_VOLUMES = ("volume", "vol", "size", "qty", "quantity")
_YEAR_MONTH = re.compile(r"(?P<root>[A-Z0-9]{1,3}?)(?P<year>(?:19|20)[0-9]{2})(?P<month>0[1-9]|1[0-2])")
_OFFSET = re.compile(r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>[0-9]{1,2}):?(?P<minutes>[0-9]{2})?")
# A price this much of a tick beside the grid is binary rounding, not another tick size.
_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class _Table:
    path: Path
    frame: pl.DataFrame
    """Named in small letters, with ``_row`` counted from 0."""
    kind: recording.Kind
    prices: tuple[str, ...]
    time: str
    contract: str
    volume: str

    def error(self, text: str) -> RecordingError:
        return RecordingError(f"{self.path.name}: {text}")

    def at(self, row: int, column: str) -> str:
        place = f"line {row + 2}" if self.path.suffix.lower() == ".csv" else f"row {row + 1}"
        return f"{place}, column {column!r}"


def load(path: Path, options: RecordingOptions) -> Recording:
    """Read a recording; see ``recording.load``."""
    table = _with_times(_read(path), options.zone)
    first = table.frame["_date"][0]
    if options.instrument is None and not table.contract:
        options_instrument: Instrument | None = _by_file_name(table, first)
    else:
        options_instrument = options.instrument
    table = _one_contract(table, options.contract)
    contracts = _instruments(table, options_instrument)
    _check_order(table)
    seconds = options.seconds or _length(table)
    starts = _starts(table, seconds, options.stamp)
    instruments = tuple(dict.fromkeys(contracts.values()))
    ticks, notes = _ticks(table, instruments[0])
    names = table.frame[table.contract].to_list() if table.contract else [""] * table.frame.height
    numbers = {name: instruments.index(one) for name, one in contracts.items()}
    return Recording(
        name=path.name,
        kind=table.kind,
        instruments=instruments,
        which=array("H", [numbers[name] for name in names]),
        starts=array("q", starts.to_list()),
        seconds=0 if table.kind == "trades" else seconds if seconds < _DAY else _PLAYED_DAY,
        columns=tuple(array("q", ticks[name].to_list()) for name in table.prices),
        volumes=array("d", _volumes(table)),
        notes=notes,
    )


def _read(path: Path) -> _Table:
    import polars as pl

    suffix = path.suffix.lower()
    try:
        if suffix == ".csv":
            frame = pl.read_csv(path, infer_schema=False)
        elif suffix == ".parquet":
            frame = pl.read_parquet(path)
        else:
            raise RecordingError(f"{path.name}: a recording is a .csv or a .parquet file, was {suffix or 'none'!r}")
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise RecordingError(f"{path.name}: can't be read as {suffix[1:]}: {reason}") from error
    names = [name.strip().lower() for name in frame.columns]
    if len(set(names)) < len(names):
        raise RecordingError(f"{path.name}: two columns have the same name; columns are {_listed(frame.columns)}")
    frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    time = next((name for name in _TIMES if name in names), None)
    kinds: tuple[tuple[recording.Kind, tuple[str, ...]], ...] = (
        ("bars", recording.BARS),
        ("bid_ask", recording.BID_ASK),
        ("trades", recording.TRADES),
    )
    kind, prices = next(((kind, need) for kind, need in kinds if set(need) <= set(names)), ("bars", ()))
    if time is None or not prices:
        raise RecordingError(
            f"{path.name}: a recording needs a time (ts, time, date …) and open, high, low, close, or bid_open … "
            f"ask_close, or price; its columns are {_listed(names)}"
        )
    if not frame.height:
        raise RecordingError(f"{path.name}: has its columns but no rows; there is nothing to play")
    contract = next((name for name in _CONTRACTS if name in names), "")
    volume = next((name for name in _VOLUMES if name in names), "")
    return _Table(path, frame.with_row_index("_row"), kind, prices, time, contract, volume)


def _with_times(table: _Table, zone: str) -> _Table:
    """Add ``_ns``, the time in nanoseconds UTC, and ``_date``, the date as it was written."""
    import polars as pl

    offset = _zone(table, zone)
    times = _parsed_times(table)
    if isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone:
        own = times.dtype.time_zone
        if zone and offset != own and offset != timedelta(0):
            raise table.error(f"column {table.time!r} carries its zone already ({own}); leave out the zone {zone!r}")
        utc = times.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    elif isinstance(offset, timedelta):
        utc = times - offset
    else:
        # The first of the two hours that autumn repeats: a file that holds both is refused as unsorted.
        zoned = times.dt.replace_time_zone(offset, ambiguous="earliest", non_existent="null")
        missing = zoned.is_null().arg_true()
        if missing.len():
            row = int(missing[0])
            raise table.error(
                f"{table.at(row, table.time)}: {times[row]} does not exist in {zone}, its clocks went forward then; "
                f"name the zone in which the file was recorded"
            )
        utc = zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    frame = table.frame.with_columns(utc.dt.epoch("ns").alias("_ns"), times.dt.date().alias("_date"))
    return replace(table, frame=frame)


def _zone(table: _Table, zone: str) -> timedelta | str:
    if zone.upper() in {"", "UTC", "GMT", "Z"}:
        return timedelta(0)
    match = _OFFSET.fullmatch(zone.upper())
    if match and int(match["hours"]) <= 14:
        offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
        return -offset if match["sign"] == "-" else offset
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise table.error(f"{zone!r} is no time zone; write one like UTC, America/New_York or UTC-05:00") from None
    return zone


def _parsed_times(table: _Table) -> pl.Series:
    import polars as pl

    raw = table.frame[table.time]
    times = raw
    if raw.dtype == pl.String:
        numbers = raw.cast(pl.Int64, strict=False)
        times = numbers if not numbers.null_count() else _times_of_text(raw)
    if times.dtype.is_integer():
        times = _times_of_numbers(times.cast(pl.Int64))
    if not isinstance(times.dtype, pl.Date | pl.Datetime):
        raise table.error(f"column {table.time!r} holds {raw.dtype}, no times; write them like 2024-01-31 14:30:00")
    zone = times.dtype.time_zone if isinstance(times.dtype, pl.Datetime) else None
    times = times.cast(pl.Datetime("ns", zone))
    missing = times.is_null().arg_true()
    if missing.len():
        row = int(missing[0])
        raise table.error(f"{table.at(row, table.time)}: {raw[row]!r} is no time; write it like 2024-01-31 14:30:00")
    return times


def _times_of_text(raw: pl.Series) -> pl.Series:
    import polars as pl

    try:
        return raw.str.strip_chars().str.to_datetime(time_unit="ns", strict=False)
    except pl.exceptions.PolarsError:
        return pl.Series(raw.name, [None] * raw.len(), dtype=pl.Datetime("ns"))


def _times_of_numbers(numbers: pl.Series) -> pl.Series:
    import polars as pl

    largest = numbers.max()
    size = largest if isinstance(largest, int) else 0
    if 19_000_000 < size < 22_000_000:
        return numbers.cast(pl.String).str.to_datetime("%Y%m%d", time_unit="ns", strict=False)
    for limit, factor in ((10**11, _SECOND), (10**14, 10**6), (10**17, 10**3)):
        if size < limit:
            return (numbers * factor).cast(pl.Datetime("ns"))
    return numbers.cast(pl.Datetime("ns"))


def _by_file_name(table: _Table, first: date) -> Instrument:
    for word in re.split(r"[^A-Z0-9!]+", table.path.stem.upper()):
        try:
            found = resolve(word, today=first, rolls=RollCalendar())
        except UnknownSymbol:
            break
        if found.kind is not Kind.OTHER:
            return found
        break
    raise table.error("does not say what was recorded, neither in a contract column nor in its name; name the symbol")


def _one_contract(table: _Table, wanted: str) -> _Table:
    """Keep one contract's rows: the one named, or on each trade date the one that traded most.

    A file may hold one contract after another, so the rows of several are put in order of time.
    """
    import polars as pl

    if not table.contract:
        return table
    if wanted != "front":
        frame = table.frame.filter(pl.col(table.contract) == wanted)
        if not frame.height:
            names = table.frame[table.contract].unique().sort().to_list()
            raise table.error(f"has no contract {wanted!r} in column {table.contract!r}; it has {_listed(names)}")
        return replace(table, frame=frame)
    # Trade dates turn at 17:00 Chicago.
    chicago = pl.from_epoch("_ns", time_unit="ns").dt.replace_time_zone("UTC").dt.convert_time_zone("America/Chicago")
    frame = table.frame.with_columns((chicago + pl.duration(hours=7)).dt.date().alias("_day"))
    weight = pl.col(table.volume).cast(pl.Float64, strict=False).sum() if table.volume else pl.len()
    traded = frame.group_by("_day", table.contract).agg(weight.alias("_weight"))
    busiest = (
        traded.sort("_day", "_weight", table.contract, descending=[False, True, False])
        .group_by("_day", maintain_order=True)
        .first()
        .select("_day", table.contract)
    )
    return replace(table, frame=frame.join(busiest, on=["_day", table.contract], how="semi").sort("_ns"))


def _instruments(table: _Table, known: Instrument | None) -> dict[str, Instrument]:
    """Return the instrument of each contract name that is left, in the order of appearance."""
    if not table.contract:
        assert known is not None
        return {"": known}
    found: dict[str, Instrument] = {}
    firsts = table.frame.unique(table.contract, keep="first", maintain_order=True)
    for name, day in zip(firsts[table.contract].to_list(), firsts["_date"].to_list(), strict=True):
        found[name] = known or _contract(table, str(name), day)
    if len({one.tick_size for one in found.values()}) > 1:
        raise table.error(f"holds contracts of different ticks ({_listed(list(found))}); name one of them")
    return found


def _contract(table: _Table, name: str, day: date) -> Instrument:
    match = _YEAR_MONTH.fullmatch(name.upper())
    try:
        if match is not None:
            return future(match["root"], int(match["year"]), int(match["month"]))
        return resolve(name, today=day, rolls=RollCalendar())
    except UnknownSymbol as error:
        raise table.error(f"column {table.contract!r}: {error}") from error


def _check_order(table: _Table) -> None:
    steps = table.frame["_ns"].diff()
    wrong = (steps < 0 if table.kind == "trades" else steps <= 0).arg_true()
    if wrong.len():
        row = int(wrong[0])
        here, before = (int(table.frame["_row"][at]) for at in (row, row - 1))
        raise table.error(
            f"{table.at(here, table.time)}: {table.frame[table.time][row]} does not come after "
            f"{table.frame[table.time][row - 1]} ({table.at(before, table.time)}); sort the file by time, one row a "
            f"time, and name the zone it was recorded in"
        )


def _length(table: _Table) -> int:
    steps = table.frame["_ns"].diff().drop_nulls()
    if table.kind == "trades" or not steps.len():
        return 60
    return max(1, int(steps.mode().sort()[0]) // _SECOND)


def _starts(table: _Table, seconds: int, stamp: str) -> pl.Series:
    import polars as pl

    if table.kind != "trades" and seconds >= _DAY:
        opens = table.frame["_date"].cast(pl.Datetime("ns")) + timedelta(hours=8, minutes=30)
        return opens.dt.replace_time_zone("America/Chicago").dt.epoch("ns")
    shift = seconds * _SECOND if stamp == "end" and table.kind != "trades" else 0
    return table.frame["_ns"] - shift


def _ticks(table: _Table, instrument: Instrument) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the prices as whole ticks, and what had to be put right."""
    import polars as pl

    size = float(instrument.tick_size)
    columns: dict[str, pl.Series] = {}
    off_grid = pl.Series([False]).new_from_index(0, table.frame.height)
    for name in table.prices:
        raw = table.frame[name]
        prices = (raw.str.strip_chars() if raw.dtype == pl.String else raw).cast(pl.Float64, strict=False)
        wrong = (~prices.is_finite()).fill_null(value=True).arg_true()
        if wrong.len():
            row = int(wrong[0])
            place = table.at(int(table.frame["_row"][row]), name)
            raise table.error(f"{place}: {raw[row]!r} is no price; repair the row or take it out")
        exact = prices / size
        columns[name] = exact.round().cast(pl.Int64)
        off_grid = off_grid | ((exact - exact.round()).abs() > _ROUNDING)
    notes = []
    if count := off_grid.sum():
        notes.append(
            f"{count} of {off_grid.len()} rows were off the tick of {instrument.tick_size} and were rounded to it"
        )
    ticks, repaired = _repaired(pl.DataFrame(columns), table.kind)
    if repaired:
        notes.append(f"{repaired} rows contradicted themselves (high below low, ask not above bid) and were widened")
    return ticks, tuple(notes)


def _repaired(ticks: pl.DataFrame, kind: recording.Kind) -> tuple[pl.DataFrame, int]:
    import polars as pl

    if kind == "trades":
        return ticks, 0
    repaired = ticks
    for prefix in ("",) if kind == "bars" else ("bid_", "ask_"):
        names = [prefix + name for name in recording.BARS]
        repaired = repaired.with_columns(
            pl.max_horizontal(names).alias(prefix + "high"), pl.min_horizontal(names).alias(prefix + "low")
        )
    if kind == "bid_ask":
        repaired = repaired.with_columns(
            pl.max_horizontal(pl.col(f"ask_{name}"), pl.col(f"bid_{name}") + 1).alias(f"ask_{name}")
            for name in recording.BARS
        )
    changed = pl.any_horizontal(repaired[name] != ticks[name] for name in ticks.columns)
    return repaired, int(repaired.select(changed.sum()).item())


def _volumes(table: _Table) -> list[float]:
    import polars as pl

    if not table.volume:
        return [0.0] * table.frame.height
    volumes = table.frame[table.volume].cast(pl.Float64, strict=False).fill_null(0.0).fill_nan(0.0)
    return [float(volume) for volume in volumes.to_list()]


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "")
