"""Protection: a position whose entry asked for a stop has a working stop of exactly its size (order-lifecycle §7).

Where the broker keeps brackets it makes the stop; this module checks that it did, resizes it after a partial
exit, and does everything itself where the broker does not. A stop that is refused, or unknown after five
seconds, closes the position. Stops are never cancelled because a screen, a feed or the desk ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tt_tui.desk.closing import Cause, Closing
from tt_tui.desk.context import DeskContext
from tt_tui.desk.entries import in_ticks
from tt_tui.desk.orders import Orders
from tt_tui.desk.port import EventRow
from tt_tui.desk.routing import Refuse
from tt_tui.desk.rows import Order
from tt_tui.domain import event as ev
from tt_tui.domain.instruction import Instruction
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.order import (
    Bracket,
    Distance,
    Leg,
    OrderChange,
    OrderRequest,
    OrderState,
    OrderType,
    Origin,
    Role,
    Side,
)
from tt_tui.domain.position import Position

NATIVE_WAIT = 5.0
"""Seconds that a broker's own bracket child may take to show up."""
STOP_WAIT = 5.0
"""Seconds after which a stop without the broker's word closes the position."""

_GOOD = (OrderState.ACKED, OrderState.HELD, OrderState.WORKING, OrderState.PARTIAL, OrderState.FILLED)
"""States in which a stop is known to protect, or to have done so."""


