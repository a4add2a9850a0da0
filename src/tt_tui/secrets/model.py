"""The words of the secret store: names, places, reports, errors and the protocol others rely on.

SecretError
├── InvalidName      the name itself is not allowed
├── NoSecretPlace    nowhere to write: no keyring, and no passphrase for the sealed file
├── SecretsLocked    the place that holds it cannot be opened now
├── SecretsDamaged   a file of ours is not what we wrote
└── SecretsUnsafe    a file or folder others can read; it is not read
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Protocol

from tt_tui.infra.redaction import SHORTEST_KNOWN, Secret

LONGEST_NAME = 64
LONGEST_VALUE = 16_384
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
# Taken by the passphrase's own credential, and by the variable that names a file.
_RESERVED = "passphrase"
_RESERVED_END = "-file"


class SecretError(Exception):
    """A secret could not be read or written; the text says what was tried, seen and can be done."""


class InvalidName(SecretError):
    """The name of a secret is not allowed."""


class NoSecretPlace(SecretError):
    """No place on this machine can keep a secret now."""


class SecretsLocked(SecretError):
    """The place that holds the secret cannot be opened now, so whether and what it holds is unknown."""


class SecretsDamaged(SecretError):
    """A file of ours does not hold what was written to it."""


class SecretsUnsafe(SecretError):
    """A file or folder can be read or changed by others, so it is not used."""


class PlaceState(enum.Enum):
    """Whether a place can be used."""

    READY = "ready"
    ABSENT = "absent"
    LOCKED = "locked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PlaceReport:
    """One place, for the doctor."""

    place: str
    state: PlaceState
    why: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreReport:
    """Which places are used and why; never a value."""

    writes_to: str
    """The place that `set` writes to; empty when there is none."""
    lasting: bool
    """Whether what is set survives the process."""
    sentence: str
    places: tuple[PlaceReport, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class StoredName:
    """A secret's name and the place that answers for it."""

    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Written:
    """Where `set` put a secret, and what the user should know about it."""

    place: str
    lasting: bool
    notes: tuple[str, ...]


class SecretStore(Protocol):
    """Where credentials live. Every call may block (a prompt, a keyring): not for an event loop's thread."""

    @property
    def lasting(self) -> bool:
        """Whether what is set survives the process."""
        ...

    def get(self, name: str) -> Secret | None:
        """Return the secret, None only when every place could be asked and none has it.

        Raises:
            SecretError: the place that answers for the name cannot be opened, or the name is not allowed.
        """
        ...

    def set(self, name: str, secret: Secret) -> Written:
        """Store the secret durably in the first place that can, replacing what is there.

        Raises:
            SecretError: no place can keep it, and why.
        """
        ...

    def names(self) -> tuple[StoredName, ...]:
        """Return what is stored, sorted by name; opens nothing that needs a passphrase."""
        ...

    def remove(self, name: str) -> bool:
        """Remove the secret wherever it was set; False when it was nowhere. Idempotent.

        Raises:
            SecretError: a place that holds it is locked, or is one that is only read.
        """
        ...

    def describe(self) -> StoreReport:
        """Return which places are used and why, without asking for a passphrase."""
        ...


class Place(Protocol):
    """One place of the store, used by one thread at a time."""

    @property
    def label(self) -> str:
        """What a person calls it, as in "the system keyring"."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return the names it is known to hold, without opening it."""
        ...

    def read(self, name: str) -> str | None:
        """Return a value, None when it is not there; raises `SecretError` when that cannot be known."""
        ...

    def report(self) -> PlaceReport:
        """Return its state, without asking for a passphrase."""
        ...


class WritablePlace(Place, Protocol):
    """A place that `set` may use."""

    def obstacle(self) -> str:
        """Return why nothing can be written here now; empty when it can."""
        ...

    def write(self, name: str, value: str) -> None:
        """Store the value durably; raises `SecretError`."""
        ...

    def delete(self, name: str) -> bool:
        """Remove the value; False when there was none; raises `SecretError`."""
        ...


def check_name(name: str) -> str:
    """Return the name when it is allowed: small letters, digits and single dashes, such as ``tradovate-password``.

    Raises:
        InvalidName: it is not.
    """
    if name == _RESERVED or name.endswith(_RESERVED_END):
        raise InvalidName(f"{name!r} has a meaning of its own here; choose another name")
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        shown = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"
        raise InvalidName(
            f"{shown!r} cannot name a secret: use small letters, digits and single dashes, "
            f"at most {LONGEST_NAME}, such as tradovate-password"
        )
    return name


def check_value(name: str, secret: Secret) -> str:
    """Return the value to store when it is fit for it.

    Raises:
        SecretError: it is too short to be kept out of the logs, too long, or not plain text.
    """
    value = secret.reveal()
    if len(value) < SHORTEST_KNOWN:
        raise SecretError(
            f"the value for {name} has {len(value)} characters; at least {SHORTEST_KNOWN} are needed, "
            "since a shorter one could not be kept out of the logs"
        )
    odd = any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)
    if len(value) > LONGEST_VALUE or odd:
        raise SecretError(f"the value for {name} must be UTF-8 text of at most {LONGEST_VALUE} characters")
    return value


def variable_of(name: str) -> str:
    """Return the environment variable of a secret: ``TT_SECRET_TRADOVATE_PASSWORD``."""
    return "TT_SECRET_" + name.upper().replace("-", "_")
