from __future__ import annotations

import logging
import threading
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tt_tui.desk.ports import MarketSink, QuoteSource
from tt_tui.domain.instrument import Instrument, equity, future
from tt_tui.domain.market import Depth, Level, Print, Quote
from tt_tui.market.hub import PRINTS_KEPT, Hub

from .helpers import CALENDAR, CL, ES, HOUR, SECOND, FakeSource, FakeVenue, chicago, quote

MONDAY = chicago("2026-11-23T10:00:00")
FRIDAY_CLOSE = chicago("2026-11-20T16:00:00")
SUNDAY_OPEN = chicago("2026-11-22T17:00:00")


class Rig:
    """A hub with two sources on one venue clock that the test moves."""

    def __init__(self, now: int = MONDAY, watch: tuple[Instrument, ...] = (ES,)) -> None:
        self.venue = FakeVenue(now)
        self.first = FakeSource("first", self.venue)
        self.second = FakeSource("second", self.venue)
        self.hub = Hub(self.venue, CALENDAR, [self.first, self.second])
        self.hub.watch(watch)

    def say(self, source: str, symbol: str = "ESZ6", bid: str = "6850.00", ask: str = "6850.25") -> None:
        self.hub.on_quote(quote(symbol, bid, ask, recv=self.venue.now(), source=source))

    def stale(self, symbol: str = "ESZ6") -> bool:
        view = self.hub.view(symbol)
        assert view is not None
        return view.stale

    def source(self, symbol: str = "ESZ6") -> str:
        view = self.hub.view(symbol)
        assert view is not None
        return view.quote.source


def test_what_was_never_quoted_is_unknown() -> None:
    rig = Rig()

    assert rig.hub.view("ESZ6") is None
    assert rig.hub.depth("ESZ6") is None
    assert rig.hub.prints("ESZ6", 10) == ()
    assert rig.hub.frame(["ESZ6"]) == {}


def test_the_hub_is_what_sources_write_to_and_readers_ask() -> None:
    hub = Rig().hub
    sink: MarketSink = hub
    source: QuoteSource = hub
    sink.on_quote(quote(recv=MONDAY, source="first"))

    assert source.view("ESZ6") is not None
    assert source.venue.now() == MONDAY


def test_a_sparse_quote_keeps_what_it_does_not_say() -> None:
    rig = Rig()
    whole = Quote(
        symbol="ESZ6",
        bid=Decimal(1),
        ask=Decimal(2),
        bid_size=Decimal(3),
        ask_size=Decimal(4),
        last=Decimal(5),
        last_size=Decimal(6),
        volume=Decimal(7),
        previous_close=Decimal(8),
        high=Decimal(9),
        low=Decimal(10),
        ts_event=11,
        ts_recv=MONDAY,
        source="first",
    )
    rig.hub.on_quote(whole)
    rig.hub.on_quote(Quote(symbol="ESZ6", ask=Decimal(20), ts_recv=MONDAY + 1, source="first"))

    view = rig.hub.view("ESZ6")
    assert view is not None
    said = {name: getattr(view.quote, name) for name in Quote.__struct_fields__}
    expected = {name: getattr(whole, name) for name in Quote.__struct_fields__}
    assert said == expected | {"ask": Decimal(20), "ts_recv": MONDAY + 1}


VALUES = ("bid", "ask", "bid_size", "ask_size", "last", "last_size", "volume", "previous_close", "high", "low")


@pytest.mark.parametrize("unsaid", VALUES)
def test_every_single_unsaid_value_is_kept(unsaid: str) -> None:
    rig = Rig()
    empty = quote(bid=None, ask=None, recv=MONDAY, source="first")
    rig.hub.on_quote(replace(empty, **dict.fromkeys(VALUES, Decimal(1))))
    rig.hub.on_quote(replace(empty, **{name: Decimal(2) for name in VALUES if name != unsaid}))

    view = rig.hub.view("ESZ6")
    assert view is not None
    assert {name: getattr(view.quote, name) for name in VALUES} == {
        name: Decimal(1) if name == unsaid else Decimal(2) for name in VALUES
    }


def test_a_reader_sees_only_the_latest() -> None:
    rig = Rig()
    for price in ("6850.00", "6851.00", "6852.00"):
        rig.say("first", bid=price)

    view = rig.hub.view("ESZ6")
    assert view is not None
    assert view.quote.bid == Decimal("6852.00")


def test_a_sink_of_a_source_fills_in_its_name_and_the_time_of_receipt() -> None:
    rig = Rig()
    rig.hub.sink(rig.second).on_quote(quote())

    view = rig.hub.view("ESZ6")
    assert view is not None
    assert (view.quote.source, view.quote.ts_recv) == ("second", MONDAY)


def test_a_quote_of_a_source_that_nobody_configured_is_dropped() -> None:
    rig = Rig()
    rig.say("stranger")

    assert rig.hub.view("ESZ6") is None


