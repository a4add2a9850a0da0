"""Whatever is posted: parsing ends in an instruction, trades only what is asked, and leaks no secret."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tt_tui.domain.instruction import Action, Instruction
from tt_tui.listener.dialects import find_secrets, parse, redact

_TRADING = frozenset(Action) - {Action.IGNORE, Action.ERROR}
_VERB = re.compile(
    r"buy|long|bull|sell|short|bear|close|exit|flat|flip|reverse|cancel|open|enter|entry|add|increase|reduce|"
    r"scale|decrease|position|breakeven|break_even|break-even|c\s*=|\bb\b",
    re.IGNORECASE,
)
_KEYS_TEXT = """
ticker symbol instrument s pair action data signal side b command order_action type message
sentiment market_position market_position_size position_size prev_market_position
prev_market_position_size quantity qty size contracts amount lots risk quantityType orderType
limitPrice stopPrice price tp sl takeProfit stopLoss trail time timenow id token key secret strategy
strategy_info order tv_instrument bot_uuid signalToken investmentType api_key api_secret exchange
account multiple_accounts d delay test disabled flatten_first
"""
_KEYS = _KEYS_TEXT.split()
_WORDS_TEXT = """
ES1! NQ1! CME_MINI:ESZ2026 buy sell BUY long short flat close exit hold reverse cancel add open
bullish bearish limit market stop 1 2 0 -1 1,000 NaN 0.5 5000.25 true false {{ticker}} {{close}}
percent_of_equity 2026-11-23T12:00:00Z
"""
_WORDS = _WORDS_TEXT.split()

_POSITIVE = re.compile(r"(?=.*[1-9])[0-9]+(\.[0-9]+)?")
_GOOD_WORDS = frozenset({"buy", "sell", "long", "short", "close", "exit_long", "reverse", "cancel", "flat"})
_VERB_KEYS = ("action", "side", "data", "signal", "command", "b", "order_action", "type", "message")

_scalars = st.one_of(
    st.sampled_from([*_WORDS, "", " "]),
    st.integers(-(10**16), 10**16),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.none(),
    st.text(max_size=20),
)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)),
    max_leaves=6,
)
_objects = st.dictionaries(st.one_of(st.sampled_from(_KEYS), st.text(max_size=8)), _values, max_size=10)
_pairs = st.lists(st.tuples(st.sampled_from([*_KEYS, "c", "q", "t", "p"]), st.sampled_from(_WORDS)), max_size=8)
_scripts = st.builds(
    "{}({}) {{ {}; }} #bot".format,
    st.sampled_from(["Keys", ""]),
    st.sampled_from(["ES1!", "{{ticker}}", ""]),
    st.sampled_from(["market(side=buy, amount=1)", "market(position=-1)", "cancel(which=all)", "wait(1)", "x"]),
)


def check(raw: str | bytes) -> Instruction:
    """Parse a body and check what must hold for every one."""
    found = parse(raw)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Instruction) == found
    if found.action not in _TRADING:
        assert found.why
        return found
    text = raw.decode() if isinstance(raw, bytes) else raw
    plain = text.encode().decode("unicode_escape", "replace") if "\\u" in text else text
    assert _VERB.search(plain)
    assert found.symbol or found.everything
    assert found.symbol in plain
    assert "{{" not in found.symbol
    assert found.quantity is None or found.quantity.adjusted() + 100 > 0
    assert found.quantity is None or (found.quantity.is_finite() and found.quantity > 0)
    assert found.accounts == ()
    return found


@given(st.binary(max_size=400))
@example(b"\xef\xbb\xbf")
@example(b'{"a":' * 50)
def test_any_bytes_end_in_an_instruction(raw: bytes) -> None:
    found = parse(raw)
    assert found.action in Action
    assert redact(raw.decode("utf-8", "replace")) is not None


@given(st.text(max_size=300))
@example("key=a; command=PLACE")
@example("a(b){c}")
@example("LICENSE,buy,")
def test_any_text_trades_only_what_it_says(raw: str) -> None:
    check(raw)


@settings(max_examples=200)
@given(_objects)
def test_any_object_trades_only_what_it_says(fields: dict[str, Any]) -> None:
    raw = json.dumps(fields)
    found = check(raw)
    if found.action in _TRADING:
        assert not any(key == "disabled" and value is True for key, value in fields.items())


@settings(max_examples=150)
@given(_pairs, st.sampled_from([" ", ";", "; ", "\n", " | "]))
def test_any_pairs_trade_only_what_they_say(pairs: list[tuple[str, str]], separator: str) -> None:
    check(separator.join(f"{key}={value}" for key, value in pairs))


@given(_scripts)
def test_any_script_trades_only_what_it_says(raw: str) -> None:
    check(raw)


@settings(max_examples=150)
@given(
    st.dictionaries(
        st.sampled_from([key for key in _KEYS if key not in ("action", "side", "s")]), _scalars, max_size=8
    ),
)
def test_without_a_verb_nothing_is_traded(fields: dict[str, Any]) -> None:
    verbs = ("data", "signal", "command", "b", "order_action", "type", "message")
    fields = {key: value for key, value in fields.items() if key not in verbs}
    assert parse(json.dumps(fields)).action not in _TRADING


_good_verbs = st.sampled_from(["buy", "SELL", "long", "Short", "close", "exit_long", "reverse", "cancel", "flat"])
_bad_verbs = st.sampled_from(["", "moon", "hold", "{{strategy.order.action}}", "buysell", "0", "test", "none"])
_good_sizes = st.one_of(st.integers(1, 999), st.integers(1, 999).map(str), st.sampled_from(["2.0", " 3 ", 1.5, "0.25"]))
_bad_sizes = st.sampled_from([0, "0", -1, "-2", "NaN", "1,000", "two", "{{plot_0}}", True, [1], {"a": 1}])
_extras = st.fixed_dictionaries(
    {},
    optional={
        "price": st.sampled_from([5000.25, "5000.25", "0", "", None]),
        "sl_ticks": st.integers(1, 50),
        "takeProfit": st.sampled_from([{"percent": 1}, {"amount": 5}]),
        "comment": st.text(max_size=10),
        "strategy": st.sampled_from(["alpha", "beta"]),
        "time": st.sampled_from(["2026-11-23T12:00:00Z", 1_795_435_200, "soon"]),
        "quantityType": st.sampled_from(["fixed_quantity", "percent_of_equity", "dollar_amount"]),
        "interval": st.just("5"),
    },
)
_symbol_keys = st.sampled_from(["symbol", "ticker", "instrument", "Ticker"])
_size_keys = st.sampled_from(["quantity", "qty", "contracts", "size"])


@settings(max_examples=200)
@given(_symbol_keys, _good_verbs, _size_keys, _good_sizes, _extras)
def test_a_whole_alert_is_traded_as_it_was_written(
    symbol_key: str, verb: str, size_key: str, size: Any, extras: dict[str, Any]
) -> None:
    found = check(json.dumps({symbol_key: "ES1!", "action": verb, size_key: size, **extras}))
    assert found.action in _TRADING, found.why
    assert found.symbol == "ES1!"
    assert found.quantity == Decimal(str(size).strip())
    contracts = extras.get("quantityType", "fixed_quantity") == "fixed_quantity"
    assert (found.quantity_type == "contracts") is contracts
    assert found.limit_price is None


@settings(max_examples=200)
@given(
    st.sampled_from(["ES1!", "ES1!", "ES1!", None, "", "{{ticker}}", "drop;table"]),
    st.one_of(_good_verbs, _bad_verbs),
    st.one_of(_good_sizes, _bad_sizes),
    _extras,
)
def test_one_bad_order_field_stops_the_trade(symbol: str | None, verb: str, size: Any, extras: dict[str, Any]) -> None:
    found = check(json.dumps({"symbol": symbol, "action": verb, "quantity": size, **extras}))
    good_size = not isinstance(size, bool | list | dict) and _POSITIVE.fullmatch(str(size).strip()) is not None
    good = symbol == "ES1!" and verb.lower() in _GOOD_WORDS and good_size
    assert (found.action in _TRADING) is good, found.why


@settings(max_examples=150)
@given(
    secret=st.from_regex(r"[A-Za-z0-9_-]{8,40}", fullmatch=True),
    key=st.sampled_from(["token", "Passphrase", "api_key", "API-SECRET", "signalToken", "Password", "key", "Username"]),
    fields=_objects,
    shape=st.sampled_from(["json", "indent", "comma", "cut", "pairs", "single", "bare", "nested", "twice"]),
)
def test_no_planted_secret_survives(secret: str, key: str, fields: dict[str, Any], shape: str) -> None:
    planted = {**fields, key: secret, "comment": "x"}
    raw = {
        "json": json.dumps(planted),
        "indent": json.dumps(planted, indent=1),
        "comma": json.dumps(planted)[:-1] + ",}",
        "cut": json.dumps({"ticker": "ES1!", key: secret})[:-1],
        "pairs": f"symbol=ES1!; {key}={secret}; action=buy",
        "single": f"{{'ticker':'ES1!','{key}':'{secret}'}}",
        "bare": f'{{"ticker":"ES1!",{key}: {secret}, "action":"buy"}}',
        "nested": json.dumps({"a": [{"b": {key: secret}}], **fields}),
        "twice": f'{{"{key}":"{secret}","{key}":"{secret}"}}',
    }[shape]
    assert secret in find_secrets(raw)
    assert secret not in redact(raw)
    assert secret not in repr(parse(raw))
