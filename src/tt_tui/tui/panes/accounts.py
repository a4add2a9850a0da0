"""ACCT: every account with its money, mode and connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from tt_tui.commands.registry import Function
from tt_tui.desk.rows import AccountRow
from tt_tui.domain.account import KillLevel
from tt_tui.tui import figures, marks, words
from tt_tui.tui.panes.base import Pane
from tt_tui.tui.panes.positions import profit_ink
from tt_tui.tui.view import View
from tt_tui.tui.widgets.ink import Cell, Cells
from tt_tui.tui.widgets.table import Column, Table

COLUMNS = (
    Column("Account", 14),
    Column("Mode", 5),
    Column("Equity", 12, right=True),
    Column("Day P&L", 11, right=True),
    Column("Open P&L", 11, right=True, rank=2),
    Column("Connection", 14, rank=1),
    Column("Checked", 7, right=True, rank=3),
    Column("May enter", 12, rank=0, stretch=True),
)


class Accounts(Pane):
    """Every account the desk knows."""

    EMPTY_TEXT = "There is no account."

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self._table = Table(COLUMNS)
        self._symbols: tuple[str, ...] = ()

    def body(self) -> Iterable[Widget]:
        """Return the list."""
        return (self._table,)

    @property
    def main_table(self) -> Table:
        """Return the list."""
        return self._table

    def symbols_in_view(self) -> Sequence[str]:
        """Return the contracts held, for the open profit."""
        return self._symbols

    def apply(self, view: View) -> None:
        """Show the accounts of a frame."""
        rows = view.state.accounts
        if self.is_news(view):
            self._symbols = tuple({position.symbol for position in marks.held(view.state)})
        self._table.show(tuple(rows), lambda key: _row(rows[key], view))
        self.say((figures.plural(len(rows), "account"), "tab"))


def _row(row: AccountRow, view: View) -> Cells:
    account = row.account
    money = marks.worth(view, (account.name,))
    link = view.state.connections.get(account.connection)
    sign, ink = words.connection(link.state) if link is not None else ("?", "warn")
    equity = day = opened = None
    if money is not None:
        equity, day, opened = money.equity, money.day_profit, money.open
    checked = figures.age(view.now - row.reconciled_at) if row.reconciled_at else figures.NONE
    return (
        (account.name, "strong"),
        words.mode(account.mode),
        (figures.money(equity), "text"),
        (figures.money(day, signed=True), profit_ink(day)),
        (figures.money(opened, signed=True), profit_ink(opened)),
        (f"{sign} {account.connection} {'' if link is None else link.state.value}", ink),
        (checked, "dim"),
        _permission(row, view),
    )


def _permission(row: AccountRow, view: View) -> Cell:
    """Return whether entries may pass, in words."""
    level = view.state.kill_level(row.account.name)
    if level is not KillLevel.NONE:
        return words.KILL_WORDS[level], "loud"
    if row.locked:
        until = f" until {figures.clock_time(row.locked_until, view.zone)}" if row.locked_until else ""
        return f"locked{until}: {row.lock_why}", "bad"
    if row.differences:
        return f"{figures.plural(len(row.differences), 'difference')}: {row.differences[0]}", "warn"
    if view.is_live(row.account.name):
        return ("ARMED", "loud") if row.armed else ("not armed", "dim")
    return "yes", "dim"
