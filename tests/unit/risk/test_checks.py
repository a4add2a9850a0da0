"""The gate's small parts: how numbers are written, sizes cut, and a check asked alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.risk.cases import limit, order, view
from tt_tui.domain.decision import Answer
from tt_tui.domain.order import Side
from tt_tui.risk.checks import exact, market_price, seconds, whole
from tt_tui.risk.gate import CHECKS, judge

BY_NUMBER = {check.number: check for check in CHECKS}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5000.250", "5000.250"),
        ("1E+1", "10"),
        ("1E-9", "0.000000001"),
        ("-2E+2", "-200"),
        ("1E+999999", "1E+999999"),
        ("0E-999999", "0E-999999"),
        ("NaN", "NaN"),
    ],
)
def test_numbers_are_written_without_loss(value: str, text: str) -> None:
    assert exact(Decimal(value)) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [(0, "0"), (5_000_000_000, "5"), (60_000_000_001, "60.000000001"), (-500_000_000, "-0.5")],
)
def test_spans_are_written_in_seconds(span: int, text: str) -> None:
    assert seconds(span) == text


@pytest.mark.parametrize(
    ("quantity", "units"),
    [("3", "3"), ("3.99", "3"), ("0.99", "0"), ("-2", "0"), ("NaN", "0"), ("Infinity", "0"), ("1E+30", "1E+30")],
)
def test_whole_units_that_fit(quantity: str, units: str) -> None:
    assert whole(Decimal(quantity)) == Decimal(units)


def test_an_order_meets_its_touch_then_the_last_trade_then_the_far_touch() -> None:
    bid, ask, last = Decimal(1), Decimal(3), Decimal(2)
    quoted = view(bid=bid, ask=ask, last=last)
    assert (market_price(Side.BUY, quoted), market_price(Side.SELL, quoted)) == (ask, bid)
    assert market_price(Side.BUY, view(bid=bid, ask=None, last=last)) == last
    assert market_price(Side.BUY, view(bid=bid, ask=None, last=None)) == bid
    assert market_price(Side.BUY, view(bid=None, ask=Decimal("NaN"), last=None)) is None


def test_the_check_of_the_form_fails_closed_without_a_contract() -> None:
    decision = judge(order(), view(instrument=None), [BY_NUMBER[7]])
    assert (decision.answer, decision.code) == (Answer.REFUSE, "UNKNOWN_CONTRACT")


def test_the_collar_leaves_a_missing_market_to_the_check_of_the_quote() -> None:
    blind = view(bid=None, ask=None, last=None)
    assert judge(limit("9000.00"), blind, [BY_NUMBER[13]]).answer is Answer.ACCEPT
    assert judge(limit("9000.00"), blind).code == "NO_QUOTE"
