"""What the paper venue refuses, and in which words.

The rules are those of a futures venue: unknown or expired contract, closed market, a price off the tick grid, a
quantity that is no whole number of contracts, a stop on the wrong side of the market (CME refuses a buy stop at
or below it and a sell stop at or above it), an id used before, not enough margin.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import msgspec

from tt_tui.brokers.paper.ledger import Ledger
from tt_tui.brokers.paper.matching import Book, reached
from tt_tui.brokers.paper.orders import MATCHABLE, OrderIndex, PaperOrder
from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.domain.instrument import Instrument, Kind
from tt_tui.domain.order import Distance, OrderChange, OrderRequest, OrderState, OrderType, Role, Side, TimeInForce


class Refusal(NamedTuple):
    """Why the venue says no: a stable word and a sentence."""

    code: str
    words: str


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """What the checks may look at."""

    settings: PaperSettings
    ledger: Ledger
    orders: OrderIndex
    is_open: bool
    trade_date: date
    book: Book | None
    mark: Callable[[str], Decimal | None]


_NEEDS_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_NEEDS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


def refusal_of(request: OrderRequest, instrument: Instrument, venue: Venue) -> Refusal | None:
    """Return why an order for a known account and contract is refused, None when it is taken."""
    return (
        quantity_refusal(request.quantity, instrument, venue.settings)
        or _shape(request)
        or price_refusal(instrument, request.limit_price, request.stop_price)
        or _trail(request.trail, instrument)
        or _bracket(request, instrument, venue)
        or _expired(instrument, venue)
        or _closed(instrument, venue)
        or stop_side_refusal(request.side, _elected_at(request), venue.book)
        or _margin(request, instrument, venue)
    )


def quantity_refusal(quantity: Decimal, instrument: Instrument, settings: PaperSettings) -> Refusal | None:
    """Refuse a quantity that is not positive, not whole for a derivative, or too large."""
    if not quantity.is_finite() or quantity <= 0:
        return Refusal("bad_quantity", f"quantity must be above zero, was {quantity}")
    if instrument.kind is not Kind.EQUITY and quantity != quantity.to_integral_value():
        return Refusal("bad_quantity", f"{instrument.symbol} trades in whole contracts, was {quantity}")
    most = settings.max_quantity
    if quantity > most:
        return Refusal("max_quantity", f"quantity {quantity} is above the most that one order may have, {most}")
    return None


def price_refusal(instrument: Instrument, *prices: Decimal | None) -> Refusal | None:
    """Refuse a price that is no whole number of ticks."""
    for price in prices:
        if price is not None and not instrument.is_on_tick(price):
            return Refusal(
                "off_tick",
                f"price {price} is not on the tick of {instrument.symbol}, which is {instrument.tick_size}",
            )
    return None


def stop_side_refusal(side: Side, stop: Decimal | None, book: Book | None) -> Refusal | None:
    """Refuse a stop that the market has already reached; without a quote on its side the last price counts."""
    if stop is None or book is None:
        return None
    touch = book.touch(side)
    market = touch if touch is not None else book.quote.last
    if not reached(side, stop, market):
        return None
    where = "above" if side is Side.BUY else "below"
    return Refusal("stop_side", f"{side} stop {stop} must be {where} the market, which is {market}")


def _elected_at(request: OrderRequest) -> Decimal | None:
    return None if request.order_type in (OrderType.MARKET, OrderType.LIMIT) else request.stop_price


def _shape(request: OrderRequest) -> Refusal | None:
    kind = request.order_type
    if len(request.legs) != 1:
        return Refusal("unsupported", f"the paper venue takes orders of one leg, was {len(request.legs)}")
    if kind in _NEEDS_LIMIT and request.limit_price is None:
        return Refusal("missing_price", f"a {kind} order needs a limit price")
    if kind in _NEEDS_STOP and request.stop_price is None:
        return Refusal("missing_price", f"a {kind} order needs a stop price")
    if kind is OrderType.TRAILING_STOP and request.trail is None:
        return Refusal("missing_price", "a trailing stop needs its distance")
    if request.time_in_force in _AT_ONCE and kind not in (OrderType.MARKET, OrderType.LIMIT):
        return Refusal("unsupported", f"{request.time_in_force} goes with market and limit orders, was {kind}")
    return None


def _trail(trail: Decimal | None, instrument: Instrument) -> Refusal | None:
    if trail is None:
        return None
    return trail_refusal(trail, instrument)


def trail_refusal(trail: Decimal, instrument: Instrument) -> Refusal | None:
    """Refuse a trailing distance that is not a positive number of ticks."""
    if not instrument.is_on_tick(trail) or trail <= 0:
        return Refusal("off_tick", f"trailing distance {trail} is no positive multiple of {instrument.tick_size}")
    return None


def _bracket(request: OrderRequest, instrument: Instrument, venue: Venue) -> Refusal | None:
    bracket = request.bracket
    if bracket is None:
        return None
    if bracket.break_even is not None and not bracket.has_stop:
        return Refusal("bracket", "a break-even move needs a stop to move")
    if bracket.trail is not None and bracket.trail.kind != "ticks":
        return Refusal("bracket", f"the distance of a trailing bracket is in ticks, was {bracket.trail.kind}")
    reference = _reference(request, venue.book)
    loss = -request.side.sign
    legs = (
        ("stop", bracket.stop, loss),
        ("target", bracket.target, -loss),
        ("trail", bracket.trail, loss),
        ("break-even", bracket.break_even, -loss),
    )
    for name, distance, sign in legs:
        refusal = distance and _distance(name, distance, sign, reference, instrument)
        if refusal:
            return refusal
    return None


def _distance(
    name: str, distance: Distance, sign: int, reference: Decimal | None, instrument: Instrument
) -> Refusal | None:
    value = distance.value
    if distance.kind == "ticks":
        if not value.is_finite() or value <= 0 or value != value.to_integral_value():
            return Refusal("bracket", f"{name} distance must be a whole number of ticks above 0, was {value}")
        return None
    if distance.kind != "price":
        return Refusal("bracket", f"{name} must be in ticks or a price, was {distance.kind}")
    if not instrument.is_on_tick(value):
        return price_refusal(instrument, value)
    if reference is not None and (value - reference) * sign <= 0:
        where = "above" if sign > 0 else "below"
        return Refusal("bracket", f"{name} {value} must be {where} the entry, which is near {reference}")
    return None


def _reference(request: OrderRequest, book: Book | None) -> Decimal | None:
    if request.limit_price is not None:
        return request.limit_price
    if request.stop_price is not None:
        return request.stop_price
    return book.touch(request.side) if book is not None else None


def _expired(instrument: Instrument, venue: Venue) -> Refusal | None:
    last = instrument.last_trade
    if last is not None and venue.trade_date > last:
        return Refusal("expired_contract", f"{instrument.symbol} expired: its last trading day was {last}")
    return None


def _closed(instrument: Instrument, venue: Venue) -> Refusal | None:
    if venue.is_open:
        return None
    return Refusal("market_closed", f"the market of {instrument.symbol} is closed")


def _margin(request: OrderRequest, instrument: Instrument, venue: Venue) -> Refusal | None:
    held = venue.ledger.position(request.account, instrument.symbol).quantity
    working = sum(
        (
            order.remaining
            for order in venue.orders.open_orders(request.account, instrument.symbol)
            if order.role is Role.ENTRY and order.side is request.side
        ),
        Decimal(0),
    )
    after = held + (request.quantity + working) * request.side.sign
    if abs(after) <= abs(held):
        return None
    short = venue.ledger.margin_short(request.account, instrument, after, venue.mark)
    if short is None:
        return None
    needed, equity = short
    return Refusal("margin", f"insufficient margin: {needed} needed to carry {after}, equity is {equity}")


def change_refusal(
    order: PaperOrder,
    change: OrderChange,
    instrument: Instrument,
    settings: PaperSettings,
    book: Book | None,
) -> Refusal | None:
    """Return why a replace of an open order is refused, None when it is taken."""
    return (
        _changed_quantity(order, change, instrument, settings)
        or _changed_shape(order, change)
        or price_refusal(instrument, change.limit_price, change.stop_price)
        or _trail(change.trail, instrument)
        or (stop_side_refusal(order.side, change.stop_price, book) if order.state in MATCHABLE else None)
    )


def _changed_quantity(
    order: PaperOrder, change: OrderChange, instrument: Instrument, settings: PaperSettings
) -> Refusal | None:
    quantity = change.quantity
    if quantity is None:
        return None
    if order.state is OrderState.HELD:
        return Refusal("unsupported", "a dormant order takes its quantity from the entry that it protects")
    refusal = quantity_refusal(quantity, instrument, settings)
    if refusal is None and quantity <= order.filled:
        return Refusal("too_late", f"quantity must be above what is filled, {order.filled}, was {quantity}")
    return refusal


def _changed_shape(order: PaperOrder, change: OrderChange) -> Refusal | None:
    kind = order.order_type
    if change.limit_price is not None and kind not in _NEEDS_LIMIT:
        return Refusal("unsupported", f"a {kind} order has no limit price")
    if change.stop_price is not None and not order.is_stop:
        return Refusal("unsupported", f"a {kind} order has no stop price that could still change")
    if change.trail is not None and (kind is not OrderType.TRAILING_STOP or not order.is_stop):
        return Refusal("unsupported", f"a {kind} order has no trailing distance that could still change")
    return None
