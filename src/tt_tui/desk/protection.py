"""Protection: a position whose entry asked for a stop has a working stop of exactly its size (order-lifecycle §7).

Where the broker keeps brackets it makes the stop; this module checks that it did, resizes it after a partial
exit, and does everything itself where the broker does not. A stop that is refused, or unknown after five
seconds, closes the position. Stops are never cancelled because a screen, a feed or the desk ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

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


_PROTECTIVE = (Role.STOP, Role.TARGET)


class Asked(NamedTuple):
    """The protection that a position should have."""

    order_id: str
    """The entry that asked for it, which its orders belong to."""
    bracket: Bracket
    quantity: Decimal
    """How much of the position it holds for."""
    entry: Decimal
    """The price from which its distances count."""


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
        asked = self._asked(position)
        if asked is None or not asked.bracket.has_stop:
            return Decimal(0)
        return asked.quantity - self._sum(self._closing.protection(account, symbol, Role.STOP))

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
        held = abs(position.quantity)
        for role in (Role.STOP, Role.TARGET):
            await self._closing.shrink(self._closing.protection(account, symbol, role), held)
        asked = self._asked(position)
        if asked is None:
            return
        native = self._is_native(account, asked.bracket)
        if self.uncovered(account, symbol) > 0 and native:
            await self._context.wait_for(lambda: self.uncovered(account, symbol) <= 0, NATIVE_WAIT)
        position, missing = self._context.state.position(account, symbol), self.uncovered(account, symbol)
        asked = self._asked(position)
        if asked is None or self._closing.is_active(account, symbol):
            return
        if missing > 0 and not await self._place_stop(position, asked, missing):
            return
        if not native and (missing > 0 or not self._has_tried(asked, Role.TARGET)):
            await self._place_target(position, asked)

    def _asked(self, position: Position) -> Asked | None:
        """Return the protection that the entries of a position asked for.

        What the first one asked for holds for all that was added. Where it asked for no stop and a later one did,
        the newest of those holds, for as much as such entries bought and their own exits have not closed.
        """
        opener = self._context.state.orders.get(position.opened_by)
        if opener is None or not position.quantity:
            return None
        bracket = opener.request.bracket
        if bracket is not None and bracket.has_stop:
            return Asked(opener.order_id, bracket, abs(position.quantity), position.average or Decimal(0))
        later = [order for order in self._added(position, opener) if _has_stop(order)]
        if later:
            names = {order.order_id for order in later}
            closed = sum((each.filled for each in self._children(names)), Decimal(0))
            bought = sum((order.filled for order in later), Decimal(0))
            newest, quantity = later[-1], min(abs(position.quantity), bought - closed)
            if quantity > 0 and newest.request.bracket is not None:
                return Asked(newest.order_id, newest.request.bracket, quantity, newest.average or Decimal(0))
        if bracket is None:
            return None
        return Asked(opener.order_id, bracket, abs(position.quantity), position.average or Decimal(0))

    def _added(self, position: Position, opener: Order) -> list[Order]:
        """Return the entries that filled into a position after the one that opened it, oldest first."""
        orders = self._context.state.orders.values()
        return [
            order
            for order in orders
            if order.request.account == position.account
            and order.request.symbol == position.symbol
            and order.request.role is Role.ENTRY
            and order.request.side is position.side
            and order.filled
            and order.created >= opener.created
            and order is not opener
        ]

    def _children(self, parents: set[str]) -> list[Order]:
        orders = self._context.state.orders.values()
        return [order for order in orders if order.request.parent_id in parents and order.request.role in _PROTECTIVE]

    def _is_native(self, account: str, bracket: Bracket) -> bool:
        broker = self._context.broker_of(account)
        return broker is not None and broker.capabilities.keeps(bracket)

    def _has_tried(self, asked: Asked, role: Role) -> bool:
        """Return whether an order of a role was ever made for an entry; one that was refused is not repeated."""
        return any(order.request.role is role for order in self._children({asked.order_id}))

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

    async def _place_stop(self, position: Position, asked: Asked, quantity: Decimal) -> bool:
        """Send our own stop; where it is refused or unknown the position is closed."""
        context, bracket = self._context, asked.bracket
        instrument = context.instrument(position.symbol, position.account)
        broker = context.broker_of(position.account)
        trails = bracket.trail is not None and broker is not None and broker.capabilities.native_trailing
        request = self._protective(
            position,
            asked.order_id,
            quantity,
            Role.STOP,
            OrderType.TRAILING_STOP if trails else OrderType.STOP,
            stop_price=self._first_stop(asked, instrument, position),
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

    def _first_stop(self, asked: Asked, instrument: Instrument, position: Position) -> Decimal:
        """Return where a new stop stands: at its own distance or the trailing one, whichever risks less."""
        prices = [
            self._price(distance, instrument, asked.entry, position, favourable=False)
            for distance in (asked.bracket.stop, asked.bracket.trail)
            if distance is not None
        ]
        return max(prices) if position.quantity > 0 else min(prices)

    async def _place_target(self, position: Position, asked: Asked) -> None:
        target = asked.bracket.target
        missing = asked.quantity - self._sum(self._closing.protection(position.account, position.symbol, Role.TARGET))
        if target is None or missing <= 0:
            return
        instrument = self._context.instrument(position.symbol, position.account)
        price = self._price(target, instrument, asked.entry, position, favourable=True)
        await self._orders.submit(
            self._protective(position, asked.order_id, missing, Role.TARGET, OrderType.LIMIT, limit_price=price)
        )

    def _protective(
        self,
        position: Position,
        parent_id: str,
        quantity: Decimal,
        role: Role,
        order_type: OrderType,
        *,
        stop_price: Decimal | None = None,
        limit_price: Decimal | None = None,
        trail: Decimal | None = None,
    ) -> OrderRequest:
        parent = self._context.state.orders.get(parent_id)
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
            parent_id=parent_id,
            oco_group=self._partner_group(position, role) or f"OCO-{order_id}",
            alert_id="" if parent is None else parent.request.alert_id,
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


def _has_stop(order: Order) -> bool:
    return order.request.bracket is not None and order.request.bracket.has_stop


def _closing_side(position: Position) -> Side:
    return Side.SELL if position.quantity > 0 else Side.BUY
