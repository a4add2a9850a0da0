"""What a matching engine remembers, what a call changed, and what it must be told of trading hours."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import msgspec

from tt_tui.brokers.paper.ledger import PaperAccount
from tt_tui.brokers.paper.orders import PaperOrder
from tt_tui.domain.order import Fill
from tt_tui.domain.position import Position


class Sessions(Protocol):
    """Trading hours of the product groups, as `domain.sessions.SessionCalendar` knows them; nanoseconds UTC."""

    def is_open(self, group: str, at: int) -> bool:
        """Tell whether the group trades at this time."""
        ...

    def trade_date(self, group: str, at: int) -> date:
        """Return the trading day to which the time belongs."""
        ...

    def close_of(self, group: str, trade_date: date) -> int | None:
        """Return when a trading day finally closes, None where it has no session."""
        ...


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """All that an engine remembers; quotes are no part of it."""

    accounts: tuple[PaperAccount, ...] = ()
    positions: tuple[Position, ...] = ()
    orders: tuple[PaperOrder, ...] = ()


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What a call of the engine changed, to be kept as one."""

    accounts: tuple[PaperAccount, ...]
    positions: tuple[Position, ...]
    orders: tuple[PaperOrder, ...]
    fills: tuple[Fill, ...]
