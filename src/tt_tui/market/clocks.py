"""The venue clocks: real time, the simulated market's time, and a recording's."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from tt_tui.desk.ports import Clock
from tt_tui.domain.sessions import SessionCalendar

SECOND = 1_000_000_000
SIMULATED_FROM = "09:30"
"""Chicago time at which the simulated market starts over while the real one is closed."""
SIMULATED_SPAN = (5 * 60 + 30) * 60 * SECOND
"""How long it runs before it starts over: until 15:00 Chicago, inside everybody's regular hours."""

_HOUR = 3600 * SECOND


class WallVenueClock:
    """A venue in real time: what a live broker's sessions and quote ages go by."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def label(self) -> str:
        """Return nothing: real time needs no mark."""
        return ""

    def now(self) -> int:
        """Return the wall time in nanoseconds UTC."""
        return self._clock.now()


class Window(NamedTuple):
    """A stretch of time in which a calendar group is open throughout, or closed throughout."""

    start: int
    end: int
    is_open: bool


class Hours:
    """The session calendar's answers, remembered until they change, so that asking for each quote is cheap.

    Safe from any thread: what is remembered is one immutable value a group.
    """

    def __init__(self, calendar: SessionCalendar) -> None:
        self._calendar = calendar
        self._windows: dict[str, Window] = {}

    def window(self, group: str, at: int) -> Window:
        """Return the open or closed stretch around a time; a closed one may start at the time asked for."""
        window = self._windows.get(group)
        if window is None or not window.start <= at < window.end:
            window = self._windows[group] = self._find(group, at)
        return window

    def is_open(self, group: str, at: int) -> bool:
        """Tell whether the group's session is open at a time."""
        return self.window(group, at).is_open

    def trade_date(self, group: str, at: int) -> date:
        """Return the trade date of a moment, open or closed."""
        return self._calendar.trade_date(group, at)

    def day(self, group: str, at: int) -> Window | None:
        """Return all of a moment's trade date, from first open to last close; None where it has no session."""
        trade_date = self._calendar.trade_date(group, at)
        start, end = self._calendar.open_of(group, trade_date), self._calendar.close_of(group, trade_date)
        return None if start is None or end is None else Window(start, end, is_open=True)

    def last_open(self, group: str, at: int) -> Window:
        """Return the open stretch around a time, or else the latest one before it.

        Raises:
            LookupError: the calendar knows no open session in the two weeks before.
        """
        probe = at
        # No open stretch of any group is shorter than an hour, so hourly steps can't jump over one.
        for _ in range(14 * 24):
            found = self._find(group, probe)
            if found.is_open:
                return found
            probe -= _HOUR
        raise LookupError(f"the session calendar has no open session of {group} in the two weeks before {at}")

    def _find(self, group: str, at: int) -> Window:
        session = self._calendar.session(group, at)
        if session is not None:
            return Window(session.open_ns, session.close_ns, True)
        return Window(at, self._calendar.next_open(group, at), False)


class _Anchor(NamedTuple):
    start: int
    end: int
    base: int | None
    """Venue time at ``start`` while the real market is closed; None while it is open."""


class SimulatedVenueClock:
    """The simulated market's time: the wall clock while the real session is open, else a loop inside one.

    While the real market is closed the venue's time is 09:30 Chicago of the last regular session plus the
    time since the close, modulo five and a half hours: it runs 09:30 to 15:00, over and over, and never leaves
    regular hours. So every minute of the year has an open session: Saturdays, the daily break and holidays by
    the loop, all others (15:30 Chicago on a weekday, say) by the real one. It steps back when the loop starts
    over and when the real market closes, and forward when that opens.
    """

    def __init__(self, clock: Clock, calendar: SessionCalendar, group: str = "equity_index") -> None:
        self._clock = clock
        self._calendar = calendar
        self._hours = Hours(calendar)
        self._group = group
        self._anchor = _Anchor(0, 0, None)

    @property
    def label(self) -> str:
        """Return ``SIM TIME`` while the venue's time is not the real one, else nothing."""
        return "" if self._around(self._clock.now()).base is None else "SIM TIME"

    def now(self) -> int:
        """Return the venue's time in nanoseconds UTC."""
        return self.at(self._clock.now())

    def at(self, wall: int) -> int:
        """Return the venue's time at a wall time."""
        anchor = self._around(wall)
        if anchor.base is None:
            return wall
        return anchor.base + (wall - anchor.start) % SIMULATED_SPAN

    def _around(self, wall: int) -> _Anchor:
        anchor = self._anchor
        if not anchor.start <= wall < anchor.end:
            anchor = self._anchor = self._find(wall)
        return anchor

    def _find(self, wall: int) -> _Anchor:
        window = self._hours.window(self._group, wall)
        if window.is_open:
            return _Anchor(window.start, window.end, None)
        closed_at = self._hours.last_open(self._group, wall).end
        day = self._calendar.last_regular_session(self._group, wall)
        return _Anchor(closed_at, window.end, self._calendar.at_wall(day, SIMULATED_FROM))


