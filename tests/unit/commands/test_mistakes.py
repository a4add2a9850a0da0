"""What can't be run gets a sentence that helps, and the place in the line."""

from __future__ import annotations

import msgspec
import pytest

from tt_tui.commands.grammar import parse
from tt_tui.commands.parsed import Empty

from .context import PAPER, at_prompt, mistaken

# The line, the word that is wrong, a part of the sentence, the suggestions.
WRONG: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("BUY 2 EZ", "EZ", "did you mean ES?", ("ES",)),
    ("BUY 2 EZZ6", "EZZ6", "did you mean ESZ6?", ("ESZ6",)),
    ("BUY 2 F", "F", "For the share write $F", ("ZF",)),
    ("BUY 2 ESX6", "ESX6", "listed are H, M, U, Z", ()),
    ("BUY 2 BTCUSD", "BTCUSD", "can't be traded", ()),
    ("BUY 2 ЕS", "ЕS", "names no contract", ()),
    ("BUY 1,000 ES", "1,000", "without separators", ("1000",)),
    ("BUY 1_000 ES", "1_000", "without separators", ("1000",)),
    ("BUY 2 NQ @ 18,250", "18,250", "without separators", ("18250",)),
    ("BUY 2 NQ @ 18250,25", "18250,25", "without separators", ("1825025",)),
    ("BUY 2 NQ STOP 1,0t", "1,0t", "without separators", ("10t",)),
    ("BUY 2.5 ES", "2.5", "whole number", ()),
    ("BUY -2 ES", "-2", "whole number", ()),
    ("BUY 2k ES", "2k", "whole number", ()),
    ("BUY 9999999 ES", "9999999", "whole number", ()),
    ("BUY 0 ES", "0", "trades nothing", ()),
    ("BUY ES 2", "2", "a size stands before the symbol (BUY 2 ES)", ("@ 2", "AT 2")),
    ("BUY 2 ES 5020", "5020", "not understood here; a price after @ or AT", ("@ 5020", "AT 5020")),
    ("BUY TWO ES", "ES", "the size before it is a number", ()),
    ("BUY 2 @ 5020", "@", "symbol is missing", ()),
    ("BUY 2 @5020", "@5020", "symbol is missing", ()),
    ("BUY AT 5020", "AT", "$AT", ()),
    ("BUY 2 ALL", "ALL", "$ALL", ()),
    ("BUY 2 ES @ 5020.1", "5020.1", "nearest are 5020.00 and 5020.25", ("5020.00", "5020.25")),
    ("BUY 2 ES AT 5020.30", "5020.30", "0.25 each", ("5020.25", "5020.50")),
    ("BUY 2 ES STOP 4990.1", "4990.1", "nearest", ("4990.00", "4990.25")),
    ("BUY 1 ZN @ 110'16.3", "110'16.3", "is no price|nearest", ()),
    ("BUY 1 ZB @ 110'16.5", "110'16.5", "nearest", ("110'16", "110'17")),
    ("BUY 2 ES @ five", "five", "no price", ()),
    ("BUY 2 ES @ NaN", "NaN", "no price", ()),
    ("BUY 2 ES @ 1e9", "1e9", "no price", ()),
    ("BUY 2 ES @ 5020 @ 5021", "@", "once", ()),
    ("BUY 2 ES AT 5020 AT 5021", "AT", "once", ()),
    ("BUY 2 ES MKT @ 5021", "@", "once", ()),
    ("BUY 2 CL @ 0 @ 0", "@", "once", ()),
    ("BUY 2 ES DAY GTC", "GTC", "once", ()),
    ("BUY 2 ES STOP 20t STOP 30t", "STOP", "once", ()),
    ("BUY 2 ES STOP 0t", "0t", "above zero", ()),
    ("BUY 2 ES STOP 1.5t", "1.5t", "whole number of ticks", ()),
    ("BUY 2 ES STOP -5t", "-5t", "whole number of ticks", ()),
    ("BUY 2 ES TRAIL 10", "10", "in ticks", ("10t",)),
    ("BUY 2 ES BE 5050", "5050", "in ticks", ("5050t",)),
    ("BUY 2 ES LIMIT 5000", "LIMIT", "write @", ()),
    ("BUY 2 ES SL 5000", "SL", "write STOP", ()),
    ("BUY 2 ES STPO 20t", "STPO", "not understood", ("STOP",)),
    ("BUY 2 ES ſTOP 20t", "ſTOP", "not understood", ()),
    ("BUY 2 ES ACC nobody", "nobody", "there are paper-1", PAPER.accounts),
    ("BUY 2 ES ACC paper-3", "paper-3", "there are paper-1", ("paper-1", "paper-2")),
    ("BUY 2 ES ACC paper-1 GTC", "paper-1 GTC", "no account", PAPER.accounts),
    ("BUY 2 ES GRP paper-1", "paper-1", "no group", ("main", "real", "mixed", "void")),
    ("SELL HALF ES @ 5020", "@", "too much", ()),
    ("CLOSE ALL", "ALL", "FLAT closes all", ()),
    ("CLOSE 100% ES", "100%", "1% to 99%", ()),
    ("CLOSE 0% ES", "0%", "1% to 99%", ()),
    ("REV ES 2", "2", "too much", ()),
    ("TRAIL ES 10", "10", "TRAIL ES 10t", ("10t",)),
    ("CXL ORD-1 ACC paper-1", "ACC", "too much", ()),
    ("FLAT ALL ES", "ES", "too much", ()),
    ("FLAT ALL ACC paper-1", "ACC", "FLAT ACC name", ()),
    ("KILL live-1", "live-1", "KILL ACC name", ("ACC live-1",)),
    ("KILL GRP real", "GRP", "KILL ACC name", ()),
    ("ARM paper-1", "paper-1", "PAPER account", ("live-1", "live-2")),
    ("ARM live-3", "live-3", "no account", ("live-1", "live-2")),
    ("DISARM paper-1", "paper-1", "PAPER account", ()),
    ("CONFIRM 7", "7", "no order id", ()),
    ("DROP ES", "ES", "no order id", ()),
    ("ACK ES", "ES", "no alarm id", ()),
    ("QUIT now", "now", "too much", ()),
    ("POS ES", "ES", "too much", ()),
    ("W ES", "ES", "W ADD ES NQ", ("ADD", "DEL")),
    ("W ADD ES EZ", "EZ", "did you mean ES?", ("ES",)),
    ("HELP nothing-like-it", "nothing-like-it", "no help", ()),
    ("HELP 3", "3", "HELP alone lists", ()),
    ("?", "?", "HELP lists", ()),
    ("4", "4", "rows go from 1 to 3", ()),
    ("0", "0", "no row 0", ()),
    ("orders", "orders", "did you mean BLOT or CXL?", ("BLOT", "CXL")),
    ("watch", "watch", "did you mean W?", ("W",)),
    ("KIL", "KIL", "did you mean KILL?", ("KILL",)),
    ("FALT", "FALT", "did you mean FLAT?", ("FLAT",)),
    ("BUT 2 ES", "BUT", "did you mean BUY?", ("BUY",)),
    ("ES BUY 2", "BUY", "comes first", ()),
    ("ES FOO", "FOO", "no function", ()),
    ("???", "???", "no command and no symbol", ()),
)


