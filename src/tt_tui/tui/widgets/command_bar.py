"""The bottom of the workspace: a question if there is one, the newest answer, the prompt, and what Enter will do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tt_tui.commands.history import History
from tt_tui.tui.widgets.command_line import CommandLine
from tt_tui.tui.widgets.ink import Cell, Cells
from tt_tui.tui.widgets.line import Line
from tt_tui.tui.widgets.text_lines import TextLines

_MOST_LINES = 8


class CommandBar(Vertical):
    """Where sentences are typed and answered."""

    DEFAULT_CSS = """
    CommandBar { height: auto; width: 1fr; }
    CommandBar Horizontal { height: 1; width: 1fr; }
    CommandBar #prompt { width: auto; }
    CommandBar #question { display: none; height: 1; }
    CommandBar.-asking #question { display: block; }
    """

    def __init__(self, history: History) -> None:
        super().__init__()
        self._question = TextLines(name="question")
        self._question.can_focus = False
        self._message = Line(name="message")
        self._prompt = Line(ground="prompt", name="prompt")
        self._echo = Line(ground="dim", name="echo")
        self.line = CommandLine(history)

    def compose(self) -> Iterable[Widget]:
        """Return the lines from top to bottom."""
        yield self._question
        yield self._message
        with Horizontal():
            yield self._prompt
            yield self.line
        yield self._echo

    @property
    def message(self) -> str:
        """Return the newest answer."""
        return self._message.text

    @property
    def echo(self) -> str:
        """Return what Enter will do."""
        return self._echo.text

    def show_prompt(self, name: str, *, live: bool, asking: bool) -> None:
        """Show whom a sentence acts on; a live one loudly."""
        text = " type the name> " if asking else f" {name or 'no account'}> "
        if text != self._prompt.text:
            self._prompt.styles.width = cell_len(text)
        self._prompt.show(((text, "live" if live else "prompt"),))

    def say(self, said: Cell) -> None:
        """Show the newest answer."""
        self._message.show(((f" {said[0]}", said[1]),) if said[0] else ())

    def explain(self, text: str, ink: str = "dim") -> None:
        """Show what Enter will do, or what is wrong with the line."""
        self._echo.show(
            ((f" {text}", ink),) if text else ((" Type a command; HELP lists them, Tab completes.", "dim"),)
        )

    def ask(self, lines: Sequence[Cells], hint: str) -> None:
        """Show a question, or with no lines none."""
        self.set_class(bool(lines), "-asking")
        if lines:
            shown = (*lines, ((hint, "loud"),)) if hint else tuple(lines)
            self._question.styles.height = min(len(shown), _MOST_LINES)
            self._question.show(shown)
