"""Asks what is to become of positions, orders and stops when the screen goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget

from tt_tui.tui.widgets.ink import Cells, Inked
from tt_tui.tui.widgets.line import Line


class Choice(StrEnum):
    """What the user chose."""

    KEEP = "keep"
    FLATTEN = "flatten"
    STAY = "stay"


_CHOICES = (
    (Choice.KEEP, "Keep trading without a screen", "alerts, orders and stops go on as before"),
    (Choice.FLATTEN, "Flatten everything and quit", "blocks entries, cancels, closes, verifies"),
    (Choice.STAY, "Stay", "back to the workspace"),
)


class _Choices(Inked, can_focus=True):
    DEFAULT_CSS = """
    _Choices { height: 3; width: 1fr; }
    """

    chosen = 0

    def step(self, by: int) -> None:
        """Choose another."""
        self.chosen = (self.chosen + by) % len(_CHOICES)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one choice."""
        if y >= len(_CHOICES):
            return self.strip((), self.size.width)
        _, title, note = _CHOICES[y]
        ink = "cursor" if y == self.chosen else "strong"
        parts: Cells = ((f" {'›' if y == self.chosen else ' '} {y + 1}  {title:<30}", ink), (f"  {note}", "dim"))
        return self.strip(parts, self.size.width)


class Quitting(ModalScreen[Choice]):
    """The question, with keeping on as the answer of Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,tab", "step(1)", "Next", id="quit.next"),
        Binding("up,k,shift+tab", "step(-1)", "Previous", id="quit.previous"),
        Binding("enter", "take", "Choose", id="quit.take"),
        Binding("1", "answer('keep')", "Keep trading", id="quit.keep"),
        Binding("2", "answer('flatten')", "Flatten and quit", id="quit.flatten"),
        Binding("3,escape", "answer('stay')", "Stay", id="quit.stay"),
    ]

    def __init__(self, held: Sequence[str]) -> None:
        super().__init__()
        self._held = tuple(held)
        self._choices = _Choices()

    def compose(self) -> Iterable[Widget]:
        """Return what is held and the choices."""
        with Vertical(id="quit-box"):
            yield self._line(" Quit with this still open? ", "title")
            for text in self._held:
                yield self._line(f"   {text}", "warn")
            yield self._line("", "text")
            yield self._choices
            yield self._line(" Enter chooses, Esc stays", "dim")

    def on_mount(self) -> None:
        """Give the keys to the choices."""
        self._choices.focus()

    def action_step(self, by: int) -> None:
        """Choose another."""
        self._choices.step(by)

    def action_take(self) -> None:
        """Answer with what is chosen."""
        self.dismiss(_CHOICES[self._choices.chosen][0])

    def action_answer(self, choice: str) -> None:
        """Answer at once."""
        self.dismiss(Choice(choice))

    @staticmethod
    def _line(text: str, ink: str) -> Line:
        line = Line(ground=ink)
        line.show(((text, ink),))
        return line
