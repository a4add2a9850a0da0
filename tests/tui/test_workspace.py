"""The workspace as a whole: keys, sizes, panes that fail, the strip, the way out."""

from __future__ import annotations

import logging

import pytest
from textual.binding import Binding
from textual.widget import Widget

from tt_tui.commands.registry import ACTIONS, FUNCTIONS
from tt_tui.desk.port import Outcome
from tt_tui.domain import event as ev
from tt_tui.domain.account import ConnectionState, KillLevel
from tt_tui.domain.order import Side
from tt_tui.tui.panes.base import Pane
from tt_tui.tui.result import ScreenResult
from tt_tui.tui.screens.quitting import Quitting
from tt_tui.tui.start_screen import StartScreen
from tt_tui.tui.view import View
from tt_tui.tui.workspace import Workspace

from .fake_port import FakePort, account, connected, day_of_trading, filled, request, with_status, working
from .screen import make_app, open_desk, wait_until


async def test_the_first_frame_stands_before_the_desk_is_asked_for() -> None:
    app = make_app(FakePort())
    seen: list[str] = []
    app._port_factory = lambda: seen.append("asked") or FakePort()  # type: ignore[func-returns-value]
    app._start_desk = lambda: None  # type: ignore[method-assign]
    async with app.run_test(size=(120, 40)) as pilot:
        assert isinstance(app.screen, StartScreen)
        await pilot.press("b", "u", "y")

        assert app.screen.typed == "buy"
        assert not seen


async def test_what_was_typed_while_the_desk_started_stands_at_the_prompt() -> None:
    port = FakePort()
    app = make_app(port)
    started = app._start_desk
    app._start_desk = lambda: None  # type: ignore[method-assign]
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f", "l", "a", "t", "enter")
        started()
        await wait_until(pilot, lambda: isinstance(app.screen, Workspace))
        assert isinstance(app.screen, Workspace)
        await pilot.pause()

        assert app.screen.bar.line.value == "flat"
        assert not port.calls


async def test_a_desk_that_does_not_start_is_a_sentence() -> None:
    def fail() -> FakePort:
        raise OSError("process 4711 holds the desk")

    app = make_app(FakePort())
    app._port_factory = fail
    async with app.run_test(size=(120, 40)) as pilot:
        from .screen import screen_text

        await wait_until(pilot, lambda: "process 4711 holds the desk" in screen_text(app))
        await pilot.press("ctrl+c")

    assert app.return_value is ScreenResult.QUIT


async def test_every_function_opens_by_its_mnemonic() -> None:
    async with open_desk() as desk:
        for function in FUNCTIONS:
            await desk.run(function.mnemonic)

            assert desk.workspace.body.front == function.pane
            assert function.title in desk.text
            assert desk.workspace.body.panes[function.pane].error == ""


async def test_every_action_of_the_registry_does_something_and_fails_nowhere() -> None:
    async with open_desk() as desk:
        for action in ACTIONS:
            if action.where == "app" and action.id not in ("app.palette", "app.quit"):
                desk.workspace.action_run(action.id)
                await desk.frame()
        for pane in desk.workspace.body.panes.values():
            pane.focus_body()
            for action in ACTIONS:
                if action.where in ("pane", pane.kind):
                    pane.action_run(action.id)
                    await desk.frame()

        assert not desk.port.asked("submit")


async def test_the_palette_finds_functions_and_types_them() -> None:
    async with open_desk() as desk:
        await desk.pilot.press("ctrl+p")
        await wait_until(desk.pilot, lambda: len(desk.app.screen_stack) > 2)
        await desk.pilot.press("escape")
        await wait_until(desk.pilot, lambda: len(desk.app.screen_stack) == 2)


def test_every_binding_has_an_id_and_no_two_are_the_same() -> None:
    from tt_tui.tui.app import WorkstationApp
    from tt_tui.tui.widgets.command_line import CommandLine

    def own(cls: type) -> list[Binding]:
        return [one for one in cls.__dict__.get("BINDINGS", ()) if isinstance(one, Binding)]

    def classes(root: type) -> set[type]:
        below: list[type] = root.__subclasses__()
        return {root}.union(*(classes(one) for one in below))

    known = [cls for cls in classes(Widget) if cls.__module__.startswith("tt_tui.")]
    found = [one for cls in (*known, WorkstationApp) for one in own(cls)]
    ids = [one.id for one in found]

    assert Pane in known
    assert CommandLine in known
    assert all(ids)
    assert len(ids) == len(set(ids))
    assert {action.id for action in ACTIONS if action.keys} <= set(ids)


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 30), (200, 50), (20, 5)])
async def test_it_works_at_every_size(size: tuple[int, int]) -> None:
    async with open_desk(size=size) as desk:
        for function in FUNCTIONS:
            await desk.run(function.mnemonic)
            assert desk.workspace.body.panes[function.pane].error == ""

        assert len(desk.text.splitlines()) == size[1]