class Protection:
    """Watches every position; one check at a time for each account and contract."""

    def __init__(self, context: DeskContext, orders: Orders, closing: Closing) -> None:
        self._context = context
        self._orders = orders
        self._closing = closing
        self._running: set[tuple[str, str]] = set()
        self._again: set[tuple[str, str]] = set()
        context.ledger.on_applied(self._on_applied)
        closing.on_end(self.check)

    def check(self, account: str, symbol: str) -> None:
        """Compare protection with position soon; many calls become one."""
        key = (account, symbol)
        if key in self._running:
            self._again.add(key)
            return
        self._running.add(key)
        self._context.start(f"protect {account} {symbol}", lambda: self._run(account, symbol))

    def check_all(self) -> None:
        """Check every position and every protective order, as at a start."""
        for position in list(self._context.state.positions.values()):
            self.check(position.account, position.symbol)

    async def settled(self, account: str, symbol: str) -> None:
        """Return when no check of a contract is under way, so that a partial exit finds the protection it shrinks."""
        await self._context.wait_for(lambda: (account, symbol) not in self._running, NATIVE_WAIT)

    def uncovered(self, account: str, symbol: str) -> Decimal:
        """Return how much of a position that asked for a stop has none working."""
        position = self._context.state.position(account, symbol)
        if not position.quantity or self._bracket(position) is None:
            return Decimal(0)
        return abs(position.quantity) - self._sum(self._closing.protection(account, symbol, Role.STOP))

    def _on_applied(self, rows: Sequence[EventRow]) -> None:
        for row in rows:
            event = row.event
            if isinstance(event, ev.FillBooked):
                self.check(event.fill.account, event.fill.symbol)
            elif isinstance(event, ev.PositionAdjusted):
                self.check(event.account, event.symbol)
            elif isinstance(event, ev.OrderReported | ev.OrderRefused | ev.OrderNeverArrived):
                order = self._context.state.orders.get(event.order_id)
                if order is not None and order.state.is_terminal and order.request.role is not Role.EXIT:
                    self.check(order.request.account, order.request.symbol)

    async def _run(self, account: str, symbol: str) -> None:
        key = (account, symbol)
        try:
            while True:
                self._again.discard(key)
                if not self._closing.is_active(account, symbol):
                    await self._check(account, symbol)
                if key not in self._again:
                    return
        finally:
            self._running.discard(key)
            self._context.notifier.notify()

    async def _check(self, account: str, symbol: str) -> None:
        position = self._context.state.position(account, symbol)
        if not position.quantity:
            await self._clear(account, symbol)
            return
        bracket = self._bracket(position)
        held = abs(position.quantity)
        for role in (Role.STOP, Role.TARGET):
            await self._closing.shrink(self._closing.protection(account, symbol, role), held)
        if bracket is None:
            return
        native = self._is_native(account, bracket)
        if self.uncovered(account, symbol) > 0 and native:
            await self._context.wait_for(lambda: self.uncovered(account, symbol) <= 0, NATIVE_WAIT)
        position, missing = self._context.state.position(account, symbol), self.uncovered(account, symbol)
        if self._closing.is_active(account, symbol):
            return
        if missing > 0 and not await self._place_stop(position, bracket, missing):
            return
        if not native and (missing > 0 or not self._has_tried(position, Role.TARGET)):
            await self._place_target(position, bracket)

    def _bracket(self, position: Position) -> Bracket | None:
        """Return the stop that was asked for by the order that opened a position."""
        opener = self._context.state.orders.get(position.opened_by)
        if opener is None or opener.request.bracket is None or not opener.request.bracket.has_stop:
            return None
        return opener.request.bracket

    def _is_native(self, account: str, bracket: Bracket) -> bool:
        broker = self._context.broker_of(account)
        return broker is not None and broker.capabilities.keeps(bracket)

    def _has_tried(self, position: Position, role: Role) -> bool:
        """Return whether an order of a role was ever made for a position; one that was refused is not repeated."""
        orders = self._context.state.orders.values()
        return any(order.request.parent_id == position.opened_by and order.request.role is role for order in orders)

    @staticmethod
    def _sum(orders: Sequence[Order]) -> Decimal:
        return sum((order.remaining for order in orders), Decimal(0))

    async def _clear(self, account: str, symbol: str) -> None:
        """Flat: protection that is left over would open a position, so it goes."""
        for order in self._context.state.live_orders(account, symbol):
            if order.request.role not in (Role.STOP, Role.TARGET) or order.pending_cancel:
                continue
            parent = self._context.state.orders.get(order.request.parent_id)
            if parent is None and order.request.origin is Origin.EXTERNAL:
                continue
            if parent is not None and parent.state.is_live:
                continue
            await self._orders.cancel(order.order_id, "flat, nothing to protect")

    async def _place_stop(self, position: Position, bracket: Bracket, quantity: Decimal) -> bool:
        """Send our own stop; where it is refused or unknown the position is closed."""
        context = self._context
        instrument = context.instrument(position.symbol, position.account)
        broker = context.broker_of(position.account)
        trails = bracket.trail is not None and broker is not None and broker.capabilities.native_trailing
        request = self._protective(
            position,
            quantity,
            Role.STOP,
            OrderType.TRAILING_STOP if trails else OrderType.STOP,
            stop_price=self._first_stop(bracket, instrument, position),
            trail=None if bracket.trail is None else bracket.trail.value * instrument.tick_size,
        )
        # A broker that hangs may not hold the five seconds up, so that the sending is a task of its own.
        context.start(f"stop {request.order_id}", lambda: self._send(request))
        if await context.wait_for(lambda: self._is_answered(request.order_id), STOP_WAIT):
            order = context.state.orders[request.order_id]
            if order.state in _GOOD:
                return True
        order = context.state.orders[request.order_id]
        context.alarm(
            f"the stop of {position.symbol} on {position.account} is {order.state}: {order.reason or 'no answer'}; "
            "the position is being closed",
            severity="critical",
            account=position.account,
            order_id=request.order_id,
        )
        cause = Cause(origin=Origin.GUARD, strategy=position.owner, why="its stop could not be placed")
        await self._closing.close(position.account, position.symbol, cause)
        return False

    async def _send(self, request: OrderRequest) -> None:
        await self._orders.submit(request)

    def _is_answered(self, order_id: str) -> bool:
        order = self._context.state.orders.get(order_id)
        return order is not None and (order.state in _GOOD or order.state.is_terminal)

    def _partner_group(self, position: Position, role: Role) -> str:
        """Return the group of a stop without its target, or of a target without its stop: together they exit once."""
        account, symbol = position.account, position.symbol
        taken = {order.request.oco_group for order in self._closing.protection(account, symbol, role)}
        others = self._closing.protection(account, symbol, Role.TARGET if role is Role.STOP else Role.STOP)
        return next((each.request.oco_group for each in others if each.request.oco_group not in taken), "")

    def _first_stop(self, bracket: Bracket, instrument: Instrument, position: Position) -> Decimal:
        """Return where a new stop stands: at its own distance or the trailing one, whichever risks less."""
        entry = position.average or Decimal(0)
        prices = [
            self._price(distance, instrument, entry, position, favourable=False)
            for distance in (bracket.stop, bracket.trail)
            if distance is not None
        ]
        return max(prices) if position.quantity > 0 else min(prices)

    async def _place_target(self, position: Position, bracket: Bracket) -> None:
        missing = abs(position.quantity) - self._sum(
            self._closing.protection(position.account, position.symbol, Role.TARGET)
        )
        if bracket.target is None or missing <= 0:
            return
        instrument = self._context.instrument(position.symbol, position.account)
        price = self._price(bracket.target, instrument, position.average or Decimal(0), position, favourable=True)
        await self._orders.submit(self._protective(position, missing, Role.TARGET, OrderType.LIMIT, limit_price=price))

    def _protective(
        self,
        position: Position,
        quantity: Decimal,
        role: Role,
        order_type: OrderType,
        *,
        stop_price: Decimal | None = None,
        limit_price: Decimal | None = None,
        trail: Decimal | None = None,
    ) -> OrderRequest:
        opener = self._context.state.orders.get(position.opened_by)
        order_id = self._context.ids.new("ORD")
        return OrderRequest(
            order_id=order_id,
            account=position.account,
            legs=(Leg(symbol=position.symbol, side=_closing_side(position), quantity=quantity),),
            order_type=order_type,
            stop_price=stop_price,
            limit_price=limit_price,
            trail=trail,
            origin=Origin.GUARD,
            role=role,
            parent_id=position.opened_by,
            oco_group=self._partner_group(position, role) or f"OCO-{order_id}",
            alert_id="" if opener is None else opener.request.alert_id,
            strategy=position.owner,
            created=self._context.clock.now(),
        )

    @staticmethod
    def _price(
        distance: Distance, instrument: Instrument, entry: Decimal, position: Position, *, favourable: bool
    ) -> Decimal:
        """Return the price of a stop or target that stands a distance from the entry, on the side that loses less."""
        long = position.quantity > 0
        if distance.kind == "price":
            price = distance.value
        else:
            away = distance.value * instrument.tick_size
            price = entry + away if long == favourable else entry - away
        return instrument.round_to_tick(price, up=long)

    async def move(
        self, account: str, symbol: str, instrument: Instrument, instruction: Instruction, break_even: bool
    ) -> tuple[bool, str]:
        """Move the stop of a position to break-even, or to trail by a distance; returns success and words."""
        position = self._context.state.position(account, symbol)
        average = position.average
        if average is None:
            return False, f"{symbol} is flat, there is no stop to move"
        stops = self._closing.protection(account, symbol, Role.STOP)
        if not stops:
            return False, f"{symbol} has no working stop on {account}; send one with STOP in the order sentence"
        asked = instruction.bracket.break_even if break_even and instruction.bracket is not None else instruction.trail
        ticks = Decimal(0) if asked is None else in_ticks(asked, instrument, average)
        if isinstance(ticks, Refuse):
            return False, ticks.text
        distance = ticks * instrument.tick_size
        if break_even:
            return await self._to_break_even(stops, position, instrument, distance)
        if not distance:
            return False, "say how far it should trail, such as TRAIL 10t"
        problems = [await self._trail(order, distance) for order in stops]
        said = "; ".join(problem for problem in problems if problem)
        return (False, said) if said else (True, f"stop of {symbol} trails by {ticks} ticks")

    async def _trail(self, order: Order, distance: Decimal) -> str:
        """Let the broker trail a stop that it trails already, and the desk every other."""
        if order.order_type is OrderType.TRAILING_STOP:
            return await self._orders.replace(order.order_id, OrderChange(trail=distance))
        await self._context.ledger.write(ev.StopFollows(order_id=order.order_id, trail=distance)).settled()
        return ""

    async def _to_break_even(
        self, stops: list[Order], position: Position, instrument: Instrument, distance: Decimal
    ) -> tuple[bool, str]:
        side = _closing_side(position)
        entry = (position.average or Decimal(0)) - distance * side.sign
        price = instrument.round_stop(entry, side.sign)
        worse = [order for order in stops if order.stop_price is None or (order.stop_price - price) * side.sign > 0]
        if not worse:
            return True, f"the stop of {position.symbol} already stands at {instrument.format_price(price)} or better"
        problems = [await self._orders.replace(order.order_id, OrderChange(stop_price=price)) for order in worse]
        said = "; ".join(problem for problem in problems if problem)
        return (False, said) if said else (True, f"stop of {position.symbol} moved to {instrument.format_price(price)}")


def _closing_side(position: Position) -> Side:
    return Side.SELL if position.quantity > 0 else Side.BUY
