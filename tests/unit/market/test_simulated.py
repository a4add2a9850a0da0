from __future__ import annotations

import asyncio
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest

from tt_tui.domain.errors import Unavailable
from tt_tui.domain.instrument import Instrument, equity, future, option, products
from tt_tui.domain.market import Quote
from tt_tui.market.bars import DAY
from tt_tui.market.characters import DEFAULT_EQUITIES, DEFAULT_ROOTS
from tt_tui.market.clocks import SimulatedVenueClock
from tt_tui.market.hub import Hub
from tt_tui.market.path import activity
from tt_tui.market.simulated import DEPTH_LEVELS, SimulatedMarket

from .helpers import CALENDAR, ES, HOUR, MINUTE, SECOND, FakeClock, Listed, chicago, wall

TENTH = SECOND // 10
DEFAULTS = [*(future(root, 2027, 3) for root in DEFAULT_ROOTS), *(equity(one) for one in DEFAULT_EQUITIES)]


class Rig:
    """A simulated market on a clock that the test moves."""

    def __init__(self, moment: str = "2026-11-23T10:00:00", seed: int = 1) -> None:
        self.clock = FakeClock(chicago(moment))
        self.venue = SimulatedVenueClock(self.clock, CALENDAR)
        self.market = SimulatedMarket(self.clock, self.venue, CALENDAR, seed)
        self.heard = Listed()

    def play(self, seconds: float, *instruments: Instrument) -> Listed:
        self.market.subscribe(instruments)
        for _ in range(round(seconds * 10)):
            self.market.step(self.heard)
            self.clock.pass_time(TENTH)
        return self.heard


def test_the_same_seed_and_clock_make_the_same_market() -> None:
    heard = [Rig(seed=seed).play(20, *DEFAULTS) for seed in (1, 1, 2)]

    assert heard[0].quotes == heard[1].quotes
    assert heard[0].prints == heard[1].prints
    assert [one.bid for one in heard[0].quotes] != [one.bid for one in heard[2].quotes]


def test_what_others_are_asked_for_changes_nothing_for_a_contract() -> None:
    alone = Rig().play(10, ES)
    among = Rig().play(10, ES, *DEFAULTS)

    assert alone.quotes == [one for one in among.quotes if one.symbol == ES.symbol]


@pytest.mark.parametrize("moment", ["2026-11-23T10:00:00", "2026-11-21T12:00:00", "2026-11-23T03:00:00"])
def test_every_future_and_share_has_a_plausible_market(moment: str) -> None:
    instruments = [*(future(root, 2027, 3) for root in products()), *DEFAULTS, equity("ZZZ")]
    known = {one.symbol: one for one in instruments}
    heard = Rig(moment).play(30, *instruments)

    assert {one.symbol for one in heard.quotes} == set(known)
    for one in heard.quotes:
        assert one.bid is not None
        assert one.ask is not None
        assert one.last is not None
        assert one.high is not None
        assert one.low is not None
        assert one.previous_close is not None
        instrument = known[one.symbol]
        tick = instrument.tick_size
        prices = (one.bid, one.ask, one.last, one.high, one.low, one.previous_close)
        assert all(instrument.is_on_tick(price) for price in prices)
        assert tick <= one.ask - one.bid <= 3 * tick
        assert one.bid > 0
        assert one.low <= one.last <= one.high
        assert one.mid is not None
        assert abs(one.last - one.mid) <= one.mid / 500 + 2 * tick
        assert one.bid_size is not None
        assert one.bid_size >= 1
        assert one.source == "simulated"
        assert one.ts_recv == one.ts_event


def test_an_option_is_quoted_too() -> None:
    contract = option("AAPL  261218C00200000")

    assert Rig().play(2, contract).quotes[0].symbol == contract.symbol


def test_liquid_products_say_four_to_ten_things_a_second_in_the_morning() -> None:
    heard = Rig("2026-11-23T09:30:00").play(60, *DEFAULTS)
    counts: dict[str, int] = defaultdict(int)
    for one in heard.quotes:
        counts[one.symbol] += 1

    assert all(4 * 60 <= count <= 10 * 60 for count in counts.values()), counts


