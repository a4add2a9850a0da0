"""Answers: short, constant where they refuse, never with a version, an echo or a reason a stranger could use."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

_JSON = "application/json"


def reply(status: int, content: object, *, close: bool = False) -> Response:
    """Return a JSON answer that no cache keeps."""
    response = Response(msgspec.json.encode(content), status, media_type=_JSON)
    response.headers["cache-control"] = "no-store"
    if close:
        response.headers["connection"] = "close"
    return response


def empty(status: int, *, close: bool = False) -> Response:
    """Return an answer without words."""
    return Response(b"", status, headers={"connection": "close"} if close else None)


def unauthorized() -> Response:
    """Return the one answer to every missing, wrong, old or revoked proof."""
    return reply(401, {"status": "unauthorized"})


def too_many() -> Response:
    """Return the answer to a stranger who asks too often; never a 5xx, which would make senders try again."""
    return reply(429, {"status": "too many requests"})


def unavailable() -> Response:
    """Return the one honest 5xx: what was sent is not stored, please send it again."""
    return reply(503, {"status": "unavailable"})
