"""What a pane gets with every frame: immutable, or read only by contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo

from tt_tui.desk.port import DeskStatus, Frame
from tt_tui.desk.ports import QuoteView
from tt_tui.desk.state import State
from tt_tui.domain.account import AccountMode
from tt_tui.domain.instrument import Instrument
from tt_tui.tui.contracts import Contracts


@dataclass(frozen=True, slots=True)
class Target:
    """The account or group at the prompt."""

    name: str
    is_group: bool
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One frame of the desk."""

    state: State
    """The screen's replica; panes read it and never change it."""
    frame: Frame
    status: DeskStatus
    target: Target
    contracts: Contracts
    now: int
    """Wall time in nanoseconds UTC."""
    today: date
    """The venue's date, for one-digit years."""
    watched: tuple[str, ...] = ()
    """Explicit contracts of the watchlist."""
    zone: tzinfo | None = None
    may_flash: bool = True
    version: int = 0
    """Rises with every change of the state."""
    known: bool = True
    """False while the desk has not told its state yet."""

    def quote(self, symbol: str) -> QuoteView | None:
        """Return the latest quote, None where there is none."""
        return self.frame.quotes.get(symbol)

    def instrument(self, symbol: str) -> Instrument | None:
        """Return the instrument of an explicit symbol."""
        return self.contracts.find(symbol, self.today)

    def is_live(self, account: str) -> bool:
        """Return True unless the account is known to be paper."""
        row = self.state.accounts.get(account)
        return row is None or row.account.mode is not AccountMode.PAPER
