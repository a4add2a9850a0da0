"""Drives a real `tt listen` as a program outside would: starts it, reads its ready file, posts, asks, kills."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

FOLDERS = ("CONFIG", "DATA", "STATE", "LOG", "RUNTIME")
PATIENCE = 40.0
LOOK = 0.03
"""Seconds between two looks at a condition; the program's end ends the wait at once."""
_BROKEN = (ConnectionError, http.client.HTTPException, TimeoutError, OSError)


class Died(Exception):
    """The program ended while something was asked of it."""


@dataclass(frozen=True)
class Reply:
    """One answer of the listener."""

    status: int
    json: Any


def environment(folder: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment whose folders all lie in one place, without the developer's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TT_")}
    own = {f"TT_{name}_FOLDER": str(folder / name.lower()) for name in FOLDERS}
    own |= {"HOME": str(folder), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    return kept | own | dict(extra or {})


class Program:
    """One folder of a user, and the process that runs over it at a time; leaving the block kills it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.ready: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The running process."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, crash_point: str = "", module: str = "tt_tui", arguments: Sequence[str] = ()) -> None:
        """Start the listener, or another module, and return at once."""
        assert self._process is None, "it runs already"
        self.ready = {}
        self._ready_file.unlink(missing_ok=True)
        if module == "tt_tui":
            arguments = ("listen", "--port", "0", "--ready-file", str(self._ready_file), *arguments)
        self._starts += 1
        extra = {"TT_CRASH_POINT": crash_point} if crash_point else {}
        with (self.folder / f"output-{self._starts}").open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=environment(self.folder, extra),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def _ready_file(self) -> Path:
        return self.folder / "ready.json"

    def wait_ready(self) -> None:
        """Return once it listens; raises `Died`."""
        self.until(self._ready_file.exists, "the ready file")
        self.ready = json.loads(self._ready_file.read_text())

    def until(self, is_so: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
        """Look until it is so; raises `Died` when the program ends first."""
        assert self._process is not None
        deadline = time.monotonic() + patience
        while not is_so():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {patience:g} s in vain for {what}\n{self.output()}")
            try:
                self._process.wait(LOOK)
            except subprocess.TimeoutExpired:
                continue
            raise Died

    def wait_end(self, patience: float = PATIENCE) -> int:
        """Return the exit code of a process that is about to end; another one may start then."""
        assert self._process is not None
        try:
            code = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it still runs after {patience:g} s\n{self.output()}") from None
        self._process = None
        return code

    def kill(self) -> None:
        """End the process, if any, without a chance to tidy up."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self.wait_end()

    def terminate(self) -> int:
        """Ask the process to end in good order and return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.wait_end()

    def output(self) -> str:
        """Return what the present or last process printed."""
        return (self.folder / f"output-{self._starts}").read_text(errors="replace")

    def post(self, body: Mapping[str, object]) -> Reply:
        """Post a signed alert; raises `Died` where the program did not live to answer."""
        raw = json.dumps(body).encode()
        signature = hmac.new(self.ready["signing_secret"].encode(), raw, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Webhook-Signature": signature}
        return self._request("POST", "/webhook/tradingview", raw, headers)

    def get(self, path: str) -> Reply:
        """Ask the API; raises `Died` where the program did not live to answer."""
        return self._request("GET", path, None, {"Authorization": f"Bearer {self.ready['api_token']}"})

    def _request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        connection = http.client.HTTPConnection(self.ready["url"].removeprefix("http://"), timeout=PATIENCE)
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            data = response.read()
        except _BROKEN as error:
            # A process that was killed is gone in a moment; one that lives has broken its word.
            assert self._process is not None
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                raise AssertionError(f"{method} {path} got no answer: {error!r}\n{self.output()}") from error
            raise Died from error
        finally:
            connection.close()
        return Reply(response.status, json.loads(data) if data else None)