@pytest.mark.parametrize(
    ("instrument", "limit"),
    [(ES, 5), (CL, 60), (future("BTC", 2026, 12), 60), (equity("AAPL"), 60)],
    ids=lambda value: getattr(value, "symbol", value),
)
def test_a_quote_is_stale_when_older_than_its_product_allows(instrument: Instrument, limit: int) -> None:
    # The other contract goes on being quoted, so the source is not mute.
    other = future("NQ", 2026, 12)
    rig = Rig(watch=(instrument, other))
    rig.say("first", instrument.symbol)
    seen = []
    for second in (limit, limit + 1):
        rig.venue.time = MONDAY + second * SECOND
        rig.say("first", other.symbol)
        seen.append(rig.stale(instrument.symbol))

    assert seen == [False, True]


def test_age_is_counted_on_the_clock_of_the_venue_that_sent_it() -> None:
    replayed = FakeVenue(chicago("2013-10-07T10:00:00"))
    source = FakeSource("replay", replayed)
    hub = Hub(FakeVenue(MONDAY), CALENDAR, [source])
    hub.watch([ES])
    hub.sink(source).on_quote(quote())
    replayed.time += 3 * SECOND

    view = hub.view("ESZ6")
    assert view is not None
    assert (view.age, view.stale) == (3 * SECOND, False)


def test_a_source_that_pongs_but_sends_no_data_is_mute() -> None:
    # Crude may be 60 s old by itself; it is the mute source that makes it stale.
    rig = Rig(watch=(ES, CL))
    rig.say("first", "ESZ6")
    rig.say("first", "CLF7")
    seen = []
    for second in (5, 6):
        rig.venue.time = MONDAY + second * SECOND
        seen.append(rig.stale("CLF7"))

    assert seen == [False, True]
    first, _ = rig.hub.sources()
    assert (first.healthy, first.why) == (False, "no data for 6 s while the session is open")


def test_trades_and_books_are_data_too() -> None:
    rig = Rig(watch=(ES, CL))
    rig.say("first", "ESZ6")
    rig.say("first", "CLF7")
    sink = rig.hub.sink(rig.first)
    rig.venue.time = MONDAY + 4 * SECOND
    sink.on_print(Print(symbol="ESZ6", price=Decimal(1), size=Decimal(1)))
    rig.venue.time = MONDAY + 8 * SECOND
    sink.on_depth(Depth(symbol="ESZ6"))
    rig.venue.time = MONDAY + 12 * SECOND

    assert not rig.stale("CLF7")


def test_a_closed_session_gives_no_stale_alarm_for_a_whole_weekend() -> None:
    # New Year's Day 2027 is a Friday, so the market is shut for three days.
    close, reopen = chicago("2026-12-31T16:00:00"), chicago("2027-01-03T17:00:00")
    assert reopen - close >= 72 * HOUR
    rig = Rig(now=close - SECOND)
    rig.say("first")

    alarms = []
    while rig.venue.time + HOUR < reopen:
        rig.venue.time += HOUR
        alarms += [rig.stale(), *(state.why for state in rig.hub.sources() if state.why)]

    assert not any(alarms)


def test_a_quote_from_before_the_open_is_stale_but_the_source_has_five_seconds() -> None:
    rig = Rig(now=FRIDAY_CLOSE - SECOND)
    rig.say("first")
    rig.venue.time = SUNDAY_OPEN + 5 * SECOND

    assert rig.stale()
    assert rig.hub.sources()[0].healthy
    rig.venue.time += SECOND
    assert not rig.hub.sources()[0].healthy


def test_a_venue_clock_that_stepped_back_makes_the_quotes_of_its_future_stale() -> None:
    rig = Rig(now=chicago("2026-11-23T14:59:59"))
    rig.say("first")
    rig.venue.time = chicago("2026-11-23T09:30:00")

    view = rig.hub.view("ESZ6")
    assert view is not None
    assert (view.age, view.stale) == (0, True)
    rig.say("first")
    assert not rig.stale()


def test_a_source_of_quiet_products_alone_is_judged_by_their_hours() -> None:
    corn = future("ZC", 2026, 12)
    rig = Rig(now=chicago("2026-11-23T14:00:00"), watch=(corn, ES))
    rig.say("second", corn.symbol)
    rig.venue.time += 30 * SECOND

    # Index futures trade at this hour and the other source is silent; corn is shut, so its source is not.
    assert [state.healthy for state in rig.hub.sources()] == [False, True]


def test_the_first_healthy_source_wins_and_the_switch_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    rig = Rig()
    rig.say("second")
    assert rig.source() == "second"
    rig.say("first")
    assert rig.source() == "first"
    rig.say("second")
    assert rig.source() == "first"

    rig.venue.time += 6 * SECOND
    rig.say("second", bid="6840.00")
    assert rig.source() == "second"
    assert not rig.stale()
    rig.say("first", bid="6841.00")
    assert rig.source() == "first"

    switches = [record.getMessage() for record in caplog.records]
    assert switches == [
        "ESZ6: quotes now come from first instead of second",
        "ESZ6: quotes now come from second instead of first",
        "ESZ6: quotes now come from first instead of second",
    ]


