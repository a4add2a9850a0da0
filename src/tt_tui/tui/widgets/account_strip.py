"""The lines that are always there: whose money, how much, PAPER or LIVE, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from textual.containers import Vertical
from textual.widget import Widget

from tt_tui.domain.account import AccountMode, KillLevel
from tt_tui.tui import figures, marks, words
from tt_tui.tui.view import View
from tt_tui.tui.widgets.ink import Cell, Cells
from tt_tui.tui.widgets.line import Line

_CHICAGO = ZoneInfo("America/Chicago")
_SECOND = 1_000_000_000


class AccountStrip(Vertical):
    """Account, desk and, only where there is something, what is wrong."""

    DEFAULT_CSS = """
    AccountStrip { height: auto; width: 1fr; }
    AccountStrip #strip-trouble { display: none; }
    AccountStrip.-trouble #strip-trouble { display: block; }
    AccountStrip #strip-alarm { display: none; }
    AccountStrip.-alarm #strip-alarm { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._account = Line(ground="strip")
        self._desk = Line(ground="strip", keeps_right=True)
        self._trouble = Line(ground="loud", name="strip-trouble")
        self._alarm = Line(ground="loud", keeps_right=True, name="strip-alarm")

    def compose(self) -> Iterable[Widget]:
        """Return the lines."""
        return (self._account, self._desk, self._trouble, self._alarm)

    @property
    def text(self) -> str:
        """Return what the strip says."""
        lines = (self._account, self._desk, self._trouble, self._alarm)
        return "\n".join(line.text for line in lines if line.display)

    def apply(self, view: View, trouble: str) -> None:
        """Take a frame, and what the screen itself has to complain about."""
        self._account.show(_mode(view) + _money(view) + _permission(view))
        self._desk.show(_desk(view), _venue_time(view))
        self._show_trouble(_trouble(view, trouble))
        self._show_alarm(view)

    def _show_trouble(self, text: str) -> None:
        self._trouble.show(((f" ! {text}", "loud"),) if text else ())
        self.set_class(bool(text), "-trouble")

    def _show_alarm(self, view: View) -> None:
        alarms = [row for row in view.state.alarms.values() if not row.acknowledged]
        self.set_class(bool(alarms), "-alarm")
        if alarms:
            newest = max(alarms, key=lambda row: row.raised)
            ink = "live" if newest.alarm.severity == "critical" else "loud"
            count = figures.plural(len(alarms), "alarm")
            when = figures.clock_time(newest.raised, view.zone)
            self._alarm.show(((f" {count} · {when} {newest.alarm.text}", ink),), ((" ACK ", ink),))


def _mode(view: View) -> Cells:
    """Return the badge: a word, a shape and a colour that can't be taken for one another."""
    modes = {
        row.account.mode if (row := view.state.accounts.get(name)) is not None else None
        for name in view.target.accounts
    }
    if modes == {AccountMode.PAPER}:
        badge: Cell = ("[ PAPER ]", "paper")
    elif not modes:
        badge = ("[ no account ]", "strip")
    elif modes == {AccountMode.LIVE}:
        badge = ("■■■ LIVE ■■■", "live")
    elif AccountMode.LIVE in modes:
        badge = ("■■■ LIVE and others ■■■", "live")
    else:
        badge = ("■■■ MODE NOT KNOWN ■■■", "live")
    kind = "group " if view.target.is_group else ""
    return (badge, (f" {kind}{view.target.name}", "strip-strong"))


def _money(view: View) -> Cells:
    worth = marks.worth(view, view.target.accounts)
    if worth is None:
        return (("  equity not known yet", "strip-dim"),)
    suffix = " stale" if worth.stale else ""
    return (
        ("  Equity ", "strip-dim"),
        (figures.money(worth.equity), "strip-strong"),
        ("  Day ", "strip-dim"),
        _profit(worth.day_profit),
        ("  Open ", "strip-dim"),
        _profit(worth.open),
        (suffix, "strip-dim"),
    )


def _profit(value: Decimal | None) -> Cell:
    ink = "strip-dim" if value is None else "strip-up" if value > 0 else "strip-down" if value < 0 else "strip-strong"
    return figures.money(value, signed=True), ink


def _permission(view: View) -> Cells:
    live = [name for name in view.target.accounts if view.is_live(name)]
    if not live:
        return ()
    armed = sum((row := view.state.accounts.get(name)) is not None and row.armed for name in live)
    if armed == len(live):
        return (("  ", "strip"), (" ARMED ", "loud"))
    if armed:
        return (("  ", "strip"), (f" {armed} of {len(live)} ARMED ", "loud"))
    return (("  not armed", "strip-dim"),)


def _desk(view: View) -> Cells:
    parts: list[Cell] = []
    if not view.status.running:
        parts.append((" the desk is starting ", "loud"))
    for name, row in view.state.connections.items():
        sign, ink = words.connection(row.state)
        colour = {"good": "strip-up", "bad": "strip-down"}.get(ink, "strip-warn")
        word = "" if ink == "good" else f" {row.state.value}"
        parts += [(f" {sign}", colour), (f" {name}{word} ", "strip")]
    if view.status.listener:
        parts.append((f" hook {view.status.listener} ", "strip"))
    elif view.status.listener_problem:
        parts.append((f" no hook: {view.status.listener_problem} ", "strip-down"))
    else:
        parts.append((" no hook ", "strip-dim"))
    if view.status.market:
        parts.append((f" {view.status.market} ", "strip-dim"))
    return tuple(parts)


def _venue_time(view: View) -> Cells:
    if not view.frame.venue_now:
        return ()
    time = datetime.fromtimestamp(view.frame.venue_now // _SECOND, UTC).astimezone(_CHICAGO)
    label: Cells = ((f" {view.frame.venue_label} ", "loud"),) if view.frame.venue_label else ()
    return (*label, (f" {time:%a %H:%M:%S} CT ", "strip-strong"))


def _trouble(view: View, own: str) -> str:
    kills = []
    if view.state.kill is not KillLevel.NONE:
        kills.append(f"{words.KILL_WORDS[view.state.kill]} ({view.state.kill_why or 'by hand'}); RESUME lifts it")
    kills += [
        f"{name} {words.KILL_WORDS[row.kill]}"
        for name in view.target.accounts
        if (row := view.state.accounts.get(name)) is not None and row.kill is not KillLevel.NONE
    ]
    return " · ".join(part for part in (own, view.status.problem, *kills) if part)
