"""What `tt doctor` looks at, one function each; a look yields how bad it is and a sentence."""

from __future__ import annotations

import os
import platform
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from tt_tui import __version__
from tt_tui.cli.hooks_of_user import folder_of
from tt_tui.cli.session import JOURNAL_FILE, SECRETS_FOLDER
from tt_tui.infra import locations

Level = Literal["ok", "note", "bad"]
Seen = Iterator[tuple[Level, str]]

_OLDEST_PYTHON = (3, 11)
_CPU_FLAGS = Path("/proc/cpuinfo")
# The calendars end in 2027; a clock before the first release or long after is not believed.
_SANE_YEARS = range(2025, 2036)


def program() -> Seen:
    """Look at Python and this program."""
    version = platform.python_version()
    if sys.version_info < _OLDEST_PYTHON:
        yield "bad", f"Python {version} is too old; 3.11 or newer is needed"
        return
    yield "ok", f"tt {__version__} on Python {version}, {platform.system()} {platform.release()} {platform.machine()}"


def screen() -> Seen:
    """Look at the terminal: nothing here keeps `tt listen` from running."""
    term, colours = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    if not (os.isatty(0) and os.isatty(1)):
        yield "note", "this is no terminal, so only `tt listen` runs here"
    elif term in ("", "dumb"):
        yield "note", f"TERM is {term or 'not set'}; set it to what your terminal is, such as xterm-256color"
    if colours in ("truecolor", "24bit"):
        depth = "16 million colours"
    else:
        depth = "256 colours" if "256" in term else "16 colours"
    if os.environ.get("NO_COLOR"):
        depth = "no colours (NO_COLOR is set)"
    yield "ok", f"TERM={term or '-'} COLORTERM={colours or '-'}: {depth}"
    if os.environ.get("SSH_TTY") or os.environ.get("SSH_CONNECTION"):
        yield "ok", "over SSH: 10 frames a second unless fps is set"
    if os.environ.get("TMUX") and colours not in ("truecolor", "24bit"):
        yield "note", "inside tmux without 24-bit colour; `set -as terminal-features ',*:RGB'` in tmux.conf gives it"
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        yield "note", f"the locale's encoding is {encoding or 'unknown'}, not UTF-8; lines and arrows may not show"


def folders() -> Seen:
    """Look at the user's folders and their modes."""
    for name in ("config", "data", "state", "log"):
        folder: Path = getattr(locations, f"{name}_folder")()
        if not folder.exists():
            yield "ok", f"{name}: {folder} (made when needed)"
            continue
        seen = folder.stat()
        mode = stat.S_IMODE(seen.st_mode)
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            yield "bad", f"{name}: {folder} can't be written to; make it a folder of your own"
        elif seen.st_uid != os.getuid():
            yield "bad", f"{name}: {folder} belongs to another user (uid {seen.st_uid})"
        elif mode & stat.S_IWOTH:
            yield "bad", f"{name}: everybody may write to {folder}; run `chmod o-w {folder}`"
        elif mode & 0o077:
            yield "note", f"{name}: others may look into {folder} (mode {mode:04o})"
        else:
            yield "ok", f"{name}: {folder}"


def configuration() -> Seen:
    """Look at the configuration."""
    from tt_tui.settings import SettingsError
    from tt_tui.settings.file import read_settings, settings_path

    path = settings_path()
    try:
        read_settings(path)
    except SettingsError as error:
        yield "bad", str(error)
        return
    yield "ok", f"{path} is right" if path.exists() else f"there is no {path}: simulated market, paper accounts"


def journal() -> Seen:
    """Look at the journal: what it is in, who holds it, and whether its end can be read."""
    import apsw

    from tt_tui.desk.journal import Journal, JournalError, holder
    from tt_tui.desk.journal_schema import require_sqlite
    from tt_tui.infra.clock import SystemClock

    version = apsw.sqlite_lib_version()
    try:
        require_sqlite(version)
    except JournalError as error:
        yield "bad", str(error)
        return
    yield "ok", f"SQLite {version} (apsw {apsw.apsw_version()})"
    path = folder_of(False) / JOURNAL_FILE
    if not path.exists():
        yield "ok", f"there is no {path} yet; the first start makes it"
        return
    facts = holder(path)
    if facts is not None:
        yield "ok", f"held by process {facts.get('pid')}, which takes alerts on {facts.get('listener', 'no address')}"
    try:
        reading = Journal.open(path, clock=SystemClock(), read_only=True)
    except JournalError as error:
        yield "bad", str(error)
        return
    notes, last = reading.opening.notes, reading.last_seq
    reading.close()
    for note in notes:
        yield "bad", f"{path}: {note}; `tt journal verify` tells more"
    yield "ok", f"{path}: {last} records (`tt journal verify` checks them all)"


