"""Accounts and connections, as a broker means them."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec


class AccountMode(StrEnum):
    """Whether orders on an account move real money (a funded evaluation counts as live)."""

    PAPER = "paper"
    LIVE = "live"


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One account at one broker, under the name that the user gave it."""

    name: str
    connection: str
    """The connection that carries it, such as ``paper``."""
    broker_id: str
    mode: AccountMode
    currency: str = "USD"
    start_balance: Decimal = Decimal(0)


class Balance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account's money as its broker states it."""

    account: str
    cash: Decimal
    """Balance after realised profit, loss and fees."""
    ts_event: int = 0


class PositionReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A net position as its broker states it; absent from a complete snapshot means flat."""

    account: str
    symbol: str
    quantity: Decimal
    average: Decimal | None = None


class ConnectionState(StrEnum):
    """Where one broker session stands."""

    DOWN = "down"
    CONNECTING = "connecting"
    RECONCILING = "reconciling"
    READY = "ready"
    DEGRADED = "degraded"


class KillLevel(StrEnum):
    """The latch of order-lifecycle §8, from least to most."""

    NONE = "none"
    REDUCING = "reducing"
    HALTED = "halted"
    FLATTEN = "flatten"
