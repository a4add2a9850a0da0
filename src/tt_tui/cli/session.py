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
    from tt_tui.listener.hooks import FirstRun, HookBook
    from tt_tui.secrets import LayeredStore
    from tt_tui.settings import Setup

_LOG = logging.getLogger(__name__)

CONFIG_FILE = "config.toml"
HOOKS_FILE = "hooks.json"
JOURNAL_FILE = "journal.sqlite"
SECRETS_FOLDER = "secrets"
SEALED_FILE = "sealed-secrets"


def read_setup(choices: Choices) -> Setup:
    """Return the configured setup with the flags in it; a demo ignores the configuration.

    Raises ``SettingsError``.
    """
    from tt_tui.infra.locations import config_folder
    from tt_tui.settings import default_setup

    # Where nothing is configured, the reader of the configuration is not even loaded.
    if choices.demo or not (config_folder() / CONFIG_FILE).exists():
        return choices.over(default_setup())
    from tt_tui.settings.file import read_settings

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


def refuse_second(data: Path) -> None:
    """Raise ``JournalHeld`` where another process has the desk, before anything of it is touched.

    The lock file is empty where its holder ended well, so that a usual start imports nothing here.
    """
    path = data / JOURNAL_FILE
    lock = path.with_name(f"{JOURNAL_FILE}.lock")
    if not lock.exists() or not lock.stat().st_size:
        return
    from tt_tui.desk.journal_lock import holder
    from tt_tui.desk.journal_schema import JournalHeld

    facts = holder(path)
    if facts is not None:
        pid = facts.get("pid")
        raise JournalHeld(path, pid if isinstance(pid, int) else None, facts)


class Session:
    """The desk's life: `open` once, from any thread, `close` once; a close before the opening ends it unopened."""

    def __init__(self, choices: Choices, stream: TextIO | None = None, *, with_proofs: bool = False) -> None:
        self._choices = choices
        self._stream = stream
        self._with_proofs = with_proofs
        self._lock = threading.Lock()
        self._closed = False
        self._store: LayeredStore | None = None
        self._desk: DeskThread | None = None
        self.logs: LogSystem | None = None
        self.hooks: HookBook | None = None
        self.proofs: FirstRun | None = None
        """What a program that started this one may prove itself with, where it asked."""
        self.port: InProcessPort | None = None
        self.failure: Exception | None = None
        """Why the desk could not be opened."""

    @property
    def begun(self) -> bool:
        """Return whether there is a desk, or one is just being opened."""
        return self.port is not None or self._lock.locked()

    def refuse_second(self) -> None:
        """Raise ``JournalHeld`` where another process has the desk."""
        from tt_tui.infra.locations import data_folder

        refuse_second(self._choices.folder(data_folder()))

    def ask_passphrase(self) -> None:
        """Ask for the passphrase of a sealed secrets file that is needed, while there is a terminal to ask at.

        Where nothing was ever stored, nothing is asked. Raises ``SecretError``.
        """
        from tt_tui.infra.locations import data_folder

        folder = self._choices.folder(data_folder()) / SECRETS_FOLDER
        if not (folder / SEALED_FILE).exists():
            return
        from tt_tui.secrets import open_store

        self._store = open_store(True, True, folder=folder)
        sealed = [stored.name for stored in self._store.names() if stored.name.startswith("hook-")]
        if sealed:
            self._store.get(sealed[0])

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
        refuse_second(data)
        from tt_tui.assembly import DeskThread
        from tt_tui.secrets import open_store

        store = self._store or open_store(False, True, folder=data / SECRETS_FOLDER)
        self.hooks = open_hooks(data, store, paper_groups(setup))
        if self._with_proofs:
            self.proofs = self.hooks.proofs_of_run()
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