async def test_resizing_there_and_back_loses_nothing() -> None:
    async with open_desk(size=(160, 45)) as desk:
        await desk.press("f4", "enter")
        for size in ((40, 10), (10, 3), (80, 24), (160, 45)):
            await desk.pilot.resize_terminal(*size)
            await desk.frame()

        assert "?? UNKNOWN" in desk.text
        assert "Watchlist" in desk.text
        assert not any(pane.error for pane in desk.workspace.body.panes.values())


async def test_a_small_screen_shows_one_pane_and_the_keys_change_it() -> None:
    async with open_desk(size=(80, 24)) as desk:
        assert [pane.kind for pane in desk.workspace.body.shown] == ["watchlist"]
        await desk.press("f5")

        assert [pane.kind for pane in desk.workspace.body.shown] == ["positions"]
        assert "LONG 2" in desk.text
        assert "SIM TIME" in desk.text


async def test_zoom_gives_a_pane_all_the_room_and_takes_it_back() -> None:
    async with open_desk() as desk:
        await desk.press("f3", "f9")
        assert [pane.kind for pane in desk.workspace.body.shown] == ["alerts"]
        await desk.press("f9")

        assert len(desk.workspace.body.shown) == 5


async def test_a_pane_that_fails_says_so_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_desk() as desk:
        orders = desk.workspace.body.panes["orders"]

        def fail(view: View) -> None:
            raise ZeroDivisionError("a bug")

        with monkeypatch.context() as patch:
            patch.setattr(orders, "apply", fail)
            await desk.frame()
            await desk.frame()
            assert "This pane failed: ZeroDivisionError: a bug" in desk.text
            assert "LONG 2" in desk.text
            assert [record.levelno for record in caplog.records].count(logging.ERROR) == 1
        await desk.frame()

        assert "This pane failed" not in desk.text


async def test_a_desk_that_cannot_be_read_is_said_loudly_and_the_screen_stays() -> None:
    async with open_desk() as desk:
        desk.port.broken = "the socket is gone"
        await desk.frame()
        assert "The desk can't be read, what stands here may be old: the socket is gone" in desk.text
        desk.port.broken = ""
        await desk.frame()

        assert "can't be read" not in desk.text


async def test_a_problem_of_the_journal_is_on_screen_within_two_seconds() -> None:
    async with open_desk() as desk:
        with_status(desk.port, problem="the journal's disk is full; entries are refused")
        desk.port.clock.advance(1)
        await desk.frame()

        assert "the journal's disk is full; entries are refused" in desk.text


async def test_the_strip_shows_money_mode_and_what_is_wrong() -> None:
    async with open_desk() as desk:
        strip = desk.workspace._strip.text
        assert "[ PAPER ] paper-main" in strip
        # 2 ESZ6 at 6712.25, bid 6714.75: +250. 1 NQZ6 short at 24810.50, ask 24822.75: -245. Fees 4.20.
        assert "Equity 50,000.80" in strip
        assert "Day +0.80" in strip
        assert "Open +5.00" in strip
        assert "SIM TIME" in strip
        assert "127.0.0.1:8000" in strip
        assert "topstepx degraded" in strip
        desk.port.write(ev.KillThrown(level=KillLevel.HALTED, why="by hand", by="you"))
        desk.port.write(connected("paper", ConnectionState.DOWN))
        await desk.frame()

        assert "KILL: no order passes" in desk.workspace._strip.text
        assert "paper down" in desk.workspace._strip.text


async def test_what_is_not_known_is_no_number() -> None:
    async with open_desk() as desk:
        del desk.port.quotes["NQZ6"]
        await desk.frame()

        assert "Equity –" in desk.workspace._strip.text
        assert "Day –" in desk.workspace._strip.text


async def test_a_live_account_can_not_be_taken_for_paper() -> None:
    async with open_desk() as desk:
        await desk.run("ACC topstep-1")
        strip = desk.workspace._strip.text
        assert "■■■ LIVE ■■■ topstep-1" in strip
        assert "PAPER" not in strip
        assert "not armed" in strip
        desk.port.write(ev.AccountArmed(account="topstep-1"))
        await desk.frame()

        assert " ARMED " in desk.workspace._strip.text
        live = desk.workspace._strip._account.ink("live")
        assert live.reverse
        assert live.bold


