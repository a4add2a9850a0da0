"""A small venue to test against: the ES and MES contracts, hours that a test sets, counted ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from itertools import count

from tt_tui.brokers.paper.engine import MatchingEngine
from tt_tui.brokers.paper.orders import Event, PaperOrder
from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.domain.account import Balance
from tt_tui.domain.instrument import equity, future
from tt_tui.domain.market import Quote
from tt_tui.domain.order import (
    Bracket,
    Distance,
    Fill,
    Leg,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Side,
)

ES = future("ES", 2026, 12)
MES = future("MES", 2026, 12)
SHARE = equity("AAPL")
LISTED = {item.symbol: item for item in (ES, MES, SHARE)}
START = Decimal(50_000)
BUY, SELL = Side.BUY, Side.SELL


class Hours:
    """Trading hours that a test opens and shuts; each trading day ends when the test says."""

    def __init__(self) -> None:
        self.open = True
        self.today = date(2026, 11, 23)
        self.turns: list[tuple[int, date]] = []
        """From when on it is which day; before the first it is `today`."""
        self.closes: dict[date, int] = {}

    def is_open(self, group: str, at: int) -> bool:
        return self.open

    def trade_date(self, group: str, at: int) -> date:
        return next((day for start, day in reversed(self.turns) if start <= at), self.today)

    def close_of(self, group: str, trade_date: date) -> int | None:
        return self.closes.get(trade_date)


def counted_ids(mark: str = "") -> Callable[[str], str]:
    numbers = count(1)
    return lambda prefix: f"{prefix}-{mark}{next(numbers)}"


def d(value: object) -> Decimal:
    return Decimal(str(value))


def price(value: object | None) -> Decimal | None:
    return None if value is None else d(value)


def quote(
    bid: object | None,
    ask: object | None,
    last: object | None = None,
    *,
    bid_size: object | None = None,
    ask_size: object | None = None,
    symbol: str = "ESZ6",
    at: int = 0,
) -> Quote:
    return Quote(
        symbol=symbol,
        bid=price(bid),
        ask=price(ask),
        last=price(last),
        bid_size=price(bid_size),
        ask_size=price(ask_size),
        ts_event=at,
        ts_recv=at,
    )


def seen(*values: object) -> tuple[object, ...]:
    """Return values of several types as one row to compare."""
    return values


_ids = count(1)


def request(
    side: Side,
    quantity: object = 1,
    kind: OrderType = OrderType.MARKET,
    *,
    limit: object | None = None,
    stop: object | None = None,
    trail: object | None = None,
    symbol: str = "ESZ6",
    account: str = "main",
    order_id: str | None = None,
    bracket: Bracket | None = None,
    **more: object,
) -> OrderRequest:
    return OrderRequest(
        order_id=f"OUR-{next(_ids)}" if order_id is None else order_id,
        account=account,
        legs=(Leg(symbol=symbol, side=side, quantity=d(quantity)),),
        order_type=kind,
        limit_price=price(limit),
        stop_price=price(stop),
        trail=price(trail),
        bracket=bracket,
        **more,  # type: ignore[arg-type]
    )


def ticks(value: int) -> Distance:
    return Distance(kind="ticks", value=Decimal(value))


def at_price(value: object) -> Distance:
    return Distance(kind="price", value=d(value))


class Venue:
    """A matching engine with one account, a clock that counts calls, and all events it ever gave."""

    def __init__(
        self,
        settings: PaperSettings | None = None,
        was_used: Callable[[str, str], bool] = lambda account, name: False,
    ) -> None:
        self.hours = Hours()
        self.engine = MatchingEngine(
            instrument=LISTED.get,
            sessions=self.hours,
            new_id=counted_ids(),
            settings=settings or PaperSettings(),
            was_used=was_used,
        )
        self.now = 0
        self.events: list[Event] = []
        self.take(self.engine.open_account("main", START, self.tick()))

    def tick(self) -> int:
        self.now += 1
        return self.now

    def take(self, events: Sequence[Event]) -> Sequence[Event]:
        self.events.extend(events)
        return events

    def quote(self, bid: object | None, ask: object | None, last: object | None = None, **more: object) -> None:
        self.take(self.engine.on_quote(quote(bid, ask, last, **more), self.tick()))  # type: ignore[arg-type]

    def place(self, order: OrderRequest) -> PaperOrder:
        first = self.take(self.engine.place(order, self.tick()))[0]
        assert isinstance(first, OrderReport)
        return self.order(first.broker_order_id)

    def cancel(self, order: PaperOrder) -> None:
        self.take(self.engine.cancel(order.account, order.broker_id, self.tick()))

    def order(self, broker_id: str) -> PaperOrder:
        found = self.engine.order(broker_id)
        assert found is not None
        return found

    def child(self, broker_id: str) -> PaperOrder:
        assert broker_id
        return self.order(broker_id)

    @property
    def fills(self) -> list[Fill]:
        return [event for event in self.events if isinstance(event, Fill)]

    @property
    def prices(self) -> list[tuple[object, ...]]:
        return [(fill.quantity, fill.price) for fill in self.fills]

    def states(self, order: PaperOrder) -> list[OrderState]:
        """Return each state the order went through, as reported."""
        seen: list[OrderState] = []
        for event in self.events:
            if isinstance(event, OrderReport) and event.broker_order_id == order.broker_id:
                seen += [event.state] if seen[-1:] != [event.state] else []
        return seen

    @property
    def cash(self) -> Decimal:
        return self.engine.accounts[0].cash

    @property
    def balances(self) -> list[Decimal]:
        return [event.cash for event in self.events if isinstance(event, Balance)]

    def held(self, symbol: str = "ESZ6", account: str = "main") -> Decimal:
        return sum((item.quantity for item in self.engine.positions(account) if item.symbol == symbol), Decimal(0))
