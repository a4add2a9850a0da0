"""What stands around the line: echo, completion and history."""

from __future__ import annotations

import msgspec
import pytest

from tt_tui.commands.completion import complete
from tt_tui.commands.echo import echo
from tt_tui.commands.grammar import parse
from tt_tui.commands.history import History
from tt_tui.commands.parsed import PromptContext

from .context import PAPER, at_prompt

ECHOES: dict[str, str] = {
    "": "",
    "BUY 2 ES": "Enter: buy 2 ESZ6 at market on paper-1 (PAPER)",
    "BUY ES": "Enter: buy 1 ESZ6 at market on paper-1 (PAPER) (no size was given, so 1)",
    "SELL 1 NQ @ 18250 STOP 20t TP 1t": (
        "Enter: sell 1 NQZ6 at limit 18250.00 with stop 20 ticks, target 1 tick on paper-1 (PAPER)"
    ),
    "BUY 1 ZN AT 110'16 @ 110'16.5 GTC STOP 110'00": (
        "Enter: buy 1 ZNZ6 at stop 110'16.0 limit 110'16.5, GTC with stop at 110'00.0 on paper-1 (PAPER)"
    ),
    "BUY 2 ES TRAIL 10t BE 8t": (
        "Enter: buy 2 ESZ6 at market with stop trailing by 10 ticks, break-even after 8 ticks on paper-1 (PAPER)"
    ),
    "BUY 5 $ES": "Enter: buy 5 ES (share) at market on paper-1 (PAPER)",
    "BUY 1 AAPL261218C00200000": "Enter: buy 1 AAPL 2026-12-18 200 call at market on paper-1 (PAPER)",
    "BUY 2 ES ACC live-1": "Enter twice: buy 2 ESZ6 at market on live-1 (LIVE)",
    "BUY 2 ES GRP mixed": "Enter twice: buy 2 ESZ6 at market on group mixed: paper-2 (PAPER), live-1 (LIVE)",
    "SELL HALF ES": "Enter: close half of a long position in ESZ6 on paper-1 (PAPER)",
    "CLOSE 25% ES": "Enter: close 25 % of ESZ6 on paper-1 (PAPER)",
    "CLOSE 3 ES": "Enter: close 3 of ESZ6 on paper-1 (PAPER)",
    "CLOSE ES": "Enter: close ESZ6 on paper-1 (PAPER)",
    "REV ES": "Enter: close ESZ6, wait for the fill, and open the same size on the other side on paper-1 (PAPER)",
    "CXL ES": "Enter: cancel the orders in ESZ6 on paper-1 (PAPER)",
    "CXL ALL": "Enter: cancel all working orders on paper-1 (PAPER)",
    "CXL ORD-1": "Enter twice: cancel the order ORD-1",
    "FLAT": "Enter: flatten everything (cancel, close, verify) on paper-1 (PAPER)",
    "FLAT ALL": "Enter twice: flatten everything (cancel, close, verify) on EVERY account: 4 accounts, 2 LIVE",
    "BE ES": "Enter: move the stop of ESZ6 to its average price on paper-1 (PAPER)",
    "TRAIL ES 10t": "Enter: let the stop of ESZ6 trail by 10 ticks on paper-1 (PAPER)",
    "KILL": "Enter twice: KILL: cancel and refuse entries on every account until RESUME",
    "RESUME ACC paper-1": "Enter: lift the kill switch on paper-1 (PAPER)",
    "ARM live-1": "Enter: permit entries on live-1 (LIVE) until the program restarts",
    "DISARM live-1": "Enter: refuse entries on live-1 (LIVE)",
    "ACC live-1": "Enter: work on live-1 (LIVE)",
    "GRP main": "Enter: work on group main: paper-1 (PAPER), paper-2 (PAPER)",
    "POS": "Enter: open the positions",
    "W ADD ES": "Enter: add ESZ6 to the watchlist",
    "W DEL ES": "Enter: take ESZ6 off the watchlist",
    "2": "Enter: choose row 2, NQZ6",
    "ES": "Enter: show ESZ6",
    "CONFIRM ORD-1": "Enter: approve ORD-1; every check runs again",
    "DROP ORD-1": "Enter: drop ORD-1; nothing is sent",
    "ENABLE x": "Enter: let x enter again",
    "ACK": "Enter: mark all alarms as seen",
    "HELP": "Enter: show all there is",
    "HELP BUY": "Enter: help on BUY",
    "QUIT": "Enter: leave the workstation",
    "BUY": "BUY what? A size and a symbol follow, such as BUY 2 ES",
    "BUY 2 EZ": "'EZ' is no symbol known here; did you mean ES? For the share write $EZ.",
}


@pytest.mark.parametrize("text", ECHOES)
def test_the_echo_says_what_enter_will_do(text: str) -> None:
    assert echo(parse(text, PAPER), PAPER) == ECHOES[text]


