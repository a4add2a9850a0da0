"""Pure rules of the matching engine: when a stop triggers, at what price and how much an order fills.

The rules lean to the pessimistic side wherever a quote does not tell:

- A buy trades at the ask, a sell at the bid; never at the last price.
- A limit that reaches the market at once fills at the touch. One that has rested fills when the opposite side
  is at or through its price, at its own price: a trade at the price alone does not prove that our turn came.
- A stop triggers when the side that it would trade at, or a new trade, is at or through its price, and fills at
  the touch, in the triggering quote never better than its stop price, less slippage.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tt_tui.brokers.paper.orders import PaperOrder
from tt_tui.domain.market import Quote
from tt_tui.domain.order import OrderType, Side

_ZERO = Decimal(0)


class Book(msgspec.Struct, kw_only=True):
    """One quote and what our own orders have already taken of its sizes."""

    quote: Quote
    bid_taken: Decimal = _ZERO
    ask_taken: Decimal = _ZERO

    def touch(self, side: Side) -> Decimal | None:
        """Return the price at which an order of this side trades now, None on an empty side."""
        return self.quote.ask if side is Side.BUY else self.quote.bid

    def available(self, side: Side) -> Decimal | None:
        """Return how much an order of this side can still trade, None where the quote has no size."""
        size = self.quote.ask_size if side is Side.BUY else self.quote.bid_size
        if size is None:
            return None
        return max(_ZERO, size - (self.ask_taken if side is Side.BUY else self.bid_taken))

    def take(self, side: Side, quantity: Decimal) -> None:
        """Consume size."""
        if side is Side.BUY:
            self.ask_taken += quantity
        else:
            self.bid_taken += quantity


class Match(msgspec.Struct, frozen=True):
    """A fill that the market offers an order now."""

    quantity: Decimal
    price: Decimal


def at_or_through(side: Side, price: Decimal, limit: Decimal) -> bool:
    """Tell whether a price is as good as a limit, or better, for this side."""
    return price <= limit if side is Side.BUY else price >= limit


def tighter(side: Side, price: Decimal, stop: Decimal | None) -> bool:
    """Tell whether a stop order of this side would stand nearer to the market at `price` than at `stop`."""
    return stop is None or (price < stop if side is Side.BUY else price > stop)


def new_trade(quote: Quote, previous: Quote | None) -> Decimal | None:
    """Return the last price if this quote shows a trade that the one before did not."""
    if previous is not None and quote.last == previous.last and quote.volume == previous.volume:
        return None
    return quote.last


def reached(side: Side, stop: Decimal, price: Decimal | None) -> bool:
    """Tell whether a price is at or through the stop of an order of this side."""
    return price is not None and (price >= stop if side is Side.BUY else price <= stop)


def triggers(order: PaperOrder, book: Book, traded: Decimal | None) -> bool:
    """Tell whether an untriggered stop is elected by the book or by a new trade."""
    if order.stop_price is None:
        return False
    touch = book.touch(order.side)
    return reached(order.side, order.stop_price, touch) or reached(order.side, order.stop_price, traded)


def match(order: PaperOrder, book: Book, slippage: Decimal, cap: Decimal | None) -> Match | None:
    """Return what the order fills now, or None.

    Args:
        order: a market or limit order, or a triggered stop.
        book: the quote and what is left of it.
        slippage: price units that an order without a limit pays beyond the touch.
        cap: the stop price of an order that this very quote triggered; it fills no better.
    """
    touch = book.touch(order.side)
    if touch is None:
        return None
    limit = order.effective_limit
    if limit is not None and not at_or_through(order.side, touch, limit):
        return None
    available = book.available(order.side)
    quantity = order.remaining if available is None else min(order.remaining, available)
    if quantity <= 0:
        return None
    if limit is not None:
        return Match(quantity, limit if order.resting else touch)
    if cap is not None:
        touch = max(touch, cap) if order.side is Side.BUY else min(touch, cap)
    return Match(quantity, touch + slippage * order.side.sign)


def follow(order: PaperOrder, mark: Decimal) -> bool:
    """Move a trailing or break-even stop after the market; tells whether anything changed.

    Args:
        order: an untriggered stop, changed in place; it only ever moves towards the market.
        mark: the price at which the order would trade now (the bid for the stop of a long).
    """
    changed = False
    if order.order_type is OrderType.TRAILING_STOP and order.trail is not None:
        # A buy stop trails a falling market, so the best price is the lowest.
        if tighter(order.side, mark, order.best):
            order.best = mark
            changed = True
        assert order.best is not None
        stop = order.best + order.trail * order.side.sign
        if tighter(order.side, stop, order.stop_price):
            order.stop_price = stop
            changed = True
    if order.break_even_at is not None and at_or_through(order.side, mark, order.break_even_at):
        if order.entry is not None and tighter(order.side, order.entry, order.stop_price):
            order.stop_price = order.entry
        order.break_even_at = None
        changed = True
    return changed
