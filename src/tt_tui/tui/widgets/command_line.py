"""The line at which everything is typed, and the list of what could follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from tt_tui.commands.completion import Completion
from tt_tui.commands.history import History
from tt_tui.tui.widgets.ink import Inked, fit

MOST_SHOWN = 8
_WIDTH = 46


class Suggestions(Inked):
    """What could stand at the cursor, one of them chosen."""

    DEFAULT_CSS = """
    Suggestions { layer: popup; display: none; height: 1; width: 46; }
    Suggestions.-open { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: tuple[Completion, ...] = ()
        self._chosen = 0
        self._top = 0

    @property
    def is_open(self) -> bool:
        """Return whether the list shows."""
        return bool(self._found)

    @property
    def chosen(self) -> Completion:
        """Return the one that is chosen."""
        return self._found[self._chosen]

    def open(self, found: Sequence[Completion], above: Offset) -> None:
        """Show these, their lowest line above a place on the screen."""
        self._found = tuple(found)
        self._chosen = self._top = 0
        height = min(len(self._found), MOST_SHOWN)
        self.styles.height = height
        left = max(0, min(above.x, self.screen.size.width - _WIDTH))
        self.styles.offset = (left, max(0, above.y - height))
        self.add_class("-open")
        self.refresh()

    def close(self) -> None:
        """Show nothing."""
        self._found = ()
        self.remove_class("-open")

    def step(self, by: int) -> None:
        """Choose the next or the one before, round and round."""
        self._chosen = (self._chosen + by) % len(self._found)
        self._top = min(max(self._top, self._chosen - MOST_SHOWN + 1), self._chosen)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one of them."""
        index = self._top + y
        if index >= len(self._found):
            return self.strip((), self.size.width, "tab")
        one, is_chosen = self._found[index], index == self._chosen
        label = f"{'›' if is_chosen else ' '}{fit(one.label, 14)} "
        text = fit(one.describes, max(0, self.size.width - len(label)))
        parts = ((label, "cursor"), (text, "cursor")) if is_chosen else ((label, "key-tab"), (text, "tab"))
        return self.strip(parts, self.size.width, "tab")


class CommandLine(Input):
    """One line of input with history and completion; a paste never runs anything."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "older", "Older line", show=False, id="line.older"),
        Binding("down", "newer", "Newer line", show=False, id="line.newer"),
        Binding("tab", "complete(1)", "Complete", show=False, id="line.complete"),
        Binding("shift+tab", "complete(-1)", "Complete backwards", show=False, id="line.complete_back"),
    ]
    DEFAULT_CSS = """
    CommandLine, CommandLine:focus {
        height: 1; width: 1fr; border: none; padding: 0; background: $background; background-tint: transparent;
    }
    """

    class Wanted(Message):
        """Completions are asked for."""

    class Pasted(Message):
        """Something with more than one line was pasted; only the first was taken."""

    def __init__(self, history: History) -> None:
        super().__init__(id="command-line", select_on_focus=False, compact=True)
        self.cursor_blink = False
        self._history = history
        self._before = ""
        self.suggestions = Suggestions()

    def put(self, text: str) -> None:
        """Replace the line, the cursor at its end."""
        self.value = text
        self.cursor_position = len(text)

    def type_text(self, text: str) -> None:
        """Type at the cursor, as if the keys had been pressed here."""
        self.insert_text_at_cursor(text)

    def offer(self, found: Sequence[Completion]) -> None:
        """Take completions: a single one at once, several as a list."""
        if not found:
            return
        self._before = self.value
        if len(found) > 1:
            place = self.region.offset + Offset(self.cursor_position, 0)
            self.suggestions.open(found, place)
        self._take(found[0])

    def close_suggestions(self, *, restore: bool = False) -> bool:
        """Close the list, and put back what was typed where asked; return whether it was open."""
        if not self.suggestions.is_open:
            return False
        self.suggestions.close()
        if restore:
            self.put(self._before)
        return True

    def action_complete(self, way: int) -> None:
        """Complete the word at the cursor, or step through what was found."""
        if self.suggestions.is_open:
            self.suggestions.step(way)
            self._take(self.suggestions.chosen)
        else:
            self.post_message(self.Wanted())

    def action_older(self) -> None:
        """Show the line before, or step up in the list."""
        if self.suggestions.is_open:
            self.action_complete(-1)
        else:
            self.put(self._history.up(self.value))

    def action_newer(self) -> None:
        """Show the line after, or step down in the list."""
        if self.suggestions.is_open:
            self.action_complete(1)
        else:
            self.put(self._history.down(self.value))

    async def action_submit(self) -> None:
        """Close the list where it is open, else run the line."""
        if not self.close_suggestions():
            await super().action_submit()

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable or event.key in ("backspace", "delete"):
            self.close_suggestions()
        await super()._on_key(event)

    def _on_paste(self, event: events.Paste) -> None:
        lines = event.text.splitlines()
        if len(lines) > 1:
            self.post_message(self.Pasted())
        self.close_suggestions()
        super()._on_paste(events.Paste(lines[0] if lines else ""))
        event.stop()
        event.prevent_default()

    def _take(self, found: Completion) -> None:
        self.value = found.text
        self.cursor_position = found.cursor