class ReplayClock:
    """A recording's time: it moves only as far as the player has played, at a speed, with pause and seek.

    The player asks how far time is ``due`` and then lets it advance, so that a reader never sees a time whose
    quotes it can't see yet. All calls may come from any thread.

    Args:
        clock: measures how long playing takes, by its monotonic time.
        start: the recording's first time, nanoseconds UTC.
        speed: recorded seconds for one real second; 0 is as fast as possible.
    """

    def __init__(self, clock: Clock, start: int, speed: float = 1.0) -> None:
        _check_speed(speed)
        self._clock = clock
        self._now = start
        self._speed = speed
        self._paused = False
        self._ended = False
        self._seek: int | None = None
        self._anchor = (clock.monotonic(), start)

    @property
    def label(self) -> str:
        """Return ``REPLAY 20x``, ``REPLAY MAX``, ``REPLAY PAUSED`` or ``REPLAY ENDED``."""
        if self._ended:
            return "REPLAY ENDED"
        if self._paused:
            return "REPLAY PAUSED"
        return f"REPLAY {self._speed:g}x" if self._speed else "REPLAY MAX"

    @property
    def speed(self) -> float:
        """Return recorded seconds for one real second; 0 is as fast as possible."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Tell whether the recording stands still until ``resume``."""
        return self._paused

    @property
    def ended(self) -> bool:
        """Tell whether the player has played everything."""
        return self._ended

    def now(self) -> int:
        """Return the recorded time reached, nanoseconds UTC; a seek may step it back."""
        return self._now

    def due(self) -> int | None:
        """Return the recorded time that should be reached by now; None when as fast as possible."""
        if self._paused:
            return self._now
        if not self._speed:
            return None
        since, at = self._anchor
        return at + int((self._clock.monotonic() - since) * self._speed)

    def set_speed(self, speed: float) -> None:
        """Play at another speed from here on; raises ValueError for a negative or infinite one."""
        _check_speed(speed)
        self._speed = speed
        self._hold(self._now)

    def pause(self) -> None:
        """Stand still."""
        self._paused = True

    def resume(self) -> None:
        """Go on from where it stood."""
        self._hold(self._now)
        self._paused = False

    def seek(self, at: int) -> None:
        """Ask the player to go on from another time of the recording, back or forth."""
        self._seek = at

    def take_seek(self) -> int | None:
        """Return the time asked for by ``seek`` once, else None; for the player."""
        asked, self._seek = self._seek, None
        return asked

    def advance(self, at: int) -> None:
        """Say that everything up to a time has been played; for the player."""
        self._now = at

    def jump(self, at: int) -> None:
        """Go to a time without playing what lies between, and measure from there; for the player."""
        self._ended = False
        self._now = at
        self._hold(at)

    def finish(self) -> None:
        """Say that nothing is left to play; for the player."""
        self._ended = True

    def _hold(self, at: int) -> None:
        self._anchor = (self._clock.monotonic(), at)


def _check_speed(speed: float) -> None:
    if not 0 <= speed < float("inf"):
        raise ValueError(f"a replay's speed is 0 (as fast as possible) or a number like 1 or 60, was {speed}")
