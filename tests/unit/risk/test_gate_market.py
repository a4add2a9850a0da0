"""Prices against the market and against our own orders: the collar and self-trades."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.risk.cases import limit, order, resting, view
from tt_tui.domain.order import OrderRequest, OrderState, OrderType, Role, Side
from tt_tui.risk.gate import judge
from tt_tui.risk.view import OpenOrder

PASSES = "ACCEPTED"
D = Decimal
BUY, SELL = Side.BUY, Side.SELL
# One percent of the ask at 5,000 is a collar of 50 points; ten of them are 500.
MARKET: dict[str, Any] = {"bid": D("4999.75"), "ask": D("5000.00"), "last": D("4999.75")}
COLLAR: dict[str, Any] = {"collar_percent": D(1)}


def stop(price: str, side: Side = BUY, limit_price: str | None = None) -> OrderRequest:
    if limit_price is None:
        return order(side, order_type=OrderType.STOP, stop_price=D(price))
    prices: dict[str, Any] = {"stop_price": D(price), "limit_price": D(limit_price)}
    return order(side, order_type=OrderType.STOP_LIMIT, **prices)


def trail(distance: str) -> OrderRequest:
    return order(order_type=OrderType.TRAILING_STOP, trail=D(distance))


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (limit("5050.00"), PASSES),
        (limit("5050.25"), "COLLAR"),
        (limit("4500.00"), PASSES),
        (limit("4499.75"), "PRICE_FAR"),
        (limit("500.00"), "PRICE_FAR"),
        (limit("4950.00", SELL), PASSES),
        (limit("4949.75", SELL), "COLLAR"),
        (limit("5499.50", SELL), PASSES),
        (limit("5499.75", SELL), "PRICE_FAR"),
        (stop("4950.00"), PASSES),
        (stop("4949.75"), "COLLAR"),
        (stop("5500.00"), PASSES),
        (stop("5500.25"), "PRICE_FAR"),
        (stop("5049.50", SELL), PASSES),
        (stop("5049.75", SELL), "COLLAR"),
        (stop("5100.00", BUY, "5150.00"), PASSES),
        (stop("5100.00", BUY, "5150.25"), "COLLAR"),
        (stop("5100.00", BUY, "4599.75"), "PRICE_FAR"),
        (stop("4900.00", SELL, "4850.25"), PASSES),
        (stop("4900.00", SELL, "4850.00"), "COLLAR"),
        (trail("500.00"), PASSES),
        (trail("500.25"), "PRICE_FAR"),
        (order(reference_price=D("4950.00")), PASSES),
        (order(reference_price=D("4949.99")), "COLLAR"),
        (order(reference_price=D("5050.00")), PASSES),
        (order(reference_price=D("5050.01")), "COLLAR"),
        (limit("4990.00", reference_price=D(1)), PASSES),
    ],
)
def test_collar_in_percent(judged: OrderRequest, expected: str) -> None:
    # 49.9975 points are one percent of the bid, which a sell meets.
    assert judge(judged, view(COLLAR, **MARKET)).code == expected


@pytest.mark.parametrize("stray", [{"limit_price": D(9000)}, {"trail": D(1000)}])
def test_a_price_that_the_type_does_not_use_is_not_held_against_the_market(stray: dict[str, Any]) -> None:
    judged = order(order_type=OrderType.STOP, stop_price=D(5010), **stray)
    assert judge(judged, view(COLLAR, **MARKET)).code == PASSES


def test_the_narrower_of_two_collars_counts() -> None:
    by_ticks = {"collar_percent": D(1), "collar_ticks": 8}
    assert judge(limit("5002.00"), view(by_ticks, **MARKET)).code == PASSES
    assert judge(limit("5002.25"), view(by_ticks, **MARKET)).code == "COLLAR"
    wide = {"collar_percent": D(1), "collar_ticks": 1000}
    assert judge(limit("5050.25"), view(wide, **MARKET)).code == "COLLAR"
    only = {"collar_percent": None, "collar_ticks": 8}
    assert judge(limit("5002.25"), view(only, **MARKET)).code == "COLLAR"


def test_without_a_touch_the_last_trade_counts_and_then_the_far_touch() -> None:
    lonely = MARKET | {"ask": None, "bid": None}
    assert judge(limit("5050.25"), view(COLLAR, **lonely)).code == "COLLAR"
    bid_only = MARKET | {"ask": None, "last": None}
    assert judge(limit("5050.25"), view(COLLAR, **bid_only)).code == "COLLAR"


def test_the_words_name_price_market_and_what_is_allowed() -> None:
    decision = judge(limit("5200.00"), view(COLLAR, **MARKET))
    assert decision.text == (
        "The limit 5200.00 of this buy is 200.00 through 5000.00, 50.00 are allowed; is a digit wrong?"
    )
    assert decision.numbers == {"price": "5200.00", "base": "5000.00", "band": "50.00"}


def test_a_far_price_is_told_what_is_far() -> None:
    decision = judge(limit("500.00"), view(COLLAR, **MARKET))
    assert decision.text == ("The limit 500.00 of this buy is 4500.00 away from 5000.00; is a digit wrong?")
    assert decision.numbers == {"price": "500.00", "base": "5000.00", "band": "50.00", "far_band": "500.00"}


def own(side: Side, price: str | None = None, **changes: Any) -> OpenOrder:
    return resting(side, limit_price=D(price) if price else None, order_id="ORD-OWN", **changes)


CROSSES = [
    (order(), own(SELL, "5000.00"), True),
    (order(), own(SELL, "4999.00"), True),
    (order(), own(SELL, "5000.25"), False),
    (order(), own(SELL, "5000.25", role=Role.TARGET), False),
    (order(), own(BUY, "4999.75"), False),
    (order(SELL), own(BUY, "4999.75"), True),
    (order(SELL), own(BUY, "4999.50"), False),
    (limit("5010.00"), own(SELL, "5010.00"), True),
    (limit("5010.00"), own(SELL, "5010.25"), False),
    (limit("4990.00", SELL), own(BUY, "4990.00"), True),
    (limit("4990.00", SELL), own(BUY, "4989.75"), False),
    (stop("5010.00"), own(SELL, "5010.00"), True),
    (stop("5010.00"), own(SELL, "5010.25"), False),
    (stop("5010.00"), own(SELL, "5009.75"), False),
    (stop("5010.00", BUY, "5012.00"), own(SELL, "5012.00"), True),
    (stop("5010.00", BUY, "5012.00"), own(SELL, "5012.25"), False),
    (stop("5000.00"), own(SELL, "5000.00"), True),
    (stop("5000.00"), own(SELL, "4999.00"), True),
    (stop("4999.00"), own(SELL, "5000.25"), False),
    (stop("4990.00", SELL), own(BUY, "4990.00"), True),
    (stop("4990.00", SELL), own(BUY, "4989.75"), False),
    (stop("5005.00", SELL), own(BUY, "4999.75"), True),
    (stop("4999.00", BUY, "5005.00"), own(SELL, "5005.00"), True),
    (trail("5.00"), own(SELL, "5000.00"), False),
    (order(), own(SELL), True),
    (trail("5.00"), own(SELL), True),
    (order(), own(SELL, role=Role.STOP), False),
    (order(), own(SELL, order_type=OrderType.TRAILING_STOP), False),
    (order(), own(SELL, "5000.00", state=OrderState.HELD), False),
    (order(), own(SELL, stop_price=D("4990.00")), False),
    (order(), own(SELL, stop_price=D("4999.75")), True),
    (order(), own(SELL, "4985.00", stop_price=D("4990.00")), False),
    (order(), own(SELL, "4985.00", stop_price=D("5005.00")), True),
    (order(), own(SELL, "5000.00", state=OrderState.SENT), True),
    (order(), own(SELL, "5000.00", state=OrderState.PARTIAL, role=Role.TARGET), True),
]


@pytest.mark.parametrize(("judged", "other", "crosses"), CROSSES)
def test_no_order_trades_with_our_own(judged: OrderRequest, other: OpenOrder, crosses: bool) -> None:
    decision = judge(judged, view(COLLAR, open_orders=(other,), **MARKET))
    assert decision.code == ("SELF_CROSS" if crosses else PASSES)
    if crosses:
        assert decision.numbers["other"] == "ORD-OWN"


def test_any_of_several_own_orders_is_found() -> None:
    others = (own(SELL, "5100.00"), own(SELL, "5000.00"))
    decision = judge(order(), view(open_orders=others, **MARKET))
    assert decision.text == ("This buy would trade with our own sell ORD-OWN at 5000.00; cancel that first.")
