"""``tt alert parse``: the keys it prints and how it reads files."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.unit.dialects.bodies import body
from tt_tui.cli.alert_parse import instruction_json, parse
from tt_tui.listener.dialects import parse as parse_body

TODAY = date(2026, 11, 23)


def shown(raw: str) -> dict[str, Any]:
    return instruction_json(parse_body(raw), TODAY)


def test_absent_is_absent_and_numbers_are_numbers() -> None:
    found = shown(body(ticker="CME_MINI:ESZ2026", action="LONG", quantity="1", orderType="Market"))
    assert found == {
        "action": "buy",
        "symbol_root": "ES",
        "contract": "ESZ2026",
        "quantity": 1,
        "order_type": "market",
        "dialect": "traderspost",
    }
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("symbol", "root", "contract"),
    [
        ("ES1!", "ES", None),
        ("ES", "ES", None),
        ("NQ 12-26", "NQ", "NQ 12-26"),
        ("MESH2027", "MES", "MESH2027"),
        ("CME_MINI_DL:MNQZ2026", "MNQ", "MNQZ2026"),
        ("TSLA", "TSLA", None),
        ("eur/usd", "EUR/USD", None),
        ("BINANCE:BTCUSDT.P", "BTCUSDT.P", None),
    ],
)
def test_root_and_contract(symbol: str, root: str, contract: str | None) -> None:
    found = shown(body(symbol=symbol, action="buy"))
    assert found["symbol_root"] == root
    assert found.get("contract") == contract


def test_a_size_that_is_not_contracts_is_no_quantity() -> None:
    found = shown("60123456789,buy,ES1!,risk=1")
    assert "quantity" not in found
    assert (found["size"], found["quantity_type"], found["quantity_field"]) == (1, "risk", "risk")


def test_everything_that_is_known_has_its_key() -> None:
    found = shown(
        body(
            symbol="ES1!",
            data="buy",
            quantity=1,
            price=5000.25,
            dollar_tp=25,
            stop_loss="8 ticks",
            token="sesame",
            reverse_order_close="true",
            pyramid="false",
            flatten_first=True,
            id="abc",
            order_id="Long",
            date="2026-11-23T12:00:00Z",
            market_position="long",
            market_position_size=1,
            multiple_accounts=[{"account_id": "2", "risk_percentage": 2, "quantity_multiplier": 0}],
        )
    )
    wanted = {
        "price": 5000.25,
        "take_profit": {"dollar": 25},
        "stop_loss": {"ticks": 8},
        "auth": "body:token",
        "reverse_if_opposite": True,
        "allow_pyramid": False,
        "flatten_first": True,
        "dedupe_key": "abc",
        "order_id": "Long",
        "fired_at": "2026-11-23T12:00:00Z",
        "position_after": "long",
        "target_size": 1,
        "accounts": [{"id": "2", "risk_pct": 2, "multiplier": 0}],
    }
    assert {key: found[key] for key in wanted} == wanted


def test_verbs_in_the_words_of_the_command_line() -> None:
    everything = shown("key=s; command=FLATTENEVERYTHING;")
    assert (everything["action"], everything["scope"]) == ("close", "all accounts and instruments")
    assert "symbol_root" not in everything
    added = shown(body(ticker="ES1!", action="add", sentiment="short", quantity=1))
    assert (added["action"], added["add"]) == ("sell", True)
    assert shown("MES1! Crossing 6012.25")["notify"] is True
    assert shown(body(symbol="CME_MINI_DL:ES1!", action="buy"))["warn"] == "delayed exchange"
    assert shown("")["action"] == "error"


def test_a_file_is_one_body_or_json_lines(tmp_path: Path) -> None:
    one = tmp_path / "alert.json"
    one.write_text('{\n"ticker": "ES1!",\n"action": "buy"\n}\n')
    rows = tmp_path / "alerts.jsonl"
    rows.write_text(
        "\n".join(json.dumps({"raw": raw, "content_type": "text/plain"}) for raw in ("", one.read_text())) + "\n\n"
    )
    runner = CliRunner()
    single = runner.invoke(parse, [str(one), "--json"])
    assert single.exit_code == 0
    assert [json.loads(line)["action"] for line in single.output.splitlines()] == ["buy"]
    several = runner.invoke(parse, [str(rows), "--json"])
    assert [json.loads(line)["action"] for line in several.output.splitlines()] == ["error", "buy"]
    read = runner.invoke(parse, [str(rows)])
    assert "ERROR" in read.output
    assert "empty body" in read.output
    assert "BUY ES" in read.output
    piped = runner.invoke(parse, ["-", "--json"], input=body(symbol="NQ1!", action="sell", quantity=2))
    assert json.loads(piped.output)["quantity"] == 2
    assert runner.invoke(parse, [str(tmp_path / "missing")]).exit_code == 2


def test_a_body_that_looks_like_a_row_without_raw_is_a_body(tmp_path: Path) -> None:
    file = tmp_path / "alert.json"
    file.write_text(body(symbol="ES1!", action="buy", raw=1))
    result = CliRunner().invoke(parse, [str(file), "--json"])
    assert json.loads(result.output)["action"] == "buy"


def test_bytes_that_are_not_text_are_shown_as_an_error(tmp_path: Path) -> None:
    file = tmp_path / "alert.bin"
    file.write_bytes(b"\xff\xfe\x00")
    result = CliRunner().invoke(parse, [str(file), "--json"])
    assert json.loads(result.output)["action"] == "error"
