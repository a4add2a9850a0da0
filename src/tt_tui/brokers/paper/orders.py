"""The paper venue's own record of its orders, and the index that the matching engine walks."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

import msgspec

from tt_tui.domain.account import Balance
from tt_tui.domain.order import (
    Bracket,
    Fill,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Role,
    Side,
    TimeInForce,
)

_ZERO = Decimal(0)

Event = OrderReport | Fill | Balance
"""What a call of the engine makes known, in the order in which it happened."""

MATCHABLE = frozenset({OrderState.WORKING, OrderState.PARTIAL})
OPEN = MATCHABLE | {OrderState.HELD}


class PaperOrder(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One order as the venue holds it. Changed by the engine only."""

    broker_id: str
    sequence: int
    """Rank of arrival; earlier orders fill first."""
    account: str
    symbol: str
    side: Side
    quantity: Decimal
    """Total quantity, filled part included."""
    order_type: OrderType
    state: OrderState
    order_id: str = ""
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    role: Role = Role.ENTRY
    parent_id: str = ""
    """Broker id of the order whose position this one protects."""
    stop_child: str = ""
    target_child: str = ""
    oco_group: str = ""
    bracket: Bracket | None = None
    filled: Decimal = _ZERO
    cost: Decimal = _ZERO
    """Sum of price times quantity over the fills."""
    triggered: bool = False
    """A stop that was elected and is now a market or limit order."""
    resting: bool = False
    """The order has stood against a market that did not reach its limit."""
    best: Decimal | None = None
    """Best price that a trailing stop has seen."""
    break_even_at: Decimal | None = None
    """Price at which the stop moves to the entry; None when there is none or it has moved."""
    entry: Decimal | None = None
    """Entry price of the protected position, on the grid, on the side that loses nothing."""
    reason: str = ""
    code: str = ""
    created: int = 0
    updated: int = 0
    version: int = 0

    @property
    def remaining(self) -> Decimal:
        """Return what is not filled."""
        return self.quantity - self.filled

    @property
    def is_open(self) -> bool:
        """Return True while the order may still fill."""
        return self.state in OPEN

    @property
    def is_stop(self) -> bool:
        """Return True for an order that waits for its stop price."""
        return not self.triggered and self.order_type in _STOPS

    @property
    def effective_limit(self) -> Decimal | None:
        """Return the worst price that the order takes, None for any price."""
        return self.limit_price if self.order_type in _LIMITS else None

    def report(self) -> OrderReport:
        """Return what the venue says of the order now."""
        return OrderReport(
            account=self.account,
            broker_order_id=self.broker_id,
            state=self.state,
            order_id=self.order_id,
            symbol=self.symbol,
            side=self.side,
            quantity=self.quantity,
            filled=self.filled,
            order_type=self.order_type,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            trail=self.trail,
            time_in_force=self.time_in_force,
            role=self.role,
            parent_broker_id=self.parent_id,
            oco_group=self.oco_group,
            reason=self.reason,
            ts_event=self.updated,
            version=self.version,
        )


def order_of(request: OrderRequest, broker_id: str, sequence: int) -> PaperOrder:
    """Return the venue's record of a request that has just come in, as a working order."""
    return PaperOrder(
        broker_id=broker_id,
        sequence=sequence,
        account=request.account,
        symbol=request.symbol,
        side=request.side,
        quantity=request.quantity,
        order_type=request.order_type,
        state=OrderState.WORKING,
        order_id=request.order_id,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        trail=request.trail,
        time_in_force=request.time_in_force,
        role=request.role,
        oco_group=request.oco_group,
        bracket=request.bracket,
    )


_STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
_LIMITS = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})


class OrderIndex:
    """All orders in memory, by every key that the engine asks for, and what changed since it was last asked."""

    def __init__(self, history: int) -> None:
        self.by_id: dict[str, PaperOrder] = {}
        self.matchable: dict[str, dict[str, PaperOrder]] = {}
        """Orders that the next quote may fill, by symbol; a symbol without any is absent."""
        self.outbox: list[Event] = []
        self.changed: dict[str, PaperOrder] = {}
        self._by_client: dict[tuple[str, str], str] = {}
        self._open: dict[str, PaperOrder] = {}
        self._finished: deque[str] = deque()
        self._history = history
        self._sequence = 0

    def next_sequence(self) -> int:
        """Return the rank of the next order to arrive."""
        self._sequence += 1
        return self._sequence

    def restore(self, orders: list[PaperOrder]) -> None:
        """Take orders over from the store, without a report."""
        for order in sorted(orders, key=lambda order: order.sequence):
            self._sequence = max(self._sequence, order.sequence)
            self._enter(order)

    def add(self, order: PaperOrder, at: int) -> None:
        """Take a new order and report it."""
        order.created = at
        self._enter(order)
        self.report(order, at)

    def _enter(self, order: PaperOrder) -> None:
        self.by_id[order.broker_id] = order
        if order.order_id:
            self._by_client[order.account, order.order_id] = order.broker_id
        if order.is_open:
            self._open[order.broker_id] = order
        else:
            self._retire(order)
        if order.state in MATCHABLE:
            self.matchable.setdefault(order.symbol, {})[order.broker_id] = order

    def client(self, account: str, order_id: str) -> PaperOrder | None:
        """Return the order that the account placed under our id."""
        return self.by_id.get(self._by_client.get((account, order_id), ""))

    def open_orders(self, account: str | None = None, symbol: str | None = None) -> list[PaperOrder]:
        """Return the orders that may still fill, in order of arrival."""
        found = [
            order
            for order in self._open.values()
            if account in (None, order.account) and symbol in (None, order.symbol)
        ]
        return sorted(found, key=lambda order: order.sequence)

    def group(self, order: PaperOrder) -> list[PaperOrder]:
        """Return the open orders that one-cancels-other binds to this one."""
        if not order.oco_group:
            return []
        return [
            other
            for other in self.open_orders(order.account)
            if other.oco_group == order.oco_group and other is not order
        ]

    def children(self, parent: PaperOrder) -> list[PaperOrder]:
        """Return the open protective orders of an entry, the stop first."""
        found = (self.by_id.get(child) for child in (parent.stop_child, parent.target_child))
        return [child for child in found if child is not None and child.is_open]

    def touch(self, order: PaperOrder) -> None:
        """Note a change that is to be kept but not told."""
        self.changed[order.broker_id] = order

    def report(self, order: PaperOrder, at: int) -> None:
        """Tell the order as it is now."""
        order.version += 1
        order.updated = at
        self.changed[order.broker_id] = order
        self.outbox.append(order.report())

    def move(self, order: PaperOrder, state: OrderState, at: int, reason: str = "") -> None:
        """Give the order a new state and tell it."""
        order.state = state
        order.reason = reason
        matchable = self.matchable.get(order.symbol, {})
        if state in MATCHABLE:
            self.matchable.setdefault(order.symbol, matchable)[order.broker_id] = order
        elif matchable.pop(order.broker_id, None) is not None and not matchable:
            del self.matchable[order.symbol]
        if state not in OPEN:
            self._open.pop(order.broker_id, None)
            self._retire(order)
        self.report(order, at)

    def _retire(self, order: PaperOrder) -> None:
        self._finished.append(order.broker_id)
        for _ in range(len(self._finished) - self._history):
            oldest = self.by_id[self._finished.popleft()]
            if self.children(oldest):
                self._finished.append(oldest.broker_id)
                continue
            del self.by_id[oldest.broker_id]
            self._by_client.pop((oldest.account, oldest.order_id), None)
