"""The fold under anything that brokers may say, in any order (reliability R3 to R5)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rig import MONDAY, plain
from tt_tui.desk.state import State
from tt_tui.domain import event as ev
from tt_tui.domain.account import Account, AccountMode
from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.order import (
    Fill,
    Leg,
    OrderChange,
    OrderReport,
    OrderRequest,
    OrderState,
    Role,
    Side,
    may_move,
)

POINT = Decimal(50)
ORDERS = ("A", "B", "C")
ACCOUNT = Account(name="m", connection="p", broker_id="P", mode=AccountMode.PAPER, start_balance=Decimal(0))


def request(order_id: str, quantity: int = 5, side: Side = Side.BUY, role: Role = Role.ENTRY) -> OrderRequest:
    leg = Leg(symbol="ESZ6", side=side, quantity=Decimal(quantity))
    return OrderRequest(order_id=order_id, account="m", legs=(leg,), role=role, intent_id=f"I-{order_id}")


FILLS = st.lists(
    st.tuples(st.sampled_from(ORDERS), st.sampled_from(list(Side)), st.integers(1, 4), st.integers(19_000, 21_000)),
    min_size=1,
    max_size=12,
)


def fill_of(number: int, order_id: str, side: Side, quantity: int, ticks: int) -> ev.FillBooked:
    fill = Fill(
        account="m",
        fill_id=f"F{number}",
        broker_order_id=f"B-{order_id}",
        symbol="ESZ6",
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(ticks) / 4,
        fee=Decimal("1.25"),
        order_id=order_id,
    )
    return ev.FillBooked(fill=fill, point_value=POINT, order_id=order_id)


def reference(fills: list[ev.FillBooked]) -> tuple[Fraction, Fraction, Fraction]:
    """Return quantity, cost and profit of fills in the order in which they were first heard."""
    quantity, cost, realised = Fraction(0), Fraction(0), Fraction(0)
    seen: set[str] = set()
    for booked in fills:
        fill = booked.fill
        if fill.fill_id in seen:
            continue
        seen.add(fill.fill_id)
        for _ in range(int(fill.quantity)):
            price = Fraction(fill.price)
            if quantity * fill.side.sign >= 0:
                cost += price
            else:
                average = cost / abs(quantity)
                realised += (average - price) * fill.side.sign * 50
                cost -= average
            quantity += fill.side.sign
    return quantity, cost, realised


@settings(max_examples=400, deadline=None)
@given(FILLS, st.randoms(use_true_random=False))
def test_fills_repeated_late_and_before_the_ack_come_to_the_reference(
    fills: list[tuple[str, Side, int, int]], random: Random
) -> None:
    booked = [fill_of(number, *fill) for number, fill in enumerate(fills)]
    story: list[ev.AnyEvent] = [*booked, *random.choices(booked, k=len(booked))]
    random.shuffle(story)
    heard = [event for event in story if isinstance(event, ev.FillBooked)]
    for order_id in ORDERS:
        known = OrderReport(account="m", broker_order_id=f"B-{order_id}", state=OrderState.WORKING, order_id=order_id)
        for said in (OrderState.WORKING, OrderState.CANCELED):
            word = ev.OrderReported(order_id=order_id, report=msgspec.structs.replace(known, state=said))
            story.insert(random.randint(0, len(story)), word)
    state = State()
    start: list[ev.AnyEvent] = [ev.AccountSeen(account=ACCOUNT)]
    for order_id in ORDERS:
        start += [ev.OrderIntended(request=request(order_id)), ev.OrderSent(order_id=order_id)]
    for seq, event in enumerate([*start, *story], 1):
        state.apply(seq, MONDAY + seq, event)
    quantity, cost, realised = reference(heard)
    position = state.position("m", "ESZ6")
    assert Fraction(position.quantity) == quantity
    assert abs(Fraction(position.cost) - cost) < Fraction(1, 10**9)
    assert abs(Fraction(position.realised) - realised) < Fraction(1, 10**7)
    assert position.fees == Decimal("1.25") * len(booked)
    assert state.accounts["m"].balance == position.realised - position.fees
    for order_id in ORDERS:
        own = sum((event.fill.quantity for event in booked if event.order_id == order_id), Decimal(0))
        assert state.orders[order_id].filled == own


@settings(max_examples=200, deadline=None)
@given(FILLS, st.randoms(use_true_random=False))
def test_where_fills_close_nothing_their_order_is_all_one(
    fills: list[tuple[str, Side, int, int]], random: Random
) -> None:
    booked = [fill_of(number, name, Side.BUY, size, ticks) for number, (name, _, size, ticks) in enumerate(fills)]
    found = []
    for _ in range(2):
        random.shuffle(booked)
        state = State()
        for seq, event in enumerate(booked, 1):
            state.apply(seq, MONDAY, event)
        position = state.position("m", "ESZ6")
        found.append((position.quantity, position.cost, position.fees))
    assert found[0] == found[1]


IDS = st.sampled_from((*ORDERS, "UNKNOWN"))
NUMBERS = st.integers(0, 6).map(Decimal)


def reports() -> st.SearchStrategy[OrderReport]:
    return st.builds(
        OrderReport,
        account=st.just("m"),
        broker_order_id=st.sampled_from(("", "B-A", "B-B", "B-X")),
        state=st.sampled_from(list(OrderState)),
        order_id=IDS,
        symbol=st.just("ESZ6"),
        quantity=NUMBERS,
        filled=NUMBERS,
        version=st.integers(0, 3),
        pending_cancel=st.booleans(),
        pending_replace=st.booleans(),
    )


DECISIONS = st.builds(
    Decision,
    answer=st.sampled_from(list(Answer)),
    code=st.just("X"),
    text=st.just("x"),
    quantity=st.none() | st.integers(1, 5).map(Decimal),
)
EVENTS: st.SearchStrategy[Any] = st.one_of(
    IDS.map(lambda name: ev.OrderIntended(request=request(name))),
    st.builds(ev.OrderDecided, order_id=IDS, decision=DECISIONS),
    st.builds(ev.OrderSent, order_id=IDS),
    st.builds(ev.OrderReported, order_id=IDS, report=reports()),
    st.builds(ev.OrderAdopted, request=IDS.map(request), report=reports()),
    st.builds(ev.OrderLost, order_id=IDS, why=st.just("w")),
    st.builds(ev.OrderNotSent, order_id=IDS, why=st.just("w")),
    st.builds(ev.OrderRefused, order_id=IDS, why=st.just("w")),
    st.builds(ev.OrderNeverArrived, order_id=IDS, why=st.just("w")),
    st.builds(ev.OrderAbandoned, order_id=IDS),
    st.builds(ev.OrderExpired, order_id=IDS, why=st.just("w")),
    st.builds(ev.CancelRequested, order_id=IDS),
    st.builds(ev.CancelRefused, order_id=IDS, why=st.just("w")),
    st.builds(ev.ReplaceRequested, order_id=IDS, change=st.just(OrderChange())),
    st.builds(ev.ReplaceRefused, order_id=IDS, why=st.just("w")),
    st.builds(ev.StopFollows, order_id=IDS, trail=NUMBERS),
    st.builds(
        lambda number, name, known, side, size: msgspec.structs.replace(
            fill_of(number, name, side, size, 20_000), order_id=name if known else ""
        ),
        st.integers(0, 9),
        st.sampled_from(ORDERS),
        st.booleans(),
        st.sampled_from(list(Side)),
        st.integers(1, 4),
    ),
    st.builds(
        ev.PositionAdjusted,
        account=st.just("m"),
        symbol=st.just("ESZ6"),
        quantity=st.integers(-3, 3).map(Decimal),
        price=st.just(Decimal(5000)),
        point_value=st.just(POINT),
        adjustment_id=st.just("ADJ"),
        why=st.just("w"),
    ),
)


@settings(max_examples=600, deadline=None)
@given(st.lists(EVENTS, max_size=40))
def test_no_sequence_of_events_makes_an_illegal_move_or_raises(events: list[ev.AnyEvent]) -> None:
    state = State()
    state.apply(1, MONDAY, ev.AccountSeen(account=ACCOUNT))
    intended: set[str] = set()
    for seq, event in enumerate(events, 2):
        if isinstance(event, ev.OrderIntended):
            # The journal takes an id once.
            if event.request.order_id in intended or event.request.order_id in state.orders:
                continue
            intended.add(event.request.order_id)
        before = {name: order.state for name, order in state.orders.items()}
        state.apply(seq, MONDAY + seq, event)
        for name, order in state.orders.items():
            old = before.get(name)
            if old is not None and order.state is not old:
                assert is_path(old, order.state), f"{old} to {order.state} by {event}"
            listed = name in state.live.get("m", ())
            unseen = order.state.is_terminal and order.remaining > 0
            assert listed == (order.state.is_live or unseen), f"{name} {order.state} after {event}"
    assert plain(State.from_bytes(state.copy_bytes())) == plain(state)


def is_path(old: OrderState, new: OrderState) -> bool:
    """One report may bring fills with it, or prove that what was not sent is there: two moves of the table in one."""
    between = (OrderState.PARTIAL, OrderState.FILLED, OrderState.SENT)
    return may_move(old, new) or any(may_move(old, each) and may_move(each, new) for each in between)


def test_the_brokers_word_outranks_the_proof_that_nothing_left() -> None:
    state = State()
    state.apply(1, MONDAY, ev.AccountSeen(account=ACCOUNT))
    state.apply(2, MONDAY, ev.OrderIntended(request=request("A")))
    state.apply(3, MONDAY, ev.OrderSent(order_id="A"))
    state.apply(4, MONDAY, ev.OrderNotSent(order_id="A", why="connection refused"))
    assert state.live_orders("m") == []
    report = OrderReport(account="m", broker_order_id="B", state=OrderState.WORKING, order_id="A", symbol="ESZ6")
    state.apply(5, MONDAY, ev.OrderReported(order_id="A", report=report))
    assert [order.state for order in state.live_orders("m")] == [OrderState.WORKING]
