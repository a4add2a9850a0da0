"""What the gate promises for every order and every state of an account that can be generated."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tt_tui.domain.account import AccountMode, ConnectionState, KillLevel
from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.instrument import equity, future
from tt_tui.domain.order import (
    LIVE,
    Bracket,
    Distance,
    Leg,
    OrderRequest,
    OrderState,
    OrderType,
    Origin,
    Role,
    Side,
)
from tt_tui.risk.gate import CHECKS, EXIT_CODES, judge, judge_cancel
from tt_tui.risk.view import SECOND, FirmRules, GateView, Limits, OpenOrder, Rule

ES = future("ES", 2026, 12)
NOW = 1_790_000_000 * SECOND

HOSTILE = st.sampled_from(
    [Decimal(text) for text in ("NaN", "sNaN", "-NaN", "Infinity", "-Infinity", "0", "-0", "-1", "0.5")]
    + [Decimal(text) for text in ("1E+999999", "-1E+999999", "1E-999999", "0E+999999", "0E-999999")]
    + [Decimal("1." + "0" * 60 + "1"), Decimal("9" * 60), Decimal("1E+12"), Decimal("1E-12")]
)
ON_GRID = st.integers(1, 40_000).map(lambda count: count * Decimal("0.25"))
NEAR = st.integers(19_900, 20_100).map(lambda count: count * Decimal("0.25"))
ANY_PRICE = st.none() | NEAR | ON_GRID | st.decimals() | HOSTILE
ANY_QUANTITY = st.integers(-3, 40).map(Decimal) | st.decimals() | HOSTILE
WHOLE = st.integers(1, 40).map(Decimal)
TIMES = st.none() | st.integers(NOW - 120 * SECOND, NOW + 120 * SECOND)
NAMES = st.sampled_from(["A", "B", "C", "D"])

distances = st.builds(
    Distance,
    kind=st.sampled_from(["ticks", "price", "points", "percent", "currency", ""]),
    value=st.integers(-2, 40).map(Decimal) | NEAR | HOSTILE,
)
brackets = st.builds(
    Bracket,
    stop=st.none() | distances,
    target=st.none() | distances,
    trail=st.none() | distances,
    break_even=st.none() | distances,
)


def legs(quantities: st.SearchStrategy[Decimal]) -> st.SearchStrategy[Leg]:
    return st.builds(Leg, symbol=st.sampled_from(["ESZ6", "MESZ6"]), side=st.sampled_from(Side), quantity=quantities)


any_orders = st.builds(
    OrderRequest,
    order_id=NAMES,
    account=st.just("paper-1"),
    legs=st.lists(legs(ANY_QUANTITY), max_size=2).map(tuple) | st.tuples(legs(WHOLE)),
    order_type=st.sampled_from(OrderType),
    limit_price=ANY_PRICE,
    stop_price=ANY_PRICE,
    trail=ANY_PRICE,
    bracket=st.none() | brackets,
    origin=st.sampled_from(Origin),
    role=st.sampled_from(Role),
    oco_group=st.sampled_from(["", "G"]),
    reference_price=ANY_PRICE,
)

live_orders = st.builds(
    OpenOrder,
    order_id=NAMES,
    side=st.sampled_from(Side),
    remaining=st.integers(1, 12).map(Decimal),
    state=st.sampled_from(sorted(LIVE)),
    role=st.sampled_from(Role),
    oco_group=st.sampled_from(["", "G", "H"]),
    limit_price=st.none() | NEAR,
    stop_price=st.none() | NEAR,
    order_type=st.none() | st.sampled_from(OrderType),
)
amounts = st.none() | st.integers(0, 5_000_000).map(Decimal)
sizes = st.none() | st.integers(0, 30).map(Decimal) | st.sampled_from([Decimal("0.5"), Decimal("7.5")])
limits = st.builds(
    Limits,
    max_order_quantity=sizes,
    max_notional=amounts,
    max_position=sizes,
    max_open_orders=st.none() | st.integers(0, 5),
    collar_percent=st.none() | st.sampled_from([Decimal(0), Decimal("0.1"), Decimal(2)]),
    collar_ticks=st.none() | st.integers(0, 40),
    max_orders_per_minute=st.none() | st.integers(0, 5),
    max_repeats=st.none() | st.integers(0, 5),
    reduce_to_fit=st.booleans(),
)


def cap(answer: Answer, most: int) -> Rule:
    """Return a rule of a firm that lets only so many go, in the way it may answer."""
    decision = Decision(answer=answer, code="FIRM", text="The firm allows less.", quantity=Decimal(most))

    def rule(order: OrderRequest, view: GateView) -> Decision | None:
        quantity = order.legs[0].quantity if order.legs else Decimal(0)
        return decision if quantity.is_finite() and quantity > most else None

    return rule


rules = st.none() | st.builds(cap, st.sampled_from(Answer), st.integers(0, 20))
firms = st.builds(FirmRules, session=rules, loss=rules, firm=rules)

any_views = st.builds(
    GateView,
    now=st.just(NOW),
    venue_now=st.just(NOW),
    kill=st.sampled_from(KillLevel),
    mode=st.sampled_from(AccountMode),
    armed=st.booleans(),
    lock=st.sampled_from(["", "the firm locked it"]),
    connection=st.sampled_from(ConnectionState),
    skew=st.none() | st.integers(-8 * SECOND, 8 * SECOND),
    session_open=st.booleans(),
    session_text=st.sampled_from(["", "closed until Sun 17:00 Chicago"]),
    in_flat_window=st.booleans(),
    instrument=st.sampled_from([None, ES, future("MES", 2026, 12), equity("AAPL")]),
    trade_date=st.none() | st.dates(date(2026, 11, 1), date(2027, 1, 31)),
    entry_cutoff=st.none() | st.dates(date(2026, 11, 1), date(2027, 1, 31)),
    duplicate_of=st.sampled_from(["", "INT-1"]),
    fired_at=TIMES,
    received=TIMES,
    bid=ANY_PRICE,
    ask=ANY_PRICE,
    last=ANY_PRICE,
    quote_age=st.none() | st.integers(0, 120 * SECOND),
    quote_stale=st.booleans(),
    position=st.integers(-25, 25).map(Decimal),
    open_orders=st.lists(live_orders, max_size=4).map(tuple),
    superseded=st.lists(NAMES, max_size=2).map(tuple),
    unknown_here=st.booleans(),
    account_open_orders=st.integers(0, 6),
    margin_room=st.none() | st.integers(-1, 200_000).map(Decimal),
    margin_per_unit=st.none() | st.integers(0, 20_000).map(Decimal),
    sent_last_minute=st.integers(0, 6),
    repeats=st.integers(0, 6),
    throttled=st.sampled_from(["", "too many"]),
    limits=limits,
    firm=firms,
)


def calm(view: GateView) -> GateView:
    """Return the view with everything in order that is no matter of size, price or our own orders."""
    return msgspec.structs.replace(
        view,
        kill=KillLevel.NONE,
        armed=True,
        lock="",
        connection=ConnectionState.READY,
        skew=0,
        session_open=True,
        in_flat_window=False,
        instrument=ES,
        trade_date=date(2026, 12, 1),
        entry_cutoff=None,
        duplicate_of="",
        fired_at=NOW,
        received=NOW,
        bid=Decimal("5000.00"),
        ask=Decimal("5000.25"),
        last=Decimal("5000.00"),
        quote_age=0,
        quote_stale=False,
        unknown_here=False,
        account_open_orders=0,
        sent_last_minute=0,
        repeats=0,
        throttled="",
        limits=msgspec.structs.replace(view.limits, max_open_orders=None, max_orders_per_minute=None, max_repeats=None),
    )


def roomy(view: GateView, reduce_to_fit: bool) -> GateView:
    """Return the view with nothing but sizes left to judge."""
    view = calm(view)
    rest = msgspec.structs.replace(view.limits, collar_percent=None, collar_ticks=None, reduce_to_fit=reduce_to_fit)
    held = tuple(msgspec.structs.replace(other, state=OrderState.HELD) for other in view.open_orders)
    return msgspec.structs.replace(view, limits=rest, open_orders=held)


calm_views = any_views.map(calm)
roomy_views = st.builds(roomy, any_views, st.booleans())
sound_orders = st.builds(
    OrderRequest,
    order_id=st.just("ORD-JUDGED"),
    account=st.just("paper-1"),
    legs=st.tuples(st.builds(Leg, symbol=st.just("ESZ6"), side=st.sampled_from(Side), quantity=WHOLE)),
    order_type=st.just(OrderType.MARKET) | st.just(OrderType.LIMIT),
    limit_price=st.integers(19_990, 20_010).map(lambda count: count * Decimal("0.25")),
    origin=st.sampled_from(Origin),
)
odd_markets = any_views.map(
    lambda view: msgspec.structs.replace(calm(view), bid=view.bid, ask=view.ask, last=view.last)
)
views = any_views | calm_views | odd_markets
orders = any_orders | sound_orders


def resized(order: OrderRequest, quantity: Decimal) -> OrderRequest:
    return msgspec.structs.replace(order, legs=(msgspec.structs.replace(order.legs[0], quantity=quantity),))


@settings(max_examples=200, deadline=None)
@given(orders, views)
def test_the_gate_always_answers_with_a_known_code_and_a_sentence(order: OrderRequest, view: GateView) -> None:
    decision = judge(order, view)
    known = {code for check in CHECKS for code in check.codes} | set(EXIT_CODES) | {"ACCEPTED", "FIRM"}
    assert decision.code in known
    assert decision.text
    assert all(isinstance(text, str) for text in decision.numbers.values())
    if decision.answer is Answer.REDUCE:
        assert decision.quantity is not None
        assert 0 < decision.quantity < order.quantity
    elif decision.answer is not Answer.CONFIRM:
        assert decision.quantity is None
    assert judge_cancel(view).answer is Answer.ACCEPT


@settings(max_examples=200, deadline=None)
@given(orders, views, st.sampled_from([Origin.PERSON, Origin.GUARD, Origin.KILL]))
def test_exits_are_refused_for_contract_form_duplicate_and_quantity_alone(
    order: OrderRequest, view: GateView, origin: Origin
) -> None:
    order = msgspec.structs.replace(order, role=Role.EXIT, origin=origin)
    decision = judge(order, view)
    allowed = {code for check in CHECKS if check.number in (7, 8) for code in check.codes}
    assert decision.code in allowed | set(EXIT_CODES) | {"ACCEPTED", "UNKNOWN_CONTRACT"}
    assert decision.answer is not Answer.CONFIRM


@settings(max_examples=100, deadline=None)
@given(sound_orders, calm_views)
def test_a_sound_exit_goes_whatever_the_size_limits(order: OrderRequest, view: GateView) -> None:
    order = msgspec.structs.replace(order, role=Role.EXIT)
    view = msgspec.structs.replace(view, open_orders=(), position=-order.side.sign * Decimal(25))
    assert judge(order, view).lets_go


def is_stop(other: OpenOrder) -> bool:
    return other.role is Role.STOP or other.stop_price is not None


def worst_position(order: OrderRequest, view: GateView, quantity: Decimal) -> Decimal:
    """Return the largest position on the order's side that any set of fills could make.

    Exits fill only as far as there is something to close. Tried out set by set, unlike in the gate.
    """
    sign = order.side.sign
    same = [other for other in view.open_orders if other.side is order.side]
    entries = sum((other.remaining for other in same if other.role is Role.ENTRY), Decimal(0))
    exits = [other for other in same if other.role is not Role.ENTRY]
    worst = Decimal(-(10**6))
    for chosen in product((False, True), repeat=len(exits)):
        held = view.position * sign
        filled: dict[str, bool] = {}
        for fills, other in zip(chosen, exits, strict=True):
            half = is_stop(other)
            if fills and (not other.oco_group or filled.setdefault(other.oco_group, half) is half):
                held = min(max(held, Decimal(0)), held + other.remaining) if held < 0 else held
        worst = max(worst, held + entries + quantity)
    return worst


@settings(max_examples=200, deadline=None)
@given(sound_orders, roomy_views)
def test_no_entry_that_goes_can_pass_the_largest_position(order: OrderRequest, view: GateView) -> None:
    decision = judge(order, view)
    if decision.answer is Answer.REFUSE:
        return
    goes = decision.quantity or order.quantity
    limit = view.limits.max_position
    assert limit is None or worst_position(order, view, goes) <= limit
    most = view.limits.max_order_quantity
    assert most is None or goes <= most


@settings(max_examples=200, deadline=None)
@given(sound_orders, roomy_views)
def test_a_cut_order_passes_when_sent_again_and_one_more_does_not(order: OrderRequest, view: GateView) -> None:
    decision = judge(order, view)
    if decision.answer is not Answer.REDUCE or decision.quantity is None:
        return
    assert judge(resized(order, decision.quantity), view).answer is Answer.ACCEPT
    assert judge(resized(order, decision.quantity + 1), view).answer is not Answer.ACCEPT


@settings(max_examples=200, deadline=None)
@given(sound_orders, roomy_views)
def test_the_size_offered_with_a_refusal_passes(order: OrderRequest, view: GateView) -> None:
    offered = judge(order, view).numbers.get("largest")
    if offered is None:
        return
    again = judge(resized(order, Decimal(offered)), view)
    assert again.answer in (Answer.ACCEPT, Answer.CONFIRM, Answer.REDUCE)
    assert again.quantity is None or again.quantity == Decimal(offered)


@settings(max_examples=200, deadline=None)
@given(sound_orders, calm_views)
def test_exits_that_go_never_exceed_the_position(order: OrderRequest, view: GateView) -> None:
    order = msgspec.structs.replace(order, role=Role.EXIT)
    decision = judge(order, view)
    if not decision.lets_go:
        return
    goes = decision.quantity or order.quantity
    flying = [
        other
        for other in view.open_orders
        if other.side is order.side and other.role is not Role.ENTRY and other.order_id not in view.superseded
    ]
    total = sum((other.remaining for other in flying if not other.oco_group), Decimal(0))
    for group in {other.oco_group for other in flying if other.oco_group}:
        halves = [Decimal(0), Decimal(0)]
        for other in flying:
            if other.oco_group == group:
                halves[is_stop(other)] += other.remaining
        total += max(halves)
    assert view.position * order.side.sign < 0
    assert goes + total <= abs(view.position)
