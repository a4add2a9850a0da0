"""Execution: carries one instruction out on one account, one after another for each account and contract."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from decimal import Decimal

import msgspec

from tt_tui.desk.closing import Cause, Closing
from tt_tui.desk.config import AccountRoute
from tt_tui.desk.context import DeskContext
from tt_tui.desk.entries import entry_request, route_refusal, symbol_permitted
from tt_tui.desk.orders import Orders
from tt_tui.desk.protection import Protection
from tt_tui.desk.routing import (
    CancelEntries,
    CancelWorking,
    Close,
    Holding,
    MoveStop,
    Nothing,
    Open,
    Reduce,
    Refuse,
    Step,
    plan,
)
from tt_tui.desk.rows import Order
from tt_tui.desk.views import PROTECTION
from tt_tui.domain.alert import AccountVerdict
from tt_tui.domain.decision import Answer
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.instrument import Instrument, Kind, UnknownSymbol, product
from tt_tui.domain.order import OrderState, OrderType, Role

REPLANS = 3
_SECOND = 1_000_000_000
FILL_GLANCE = 1.0
"""Seconds that a verdict waits for the fill of a market order."""
QUOTE_PAUSE = 0.05
QUOTE_LOOKS = 40
"""Two seconds in all for the first quote of a contract; without one the gate refuses entries."""


class Result(msgspec.Struct, kw_only=True):
    """What one account has to show for an instruction so far."""

    account: str
    contract: str = ""
    texts: list[str] = []
    order_ids: list[str] = []
    code: str = ""
    refused: bool = False
    done: bool = False
    glance: str = ""
    """Our id of the market entry whose fill the verdict waits a moment for."""

    def verdict(self, status: str) -> AccountVerdict:
        """Return it as it is journaled and shown."""
        return AccountVerdict(
            account=self.account,
            status=status,
            text="; ".join(self.texts),
            code=self.code,
            contract=self.contract,
            order_ids=tuple(self.order_ids),
        )


def status_of(result: Result, orders: list[Order]) -> str:
    """Return the word of the API: the first of unknown, waiting, working, filled, canceled, refused that holds."""
    states = {order.state for order in orders}
    if OrderState.UNKNOWN in states:
        return "unknown"
    if OrderState.WAITING in states:
        return "waiting"
    if any(state.is_live or state is OrderState.INTENT for state in states):
        return "working"
    if OrderState.FILLED in states or any(order.filled for order in orders):
        return "filled"
    if states & {OrderState.CANCELED, OrderState.EXPIRED}:
        return "canceled"
    if result.refused or states:
        return "refused"
    return "done"


class Execution:
    """Runs plans; holds one lock for each account and product, so that wishes never overtake each other."""

    def __init__(self, context: DeskContext, orders: Orders, closing: Closing, protection: Protection) -> None:
        self._context = context
        self._orders = orders
        self._closing = closing
        self._protection = protection
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    def lane(self, account: str, root: str) -> asyncio.Lock:
        """Return the lock under which an account's product is traded."""
        return self._locks[account, root]

    def contract(self, instruction: Instruction, route: AccountRoute) -> Instrument | Refuse:
        """Return the explicit contract that a wish means on an account."""
        try:
            instrument = self._context.instrument(instruction.symbol, route.account)
        except UnknownSymbol as error:
            return Refuse("UNKNOWN_SYMBOL", str(error))
        if route.micro and instrument.kind is Kind.FUTURE:
            rules = product(instrument.root)
            if rules is not None and rules.micro:
                try:
                    month = instrument.symbol[len(instrument.root) :]
                    return self._context.instrument(f"{rules.micro}{month}", route.account)
                except UnknownSymbol as error:
                    return Refuse("UNKNOWN_SYMBOL", str(error))
        return instrument

    async def run(self, instruction: Instruction, route: AccountRoute, cause: Cause) -> Result:
        """Carry an instruction out on one account; never raises for what a sender, broker or rule says."""
        result = Result(account=route.account)
        instrument = self.contract(instruction, route)
        if isinstance(instrument, Refuse):
            return _refuse(result, instrument)
        result.contract = instrument.symbol
        self._context.quotes.watch([instrument])
        async with self.lane(route.account, instrument.root):
            for _ in range(REPLANS):
                steps = plan(instruction, route, self.holding(route.account, instrument.symbol), cause.strategy)
                if not await self._steps(steps, instruction, route, instrument, cause, result):
                    break
        await self._glance(result, instrument)
        return result

    async def _glance(self, result: Result, instrument: Instrument) -> None:
        """Give the fill of a market entry a moment, so that the verdict tells it; the next wish need not wait."""
        order = self._context.state.orders.get(result.glance)
        if order is None:
            return
        await self._context.wait_for(lambda: order.state.is_terminal and not order.remaining, FILL_GLANCE)
        result.texts[-1] = sentence(order, instrument)
        result.refused = result.refused or order.state is OrderState.REJECTED

    async def _await_quote(self, instrument: Instrument) -> None:
        """Give the first quote of a contract that nobody has asked for yet a moment; exits need none."""
        quotes = self._context.quotes
        if quotes.view(instrument.symbol) is not None:
            return
        for _ in range(QUOTE_LOOKS):
            await self._context.clock.sleep(QUOTE_PAUSE)
            if quotes.view(instrument.symbol) is not None:
                return

    def preview(
        self, instruction: Instruction, route: AccountRoute, strategy: str
    ) -> tuple[Instrument | None, str, bool]:
        """Return the contract, what would be done in words, and whether it is refused by the route."""
        instrument = self.contract(instruction, route)
        if isinstance(instrument, Refuse):
            return None, instrument.text, True
        steps = plan(instruction, route, self.holding(route.account, instrument.symbol), strategy)
        texts = [describe(step, instrument, instruction) for step in steps]
        return instrument, ", then ".join(texts), any(isinstance(step, Refuse) for step in steps)

    def holding(self, account: str, symbol: str) -> Holding:
        """Return what an account has in one contract, with everything that is on its way."""
        state = self._context.state
        live = state.live_orders(account, symbol)
        in_flight = sum(
            (order.remaining * order.request.side.sign for order in live if order.request.role not in PROTECTION),
            Decimal(0),
        )
        return Holding(
            position=state.position(account, symbol),
            in_flight=in_flight,
            live_orders=len(live),
            unknown=any(order.state is OrderState.UNKNOWN for order in live),
        )

    async def _steps(
        self,
        steps: tuple[Step, ...],
        instruction: Instruction,
        route: AccountRoute,
        instrument: Instrument,
        cause: Cause,
        result: Result,
    ) -> bool:
        """Take the steps in order; returns True when the rest has to be planned again."""
        account, symbol = route.account, instrument.symbol
        for step in steps:
            match step:
                case Refuse():
                    _refuse(result, step)
                    return False
                case Nothing(text=text):
                    result.texts.append(text)
                    result.done = True
                case CancelWorking() | CancelEntries():
                    gone = await self._cancel_working(account, symbol, step, cause, result)
                    if isinstance(step, CancelEntries):
                        return gone
                case Close():
                    closed = await self._closing.close(account, symbol, cause)
                    result.order_ids.extend(closed.order_ids)
                    result.texts.append(closed.text)
                    result.done = closed.flat
                    if not closed.flat:
                        result.refused, result.code = True, closed.code
                        return False
                case Reduce(quantity=quantity):
                    await self._protection.settled(account, symbol)
                    reduced = await self._closing.reduce(account, symbol, quantity, cause)
                    result.order_ids.extend(reduced.order_ids)
                    result.texts.append(reduced.text)
                    result.code = reduced.code
                    result.refused = bool(reduced.code)
                case MoveStop(break_even=break_even):
                    moved, text = await self._protection.move(account, symbol, instrument, instruction, break_even)
                    result.texts.append(text)
                    result.done, result.refused = moved, not moved
                case Open():
                    await self._open(step, instruction, route, instrument, cause, result)
        return False

    async def _open(
        self,
        step: Open,
        instruction: Instruction,
        route: AccountRoute,
        instrument: Instrument,
        cause: Cause,
        result: Result,
    ) -> None:
        context = self._context
        refusal = symbol_permitted(route, instrument) or route_refusal(context, route, instrument)
        if refusal is not None:
            _refuse(result, refusal)
            return
        await self._await_quote(instrument)
        request = entry_request(context, instruction, route, instrument, step, cause)
        if isinstance(request, Refuse):
            _refuse(result, request)
            return
        sent = await self._orders.submit(request)
        order = context.state.orders[sent.order_id]
        if sent.decision.lets_go and request.order_type is OrderType.MARKET:
            result.glance = sent.order_id
        result.order_ids.append(sent.order_id)
        result.texts.append(sentence(order, instrument))
        if sent.decision.answer is Answer.REFUSE or order.state is OrderState.REJECTED:
            result.refused, result.code = True, sent.decision.code
        elif instruction.cancel_after:
            seconds = instruction.cancel_after
            self._start_cancel_later(sent.order_id, seconds)

    def resume(self) -> None:
        """Go on counting for entries that are to be canceled after a time, as a former process did."""
        state = self._context.state
        for account in list(state.accounts):
            for order in state.live_orders(account):
                alert, taken = (
                    state.alerts.get(order.request.alert_id),
                    state.instructions.get(order.request.instruction_id),
                )
                wish = alert.alert.instruction if alert is not None else None if taken is None else taken.instruction
                if order.request.role is Role.ENTRY and wish is not None and wish.cancel_after:
                    self._start_cancel_later(order.order_id, wish.cancel_after)

    def _start_cancel_later(self, order_id: str, seconds: int) -> None:
        name = f"cancel {order_id} after its time"
        self._context.start(name, lambda: self._cancel_later(order_id, seconds))

    async def _cancel_later(self, order_id: str, seconds: int) -> None:
        due = self._context.state.orders[order_id].sent_at + seconds * _SECOND
        await self._context.clock.sleep((due - self._context.clock.now()) / _SECOND)
        order = self._context.state.orders.get(order_id)
        if order is not None and order.state.is_live:
            await self._orders.cancel(order_id, f"not filled within {seconds} s")

    async def _cancel_working(
        self, account: str, symbol: str, step: CancelWorking | CancelEntries, cause: Cause, result: Result
    ) -> bool:
        side = step.side if isinstance(step, CancelWorking) else None
        chosen = step.order_id if isinstance(step, CancelWorking) else ""
        ids = [
            order.order_id
            for order in self._context.state.live_orders(account, symbol)
            if (order.order_id == chosen if chosen else order.request.role not in PROTECTION)
            and side in (None, order.request.side)
        ]
        gone = await self._orders.cancel_and_prove(ids, cause.why or "canceled as asked")
        if chosen and not ids:
            state = self._context.state.orders[chosen].state
            result.texts.append(f"{chosen} is {state}, there is nothing left to cancel")
            result.done = True
            return True
        count = f"{len(ids)} order{'' if len(ids) == 1 else 's'} in {symbol}"
        result.texts.append(f"canceled {count}" if gone else f"asked to cancel {count}, not confirmed yet")
        result.done = gone
        if not gone:
            result.refused, result.code = True, "CANCEL_UNPROVEN"
        return gone


