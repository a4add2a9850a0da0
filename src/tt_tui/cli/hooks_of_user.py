"""The book of hooks and the secret store of this user, as the commands beside a running desk use them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tt_tui.cli.choices import Choices
from tt_tui.cli.session import HOOKS_FILE, SECRETS_FOLDER

if TYPE_CHECKING:
    from tt_tui.infra.redaction import Secret
    from tt_tui.listener.hooks import HookBook


def folder_of(demo: bool) -> Path:
    """Return the data folder of the desk, or of the demo's."""
    from tt_tui.infra.locations import data_folder

    return Choices(demo=demo).folder(data_folder())


def book_of(demo: bool) -> HookBook:
    """Return the book as it is, with no proof made; raises ``HookError`` or ``SecretError``."""
    from tt_tui.infra.clock import SystemClock
    from tt_tui.infra.locations import private_folder
    from tt_tui.listener.hooks import HookBook
    from tt_tui.secrets import SecretError, open_store

    data = private_folder(folder_of(demo))
    store = open_store(True, False, folder=data / SECRETS_FOLDER)
    return HookBook(data / HOOKS_FILE, store, SystemClock(), store_error=SecretError)


def signing_secret(name: str | None, *, demo: bool) -> Secret | None:
    """Return the signing secret of a hook, without a name of the first signed one; None where it can't be read.

    Raises ``HookError`` where no hook has that name.
    """
    from tt_tui.listener.hooks import HookError

    book = book_of(demo)
    book.load()
    names = [hook.name for hook in book.hooks() if hook.profile == "signed"]
    if name is not None and name not in names:
        raise HookError(f"no signed hook is called {name}; there are: {', '.join(names) or 'none'}")
    return book.signing_secret(name or names[0]) if names else None
