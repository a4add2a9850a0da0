"""A posted alert: proof over the raw bytes, then the parser, then the desk's durable word, then the answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass
from typing import Protocol

import msgspec
from starlette.responses import Response

from tt_tui.desk.intake import Busy, Taken
from tt_tui.desk.journal import JournalFailed
from tt_tui.domain.alert import Sender
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.listener import replies
from tt_tui.listener.config import ListenerConfig
from tt_tui.listener.dialects import find_secrets, parse, redact
from tt_tui.listener.hooks import Keys
from tt_tui.listener.limits import Unproven
from tt_tui.listener.security import Doors, Headers, Proof, Stale, is_signed, prove_signature, prove_token

_LOG = logging.getLogger(__name__)

KEY_SECONDS = 7 * 86_400
"""How long a sender's own id is remembered."""
BODY_SECONDS = 60
"""How long an equal body without an id counts as a repeat."""
QUICK_BODY = 4_096
"""Bytes of a stranger's body that are searched for a token on the loop; more may take 20 ms and goes to a thread."""
MASK = "***"


class AlertDesk(Protocol):
    """The part of the desk that takes alerts."""

    async def take_alert(
        self, sender: Sender, body: str, instruction: Instruction, key: str, key_seconds: int
    ) -> Taken:
        """Store an alert durably; raises ``JournalFailed`` or ``Busy`` where it did not."""
        ...


class KeySource(Protocol):
    """Gives what proofs are compared with now."""

    keys: Keys


class WallClock(Protocol):
    """Wall time in nanoseconds UTC."""

    def now(self) -> int:
        """Return the time."""
        ...


@dataclass(frozen=True, slots=True)
class Posted:
    """One request with its whole body."""

    headers: Headers
    raw: bytes
    address: str | None
    """The real client's address, None where it is not known."""
    token: str | None = None
    """From the path; None where the proof is elsewhere."""

    def __repr__(self) -> str:
        return f"Posted({len(self.raw)} bytes)"


class Webhook:
    """Answers posted alerts."""

    def __init__(
        self,
        desk: AlertDesk,
        book: KeySource,
        doors: Doors,
        unproven: Unproven,
        config: ListenerConfig,
        clock: WallClock,
    ) -> None:
        self._desk = desk
        self._book = book
        self._doors = doors
        self._unproven = unproven
        self._answer_seconds = config.answer_seconds
        self._clock = clock

    async def answer(self, posted: Posted) -> Response:
        """Return 2xx only when the alert is durable; 503 when it was not stored."""
        proof = await self._prove(posted)
        if isinstance(proof, Stale):
            _LOG.warning(
                "%s: a rightly signed request was %d s off our clock and was refused; check both clocks",
                proof.hook.name,
                proof.seconds,
            )
            return replies.unauthorized()
        if proof is None or not self._doors.permits(proof.hook, posted.address):
            return replies.too_many() if self._unproven.is_too_many(posted.address) else replies.unauthorized()
        instruction = self._read(posted, proof)
        body = _hide(redact(posted.raw.decode("utf-8", "replace")), proof.secret)
        key, seconds = _key(proof, instruction, posted.raw)
        sender = proof.hook.sender(timed=proof.signed_at is not None)
        try:
            async with asyncio.timeout(self._answer_seconds):
                taken = await self._desk.take_alert(sender, body, instruction, key, seconds)
        except (JournalFailed, Busy, TimeoutError) as error:
            _LOG.error("%s: an alert was not stored, its sender is asked to try again: %s", sender.name, error)
            return replies.unavailable()
        return _answer(taken, instruction)

    async def _prove(self, posted: Posted) -> Proof | Stale | None:
        keys, now = self._book.keys, self._clock.now()
        if posted.token is not None:
            return prove_token(keys, (posted.token,), now)
        if is_signed(posted.headers):
            return prove_signature(keys, posted.headers, posted.raw, now)
        if len(posted.raw) <= QUICK_BODY:
            return prove_token(keys, find_secrets(posted.raw), now)
        candidates = await asyncio.get_running_loop().run_in_executor(None, find_secrets, posted.raw)
        return prove_token(keys, candidates, now)

    def _read(self, posted: Posted, proof: Proof) -> Instruction:
        kinds = posted.headers.get(b"content-type", ())
        kind = kinds[0].decode("latin-1") if kinds else ""
        instruction = _without(parse(posted.raw, content_type=kind), proof.secret)
        if proof.signed_at is not None and instruction.fired_at is None:
            instruction = msgspec.structs.replace(instruction, fired_at=proof.signed_at)
        return instruction


def _key(proof: Proof, instruction: Instruction, raw: bytes) -> tuple[str, int]:
    """Return what makes a repeat recognisable, and for how many seconds."""
    if proof.key:
        return f"webhook-id:{proof.key}", KEY_SECONDS
    if instruction.key and "{{" not in instruction.key:
        # Two strategies behind one token may each count their own ids.
        name = f"{instruction.strategy}|{instruction.key}" if instruction.strategy else instruction.key
        return f"id:{name}", KEY_SECONDS
    return f"body:{hashlib.sha256(raw).hexdigest()}", BODY_SECONDS


def _answer(taken: Taken, instruction: Instruction) -> Response:
    if instruction.action is Action.ERROR:
        why = instruction.why or "not certainly a trade"
        return replies.reply(400, {"status": "bad", "alert_id": taken.alert_id, "why": why})
    fresh = "ignored" if instruction.action is Action.IGNORE else "received"
    status = "duplicate" if taken.duplicate else fresh
    return replies.reply(200, {"status": status, "alert_id": taken.alert_id})


def _hide(text: str, secret: str) -> str:
    """Return the text without the sender's own token, in any spelling that JSON gives it."""
    if not secret:
        return text
    for spelling in (secret, json.dumps(secret)[1:-1]):
        text = text.replace(spelling, MASK)
    return text


def _without(instruction: Instruction, secret: str) -> Instruction:
    """Return the instruction without the sender's own token, wherever the body repeated it."""
    encoded = msgspec.json.encode(instruction).decode()
    hidden = _hide(encoded, secret)
    return instruction if hidden == encoded else msgspec.json.decode(hidden, type=Instruction)
