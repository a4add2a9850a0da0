"""The shape of the configuration file: every key with its kind, its default and what it means.

``settings.file`` reads it, ``settings.reference`` turns it into the sample file and the documentation. Defaults come
from the structs that the program runs on, so that there is one of each.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.desk.config import AccountRoute, DeskConfig
from tt_tui.domain.order import OrderType
from tt_tui.listener.config import ListenerConfig
from tt_tui.risk.view import SECOND, Limits
from tt_tui.settings import PAPER_BALANCE, WATCHLIST, MarketSetup

NAME = r"[A-Za-z][A-Za-z0-9_-]{0,31}"
_CLOCK_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_LISTENER, _DESK, _PAPER, _MARKET = ListenerConfig(), DeskConfig(groups={}), PaperSettings(), MarketSetup()
_LIMITS, _ROUTE = Limits(), AccountRoute(account="")


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("a number")
    return value


def _limit(value: Any) -> Any:
    if value == "none":
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        raise ValueError('a number of at least 0, or "none" for no limit')
    return value


def _whole_limit(value: Any) -> Any:
    if value != "none" and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError('a whole number of at least 0, or "none" for no limit')
    return _limit(value)


def _clock_time(value: Any) -> Any:
    if not isinstance(value, str) or not _CLOCK_TIME.fullmatch(value):
        raise ValueError('a time of the day in Chicago as "HH:MM"')
    return value


def _path(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        raise ValueError("the name of a file in quotes")
    return Path(value).expanduser()


Text = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[Decimal, BeforeValidator(_number)]
Positive = Annotated[Number, Field(gt=0)]
Limit = Annotated[Decimal | None, BeforeValidator(_limit)]
WholeLimit = Annotated[int | None, BeforeValidator(_whole_limit)]
Day = Annotated[date, Strict()]
ClockTime = Annotated[str, BeforeValidator(_clock_time)]
File = Annotated[Path, BeforeValidator(_path)]
Name = Annotated[str, Strict(), Field(pattern=f"^{NAME}$")]


class Table(BaseModel):
    """A table of the file; a key it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MarketTable(Table):
    """Where prices come from."""

    kind: Literal["simulated", "replay"] = Field(default="simulated", description="A simulated market, or a recording.")
    seed: Whole = Field(
        default=_MARKET.seed, description="The simulated market's seed; the same one gives the same prices."
    )
    file: File | None = Field(
        default=None, description="The recording to replay, CSV or Parquet.", examples=["es-1m.csv"]
    )
    symbol: Text = Field(default="", description="What was recorded; empty tells it from the file.", examples=["ES"])
    zone: Text = Field(default=_MARKET.replay_zone, description="The time zone of times that name none.")
    stamp: Literal["start", "end"] = Field(default="start", description="Which end of a bar its time is.")
    speed: Annotated[Number, Field(ge=0)] = Field(
        default=Decimal(1), description="Recorded seconds in a real one; 0 is as fast as possible."
    )


class ListenerTable(Table):
    """Where alerts come in; times in seconds."""

    enabled: Flag = Field(default=_LISTENER.enabled, description="Whether to listen at all.")
    host: Text = Field(
        default=_LISTENER.host, description="The address to listen on; keep it local, behind a tunnel or proxy."
    )
    port: Annotated[Whole, Field(ge=0, le=65_535)] = Field(default=_LISTENER.port, description="0 takes a free one.")
    public_hosts: tuple[Text, ...] = Field(
        default=(), description="Names under which a tunnel or proxy is reached.", examples=[["alerts.example.com"]]
    )
    trusted_proxies: tuple[Text, ...] = Field(
        default=(), description="Addresses whose X-Forwarded-For is believed.", examples=[["127.0.0.1"]]
    )
    tradingview_addresses: tuple[Text, ...] = Field(
        default=_LISTENER.tradingview_addresses, description="Where TradingView posts from."
    )
    tradingview_only: Flag = Field(
        default=False, description="Refuse token hooks from other addresses, where those are known."
    )
    max_connections: Annotated[Whole, Field(ge=1)] = Field(
        default=_LISTENER.max_connections, description="Open at once."
    )
    head_seconds: Positive = Field(
        default=Decimal(str(_LISTENER.head_seconds)), description="For a request's head to come."
    )
    body_seconds: Positive = Field(
        default=Decimal(str(_LISTENER.body_seconds)), description="For a request's body to come."
    )
    request_seconds: Positive = Field(
        default=Decimal(str(_LISTENER.request_seconds)), description="For a whole request."
    )
    keep_alive_seconds: Positive = Field(
        default=Decimal(str(_LISTENER.keep_alive_seconds)), description="For the next request on a connection."
    )
    max_head: Annotated[Whole, Field(ge=512)] = Field(
        default=_LISTENER.max_head, description="Bytes of a request's head."
    )
    max_headers: Annotated[Whole, Field(ge=8)] = Field(
        default=_LISTENER.max_headers, description="Headers of a request."
    )
    max_body: Annotated[Whole, Field(ge=64)] = Field(default=_LISTENER.max_body, description="Bytes of an alert.")
    answer_seconds: Positive = Field(
        default=Decimal(str(_LISTENER.answer_seconds)), description="Within which every alert is answered."
    )
    unproven_per_minute: Annotated[Whole, Field(ge=1)] = Field(
        default=_LISTENER.unproven_per_minute, description="Requests a minute without a valid proof, of all senders."
    )
    unproven_per_address: Annotated[Whole, Field(ge=1)] = Field(
        default=_LISTENER.unproven_per_address, description="The same of one address."
    )


