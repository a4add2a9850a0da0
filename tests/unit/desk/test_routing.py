"""What one account has to do for a wish, as tables (order-lifecycle §8, alert-automation §2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tt_tui.desk.config import AccountRoute
from tt_tui.desk.routing import (
    CancelEntries,
    CancelWorking,
    Close,
    Holding,
    MoveStop,
    Nothing,
    Open,
    Reduce,
    Refuse,
    Step,
    plan,
    size,
)
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Origin, Side
from tt_tui.domain.position import Position

ROUTE = AccountRoute(account="main-1")
REVERSES = AccountRoute(account="main-1", reverse=True)
NO_ADDING = AccountRoute(account="main-1", pyramid=False)
LONG_ONLY = AccountRoute(account="main-1", sides=("long",))
CLOSE = Close()


def hold(held: int = 0, flight: int = 0, owner: str = "mine", live: int | None = None) -> Holding:
    position = Position(account="main-1", symbol="ESZ6", quantity=Decimal(held), owner=owner if held else "")
    return Holding(
        position=position, in_flight=Decimal(flight), live_orders=abs(flight) and 1 if live is None else live
    )


def wish(action: Action, quantity: str | None = None, **fields: Any) -> Instruction:
    fields.setdefault("origin", Origin.ALERT)
    amount = None if quantity is None else Decimal(quantity)
    return Instruction(action=action, symbol="ES", quantity=amount, **fields)


def planned(
    action: Action,
    quantity: str | None = None,
    holding: Holding | None = None,
    route: AccountRoute = ROUTE,
    **fields: Any,
) -> tuple[Step, ...]:
    if "target_size" in fields:
        fields["target_size"] = Decimal(fields["target_size"])
    return plan(wish(action, quantity, **fields), route, holding or hold(), "mine")


def buy(quantity: int) -> Open:
    return Open(Side.BUY, Decimal(quantity))


def sell(quantity: int) -> Open:
    return Open(Side.SELL, Decimal(quantity))


def reduce(quantity: int) -> Reduce:
    return Reduce(Decimal(quantity))


def code(steps: tuple[Step, ...]) -> str:
    (step,) = steps
    assert isinstance(step, Refuse), steps
    assert step.text
    return step.code


def is_nothing(steps: tuple[Step, ...]) -> bool:
    return len(steps) == 1 and isinstance(steps[0], Nothing)


# A side and a quantity alone: the quantity is netted, as TradingView's strategies mean it.

NETTED: list[tuple[Action, str, int, int, AccountRoute, tuple[Step, ...]]] = [
    (Action.BUY, "2", 0, 0, ROUTE, (buy(2),)),
    (Action.SELL, "2", 0, 0, ROUTE, (sell(2),)),
    (Action.BUY, "2", 1, 0, ROUTE, (buy(2),)),
    (Action.SELL, "2", -1, 0, ROUTE, (sell(2),)),
    (Action.SELL, "1", 3, 0, ROUTE, (reduce(1),)),
    (Action.SELL, "3", 3, 0, ROUTE, (CLOSE,)),
    (Action.SELL, "5", 3, 0, ROUTE, (CLOSE, sell(2))),
    (Action.BUY, "1", -3, 0, ROUTE, (reduce(1),)),
    (Action.BUY, "3", -3, 0, ROUTE, (CLOSE,)),
    (Action.BUY, "5", -3, 0, ROUTE, (CLOSE, buy(2))),
    (Action.BUY, "1", 0, 2, ROUTE, (buy(1),)),
    (Action.SELL, "1", 0, 2, ROUTE, (CancelEntries(),)),
    (Action.SELL, "2", 0, 2, ROUTE, (CLOSE,)),
    (Action.SELL, "3", 0, 2, ROUTE, (CLOSE, sell(1))),
    (Action.SELL, "3", 1, 1, ROUTE, (CLOSE, sell(1))),
    (Action.SELL, "1", 3, 0, REVERSES, (CLOSE, sell(1))),
    (Action.BUY, "1", -3, 0, REVERSES, (CLOSE, buy(1))),
    (Action.BUY, "1", 3, 0, REVERSES, (buy(1),)),
    (Action.BUY, "1", 0, 0, NO_ADDING, (buy(1),)),
    (Action.ADD_BUY, "1", 2, 0, NO_ADDING, (buy(1),)),
    (Action.ADD_SELL, "1", 2, 0, ROUTE, (sell(1),)),
    (Action.SELL, "5", 3, 0, LONG_ONLY, (CLOSE, Refuse("SIDE", "the route of main-1 permits long, not short"))),
    (Action.SELL, "1", 3, 0, LONG_ONLY, (reduce(1),)),
]


@pytest.mark.parametrize(("action", "quantity", "held", "flight", "route", "steps"), NETTED)
def test_a_quantity_is_netted(
    action: Action, quantity: str, held: int, flight: int, route: AccountRoute, steps: tuple[Step, ...]
) -> None:
    assert planned(action, quantity, hold(held, flight), route) == steps


@pytest.mark.parametrize(
    ("route", "fields", "steps"),
    [
        (ROUTE, {"reverse_if_opposite": True}, (CLOSE, sell(1))),
        (REVERSES, {"reverse_if_opposite": False}, (reduce(1),)),
        (ROUTE, {"closes_first": True}, (CLOSE, sell(1))),
    ],
)
def test_the_sender_may_say_how_the_other_side_is_met(
    route: AccountRoute, fields: dict[str, Any], steps: tuple[Step, ...]
) -> None:
    assert planned(Action.SELL, "1", hold(3), route, **fields) == steps


def test_adding_is_a_setting_of_the_route_or_the_senders_wish() -> None:
    assert code(planned(Action.BUY, "1", hold(1), NO_ADDING)) == "PYRAMID"
    assert planned(Action.BUY, "1", hold(1), NO_ADDING, allow_pyramid=True) == (buy(1),)
    assert code(planned(Action.BUY, "1", hold(1), allow_pyramid=False)) == "PYRAMID"
    assert code(planned(Action.BUY, "1", hold(0, 1), NO_ADDING)) == "PYRAMID", "what is on its way counts"


@pytest.mark.parametrize("flat", [hold(), hold(0)])
def test_closing_first_while_flat_only_opens(flat: Holding) -> None:
    assert planned(Action.BUY, "1", flat, closes_first=True) == (buy(1),)


# Position fields: the order is the target less what is held and on its way.

TARGETS: list[tuple[str, int, int, int, tuple[Step, ...]]] = [
    ("long", 2, 0, 0, (buy(2),)),
    ("long", 2, 1, 0, (buy(1),)),
    ("long", 2, 3, 0, (reduce(1),)),
    ("long", 2, -1, 0, (CLOSE, buy(2))),
    ("short", 2, 0, 0, (sell(2),)),
    ("short", 2, -1, 0, (sell(1),)),
    ("short", 1, -3, 0, (reduce(2),)),
    ("short", 2, 2, 0, (CLOSE, sell(2))),
    ("long", 3, 1, 1, (buy(1),)),
    ("long", 1, 1, 1, (CancelEntries(),)),
    ("flat", 0, 2, 0, (CLOSE,)),
    ("flat", 0, 0, 2, (CLOSE,)),
]


@pytest.mark.parametrize(("after", "target", "held", "flight", "steps"), TARGETS)
def test_position_fields_win(after: str, target: int, held: int, flight: int, steps: tuple[Step, ...]) -> None:
    holding = hold(held, flight)
    assert planned(Action.TARGET, "99", holding, position_after=after, target_size=target) == steps


@pytest.mark.parametrize(
    ("after", "target", "held", "flight"),
    [("long", 2, 2, 0), ("long", 2, 0, 2), ("long", 2, 1, 1), ("short", 1, -1, 0), ("flat", 0, 0, 0)],
)
def test_a_repeat_does_nothing(after: str, target: int, held: int, flight: int) -> None:
    for action in (Action.BUY if after == "long" else Action.SELL, Action.TARGET):
        assert is_nothing(planned(action, "1", hold(held, flight), position_after=after, target_size=target))


def test_a_sell_that_stays_long_is_a_partial_exit() -> None:
    assert planned(Action.SELL, "1", hold(3), position_after="long", target_size=2) == (reduce(1),)
    assert planned(Action.BUY, "1", hold(-3), position_after="short", target_size=2) == (reduce(1),)


@pytest.mark.parametrize(
    ("action", "after", "target", "held"),
    [(Action.SELL, "long", 2, 0), (Action.SELL, "long", 2, 1), (Action.BUY, "short", 1, 0)],
)
def test_an_exit_whose_entry_was_missed_opens_nothing(action: Action, after: str, target: int, held: int) -> None:
    assert code(planned(action, "1", hold(held), position_after=after, target_size=target)) == "POSITION_DIFFERS"


def test_a_side_without_a_size_adds_or_opens() -> None:
    assert planned(Action.BUY, "2", hold(), position_after="long") == (buy(2),)
    assert planned(Action.BUY, "2", hold(1), position_after="long") == (buy(2),)
    assert code(planned(Action.BUY, "2", hold(1), NO_ADDING, position_after="long")) == "PYRAMID"


def test_tradingviews_reversal_in_its_three_forms() -> None:
    """Long 2 turns to short 1; TradingView sends 3 contracts, the close and the opening together."""
    fields = planned(Action.SELL, "3", hold(2), position_after="short", target_size=1)
    netted = planned(Action.SELL, "3", hold(2))
    told = planned(Action.SELL, "1", hold(2), reverse_if_opposite=True)
    assert fields == netted == told == (CLOSE, sell(1))


def test_a_target_without_a_position_is_no_trade() -> None:
    assert code(planned(Action.TARGET, "2", target_size=2)) == "NOT_A_TRADE"


@pytest.mark.parametrize("action", [Action.IGNORE, Action.ERROR])
def test_what_is_not_a_trade_is_refused(action: Action) -> None:
    assert code(planned(action, "1")) == "NOT_A_TRADE"


# Exits, reversals, cancels, stops.


@pytest.mark.parametrize("action", [Action.CLOSE, Action.FLATTEN])
@pytest.mark.parametrize(
    ("holding", "closes"), [(hold(2), True), (hold(-1), True), (hold(0, 1), True), (hold(), False)]
)
def test_close_and_flatten(action: Action, holding: Holding, closes: bool) -> None:
    steps = planned(action, None, holding)
    assert steps == (CLOSE,) if closes else is_nothing(steps)


@pytest.mark.parametrize(
    ("quantity", "fraction", "held", "steps"),
    [
        ("1", None, 3, (reduce(1),)),
        ("3", None, 3, (CLOSE,)),
        ("9", None, 3, (CLOSE,)),
        (None, "0.5", 4, (reduce(2),)),
        (None, "0.5", 3, (reduce(1),)),
        (None, "0.5", -4, (reduce(2),)),
        (None, "0.1", 3, (reduce(1),)),
        (None, "0.5", 1, (CLOSE,)),
        (None, "1", 3, (CLOSE,)),
    ],
)
def test_a_close_of_a_part(quantity: str | None, fraction: str | None, held: int, steps: tuple[Step, ...]) -> None:
    part = None if fraction is None else Decimal(fraction)
    assert planned(Action.CLOSE, quantity, hold(held), fraction=part) == steps


@pytest.mark.parametrize(("side", "held", "acts"), [("long", 2, True), ("long", -2, False), ("short", 0, False)])
def test_a_close_of_one_side_touches_no_other(side: str, held: int, acts: bool) -> None:
    steps = planned(Action.CLOSE, None, hold(held), side_closed=side)
    assert steps == (CLOSE,) if acts else is_nothing(steps)


def test_the_cap_of_entries_keeps_no_position_open() -> None:
    capped = msgspec.structs.replace(ROUTE, cap=Decimal(2))
    assert planned(Action.CLOSE, "5", hold(5), capped) == (CLOSE,)
    assert planned(Action.CLOSE, "4", hold(5), capped) == (reduce(4),)
    assert planned(Action.BUY, "5", hold(), capped) == (buy(2),)


@pytest.mark.parametrize(("held", "steps"), [(3, (CLOSE, sell(3))), (-2, (CLOSE, buy(2)))])
def test_reverse_turns_the_position_over(held: int, steps: tuple[Step, ...]) -> None:
    assert planned(Action.REVERSE, None, hold(held)) == steps


def test_reverse_while_flat_and_on_one_side_only() -> None:
    assert is_nothing(planned(Action.REVERSE))
    closes, refused = planned(Action.REVERSE, None, hold(2), LONG_ONLY)
    assert closes == CLOSE
    assert isinstance(refused, Refuse)
    assert planned(Action.REVERSE, "3", hold(2), position_after="short", target_size=1) == (CLOSE, sell(1))


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ({}, CancelWorking()),
        ({"side_closed": "long"}, CancelWorking(side=Side.BUY)),
        ({"side_closed": "short"}, CancelWorking(side=Side.SELL)),
        ({"order_id": "ORD-1"}, CancelWorking(order_id="ORD-1")),
    ],
)
def test_cancels(fields: dict[str, Any], step: Step) -> None:
    assert planned(Action.CANCEL, None, hold(0, 1), **fields) == (step,)
    assert is_nothing(planned(Action.CANCEL, **fields))


@pytest.mark.parametrize(("action", "even"), [(Action.BREAK_EVEN, True), (Action.TRAIL, False)])
def test_moves_of_a_stop(action: Action, even: bool) -> None:
    assert planned(action, None, hold(1)) == (MoveStop(break_even=even),)
    assert is_nothing(planned(action))


# Sizes.


@pytest.mark.parametrize(
    ("route", "asked", "quantity"),
    [
        ({}, "2", 2),
        ({}, None, 1),
        ({"default_quantity": Decimal(3)}, None, 3),
        ({"multiplier": Decimal(3)}, "2", 6),
        ({"multiplier": Decimal("0.5")}, "3", 1),
        ({"fixed_size": Decimal(4)}, "9", 4),
        ({"fixed_size": Decimal(4), "cap": Decimal(3)}, "9", 3),
        ({"cap": Decimal(5)}, "9", 5),
    ],
)
def test_sizes(route: dict[str, Any], asked: str | None, quantity: int) -> None:
    found = size(wish(Action.BUY), msgspec.structs.replace(ROUTE, **route), None if asked is None else Decimal(asked))
    assert found == quantity


@pytest.mark.parametrize(
    ("route", "fields", "asked", "refusal"),
    [
        ({}, {"quantity_type": "percent", "quantity_field": "quantityType"}, "2", "SIZE_UNIT"),
        ({}, {"quantity_type": "currency"}, "500", "SIZE_UNIT"),
        ({}, {}, "1.5", "SIZE_FRACTION"),
        ({}, {}, "NaN", "SIZE_FRACTION"),
        ({}, {}, "Infinity", "SIZE_FRACTION"),
        ({}, {}, "0", "SIZE_ZERO"),
        ({}, {}, "-1", "SIZE_ZERO"),
        ({"multiplier": Decimal("0.4")}, {}, "2", "SIZE_ZERO"),
    ],
)
def test_a_size_that_is_not_contracts_is_refused(
    route: dict[str, Any], fields: dict[str, Any], asked: str, refusal: str
) -> None:
    found = size(wish(Action.BUY, **fields), msgspec.structs.replace(ROUTE, **route), Decimal(asked))
    assert isinstance(found, Refuse)
    assert found.code == refusal
    if refusal == "SIZE_UNIT":
        assert "fixed_size" in found.text
        assert fields.get("quantity_field", "") in found.text


def test_a_fixed_size_answers_an_amount_in_another_unit() -> None:
    fixed = msgspec.structs.replace(ROUTE, fixed_size=Decimal(2))
    assert planned(Action.BUY, "500", route=fixed, quantity_type="currency") == (buy(2),)


# Ownership.

OWNED: list[tuple[str, Origin, dict[str, bool], bool]] = [
    ("mine", Origin.ALERT, {}, True),
    ("other", Origin.ALERT, {}, False),
    ("other", Origin.STRATEGY, {}, False),
    ("other", Origin.ALERT, {"shared": True}, True),
    ("other", Origin.ALERT, {"adopt": True}, False),
    ("", Origin.ALERT, {}, False),
    ("", Origin.ALERT, {"adopt": True}, True),
    ("", Origin.ALERT, {"shared": True}, False),
    ("other", Origin.PERSON, {}, True),
    ("", Origin.PERSON, {}, True),
    ("other", Origin.GUARD, {}, True),
    ("", Origin.KILL, {}, True),
]


@pytest.mark.parametrize(("owner", "origin", "settings", "may"), OWNED)
@pytest.mark.parametrize("action", [Action.BUY, Action.SELL, Action.CLOSE, Action.REVERSE, Action.FLATTEN])
def test_a_position_belongs_to_who_opened_it(
    owner: str, origin: Origin, settings: dict[str, bool], may: bool, action: Action
) -> None:
    route = msgspec.structs.replace(ROUTE, **settings)
    steps = plan(wish(action, "1", origin=origin), route, hold(2, owner=owner), "mine")
    if may:
        assert not any(isinstance(step, Refuse) for step in steps)
    else:
        assert code(steps) == "NOT_OWNED"


def test_a_flat_contract_belongs_to_nobody() -> None:
    assert plan(wish(Action.BUY, "1"), ROUTE, hold(), "anyone") == (buy(1),)
