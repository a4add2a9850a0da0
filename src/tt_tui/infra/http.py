"""The HTTP client: the one importer of httpx2, which keeps its exceptions and its log lines to itself.

An error says whether the request can have arrived: `NotSent` when no byte of it left, `OutcomeUnknown`
when it may have been carried out. No error text holds a path or a query, where tokens live.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from tt_tui.domain.errors import NotSent, OutcomeUnknown

if TYPE_CHECKING:
    import httpx2

DEFAULT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8, what is not UTF-8 replaced."""
        return self.body.decode("utf-8", "replace")


class HttpClient:
    """A blocking client: no redirects, no cookies kept, the operating system's trust store.

    Args:
        trust_env: whether proxies and certificates of the environment count (``HTTPS_PROXY``,
            ``SSL_CERT_FILE``). Say no for 127.0.0.1, where a proxy would carry the token away.
    """

    def __init__(self, *, trust_env: bool) -> None:
        import httpx2

        self._client = httpx2.Client(trust_env=trust_env, follow_redirects=False)

    def get(self, url: str, headers: Mapping[str, str] | None = None, timeout: float = DEFAULT_SECONDS) -> HttpReply:
        """Ask for a resource; errors as `post`."""
        return self._send("GET", url, None, headers, timeout)

    def post(
        self,
        url: str,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_SECONDS,
    ) -> HttpReply:
        """Send the bytes as they are and return the answer, whatever its status.

        Raises:
            NotSent: no byte of the request left this machine.
            OutcomeUnknown: it may have arrived, but no answer came.
        """
        return self._send("POST", url, content, headers, timeout)

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str] | None, timeout: float
    ) -> HttpReply:
        import httpx2

        try:
            reply = self._client.request(method, url, content=content, headers=headers, timeout=timeout)
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError) as error:
            _raise_ours(method, url, timeout, error)
        self._client.cookies.clear()
        return _reply(reply)


class AsyncHttpClient:
    """The same for an event loop; it belongs to the loop it is first used on."""

    def __init__(self, *, trust_env: bool) -> None:
        import httpx2

        self._client = httpx2.AsyncClient(trust_env=trust_env, follow_redirects=False)

    async def get(
        self, url: str, headers: Mapping[str, str] | None = None, timeout: float = DEFAULT_SECONDS
    ) -> HttpReply:
        """Ask for a resource; errors as `post`."""
        return await self._send("GET", url, None, headers, timeout)

    async def post(
        self,
        url: str,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_SECONDS,
    ) -> HttpReply:
        """Send the bytes as they are and return the answer, whatever its status.

        Raises:
            NotSent: no byte of the request left this machine.
            OutcomeUnknown: it may have arrived, but no answer came.
        """
        return await self._send("POST", url, content, headers, timeout)

    async def close(self) -> None:
        """Close idle connections."""
        await self._client.aclose()

    async def __aenter__(self) -> AsyncHttpClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _send(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str] | None, timeout: float
    ) -> HttpReply:
        import httpx2

        try:
            reply = await self._client.request(method, url, content=content, headers=headers, timeout=timeout)
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError) as error:
            _raise_ours(method, url, timeout, error)
        self._client.cookies.clear()
        return _reply(reply)


def _reply(reply: httpx2.Response) -> HttpReply:
    headers = {name.lower(): value for name, value in reply.headers.items()}
    return HttpReply(status=reply.status_code, headers=headers, body=reply.content)


def _raise_ours(method: str, url: str, timeout: float, error: Exception) -> NoReturn:
    import httpx2

    place = _place(url)
    words = type(error).__name__
    before_sending = (
        httpx2.ConnectError,
        httpx2.ConnectTimeout,
        httpx2.PoolTimeout,
        httpx2.ProxyError,
        httpx2.UnsupportedProtocol,
        httpx2.InvalidURL,
    )
    # The library's own text may quote the URL, so neither it nor the exception is chained.
    if isinstance(error, before_sending):
        raise NotSent(f"{method} to {place} was not sent ({words}): check the address and that it answers") from None
    if isinstance(error, httpx2.TimeoutException):
        raise OutcomeUnknown(f"{method} to {place} got no answer in {timeout:g} s; it may have arrived") from None
    raise OutcomeUnknown(f"{method} to {place} broke off ({words}); it may have arrived") from None


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return "an address that is none"
