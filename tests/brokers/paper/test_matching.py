"""What fills, when and at what price: every order type on both sides."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.brokers.paper.support import BUY, ES, SELL, START, Venue, d, quote, request, seen
from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.domain.account import Balance
from tt_tui.domain.order import Fill, OrderChange, OrderReport, OrderState, OrderType, Side, TimeInForce

MARKET, LIMIT, STOP, STOP_LIMIT, TRAILING = (
    OrderType.MARKET,
    OrderType.LIMIT,
    OrderType.STOP,
    OrderType.STOP_LIMIT,
    OrderType.TRAILING_STOP,
)
WORKING, PARTIAL, FILLED, CANCELED = (
    OrderState.WORKING,
    OrderState.PARTIAL,
    OrderState.FILLED,
    OrderState.CANCELED,
)

Row = tuple[object | None, object | None, object | None]
"""Bid, ask and last of one quote."""

CASES: list[tuple[str, OrderType, Side, dict[str, object], list[Row], object | None]] = [
    ("market buy takes the ask", MARKET, BUY, {}, [(100, 100.25, None)], 100.25),
    ("market sell takes the bid", MARKET, SELL, {}, [(100, 100.25, None)], 100),
    ("market buy waits for an ask", MARKET, BUY, {}, [(100, None, 100), (100, 100.5, None)], 100.5),
    ("market sell waits for a bid", MARKET, SELL, {}, [(None, 100.25, 100), (99.5, 100.25, None)], 99.5),
    ("marketable buy limit at the touch", LIMIT, BUY, {"limit": 101}, [(100, 100.25, None)], 100.25),
    ("marketable sell limit at the touch", LIMIT, SELL, {"limit": 99}, [(100, 100.25, None)], 100),
    ("buy limit rests above the bid", LIMIT, BUY, {"limit": 100}, [(100, 100.25, 100)], None),
    (
        "a trade through a resting limit proves nothing",
        LIMIT,
        BUY,
        {"limit": 100},
        [(100, 100.25, 100), (100, 100.25, 99.75)],
        None,
    ),
    (
        "resting buy at its price when the ask reaches it",
        LIMIT,
        BUY,
        {"limit": 100},
        [(100, 100.25, None), (99.75, 100, None)],
        100,
    ),
    (
        "resting buy no better than its price on a gap",
        LIMIT,
        BUY,
        {"limit": 100},
        [(100, 100.25, None), (98, 98.25, None)],
        100,
    ),
    (
        "resting sell no better than its price on a gap",
        LIMIT,
        SELL,
        {"limit": 101},
        [(100, 100.25, None), (103, 103.25, None)],
        101,
    ),
    (
        "sell stop waits above its price",
        STOP,
        SELL,
        {"stop": 99},
        [(100, 100.25, 100), (99.25, 99.5, 99.25)],
        None,
    ),
    (
        "sell stop by the bid",
        STOP,
        SELL,
        {"stop": 99},
        [(100, 100.25, 100), (99, 99.25, 99.25)],
        99,
    ),
    (
        "sell stop by a trade, no better than its price",
        STOP,
        SELL,
        {"stop": 99},
        [(100, 100.25, 100), (99.5, 99.75, 98.75)],
        99,
    ),
    (
        "sell stop through a gap",
        STOP,
        SELL,
        {"stop": 99},
        [(100, 100.25, 100), (97, 97.25, 97)],
        97,
    ),
    (
        "buy stop by the ask",
        STOP,
        BUY,
        {"stop": 101},
        [(100, 100.25, 100), (100.75, 101, 100.75)],
        101,
    ),
    (
        "buy stop by a trade, no better than its price",
        STOP,
        BUY,
        {"stop": 101},
        [(100, 100.25, 100), (100.25, 100.5, 101)],
        101,
    ),
    (
        "buy stop through a gap",
        STOP,
        BUY,
        {"stop": 101},
        [(100, 100.25, 100), (103, 103.25, 103)],
        103.25,
    ),
    (
        "buy stop-limit within its limit",
        STOP_LIMIT,
        BUY,
        {"stop": 101, "limit": 101.5},
        [(100, 100.25, 100), (101, 101.25, 101)],
        101.25,
    ),
    (
        "buy stop-limit left behind by a gap",
        STOP_LIMIT,
        BUY,
        {"stop": 101, "limit": 101.5},
        [(100, 100.25, 100), (103, 103.25, 103)],
        None,
    ),
    (
        "buy stop-limit rests at its limit after a gap",
        STOP_LIMIT,
        BUY,
        {"stop": 101, "limit": 101.5},
        [(100, 100.25, 100), (103, 103.25, 103), (100.75, 101, 101)],
        101.5,
    ),
    (
        "sell stop-limit within its limit",
        STOP_LIMIT,
        SELL,
        {"stop": 99, "limit": 98.5},
        [(100, 100.25, 100), (98.75, 99, 99)],
        98.75,
    ),
    (
        "sell trailing stop follows the bid up and stays",
        TRAILING,
        SELL,
        {"trail": 1},
        [(100, 100.25, None), (103, 103.25, None), (102.25, 102.5, None), (102, 102.25, None)],
        102,
    ),
    (
        "sell trailing stop never moves back",
        TRAILING,
        SELL,
        {"trail": 1},
        [(100, 100.25, None), (103, 103.25, None), (102.25, 102.5, None)],
        None,
    ),
    (
        "buy trailing stop follows the ask down",
        TRAILING,
        BUY,
        {"trail": 1},
        [(100, 100.25, None), (97, 97.25, None), (98, 98.25, None)],
        98.25,
    ),
    (
        "trailing stop starts where it was told, until the trail is nearer",
        TRAILING,
        SELL,
        {"trail": 2, "stop": 99.5},
        [(100, 100.25, None), (101, 101.25, None), (99.75, 100, None)],
        None,
    ),
]


@pytest.mark.parametrize("before", [True, False], ids=["placed after a quote", "placed before"])
@pytest.mark.parametrize(
    ("kind", "side", "prices", "rows", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_fills(
    kind: OrderType,
    side: Side,
    prices: dict[str, object],
    rows: list[Row],
    expected: object | None,
    before: bool,
) -> None:
    venue = Venue()
    if before:
        venue.quote(*rows[0])
    order = venue.place(request(side, 2, kind, **prices))  # type: ignore[arg-type]
    for row in rows[1 if before else 0 :]:
        venue.quote(*row)
    if expected is None:
        assert venue.fills == []
        assert order.state is WORKING
        assert venue.held() == 0
    else:
        assert venue.prices == [(Decimal(2), d(expected))]
        assert venue.states(order) == [WORKING, FILLED]
        assert venue.held() == 2 * side.sign


def test_a_market_order_fills_in_the_call_that_placed_it_and_tells_it_in_order() -> None:
    venue = Venue(PaperSettings(commission=d("2.05")))
    venue.quote(100, 100.25)
    events = venue.engine.place(request(BUY, 2, order_id="OUR-A"), venue.tick())
    first, fill, last, balance = events
    assert isinstance(first, OrderReport)
    assert isinstance(last, OrderReport)
    assert isinstance(fill, Fill)
    assert isinstance(balance, Balance)
    assert seen(first.state, first.filled, first.version) == (WORKING, 0, 1)
    assert seen(last.state, last.filled, last.version) == (FILLED, 2, 2)
    assert (fill.order_id, fill.broker_order_id) == ("OUR-A", first.broker_order_id)
    assert (fill.fee, balance.cash) == (d("4.10"), START - d("4.10"))


@pytest.mark.parametrize(("side", "expected"), [(BUY, 100.75), (SELL, 99.5)])
def test_slippage_is_paid_by_market_orders(side: Side, expected: object) -> None:
    venue = Venue(PaperSettings(slippage_ticks=2))
    venue.quote(100, 100.25)
    venue.place(request(side))
    assert venue.prices == [(Decimal(1), d(expected))]


def test_slippage_is_paid_by_stops_and_not_by_limits() -> None:
    venue = Venue(PaperSettings(slippage_ticks=2))
    venue.quote(100, 100.25, 100)
    venue.place(request(SELL, 1, STOP, stop=99))
    venue.place(request(BUY, 1, LIMIT, limit=99.25))
    venue.quote(99, 99.25, 99)
    assert venue.prices == [(Decimal(1), d(98.5)), (Decimal(1), d(99.25))]


def test_commission_of_a_root_stands_before_the_general_one() -> None:
    venue = Venue(PaperSettings(commission=d("2.05"), commission_by_root={"MES": d("0.52")}))
    venue.quote(100, 100.25)
    venue.quote(100, 100.25, symbol="MESZ6")
    venue.place(request(BUY, 3))
    venue.place(request(BUY, 3, symbol="MESZ6"))
    assert [fill.fee for fill in venue.fills] == [d("6.15"), d("1.56")]


def test_quoted_size_is_consumed_and_the_rest_waits_for_the_next_quote() -> None:
    venue = Venue()
    venue.quote(100, 100.25, ask_size=3, bid_size=50)
    first = venue.place(request(BUY, 2))
    second = venue.place(request(BUY, 2))
    assert venue.prices == [(2, d(100.25)), (1, d(100.25))]
    assert (first.state, second.state) == (FILLED, PARTIAL)
    venue.quote(100, 100.5, ask_size=0)
    assert len(venue.fills) == 2
    venue.quote(100, 100.75, ask_size=9)
    assert venue.prices[2:] == [(1, d(100.75))]
    assert venue.states(second) == [WORKING, PARTIAL, FILLED]


def test_the_rest_of_a_marketable_limit_rests_at_its_own_price() -> None:
    venue = Venue()
    venue.quote(100, 100.25, ask_size=3)
    order = venue.place(request(BUY, 5, LIMIT, limit=101))
    venue.quote(99, 99.25, ask_size=3)
    assert venue.prices == [(3, d(100.25)), (2, d(101))]
    assert order.state is FILLED


def test_earlier_orders_fill_first() -> None:
    venue = Venue()
    early = venue.place(request(BUY, 2))
    late = venue.place(request(BUY, 2))
    venue.quote(100, 100.25, ask_size=3)
    assert seen(early.filled, late.filled) == (2, 1)


def test_a_quote_of_another_contract_fills_nothing() -> None:
    venue = Venue()
    venue.place(request(BUY))
    venue.quote(100, 100.25, symbol="MESZ6")
    assert venue.fills == []


def test_an_old_last_price_does_not_trigger_a_stop_again() -> None:
    """The last price stood beyond the stop before the order came; only a new trade may elect it."""
    venue = Venue()
    venue.quote(100, 100.25, 98)
    venue.place(request(SELL, 1, STOP, stop=99))
    venue.quote(100.25, 100.5, 98)
    assert venue.fills == []
    venue.quote(100.25, 100.5, 98.5)
    assert venue.prices == [(1, d(99))]


@pytest.mark.parametrize(
    ("tif", "size", "limit", "filled", "state"),
    [
        (TimeInForce.IOC, 9, 101, 5, FILLED),
        (TimeInForce.IOC, 3, 101, 3, CANCELED),
        (TimeInForce.IOC, 9, 99, 0, CANCELED),
        (TimeInForce.FOK, 9, 101, 5, FILLED),
        (TimeInForce.FOK, 3, 101, 0, CANCELED),
        (TimeInForce.FOK, 9, 99, 0, CANCELED),
        (TimeInForce.IOC, 3, None, 3, CANCELED),
        (TimeInForce.FOK, 3, None, 0, CANCELED),
    ],
)
def test_orders_for_now_only(tif: TimeInForce, size: int, limit: object | None, filled: int, state: OrderState) -> None:
    venue = Venue()
    venue.quote(100, 100.25, ask_size=size)
    kind = MARKET if limit is None else LIMIT
    order = venue.place(request(BUY, 5, kind, limit=limit, time_in_force=tif))
    assert seen(order.filled, order.state) == (filled, state)
    venue.quote(90, 90.25)
    assert venue.held() == filled


@pytest.mark.parametrize("tif", [TimeInForce.IOC, TimeInForce.FOK])
def test_orders_for_now_only_end_without_a_quote(tif: TimeInForce) -> None:
    venue = Venue()
    order = venue.place(request(BUY, time_in_force=tif))
    assert order.state is CANCELED
    assert "the market has" in order.reason


def test_day_orders_expire_at_the_session_end_and_gtc_orders_stay() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    day = venue.place(request(BUY, 1, LIMIT, limit=90))
    gtc = venue.place(request(BUY, 1, LIMIT, limit=90, time_in_force=TimeInForce.GTC))
    end = venue.tick()
    later = venue.place(request(BUY, 1, LIMIT, limit=90))
    venue.take(venue.engine.on_session_end("us_equity", end))
    assert day.state is WORKING
    venue.take(venue.engine.on_session_end(ES.group, end))
    assert (day.state, gtc.state, later.state) == (OrderState.EXPIRED, WORKING, WORKING)


def test_replace_keeps_the_id_and_what_was_filled() -> None:
    venue = Venue()
    venue.quote(100, 100.25, ask_size=2)
    order = venue.place(request(BUY, 5, LIMIT, limit=100.25))
    change = OrderChange(quantity=d(3), limit_price=d(99))
    venue.take(venue.engine.replace("main", order.broker_id, change, venue.tick()))
    assert seen(order.quantity, order.filled, order.limit_price, order.state) == (3, 2, 99, PARTIAL)
    venue.quote(98.75, 99)
    assert venue.prices == [(2, d(100.25)), (1, d(99))]


def test_a_replace_that_reaches_the_market_fills_at_the_touch() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    order = venue.place(request(BUY, 1, LIMIT, limit=99))
    venue.take(venue.engine.replace("main", order.broker_id, OrderChange(limit_price=d(101)), venue.tick()))
    assert venue.prices == [(1, d(100.25))]


def test_replace_moves_a_stop() -> None:
    venue = Venue()
    venue.quote(100, 100.25, 100)
    order = venue.place(request(SELL, 1, STOP, stop=98))
    venue.take(venue.engine.replace("main", order.broker_id, OrderChange(stop_price=d(99)), venue.tick()))
    venue.quote(98.75, 99, 98.75)
    assert venue.prices == [(1, d(98.75))]


def test_cancel_ends_an_order_for_good() -> None:
    venue = Venue()
    order = venue.place(request(BUY))
    venue.cancel(order)
    venue.quote(100, 100.25)
    assert venue.states(order) == [WORKING, CANCELED]
    assert venue.fills == []


def test_flatten_cancels_everything_of_the_contract_and_closes_it() -> None:
    venue = Venue()
    venue.quote(100, 100.25, 100)
    venue.quote(100, 100.25, 100, symbol="MESZ6")
    venue.place(request(BUY, 3))
    stop = venue.place(request(SELL, 3, STOP, stop=95))
    other = venue.place(request(BUY, 1, LIMIT, limit=90, symbol="MESZ6"))
    venue.take(venue.engine.flatten("main", "ESZ6", venue.tick()))
    assert venue.held() == 0
    assert (stop.state, other.state) == (CANCELED, WORKING)
    assert [event.state for event in venue.events if isinstance(event, OrderReport)][-3:] == [
        CANCELED,
        WORKING,
        FILLED,
    ]
    before = len(venue.events)
    venue.take(venue.engine.flatten("main", "ESZ6", venue.tick()))
    assert len(venue.events) == before


def test_a_short_position_is_flattened_by_buying() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    venue.place(request(SELL, 2))
    venue.take(venue.engine.flatten("main", "ESZ6", venue.tick()))
    assert seen(venue.held(), venue.cash) == (0, START - 25)


def test_realised_profit_through_a_reversal() -> None:
    """Buy 2 at 5000 and 1 at 5001, sell 5 at 5002.25 in ES: 287.50 realised, then short 2 at 5002.25."""
    venue = Venue(PaperSettings(commission=d("1.25")))
    venue.quote(4999.75, 5000)
    venue.place(request(BUY, 2))
    venue.quote(5000.75, 5001)
    venue.place(request(BUY, 1))
    venue.quote(5002.25, 5002.5)
    venue.place(request(SELL, 5))
    (position,) = venue.engine.positions("main")
    assert position.realised == d("287.50")
    assert seen(position.quantity, position.average) == (-2, d("5002.25"))
    assert venue.cash == START + d("287.50") - 8 * d("1.25")
    assert venue.balances[-1] == venue.cash


def test_a_quote_of_a_contract_without_orders_costs_no_work() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    venue.place(request(BUY))
    again = quote(100.25, 100.5)
    first = venue.engine.on_quote(again, venue.tick())
    assert first is venue.engine.on_quote(again, venue.tick())
    assert not first
    assert venue.engine.quote("ESZ6") is again
