"""Rules for every dialect: verbs, symbols, sizes and their units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.dialects.bodies import ask, body
from tt_tui.domain.instruction import Action
from tt_tui.domain.order import OrderType, Origin
from tt_tui.listener.dialects import parse


@pytest.mark.parametrize(
    ("word", "action", "side_closed"),
    [
        *((word, Action.BUY, "") for word in ("buy", "BUY", "long", "enter_long", "entry_long", "Bullish", "b")),
        *((word, Action.SELL, "") for word in ("sell", "Short", "enter-short", "entry_short", "sellshort", "bearish")),
        *((word, Action.CLOSE, "") for word in ("close", "exit", "flat", "FLATTEN", "closeposition", "closeall")),
        *((word, Action.CLOSE, "long") for word in ("close_long", "closelong", "exit_long", "EXIT LONG")),
        *((word, Action.CLOSE, "short") for word in ("close_short", "closeshort", "exit-short")),
        *((word, Action.REVERSE, "") for word in ("reverse", "ReversePosition", "flip")),
        *((word, Action.CANCEL, "") for word in ("cancel", "cancelall", "cancel_orders")),
        *((word, Action.IGNORE, "") for word in ("hold", "NONE", "test", "ping", "alive")),
    ],
)
def test_every_word_of_a_verb_in_any_case(word: str, action: Action, side_closed: str) -> None:
    for key in ("action", "signal", "order_action", "data", "command"):
        found = parse(body(symbol="ES1!", **{key: word}))
        assert (found.action, found.side_closed, found.symbol) == (action, side_closed, "ES1!"), (key, found.why)
        assert found.origin is Origin.ALERT


@pytest.mark.parametrize("word", ["", "  ", "moon", "buy now", "tp1", "{{strategy.order.action}}", "buy sell", "0"])
def test_an_unknown_verb_is_an_error(word: str) -> None:
    assert ask(action=word).action is Action.ERROR


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({"action": "open", "side": "long"}, Action.BUY),
        ({"action": "open", "side": "short"}, Action.SELL),
        ({"action": "entry", "side": "sell"}, Action.SELL),
        ({"action": "increase", "side": "long"}, Action.ADD_BUY),
        ({"action": "increase", "side": "short"}, Action.ADD_SELL),
        ({"action": "add", "sentiment": "bearish"}, Action.ADD_SELL),
        ({"action": "buy", "side": "long"}, Action.BUY),
        ({"action": "close", "side": "long"}, Action.CLOSE),
        ({"action": "buy", "signal": "golden cross"}, Action.BUY),
    ],
)
def test_a_side_beside_the_verb(fields: dict[str, str], action: Action) -> None:
    assert ask(**fields).action is action


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "open"},
        {"action": "add"},
        {"action": "open", "side": "up"},
        {"action": "buy", "side": "short"},
        {"action": "sell", "side": "buy"},
        {"action": "buy", "signal": "sell"},
        {"action": "buy", "side": "flat"},
        {"action": "exit_long", "side": "short"},
        {"action": "reduce", "side": "long", "quantity": None},
        {"action": ["buy"]},
        {"action": True},
        {"action": {"side": "buy"}},
    ],
)
def test_verbs_that_are_incomplete_or_contradict_are_errors(fields: dict[str, Any]) -> None:
    assert ask(**fields).action is Action.ERROR


def test_a_close_of_one_side_keeps_the_side() -> None:
    assert ask(action="close", side="long").side_closed == "long"
    assert ask(action="close", side="sell").side_closed == ""
    part = ask(action="reduce", side="short")
    assert (part.action, part.side_closed, part.quantity) == (Action.CLOSE, "short", Decimal(1))


def test_type_and_message_are_verbs_only_when_they_are_words_of_one() -> None:
    assert parse(body(symbol="ES1!", message="BUY", quantity=1)).action is Action.BUY
    assert parse(body(symbol="ES1!", type="sell", quantity=1)).action is Action.SELL
    assert parse(body(symbol="ES1!", message="please buy", quantity=1)).action is Action.ERROR
    limit = ask(type="limit", price=5000)
    assert (limit.action, limit.order_type, limit.limit_price) == (Action.BUY, OrderType.LIMIT, Decimal(5000))


@pytest.mark.parametrize("key", ["ticker", "symbol", "instrument", "s", "tv_instrument", "pair", "market", "Ticker"])
def test_every_key_of_a_symbol(key: str) -> None:
    found = parse(body(**{key: "CME_MINI:ES1!", "action": "buy"}))
    assert (found.action, found.symbol) == (Action.BUY, "CME_MINI:ES1!")


@pytest.mark.parametrize("symbol", [None, "", " ", "{{ticker}}", "ES\n1!", "DROP TABLE;", "x" * 65, ["ES1!"], True])
def test_a_missing_or_impossible_symbol_is_an_error(symbol: object) -> None:
    found = parse(body(symbol=symbol, action="buy", quantity=1))
    assert found.action is Action.ERROR
    assert "symbol" in found.why


def test_two_symbols_must_be_one() -> None:
    assert ask(ticker="CME_MINI:ES1!").action is Action.BUY
    assert ask(ticker="NQ1!").action is Action.ERROR


@pytest.mark.parametrize("key", ["quantity", "qty", "q", "size", "contracts", "order_contracts", "Quantity"])
@pytest.mark.parametrize(
    ("value", "wanted"), [(2, "2"), ("2", "2"), (2.0, "2"), (" 2 ", "2"), ("2.0", "2"), (0.5, "0.5")]
)
def test_every_key_and_writing_of_a_quantity(key: str, value: object, wanted: str) -> None:
    found = parse(body(symbol="ES1!", action="buy", **{key: value}))
    assert str(found.quantity) == wanted
    assert found.quantity_type == "contracts"


@pytest.mark.parametrize(
    "value",
    [
        0,
        "0",
        -1,
        "-1",
        "NaN",
        "inf",
        "1,000",
        "1 000",
        "1'000",
        "two",
        "2 lots",
        True,
        [1],
        {},
        "{{plot_0}}",
        "1e12",
        "0x10",
        "１",
        "2..0",
        "--2",
        "1_000",
    ],
)
def test_a_quantity_that_is_not_a_positive_plain_number_is_an_error(value: object) -> None:
    assert ask(quantity=value).action is Action.ERROR


@pytest.mark.parametrize("value", [None, ""])
def test_a_quantity_that_is_not_told_is_left_to_the_route(value: object) -> None:
    found = ask(quantity=value)
    assert (found.action, found.quantity) == (Action.BUY, None)


def test_two_quantities_must_be_one() -> None:
    assert ask(qty="1.0").action is Action.BUY
    found = ask(qty=2)
    assert found.action is Action.ERROR
    assert "quantity" in found.why
    assert "qty" in found.why


@pytest.mark.parametrize(
    ("fields", "kind", "field"),
    [
        ({"quantity": 10, "quantityType": "percent_of_equity"}, "percent_of_equity", "quantity"),
        ({"quantity": 10, "quantityType": "dollar_amount"}, "dollar_amount", "quantity"),
        ({"quantity": 10, "quantityType": "risk_percent"}, "risk_percent", "quantity"),
        ({"quantity": "10%"}, "percent", "quantity"),
        ({"quantity": None, "risk_percentage": 10}, "risk_percentage", "risk_percentage"),
        ({"quantity": 3, "risk": "10"}, "risk", "risk"),
        ({"quantity": None, "lots": 10}, "lots", "lots"),
        ({"quantity": None, "amount": 10}, "amount", "amount"),
        ({"quantity": None, "amount": 10, "currency_type": "base"}, "base", "amount"),
        ({"quantity": None, "amount": 10, "investmentType": "margin"}, "margin", "amount"),
    ],
)
def test_a_size_that_is_not_contracts_keeps_its_unit_and_its_field(
    fields: dict[str, Any], kind: str, field: str
) -> None:
    found = ask(**fields)
    assert found.action is Action.BUY
    assert (found.quantity, found.quantity_type, found.quantity_field) == (Decimal(10), kind, field)


@pytest.mark.parametrize("kind", ["fixed_quantity", "contracts", "contract", "shares"])
def test_units_that_are_contracts(kind: str) -> None:
    assert ask(quantityType=kind).quantity_type == "contracts"


def test_a_risk_of_zero_is_not_used_and_the_volume_of_a_bar_is_no_size() -> None:
    unused = ask(risk_percentage="0")
    assert (unused.quantity, unused.quantity_type) == (Decimal(1), "contracts")
    bar = ask(quantity=None, open=1, high=2, low=1, close=2, volume=150_177)
    assert (bar.quantity, bar.reference_price) == (None, Decimal(2))
    alone = ask(quantity=None, volume=3)
    assert (alone.quantity, alone.quantity_type) == (Decimal(3), "volume")


def test_a_part_of_the_position_is_a_fraction_only_for_a_close() -> None:
    part = ask(action="exit", quantity=50, quantityType="percent_of_position")
    assert (part.fraction, part.quantity) == (Decimal("0.5"), None)
    assert ask(action="exit", quantity=150, quantityType="percent_of_position").action is Action.ERROR
    sold = ask(action="sell", quantity=50, quantityType="percent_of_position")
    assert sold.quantity_type == "percent_of_position"
