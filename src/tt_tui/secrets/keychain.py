"""The system keyring: only backends on a list, and only after one has proved that it keeps, returns and forgets."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tt_tui.secrets.files import check_private_folder, read_private, write_private
from tt_tui.secrets.model import PlaceReport, PlaceState, SecretError, SecretsDamaged, SecretsLocked
from tt_tui.secrets.sealed import lock_file

T = TypeVar("T")

SERVICE = "tt-tui"
INDEX_NAME = "keyring-names.json"
HEADLESS_SECONDS = 5.0
UNLOCKING_SECONDS = 60.0
"""How long a person may take to unlock a keyring that is known to hold something."""

_NONE_WORKS = "no keyring on the list of trusted ones works here (no desktop session, or locked over SSH)"

ALLOWED: Mapping[str, tuple[str, ...]] = {
    "darwin": ("keyring.backends.macOS.Keyring",),
    "linux": (
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
    ),
}


class KeyringBackend(Protocol):
    """What we use of a keyring backend."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class SystemKeyring:
    """The operating system's keyring, through the `keyring` package, each call with a time limit.

    A keyring cannot list its names, so they are kept beside the sealed file (names only, mode 0600); a name that
    stands there is an error, not "not set", while the keyring does not answer.

    Args:
        folder: where the list of names lies.
        find: gives backends to try, best first; it may block or fail.
        seconds: the time limit of the proof and of each call.
        patience: the limit instead, when a person can unlock a keyring that is known to hold something.
        entropy: gives random bytes for the proof.
        environ: looked at for what the user asked `keyring` to use, for the report only.
    """

    label = "the system keyring"

    def __init__(
        self,
        folder: Path,
        find: Callable[[], Iterator[KeyringBackend]] | None = None,
        *,
        seconds: float = HEADLESS_SECONDS,
        patience: float | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._index = folder / INDEX_NAME
        self._find = find or allowed_backends
        self._seconds = seconds
        self._patience = patience
        self._entropy = entropy
        self._environ = environ
        self._backend: KeyringBackend | None = None
        self._obstacle: str | None = None
        self._refused: list[str] = []

    def names(self) -> tuple[str, ...]:
        """Return the names set through this program."""
        if not check_private_folder(self._index.parent, make=False):
            return ()
        raw = read_private(self._index)
        if raw is None:
            return ()
        try:
            names = json.loads(raw)["names"]
            return tuple(sorted(str(name) for name in names))
        except (ValueError, KeyError, TypeError):
            raise SecretsDamaged(
                f"{self._index} is damaged; remove it and set the secrets of the keyring again"
            ) from None

    def read(self, name: str) -> str | None:
        """Return a value, None when a working keyring has none, or no keyring ever had one."""
        why = self.obstacle()
        if why:
            if name in self.names():
                raise SecretsLocked(f"{name} is in {self.label}, which cannot be opened now: {why}")
            return None
        return self._call(lambda backend: backend.get_password(SERVICE, name), f"reading {name}")

    def obstacle(self) -> str:
        """Return why the keyring cannot be used, after proving it once; empty when it works."""
        if self._obstacle is None:
            seconds = self._limit()
            try:
                self._backend = _limited(self._prove_first, seconds)
                self._obstacle = "" if self._backend else _NONE_WORKS
            except TimeoutError:
                self._obstacle = f"it did not answer in {seconds:g} s; unlock it, or log in where its window can open"
            except Exception as error:
                # Backends raise whatever their library raises; none of it may stop the program.
                self._obstacle = f"it failed its test ({type(error).__name__})"
        return self._obstacle

    def write(self, name: str, value: str) -> None:
        """Store the value and read it back."""

        def store(backend: KeyringBackend) -> bool:
            backend.set_password(SERVICE, name, value)
            return backend.get_password(SERVICE, name) == value

        if why := self.obstacle():
            raise SecretsLocked(f"{self.label} cannot be used: {why}")
        # The name goes first: a name without a value reads as not set, a value without a name would be forgotten.
        self._list(name, present=True)
        if not self._call(store, f"storing {name}"):
            raise SecretError(f"{self.label} did not give back what was stored for {name}, so do not rely on it")

    def delete(self, name: str) -> bool:
        """Remove the value and its name."""
        why = self.obstacle()
        listed = name in self.names()
        if why:
            if listed:
                raise SecretsLocked(f"{name} is in {self.label}, which cannot be opened now: {why}")
            return False

        def forget(backend: KeyringBackend) -> bool:
            if backend.get_password(SERVICE, name) is None:
                return False
            backend.delete_password(SERVICE, name)
            return True

        found = self._call(forget, f"removing {name}")
        if listed:
            self._list(name, present=False)
        return found

    def report(self) -> PlaceReport:
        """Return which backend is used, or why none is, and which were refused by name."""
        why = self.obstacle()
        refused = [*self._refused, *_asked_for(self._environ)]
        words = f"; refused: {', '.join(refused)}" if refused else ""
        names = self.names()
        if self._backend is not None and not why:
            used = f"{class_path(self._backend)}, proved by a write-read-delete test"
            return PlaceReport(self.label, PlaceState.READY, used + words, names)
        if names:
            return PlaceReport(self.label, PlaceState.LOCKED, why + words, names)
        state = PlaceState.REFUSED if refused else PlaceState.ABSENT
        return PlaceReport(self.label, state, why + words, names)

    def _prove_first(self) -> KeyringBackend | None:
        problems: list[Exception] = []
        for backend in self._find():
            if refusal := refusal_of(backend):
                self._refused.append(refusal)
                continue
            try:
                if self._keeps_and_forgets(backend):
                    return backend
            except Exception as error:
                problems.append(error)
        if problems:
            raise problems[0]
        return None

    def _keeps_and_forgets(self, backend: KeyringBackend) -> bool:
        name, value = f"test-{self._entropy(8).hex()}", self._entropy(16).hex()
        backend.set_password(SERVICE, name, value)
        kept = backend.get_password(SERVICE, name) == value
        backend.delete_password(SERVICE, name)
        return kept and backend.get_password(SERVICE, name) is None

    def _call(self, work: Callable[[KeyringBackend], T], what: str) -> T:
        why = self.obstacle()
        backend = self._backend
        if why or backend is None:
            raise SecretsLocked(f"{self.label} cannot be used: {why}")
        seconds = self._limit()
        try:
            return _limited(lambda: work(backend), seconds)
        except TimeoutError:
            # The thread of that call still hangs; asking again would only add another.
            self._obstacle = f"it stopped answering ({what} took over {seconds:g} s); unlock it and start again"
            raise SecretsLocked(f"{self.label}: {self._obstacle}") from None
        except Exception as error:
            # The backend's own text is not shown: it may quote what was handed to it.
            raise SecretsLocked(f"{self.label} failed at {what} ({type(error).__name__}); is it locked?") from None

    def _list(self, name: str, *, present: bool) -> None:
        check_private_folder(self._index.parent, make=True)
        with lock_file(self._index.with_name("lock")):
            names = set(self.names())
            if (name in names) is present:
                return
            names = names | {name} if present else names - {name}
            write_private(self._index, json.dumps({"version": 1, "names": sorted(names)}).encode() + b"\n")

    def _limit(self) -> float:
        return self._patience if self._patience is not None and self.names() else self._seconds


def allowed_backends() -> Iterator[KeyringBackend]:
    """Give the backends on the list that say they can work here; the package's own choice is never asked."""
    import importlib

    for path in ALLOWED.get(sys.platform, ()):
        module_name, _, class_name = path.rpartition(".")
        with contextlib.suppress(Exception):
            backend_class: Any = getattr(importlib.import_module(module_name), class_name)
            if backend_class.viable:
                yield backend_class()


def class_path(backend: object) -> str:
    """Return the full name of a backend's class."""
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def refusal_of(backend: object) -> str:
    """Return why a backend is not used, by the name of its class; empty when it is on the list."""
    return refusal_of_path(class_path(backend))


def refusal_of_path(path: str) -> str:
    """Return why the class of that full name is not used; empty when it is on the list."""
    if any(path in paths for paths in ALLOWED.values()):
        return ""
    words = path.lower()
    if "plaintext" in words:
        return f"{path} (keeps secrets in plain text)"
    if ".null." in words:
        return f"{path} (keeps nothing)"
    if ".chainer." in words:
        return f"{path} (may hand on to a backend that is not on the list)"
    if ".fail." in words:
        return f"{path} (never works)"
    return f"{path} (not on the list of trusted keyrings)"


def _asked_for(environ: Mapping[str, str]) -> list[str]:
    """Return the refusals of what the user told the `keyring` package to use and of plug-ins installed for it."""
    from importlib.metadata import entry_points

    asked = environ.get("PYTHON_KEYRING_BACKEND", "")
    paths = [asked] if asked else []
    paths += [
        point.value.replace(":", ".")
        for point in entry_points(group="keyring.backends")
        if not point.value.startswith("keyring.backends.")
    ]
    return [refusal for path in dict.fromkeys(paths) if (refusal := refusal_of_path(path))]


def _limited(work: Callable[[], T], seconds: float) -> T:
    """Run the work in a thread of its own, which is left behind when it takes longer.

    Raises:
        TimeoutError: it took longer.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="tt-keyring", daemon=True).start()
    return future.result(seconds)
