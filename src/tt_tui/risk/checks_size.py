"""Checks on size, count and rate: 11, 12, 14 to 16, and the rule that an exit only reduces."""

from __future__ import annotations

from decimal import Decimal

from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.order import OrderRequest, OrderState, OrderType, Role, Side
from tt_tui.risk.checks import ZERO, cut, exact, exits_in_flight, market_price, refuse, whole
from tt_tui.risk.view import GateView


def order_quantity(order: OrderRequest, view: GateView) -> Decision | None:
    """11: one order is no larger than the limit."""
    limit, quantity = view.limits.max_order_quantity, order.quantity
    if limit is None or quantity <= limit:
        return None
    text = f"{exact(quantity)} {order.symbol} were asked, {exact(limit)} are allowed in one order."
    numbers = {"quantity": exact(quantity), "max_order_quantity": exact(limit)}
    return cut(view, "MAX_ORDER_QUANTITY", text, numbers, limit)


def notional(order: OrderRequest, view: GateView) -> Decision | None:
    """12: the order's worth and its margin stay within their limits, as far as each is known.

    Where both speak, the one that leaves less room does: a size cut by one must pass the other as well.
    """
    worth, margin = _worth(order, view), _margin(order, view)
    if worth is None or margin is None:
        return worth or margin
    return min(worth, margin, key=lambda decision: decision.quantity or ZERO)


def _worth(order: OrderRequest, view: GateView) -> Decision | None:
    limit, instrument = view.limits.max_notional, view.instrument
    price = _dearest_price(order, view) if limit is not None else None
    if limit is None or instrument is None or price is None:
        return None
    each = abs(price) * instrument.point_value
    value = each * order.quantity
    if value <= limit:
        return None
    text = f"{exact(order.quantity)} {order.symbol} are worth {exact(value)}, {exact(limit)} are allowed."
    numbers = {"notional": exact(value), "max_notional": exact(limit), "price": exact(price)}
    return cut(view, "MAX_NOTIONAL", text, numbers, limit // each)


def _margin(order: OrderRequest, view: GateView) -> Decision | None:
    room, each = view.margin_room, view.margin_per_unit
    if room is None:
        return None
    if each is None or each <= 0:
        if room > 0:
            return None
        text = f"{order.account} has no margin left for new positions."
        return refuse("MARGIN", text, {"margin_room": exact(room)})
    needed = each * order.quantity
    if needed <= room:
        return None
    text = f"{exact(order.quantity)} {order.symbol} need {exact(needed)} margin, {exact(room)} are left."
    numbers = {"margin": exact(needed), "margin_room": exact(room), "margin_per_unit": exact(each)}
    return cut(view, "MARGIN", text, numbers, room // each)


def _dearest_price(order: OrderRequest, view: GateView) -> Decimal | None:
    """Return the highest price the order is likely to trade at: a buy's own, a sell's or the market's."""
    own = order.limit_price if order.order_type in _LIMITED else order.stop_price
    if order.order_type is OrderType.MARKET:
        own = None
    market = market_price(order.side, view)
    if own is None or market is None:
        return market if own is None else own
    return own if order.side is Side.BUY else max(own, market)


_LIMITED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})


def position(order: OrderRequest, view: GateView) -> Decision | None:
    """14: the position stays within its limit when all that is live on this side fills as well.

    Live orders of the other side are not netted. Live exits of this side can at most bring an opposite
    position to zero, so that it is no cushion for new risk.
    """
    unknown = [other.order_id for other in view.open_orders if other.state is OrderState.UNKNOWN]
    if unknown or view.unknown_here:
        which = unknown[0] if unknown else "an order"
        text = f"The outcome of {which} in {order.symbol} is not proven; new entries wait until it is."
        return refuse("UNKNOWN_ORDER", text, {"unknown": ",".join(unknown)})
    limit = view.limits.max_position
    if limit is None:
        return None
    side, held, working = order.side, view.position * order.side.sign, ZERO
    if view.open_orders:
        if held < 0:
            held = min(ZERO, held + exits_in_flight(view, side))
        for other in view.open_orders:
            if other.side is side and other.role is Role.ENTRY:
                working += other.remaining
    worst = held + working + order.quantity
    if worst <= limit:
        return None
    text = (
        f"{exact(order.quantity)} more {order.symbol} could make {exact(worst)} "
        f"{'long' if side is Side.BUY else 'short'} with what is held and working, {exact(limit)} are allowed."
    )
    numbers = {
        "quantity": exact(order.quantity),
        "position": exact(view.position),
        "working": exact(working),
        "worst": exact(worst),
        "max_position": exact(limit),
    }
    return cut(view, "MAX_POSITION", text, numbers, limit - held - working)


