"""Resolver: finds out what became of orders whose outcome is unknown (order-lifecycle §5).

Answers are three-valued: found, proven absent, could not ask. An order is never sent again from here.
"""

from __future__ import annotations

import asyncio

from tt_tui.desk.context import DeskContext
from tt_tui.desk.reports import Reports
from tt_tui.domain import event as ev
from tt_tui.domain.account import ConnectionState
from tt_tui.domain.errors import Unavailable
from tt_tui.domain.order import OrderState

DELAYS = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each question; the last one repeats."""
PROOF_GAP = 10 * 1_000_000_000
"""Two answers of absence this far apart, from the order history, prove that it never arrived."""


class Resolver:
    """One task for each order of unknown outcome, until its fate is proven."""

    def __init__(self, context: DeskContext, reports: Reports) -> None:
        self._context = context
        self._reports = reports
        self._running: set[str] = set()

    def resolve(self, order_id: str) -> None:
        """Start to ask for an order; a second call for the same order does nothing."""
        if order_id not in self._running:
            self._running.add(order_id)
            self._context.start(f"resolve {order_id}", lambda: self._run(order_id))

    async def _run(self, order_id: str) -> None:
        try:
            await self._ask_until_known(order_id)
        finally:
            self._running.discard(order_id)

    async def _ask_until_known(self, order_id: str) -> None:
        context = self._context
        first_absent: int | None = None
        asked = 0
        while True:
            await context.clock.sleep(DELAYS[min(asked, len(DELAYS) - 1)])
            asked += 1
            order = context.state.orders.get(order_id)
            if order is None or order.state is not OrderState.UNKNOWN:
                return
            found = await self._is_absent(order_id)
            if found is None:
                first_absent = None
                continue
            if not found:
                return
            now = context.clock.monotonic()
            if first_absent is None:
                first_absent = now
            elif now - first_absent >= PROOF_GAP and await self._position_agrees(order_id):
                context.ledger.write(
                    ev.OrderNeverArrived(
                        order_id=order_id,
                        why="the broker's history was asked twice and does not have it; it was not sent again",
                    )
                )
                context.alarm(f"{order_id} never arrived at the broker", account=order.request.account)
                return

    async def _is_absent(self, order_id: str) -> bool | None:
        """Return True for an answer of absence, False when found, None when it could not be asked."""
        context = self._context
        order = context.state.orders[order_id]
        account = context.state.accounts.get(order.request.account)
        broker = context.broker_of(order.request.account)
        if broker is None or account is None:
            return None
        row = context.state.connections.get(account.account.connection)
        if row is None or row.state is ConnectionState.DOWN:
            return None
        try:
            async with asyncio.timeout(context.config.place_timeout):
                report = await broker.find(order.request.account, order_id)
                if report is None and order.broker_order_id:
                    # It has been there: the broker may know it by its own name alone.
                    seen = await broker.snapshot(order.request.account, order.request.created)
                    report = next((row for row in seen.orders if row.broker_order_id == order.broker_order_id), None)
        except (Unavailable, TimeoutError):
            return None
        if report is None:
            return True
        self._reports.take(report)
        return False

    async def _position_agrees(self, order_id: str) -> bool:
        """Return whether the account is explained without the order: no fill of it, the position as we have it."""
        context = self._context
        request = context.state.orders[order_id].request
        broker = context.broker_of(request.account)
        if broker is None:
            return False
        try:
            async with asyncio.timeout(context.config.place_timeout):
                seen = await broker.snapshot(request.account, request.created)
        except (Unavailable, TimeoutError):
            return False
        for fill in seen.fills:
            self._reports.take(fill)
        theirs = sum(row.quantity for row in seen.positions if row.symbol == request.symbol)
        ours = context.state.position(request.account, request.symbol).quantity
        return theirs == ours and not context.state.orders[order_id].filled
