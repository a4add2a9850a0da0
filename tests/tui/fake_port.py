"""A desk in memory for tests of the screen: a real state over events that the test writes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tt_tui.desk.port import Batch, DeskStatus, EventRow, Frame, LogLine, Outcome, Preview, PreviewLine
from tt_tui.desk.ports import QuoteView
from tt_tui.desk.state import State
from tt_tui.domain import event as ev
from tt_tui.domain.account import Account, AccountMode, ConnectionState, KillLevel
from tt_tui.domain.alert import AccountVerdict, Alert, AlertStatus, Sender
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.instrument import UnknownSymbol, product
from tt_tui.domain.market import Quote
from tt_tui.domain.order import (
    Fill,
    Leg,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Origin,
    Role,
    Side,
)

SECOND = 1_000_000_000
NOW = 1_795_012_200 * SECOND
"""A Wednesday in November 2026, 14:30:00 UTC, 08:30 in Chicago."""


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.wall = NOW
        self.mono = 0

    def now(self) -> int:
        """Return the wall time."""
        return self.wall

    def monotonic(self) -> int:
        """Return the steady time."""
        return self.mono

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.wall += int(seconds * SECOND)
        self.mono += int(seconds * SECOND)


_DONE = Outcome(ok=True, text="done")
_STATUS = DeskStatus(
    running=True,
    listener="127.0.0.1:8000",
    market="simulated",
    groups={"main": ("paper-main",), "topstep": ("topstep-1", "topstep-2")},
    watchlist=("ESZ6", "NQZ6", "CLF7", "ZNZ6", "GCG7"),
)


@dataclass
class FakePort:
    """Keeps what was asked for; answers are given at once unless ``holds`` is set."""

    clock: FakeClock = field(default_factory=FakeClock)
    rows: list[EventRow] = field(default_factory=list)
    state: State = field(default_factory=State)
    quotes: dict[str, QuoteView] = field(default_factory=dict)
    lines: list[LogLine] = field(default_factory=list)
    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    asked_frames: list[tuple[str, ...]] = field(default_factory=list)
    holds: bool = False
    open_futures: list[Future[Any]] = field(default_factory=list)
    previews: tuple[PreviewLine, ...] = ()
    outcome: Outcome = _DONE
    snapshot_first: bool = False
    broken: str = ""
    desk: DeskStatus = _STATUS

    # What tests do

    def write(self, *events: ev.AnyEvent) -> None:
        """Let something happen."""
        for event in events:
            seq = self.state.seq + 1
            self.rows.append(EventRow(seq=seq, wall=self.clock.now(), event=event))
            self.state.apply(seq, self.clock.now(), event)

    def quote(
        self, symbol: str, bid: str, ask: str, *, last: str = "", close: str = "", age: float = 0.2, stale: bool = False
    ) -> None:
        """Set a contract's quote."""
        quote = Quote(
            symbol=symbol,
            bid=Decimal(bid),
            ask=Decimal(ask),
            last=Decimal(last or bid),
            bid_size=Decimal(12),
            ask_size=Decimal(7),
            volume=Decimal(1_234_567),
            previous_close=Decimal(close) if close else None,
            source="simulated",
        )
        self.quotes[symbol] = QuoteView(quote=quote, age=int(age * SECOND), stale=stale)

    def log(self, text: str, level: str = "info", name: str = "tt_tui.desk") -> None:
        """Log a line."""
        number = len(self.lines) + 1
        self.lines.append(LogLine(number=number, wall=self.clock.now(), level=level, name=name, text=text))

    def asked(self, name: str) -> list[tuple[Any, ...]]:
        """Return the arguments of every call of that name."""
        return [arguments for called, arguments in self.calls if called == name]

    # The port

    def submit(self, instruction: Instruction) -> Future[Outcome]:
        """Take a wish."""
        return self._call("submit", instruction)

    def preview(self, instruction: Instruction) -> Future[Preview]:
        """Tell what a wish would do."""
        self.calls.append(("preview", (instruction,)))
        future: Future[Preview] = Future()
        if self.holds:
            self.open_futures.append(future)
        else:
            future.set_result(Preview(lines=self.previews, asks=True))
        return future

    def arm(self, account: str, *, stay: bool = False) -> Future[Outcome]:
        """Arm."""
        return self._call("arm", account, stay)

    def disarm(self, account: str) -> Future[Outcome]:
        """Disarm."""
        return self._call("disarm", account)

    def kill(self, level: KillLevel, account: str = "", why: str = "") -> Future[Outcome]:
        """Set the latch."""
        return self._call("kill", level, account)

    def clear_kill(self, account: str = "") -> Future[Outcome]:
        """Lift the latch."""
        return self._call("clear_kill", account)

    def confirm(self, order_id: str) -> Future[Outcome]:
        """Approve."""
        return self._call("confirm", order_id)

    def drop(self, order_id: str) -> Future[Outcome]:
        """Drop."""
        return self._call("drop", order_id)

    def enable_strategy(self, strategy: str) -> Future[Outcome]:
        """Enable."""
        return self._call("enable_strategy", strategy)

    def acknowledge(self, alarm_id: str) -> Future[Outcome]:
        """Acknowledge."""
        self.write(ev.AlarmAcknowledged(alarm_id=alarm_id))
        return self._call("acknowledge", alarm_id)

    def events(self, after: int, limit: int = 2_000) -> Batch:
        """Return events since a number, after a whole state where asked to."""
        if self.broken:
            raise RuntimeError(self.broken)
        if self.snapshot_first:
            self.snapshot_first = False
            return Batch(state=self.state.copy_bytes())
        return Batch(rows=tuple(row for row in self.rows if row.seq > after)[:limit])

    def frame(self, symbols: Sequence[str], depth: Sequence[str] = (), prints: Sequence[str] = ()) -> Frame:
        """Return the quotes asked for."""
        self.asked_frames.append(tuple(symbols))
        quotes = {symbol: self.quotes[symbol] for symbol in symbols if symbol in self.quotes}
        return Frame(quotes=quotes, venue_now=self.clock.now(), venue_label="SIM TIME")

    def watch(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Return the front contracts, all of December 2026."""
        found = []
        for symbol in symbols:
            if product(symbol.upper()) is not None:
                found.append(f"{symbol.upper()}Z6")
            elif symbol[-1:].isdigit():
                found.append(symbol)
            else:
                raise UnknownSymbol(f"{symbol!r} names no contract known here")
        return tuple(found)

    def logs(self, after: int, limit: int = 500) -> tuple[LogLine, ...]:
        """Return the log."""
        return tuple(line for line in self.lines if line.number > after)

    def hook_help(self) -> str:
        """Return the webhook's page."""
        return "Address\n  http://127.0.0.1:8000/webhook/tradingview/<token>\n\nTry it\n  curl -d '{...}' <address>"

    def status(self) -> DeskStatus:
        """Return what runs."""
        return self.desk

    def _call(self, name: str, *arguments: Any) -> Future[Outcome]:
        self.calls.append((name, arguments))
        future: Future[Outcome] = Future()
        if self.holds:
            self.open_futures.append(future)
        else:
            future.set_result(self.outcome)
        return future


# What happens, in the fewest words

POINT_VALUES = {"ESZ6": Decimal(50), "NQZ6": Decimal(20), "CLF7": Decimal(1000), "ZNZ6": Decimal(1000)}


def account(name: str, *, live: bool = False, start: int = 50_000) -> ev.AccountSeen:
    """An account is seen."""
    mode = AccountMode.LIVE if live else AccountMode.PAPER
    connection = "topstepx" if live else "paper"
    return ev.AccountSeen(
        account=Account(name=name, connection=connection, broker_id=name, mode=mode, start_balance=Decimal(start))
    )


def connected(name: str = "paper", state: ConnectionState = ConnectionState.READY) -> ev.ConnectionChanged:
    """A connection changes."""
    return ev.ConnectionChanged(connection=name, state=state)


def request(
    order_id: str,
    symbol: str,
    side: Side,
    quantity: int,
    *,
    account: str = "paper-main",
    stop: str = "",
    limit: str = "",
    role: Role = Role.ENTRY,
    alert_id: str = "",
    strategy: str = "",
) -> OrderRequest:
    """Return an order request."""
    kind = OrderType.STOP if stop else OrderType.LIMIT if limit else OrderType.MARKET
    return OrderRequest(
        order_id=order_id,
        account=account,
        legs=(Leg(symbol=symbol, side=side, quantity=Decimal(quantity)),),
        order_type=kind,
        stop_price=Decimal(stop) if stop else None,
        limit_price=Decimal(limit) if limit else None,
        role=role,
        alert_id=alert_id,
        strategy=strategy,
        origin=Origin.ALERT if alert_id else Origin.PERSON,
    )


def working(order: OrderRequest) -> tuple[ev.AnyEvent, ...]:
    """An order is intended, sent and works."""
    return (ev.OrderIntended(request=order), ev.OrderSent(order_id=order.order_id), reported(order, OrderState.WORKING))


def reported(order: OrderRequest, state: OrderState, reason: str = "") -> ev.OrderReported:
    """The broker speaks of an order."""
    report = OrderReport(
        account=order.account,
        broker_order_id=f"P{order.order_id[-3:]}",
        state=state,
        quantity=order.quantity,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        reason=reason,
    )
    return ev.OrderReported(order_id=order.order_id, report=report)


def filled(order: OrderRequest, price: str, quantity: int | None = None, fee: str = "2.10") -> ev.FillBooked:
    """An order fills."""
    fill = Fill(
        account=order.account,
        fill_id=f"F-{order.order_id}-{quantity or 0}",
        broker_order_id=f"P{order.order_id[-3:]}",
        symbol=order.symbol,
        side=order.side,
        quantity=Decimal(quantity) if quantity else order.quantity,
        price=Decimal(price),
        fee=Decimal(fee),
        ts_event=NOW,
    )
    point_value = POINT_VALUES.get(order.symbol, Decimal(50))
    return ev.FillBooked(fill=fill, point_value=point_value, order_id=order.order_id, strategy=order.strategy)


def alert(
    alert_id: str, action: Action, symbol: str, quantity: int, *, sender: str = "tv-main", at: int = NOW
) -> ev.AlertReceived:
    """An alert comes in."""
    instruction = Instruction(
        action=action,
        symbol=symbol,
        quantity=Decimal(quantity),
        strategy="test_strategy",
        origin=Origin.ALERT,
        dialect="json",
    )
    body = f'{{"symbol": "{symbol}", "action": "{action.value}", "quantity": {quantity}}}'
    return ev.AlertReceived(
        alert=Alert(
            alert_id=alert_id,
            received=at,
            sender=Sender(name=sender, profile="tv"),
            body=body,
            instruction=instruction,
            key=alert_id,
            key_expires=at,
        )
    )


def judged(alert_id: str, status: AlertStatus, text: str, *accounts: AccountVerdict) -> ev.AlertJudged:
    """An alert gets its verdict."""
    return ev.AlertJudged(alert_id=alert_id, status=status, text=text, accounts=accounts)


def day_of_trading(port: FakePort) -> None:
    """Write what a morning may bring: fills, a stop, refusals, an unknown order."""
    port.write(account("paper-main"), account("topstep-1", live=True), account("topstep-2", live=True))
    port.write(connected(), connected("topstepx", ConnectionState.DEGRADED))
    port.write(*_trade("A-1", "ORD-AA1", "ESZ6", Side.BUY, 2, "6712.25", stop="6702.25"))
    port.write(*_trade("A-2", "ORD-BB2", "NQZ6", Side.SELL, 1, "24810.50"))
    port.write(
        alert("A-3", Action.BUY, "CL1!", 5),
        judged(
            "A-3",
            AlertStatus.REFUSED,
            "5 contracts of CL are above the limit of 3 on paper-main",
            AccountVerdict(account="paper-main", status="refused", code="SIZE_LIMIT", text="5 > 3", contract="CLF7"),
        ),
    )
    unknown = request("ORD-CC3", "CLF7", Side.BUY, 1, limit="58.20")
    port.write(
        ev.OrderIntended(request=unknown),
        ev.OrderSent(order_id="ORD-CC3"),
        ev.OrderLost(order_id="ORD-CC3", why="no answer within 5 s; asking the broker"),
    )
    port.write(*working(request("ORD-DD4", "ZNZ6", Side.BUY, 3, limit="112.5")))
    for values in (
        ("ESZ6", "6714.75", "6715.00", "6715.00", "6689.50"),
        ("NQZ6", "24822.25", "24822.75", "24822.50", "24901.00"),
        ("CLF7", "58.31", "58.32", "58.31", "58.02"),
        ("ZNZ6", "112.578125", "112.59375", "112.578125", "112.640625"),
    ):
        symbol, bid, ask, last, close = values
        port.quote(symbol, bid, ask, last=last, close=close)
    port.quote("GCG7", "4105.2", "4105.5", last="4105.3", close="4088.1", age=75, stale=True)
    port.log("the desk is ready: 3 accounts, 2 connections")
    port.log("ORD-CC3: no answer within 5 s; asking the broker", "warning", "tt_tui.desk.resolver")


def _trade(
    alert_id: str, order_id: str, symbol: str, side: Side, quantity: int, price: str, stop: str = ""
) -> list[ev.AnyEvent]:
    order = request(order_id, symbol, side, quantity, alert_id=alert_id, strategy="test_strategy")
    action = Action.BUY if side is Side.BUY else Action.SELL
    events: list[ev.AnyEvent] = [
        alert(alert_id, action, f"{symbol[:2]}1!", quantity),
        *working(order),
        judged(
            alert_id,
            AlertStatus.EXECUTED,
            f"sent to paper-main: {action.value} {quantity} {symbol} at market",
            AccountVerdict(account="paper-main", status="filled", text="", contract=symbol, order_ids=(order_id,)),
        ),
        filled(order, price),
    ]
    if stop:
        protective = request(f"{order_id}S", symbol, side.opposite, quantity, stop=stop, role=Role.STOP)
        events += working(protective)
    return events


def preview_line(account: str, text: str, *, live: bool = True, refused: bool = False) -> PreviewLine:
    """Return one line of a preview."""
    mode = AccountMode.LIVE if live else AccountMode.PAPER
    return PreviewLine(account=account, mode=mode, text=text, refused=refused)


def with_status(port: FakePort, **changes: Any) -> None:
    """Change what the desk says of itself."""
    port.desk = replace(port.desk, **changes)
