"""Slow and broken clients on real sockets: each is closed by its own deadline, and alerts are answered meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.listener.support import House
from tt_tui.listener.config import ListenerConfig
from tt_tui.listener.server import bind
from tt_tui.listener.wire import EmbeddedServer, build

BODY = b'{"symbol": "ES", "action": "buy", "quantity": 1}'
LONG = 60.0
"""Seconds that no test waits for: what is closed in time is closed by the deadline under test."""
PATIENT: dict[str, Any] = {
    "head_seconds": LONG,
    "body_seconds": LONG,
    "request_seconds": LONG,
    "keep_alive_seconds": LONG,
}
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Served:
    """A served house and the way to its socket."""

    def __init__(self, house: House, port: int, server: EmbeddedServer) -> None:
        self.house = house
        self.port = port
        self.server = server
        self.open: list[asyncio.StreamWriter] = []

    async def connect(self, data: bytes = b"") -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.open.append(writer)
        writer.write(data)
        await writer.drain()
        return reader, writer

    def alert(self, *, number: int = 1, extra: str = "", body: bytes = BODY) -> bytes:
        path = f"/webhook/tradingview/{self.house.token}"
        shown = body.replace(b"1}", b"%d}" % number)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(shown)}\r\n{extra}\r\n"
        return head.encode() + shown

    async def ask(self, data: bytes) -> int:
        """Send a whole request and return the answer's status."""
        reader, _ = await self.connect(data)
        return await status_of(reader)


async def status_of(reader: asyncio.StreamReader) -> int:
    """Read one answer and return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next(int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:"))
    await reader.readexactly(length)
    return int(head.split(" ")[1])


async def closed(reader: asyncio.StreamReader) -> bytes:
    """Return what came until the other side closed."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@asynccontextmanager
async def serving(folder: Path, **settings: Any) -> AsyncIterator[Served]:
    config = {**PATIENT, **settings}
    house = House(folder, **config)
    server = build(house.app, ListenerConfig(**config))
    bound = bind("127.0.0.1", 0)
    ready = asyncio.Event()
    server.on_ready(ready.set)
    task = asyncio.ensure_future(server.run_until_stopped(bound))
    served = Served(house, bound.getsockname()[1], server)
    await ready.wait()
    try:
        yield served
    finally:
        for writer in served.open:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        server.should_exit = True
        await task


HEAD = b"POST /webhook/tradingview/x HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize("sent", [b"", b"P", HEAD, HEAD + b"Content-Length: 5"])
async def test_half_a_head_is_closed(tmp_path: Path, sent: bytes) -> None:
    async with serving(tmp_path, head_seconds=0.05) as served:
        reader, _ = await served.connect(sent)

        assert await closed(reader) == b""


