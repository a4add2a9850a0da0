"""The journal: durable events a second with 16 writers, the loop's lag meanwhile, and opening a million records.

Run with ``python -m benchmarks.journal [folder]``; the folder (default: a temporary one) decides the disk.
"""

from __future__ import annotations

import asyncio
import json
import queue
import sys
import tempfile
import threading
import time
from pathlib import Path

import apsw

from benchmarks._measure import (
    BUSY_LAG_MS,
    RUNS,
    LagProbe,
    Measured,
    floor_fdatasync,
    idle_lag,
    is_busy,
    percentile,
    print_table,
    progress,
    resident_mib,
    watch_lag,
)
from tt_tui.desk.journal import Entry, Journal
from tt_tui.infra.clock import SystemClock

WRITERS = 16
SECONDS = 4.0
RECORDS = 1_000_000
SNAPSHOT_BYTES = 1_000_000
SINGLE_COMMITS = 1500


def payload(step: int) -> bytes:
    """Return about 300 bytes of JSON as an order event has them."""
    return json.dumps(
        {
            "order_id": f"ORD-{step:016}",
            "account": "topstep-1",
            "instrument": {"root": "ES", "contract": "ESZ6", "exchange": "CME"},
            "side": "buy",
            "quantity": 2,
            "order_type": "limit",
            "limit_price": "6712.25",
            "bracket": {"stop_ticks": 20, "target_ticks": 40},
            "strategy": "opening range",
            "origin": "alert",
            "reason": "entry by alert, all nineteen checks passed",
        },
        separators=(",", ":"),
    ).encode()


def event(step: int) -> Entry:
    """Return the event of a step; each third has a unique key."""
    keys = (f"order:ORD-{step * 7919 % 1_000_003:016}-{step}",) if step % 3 == 0 else ()
    return Entry("OrderSent", payload(step), order_id=f"ORD-{step:016}", alert_id="ALR-MZXW6YTBOI3DEMZU", unique=keys)


async def commit_rate(path: Path, writers: int, seconds: float) -> tuple[float, LagProbe, list[float]]:
    """Return durable events a second, the loop's lag and each commit's milliseconds."""
    journal = Journal.open(path, clock=SystemClock(), chain_id="benchmark")
    events = [event(step) for step in range(20_000)]
    times: list[float] = []
    step = 0
    end = time.perf_counter() + seconds

    async def work() -> None:
        nonlocal step
        while time.perf_counter() < end:
            step += 1
            one = events[step % len(events)]
            if one.unique:
                one = Entry(one.kind, one.payload, one.order_id, one.alert_id, (f"order:{step * 7919 % 9_999_991}",))
            start = time.perf_counter()
            await journal.commit((one,))
            times.append((time.perf_counter() - start) * 1000)

    async with watch_lag() as probe:
        start = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(writers)))
        taken = time.perf_counter() - start
    journal.close()
    return len(times) / taken, probe, times


async def hand_over_rate(writers: int, seconds: float) -> float:
    """Return how often a second tasks can hand a bare future to a thread and get it back, with no disk at all."""
    handed: queue.SimpleQueue[asyncio.Future[None] | None] = queue.SimpleQueue()
    loop = asyncio.get_running_loop()

    def give_back(futures: list[asyncio.Future[None]]) -> None:
        for future in futures:
            future.set_result(None)

    def serve() -> None:
        while (first := handed.get()) is not None:
            group = [first]
            while not handed.empty() and (more := handed.get()) is not None:
                group.append(more)
            loop.call_soon_threadsafe(give_back, group)

    thread = threading.Thread(target=serve)
    thread.start()
    count = 0
    end = time.perf_counter() + seconds

    async def work() -> None:
        nonlocal count
        while time.perf_counter() < end:
            future: asyncio.Future[None] = loop.create_future()
            handed.put(future)
            await future
            count += 1

    await asyncio.gather(*(work() for _ in range(writers)))
    handed.put(None)
    thread.join()
    return count / seconds


def bare_commits(path: Path) -> list[float]:
    """Return the milliseconds of one row and one commit by bare apsw with the same durability."""
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE bare (seq INTEGER PRIMARY KEY, payload BLOB)")
    body = payload(1)
    times = []
    for _ in range(SINGLE_COMMITS):
        start = time.perf_counter()
        connection.execute("INSERT INTO bare (payload) VALUES (?)", (body,))
        times.append((time.perf_counter() - start) * 1000)
    connection.close()
    return times


