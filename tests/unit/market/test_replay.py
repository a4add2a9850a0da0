from __future__ import annotations

import asyncio
from array import array
from decimal import Decimal

import pytest

from tt_tui.domain.errors import Unavailable
from tt_tui.domain.instrument import Instrument, future
from tt_tui.domain.market import Quote
from tt_tui.market.bars import DAY
from tt_tui.market.hub import Hub
from tt_tui.market.recording import Kind, Recording
from tt_tui.market.replay import ReplayMarket

from .helpers import CALENDAR, HOUR, MINUTE, SECOND, FakeClock, Listed, bar, chicago

CONTRACT = future("ES", 2013, 12)
START = chicago("2013-10-07T10:00:00")
# Open, high, low, close in ticks of a quarter.
RISING = (6700, 6708, 6699, 6706)
FALLING = (6706, 6707, 6690, 6692)


def recording(
    *rows: tuple[int, ...],
    starts: tuple[int, ...] = (),
    seconds: int = 60,
    kind: Kind = "bars",
    volume: float = 40.0,
    instruments: tuple[Instrument, ...] = (CONTRACT,),
    which: tuple[int, ...] = (),
) -> Recording:
    times = starts or tuple(START + n * seconds * SECOND for n in range(len(rows)))
    return Recording(
        name="test.csv",
        kind=kind,
        instruments=instruments,
        which=which or (0,) * len(rows),
        starts=array("q", times),
        seconds=seconds,
        columns=tuple(array("q", column) for column in zip(*rows, strict=True)),
        volumes=array("d", [volume] * len(rows)),
    )


class Rig:
    """A replay on a clock that the test moves."""

    def __init__(self, played: Recording, speed: float = 1.0) -> None:
        self.clock = FakeClock(0)
        self.market = ReplayMarket(played, self.clock, CALENDAR, speed)
        self.heard = Listed()

    def play(self, seconds: float, step: float = 0.05) -> list[Quote]:
        """Let real time pass and return what was said new in it."""
        seen = len(self.heard.quotes)
        for _ in range(round(seconds / step)):
            self.clock.pass_time(round(step * SECOND))
            while self.market.step(self.heard):
                pass
        return self.heard.quotes[seen:]

    @property
    def at(self) -> int:
        return self.market.venue.now() - START


def lasts(quotes: list[Quote]) -> list[Decimal]:
    """Return the prices traded, without the repeats of a quote that stands."""
    return [quote.last for quote in quotes if quote.last is not None]


def prices(*ticks: int) -> list[Decimal]:
    return [CONTRACT.tick_size * tick for tick in ticks]


def test_a_bar_is_played_as_open_nearer_extreme_other_extreme_close() -> None:
    rig = Rig(recording(RISING, FALLING))
    rig.play(121)

    assert lasts(rig.heard.quotes) == prices(6700, 6699, 6708, 6706, 6706, 6707, 6690, 6692)
    traded = [quote for quote in rig.heard.quotes if quote.last is not None]
    assert [quote.ts_event - START for quote in traded[:5]] == [
        0,
        20 * SECOND,
        40 * SECOND,
        MINUTE - 1,
        MINUTE,
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((100, 104, 96, 101), (100, 96, 104, 101)),  # as far up as down, a rising bar falls first
        ((100, 104, 96, 99), (100, 104, 96, 99)),
        ((100, 102, 90, 101), (100, 102, 90, 101)),
        ((100, 100, 100, 100), (100, 100, 100, 100)),
    ],
)
def test_the_extreme_nearer_to_the_open_comes_first(row: tuple[int, ...], expected: tuple[int, ...]) -> None:
    rig = Rig(recording(row))
    rig.play(61)

    assert lasts(rig.heard.quotes) == prices(*expected)


def test_the_spread_is_one_tick_and_the_trade_is_a_side_of_it() -> None:
    rig = Rig(recording(RISING))
    rig.play(61)
    traded = [quote for quote in rig.heard.quotes if quote.last is not None]

    assert [(quote.bid, quote.ask) for quote in traded] == [
        tuple(prices(6699, 6700)),  # the first counts as a rise
        tuple(prices(6699, 6700)),  # fell to 6699: the bid was hit
        tuple(prices(6707, 6708)),
        tuple(prices(6706, 6707)),
    ]
    assert [trade.buyer for trade in rig.heard.prints] == [True, False, True, False]
    assert sum(trade.size for trade in rig.heard.prints) == 40
    assert {quote.bid_size for quote in rig.heard.quotes} == {None}
    assert {quote.source for quote in rig.heard.quotes} == {"replay"}


@pytest.mark.parametrize("speed", [0.5, 1, 7, 60, 1000])
def test_every_speed_plays_the_same_in_its_time(speed: float) -> None:
    bars = [RISING, FALLING] * 10
    rig = Rig(recording(*bars), speed)
    rig.play(19 * 60 / speed)
    half_way = len(lasts(rig.heard.quotes))
    rig.play(2 * 60 / speed + 0.1)

    assert half_way < 80
    assert len(lasts(rig.heard.quotes)) == 80
    assert rig.market.venue.ended


