"""What the listener's tests share: a store in memory, a book with counted randomness, a desk that only remembers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tt_tui.desk.intake import Taken
from tt_tui.domain.alert import Sender
from tt_tui.domain.instruction import Instruction
from tt_tui.infra.redaction import Secret
from tt_tui.listener.app import ALERTS, ORDERS, ListenerApp
from tt_tui.listener.config import ListenerConfig
from tt_tui.listener.hook_help import PATH
from tt_tui.listener.hooks import HookBook
from tt_tui.listener.limits import Unproven
from tt_tui.listener.security import Doors
from tt_tui.listener.webhook import Webhook

SECOND = 1_000_000_000
NOW = 1_795_449_600 * SECOND


class StoreFailed(Exception):
    """What the store in memory raises."""


class MemoryStore:
    """A secret store; two books over one of them are two processes of one user."""

    def __init__(self, *, lasting: bool = True) -> None:
        self.lasting = lasting
        self.secrets: dict[str, Secret] = {}
        self.locked = False

    def get(self, name: str) -> Secret | None:
        if self.locked:
            raise StoreFailed("the keyring is locked; unlock it")
        return self.secrets.get(name)

    def set(self, name: str, secret: Secret) -> None:
        if self.locked:
            raise StoreFailed("the keyring is locked; unlock it")
        self.secrets[name] = secret

    def remove(self, name: str) -> bool:
        return self.secrets.pop(name, None) is not None


class HandClock:
    """A clock that a test sets."""

    def __init__(self, now: int = NOW) -> None:
        self.at = now

    def now(self) -> int:
        return self.at

    def monotonic(self) -> int:
        return self.at


class WallClock(Protocol):
    def now(self) -> int: ...


def book_at(path: Path, store: MemoryStore, clock: WallClock, seed: str = "") -> HookBook:
    """Return a book whose random bytes are all different and always the same."""
    numbers = itertools.count()

    def entropy(count: int) -> bytes:
        text = f"{path}|{seed}|{next(numbers)}".encode()
        return hashlib.shake_256(text).digest(count)

    return HookBook(path, store, clock, entropy, store_error=StoreFailed)


class RememberingDesk:
    """Takes alerts as the desk promises to: durable or an error, a repeat of a key is a duplicate."""

    def __init__(self) -> None:
        self.taken: list[tuple[Sender, str, Instruction, str, int]] = []
        self.keys: dict[tuple[str, str], str] = {}
        self.failure: Exception | None = None
        self.hold: asyncio.Event | None = None
        """While it is not set, the desk does not answer."""
        self.asked = asyncio.Event()

    async def take_alert(
        self, sender: Sender, body: str, instruction: Instruction, key: str, key_seconds: int
    ) -> Taken:
        if self.failure is not None:
            raise self.failure
        self.asked.set()
        if self.hold is not None:
            await self.hold.wait()
        known = self.keys.get((sender.name, key))
        if known is not None:
            return Taken(alert_id=known, duplicate=True)
        alert_id = f"ALT-{len(self.taken) + 1}"
        self.keys[sender.name, key] = alert_id
        self.taken.append((sender, body, instruction, key, key_seconds))
        return Taken(alert_id=alert_id)


def sign(secret: str, body: bytes) -> str:
    """Return the signature that ``openssl dgst -sha256 -hmac`` prints."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class House:
    """The application over a remembering desk, called in-process as uvicorn would."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = HandClock()
        self.store = MemoryStore()
        self.path = folder / "hooks.json"
        self.book = book_at(self.path, self.store, self.clock)
        first = self.book.ensure_first(("main", "topstep"))
        assert first is not None
        self.token = first.token.reveal()
        self.secret = first.signing_secret.reveal()
        self.api_token = first.api_token.reveal()
        self.desk = RememberingDesk()
        config = ListenerConfig(**settings)
        doors, unproven = Doors(config), Unproven(config, self.clock)
        webhook = Webhook(self.desk, self.book, doors, unproven, config, self.clock)
        lookups = {ALERTS: self.look_up, ORDERS: self.look_up}
        self.app = ListenerApp(webhook, lookups, self.book, doors, unproven, config, self.clock)
        self.app.accepting = True

    @staticmethod
    def look_up(alert_id: str) -> dict[str, object] | None:
        return {"alert_id": alert_id} if alert_id == "ALT-1" else None

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | list[bytes] = b"",
        headers: dict[str, str] | None = None,
        *,
        peer: str = "127.0.0.1",
    ) -> Answer:
        """Send one request; a body in several parts arrives chunked."""
        chunks = [body] if isinstance(body, bytes) else body
        lines = {"host": "127.0.0.1:8000", **(headers or {})}
        if isinstance(body, bytes) and body and "content-length" not in lines:
            lines["content-length"] = str(len(body))
        parts: list[dict[str, Any]] = [
            {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
            for number, chunk in enumerate(chunks)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return parts.pop(0) if parts else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        target, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": target,
            "raw_path": target.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in lines.items()],
            "client": (peer, 1234),
        }
        await self.app(scope, receive, send)
        start, end = sent
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], answered, end["body"])

    async def post(self, body: bytes | list[bytes], token: str | None = None, **headers: str) -> Answer:
        """Post to the token's path, or to the path without one where the token is empty."""
        shown = self.token if token is None else token
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.call("POST", f"{PATH}/{shown}" if shown else PATH, body, lines)

    async def signed(self, body: bytes, **more: str) -> Answer:
        """Post with ``X-Webhook-Signature``."""
        return await self.post(body, "", **{"x_webhook_signature": sign(self.secret, body), **more})

    def standard(self, body: bytes, *, key: str = "msg-1", at: int | None = None, secret: str = "") -> dict[str, str]:
        """Return the headers of Standard Webhooks; the time is in seconds."""
        stamp = str(self.clock.at // SECOND if at is None else at)
        raw_secret = base64.b64decode((secret or self.secret).removeprefix("whsec_"))
        signed = f"{key}.{stamp}.".encode() + body
        signature = base64.b64encode(hmac.new(raw_secret, signed, hashlib.sha256).digest()).decode()
        return {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}
