"""The places that are only read: what systemd, a container or the environment gives the process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tt_tui.secrets.files import private_text, read_private
from tt_tui.secrets.model import (
    InvalidName,
    PlaceReport,
    PlaceState,
    SecretError,
    check_name,
    variable_of,
)

CREDENTIAL_PREFIX = "tt-"
PASSPHRASE_CREDENTIAL = "tt-passphrase"  # noqa: S105
_PREFIX = "TT_SECRET_"
_FILE_END = "_FILE"


class CredentialDirectory:
    """systemd's credential directory: the secret ``x`` is the credential ``tt-x``."""

    label = "the systemd credential directory"

    def __init__(self, environ: Mapping[str, str]) -> None:
        folder = environ.get("CREDENTIALS_DIRECTORY", "")
        self._folder = Path(folder) if folder else None

    def names(self) -> tuple[str, ...]:
        """Return the names of the credentials that are secrets of ours."""
        if self._folder is None:
            return ()
        try:
            found = sorted(entry.name for entry in self._folder.iterdir())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise SecretError(f"{self._folder} could not be listed ({error.strerror})") from error
        given = (name.removeprefix(CREDENTIAL_PREFIX) for name in found if name.startswith(CREDENTIAL_PREFIX))
        return tuple(name for name in given if _allowed(name))

    def read(self, name: str) -> str | None:
        """Return the credential ``tt-<name>``, None when there is none."""
        return self.credential(CREDENTIAL_PREFIX + name)

    def credential(self, full_name: str) -> str | None:
        """Return a credential by its full name, None when there is none."""
        if self._folder is None:
            return None
        path = self._folder / full_name
        content = read_private(path, group_may_read=True)
        return None if content is None else private_text(path, content)

    def report(self) -> PlaceReport:
        """Return whether systemd gave the process a directory."""
        if self._folder is None:
            return PlaceReport(self.label, PlaceState.ABSENT, "CREDENTIALS_DIRECTORY is not set", ())
        return PlaceReport(self.label, PlaceState.READY, f"read from {self._folder}", self.names())


class FileVariables:
    """Files named by ``TT_SECRET_<NAME>_FILE``, as containers mount their secrets."""

    label = "a file named by the environment"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def names(self) -> tuple[str, ...]:
        """Return the names for which such a variable is set."""
        return _names_of(self._environ, files=True)

    def read(self, name: str) -> str | None:
        """Return the content of the file; a variable that names a missing file is an error."""
        variable = variable_of(name) + _FILE_END
        value = self._environ.get(variable, "")
        if not value:
            return None
        path = Path(value).expanduser()
        content = read_private(path, follow=True)
        if content is None:
            raise SecretError(f"{variable} names {path}, which does not exist; create it or unset the variable")
        return private_text(path, content)

    def report(self) -> PlaceReport:
        """Return for which names a file is given."""
        names = self.names()
        if not names:
            return PlaceReport(self.label, PlaceState.ABSENT, "no TT_SECRET_<NAME>_FILE is set", ())
        return PlaceReport(self.label, PlaceState.READY, "variables name files", names)


class EnvironmentVariables:
    """``TT_SECRET_<NAME>``: the last resort, since every child process inherits it."""

    label = "the environment"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def names(self) -> tuple[str, ...]:
        """Return the names for which such a variable is set."""
        return _names_of(self._environ, files=False)

    def read(self, name: str) -> str | None:
        """Return the variable's value; an empty one counts as not set."""
        return self._environ.get(variable_of(name)) or None

    def report(self) -> PlaceReport:
        """Return for which names a variable is set."""
        names = self.names()
        if not names:
            return PlaceReport(self.label, PlaceState.ABSENT, "no TT_SECRET_<NAME> is set", ())
        return PlaceReport(self.label, PlaceState.READY, "used last; child processes inherit it", names)

    @staticmethod
    def warning(name: str) -> str:
        """Return what the user should know about a secret that comes from here."""
        return (
            f"{variable_of(name)} comes from the environment, which every child process inherits; "
            f"`tt secret set {name}` keeps it better"
        )


def _names_of(environ: Mapping[str, str], *, files: bool) -> tuple[str, ...]:
    names = []
    for variable, value in environ.items():
        if not value or not variable.startswith(_PREFIX) or variable.endswith(_FILE_END) is not files:
            continue
        stem = variable.removeprefix(_PREFIX)
        name = (stem.removesuffix(_FILE_END) if files else stem).lower().replace("_", "-")
        if _allowed(name) and variable_of(name) + (_FILE_END if files else "") == variable:
            names.append(name)
    return tuple(sorted(names))


def _allowed(name: str) -> bool:
    try:
        check_name(name)
    except InvalidName:
        return False
    return True
