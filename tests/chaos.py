"""A broker that is slow, forgetful and partly deaf, by a seeded plan, around the real paper broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random
from typing import Any

from tests.rig import FakeClock
from tt_tui.desk.ports import Broker, BrokerCapabilities, Report, Snapshot, VenueClock
from tt_tui.domain.account import Account
from tt_tui.domain.errors import NotSent, OutcomeUnknown, Rejected, Unavailable
from tt_tui.domain.order import Fill, OrderChange, OrderReport, OrderRequest

LATE_FILLS = 0.3
DELAYS = (0.0, 0.0, 0.0, 0.05, 0.3, 1.0)


class ChaosBroker:
    """Passes calls on late, or not at all; ``rate`` is the chance of each fault, 0 ends them.

    What it accepted is really at the venue, and a query that it answers it answers truly.
    """

    def __init__(self, inner: Broker, random: Random, clock: FakeClock, rate: float) -> None:
        self.inner: Any = inner
        self.rate = rate
        self.sent: Counter[str] = Counter()
        """How often each of our ids left."""
        self._random = random
        self._clock = clock

    @property
    def name(self) -> str:
        return str(self.inner.name)

    @property
    def capabilities(self) -> BrokerCapabilities:
        found: BrokerCapabilities = self.inner.capabilities
        return found

    @property
    def venue(self) -> VenueClock:
        found: VenueClock = self.inner.venue
        return found

    @property
    def skew(self) -> int | None:
        return 0

    async def connect(self) -> None:
        await self.inner.connect()

    async def close(self) -> None:
        await self.inner.close()

    async def accounts(self) -> tuple[Account, ...]:
        found: tuple[Account, ...] = await self.inner.accounts()
        return found

    async def snapshot(self, account: str, since: int) -> Snapshot:
        await self._question()
        found: Snapshot = await self.inner.snapshot(account, since)
        return found

    async def find(self, account: str, order_id: str) -> OrderReport | None:
        await self._question()
        found: OrderReport | None = await self.inner.find(account, order_id)
        return found

    async def place(self, order: OrderRequest) -> OrderReport:
        self.sent[order.order_id] += 1
        if self._happens():
            fault = self._random.choice(("not_sent", "reject", "lost"))
            if fault == "not_sent":
                raise NotSent("connection refused")
            if fault == "reject":
                raise Rejected("the venue says no", "NO")
            raise OutcomeUnknown("the connection broke")
        found: OrderReport = await self._command(lambda: self.inner.place(order))
        return found

    async def replace(self, account: str, broker_order_id: str, change: OrderChange) -> OrderReport:
        if self._happens():
            raise self._random.choice((Rejected("no change now"), NotSent("refused"), OutcomeUnknown("broke")))
        found: OrderReport = await self._command(lambda: self.inner.replace(account, broker_order_id, change))
        return found

    async def cancel(self, account: str, broker_order_id: str) -> None:
        if self._happens():
            raise self._random.choice((Rejected("too late"), NotSent("refused"), OutcomeUnknown("broke")))
        await self._command(lambda: self.inner.cancel(account, broker_order_id))

    async def flatten(self, account: str, symbol: str) -> None:
        if self._happens():
            raise OutcomeUnknown("the connection broke")
        await self._command(lambda: self.inner.flatten(account, symbol))

    async def reports(self) -> AsyncIterator[Report]:
        """Lose, repeat and reorder: a fill may come after any number of later words, or not at all."""
        late: list[Report] = []
        async for report in self.inner.reports():
            lost = isinstance(report, OrderReport | Fill) and self._happens()
            if isinstance(report, Fill) and self.rate and self._random.random() < LATE_FILLS:
                late.append(report)
                continue
            if not lost:
                yield report
            if self._happens():
                yield report
            if late and self._random.random() < LATE_FILLS:
                yield late.pop(0)

    def _happens(self) -> bool:
        return self._random.random() < self.rate

    async def _question(self) -> None:
        await self._wait()
        if self._happens():
            raise Unavailable("the broker can't be asked")

    async def _command(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Carry a command out, with a delay before or after, and at times lose the answer."""
        await self._wait()
        answer = await call()
        await self._wait()
        if self._happens():
            raise OutcomeUnknown("the reply was lost")
        return answer

    async def _wait(self) -> None:
        if self.rate:
            await self._clock.sleep(self._random.choice(DELAYS))
