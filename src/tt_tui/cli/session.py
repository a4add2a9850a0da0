"""One desk of this process, from settings to the end: what the workstation and the headless listener share.

Everything heavy is imported where it is used: a screen is painted before any of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tt_tui.cli.choices import Choices

if TYPE_CHECKING:
    from tt_tui.assembly import DeskThread
    from tt_tui.desk.inprocess import InProcessPort
    from tt_tui.infra.logs import LogSystem
    from tt_tui.listener.hooks import HookBook
    from tt_tui.secrets import LayeredStore
    from tt_tui.settings import Setup

_LOG = logging.getLogger(__name__)

HOOKS_FILE = "hooks.json"


def read_setup(choices: Choices) -> Setup:
    """Return the configured setup with the flags in it; a demo ignores the configuration.

    Raises ``SettingsError``.
    """
    from tt_tui.settings import default_setup

    if choices.demo:
        return choices.over(default_setup())
    from tt_tui.settings_file import read_settings

    return choices.over(read_settings())


def paper_groups(setup: Setup) -> tuple[str, ...]:
    """Return the account groups that hold nothing but paper accounts, the default group first."""
    from tt_tui.domain.account import AccountMode

    paper = {account.name for account in setup.accounts if account.mode is AccountMode.PAPER}
    names = [name for name, routes in setup.desk.groups.items() if all(route.account in paper for route in routes)]
    return tuple(sorted(names, key=lambda name: name != setup.desk.default_group))


def open_hooks(data: Path, store: LayeredStore, groups: Sequence[str]) -> HookBook:
    """Return the book of hooks, with the first token and signing secret made; raises ``HookError``."""
    from tt_tui.infra.clock import SystemClock
    from tt_tui.listener.hooks import HookBook
    from tt_tui.secrets import SecretError

    book = HookBook(data / HOOKS_FILE, store, SystemClock(), store_error=SecretError)
    if not groups or book.ensure_first(groups) is None:
        book.load()
    return book


class Session:
    """The desk's life: `open` once, from any thread, `close` once; a close before the opening ends it unopened."""

    def __init__(self, choices: Choices, stream: TextIO | None = None, *, interactive: bool = False) -> None:
        self._choices = choices
        self._stream = stream
        self._interactive = interactive
        self._lock = threading.Lock()
        self._closed = False
        self._desk: DeskThread | None = None
        self.logs: LogSystem | None = None
        self.hooks: HookBook | None = None
        self.port: InProcessPort | None = None
        self.failure: Exception | None = None
        """Why the desk could not be opened."""

    def open(self) -> InProcessPort:
        """Read the settings, start the log and the desk, and return the screen's door.

        Raises ``SettingsError``, ``SecretError``, ``HookError``, ``JournalError`` or ``RecordingError``.
        """
        with self._lock:
            try:
                return self._open()
            except Exception as error:
                self.failure = error
                raise

    def _open(self) -> InProcessPort:
        from tt_tui.infra.locations import data_folder, log_folder, private_folder
        from tt_tui.infra.logs import start_logging

        if self._closed:
            raise RuntimeError("the program ends")
        if self.logs is None:
            self.logs = start_logging(self._choices.folder(log_folder()), stream=self._stream)
        setup = read_setup(self._choices)
        data = private_folder(self._choices.folder(data_folder()))
        from tt_tui.assembly import DeskThread
        from tt_tui.secrets.store import FOLDER_NAME, open_store

        store = open_store(self._interactive, True, folder=data / FOLDER_NAME)
        self.hooks = open_hooks(data, store, paper_groups(setup))
        for note in self.hooks.notes:
            _LOG.warning("%s", note)
        desk = DeskThread(setup, data, self.hooks, self.logs)
        self.port = desk.start()
        self._desk = desk
        _LOG.info("the desk is open; settings from %s", setup.source or "the defaults")
        return self.port

    def close(self, why: str) -> None:
        """Close the desk in good order, within about four seconds; the log stays open for the last words."""
        with self._lock:
            self._closed = True
            desk, self._desk = self._desk, None
        if desk is not None:
            desk.stop(why)
            _LOG.info("the desk is closed: %s", why)

    def end_log(self) -> None:
        """Write what is queued and close the log."""
        if self.logs is not None:
            self.logs.stop()
