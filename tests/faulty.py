"""A broker that fails on purpose, around the real paper broker: what it accepts is really at the venue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from tt_tui.desk.ports import Broker, BrokerCapabilities, Report, Snapshot, VenueClock
from tt_tui.domain.account import Account
from tt_tui.domain.errors import NotSent, OutcomeUnknown, Rejected, Unavailable
from tt_tui.domain.order import Fill, OrderChange, OrderReport, OrderRequest


class FaultyBroker:
    """Passes calls on, unless a fault is set.

    ``place``: ``not_sent``, ``reject``, ``lost`` (never arrives, no answer), ``drop_reply`` (arrives, no answer),
    ``hang`` (arrives, the answer never comes).
    """

    def __init__(self, inner: Broker) -> None:
        self.inner = inner
        self.place_fault = ""
        self.hide = False
        """Queries and the stream do not show orders."""
        self.deaf = False
        """Queries can't be asked."""
        self.mute_fills = False
        """The stream loses fills; queries show them."""
        self.refuse_cancels = False
        self.placed: list[OrderRequest] = []

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def capabilities(self) -> BrokerCapabilities:
        return self.inner.capabilities

    @property
    def venue(self) -> VenueClock:
        return self.inner.venue

    @property
    def skew(self) -> int | None:
        return self.inner.skew

    async def connect(self) -> None:
        await self.inner.connect()

    async def close(self) -> None:
        await self.inner.close()

    async def accounts(self) -> tuple[Account, ...]:
        return await self.inner.accounts()

    async def snapshot(self, account: str, since: int) -> Snapshot:
        if self.deaf:
            raise Unavailable("the broker can't be asked")
        seen = await self.inner.snapshot(account, since)
        if self.hide:
            return Snapshot(account=account, balance=seen.balance, positions=(), orders=(), fills=())
        return seen

    async def place(self, order: OrderRequest) -> OrderReport:
        self.placed.append(order)
        match self.place_fault:
            case "not_sent":
                raise NotSent("connection refused")
            case "reject":
                raise Rejected("the venue says no", "NO")
            case "lost":
                raise OutcomeUnknown("the connection broke")
        report = await self.inner.place(order)
        match self.place_fault:
            case "drop_reply":
                raise OutcomeUnknown("the reply was lost")
            case "hang":
                await asyncio.Event().wait()
        return report

    async def replace(self, account: str, broker_order_id: str, change: OrderChange) -> OrderReport:
        return await self.inner.replace(account, broker_order_id, change)

    async def cancel(self, account: str, broker_order_id: str) -> None:
        if self.refuse_cancels:
            raise Rejected("too late to cancel")
        await self.inner.cancel(account, broker_order_id)

    async def find(self, account: str, order_id: str) -> OrderReport | None:
        if self.deaf:
            raise Unavailable("the broker can't be asked")
        return None if self.hide else await self.inner.find(account, order_id)

    async def flatten(self, account: str, symbol: str) -> None:
        await self.inner.flatten(account, symbol)

    async def reports(self) -> AsyncIterator[Report]:
        async for report in self.inner.reports():
            if self.hide and isinstance(report, OrderReport | Fill):
                continue
            if self.mute_fills and isinstance(report, Fill):
                continue
            yield report


def faulty(rig: Any) -> FaultyBroker:
    """Return the rig's broker as the faulty one it was opened with."""
    broker = rig.desk.context.brokers["paper"]
    assert isinstance(broker, FaultyBroker)
    return broker