def _refuse(result: Result, refusal: Refuse) -> Result:
    result.refused, result.code = True, refusal.code
    result.texts.append(refusal.text)
    return result


def sentence(order: Order, instrument: Instrument) -> str:
    """Return what became of an entry, in words."""
    what = f"{order.request.side} {order.quantity} {instrument.symbol} {order.state}"
    if order.average is not None:
        return f"{what} at {instrument.format_price(order.average)}"
    return f"{what}: {order.reason}" if order.reason else what


def describe(step: Step, instrument: Instrument, instruction: Instruction) -> str:
    """Return a step in words, before it is taken."""
    match step:
        case Open(side=side, quantity=quantity):
            how = str(instruction.order_type or "market").replace("_", "-")
            price = instruction.limit_price or instruction.stop_price
            at = f" at {instrument.format_price(price)}" if price is not None else ""
            return f"{side} {quantity} {instrument.symbol} {how}{at}"
        case Reduce(quantity=quantity):
            return f"close {quantity} of {instrument.symbol}"
        case Close():
            return f"cancel what works in {instrument.symbol} and close it"
        case CancelWorking() | CancelEntries():
            return f"cancel what works in {instrument.symbol}"
        case MoveStop(break_even=break_even):
            return f"move the stop of {instrument.symbol} {'to break-even' if break_even else 'to trail'}"
        case Nothing(text=text) | Refuse(text=text):
            return text


def is_exit(action: Action) -> bool:
    """Return True for verbs that can only lower risk."""
    return action in (Action.CLOSE, Action.FLATTEN, Action.CANCEL, Action.BREAK_EVEN, Action.TRAIL)