def test_quotes_never_come_before_their_time_nor_out_of_order() -> None:
    rig = Rig(recording(*[RISING, FALLING] * 5), 30)
    for _ in range(500):
        rig.clock.pass_time(SECOND // 20)
        rig.market.step(rig.heard)
        assert all(quote.ts_event <= rig.market.venue.now() for quote in rig.heard.quotes[-1:])
    times = [quote.ts_event for quote in rig.heard.quotes]

    assert times == sorted(times)
    assert all(quote.ts_recv >= quote.ts_event for quote in rig.heard.quotes)


def test_as_fast_as_possible_takes_no_time_and_yields_in_between() -> None:
    rig = Rig(recording(*[RISING, FALLING] * 300), 0)
    steps = 1
    while rig.market.step(rig.heard):
        steps += 1

    assert len(rig.heard.quotes) == 2400
    assert steps == 5
    assert rig.market.venue.ended
    assert rig.clock.monotonic() == 0


def test_pause_stands_still_and_resume_goes_on_from_there() -> None:
    rig = Rig(recording(RISING, FALLING))
    rig.play(25)
    rig.market.venue.pause()

    assert rig.play(3600, step=10) == []
    assert rig.at == 25 * SECOND
    rig.market.venue.resume()
    assert lasts(rig.play(20)) == prices(6708)
    assert rig.at == 45 * SECOND


def test_seek_goes_forth_and_back() -> None:
    rig = Rig(recording(*[RISING, FALLING] * 60))
    rig.play(1)
    rig.market.venue.seek(START + 61 * MINUTE + 30 * SECOND)
    forth = rig.play(0.05)
    assert lasts(forth) == prices(6707)
    assert rig.at == 61 * MINUTE + 30 * SECOND
    assert forth[0].ts_recv == rig.market.venue.now()

    rig.market.venue.seek(START)
    assert lasts(rig.play(0.05)) == prices(6700)
    assert lasts(rig.play(20.0)) == prices(6699)
    assert len(rig.heard.prints) == 2


def test_seek_works_while_paused_and_after_the_end() -> None:
    rig = Rig(recording(RISING, FALLING), 0)
    rig.play(1)
    assert rig.market.venue.ended
    rig.market.venue.pause()
    rig.market.venue.seek(START + MINUTE)

    assert lasts(rig.play(1)) == prices(6706)
    assert rig.market.trouble == ""
    rig.market.venue.resume()
    rig.play(1)
    assert rig.market.venue.ended


@pytest.mark.parametrize(("asked", "reached"), [(-HOUR, 0), (10 * HOUR, 2 * MINUTE)])
def test_seek_stays_inside_the_recording(asked: int, reached: int) -> None:
    rig = Rig(recording(RISING, FALLING))
    rig.market.venue.pause()
    rig.market.venue.seek(START + asked)
    rig.play(1)

    assert rig.at == reached


def test_the_end_is_said_in_words_and_makes_the_last_quote_stale() -> None:
    rig = Rig(recording(RISING))
    hub = Hub(rig.market.venue, CALENDAR, [rig.market])
    hub.watch(rig.market.instruments)
    sink = hub.sink(rig.market)
    rig.clock.pass_time(59 * SECOND)
    rig.market.step(sink)
    before = hub.view(CONTRACT.symbol)
    rig.clock.pass_time(2 * SECOND)
    rig.market.step(sink)
    after = hub.view(CONTRACT.symbol)

    assert before is not None
    assert after is not None
    assert (before.stale, after.stale) == (False, True)
    assert hub.sources()[0].why == "the recording test.csv ended at 2013-10-07 15:01:00 UTC; seek to play again"
    assert rig.market.venue.label == "REPLAY ENDED"
    assert rig.at == MINUTE


@pytest.mark.parametrize("speed", [1, 20, 1000])
def test_a_quiet_recording_is_no_stale_one(speed: float) -> None:
    rig = Rig(recording(*[RISING, FALLING] * 200), speed)
    hub = Hub(rig.market.venue, CALENDAR, [rig.market])
    hub.watch(rig.market.instruments)
    sink = hub.sink(rig.market)
    stale = []
    for _ in range(200):
        while rig.market.step(sink):
            pass
        view = hub.view(CONTRACT.symbol)
        assert view is not None
        stale.append(view.stale)
        rig.clock.pass_time(SECOND // 20)

    assert not any(stale)


def test_in_a_gap_of_the_recording_the_quote_goes_stale() -> None:
    rig = Rig(recording(RISING, FALLING, starts=(START, START + 20 * MINUTE)))
    hub = Hub(rig.market.venue, CALENDAR, [rig.market])
    hub.watch(rig.market.instruments)
    sink = hub.sink(rig.market)
    stale = []
    for _ in range(19 * 60):
        rig.market.step(sink)
        view = hub.view(CONTRACT.symbol)
        assert view is not None
        stale.append(view.stale)
        rig.clock.pass_time(SECOND)

    assert not any(stale[: 6 * 60])
    assert all(stale[7 * 60 + 10 :])


def test_a_long_gap_is_leapt_over() -> None:
    night = 17 * HOUR
    rig = Rig(recording(RISING, FALLING, starts=(START, START + night)))
    rig.play(62)

    assert lasts(rig.heard.quotes)[4:] == prices(6706)
    assert night <= rig.at < night + 3 * SECOND


def test_hourly_bars_are_played_through_not_leapt_over() -> None:
    rig = Rig(recording(RISING, FALLING, seconds=4 * 3600), 3600)
    rig.play(2, step=0.01)

    assert rig.at == 2 * HOUR


def test_bid_and_ask_bars_are_played_as_they_are() -> None:
    row = (100, 108, 99, 106, 102, 109, 101, 107)
    rig = Rig(recording(row, kind="bid_ask", volume=0.0))
    rig.play(61)
    said = list(dict.fromkeys((quote.bid, quote.ask) for quote in rig.heard.quotes))

    assert said == [tuple(prices(*both)) for both in ((100, 102), (99, 101), (108, 109), (106, 107))]
    assert rig.heard.prints == []
    assert {quote.last for quote in rig.heard.quotes} == {None}


def test_recorded_trades_are_played_one_by_one() -> None:
    starts = (START, START, START + SECOND)
    rig = Rig(recording((100,), (101,), (100,), starts=starts, seconds=0, kind="trades", volume=3.0))
    rig.play(2)

    assert [(trade.price, trade.size, trade.buyer) for trade in rig.heard.prints] == [
        (CONTRACT.tick_size * 100, Decimal(3), True),
        (CONTRACT.tick_size * 101, Decimal(3), True),
        (CONTRACT.tick_size * 100, Decimal(3), False),
    ]


def test_contracts_follow_one_another() -> None:
    later = future("ES", 2014, 3)
    rig = Rig(recording(RISING, FALLING, instruments=(CONTRACT, later), which=(0, 1)), 0)
    rig.play(1)

    assert [quote.symbol for quote in rig.heard.quotes] == ["ESZ3"] * 4 + ["ESH4"] * 4


async def test_history_ends_at_the_recordings_present() -> None:
    rig = Rig(recording(*[RISING, FALLING] * 60))
    rig.market.venue.seek(START + 10 * MINUTE + 30 * SECOND)
    rig.play(0.05)

    minutes = await rig.market.history(CONTRACT, 60, 3)
    assert [one.ts - START for one in minutes] == [7 * MINUTE, 8 * MINUTE, 9 * MINUTE]
    assert minutes[-1] == bar(START + 9 * MINUTE, "1676.50", "1676.75", "1672.50", "1673.00", 40)
    fives = await rig.market.history(CONTRACT, 300, 10)
    assert [(one.ts - START, int(one.volume)) for one in fives] == [(0, 200), (5 * MINUTE, 200)]
    assert [one.ts for one in await rig.market.history(CONTRACT, 300, 1)] == [START + 5 * MINUTE]


async def test_history_of_daily_bars_is_daily() -> None:
    starts = tuple(chicago(f"2013-10-{day:02d}T08:30:00") for day in (7, 8, 9))
    rig = Rig(recording(RISING, FALLING, RISING, starts=starts, seconds=23_400))
    rig.market.venue.seek(starts[2])
    rig.play(0.05)

    days = await rig.market.history(CONTRACT, DAY, 5)
    assert len(days) == 2


@pytest.mark.parametrize("seconds", [0, 30, DAY + 1])
async def test_history_that_was_not_recorded_is_refused(seconds: int) -> None:
    with pytest.raises(Unavailable, match="holds bars of 60 s"):
        await Rig(recording(RISING)).market.history(CONTRACT, seconds, 5)


async def test_history_of_another_contract_is_refused() -> None:
    with pytest.raises(Unavailable, match="holds ESZ3, not NQZ3"):
        await Rig(recording(RISING)).market.history(future("NQ", 2013, 12), 60, 5)


async def test_run_plays_until_cancelled() -> None:
    rig = Rig(recording(RISING, FALLING), 20)
    done = asyncio.Event()

    class Counting(Listed):
        def on_quote(self, quote: Quote) -> None:
            super().on_quote(quote)
            if len(lasts(self.quotes)) == 8:
                done.set()

    task = asyncio.get_running_loop().create_task(rig.market.run(Counting()))
    await done.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


def test_it_offers_quotes_trades_and_history() -> None:
    market = Rig(recording(RISING)).market
    market.subscribe([CONTRACT])

    offered = market.capabilities
    assert (offered.quotes, offered.prints, offered.depth, offered.history) == (True, True, False, True)
    assert (market.name, market.instruments) == ("replay", (CONTRACT,))
