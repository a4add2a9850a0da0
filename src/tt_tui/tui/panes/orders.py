"""BLOT: every order with its state at the broker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import ClassVar

from textual.binding import BindingType

from tt_tui.commands.registry import Function
from tt_tui.desk.rows import Order
from tt_tui.desk.state import State
from tt_tui.domain.order import OrderState
from tt_tui.tui import figures, words
from tt_tui.tui.contracts import price
from tt_tui.tui.keymap import bindings
from tt_tui.tui.panes.detailed import DetailedPane
from tt_tui.tui.view import View
from tt_tui.tui.widgets.ink import Cells
from tt_tui.tui.widgets.table import Column

COLUMNS = (
    Column("Time", 8, rank=3),
    Column("Account", 10),
    Column("Order", 13),
    Column("Price", 12, rank=1),
    Column("State", 10),
    Column("Filled", 6, right=True),
    Column("Average", 9, right=True, rank=2),
    Column("Heard", 5, right=True, rank=5),
    Column("For", 6, rank=6),
    Column("Why", 8, rank=4, stretch=True),
)
_MOST = 1_000
_VERBS = {"orders.cancel": "CXL", "orders.confirm": "CONFIRM"}


class Orders(DetailedPane):
    """Orders, those that stand first, then the newest."""

    EMPTY_TEXT = "No order yet."
    BINDINGS: ClassVar[list[BindingType]] = bindings("orders")

    def __init__(self, function: Function) -> None:
        super().__init__(function, COLUMNS)
        self._keys: tuple[str, ...] = ()
        self._symbol = ""

    @property
    def symbol(self) -> str:
        """Return the contract of the order under the cursor."""
        return self._symbol

    def act(self, action: str) -> None:
        """Begin the sentence that cancels or approves the order under the cursor."""
        verb = _VERBS.get(action)
        if verb is not None and self.table.selected:
            self.post_message(self.Typed(f"{verb} {self.table.selected}"))

    def update(self, view: View) -> None:
        """Show the orders of a frame."""
        orders = view.state.orders
        if self.is_news(view):
            self._keys = _in_order(view.state)
        self.table.show(self._keys, lambda key: _row(orders[key], view))
        chosen = orders.get(self.table.selected)
        self._symbol = "" if chosen is None else chosen.request.symbol
        standing = sum(len(ids) for ids in view.state.live.values())
        unknown = sum(orders[i].state is OrderState.UNKNOWN for ids in view.state.live.values() for i in ids)
        self.say(
            (f" {unknown} UNKNOWN " if unknown else "", "loud"),
            (f" {standing} working · " if standing else " ", "tab"),
            (self.table.range_text or figures.plural(len(orders), "order"), "tab"),
        )

    def details(self, key: str, view: View) -> Iterable[Cells]:
        """Return the order's ids, the gate's answer and its fills."""
        order = view.state.orders.get(key)
        return () if order is None else tuple(_details(order, view))


def _in_order(state: State) -> tuple[str, ...]:
    standing = {order_id for ids in state.live.values() for order_id in ids}
    waiting = [key for key, order in state.orders.items() if order.state is OrderState.WAITING]
    first = [*reversed(waiting), *(key for key in reversed(state.orders) if key in standing)]
    shown = set(first)
    return (*first, *islice((key for key in reversed(state.orders) if key not in shown), _MOST))


def _row(order: Order, view: View) -> Cells:
    request, instrument = order.request, view.instrument(order.request.symbol)
    state, ink = words.order_state(order)
    spoken = figures.age(view.now - order.broker_word_at) if order.broker_word_at else figures.NONE
    is_over = order.state.is_terminal
    return (
        (figures.clock_time(order.created, view.zone), "dim"),
        (request.account, "live" if view.is_live(request.account) else "text"),
        (
            f"{request.side.value.upper()} {figures.quantity(order.quantity)} {request.symbol}",
            "up" if request.side.sign > 0 else "down",
        ),
        (words.order_price(order, instrument), "dim" if is_over else "text"),
        (state, ink),
        (f"{figures.quantity(order.filled)}/{figures.quantity(order.quantity)}", "text" if order.filled else "dim"),
        (price(instrument, order.average), "text" if order.filled else "dim"),
        (figures.NONE if is_over else spoken, "dim"),
        (words.role(order), "dim"),
        (order.reason if ink in ("bad", "warn", "loud") else "", "text"),
    )


def _details(order: Order, view: View) -> Iterator[Cells]:
    request, instrument = order.request, view.instrument(order.request.symbol)
    state, ink = words.order_state(order)
    yield (
        (order.order_id, "strong"),
        (f"  {order.broker_order_id or 'no id of the broker yet'}  ", "dim"),
        (state, ink),
    )
    source = request.alert_id or request.instruction_id
    yield ((f"{request.origin.value} {request.strategy} {source}".rstrip(), "text"),)
    if order.reason:
        yield ((order.reason, "text"),)
    if order.decision is not None:
        numbers = "  ".join(f"{name} {value}" for name, value in order.decision.numbers.items())
        yield ((f"gate: {order.decision.answer.value} ", "text"), (order.decision.code, "key"), (f"  {numbers}", "dim"))
    for fill in view.state.fills.get(order.order_id, ()):
        when = figures.clock_time(fill.ts_event, view.zone)
        what = f"{fill.side.value} {figures.quantity(fill.quantity)} @ {price(instrument, fill.price)}"
        yield ((f"fill {when} {what}", "good"), (f"  fee {figures.money(fill.fee)}  {fill.fill_id}", "dim"))
