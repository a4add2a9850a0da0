"""The user's own test, as it is written in the request: post a signed alert, then look at its orders."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.rig import Rig, desk_rig
from tests.unit.listener.support import MemoryStore, book_at
from tt_tui.infra.redaction import Secret
from tt_tui.listener.config import ListenerConfig
from tt_tui.listener.hooks import FirstRun, HookBook
from tt_tui.listener.server import Listener, PortTaken

BODY = b'{"symbol": "ES", "action": "buy", "quantity": 1, "strategy": "test_strategy", "account_group": "topstep"}'

NO_FIRST_RUN = FirstRun(token=Secret(""), signing_secret=Secret(""), api_token=Secret(""))


def request(
    address: str, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Send one request as a program outside would, and return status and JSON."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        data = response.read()
        return response.status, json.loads(data) if data else None
    finally:
        connection.close()


@asynccontextmanager
async def listening(
    rig: Rig, book: HookBook | None = None, **settings: Any
) -> AsyncIterator[tuple[str, FirstRun, Listener]]:
    """Listen on a free port, with the proofs of a first run."""
    first = NO_FIRST_RUN
    if book is None:
        book = book_at(rig.folder / "hooks.json", MemoryStore(), rig.clock)
        first = book.ensure_first(("main", "topstep")) or first
    listener = Listener(rig.desk, book, ListenerConfig(port=0, **settings), rig.clock)
    address = await listener.start()
    try:
        yield address, first, listener
    finally:
        await listener.stop()


async def test_the_users_own_test_passes(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig, listening(rig) as (address, first, _):
        signature = hmac.new(first.signing_secret.reveal().encode(), BODY, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Webhook-Signature": signature}
        status, taken = await asyncio.to_thread(request, address, "POST", "/webhook/tradingview", BODY, headers)

        assert (status, taken["status"]) == (200, "received")
        bearer = {"Authorization": f"Bearer {first.api_token.reveal()}"}
        path = f"/api/v1/orders/{taken['alert_id']}"
        status, early = await asyncio.to_thread(request, address, "GET", path, None, bearer)
        assert (status, early["symbol"], early["quantity"]) == (200, "ES", 1)
        assert early["status"] in ("working", "filled")

        await rig.until(lambda: rig.position("ESZ6", "topstep-1") == 1)
        await rig.until(lambda: rig.alert_row(taken["alert_id"]).status == "executed")
        status, found = await asyncio.to_thread(request, address, "GET", path, None, bearer)
        (order,) = found.pop("orders")
        assert found == {
            "alert_id": taken["alert_id"],
            "status": "filled",
            "symbol": "ES",
            "contract": "ESZ6",
            "quantity": 1,
        }
        assert (order["account"], order["side"], order["filled"], order["state"]) == ("topstep-1", "buy", 1, "filled")
        assert order["average_price"] == "5000.25"

        path = f"/api/v1/alerts/{taken['alert_id']}"
        status, alert = await asyncio.to_thread(request, address, "GET", path, None, bearer)
        assert (status, alert["status"], alert["orders"]) == (200, "executed", [order["order_id"]])
        assert alert["accounts"][0]["account"] == "topstep-1"


async def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig, listening(rig) as (address, _, _listener):
        port = int(address.rpartition(":")[2])
        book = book_at(rig.folder / "hooks.json", MemoryStore(), rig.clock)
        second = Listener(rig.desk, book, ListenerConfig(port=port), rig.clock)

        with pytest.raises(PortTaken, match=rf"port {port} .* already in use.*choose another port"):
            await second.start()
        await second.stop()
