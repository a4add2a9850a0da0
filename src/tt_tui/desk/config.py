"""What the desk is told: account groups, routes and limits. Built from the user's settings by ``assembly``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import msgspec

from tt_tui.domain.order import OrderType
from tt_tui.risk.view import FirmRules, Limits

SECOND = 1_000_000_000


class TradingWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A time of the trade date, Chicago wall time, in which a route may enter."""

    start: str
    """``HH:MM``."""
    end: str
    flatten_at_end: bool = False
    """Close what the route holds, and cancel its orders, when the window ends."""


class AccountRoute(msgspec.Struct, frozen=True, kw_only=True):
    """How one account of a group takes part in an instruction."""

    account: str
    multiplier: Decimal = Decimal(1)
    fixed_size: Decimal | None = None
    """Contracts to trade whatever the alert says."""
    default_quantity: Decimal = Decimal(1)
    """Contracts where the alert names none."""
    cap: Decimal | None = None
    """Most contracts of one order; larger wishes are cut."""
    micro: bool = False
    """Trade the micro contract of a mini, the same number of them; the multiplier scales."""
    sides: tuple[str, ...] = ("long", "short")
    symbols: tuple[str, ...] = ()
    """Permitted roots or symbols; empty permits all."""
    order_type: OrderType = OrderType.MARKET
    """Of alerts that name none; a limit stands at the touch."""
    stop_ticks: Decimal | None = None
    target_ticks: Decimal | None = None
    trail_ticks: Decimal | None = None
    break_even_ticks: Decimal | None = None
    windows: tuple[TradingWindow, ...] = ()
    """Empty permits the whole session."""
    max_trades_per_day: int | None = None
    cooldown: int = 0
    """Seconds between entries in one contract."""
    max_alert_age: int | None = None
    """Seconds; replaces the account's limit."""
    pyramid: bool = True
    """Whether a wish on the side already held adds to it."""
    reverse: bool = False
    """Whether a wish on the other side closes all and then opens its whole quantity. Otherwise its quantity
    is netted, which is what TradingView's ``{{strategy.order.contracts}}`` means."""
    shared: bool = False
    """Whether strategies may trade on each other's positions."""
    adopt: bool = False
    """Whether an alert may change a position that a person or another program opened."""


class AccountConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the user set for one account."""

    limits: Limits = Limits()
    firm: FirmRules = FirmRules()
    live_permitted: bool = False
    """The user's settings permit live orders; a typed confirmation is needed on top."""


class DeskConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the desk is configured with."""

    groups: Mapping[str, tuple[AccountRoute, ...]]
    default_group: str = "main"
    accounts: Mapping[str, AccountConfig] = {}
    roll_overrides: Mapping[str, date] = {}
    confirm_seconds: int = 60
    place_timeout: float = 10.0
    """Seconds without an answer after which an order's outcome is unknown."""
    cancel_proof_timeout: float = 5.0
    fill_timeout: float = 30.0
    """Seconds that a reverse waits for its close to fill."""
    reconcile_seconds: float = 15.0
    exit_replay_limit: int = 60
    """Seconds after which an exit found unjudged at a restart asks a person."""
    entries_per_minute: int = 10
    entries_per_day: int = 100
    max_stored_alerts: int = 1_000
    """Alerts waiting for a verdict; beyond that the listener answers 503."""

    def account(self, name: str) -> AccountConfig:
        """Return an account's settings, the defaults where it has none."""
        return self.accounts.get(name, _DEFAULT)

    def route(self, account: str) -> AccountRoute:
        """Return an account's own route: from the default group, else any group, else the defaults."""
        names = [self.default_group, *self.groups]
        for name in names:
            for route in self.groups.get(name, ()):
                if route.account == account:
                    return route
        return AccountRoute(account=account)


_DEFAULT = AccountConfig()
