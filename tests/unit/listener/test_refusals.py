"""What is refused, and that a refusal tells nothing (webhook-security §3, §4, §5, §7)."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.unit.listener.support import SECOND, House, sign
from tt_tui.listener.config import TRADINGVIEW_ADDRESSES

BODY = b'{"symbol": "ES", "action": "buy", "quantity": 1}'
UNAUTHORIZED = b'{"status":"unauthorized"}'
HOOK = "/webhook/tradingview"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LOCALHOST:9", 200),
        ("[::1]:8000", 200),
        ("alerts.example.com", 200),
        ("evil.example.com", 421),
        ("127.0.0.1.evil.example.com", 421),
        ("127.0.0.1:8000.evil.example.com", 421),
        ("localhost:8000:8000", 421),
        ("::1", 421),
        ("", 421),
    ],
)
async def test_the_host_must_be_one_of_ours(tmp_path: Path, host: str, status: int) -> None:
    house = House(tmp_path, public_hosts=("alerts.example.com",))

    answer = await house.post(BODY, host=host)

    assert answer.status == status
    assert len(house.desk.taken) == (status == 200)


@pytest.mark.parametrize(
    "header",
    [
        {"origin": "http://127.0.0.1:8000"},
        {"origin": "null"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "cross-site"},
    ],
)
async def test_a_browser_is_refused(house: House, header: dict[str, str]) -> None:
    for method, path in (("POST", f"{HOOK}/{house.token}"), ("GET", "/health"), ("OPTIONS", HOOK)):
        answer = await house.call(method, path, BODY, header)
        assert (answer.status, answer.body) == (403, b"")
        assert not any("access-control" in name for name in answer.headers)
    assert house.desk.taken == []


async def test_a_browsers_own_address_bar_is_no_site(house: House) -> None:
    assert (await house.call("GET", "/health", headers={"sec-fetch-site": "none"})).status == 200


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "post"])
async def test_only_post_is_known_to_the_webhook(house: House, method: str) -> None:
    for path in (HOOK, f"{HOOK}/{house.token}"):
        answer = await house.call(method, path, BODY)
        assert (answer.status, answer.body) == (404, b"")
    assert house.desk.taken == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/webhook",
        "/webhook/",
        f"{HOOK}/",
        f"{HOOK}//",
        f"{HOOK}x",
        f"{HOOK}/a/b",
        f"{HOOK}/a%2Fb",
        f"{HOOK}/{'a' * 500}",
        "/api/v1/alerts/",
        "/api/v1/orders",
        "/health/",
        "/docs",
        "http://evil/webhook/tradingview",
    ],
)
async def test_every_other_path_is_the_same_empty_404(house: House, path: str) -> None:
    for method in ("GET", "POST"):
        answer = await house.call(method, path, BODY)
        assert (answer.status, answer.body) == (404, b"")


async def test_every_bad_proof_gets_the_same_answer(house: House) -> None:
    right = sign(house.secret, BODY)
    other = sign("whsec_b3RoZXI=", BODY)
    answers = [
        await house.post(BODY, "x"),
        await house.post(BODY, house.token[:-1]),
        await house.post(BODY, house.token + "a"),
        await house.post(BODY, "%00"),
        await house.post(BODY, ""),
        await house.post(b'{"token": "wrong", "symbol": "ES"}', ""),
        await house.post(b'{"token": ["', ""),
        await house.post(BODY, "", x_webhook_signature=other),
        await house.post(BODY, "", x_webhook_signature=""),
        await house.post(BODY, "", x_webhook_signature=right[:-1]),
        await house.post(BODY, "", x_webhook_signature=right + "0"),
        await house.post(BODY, "", x_webhook_signature=f"sha1={right}"),
        await house.post(BODY, "", x_webhook_signature="\xe9" * 64),
        await house.post(BODY.replace(b" ", b""), "", x_webhook_signature=right),
    ]

    assert {(answer.status, answer.body) for answer in answers} == {(401, UNAUTHORIZED)}
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
    assert house.desk.taken == []


async def test_a_wrong_signature_is_not_saved_by_a_token_in_the_body(house: House) -> None:
    body = f'{{"symbol": "ES", "action": "buy", "quantity": 1, "token": "{house.token}"}}'.encode()

    assert (await house.post(body, "", x_webhook_signature="0" * 64)).status == 401
    assert (await house.post(body, "", webhook_signature="v1,AAAA")).status == 401


@pytest.mark.parametrize("off", [-301, 301, -86_400])
async def test_a_signed_time_outside_five_minutes_is_refused(house: House, off: int) -> None:
    headers = house.standard(BODY, at=house.clock.at // SECOND + off)

    answer = await house.call("POST", HOOK, BODY, headers)

    assert (answer.status, answer.body) == (401, UNAUTHORIZED)


@pytest.mark.parametrize("off", [-300, 300])
async def test_a_signed_time_of_five_minutes_passes(house: House, off: int) -> None:
    headers = house.standard(BODY, at=house.clock.at // SECOND + off)

    assert (await house.call("POST", HOOK, BODY, headers)).status == 200


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", "other"),
        ("webhook-timestamp", "1795449601"),
        ("webhook-timestamp", "x"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "9" * 40),
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", "v2,{}"),
        ("webhook-signature", "{}"),
        ("webhook-signature", ""),
    ],
)
async def test_every_part_of_a_standard_webhook_counts(house: House, header: str, value: str) -> None:
    headers = house.standard(BODY)
    headers[header] = value.format(headers["webhook-signature"].removeprefix("v1,"))

    assert (await house.call("POST", HOOK, BODY, headers)).status == 401


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp"])
async def test_a_standard_webhook_without_a_part_is_refused(house: House, missing: str) -> None:
    headers = house.standard(BODY)
    del headers[missing]

    assert (await house.call("POST", HOOK, BODY, headers)).status == 401


async def test_one_of_several_signatures_is_enough(house: House) -> None:
    headers = house.standard(BODY)
    headers["webhook-signature"] = f"v1,AAAA v1a,BBBB {headers['webhook-signature']}"

    assert (await house.call("POST", HOOK, BODY, headers)).status == 200


async def test_a_body_that_was_written_anew_is_refused(house: House) -> None:
    headers = house.standard(BODY)

    assert (await house.call("POST", HOOK, BODY.replace(b": ", b":"), headers)).status == 401


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"x" * 16_385, {}),
        ([b"x" * 10_000, b"x" * 10_000, b"never read"], {"transfer-encoding": "chunked"}),
        (b"x", {"content-length": "999999999999999999999"}),
        (b"x", {"content-length": "16385"}),
        (b"x", {"content-length": "-1"}),
    ],
)
async def test_a_body_over_16_kib_is_413(house: House, body: bytes | list[bytes], headers: dict[str, str]) -> None:
    answer = await house.post(body, **headers)

    assert (answer.status, answer.body, answer.headers["connection"]) == (413, b"", "close")
    assert house.desk.taken == []


async def test_16_kib_are_taken(house: House) -> None:
    assert (await house.post(b"x" * 16_384)).status in (200, 400)


async def test_a_head_over_its_limits_is_413(house: House) -> None:
    many = {f"x-{number}": "1" for number in range(60)}

    assert (await house.post(BODY, **many)).status == 413
    assert (await house.post(BODY, x_long="1" * 9_000)).status == 413
    assert (await house.call("GET", f"/health?{'q' * 9_000}")).status == 413


async def test_two_framings_of_one_body_are_refused(house: House) -> None:
    answer = await house.post(BODY, transfer_encoding="chunked", content_length=str(len(BODY)))

    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert house.desk.taken == []


async def test_a_forged_forwarded_address_changes_nothing(tmp_path: Path) -> None:
    forged = {"x-forwarded-for": TRADINGVIEW_ADDRESSES[0]}
    for settings, peer in (({}, "127.0.0.1"), ({"tradingview_only": True}, "203.0.113.9")):
        house = House(tmp_path / peer, **settings)
        answer = await house.call("POST", f"{HOOK}/wrong", BODY, forged, peer=peer)
        assert answer.status == 401

    answer = await house.call("POST", f"{HOOK}/{house.token}", BODY, forged, peer="203.0.113.9")
    assert answer.status == 401
    assert house.desk.taken == []


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        (TRADINGVIEW_ADDRESSES[0], 200),
        (f"10.1.2.3, {TRADINGVIEW_ADDRESSES[1]}", 200),
        (f"{TRADINGVIEW_ADDRESSES[1]}:5544, 10.0.0.7", 200),
        (f"{TRADINGVIEW_ADDRESSES[0]}, 203.0.113.9", 401),
        ("203.0.113.9", 401),
        ("", 200),
        (f"{TRADINGVIEW_ADDRESSES[0]}, nonsense", 200),
    ],
)
async def test_behind_a_proxy_the_last_foreign_hop_counts(tmp_path: Path, forwarded: str, status: int) -> None:
    house = House(tmp_path, tradingview_only=True, trusted_proxies=("127.0.0.1", "10.0.0.0/8"))
    headers = {"x-forwarded-for": forwarded} if forwarded else {}

    answer = await house.call("POST", f"{HOOK}/{house.token}", BODY, headers)

    assert answer.status == status
    signed = {**headers, "x-webhook-signature": sign(house.secret, BODY)}
    assert (await house.call("POST", HOOK, BODY, signed)).status == 200


async def test_strangers_are_slowed_and_the_proven_are_not(house: House) -> None:
    statuses = [(await house.post(BODY, "wrong")).status for _ in range(305)]

    assert statuses == [401] * 300 + [429] * 5
    assert (await house.post(BODY)).status == 200
    house.clock.at += 61 * SECOND
    assert (await house.post(BODY, "wrong")).status == 401


async def test_a_known_address_with_ten_bad_proofs_is_ignored_for_a_quarter_of_an_hour(house: House) -> None:
    async def wrong(peer: str) -> int:
        return (await house.call("POST", f"{HOOK}/wrong", BODY, peer=peer)).status

    assert [await wrong("203.0.113.9") for _ in range(11)] == [401] * 10 + [429]
    assert await wrong("203.0.113.10") == 401
    proven = await house.call("POST", f"{HOOK}/{house.token}", BODY, peer="203.0.113.9")
    assert proven.status == 200
    house.clock.at += 899 * SECOND
    assert await wrong("203.0.113.9") == 429
    house.clock.at += 2 * SECOND
    assert await wrong("203.0.113.9") == 401


async def test_bad_proofs_are_logged_once_a_minute_without_what_was_tried(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for _ in range(50):
        await house.post(BODY, "wrong-token-42")
    house.clock.at += 60 * SECOND
    await house.post(BODY, "wrong-token-42")

    assert [record.getMessage() for record in caplog.records] == [
        "1 request without a valid token or signature refused; the last came from this machine or a proxy",
        "50 requests without a valid token or signature refused; the last came from this machine or a proxy",
    ]


async def test_a_revoked_a_rotated_and_an_ended_proof(house: House) -> None:
    new = house.book.rotate("tradingview", overlap_hours=1).value.reveal()
    newer = house.book.rotate("relay", overlap_hours=1).value.reveal()
    assert (await house.post(BODY)).status == 200
    assert (await house.post(BODY, new)).status == 200
    assert (await house.signed(BODY)).status == 200
    assert (await house.post(BODY, "", x_webhook_signature=sign(newer, BODY))).status == 200
    assert (await house.call("POST", HOOK, BODY, house.standard(BODY, secret=newer))).status == 200

    house.clock.at += 3_600 * SECOND
    assert (await house.post(BODY)).status == 401
    assert (await house.signed(BODY)).status == 401
    assert (await house.post(BODY, new)).status == 200

    house.book.revoke("tradingview")
    assert (await house.post(BODY, new)).status == 401