class ScreenTable(Table):
    """The screen; what is not set follows the terminal."""

    theme: Text = Field(
        default="", description="A theme's name; empty follows the terminal's colours.", examples=["dark"]
    )
    fps: Annotated[Whole, Field(ge=1, le=60)] | None = Field(
        default=None, description="Frames a second; unset is 20, over SSH 10.", examples=[20]
    )
    mouse: Flag = Field(default=True, description="false leaves selecting and copying to the terminal.")


class PaperTable(Table):
    """The paper broker's costs and limits."""

    slippage_ticks: Annotated[Whole, Field(ge=0)] = Field(
        default=_PAPER.slippage_ticks, description="Ticks that a market or triggered stop order pays beyond the touch."
    )
    commission: Annotated[Number, Field(ge=0)] = Field(
        default=_PAPER.commission, description="Account currency for each contract and side."
    )
    commission_by_root: dict[Text, Annotated[Number, Field(ge=0)]] = Field(
        default={},
        description="Commission of single roots, in place of the general one.",
        examples=[{"MES": Decimal("0.62")}],
    )
    margin: dict[Text, Annotated[Number, Field(ge=0)]] = Field(
        default={}, description="Account currency that one contract of a root binds.", examples=[{"ES": 13_200}]
    )


class DeskTable(Table):
    """The desk: default group, patience and the throttle of each strategy; times in seconds."""

    default_group: Text = Field(
        default=_DESK.default_group, description="The group of a typed line or alert that names none."
    )
    confirm_seconds: Annotated[Whole, Field(ge=1)] = Field(
        default=_DESK.confirm_seconds, description="How long an order waits for a confirmation."
    )
    place_timeout: Positive = Field(
        default=Decimal(str(_DESK.place_timeout)),
        description="Without an answer after this, an order's outcome is unknown.",
    )
    cancel_proof_timeout: Positive = Field(
        default=Decimal(str(_DESK.cancel_proof_timeout)),
        description="How long a close waits for its cancels to be proven.",
    )
    fill_timeout: Positive = Field(
        default=Decimal(str(_DESK.fill_timeout)), description="How long a reverse waits for its close to fill."
    )
    reconcile_seconds: Positive = Field(
        default=Decimal(str(_DESK.reconcile_seconds)), description="Between two comparisons with each broker."
    )
    exit_replay_limit: Annotated[Whole, Field(ge=0)] = Field(
        default=_DESK.exit_replay_limit,
        description="An exit found unjudged at a restart asks a person once it is older.",
    )
    entries_per_minute: Annotated[Whole, Field(ge=1)] = Field(
        default=_DESK.entries_per_minute, description="Of one strategy; beyond it is stopped until a person enables it."
    )
    entries_per_day: Annotated[Whole, Field(ge=1)] = Field(
        default=_DESK.entries_per_day, description="The same for a day."
    )
    max_stored_alerts: Annotated[Whole, Field(ge=1)] = Field(
        default=_DESK.max_stored_alerts,
        description="Alerts that may wait for a verdict; beyond, the sender is told to retry.",
    )


class WatchlistTable(Table):
    """What the watchlist shows."""

    symbols: tuple[Text, ...] = Field(default=WATCHLIST, description="Roots, contracts or shares, in order.")


class LimitsTable(Table):
    """One account's limits; times in seconds. "none" takes a limit away."""

    max_order_quantity: Limit = Field(default=_LIMITS.max_order_quantity, description="Contracts of one order.")
    max_notional: Limit = Field(
        default=None,
        description="Price times quantity times point value of one order, in currency.",
        examples=[500_000],
    )
    max_position: Limit = Field(
        default=_LIMITS.max_position, description="Contracts of one symbol, with all that works or is unknown counted."
    )
    max_open_orders: WholeLimit = Field(
        default=_LIMITS.max_open_orders, description="Live orders that are not protection."
    )
    collar_percent: Limit = Field(
        default=_LIMITS.collar_percent, description="How far a price may lie from the market, in percent."
    )
    collar_ticks: WholeLimit = Field(default=None, description="The same in ticks.", examples=[80])
    max_alert_age: Annotated[Whole, Field(ge=1)] = Field(
        default=_LIMITS.max_alert_age // SECOND, description="An entry's alert may be this old."
    )
    max_alert_ahead: Annotated[Whole, Field(ge=0)] = Field(
        default=_LIMITS.max_alert_ahead // SECOND, description="And this far in the future."
    )
    max_skew: Annotated[Whole, Field(ge=1)] = Field(
        default=_LIMITS.max_skew // SECOND, description="Between the broker's clock and this one."
    )
    max_orders_per_minute: WholeLimit = Field(
        default=_LIMITS.max_orders_per_minute, description="Messages of the account."
    )
    max_repeats: WholeLimit = Field(
        default=_LIMITS.max_repeats, description="Entries of one strategy, contract and side within repeat_window."
    )
    repeat_window: Annotated[Whole, Field(ge=1)] = Field(
        default=_LIMITS.repeat_window // SECOND, description="The window of max_repeats."
    )
    reduce_to_fit: Flag = Field(
        default=False, description="Cut an entry to the largest size that passes, not refuse it."
    )


