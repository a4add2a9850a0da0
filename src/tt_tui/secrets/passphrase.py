"""Where the passphrase of the sealed file comes from: a credential, a descriptor, or a person."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Callable, Mapping
from typing import Protocol

from tt_tui.infra.redaction import Secret
from tt_tui.secrets.given import PASSPHRASE_CREDENTIAL, CredentialDirectory
from tt_tui.secrets.model import NoSecretPlace, SecretsLocked

SHORTEST_PASSPHRASE = 12
FD_VARIABLE = "TT_PASSPHRASE_FD"
_LONGEST = 4_096
_FD_SECONDS = 5.0

HOW = (
    f"give it as the systemd credential {PASSPHRASE_CREDENTIAL}, on a descriptor named by {FD_VARIABLE}, "
    "or run this in a terminal"
)

Ask = Callable[[str], str]
"""Shows a prompt, reads a line without echo; raises EOFError when nobody answers."""


class PassphraseSource(Protocol):
    """Where the sealed file gets its passphrase from."""

    def given(self) -> Secret | None:
        """Return a passphrase that needs no person; None when there is none."""
        ...

    def can_ask(self) -> bool:
        """Whether a person can be asked."""
        ...

    def ask(self, prompt: str) -> Secret:
        """Ask the person; raises `SecretsLocked` when nobody answers."""
        ...


class Passphrases:
    """The usual sources, in order: the credential, the descriptor, the person at the terminal.

    Args:
        environ: the process's environment.
        ask: asks a person; None when there is none to ask.
    """

    def __init__(self, environ: Mapping[str, str], ask: Ask | None) -> None:
        self._environ = environ
        self._ask = ask
        self._given: Secret | None = None
        self._descriptor_read = False

    def given(self) -> Secret | None:
        """Return the passphrase of the credential or of the descriptor; None when neither is set.

        Raises:
            SecretsLocked: the descriptor cannot be read or gives nothing within 5 s.
            SecretError: the credential cannot be read.
        """
        if self._given is None:
            value = CredentialDirectory(self._environ).credential(PASSPHRASE_CREDENTIAL)
            if value is None:
                value = self._from_descriptor()
            self._given = None if value is None else Secret(value)
        return self._given

    def can_ask(self) -> bool:
        """Whether a person sits at a terminal that this process may read."""
        return self._ask is not None

    def ask(self, prompt: str) -> Secret:
        """Ask the person at the terminal.

        Raises:
            SecretsLocked: nobody can be asked, or nothing was typed.
        """
        if self._ask is None:
            raise SecretsLocked(f"a passphrase is needed and nobody can be asked; {HOW}")
        try:
            typed = self._ask(prompt)
        except EOFError:
            typed = ""
        if not typed:
            raise SecretsLocked("no passphrase was typed, so the sealed file stays closed")
        return Secret(typed)

    def _from_descriptor(self) -> str | None:
        text = self._environ.get(FD_VARIABLE, "")
        if not text:
            return None
        if self._descriptor_read:
            raise SecretsLocked(f"{FD_VARIABLE}={text} gave no passphrase; {HOW}")
        self._descriptor_read = True
        try:
            content = _read_descriptor(int(text)).decode("utf-8")
        except (ValueError, OSError, OverflowError):
            raise SecretsLocked(
                f"{FD_VARIABLE}={text} is no descriptor with text this process can read; "
                f"use it as in `{FD_VARIABLE}=3 tt listen 3< FILE`"
            ) from None
        value = content.split("\n", 1)[0].removesuffix("\r")
        if not value:
            raise SecretsLocked(f"{FD_VARIABLE}={text} gave no passphrase within {_FD_SECONDS:g} s; {HOW}")
        return value


def terminal_ask() -> Ask | None:
    """Return a way to ask the person at the controlling terminal; None when there is no one to answer.

    A process in the background would be stopped by the system when it reads the terminal, so it counts as none.
    """
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        in_front = os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        in_front = False
    finally:
        os.close(descriptor)
    if not in_front:
        return None
    return _ask_hidden


def new_passphrase(source: PassphraseSource) -> Secret:
    """Return the passphrase for a new sealed file: what is given, else asked twice.

    Raises:
        NoSecretPlace: none is given and nobody can be asked.
        SecretsLocked: what was typed is too short or not twice the same.
    """
    given = source.given()
    if given is None and not source.can_ask():
        raise NoSecretPlace(f"there is no passphrase to seal the file with; {HOW}")
    chosen = given or source.ask("Choose a passphrase for the sealed secrets file: ")
    if len(chosen.reveal()) < SHORTEST_PASSPHRASE:
        raise SecretsLocked(f"the passphrase is too short: at least {SHORTEST_PASSPHRASE} characters are needed")
    if given is None and source.ask("Type it again: ") != chosen:
        raise SecretsLocked("the two passphrases differ, so nothing was written; please try again")
    return chosen


def _ask_hidden(prompt: str) -> str:
    import getpass

    return getpass.getpass(prompt)


def _read_descriptor(descriptor: int) -> bytes:
    """Read up to the first line break or the end, giving up after five seconds without a byte."""
    if descriptor < 0:
        raise ValueError(f"a descriptor is at least 0, was {descriptor}")
    content = b""
    try:
        while b"\n" not in content and len(content) < _LONGEST:
            ready, _, _ = select.select([descriptor], [], [], _FD_SECONDS)
            piece = os.read(descriptor, _LONGEST - len(content)) if ready else b""
            if not piece:
                break
            content += piece
    finally:
        if descriptor > 2:
            with contextlib.suppress(OSError):
                os.close(descriptor)
    return content
