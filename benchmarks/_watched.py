"""The workstation with quotes from a socket, as `benchmarks.watchlist` starts it on a terminal; not run by hand.

The feed is a market like any other: it stands where the simulated one does, and everything behind it is the product.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks._measure import TIMER_SECONDS
from tt_tui import assembly
from tt_tui.cli.choices import Choices
from tt_tui.cli.workstation import run_workstation
from tt_tui.desk.ports import MarketCapabilities, MarketData, MarketSink, VenueClock
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.market import Bar, Quote
from tt_tui.domain.sessions import SessionCalendar
from tt_tui.infra.clock import SystemClock
from tt_tui.market.clocks import SimulatedVenueClock
from tt_tui.settings import MarketSetup

LENGTH = struct.Struct("!I")
_decoder = msgspec.msgpack.Decoder(list[Quote])


class SocketMarket:
    """Reads batches of quotes from a loopback socket."""

    name = "socket"
    capabilities = MarketCapabilities()

    def __init__(self, port: int, venue: VenueClock) -> None:
        self.venue = venue
        self._port = port

    async def run(self, sink: MarketSink) -> None:
        """Hand on each batch as it comes."""
        reader, _ = await asyncio.open_connection("127.0.0.1", self._port)
        while True:
            (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
            for quote in _decoder.decode(await reader.readexactly(length)):
                sink.on_quote(quote)

    def subscribe(self, instruments: Sequence[Instrument]) -> None:
        """Take what comes: the generator sends everything."""

    async def history(self, instrument: Instrument, seconds: int, count: int) -> tuple[Bar, ...]:
        """Return nothing."""
        return ()


async def _probe(path: Path) -> None:
    """Write each overshoot of a 10 ms timer on the desk's loop, with its time, to a file."""
    with path.open("a", encoding="ascii", buffering=1) as file:
        rows: list[tuple[float, float]] = []
        while True:
            due = time.perf_counter() + TIMER_SECONDS
            await asyncio.sleep(TIMER_SECONDS)
            now = time.perf_counter()
            rows.append((time.monotonic(), (now - due) * 1000))
            if len(rows) >= 100:
                file.write(json.dumps(rows) + "\n")
                rows = []


def main() -> None:
    """Put the feed and the probe in place and run the workstation."""
    port, lag_file = int(sys.argv[1]), Path(sys.argv[2])

    def market_of(
        setup: MarketSetup, clock: SystemClock, calendar: SessionCalendar
    ) -> tuple[MarketData, VenueClock, tuple[Instrument, ...]]:
        venue = SimulatedVenueClock(clock, calendar)
        return SocketMarket(port, venue), venue, ()

    opened = assembly.Runtime.open

    async def open_and_probe(self: assembly.Runtime) -> None:
        await opened(self)
        assert self.tasks is not None
        self.tasks.start("lag probe", lambda: _probe(lag_file))

    assembly.market_of = market_of
    assembly.Runtime.open = open_and_probe  # type: ignore[method-assign]
    os.environ.pop("SSH_CONNECTION", None)
    sys.exit(run_workstation(Choices(port=0, fps=10)))


if __name__ == "__main__":
    main()