def test_values_of_two_sources_are_never_mixed() -> None:
    rig = Rig()
    rig.say("first", bid="6850.00", ask="6850.25")
    rig.venue.time += 6 * SECOND
    rig.hub.on_quote(quote(bid="6840.00", ask=None, recv=rig.venue.now(), source="second"))

    view = rig.hub.view("ESZ6")
    assert view is not None
    assert (view.quote.bid, view.quote.ask) == (Decimal("6840.00"), None)


def test_books_and_trades_come_from_the_source_that_quotes() -> None:
    rig = Rig()
    rig.say("first")
    book = Depth(symbol="ESZ6", bids=(Level(Decimal(1), Decimal(1)),))
    trade = Print(symbol="ESZ6", price=Decimal(1), size=Decimal(1))
    for source in (rig.second, rig.first):
        rig.hub.sink(source).on_depth(book if source is rig.first else Depth(symbol="ESZ6"))
        rig.hub.sink(source).on_print(trade)

    assert rig.hub.depth("ESZ6") is book
    assert rig.hub.prints("ESZ6", 10) == (trade,)


def test_the_latest_five_hundred_trades_of_a_watched_contract_are_kept() -> None:
    rig = Rig()
    for number in range(1_777):
        for symbol in ("ESZ6", "NQZ6"):
            rig.hub.on_print(Print(symbol=symbol, price=Decimal(number), size=Decimal(1)))

    assert [int(one.price) for one in rig.hub.prints("ESZ6", 3)] == [1774, 1775, 1776]
    assert len(rig.hub.prints("ESZ6", 10_000)) == PRINTS_KEPT
    assert rig.hub.prints("ESZ6", 10_000)[0].price == 1_777 - PRINTS_KEPT
    assert rig.hub.prints("ESZ6", 0) == ()
    assert rig.hub.prints("NQZ6", 10) == ()


def test_listeners_hear_all_quotes_or_those_of_one_contract_until_they_stop() -> None:
    rig = Rig()
    everything: list[str] = []
    crude: list[str] = []
    stops = [
        rig.hub.listen(lambda heard: everything.append(heard.symbol)),
        rig.hub.listen(lambda heard: crude.append(heard.symbol), "CLF7"),
    ]
    rig.say("first", "ESZ6")
    rig.say("first", "CLF7")
    for stop in stops:
        stop()
        stop()
    rig.say("first", "CLF7")

    assert everything == ["ESZ6", "CLF7"]
    assert crude == ["CLF7"]


def test_a_listener_that_raises_is_logged_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()
    heard: list[Quote] = []

    def broken(_: Quote) -> None:
        heard.append(quote())
        raise RuntimeError("broken on purpose")

    rig.hub.listen(broken)
    rig.hub.listen(heard.append)
    for _ in range(9):
        rig.say("first")

    assert len(heard) == 18
    assert [record.message for record in caplog.records] == [
        f"a quote listener failed on ESZ6, {count} times by now" for count in (1, 2, 4, 8)
    ]


def test_watching_asks_every_source_once() -> None:
    rig = Rig()
    rig.hub.watch([ES, CL])
    rig.hub.watch([CL])

    assert rig.first.asked == rig.second.asked == ["ESZ6", "CLF7"]


def test_looking_at_a_book_tells_the_sources_to_make_it() -> None:
    rig = Rig()
    rig.hub.depth("ESZ6")

    assert rig.first.wanted_depth == ["ESZ6"]


def test_a_frame_holds_what_is_in_view_and_was_quoted() -> None:
    rig = Rig(watch=(ES, CL))
    rig.say("first", "ESZ6")
    rig.say("first", "CLF7")
    rig.venue.time += 2 * SECOND

    frame = rig.hub.frame(["ESZ6", "NQZ6"])

    assert list(frame) == ["ESZ6"]
    assert frame["ESZ6"].age == 2 * SECOND


def test_two_sources_of_one_name_are_refused() -> None:
    venue = FakeVenue(MONDAY)

    with pytest.raises(ValueError, match="two sources of market data are called 'one'"):
        Hub(venue, CALENDAR, [FakeSource("one", venue), FakeSource("one", venue)])


def test_readers_on_other_threads_never_fail_while_the_desk_writes() -> None:
    rig = Rig(watch=(ES, CL))
    done = threading.Event()
    errors: list[BaseException] = []

    def read() -> None:
        try:
            while not done.is_set():
                rig.hub.frame(["ESZ6", "CLF7"])
                kept = [int(one.price) for one in rig.hub.prints("ESZ6", 500)]
                assert kept == sorted(kept)
                rig.hub.sources()
        except BaseException as error:
            errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20_000):
        rig.say("first", "ESZ6" if number % 2 else "CLF7")
        rig.hub.on_print(Print(symbol="ESZ6", price=Decimal(number), size=Decimal(1)))
        if number % 100 == 0:
            rig.hub.watch([equity(f"A{chr(65 + number // 100 // 26)}{chr(65 + number // 100 % 26)}")])
    done.set()
    reader.join()

    assert not errors
