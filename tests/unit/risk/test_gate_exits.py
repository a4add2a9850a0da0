"""Exits: what may always leave, the quantity rule, and orders cut into parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.risk.cases import exit_of, resting, view
from tt_tui.domain.account import AccountMode, ConnectionState, KillLevel
from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.order import OrderState, OrderType, Origin, Role, Side
from tt_tui.risk.gate import judge
from tt_tui.risk.view import OpenOrder

D = Decimal
STOP = resting(Side.SELL, 3, Role.STOP, order_id="ORD-STOP", oco_group="PAIR", stop_price=D(4990))
TARGET = resting(Side.SELL, 3, Role.TARGET, order_id="ORD-TARGET", oco_group="PAIR", limit_price=D(5020))


def verdict(decision: Decision) -> tuple[str, str, str | None]:
    quantity = str(decision.quantity) if decision.quantity is not None else None
    return decision.answer.value, decision.code, quantity


@pytest.mark.parametrize(
    ("held", "side", "asked", "expected"),
    [
        (3, Side.SELL, 3, ("accept", "ACCEPTED", None)),
        (3, Side.SELL, 1, ("accept", "ACCEPTED", None)),
        (3, Side.SELL, 4, ("reduce", "EXIT_EXCEEDS_POSITION", "3")),
        (3, Side.BUY, 1, ("refuse", "NOTHING_TO_CLOSE", None)),
        (0, Side.SELL, 1, ("refuse", "NOTHING_TO_CLOSE", None)),
        (-3, Side.BUY, 3, ("accept", "ACCEPTED", None)),
        (-3, Side.BUY, 5, ("reduce", "EXIT_EXCEEDS_POSITION", "3")),
        (-3, Side.SELL, 1, ("refuse", "NOTHING_TO_CLOSE", None)),
    ],
)
def test_an_exit_never_exceeds_the_position(
    held: int, side: Side, asked: int, expected: tuple[str, str, str | None]
) -> None:
    assert verdict(judge(exit_of(asked, side), view(position=D(held)))) == expected


FLYING = resting(Side.SELL, 2, Role.EXIT, OrderState.SENT, order_id="ORD-FLYING")
LOST = resting(Side.SELL, 1, Role.EXIT, OrderState.UNKNOWN, order_id="ORD-LOST")
ENTRY = resting(Side.SELL, 9, Role.ENTRY, order_id="ORD-ENTRY", limit_price=D(5100))


@pytest.mark.parametrize(
    ("others", "superseded", "asked", "expected"),
    [
        ((FLYING,), (), 3, ("accept", "ACCEPTED", None)),
        ((FLYING,), (), 4, ("reduce", "EXIT_EXCEEDS_POSITION", "3")),
        ((FLYING, LOST), (), 5, ("reduce", "EXIT_EXCEEDS_POSITION", "2")),
        ((STOP, TARGET), (), 3, ("reduce", "EXIT_EXCEEDS_POSITION", "2")),
        ((STOP, TARGET, FLYING), (), 1, ("refuse", "EXIT_EXCEEDS_POSITION", None)),
        ((STOP, TARGET), ("ORD-STOP", "ORD-TARGET"), 5, ("accept", "ACCEPTED", None)),
        ((STOP, TARGET), ("ORD-STOP",), 5, ("reduce", "EXIT_EXCEEDS_POSITION", "2")),
        ((ENTRY,), (), 5, ("accept", "ACCEPTED", None)),
    ],
)
def test_other_exits_in_flight_count(
    others: tuple[OpenOrder, ...],
    superseded: tuple[str, ...],
    asked: int,
    expected: tuple[str, str, str | None],
) -> None:
    world = view(position=D(5), open_orders=others, superseded=superseded)
    assert verdict(judge(exit_of(asked), world)) == expected


def test_an_oco_group_counts_its_largest_member() -> None:
    smaller = resting(Side.SELL, 1, Role.TARGET, order_id="ORD-SMALL", oco_group="PAIR", limit_price=D(5030))
    world = view(position=D(5), open_orders=(smaller, STOP))
    assert judge(exit_of(5), world).numbers["exits_in_flight"] == "3"


def test_the_second_leg_of_a_pair_is_not_counted_against_the_first() -> None:
    target = exit_of(3, role=Role.TARGET, oco_group="PAIR", order_type=OrderType.LIMIT, limit_price=D(5020))
    world = view(position=D(3), open_orders=(STOP,))
    assert judge(target, world).answer is Answer.ACCEPT
    alone = exit_of(3, role=Role.TARGET, order_type=OrderType.LIMIT, limit_price=D(5020))
    assert verdict(judge(alone, world)) == ("refuse", "EXIT_EXCEEDS_POSITION", None)


def test_the_stops_of_several_fills_add_up_within_their_group() -> None:
    second = resting(Side.SELL, 1, Role.STOP, order_id="ORD-SECOND", oco_group="PAIR", stop_price=D(4990))
    world = view(position=D(5), open_orders=(STOP, TARGET, second))
    assert verdict(judge(exit_of(5), world)) == ("reduce", "EXIT_EXCEEDS_POSITION", "1")
    stop: dict[str, Any] = {"order_type": OrderType.STOP, "stop_price": D(4980), "oco_group": "PAIR"}
    third = exit_of(3, role=Role.STOP, **stop)
    assert verdict(judge(third, world)) == ("reduce", "EXIT_EXCEEDS_POSITION", "1")
    as_exit = exit_of(3, role=Role.EXIT, **stop)
    assert verdict(judge(as_exit, world)) == ("reduce", "EXIT_EXCEEDS_POSITION", "1")
    limit: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": D(5030), "oco_group": "PAIR"}
    target = exit_of(3, role=Role.TARGET, **limit)
    assert verdict(judge(target, world)) == ("reduce", "EXIT_EXCEEDS_POSITION", "2")


def test_an_order_is_not_counted_against_itself() -> None:
    itself = resting(Side.SELL, 3, Role.EXIT, order_id="ORD-JUDGED")
    assert judge(exit_of(3), view(position=D(3), open_orders=(itself,))).answer is Answer.ACCEPT


@pytest.mark.parametrize(
    ("held", "asked", "expected"),
    [
        (10, 10, ("accept", "ACCEPTED", None)),
        (11, 11, ("reduce", "SPLIT", "10")),
        (25, 25, ("reduce", "SPLIT", "10")),
        (15, 40, ("reduce", "SPLIT", "10")),
        (9, 40, ("reduce", "EXIT_EXCEEDS_POSITION", "9")),
    ],
)
def test_an_exit_above_the_largest_order_goes_in_parts(
    held: int, asked: int, expected: tuple[str, str, str | None]
) -> None:
    assert verdict(judge(exit_of(asked), view(position=D(held)))) == expected


def test_parts_of_a_split_add_up_to_the_position() -> None:
    held = D(25)
    sent: list[Decimal] = []
    flying: tuple[OpenOrder, ...] = ()
    while held > sum(sent):
        decision = judge(exit_of(held - sum(sent)), view(position=held, open_orders=flying))
        assert decision.lets_go
        sent.append(decision.quantity or held - sum(sent))
        flying += (resting(Side.SELL, str(sent[-1]), Role.EXIT, order_id=f"ORD-{len(sent)}"),)
    assert sent == [10, 10, 5]


@pytest.mark.parametrize("most", ["0", "0.5"])
def test_a_largest_order_below_one_does_not_keep_a_position_open(most: str) -> None:
    world = view({"max_order_quantity": D(most)}, position=D(3))
    assert judge(exit_of(3), world).answer is Answer.ACCEPT


@pytest.mark.parametrize("origin", [Origin.PERSON, Origin.GUARD, Origin.KILL])
@pytest.mark.parametrize("role", [Role.EXIT, Role.STOP, Role.TARGET])
def test_the_worst_state_of_the_account_lets_an_exit_go(origin: Origin, role: Role) -> None:
    world = view(
        kill=KillLevel.FLATTEN,
        mode=AccountMode.LIVE,
        armed=False,
        lock="the firm closed it",
        connection=ConnectionState.DOWN,
        skew=None,
        session_open=False,
        in_flat_window=True,
        trade_date=None,
        quote_age=None,
        quote_stale=True,
        bid=None,
        ask=None,
        last=None,
        unknown_here=True,
        account_open_orders=10**6,
        margin_room=D(-1),
        sent_last_minute=10**6,
        repeats=10**6,
        throttled="too many",
        position=D(3),
    )
    assert judge(exit_of(3, origin=origin, role=role), world).answer is Answer.ACCEPT
