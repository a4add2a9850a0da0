"""Starts the real program for a test: in folders of its own, always ended."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "tt_tui")
PATIENCE = 60
ALERT = {"symbol": "ES", "action": "buy", "quantity": 1, "strategy": "test_strategy", "account_group": "topstep"}


@dataclass
class Started:
    """A running ``tt listen`` and what its ready file says."""

    process: subprocess.Popen[bytes]
    ready: Path
    log: Path
    said: dict[str, Any]

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE)


@contextlib.contextmanager
def listening(folder: Path, *arguments: str) -> Iterator[Started]:
    """Run ``tt listen`` until the test leaves."""
    ready, log = folder / "ready.json", folder / "listen.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*PROGRAM, "listen", "--port", "0", "--ready-file", str(ready), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until(ready.exists, lambda: process.poll() is not None, process)
        assert ready.exists(), log.read_text()
        yield Started(process, ready, log, json.loads(ready.read_text()))
    finally:
        process.kill()
        process.wait()


def wait_until(done: Callable[[], bool], given_up: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Look again each time the process has had a moment; it may end meanwhile."""
    for _ in range(PATIENCE * 20):
        if done() or given_up():
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
    raise AssertionError("it did not come to pass")


def signed(said: dict[str, Any], body: bytes) -> dict[str, str]:
    """Return the headers of a signed alert."""
    signature = hmac.new(said["signing_secret"].encode(), body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Webhook-Signature": signature}


def ask(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """Send one request and return status and JSON."""
    request = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return reply.status, json.loads(reply.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")


def post(said: dict[str, Any], number: int = 0, **changed: Any) -> str:
    """Post a signed alert and return its id."""
    body = json.dumps({**ALERT, "comment": f"number {number}", **changed}).encode()
    status, taken = ask(f"{said['url']}/webhook/tradingview", body, signed(said, body))
    assert status == 200, taken
    return str(taken["alert_id"])


def filled(said: dict[str, Any], alert_id: str) -> dict[str, Any]:
    """Ask for an alert's orders until they are done, and return the reply."""
    headers = {"Authorization": f"Bearer {said['api_token']}"}
    reply: dict[str, Any] = {}
    for _ in range(500):
        status, reply = ask(f"{said['url']}/api/v1/orders/{alert_id}", headers=headers)
        assert status == 200, reply
        if reply["status"] not in ("waiting", "working", "unknown"):
            return reply
    return reply
