"""Every form of an order sentence, and what it makes of the words."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tt_tui.commands.parsed import PromptContext
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Bracket, Distance, OrderType, Origin, TimeInForce

from .context import PAPER, at_prompt, mistaken, traded, wished

ONE = ("paper-1",)
_T = TimeInForce


def ticks(count: int) -> Distance:
    return Distance(kind="ticks", value=Decimal(count))


def price(text: str) -> Distance:
    return Distance(kind="price", value=Decimal(text))


def entry(action: Action, quantity: int, symbol: str, order_type: OrderType, **more: object) -> Instruction:
    base = Instruction(action=action, symbol=symbol, quantity=Decimal(quantity), order_type=order_type, accounts=ONE)
    return msgspec.structs.replace(base, **more)


def plain(action: Action, symbol: str = "", **more: object) -> Instruction:
    return msgspec.structs.replace(Instruction(action=action, symbol=symbol, accounts=ONE), **more)


BUY, SELL, CLOSE = Action.BUY, Action.SELL, Action.CLOSE
MARKET, LIMIT, STOP, STOP_LIMIT = OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT

SENTENCES: dict[str, Instruction] = {
    "BUY 2 ES": entry(BUY, 2, "ESZ6", MARKET),
    "buy 2 es": entry(BUY, 2, "ESZ6", MARKET),
    "  Buy   2\tEs ": entry(BUY, 2, "ESZ6", MARKET),
    "BUY ES": entry(BUY, 1, "ESZ6", MARKET),
    "BUY 2 ES MKT": entry(BUY, 2, "ESZ6", MARKET),
    "BUY 2 ESH7": entry(BUY, 2, "ESH7", MARKET),
    "BUY 2 ES1!": entry(BUY, 2, "ESZ6", MARKET),
    "BUY 2 CME_MINI:ES1!": entry(BUY, 2, "ESZ6", MARKET),
    "BUY 2 @ES": entry(BUY, 2, "ESZ6", MARKET),
    "BUY 3 6E": entry(BUY, 3, "6EZ6", MARKET),
    "BUY 6E": entry(BUY, 1, "6EZ6", MARKET),
    "BUY 100 AAPL @ 200.12": entry(BUY, 100, "AAPL", LIMIT, limit_price=Decimal("200.12")),
    "BUY 100 $ES": entry(BUY, 100, "NYSE:ES", MARKET),
    "BUY 100 ES US": entry(BUY, 100, "NYSE:ES", MARKET),
    "BUY 100 $F": entry(BUY, 100, "F", MARKET),
    "BUY 100 brk/b us": entry(BUY, 100, "BRK.B", MARKET),
    "BUY 1 AAPL261218C00200000 @ 2.15": entry(BUY, 1, "AAPL  261218C00200000", LIMIT, limit_price=Decimal("2.15")),
    "SELL 1 NQ @ 18250 STOP 20t TP 40t": entry(
        SELL, 1, "NQZ6", LIMIT, limit_price=Decimal(18250), bracket=Bracket(stop=ticks(20), target=ticks(40))
    ),
    "SELL 1 NQ@18250 TP 40t STOP 20t": entry(
        SELL, 1, "NQZ6", LIMIT, limit_price=Decimal(18250), bracket=Bracket(stop=ticks(20), target=ticks(40))
    ),
    "BUY 2 ES AT 5020": entry(BUY, 2, "ESZ6", STOP, stop_price=Decimal(5020)),
    "BUY 2 ES AT 5020 @ 5021": entry(BUY, 2, "ESZ6", STOP_LIMIT, stop_price=Decimal(5020), limit_price=Decimal(5021)),
    "BUY 2 ES @5021 AT 5020": entry(BUY, 2, "ESZ6", STOP_LIMIT, stop_price=Decimal(5020), limit_price=Decimal(5021)),
    "BUY 2 ES @ 5012.25 DAY": entry(BUY, 2, "ESZ6", LIMIT, limit_price=Decimal("5012.25"), time_in_force=_T.DAY),
    "BUY 2 ES @ 5012.25 gtc": entry(BUY, 2, "ESZ6", LIMIT, limit_price=Decimal("5012.25"), time_in_force=_T.GTC),
    "BUY 2 ES @ 5012.25 IOC": entry(BUY, 2, "ESZ6", LIMIT, limit_price=Decimal("5012.25"), time_in_force=_T.IOC),
    "BUY 2 ES FOK": entry(BUY, 2, "ESZ6", MARKET, time_in_force=_T.FOK),
    "BUY 2 ES STOP 4990.25 TP 5050": entry(
        BUY, 2, "ESZ6", MARKET, bracket=Bracket(stop=price("4990.25"), target=price("5050"))
    ),
    "BUY 2 ES TRAIL 10t BE 8t": entry(BUY, 2, "ESZ6", MARKET, bracket=Bracket(trail=ticks(10), break_even=ticks(8))),
    "BUY 1 ZN @ 110'16.5": entry(BUY, 1, "ZNZ6", LIMIT, limit_price=Decimal("110.515625")),
    "BUY 1 ZN @ 110-16 STOP 110'00": entry(
        BUY, 1, "ZNZ6", LIMIT, limit_price=Decimal("110.5"), bracket=Bracket(stop=price("110"))
    ),
    "SELL 1 CL @ -37.63": entry(SELL, 1, "CLF7", LIMIT, limit_price=Decimal("-37.63")),
    "BUY 1 CL AT 0 @ 0.05": entry(BUY, 1, "CLF7", STOP_LIMIT, stop_price=Decimal(0), limit_price=Decimal("0.05")),
    "BUY 1 6J @ 0.0065005": entry(BUY, 1, "6JZ6", LIMIT, limit_price=Decimal("0.0065005")),
    "BUY 2 ES ACC Paper-2": entry(BUY, 2, "ESZ6", MARKET, accounts=("paper-2",)),
    "BUY 2 ES GTC GRP MAIN": entry(
        BUY, 2, "ESZ6", MARKET, time_in_force=_T.GTC, accounts=("paper-1", "paper-2"), account_group="main"
    ),
    "SELL HALF ES": plain(CLOSE, "ESZ6", fraction=Decimal("0.5"), side_closed="long"),
    "BUY HALF ES": plain(CLOSE, "ESZ6", fraction=Decimal("0.5"), side_closed="short"),
    "CLOSE ES": plain(CLOSE, "ESZ6"),
    "CLOSE HALF ES": plain(CLOSE, "ESZ6", fraction=Decimal("0.5")),
    "CLOSE 25% ES": plain(CLOSE, "ESZ6", fraction=Decimal("0.25")),
    "CLOSE 3 ES ACC paper-2": plain(CLOSE, "ESZ6", quantity=Decimal(3), accounts=("paper-2",)),
    "REV ES": plain(Action.REVERSE, "ESZ6"),
    "CXL ALL": plain(Action.CANCEL),
    "CXL ES": plain(Action.CANCEL, "ESZ6"),
    "CXL ALL GRP main": plain(Action.CANCEL, accounts=("paper-1", "paper-2"), account_group="main"),
    "FLAT": plain(Action.FLATTEN),
    "FLAT ACC paper-2": plain(Action.FLATTEN, accounts=("paper-2",)),
    "FLAT ES": plain(Action.FLATTEN, "ESZ6"),
    "BE ES": plain(Action.BREAK_EVEN, "ESZ6"),
    "TRAIL ES 10t": plain(Action.TRAIL, "ESZ6", trail=ticks(10)),
}


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_means(text: str) -> None:
    found = traded(text)

    assert found.instruction == SENTENCES[text]
    assert found.accounts == SENTENCES[text].accounts
    assert found.instruction.origin is Origin.PERSON
    assert not found.asks
    assert not found.why_asks


def test_a_size_that_is_left_out_is_one_and_said() -> None:
    assert wished("BUY ES").quantity == 1
    assert "so 1" in traded("BUY ES").note
    assert not traded("BUY 1 ES").note


def test_a_cancel_by_id_names_no_account_as_the_order_has_one() -> None:
    context = msgspec.structs.replace(PAPER, live_accounts=frozenset())
    found = traded("cxl ord-mzxw6ytboi3demzu", context)

    assert found.instruction == Instruction(action=Action.CANCEL, order_id="ORD-MZXW6YTBOI3DEMZU")
    assert found.accounts == ()
    assert not found.asks
    assert traded("CXL ORD-1").asks


def test_flat_all_is_every_account_and_asks() -> None:
    context = msgspec.structs.replace(PAPER, live_accounts=frozenset())
    found = traded("FLAT ALL", context)

    assert found.instruction.everything
    assert found.instruction.accounts == found.accounts == PAPER.accounts
    assert found.asks
    assert "every account" in found.why_asks


@pytest.mark.parametrize(
    ("text", "context", "why"),
    [
        ("BUY 2 ES", at_prompt("live-1"), "live-1 is LIVE"),
        ("BUY 2 ES ACC live-2", PAPER, "live-2 is LIVE"),
        ("BUY 2 ES GRP real", PAPER, "2 LIVE accounts: live-1, live-2"),
        ("BUY 2 ES GRP mixed", PAPER, "live-1 is LIVE"),
        ("FLAT", at_prompt("real", group=True), "2 LIVE accounts: live-1, live-2"),
        ("CLOSE ES", at_prompt("live-1"), "live-1 is LIVE"),
        ("CXL ALL", at_prompt("live-1"), "live-1 is LIVE"),
    ],
)
def test_a_live_account_asks(text: str, context: PromptContext, why: str) -> None:
    found = traded(text, context)

    assert found.asks
    assert found.why_asks == why


def test_an_override_to_paper_does_not_ask_at_a_live_prompt() -> None:
    found = traded("BUY 2 ES ACC paper-1", at_prompt("live-1"))

    assert found.accounts == ("paper-1",)
    assert not found.asks


def test_the_prompts_group_is_the_scope() -> None:
    wish = wished("BUY 2 ES", at_prompt("main", group=True))

    assert (wish.account_group, wish.accounts) == ("main", ("paper-1", "paper-2"))


def test_a_root_whose_contract_is_not_known_stays_as_typed_with_its_ticks() -> None:
    context = msgspec.structs.replace(PAPER, resolve=lambda symbol: None)

    assert wished("buy 1 zn @ 110'16.5", context).symbol == "ZN"
    assert wished("BUY 1 ESH7", context).symbol == "ESH7"
    assert "110'16.5" in mistaken("BUY 1 ZN @ 110.51", context).text


def test_names_with_spaces_are_read_to_the_end() -> None:
    context = msgspec.structs.replace(PAPER, accounts=("Top Step 50K", "paper-1"))

    assert wished("BUY 1 ES ACC top step 50k", context).accounts == ("Top Step 50K",)


def test_names_that_differ_in_case_only_are_not_guessed() -> None:
    context = msgspec.structs.replace(PAPER, accounts=("Live", "live"))

    assert wished("FLAT ACC live", context).accounts == ("live",)
    assert "LIVE" in mistaken("FLAT ACC LIVE", context).text
