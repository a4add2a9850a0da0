"""The lines that were run, walked with up and down."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


class History:
    """The newest lines, up to a number; what was being typed is kept while walking."""

    def __init__(self, maximum: int = 500, lines: Iterable[str] = ()) -> None:
        """Start with lines of an earlier session, oldest first."""
        if maximum < 1:
            raise ValueError(f"a history keeps at least 1 line, was {maximum}")
        self._lines: deque[str] = deque(maxlen=maximum)
        self._back = 0
        self._draft = ""
        for line in lines:
            self.add(line)

    @property
    def lines(self) -> tuple[str, ...]:
        """Return all lines, oldest first."""
        return tuple(self._lines)

    def add(self, line: str) -> None:
        """Keep a line that was run; blank ones and a repeat of the last are not kept. Ends the walk."""
        kept = line.strip()
        if kept and (not self._lines or self._lines[-1] != kept):
            self._lines.append(kept)
        self.reset()

    def reset(self) -> None:
        """End the walk; the next `up` starts from the newest line."""
        self._back = 0
        self._draft = ""

    def up(self, typed: str) -> str:
        """Return the line before; ``typed`` is what stands there now, kept at the first step."""
        if self._back == 0:
            self._draft = typed
        if self._back < len(self._lines):
            self._back += 1
        return self._lines[-self._back] if self._back else typed

    def down(self, typed: str) -> str:
        """Return the line after, and after the newest what was being typed."""
        if self._back == 0:
            return typed
        self._back -= 1
        return self._lines[-self._back] if self._back else self._draft
