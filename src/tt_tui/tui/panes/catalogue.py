"""Which pane shows which function. A new pane is a line here and a function in the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tt_tui.commands.help import Names
from tt_tui.commands.registry import FUNCTIONS, Function
from tt_tui.tui.panes.accounts import Accounts
from tt_tui.tui.panes.alerts import Alerts
from tt_tui.tui.panes.base import Pane
from tt_tui.tui.panes.log import Log
from tt_tui.tui.panes.orders import Orders
from tt_tui.tui.panes.pages import HelpPage, HookPage
from tt_tui.tui.panes.positions import Positions
from tt_tui.tui.panes.watchlist import Watchlist
from tt_tui.tui.replica import LogTail


@dataclass(frozen=True, slots=True)
class Services:
    """What some panes need beside the frame."""

    tail: LogTail
    names: Callable[[], Names]
    hook_help: Callable[[], str]


_MAKERS: dict[str, Callable[[Function, Services], Pane]] = {
    "watchlist": lambda function, services: Watchlist(function),
    "alerts": lambda function, services: Alerts(function),
    "orders": lambda function, services: Orders(function),
    "positions": lambda function, services: Positions(function),
    "accounts": lambda function, services: Accounts(function),
    "log": lambda function, services: Log(function, services.tail),
    "hook": lambda function, services: HookPage(function, services.hook_help),
    "help": lambda function, services: HelpPage(function, services.names),
}


def make_panes(services: Services) -> Sequence[Pane]:
    """Return a pane for every function of the registry."""
    return [_MAKERS[function.pane](function, services) for function in FUNCTIONS]
