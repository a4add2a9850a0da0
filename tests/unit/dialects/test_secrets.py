"""Where secrets stand in bodies, how they are found for the proof, and that they do not survive redaction."""

from __future__ import annotations

import json

import pytest

from tt_tui.listener.dialects import find_secrets, redact

TOKEN = "Tk-9f8e7d6c5b4a"

BODIES = [
    json.dumps({"ticker": "ES1!", "action": "buy", "token": TOKEN}),
    json.dumps({"Ticker": "ES1!", "Action": "buy", "Username": TOKEN, "API_KEY": TOKEN}, indent=2),
    json.dumps({"symbol": "ES1!", "multiple_accounts": [{"token": TOKEN, "account_id": "2"}]}),
    json.dumps({"symbol": "ES1!", "auth": {"deep": [TOKEN]}}),
    json.dumps({"bot_token": TOKEN, "comment": f"echo {TOKEN}"}),
    json.dumps(json.dumps({"ticker": "ES1!", "token": TOKEN})),
    f"key={TOKEN}; command=PLACE; instrument=ES1!; action=BUY; qty=1;",
    f"command=PLACE\nkey = {TOKEN}\ninstrument=ES1!\n",
    f"e=x s=ES1! b=long q=1 key={TOKEN} t=market",
    f"{TOKEN},buy,EURUSD,risk=1",
    f"60123456789,buy,EURUSD,risk=1,secret={TOKEN}",
    f'{{"ticker":"ES1!","token":"{TOKEN}",}}',
    f'{{"ticker":"ES1!",token:"{TOKEN}"}}',
    f'{{"ticker":"ES1!","token":{TOKEN}}}',
    f"{{'ticker':'ES1!','token':'{TOKEN}'}}",
    f"{{“ticker”:“ES1!”,“passphrase”:“{TOKEN}”}}",
    f'{{"ticker":"ES1!","token":"{TOKEN}',
    f'{{"token":"other-one","token":"{TOKEN}"}}',
    f'{{"\\u0074oken":"{TOKEN}"}}',
    f"watch https://example.net/hook?token={TOKEN} now",
    f"password: {TOKEN} and more",
]


@pytest.mark.parametrize("raw", BODIES)
def test_a_secret_is_found_in_any_dialect_and_gone_after_redaction(raw: str) -> None:
    assert TOKEN in find_secrets(raw)
    assert TOKEN in find_secrets(raw.encode())
    masked = redact(raw)
    assert TOKEN not in masked
    assert "***" in masked


def test_the_rest_of_a_body_is_left_as_it_was() -> None:
    raw = '{ "ticker": "ES1!",\n "token": "abc" , "quantity": 1 }\n'
    assert redact(raw) == '{ "ticker": "ES1!",\n "token": "***" , "quantity": 1 }\n'
    assert redact("key=abc; command=PLACE; qty=1;") == "key=***; command=PLACE; qty=1;"
    assert redact("e=x key=abc s=ES1! b=long") == "e=x key=*** s=ES1! b=long"
    assert redact("60123456789,buy,EURUSD,risk=1") == "***,buy,EURUSD,risk=1"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "MES1! Crossing 6012.25",
        '{"ticker":"ES1!","action":"buy","comment":"monkey=1 is no key"}',
        "symbol=ES1! action=buy",
    ],
)
def test_a_body_without_secrets_is_unchanged(raw: str) -> None:
    assert find_secrets(raw) == ()
    assert redact(raw) == raw


def test_escapes_and_numbers_are_compared_as_what_they_stand_for() -> None:
    assert 'a"b\\c é' in find_secrets('{"token": "a\\"b\\\\c \\u00e9"}')
    assert "12345" in find_secrets('{"license": 12345}')


def test_a_short_secret_does_not_blot_out_the_body() -> None:
    assert redact('{"pin":"1","quantity":1,"symbol":"ES1!"}') == '{"pin":"***","quantity":1,"symbol":"ES1!"}'


def test_the_number_of_values_is_bounded() -> None:
    raw = ";".join(f"token=value-{n}" for n in range(500))
    assert len(find_secrets(raw)) == 64
    assert "value-" not in redact(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "key=" * 4000,
        '"key":"' * 2300,
        "a.b" * 5000,
        "key = " + " " * 16000,
        '\\"token\\":' * 1500,
        "token=[" * 2000,
        "x" * 16384,
    ],
    ids=lambda raw: raw[:12],
)
def test_hostile_bodies_end(raw: str) -> None:
    assert isinstance(redact(raw), str)
