from __future__ import annotations

from array import array
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.market.helpers import CALENDAR, MINUTE, SECOND, FakeClock, FakeSource, FakeVenue, Listed, chicago
from tt_tui.domain.instrument import Instrument, future, products
from tt_tui.domain.market import Bar, Quote
from tt_tui.market.bars import resample
from tt_tui.market.clocks import Hours, SimulatedVenueClock
from tt_tui.market.hub import Hub
from tt_tui.market.recording import BARS, Recording
from tt_tui.market.replay import ReplayMarket
from tt_tui.market.simulated import SimulatedMarket

ES = future("ES", 2026, 12)
FIRST, LAST = chicago("2024-01-02T00:00:00"), chicago("2027-12-30T00:00:00")
MONDAY = chicago("2026-11-23T10:00:00")
VALUES = ("bid", "ask", "bid_size", "ask_size", "last", "last_size", "volume", "previous_close", "high", "low")

# No example is kept outside the test, and none is judged by how long it takes.
QUIET = settings(deadline=None, database=None)

moments = st.integers(FIRST, LAST)
roots = st.sampled_from(sorted(products()))
sparse_quotes = st.lists(
    st.dictionaries(st.sampled_from(VALUES), st.integers(1, 99).map(Decimal)), min_size=1, max_size=30
)


@QUIET
@given(moments)
def test_the_simulated_session_is_open_at_every_moment(moment: int) -> None:
    venue = SimulatedVenueClock(FakeClock(moment), CALENDAR)

    assert CALENDAR.is_open("equity_index", venue.now())
    assert (venue.label == "") == (venue.now() == moment)
    assert (venue.label == "") == CALENDAR.is_open("equity_index", moment)


@QUIET
@given(moments, st.sampled_from(CALENDAR.groups))
def test_remembered_hours_are_the_calendars(moment: int, group: str) -> None:
    hours = Hours(CALENDAR)
    window = hours.window(group, moment)

    assert window.start <= moment < window.end
    for at in (window.start, (window.start + window.end) // 2, window.end - 1):
        assert CALENDAR.is_open(group, at) == window.is_open
    assert hours.last_open(group, moment).is_open
    assert hours.last_open(group, moment).start <= moment


@settings(QUIET, max_examples=60)
@given(moments, roots, st.integers(0, 2**32))
def test_simulated_quotes_are_on_tick_with_a_spread_whatever_the_seed_and_hour(
    moment: int, root: str, seed: int
) -> None:
    instrument = future(root, 2028, 3)
    clock = FakeClock(moment)
    venue = SimulatedVenueClock(clock, CALENDAR)
    heard = Listed()
    for market in (SimulatedMarket(clock, venue, CALENDAR, seed), SimulatedMarket(clock, venue, CALENDAR, seed)):
        market.subscribe([instrument])
        market.step(heard)

    one, other = heard.quotes
    assert one == other
    assert one.bid is not None
    assert one.ask is not None
    assert one.ask - one.bid >= instrument.tick_size
    assert instrument.is_on_tick(one.bid)
    assert instrument.is_on_tick(one.ask)


@QUIET
@given(sparse_quotes)
def test_merged_quotes_hold_the_latest_said_of_each_value(said: list[dict[str, Decimal]]) -> None:
    venue = FakeVenue(MONDAY)
    source = FakeSource("one", venue)
    hub = Hub(venue, CALENDAR, [source])
    hub.watch([ES])
    latest: dict[str, Decimal] = {}
    for number, values in enumerate(said):
        empty = Quote(symbol=ES.symbol, ts_recv=MONDAY + number, source="one")
        fields = {name: getattr(empty, name) for name in Quote.__struct_fields__}
        hub.sink(source).on_quote(Quote(**(fields | values)))
        latest |= values

    view = hub.view(ES.symbol)
    assert view is not None
    assert {name: getattr(view.quote, name) for name in VALUES} == dict.fromkeys(VALUES) | latest


@st.composite
def minutes(draw: st.DrawFn) -> list[Bar]:
    """Return one-minute bars at growing times, with gaps."""
    bars = []
    ts = MONDAY
    for _ in range(draw(st.integers(1, 60))):
        ts += draw(st.integers(1, 200)) * MINUTE
        o, c, up, down, volume = (Decimal(draw(st.integers(1, 50))) for _ in range(5))
        bars.append(Bar(ts, o + 100, max(o, c) + 100 + up, min(o, c) + 100 - down, c + 100, volume))
    return bars


@QUIET
@given(minutes(), st.sampled_from([120, 300, 3600, 14_400, 86_400]))
def test_longer_bars_lose_nothing(bars: list[Bar], seconds: int) -> None:
    hours = Hours(CALENDAR)
    longer = resample(bars, seconds, hours, "equity_index")

    assert sum(one.volume for one in longer) == sum(one.volume for one in bars)
    assert max(one.high for one in longer) == max(one.high for one in bars)
    assert min(one.low for one in longer) == min(one.low for one in bars)
    assert (longer[0].open, longer[-1].close) == (bars[0].open, bars[-1].close)
    assert [one.ts for one in longer] == sorted({one.ts for one in longer})
    assert all(one.low <= min(one.open, one.close) <= max(one.open, one.close) <= one.high for one in longer)
    # Making them in two goes gives the same.
    if seconds % 120 == 0:
        twice = resample(resample(bars, 120, hours, "equity_index"), seconds, hours, "equity_index")
        assert twice == longer


def recorded(bars: list[Bar], instrument: Instrument) -> Recording:
    columns = ([int(getattr(one, name)) for one in bars] for name in BARS)
    return Recording(
        name="property",
        kind="bars",
        instruments=(instrument,),
        which=[0] * len(bars),
        starts=array("q", (one.ts for one in bars)),
        seconds=60,
        columns=tuple(array("q", column) for column in columns),
        volumes=array("d", (float(one.volume) for one in bars)),
    )


@QUIET
@given(minutes(), st.sampled_from([0.0, 1.0, 33.0, 500.0]), st.lists(st.integers(1, 4000), max_size=20))
def test_a_replay_says_everything_once_and_in_order_however_it_is_paced(
    bars: list[Bar], speed: float, naps: list[int]
) -> None:
    clock = FakeClock(0)
    market = ReplayMarket(recorded(bars, ES), clock, CALENDAR, speed)
    heard = Listed()
    for nap in naps:
        market.step(heard)
        clock.pass_time(nap * SECOND // 100)
    for _ in range(10_000):
        if market.venue.ended:
            break
        market.step(heard)
        clock.pass_time(60 * SECOND)

    assert market.venue.ended
    said = [quote for quote in heard.quotes if quote.last is not None]
    assert len(said) == 4 * len(bars)
    assert [quote.ts_event for quote in heard.quotes] == sorted(quote.ts_event for quote in heard.quotes)
    for row, four in zip(bars, (said[n : n + 4] for n in range(0, len(said), 4)), strict=True):
        lasts = [quote.last for quote in four]
        tick = ES.tick_size
        assert (lasts[0], lasts[-1]) == (row.open * tick, row.close * tick)
        assert set(lasts) == {row.open * tick, row.high * tick, row.low * tick, row.close * tick}
        assert all(row.ts <= quote.ts_event < row.ts + MINUTE for quote in four)
