"""The ASGI application: the checks of webhook-security §3.3 to §3.6 in their order, then the routes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tt_tui.listener import replies
from tt_tui.listener.config import ListenerConfig
from tt_tui.listener.hook_help import PATH
from tt_tui.listener.limits import Unproven
from tt_tui.listener.security import Doors, Headers, prove_api_token
from tt_tui.listener.webhook import KeySource, Posted, WallClock, Webhook

_LOG = logging.getLogger(__name__)

HEALTH = "/health"
ALERTS = "/api/v1/alerts/"
ORDERS = "/api/v1/orders/"
_LONGEST_SEGMENT = 128
_HEAD_LINE = 4
"""Bytes that a header line has beside its name and value, and about what the request line has."""

Lookup = Callable[[str], dict[str, object] | None]


class TooBig(Exception):
    """The body is over the limit; the rest of it is not read."""


class ListenerApp:
    """Routes requests. ``accepting`` is False before the start and from the beginning of the stop."""

    def __init__(
        self,
        webhook: Webhook,
        lookups: Mapping[str, Lookup],
        book: KeySource,
        doors: Doors,
        unproven: Unproven,
        config: ListenerConfig,
        clock: WallClock,
    ) -> None:
        self._webhook = webhook
        self._lookups = lookups
        self._book = book
        self._doors = doors
        self._unproven = unproven
        self._config = config
        self._clock = clock
        self.accepting = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing that happens here reaches the sender as a trace."""
        try:
            response = await self._answer(scope, receive)
        except Exception:
            _LOG.exception("a request failed before anything was stored")
            response = replies.unavailable()
        if response is not None:
            await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        headers = _headers(scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            return refusal
        path, method = scope["raw_path"], scope["method"]
        if method == "GET":
            return self._get(path.decode("latin-1"), scope, headers)
        if path == PATH.encode():
            token = None
        elif path.startswith(f"{PATH}/".encode()) and 0 < len(path) - len(PATH) - 1 <= _LONGEST_SEGMENT:
            token = unquote(path[len(PATH) + 1 :].decode("latin-1"))
        else:
            return _not_found(headers)
        if method != "POST" or (token is not None and "/" in token):
            return _not_found(headers)
        if not self.accepting:
            return replies.unavailable()
        try:
            raw = await _body(receive, headers, self._config.max_body)
        except TooBig:
            return replies.empty(413, close=True)
        if raw is None:
            return None
        address = self._doors.address(_peer(scope), headers)
        return await self._webhook.answer(Posted(headers, raw, address, token))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to what is refused before its path matters."""
        lines = scope["headers"]
        size = len(scope["raw_path"]) + sum(len(name) + len(value) + _HEAD_LINE for name, value in lines)
        if len(lines) > self._config.max_headers or size + len(scope["query_string"]) > self._config.max_head:
            return replies.empty(413, close=True)
        if b"content-length" in headers and b"transfer-encoding" in headers:
            return replies.empty(400, close=True)
        if not self._doors.knows_host(headers):
            return replies.empty(421, close=_has_body(headers))
        if self._doors.is_from_browser(headers):
            return replies.empty(403, close=_has_body(headers))
        return None

    def _get(self, path: str, scope: Scope, headers: Headers) -> Response:
        if path == HEALTH:
            return replies.reply(200, {"status": "ok"}) if self.accepting else replies.unavailable()
        for prefix, lookup in self._lookups.items():
            if path.startswith(prefix) and 0 < len(path) - len(prefix) <= _LONGEST_SEGMENT:
                return self._look_up(path[len(prefix) :], lookup, scope, headers)
        return _not_found(headers)

    def _look_up(self, alert_id: str, lookup: Lookup, scope: Scope, headers: Headers) -> Response:
        if not prove_api_token(self._book.keys, headers, self._clock.now()):
            address = self._doors.address(_peer(scope), headers)
            return replies.too_many() if self._unproven.is_too_many(address) else replies.unauthorized()
        found = lookup(alert_id)
        return _not_found(headers) if found is None else replies.reply(200, found)


def _headers(scope: Scope) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name, []).append(value)
    return found


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _has_body(headers: Headers) -> bool:
    return b"transfer-encoding" in headers or headers.get(b"content-length", [b"0"])[0] != b"0"


def _not_found(headers: Headers) -> Response:
    return replies.empty(404, close=_has_body(headers))


async def _body(receive: Receive, headers: Headers, limit: int) -> bytes | None:
    """Return the whole body, None where the sender went away; raises ``TooBig`` as soon as that is known."""
    for length in headers.get(b"content-length", ()):
        if not length.isdigit() or len(length) > len(str(limit)) + 1 or int(length) > limit:
            raise TooBig
    raw = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk: bytes = message.get("body", b"")
        raw += chunk
        if len(raw) > limit:
            raise TooBig
        if not message.get("more_body", False):
            return raw
