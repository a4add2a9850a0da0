"""Orders: the one place from which an order, a change or a cancel leaves for a broker (order-lifecycle §4, §5).

Order of work: intent committed → gate → decision, reservation and "sent" in one commit → bytes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from tt_tui.desk.context import DeskContext
from tt_tui.desk.reports import Reports
from tt_tui.desk.resolver import Resolver
from tt_tui.desk.rows import Order
from tt_tui.desk.views import gate_view
from tt_tui.domain import event as ev
from tt_tui.domain.account import KillLevel
from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.errors import NotSent, OutcomeUnknown, Rejected, Unavailable
from tt_tui.domain.order import OrderChange, OrderRequest, OrderState, OrderType
from tt_tui.risk.gate import judge

_LOG = logging.getLogger(__name__)

_NOT_DURABLE = Decision(
    answer=Answer.REFUSE,
    code="JOURNAL",
    text="the journal can't be written, so no new risk is taken; free the disk or make it writable",
)
DUPLICATE_ID = "duplicate_id"
"""A broker's refusal of an id it has seen: the first send is there, so the order has to be asked for."""
_ENDED = "the desk stopped while the order was on its way"


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one request, as far as it is known now."""

    order_id: str
    decision: Decision
    state: OrderState
    text: str


class Orders:
    """Sends orders; every request goes through the gate first."""

    def __init__(self, context: DeskContext, reports: Reports, resolver: Resolver) -> None:
        self._context = context
        self._reports = reports
        self._resolver = resolver
        self._canceling: set[str] = set()

    async def submit(
        self, request: OrderRequest, *, superseded: tuple[str, ...] = (), in_flat_window: bool = False
    ) -> Submitted:
        """Judge one request and send it if it may go; returns after the broker's first word or silence."""
        context = self._context
        context.crash_point("intent.before_commit")
        intended = context.ledger.write(ev.OrderIntended(request=request))
        durable = await intended.settled()
        context.crash_point("intent.after_commit")
        if not durable and not request.reduces:
            return self._deny(request, _NOT_DURABLE)
        view = gate_view(context, request, superseded=superseded, in_flat_window=in_flat_window)
        decision = judge(request, view)
        if decision.answer is Answer.REFUSE:
            return self._deny(request, decision)
        if decision.answer is Answer.CONFIRM:
            context.ledger.write(ev.OrderDecided(order_id=request.order_id, decision=decision))
            return self._result(request.order_id, decision)
        return await self._send(request, decision)

    def refusal(self, request: OrderRequest, superseded: tuple[str, ...]) -> Submitted | None:
        """Return the gate's refusal of a request before anything is canceled for it; None where it may go."""
        decision = judge(request, gate_view(self._context, request, superseded=superseded))
        if decision.answer is not Answer.REFUSE:
            return None
        self._context.ledger.write(ev.OrderIntended(request=request))
        return self._deny(request, decision)

    async def confirm(self, order_id: str) -> Submitted:
        """Send a waiting order that a person approved, after the whole gate ran again on fresh quotes."""
        order = self._context.state.orders[order_id]
        decision = judge(order.request, gate_view(self._context, order.request, confirmed=True))
        if decision.answer is Answer.REFUSE:
            return self._deny(order.request, decision)
        if decision.answer is Answer.CONFIRM:
            decision = msgspec.structs.replace(
                decision, answer=Answer.ACCEPT if decision.quantity is None else Answer.REDUCE
            )
        return await self._send(order.request, decision)

    def _deny(self, request: OrderRequest, decision: Decision) -> Submitted:
        self._context.ledger.write(ev.OrderDecided(order_id=request.order_id, decision=decision))
        return self._result(request.order_id, decision)

    def _result(self, order_id: str, decision: Decision) -> Submitted:
        order = self._context.state.orders[order_id]
        return Submitted(order_id=order_id, decision=decision, state=order.state, text=order.reason or decision.text)

    async def _send(self, request: OrderRequest, decision: Decision) -> Submitted:
        context, order_id = self._context, request.order_id
        context.crash_point("sent.before_commit")
        sent = context.ledger.write(
            ev.OrderDecided(order_id=order_id, decision=decision),
            ev.OrderSent(order_id=order_id, attempt=request.attempt),
        )
        if not await sent.settled():
            if not request.reduces:
                context.ledger.write(ev.OrderNotSent(order_id=order_id, why=_NOT_DURABLE.text))
                return self._result(order_id, _NOT_DURABLE)
            context.alarm(
                f"the journal can't be written; the exit {order_id} is sent all the same",
                severity="critical",
                account=request.account,
                order_id=order_id,
            )
        context.crash_point("sent.after_commit")
        latch = context.state.kill_level(request.account)
        if latch is not KillLevel.NONE and not request.reduces:
            late = Decision(
                answer=Answer.REFUSE, code=f"KILL_{latch.upper()}", text="the kill latch was set before it left"
            )
            context.ledger.write(ev.OrderNotSent(order_id=order_id, why=late.text))
            return self._result(order_id, late)
        await self._place(self._as_sent(request, decision))
        return self._result(order_id, decision)

    def _as_sent(self, request: OrderRequest, decision: Decision) -> OrderRequest:
        """Return what the broker is told: the quantity that may go, and the bracket only where it keeps brackets."""
        if decision.quantity is not None:
            leg = msgspec.structs.replace(request.legs[0], quantity=decision.quantity)
            request = msgspec.structs.replace(request, legs=(leg, *request.legs[1:]))
        broker = self._context.broker_of(request.account)
        if request.bracket is not None and broker is not None and not broker.capabilities.keeps(request.bracket):
            request = msgspec.structs.replace(request, bracket=None)
        if request.order_type is OrderType.STOP and request.trail is not None:
            # The desk moves this stop itself; to the broker it is a plain one.
            request = msgspec.structs.replace(request, trail=None)
        return request

    async def _place(self, request: OrderRequest) -> None:
        context, order_id = self._context, request.order_id
        broker = context.broker_of(request.account)
        if broker is None:
            context.ledger.write(ev.OrderNotSent(order_id=order_id, why="no connection carries this account"))
            return
        try:
            async with asyncio.timeout(context.config.place_timeout):
                report = await broker.place(request)
        except NotSent as error:
            context.ledger.write(ev.OrderNotSent(order_id=order_id, why=str(error)))
        except Rejected as error:
            if error.code == DUPLICATE_ID:
                self._lost(order_id, f"the broker already has this id: {error}")
            else:
                context.ledger.write(ev.OrderRefused(order_id=order_id, why=str(error), code=error.code))
        except asyncio.CancelledError:
            self._lost(order_id, _ENDED)
            raise
        except (OutcomeUnknown, TimeoutError) as error:
            self._lost(order_id, str(error) or f"no answer in {context.config.place_timeout:g} s")
        except Exception as error:  # a fault of a connector must not turn into a wrong verdict
            _LOG.exception("placing %s failed in the connector", order_id)
            self._lost(order_id, f"the connector failed: {type(error).__name__}")
        else:
            self._reports.take(report)

    def _lost(self, order_id: str, why: str) -> None:
        order = self._context.state.orders[order_id]
        if order.state is OrderState.SENT:
            self._context.ledger.write(ev.OrderLost(order_id=order_id, why=why))
            self._resolver.resolve(order_id)

    async def replace(self, order_id: str, change: OrderChange) -> str:
        """Change a working order; returns a sentence where it was refused, else an empty text."""
        context, order = self._context, self._context.state.orders[order_id]
        broker = context.broker_of(order.request.account)
        if broker is None or not order.broker_order_id or order.state.is_terminal:
            return f"{order_id} is {order.state}, it can't be changed"
        await context.ledger.write(ev.ReplaceRequested(order_id=order_id, change=change)).settled()
        try:
            async with asyncio.timeout(context.config.place_timeout):
                report = await broker.replace(order.request.account, order.broker_order_id, change)
        except (Rejected, NotSent) as error:
            context.ledger.write(ev.ReplaceRefused(order_id=order_id, why=str(error)))
            return str(error)
        except (OutcomeUnknown, TimeoutError) as error:
            await self._ask(order)
            return f"the broker did not answer the change: {error}; the order was asked for"
        self._reports.take(report)
        return ""

    async def cancel(self, order_id: str, why: str = "") -> None:
        """Ask for a cancel; the proof is the order's state. A refused cancel is a question, never a repeat."""
        context, order = self._context, self._context.state.orders[order_id]
        broker = context.broker_of(order.request.account)
        if order.state.is_terminal or broker is None:
            return
        if not order.broker_order_id:
            await self._ask(order)
        if not order.broker_order_id or order.state.is_terminal:
            return
        context.crash_point("cancel.before_commit")
        await context.ledger.write(ev.CancelRequested(order_id=order_id, why=why)).settled()
        context.crash_point("cancel.after_commit")
        try:
            async with asyncio.timeout(context.config.place_timeout):
                await broker.cancel(order.request.account, order.broker_order_id)
        except Rejected as error:
            context.ledger.write(ev.CancelRefused(order_id=order_id, why=str(error)))
            await self._ask(order)
        except (NotSent, OutcomeUnknown, TimeoutError):
            await self._ask(order)

    async def _ask(self, order: Order) -> None:
        """Ask the broker what an order is now; no answer changes nothing."""
        broker = self._context.broker_of(order.request.account)
        if broker is None:
            return
        try:
            async with asyncio.timeout(self._context.config.place_timeout):
                report = await broker.find(order.request.account, order.order_id)
        except (Unavailable, TimeoutError):
            return
        if report is not None:
            self._reports.take(report)

    async def cancel_and_prove(self, order_ids: Iterable[str], why: str) -> bool:
        """Cancel several orders at once and return whether all are proven gone within the configured time."""
        context = self._context
        wanted = list(order_ids)
        for order_id in wanted:
            self._start_cancel(order_id, why)

        def gone() -> bool:
            return all(self._is_gone(order_id) for order_id in wanted)

        return await context.wait_for(gone, context.config.cancel_proof_timeout)

    def _start_cancel(self, order_id: str, why: str) -> None:
        """Cancel in a task of its own, so that a broker that hangs holds no other cancel up."""
        if order_id not in self._canceling and not self._context.state.orders[order_id].pending_cancel:
            self._canceling.add(order_id)
            self._context.start(f"cancel {order_id}", lambda: self._cancel_surely(order_id, why))

    async def _cancel_surely(self, order_id: str, why: str) -> None:
        """Cancel, also where the broker's name of the order comes a moment later."""
        order = self._context.state.orders[order_id]
        try:
            nameless = not order.broker_order_id
            await self.cancel(order_id, why)
            if nameless and not order.pending_cancel and not order.state.is_terminal:
                await self._context.wait_for(
                    lambda: bool(order.broker_order_id) or order.state.is_terminal,
                    self._context.config.cancel_proof_timeout,
                )
                await self.cancel(order_id, why)
        finally:
            self._canceling.discard(order_id)

    def _is_gone(self, order_id: str) -> bool:
        order = self._context.state.orders.get(order_id)
        return order is None or (order.state.is_terminal and order.remaining == Decimal(0))
