"""Each check alone stops its violation, and of two violations the lower number is named."""

from __future__ import annotations

from itertools import combinations

import msgspec
import pytest

from tests.unit.risk.cases import ONE_EACH, VIOLATIONS, Violation, order
from tt_tui.domain.decision import Answer
from tt_tui.domain.order import OrderRequest, Origin
from tt_tui.risk.gate import CHECKS, judge
from tt_tui.risk.view import GateView


def broken(*violations: Violation) -> tuple[OrderRequest, GateView]:
    """Return an alert's entry and a world in which all these rules are broken."""
    merged = Violation(
        0,
        "",
        order={key: value for one in violations for key, value in one.order.items()},
        view={key: value for one in violations for key, value in one.view.items()},
        limits={key: value for one in violations for key, value in one.limits.items()},
        firm={key: value for one in violations for key, value in one.firm.items()},
        quantity=max(one.quantity for one in violations),
    )
    return order(quantity=merged.quantity, **({"origin": Origin.ALERT} | dict(merged.order))), merged.world()


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_check_is_the_one_that_stops_its_violation(name: str) -> None:
    violation = VIOLATIONS[name]
    judged, world = broken(violation)
    decision = judge(judged, world)
    assert (decision.answer, decision.code) == (Answer.REFUSE, violation.code)
    before = [check for check in CHECKS if check.number < violation.number]
    assert judge(judged, world, before).answer is Answer.ACCEPT


@pytest.mark.parametrize("number", ONE_EACH)
def test_without_a_check_its_violation_passes(number: int) -> None:
    judged, world = broken(VIOLATIONS[ONE_EACH[number]])
    assert judge(judged, world).answer is Answer.REFUSE
    without = [check for check in CHECKS if check.number != number]
    assert judge(judged, world, without).answer is Answer.ACCEPT


@pytest.mark.parametrize(("first", "second"), combinations(ONE_EACH, 2))
def test_of_two_violations_the_lower_number_is_named(first: int, second: int) -> None:
    one, other = VIOLATIONS[ONE_EACH[first]], VIOLATIONS[ONE_EACH[second]]
    judged, world = broken(one, other)
    assert judge(judged, world).code == one.code
    without = [check for check in CHECKS if check.number != first]
    assert judge(judged, world, without).code == other.code


def test_all_at_once_are_named_one_after_the_other() -> None:
    judged, world = broken(*(VIOLATIONS[name] for name in ONE_EACH.values()))
    for place, name in enumerate(ONE_EACH.values()):
        assert judge(judged, world, CHECKS[place:]).code == VIOLATIONS[name].code


def test_the_same_picture_gives_the_same_answer() -> None:
    judged, world = broken(VIOLATIONS["position"], VIOLATIONS["rate"])
    copy = msgspec.structs.replace(world)
    assert judge(judged, world) == judge(judged, copy)
