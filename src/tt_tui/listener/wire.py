"""uvicorn with deadlines: a connection that is slow at its head, its body or its whole request is closed.

uvicorn 0.54 by itself keeps half a head, half a body and an idle socket open for more than 90 seconds
(webhook-security §3.2), so its h11 protocol gets one timer for each connection here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, ClassVar

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tt_tui.listener.app import ListenerApp
from tt_tui.listener.config import ListenerConfig

_NEVER = 86_400
"""Seconds; uvicorn's own keep-alive timer, which ours replaces."""
_DRAIN_SECONDS = 1


class Phase(Enum):
    """What a connection waits for."""

    HEAD = "head"
    BODY = "body"
    ANSWER = "answer"
    IDLE = "idle"


class Room:
    """All open connections, the oldest first."""

    def __init__(self, config: ListenerConfig) -> None:
        self.config = config
        self.connections: dict[GuardedProtocol, None] = {}

    def admit(self, new: GuardedProtocol) -> None:
        """Let a connection in; at the cap the oldest with an incomplete request goes, else the oldest idle one."""
        others = list(self.connections)
        self.connections[new] = None
        if len(others) < self.config.max_connections:
            return
        for phases in ((Phase.HEAD, Phase.BODY), (Phase.IDLE,)):
            oldest = next((each for each in others if each.phase in phases), None)
            if oldest is not None:
                oldest.drop()
                return
        new.drop()

    def leave(self, gone: GuardedProtocol) -> None:
        """Forget a connection."""
        self.connections.pop(gone, None)

    def close(self) -> None:
        """Close every connection that no answer is owed."""
        for each in list(self.connections):
            if each.phase is not Phase.ANSWER:
                each.drop()


class GuardedProtocol(H11Protocol):
    """One connection, with its deadline."""

    room: ClassVar[Room]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.phase = Phase.HEAD
        self._timer: asyncio.TimerHandle | None = None
        self._request_ends = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, which may be the one too many."""
        super().connection_made(transport)
        self._begin()
        self.room.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._wait(None)
        self.room.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; the first byte after an answer begins the next request."""
        if self.transport.is_closing():
            return
        if self.phase is Phase.IDLE:
            self._begin()
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Wait for the next request, or close where this one was answered before it was read."""
        if self.cycle.more_body:
            self.transport.close()
            self._wait(self.room.config.head_seconds)
        self.phase = Phase.IDLE
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self.cycle.response_complete:
            if self.conn.trailing_data[0]:
                self._begin()
            else:
                self._wait(self.room.config.keep_alive_seconds)
        else:
            self._begin()
            self._look()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, without words; close where an answer is under way already."""
        cycle = self.cycle
        if cycle is None or not cycle.response_started or (cycle.response_complete and not cycle.more_body):
            super().send_400_response("")
        else:
            self.drop()

    def shutdown(self) -> None:
        """Close at once, except where an answer is owed."""
        if self.phase is Phase.ANSWER:
            super().shutdown()
        else:
            self.drop()

    def drop(self) -> None:
        """Close without an answer."""
        self._wait(None)
        if self.transport is not None:
            self.transport.abort()

    def _begin(self) -> None:
        config = self.room.config
        self.phase = Phase.HEAD
        self._request_ends = self.loop.time() + config.request_seconds
        self._wait(min(config.head_seconds, config.request_seconds))

    def _look(self) -> None:
        """Move on to the next deadline where the head or the body has become complete."""
        if self.transport.is_closing() or self.cycle is None or self.cycle.response_complete:
            return
        left = max(0.0, self._request_ends - self.loop.time())
        if self.cycle.more_body:
            if self.phase is Phase.HEAD:
                self.phase = Phase.BODY
                self._wait(min(self.room.config.body_seconds, left))
        elif self.phase is not Phase.ANSWER:
            self.phase = Phase.ANSWER
            self._wait(left)

    def _wait(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self.drop)


class EmbeddedServer(uvicorn.Server):
    """A server inside a running loop: it leaves the process's signals alone and says when it listens."""

    def __init__(self, config: uvicorn.Config, room: Room) -> None:
        super().__init__(config)
        self._room = room
        self._tell: list[Callable[[], object]] = []

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Change nothing: signals belong to the process, not to its listener."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        for tell in self._tell:
            tell()

    def on_ready(self, tell: Callable[[], object]) -> None:
        """Call ``tell`` once it listens."""
        self._tell.append(tell)

    async def run_until_stopped(self, bound: socket.socket) -> None:
        """Serve until ``should_exit`` is set or the task is cancelled; leaves nothing open."""
        try:
            await self.serve(sockets=[bound])
        finally:
            for server in getattr(self, "servers", ()):
                server.close()
            bound.close()
            for connection in list(self._room.connections):
                connection.drop()


def build(app: ListenerApp, config: ListenerConfig) -> EmbeddedServer:
    """Return a server for the application."""
    room = Room(config)
    protocol = type("ListenerProtocol", (GuardedProtocol,), {"room": room})
    settings = uvicorn.Config(
        app,
        http=protocol,
        loop="none",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=config.max_head,
        timeout_keep_alive=_NEVER,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    return EmbeddedServer(settings, room)
