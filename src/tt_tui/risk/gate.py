"""The gate: nineteen checks in a fixed order between a wish to trade and a broker (order-lifecycle §7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.order import OrderRequest
from tt_tui.risk import checks_form, checks_market, checks_size, checks_state
from tt_tui.risk.checks import exact, is_size, whole
from tt_tui.risk.view import GateView, Rule


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of the gate: a pure function, and the codes with which it refuses."""

    number: int
    name: str
    codes: tuple[str, ...]
    """Its own codes; a firm's rule brings further ones."""
    function: Rule
    exits: bool = False
    """Exits are judged by it too."""


def _slot(choose: Callable[[GateView], Rule | None]) -> Rule:
    def ask(order: OrderRequest, view: GateView) -> Decision | None:
        rule = choose(view)
        return rule(order, view) if rule is not None else None

    return ask


CHECKS: tuple[Check, ...] = (
    Check(
        number=1,
        name="kill latch and account lock",
        codes=("KILL_REDUCING", "KILL_HALTED", "KILL_FLATTEN", "ACCOUNT_LOCKED"),
        function=checks_state.latches,
        exits=True,
    ),
    Check(number=2, name="account armed", codes=("NOT_ARMED",), function=checks_state.armed),
    Check(
        number=3,
        name="connection up and reconciled",
        codes=("NOT_CONNECTED", "NOT_RECONCILED"),
        function=checks_state.connection,
    ),
    Check(number=4, name="clock skew", codes=("CLOCK_SKEW", "SKEW_UNKNOWN"), function=checks_state.clock_skew),
    Check(
        number=5,
        name="session and flat-by",
        codes=("SESSION_CLOSED", "FLAT_WINDOW"),
        function=checks_state.session,
    ),
    Check(
        number=6,
        name="contract known and alive",
        codes=("UNKNOWN_CONTRACT", "EXPIRED", "ROLL_CUTOFF", "TRADE_DATE_UNKNOWN"),
        function=checks_state.contract,
        exits=True,
    ),
    Check(
        number=7,
        name="ticks, lots and finite numbers",
        codes=(
            "LEGS",
            "BAD_QUANTITY",
            "PRICE_MISSING",
            "BAD_PRICE",
            "OFF_TICK",
            "BAD_BRACKET",
            "BRACKET_SIDE",
        ),
        function=checks_form.form,
        exits=True,
    ),
    Check(number=8, name="duplicate", codes=("DUPLICATE",), function=checks_state.duplicate, exits=True),
    Check(
        number=9,
        name="alert age",
        codes=("STALE_ALERT", "ALERT_FROM_FUTURE", "ALERT_UNTIMED"),
        function=checks_state.alert_age,
    ),
    Check(number=10, name="quote age", codes=("NO_QUOTE", "QUOTE_STALE"), function=checks_state.quote),
    Check(number=11, name="order size", codes=("MAX_ORDER_QUANTITY",), function=checks_size.order_quantity),
    Check(
        number=12,
        name="notional and margin",
        codes=("MAX_NOTIONAL", "MARGIN"),
        function=checks_size.notional,
    ),
    Check(number=13, name="price collar", codes=("COLLAR", "PRICE_FAR"), function=checks_market.collar),
    Check(
        number=14,
        name="largest position",
        codes=("UNKNOWN_ORDER", "MAX_POSITION"),
        function=checks_size.position,
    ),
    Check(number=15, name="open orders", codes=("MAX_OPEN_ORDERS",), function=checks_size.open_orders),
    Check(
        number=16,
        name="order rate and repeats",
        codes=("THROTTLED", "ORDER_RATE", "REPEATED"),
        function=checks_size.rate,
    ),
    Check(number=17, name="loss and drawdown", codes=(), function=_slot(lambda view: view.firm.loss)),
    Check(number=18, name="own orders", codes=("SELF_CROSS",), function=checks_market.self_cross),
    Check(number=19, name="firm and broker rules", codes=(), function=_slot(lambda view: view.firm.firm)),
)
"""All checks in the order of order-lifecycle §7; the first failure wins."""

EXIT_CODES = ("NOTHING_TO_CLOSE", "EXIT_EXCEEDS_POSITION", "SPLIT")
"""What the quantity rule of exits answers with."""

