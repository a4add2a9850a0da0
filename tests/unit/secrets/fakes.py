"""Keyrings that behave and keyrings that do not, and a person who answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TypeVar

K = TypeVar("K", bound="MemoryKeyring")


class MemoryKeyring:
    """A keyring that works."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class HangingKeyring(MemoryKeyring):
    """A keyring that waits for a window nobody sees, from the moment `stuck` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck = threading.Event()
        self.released = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        if self.stuck.is_set():
            self.released.wait()
        return super().get_password(service, username)


class ForgetfulKeyring(MemoryKeyring):
    """Takes everything, keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass

    def delete_password(self, service: str, username: str) -> None:
        pass


class StickyKeyring(MemoryKeyring):
    """Does not let go of what it was told to delete."""

    def delete_password(self, service: str, username: str) -> None:
        pass


class LockedKeyring(MemoryKeyring):
    """Refuses, quoting what it was handed."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"locked, could not keep {password}")


class PlaintextKeyring(MemoryKeyring):
    """What `keyrings.alt` offers where there is nothing better."""


def trusted(kind: type[K]) -> K:
    """Return such a keyring under the name of a class on the list."""
    posing: type[K] = type("Keyring", (kind,), {"__module__": "keyring.backends.SecretService"})
    return posing()


class Person:
    """Types these answers, in order, and remembers what was asked."""

    def __init__(self, *answers: str) -> None:
        self._answers = iter(answers)
        self.asked: list[str] = []

    def __call__(self, prompt: str) -> str:
        self.asked.append(prompt)
        answer = next(self._answers, None)
        if answer is None:
            raise EOFError
        return answer


def none() -> Iterator[MemoryKeyring]:
    """Find no keyring, as on a bare machine."""
    return iter(())
