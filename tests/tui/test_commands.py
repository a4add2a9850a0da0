"""Typed lines: what is sent at once, what asks, what only helps."""

from __future__ import annotations

from decimal import Decimal

import pytest
from textual import events

from tt_tui.desk.port import Outcome
from tt_tui.domain.account import KillLevel
from tt_tui.domain.instruction import Action
from tt_tui.domain.order import OrderType

from .fake_port import FakePort, account, day_of_trading, preview_line
from .screen import open_desk


async def test_a_paper_order_is_sent_by_one_enter() -> None:
    async with open_desk() as desk:
        desk.port.outcome = Outcome(ok=True, text="bought 2 ESZ6 at 6715.00 on paper-main")

        await desk.run("BUY 2 ES")

        ((instruction,),) = desk.port.asked("submit")
        assert (instruction.action, instruction.symbol, instruction.quantity) == (Action.BUY, "ESZ6", Decimal(2))
        assert instruction.accounts == ("paper-main",)
        assert "bought 2 ESZ6 at 6715.00 on paper-main" in desk.text
        assert desk.line == ""


async def test_the_echo_says_what_enter_will_do_on_each_key() -> None:
    async with open_desk() as desk:
        await desk.keys("BUY 2 ES")

        assert "buy 2 ESZ6 at market on paper-main (PAPER)" in desk.workspace.bar.echo
        await desk.type(" @ 6700.25")

        assert "at limit 6700.25" in desk.workspace.bar.echo
        assert not desk.port.asked("submit")


async def test_a_live_order_shows_its_preview_and_the_second_enter_sends_it() -> None:
    async with open_desk() as desk:
        desk.port.previews = (preview_line("topstep-1", "buy 2 ESZ6 market, risk 250.00"),)

        await desk.run("BUY 2 ES ACC topstep-1")

        assert "LIVE  topstep-1: buy 2 ESZ6 market, risk 250.00" in desk.text
        assert "Enter again to send" in desk.text
        assert not desk.port.asked("submit")
        desk.port.clock.advance(1)
        await desk.press("enter")

        ((instruction,),) = desk.port.asked("submit")
        assert instruction.accounts == ("topstep-1",)
        assert instruction.symbol == "ESZ6"


async def test_what_is_sent_is_what_the_preview_was_about() -> None:
    async with open_desk() as desk:
        await desk.run("BUY 2 ES ACC topstep-1")
        desk.port.clock.advance(1)
        await desk.press("enter")

        assert desk.port.asked("preview") == desk.port.asked("submit")


async def test_a_bouncing_enter_does_not_send_a_live_order() -> None:
    async with open_desk() as desk:
        await desk.type("BUY 2 ES ACC topstep-1")
        await desk.press("enter")
        await desk.press("enter")
        await desk.press("enter")

        assert desk.port.asked("preview")
        assert not desk.port.asked("submit")


async def test_enter_before_the_preview_stands_sends_nothing() -> None:
    async with open_desk() as desk:
        desk.port.holds = True
        await desk.run("BUY 2 ES ACC topstep-1")
        desk.port.clock.advance(5)
        await desk.press("enter")

        assert not desk.port.asked("submit")
        assert "still works on the preview" in desk.text


@pytest.mark.parametrize("key", ["escape", "x", "backspace"])
async def test_escape_or_any_edit_takes_a_live_order_back(key: str) -> None:
    async with open_desk() as desk:
        await desk.run("BUY 2 ES ACC topstep-1")
        desk.port.clock.advance(1)
        await desk.press(key)

        assert desk.workspace.commander.question is None
        await desk.press("escape")

        assert "nothing was sent" in desk.text
        assert not desk.port.asked("submit")


async def test_a_preview_that_fails_sends_nothing() -> None:
    async with open_desk() as desk:
        desk.port.holds = True
        await desk.run("BUY 2 ES ACC topstep-1")
        desk.port.open_futures[0].set_exception(RuntimeError("the broker is down"))
        await desk.frame()
        desk.port.clock.advance(1)

        assert "No preview, nothing was sent: the broker is down" in desk.text
        assert not desk.port.asked("submit")


