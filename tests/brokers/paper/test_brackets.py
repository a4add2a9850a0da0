"""Brackets, one-cancels-other, trailing and break-even, as the venue keeps them by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.brokers.paper.support import BUY, SELL, START, Venue, at_price, d, request, seen, ticks
from tt_tui.brokers.paper.orders import PaperOrder
from tt_tui.domain.errors import Rejected
from tt_tui.domain.order import (
    Bracket,
    OrderChange,
    OrderReport,
    OrderState,
    OrderType,
    Role,
    Side,
    TimeInForce,
)

HELD, WORKING, PARTIAL, FILLED, CANCELED = (
    OrderState.HELD,
    OrderState.WORKING,
    OrderState.PARTIAL,
    OrderState.FILLED,
    OrderState.CANCELED,
)
BOTH = Bracket(stop=ticks(8), target=ticks(16), stop_id="OUR-STOP", target_id="OUR-TARGET")


def enter(
    venue: Venue, side: Side = BUY, quantity: int = 2, bracket: Bracket = BOTH, **more: object
) -> tuple[PaperOrder, PaperOrder, PaperOrder]:
    """Place an entry with both children; returns entry, stop and target."""
    parent = venue.place(request(side, quantity, bracket=bracket, **more))  # type: ignore[arg-type]
    return parent, venue.child(parent.stop_child), venue.child(parent.target_child)


def test_children_are_held_until_the_entry_fills_and_carry_our_ids() -> None:
    venue = Venue()
    parent, stop, target = enter(venue, kind=OrderType.LIMIT, limit=100)
    assert seen(stop.state, stop.order_id, stop.stop_price) == (HELD, "OUR-STOP", None)
    assert seen(target.state, target.order_id, target.limit_price) == (HELD, "OUR-TARGET", None)
    venue.quote(99.75, 100)
    assert venue.states(stop) == [HELD, WORKING]
    assert seen(parent.state, stop.stop_price, target.limit_price) == (FILLED, 98, 104)
    reports = {event.order_id: event for event in venue.events if isinstance(event, OrderReport)}
    for order_id, role in (("OUR-STOP", Role.STOP), ("OUR-TARGET", Role.TARGET)):
        report = reports[order_id]
        assert (report.role, report.parent_broker_id, report.side) == (role, parent.broker_id, SELL)
        assert report.oco_group == reports["OUR-STOP"].oco_group != ""
        assert report.time_in_force is TimeInForce.GTC
        assert report.quantity == 2
    assert venue.engine.find("main", "OUR-STOP") is stop


@pytest.mark.parametrize(
    ("side", "stop_at", "target_at"), [(BUY, 98.25, 104.25), (SELL, 102, 96)], ids=["long", "short"]
)
def test_distances_count_from_the_entry_price(side: Side, stop_at: object, target_at: object) -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    _, stop, target = enter(venue, side)
    assert seen(stop.side, stop.stop_price, target.limit_price) == (side.opposite, d(stop_at), d(target_at))


def test_absolute_prices_stand_from_the_start() -> None:
    venue = Venue()
    _, stop, target = enter(venue, bracket=Bracket(stop=at_price(95), target=at_price(110)))
    assert seen(stop.stop_price, target.limit_price) == (95, 110)
    venue.quote(100, 100.25)
    assert seen(stop.stop_price, target.limit_price, stop.state) == (95, 110, WORKING)


@pytest.mark.parametrize(
    ("bid", "ask", "won", "lost", "cash"),
    [
        (98.25, 98.5, "stop", "target", START - 200),
        (104.25, 104.5, "target", "stop", START + 400),
    ],
)
def test_one_cancels_the_other_in_the_same_step(bid: object, ask: object, won: str, lost: str, cash: Decimal) -> None:
    venue = Venue()
    venue.quote(100, 100.25, 100)
    _, stop, target = enter(venue)
    children = {"stop": stop, "target": target}
    venue.quote(bid, ask)
    assert (children[won].state, children[lost].state) == (FILLED, CANCELED)
    assert "one cancels other" in children[lost].reason
    assert seen(venue.held(), venue.cash) == (0, cash)
    venue.quote(90, 110)
    assert venue.held() == 0


def test_when_one_quote_would_fill_both_the_stop_wins() -> None:
    venue = Venue()
    venue.quote(100, 100.25, 100)
    _, stop, target = enter(venue)
    venue.quote(104.5, 104.75, 98)
    assert (stop.state, target.state) == (FILLED, CANCELED)
    assert venue.prices[-1] == (2, d(98.25))


def test_a_partial_entry_then_a_partial_target() -> None:
    venue = Venue()
    venue.quote(100, 100.25, ask_size=4, bid_size=99)
    parent, stop, target = enter(venue, quantity=10)
    assert seen(parent.state, stop.quantity, target.quantity) == (PARTIAL, 4, 4)
    venue.quote(100, 100.5, ask_size=3)
    assert seen(parent.filled, stop.quantity, target.quantity) == (7, 7, 7)
    assert seen(stop.stop_price, target.limit_price) == (d(98.25), d(104.25))
    venue.quote(104.25, None, bid_size=5)
    assert seen(target.state, target.filled, target.remaining) == (PARTIAL, 5, 2)
    assert seen(stop.state, stop.quantity, venue.held()) == (WORKING, 2, 2)
    venue.quote(104.25, 104.5, ask_size=99, bid_size=0)
    assert seen(parent.state, target.remaining, stop.remaining, venue.held()) == (FILLED, 5, 5, 5)
    venue.quote(98, 98.25, 98)
    assert seen(stop.state, target.state, target.filled, venue.held()) == (FILLED, CANCELED, 5, 0)


def test_an_exit_of_all_that_is_filled_ends_the_rest_of_the_entry() -> None:
    venue = Venue()
    venue.quote(100, 100.25, ask_size=4)
    parent, stop, target = enter(venue, quantity=10)
    venue.quote(104.25, None)
    assert (target.state, stop.state, parent.state) == (FILLED, CANCELED, CANCELED)
    assert parent.reason == "its target was filled"
    venue.quote(100, 100.25)
    assert venue.held() == 0


def test_a_cancelled_entry_without_a_fill_takes_its_children_along() -> None:
    venue = Venue()
    parent, stop, target = enter(venue)
    venue.cancel(parent)
    assert (parent.state, stop.state, target.state) == (CANCELED, CANCELED, CANCELED)
    assert venue.engine.open_orders() == []


def test_a_cancelled_entry_with_a_partial_fill_leaves_its_protection() -> None:
    venue = Venue()
    venue.quote(100, 100.25, ask_size=1)
    parent, stop, target = enter(venue, quantity=3)
    venue.cancel(parent)
    assert seen(stop.state, stop.quantity, target.quantity) == (WORKING, 1, 1)
    assert parent.filled == 1


def test_an_immediate_entry_is_protected_for_what_it_got() -> None:
    venue = Venue()
    venue.quote(100, 100.25, ask_size=1)
    parent, stop, _ = enter(venue, quantity=3, time_in_force=TimeInForce.IOC)
    assert seen(parent.state, stop.state, stop.quantity) == (CANCELED, WORKING, 1)


def test_protection_outlives_the_session() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    _, stop, target = enter(venue)
    venue.take(venue.engine.on_session_end("equity_index", venue.tick()))
    assert (stop.state, target.state) == (WORKING, WORKING)


def test_cancelling_the_target_leaves_the_stop() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    _, stop, target = enter(venue)
    venue.cancel(target)
    assert (target.state, stop.state) == (CANCELED, WORKING)


def test_a_child_may_be_moved_and_resized_alone() -> None:
    venue = Venue()
    venue.quote(100, 100.25, 100)
    _, stop, target = enter(venue)
    change = OrderChange(stop_price=d(99), quantity=d(1))
    venue.take(venue.engine.replace("main", stop.broker_id, change, venue.tick()))
    assert seen(stop.stop_price, stop.quantity, target.quantity) == (99, 1, 2)


def test_a_held_child_keeps_the_price_it_was_moved_to() -> None:
    venue = Venue()
    _, stop, _ = enter(venue, kind=OrderType.LIMIT, limit=100)
    venue.take(venue.engine.replace("main", stop.broker_id, OrderChange(stop_price=d(97)), venue.tick()))
    with pytest.raises(Rejected, match="takes its quantity from the entry"):
        venue.engine.replace("main", stop.broker_id, OrderChange(quantity=d(1)), venue.tick())
    venue.quote(99.75, 100)
    assert seen(stop.state, stop.stop_price, stop.quantity) == (WORKING, 97, 2)


def test_resizing_an_entry_resizes_its_dormant_children() -> None:
    venue = Venue()
    parent, stop, target = enter(venue, kind=OrderType.LIMIT, limit=100)
    venue.take(venue.engine.replace("main", parent.broker_id, OrderChange(quantity=d(5)), venue.tick()))
    assert seen(stop.quantity, target.quantity) == (5, 5)


def test_a_stop_within_the_spread_fires_at_once() -> None:
    venue = Venue()
    venue.quote(100, 101)
    _, stop, target = enter(venue, bracket=Bracket(stop=ticks(1), target=ticks(40)))
    assert (stop.state, target.state) == (FILLED, CANCELED)
    assert venue.prices == [(2, d(101)), (2, d(100))]


@pytest.mark.parametrize(
    ("side", "entry", "path", "exit_at"),
    [
        (BUY, (100, 100.25), [(102, 102.25), (104, 104.25), (103, 103.25), (102, 102.25)], 102),
        (SELL, (100, 100.25), [(98, 98.25), (96, 96.25), (97, 97.25), (98, 98.25)], 98.25),
    ],
    ids=["long", "short"],
)
def test_a_trailing_bracket_ratchets(
    side: Side, entry: tuple[object, object], path: list[tuple[object, object]], exit_at: object
) -> None:
    venue = Venue()
    venue.quote(*entry)
    parent = venue.place(request(side, 1, bracket=Bracket(trail=ticks(8))))
    stop = venue.child(parent.stop_child)
    assert stop.order_type is OrderType.TRAILING_STOP
    assert stop.oco_group == ""
    assert stop.stop_price == d(100.25) - 2 if side is BUY else d(100) + 2
    for bid, ask in path[:-1]:
        venue.quote(bid, ask)
        assert stop.state is WORKING
    venue.quote(*path[-1])
    assert venue.prices[-1] == (1, d(exit_at))


def test_a_trail_beside_a_stop_takes_over_once_it_is_nearer() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    parent = venue.place(request(BUY, 1, bracket=Bracket(stop=ticks(4), trail=ticks(8))))
    stop = venue.child(parent.stop_child)
    assert stop.stop_price == d(99.25)
    venue.quote(101, 101.25)
    assert stop.stop_price == d(99.25)
    venue.quote(102, 102.25)
    assert stop.stop_price == 100


@pytest.mark.parametrize(
    ("side", "ahead", "entry"), [(BUY, (102.25, 102.5), 100.25), (SELL, (97.75, 98), 100)], ids=["long", "short"]
)
def test_break_even_moves_the_stop_to_the_entry(side: Side, ahead: tuple[object, object], entry: object) -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    parent = venue.place(request(side, 1, bracket=Bracket(stop=ticks(20), break_even=ticks(8))))
    stop = venue.child(parent.stop_child)
    venue.quote(100.5, 100.75)
    assert stop.stop_price != d(entry)
    venue.quote(*ahead)
    assert stop.stop_price == d(entry)
    version = stop.version
    venue.quote(*ahead)
    assert stop.version == version
    venue.quote(entry, d(entry) + d(0.25)) if side is BUY else venue.quote(d(entry) - d(0.25), entry)
    assert stop.state is FILLED
    assert venue.cash == START


def test_break_even_never_loosens_a_stop_that_trails_ahead_of_the_entry() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    bracket = Bracket(trail=ticks(4), break_even=ticks(40))
    stop = venue.child(venue.place(request(BUY, 1, bracket=bracket)).stop_child)
    venue.quote(111, 111.25)
    assert stop.stop_price == 110


def test_break_even_of_several_fills_does_not_lose() -> None:
    """Two fills, at 100.25 and 100.50, average 100.375: the stop goes to 100.50."""
    venue = Venue()
    venue.quote(100, 100.25, ask_size=1)
    stop = venue.child(venue.place(request(BUY, 2, bracket=Bracket(stop=ticks(20), break_even=ticks(8)))).stop_child)
    venue.quote(100.25, 100.5)
    venue.quote(103, 103.25)
    assert seen(stop.stop_price, stop.quantity) == (d(100.5), 2)


def test_a_group_of_two_entries_opens_only_one() -> None:
    venue = Venue()
    venue.quote(100, 100.25, 100)
    up = venue.place(request(BUY, 2, OrderType.STOP, stop=101, oco_group="G1", bracket=BOTH))
    down = venue.place(request(SELL, 2, OrderType.STOP, stop=99, oco_group="G1"))
    alone = venue.place(request(SELL, 2, OrderType.STOP, stop=99, oco_group="G2"))
    venue.quote(101, 101.25, 101)
    assert (up.state, down.state, alone.state) == (FILLED, CANCELED, WORKING)
    assert venue.held() == 2


def test_a_partial_fill_in_a_group_takes_its_quantity_from_the_other() -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    low = venue.place(request(BUY, 3, OrderType.LIMIT, limit=99, oco_group="G"))
    high = venue.place(request(SELL, 3, OrderType.LIMIT, limit=101, oco_group="G", bracket=Bracket(stop=ticks(9))))
    venue.quote(98.75, 99, ask_size=2)
    assert seen(low.filled, high.quantity, venue.child(high.stop_child).quantity) == (2, 1, 1)
    venue.quote(101, 101.25)
    assert (low.state, high.state) == (CANCELED, FILLED)


def test_groups_of_two_accounts_do_not_mix() -> None:
    venue = Venue()
    venue.take(venue.engine.open_account("second", START, venue.tick()))
    venue.quote(100, 100.25)
    other = venue.place(request(BUY, 1, OrderType.LIMIT, limit=90, oco_group="G", account="second"))
    venue.place(request(BUY, 1, OrderType.LIMIT, limit=101, oco_group="G"))
    assert other.state is WORKING
    assert seen(venue.held(), venue.held(account="second")) == (1, 0)


def test_a_stop_sent_after_the_fill_knows_its_entry() -> None:
    venue = Venue()
    venue.quote(100, 100.25, 100)
    entry = venue.place(request(BUY, 1, order_id="OUR-ENTRY"))
    stop = venue.place(request(SELL, 1, OrderType.STOP, stop=99, role=Role.STOP, parent_id="OUR-ENTRY"))
    assert (stop.parent_id, stop.role) == (entry.broker_id, Role.STOP)
