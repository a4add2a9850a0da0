"""The transition table of order-lifecycle §1, written out once more by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tt_tui.domain.order import (
    LIVE,
    TERMINAL,
    TRANSITIONS,
    Leg,
    OrderRequest,
    OrderState,
    Origin,
    Role,
    Side,
    may_move,
)

_TABLE = """
intent:        denied waiting sent abandoned
denied:
waiting:       sent denied expired
sent:          acked held working partial filled rejected canceled expired unknown not_sent
not_sent:      sent
unknown:       acked held working partial filled canceled expired rejected replaced never_arrived
never_arrived:
abandoned:
acked:         held working partial filled canceled expired rejected unknown
held:          acked working partial filled canceled expired rejected unknown
working:       partial filled canceled expired rejected replaced unknown
partial:       partial filled canceled expired rejected replaced unknown
filled:
canceled:
expired:
rejected:
replaced:
"""
TABLE = {
    OrderState(name.strip()): {OrderState(word) for word in targets.split()}
    for name, _, targets in (line.partition(":") for line in _TABLE.strip().splitlines())
}


def test_the_table_names_every_state() -> None:
    assert set(TABLE) == set(OrderState) == set(TRANSITIONS)


@pytest.mark.parametrize("old", OrderState)
@pytest.mark.parametrize("new", OrderState)
def test_a_move_is_legal_exactly_when_the_table_has_it(old: OrderState, new: OrderState) -> None:
    assert may_move(old, new) == (new in TABLE[old])


@pytest.mark.parametrize("state", OrderState)
def test_what_is_terminal_goes_nowhere_but_back_to_a_proven_resend(state: OrderState) -> None:
    assert state.is_terminal == (state in TERMINAL)
    assert state.is_live == (state in LIVE)
    assert not (state.is_terminal and state.is_live)
    if state.is_terminal:
        assert TABLE[state] == ({OrderState.SENT} if state is OrderState.NOT_SENT else set())
    else:
        assert TABLE[state]


def test_nothing_is_live_before_it_was_sent_and_everything_is_after() -> None:
    before = {OrderState.INTENT, OrderState.WAITING}
    assert set(OrderState) == before | TERMINAL | LIVE


def test_sides() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert Side.BUY.opposite is Side.SELL
    assert Side.SELL.opposite is Side.BUY


@pytest.mark.parametrize("origin", Origin)
def test_only_a_person_is_not_automated(origin: Origin) -> None:
    assert origin.is_automated == (origin is not Origin.PERSON)


def test_every_role_but_the_entry_reduces() -> None:

    leg = Leg(symbol="ESZ6", side=Side.BUY, quantity=Decimal(1))
    for role in Role:
        request = OrderRequest(order_id="ORD-1", account="main-1", legs=(leg,), role=role)
        assert request.reduces == (role is not Role.ENTRY)