class AccountTable(Table):
    """One account, under the name that you give it."""

    broker: Literal["paper"] = Field(default="paper", description="Who carries it.")
    start_balance: Positive = Field(default=PAPER_BALANCE, description="Account currency at the start.")
    live: Flag = Field(default=False, description="Whether live orders are permitted at all; arming is needed on top.")
    limits: LimitsTable = Field(default=LimitsTable(), description="The account's limits.")


class WindowTable(Table):
    """A time of the trade date, Chicago, in which a route may enter."""

    start: ClockTime = Field(description="HH:MM", examples=["08:30"])
    end: ClockTime = Field(description="HH:MM", examples=["15:00"])
    flatten_at_end: Flag = Field(
        default=False, description="Close what the route holds, and cancel its orders, at the end."
    )


class RouteSettings(Table):
    """How an account takes part in what its group is told."""

    multiplier: Positive = Field(default=_ROUTE.multiplier, description="Times the alert's quantity.")
    fixed_size: Positive | None = Field(default=None, description="Contracts whatever the alert says.", examples=[1])
    default_quantity: Positive = Field(
        default=_ROUTE.default_quantity, description="Contracts where the alert names none."
    )
    cap: Positive | None = Field(
        default=None, description="Most contracts of one order; larger ones are cut.", examples=[3]
    )
    micro: Flag = Field(default=False, description="Trade a mini's micro contract, the same number of them.")
    sides: tuple[Literal["long", "short"], ...] = Field(default=("long", "short"), description="Permitted sides.")
    symbols: tuple[Text, ...] = Field(
        default=(), description="Permitted roots or symbols; empty permits all.", examples=[["ES"]]
    )
    order_type: Literal["market", "limit"] = Field(
        default="market", description="Of alerts that name none; a limit stands at the touch."
    )
    stop_ticks: Positive | None = Field(
        default=None, description="Protective stop, where the alert has none.", examples=[20]
    )
    target_ticks: Positive | None = Field(default=None, description="Profit target, likewise.", examples=[40])
    trail_ticks: Positive | None = Field(default=None, description="Distance of a trailing stop.", examples=[16])
    break_even_ticks: Positive | None = Field(
        default=None, description="Profit after which the stop moves to the entry.", examples=[12]
    )
    windows: tuple[WindowTable, ...] = Field(default=(), description="Times of entry; empty permits the whole session.")
    max_trades_per_day: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, description="Entries a day.", examples=[10]
    )
    cooldown: Annotated[Whole, Field(ge=0)] = Field(default=0, description="Seconds between entries in one contract.")
    max_alert_age: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, description="Seconds; in place of the account's limit.", examples=[30]
    )
    pyramid: Flag = Field(default=_ROUTE.pyramid, description="Whether a wish on the side already held adds to it.")
    reverse: Flag = Field(
        default=_ROUTE.reverse, description="Whether a wish on the other side closes all and opens its whole quantity."
    )
    shared: Flag = Field(default=_ROUTE.shared, description="Whether strategies may trade on each other's positions.")
    adopt: Flag = Field(
        default=_ROUTE.adopt, description="Whether alerts may change a position that they did not open."
    )


class RouteTable(RouteSettings):
    """One account of a group with settings of its own."""

    account: Text = Field(description="The account's name.", examples=["main-1"])


class GroupTable(RouteSettings):
    """A group of accounts: those of ``accounts`` with the keys here, those of ``routes`` with their own."""

    accounts: tuple[Text, ...] = Field(
        default=(), description="Accounts with the settings of this table.", examples=[["main-1"]]
    )
    routes: tuple[RouteTable, ...] = Field(default=(), description="Accounts with settings of their own.")


class Settings(BaseSettings):
    """The whole file."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    market: MarketTable = MarketTable()
    listener: ListenerTable = ListenerTable()
    screen: ScreenTable = ScreenTable()
    watchlist: WatchlistTable = WatchlistTable()
    desk: DeskTable = DeskTable()
    paper: PaperTable = PaperTable()
    accounts: dict[Name, AccountTable] = {}
    groups: dict[Name, GroupTable] = {}
    rolls: dict[Text, Day] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the file alone: an environment variable that nobody sees must not change how money is traded."""
        return (init_settings,)


ORDER_TYPES = {"market": OrderType.MARKET, "limit": OrderType.LIMIT}
