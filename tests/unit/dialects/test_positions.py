"""Position fields against verbs: the truth table of order-fill alerts, and what contradicts it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.dialects.bodies import body
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.listener.dialects import parse


def filled(action: str, before: tuple[str, int], after: tuple[str, int], quantity: int = 1, **more: Any) -> Instruction:
    return parse(
        body(
            ticker="ES1!",
            action=action,
            quantity=quantity,
            prev_market_position=before[0],
            prev_market_position_size=before[1],
            market_position=after[0],
            market_position_size=after[1],
            **more,
        )
    )


FLAT = ("flat", 0)


@pytest.mark.parametrize(
    ("action", "before", "after", "quantity", "wanted"),
    [
        ("buy", FLAT, ("long", 2), 2, Action.BUY),
        ("sell", FLAT, ("short", 2), 2, Action.SELL),
        ("sell", ("long", 2), FLAT, 2, Action.CLOSE),
        ("buy", ("short", 2), FLAT, 2, Action.CLOSE),
        ("sell", ("long", 2), ("short", 2), 4, Action.REVERSE),
        ("buy", ("short", 2), ("long", 1), 3, Action.REVERSE),
        ("buy", ("long", 1), ("long", 3), 2, Action.BUY),
        ("sell", ("short", 1), ("short", 3), 2, Action.SELL),
        ("sell", ("long", 3), ("long", 1), 2, Action.SELL),
        ("buy", ("short", 3), ("short", 1), 2, Action.BUY),
        ("close", ("long", 2), FLAT, 2, Action.CLOSE),
        ("close_long", ("long", 3), ("long", 1), 2, Action.CLOSE),
    ],
)
def test_every_row_of_the_truth_table(
    action: str, before: tuple[str, int], after: tuple[str, int], quantity: int, wanted: Action
) -> None:
    found = filled(action, before, after, quantity)
    assert found.action is wanted, found.why
    assert found.position_after == after[0]
    assert found.target_size == after[1]
    assert found.position_before == before[0]
    assert found.size_before == before[1]


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("buy", FLAT, ("short", 1)),
        ("buy", ("long", 1), ("short", 1)),
        ("buy", ("short", 1), ("short", 2)),
        ("buy", ("short", 1), ("short", 1)),
        ("buy", ("long", 2), ("long", 1)),
        ("buy", ("long", 1), ("long", 1)),
        ("buy", ("long", 1), FLAT),
        ("sell", FLAT, ("long", 1)),
        ("sell", ("short", 1), ("long", 1)),
        ("sell", ("long", 1), ("long", 2)),
        ("sell", ("short", 2), ("short", 1)),
        ("sell", ("short", 1), FLAT),
        ("close", ("long", 1), ("short", 1)),
        ("close", ("long", 1), ("long", 2)),
        ("close_long", ("short", 2), ("short", 1)),
        ("reverse", ("long", 1), ("long", 1)),
        ("reverse", ("long", 1), FLAT),
        ("add", ("short", 1), ("long", 1)),
        ("buy", FLAT, ("long", 0)),
        ("buy", ("flat", 1), ("long", 1)),
        ("sell", ("long", 1), ("flat", 1)),
    ],
)
def test_contradictions_are_never_traded(action: str, before: tuple[str, int], after: tuple[str, int]) -> None:
    found = filled(action, before, after, side="long") if action == "add" else filled(action, before, after)
    assert found.action is Action.ERROR
    assert "contradict" in found.why


@pytest.mark.parametrize(
    ("action", "sentiment", "wanted", "after", "side_closed"),
    [
        ("buy", "bullish", Action.BUY, "long", ""),
        ("buy", "long", Action.BUY, "long", ""),
        ("sell", "bearish", Action.SELL, "short", ""),
        ("sell", "flat", Action.CLOSE, "flat", ""),
        ("buy", "flat", Action.CLOSE, "flat", ""),
        ("exit", "flat", Action.CLOSE, "flat", ""),
        ("sell", "bullish", Action.CLOSE, "", "long"),
        ("buy", "short", Action.CLOSE, "", "short"),
        ("exit", "long", Action.CLOSE, "", "long"),
    ],
)
def test_a_sentiment_alone_names_the_side_that_is_left(
    action: str, sentiment: str, wanted: Action, after: str, side_closed: str
) -> None:
    found = parse(body(ticker="ES1!", action=action, sentiment=sentiment, quantity="2"))
    assert (found.action, found.position_after, found.side_closed) == (wanted, after, side_closed)
    assert found.quantity == 2


@pytest.mark.parametrize(("action", "sentiment"), [("sell", "bullish"), ("buy", "bearish"), ("exit", "long")])
def test_a_part_close_without_any_size_is_an_error(action: str, sentiment: str) -> None:
    found = parse(body(ticker="ES1!", action=action, sentiment=sentiment))
    assert found.action is Action.ERROR
    assert "market_position_size" in found.why


def test_a_reversal_takes_its_new_size_from_what_was_held() -> None:
    known = parse(
        body(
            ticker="ES1!",
            action="sell",
            quantity=5,
            market_position="short",
            prev_market_position="long",
            prev_market_position_size=2,
        )
    )
    assert (known.action, known.target_size) == (Action.REVERSE, Decimal(3))
    unknown = parse(
        body(ticker="ES1!", action="sell", quantity=5, market_position="short", prev_market_position="long")
    )
    assert unknown.action is Action.ERROR
    assert "market_position_size" in unknown.why


@pytest.mark.parametrize(("size", "side"), [(3, "long"), (-3, "short"), (0, "flat")])
def test_a_signed_position_size_names_its_side(size: int, side: str) -> None:
    action = {"long": "buy", "short": "sell", "flat": "sell"}[side]
    found = parse(body(ticker="ES1!", action=action, quantity=1, position_size=size))
    assert found.position_after == side
    assert found.target_size == abs(size)


def test_a_signed_size_must_fit_its_side() -> None:
    found = parse(body(ticker="ES1!", action="sell", market_position="long", position_size=-1))
    assert found.action is Action.ERROR


@pytest.mark.parametrize("value", ["sideways", "{{strategy.market_position}}"])
def test_a_side_that_is_not_understood_is_an_error(value: str) -> None:
    assert parse(body(ticker="ES1!", action="buy", sentiment=value)).action is Action.ERROR


def test_a_position_without_a_verb_is_no_trade() -> None:
    found = parse(body(ticker="ES1!", market_position="long", market_position_size=2))
    assert found.action is Action.ERROR
    assert "no action" in found.why