async def test_letters_typed_over_a_pane_go_to_the_command_line_but_for_the_panes_own() -> None:
    async with open_desk() as desk:
        await desk.press("escape")
        watchlist = desk.workspace.body.panes["watchlist"]
        await desk.press("j", "j")
        assert watchlist.symbol == "CLF7"
        assert desk.line == ""
        await desk.keys("BUY")

        assert desk.line == "BUY"
        assert desk.app.focused is desk.workspace.bar.line


async def test_only_contracts_in_view_or_held_are_asked_for() -> None:
    port = FakePort()
    day_of_trading(port)
    many = tuple(f"{root}{month}{year}" for root in ("ES", "NQ") for year in range(10) for month in "HMUZ")
    with_status(port, watchlist=many)
    async with open_desk(port, size=(80, 24)) as desk:
        asked = set(desk.port.asked_frames[-1])
        rows = set(desk.workspace.body.panes["watchlist"].symbols_in_view())

        assert len(rows) < 20
        assert asked == rows | {"ESZ6", "NQZ6"}


async def test_nothing_is_painted_where_nothing_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk() as desk:
        painted: list[Widget] = []
        original = Widget.refresh

        def count(self: Widget, *regions: object, **options: object) -> object:
            painted.append(self)
            return original(self, *regions, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(Widget, "refresh", count)
        await desk.frame()

        assert painted == []


async def test_a_changed_theme_is_drawn() -> None:
    async with open_desk() as desk:
        table = desk.workspace.body.panes["watchlist"].main_table
        assert table is not None
        before = table.ink("text")
        desk.app.theme = "high-contrast"
        await desk.frame()
        assert table.ink("text") != before
        desk.app.theme = "textual-light"
        await desk.frame()

        assert "ESZ6" in desk.text


# The way out


async def test_with_nothing_held_it_just_ends() -> None:
    port = FakePort()
    port.write(account("paper-main"), connected())
    async with open_desk(port) as desk:
        await desk.run("QUIT")
        await desk.frame()

    assert desk.app.return_value is ScreenResult.QUIT


async def test_with_something_held_it_asks_and_enter_keeps_trading() -> None:
    async with open_desk() as desk:
        await desk.run("QUIT")
        assert isinstance(desk.app.screen, Quitting)
        assert "long 2 ESZ6" in desk.text
        assert "working order" in desk.text
        assert "UNKNOWN outcome" in desk.text
        await desk.pilot.press("enter")
        await desk.pilot.pause()
        desk.workspace.flush()

    assert desk.app.return_value is ScreenResult.KEEP_HEADLESS


@pytest.mark.parametrize("key", ["escape", "3"])
async def test_staying_goes_back_to_the_workspace(key: str) -> None:
    async with open_desk() as desk:
        await desk.run("QUIT")
        await desk.press(key)

        assert isinstance(desk.app.screen, Workspace)
        assert not desk.port.asked("submit")


async def test_flatten_and_quit_goes_only_once_everything_is_flat() -> None:
    port = FakePort()
    order = request("ORD-1", "ESZ6", Side.BUY, 1)
    port.write(account("paper-main"), connected(), *working(order), filled(order, "6700"))
    async with open_desk(port) as desk:
        desk.port.holds = True
        await desk.run("QUIT")
        await desk.press("2")
        ((instruction,),) = desk.port.asked("submit")
        assert instruction.everything
        desk.port.open_futures[0].set_result(Outcome(ok=True, text="flat"))
        await desk.frame()
        assert desk.app.return_value is None
        closing = request("ORD-2", "ESZ6", Side.SELL, 1)
        desk.port.write(*working(closing), filled(closing, "6701"))
        await desk.frame()

    assert desk.app.return_value is ScreenResult.FLATTENED


async def test_a_flatten_that_fails_keeps_the_screen() -> None:
    async with open_desk() as desk:
        desk.port.outcome = Outcome(ok=False, text="topstepx does not answer; 1 position stands")
        await desk.run("QUIT")
        await desk.press("2")
        await desk.frame()

        assert desk.app.return_value is None
        assert "Not flat, so the screen stays: topstepx does not answer" in desk.text


async def test_while_the_desk_has_told_nothing_quitting_asks() -> None:
    port = FakePort()
    with_status(port, running=False)
    async with open_desk(port) as desk:
        await desk.run("QUIT")

        assert isinstance(desk.app.screen, Quitting)
        assert "not known" in desk.text


async def test_ctrl_c_clears_the_line_then_quits_on_the_second() -> None:
    port = FakePort()
    port.write(account("paper-main"), connected())
    async with open_desk(port) as desk:
        await desk.type("BUY 2")
        await desk.press("ctrl+c")
        assert desk.line == ""
        await desk.press("ctrl+c")
        assert desk.app.return_value is None
        await desk.press("ctrl+c")

    assert desk.app.return_value is ScreenResult.QUIT
