"""A seeded desk under random alerts, quotes, restarts and a broker that fails: what must hold when it is over."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from tests.chaos import ChaosBroker
from tests.memory_journal import MemoryJournal
from tests.rig import SENDER, FakeClock, Rig, desk_rig, plain
from tt_tui.brokers.paper.skin import EVERYTHING
from tt_tui.desk.config import AccountRoute
from tt_tui.desk.ledger import restore
from tt_tui.domain.account import KillLevel
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Bracket, Distance, OrderState, OrderType, Origin, Role

BATCHES, SEEDS_EACH = 20, 10
ACCOUNTS = ("main-1", "main-2")
BY_HAND = msgspec.structs.replace(EVERYTHING, native_brackets=False, native_oco=False, native_trailing=False)
NO_TRAIL = msgspec.structs.replace(EVERYTHING, native_trailing=False)
BRACKETS = (
    None,
    Bracket(stop=Distance(kind="ticks", value=Decimal(8))),
    Bracket(stop=Distance(kind="ticks", value=Decimal(8)), target=Distance(kind="ticks", value=Decimal(8))),
    Bracket(trail=Distance(kind="ticks", value=Decimal(6)), target=Distance(kind="ticks", value=Decimal(12))),
)


class Simulation:
    """One seed: what is asked, what the market does, and what must hold."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.random = Random(seed)
        self.clock = FakeClock()
        self.memory = MemoryJournal()
        self.can = self.random.choice((EVERYTHING, BY_HAND, NO_TRAIL))
        self.rate = self.random.choice((0.0, 0.02, 0.08, 0.2))
        self.price = Decimal(5000)
        self.brokers: list[ChaosBroker] = []
        self.largest = Decimal(0)

    async def run(self) -> None:
        for _ in range(self.random.choice((1, 1, 2))):
            async with self.rig() as rig:
                for _ in range(self.random.randint(4, 14)):
                    await self.step(rig)
                self.check_always(rig)
        async with self.rig(0.0) as rig:
            await self.calm(rig)
            self.check_end(rig)

    def rig(self, rate: float | None = None) -> Any:
        def wrap(inner: Any) -> Any:
            self.brokers.append(ChaosBroker(inner, self.random, self.clock, self.rate if rate is None else rate))
            return self.brokers[-1]

        routes = {"main": tuple(AccountRoute(account=name, reverse=name == "main-2") for name in ACCOUNTS)}
        return desk_rig(
            self.folder,
            clock=self.clock,
            memory=self.memory,
            routes=routes,
            capabilities=self.can,
            wrap=wrap,
            quotes=False,
            entries_per_minute=1000,
            entries_per_day=1000,
        )

    async def step(self, rig: Rig) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.quote(rig)
            await rig.clock.advance(self.random.choice((0.1, 0.5, 1.0, 3.0)), step=0.5)
        for _ in range(self.random.choice((0, 1, 1, 2, 3))):
            await rig.desk.take_alert(SENDER, "body", self.wish(), rig.ids.new("KEY"), 60)
        if self.random.random() < 0.05:
            rig.tasks.start(rig.ids.new("FLT"), lambda: self.flat(rig))
        if self.random.random() < 0.03:
            level = self.random.choice(list(KillLevel)[1:])
            rig.tasks.start(rig.ids.new("KIL"), lambda: self.kill(rig, level))
        self.note(rig)

    async def flat(self, rig: Rig) -> None:
        await rig.desk.submit(Instruction(action=Action.FLATTEN, everything=True, origin=Origin.PERSON))

    async def kill(self, rig: Rig, level: KillLevel) -> None:
        await rig.desk.kill(level, "", "simulated")
        await rig.clock.sleep(5)
        await rig.desk.clear_kill("")

    def quote(self, rig: Rig) -> None:
        self.price += Decimal(self.random.randint(-8, 8)) / 4
        size = str(self.random.choice((1, 2, 500)))
        rig.quote("ES", str(self.price), str(self.price + Decimal("0.25")), size)

    def wish(self) -> Instruction:
        draw = self.random
        action = draw.choice(
            (Action.BUY, Action.BUY, Action.SELL, Action.SELL, Action.CLOSE, Action.REVERSE, Action.CANCEL)
        )
        fields: dict[str, Any] = {}
        if action in (Action.BUY, Action.SELL):
            fields["quantity"] = Decimal(draw.randint(1, 3))
            fields["bracket"] = draw.choice(BRACKETS)
            if draw.random() < 0.4:
                away = Decimal(draw.randint(-2, 6)) / 4 * (1 if action is Action.SELL else -1)
                fields |= {"order_type": OrderType.LIMIT, "limit_price": self.price + away}
            elif draw.random() < 0.4:
                fields["position_after"] = draw.choice(("long", "short", "flat"))
                fields["target_size"] = Decimal(0 if fields["position_after"] == "flat" else draw.randint(1, 3))
            if draw.random() < 0.1:
                fields["cancel_after"] = 3
        elif action is Action.CLOSE and draw.random() < 0.4:
            fields["quantity"] = Decimal(1)
        return Instruction(action=action, symbol="ES", fired_at=self.clock.now(), **fields)

    async def calm(self, rig: Rig) -> None:
        """No more wishes or faults: time passes and the market stands still."""
        for _ in range(45):
            rig.quote("ES", str(self.price), str(self.price + Decimal("0.25")))
            await rig.clock.advance(2.0, step=0.5)

    def note(self, rig: Rig) -> None:
        if self.venue() is None:
            return
        for name in ACCOUNTS:
            held = sum((abs(row.quantity) for row in self.venue().positions(name)), Decimal(0))
            self.largest = max(self.largest, held)

    def venue(self) -> Any:
        return self.brokers[-1].inner._engine

    def check_always(self, rig: Rig) -> None:
        assert self.largest <= 20
        for broker in self.brokers:
            assert all(count == 1 for count in broker.sent.values()), "an id left twice"

    def check_end(self, rig: Rig) -> None:
        self.check_always(rig)
        sent: set[str] = set()
        for broker in self.brokers:
            assert not sent & set(broker.sent), "an order was sent again after a restart"
            sent |= set(broker.sent)
        state = rig.state
        waiting = [row.alert.alert_id for row in state.alerts.values() if row.status is AlertStatus.RECEIVED]
        assert not waiting
        for name in ACCOUNTS:
            theirs = {row.symbol: row.quantity for row in self.venue().positions(name) if row.quantity}
            ours = {
                row.symbol: row.quantity for row in state.positions.values() if row.account == name and row.quantity
            }
            assert ours == theirs
            open_there = {order.broker_id for order in self.venue().open_orders(name)}
            assert {order.broker_order_id for order in state.live_orders(name)} == open_there
            assert not [order for order in state.live_orders(name) if order.state is OrderState.UNKNOWN]
            self.check_protection(rig, name, theirs.get("ESZ6", Decimal(0)))
        again = restore(None, self.memory.tail(0))
        assert plain(again) == plain(state), "the state is the fold of the journal"

    def check_protection(self, rig: Rig, account: str, held: Decimal) -> None:
        exits = [
            order
            for order in self.venue().open_orders(account)
            if order.is_stop and order.role is Role.STOP and order.state is not OrderState.HELD
        ]
        assert sum((order.remaining for order in exits), Decimal(0)) <= abs(held)
        assert all((order.side.sign > 0) != (held > 0) for order in exits)
        if held:
            assert rig.desk.protection.uncovered(account, "ESZ6") == 0


@contextmanager
def no_crashed_task(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        yield
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize("batch", range(BATCHES))
async def test_when_it_is_over_our_books_are_the_venues(
    tmp_path: Path, batch: int, caplog: pytest.LogCaptureFixture
) -> None:
    for seed in range(batch * SEEDS_EACH, (batch + 1) * SEEDS_EACH):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            with no_crashed_task(caplog):
                await Simulation(folder, seed).run()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