def fill(path: Path) -> tuple[float, int]:
    """Write a million records and a snapshot near the end; return events a second and the largest log seen."""
    journal = Journal.open(path, clock=SystemClock(), chain_id="benchmark")
    wal = path.with_name(f"{path.name}-wal")
    largest = 0
    start = time.perf_counter()
    for first in range(0, RECORDS, 100):
        while first - journal.durable_seq > 20_000:
            time.sleep(0.001)
        journal.append([event(step) for step in range(first, first + 100)])
        if first % 10_000 == 0:
            largest = max(largest, wal.stat().st_size)
        if first in (RECORDS - 40_000, RECORDS - 20_000):
            journal.save_snapshot(first + 100, b"s" * SNAPSHOT_BYTES)
    journal.close(60)
    return RECORDS / (time.perf_counter() - start), largest


def opening(path: Path) -> tuple[float, int, float]:
    """Return seconds to open and read the tail after the snapshot, records verified, and resident MiB."""
    start = time.perf_counter()
    journal = Journal.open(path, clock=SystemClock())
    snapshot = journal.snapshot()
    assert snapshot is not None
    tail = sum(1 for _ in journal.tail(snapshot[0]))
    taken = time.perf_counter() - start
    assert journal.last_seq == RECORDS
    assert snapshot[0] + tail == RECORDS
    verified = journal.opening.verified
    journal.close()
    return taken, verified, resident_mib()


def measure_writing(folder: Path) -> list[Measured]:
    """Measure commits by one and by sixteen writers, beside what the machine can do."""
    rate = Measured(f"journal, {WRITERS} writers, durable", "events/s", bar=15_000, more_is_better=True)
    lag = Measured("loop lag p99 meanwhile", "ms")
    idle = Measured("idle loop lag p99 (floor)", "ms")
    latency = Measured(f"commit p50, {WRITERS} writers", "ms")
    single = Measured("commit p50, 1 writer", "ms")
    single_rate = Measured("journal, 1 writer, durable", "events/s", more_is_better=True)
    bare = Measured("bare apsw, 1 row a commit, p50 (floor)", "ms")
    bare_futures = Measured(
        f"{WRITERS} writers, bare futures by a thread, no disk (floor)", "events/s", more_is_better=True
    )
    raw = Measured("raw 4 KiB append + fdatasync, p50 (floor)", "ms")
    for run in range(RUNS):
        progress(f"writing, run {run + 1}")
        calm = asyncio.run(idle_lag())
        bare_futures.values.append(asyncio.run(hand_over_rate(WRITERS, 1.0)))
        raw.values.append(percentile(floor_fdatasync(folder), 50))
        bare.values.append(percentile(bare_commits(folder / f"bare{run}.db"), 50))
        found, probe, times = asyncio.run(commit_rate(folder / f"many{run}.db", WRITERS, SECONDS))
        rate.values.append(found)
        latency.values.append(percentile(times, 50))
        lag.values.append(probe.p99)
        idle.values.append(calm.p99)
        lag.busy_runs += is_busy(calm)
        one, _, times = asyncio.run(commit_rate(folder / f"one{run}.db", 1, 1.0))
        single.values.append(percentile(times, 50))
        single_rate.values.append(one)
    lag.bar = max(5.0, 3 * min(idle.median, BUSY_LAG_MS))
    lag.note = "bar: max(5 ms, 3 × idle)"
    return [rate, lag, idle, bare_futures, latency, single_rate, single, bare, raw]


def measure_opening(folder: Path) -> list[Measured]:
    """Measure opening a journal of a million records that has a snapshot."""
    path = folder / "million.db"
    progress(f"filling {RECORDS:,} records")
    speed, largest = fill(path)
    filled = Measured("filling it, appends of 100", "events/s", [speed], more_is_better=True)
    log = Measured("largest write-ahead log while filling", "MiB", [largest / 1_048_576], bar=64)
    seconds = Measured(f"opening {RECORDS:,} events, snapshot and tail read", "s", bar=2)
    for run in range(RUNS):
        progress(f"opening, run {run + 1}")
        taken, verified, memory = opening(path)
        seconds.values.append(taken)
        seconds.note = f"{path.stat().st_size // 1_048_576} MiB file, {verified:,} verified, {memory:.0f} MiB resident"
    return [seconds, filled, log]


def main() -> None:
    """Run all and print the table."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder = Path(name)
        rows = measure_writing(folder)
        rows += measure_opening(folder)
    print_table("Journal", rows)


if __name__ == "__main__":
    main()
