"""The lines of earlier sessions."""

from __future__ import annotations

import logging
from pathlib import Path

from tt_tui.commands.history import History
from tt_tui.infra.locations import private_folder

log = logging.getLogger(__name__)

_MOST = 500


class KeptHistory(History):
    """A history that is kept in a file, for this user only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_reading = True
        super().__init__(_MOST, _read(path))
        self._is_reading = False

    def add(self, line: str) -> None:
        """Keep a line, here and in the file."""
        before = self.lines[-1:]
        super().add(line)
        if not self._is_reading and self.lines[-1:] != before:
            self._write()

    def _write(self) -> None:
        try:
            private_folder(self._path.parent)
            self._path.touch(mode=0o600)
            self._path.write_text("\n".join(self.lines) + "\n", encoding="utf-8")
        except OSError as error:
            log.warning("the history of typed lines can't be kept in %s: %s", self._path, error)


def open_history(path: Path | None) -> History:
    """Return the history of a file, or one of this session only."""
    return KeptHistory(path) if path is not None else History(_MOST)


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-_MOST:]
    except OSError:
        return []