async def test_a_live_group_asks() -> None:
    async with open_desk() as desk:
        await desk.run("GRP topstep")
        assert "topstep>" in desk.text
        assert "■■■ LIVE ■■■ group topstep" in desk.text
        await desk.run("FLAT")

        assert not desk.port.asked("submit")
        desk.port.clock.advance(1)
        await desk.press("enter")

        ((instruction,),) = desk.port.asked("submit")
        assert instruction.account_group == "topstep"


async def test_an_account_of_unknown_mode_asks_as_if_it_were_live() -> None:
    port = FakePort()
    port.write(account("topstep-1", live=True))
    async with open_desk(port) as desk:
        assert "MODE NOT KNOWN" in desk.text
        await desk.run("BUY 1 ES")

        assert desk.port.asked("preview")
        assert not desk.port.asked("submit")


async def test_a_paste_with_a_newline_is_not_run() -> None:
    async with open_desk() as desk:
        desk.workspace.bar.line.post_message(events.Paste("BUY 2 ES\nFLAT ALL\n"))
        await desk.frame()

        assert desk.line == "BUY 2 ES"
        assert not desk.port.calls
        assert "nothing was run" in desk.text


async def test_a_paste_into_a_pane_lands_at_the_prompt_and_is_not_run() -> None:
    async with open_desk() as desk:
        await desk.press("escape")
        desk.app.screen.post_message(events.Paste("BUY 2 ES\n"))
        await desk.frame()
        await desk.frame()

        assert desk.line == "BUY 2 ES"
        assert not desk.port.calls


async def test_what_is_not_understood_gets_a_sentence_and_stays_to_be_mended() -> None:
    async with open_desk() as desk:
        await desk.run("BYU 2 ES")

        assert "did you mean BUY" in desk.text
        assert desk.line == "BYU 2 ES"
        assert not desk.port.calls


async def test_lines_that_ran_are_walked_with_up_and_down() -> None:
    async with open_desk() as desk:
        await desk.run("W")
        await desk.run("BUY 2 ES")
        await desk.type("SELL")
        await desk.press("up")
        assert desk.line == "BUY 2 ES"
        await desk.press("up")
        assert desk.line == "W"
        await desk.press("down", "down")

        assert desk.line == "SELL"


async def test_tab_completes_and_enter_on_the_list_runs_nothing() -> None:
    async with open_desk() as desk:
        await desk.type("bu")
        await desk.press("tab")
        assert desk.line == "BUY "
        await desk.type("2 ")
        await desk.press("tab")
        assert desk.line == "BUY 2 ESZ6 "
        assert "in view" in desk.text
        await desk.press("tab")
        assert desk.line == "BUY 2 NQZ6 "
        await desk.press("enter")

        assert desk.line == "BUY 2 NQZ6 "
        assert not desk.workspace.bar.line.suggestions.is_open
        assert not desk.port.calls


async def test_escape_puts_back_what_was_typed_before_the_completion() -> None:
    async with open_desk() as desk:
        await desk.type("b")
        await desk.press("tab")
        await desk.press("escape")

        assert desk.line == "b"


async def test_kill_asks_and_resume_lifts_it() -> None:
    async with open_desk() as desk:
        await desk.run("KILL")
        assert not desk.port.asked("kill")
        desk.port.clock.advance(1)
        await desk.press("enter")
        assert desk.port.asked("kill") == [(KillLevel.HALTED, "")]


async def test_arming_needs_the_name_once_more() -> None:
    async with open_desk() as desk:
        await desk.run("ARM topstep-1")
        assert "Type topstep-1 once more" in desk.text
        assert not desk.port.asked("arm")
        await desk.run("topstep-1")

        assert desk.port.asked("arm") == [("topstep-1", False)]


