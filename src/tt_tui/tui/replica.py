"""The screen's own copy of the state, folded from the desk's events, and the tail of its log."""

from __future__ import annotations

from collections import deque

from tt_tui.desk.port import DeskPort, LogLine
from tt_tui.desk.state import State

_BATCH = 2_000
_BATCHES_A_FRAME = 3
_LOG_LINES = 2_000


class Replica:
    """A read-only copy of the desk's state; a frame takes a bounded number of events, the next one the rest."""

    def __init__(self) -> None:
        self.state = State()
        self.has_read = False
        """False until the desk has answered once; before that nothing is known, which is not the same as none."""
        self.is_behind = False
        """True while more events wait than one frame takes."""

    def pull(self, port: DeskPort) -> bool:
        """Fold what happened since the last call; return whether anything did."""
        changed = False
        for _ in range(_BATCHES_A_FRAME):
            batch = port.events(self.state.seq, _BATCH)
            if batch.state is not None:
                self.state = State.from_bytes(batch.state)
                changed = True
            for row in batch.rows:
                # Rows that a whole state already holds would be counted twice.
                if row.seq > self.state.seq:
                    self.state.apply(row.seq, row.wall, row.event)
                    changed = True
            self.is_behind = len(batch.rows) >= _BATCH
            if not self.is_behind:
                break
        changed = changed or not self.has_read
        self.has_read = True
        return changed


class LogTail:
    """The newest lines of the desk's log, with what the screen itself has to say between them."""

    def __init__(self) -> None:
        self._number = 0
        self._lines: deque[LogLine] = deque(maxlen=_LOG_LINES)
        self._notes = 0
        self.version = 0

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """Return the lines, oldest first."""
        return tuple(self._lines)

    def pull(self, port: DeskPort) -> None:
        """Take what was logged since the last call."""
        for line in port.logs(self._number):
            self._number = max(self._number, line.number)
            self._lines.append(line)
            self.version += 1

    def note(self, wall: int, level: str, text: str) -> None:
        """Say something on the screen only, such as a theme that can't be used."""
        self._notes -= 1
        self._lines.append(LogLine(number=self._notes, wall=wall, level=level, name="screen", text=text))
        self.version += 1
