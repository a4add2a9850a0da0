"""Orders cut to fit, sizes offered with a refusal, and what a firm's rules may answer."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.unit.risk.cases import exit_of, order, refusing, resting, view
from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.order import OrderRequest, Side
from tt_tui.risk.gate import judge
from tt_tui.risk.view import GateView, Rule

D = Decimal
FIT = {"reduce_to_fit": True}
SLOTS = ("session", "loss", "firm")


def cap(most: str | int, answer: Answer = Answer.REDUCE, code: str = "FIRM_CAP") -> Rule:
    """Return a firm's rule that lets a number of contracts go."""

    def rule(judged: OrderRequest, seen: GateView) -> Decision | None:
        if judged.quantity <= D(most):
            return None
        return Decision(answer=answer, code=code, text="The firm allows less.", quantity=D(most))

    return rule


def always(answer: Answer, quantity: Decimal | None = None) -> Rule:
    decision = Decision(answer=answer, code="FIRM", text="A person must agree.", quantity=quantity)
    return lambda judged, seen: decision


def test_a_refusal_offers_the_largest_size_that_passes_everything() -> None:
    limits = {"max_order_quantity": D(10), "max_position": D(20), "max_notional": D(1_000_000)}
    decision = judge(order(quantity=12), view(limits, position=D(14)))
    assert (decision.answer, decision.code) == (Answer.REFUSE, "MAX_ORDER_QUANTITY")
    assert decision.quantity is None
    assert decision.numbers == {"quantity": "12", "max_order_quantity": "10", "largest": "3"}
    assert decision.text == "12 ESZ6 were asked, 10 are allowed in one order; 3 would pass."


def test_a_refusal_offers_nothing_when_no_size_passes() -> None:
    decision = judge(order(quantity=12), view(position=D(20)))
    assert decision.code == "MAX_ORDER_QUANTITY"
    assert "largest" not in decision.numbers
    assert "would pass" not in decision.text


@pytest.mark.parametrize(
    ("limits", "changes", "code", "size"),
    [
        ({"max_order_quantity": D(5)}, {}, "MAX_ORDER_QUANTITY", "5"),
        ({"max_order_quantity": D("5.9")}, {}, "MAX_ORDER_QUANTITY", "5"),
        ({"max_notional": D(1_000_000)}, {}, "MAX_NOTIONAL", "3"),
        ({}, {"margin_room": D(25_000), "margin_per_unit": D(12_000)}, "MARGIN", "2"),
        ({}, {"position": D(14)}, "MAX_POSITION", "6"),
        (
            {"max_notional": D(1_000_000)},
            {"margin_room": D(25_000), "margin_per_unit": D(12_000)},
            "MARGIN",
            "2",
        ),
        (
            {"max_notional": D(300_000)},
            {"margin_room": D(25_000), "margin_per_unit": D(12_000)},
            "MAX_NOTIONAL",
            "1",
        ),
        ({"max_order_quantity": D(5)}, {"position": D(16)}, "MAX_POSITION", "4"),
        ({"max_order_quantity": D(5)}, {"position": D(15)}, "MAX_ORDER_QUANTITY", "5"),
    ],
)
def test_reduce_to_fit_takes_the_largest_size_and_names_the_tightest_rule(
    limits: dict[str, Any], changes: dict[str, Any], code: str, size: str
) -> None:
    asked = order(quantity=8)
    world = view(FIT | limits, **changes)
    decision = judge(asked, world)
    assert (decision.answer, decision.code, decision.quantity) == (Answer.REDUCE, code, D(size))
    assert decision.numbers["asked"] == "8"
    assert decision.numbers["largest"] == size
    assert decision.text.endswith(f"; {size} may go.")
    again = judge(order(quantity=size), world)
    assert again.answer is Answer.ACCEPT
    one_more = judge(order(quantity=D(size) + 1), world)
    assert one_more.answer is Answer.REDUCE


def test_nothing_left_is_a_refusal_also_where_orders_are_cut() -> None:
    decision = judge(order(quantity=8), view(FIT, position=D(20)))
    assert (decision.answer, decision.code) == (Answer.REFUSE, "MAX_POSITION")


def test_what_one_half_of_a_check_cuts_must_pass_the_other_half() -> None:
    world = view(FIT | {"max_notional": D(1_000_000)}, margin_room=D(0))
    decision = judge(order(quantity=8), world)
    assert (decision.answer, decision.code) == (Answer.REFUSE, "MARGIN")


def test_a_later_refusal_wins_over_a_cut() -> None:
    decision = judge(order(quantity=12), view(FIT, firm={"firm": refusing}))
    assert (decision.answer, decision.code) == (Answer.REFUSE, "FIRM_SAYS_NO")


@pytest.mark.parametrize("slot", SLOTS)
def test_a_firm_may_cut_whatever_the_users_own_setting(slot: str) -> None:
    decision = judge(order(quantity=8), view(firm={slot: cap(3)}))
    assert (decision.answer, decision.code, decision.quantity) == (Answer.REDUCE, "FIRM_CAP", D(3))


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("slot_of_refusal", SLOTS)
def test_a_refusal_wins_over_a_confirmation_on_either_side(slot: str, slot_of_refusal: str) -> None:
    if slot == slot_of_refusal:
        return
    firm = {slot: always(Answer.CONFIRM), slot_of_refusal: refusing}
    assert judge(order(), view(firm=firm)).code == "FIRM_SAYS_NO"


