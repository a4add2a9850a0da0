"""Brackets and one-cancels-other groups, as the venue itself keeps them.

An entry with a bracket makes its children at once, HELD under our ids. Each fill of the entry sets them working
for just the filled quantity, at distances from the price of the entry's first fill. Children stand until cancelled
(GTC): protection does not lapse with a session. A partial fill of one member of a group takes its quantity from
the others, a complete fill cancels them, in the same step. When a child is filled for all that the entry has
filled so far, the rest of the entry is cancelled: nothing may be opened later without its protection.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tt_tui.brokers.paper.matching import tighter
from tt_tui.brokers.paper.orders import OrderIndex, PaperOrder
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.order import Bracket, Distance, OrderState, OrderType, Role, TimeInForce


def create_children(
    orders: OrderIndex, parent: PaperOrder, bracket: Bracket, new_id: Callable[[str], str], at: int
) -> None:
    """Make the entry's protective orders, dormant until it fills."""
    group = f"OCO-{parent.broker_id}" if bracket.has_stop and bracket.target is not None else ""
    if bracket.has_stop:
        kind = OrderType.TRAILING_STOP if bracket.trail is not None else OrderType.STOP
        stop = _child(orders, parent, new_id("PO"), bracket.stop_id, kind, Role.STOP, group)
        stop.stop_price = _absolute(bracket.stop)
        parent.stop_child = stop.broker_id
        orders.add(stop, at)
    if bracket.target is not None:
        target = _child(orders, parent, new_id("PO"), bracket.target_id, OrderType.LIMIT, Role.TARGET, group)
        target.limit_price = _absolute(bracket.target)
        parent.target_child = target.broker_id
        orders.add(target, at)
    orders.touch(parent)


def _child(
    orders: OrderIndex,
    parent: PaperOrder,
    broker_id: str,
    order_id: str,
    kind: OrderType,
    role: Role,
    group: str,
) -> PaperOrder:
    return PaperOrder(
        broker_id=broker_id,
        sequence=orders.next_sequence(),
        account=parent.account,
        symbol=parent.symbol,
        side=parent.side.opposite,
        quantity=parent.quantity,
        order_type=kind,
        state=OrderState.HELD,
        order_id=order_id,
        time_in_force=TimeInForce.GTC,
        role=role,
        parent_id=parent.broker_id,
        oco_group=group,
    )


def _absolute(distance: Distance | None) -> Decimal | None:
    return distance.value if distance is not None and distance.kind == "price" else None


def activate(
    orders: OrderIndex, parent: PaperOrder, quantity: Decimal, price: Decimal, instrument: Instrument, at: int
) -> list[PaperOrder]:
    """Set the children working for one more fill of the entry; returns those that were dormant."""
    bracket = parent.bracket
    if bracket is None:
        return []
    fresh = []
    average = parent.cost / parent.filled
    for child in orders.children(parent):
        if child.role is Role.STOP:
            child.entry = instrument.round_to_tick(average, up=parent.side.sign > 0)
        if child.state is OrderState.HELD:
            _set_prices(child, bracket, price, instrument)
            child.quantity = quantity
            fresh.append(child)
            orders.move(child, OrderState.WORKING, at)
        else:
            child.quantity += quantity
            orders.report(child, at)
    return fresh


def _set_prices(child: PaperOrder, bracket: Bracket, entry: Decimal, instrument: Instrument) -> None:
    # The child is on the other side of the entry, so its sign points where the position loses.
    loss = child.side.sign * instrument.tick_size
    if child.role is Role.TARGET:
        if child.limit_price is None and bracket.target is not None:
            child.limit_price = entry - bracket.target.value * loss
        return
    if child.stop_price is None and bracket.stop is not None:
        child.stop_price = entry + bracket.stop.value * loss
    if bracket.trail is not None:
        child.trail = bracket.trail.value * instrument.tick_size
        child.best = entry
        trailed = entry + child.trail * child.side.sign
        if tighter(child.side, trailed, child.stop_price):
            child.stop_price = trailed
    if bracket.break_even is not None:
        absolute = _absolute(bracket.break_even)
        child.break_even_at = entry - bracket.break_even.value * loss if absolute is None else absolute


def after_fill(orders: OrderIndex, order: PaperOrder, quantity: Decimal, at: int) -> None:
    """Keep the rest of the family in step with one fill of a member."""
    for other in orders.group(order):
        if order.state is OrderState.FILLED:
            cancel(orders, other, at, f"one cancels other: {order.broker_id} was filled")
        else:
            reduce(orders, other, quantity, at)
    parent = orders.by_id.get(order.parent_id) if order.state is OrderState.FILLED else None
    if parent is not None and parent.is_open:
        cancel(orders, parent, at, f"its {order.role} was filled")


def reduce(orders: OrderIndex, order: PaperOrder, quantity: Decimal, at: int) -> None:
    """Take quantity from an order because its twin has filled that much."""
    if order.remaining <= quantity:
        cancel(orders, order, at, "one cancels other: nothing is left to close")
        return
    resize(orders, order, order.quantity - quantity, at)


def resize(orders: OrderIndex, order: PaperOrder, quantity: Decimal, at: int) -> None:
    """Give an order a new total quantity, and its dormant children the same."""
    order.quantity = quantity
    orders.report(order, at)
    for child in orders.children(order):
        if child.state is OrderState.HELD:
            child.quantity = quantity
            orders.report(child, at)


def cancel(
    orders: OrderIndex, order: PaperOrder, at: int, reason: str, state: OrderState = OrderState.CANCELED
) -> None:
    """End an order. An entry that never filled takes its dormant children with it."""
    orders.move(order, state, at, reason)
    for child in orders.children(order):
        if child.state is OrderState.HELD:
            orders.move(child, OrderState.CANCELED, at, f"its entry {order.broker_id} never filled")