_ACCEPTED = Decision(answer=Answer.ACCEPT, code="ACCEPTED", text="Nothing speaks against this order.")
_CANCEL = Decision(answer=Answer.ACCEPT, code="ACCEPTED", text="A cancel always passes.")


def judge(order: OrderRequest, view: GateView, checks: Sequence[Check] = CHECKS) -> Decision:
    """Return the gate's answer to one order; pure, so the same picture gives the same answer.

    Entries pass every check in order. Exits (with stops and targets) pass 6, 7, 8 and their quantity rule,
    and 1 so far as a halt stops machines; nothing else may keep a position open. A REDUCE names the size
    that passes all checks; after ``SPLIT`` the caller sends the rest later. A CONFIRM that was also cut
    carries the size, and the caller judges again once a person has agreed.
    """
    if order.reduces:
        return _judge_exit(order, view, checks)
    return _judge_entry(order, view, checks)


def judge_cancel(view: GateView) -> Decision:
    """Return ACCEPT: a cancel passes whatever the state of the account (order-lifecycle §7)."""
    return _CANCEL


def _judge_exit(order: OrderRequest, view: GateView, checks: Sequence[Check]) -> Decision:
    for check in checks:
        if check.exits and (decision := check.function(order, view)) is not None:
            return decision
    return checks_size.exit_quantity(order, view) or _ACCEPTED


def _judge_entry(order: OrderRequest, view: GateView, checks: Sequence[Check]) -> Decision:
    asked = order
    reduced: Decision | None = None
    confirm: Decision | None = None
    for place, check in enumerate(checks):
        decision = check.function(order, view)
        if decision is None or decision.answer is Answer.ACCEPT:
            continue
        if decision.answer is Answer.REFUSE:
            return _refusal(decision, order, view, checks[place + 1 :])
        if decision.answer is Answer.CONFIRM and confirm is None:
            confirm = msgspec.structs.replace(decision, quantity=None)
        size = whole(decision.quantity) if decision.quantity is not None else None
        if size == 0 or (size is None and decision.answer is Answer.REDUCE):
            return msgspec.structs.replace(decision, answer=Answer.REFUSE, quantity=None)
        if size is not None and _has_quantity(order) and size < order.quantity:
            order, reduced = _resized(order, size), decision
    spoken = confirm or reduced
    if spoken is None:
        return _ACCEPTED
    return spoken if reduced is None else _cut(spoken, reduced, asked, order)


def _cut(spoken: Decision, reduced: Decision, asked: OrderRequest, order: OrderRequest) -> Decision:
    """Return the answer that speaks, with the size that is left of what was asked."""
    sizes = {"asked": exact(asked.quantity), "largest": exact(order.quantity)}
    return msgspec.structs.replace(
        spoken,
        text=f"{spoken.text.rstrip('.')}; {sizes['largest']} may go.",
        numbers=reduced.numbers | spoken.numbers | sizes,
        quantity=order.quantity,
    )


def _refusal(decision: Decision, order: OrderRequest, view: GateView, rest: Sequence[Check]) -> Decision:
    """Return the refusal with the largest size that passes all the rest, where there is one."""
    offer = decision.quantity
    if offer is None:
        return decision
    decision = msgspec.structs.replace(decision, quantity=None)
    offer = whole(offer)
    if offer == 0 or not _has_quantity(order) or offer >= order.quantity:
        return decision
    limits = msgspec.structs.replace(view.limits, reduce_to_fit=True)
    smaller = _judge_entry(_resized(order, offer), msgspec.structs.replace(view, limits=limits), rest)
    if smaller.answer is Answer.REFUSE:
        return decision
    largest = exact(smaller.quantity or offer)
    return msgspec.structs.replace(
        decision,
        text=f"{decision.text.rstrip('.')}; {largest} would pass.",
        numbers=decision.numbers | {"largest": largest},
    )


def _has_quantity(order: OrderRequest) -> bool:
    # A firm's session rule speaks before the order's form is checked; its cut must not mend a broken order.
    return len(order.legs) == 1 and is_size(order.quantity) and order.quantity % 1 == 0


def _resized(order: OrderRequest, quantity: Decimal) -> OrderRequest:
    leg = msgspec.structs.replace(order.legs[0], quantity=quantity)
    return msgspec.structs.replace(order, legs=(leg,))
