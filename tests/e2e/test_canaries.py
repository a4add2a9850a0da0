"""Planted secrets appear in no log, journal, reply or file, whatever is sent and however it goes wrong."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

from tests.e2e.process import Program

CANARIES = [f"c4n4ry-{name}-7f3a9d21" for name in ("pass", "user", "key", "token", "secret", "bearer", "path")]
PASS, USER, KEY, TOKEN, SECRET, BEARER, PATH = CANARIES


def send(program: Program, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Send one request and return status and the whole reply."""
    connection = http.client.HTTPConnection(program.ready["url"].removeprefix("http://"), timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, str(response.getheaders()).encode() + response.read()
    finally:
        connection.close()


def leaks(folder: Path, values: list[str]) -> list[str]:
    """Return where any of the values stands in any file below a folder, in plain bytes."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "ready.json":
            data = path.read_bytes()
            found += [f"{path.relative_to(folder)}: {value}" for value in values if value.encode() in data]
    return found


def test_no_planted_secret_is_found_anywhere(tmp_path: Path) -> None:
    with Program(tmp_path / "home") as program:
        program.start()
        program.wait_ready()
        token = program.ready["token"]
        alert = {
            "ticker": "MES1!",
            "action": "buy",
            "quantity": "1",
            "Username": USER,
            "Password": PASS,
            "API_KEY": KEY,
            "API_SECRET": SECRET,
            "passphrase": PASS,
            "token": TOKEN,
            "multiple_accounts": [{"token": TOKEN, "account_id": "2"}],
        }
        good = json.dumps(alert).encode()
        bodies = [
            good,
            good[:-1] + b",}",
            f"key={SECRET}; command=PLACE; account=sim101; instrument=NQ 12-26; action=BUY; qty=1;".encode(),
            f'{{"secret": "{SECRET}", "symbol": "{{{{ticker}}}}", "side": "buy"}}'.encode(),
            f"just prose with password={PASS} inside".encode(),
            b'\xff\xfe{"password": "' + PASS.encode() + b'"}',
        ]
        replies = []
        for body in bodies:
            replies.append(send(program, "POST", f"/webhook/tradingview/{token}", body, {}))
            replies.append(send(program, "POST", f"/webhook/tradingview/{PATH}", body, {}))
            replies.append(send(program, "POST", "/webhook/tradingview", body, {"X-Webhook-Signature": SECRET}))
            replies.append(send(program, "POST", "/webhook/tradingview", body, {"webhook-signature": f"v1,{SECRET}"}))
        replies.append(send(program, "GET", "/api/v1/orders/ALT-X", b"", {"Authorization": f"Bearer {BEARER}"}))
        replies.append(send(program, "GET", f"/health?token={TOKEN}", b"", {"Host": f"{SECRET}.example"}))

        assert {status for status, _ in replies} <= {200, 400, 401, 403, 404, 421, 429}
        taken = [
            json.loads(body[body.index(b"{") :]) for status, body in replies if status == 200 and b"alert_id" in body
        ]
        assert taken, "not one alert was taken, so nothing was proven"

        program.until(
            lambda: program.get(f"/api/v1/alerts/{taken[0]['alert_id']}").json["status"] != "received", "a verdict"
        )
        for answer in taken:
            replies.append((200, json.dumps(program.get(f"/api/v1/alerts/{answer['alert_id']}").json).encode()))
        assert program.terminate() == 0

        own = [token, program.ready["signing_secret"], program.ready["api_token"]]
        assert leaks(program.folder, [*CANARIES, *own]) == []
        assert [value for value in [*CANARIES, *own] for _, body in replies if value.encode() in body] == []
