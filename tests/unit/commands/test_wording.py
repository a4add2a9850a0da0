"""What no sentence can say is refused, and slips of the finger are told from other words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tt_tui.commands.reading import is_one_slip, near, split
from tt_tui.commands.wording import describe, format_sentence, typed_symbol
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Bracket, Distance

from .context import PAPER


@pytest.mark.parametrize(
    "instruction",
    [
        Instruction(action=Action.TARGET, symbol="ESZ6", quantity=Decimal(1)),
        Instruction(action=Action.IGNORE),
        Instruction(action=Action.BUY, symbol="ESZ6"),
        Instruction(action=Action.REVERSE),
        Instruction(action=Action.TRAIL, symbol="ESZ6"),
        Instruction(action=Action.CLOSE, symbol="ESZ6", accounts=("paper-1", "paper-2")),
        Instruction(
            action=Action.BUY,
            symbol="ESZ6",
            quantity=Decimal(1),
            bracket=Bracket(stop=Distance(kind="percent", value=Decimal(1))),
        ),
    ],
)
def test_what_no_sentence_means_is_refused(instruction: Instruction) -> None:
    with pytest.raises(ValueError, match=r"sentence|said"):
        format_sentence(instruction)


def test_a_sentence_is_written_as_it_is_taught() -> None:
    wish = Instruction(
        action=Action.BUY,
        symbol="ESZ6",
        quantity=Decimal(2),
        stop_price=Decimal(5020),
        limit_price=Decimal(5021),
        bracket=Bracket(stop=Distance(kind="ticks", value=Decimal(20))),
        accounts=("paper-1",),
    )

    assert format_sentence(wish) == "BUY 2 ESZ6 AT 5020 @ 5021 STOP 20t ACC paper-1"


@pytest.mark.parametrize(
    ("symbol", "typed"),
    [("ESZ6", "ESZ6"), ("ES", "ES"), ("F", "$F"), ("NYSE:ES", "NYSE:ES"), ("AAPL  261218C00200000",) * 2],
)
def test_a_symbol_is_typed_in_one_word(symbol: str, typed: str) -> None:
    assert typed_symbol(symbol) == typed.replace(" ", "")


def test_an_instruction_from_elsewhere_is_described_too() -> None:
    assert describe(Instruction(action=Action.ADD_BUY, symbol="ESZ6"), PAPER) == "add buy ESZ6"
    assert describe(Instruction(action=Action.CLOSE, symbol="??"), PAPER) == "close ??"


@pytest.mark.parametrize(
    ("word", "other", "expected"),
    [
        ("EZ", "ES", True),
        ("SE", "ES", True),
        ("E", "ES", True),
        ("ESS", "ES", True),
        ("ES", "ES", False),
        ("Q", "W", False),
        ("NQ", "ES", False),
        ("FALT", "FLAT", True),
        ("TALF", "FLAT", False),
        ("F", "FLAT", False),
        ("FLTA", "FLAT", True),
        ("LFTA", "FLAT", False),
    ],
)
def test_one_slip_of_the_finger(word: str, other: str, expected: bool) -> None:
    assert is_one_slip(word, other) is expected
    assert is_one_slip(other, word) is expected


def test_near_words_that_begin_so_come_first() -> None:
    assert near("TP", ("TPX", "TO", "AP", "TR")) == ("TPX", "TO", "AP")
    assert near("", ("A", "BC")) == ()


def test_words_are_split_at_the_mark_of_a_price_but_not_before_a_symbol() -> None:
    assert [word.text for word in split("BUY NQ@18250 @ 5 @ES @@")] == [
        "BUY",
        "NQ",
        "@18250",
        "@",
        "5",
        "@ES",
        "@",
        "@",
    ]
