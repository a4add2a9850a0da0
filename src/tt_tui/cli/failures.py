"""Errors that a user can do something about: one sentence on standard error, and an exit code."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from tt_tui.cli import exits


def code_of(error: BaseException) -> int:
    """Return the exit code of an error that a user can act on, ``FAILED`` for any other."""
    from tt_tui.desk.journal import JournalError, JournalHeld
    from tt_tui.listener.hooks import HookError
    from tt_tui.secrets import NoSecretPlace, SecretError, SecretsDamaged, SecretsLocked, SecretsUnsafe
    from tt_tui.settings import SettingsError

    if isinstance(error, JournalHeld):
        return exits.HELD
    if isinstance(error, NoSecretPlace | SecretsLocked):
        return exits.NO_PLACE
    if isinstance(error, JournalError | SecretsUnsafe | SecretsDamaged):
        return exits.UNSAFE
    # OSError: a folder that can't be used; ValueError: RecordingError and the roll calendar's.
    if isinstance(error, SettingsError | SecretError | HookError | OSError | ValueError):
        return exits.WRONG_USE
    return exits.FAILED


def sentence(error: BaseException) -> str:
    """Return what to tell the user, without a secret."""
    from tt_tui.infra.redaction import Redactor, safe_traceback

    if code_of(error) == exits.FAILED:
        return f"{safe_traceback(error)}\ntt failed in a way it did not expect; please report the lines above."
    return Redactor().text(f"tt: {error}")


def leave(error: BaseException) -> NoReturn:
    """Tell the error and end the process with its code."""
    click.echo(sentence(error), err=True)
    sys.exit(code_of(error))
