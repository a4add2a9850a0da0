"""Verbs that are no trade, functions, rows and symbols, and which of them a first word is."""

from __future__ import annotations

import msgspec
import pytest

from tt_tui.commands import parsed as p
from tt_tui.commands.grammar import parse
from tt_tui.commands.registry import FUNCTION_BY_MNEMONIC, VERB_BY_WORD
from tt_tui.domain.account import KillLevel
from tt_tui.domain.instrument import products

from .context import PAPER, at_prompt, traded

MEANS: dict[str, p.Parsed] = {
    "W": p.OpenFunction(mnemonic="W"),
    "w add es nq ES": p.WatchAdd(symbols=("ESZ6", "NQZ6")),
    "W ADD $ES AAPL": p.WatchAdd(symbols=("NYSE:ES", "AAPL")),
    "W DEL ES": p.WatchRemove(symbols=("ESZ6",)),
    "ES W ADD": p.WatchAdd(symbols=("ESZ6",)),
    "2 W": p.OpenFunction(mnemonic="W", symbol="NQZ6"),
    "ALRT": p.OpenFunction(mnemonic="ALRT"),
    "blot": p.OpenFunction(mnemonic="BLOT"),
    "POS": p.OpenFunction(mnemonic="POS"),
    "ACCT": p.OpenFunction(mnemonic="ACCT"),
    "LOG": p.OpenFunction(mnemonic="LOG"),
    "HOOK": p.OpenFunction(mnemonic="HOOK"),
    "HELP": p.Help(),
    "help buy": p.Help(word="BUY"),
    "HELP W": p.Help(word="W"),
    "HELP watchlist": p.Help(word="W"),
    "3": p.PickRow(number=3, symbol="AAPL"),
    "ES": p.PickSymbol(symbol="ESZ6"),
    "ES US": p.PickSymbol(symbol="NYSE:ES"),
    "AAPL": p.PickSymbol(symbol="AAPL"),
    "ACC paper-2": p.Choose(name="paper-2", is_group=False),
    "grp MAIN": p.Choose(name="main", is_group=True),
    "RESUME ACC paper-1": p.Resume(account="paper-1"),
    "RESUME ACC live-1": p.Resume(account="live-1", asks=True, why_asks="live-1 is LIVE"),
    "ARM live-1": p.Arm(account="live-1"),
    "ARM ACC LIVE-1": p.Arm(account="live-1"),
    "DISARM live-1": p.Disarm(accounts=("live-1",)),
    "CONFIRM ord-abc": p.Confirm(order_id="ORD-ABC"),
    "DROP ORD-ABC": p.Drop(order_id="ORD-ABC"),
    "ENABLE My Strategy": p.Enable(strategy="My Strategy"),
    "ACK": p.Acknowledge(),
    "ACK ALL": p.Acknowledge(),
    "ACK ALM-X7": p.Acknowledge(alarm_id="ALM-X7"),
    "QUIT": p.Quit(),
}


@pytest.mark.parametrize("text", MEANS)
def test_a_line_means(text: str) -> None:
    assert parse(text, PAPER) == MEANS[text]


@pytest.mark.parametrize(
    ("text", "level", "account"),
    [
        ("KILL", KillLevel.HALTED, ""),
        ("KILL ALL", KillLevel.HALTED, ""),
        ("KILL HALT", KillLevel.HALTED, ""),
        ("kill reduce", KillLevel.REDUCING, ""),
        ("KILL FLATTEN", KillLevel.FLATTEN, ""),
        ("KILL ACC paper-1", KillLevel.HALTED, "paper-1"),
        ("KILL FLATTEN ACC live-1", KillLevel.FLATTEN, "live-1"),
    ],
)
def test_kill_holds_for_all_but_where_an_account_is_named_and_asks(text: str, level: KillLevel, account: str) -> None:
    found = parse(text, PAPER)

    assert isinstance(found, p.Kill)
    assert (found.level, found.account, found.asks) == (level, account, True)
    assert "until RESUME" in found.why_asks


def test_staying_armed_asks() -> None:
    found = parse("ARM live-1 STAY", PAPER)

    assert isinstance(found, p.Arm)
    assert found.stay
    assert found.asks


def test_disarm_alone_is_what_is_live_at_the_prompt() -> None:
    assert parse("DISARM", at_prompt("mixed", group=True)) == p.Disarm(accounts=("live-1",))


def test_a_function_that_takes_a_symbol_takes_it_before_after_and_from_the_pane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chart = msgspec.structs.replace(FUNCTION_BY_MNEMONIC["POS"], mnemonic="GP", takes_symbol=True, arguments="[bar]")
    monkeypatch.setattr("tt_tui.commands.grammar.FUNCTION_BY_MNEMONIC", {**FUNCTION_BY_MNEMONIC, "GP": chart})

    assert parse("NQ GP 5m", PAPER) == p.OpenFunction(mnemonic="GP", symbol="NQZ6", args=("5m",))
    assert parse("GP NQ 5m", PAPER) == p.OpenFunction(mnemonic="GP", symbol="NQZ6", args=("5m",))
    assert parse("GP 5m", PAPER) == p.OpenFunction(mnemonic="GP", symbol="ESZ6", args=("5m",))
    assert parse("2 GP", PAPER) == p.OpenFunction(mnemonic="GP", symbol="NQZ6")
    assert parse("ES US GP", PAPER) == p.OpenFunction(mnemonic="GP", symbol="NYSE:ES")


def test_a_first_word_is_a_verb_then_a_function_then_a_row_then_a_symbol() -> None:
    assert isinstance(parse("BE ES", PAPER), p.Trade)
    assert parse("W", PAPER) == p.OpenFunction(mnemonic="W")
    assert parse("1", PAPER) == p.PickRow(number=1, symbol="ESZ6")
    assert parse("$BE", PAPER) == p.PickSymbol(symbol="BE")
    assert parse("$W", PAPER) == p.PickSymbol(symbol="W")
    assert traded("BUY 1 POS").instruction.symbol == "POS"


def test_no_verb_or_mnemonic_hides_a_futures_root() -> None:
    assert not set(products()) & {*VERB_BY_WORD, *FUNCTION_BY_MNEMONIC}


def test_a_share_that_is_in_view_is_taken_as_typed() -> None:
    context = msgspec.structs.replace(PAPER, rows=("F",))

    assert parse("F", context) == p.PickSymbol(symbol="F")
    assert traded("BUY 5 F", context).instruction.symbol == "F"