def test_the_echo_counts_a_large_group_and_what_is_live_in_it() -> None:
    context = msgspec.structs.replace(PAPER, groups={"all": PAPER.accounts})

    assert echo(parse("FLAT GRP all", context), context).endswith("on group all: 4 accounts, 2 LIVE")


def test_the_echo_says_where_the_contract_is_not_known() -> None:
    context = msgspec.structs.replace(PAPER, resolve=lambda symbol: None)

    assert "buy 2 ES (front contract) at" in echo(parse("BUY 2 ES", context), context)


def labels(text: str, context: PromptContext = PAPER) -> list[str]:
    return [one.label for one in complete(text, len(text), context)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("wat", "W"),
        ("alerts", "ALRT"),
        ("ord", "BLOT"),
        ("positions", "POS"),
        ("web", "HOOK"),
        ("canc", "CXL"),
        ("revers", "REV"),
        ("KI", "KILL"),
        ("nq", "NQZ6"),
        ("gold", "GC"),
        ("BUY 2 gol", "GC"),
        ("BUY 2 NQ", "NQZ6"),
        ("BUY 2 ES S", "STOP"),
        ("BUY 2 ES ACC l", "live-1"),
        ("BUY 2 ES GRP r", "real"),
        ("ACC PAPER", "paper-1"),
        ("ARM ", "live-1"),
        ("ARM live-1 ", "STAY"),
        ("KILL F", "FLATTEN"),
        ("W A", "ADD"),
        ("HELP orders", "BLOT"),
    ],
)
def test_completion_finds_by_code_and_by_plain_words(text: str, first: str) -> None:
    assert labels(text)[0] == first


def test_completion_offers_what_has_not_been_said() -> None:
    assert labels("BUY 2 ES ") == ["@", "AT", "DAY", "GTC", "IOC", "FOK", "STOP", "TP", "TRAIL", "BE", "ACC", "GRP"]
    assert labels("BUY 2 ES @5020 GTC STOP 8t ") == ["AT", "TP", "TRAIL", "BE", "ACC", "GRP"]
    assert labels("BUY 2 ES @ ") == []
    assert labels("SELL HALF ES ") == ["ACC", "GRP"]
    assert labels("CLOSE HALF ES ") == ["ACC", "GRP"]
    assert labels("TRAIL ES ") == []
    assert labels("CXL ")[0] == "ALL"
    assert labels("FLAT ALL ") == []
    assert labels("CXL ORD-1 ") == []
    assert labels("W DEL ") == list(PAPER.rows)
    assert labels("QUIT ") == []


def test_completion_of_nothing_lists_functions_and_verbs() -> None:
    found = labels("")

    assert found[:3] == ["W", "ALRT", "BLOT"]
    assert "BUY" in found


def test_completion_puts_the_word_where_the_cursor_is() -> None:
    (found,) = complete("BUY 2 ES ST 20t", len("BUY 2 ES ST"), PAPER)

    assert found.text == "BUY 2 ES STOP 20t"
    assert found.cursor == len("BUY 2 ES STOP ")
    assert found.describes


@pytest.mark.parametrize("cursor", [-5, 0, 2, 99])
def test_completion_takes_any_cursor(cursor: int) -> None:
    assert complete("BU", cursor, PAPER)


def test_a_completed_prompt_tells_paper_from_live() -> None:
    found = {one.label: one.describes for one in complete("ACC ", 4, at_prompt("live-1"))}

    assert found["paper-1"] == "PAPER"
    assert found["live-1"] == "LIVE"


def test_history_walks_up_and_down_and_keeps_what_was_typed() -> None:
    history = History(10, ["W", "BUY 2 ES"])

    assert history.up("FL") == "BUY 2 ES"
    assert history.up("BUY 2 ES") == "W"
    assert history.up("W") == "W"
    assert history.down("W") == "BUY 2 ES"
    assert history.down("BUY 2 ES") == "FL"
    assert history.down("FLAT") == "FLAT"


def test_history_keeps_no_blank_and_no_repeat_in_a_row() -> None:
    history = History(10)
    for line in ("W", "W", " ", "POS", "W ", "W"):
        history.add(line)

    assert history.lines == ("W", "POS", "W")


def test_history_forgets_the_oldest() -> None:
    assert History(2, ["A", "B", "C"]).lines == ("B", "C")
    with pytest.raises(ValueError, match="at least 1"):
        History(0)


def test_a_line_that_is_run_ends_the_walk() -> None:
    history = History(10, ["A", "B"])
    history.up("")
    history.up("B")
    history.add("A")

    assert history.up("") == "A"
    assert history.up("A") == "B"


def test_an_empty_history_leaves_the_line() -> None:
    assert History(5).up("typed") == "typed"
    assert History(5).down("typed") == "typed"
