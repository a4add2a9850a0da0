"""The listener over real sockets with a whole desk behind it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_listener_own_test import BODY, listening, request
from tests.rig import Rig, desk_rig
from tests.unit.listener.support import MemoryStore, book_at, sign
from tt_tui.desk.journal import JournalFailed
from tt_tui.desk.ledger import Receipt
from tt_tui.listener.hook_file import Hook
from tt_tui.listener.hooks import FirstRun, HookBook

HOOK = "/webhook/tradingview"
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "test_webhook.sh"


async def post(address: str, path: str, body: bytes = BODY, **headers: str) -> tuple[int, Any]:
    return await asyncio.to_thread(request, address, "POST", path, body, headers)


def first_book(rig: Rig) -> tuple[HookBook, FirstRun]:
    """Return a book after its first run."""
    hooks = book_at(rig.folder / "hooks.json", MemoryStore(), rig.clock)
    first = hooks.ensure_first(("main", "topstep"))
    assert first is not None
    return hooks, first


def stored_bytes(folder: Path) -> bytes:
    """Return all that the journal wrote."""
    return b"".join(path.read_bytes() for path in folder.glob("journal*"))


async def run_script(rig: Rig, address: str, first: FirstRun, *arguments: str, **more: str) -> tuple[int, str]:
    """Run the script as a user would, while the desk's clock moves on."""
    environment = {
        "PATH": os.environ["PATH"],
        "URL": f"http://{address}",
        "SIGNING_SECRET": first.signing_secret.reveal(),
        "API_TOKEN": first.api_token.reveal(),
        **more,
    }
    running = await asyncio.create_subprocess_exec(
        "sh", str(SCRIPT), *arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    ended = asyncio.ensure_future(running.communicate())
    while not ended.done():
        await asyncio.wait([ended], timeout=0.01)
        await rig.clock.advance(0.25)
    output, _ = await ended
    assert running.returncode is not None
    return running.returncode, output.decode()


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
@pytest.mark.process
async def test_the_script_passes_and_fails_as_it_should(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig, listening(rig) as (address, first, _):
        ready = tmp_path / "ready.json"
        ready.write_text(
            f'{{"url": "http://{address}", "token": "{first.token.reveal()}", "signing_secret": '
            f'"{first.signing_secret.reveal()}", "api_token": "{first.api_token.reveal()}", "pid": 1}}'
        )
        code, output = await run_script(rig, address, first, str(ready), URL="", SIGNING_SECRET="", API_TOKEN="")
        assert code == 0, output
        assert "passed: the order is filled" in output
        assert first.signing_secret.reveal() not in output

        code, output = await run_script(rig, address, first, GROUP="main")
        assert code == 0, output
        code, output = await run_script(rig, address, first, GROUP="nobody")
        assert code == 1
        assert "failed: the order is refused" in output
        code, output = await run_script(rig, address, first, SIGNING_SECRET="wrong")
        assert code == 1
        assert "401" in output
        code, output = await run_script(rig, address, first, SIGNING_SECRET="")
        assert code == 2
        assert "no signing secret" in output


async def test_four_sendings_over_twenty_seconds_are_one_order_across_a_restart(tmp_path: Path) -> None:
    body = b'{"symbol": "ES", "action": "buy", "quantity": 1, "timenow": "2026-11-23T16:00:00Z"}'
    async with desk_rig(tmp_path) as rig, listening(rig) as (address, first, _):
        path = f"{HOOK}/{first.token.reveal()}"
        answers = [await post(address, path, body)]
        await rig.clock.advance(6)
        answers.append(await post(address, path, body))
        clock = rig.clock
    async with desk_rig(tmp_path, clock=clock) as rig:
        hooks = book_at(tmp_path / "hooks.json", MemoryStore(), clock)
        hooks.load()
        async with listening(rig, hooks) as (address, _, _):
            for _ in range(2):
                await rig.clock.advance(5)
                answers.append(await post(address, path, body))

        assert [status for status, _ in answers] == [200] * 4
        assert [answer["status"] for _, answer in answers] == ["received"] + ["duplicate"] * 3
        assert len({answer["alert_id"] for _, answer in answers}) == 1
        assert len(rig.state.alerts) == 1
        assert len(rig.orders()) <= 1


async def test_a_full_disk_is_503_and_a_later_sending_trades_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk_rig(tmp_path) as rig, listening(rig) as (address, first, _):
        path = f"{HOOK}/{first.token.reveal()}"

        def full(*_: object) -> Receipt:
            raise JournalFailed("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(rig.desk.context.ledger, "write", full)
            assert await post(address, path) == (503, {"status": "unavailable"})
        assert rig.state.alerts == {}
        status, taken = await post(address, path)
        again = await post(address, path)

        assert (status, taken["status"]) == (200, "received")
        assert again[1]["status"] == "duplicate"
        await rig.until(lambda: rig.position("ESZ6", "topstep-1") == 1)
        assert len(rig.orders("topstep-1")) == 1


async def test_a_hook_trades_its_own_groups_only(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig:
        hooks, first = first_book(rig)
        issued = hooks.add(Hook(name="mine", profile="tv", groups=("main",)))
        async with listening(rig, hooks) as (address, _, _listener):
            await refused_outside_its_groups(rig, address, issued.value.reveal(), first.api_token.reveal())


async def refused_outside_its_groups(rig: Rig, address: str, token: str, api_token: str) -> None:
    status, taken = await post(address, f"{HOOK}/{token}")
    assert status == 200
    await rig.until(lambda: rig.alert_row(taken["alert_id"]).status == "refused")
    bearer = {"Authorization": f"Bearer {api_token}"}
    path = f"/api/v1/orders/{taken['alert_id']}"
    _, found = await asyncio.to_thread(request, address, "GET", path, None, bearer)
    assert (found["status"], found["orders"], found["symbol"]) == ("refused", [], "ES")


async def test_a_revoked_token_is_refused_within_a_second(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig:
        hooks, first = first_book(rig)
        async with listening(rig, hooks) as (address, _, _listener):
            path = f"{HOOK}/{first.token.reveal()}"
            assert (await post(address, path))[0] == 200
            other = book_at(tmp_path / "hooks.json", MemoryStore(), rig.clock, seed="other")
            await asyncio.to_thread(other.revoke, "tradingview")
            await rig.clock.advance(0.75)
            await rig.until(lambda: len(hooks.hooks()) == 1)

            assert (await post(address, path))[0] == 401


async def test_a_broken_book_leaves_the_hooks_as_they_were_and_raises_an_alarm(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig, listening(rig) as (address, first, _):
        (tmp_path / "hooks.json").write_text("{")
        await rig.until(lambda: any("hooks stay" in row.alarm.text for row in rig.state.alarms.values()))
        await rig.clock.advance(3)

        assert (await post(address, f"{HOOK}/{first.token.reveal()}"))[0] == 200
        assert len(rig.state.alarms) == 1


async def test_a_book_that_is_gone_refuses_every_alert_and_raises_an_alarm(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig, listening(rig) as (address, first, _):
        assert (await post(address, f"{HOOK}/{first.token.reveal()}"))[0] == 200
        (tmp_path / "hooks.json").unlink()
        await rig.until(lambda: any("no webhook is left" in row.alarm.text for row in rig.state.alarms.values()))

        assert (await post(address, f"{HOOK}/{first.token.reveal()}"))[0] == 401


async def test_no_secret_is_in_the_journal_or_an_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with desk_rig(tmp_path) as rig, listening(rig) as (address, first, _):
        token, secret = first.token.reveal(), first.signing_secret.reveal()
        for number, body in enumerate(
            (
                f'{{"symbol": "ES", "action": "buy", "quantity": 1, "token": "{token}"}}',
                f'{{"symbol": "ES", "action": "buy", "quantity": 1, "comment": "{token}", "token": "{token}"}}',
                f'{{"symbol": "{token}", "action": "buy", "token": "{token}", "{token}": 1}}',
                f'{{"token": "{token}"',
                f"token={token};symbol=ES;side=buy;quantity=1",
            )
        ):
            status, answer = await post(address, HOOK, body.encode())
            assert status in (200, 400), number
            assert token not in str(answer)
        await post(address, HOOK, BODY, **{"X-Webhook-Signature": sign(secret, BODY)})
        await rig.until(lambda: all(row.status != "received" for row in rig.state.alerts.values()))
        state = rig.state.copy_bytes()
    stored = state + stored_bytes(tmp_path)
    for value in (token, secret, first.api_token.reveal()):
        assert value.encode() not in stored
        assert value not in caplog.text


async def test_two_hundred_slow_clients_and_real_alerts(tmp_path: Path) -> None:
    async with desk_rig(tmp_path) as rig, listening(rig, max_connections=64) as (address, first, _):
        host, _, port = address.partition(":")
        slow = []
        for _ in range(200):
            each = socket.create_connection((host, int(port)), timeout=10)
            each.sendall(b"POST /webhook/tradingview HTTP/1.1\r\nHost: localhost\r\n")
            slow.append(each)
            await asyncio.sleep(0)
        try:
            for number in range(5):
                body = BODY.replace(b"test_strategy", b"s%d" % number)
                status, answer = await post(address, f"{HOOK}/{first.token.reveal()}", body)
                assert (status, answer["status"]) == (200, "received")
        finally:
            for each in slow:
                each.close()
