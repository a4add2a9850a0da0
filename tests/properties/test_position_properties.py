"""Positions against an independent reference that keeps lots of exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tt_tui.domain.order import Side
from tt_tui.domain.position import Position, book

POINT = Decimal(50)
FILLS = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.integers(1, 9), st.integers(1, 40_000), st.integers(0, 500)),
    max_size=40,
)


def reference(fills: list[tuple[Side, int, int, int]]) -> tuple[int, Fraction, Fraction]:
    """Return quantity, cost and realised profit by average cost, in exact fractions."""
    quantity, cost, realised = 0, Fraction(0), Fraction(0)
    for side, size, ticks, _ in fills:
        price = Fraction(ticks, 4)
        for _ in range(size):
            if quantity * side.sign >= 0:
                cost += price
            else:
                average = cost / abs(quantity)
                realised += (price - average) * -side.sign * 50
                cost -= average
            quantity += side.sign
    return quantity, cost, realised


@settings(max_examples=300, deadline=None)
@given(FILLS)
def test_every_sequence_of_fills_comes_to_the_reference(fills: list[tuple[Side, int, int, int]]) -> None:
    position = Position(account="a", symbol="ESZ6")
    for side, size, ticks, cents in fills:
        position = book(position, side, Decimal(size), Decimal(ticks) / 4, Decimal(cents) / 100, POINT)
    quantity, cost, realised = reference(fills)
    assert position.quantity == quantity
    assert abs(Fraction(position.cost) - cost) <= Fraction(1, 10**9)
    assert abs(Fraction(position.realised) - realised) <= Fraction(1, 10**7)
    assert position.fees == sum(Decimal(cents) / 100 for _, _, _, cents in fills)


@settings(max_examples=300, deadline=None)
@given(FILLS, st.integers(1, 40_000))
def test_what_was_paid_and_got_is_what_was_realised_once_flat(
    fills: list[tuple[Side, int, int, int]], last: int
) -> None:
    position = Position(account="a", symbol="ESZ6")
    money = Decimal(0)

    def trade(side: Side, size: Decimal, price: Decimal) -> None:
        nonlocal position, money
        position = book(position, side, size, price, Decimal(0), POINT)
        money -= side.sign * size * price * POINT

    for side, size, ticks, _ in fills:
        trade(side, Decimal(size), Decimal(ticks) / 4)
    if position.quantity:
        away = Side.SELL if position.quantity > 0 else Side.BUY
        trade(away, abs(position.quantity), Decimal(last) / 4)
    assert position.quantity == 0
    assert position.cost == 0
    assert position.realised == money, "exactly, whatever fractions lay between"
