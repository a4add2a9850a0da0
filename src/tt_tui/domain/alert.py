"""Alerts: what came from outside, and what became of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tt_tui.domain.instruction import Instruction


class AlertStatus(StrEnum):
    """What became of an alert; everything but RECEIVED is a verdict."""

    RECEIVED = "received"
    EXECUTED = "executed"
    """At least one order left for a broker."""
    REFUSED = "refused"
    """Every account refused it, or none was concerned."""
    WAITING = "waiting"
    """A person is asked to confirm."""
    STALE = "stale"
    IGNORED = "ignored"
    BAD = "bad"
    """A proven sender sent something that is not certainly a trade."""
    DONE = "done"
    """Nothing was left to do: the position is already as asked."""


class AccountVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an alert, or a person's wish, came to on one account."""

    account: str
    status: str
    """One of ``unknown``, ``waiting``, ``working``, ``filled``, ``canceled``, ``refused`` or ``done``."""
    text: str
    code: str = ""
    """The reason code of a refusal."""
    contract: str = ""
    order_ids: tuple[str, ...] = ()


class Sender(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose proof an alert carried, and what that proof permits."""

    name: str
    """The hook's name; a strategy of its own."""
    profile: str
    """``tv`` for a token, ``signed`` for a signature."""
    groups: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    """Permitted roots or symbols; empty permits all."""
    sides: tuple[str, ...] = ()
    """``long`` and/or ``short``; empty permits both."""
    maximum_quantity: int | None = None
    default_group: str = "main"
    timed: bool = False
    """True where the proof itself carried a fresh time and a unique id."""


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One proven message from outside, as it was stored."""

    alert_id: str
    received: int
    """Wall time in nanoseconds UTC."""
    sender: Sender
    body: str
    """The text as sent, secrets replaced by ``***``."""
    instruction: Instruction
    key: str
    """What makes a repeat of it recognisable."""
    key_expires: int
    """Wall time until which a repeat of the key is a duplicate."""
