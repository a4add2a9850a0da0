"""The floor for the listener's answer: Starlette and uvicorn, embedded, that commit one row for each POST and no more.

What the listener adds (proof, parsing, state, routing) is measured against this on the same machine.
Run ``python -m benchmarks.webhook_floor``; other benchmarks use ``Floor``.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import apsw
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tt_tui.listener.server import bind

BODY = b'{"symbol": "ES", "action": "buy", "quantity": 1, "strategy": "floor", "account_group": "main"}'
POSTS = 500
RUNS = 5


class _Server(uvicorn.Server):
    """Leaves signals alone, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        self.listening.set()


def _open(path: Path) -> apsw.Connection:
    """Open a journal-like file with the journal's own durability."""
    connection = apsw.Connection(str(path))
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("create table alert (seq integer primary key, body blob not null)")
    return connection


def _application(connection: apsw.Connection) -> Starlette:
    async def take(request: Request) -> JSONResponse:
        body = await request.body()
        connection.execute("insert into alert (body) values (?)", (body,))
        return JSONResponse({"status": "received", "alert_id": str(connection.last_insert_rowid())})

    return Starlette(routes=[Route("/", take, methods=["POST"])])


class Floor:
    """A bare server on a thread and loop of its own, as the desk's; a context manager that gives its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports: list[int] = []
        self._server: _Server | None = None
        self._thread = threading.Thread(target=self._run, name="floor", daemon=True)
        self._made = threading.Event()

    def __enter__(self) -> int:
        self._thread.start()
        self._made.wait()
        assert self._server is not None
        self._server.listening.wait()
        return self._ports[0]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        connection = _open(self._folder / "floor.sqlite")
        config = uvicorn.Config(
            _application(connection),
            loop="none",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._made.set()
        asyncio.run(self._main(self._server))
        connection.close()

    async def _main(self, server: _Server) -> None:
        bound = bind("127.0.0.1", 0)
        self._ports.append(bound.getsockname()[1])
        await server.serve(sockets=[bound])


def post_times(port: int, path: str, body: bytes, headers: dict[str, str], count: int) -> list[float]:
    """Return how long each POST took in seconds, over one kept connection; raises on anything but 2xx."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    times = []
    try:
        for _ in range(count):
            begun = time.perf_counter()
            connection.request("POST", path, body=body, headers=headers)
            response = connection.getresponse()
            response.read()
            times.append(time.perf_counter() - begun)
            if not 200 <= response.status < 300:
                raise RuntimeError(f"the floor answered {response.status}")
    finally:
        connection.close()
    return times


def main() -> None:
    """Print median and worst of five runs."""
    medians, tails = [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder, Floor(Path(folder)) as port:
            post_times(port, "/", BODY, {}, 50)
            times = sorted(post_times(port, "/", BODY, {"Content-Type": "application/json"}, POSTS))
        medians.append(statistics.median(times) * 1_000)
        tails.append(times[int(len(times) * 0.99)] * 1_000)
    print(f"bare server, one row a POST: p50 {statistics.median(medians):.2f} ms (worst {max(medians):.2f})")
    print(f"                             p99 {statistics.median(tails):.2f} ms (worst {max(tails):.2f})")


if __name__ == "__main__":
    main()
