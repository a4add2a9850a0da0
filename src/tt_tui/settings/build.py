"""From a checked configuration to the setup that the program runs on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec

from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.desk.config import AccountConfig, AccountRoute, DeskConfig, TradingWindow
from tt_tui.domain.account import Account, AccountMode
from tt_tui.listener.config import ListenerConfig
from tt_tui.risk.view import SECOND, Limits
from tt_tui.settings import MarketSetup, ScreenSetup, Setup, default_setup
from tt_tui.settings.checks import routes_of
from tt_tui.settings.model import ORDER_TYPES, AccountTable, LimitsTable, MarketTable, RouteTable, Settings

_IN_SECONDS = ("max_alert_age", "max_alert_ahead", "max_skew", "repeat_window")


def build(settings: Settings, source: Path) -> Setup:
    """Return the setup; accounts and groups of the defaults stay where the file has none."""
    defaults = default_setup()
    accounts, configs = defaults.accounts, dict(defaults.desk.accounts)
    if settings.accounts:
        accounts = tuple(_account(name, table) for name, table in settings.accounts.items())
        configs = {name: AccountConfig(limits=_limits(table.limits)) for name, table in settings.accounts.items()}
    desk = settings.desk.model_dump()
    timeouts = {name: float(value) for name, value in desk.items() if isinstance(value, Decimal)}
    return Setup(
        desk=DeskConfig(
            **{**desk, **timeouts},
            groups=_groups(settings, defaults.desk),
            accounts=configs,
            roll_overrides=dict(settings.rolls),
        ),
        accounts=accounts,
        paper=PaperSettings(**settings.paper.model_dump()),
        market=_market(settings.market),
        listener=_listener(settings),
        screen=ScreenSetup(theme=settings.screen.theme, frame_rate=settings.screen.fps, mouse=settings.screen.mouse),
        watchlist=settings.watchlist.symbols,
        source=str(source),
    )


def _account(name: str, table: AccountTable) -> Account:
    return Account(
        name=name,
        connection=table.broker,
        broker_id=f"PAPER-{name.upper()}",
        mode=AccountMode.PAPER,
        start_balance=table.start_balance,
    )


def _limits(table: LimitsTable) -> Limits:
    values = table.model_dump()
    return Limits(**{**values, **{name: values[name] * SECOND for name in _IN_SECONDS}})


def _groups(settings: Settings, defaults: DeskConfig) -> dict[str, tuple[AccountRoute, ...]]:
    if settings.groups:
        return {name: tuple(_route(route) for _, route in routes_of(group)) for name, group in settings.groups.items()}
    if settings.accounts:
        return {settings.desk.default_group: tuple(AccountRoute(account=name) for name in settings.accounts)}
    return dict(defaults.groups)


def _route(table: RouteTable) -> AccountRoute:
    values = {name: getattr(table, name) for name in RouteTable.model_fields}
    values["order_type"] = ORDER_TYPES[table.order_type]
    values["windows"] = tuple(TradingWindow(**window.model_dump()) for window in table.windows)
    return AccountRoute(**values)


def _market(table: MarketTable) -> MarketSetup:
    return MarketSetup(
        kind=table.kind,
        seed=table.seed,
        replay_file=table.file,
        replay_speed=float(table.speed),
        replay_symbol=table.symbol,
        replay_zone=table.zone,
        replay_stamp=table.stamp,
    )


def _listener(settings: Settings) -> ListenerConfig:
    values = settings.listener.model_dump()
    plain = {name: float(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    return msgspec.convert(plain, ListenerConfig)