def test_no_quiet_night_is_taken_for_a_fault() -> None:
    rig = Rig("2026-11-24T01:00:00")
    hub = Hub(rig.venue, CALENDAR, [rig.market])
    hub.watch([ES, future("ZT", 2027, 3)])
    sink = hub.sink(rig.market)
    stale = 0
    for _ in range(3000):
        rig.market.step(sink)
        rig.clock.pass_time(TENTH)
        stale += sum(view.stale for view in hub.frame(["ESZ6", "ZTH7"]).values())

    assert stale == 0
    assert hub.sources()[0].healthy


def test_a_micro_moves_with_its_mini() -> None:
    mini, micro = ES, future("MES", 2026, 12)
    heard = Rig().play(60, mini, micro)
    mids: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for one in heard.quotes:
        assert one.mid is not None
        mids[one.ts_event][one.symbol] = one.mid
    pairs = [both for both in mids.values() if len(both) == 2]

    assert len(pairs) > 100
    assert all(abs(both["ESZ6"] - both["MESZ6"]) <= mini.tick_size for both in pairs)


async def test_indices_move_together_and_gold_on_its_own() -> None:
    rig = Rig("2026-11-24T15:00:00")
    moves: dict[str, list[float]] = {}
    for root in ("ES", "NQ", "GC"):
        closes = [float(one.close) for one in await rig.market.history(future(root, 2026, 12), 60, 1200)]
        moves[root] = [later / earlier - 1 for earlier, later in pairwise(closes)]

    assert correlation(moves["ES"], moves["NQ"]) > 0.8
    assert abs(correlation(moves["ES"], moves["GC"])) < 0.3


def correlation(left: list[float], right: list[float]) -> float:
    products_sum = sum(a * b for a, b in zip(left, right, strict=True))
    scale = sum(a * a for a in left) * sum(b * b for b in right)
    return float(products_sum / scale**0.5)


def test_trades_lie_at_the_bid_or_the_ask_and_make_the_volume() -> None:
    heard = Rig().play(30, ES)
    first, latest = heard.quotes[0], heard.quotes[-1]
    assert first.volume is not None
    assert latest.volume is not None

    # Quotes and trades share their time: one batch has at most one of each.
    quotes = {one.ts_event: one for one in heard.quotes}
    assert len(heard.prints) > 50
    for trade in heard.prints:
        own = quotes[trade.ts_event]
        assert trade.price == (own.ask if trade.buyer else own.bid)
        assert (own.last, own.last_size) == (trade.price, trade.size)
    after_first = sum(trade.size for trade in heard.prints if trade.ts_event > first.ts_event)
    assert latest.volume - first.volume == after_first


def test_books_are_made_only_while_somebody_looks() -> None:
    rig = Rig()
    assert not rig.play(5, ES, future("NQ", 2026, 12)).depths

    rig.market.want_depth("ESZ6")
    rig.play(10)
    book = rig.heard.depths[-1]
    assert {one.symbol for one in rig.heard.depths} == {"ESZ6"}
    assert len(book.bids) == len(book.asks) == DEPTH_LEVELS
    assert [one.price for one in book.bids] == [book.bids[0].price - n * ES.tick_size for n in range(DEPTH_LEVELS)]
    assert [one.price for one in book.asks] == [book.asks[0].price + n * ES.tick_size for n in range(DEPTH_LEVELS)]
    quoted = next(one for one in reversed(rig.heard.quotes) if one.symbol == "ESZ6")
    assert (quoted.bid, quoted.ask) == (book.bids[0].price, book.asks[0].price)

    rig.play(10)
    seen = len(rig.heard.depths)
    rig.play(5)
    assert len(rig.heard.depths) == seen


def test_a_closed_contract_says_where_it_stands_once() -> None:
    # At one in the morning shares are shut and index futures trade.
    heard = Rig("2026-11-24T01:00:00").play(30, equity("AAPL"), ES)
    shares = [one for one in heard.quotes if one.symbol == "AAPL"]

    assert len(shares) == 1
    assert shares[0].last is not None
    assert shares[0].last > 100
    assert not [one for one in heard.prints if one.symbol == "AAPL"]


@pytest.mark.parametrize(
    "moment",
    ["2026-11-23T10:00:00", "2026-11-20T15:59:55", "2026-11-22T16:59:55", "2026-11-21T02:59:58"],
)
def test_the_price_goes_on_through_every_leap_of_the_venue_clock(moment: str) -> None:
    heard = Rig(moment).play(10, ES)
    mids = [one.mid for one in heard.quotes if one.mid is not None]
    steps = [abs(later - earlier) for earlier, later in pairwise(mids)]

    assert max(steps) <= 12 * ES.tick_size


