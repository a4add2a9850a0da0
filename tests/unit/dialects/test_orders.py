"""Rules for every dialect: prices, protection, times, switches and texts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.dialects.bodies import ask
from tt_tui.domain.instruction import Action
from tt_tui.domain.order import Distance, OrderType, TimeInForce

NOON = 1_795_435_200_000_000_000
"""2026-11-23T12:00:00Z."""


@pytest.mark.parametrize("absent", [0, "0", "", None, "0.0"])
def test_prices_of_nothing_are_absent(absent: object) -> None:
    found = ask(price=absent, limitPrice=absent, stopPrice=absent, tp=absent, sl=absent, trail=absent)
    assert found.action is Action.BUY
    assert found.reference_price is None
    assert found.order_type is None
    assert found.bracket is None


def test_a_price_without_an_order_type_is_a_reference_only() -> None:
    for kind in (None, "market"):
        found = ask(price="5000.25", order_type=kind)
        assert found.reference_price == Decimal("5000.25")
        assert found.limit_price is None


@pytest.mark.parametrize(
    ("fields", "kind", "limit", "stop"),
    [
        ({"order_type": "limit", "price": 5000}, OrderType.LIMIT, 5000, None),
        ({"orderType": "LMT", "limitPrice": 5000}, OrderType.LIMIT, 5000, None),
        ({"limitPrice": 5000}, OrderType.LIMIT, 5000, None),
        ({"order_type": "stop", "price": 5000}, OrderType.STOP, None, 5000),
        ({"order_type": "STOPMARKET", "stop_price": 5000}, OrderType.STOP, None, 5000),
        ({"order_type": "stop", "stop": 5000}, OrderType.STOP, None, 5000),
        ({"order_type": "stop_limit", "stop_price": 5000, "limit_price": 5001}, OrderType.STOP_LIMIT, 5001, 5000),
        ({"order_type": "stop_limit", "stop_price": 5000, "price": 5001}, OrderType.STOP_LIMIT, 5001, 5000),
        ({"stop_price": 5000, "limit_price": 5001}, OrderType.STOP_LIMIT, 5001, 5000),
        ({"order_type": "MKT"}, OrderType.MARKET, None, None),
    ],
)
def test_order_types_and_their_prices(
    fields: dict[str, Any], kind: OrderType, limit: int | None, stop: int | None
) -> None:
    found = ask(**fields)
    assert found.action is Action.BUY, found.why
    assert (found.order_type, found.limit_price, found.stop_price) == (kind, limit, stop)


@pytest.mark.parametrize(
    "fields",
    [
        {"order_type": "limit"},
        {"order_type": "limit", "price": "0"},
        {"order_type": "limit", "price": "NaN"},
        {"order_type": "limit", "limit_price": "{{close}}"},
        {"order_type": "limit", "limit_price": -5},
        {"order_type": "limit", "limit_price": "5,000.25"},
        {"order_type": "limit", "limit_price": 5000, "stop_price": 4990},
        {"order_type": "stop"},
        {"order_type": "stop_limit", "limit_price": 5000},
        {"order_type": "market", "stop_price": 4990},
        {"order_type": "trailing_stop"},
        {"order_type": "iceberg"},
        {"stop_price": 4990},
        {"stop": 4990},
        {"price": "{{close}}"},
        {"time_in_force": "gtd"},
        {"delay": -1},
        {"flatten_first": "maybe"},
    ],
)
def test_orders_that_are_not_complete_are_errors(fields: dict[str, Any]) -> None:
    assert ask(**fields).action is Action.ERROR


def test_a_reference_price_of_na_is_absent_and_a_market_order_keeps_a_limit_as_reference() -> None:
    assert ask(price="NaN").action is Action.BUY
    found = ask(order_type="market", limit_price=5000)
    assert (found.order_type, found.limit_price, found.reference_price) == (OrderType.MARKET, None, Decimal(5000))
    assert found.warnings


@pytest.mark.parametrize(
    ("word", "kept"), [("day", TimeInForce.DAY), ("GTC", TimeInForce.GTC), ("ioc", TimeInForce.IOC)]
)
def test_times_in_force(word: str, kept: TimeInForce) -> None:
    assert ask(timeInForce=word).time_in_force is kept
    assert ask(tif=word).time_in_force is kept


@pytest.mark.parametrize(
    ("fields", "leg", "kind", "value"),
    [
        ({"takeProfit": {"percent": 1}}, "target", "percent", "1"),
        ({"takeProfit": {"amount": "5"}}, "target", "points", "5"),
        ({"takeProfit": {"limitPrice": 5010}}, "target", "price", "5010"),
        ({"stopLoss": {"type": "stop", "stopPrice": 4990}}, "stop", "price", "4990"),
        ({"stopLoss": {"type": "trailing_stop", "trailPercent": 2}}, "trail", "percent", "2"),
        ({"stopLoss": {"type": "trailing_stop", "trailAmount": 7}}, "trail", "points", "7"),
        ({"stopLoss": {"type": "trailing_stop", "amount": 7}}, "trail", "points", "7"),
        ({"tp": 5010}, "target", "price", "5010"),
        ({"take_profit": "20 ticks"}, "target", "ticks", "20"),
        ({"stop_loss": "20t"}, "stop", "ticks", "20"),
        ({"stop_loss": "-1.5%"}, "stop", "percent", "1.5"),
        ({"sl": "$50"}, "stop", "currency", "50"),
        ({"sl": "5 points"}, "stop", "points", "5"),
        ({"tp_ticks": 8}, "target", "ticks", "8"),
        ({"StopLossPoints": "4"}, "stop", "points", "4"),
        ({"percentage_sl": 3}, "stop", "percent", "3"),
        ({"dollar_tp": "2"}, "target", "currency", "2"),
        ({"trail_ticks": 12}, "trail", "ticks", "12"),
        ({"breakeven": 3}, "break_even", "points", "3"),
    ],
)
def test_protection_in_every_unit(fields: dict[str, Any], leg: str, kind: str, value: str) -> None:
    found = ask(**fields)
    assert found.bracket is not None, found.why
    assert getattr(found.bracket, leg) == Distance(kind=kind, value=Decimal(value))


@pytest.mark.parametrize(
    "fields",
    [
        {"tp": "20 bananas"},
        {"sl": -5},
        {"sl": "{{plot_1}}"},
        {"sl": "NaN"},
        {"sl": True},
        {"tp": 5010, "dollar_tp": 50},
        {"stopLoss": {"percent": 1, "amount": 5}},
        {"stopLoss": {"wobble": 1}},
        {"stopLoss": {"type": "trailing_stop"}},
        {"stopLoss": [4990]},
        {"price": 5000, "sl": 20},
        {"price": 5000, "sl_points": 4990},
    ],
)
def test_protection_that_is_not_understood_stops_the_entry(fields: dict[str, Any]) -> None:
    assert ask(**fields).action is Action.ERROR


def test_a_close_carries_no_protection() -> None:
    assert ask(action="close", tp=5010, sl=4990).bracket is None


@pytest.mark.parametrize(("value", "wanted"), [(True, True), ("true", True), ("1", True), (1, True), ("Yes", True)])
def test_booleans_that_are_true(value: object, wanted: bool) -> None:
    assert ask(flatten_first=value).closes_first is wanted
    assert ask(pyramid=value).allow_pyramid is wanted


@pytest.mark.parametrize("value", [False, "false", "0", 0, "no", "off"])
def test_booleans_that_are_false(value: object) -> None:
    found = ask(flatten_first=value, reverse_order_close=value)
    assert (found.closes_first, found.reverse_if_opposite) == (False, False)


@pytest.mark.parametrize("key", ["time", "timenow", "timestamp", "date", "alertTimestamp"])
@pytest.mark.parametrize(
    "value",
    [
        "2026-11-23T12:00:00Z",
        "2026-11-23T07:00:00-05:00",
        "2026-11-23T12:00:00.000+00:00",
        NOON // 10**9,
        str(NOON // 10**9),
        NOON // 10**6,
        str(NOON // 10**6),
    ],
)
def test_every_writing_of_the_time(key: str, value: object) -> None:
    assert ask(**{key: value}).fired_at == NOON


def test_the_firing_time_wins_over_the_bar_time() -> None:
    assert ask(time="2026-11-23T11:55:00Z", timenow="2026-11-23T12:00:00Z").fired_at == NOON


@pytest.mark.parametrize(
    "value", ["{{timenow}}", "noon", "2026-11-23T12:00:00", "2026-11-23", 5, "9999-12-31T00:00:00Z"]
)
def test_a_time_that_is_not_certain_is_unknown_with_a_warning(value: object) -> None:
    found = ask(time=value)
    assert (found.action, found.fired_at) == (Action.BUY, None)
    assert any("age is unknown" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    "fields",
    [
        {"disabled": True},
        {"disabled": "true"},
        {"test": True},
        {"dry_run": 1},
        {"enabled": False},
        {"action": "hold"},
    ],
)
def test_what_is_switched_off_is_shown_and_not_traded(fields: dict[str, Any]) -> None:
    found = ask(**fields)
    assert (found.action, found.symbol) == (Action.IGNORE, "ES1!")
    assert found.why


def test_switches_the_other_way_change_nothing() -> None:
    assert ask(disabled=False, test="false", enabled=True).action is Action.BUY


def test_what_the_sender_says_of_itself_is_kept_for_display() -> None:
    found = ask(
        strategy="breakout",
        comment="at support",
        account_group="topstep",
        account="PA-1",
        id="abc-1",
        order_id="Long",
        token="tok-123456",
        favourite="blue",
        delay=3,
        cancel_after="30",
    )
    assert (found.strategy, found.comment, found.account_group) == ("breakout", "at support", "topstep")
    assert (found.account_shown, found.accounts) == ("PA-1", ())
    assert (found.key, found.sender_order, found.order_id, found.auth) == ("abc-1", "Long", "", "body:token")
    assert (found.delay, found.cancel_after, found.unknown_keys) == (3, 30, ("favourite",))


def test_a_key_that_is_a_placeholder_would_make_all_alerts_one_and_is_dropped() -> None:
    assert ask(id="{{ticker}}-{{timenow}}").key == ""


def test_texts_for_the_screen_hold_no_control_characters() -> None:
    assert ask(comment="red \x1b[31m alert\u0007").comment == "red  [31m alert"


def test_an_account_group_must_be_readable() -> None:
    assert ask(account_group="{{group}}").action is Action.ERROR
    assert ask(account_group=["main"]).action is Action.ERROR


@pytest.mark.parametrize("fields", [{"symbol": "CME_MINI_DL:ES1!"}, {"exchange": "CME_MINI_DLY"}])
def test_a_delayed_feed_is_a_warning(fields: dict[str, str]) -> None:
    found = ask(**fields)
    assert found.action is Action.BUY
    assert any(warning.startswith("delayed exchange") for warning in found.warnings)
    assert not ask(exchange="CME_MINI").warnings


def test_one_field_in_two_spellings_must_say_one_thing() -> None:
    assert ask(orderType="market", order_type="market").action is Action.BUY
    assert ask(orderType="market", order_type="limit", price=5000).action is Action.ERROR
