"""The sealed file: secrets encrypted with a passphrase (scrypt for the key, Fernet for the content).

Line one is JSON for this user's eyes: format, version, key derivation, and the names. Line two is the sealed
content, which holds version and names again, so that a changed first line is noticed.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tt_tui.infra.redaction import Secret
from tt_tui.secrets.files import check_private_folder, read_private, write_private
from tt_tui.secrets.model import (
    NoSecretPlace,
    PlaceReport,
    PlaceState,
    SecretError,
    SecretsDamaged,
    SecretsLocked,
)
from tt_tui.secrets.passphrase import HOW, PassphraseSource, new_passphrase

FILE_NAME = "sealed-secrets"
_FORMAT = "tt-sealed-secrets"
_VERSION = 1
# 32 MiB and about 0.1 s for each guess.
_COST, _BLOCK, _LANES = 2**15, 8, 1
_HIGHEST_COST = 2**20
_SALT_BYTES = 16
_TRIES = 3
_LOCK_TRIES = 100
_LOCK_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class _Header:
    cost: int
    salt: bytes
    check: bytes
    """A second part of the derived key: tells a wrong passphrase from damaged content."""
    names: tuple[str, ...]

    def line(self) -> bytes:
        document = {
            "format": _FORMAT,
            "version": _VERSION,
            "kdf": {"name": "scrypt", "n": self.cost, "r": _BLOCK, "p": _LANES, "salt": _text(self.salt)},
            "check": _text(self.check),
            "names": list(self.names),
        }
        return json.dumps(document).encode("ascii")


@dataclass(frozen=True, slots=True)
class _Key:
    sealing: bytes
    check: bytes


class SealedFile:
    """The place that works without a keyring: one file, mode 0600 in a folder of mode 0700.

    Args:
        folder: where it lies; made when something is first written.
        passphrases: where the passphrase comes from.
        may_start: whether a person may be asked to choose a passphrase when there is no file yet.
        entropy: gives random bytes for the salt.
    """

    label = "the sealed secrets file"

    def __init__(
        self,
        folder: Path,
        passphrases: PassphraseSource,
        *,
        may_start: bool,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.path = folder / FILE_NAME
        self._passphrases = passphrases
        self._may_start = may_start
        self._entropy = entropy
        self._passphrase: Secret | None = None
        self._keys: dict[tuple[bytes, int], _Key] = {}

    def names(self) -> tuple[str, ...]:
        """Return the names in the file, without its passphrase."""
        raw = self._raw()
        return () if raw is None else self._split(raw)[0].names

    def read(self, name: str) -> str | None:
        """Return a value, asking for the passphrase only when the file holds the name."""
        raw = self._raw()
        if raw is None or name not in self._split(raw)[0].names:
            return None
        return self._open(raw).get(name)

    def obstacle(self) -> str:
        """Return why nothing can be written now: no passphrase, and nobody to ask for it."""
        if self._passphrase is not None or self._passphrases.given() is not None:
            return ""
        asks = self._passphrases.can_ask() and (self._may_start or self._raw() is not None)
        return "" if asks else f"there is no passphrase for it; {HOW}"

    def write(self, name: str, value: str) -> None:
        """Add or replace a value; the first one makes the file and settles its passphrase."""
        self._learn_passphrase()
        with self._locked():
            raw = self._raw()
            secrets = {} if raw is None else dict(self._open(raw))
            secrets[name] = value
            self._replace(raw, secrets)

    def delete(self, name: str) -> bool:
        """Remove a value; the file stays, with its passphrase."""
        if name not in self.names():
            return False
        self._learn_passphrase()
        with self._locked():
            raw = self._raw()
            secrets = {} if raw is None else dict(self._open(raw))
            found = secrets.pop(name, None) is not None
            if found:
                self._replace(raw, secrets)
        return found

    def report(self) -> PlaceReport:
        """Return whether the file can be opened or made."""
        raw = self._raw()
        names = () if raw is None else self._split(raw)[0].names
        why = self.obstacle()
        if raw is None:
            return PlaceReport(self.label, PlaceState.ABSENT, why or f"{self.path} would be made", names)
        if why:
            return PlaceReport(self.label, PlaceState.LOCKED, f"{self.path}: {why}", names)
        return PlaceReport(self.label, PlaceState.READY, str(self.path), names)

    def _raw(self) -> bytes | None:
        if not check_private_folder(self.path.parent, make=False):
            return None
        return read_private(self.path)

    def _learn_passphrase(self) -> None:
        """Settle the passphrase before the lock is taken: a person may take a while to type it."""
        raw = self._raw()
        if raw is not None:
            self._open(raw)
        elif self._passphrase is None:
            if self._passphrases.given() is None and not self._may_start:
                raise NoSecretPlace(f"there is no passphrase to seal the file with; {HOW}")
            self._passphrase = new_passphrase(self._passphrases)

    def _open(self, raw: bytes) -> dict[str, str]:
        header, token = self._split(raw)
        if self._passphrase is not None:
            key = self._derive(self._passphrase, header)
            if not hmac.compare_digest(key.check, header.check):
                raise SecretsLocked(f"the passphrase of {self.path} was changed by another program; start again")
        else:
            key = self._try_passphrases(header)
        return self._unseal(key, header, token)

    def _try_passphrases(self, header: _Header) -> _Key:
        given = self._passphrases.given()
        if given is None and not self._passphrases.can_ask():
            raise SecretsLocked(f"{self.path} is locked and nobody can be asked for its passphrase; {HOW}")
        for attempt in range(_TRIES):
            tried = given or self._passphrases.ask(f"Passphrase for {self.path.name}: ")
            key = self._derive(tried, header)
            if hmac.compare_digest(key.check, header.check):
                self._passphrase = tried
                return key
            if given is not None or attempt == _TRIES - 1:
                break
        raise SecretsLocked(f"the passphrase does not open {self.path}; check it and try again")

    def _unseal(self, key: _Key, header: _Header, token: bytes) -> dict[str, str]:
        from cryptography.fernet import Fernet, InvalidToken

        try:
            document: Any = json.loads(Fernet(key.sealing).decrypt(token))
            secrets = document["secrets"]
        except (InvalidToken, ValueError, KeyError, TypeError):
            raise self._damaged("its sealed content was changed") from None
        if document.get("version") != _VERSION or sorted(secrets) != sorted(header.names):
            raise self._damaged("its first line was changed")
        return {str(name): str(value) for name, value in secrets.items()}

    def _replace(self, raw: bytes | None, secrets: dict[str, str]) -> None:
        from cryptography.fernet import Fernet

        if self._passphrase is None:
            raise SecretsLocked(f"{self.path} is locked, so nothing was written")
        header = _Header(_COST, self._entropy(_SALT_BYTES), b"", ()) if raw is None else self._split(raw)[0]
        key = self._derive(self._passphrase, header)
        header = replace(header, check=key.check, names=tuple(sorted(secrets)))
        content = json.dumps({"version": _VERSION, "secrets": secrets}).encode()
        write_private(self.path, header.line() + b"\n" + Fernet(key.sealing).encrypt(content) + b"\n")

    def _derive(self, passphrase: Secret, header: _Header) -> _Key:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        place = (header.salt, header.cost)
        known = self._keys.get(place) if passphrase is self._passphrase else None
        if known is None:
            kdf = Scrypt(salt=header.salt, length=48, n=header.cost, r=_BLOCK, p=_LANES)
            derived = kdf.derive(passphrase.reveal().encode())
            known = _Key(base64.urlsafe_b64encode(derived[:32]), derived[32:])
            self._keys = {place: known}
        return known

    def _split(self, raw: bytes) -> tuple[_Header, bytes]:
        first, _, token = raw.partition(b"\n")
        try:
            document: Any = json.loads(first)
            if document["format"] != _FORMAT:
                raise ValueError("another format")
            if document["version"] != _VERSION:
                raise SecretsDamaged(
                    f"{self.path} has version {document['version']}, this program reads {_VERSION}; "
                    "use the program that wrote it"
                )
            kdf = document["kdf"]
            cost = int(kdf["n"])
            if (kdf["name"], kdf["r"], kdf["p"]) != ("scrypt", _BLOCK, _LANES) or not _sound_cost(cost):
                raise ValueError("another key derivation")
            names = tuple(str(name) for name in document["names"])
            header = _Header(cost, base64.b64decode(kdf["salt"]), base64.b64decode(document["check"]), names)
        except (ValueError, KeyError, TypeError):
            raise self._damaged("its first line cannot be read") from None
        return header, token.strip()

    def _damaged(self, what: str) -> SecretsDamaged:
        return SecretsDamaged(
            f"{self.path} is damaged: {what}. Put back a copy, or move the file away and set the secrets again"
        )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the folder's lock, so that two processes do not lose each other's change."""
        check_private_folder(self.path.parent, make=True)
        with lock_file(self.path.with_name("lock")):
            yield


@contextlib.contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file of ours, waiting at most 5 s for another process.

    Raises:
        SecretError: another process holds it, or the file cannot be opened.
    """
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise SecretError(f"{path} could not be opened ({error.strerror})") from error
    try:
        pause = threading.Event()
        for _ in range(_LOCK_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                pause.wait(_LOCK_PAUSE)
        else:
            raise SecretError(f"another process holds {path}; end it and try again")
        yield
    finally:
        os.close(descriptor)


def _sound_cost(cost: int) -> bool:
    return _COST <= cost <= _HIGHEST_COST and cost & (cost - 1) == 0


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
