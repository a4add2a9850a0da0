"""What is answered to a proven sender, and what reaches the desk."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from tests.unit.listener.support import SECOND, House, sign
from tt_tui.desk.intake import Busy
from tt_tui.desk.journal import JournalFailed
from tt_tui.domain.instruction import Action

BODY = b'{"symbol": "ES", "action": "buy", "quantity": 1, "account_group": "topstep"}'
WEEK = 7 * 86_400


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_a_token_in_the_path_proves_its_sender(house: House) -> None:
    answer = await house.post(BODY)

    assert (answer.status, answer.json) == (200, {"status": "received", "alert_id": "ALT-1"})
    ((sender, body, instruction, key, seconds),) = house.desk.taken
    assert (sender.name, sender.profile, sender.groups, sender.timed) == (
        "tradingview",
        "tv",
        ("main", "topstep"),
        False,
    )
    assert (instruction.action, instruction.symbol, body) == (Action.BUY, "ES", BODY.decode())
    assert (key, seconds) == (f"body:{hashlib.sha256(BODY).hexdigest()}", 60)


@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8", ""])
async def test_the_content_type_decides_nothing(house: House, kind: str) -> None:
    answer = await house.post(BODY, content_type=kind)

    assert answer.status == 200
    assert house.desk.taken[0][2].action is Action.BUY


async def test_a_token_in_the_body_proves_its_sender_and_is_not_stored(house: House) -> None:
    body = json.dumps({"symbol": "ES", "action": "buy", "quantity": 1, "token": house.token, "comment": house.token})

    answer = await house.post(body.encode(), "")

    assert answer.status == 200
    (sender, stored, instruction, _, _) = house.desk.taken[0]
    assert sender.name == "tradingview"
    assert house.token not in stored
    assert house.token not in repr(instruction)
    assert "***" in stored


async def test_a_token_in_the_path_is_not_stored_where_the_body_repeats_it(house: House) -> None:
    body = json.dumps({"symbol": "ES", "action": "buy", "quantity": 1, "strategy": f"mine-{house.token}"})

    await house.post(body.encode())

    (_, stored, instruction, _, _) = house.desk.taken[0]
    assert house.token not in stored + repr(instruction)
    assert instruction.strategy == "mine-***"


@pytest.mark.parametrize("shape", ["{}", "sha256={}", "SHA256={}"])
async def test_a_signature_in_hex_proves_a_relay(house: House, shape: str) -> None:
    answer = await house.signed(BODY)
    again = await house.post(BODY, "", x_webhook_signature=shape.format(sign(house.secret, BODY).upper()))

    assert answer.json == {"status": "received", "alert_id": "ALT-1"}
    assert again.json == {"status": "duplicate", "alert_id": "ALT-1"}
    assert house.desk.taken[0][0].name == "relay"
    assert house.desk.taken[0][0].timed is False


async def test_a_standard_webhook_brings_its_time_and_id(house: House) -> None:
    at = house.clock.at // SECOND - 7
    headers = house.standard(BODY, key="msg-77", at=at)

    first = await house.call("POST", "/webhook/tradingview", BODY, headers)
    replayed = await house.call("POST", "/webhook/tradingview", BODY, headers)

    assert first.json == {"status": "received", "alert_id": "ALT-1"}
    assert replayed.json == {"status": "duplicate", "alert_id": "ALT-1"}
    ((sender, _, instruction, key, seconds),) = house.desk.taken
    assert sender.timed
    assert (instruction.fired_at, key, seconds) == (at * SECOND, "webhook-id:msg-77", WEEK)


async def test_the_bodys_own_time_goes_before_the_headers(house: House) -> None:
    body = b'{"symbol": "ES", "action": "buy", "quantity": 1, "timenow": "2026-11-23T15:59:58Z"}'

    await house.call("POST", "/webhook/tradingview", body, house.standard(body))

    assert house.desk.taken[0][2].fired_at == house.clock.at - 2 * SECOND


async def test_the_senders_own_id_is_the_key_for_a_week(house: House) -> None:
    await house.post(b'{"symbol": "ES", "action": "buy", "quantity": 1, "id": "abc"}')
    other = await house.post(b'{"symbol": "ES", "action": "buy", "quantity": 2, "id": "abc"}')

    assert other.json["status"] == "duplicate"
    assert house.desk.taken[0][3:] == ("id:abc", WEEK)


async def test_an_id_is_its_strategys_own(house: House) -> None:
    body = '{{"symbol": "ES", "action": "buy", "quantity": 1, "id": "Long", "strategy": "{}"}}'
    answers = [await house.post(body.format(name).encode()) for name in ("one", "two", "one")]

    assert [answer.json["status"] for answer in answers] == ["received", "received", "duplicate"]


async def test_what_is_not_a_trade_is_kept_and_answered_200(house: House) -> None:
    answer = await house.post(b"MACD Strategy: order buy @ 1 filled on ES1!. New strategy position is 1")

    assert (answer.status, answer.json) == (200, {"status": "ignored", "alert_id": "ALT-1"})


@pytest.mark.parametrize("body", [b"{", b'{"symbol": "ES"}', b"\xff\xfe", b"", b'{"symbol": "{{ticker}}"}'])
async def test_a_broken_body_of_a_proven_sender_is_a_visible_bad_alert(house: House, body: bytes) -> None:
    answer = await house.post(body)

    assert answer.status == 400
    assert answer.json["status"] == "bad"
    assert answer.json["alert_id"] == "ALT-1"
    assert answer.json["why"]
    assert house.desk.taken[0][2].action is Action.ERROR


@pytest.mark.parametrize("failure", [JournalFailed("the disk is full"), Busy("1000 wait")])
async def test_what_is_not_stored_is_503_and_trades_once_when_sent_again(house: House, failure: Exception) -> None:
    house.desk.failure = failure
    first = await house.post(BODY)
    house.desk.failure = None
    second = await house.post(BODY)
    third = await house.post(BODY)

    assert [first.status, second.status, third.status] == [503, 200, 200]
    assert [second.json["status"], third.json["status"]] == ["received", "duplicate"]
    assert len(house.desk.taken) == 1


async def test_a_fault_is_503_without_words(house: House) -> None:
    house.desk.failure = ValueError(f"a fault with {house.token}")

    answer = await house.post(BODY)

    assert (answer.status, answer.json) == (503, {"status": "unavailable"})


async def test_a_desk_that_does_not_answer_is_503_within_the_limit(tmp_path: Path) -> None:
    house = House(tmp_path, answer_seconds=0.01)
    house.desk.hold = asyncio.Event()

    answer = await house.post(BODY)

    assert answer.status == 503


async def test_nothing_is_taken_while_it_stops(house: House) -> None:
    house.app.accepting = False

    assert (await house.post(BODY)).status == 503
    assert (await house.call("GET", "/health")).status == 503
    assert house.desk.taken == []


async def test_health_needs_no_proof(house: House) -> None:
    answer = await house.call("GET", "/health")

    assert (answer.status, answer.json) == (200, {"status": "ok"})


@pytest.mark.parametrize("what", ["alerts", "orders"])
async def test_the_api_needs_its_token(house: House, what: str) -> None:
    path, bearer = f"/api/v1/{what}/ALT-1", {"authorization": f"Bearer {house.api_token}"}

    assert (await house.call("GET", path)).status == 401
    for wrong in (house.api_token, f"Basic {house.api_token}", f"Bearer {house.token}", "Bearer ", "Bearer"):
        assert (await house.call("GET", path, headers={"authorization": wrong})).status == 401
    assert (await house.call("GET", path, headers=bearer)).json == {"alert_id": "ALT-1"}
    unknown = await house.call("GET", f"/api/v1/{what}/ALT-9", headers=bearer)
    assert (unknown.status, unknown.body) == (404, b"")
