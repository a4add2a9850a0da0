"""Trailing: moves stops after the market where the broker does not (order-lifecycle §7).

A stop is replaced when it would gain a tick or more, at most once a second, and never away from the market. What
a stop has gained stands in its own price at the broker, so that a restart goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tt_tui.desk.closing import Closing
from tt_tui.desk.context import DeskContext
from tt_tui.desk.orders import Orders
from tt_tui.desk.port import EventRow
from tt_tui.desk.rows import Order
from tt_tui.domain import event as ev
from tt_tui.domain.instrument import Instrument, UnknownSymbol
from tt_tui.domain.market import Quote
from tt_tui.domain.order import OrderChange, Origin, Role, Side

PAUSE = 1.0
"""Seconds between two moves of one stop."""
REFUSED_PAUSE = 10.0
"""Seconds after a broker refused a move."""


class Trailing:
    """Follows the quotes of contracts whose stops the desk keeps behind the market or brings to break-even."""

    def __init__(self, context: DeskContext, orders: Orders, closing: Closing) -> None:
        self._context = context
        self._orders = orders
        self._closing = closing
        self._kept: dict[str, set[str]] = {}
        """Our ids of the stops to move, by contract."""
        self._best: dict[str, Decimal] = {}
        """The best price since a stop was first followed, by our id."""
        self._moving: set[str] = set()
        context.ledger.on_applied(self._on_applied)

    def start(self) -> None:
        """Follow what stands from before, and every quote from now on."""
        for account in list(self._context.state.accounts):
            for order in self._context.state.live_orders(account):
                self._consider(order)
        self._context.quotes.listen(self._on_quote)

    def _on_applied(self, rows: Sequence[EventRow]) -> None:
        for row in rows:
            event = row.event
            match event:
                case ev.OrderReported() | ev.StopFollows() | ev.FillBooked():
                    order_id = event.order_id
                case ev.OrderAdopted():
                    order_id = event.request.order_id
                case _:
                    continue
            order = self._context.state.orders.get(order_id)
            if order is not None and order.request.role is Role.STOP:
                self._consider(order)

    def _consider(self, order: Order) -> None:
        """Begin or end to follow one order."""
        symbol, order_id = order.request.symbol, order.order_id
        wanted = order.state.is_live and order.request.role is Role.STOP
        if wanted and (order.follows is not None or self._break_even(order) is not None):
            self._kept.setdefault(symbol, set()).add(order_id)
            return
        self._best.pop(order_id, None)
        kept = self._kept.get(symbol)
        if kept is not None:
            kept.discard(order_id)
            if not kept:
                del self._kept[symbol]

    def _break_even(self, order: Order) -> Decimal | None:
        """Return the ticks ahead at which a stop of our own goes to the entry price; a broker's child is its own."""
        parent = self._context.state.orders.get(order.request.parent_id)
        if order.request.origin is not Origin.GUARD or parent is None or parent.request.bracket is None:
            return None
        distance = parent.request.bracket.break_even
        return None if distance is None else distance.value

    def _on_quote(self, quote: Quote) -> None:
        kept = self._kept.get(quote.symbol)
        if kept is None:
            return
        for order_id in tuple(kept):
            order = self._context.state.orders.get(order_id)
            if order is None:
                kept.discard(order_id)
                continue
            mark = quote.ask if order.request.side is Side.BUY else quote.bid
            if mark is not None:
                self._note(order, mark)

    def _note(self, order: Order, mark: Decimal) -> None:
        best = self._best.get(order.order_id)
        if best is None or (best - mark) * order.request.side.sign > 0:
            self._best[order.order_id] = mark
        if order.order_id not in self._moving and self._wanted(order) is not None:
            self._moving.add(order.order_id)
            self._context.start(f"move stop {order.order_id}", lambda: self._run(order))

    async def _run(self, order: Order) -> None:
        try:
            while (price := self._wanted(order)) is not None:
                problem = await self._orders.replace(order.order_id, OrderChange(stop_price=price))
                await self._context.clock.sleep(REFUSED_PAUSE if problem else PAUSE)
                if problem:
                    return
        finally:
            self._moving.discard(order.order_id)

    def _wanted(self, order: Order) -> Decimal | None:
        """Return the price to which a stop should move now, None where it stands well or can't be moved."""
        account, symbol, side = order.request.account, order.request.symbol, order.request.side
        best, view = self._best.get(order.order_id), self._context.quotes.view(symbol)
        if best is None or view is None or not order.state.is_live or order.pending_cancel or order.pending_replace:
            return None
        if not order.broker_order_id or order.stop_price is None or self._closing.is_active(account, symbol):
            return None
        mark = view.quote.ask if side is Side.BUY else view.quote.bid
        try:
            instrument = self._context.instrument(symbol, account)
        except UnknownSymbol:
            return None
        found = [price for price in (self._trailed(order, best), self._entry(order, best, instrument)) if price]
        if mark is None or not found:
            return None
        # Past the market a stop would be refused; one tick before it, it does what the missed one would have done.
        price = max(min(found), mark + instrument.tick_size) if side is Side.BUY else max(found)
        price = min(price, mark - instrument.tick_size) if side is Side.SELL else price
        price = instrument.round_stop(price, side.sign)
        return price if (order.stop_price - price) * side.sign >= instrument.tick_size else None

    @staticmethod
    def _trailed(order: Order, best: Decimal) -> Decimal | None:
        return None if order.follows is None else best + order.follows * order.request.side.sign

    def _entry(self, order: Order, best: Decimal, instrument: Instrument) -> Decimal | None:
        """Return the entry price once the position was ahead by the distance asked for."""
        ticks = self._break_even(order)
        average = self._context.state.position(order.request.account, order.request.symbol).average
        if ticks is None or average is None:
            return None
        sign = order.request.side.sign
        ahead = (average - best) * sign
        return average if ahead >= ticks * instrument.tick_size else None
