"""The client says whether a request can have arrived, and never where its secrets are."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tt_tui.domain.errors import NotSent, OutcomeUnknown
from tt_tui.infra.http import AsyncHttpClient, HttpClient, HttpReply

CANARY = "canary-in-the-path"
Post = Callable[[str, bytes, dict[str, str], float], HttpReply]


class Handler(BaseHTTPRequestHandler):
    """Answers with what it got, or misbehaves as the path asks."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/cut"):
            self.close_connection = True
            return
        if self.path.startswith("/mute"):
            self.server.shutting.wait()  # type: ignore[attr-defined]
            return
        self.send_response(302 if self.path.startswith("/moved") else 200)
        self.send_header("X-Seen", self.headers.get("X-Sent", ""))
        self.send_header("X-Cookie", self.headers.get("Cookie", ""))
        self.send_header("Set-Cookie", "session=1")
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.shutting = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutting.set()  # type: ignore[attr-defined]
    running.shutdown()
    thread.join()
    running.server_close()


def post_blocking(url: str, content: bytes, headers: dict[str, str], timeout: float) -> HttpReply:
    with HttpClient(trust_env=False) as client:
        return client.post(url, content, headers, timeout)


def post_on_a_loop(url: str, content: bytes, headers: dict[str, str], timeout: float) -> HttpReply:
    async def post() -> HttpReply:
        async with AsyncHttpClient(trust_env=False) as client:
            return await client.post(url, content, headers, timeout)

    return asyncio.run(post())


@pytest.fixture(params=[post_blocking, post_on_a_loop], ids=["blocking", "async"])
def post(request: pytest.FixtureRequest) -> Post:
    chosen: Post = request.param
    return chosen


def test_bytes_and_headers_go_and_come_back_as_they_are(server: str, post: Post) -> None:
    body = b'{ "symbol" :"ES"}\n\xff'
    reply = post(f"{server}/x", body, {"X-Sent": "yes"}, 30)

    assert (reply.status, reply.body, reply.headers["x-seen"]) == (200, body, "yes")
    assert reply.text.startswith('{ "symbol"')


def test_a_redirect_is_an_answer_not_an_order(server: str, post: Post) -> None:
    assert post(f"{server}/moved", b"{}", {}, 30).status == 302


def test_nothing_listening_is_not_sent(post: Post) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(NotSent) as caught:
            post(f"http://127.0.0.1:{port}/webhook/{CANARY}?token={CANARY}", b"{}", {}, 30)

    assert f"http://127.0.0.1:{port} was not sent" in str(caught.value)
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "127.0.0.1/x", "http://[half/x"])
def test_an_address_that_is_none_is_not_sent(url: str, post: Post) -> None:
    with pytest.raises(NotSent):
        post(url, b"{}", {}, 30)


def test_a_broken_connection_leaves_the_outcome_unknown(server: str, post: Post) -> None:
    with pytest.raises(OutcomeUnknown, match="it may have arrived") as caught:
        post(f"{server}/cut/{CANARY}", b"{}", {}, 30)

    assert CANARY not in str(caught.value)


def test_no_answer_in_time_leaves_the_outcome_unknown(server: str, post: Post) -> None:
    with pytest.raises(OutcomeUnknown, match=r"no answer in 0\.2 s; it may have arrived") as caught:
        post(f"{server}/mute/{CANARY}", b"{}", {}, 0.2)

    assert CANARY not in str(caught.value)


def test_no_cookie_is_kept(server: str) -> None:
    with HttpClient(trust_env=False) as client:
        client.post(f"{server}/x", b"{}", timeout=30)

        assert client.post(f"{server}/x", b"{}", timeout=30).headers["x-cookie"] == ""


def test_a_proxy_of_the_environment_counts_only_when_wanted(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{taken.getsockname()[1]}")

        with HttpClient(trust_env=False) as direct:
            assert direct.post(f"{server}/x", b"{}", timeout=30).status == 200
        with HttpClient(trust_env=True) as proxied, pytest.raises(NotSent):
            proxied.post(f"{server}/x", b"{}", timeout=30)


def test_a_program_that_logs_at_debug_sees_no_url(server: str, caplog: pytest.LogCaptureFixture) -> None:
    from tt_tui.infra.logs import start_logging

    with start_logging(None, logging.DEBUG) as system:
        post_blocking(f"{server}/webhook/tradingview/{CANARY}", b"{}", {}, 30)
        assert system.flush()
        lines = [line.as_json() for line in system.since(0)]

    assert not [line for line in lines if CANARY in line or "HTTP Request" in line]
