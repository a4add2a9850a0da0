"""What unproven requests may cost us (webhook-security §5). A proven request never comes here."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Protocol

from tt_tui.listener.config import ListenerConfig

_LOG = logging.getLogger(__name__)
_SECOND = 1_000_000_000
_MINUTE = 60 * _SECOND
BAD_PROOFS = 10
BAD_WINDOW = 600 * _SECOND
IGNORED_FOR = 900 * _SECOND
MOST_ADDRESSES = 8_192


class Monotonic(Protocol):
    """Nanoseconds that never step back."""

    def monotonic(self) -> int:
        """Return the time."""
        ...


class Window:
    """Counts what happened within a time, up to a limit."""

    def __init__(self, limit: int, length: int) -> None:
        self._limit = limit
        self._length = length
        self._times: deque[int] = deque()

    def is_full(self, now: int) -> bool:
        """Return True where the limit is reached."""
        while self._times and self._times[0] <= now - self._length:
            self._times.popleft()
        return len(self._times) >= self._limit

    def add(self, now: int) -> None:
        """Count one; what is over the limit is not kept."""
        if not self.is_full(now):
            self._times.append(now)


@dataclass(slots=True)
class _Visitor:
    requests: Window
    bad: Window = field(default_factory=lambda: Window(BAD_PROOFS, BAD_WINDOW))
    ignored_until: int = 0


class Unproven:
    """Counts requests without a valid proof, in all and by address where that is known."""

    def __init__(self, config: ListenerConfig, clock: Monotonic) -> None:
        self._clock = clock
        self._per_address = config.unproven_per_address
        self._all = Window(config.unproven_per_minute, _MINUTE)
        self._visitors: OrderedDict[str, _Visitor] = OrderedDict()
        self._unsaid = 0
        self._said_at: int | None = None

    def is_too_many(self, address: str | None) -> bool:
        """Count one more; returns True where it is to be answered with 429."""
        now = self._clock.monotonic()
        self._say(now, address)
        is_over = self._all.is_full(now)
        self._all.add(now)
        if address is None:
            return is_over
        visitor = self._visitor(address)
        if now < visitor.ignored_until:
            return True
        is_over |= visitor.requests.is_full(now)
        visitor.requests.add(now)
        visitor.bad.add(now)
        if visitor.bad.is_full(now):
            visitor.ignored_until = now + IGNORED_FOR
            visitor.bad = Window(BAD_PROOFS, BAD_WINDOW)
        return is_over

    def _visitor(self, address: str) -> _Visitor:
        visitor = self._visitors.get(address)
        if visitor is None:
            visitor = self._visitors[address] = _Visitor(Window(self._per_address, _MINUTE))
            if len(self._visitors) > MOST_ADDRESSES:
                self._visitors.popitem(last=False)
        self._visitors.move_to_end(address)
        return visitor

    def _say(self, now: int, address: str | None) -> None:
        """Log at most once a minute, however many there are."""
        self._unsaid += 1
        if self._said_at is not None and now - self._said_at < _MINUTE:
            return
        _LOG.warning(
            "%d request%s without a valid token or signature refused; the last came from %s",
            self._unsaid,
            "" if self._unsaid == 1 else "s",
            address or "this machine or a proxy",
        )
        self._said_at, self._unsaid = now, 0