@pytest.mark.parametrize("sent", [b"Content-Length: 50\r\n\r\nhalf", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhal"])
async def test_half_a_body_is_closed(tmp_path: Path, sent: bytes) -> None:
    async with serving(tmp_path, body_seconds=0.05) as served:
        reader, _ = await served.connect(HEAD + sent)

        assert await closed(reader) == b""
        assert served.house.desk.taken == []


async def test_a_trickle_does_not_buy_time(tmp_path: Path) -> None:
    async with serving(tmp_path, head_seconds=0.1) as served:
        reader, writer = await served.connect(HEAD)
        ended = asyncio.ensure_future(closed(reader))
        number = 0
        while not ended.done():
            number += 1
            writer.write(b"x")
            await asyncio.wait([ended], timeout=0.01)

        assert await ended == b""
        assert number > 1


async def test_the_whole_request_has_a_limit_of_its_own(tmp_path: Path) -> None:
    async with serving(tmp_path, request_seconds=0.05) as served:
        reader, _ = await served.connect(HEAD + b"Content-Length: 50\r\n\r\nhalf")

        assert await closed(reader) == b""


async def test_an_idle_connection_is_closed_after_its_answer(tmp_path: Path) -> None:
    async with serving(tmp_path, keep_alive_seconds=0.05) as served:
        reader, _ = await served.connect(served.alert())

        assert await status_of(reader) == 200
        assert await closed(reader) == b""


async def test_the_next_request_of_a_connection_has_the_same_limits(tmp_path: Path) -> None:
    async with serving(tmp_path, head_seconds=0.2) as served:
        reader, writer = await served.connect(served.alert())
        assert await status_of(reader) == 200
        writer.write(served.alert(number=2))
        assert await status_of(reader) == 200
        writer.write(HEAD)

        assert await closed(reader) == b""
        assert len(served.house.desk.taken) == 2


async def test_requests_that_come_at_once_are_all_answered(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        reader, _ = await served.connect(b"".join(served.alert(number=number) for number in range(1, 6)) + HEAD)

        assert [await status_of(reader) for _ in range(5)] == [200] * 5
        assert len(served.house.desk.taken) == 5


async def test_an_alert_in_chunks_is_an_alert(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        path = f"/webhook/tradingview/{served.house.token}"
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:9], BODY[9:])) + b"0\r\n\r\n"

        assert await served.ask(head + chunks) == 200


async def test_slow_clients_do_not_keep_an_alert_out(tmp_path: Path) -> None:
    async with serving(tmp_path, max_connections=20) as served:
        slow = [await served.connect(HEAD) for _ in range(60)]

        for number in range(1, 11):
            assert await served.ask(served.alert(number=number)) == 200
        gone = [await closed(reader) for reader, _ in slow[:40]]
        assert set(gone) == {b""}
        assert len(served.server.server_state.connections) <= 20


async def test_at_the_cap_an_idle_connection_goes_before_none(tmp_path: Path) -> None:
    async with serving(tmp_path, max_connections=1) as served:
        reader, _ = await served.connect(served.alert())
        assert await status_of(reader) == 200

        assert await served.ask(served.alert(number=2)) == 200
        assert await closed(reader) == b""


async def test_a_request_that_is_being_answered_is_not_closed_for_another(tmp_path: Path) -> None:
    async with serving(tmp_path, max_connections=1, answer_seconds=LONG) as served:
        served.house.desk.hold = asyncio.Event()
        first, _ = await served.connect(served.alert())
        await served.house.desk.asked.wait()

        second, _ = await served.connect(served.alert(number=2))
        assert await closed(second) == b""
        served.house.desk.hold.set()
        assert await status_of(first) == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/one\r\n\r\n",
        b"POST /webhook/tradingview HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /webhook/tradingview HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /webhook/tradingview HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9_000,
        b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_an_empty_400(tmp_path: Path, sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(tmp_path) as served:
        reader, _ = await served.connect(sent)
        answer = await closed(reader)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"\r\n\r\n") or answer.endswith(b"0\r\n\r\n")
    assert b"uvicorn" not in answer.lower()
    assert caplog.records == []


async def test_two_framings_are_refused_on_the_wire(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        smuggled = served.alert(extra="Transfer-Encoding: chunked\r\n", body=b"0\r\n\r\nGET /health HTTP/1.1\r\n\r\n")
        reader, _ = await served.connect(smuggled)
        answer = await closed(reader)

        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1 ") == 1
        assert served.house.desk.taken == []


async def test_a_body_over_the_limit_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        head = f"POST /webhook/tradingview/{served.house.token} HTTP/1.1\r\nHost: localhost\r\n".encode()
        declared, _ = await served.connect(head + b"Content-Length: 20000000\r\n\r\n")
        chunked, _ = await served.connect(head + b"Transfer-Encoding: chunked\r\n\r\n4e20\r\n" + b"x" * 20_000)

        for reader in (declared, chunked):
            assert (await closed(reader)).startswith(b"HTTP/1.1 413 ")


async def test_broken_chunks_after_an_answer_end_the_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path) as served:
        head = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        reader, writer = await served.connect(head)
        assert await status_of(reader) == 404
        writer.write(b"nonsense\r\n")

        assert await closed(reader) == b""
    assert caplog.records == []


async def test_connections_do_not_wait_for_the_peers_acknowledgement(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        reader, _ = await served.connect(served.alert())
        await status_of(reader)

        (connection,) = served.server.server_state.connections
        own = connection.transport.get_extra_info("socket")
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


async def test_a_stop_does_not_wait_for_slow_clients(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        half_head, _ = await served.connect(HEAD)
        half_body, _ = await served.connect(HEAD + b"Content-Length: 50\r\n\r\nhalf")
        assert await served.ask(served.alert()) == 200
        served.server.should_exit = True

        assert [await closed(reader) for reader in (half_head, half_body)] == [b"", b""]
