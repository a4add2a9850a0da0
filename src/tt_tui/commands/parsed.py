"""What a typed line can mean, and what its meaning depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import msgspec

from tt_tui.domain.account import KillLevel
from tt_tui.domain.instruction import Instruction
from tt_tui.domain.instrument import Instrument


class PromptContext(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around the command line when a line is read; the same line may mean another thing elsewhere."""

    account_or_group: str
    """The name at the prompt; empty while nothing is chosen."""
    is_group: bool
    accounts: tuple[str, ...]
    """Every account, in the order of the account strip."""
    groups: Mapping[str, tuple[str, ...]]
    live_accounts: frozenset[str]
    today: date
    """Trade date, for one-digit years."""
    resolve: Callable[[str], Instrument | None]
    """Return the contract that a symbol means today, None where that is not known; never raises."""
    rows: tuple[str, ...] = ()
    """Symbols of the numbered rows in view, row 1 first."""
    symbol: str = ""
    """The symbol of the pane that has the focus."""


class OpenFunction(msgspec.Struct, frozen=True, kw_only=True):
    """Open or focus the pane of a function."""

    mnemonic: str
    symbol: str = ""
    """The contract it is about; empty where the function takes none or none is chosen."""
    args: tuple[str, ...] = ()


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A wish for the desk."""

    instruction: Instruction
    accounts: tuple[str, ...]
    """Whom it concerns; empty for a cancel by order id, which names its account itself."""
    asks: bool
    """True where a second Enter is needed."""
    why_asks: str = ""
    note: str = ""
    """What the line left open and how that was read, such as a size of 1."""


class Choose(msgspec.Struct, frozen=True, kw_only=True):
    """Make an account or a group the one at the prompt."""

    name: str
    is_group: bool


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """Set the latch, for one account or, with an empty name, for all; always asks."""

    level: KillLevel
    account: str = ""
    asks: bool = True
    why_asks: str = ""


class Resume(msgspec.Struct, frozen=True, kw_only=True):
    """Lift the latch, for one account or, with an empty name, for all."""

    account: str = ""
    asks: bool = False
    why_asks: str = ""


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """Permit entries on a live account; ``stay`` keeps it over a restart and asks."""

    account: str
    stay: bool = False
    asks: bool = False
    why_asks: str = ""


class Disarm(msgspec.Struct, frozen=True, kw_only=True):
    """Refuse entries on live accounts again."""

    accounts: tuple[str, ...]


class Confirm(msgspec.Struct, frozen=True, kw_only=True):
    """Approve a waiting order."""

    order_id: str


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """Drop a waiting order."""

    order_id: str


class Enable(msgspec.Struct, frozen=True, kw_only=True):
    """Let a stopped strategy's entries pass again; the name is as typed."""

    strategy: str


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True):
    """Mark an alarm as seen, or with an empty id all that are shown."""

    alarm_id: str = ""


class Help(msgspec.Struct, frozen=True, kw_only=True):
    """Show what a word does, or with an empty word everything there is."""

    word: str = ""


class Quit(msgspec.Struct, frozen=True):
    """Leave the workstation."""


class PickRow(msgspec.Struct, frozen=True, kw_only=True):
    """Choose a numbered row, counted from 1."""

    number: int
    symbol: str


class PickSymbol(msgspec.Struct, frozen=True, kw_only=True):
    """Make a symbol the one that the panes are about."""

    symbol: str


class WatchAdd(msgspec.Struct, frozen=True, kw_only=True):
    """Add explicit symbols to the watchlist."""

    symbols: tuple[str, ...]


class WatchRemove(msgspec.Struct, frozen=True, kw_only=True):
    """Take explicit symbols off the watchlist."""

    symbols: tuple[str, ...]


class Empty(msgspec.Struct, frozen=True):
    """Nothing was typed."""


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """A line that can't be run: a sentence that helps, and where in the line it went wrong."""

    text: str
    start: int = 0
    end: int = 0
    suggestions: tuple[str, ...] = ()
    """Words that could stand in place of ``line[start:end]``, best first."""
    incomplete: bool = False
    """Nothing is wrong yet: the line ends where something has to follow."""


Parsed = (
    OpenFunction
    | Trade
    | Choose
    | Kill
    | Resume
    | Arm
    | Disarm
    | Confirm
    | Drop
    | Enable
    | Acknowledge
    | Help
    | Quit
    | PickRow
    | PickSymbol
    | WatchAdd
    | WatchRemove
    | Empty
    | Mistake
)
"""Everything that ``grammar.parse`` may return."""