@pytest.mark.parametrize(("text", "word", "part", "suggestions"), WRONG, ids=[row[0] for row in WRONG])
def test_a_mistake_helps(text: str, word: str, part: str, suggestions: tuple[str, ...]) -> None:
    found = mistaken(text)

    assert any(one in found.text for one in part.split("|")), found.text
    assert text[found.start : found.end] == word
    assert not found.incomplete
    if suggestions:
        assert found.suggestions == suggestions


INCOMPLETE: dict[str, str] = {
    "BUY": "A size and a symbol follow",
    "BUY 2": "symbol is missing",
    "BUY 2 ES @": "limit price",
    "BUY 2 ES AT": "stop price",
    "BUY 2 ES STOP": "ticks from the entry",
    "BUY 2 ES TP": "ticks from the entry",
    "BUY 2 ES TRAIL": "in ticks",
    "BUY 2 ES ACC": "name of an account: paper-1",
    "BUY 2 ES GRP": "name of a group: main",
    "CLOSE": "A symbol follows",
    "CLOSE HALF": "needs a symbol",
    "REV": "A symbol follows",
    "CXL": "ALL, a symbol or an order id",
    "TRAIL": "ticks follow",
    "TRAIL ES": "in ticks",
    "ARM": "typed out",
    "CONFIRM": "id of a waiting order",
    "ENABLE": "name of a stopped strategy",
    "ACC": "name of an account",
    "W ADD": "needs symbols",
}


@pytest.mark.parametrize("text", INCOMPLETE)
def test_what_has_to_follow_is_said_while_typing(text: str) -> None:
    found = mistaken(text)

    assert INCOMPLETE[text] in found.text
    assert found.incomplete
    assert found.start == found.end == len(text)


@pytest.mark.parametrize("text", ["", " ", "\t  "])
def test_nothing_typed_is_no_mistake(text: str) -> None:
    assert parse(text, PAPER) == Empty()


@pytest.mark.parametrize("mark", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("shape", ["BUY 2 ES{}", "BUY 2{}ES", "{}BUY 2 ES", "BUY 2 ES{}SELL 2 ES", "KILL{}"])
def test_a_line_with_a_break_is_never_run(shape: str, mark: str) -> None:
    assert "line break" in mistaken(shape.format(mark)).text


@pytest.mark.parametrize("mark", ["\x00", "\x1b", "\x7f", "\x9b"])
def test_a_control_character_is_never_run(mark: str) -> None:
    assert "control character" in mistaken(f"BUY 2{mark} ES").text


def test_a_line_that_is_too_long_is_never_run() -> None:
    assert "at most 500" in mistaken("BUY 2 ES" + " " * 500).text


def test_no_account_at_the_prompt_is_said() -> None:
    assert "no account is chosen" in mistaken("BUY 2 ES", at_prompt("")).text
    assert "no account is chosen" in mistaken("BUY 2 ES", at_prompt("main")).text
    assert "no account is chosen" in mistaken("FLAT", at_prompt("gone", group=True)).text
    assert "has no accounts" in mistaken("BUY 2 ES", at_prompt("void", group=True)).text
    assert "has no accounts" in mistaken("BUY 2 ES GRP void").text


def test_disarm_without_a_live_account_at_the_prompt_is_said() -> None:
    assert "no account at the prompt is live" in mistaken("DISARM").text


def test_a_row_where_there_are_none_is_said() -> None:
    context = msgspec.structs.replace(PAPER, rows=())

    assert "no rows here" in mistaken("1", context).text