def secrets() -> Seen:
    """Look at the secret store: which place is used and why; asks for no passphrase."""
    from tt_tui.secrets import SecretError, open_store

    folder = folder_of(False) / SECRETS_FOLDER
    try:
        report = open_store(False, True, folder=folder).describe()
    except SecretError as error:
        yield "bad", str(error)
        return
    yield "ok" if report.lasting else "note", report.sentence
    level: Level
    for place in report.places:
        why = f": {place.why}" if place.why else ""
        held = f"; holds {', '.join(place.names)}" if place.names else ""
        # A keyring that is not trusted is passed over; a file of ours that is not trusted holds what is missing.
        refused = place.state.value == "refused"
        level = ("note" if "keyring" in place.place else "bad") if refused else "ok"
        yield level, f"{place.place} is {place.state.value}{why}{held}"
    for warning in report.warnings:
        yield "note", warning


def listener() -> Seen:
    """Look at the listener's address: free, or taken by this user's own desk or by another program."""
    from tt_tui.desk.journal_lock import holder
    from tt_tui.settings import SettingsError, default_setup
    from tt_tui.settings.file import read_settings

    try:
        settings = read_settings().listener
    except SettingsError:
        settings = default_setup().listener
    if not settings.enabled:
        yield "note", "the listener is off, so no alert can arrive"
        return
    address = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            facts = holder(folder_of(False) / JOURNAL_FILE) or {}
            if facts.get("listener") == address:
                yield "ok", f"{address} is taken by the running desk"
            else:
                words = f"{address} can't be listened on ({error.strerror}); end what uses it, or set port under"
                yield "note", f"{words} [listener]"
            return
    yield "ok", f"{address} is free"


def clock() -> Seen:
    """Look at the clock: alerts are refused by their age, sessions open by it."""
    from tt_tui.domain.sessions import shipped_calendar
    from tt_tui.infra.clock import SystemClock

    now = SystemClock().now()
    moment = datetime.fromtimestamp(now // 1_000_000_000, tz=UTC)
    if moment.year not in _SANE_YEARS:
        yield "bad", f"the clock says {moment:%Y-%m-%d %H:%M} UTC; set it, best by NTP"
        return
    day = shipped_calendar().trade_date("equity_index", now)
    yield "ok", f"{moment:%Y-%m-%d %H:%M:%S} UTC, trade date {day}; keep it by NTP, an entry's alert is refused by age"


def shipped() -> Seen:
    """Look for what the program ships."""
    for kind in ("themes", "keymaps"):
        try:
            folder = locations.shipped(kind)
        except FileNotFoundError as error:
            yield "bad", str(error)
            continue
        names = sorted(file.stem for file in folder.glob("*.toml"))
        yield "ok" if names else "bad", f"{kind}: {', '.join(names) or f'none in {folder}; install tt-tui again'}"


def processor() -> Seen:
    """Look for what polars needs on x86: without AVX2 its usual build ends the process at import."""
    if platform.machine().lower() not in ("x86_64", "amd64") or not _CPU_FLAGS.exists():
        yield "ok", platform.machine()
        return
    if "avx2" in _CPU_FLAGS.read_text(errors="replace").split():
        yield "ok", "AVX2 is there, so recordings can be read"
    else:
        yield "note", "no AVX2: replays need `pip install polars[rtcompat]`; everything else runs"


LOOKS: MappingProxyType[str, Callable[[], Seen]] = MappingProxyType(
    {
        "program": program,
        "screen": screen,
        "folders": folders,
        "configuration": configuration,
        "journal": journal,
        "secrets": secrets,
        "listener": listener,
        "clock": clock,
        "shipped": shipped,
        "processor": processor,
    }
)
