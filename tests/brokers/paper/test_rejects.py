"""What the venue refuses, with its word and its sentence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.brokers.paper.support import BUY, MES, SELL, START, Venue, at_price, d, request, ticks
from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.domain.errors import Rejected
from tt_tui.domain.order import (
    Bracket,
    Distance,
    Leg,
    OrderChange,
    OrderRequest,
    OrderState,
    OrderType,
    TimeInForce,
)

MARKET, LIMIT, STOP, STOP_LIMIT, TRAILING = (
    OrderType.MARKET,
    OrderType.LIMIT,
    OrderType.STOP,
    OrderType.STOP_LIMIT,
    OrderType.TRAILING_STOP,
)

REFUSED: list[tuple[str, OrderRequest, str, str]] = [
    ("zero", request(BUY, 0), "bad_quantity", "quantity must be above zero, was 0"),
    ("negative", request(BUY, -1), "bad_quantity", "quantity must be above zero, was -1"),
    ("not a number", request(BUY, "NaN"), "bad_quantity", "quantity must be above zero, was NaN"),
    ("infinite", request(BUY, "Infinity"), "bad_quantity", "quantity must be above zero, was Infinity"),
    ("part of a contract", request(BUY, "1.5"), "bad_quantity", "ESZ6 trades in whole contracts, was 1.5"),
    (
        "too many",
        request(BUY, 11),
        "max_quantity",
        "quantity 11 is above the most that one order may have, 10",
    ),
    (
        "limit off tick",
        request(BUY, 1, LIMIT, limit="100.10"),
        "off_tick",
        "price 100.10 is not on the tick of ESZ6, which is 0.25",
    ),
    ("limit not a number", request(BUY, 1, LIMIT, limit="NaN"), "off_tick", "price NaN is not on the tick"),
    ("stop off tick", request(BUY, 1, STOP, stop="101.1"), "off_tick", "price 101.1 is not on the tick"),
    ("no limit", request(BUY, 1, LIMIT), "missing_price", "a limit order needs a limit price"),
    ("no stop", request(BUY, 1, STOP), "missing_price", "a stop order needs a stop price"),
    (
        "stop-limit without a limit",
        request(BUY, 1, STOP_LIMIT, stop=101),
        "missing_price",
        "a stop_limit order needs a limit price",
    ),
    ("no trail", request(SELL, 1, TRAILING), "missing_price", "a trailing stop needs its distance"),
    ("trail off tick", request(SELL, 1, TRAILING, trail="0.3"), "off_tick", "trailing distance 0.3 is no"),
    ("trail zero", request(SELL, 1, TRAILING, trail=0), "off_tick", "trailing distance 0 is no"),
    (
        "buy stop below",
        request(BUY, 1, STOP, stop=99),
        "stop_side",
        "buy stop 99 must be above the market, which is 100.25",
    ),
    (
        "buy stop at the market",
        request(BUY, 1, STOP, stop="100.25"),
        "stop_side",
        "buy stop 100.25 must be above the market, which is 100.25",
    ),
    (
        "sell stop above",
        request(SELL, 1, STOP, stop=101),
        "stop_side",
        "sell stop 101 must be below the market, which is 100",
    ),
    (
        "stop-limit on the wrong side",
        request(SELL, 1, STOP_LIMIT, stop=101, limit=100),
        "stop_side",
        "sell stop 101 must be below the market",
    ),
    (
        "immediate stop",
        request(SELL, 1, STOP, stop=99, time_in_force=TimeInForce.IOC),
        "unsupported",
        "ioc goes with market and limit orders, was stop",
    ),
    (
        "bracket stop in points",
        request(BUY, bracket=Bracket(stop=Distance(kind="points", value=d(3)))),
        "bracket",
        "stop must be in ticks or a price, was points",
    ),
    (
        "bracket in part of a tick",
        request(BUY, bracket=Bracket(target=Distance(kind="ticks", value=d("1.5")))),
        "bracket",
        "target distance must be a whole number of ticks above 0, was 1.5",
    ),
    (
        "bracket off tick",
        request(BUY, bracket=Bracket(stop=at_price("98.1"))),
        "off_tick",
        "price 98.1 is not on the tick",
    ),
    (
        "bracket stop on the wrong side",
        request(BUY, bracket=Bracket(stop=at_price(101))),
        "bracket",
        "stop 101 must be below the entry, which is near 100.25",
    ),
    (
        "bracket target on the wrong side of a limit",
        request(SELL, 1, LIMIT, limit=110, bracket=Bracket(target=at_price(111))),
        "bracket",
        "target 111 must be below the entry, which is near 110",
    ),
    (
        "bracket trail as a price",
        request(BUY, bracket=Bracket(trail=at_price(3))),
        "bracket",
        "the distance of a trailing bracket is in ticks, was price",
    ),
    (
        "break-even without a stop",
        request(BUY, bracket=Bracket(target=ticks(4), break_even=ticks(2))),
        "bracket",
        "a break-even move needs a stop to move",
    ),
]


@pytest.mark.parametrize(("order", "code", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_orders_are_kept_as_rejected(order: OrderRequest, code: str, words: str) -> None:
    venue = Venue(PaperSettings(max_quantity=Decimal(10)))
    venue.quote(100, 100.25, 100.25)
    kept = venue.place(order)
    assert (kept.state, kept.code) == (OrderState.REJECTED, code)
    assert words in kept.reason
    assert venue.engine.find("main", order.order_id) is kept
    assert venue.engine.open_orders() == []
    assert venue.fills == []
    assert venue.states(kept) == [OrderState.REJECTED]


def test_two_legs_are_refused() -> None:
    venue = Venue()
    one = request(BUY)
    two = OrderRequest(
        order_id="OUR-2", account="main", legs=(*one.legs, Leg(symbol="MESZ6", side=SELL, quantity=d(1)))
    )
    assert "orders of one leg, was 2" in venue.place(two).reason


@pytest.mark.parametrize("symbol", ["ZZZ9", "ES", ""])
def test_an_unknown_contract_is_refused_and_not_kept(symbol: str) -> None:
    venue = Venue()
    order = request(BUY, symbol=symbol)
    with pytest.raises(Rejected, match=f"does not list '{symbol}'") as refused:
        venue.place(order)
    assert refused.value.code == "unknown_contract"
    assert venue.engine.find("main", order.order_id) is None


def test_an_unknown_account_is_refused() -> None:
    venue = Venue()
    with pytest.raises(Rejected, match="no account 'other'") as refused:
        venue.place(request(BUY, account="other"))
    assert refused.value.code == "unknown_account"


def test_a_repeated_id_is_refused_for_ever_and_the_first_order_stands() -> None:
    venue = Venue()
    first = venue.place(request(BUY, 1, LIMIT, limit=90, order_id="OUR-1"))
    for _ in range(2):
        with pytest.raises(Rejected, match="order id OUR-1 was used before on account main") as refused:
            venue.place(request(BUY, order_id="OUR-1"))
        assert refused.value.code == "duplicate_id"
        assert venue.engine.find("main", "OUR-1") is first
    venue.cancel(first)
    with pytest.raises(Rejected, match="was used before"):
        venue.place(request(BUY, order_id="OUR-1"))


def test_the_id_of_a_rejected_order_stays_used() -> None:
    venue = Venue()
    venue.place(request(BUY, 0, order_id="OUR-1"))
    with pytest.raises(Rejected, match="was used before"):
        venue.place(request(BUY, order_id="OUR-1"))


@pytest.mark.parametrize(("stop_id", "target_id"), [("OUR-1", "X"), ("X", "OUR-1"), ("OUR-2", "X"), ("X", "X")])
def test_the_ids_of_a_bracket_count_too(stop_id: str, target_id: str) -> None:
    venue = Venue()
    venue.place(request(BUY, 1, LIMIT, limit=90, order_id="OUR-1"))
    bracket = Bracket(stop=ticks(4), target=ticks(4), stop_id=stop_id, target_id=target_id)
    with pytest.raises(Rejected, match="was used before"):
        venue.place(request(BUY, order_id="OUR-2", bracket=bracket))


def test_another_account_may_use_the_same_id() -> None:
    venue = Venue()
    venue.take(venue.engine.open_account("second", START, venue.tick()))
    venue.place(request(BUY, order_id="OUR-1"))
    assert venue.place(request(BUY, order_id="OUR-1", account="second")).is_open


def test_a_venue_may_accept_repeated_ids() -> None:
    venue = Venue(PaperSettings(refuse_repeated_ids=False))
    venue.place(request(BUY, order_id="OUR-1"))
    assert venue.place(request(BUY, order_id="OUR-1")).is_open
    assert len(venue.engine.open_orders()) == 2


def test_an_id_that_left_memory_is_still_refused() -> None:
    kept: set[tuple[str, str]] = set()
    venue = Venue(PaperSettings(history=1), was_used=lambda account, name: (account, name) in kept)
    for name in ("OUR-1", "OUR-2"):
        venue.cancel(venue.place(request(BUY, order_id=name)))
        kept.add(("main", name))
    assert venue.engine.find("main", "OUR-1") is None
    with pytest.raises(Rejected, match="OUR-1 was used before"):
        venue.place(request(BUY, order_id="OUR-1"))


def test_a_closed_market_takes_cancels_and_nothing_else() -> None:
    venue = Venue()
    resting = venue.place(request(BUY, 1, LIMIT, limit=90))
    venue.hours.open = False
    refused = venue.place(request(BUY))
    assert (refused.code, refused.reason) == ("market_closed", "the market of ESZ6 is closed")
    venue.cancel(resting)
    assert resting.state is OrderState.CANCELED


def test_a_position_is_not_stripped_of_its_stop_by_a_flatten_that_can_not_close() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    parent = venue.place(request(BUY, bracket=Bracket(stop=ticks(8))))
    venue.hours.open = False
    with pytest.raises(Rejected, match="can't close 1 ESZ6: the market is closed"):
        venue.engine.flatten("main", "ESZ6", venue.tick())
    assert venue.child(parent.stop_child).state is OrderState.WORKING


def test_an_expired_contract_is_refused_after_its_last_day() -> None:
    venue = Venue()
    assert MES.last_trade is not None
    venue.hours.today = MES.last_trade
    assert venue.place(request(BUY, symbol="MESZ6")).is_open
    venue.hours.today = date(2026, 12, 31)
    refused = venue.place(request(BUY, symbol="MESZ6"))
    assert refused.code == "expired_contract"
    assert refused.reason == "MESZ6 expired: its last trading day was 2026-12-18"


def test_shares_may_be_split_and_contracts_not() -> None:
    venue = Venue()
    assert venue.place(request(BUY, "1.5", symbol="AAPL")).is_open
    assert venue.place(request(BUY, "1.5")).code == "bad_quantity"


def test_a_stop_without_a_quote_waits_for_one() -> None:
    venue = Venue()
    order = venue.place(request(SELL, 1, STOP, stop=99))
    venue.quote(98, 98.25)
    assert order.state is OrderState.FILLED


def test_on_a_one_sided_book_the_last_price_is_the_market() -> None:
    venue = Venue()
    venue.quote(None, 100.25, 100)
    assert venue.place(request(SELL, 1, STOP, stop=100)).code == "stop_side"
    assert venue.place(request(SELL, 1, STOP, stop="99.75")).is_open


def test_margin_counts_what_is_held_and_what_is_working() -> None:
    venue = Venue(PaperSettings(margin={"ES": Decimal(20_000)}))
    venue.quote(100, 100.25)
    assert venue.place(request(BUY, 1)).state is OrderState.FILLED
    working = venue.place(request(BUY, 1, LIMIT, limit=90))
    refused = venue.place(request(BUY, 1))
    assert refused.code == "margin"
    assert refused.reason.startswith("insufficient margin: 60000 needed to carry 3, equity is 49993.75")
    assert venue.place(request(SELL, 2)).state is OrderState.FILLED
    venue.cancel(working)
    assert venue.place(request(SELL, 2)).code == "margin"


def test_a_protective_pair_needs_no_margin() -> None:
    venue = Venue(PaperSettings(margin={"ES": Decimal(20_000)}))
    venue.quote(100, 100.25)
    venue.place(request(BUY, 2))
    assert venue.place(request(SELL, 2, STOP, stop=95)).is_open
    assert venue.place(request(SELL, 2, LIMIT, limit=105)).is_open


@pytest.mark.parametrize("verb", ["cancel", "replace"])
def test_a_finished_order_is_too_late_to_change(verb: str) -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    order = venue.place(request(BUY))
    with pytest.raises(Rejected, match=f"too late to {verb}: order {order.broker_id} is filled") as refused:
        change(venue, verb, order.broker_id)
    assert refused.value.code == "too_late"


@pytest.mark.parametrize("verb", ["cancel", "replace"])
def test_an_unknown_order_can_not_be_changed(verb: str) -> None:
    venue = Venue()
    venue.take(venue.engine.open_account("second", START, venue.tick()))
    foreign = venue.place(request(BUY, 1, LIMIT, limit=90, account="second"))
    for broker_id in ("PO-999", foreign.broker_id):
        with pytest.raises(Rejected, match=f"account main has no order {broker_id}") as refused:
            change(venue, verb, broker_id)
        assert refused.value.code == "unknown_order"


def change(venue: Venue, verb: str, broker_id: str) -> None:
    if verb == "cancel":
        venue.engine.cancel("main", broker_id, venue.tick())
    else:
        venue.engine.replace("main", broker_id, OrderChange(quantity=d(2)), venue.tick())


@pytest.mark.parametrize(
    ("wish", "code", "words"),
    [
        (OrderChange(quantity=d(2)), "too_late", "quantity must be above what is filled, 2, was 2"),
        (OrderChange(quantity=d(1)), "too_late", "quantity must be above what is filled, 2, was 1"),
        (OrderChange(quantity=d(0)), "bad_quantity", "quantity must be above zero"),
        (OrderChange(quantity=d("2.5")), "bad_quantity", "whole contracts"),
        (OrderChange(limit_price=d("99.1")), "off_tick", "price 99.1 is not on the tick"),
        (OrderChange(stop_price=d(99)), "unsupported", "a limit order has no stop price"),
        (OrderChange(trail=d(1)), "unsupported", "a limit order has no trailing distance"),
    ],
)
def test_refused_replaces_change_nothing(wish: OrderChange, code: str, words: str) -> None:
    venue = Venue()
    venue.quote(100, 100.25, ask_size=2)
    order = venue.place(request(BUY, 5, LIMIT, limit="100.25"))
    before, version = order.report(), order.version
    with pytest.raises(Rejected, match=words) as refused:
        venue.engine.replace("main", order.broker_id, wish, venue.tick())
    assert refused.value.code == code
    assert (order.report(), order.version) == (before, version)


def test_a_stop_can_not_be_moved_through_the_market() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    order = venue.place(request(SELL, 1, STOP, stop=99))
    with pytest.raises(Rejected, match="sell stop 101 must be below the market, which is 100"):
        venue.engine.replace("main", order.broker_id, OrderChange(stop_price=d(101)), venue.tick())


def test_a_market_order_has_no_limit_to_replace() -> None:
    venue = Venue()
    order = venue.place(request(BUY))
    with pytest.raises(Rejected, match="a market order has no limit price"):
        venue.engine.replace("main", order.broker_id, OrderChange(limit_price=d(99)), venue.tick())
