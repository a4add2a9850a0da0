"""Reads the desk once a frame and makes the view that panes get. The only place that pulls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Protocol

from tt_tui.desk.port import DeskPort, DeskStatus, Frame
from tt_tui.domain.instrument import UnknownSymbol
from tt_tui.tui import figures, marks
from tt_tui.tui.contracts import Contracts
from tt_tui.tui.prompt import NOBODY, first_target
from tt_tui.tui.replica import LogTail, Replica
from tt_tui.tui.view import Target, View

_STATUS_EVERY = 500_000_000


class Clock(Protocol):
    """What is needed of a clock."""

    def now(self) -> int:
        """Return the wall time in nanoseconds UTC."""
        ...

    def monotonic(self) -> int:
        """Return nanoseconds that never step back."""
        ...


class Feed:
    """The screen's end of the desk's port."""

    def __init__(self, port: DeskPort, clock: Clock, zone: tzinfo | None, *, may_flash: bool) -> None:
        self.replica = Replica()
        self.tail = LogTail()
        self.contracts = Contracts()
        self.target = NOBODY
        self.watched: tuple[str, ...] = ()
        self._port = port
        self._clock = clock
        self._zone = zone
        self._may_flash = may_flash
        self._status = DeskStatus(running=False)
        self._status_at: int | None = None
        self._has_watchlist = False
        self._version = 0
        self._frame = Frame(quotes={}, venue_now=0, venue_label="")

    def read(self, symbols: Iterable[str]) -> View:
        """Return the next frame, with quotes for these contracts and all that are held."""
        is_new = self.replica.pull(self._port)
        self._version += is_new
        self.tail.pull(self._port)
        self._read_status()
        if is_new and not self.target.accounts:
            self.target = first_target(self._status, self.replica.state)
        wanted = dict.fromkeys(symbols)
        wanted.update(dict.fromkeys(position.symbol for position in marks.held(self.replica.state)))
        self._frame = self._port.frame(tuple(wanted))
        return self.view()

    def view(self) -> View:
        """Return the last frame again."""
        now = self._clock.now()
        return View(
            state=self.replica.state,
            frame=self._frame,
            status=self._status,
            target=self.target,
            contracts=self.contracts,
            now=now,
            today=figures.moment(self._frame.venue_now or now).date(),
            watched=self.watched,
            zone=self._zone,
            may_flash=self._may_flash,
            version=self._version,
            known=self.replica.has_read and self._status.running,
        )

    def choose(self, target: Target) -> None:
        """Make an account or group the one at the prompt."""
        self.target = target

    def watch(self, add: Sequence[str], remove: Sequence[str]) -> str:
        """Change the watchlist; return what to say of it."""
        try:
            added = self._port.watch(add) if add else ()
        except UnknownSymbol as error:
            return str(error)
        new = tuple(symbol for symbol in dict.fromkeys(added) if symbol not in self.watched)
        gone = tuple(symbol for symbol in self.watched if symbol in remove)
        self.watched = tuple(symbol for symbol in self.watched if symbol not in remove) + new
        if new or gone:
            return f"{' '.join(new or gone)} {'is on' if new else 'is off'} the watchlist."
        return f"{' '.join((*add, *remove))} {'is on' if add else 'is not on'} the watchlist already."

    def _read_status(self) -> None:
        now = self._clock.monotonic()
        if self._status_at is not None and now - self._status_at < _STATUS_EVERY:
            return
        self._status_at = now
        self._status = self._port.status()
        if not self._has_watchlist and self._status.watchlist:
            self._has_watchlist = True
            self.watched = tuple(dict.fromkeys((*self._status.watchlist, *self.watched)))
