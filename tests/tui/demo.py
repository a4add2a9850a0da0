"""Shows the workstation over a desk in memory: ``python -m tests.tui.demo [theme] [rows]``."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from decimal import Decimal

from tests.tui.fake_port import FakePort, day_of_trading, with_status
from tt_tui.desk.port import Frame
from tt_tui.infra.clock import SystemClock
from tt_tui.tui.app import run_screen
from tt_tui.tui.settings import ScreenSettings


class MovingPort(FakePort):
    """Quotes that walk a little with every frame."""

    moves = random.Random(7)

    def frame(self, symbols: Sequence[str], depth: Sequence[str] = (), prints: Sequence[str] = ()) -> Frame:
        """Return the quotes asked for, moved."""
        for symbol in symbols:
            seen = self.quotes.get(symbol)
            if seen is None or seen.stale or self.moves.random() < 0.3:
                continue
            step = seen.quote.ask - seen.quote.bid if seen.quote.ask and seen.quote.bid else Decimal(1)
            bid = (seen.quote.bid or Decimal(0)) + step * self.moves.choice((-1, 0, 0, 1))
            last = bid + step * self.moves.choice((0, 1))
            age = self.moves.random() * 1.2
            close = str(seen.quote.previous_close or bid)
            self.quote(symbol, str(bid), str(bid + step), last=str(last), close=close, age=age)
        return super().frame(symbols, depth, prints)


def make_port(rows: int = 0) -> FakePort:
    """Return a port with a morning's trading, and more rows to watch."""
    port = MovingPort()
    port.clock.wall = SystemClock().now()
    day_of_trading(port)
    more = [f"ES{month}{year}" for year in range(10) for month in "FGHJKMNQUVXZ"][:rows]
    more += [f"NQ{month}{year}" for year in range(10) for month in "FGHJKMNQUVXZ"][: max(0, rows - 120)]
    for symbol in more:
        port.quote(symbol, "6700.25", "6700.50", close="6690.00")
    with_status(port, watchlist=(*port.desk.watchlist, *more))
    return port


if __name__ == "__main__":
    theme = sys.argv[1] if len(sys.argv) > 1 else ""
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    run_screen(lambda: make_port(count), ScreenSettings(theme=theme))
