"""What the listener's tests share: a store in memory, a book with counted randomness, a desk that only remembers."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from pathlib import Path
from typing import Protocol

from tt_tui.desk.intake import Taken
from tt_tui.domain.alert import Sender
from tt_tui.domain.instruction import Instruction
from tt_tui.infra.redaction import Secret
from tt_tui.listener.hooks import HookBook

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

    async def take_alert(
        self, sender: Sender, body: str, instruction: Instruction, key: str, key_seconds: int
    ) -> Taken:
        if self.failure is not None:
            raise self.failure
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
