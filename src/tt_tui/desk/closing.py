"""Closing: cancel what works, prove it gone, re-read the position, close what is left (order-lifecycle §8).

A closing order never leaves while a stop of the same contract may still fill: both together would reverse the
position.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import msgspec

from tt_tui.desk.context import DeskContext
from tt_tui.desk.orders import Orders
from tt_tui.desk.ports import Snapshot
from tt_tui.desk.reports import Reports
from tt_tui.desk.rows import Order
from tt_tui.domain.errors import TradingError, Unavailable
from tt_tui.domain.order import Leg, OrderChange, OrderRequest, OrderType, Origin, Role, Side

ATTEMPTS = 3
ZERO = Decimal(0)


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Who closes and why; carried into every order it makes."""

    origin: Origin
    instruction_id: str = ""
    alert_id: str = ""
    strategy: str = ""
    intent: str = ""
    """Prefix of the intents, unique for the wish and the account; the contract is added to it."""
    why: str = ""


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """What a close came to."""

    flat: bool
    text: str
    code: str = ""
    order_ids: tuple[str, ...] = ()


class Closing:
    """Takes one contract of one account to flat, or a part of the way."""

    def __init__(self, context: DeskContext, orders: Orders, reports: Reports) -> None:
        self._context = context
        self._orders = orders
        self._reports = reports
        self._active: dict[tuple[str, str], int] = {}
        self._one_at_a_time: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._ended: list[Callable[[str, str], None]] = []

    def is_active(self, account: str, symbol: str) -> bool:
        """Return whether a close of this contract is in progress, so that its missing stop is meant."""
        return (account, symbol) in self._active

    def on_end(self, listener: Callable[[str, str], None]) -> None:
        """Call the listener when a close has ended, however it ended."""
        self._ended.append(listener)

    async def close(self, account: str, symbol: str, cause: Cause) -> Closed:
        """Close the whole position in one contract; three attempts that change nothing end in an alarm."""
        async with self._marked(account, symbol):
            return await self._close(account, symbol, cause)

    async def reduce(self, account: str, symbol: str, quantity: Decimal, cause: Cause) -> Closed:
        """Close a part of the position; its protection shrinks first, so that both together never reverse it."""
        async with self._marked(account, symbol):
            held = self._context.state.position(account, symbol).quantity
            if not held:
                return Closed(flat=True, text=f"flat in {symbol}")
            refused = self._refused(account, symbol, held, min(abs(held), quantity), cause)
            if refused is not None:
                return refused
            for role in (Role.STOP, Role.TARGET):
                problem = await self.shrink(self.protection(account, symbol, role), max(abs(held) - quantity, ZERO))
                if problem:
                    return Closed(flat=False, text=problem, code="PROTECTION_KEPT")
            return await self._reduce(account, symbol, quantity, cause)

    @contextlib.asynccontextmanager
    async def _marked(self, account: str, symbol: str) -> AsyncIterator[None]:
        key = (account, symbol)
        self._active[key] = self._active.get(key, 0) + 1
        try:
            # Two closes at once would each cancel, and each repeat, what the other sent.
            async with self._one_at_a_time[key]:
                yield
        finally:
            self._active[key] -= 1
            if not self._active[key]:
                del self._active[key]
            for listener in self._ended:
                listener(account, symbol)

    def protection(self, account: str, symbol: str, role: Role) -> list[Order]:
        """Return the live stops or targets that would close the position; children of an unfilled entry wait."""
        state = self._context.state
        held = state.position(account, symbol).quantity
        side = Side.SELL if held > 0 else Side.BUY

        def counts(order: Order) -> bool:
            return order.request.role is role and order.request.side is side and not state.is_dormant(order)

        return [order for order in state.live_orders(account, symbol) if counts(order)]

    async def shrink(self, orders: list[Order], most: Decimal) -> str:
        """Take protection above ``most`` back, newest first; returns a sentence where that is not proven.

        External orders are left alone.
        """
        own = [order for order in orders if order.request.origin is not Origin.EXTERNAL]
        excess = sum((order.remaining for order in own), ZERO) - most
        problem = ""
        for order in reversed(own):
            if excess <= 0:
                break
            if order.remaining <= excess:
                excess -= order.remaining
                if not await self._orders.cancel_and_prove([order.order_id], "more protection than position"):
                    problem = "its cancel is not confirmed"
            else:
                quantity, excess = order.quantity - excess, ZERO
                problem = await self._orders.replace(order.order_id, OrderChange(quantity=quantity))
            if problem:
                problem = f"the {order.request.role} of {order.request.symbol} could not be made smaller: {problem}"
                self._context.alarm(
                    problem, severity="critical", account=order.request.account, order_id=order.order_id
                )
        return problem

    async def _close(self, account: str, symbol: str, cause: Cause) -> Closed:
        context = self._context
        sent: list[str] = []
        text, code = "", ""
        attempts = 0
        held = context.state.position(account, symbol).quantity
        refused = self._refused(account, symbol, held, abs(held), cause) if held else None
        if refused is not None:
            return refused
        while attempts < ATTEMPTS:
            before = context.state.position(account, symbol).quantity
            if not await self._clear_orders(account, symbol, cause):
                text = await self._liquidate(account, symbol, cause)
            held = context.state.position(account, symbol).quantity
            if not held and not self._live(account, symbol):
                return Closed(flat=True, text=f"flat in {symbol}", order_ids=tuple(sent))
            if held and not self._live(account, symbol):
                context.crash_point("close.before_send")
                request = self._exit(account, symbol, held, abs(held), cause, len(sent) + 1)
                result = await self._orders.submit(request)
                sent.append(request.order_id)
                text, code = result.text, "" if result.decision.lets_go else result.decision.code
                await self._until_done(request.order_id)
            if not context.state.position(account, symbol).quantity and not self._live(account, symbol):
                return Closed(flat=True, text=f"closed {symbol}", order_ids=tuple(sent))
            if context.state.position(account, symbol).quantity == before:
                attempts += 1
        held = context.state.position(account, symbol).quantity
        text = f"{symbol} on {account} is not flat after {ATTEMPTS} attempts: {held} held. {text}".strip()
        context.alarm(f"{text} Close it at the broker.", severity="critical", account=account)
        return Closed(flat=False, text=text, code=code or "NOT_FLAT", order_ids=tuple(sent))

    def _refused(self, account: str, symbol: str, held: Decimal, quantity: Decimal, cause: Cause) -> Closed | None:
        """Return why the gate lets no exit go, before a stop is canceled or shrunk for it."""
        request = self._exit(account, symbol, held, quantity, cause, 1)
        refusal = self._orders.refusal(request, tuple(self._live(account, symbol)))
        if refusal is None:
            return None
        return Closed(flat=False, text=refusal.text, code=refusal.decision.code, order_ids=(refusal.order_id,))

    async def _reduce(self, account: str, symbol: str, quantity: Decimal, cause: Cause) -> Closed:
        sent: list[str] = []
        left = quantity
        text, code = "", ""
        while left > 0:
            held = self._context.state.position(account, symbol).quantity
            if not held:
                break
            request = self._exit(account, symbol, held, left, cause, len(sent) + 1)
            result = await self._orders.submit(request)
            sent.append(request.order_id)
            text, code = result.text, result.decision.code
            if not result.decision.lets_go:
                return Closed(flat=False, text=text, code=code, order_ids=tuple(sent))
            done = result.decision.quantity or left
            left -= done
            await self._until_done(request.order_id)
            if result.decision.code != "SPLIT":
                break
        return Closed(flat=False, text=f"closed {quantity - left} of {symbol}", order_ids=tuple(sent))

    async def _clear_orders(self, account: str, symbol: str, cause: Cause) -> bool:
        ids = self._live(account, symbol)
        if not ids or await self._orders.cancel_and_prove(ids, cause.why or "closing"):
            return True
        # A lost word of the stream is found by asking; what is still open then can't be proven gone.
        return await self.read_back(account) is not None and not self._live(account, symbol)

    async def _liquidate(self, account: str, symbol: str, cause: Cause) -> str:
        """The cancel can't be proven: use the broker's own call, then read what is true."""
        context = self._context
        broker = context.broker_of(account)
        if broker is None:
            return "no connection carries this account."
        if not broker.capabilities.flatten:
            return "the broker did not confirm that the working orders are gone."
        try:
            async with asyncio.timeout(context.config.place_timeout):
                await broker.flatten(account, symbol)
        except (TradingError, TimeoutError) as error:
            return f"the broker's own close call failed: {error}."
        await self.read_back(account)
        await context.wait_for(
            lambda: not context.state.position(account, symbol).quantity and not self._live(account, symbol),
            context.config.cancel_proof_timeout,
        )
        return "the broker's own close call was used."

    async def read_back(self, account: str) -> Snapshot | None:
        """Ask the broker for an account and book what it says; None where it could not be asked."""
        context = self._context
        broker, row = context.broker_of(account), context.state.accounts.get(account)
        if broker is None or row is None:
            return None
        try:
            async with asyncio.timeout(context.config.place_timeout):
                seen = await broker.snapshot(account, row.confirmed_until)
        except (Unavailable, TimeoutError):
            return None
        for fill in seen.fills:
            self._reports.take(fill)
        for report in seen.orders:
            self._reports.take(report)
        return seen

    async def _until_done(self, order_id: str) -> None:
        context = self._context
        order = context.state.orders[order_id]
        await context.wait_for(lambda: order.state.is_terminal and not order.remaining, context.config.fill_timeout)

    def _live(self, account: str, symbol: str) -> list[str]:
        return [order.order_id for order in self._context.state.live_orders(account, symbol)]

    def _exit(
        self, account: str, symbol: str, held: Decimal, quantity: Decimal, cause: Cause, number: int
    ) -> OrderRequest:
        side = Side.SELL if held > 0 else Side.BUY
        return OrderRequest(
            order_id=self._context.ids.new("ORD"),
            account=account,
            legs=(Leg(symbol=symbol, side=side, quantity=quantity),),
            order_type=OrderType.MARKET,
            origin=cause.origin,
            role=Role.EXIT,
            intent_id=f"{cause.intent}/{symbol}/exit{number}" if cause.intent else "",
            instruction_id=cause.instruction_id,
            alert_id=cause.alert_id,
            strategy=cause.strategy,
            created=self._context.clock.now(),
        )