@pytest.mark.parametrize("typed", ["", "topstep-2", "yes", "BUY 1 ES"])
async def test_anything_but_the_name_leaves_it_unarmed(typed: str) -> None:
    async with open_desk() as desk:
        await desk.run("ARM topstep-1")
        await desk.run(typed)

        assert not desk.port.asked("arm")
        assert not desk.port.asked("submit")
        assert "stays unarmed" in desk.text


async def test_an_approval_of_a_live_order_asks() -> None:
    port = FakePort()
    day_of_trading(port)
    async with open_desk(port) as desk:
        await desk.run("CONFIRM ORD-NOTKNOWN")
        assert not desk.port.asked("confirm")
        desk.port.clock.advance(1)
        await desk.press("enter")

        assert desk.port.asked("confirm") == [("ORD-NOTKNOWN",)]


async def test_order_types_reach_the_desk_as_typed() -> None:
    async with open_desk() as desk:
        await desk.run("SELL 1 NQ @ 24900 STOP 20t TP 40t")

        ((instruction,),) = desk.port.asked("submit")
        assert instruction.order_type is OrderType.LIMIT
        assert instruction.limit_price == Decimal(24900)
        assert instruction.bracket is not None
        assert instruction.bracket.has_stop


async def test_a_desk_that_refuses_is_told_in_its_words() -> None:
    async with open_desk() as desk:
        desk.port.outcome = Outcome(ok=False, text="SESSION_CLOSED: the session opens at 17:00 CT")
        await desk.run("BUY 2 ES")

        assert "SESSION_CLOSED: the session opens at 17:00 CT" in desk.text


async def test_nothing_waits_for_a_slow_desk() -> None:
    async with open_desk() as desk:
        desk.port.holds = True
        await desk.run("BUY 2 ES")
        assert "with the desk" in desk.text
        await desk.run("POS")
        desk.port.open_futures[0].set_result(Outcome(ok=True, text="filled at last"))
        await desk.frame()

        assert "filled at last" in desk.text


async def test_a_desk_that_breaks_on_a_symbol_or_a_page_breaks_nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> tuple[str, ...]:
        raise ConnectionError("the socket is gone")

    port = FakePort()
    day_of_trading(port)
    monkeypatch.setattr(port, "watch", fail)
    monkeypatch.setattr(port, "hook_help", fail)
    async with open_desk(port) as desk:
        await desk.type("BUY 2 YM")
        assert "YM (front contract)" in desk.workspace.bar.echo
        await desk.press("ctrl+c")
        await desk.run("W ADD ESZ6")
        assert "the socket is gone" in desk.text
        await desk.press("ctrl+c", "f8")

        assert "could not describe its webhook: the socket is gone" in desk.text


async def test_the_keys_of_flatten_and_kill_only_type_a_sentence() -> None:
    async with open_desk() as desk:
        await desk.press("ctrl+g")
        assert desk.line == "FLAT"
        await desk.press("ctrl+t")

        assert desk.line == "KILL"
        assert not desk.port.calls


async def test_the_watchlist_can_be_changed() -> None:
    async with open_desk() as desk:
        await desk.run("W ADD YM")
        assert "YMZ6" in desk.text
        await desk.run("W DEL YM")

        assert "YMZ6 is off the watchlist" in desk.text
        assert desk.workspace.feed.watched == desk.port.desk.watchlist


async def test_a_number_picks_a_row() -> None:
    async with open_desk() as desk:
        await desk.run("3")
        await desk.type("BUY 1 CLF7")

        assert desk.workspace.body.panes["watchlist"].symbol == "CLF7"


async def test_acknowledging_takes_the_alarm_off_the_strip() -> None:
    from tt_tui.domain.event import AlarmRaised

    async with open_desk() as desk:
        desk.port.write(AlarmRaised(alarm_id="ALM-1", text="the stop of ESZ6 is gone", severity="critical"))
        await desk.frame()
        assert "1 alarm" in desk.text
        assert "the stop of ESZ6 is gone" in desk.text
        await desk.run("ACK")
        await desk.frame()

        assert "the stop of ESZ6 is gone" not in desk.text
