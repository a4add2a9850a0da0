"""The one door between a screen and the desk.

The desk runs on a thread and loop of its own. A screen, in this process or another, asks through ``DeskPort``
alone: wishes go in, events since a number and the latest market values come out. Reading pulls, so a screen
that stops reading costs the desk nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

import msgspec

from tt_tui.desk.ports import QuoteView
from tt_tui.domain.account import AccountMode, KillLevel
from tt_tui.domain.event import AnyEvent
from tt_tui.domain.instruction import Instruction
from tt_tui.domain.market import Depth, Print


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a wish, in one sentence."""

    ok: bool
    text: str
    order_ids: tuple[str, ...] = ()


class PreviewLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a wish would do on one account."""

    account: str
    mode: AccountMode
    text: str
    """Such as ``buy 2 ESZ6 market``, or why nothing would happen."""
    refused: bool = False


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a wish would do, before it is sent; nothing is reserved."""

    lines: tuple[PreviewLine, ...]
    asks: bool
    """True where a second Enter is needed: a live account, or a group of more than one of them."""


class EventRow(msgspec.Struct, frozen=True, gc=False):
    """One event with its place in the journal and the wall time it was written."""

    seq: int
    wall: int
    event: AnyEvent


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What happened since a number: rows, after a whole state where the reader fell too far behind."""

    rows: tuple[EventRow, ...] = ()
    state: bytes | None = None
    """``State.copy_bytes()``; the rows follow it."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The market as it is now, for what is in view."""

    quotes: Mapping[str, QuoteView]
    venue_now: int
    venue_label: str
    """``SIM TIME``, ``REPLAY 20x`` … or empty for real time."""
    depth: Mapping[str, Depth] = {}
    prints: Mapping[str, tuple[Print, ...]] = {}


class DeskStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What runs, for the screen's edge and for ``tt doctor``."""

    running: bool
    """False until the desk has opened its journal and reconciled once."""
    problem: str = ""
    """Why the desk could not start or may not trade, in a sentence."""
    listener: str = ""
    """``127.0.0.1:8000``, or empty while nothing listens."""
    listener_problem: str = ""
    market: str = ""
    journal: str = ""
    groups: Mapping[str, tuple[str, ...]] = {}
    """Account groups and their accounts, in order."""
    default_group: str = "main"
    watchlist: tuple[str, ...] = ()
    """Explicit contracts of the configured watchlist."""


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log, redacted."""

    number: int
    wall: int
    level: str
    name: str
    text: str


class DeskPort(Protocol):
    """What a screen may ask of a desk. Every call may come from any thread and returns at once."""

    def submit(self, instruction: Instruction) -> Future[Outcome]:
        """Carry out a person's wish."""
        ...

    def preview(self, instruction: Instruction) -> Future[Preview]:
        """Tell what a wish would do."""
        ...

    def arm(self, account: str, *, stay: bool = False) -> Future[Outcome]:
        """Permit entries on a live account; ``stay`` keeps it over a restart."""
        ...

    def disarm(self, account: str) -> Future[Outcome]:
        """Refuse entries on a live account again."""
        ...

    def kill(self, level: KillLevel, account: str = "", why: str = "") -> Future[Outcome]:
        """Set the latch, for one account or all; cancels and closes as its level says."""
        ...

    def clear_kill(self, account: str = "") -> Future[Outcome]:
        """Lift the latch."""
        ...

    def confirm(self, order_id: str) -> Future[Outcome]:
        """Approve a waiting order; the whole gate runs again."""
        ...

    def drop(self, order_id: str) -> Future[Outcome]:
        """Drop a waiting order."""
        ...

    def enable_strategy(self, strategy: str) -> Future[Outcome]:
        """Let a stopped strategy's entries pass again."""
        ...

    def acknowledge(self, alarm_id: str) -> Future[Outcome]:
        """Mark an alarm as seen."""
        ...

    def events(self, after: int, limit: int = 2_000) -> Batch:
        """Return what happened after an event's number, oldest first."""
        ...

    def frame(self, symbols: Sequence[str], depth: Sequence[str] = (), prints: Sequence[str] = ()) -> Frame:
        """Return the latest market values of the contracts in view; unknown ones are left out."""
        ...

    def watch(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Ask for quotes; returns the explicit contracts. Raises ``UnknownSymbol``."""
        ...

    def logs(self, after: int, limit: int = 500) -> tuple[LogLine, ...]:
        """Return the newest log lines after a number, oldest first."""
        ...

    def hook_help(self) -> str:
        """Return the webhook's address, a ready TradingView message and a curl line, as text."""
        ...

    def status(self) -> DeskStatus:
        """Return what runs."""
        ...