def open_orders(order: OrderRequest, view: GateView) -> Decision | None:
    """15: the account has room for one more live order."""
    limit = view.limits.max_open_orders
    if limit is None or view.account_open_orders < limit:
        return None
    text = f"{order.account} has {view.account_open_orders} live orders, {limit} are allowed; cancel some first."
    numbers = {"open_orders": str(view.account_open_orders), "max_open_orders": str(limit)}
    return refuse("MAX_OPEN_ORDERS", text, numbers)


def rate(order: OrderRequest, view: GateView) -> Decision | None:
    """16: neither the account's order messages nor a strategy's repeats run away."""
    if view.throttled:
        text = f"Entries are stopped until a person enables them again: {view.throttled.rstrip('.')}."
        return refuse("THROTTLED", text, {"strategy": order.strategy})
    limits = view.limits
    most = limits.max_orders_per_minute
    if most is not None and view.sent_last_minute >= most:
        text = f"{order.account} sent {view.sent_last_minute} orders in the last minute, {most} are allowed."
        numbers = {"sent_last_minute": str(view.sent_last_minute), "max_orders_per_minute": str(most)}
        return refuse("ORDER_RATE", text, numbers)
    most = limits.max_repeats
    if most is not None and view.repeats >= most:
        who = order.strategy or "This source"
        text = f"{who} already entered {order.symbol} {view.repeats} times on this side, {most} are allowed."
        return refuse("REPEATED", text, {"repeats": str(view.repeats), "max_repeats": str(most)})
    return None


def exit_quantity(order: OrderRequest, view: GateView) -> Decision | None:
    """The quantity rule of exits: no more than the filled position less the other exits in flight.

    An OCO pair counts once. What does not fit is cut off. An exit above the largest order size is split: the
    answer is the first part, and the caller sends the rest after it.
    """
    held, asked = view.position, order.quantity
    if held * order.side.sign >= 0:
        text = f"There is no {order.symbol} position that a {order.side.value} would close."
        return refuse("NOTHING_TO_CLOSE", text, {"position": exact(held), "quantity": exact(asked)})
    flying = exits_in_flight(view, order.side, order, view.superseded)
    room = abs(held) - flying
    numbers = {"quantity": exact(asked), "position": exact(held), "exits_in_flight": exact(flying)}
    if room <= 0:
        text = f"Other exits already close all {exact(abs(held))} {order.symbol}; cancel one of them first."
        return refuse("EXIT_EXCEEDS_POSITION", text, numbers)
    fits = min(asked, room)
    limit = view.limits.max_order_quantity
    part = whole(limit) if limit is not None else ZERO
    if limit is not None and fits > limit and part > 0:
        numbers["max_order_quantity"] = exact(limit)
        text = f"The exit of {exact(fits)} {order.symbol} goes in parts, {exact(part)} first."
        return Decision(answer=Answer.REDUCE, code="SPLIT", text=text, numbers=numbers, quantity=part)
    if fits == asked:
        return None
    text = f"Only {exact(fits)} of {exact(asked)} {order.symbol} are left to close."
    code = "EXIT_EXCEEDS_POSITION"
    return Decision(answer=Answer.REDUCE, code=code, text=text, numbers=numbers, quantity=fits)
