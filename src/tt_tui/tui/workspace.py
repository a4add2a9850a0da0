"""The workspace: strip, panes and command line over one desk. It wires; panes and commander decide."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from tt_tui.commands.completion import complete
from tt_tui.commands.echo import echo
from tt_tui.commands.grammar import parse
from tt_tui.commands.help import Names, names_of
from tt_tui.commands.history import History
from tt_tui.commands.parsed import Mistake, OpenFunction, PromptContext
from tt_tui.commands.registry import ACTION_BY_ID, APP, FUNCTION_BY_MNEMONIC, VERB_BY_WORD
from tt_tui.desk.port import DeskPort
from tt_tui.tui.commander import Commander
from tt_tui.tui.exits import Exits
from tt_tui.tui.feed import Clock, Feed
from tt_tui.tui.keymap import bindings
from tt_tui.tui.panes.base import Pane
from tt_tui.tui.panes.catalogue import Services, make_panes
from tt_tui.tui.panes.pages import HelpPage, HookPage
from tt_tui.tui.prompt import Resolver, chosen_target, live_accounts, prompt_context
from tt_tui.tui.settings import ScreenSettings
from tt_tui.tui.widgets.account_strip import AccountStrip
from tt_tui.tui.widgets.body import Body
from tt_tui.tui.widgets.command_bar import CommandBar
from tt_tui.tui.widgets.command_line import CommandLine
from tt_tui.tui.widgets.key_bar import KeyBar

log = logging.getLogger(__name__)


class Workspace(Screen[None], inherit_bindings=False):
    """Everything the user works with."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(APP)
    AUTO_FOCUS = "#command-line"

    def __init__(
        self, port: DeskPort, clock: Clock, settings: ScreenSettings, rate: int, *, may_flash: bool, history: History
    ) -> None:
        super().__init__()
        self.feed = Feed(port, clock, settings.zone, may_flash=may_flash)
        self._rate = rate
        self._resolver = Resolver(port, self.feed.contracts)
        self._history = history
        self._strip = AccountStrip()
        services = Services(self.feed.tail, self._names, port.hook_help)
        self.body = Body(make_panes(services), "watchlist")
        self.bar = CommandBar(history)
        self.keys = KeyBar()
        self._trouble = ""
        self._view = self.feed.view()
        self.commander = Commander(port, clock, self)
        self._exits = Exits(port, clock)

    def compose(self) -> Iterable[Widget]:
        """Return the parts from top to bottom."""
        return (self._strip, self.body, self.bar, self.keys, self.bar.line.suggestions)

    def on_mount(self) -> None:
        """Start the one timer that everything is drawn by."""
        self.bar.explain("")
        self.flush()
        self.set_interval(1 / self._rate, self.flush, name="flush")

    # One frame

    def flush(self) -> None:
        """Read the desk and let every pane that shows take the frame."""
        shown = self.body.shown
        try:
            self._view = self.feed.read(symbol for pane in shown for symbol in pane.guard_symbols())
            self._trouble = ""
        except Exception as error:
            if not self._trouble:
                log.exception("the desk could not be read")
            self._trouble = f"The desk can't be read, what stands here may be old: {error}"
        self._paint(shown)
        leaving = self._exits.poll(self._view, self.commander)
        if leaving is not None:
            self.app.exit(leaving)

    def _paint(self, shown: Sequence[Pane]) -> None:
        view, commander = self._view, self.commander
        self._strip.apply(view, self._trouble)
        for pane in shown:
            pane.guard_apply(view)
        commander.poll()
        self._paint_bar()
        self.keys.apply(self.body.front)

    def _paint_bar(self) -> None:
        target, question = self._view.target, self.commander.question
        asks_name = question is not None and bool(question.must_type)
        is_live = bool(live_accounts(target.accounts, self._view.state))
        self.bar.show_prompt(target.name, live=is_live, asking=asks_name)
        self.bar.say(self.commander.said)
        if question is None:
            self.bar.ask((), "")
        else:
            is_ready = question.shown_at is not None and not asks_name
            self.bar.ask(question.lines, " Enter again to send, Esc to cancel " if is_ready else "")

    def _prompt_context(self) -> PromptContext:
        view = self._view
        watchlist = self.body.panes["watchlist"]
        front = self.body.panes[self.body.front]
        return prompt_context(
            view.target,
            view.status,
            view.state,
            view.today,
            lambda symbol: self._resolver.find(symbol, view.today),
            watchlist.row_numbers(),
            front.symbol,
        )

    def _names(self) -> Names:
        return names_of(self._prompt_context())

    # The command line

    @on(Input.Changed, "#command-line")
    def _explain_line(self, event: Input.Changed) -> None:
        self.commander.edited(event.value)
        parsed = parse(event.value, self._prompt_context())
        wrong = isinstance(parsed, Mistake) and not parsed.incomplete
        if self.commander.question is None or not self.commander.question.must_type:
            self.bar.explain(echo(parsed, self._prompt_context()), "bad" if wrong else "text")
        self._paint_bar()

    @on(Input.Submitted, "#command-line")
    def _run_line(self, event: Input.Submitted) -> None:
        line = event.value
        was_name = self.commander.question is not None and bool(self.commander.question.must_type)
        if self.commander.enter(line, self._prompt_context(), self._view.state):
            if not was_name:
                self._history.add(line)
            self.bar.line.put("")
            if self.commander.question is not None:
                self.bar.explain("")
        self._paint_bar()

    @on(CommandLine.Wanted)
    def _complete(self) -> None:
        line = self.bar.line
        if not line.value.strip():
            self._cycle(1)
        else:
            line.offer(complete(line.value, line.cursor_position, self._prompt_context()))

    @on(CommandLine.Pasted)
    def _say_pasted(self) -> None:
        self.commander.said = ("Only the first line was pasted, and nothing was run.", "warn")

    def on_key(self, event: events.Key) -> None:
        """Send what is typed anywhere to the command line, but for the keys that the pane in focus has."""
        if self.focused is self.bar.line or event.key in self.active_bindings:
            return
        if event.is_printable and event.character:
            event.stop()
            self.bar.line.focus()
            self.bar.line.type_text(event.character)

    def on_paste(self, event: events.Paste) -> None:
        """Send what is pasted anywhere to the command line."""
        self.bar.line.focus()
        self.bar.line.post_message(event)

    @on(Pane.Typed)
    def _type_for_pane(self, event: Pane.Typed) -> None:
        self.type_sentence(event.text)

    def type_sentence(self, text: str) -> None:
        """Put a sentence into the command line, for Enter to run."""
        self.bar.line.focus()
        self.bar.line.put(text)

    # What the commander may do

    def open_function(self, parsed: OpenFunction) -> None:
        """Bring a function to the front."""
        self._open(FUNCTION_BY_MNEMONIC[parsed.mnemonic].pane)

    def explain(self, word: str) -> None:
        """Show the help on a word."""
        pane = self._open("help")
        if isinstance(pane, HelpPage):
            pane.explain(word)

    def choose(self, name: str, is_group: bool) -> None:
        """Make an account or group the one at the prompt."""
        self.feed.choose(chosen_target(name, is_group, self._view.status))

    def change_watchlist(self, add: tuple[str, ...], remove: tuple[str, ...]) -> str:
        """Change the watchlist; return what to say."""
        return self.feed.watch(add, remove)

    def pick(self, symbol: str) -> None:
        """Put the cursor of the watchlist on a symbol."""
        table = self.body.panes["watchlist"].main_table
        if table is not None:
            table.select(symbol)
        self.commander.said = (
            f"{symbol} is chosen." if symbol in self.feed.watched else f"{symbol} is not on W.",
            "text",
        )

    def leave(self) -> None:
        """Begin to quit; ask where something would be left behind."""
        self._exits.begin(self._view, self.app)

    # Keys

    def action_run(self, action: str) -> None:
        """Do what a key is for."""
        entry = ACTION_BY_ID[action]
        if entry.types:
            self.type_sentence(entry.types)
        elif action.startswith("open."):
            self._focus(FUNCTION_BY_MNEMONIC[action.removeprefix("open.")].pane)
        else:
            _ACTIONS[action](self)

    def _toggle_focus(self) -> None:
        line = self.bar.line
        if line.close_suggestions(restore=True) or self.commander.cancel():
            self.bar.explain("")
            line.put(line.value if self.commander.question is None else "")
        elif self.focused is line:
            self.body.panes[self.body.front].focus_body()
        else:
            line.focus()

    def _interrupt(self) -> None:
        line = self.bar.line
        if self.commander.cancel() or line.value:
            line.put("")
        elif self._exits.asked_twice():
            self.leave()
        else:
            self.commander.said = ("Ctrl-C once more quits; QUIT does too.", "warn")

    def _help_here(self) -> None:
        line = self.bar.line
        words = line.value[: line.cursor_position].split()
        word = words[-1].upper() if words else ""
        known = word in FUNCTION_BY_MNEMONIC or word in VERB_BY_WORD
        first = words[0].upper() if words else ""
        fallback = first if first in VERB_BY_WORD else ""
        if self.focused is not line:
            fallback = self.body.panes[self.body.front].function.mnemonic
        self.explain(word if known and self.focused is line else fallback)

    def _cycle(self, by: int) -> None:
        order = list(self.body.panes) if not self.body.is_roomy else [pane.kind for pane in self.body.shown]
        index = order.index(self.body.front) if self.body.front in order else 0
        inside = self.focused is not self.bar.line
        self._focus(order[(index + by) % len(order)] if inside else self.body.front)

    def _open(self, kind: str) -> Pane:
        pane = self.body.bring(kind)
        if isinstance(pane, HookPage):
            pane.open()
        return pane

    def _focus(self, kind: str) -> None:
        self._open(kind).focus_body()

    @on(events.DescendantFocus)
    def _front_follows_focus(self, event: events.DescendantFocus) -> None:
        for node in event.widget.ancestors_with_self:
            if isinstance(node, Pane):
                self.body.bring(node.kind)


_ACTIONS = {
    "app.help": lambda screen: screen._help_here(),
    "app.command_line": lambda screen: screen._toggle_focus(),
    "app.palette": lambda screen: screen.app.action_command_palette(),
    "app.quit": lambda screen: screen._interrupt(),
    "pane.next": lambda screen: screen._cycle(1),
    "pane.previous": lambda screen: screen._cycle(-1),
    "pane.zoom": lambda screen: screen.body.zoom(),
    "desk.acknowledge": lambda screen: screen.commander.acknowledge("", screen.feed.replica.state),
}
