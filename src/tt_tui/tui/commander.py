"""What Enter does: reads the line, asks where it must, hands the wish to the desk, and tells what came of it.

Nothing here waits. Answers of the desk are futures, looked at once a frame.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from tt_tui.commands.grammar import parse
from tt_tui.commands.parsed import (
    Acknowledge,
    Arm,
    Choose,
    Confirm,
    Disarm,
    Drop,
    Empty,
    Enable,
    Help,
    Kill,
    Mistake,
    OpenFunction,
    Parsed,
    PickRow,
    PickSymbol,
    PromptContext,
    Quit,
    Resume,
    Trade,
    WatchAdd,
    WatchRemove,
)
from tt_tui.desk.port import DeskPort, Outcome, Preview
from tt_tui.desk.state import State
from tt_tui.domain.account import AccountMode
from tt_tui.tui.widgets.ink import Cell, Cells

log = logging.getLogger(__name__)

CONFIRM_AFTER = 300_000_000
"""Nanoseconds that a question stands before Enter answers it, so that a held or bouncing key sends nothing."""

Ask = Callable[[DeskPort], Future[Outcome]]


class Clock(Protocol):
    """What is needed of a clock."""

    def monotonic(self) -> int:
        """Return nanoseconds that never step back."""
        ...


class Hands(Protocol):
    """What the commander may do to the screen."""

    def open_function(self, parsed: OpenFunction) -> None:
        """Bring a function to the front."""

    def explain(self, word: str) -> None:
        """Show the help on a word."""

    def choose(self, name: str, is_group: bool) -> None:
        """Make an account or group the one at the prompt."""

    def change_watchlist(self, add: tuple[str, ...], remove: tuple[str, ...]) -> str:
        """Change the watchlist; return what to say."""

    def pick(self, symbol: str) -> None:
        """Make a symbol the one the panes are about."""

    def leave(self) -> None:
        """Begin to quit."""


@dataclass(slots=True)
class Question:
    """What stands between a line and its effect."""

    line: str
    run: Ask
    title: str
    preview: Future[Preview] | None = None
    lines: tuple[Cells, ...] = ()
    shown_at: int | None = None
    """When it could first be read; None while the desk still works on the preview."""
    must_type: str = ""
    """The name that has to be typed, instead of a second Enter."""


@dataclass(slots=True)
class _Pending:
    what: str
    future: Future[Outcome]


@dataclass(slots=True)
class Commander:
    """Carries out typed lines."""

    port: DeskPort
    clock: Clock
    hands: Hands
    said: Cell = ("", "text")
    """The newest answer, with its ink."""
    question: Question | None = None
    _pending: list[_Pending] = field(default_factory=list)

    def enter(self, line: str, context: PromptContext, state: State) -> bool:
        """Run a line or answer the question; return True where the line is done and may go."""
        line = line.strip()
        try:
            return self._enter(line, context, state)
        except Exception as error:
            log.exception("a line failed")
            self.question = None
            self.said = (f"That failed, LOG has more: {error}", "bad")
            return False

    def _enter(self, line: str, context: PromptContext, state: State) -> bool:
        if self.question is not None:
            return self._answer(self.question, line)
        parsed = parse(line, context)
        match parsed:
            case Empty():
                return False
            case Mistake(text=text):
                self.said = (text, "bad")
                return False
        return self._run(line, parsed, state)

    def cancel(self) -> bool:
        """Take the question back; return whether there was one."""
        if self.question is None:
            return False
        self.question = None
        self.said = ("Canceled, nothing was sent.", "warn")
        return True

    def edited(self, line: str) -> None:
        """Take the question back where the line is no longer the one it was about."""
        if self.question is not None and not self.question.must_type and line.strip() != self.question.line:
            self.cancel()

    def poll(self) -> None:
        """Take the desk's answers that have come in."""
        question = self.question
        if question is not None and question.preview is not None and question.preview.done():
            self._take_preview(question, question.preview)
        for pending in [one for one in self._pending if one.future.done()]:
            self._pending.remove(pending)
            self.said = _told(pending)

    @property
    def waits(self) -> bool:
        """Return whether the desk still owes an answer."""
        return bool(self._pending)

    # Questions

    def _answer(self, question: Question, line: str) -> bool:
        if question.must_type:
            self.question = None
            if line != question.must_type:
                self.said = (f"{line or 'nothing'} is not {question.must_type}; it stays unarmed.", "warn")
            else:
                self._start(question.title, question.run)
            return True
        if question.shown_at is None:
            self.said = ("The desk still works on the preview; Enter again once it stands here.", "warn")
            return False
        if self.clock.monotonic() - question.shown_at < CONFIRM_AFTER:
            return False
        self.question = None
        self._start(question.title, question.run)
        return True

    def _ask(self, line: str, title: str, run: Ask, why: str, preview: Future[Preview] | None = None) -> bool:
        question = Question(line=line, run=run, title=title, preview=preview)
        question.lines = ((("Asking the desk what this would do…", "dim"),),) if preview is not None else ()
        if preview is None:
            question.shown_at = self.clock.monotonic()
            question.lines = (((why or title, "strong"),),)
        self.question = question
        self.said = ("", "text")
        return False

    def _take_preview(self, question: Question, done: Future[Preview]) -> None:
        question.preview = None
        try:
            preview = done.result()
        except Exception as error:
            log.exception("a preview failed")
            self.question = None
            self.said = (f"No preview, nothing was sent: {error}", "bad")
            return
        lines: list[Cells] = []
        for one in preview.lines:
            mode = ("LIVE", "live") if one.mode is AccountMode.LIVE else ("PAPER", "paper")
            ink = "bad" if one.refused else "strong"
            lines.append(((f" {mode[0]} ", mode[1]), (f" {one.account}: ", "text"), (one.text, ink)))
        question.lines = tuple(lines) or ((("No account is concerned.", "warn"),),)
        question.shown_at = self.clock.monotonic()

    # What a line means

    def _run(self, line: str, parsed: Parsed, state: State) -> bool:
        match parsed:
            case Trade(instruction=instruction, asks=asks, why_asks=why):
                run: Ask = lambda port: port.submit(instruction)  # noqa: E731
                if not asks:
                    return self._start(line, run)
                try:
                    preview = self.port.preview(instruction)
                except Exception as error:
                    return self._failed(line, error)
                return self._ask(line, line, run, why, preview)
            case Kill(level=level, account=account, why_asks=why):
                return self._ask(line, line, lambda port: port.kill(level, account, "by hand"), why)
            case Resume(account=account, asks=asks, why_asks=why):
                lift: Ask = lambda port: port.clear_kill(account)  # noqa: E731
                return self._ask(line, line, lift, why) if asks else self._start(line, lift)
            case Arm(account=account, stay=stay):
                return self._ask_name(line, account, stay)
            case Confirm(order_id=order_id):
                return self._confirm(line, order_id, state)
        return self._run_small(line, parsed, state)

    def _run_small(self, line: str, parsed: Parsed, state: State) -> bool:
        match parsed:
            case Disarm(accounts=accounts):
                for account in accounts:
                    self._start(f"DISARM {account}", lambda port, name=account: port.disarm(name))  # type: ignore[misc]
            case Drop(order_id=order_id):
                self._start(line, lambda port: port.drop(order_id))
            case Enable(strategy=strategy):
                self._start(line, lambda port: port.enable_strategy(strategy))
            case Acknowledge(alarm_id=alarm_id):
                self.acknowledge(alarm_id, state)
            case _:
                self._show(parsed)
        return True

    def _show(self, parsed: Parsed) -> None:
        self.said = ("", "text")
        match parsed:
            case OpenFunction():
                self.hands.open_function(parsed)
            case Help(word=word):
                self.hands.explain(word)
            case Choose(name=name, is_group=is_group):
                self.hands.choose(name, is_group)
                self.said = (f"Sentences act on {'the group ' if is_group else ''}{name} now.", "text")
            case WatchAdd(symbols=symbols):
                self.said = (self.hands.change_watchlist(symbols, ()), "text")
            case WatchRemove(symbols=symbols):
                self.said = (self.hands.change_watchlist((), symbols), "text")
            case PickRow(symbol=symbol) | PickSymbol(symbol=symbol):
                self.hands.pick(symbol)
            case Quit():
                self.hands.leave()

    def acknowledge(self, alarm_id: str, state: State) -> None:
        """Mark an alarm as seen, or all there are."""
        open_ones = [key for key, row in state.alarms.items() if not row.acknowledged]
        chosen = [alarm_id] if alarm_id else open_ones
        if not chosen:
            self.said = ("There is no alarm to acknowledge.", "text")
        for key in chosen:
            self._start(f"ACK {key}", lambda port, one=key: port.acknowledge(one))  # type: ignore[misc]

    def _ask_name(self, line: str, account: str, stay: bool) -> bool:
        self.question = Question(
            line=line,
            run=lambda port: port.arm(account, stay=stay),
            title=line,
            must_type=account,
            shown_at=self.clock.monotonic(),
            lines=(
                ((" LIVE ", "live"), (f" {account}: its orders move real money.", "strong")),
                ((f"Type {account} once more and Enter to arm it; Esc leaves it unarmed.", "text"),),
            ),
        )
        self.said = ("", "text")
        return True

    def _confirm(self, line: str, order_id: str, state: State) -> bool:
        run: Ask = lambda port: port.confirm(order_id)  # noqa: E731
        order = state.orders.get(order_id)
        account = state.accounts.get(order.request.account) if order is not None else None
        if account is not None and account.account.mode is AccountMode.PAPER:
            return self._start(line, run)
        whose = f"{order.request.account}, which is LIVE" if order is not None else "an account that is not known here"
        return self._ask(line, line, run, f"{order_id} is an order of {whose}")

    # The desk

    def _start(self, what: str, run: Ask) -> bool:
        """Hand a wish over; what comes of it is told by ``poll``."""
        try:
            future = run(self.port)
        except Exception as error:
            return self._failed(what, error)
        self._pending.append(_Pending(what, future))
        self.said = (f"{what}: with the desk…", "dim")
        self.poll()
        return True

    def _failed(self, what: str, error: Exception) -> bool:
        log.exception("the desk did not take a wish")
        self.said = (f"{what}: the desk did not take it: {error}", "bad")
        return False


def _told(pending: _Pending) -> Cell:
    try:
        outcome = pending.future.result()
    except Exception as error:
        log.exception("a wish failed")
        return f"{pending.what}: the desk failed on it, what came of it is not known: {error}", "bad"
    return outcome.text or f"{pending.what}: done", "good" if outcome.ok else "bad"
