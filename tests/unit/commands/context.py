"""A prompt for tests: three accounts, one of them live, on a Friday in November 2026."""

from __future__ import annotations

from datetime import date

import msgspec

from tt_tui.commands.grammar import parse
from tt_tui.commands.parsed import Mistake, PromptContext, Trade
from tt_tui.domain.instruction import Instruction
from tt_tui.domain.instrument import Instrument, UnknownSymbol
from tt_tui.domain.rolls import RollCalendar
from tt_tui.domain.symbology import resolve

TODAY = date(2026, 11, 20)
_ROLLS = RollCalendar()


def resolved(symbol: str) -> Instrument | None:
    """Return what the roll calendar says."""
    try:
        return resolve(symbol, today=TODAY, rolls=_ROLLS)
    except UnknownSymbol:
        return None


PAPER = PromptContext(
    account_or_group="paper-1",
    is_group=False,
    accounts=("paper-1", "paper-2", "live-1", "live-2"),
    groups={"main": ("paper-1", "paper-2"), "real": ("live-1", "live-2"), "mixed": ("paper-2", "live-1"), "void": ()},
    live_accounts=frozenset({"live-1", "live-2"}),
    today=TODAY,
    resolve=resolved,
    rows=("ESZ6", "NQZ6", "AAPL"),
    symbol="ESZ6",
)


def at_prompt(name: str, *, group: bool = False) -> PromptContext:
    """Return the same with another account or group chosen."""
    return msgspec.structs.replace(PAPER, account_or_group=name, is_group=group)


def traded(text: str, context: PromptContext = PAPER) -> Trade:
    """Parse what has to be a trade."""
    found = parse(text, context)
    assert isinstance(found, Trade), found
    return found


def wished(text: str, context: PromptContext = PAPER) -> Instruction:
    """Parse what has to be a trade, and return its instruction."""
    return traded(text, context).instruction


def mistaken(text: str, context: PromptContext = PAPER) -> Mistake:
    """Parse what has to be a mistake."""
    found = parse(text, context)
    assert isinstance(found, Mistake), found
    return found
