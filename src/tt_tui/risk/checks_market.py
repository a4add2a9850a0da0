"""Checks of an order's price against the market and against our own orders: 13 and 18."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tt_tui.domain.decision import Decision
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.order import OrderRequest, OrderState, OrderType, Role
from tt_tui.risk.checks import exact, market_price, refuse, shown
from tt_tui.risk.view import GateView, Limits, OpenOrder

FAR = 10
"""How many collars a price may rest away from the market before it counts as a typing error."""


def collar(order: OrderRequest, view: GateView) -> Decision | None:
    """13: no price reaches through the market by more than the collar.

    What hurts is a price through the market: a buy limit above the ask, a stop that the market has passed
    already, a stop-limit's limit beyond its stop. A price that rests on the harmless side may be ten collars
    away, which only catches a lost digit. A market order is held against the price its sender saw, either
    way. With a collar in percent and one in ticks the narrower counts.
    """
    instrument = view.instrument
    market = market_price(order.side, view)
    if instrument is None or market is None:
        return None
    band = _band(view.limits, market, instrument.tick_size)
    if band is None:
        return None
    far = _bracket_far(order, instrument, market, band)
    if far is not None:
        return far
    if order.order_type is OrderType.MARKET:
        return _reference(order, view, market, band)
    sign = order.side.sign
    for name, price, base, through in _reaches(order, market, sign):
        if -FAR * band <= through <= band:
            continue
        numbers = {"price": exact(price), "base": exact(base), "band": exact(band)}
        start = f"The {name} {shown(instrument, price)} of this {order.side.value} is"
        if through > band:
            text = (
                f"{start} {exact(through)} through {shown(instrument, base)}, {exact(band)} are allowed; "
                "is a digit wrong?"
            )
            return refuse("COLLAR", text, numbers)
        text = f"{start} {exact(-through)} away from {shown(instrument, base)}; is a digit wrong?"
        return refuse("PRICE_FAR", text, numbers | {"far_band": exact(FAR * band)})
    return None


def _reference(order: OrderRequest, view: GateView, market: Decimal, band: Decimal) -> Decision | None:
    seen, instrument = order.reference_price, view.instrument
    if seen is None or instrument is None or abs(market - seen) <= band:
        return None
    text = (
        f"The sender saw {order.symbol} at {shown(instrument, seen)}, it is at {shown(instrument, market)} now; "
        f"{exact(band)} are allowed."
    )
    numbers = {"reference_price": exact(seen), "market": exact(market), "band": exact(band)}
    return refuse("COLLAR", text, numbers)


def _bracket_far(order: OrderRequest, instrument: Instrument, market: Decimal, band: Decimal) -> Decision | None:
    """A stop or target ten collars from the entry protects nothing: ``STOP 20`` was meant as 20 ticks."""
    if order.bracket is None:
        return None
    entry = order.limit_price or order.stop_price or market
    for name, part in (("stop", order.bracket.stop), ("target", order.bracket.target)):
        if part is None:
            continue
        price = part.kind == "price"
        away = abs(part.value - entry) if price else part.value * instrument.tick_size
        if away > FAR * band:
            what = f"at {shown(instrument, part.value)}" if price else f"of {exact(part.value)} ticks"
            text = (
                f"The {name} {what} is {exact(away)} away from the entry near {shown(instrument, entry)}; "
                "write ticks with a t, such as 20t, or is a digit wrong?"
            )
            return refuse(
                "PRICE_FAR", text, {name: exact(part.value), "away": exact(away), "far_band": exact(FAR * band)}
            )
    return None


def _band(limits: Limits, market: Decimal, tick: Decimal) -> Decimal | None:
    percent, ticks = limits.collar_percent, limits.collar_ticks
    by_percent = abs(market) * percent / 100 if percent is not None else None
    if ticks is None:
        return by_percent
    return tick * ticks if by_percent is None else min(by_percent, tick * ticks)


def _reaches(order: OrderRequest, market: Decimal, sign: int) -> Iterator[tuple[str, Decimal, Decimal, Decimal]]:
    """Yield each price with the price it is held against and how far it is through that one."""
    limit, stop = order.limit_price, order.stop_price
    if order.order_type is OrderType.LIMIT:
        if limit is not None:
            yield "limit", limit, market, (limit - market) * sign
        return
    if stop is not None:
        yield "stop", stop, market, (market - stop) * sign
        if limit is not None and order.order_type is OrderType.STOP_LIMIT:
            yield "limit", limit, stop, (limit - stop) * sign
    if order.trail is not None and order.order_type is OrderType.TRAILING_STOP:
        yield "trailing distance", order.trail, market, -order.trail


def self_cross(order: OrderRequest, view: GateView) -> Decision | None:
    """18: no live order of our own on the other side would trade with this one.

    Stops that wait for their trigger and held bracket children are not in the book. An order at the market
    takes the touch, so only an own order at the touch or inside it is met.
    """
    for other in view.open_orders:
        if other.side is order.side or other.state is OrderState.HELD:
            continue
        price = other.limit_price
        if not _in_book(other, view):
            continue
        if price is not None and not _meets(order, price, view):
            continue
        at = f"at {exact(price)}" if price is not None else "at the market"
        text = (
            f"This {order.side.value} would trade with our own {other.side.value} {other.order_id} {at}; "
            "cancel that first."
        )
        return refuse("SELF_CROSS", text, {"other": other.order_id, "price": exact(price) if price else ""})
    return None


def _in_book(other: OpenOrder, view: GateView) -> bool:
    """Tell whether a live order can trade now; a stop can once the market has reached it."""
    if other.stop_price is not None:
        market = market_price(other.side, view)
        return market is None or (market - other.stop_price) * other.side.sign >= 0
    if other.order_type is OrderType.TRAILING_STOP:
        return False
    return other.limit_price is not None or other.role is not Role.STOP


def _meets(order: OrderRequest, resting: Decimal, view: GateView) -> bool:
    """Tell whether the order would reach a price that one of our own orders rests at."""
    sign, limit, stop = order.side.sign, order.limit_price, order.stop_price
    market = market_price(order.side, view)
    match order.order_type:
        case OrderType.LIMIT:
            return limit is None or (limit - resting) * sign >= 0
        case OrderType.TRAILING_STOP:
            return False
        case OrderType.STOP | OrderType.STOP_LIMIT if stop is not None and market is not None:
            reach = limit if order.order_type is OrderType.STOP_LIMIT else None
            if (market - stop) * sign >= 0:
                return ((market if reach is None else reach) - resting) * sign >= 0
            # Until the trigger it waits; then it starts at the stop and goes as far as its limit.
            return (resting - stop) * sign >= 0 and ((stop if reach is None else reach) - resting) * sign >= 0
        case _:
            return market is None or (market - resting) * sign >= 0
