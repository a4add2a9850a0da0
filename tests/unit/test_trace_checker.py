"""The trace checker finds what it is there to find: a whole trace passes, and each way to break it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from tests.trace_checker import Trace, check_trace
from tt_tui.brokers.paper.orders import PaperOrder
from tt_tui.desk.state import State
from tt_tui.domain import event as ev
from tt_tui.domain.account import Account, AccountMode
from tt_tui.domain.alert import Alert, AlertStatus, Sender
from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Fill, Leg, OrderReport, OrderRequest, OrderState, OrderType, Side
from tt_tui.domain.position import Position

ONE = Decimal(1)
FILL = Fill(
    account="main-1",
    fill_id="PF-1",
    broker_order_id="PO-1",
    symbol="ESZ6",
    side=Side.BUY,
    quantity=ONE,
    price=Decimal(5000),
    order_id="ORD-1",
)
REPORT = OrderReport(
    account="main-1", broker_order_id="PO-1", state=OrderState.WORKING, order_id="ORD-1", symbol="ESZ6", quantity=ONE
)
GO = Decision(answer=Answer.ACCEPT, code="ACCEPTED", text="")
HELD = Position(account="main-1", symbol="ESZ6", quantity=ONE)


def events() -> list[ev.AnyEvent]:
    """Return the events of one alert that was bought at once."""
    alert = Alert(
        alert_id="ALT-1",
        received=1,
        sender=Sender(name="relay", profile="signed"),
        body="",
        instruction=Instruction(action=Action.BUY, symbol="ES"),
        key="k",
        key_expires=2,
    )
    request = OrderRequest(
        order_id="ORD-1",
        account="main-1",
        legs=(Leg(symbol="ESZ6", side=Side.BUY, quantity=ONE),),
        alert_id="ALT-1",
        intent_id="ALT-1:main-1/entry",
    )
    account = Account(
        name="main-1", connection="paper", broker_id="P", mode=AccountMode.PAPER, start_balance=Decimal(50_000)
    )
    return [
        ev.AccountSeen(account=account),
        ev.AlertReceived(alert=alert),
        ev.OrderIntended(request=request),
        ev.OrderDecided(order_id="ORD-1", decision=GO),
        ev.OrderSent(order_id="ORD-1"),
        ev.OrderReported(order_id="ORD-1", report=REPORT),
        ev.FillBooked(fill=FILL, point_value=Decimal(50), order_id="ORD-1"),
        ev.AlertJudged(alert_id="ALT-1", status=AlertStatus.EXECUTED, text="bought"),
    ]


def venue_order(**changes: object) -> PaperOrder:
    """Return the order as the venue has it."""
    order = PaperOrder(
        broker_id="PO-1",
        sequence=1,
        account="main-1",
        symbol="ESZ6",
        side=Side.BUY,
        quantity=ONE,
        order_type=OrderType.MARKET,
        state=OrderState.FILLED,
        order_id="ORD-1",
        filled=ONE,
    )
    return msgspec.structs.replace(order, **changes)


def trace(happened: list[ev.AnyEvent], **venue: object) -> Trace:
    """Return a folded trace; what the venue has may be given."""
    made = Trace(
        events=[(seq, seq, event) for seq, event in enumerate(happened, 1)],
        state=State(),
        restored=State(),
        damage=(),
        venue_orders=[venue_order()],
        venue_fills=[FILL],
        venue_positions=[HELD],
    )
    made = replace(made, **venue)  # type: ignore[arg-type]
    made.fold()
    for seq, wall, event in made.events:
        made.restored.apply(seq, wall, event)
    return made


def test_a_whole_trace_passes() -> None:
    assert check_trace(trace(events())) == []


def without(kind: type[ev.Event]) -> list[ev.AnyEvent]:
    return [event for event in events() if not isinstance(event, kind)]


def twice(kind: type[ev.Event]) -> list[ev.AnyEvent]:
    return [*events(), *(event for event in events() if isinstance(event, kind))]


def ended_without_a_word() -> list[ev.AnyEvent]:
    report = msgspec.structs.replace(REPORT, state=OrderState.CANCELED)
    return [*without(ev.FillBooked)[:-2], ev.OrderReported(order_id="ORD-1", report=report), events()[-1]]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda: trace(twice(ev.FillBooked)), "the fill PF-1 was booked twice"),
        (lambda: trace(without(ev.FillBooked)), "was never booked"),
        (lambda: trace(events(), venue_fills=[]), "is in the journal and not at the venue"),
        (lambda: trace(events(), venue_fills=[msgspec.structs.replace(FILL, price=ONE)]), "with other figures"),
        (lambda: trace(twice(ev.OrderIntended)), "the id ORD-1 was made 2 times"),
        (lambda: trace(twice(ev.OrderSent)), "ORD-1 was sent 2 times"),
        (lambda: trace(without(ev.OrderDecided)), "without the gate's word"),
        (lambda: trace(without(ev.OrderSent)), "the journal does not say that it was sent"),
        (lambda: trace(events(), venue_orders=[venue_order(), venue_order(broker_id="PO-2")]), "2 times"),
        (
            lambda: trace(events(), venue_orders=[venue_order(), venue_order(broker_id="PO-2", order_id="ORD-2")]),
            "PO-2 (ORD-2) is not in the journal",
        ),
        (lambda: trace(events(), venue_orders=[venue_order(state=OrderState.WORKING)]), "filled by our books"),
        (lambda: trace(without(ev.AlertJudged)), "the alert ALT-1 has no verdict"),
        (lambda: trace(twice(ev.AlertJudged)), "the alert ALT-1 has 2 verdicts"),
        (lambda: trace(without(ev.AlertReceived)), "of no stored alert"),
        (lambda: trace(events(), venue_positions=[]), "the venue says {}"),
        (lambda: trace(without(ev.OrderReported)[:-2]), "ORD-1 is still sent"),
        (lambda: trace(ended_without_a_word()), "is canceled by our books"),
        (lambda: trace(events(), damage=("row 3 was changed",)), "row 3 was changed"),
        (lambda: trace([*events(), *ended_at_start()]), "ORD-9 is abandoned by our books"),
    ],
)
def test_a_broken_trace_is_told(broken: Callable[[], Trace], words: str) -> None:
    found = check_trace(broken())

    assert any(words in problem for problem in found), found


def ended_at_start() -> list[ev.AnyEvent]:
    """Return a second order that the desk takes for abandoned, under a broker id that the venue filled."""
    request = OrderRequest(order_id="ORD-9", account="main-1", legs=(Leg(symbol="ESZ6", side=Side.BUY, quantity=ONE),))
    report = msgspec.structs.replace(REPORT, order_id="ORD-9", state=OrderState.INTENT)
    return [
        ev.OrderIntended(request=request),
        ev.OrderReported(order_id="ORD-9", report=report),
        ev.OrderAbandoned(order_id="ORD-9"),
    ]


def test_a_state_that_is_not_the_fold_of_its_events_is_told() -> None:
    made = trace(events())
    made.restored = State()

    assert any("another one than from the first event" in problem for problem in check_trace(made))


def test_an_illegal_move_and_an_end_without_evidence_are_told() -> None:
    made = trace(events())
    made.moves.append((events()[-1], "ORD-1", OrderState.FILLED, OrderState.CANCELED))

    found = check_trace(made)

    assert "ORD-1 went from filled to canceled by AlertJudged" in found
    assert "ORD-1 became canceled by AlertJudged" in found
