"""The fold: rules of orders, late fills, fills before their order, latches, and what is forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.rig import MONDAY, SENDER, plain
from tt_tui.desk.state import KEEP, State, entries_today, is_paper
from tt_tui.domain import event as ev
from tt_tui.domain.account import Account, AccountMode, KillLevel
from tt_tui.domain.alert import Alert, AlertStatus
from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Fill, Leg, OrderChange, OrderReport, OrderRequest, OrderState, OrderType, Role, Side

ONE, TWO, POINT = Decimal(1), Decimal(2), Decimal(50)
DAY = 86_400 * 1_000_000_000
ACCOUNT = Account(
    name="main-1", connection="paper", broker_id="P", mode=AccountMode.PAPER, start_balance=Decimal(50_000)
)


class Book:
    """A state and a clock."""

    def __init__(self) -> None:
        self.state = State()
        self.wall = MONDAY
        self.write(ev.AccountSeen(account=ACCOUNT))

    def write(self, *events: ev.AnyEvent) -> None:
        for event in events:
            self.wall += 1000
            self.state.apply(self.state.seq + 1, self.wall, event)

    def sent(self, order_id: str = "A", quantity: Decimal = TWO, **fields: Any) -> None:
        leg = Leg(symbol="ESZ6", side=fields.pop("side", Side.BUY), quantity=quantity)
        request = OrderRequest(order_id=order_id, account="main-1", legs=(leg,), **fields)
        self.write(ev.OrderIntended(request=request), ev.OrderSent(order_id=order_id))

    def said(self, state: OrderState, order_id: str = "A", filled: int = 0, **fields: Any) -> None:
        fields.setdefault("quantity", TWO)
        fields.setdefault("broker_order_id", f"B-{order_id}")
        self.write(ev.OrderReported(order_id=order_id, report=report(state, order_id, filled, **fields)))

    def filled(self, fill_id: str, quantity: Decimal = ONE, order_id: str = "A", **fields: Any) -> None:
        fill = a_fill(fill_id, quantity, order_id, **fields)
        self.write(ev.FillBooked(fill=fill, point_value=POINT, order_id=order_id, strategy="mine"))

    def order(self, order_id: str = "A") -> Any:
        return self.state.orders[order_id]

    @property
    def live(self) -> list[str]:
        return [order.order_id for order in self.state.live_orders("main-1")]


def report(state: OrderState, order_id: str, filled: int = 0, **fields: Any) -> OrderReport:
    return OrderReport(
        account="main-1", order_id=order_id, state=state, symbol="ESZ6", filled=Decimal(filled), **fields
    )


def a_fill(fill_id: str, quantity: Decimal, order_id: str, **fields: Any) -> Fill:
    values: dict[str, Any] = {"side": Side.BUY, "price": Decimal(5000), "fee": Decimal(1), **fields}
    return Fill(
        account="main-1", fill_id=fill_id, broker_order_id=f"B-{order_id}", symbol="ESZ6", quantity=quantity, **values
    )


@pytest.fixture
def book() -> Book:
    return Book()


def test_a_fill_outranks_a_status_and_may_come_first(book: Book) -> None:
    book.sent()
    book.filled("1")
    assert book.order().state is OrderState.PARTIAL
    book.said(OrderState.ACKED)
    book.said(OrderState.WORKING, filled=1)
    assert book.order().state is OrderState.PARTIAL
    book.filled("2")
    assert book.order().state is OrderState.FILLED
    book.said(OrderState.WORKING)
    assert book.order().state is OrderState.FILLED
    assert book.state.position("main-1", "ESZ6").quantity == 2


def test_a_fill_is_booked_once(book: Book) -> None:
    book.sent()
    for _ in range(3):
        book.filled("1")
    assert book.state.position("main-1", "ESZ6").quantity == 1
    assert book.order().fees == 1
    assert book.state.accounts["main-1"].balance == Decimal(49_999)


def test_a_canceled_order_keeps_its_fills_and_a_late_one_counts(book: Book) -> None:
    book.sent()
    book.said(OrderState.WORKING)
    book.filled("1")
    book.said(OrderState.CANCELED, filled=1)
    book.filled("2")
    assert book.order().state is OrderState.CANCELED
    assert book.order().filled == 2
    assert book.state.position("main-1", "ESZ6").quantity == 2


def test_a_status_that_runs_ahead_of_its_fill_keeps_the_order_in_the_count(book: Book) -> None:
    book.sent()
    book.said(OrderState.FILLED, filled=2)
    assert book.live == ["A"]
    assert book.order().remaining == 2
    book.filled("1")
    assert book.order().remaining == 1
    book.filled("2")
    assert book.live == []
    book.sent("C")
    book.said(OrderState.CANCELED, "C", filled=1)
    assert (book.live, book.order("C").remaining) == (["C"], ONE)
    book.filled("3", order_id="C")
    assert book.live == []


def test_an_adjustment_takes_the_place_of_fills_that_never_came(book: Book) -> None:
    book.sent()
    book.said(OrderState.FILLED, filled=2)
    book.write(
        ev.PositionAdjusted(
            account="main-1",
            symbol="ESZ6",
            quantity=TWO,
            price=Decimal(5000),
            point_value=POINT,
            adjustment_id="ADJ",
            why="",
        )
    )
    assert book.live == []
    assert book.order().remaining == 0
    position = book.state.position("main-1", "ESZ6")
    assert (position.quantity, position.estimated) == (TWO, True)


def test_an_old_status_is_ignored(book: Book) -> None:
    book.sent()
    book.said(OrderState.WORKING, version=5, stop_price=Decimal(4990))
    book.said(OrderState.WORKING, version=4, stop_price=Decimal(4980), pending_cancel=True)
    assert book.order().stop_price == 4990
    assert not book.order().pending_cancel


@pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.REJECTED, OrderState.EXPIRED])
def test_what_has_ended_does_not_begin_again(book: Book, state: OrderState) -> None:
    book.sent()
    book.said(state)
    for again in (OrderState.WORKING, OrderState.FILLED, OrderState.UNKNOWN):
        book.said(again)
    book.write(ev.OrderLost(order_id="A", why="late"), ev.OrderNotSent(order_id="A", why="late"))
    assert book.order().state is state
    assert book.live == []


def test_a_refused_cancel_or_change_leaves_the_order_as_it_was(book: Book) -> None:
    book.sent()
    book.said(OrderState.WORKING)
    book.write(ev.CancelRequested(order_id="A"))
    book.write(ev.ReplaceRequested(order_id="A", change=OrderChange(quantity=ONE)))
    assert book.order().pending_cancel
    assert book.order().pending_replace
    book.write(ev.CancelRefused(order_id="A", why="too late"), ev.ReplaceRefused(order_id="A", why="no"))
    assert not book.order().pending_cancel
    assert not book.order().pending_replace
    assert book.order().state is OrderState.WORKING
    assert book.order().quantity == 2


def test_fills_that_came_before_their_order_are_credited_to_it(book: Book) -> None:
    fill = a_fill("1", ONE, "X")
    book.write(ev.FillBooked(fill=fill, point_value=POINT))
    leg = Leg(symbol="ESZ6", side=Side.BUY, quantity=TWO)
    request = OrderRequest(order_id="X", account="main-1", legs=(leg,), strategy="mine")
    found = report(OrderState.PARTIAL, "", 1, broker_order_id="B-X", quantity=TWO)
    book.write(ev.OrderAdopted(request=request, report=found))
    order = book.order("X")
    assert (order.filled, order.remaining, order.average) == (ONE, ONE, Decimal(5000))
    assert book.state.position("main-1", "ESZ6").quantity == 1, "the position had it already"
    assert book.state.position("main-1", "ESZ6").opened_by == "X"
    book.said(OrderState.CANCELED, "X", filled=1)
    assert book.live == []


def test_a_fill_of_an_order_whose_answer_was_lost_is_credited_when_it_is_found(book: Book) -> None:
    book.sent()
    book.write(ev.OrderLost(order_id="A", why="no answer"))
    book.write(ev.FillBooked(fill=a_fill("1", TWO, "A"), point_value=POINT))
    assert book.order().state is OrderState.UNKNOWN
    book.said(OrderState.FILLED, filled=2)
    assert book.order().state is OrderState.FILLED
    assert book.live == []


def test_a_decision_may_reduce_refuse_or_ask(book: Book) -> None:
    leg = Leg(symbol="ESZ6", side=Side.BUY, quantity=TWO)
    for name, answer, size, state in (
        ("R", Answer.REDUCE, ONE, OrderState.INTENT),
        ("D", Answer.REFUSE, None, OrderState.DENIED),
        ("C", Answer.CONFIRM, None, OrderState.WAITING),
    ):
        decision = Decision(answer=answer, code="X", text="because", quantity=size)
        book.write(ev.OrderIntended(request=OrderRequest(order_id=name, account="main-1", legs=(leg,))))
        book.write(ev.OrderDecided(order_id=name, decision=decision))
        assert book.order(name).state is state
        assert book.order(name).reason == "because"
    assert book.order("R").quantity == 1


@pytest.mark.parametrize("account", ["", "main-1"])
def test_a_latch_rises_and_never_falls_by_itself(book: Book, account: str) -> None:
    for level, expected in (
        (KillLevel.REDUCING, KillLevel.REDUCING),
        (KillLevel.FLATTEN, KillLevel.FLATTEN),
        (KillLevel.HALTED, KillLevel.FLATTEN),
        (KillLevel.REDUCING, KillLevel.FLATTEN),
    ):
        book.write(ev.KillThrown(level=level, why="test", by="test", account=account))
        assert book.state.kill_level("main-1") is expected
        assert book.state.kill_level("other") is (KillLevel.NONE if account else expected)
    book.write(ev.KillCleared(by="person", account=account))
    assert book.state.kill_level("main-1") is KillLevel.NONE


def test_of_two_latches_the_stronger_holds(book: Book) -> None:
    book.write(ev.KillThrown(level=KillLevel.HALTED, why="", by=""))
    book.write(ev.KillThrown(level=KillLevel.REDUCING, why="", by="", account="main-1"))
    assert book.state.kill_level("main-1") is KillLevel.HALTED
    book.write(ev.KillCleared(by=""))
    assert book.state.kill_level("main-1") is KillLevel.REDUCING


def test_arming_ends_with_a_start(book: Book) -> None:
    start = ev.DeskStarted(version="1", pid=1)
    told: list[tuple[list[ev.AnyEvent], bool]] = [
        ([ev.AccountArmed(account="main-1")], False),
        ([ev.AccountArmed(account="main-1", stay=True)], True),
        ([ev.AccountDisarmed(account="main-1", why="")], False),
    ]
    for events, armed in told:
        book.write(*events, start)
        assert book.state.accounts["main-1"].armed is armed


def test_counters_of_the_day(book: Book) -> None:
    book.sent("A", strategy="mine")
    book.sent("B", role=Role.EXIT)
    assert entries_today(book.state, "main-1") == 1
    assert entries_today(book.state, "main-1", ["NQZ6"]) == 0
    assert entries_today(book.state, "nobody") == 0
    assert len(book.state.accounts["main-1"].sent) == 2
    roll(book, date(2026, 11, 24))
    assert entries_today(book.state, "main-1") == 0


def test_only_what_is_known_to_be_paper_is_paper(book: Book) -> None:
    assert is_paper(book.state, "main-1")
    assert not is_paper(book.state, "nobody")


# What is forgotten.


def roll(book: Book, day: date) -> None:
    book.write(ev.DayRolled(account="main-1", trade_date=day, closing_balance=Decimal(50_000)))


def alert(book: Book, alert_id: str, seconds: int) -> None:
    instruction = Instruction(action=Action.BUY, symbol="ES")
    made = Alert(
        alert_id=alert_id,
        received=book.wall,
        sender=SENDER,
        body="",
        instruction=instruction,
        key=f"key-{alert_id}",
        key_expires=book.wall + seconds * 1_000_000_000,
    )
    book.write(ev.AlertReceived(alert=made))


def judge(book: Book, *alert_ids: str) -> None:
    for alert_id in alert_ids:
        book.write(ev.AlertJudged(alert_id=alert_id, status=AlertStatus.DONE, text=""))


def test_finished_things_go_after_a_week(book: Book) -> None:
    alert(book, "OLD", 60)
    judge(book, "OLD")
    book.sent("A", intent_id="I/entry")
    book.said(OrderState.CANCELED)
    book.write(ev.AlarmRaised(alarm_id="ALM", text=""), ev.AlarmAcknowledged(alarm_id="ALM"))
    book.wall += KEEP - DAY
    roll(book, date(2026, 11, 29))
    assert "A" in book.state.orders
    assert "OLD" in book.state.alerts
    book.wall += 2 * DAY
    roll(book, date(2026, 12, 1))
    state = book.state
    left = (state.orders, state.alerts, state.alert_keys, state.intents, state.broker_orders, state.fills)
    assert left == ({},) * 6
    assert (state.fill_keys, state.alarms, state.live["main-1"]) == ({}, {}, [])


def test_what_is_open_stays_however_old(book: Book) -> None:
    alert(book, "WAITS", 60)
    alert(book, "KEYED", 30 * 86_400)
    judge(book, "KEYED")
    book.sent("ENTRY", ONE)
    book.filled("1", order_id="ENTRY")
    book.sent("STOP", ONE, side=Side.SELL, role=Role.STOP, parent_id="ENTRY", order_type=OrderType.STOP)
    book.said(OrderState.WORKING, "STOP", quantity=ONE)
    book.write(ev.AlarmRaised(alarm_id="UNSEEN", text=""))
    book.wall += 3 * KEEP
    roll(book, date(2026, 12, 14))
    state = book.state
    assert set(state.orders) == {"ENTRY", "STOP"}, "the opener knows which stop was asked for"
    assert set(state.alerts) == {"WAITS", "KEYED"}
    assert set(state.alert_keys) == {"hook|key-KEYED"}
    assert set(state.alarms) == {"UNSEEN"}
    assert state.position("main-1", "ESZ6").quantity == 1


def test_one_attempt_that_is_still_open_keeps_its_intent(book: Book) -> None:
    book.sent("A", intent_id="I/entry")
    book.said(OrderState.REJECTED)
    book.wall += KEEP
    book.sent("B", intent_id="I/entry")
    book.wall += DAY
    roll(book, date(2026, 12, 1))
    assert [order.order_id for order in book.state.orders_of_intent("I/entry")] == ["B"]


def test_fills_of_orders_that_were_never_known_go_too(book: Book) -> None:
    book.write(ev.FillBooked(fill=a_fill("1", ONE, "X", ts_recv=book.wall), point_value=POINT))
    book.wall += KEEP + DAY
    roll(book, date(2026, 12, 1))
    assert book.state.fills == {}


# Copies.


def everything() -> Iterable[ev.AnyEvent]:
    book = Book()
    seen: list[ev.AnyEvent] = [ev.AccountSeen(account=ACCOUNT)]
    write = book.write

    def note(*events: ev.AnyEvent) -> None:
        seen.extend(events)
        write(*events)

    book.write = note  # type: ignore[method-assign]
    alert(book, "ALT", 60)
    book.sent("A", alert_id="ALT", strategy="mine", intent_id="I")
    book.said(OrderState.WORKING, version=1)
    book.filled("1")
    book.sent("S", ONE, side=Side.SELL, role=Role.STOP, parent_id="A", order_type=OrderType.STOP, trail=ONE)
    book.write(ev.StopFollows(order_id="S", trail=TWO))
    book.write(ev.OrderLost(order_id="S", why="x"))
    book.filled("2")
    judge(book, "ALT")
    book.write(ev.KillThrown(level=KillLevel.HALTED, why="w", by="p", account="main-1"))
    book.write(ev.StrategyStopped(strategy="mine", why="w"))
    roll(book, date(2026, 11, 24))
    return seen


def test_a_snapshot_at_any_point_and_the_rest_is_the_whole() -> None:
    events = list(everything())
    whole = State()
    for seq, event in enumerate(events, 1):
        whole.apply(seq, MONDAY + seq, event)
    for cut in range(len(events) + 1):
        first = State()
        for seq, event in enumerate(events[:cut], 1):
            first.apply(seq, MONDAY + seq, event)
        rest = State.from_bytes(first.copy_bytes())
        for seq, event in enumerate(events[cut:], cut + 1):
            rest.apply(seq, MONDAY + seq, ev.decode(ev.encode(event)))
        assert plain(rest) == plain(whole)
