"""The one matching engine: a whole futures venue in memory, for the paper broker and every broker simulator.

Pure and synchronous: the time comes with each call, ids and the contract table are injected, and the same calls
give the same events. It holds no file and starts no task; `take_changes` says what a caller has to keep, `state`
and `restore` carry an engine over a restart. What fills when is in `matching`, what the venue refuses in `checks`,
brackets and one-cancels-other in `protection`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from tt_tui.brokers.paper import checks, protection
from tt_tui.brokers.paper.ledger import Ledger, PaperAccount
from tt_tui.brokers.paper.matching import Book, Match, follow, match, new_trade, triggers
from tt_tui.brokers.paper.orders import MATCHABLE, Event, OrderIndex, PaperOrder, order_of
from tt_tui.brokers.paper.record import Changes, EngineState, Sessions
from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.domain.account import Balance
from tt_tui.domain.errors import Rejected
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.market import Quote
from tt_tui.domain.order import (
    Fill,
    OrderChange,
    OrderRequest,
    OrderState,
    OrderType,
    Role,
    Side,
    TimeInForce,
)
from tt_tui.domain.position import Position

_ZERO = Decimal(0)
NOTHING: Sequence[Event] = ()
"""What a call returns that had nothing to do."""

_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


def _never(account: str, order_id: str) -> bool:
    return False


class MatchingEngine:
    """Accounts, orders and positions of one venue, matched against quotes.

    Every method that changes something returns what happened, in order. `Rejected` means that nothing changed;
    an order that is refused at `place` is kept, and returned, as a report in state REJECTED.
    """

    def __init__(
        self,
        *,
        instrument: Callable[[str], Instrument | None],
        sessions: Sessions,
        new_id: Callable[[str], str],
        settings: PaperSettings,
        was_used: Callable[[str, str], bool] = _never,
    ) -> None:
        """Make an empty venue.

        Args:
            instrument: finds a contract by its explicit symbol, None for one that is not listed.
            sessions: trading hours.
            new_id: makes an id from a prefix (``PO`` orders, ``PF`` fills), never the same twice.
            settings: costs and limits.
            was_used: tells whether an account used an order id before, beyond what is in memory.
        """
        self._instrument = instrument
        self._sessions = sessions
        self._new_id = new_id
        self._settings = settings
        self._was_used = was_used
        self._orders = OrderIndex(settings.history)
        self._ledger = Ledger(settings, instrument)
        self._quotes: dict[str, Quote] = {}
        self._books: dict[str, Book] = {}
        self._fills: list[Fill] = []
        self._fresh: list[PaperOrder] = []

    def open_account(self, name: str, start_balance: Decimal, at: int) -> Sequence[Event]:
        """Open an account with a start balance; an account that exists keeps its money and says nothing."""
        if not self._ledger.open_account(name, start_balance):
            return NOTHING
        self._orders.outbox.append(self._ledger.balance(name, at))
        return self._drain()

    @property
    def accounts(self) -> tuple[PaperAccount, ...]:
        """Return the accounts and their money."""
        return tuple(self._ledger.accounts.values())

    def positions(self, account: str) -> tuple[Position, ...]:
        """Return the account's positions; those that were closed stay, with quantity zero."""
        return tuple(position for (owner, _), position in self._ledger.positions.items() if owner == account)

    def balance(self, account: str, at: int) -> Balance:
        """Return an account's money, stamped; KeyError for an account that is not here."""
        return self._ledger.balance(account, at)

    def order(self, broker_id: str) -> PaperOrder | None:
        """Return an order by the venue's id, None where it is unknown or long finished."""
        return self._orders.by_id.get(broker_id)

    def find(self, account: str, order_id: str) -> PaperOrder | None:
        """Return an order by our id, None where it is unknown or long finished."""
        return self._orders.client(account, order_id)

    def open_orders(self, account: str | None = None, symbol: str | None = None) -> list[PaperOrder]:
        """Return the orders that may still fill, in order of arrival."""
        return self._orders.open_orders(account, symbol)

    def quote(self, symbol: str) -> Quote | None:
        """Return the quote that the engine matches against."""
        return self._quotes.get(symbol)

    def place(self, request: OrderRequest, at: int) -> Sequence[Event]:
        """Take one order with its bracket; what it can trade, it trades in this call.

        The first event is the order's own report, in state WORKING or REJECTED.

        Raises:
            Rejected: unknown account or contract, or an id used before; nothing was recorded.
        """
        instrument = self._admit(request)
        venue = checks.Venue(
            settings=self._settings,
            ledger=self._ledger,
            orders=self._orders,
            is_open=self._sessions.is_open(instrument.group, at),
            trade_date=self._sessions.trade_date(instrument.group, at),
            book=self._book(request.symbol),
            mark=self._mark,
        )
        refusal = checks.refusal_of(request, instrument, venue)
        parent = self._orders.client(request.account, request.parent_id)
        order = order_of(request, self._new_id("PO"), self._orders.next_sequence())
        order.parent_id = parent.broker_id if parent is not None else ""
        if refusal is not None:
            order.state = OrderState.REJECTED
            order.code, order.reason = refusal
        self._orders.add(order, at)
        if refusal is None:
            if request.bracket is not None:
                protection.create_children(self._orders, order, request.bracket, self._new_id, at)
            self._arrive(order, at)
        return self._drain()

    def replace(self, account: str, broker_id: str, change: OrderChange, at: int) -> Sequence[Event]:
        """Change quantity and prices of an open order; it keeps its id.

        Raises:
            Rejected: unknown order, too late, or a value that the venue refuses.
        """
        order = self._open_order(account, broker_id, "replace")
        instrument = self._listed(order.symbol)
        book = self._book(order.symbol)
        refusal = checks.change_refusal(order, change, instrument, self._settings, book)
        if refusal is not None:
            raise Rejected(f"can't replace order {broker_id}: {refusal.words}", refusal.code)
        order.limit_price = order.limit_price if change.limit_price is None else change.limit_price
        order.stop_price = order.stop_price if change.stop_price is None else change.stop_price
        order.trail = order.trail if change.trail is None else change.trail
        order.resting = order.resting and change.limit_price is None
        protection.resize(self._orders, order, change.quantity or order.quantity, at)
        if order.state in MATCHABLE:
            self._arrive(order, at)
        return self._drain()

    def cancel(self, account: str, broker_id: str, at: int) -> Sequence[Event]:
        """Cancel one open order; an entry that never filled takes its bracket with it.

        Raises:
            Rejected: unknown order, or too late.
        """
        order = self._open_order(account, broker_id, "cancel")
        protection.cancel(self._orders, order, at, "canceled on request")
        return self._drain()

    def flatten(self, account: str, symbol: str, at: int) -> Sequence[Event]:
        """Cancel all orders of the account in one contract, then close its position at market.

        Raises:
            Rejected: unknown account or contract, or a position that can't be closed now; nothing changed.
        """
        if account not in self._ledger.accounts:
            raise Rejected(f"the paper venue has no account {account!r}", "unknown_account")
        instrument = self._listed(symbol)
        held = self._ledger.position(account, symbol).quantity
        if held and not self._sessions.is_open(instrument.group, at):
            raise Rejected(f"can't close {held} {symbol}: the market is closed", "market_closed")
        for order in self._orders.open_orders(account, symbol):
            if order.is_open:
                protection.cancel(self._orders, order, at, "canceled by flatten")
        if held:
            closing = PaperOrder(
                broker_id=self._new_id("PO"),
                sequence=self._orders.next_sequence(),
                account=account,
                symbol=symbol,
                side=Side.SELL if held > 0 else Side.BUY,
                quantity=abs(held),
                order_type=OrderType.MARKET,
                state=OrderState.WORKING,
                role=Role.EXIT,
            )
            self._orders.add(closing, at)
            self._arrive(closing, at)
        return self._drain()

    def on_quote(self, quote: Quote, at: int) -> Sequence[Event]:
        """Match the open orders of one contract against its newest quote."""
        symbol = quote.symbol
        if symbol not in self._orders.matchable:
            self._quotes[symbol] = quote
            return NOTHING
        traded = new_trade(quote, self._quotes.get(symbol))
        self._quotes[symbol] = quote
        working = sorted(self._orders.matchable[symbol].values(), key=_rank)
        for order in working:
            self._step(order, traded, at)
        self._settle(at)
        return self._drain()

    def on_session_end(self, group: str, at: int) -> Sequence[Event]:
        """Expire the DAY orders of one calendar group that were placed before this time."""
        for order in self._orders.open_orders():
            if order.time_in_force is not TimeInForce.DAY or order.created >= at or not order.is_open:
                continue
            instrument = self._instrument(order.symbol)
            if instrument is not None and instrument.group == group:
                protection.cancel(self._orders, order, at, "the session ended", OrderState.EXPIRED)
        return self._drain()

    def take_changes(self) -> Changes | None:
        """Return what is to be kept since the last call, None when nothing is."""
        if not (self._orders.changed or self._ledger.changed_accounts or self._fills):
            return None
        changes = Changes(
            accounts=tuple(self._ledger.changed_accounts.values()),
            positions=tuple(self._ledger.changed_positions.values()),
            orders=tuple(self._orders.changed.values()),
            fills=tuple(self._fills),
        )
        self._ledger.changed_accounts.clear()
        self._ledger.changed_positions.clear()
        self._orders.changed.clear()
        self._fills.clear()
        return changes

    def state(self) -> EngineState:
        """Return all that the engine remembers, in a fixed order."""
        ledger = self._ledger
        return EngineState(
            accounts=tuple(ledger.accounts[name] for name in sorted(ledger.accounts)),
            positions=tuple(ledger.positions[key] for key in sorted(ledger.positions)),
            orders=tuple(sorted(self._orders.by_id.values(), key=lambda order: order.sequence)),
        )

    def restore(self, state: EngineState) -> None:
        """Take over what another engine remembered; call it once, on an empty engine."""
        self._ledger.restore(state.accounts, state.positions)
        self._orders.restore(list(state.orders))

    def _admit(self, request: OrderRequest) -> Instrument:
        account, order_id = request.account, request.order_id
        if account not in self._ledger.accounts:
            raise Rejected(f"the paper venue has no account {account!r}", "unknown_account")
        bracket = request.bracket
        ids = [order_id, bracket.stop_id, bracket.target_id] if bracket is not None else [order_id]
        named = [name for name in ids if name]
        if self._settings.refuse_repeated_ids:
            for name in named:
                if named.count(name) > 1 or self._orders.client(account, name) or self._was_used(account, name):
                    raise Rejected(f"order id {name} was used before on account {account}", "duplicate_id")
        if not request.legs:
            raise Rejected("an order needs a leg", "unsupported")
        return self._listed(request.symbol)

    def _listed(self, symbol: str) -> Instrument:
        instrument = self._instrument(symbol)
        if instrument is None:
            raise Rejected(f"the paper venue does not list {symbol!r}", "unknown_contract")
        return instrument

    def _open_order(self, account: str, broker_id: str, verb: str) -> PaperOrder:
        order = self._orders.by_id.get(broker_id)
        if order is None or order.account != account:
            raise Rejected(f"can't {verb}: account {account} has no order {broker_id}", "unknown_order")
        if not order.is_open:
            raise Rejected(f"too late to {verb}: order {broker_id} is {order.state}", "too_late")
        return order

    def _book(self, symbol: str) -> Book | None:
        quote = self._quotes.get(symbol)
        if quote is None:
            return None
        book = self._books.get(symbol)
        if book is None or book.quote is not quote:
            book = self._books[symbol] = Book(quote=quote)
        return book

    def _mark(self, symbol: str) -> Decimal | None:
        quote = self._quotes.get(symbol)
        return quote.mid if quote is not None else None

    def _arrive(self, order: PaperOrder, at: int) -> None:
        """Let a new or changed order meet the market as it stands."""
        book = self._book(order.symbol)
        if order.time_in_force is TimeInForce.FOK and not self._fills_whole(order, book):
            protection.cancel(self._orders, order, at, "fill or kill: the market has not the whole quantity")
            return
        self._step(order, None, at)
        if order.time_in_force in _AT_ONCE and order.is_open:
            protection.cancel(self._orders, order, at, "immediate or cancel: the market has no more")
        self._settle(at)

    def _fills_whole(self, order: PaperOrder, book: Book | None) -> bool:
        offer = match(order, book, _ZERO, None) if book is not None else None
        return offer is not None and offer.quantity == order.remaining

    def _settle(self, at: int) -> None:
        """Let protective orders that a fill has just set working meet the same market."""
        while self._fresh:
            self._step(self._fresh.pop(0), None, at)

    def _step(self, order: PaperOrder, traded: Decimal | None, at: int) -> None:
        """Trigger, trail and fill one order against the current book."""
        book = self._book(order.symbol)
        if book is None or order.state not in MATCHABLE:
            return
        cap = None
        if order.is_stop:
            if not triggers(order, book, traded):
                self._follow(order, book, at)
                return
            order.triggered = True
            self._orders.report(order, at)
            cap = order.stop_price
        slippage = self._settings.slippage_ticks * self._listed(order.symbol).tick_size
        offer = match(order, book, slippage, cap)
        if offer is not None:
            self._fill(order, offer, book, at)
        seen = order.effective_limit is not None and book.touch(order.side) is not None
        if seen and order.is_open and not order.resting:
            order.resting = True
            self._orders.touch(order)

    def _follow(self, order: PaperOrder, book: Book, at: int) -> None:
        mark = book.touch(order.side)
        if mark is None:
            return
        stop = order.stop_price
        if not follow(order, mark):
            return
        if order.stop_price != stop:
            self._orders.report(order, at)
        else:
            self._orders.touch(order)

    def _fill(self, order: PaperOrder, offer: Match, book: Book, at: int) -> None:
        instrument = self._listed(order.symbol)
        quantity, price = offer.quantity, offer.price
        book.take(order.side, quantity)
        fee = self._ledger.book(order.account, instrument, order.side, quantity, price, order.order_id)
        order.filled += quantity
        order.cost += price * quantity
        fill = Fill(
            account=order.account,
            fill_id=self._new_id("PF"),
            broker_order_id=order.broker_id,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            fee=fee,
            order_id=order.order_id,
            ts_event=at,
        )
        self._fills.append(fill)
        self._orders.outbox.append(fill)
        self._orders.move(order, OrderState.PARTIAL if order.remaining else OrderState.FILLED, at)
        self._orders.outbox.append(self._ledger.balance(order.account, at))
        protection.after_fill(self._orders, order, quantity, at)
        self._fresh += protection.activate(self._orders, order, quantity, price, instrument, at)

    def _drain(self) -> Sequence[Event]:
        events = self._orders.outbox
        self._orders.outbox = []
        return events


def _rank(order: PaperOrder) -> tuple[bool, int]:
    """Stops go first: where one quote could fill both of a pair, the loss is booked."""
    return (not order.is_stop, order.sequence)
