"""A busy watchlist: 5,000 quotes a second into 200 watched symbols at 10 frames a second, on a real terminal.

Run with ``python -m benchmarks.watchlist``. The quotes come over a loopback socket from a process of their own; the
processor time counted is the workstation's alone, and its idle twin stands beside it as the floor.
"""

from __future__ import annotations

import json
import multiprocessing
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import msgspec
from tests.e2e.process import environment

from benchmarks._measure import RUNS, Measured, idle_lag_p99, is_busy, percentile, print_table, progress
from benchmarks._terminal import Terminal, cpu_seconds
from benchmarks._watched import LENGTH
from tt_tui.domain.market import Quote

SYMBOLS = ["Q" + "".join(letters) for letters in product("ABCDEF", repeat=3)][:200]
PER_SECOND = 5_000
BATCHES = 100
SECONDS = 10.0
WARM = 3.0
TICK = Decimal("0.01")


def generate(pipe: Connection, per_second: int) -> None:
    """Send random walks to whoever connects, until told to end; the target of a process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        pipe.send(server.getsockname()[1])
        client, _ = server.accept()
    random = Random(7)
    prices = {symbol: Decimal(random.randrange(2_000, 40_000)) * TICK for symbol in SYMBOLS}
    encoder = msgspec.msgpack.Encoder()
    begun, number, at = time.perf_counter(), 0, 0
    with client:
        while not pipe.poll():
            batch = []
            # A feed without a trade still says that it is alive.
            for _ in range(max(1, per_second // BATCHES)):
                symbol = SYMBOLS[at % len(SYMBOLS)]
                at += 1
                price = prices[symbol] = max(TICK, prices[symbol] + TICK * random.randrange(-3, 4))
                size = Decimal(random.randrange(1, 500))
                batch.append(
                    Quote(symbol=symbol, bid=price, ask=price + TICK, bid_size=size, ask_size=size, last=price)
                )
            data = encoder.encode(batch)
            try:
                client.sendall(LENGTH.pack(len(data)) + data)
            except OSError:
                return
            number += 1
            time.sleep(max(0.0, begun + number / BATCHES - time.perf_counter()))


@contextmanager
def feed(per_second: int) -> Iterator[int]:
    """Run the generator in a process and give its port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=generate, args=(theirs, per_second))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(5)
        process.kill()


def watch(folder: Path, per_second: int) -> tuple[float, float, float]:
    """Return the share of a core in percent, the desk loop's lag p99 in ms, and kB a second written to the terminal."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "config.toml").write_text(f"[watchlist]\nsymbols = {json.dumps(SYMBOLS)}\n")
    lag_file = folder / "lag"
    with feed(per_second) as port:
        command = [sys.executable, "-m", "benchmarks._watched", str(port), str(lag_file)]
        with Terminal(command, environment(folder)) as terminal:
            terminal.wait_for(b"PAPER")
            time.sleep(WARM)
            began, used, written = time.monotonic(), cpu_seconds(terminal.pid), terminal.written
            time.sleep(SECONDS)
            ended = time.monotonic()
            share = (cpu_seconds(terminal.pid) - used) / (ended - began) * 100
            rate = (terminal.written - written) / (ended - began) / 1000
            time.sleep(2.0)
    rows = [row for line in lag_file.read_text().splitlines() for row in json.loads(line)]
    return share, percentile([lag for at, lag in rows if began <= at <= ended], 99), rate


def main() -> None:
    """Measure all five times and print the table."""
    busy = Measured(f"processor, {PER_SECOND:,} quotes/s into {len(SYMBOLS)} symbols, 10 Hz", "% of a core", bar=20)
    lag = Measured("desk loop lag p99 meanwhile", "ms", bar=20)
    still = Measured("processor, 100 quotes/s (floor)", "% of a core")
    written = Measured("written to the terminal", "kB/s")
    idle = Measured("idle loop lag p99 (floor)", "ms")
    for run in range(RUNS):
        progress(f"watchlist, run {run + 1}")
        calm = idle_lag_p99(2.0)
        idle.values.append(calm)
        lag.busy_runs += is_busy(calm)
        with tempfile.TemporaryDirectory() as name:
            share, late, rate = watch(Path(name, "busy"), PER_SECOND)
            busy.values.append(share)
            lag.values.append(late)
            written.values.append(rate)
            still.values.append(watch(Path(name, "still"), 100)[0])
    print_table("Watchlist", [busy, lag, still, written, idle])


if __name__ == "__main__":
    main()