def test_a_restart_finds_the_market_where_it_would_have_been() -> None:
    ran = Rig("2026-11-23T10:00:00")
    ran.play(60, ES)
    restarted = Rig("2026-11-23T10:01:00")
    later = ran.play(1).quotes[-1]
    found = restarted.play(1, ES).quotes[-1]

    assert later.mid is not None
    assert found.mid is not None
    assert abs(later.mid - found.mid) <= 3 * ES.tick_size


@pytest.mark.parametrize("moment", ["2026-11-23T10:00:30", "2026-11-21T12:00:30", "2026-11-23T16:00:10"])
async def test_history_leads_up_to_the_first_quote(moment: str) -> None:
    rig = Rig(moment)
    bars = await rig.market.history(ES, 60, 20_000)
    first = rig.play(1, ES).quotes[0]
    assert first.mid is not None

    assert abs(bars[-1].close - first.mid) <= 30 * ES.tick_size
    assert 0 <= rig.venue.now() - bars[-1].ts - MINUTE < MINUTE + 2 * SECOND
    for one in bars:
        assert CALENDAR.is_open("equity_index", one.ts), wall(one.ts)
        assert one.low <= min(one.open, one.close) <= max(one.open, one.close) <= one.high
        assert ES.is_on_tick(one.close)
        assert one.volume >= 1
    assert all(later.ts > earlier.ts for earlier, later in pairwise(bars))
    dates = {CALENDAR.trade_date("equity_index", one.ts) for one in bars}
    assert len(dates) == 5


async def test_live_bars_are_those_that_history_tells_afterwards() -> None:
    rig = Rig("2026-11-23T10:00:00")
    rig.play(60, ES)
    rig.play(1)
    told = (await rig.market.history(ES, 60, 1))[0]
    mids = [one.mid for one in rig.heard.quotes if one.ts_event < told.ts + MINUTE and one.mid is not None]

    assert abs(told.open - mids[0]) <= 2 * ES.tick_size
    assert abs(told.close - mids[-1]) <= 4 * ES.tick_size
    assert abs(told.high - max(mids)) <= 8 * ES.tick_size
    assert abs(told.low - min(mids)) <= 8 * ES.tick_size


@pytest.mark.parametrize("seconds", [300, 3600, 4 * 3600, DAY])
async def test_longer_history_is_closed_and_aligned(seconds: int) -> None:
    rig = Rig("2026-11-23T10:07:00")
    bars = await rig.market.history(ES, seconds, 3)

    assert len(bars) == 3
    assert bars[-1].ts + min(seconds, 23 * 3600) * SECOND <= rig.venue.now()
    minutes = await rig.market.history(ES, 60, 4 * seconds // 60)
    for one in bars:
        inside = [m for m in minutes if one.ts <= m.ts < one.ts + seconds * SECOND and m.ts - one.ts < 23 * HOUR]
        assert one.volume == sum(m.volume for m in inside)


async def test_history_shorter_than_a_minute_is_refused_in_words() -> None:
    with pytest.raises(Unavailable, match="one-minute history"):
        await Rig().market.history(ES, 5, 10)


async def test_history_gives_the_loop_its_turn() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.get_running_loop().create_task(count_turns())
    await Rig().market.history(ES, 60, 1000)
    task.cancel()

    assert turns > 20


async def test_run_feeds_the_sink_until_cancelled() -> None:
    rig = Rig()
    rig.market.subscribe([ES])
    enough = asyncio.Event()

    class Counting(Listed):
        def on_quote(self, quote: Quote) -> None:
            super().on_quote(quote)
            if len(self.quotes) == 20:
                enough.set()

    task = asyncio.get_running_loop().create_task(rig.market.run(Counting()))
    await enough.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_day_is_liveliest_after_the_cash_open() -> None:
    hours = {hour / 10: activity(hour / 10) for hour in range(240)}

    assert max(hours, key=lambda hour: hours[hour]) == 8.5
    assert min(hours.values()) >= 0.35
    assert abs(activity(0.0) - activity(23.999)) < 0.01
