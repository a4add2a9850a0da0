"""ALRT: every alert with what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import ClassVar

from textual.binding import BindingType

from tt_tui.commands.registry import Function
from tt_tui.desk.rows import AlertRow
from tt_tui.domain.alert import AlertStatus
from tt_tui.tui import figures, words
from tt_tui.tui.keymap import bindings
from tt_tui.tui.panes.detailed import DetailedPane
from tt_tui.tui.view import View
from tt_tui.tui.widgets.ink import Cells
from tt_tui.tui.widgets.table import Column

COLUMNS = (
    Column("Time", 8),
    Column("Sender", 14, rank=3),
    Column("Alert", 18),
    Column("Verdict", 9),
    Column("Why", 14, rank=1, stretch=True),
)
_MOST = 1_000
_OPEN = frozenset({AlertStatus.RECEIVED, AlertStatus.WAITING})
_BODY_LINES = 40


class Alerts(DetailedPane):
    """Alerts, newest first."""

    EMPTY_TEXT = "No alert has come in yet; HOOK shows where to send one."
    BINDINGS: ClassVar[list[BindingType]] = bindings("alerts")

    def __init__(self, function: Function) -> None:
        super().__init__(function, COLUMNS)
        self._keys: tuple[str, ...] = ()
        self._open_ones = 0

    def act(self, action: str) -> None:
        """Open or close the details."""
        if action == "alerts.details":
            self.toggle_details()

    def update(self, view: View) -> None:
        """Show the alerts of a frame."""
        rows = view.state.alerts
        if self.is_news(view):
            self._keys = tuple(islice(reversed(rows), _MOST))
            self._open_ones = sum(rows[key].status in _OPEN for key in self._keys)
        self.table.show(self._keys, lambda key: self._row(rows[key], view))
        waiting = f" {self._open_ones} open " if self._open_ones else ""
        self.say((waiting, "loud"), (" ", "tab"), (self.table.range_text or figures.plural(len(rows), "alert"), "tab"))

    def details(self, key: str, view: View) -> Iterable[Cells]:
        """Return the alert's body, its verdict on each account and its orders."""
        row = view.state.alerts.get(key)
        return () if row is None else tuple(_details(row, view))

    def _row(self, row: AlertRow, view: View) -> Cells:
        alert = row.alert
        repeats = f" (sent {row.repeats + 1} times)" if row.repeats else ""
        why = row.text or alert.instruction.why
        return (
            (figures.clock_time(alert.received, view.zone), "dim"),
            (alert.instruction.strategy or alert.sender.name, "text"),
            (words.wish(alert.instruction), "strong"),
            (row.status.value, words.ALERT_INKS[row.status]),
            (f"{why}{repeats}", "text"),
        )


def _details(row: AlertRow, view: View) -> Iterator[Cells]:
    alert = row.alert
    yield (
        (alert.alert_id, "strong"),
        (f"  from {alert.sender.name} ({alert.sender.profile})", "text"),
        (f"  {alert.instruction.dialect}", "dim"),
    )
    yield ((f"{row.status.value}: {row.text}" if row.text else row.status.value, words.ALERT_INKS[row.status]),)
    for verdict in row.accounts:
        contract = f" {verdict.contract}" if verdict.contract else ""
        yield (
            (f"{verdict.account}{contract}  ", "strong"),
            (verdict.status, words.VERDICT_INKS.get(verdict.status, "text")),
            (f"  {verdict.code}" if verdict.code else "", "key"),
            (f"  {verdict.text}", "text"),
        )
    for order in view.state.orders_of_alert(alert.alert_id):
        state, ink = words.order_state(order)
        what = f"{order.request.side.value} {figures.quantity(order.quantity)} {order.request.symbol}"
        yield ((f"{order.order_id}  ", "dim"), (f"{order.request.account} {what}  ", "text"), (state, ink))
    for warning in alert.instruction.warnings:
        yield ((f"warning: {warning}", "warn"),)
    yield (("body", "dim"),)
    for line in alert.body.splitlines()[:_BODY_LINES]:
        yield ((line, "text"),)
