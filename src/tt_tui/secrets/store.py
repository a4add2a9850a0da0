"""The store itself: the places in their order, and the choice between a lasting and an ephemeral one."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tt_tui.infra.redaction import Secret
from tt_tui.secrets.given import CredentialDirectory, EnvironmentVariables, FileVariables
from tt_tui.secrets.keychain import (
    UNLOCKING_SECONDS,
    KeyringBackend,
    SystemKeyring,
)
from tt_tui.secrets.model import (
    NoSecretPlace,
    Place,
    PlaceReport,
    PlaceState,
    SecretError,
    SecretsLocked,
    StoredName,
    StoreReport,
    WritablePlace,
    Written,
    check_name,
    check_value,
)
from tt_tui.secrets.passphrase import Ask, Passphrases, terminal_ask
from tt_tui.secrets.sealed import SealedFile

FOLDER_NAME = "secrets"

log = logging.getLogger(__name__)


class LayeredStore:
    """Places in order: those given from outside, those written by `set`, and the environment last.

    Any thread may call; calls follow one another. Every call may block for as long as a person takes to type.
    """

    def __init__(self, given: Sequence[Place], written: Sequence[WritablePlace], last: EnvironmentVariables) -> None:
        self._given = tuple(given)
        self._written = tuple(written)
        self._last = last
        self._lock = threading.RLock()
        self._warned: set[str] = set()

    @property
    def lasting(self) -> bool:
        """Whether what is set survives the process."""
        return True

    def get(self, name: str) -> Secret | None:
        """Return the secret from the first place that holds it; None when every place was asked and none has it.

        Raises:
            SecretError: the place that holds it cannot be opened, or the name is not allowed.
        """
        check_name(name)
        with self._lock:
            for place in (*self._given, *self._written):
                value = place.read(name)
                if value is not None:
                    return Secret(value)
            value = self._last.read(name)
            if value is None:
                return None
            if name not in self._warned:
                self._warned.add(name)
                log.warning("%s", self._last.warning(name))
            return Secret(value)

    def set(self, name: str, secret: Secret) -> Written:
        """Store the secret in the first place that can, replacing what is there.

        Raises:
            SecretError: nowhere to store it, or the place that holds it now is locked.
        """
        value = check_value(check_name(name), secret)
        with self._lock:
            place = self._place_for(name)
            place.write(name, value)
            notes = [
                f"{given.label} also gives {name} and comes first, so the stored value is not used"
                for given in self._given
                if name in given.names()
            ]
            later = self._written[self._written.index(place) + 1 :]
            notes += [f"an older value stays in {old.label}, unused" for old in later if name in old.names()]
            return Written(place.label, self.lasting, tuple(notes))

    def place_to_set(self, name: str) -> str:
        """Return where `set` would store that name, to be asked before the user is made to type a value.

        Raises:
            SecretError: as `set`.
        """
        check_name(name)
        with self._lock:
            return self._place_for(name).label

    def names(self) -> tuple[StoredName, ...]:
        """Return what is stored, sorted by name, each with the place that answers for it."""
        with self._lock:
            found: dict[str, str] = {}
            for place in (*self._given, *self._written, self._last):
                for name in place.names():
                    found.setdefault(name, place.label)
            return tuple(sorted(StoredName(name, place) for name, place in found.items()))

    def remove(self, name: str) -> bool:
        """Remove the secret wherever it was set; False when it was nowhere.

        Raises:
            SecretError: a place that holds it is locked, or it is given from outside and stays.
        """
        check_name(name)
        with self._lock:
            removed = [place.delete(name) for place in self._written]
            for place in (*self._given, self._last):
                if name in place.names():
                    raise SecretError(
                        f"{name} is still given by {place.label}, which this program does not change; remove it there"
                    )
            return any(removed)

    def describe(self) -> StoreReport:
        """Return which places are used and why, without asking for a passphrase."""
        with self._lock:
            places = tuple(_report(place) for place in (*self._given, *self._written, self._last))
            target = self._first_writable()
            warnings = tuple(self._last.warning(name) for name in self._last.names())
            sentence = self._sentence(target)
            return StoreReport(target, self.lasting and bool(target), sentence, places, warnings)

    def _sentence(self, target: str) -> str:
        if target:
            return f"Secrets are stored in {target}."
        return f"Secrets cannot be stored now: {self._obstacles()}."

    def _place_for(self, name: str) -> WritablePlace:
        for place in self._written:
            why = place.obstacle()
            if not why:
                return place
            if name in place.names():
                raise SecretsLocked(f"{name} is in {place.label}, which cannot be opened now: {why}")
        raise NoSecretPlace(f"no place can keep a secret now: {self._obstacles()}")

    def _first_writable(self) -> str:
        for place in self._written:
            try:
                if not place.obstacle():
                    return place.label
            except SecretError:
                continue
        return ""

    def _obstacles(self) -> str:
        parts = []
        for place in self._written:
            try:
                why = place.obstacle()
            except SecretError as error:
                why = str(error)
            if why:
                parts.append(f"{place.label}: {why}")
        return "; ".join(parts)


class EphemeralStore(LayeredStore):
    """The store of a machine where nothing can keep a secret: what is set ends with the process.

    What is given from outside is read as ever, and what a locked place holds is still an error, never "not set".
    """

    def __init__(self, given: Sequence[Place], locked: Sequence[WritablePlace], last: EnvironmentVariables) -> None:
        super().__init__(given, (*locked, _Memory()), last)

    @property
    def lasting(self) -> bool:
        """False: what is set ends with the process."""
        return False

    def _sentence(self, target: str) -> str:
        return (
            "Secrets made now last until this process ends, since neither a keyring nor a passphrase is to be had; "
            "`tt secret set` in a terminal, or the systemd credential tt-passphrase, makes them last."
        )


class _Memory:
    label = "memory"

    def __init__(self) -> None:
        self._secrets: dict[str, Secret] = {}

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._secrets))

    def read(self, name: str) -> str | None:
        secret = self._secrets.get(name)
        return None if secret is None else secret.reveal()

    def obstacle(self) -> str:
        return ""

    def write(self, name: str, value: str) -> None:
        self._secrets[name] = Secret(value)

    def delete(self, name: str) -> bool:
        return self._secrets.pop(name, None) is not None

    def report(self) -> PlaceReport:
        return PlaceReport(self.label, PlaceState.READY, "until this process ends", self.names())


def open_store(
    interactive: bool,
    allow_ephemeral: bool,
    *,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    find_keyrings: Callable[[], Iterator[KeyringBackend]] | None = None,
    ask: Ask | None = None,
) -> LayeredStore:
    """Return the store of this machine; it asks for a passphrase only when a secret in the sealed file is needed.

    Args:
        interactive: whether a person may be asked (only while no screen is up). A process without a terminal in
            front asks nobody, whatever this says.
        allow_ephemeral: whether a store that forgets is better than none. Then nobody is asked to choose a first
            passphrase either: a first start never prompts.
        folder: where the sealed file lies; None for the user's data folder.
        environ: None for the process's own.
        find_keyrings: gives keyring backends; None for those of this system.
        ask: asks a person; None for the terminal.

    Raises:
        SecretError: a file of ours is unsafe or damaged, or a passphrase was promised and cannot be read.
    """
    home = _default_folder() if folder is None else folder
    surroundings: Mapping[str, str] = os.environ if environ is None else environ
    asking = (ask or terminal_ask()) if interactive else None
    patience = UNLOCKING_SECONDS if asking else None
    keyring = SystemKeyring(home, find_keyrings, patience=patience, environ=surroundings)
    sealed = SealedFile(home, Passphrases(surroundings, asking), may_start=not allow_ephemeral)
    given = (CredentialDirectory(surroundings), FileVariables(surroundings))
    written = (keyring, sealed)
    last = EnvironmentVariables(surroundings)
    if allow_ephemeral and all(place.obstacle() for place in written):
        return EphemeralStore(given, written, last)
    return LayeredStore(given, written, last)


def _report(place: Place) -> PlaceReport:
    try:
        return place.report()
    except SecretError as error:
        return PlaceReport(place.label, PlaceState.REFUSED, str(error), ())


def _default_folder() -> Path:
    from tt_tui.infra.locations import data_folder

    return data_folder() / FOLDER_NAME
