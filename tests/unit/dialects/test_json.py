"""What a body may be as JSON, and the cause that a refusal names."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tt_tui.domain.instruction import Action
from tt_tui.listener.dialects import parse
from tt_tui.listener.dialects._json import Unreadable, decode, loads

GOOD = '{"ticker": "ES1!", "action": "buy", "quantity": 1}'


@pytest.mark.parametrize(
    "raw",
    [
        GOOD,
        GOOD + "\n",
        "\r\n" + GOOD.replace(", ", ",\r\n") + "\r\n",
        "\ufeff" + GOOD,
    ],
)
@pytest.mark.parametrize("content_type", ["", "text/plain; charset=utf-8", "application/json"])
def test_a_body_is_read_whatever_its_label_and_line_ends(raw: str, content_type: str) -> None:
    for body in (raw, raw.encode()):
        found = parse(body, content_type=content_type)
        assert (found.action, found.symbol, found.quantity) == (Action.BUY, "ES1!", Decimal(1))


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        ("", "empty body"),
        ("  \n", "empty body"),
        ("{}", "empty object"),
        ("[]", "list"),
        (f"[{GOOD}]", "list"),
        ("12.5", "number"),
        ('{"ticker":"NQ1!","action":"sell","quantity":1,}', "trailing comma"),
        ('{"ticker":"NQ1!","action":["sell",]}', "trailing comma"),
        ('{"symbol": "MES1!", // micro\n "action": "buy"}', "comment"),
        ('{"symbol": "MES1!", /* micro */ "action": "buy"}', "comment"),
        ('{"symbol": "MES1!", # micro\n "action": "buy"}', "comment"),
        ('{"ticker":"ES1!","action":"buy","price":NaN}', "NaN"),
        ('{"ticker":"ES1!","action":"buy","price":-Infinity}', "Infinity"),
        ('{"ticker":"ES1!","action":"buy","price":nan}', "NaN"),
        ('{"ticker":"ES1!","action":"buy","price":na}', "NaN"),
        ("{“ticker”:“ES1!”}", "smart quotes"),
        ('{"ticker":“ES1!”}', "smart quotes"),
        ("{'ticker':'ES1!'}", "single quotes"),
        ('{ticker:"ES1!","action":"buy"}', "unquoted key ticker"),
        ('{"ticker":ES1!,"action":"buy"}', "unquoted text ES1!"),
        ('{"ticker":"ES1!","quantity":{{strategy.order.contracts}}}', "placeholder"),
        ('{"ticker":"ES1!","action":"buy","quantity":1,000}', "thousands"),
        ('{"ticker":"ES1!","comment":"two\nlines"}', "line break"),
        (GOOD + GOOD, "follows the JSON object"),
        (GOOD[:-5], "not valid JSON"),
        (GOOD[:-2] + "'", "not valid JSON"),
        ('{"ticker":"ES1!', "too early"),
        ('{"quantity":1,"quantity":2,"ticker":"ES1!","action":"buy"}', '"quantity" stands twice'),
        ('{"ticker":"ES1!","action":"buy","quantity":1000000000000000}', "15 digits"),
        ('{"ticker":"ES1!","action":"buy","price":1e999999}', "out of range"),
        ('{"ticker":"ES1!","action":"buy","price":1e-999999}', "out of range"),
        ('{"ticker":"ES1!","action":"buy","price":0.' + "1" * 60 + "}", "longer than"),
        (json.dumps({"ticker": "ES1!", "action": "buy", "comment": "x" * 257}), "256"),
        (json.dumps({"ticker": "ES1!", "action": "buy", "k" * 257: 1}), "256"),
        (json.dumps({f"k{n}": n for n in range(65)}), "64 fields"),
        (json.dumps({"a": [{"b": n, "c": n} for n in range(33)]}), "64 fields"),
        ("[" * 9 + "]" * 9, "deeper than 8"),
        ("[" * 5000 + "]" * 5000, "brackets"),
        ('{"a":' * 300 + "1" + "}" * 300, "brackets"),
        ('{"ticker":"ES\\ud800","action":"buy"}', "surrogate"),
        (json.dumps(GOOD), "outer quotes"),
        ("x" * 20_000, "larger than"),
    ],
    ids=lambda value: value[:24],
)
def test_what_is_not_one_flat_object_is_an_error_that_names_its_cause(raw: str, cause: str) -> None:
    found = parse(raw)
    assert found.action is Action.ERROR
    assert cause in found.why


def test_bytes_that_are_not_utf8_are_an_error() -> None:
    found = parse(b'{"ticker":"ES1!","action":"buy","comment":"\xff"}')
    assert found.action is Action.ERROR
    assert "UTF-8" in found.why


def test_the_bounds_themselves_are_allowed() -> None:
    deep = loads("[" * 8 + "]" * 8)
    assert deep == [[[[[[[[]]]]]]]]
    wide = loads(json.dumps({f"k{n}": "v" * 256 for n in range(62)}))
    assert isinstance(wide, dict)
    assert len(wide) == 62
    assert loads("999999999999999") == Decimal(999999999999999)
    assert decode(b"\xef\xbb\xbfx ") == "x"


def test_numbers_are_exact() -> None:
    assert loads('{"p": 0.1, "n": -3, "e": 1e3}') == {"p": Decimal("0.1"), "n": Decimal(-3), "e": Decimal("1E+3")}


def test_a_surrogate_in_text_is_refused_before_it_can_break_a_log() -> None:
    with pytest.raises(Unreadable):
        decode("\ud800")
