"""Whom a sentence acts on, and what the command line knows when it reads one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date

from tt_tui.commands.parsed import PromptContext
from tt_tui.desk.port import DeskPort, DeskStatus
from tt_tui.desk.state import State
from tt_tui.domain.account import AccountMode
from tt_tui.domain.instrument import Instrument, UnknownSymbol
from tt_tui.tui.contracts import Contracts
from tt_tui.tui.view import Target

log = logging.getLogger(__name__)

NOBODY = Target(name="", is_group=False, accounts=())
_LIMIT = 512


class Resolver:
    """Says which contract a symbol means today, by asking the desk, whose roll calendar alone counts."""

    def __init__(self, port: DeskPort, contracts: Contracts) -> None:
        self._port = port
        self._contracts = contracts
        self._known: dict[tuple[str, date], Instrument | None] = {}

    def find(self, symbol: str, today: date) -> Instrument | None:
        """Return the contract, None where the desk knows none or can't say; never raises."""
        key = (symbol.upper(), today)
        if key not in self._known:
            if len(self._known) >= _LIMIT:
                self._known.clear()
            try:
                explicit = self._port.watch((symbol,))
            except UnknownSymbol:
                explicit = ()
            except Exception:
                log.exception("the desk could not say which contract %s means", symbol)
                return None
            self._known[key] = self._contracts.find(explicit[0], today) if explicit else None
        return self._known[key]


def account_names(status: DeskStatus, state: State) -> tuple[str, ...]:
    """Return every account, those of the groups first."""
    names = [name for members in status.groups.values() for name in members]
    return tuple(dict.fromkeys((*names, *state.accounts)))


def first_target(status: DeskStatus, state: State) -> Target:
    """Return whom the prompt starts with: the only account of the default group, else that group."""
    members = status.groups.get(status.default_group, ())
    if len(members) == 1:
        return Target(members[0], False, (members[0],))
    if members:
        return Target(status.default_group, True, tuple(members))
    names = account_names(status, state)
    return Target(names[0], False, (names[0],)) if names else NOBODY


def chosen_target(name: str, is_group: bool, status: DeskStatus) -> Target:
    """Return the target that ``ACC`` or ``GRP`` chose."""
    return Target(name, is_group, tuple(status.groups.get(name, ())) if is_group else (name,))


def live_accounts(names: Sequence[str], state: State) -> frozenset[str]:
    """Return the accounts that are live, and those of which it is not known."""
    return frozenset(
        name for name in names if (row := state.accounts.get(name)) is None or row.account.mode is not AccountMode.PAPER
    )


def prompt_context(
    target: Target,
    status: DeskStatus,
    state: State,
    today: date,
    resolve: Callable[[str], Instrument | None],
    rows: Sequence[str],
    symbol: str,
) -> PromptContext:
    """Return what a line is read with."""
    names = account_names(status, state)
    return PromptContext(
        account_or_group=target.name,
        is_group=target.is_group,
        accounts=names,
        groups=status.groups,
        live_accounts=live_accounts(names, state),
        today=today,
        resolve=resolve,
        rows=tuple(rows),
        symbol=symbol,
    )
