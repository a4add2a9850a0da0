"""Money and positions of the paper accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.domain.account import Balance
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.order import Side
from tt_tui.domain.position import Position, book

_ZERO = Decimal(0)


class PaperAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One account's money: cash is the start balance plus realised profit less fees, exactly."""

    name: str
    start_balance: Decimal
    cash: Decimal


class Ledger:
    """Cash by account and position by account and contract, and what changed since it was last asked."""

    def __init__(self, settings: PaperSettings, instrument: Callable[[str], Instrument | None]) -> None:
        self.accounts: dict[str, PaperAccount] = {}
        self.positions: dict[tuple[str, str], Position] = {}
        self.changed_accounts: dict[str, PaperAccount] = {}
        self.changed_positions: dict[tuple[str, str], Position] = {}
        self._settings = settings
        self._instrument = instrument

    def restore(self, accounts: Iterable[PaperAccount], positions: Iterable[Position]) -> None:
        """Take accounts and positions over from the store."""
        self.accounts = {account.name: account for account in accounts}
        self.positions = {(position.account, position.symbol): position for position in positions}

    def open_account(self, name: str, start_balance: Decimal) -> bool:
        """Open an account; one that exists keeps its money. Returns whether it is new."""
        if name in self.accounts:
            return False
        account = PaperAccount(name=name, start_balance=start_balance, cash=start_balance)
        self.accounts[name] = self.changed_accounts[name] = account
        return True

    def position(self, account: str, symbol: str) -> Position:
        """Return the position, flat where there never was one."""
        return self.positions.get((account, symbol)) or Position(account=account, symbol=symbol)

    def balance(self, account: str, at: int) -> Balance:
        """Return the account's money as a report."""
        return Balance(account=account, cash=self.accounts[account].cash, ts_event=at)

    def book(
        self,
        account: str,
        instrument: Instrument,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        order_id: str,
    ) -> Decimal:
        """Book one execution and return its fee."""
        fee = self._settings.fee(instrument, quantity)
        key = (account, instrument.symbol)
        before = self.position(*key)
        after = book(before, side, quantity, price, fee, instrument.point_value, order_id=order_id)
        self.positions[key] = self.changed_positions[key] = after
        old = self.accounts[account]
        cash = old.cash + (after.realised - before.realised) - fee
        self.accounts[account] = self.changed_accounts[account] = msgspec.structs.replace(old, cash=cash)
        return fee

    def margin_short(
        self,
        account: str,
        instrument: Instrument,
        after: Decimal,
        mark: Callable[[str], Decimal | None],
    ) -> tuple[Decimal, Decimal] | None:
        """Return margin needed and equity there, when a position of `after` contracts can't be carried.

        Equity is cash plus open profit at the middle of the market, where there is one.
        """
        each = self._settings.margin_of(instrument)
        if not each:
            return None
        needed = each * abs(after)
        equity = self.accounts[account].cash
        for (owner, symbol), position in self.positions.items():
            held = self._instrument(symbol) if owner == account and position.quantity else None
            if held is None:
                continue
            if symbol != instrument.symbol:
                needed += self._settings.margin_of(held) * abs(position.quantity)
            price = mark(symbol)
            if price is not None:
                equity += position.open_profit(price, held.point_value)
        return (needed, equity) if needed > equity else None
