"""What a workstation is built from. Defaults here; ``settings.file`` reads the user's TOML into the same shape."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.desk.config import AccountConfig, AccountRoute, DeskConfig
from tt_tui.domain.account import Account, AccountMode
from tt_tui.listener.config import ListenerConfig

GROUPS = ("main", "topstep", "apex", "tradeday")
WATCHLIST = ("ES", "NQ", "RTY", "YM", "MES", "MNQ", "CL", "GC", "SI", "6E", "6J", "ZN", "ZB", "BTC", "SPY", "QQQ")
PAPER_BALANCE = Decimal(50_000)


class SettingsError(Exception):
    """The configuration can't be used; the text names every problem with its file, line and key."""


class MarketSetup(msgspec.Struct, frozen=True, kw_only=True):
    """Where prices come from."""

    kind: str = "simulated"
    """``simulated`` or ``replay``."""
    seed: int = 1
    replay_file: Path | None = None
    replay_speed: float = 1.0
    replay_symbol: str = ""
    replay_zone: str = "UTC"
    replay_stamp: Literal["start", "end"] = "start"
    """Whether a bar of the file carries its start or its end."""


class ScreenSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What the user set for the screen; None leaves it to the terminal found."""

    theme: str = ""
    frame_rate: int | None = None
    mouse: bool = True


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """Everything ``assembly`` needs to know."""

    desk: DeskConfig
    accounts: tuple[Account, ...]
    paper: PaperSettings = PaperSettings()
    market: MarketSetup = MarketSetup()
    listener: ListenerConfig = ListenerConfig()
    screen: ScreenSetup = ScreenSetup()
    watchlist: tuple[str, ...] = WATCHLIST
    source: str = ""
    """The file it came from, empty for the defaults."""


def default_setup() -> Setup:
    """Return the setup of a machine where nothing is configured: a simulated market and paper accounts.

    Practice accounts let an alert and a person share a position, so that the first try of either works.
    """
    accounts = tuple(
        Account(
            name=f"{group}-1",
            connection="paper",
            broker_id=f"PAPER-{group.upper()}",
            mode=AccountMode.PAPER,
            start_balance=PAPER_BALANCE,
        )
        for group in GROUPS
    )
    groups = {group: (AccountRoute(account=f"{group}-1", shared=True, adopt=True),) for group in GROUPS}
    return Setup(
        desk=DeskConfig(groups=groups, accounts={account.name: AccountConfig() for account in accounts}),
        accounts=accounts,
    )
