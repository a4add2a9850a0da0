"""Whatever is sent in whatever market: money, positions and brackets of the paper venue stay consistent."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.brokers.paper.support import ES, LISTED, MES, Hours, counted_ids
from tt_tui.brokers.paper.engine import MatchingEngine
from tt_tui.brokers.paper.orders import Event, PaperOrder
from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.brokers.paper.store import PaperStore
from tt_tui.domain.errors import Rejected
from tt_tui.domain.market import Quote
from tt_tui.domain.order import (
    Bracket,
    Distance,
    Fill,
    Leg,
    OrderChange,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Role,
    Side,
    TimeInForce,
    may_move,
)

TICK = Decimal("0.25")
START = Decimal(100_000)
SYMBOLS = (ES.symbol, MES.symbol)
ACCOUNTS = ("main", "second")
levels = st.integers(min_value=396, max_value=404)
sizes = st.none() | st.integers(min_value=0, max_value=4)
distances = st.none() | st.integers(min_value=1, max_value=8)
near = st.integers(min_value=1, max_value=4)
sides = st.sampled_from(Side)
# Mostly one account and one contract, so that orders meet each other.
symbols = st.sampled_from((ES.symbol, ES.symbol, ES.symbol, MES.symbol))
accounts = st.sampled_from(("main", "main", "main", "second"))
quantities = st.integers(min_value=1, max_value=6)


def price_of(level: int) -> Decimal:
    return level * TICK


def ticks(count: int | None) -> Distance | None:
    return None if count is None else Distance(kind="ticks", value=Decimal(count))


class PaperVenue(RuleBasedStateMachine):
    """Two accounts, two contracts, every verb; the file is read back after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = PaperStore(self.folder / "paper.sqlite")
        self.store.open()
        self.settings = PaperSettings(commission=Decimal("2.05"), slippage_ticks=1)
        self.new_id = counted_ids()
        self.ours = counted_ids("OUR")
        self.hours = Hours()
        self.engine = self.make()
        self.now = 0
        self.fills: list[Fill] = []
        self.last: dict[str, OrderReport] = {}
        self.resized: set[str] = set()

    def make(self) -> MatchingEngine:
        return MatchingEngine(
            instrument=LISTED.get,
            sessions=self.hours,
            new_id=self.new_id,
            settings=self.settings,
            was_used=self.store.was_used,
        )

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @initialize()
    def open_accounts(self) -> None:
        for name in ACCOUNTS:
            self.take(self.engine.open_account(name, START, self.tick()))

    def tick(self) -> int:
        self.now += 1
        return self.now

    def take(self, events: object) -> None:
        assert isinstance(events, list | tuple)
        for event in events:
            self.hear(event)
        changes = self.engine.take_changes()
        if changes is not None:
            self.store.save(changes, self.now)

    def hear(self, event: Event) -> None:
        if isinstance(event, Fill):
            assert event.quantity > 0
            self.fills.append(event)
        elif isinstance(event, OrderReport):
            before = self.last.get(event.broker_order_id)
            if before is not None:
                assert event.version == before.version + 1
                assert event.state is before.state or may_move(before.state, event.state)
                assert event.filled >= before.filled
            self.last[event.broker_order_id] = event

    def open_orders(self) -> list[PaperOrder]:
        return self.engine.open_orders()

    @rule(
        symbol=symbols,
        bid=levels,
        spread=st.integers(min_value=1, max_value=4),
        last=st.none() | levels,
        bid_size=sizes,
        ask_size=sizes,
        missing=st.sampled_from(["", "", "", "", "bid", "ask"]),
    )
    def quote(
        self,
        symbol: str,
        bid: int,
        spread: int,
        last: int | None,
        bid_size: int | None,
        ask_size: int | None,
        missing: str,
    ) -> None:
        one = Quote(
            symbol=symbol,
            bid=None if missing == "bid" else price_of(bid),
            ask=None if missing == "ask" else price_of(bid + spread),
            last=None if last is None else price_of(last),
            bid_size=None if bid_size is None else Decimal(bid_size),
            ask_size=None if ask_size is None else Decimal(ask_size),
        )
        count = len(self.fills)
        self.take(self.engine.on_quote(one, self.tick()))
        new = self.fills[count:]
        for side, size in ((Side.BUY, one.ask_size), (Side.SELL, one.bid_size)):
            traded = sum(fill.quantity for fill in new if fill.side is side)
            assert size is None or traded <= size

    @rule(
        account=accounts,
        symbol=symbols,
        side=sides,
        quantity=quantities,
        kind=st.sampled_from(OrderType),
        level=levels,
        further=st.integers(min_value=0, max_value=8),
        tif=st.sampled_from(TimeInForce),
        group=st.sampled_from(["", "", "A", "B"]),
        stop=distances,
        profit=distances,
        trail=distances,
        even=distances,
    )
    def place(
        self,
        account: str,
        symbol: str,
        side: Side,
        quantity: int,
        kind: OrderType,
        level: int,
        further: int,
        tif: TimeInForce,
        group: str,
        stop: int | None,
        profit: int | None,
        trail: int | None,
        even: int | None,
    ) -> None:
        has_bracket = stop is not None or profit is not None or trail is not None
        limit = level + further * side.sign if kind is OrderType.STOP_LIMIT else level
        request = OrderRequest(
            order_id=self.ours("E"),
            account=account,
            legs=(Leg(symbol=symbol, side=side, quantity=Decimal(quantity)),),
            order_type=kind,
            limit_price=price_of(limit) if kind in (OrderType.LIMIT, OrderType.STOP_LIMIT) else None,
            stop_price=price_of(level) if kind in (OrderType.STOP, OrderType.STOP_LIMIT) else None,
            trail=price_of(further + 1) if kind is OrderType.TRAILING_STOP else None,
            time_in_force=tif,
            oco_group=group,
            bracket=Bracket(
                stop=ticks(stop),
                target=ticks(profit),
                trail=ticks(trail),
                break_even=ticks(even),
                stop_id=self.ours("S"),
                target_id=self.ours("T"),
            )
            if has_bracket
            else None,
        )
        self.take(self.engine.place(request, self.tick()))
        found = self.engine.find(account, request.order_id)
        assert found is not None
        if tif in (TimeInForce.IOC, TimeInForce.FOK):
            assert not found.is_open
        if tif is TimeInForce.FOK:
            assert found.filled in (0, quantity)

    @rule(account=accounts, side=sides, quantity=quantities, stop=near, profit=near, even=distances)
    def enter(self, account: str, side: Side, quantity: int, stop: int, profit: int, even: int | None) -> None:
        """Enter at market with a full bracket near by, which the next quotes will reach."""
        bracket = Bracket(stop=ticks(stop), target=ticks(profit), break_even=ticks(even))
        leg = Leg(symbol=ES.symbol, side=side, quantity=Decimal(quantity))
        request = OrderRequest(order_id=self.ours("E"), account=account, legs=(leg,), bracket=bracket)
        self.take(self.engine.place(request, self.tick()))

    @precondition(lambda self: self.open_orders())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.open_orders()))
        self.take(self.engine.cancel(order.account, order.broker_id, self.tick()))
        assert order.state is OrderState.CANCELED

    @precondition(lambda self: self.open_orders())
    @rule(data=st.data(), quantity=st.none() | quantities, level=st.none() | levels)
    def replace(self, data: st.DataObject, quantity: int | None, level: int | None) -> None:
        order = data.draw(st.sampled_from(self.open_orders()))
        price = None if level is None else price_of(level)
        change = OrderChange(
            quantity=None if quantity is None else Decimal(quantity),
            limit_price=price if order.order_type is OrderType.LIMIT else None,
            stop_price=price if order.is_stop else None,
        )
        before = order.report()
        try:
            self.take(self.engine.replace(order.account, order.broker_id, change, self.tick()))
        except Rejected:
            assert order.report() == before
            assert self.engine.take_changes() is None
        else:
            if quantity is not None and order.parent_id:
                self.resized.add(order.parent_id)

    @rule(account=accounts, symbol=symbols)
    def flatten(self, account: str, symbol: str) -> None:
        self.take(self.engine.flatten(account, symbol, self.tick()))
        left = self.engine.open_orders(account, symbol)
        assert len(left) <= 1
        held = self.held(account, symbol)
        assert sum((order.remaining * order.side.sign for order in left), Decimal(0)) == -held

    @rule()
    def end_session(self) -> None:
        self.take(self.engine.on_session_end(ES.group, self.tick()))
        assert all(order.time_in_force is not TimeInForce.DAY for order in self.open_orders())

    @rule()
    def restart(self) -> None:
        """Go on with an engine that was read from the file; the next quote sets both right."""
        engine = self.make()
        engine.restore(self.store.load(self.settings.history))
        self.engine = engine

    def held(self, account: str, symbol: str) -> Decimal:
        for position in self.engine.positions(account):
            if position.symbol == symbol:
                return position.quantity
        return Decimal(0)

    @invariant()
    def the_file_equals_the_engine(self) -> None:
        assert self.store.load(self.settings.history) == self.engine.state()

    @invariant()
    def positions_are_the_sum_of_fills(self) -> None:
        sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for fill in self.fills:
            sums[fill.account, fill.symbol] += fill.quantity * fill.side.sign
        for account in ACCOUNTS:
            for symbol in SYMBOLS:
                assert self.held(account, symbol) == sums[account, symbol]

    @invariant()
    def money_adds_up(self) -> None:
        """Cash is start + realised - fees, and realised is what the fills paid and cost, less what is held."""
        for account in self.engine.accounts:
            positions = self.engine.positions(account.name)
            realised = sum((position.realised for position in positions), Decimal(0))
            own = [fill for fill in self.fills if fill.account == account.name]
            assert account.cash == START + realised - sum((fill.fee for fill in own), Decimal(0))
            for position in positions:
                contract = LISTED[position.symbol]
                paid = sum(
                    (-fill.side.sign * fill.price * fill.quantity for fill in own if fill.symbol == contract.symbol),
                    Decimal(0),
                )
                value = position.cost if position.quantity > 0 else -position.cost
                assert abs((paid + value) * contract.point_value - position.realised) < Decimal("1e-6")

    @invariant()
    def no_order_fills_more_than_it_asked_for(self) -> None:
        filled: defaultdict[str, Decimal] = defaultdict(Decimal)
        for fill in self.fills:
            filled[fill.broker_order_id] += fill.quantity
        for broker_id, report in self.last.items():
            assert report.filled == filled[broker_id] <= report.quantity
            assert (report.state is OrderState.FILLED) == (report.filled == report.quantity)

    @invariant()
    def protection_is_for_what_its_entry_opened(self) -> None:
        families: defaultdict[str, list[OrderReport]] = defaultdict(list)
        for report in self.last.values():
            if report.role in (Role.STOP, Role.TARGET):
                families[report.parent_broker_id].append(report)
        for parent_id, children in families.items():
            parent = self.last[parent_id]
            exited = sum((child.filled for child in children), Decimal(0))
            held_back = [child for child in children if child.state is OrderState.HELD]
            assert not (held_back and parent.filled)
            assert not (held_back and parent.state.is_terminal)
            if parent_id in self.resized:
                continue
            assert exited <= parent.filled
            if exited and exited == parent.filled:
                assert parent.state.is_terminal
            for child in children:
                if child.state in (OrderState.WORKING, OrderState.PARTIAL):
                    assert child.quantity - child.filled == parent.filled - exited > 0

    @invariant()
    def groups_never_open_twice(self) -> None:
        for order in self.open_orders():
            if order.oco_group and order.state is not OrderState.HELD:
                assert order.remaining > 0


TestPaperVenue = PaperVenue.TestCase
TestPaperVenue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
