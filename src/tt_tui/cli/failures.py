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
    return Redactor().text(f"tt: {held_words(error) or error}")


def held_words(error: BaseException) -> str:
    """Return who holds the desk: process, since when, and where it listens; empty for any other error."""
    from datetime import UTC, datetime

    from tt_tui.desk.journal_schema import JournalHeld

    if not isinstance(error, JournalHeld):
        return ""
    started, listener = error.facts.get("started"), error.facts.get("listener")
    words = f"process {error.pid}" if error.pid is not None else "another process"
    if isinstance(started, int):
        words += f", started {datetime.fromtimestamp(started // 1_000_000_000, tz=UTC):%Y-%m-%d %H:%M:%S} UTC,"
    words += " holds the desk"
    words += f" and takes alerts on {listener}" if listener else ""
    return f"{words} ({error.path}); use that one, or end it and start again"


def leave(error: BaseException) -> NoReturn:
    """Tell the error and end the process with its code."""
    click.echo(sentence(error), err=True)
    sys.exit(code_of(error))