@pytest.mark.parametrize("slot", SLOTS)
def test_a_confirmation_does_not_let_go(slot: str) -> None:
    decision = judge(order(), view(firm={slot: always(Answer.CONFIRM)}))
    assert (decision.answer, decision.code, decision.quantity) == (Answer.CONFIRM, "FIRM", None)
    assert not decision.lets_go


def test_a_confirmation_of_a_cut_order_carries_the_size() -> None:
    firm = {"session": always(Answer.CONFIRM), "firm": cap(2)}
    decision = judge(order(quantity=12), view(FIT, firm=firm))
    assert (decision.answer, decision.code, decision.quantity) == (Answer.CONFIRM, "FIRM", D(2))
    assert decision.text == "A person must agree; 2 may go."
    assert decision.numbers["asked"] == "12"


def test_a_confirmation_may_cut_by_itself() -> None:
    decision = judge(order(quantity=8), view(firm={"firm": cap(5, Answer.CONFIRM)}))
    assert (decision.answer, decision.quantity) == (Answer.CONFIRM, D(5))


def test_the_first_of_two_confirmations_speaks() -> None:
    firm = {"session": cap(0, Answer.CONFIRM, "FIRST"), "firm": always(Answer.CONFIRM)}
    assert judge(order(), view(firm=firm)).answer is Answer.REFUSE
    firm = {"session": always(Answer.CONFIRM), "firm": cap(5, Answer.CONFIRM, "SECOND")}
    decision = judge(order(quantity=8), view(firm=firm))
    assert (decision.code, decision.quantity) == ("FIRM", D(5))


@pytest.mark.parametrize("quantity", [None, D(0), D(-1), D("0.5"), D("NaN")])
def test_a_cut_to_nothing_is_a_refusal(quantity: Decimal | None) -> None:
    decision = judge(order(quantity=8), view(firm={"loss": always(Answer.REDUCE, quantity)}))
    assert (decision.answer, decision.code, decision.quantity) == (Answer.REFUSE, "FIRM", None)


@pytest.mark.parametrize("quantity", [D(8), D(9), D("1E+30")])
def test_a_cut_to_no_less_than_asked_changes_nothing(quantity: Decimal) -> None:
    decision = judge(order(quantity=8), view(firm={"loss": always(Answer.REDUCE, quantity)}))
    assert decision.answer is Answer.ACCEPT


def test_a_firms_accept_goes_on_to_the_next_check() -> None:
    world = view(firm={"session": always(Answer.ACCEPT)}, duplicate_of="INT-1")
    assert judge(order(), world).code == "DUPLICATE"


def test_a_refusing_firm_may_offer_a_size_too() -> None:
    offered = judge(order(quantity=8), view(firm={"loss": cap(3, Answer.REFUSE)}))
    assert (offered.answer, offered.numbers, offered.quantity) == (Answer.REFUSE, {"largest": "3"}, None)
    spoiled = judge(order(quantity=8), view(firm={"loss": cap(3, Answer.REFUSE), "firm": refusing}))
    assert (spoiled.code, spoiled.numbers) == ("FIRM_CAP", {})
    nothing = judge(order(quantity=8), view(firm={"loss": always(Answer.REFUSE, D(8))}))
    assert nothing.numbers == {}


@pytest.mark.parametrize("legs", [0, 2])
def test_a_session_rule_that_cuts_leaves_a_broken_order_to_check_seven(legs: int) -> None:
    broken = order(quantity=8)
    broken = msgspec.structs.replace(broken, legs=broken.legs * legs)
    world = view(firm={"session": always(Answer.REDUCE, D(1))})
    assert judge(broken, world).code == "LEGS"


@pytest.mark.parametrize("quantity", ["NaN", "1.5", "1E+30", "Infinity"])
@pytest.mark.parametrize("answer", [Answer.REDUCE, Answer.CONFIRM])
def test_a_session_rule_that_cuts_does_not_mend_a_broken_quantity(quantity: str, answer: Answer) -> None:
    world = view(firm={"session": always(answer, D(1))})
    assert judge(order(quantity=quantity), world).code == "BAD_QUANTITY"


@pytest.mark.parametrize("make", [lambda: cap(2), lambda: always(Answer.CONFIRM), lambda: refusing])
def test_exits_never_meet_a_firms_rules(make: Callable[[], Rule]) -> None:
    firm = dict.fromkeys(SLOTS, make())
    assert judge(exit_of(3), view(firm=firm, position=D(3))).answer is Answer.ACCEPT


def test_a_cut_size_is_judged_with_what_works_already() -> None:
    working = (resting(Side.BUY, 15, limit_price=D(4990)),)
    decision = judge(order(quantity=12), view(FIT, open_orders=working))
    assert (decision.code, decision.quantity) == ("MAX_POSITION", D(5))
