"""Check 7: which prices an order must have, where they may lie, and what a bracket looks like."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.unit.risk.cases import exit_of, limit, order, view
from tt_tui.domain.instrument import future
from tt_tui.domain.order import Bracket, Distance, Leg, OrderRequest, OrderType, Origin, Role, Side
from tt_tui.risk.gate import judge

PASSES = "ACCEPTED"
D = Decimal


def at(price: str) -> Distance:
    return Distance(kind="price", value=D(price))


def ticks(count: str | int) -> Distance:
    return Distance(kind="ticks", value=D(count))


def code(judged: OrderRequest, **changes: Any) -> str:
    return judge(judged, view(**changes)).code


@pytest.mark.parametrize(
    ("kind", "prices", "expected"),
    [
        (OrderType.MARKET, {}, PASSES),
        (OrderType.LIMIT, {}, "PRICE_MISSING"),
        (OrderType.LIMIT, {"stop_price": D(5000)}, "PRICE_MISSING"),
        (OrderType.LIMIT, {"limit_price": D(5000)}, PASSES),
        (OrderType.STOP, {"limit_price": D(5000)}, "PRICE_MISSING"),
        (OrderType.STOP, {"stop_price": D(5010)}, PASSES),
        (OrderType.STOP_LIMIT, {"stop_price": D(5010)}, "PRICE_MISSING"),
        (OrderType.STOP_LIMIT, {"limit_price": D(5011)}, "PRICE_MISSING"),
        (OrderType.STOP_LIMIT, {"stop_price": D(5010), "limit_price": D(5011)}, PASSES),
        (OrderType.TRAILING_STOP, {}, "PRICE_MISSING"),
        (OrderType.TRAILING_STOP, {"trail": D("5.25")}, PASSES),
    ],
)
def test_each_type_needs_its_prices(kind: OrderType, prices: dict[str, Any], expected: str) -> None:
    assert code(order(order_type=kind, **prices)) == expected
    sold = exit_of(1, order_type=kind, **prices)
    assert code(sold, position=D(1)) == expected


@pytest.mark.parametrize("field", ["limit_price", "stop_price", "trail"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5000.10", "OFF_TICK"),
        ("5000.2500000000000000000000000000000001", "OFF_TICK"),
        ("0", "BAD_PRICE"),
        ("-5000", "BAD_PRICE"),
        ("NaN", "BAD_PRICE"),
        ("sNaN", "BAD_PRICE"),
        ("Infinity", "BAD_PRICE"),
        ("1E+999999", "BAD_PRICE"),
        ("1E-999999", "BAD_PRICE"),
    ],
)
def test_every_price_present_is_sound(field: str, text: str, expected: str) -> None:
    price: dict[str, Any] = {field: D(text)}
    decision = judge(order(**price), view())
    assert decision.code == expected
    assert len(decision.text) < 160
    assert code(exit_of(1, **price), position=D(1)) == expected


@pytest.mark.parametrize("text", ["NaN", "Infinity", "0", "-1", "1E+999999"])
def test_a_reference_price_is_sound_and_no_matter_for_an_exit(text: str) -> None:
    assert code(order(reference_price=D(text))) == "BAD_PRICE"
    assert code(exit_of(1, reference_price=D(text)), position=D(1)) == PASSES


def test_a_reference_price_may_be_off_the_tick() -> None:
    assert code(order(reference_price=D("5000.123"))) == PASSES


def test_ticks_are_exact_in_32nds() -> None:
    bond = future("ZN", 2026, 12)
    market = {"instrument": bond, "bid": D("110.5"), "ask": D("110.515625"), "last": D("110.5")}
    judged = order(symbol=bond.symbol, order_type=OrderType.LIMIT, limit_price=D("110.515625"))
    assert code(judged, **market) == PASSES
    off = order(symbol=bond.symbol, order_type=OrderType.LIMIT, limit_price=D("110.51"))
    assert code(off, **market) == "OFF_TICK"


@pytest.mark.parametrize("count", [0, 2, 3])
def test_one_leg_exactly(count: int) -> None:
    leg = Leg(symbol="ESZ6", side=Side.BUY, quantity=D(1))
    decision = judge(order(legs=(leg,) * count), view())
    assert (decision.code, decision.numbers) == ("LEGS", {"legs": str(count)})


@pytest.mark.parametrize(
    ("part", "distance", "expected"),
    [
        ("stop", ticks(20), PASSES),
        ("stop", ticks("0.5"), "BAD_BRACKET"),
        ("stop", ticks(0), "BAD_BRACKET"),
        ("target", ticks(-4), "BAD_BRACKET"),
        ("target", ticks("NaN"), "BAD_BRACKET"),
        ("target", ticks("1E+99"), "BAD_BRACKET"),
        ("trail", ticks(8), PASSES),
        ("trail", at("4990"), "BAD_BRACKET"),
        ("break_even", ticks(8), PASSES),
        ("break_even", at("5005"), PASSES),
        ("break_even", at("4990"), "BRACKET_SIDE"),
        ("stop", at("4990.10"), "OFF_TICK"),
        ("stop", at("Infinity"), "BAD_PRICE"),
        ("stop", at("-10"), "BAD_PRICE"),
        ("stop", Distance(kind="percent", value=D(1)), "BAD_BRACKET"),
        ("stop", Distance(kind="points", value=D(5)), "BAD_BRACKET"),
        ("target", Distance(kind="currency", value=D(500)), "BAD_BRACKET"),
    ],
)
def test_the_parts_of_a_bracket(part: str, distance: Distance, expected: str) -> None:
    bracket = msgspec.structs.replace(Bracket(), **{part: distance})
    assert code(order(bracket=bracket)) == expected


@pytest.mark.parametrize(
    ("judged", "stop", "target", "expected"),
    [
        (order(), "5000.00", None, PASSES),
        (order(), "5000.25", None, "BRACKET_SIDE"),
        (order(), None, "5000.25", "BRACKET_SIDE"),
        (order(), None, "5000.50", PASSES),
        (order(Side.SELL), "5000.25", "4999.75", PASSES),
        (order(Side.SELL), "5000.00", None, "BRACKET_SIDE"),
        (order(Side.SELL), None, "5000.00", "BRACKET_SIDE"),
        (limit("4990.00"), "4989.75", "4990.25", PASSES),
        (limit("4990.00"), "4990.00", None, "BRACKET_SIDE"),
        (limit("4990.00"), None, "4990.00", "BRACKET_SIDE"),
        # It fills at the ask, so a stop between the ask and the limit would go off at once.
        (limit("5010.00"), "5005.00", None, "BRACKET_SIDE"),
        (limit("5010.00"), None, "5005.00", PASSES),
        (limit("4990.00", Side.SELL), "4995.00", None, "BRACKET_SIDE"),
        (limit("5010.00", Side.SELL), "5010.25", "5009.75", PASSES),
        (order(order_type=OrderType.STOP, stop_price=D(5010)), "5005.00", "5020.00", PASSES),
        (order(order_type=OrderType.STOP, stop_price=D(5010)), "5010.00", None, "BRACKET_SIDE"),
        (order(order_type=OrderType.TRAILING_STOP, trail=D(5)), "4990.00", "5010.00", PASSES),
        (order(order_type=OrderType.TRAILING_STOP, trail=D(5)), "5010.00", "4990.00", "BRACKET_SIDE"),
    ],
)
def test_a_bracket_loses_on_its_stop_and_wins_on_its_target(
    judged: OrderRequest, stop: str | None, target: str | None, expected: str
) -> None:
    bracket = Bracket(stop=at(stop) if stop else None, target=at(target) if target else None)
    assert code(msgspec.structs.replace(judged, bracket=bracket)) == expected


def test_a_stale_quote_does_not_judge_a_bracket() -> None:
    wrong = order(bracket=Bracket(stop=at("5010")))
    assert code(wrong, quote_stale=True) == "QUOTE_STALE"
    resting = limit("4990.00", bracket=Bracket(stop=at("4995")))
    assert code(resting, quote_stale=True) == "BRACKET_SIDE"


@pytest.mark.parametrize("role", [Role.EXIT, Role.STOP, Role.TARGET])
def test_an_exit_carries_no_bracket(role: Role) -> None:
    judged = exit_of(1, role=role, origin=Origin.GUARD, bracket=Bracket(stop=ticks(4)))
    assert code(judged, position=D(1)) == "BAD_BRACKET"
