"""13: a bracket that stands absurdly far away is a typing error, not protection."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tt_tui.domain.account import AccountMode, ConnectionState
from tt_tui.domain.instrument import future
from tt_tui.domain.order import Bracket, Distance, Leg, OrderRequest, Side
from tt_tui.risk.gate import judge
from tt_tui.risk.view import GateView

VIEW = GateView(
    now=1,
    venue_now=1,
    mode=AccountMode.PAPER,
    connection=ConnectionState.READY,
    skew=0,
    session_open=True,
    instrument=future("ES", 2026, 12),
    trade_date=future("ES", 2026, 12).last_trade.replace(day=1),  # type: ignore[union-attr]
    bid=Decimal("5000.00"),
    ask=Decimal("5000.25"),
    last=Decimal("5000.00"),
    quote_age=0,
    quote_stale=False,
)


@pytest.mark.parametrize(
    ("stop", "code"),
    [
        (Distance(kind="price", value=Decimal("20.00")), "PRICE_FAR"),
        (Distance(kind="price", value=Decimal("4990.00")), "ACCEPTED"),
        (Distance(kind="ticks", value=Decimal(20)), "ACCEPTED"),
        (Distance(kind="ticks", value=Decimal(20_000)), "PRICE_FAR"),
    ],
)
def test_a_stop_far_from_the_entry_is_refused(stop: Distance, code: str) -> None:
    order = OrderRequest(
        order_id="ORD-1",
        account="main-1",
        legs=(Leg(symbol="ESZ6", side=Side.BUY, quantity=Decimal(1)),),
        bracket=Bracket(stop=stop, stop_id="ORD-2"),
    )
    assert judge(order, VIEW).code == code
