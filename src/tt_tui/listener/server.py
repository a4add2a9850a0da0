"""The listener: takes alerts over HTTP, in this process, on the desk's own loop.

uvicorn and Starlette are imported by ``start`` and not before, since a workstation paints its first screen
without them.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
from typing import TYPE_CHECKING, Protocol

from tt_tui.desk.desk import Desk
from tt_tui.listener.config import ListenerConfig
from tt_tui.listener.hooks import HookBook, HookError
from tt_tui.listener.limits import Unproven
from tt_tui.listener.security import Doors

if TYPE_CHECKING:
    from tt_tui.listener.app import ListenerApp
    from tt_tui.listener.wire import EmbeddedServer

_LOG = logging.getLogger(__name__)

REFRESH_SECONDS = 0.5
"""How often the book of hooks is looked at; a revoked token is refused within a second."""
STOP_SECONDS = 2.0
_BACKLOG = 512


class PortTaken(Exception):
    """The address can't be listened on; the text says why and what to do."""


class Clock(Protocol):
    """Time, injected."""

    def now(self) -> int:
        """Return the wall time in nanoseconds UTC."""
        ...

    def monotonic(self) -> int:
        """Return nanoseconds that never step back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        ...


class Listener:
    """Owns the server's socket, its tasks and the reading of the book."""

    def __init__(self, desk: Desk, hooks: HookBook, config: ListenerConfig, clock: Clock) -> None:
        self._desk = desk
        self._hooks = hooks
        self._config = config
        self._clock = clock
        self._app: ListenerApp | None = None
        self._server: EmbeddedServer | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> str:
        """Listen and return the address, such as ``127.0.0.1:8000``; raises ``PortTaken`` or ``HookError``."""
        loop = asyncio.get_running_loop()
        bound = bind(self._config.host, self._config.port)
        try:
            await loop.run_in_executor(None, self._hooks.load)
            app, server = await loop.run_in_executor(None, self._build)
        except BaseException:
            bound.close()
            raise
        self._app, self._server = app, server
        for note in self._hooks.notes:
            _LOG.warning("%s", note)
        start = self._desk.context.tasks.start
        serving = start("listener", lambda: server.run_until_stopped(bound))
        self._tasks = [serving, start("listener hooks", self._watch_hooks)]
        ready = asyncio.Event()
        serving.add_done_callback(lambda _: ready.set())
        server.on_ready(ready.set)
        host, port = bound.getsockname()[:2]
        await ready.wait()
        if serving.done():
            raise PortTaken(f"the listener ended while it started on {host}:{port}; the log says why")
        app.accepting = True
        if not ipaddress.ip_address(host).is_loopback:
            _LOG.warning(
                "listening on %s, which other machines can reach without encryption; 127.0.0.1 behind a tunnel or a "
                "reverse proxy with TLS is safer",
                host,
            )
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def stop(self) -> None:
        """Refuse what is new, finish what is owed, close; at most two seconds."""
        if self._app is not None:
            self._app.accepting = False
        if self._server is not None:
            self._server.should_exit = True
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        for task in tasks[1:]:
            task.cancel()
        _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS - 0.2)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=0.2)

    def _build(self) -> tuple[ListenerApp, EmbeddedServer]:
        from tt_tui.listener.api import Api
        from tt_tui.listener.app import ALERTS, ORDERS, ListenerApp
        from tt_tui.listener.webhook import Webhook
        from tt_tui.listener.wire import build

        config, clock = self._config, self._clock
        doors, unproven = Doors(config), Unproven(config, clock)
        webhook = Webhook(self._desk, self._hooks, doors, unproven, config, clock)
        api = Api(self._desk)
        lookups = {ALERTS: api.alert, ORDERS: api.orders}
        app = ListenerApp(webhook, lookups, self._hooks, doors, unproven, config, clock)
        return app, build(app, config)

    async def _watch_hooks(self) -> None:
        """Take changes of the book up, whichever process made them; a book that can't be read changes nothing."""
        loop = asyncio.get_running_loop()
        said = ""
        while True:
            await self._clock.sleep(REFRESH_SECONDS)
            try:
                if await loop.run_in_executor(None, self._hooks.refresh):
                    said = ""
                    _LOG.info("the hooks were changed and read again")
                    for note in self._hooks.notes:
                        _LOG.warning("%s", note)
                    if not self._hooks.hooks():
                        self._desk.context.alarm(_NO_HOOK, severity="critical")
            except HookError as error:
                if str(error) != said:
                    said = str(error)
                    _LOG.error("the hooks stay as they were: %s", error)
                    self._desk.context.alarm(f"the hooks stay as they were: {error}")


_NO_HOOK = "no webhook is left, so every alert is refused from now on; `tt hook add NAME` makes one"


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket; raises ``PortTaken``.

    It is made with IPPROTO_TCP: without, asyncio does not set TCP_NODELAY on its connections, and each answer
    waits 40 ms for the peer's delayed acknowledgement.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise PortTaken(f"{host!r} is no address of this machine; set the listener's host to 127.0.0.1") from error
    bound = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise PortTaken(_why(error, host, port)) from error
    return bound


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is already in use, so no alert can arrive: end the program that holds it "
            "(another tt?), or choose another port in the listener's settings or with --port"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"this user may not listen on port {port}; choose one from 1024 up and put a reverse proxy in front"
    return f"{host}:{port} can't be listened on ({error.strerror}); set the listener's host to 127.0.0.1"
