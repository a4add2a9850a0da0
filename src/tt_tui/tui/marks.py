"""What positions and accounts are worth now. What can't be known is None, never zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tt_tui.desk.rows import Order
from tt_tui.desk.state import State
from tt_tui.domain.order import OrderState, Role
from tt_tui.domain.position import Position
from tt_tui.tui.view import View

_ZERO = Decimal(0)
_STANDING = frozenset({OrderState.ACKED, OrderState.HELD, OrderState.WORKING, OrderState.PARTIAL})


@dataclass(frozen=True, slots=True)
class Mark:
    """The price at which a position could be left now."""

    price: Decimal | None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Worth:
    """One account's money, or several accounts' together."""

    balance: Decimal
    open: Decimal | None
    """Open profit and loss; None where a position has no price."""
    day: Decimal
    """Realised today less fees."""
    stale: bool = False

    @property
    def equity(self) -> Decimal | None:
        """Return balance and open profit, None where the latter is not known."""
        return None if self.open is None else self.balance + self.open

    @property
    def day_profit(self) -> Decimal | None:
        """Return realised and open profit less fees, None where the open part is not known."""
        return None if self.open is None else self.day + self.open


def mark(position: Position, view: View) -> Mark:
    """Return the bid for a long and the ask for a short, else the last price."""
    seen = view.quote(position.symbol)
    if seen is None:
        return Mark(None)
    exit_price = seen.quote.bid if position.quantity > 0 else seen.quote.ask
    return Mark(exit_price if exit_price is not None else seen.quote.last, seen.stale)


def open_profit(position: Position, view: View) -> Decimal | None:
    """Return a position's open profit and loss, None without a price or a point value."""
    if not position.quantity:
        return _ZERO
    price, instrument = mark(position, view).price, view.instrument(position.symbol)
    if price is None or instrument is None:
        return None
    return position.open_profit(price, instrument.point_value)


def worth(view: View, accounts: Iterable[str]) -> Worth | None:
    """Return what accounts are worth together, None where one of them is not known yet."""
    balance = day = _ZERO
    open_sum: Decimal | None = _ZERO
    stale = False
    names = frozenset(accounts)
    for name in names:
        row = view.state.accounts.get(name)
        if row is None:
            return None
        balance += row.balance
        day += row.realised_today - row.fees_today
    for position in held(view.state):
        if position.account not in names:
            continue
        profit = open_profit(position, view)
        stale = stale or mark(position, view).stale
        open_sum = None if profit is None or open_sum is None else open_sum + profit
    return Worth(balance, open_sum, day, stale) if names else None


def held(state: State) -> list[Position]:
    """Return the positions that are not flat, by account and contract."""
    found = [position for position in state.positions.values() if position.quantity]
    return sorted(found, key=lambda position: (position.account, position.symbol))


def protection(state: State, position: Position) -> list[Order]:
    """Return the stops that stand for a position."""
    side = position.side
    return [
        order
        for order in state.live_orders(position.account, position.symbol)
        if order.request.role is Role.STOP
        and order.state in _STANDING
        and side is not None
        and order.request.side is side.opposite
    ]
