"""Positions: exact through partial fills and reversals (order-lifecycle §10)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tt_tui.domain.order import Side
from tt_tui.domain.position import Position, book

ES, ZERO = Decimal(50), Decimal(0)
FLAT = Position(account="main-1", symbol="ESZ6")


def fill(
    position: Position, side: Side, quantity: int, price: str, fee: str = "0", owner: str = "", order_id: str = ""
) -> Position:
    return book(
        position,
        side,
        Decimal(quantity),
        Decimal(price),
        Decimal(fee),
        ES,
        owner=owner,
        order_id=order_id,
    )


def test_the_worked_example_of_a_fill_through_zero() -> None:
    position = fill(FLAT, Side.BUY, 2, "5000.00")
    position = fill(position, Side.BUY, 1, "5001.00")
    assert position.cost == Decimal("15001.00")
    position = fill(position, Side.SELL, 5, "5002.25")
    assert position.realised == Decimal("287.50")
    assert position.quantity == -2
    assert position.average == Decimal("5002.25")
    assert position.side is Side.SELL


@pytest.mark.parametrize(
    ("fills", "quantity", "average", "realised"),
    [
        ([("buy", 1, "10")], 1, "10", "0"),
        ([("sell", 3, "10")], -3, "10", "0"),
        ([("buy", 1, "10"), ("buy", 3, "14")], 4, "13", "0"),
        ([("buy", 4, "10"), ("sell", 1, "12")], 3, "10", "100"),
        ([("sell", 4, "10"), ("buy", 1, "12")], -3, "10", "-100"),
        ([("buy", 2, "10"), ("sell", 2, "9")], 0, None, "-100"),
        ([("buy", 2, "10"), ("sell", 3, "11")], -1, "11", "100"),
        ([("sell", 2, "10"), ("buy", 5, "11")], 3, "11", "-100"),
        ([("buy", 2, "10"), ("sell", 2, "11"), ("sell", 1, "12")], -1, "12", "100"),
    ],
)
def test_quantity_average_and_profit(
    fills: list[tuple[str, int, str]], quantity: int, average: str | None, realised: str
) -> None:
    position = FLAT
    for side, size, price in fills:
        position = fill(position, Side(side), size, price)
    assert position.quantity == quantity
    assert position.average == (None if average is None else Decimal(average))
    assert position.realised == Decimal(realised)


def test_an_average_without_an_end_loses_nothing() -> None:
    position = fill(fill(FLAT, Side.BUY, 2, "10"), Side.BUY, 1, "11")
    for _ in range(3):
        position = fill(position, Side.SELL, 1, "10")
    assert position.quantity == 0
    assert position.cost == 0
    assert position.realised == Decimal(-50), "one point was paid too much, in whatever parts it was sold"


def test_fees_are_kept_apart_from_profit() -> None:
    position = fill(fill(FLAT, Side.BUY, 1, "10", "1.25"), Side.SELL, 1, "11", "1.25")
    assert position.realised == 50
    assert position.fees == Decimal("2.50")


def test_owner_and_opener_stay_until_flat_and_change_through_zero() -> None:
    position = fill(FLAT, Side.BUY, 2, "10", owner="one", order_id="A")
    position = fill(position, Side.BUY, 1, "10", owner="two", order_id="B")
    position = fill(position, Side.SELL, 1, "10", owner="two", order_id="C")
    assert (position.owner, position.opened_by) == ("one", "A")
    assert (fill(position, Side.SELL, 2, "10", owner="two", order_id="D").owner) == ""
    turned = fill(position, Side.SELL, 3, "10", owner="two", order_id="E")
    assert (turned.owner, turned.opened_by) == ("two", "E")


def test_an_estimate_ends_when_the_estimated_part_is_gone() -> None:
    guessed = Position(account="main-1", symbol="ESZ6", quantity=Decimal(2), cost=Decimal(20), estimated=True)
    assert fill(guessed, Side.BUY, 1, "10").estimated
    assert fill(guessed, Side.SELL, 1, "10").estimated
    assert not fill(guessed, Side.SELL, 2, "10").estimated
    assert not fill(guessed, Side.SELL, 3, "10").estimated


@pytest.mark.parametrize(("side", "mark", "profit"), [("buy", "11", 100), ("buy", "9", -100), ("sell", "9", 100)])
def test_open_profit(side: str, mark: str, profit: int) -> None:
    position = fill(FLAT, Side(side), 2, "10")
    assert position.open_profit(Decimal(mark), ES) == profit
    assert FLAT.open_profit(Decimal(mark), ES) == ZERO


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_fill_of_nothing_is_refused(quantity: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        fill(FLAT, Side.BUY, quantity, "10")
