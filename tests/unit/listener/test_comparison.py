"""That every candidate meets every proof: where the right one stands, or whether there is one, can't be timed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import partial

import pytest

from tests.unit.listener.support import NOW, sign
from tt_tui.infra.redaction import Secret
from tt_tui.listener import security
from tt_tui.listener.hook_file import Hook, SecretRow, TokenRow
from tt_tui.listener.hooks import Keys, SigningKey, TokenKey

HOOK = Hook(name="mine", profile="tv", groups=("main",))
TOKENS = [f"token-{number}" for number in range(7)]
SECRETS = [f"whsec_c2VjcmV0{number}A==" for number in range(5)]
RAW = b"the body"


def keys() -> Keys:
    digests = [hashlib.sha256(token.encode()).digest() for token in TOKENS]
    return Keys(
        tokens=tuple(TokenKey(digest, TokenRow(digest=digest.hex(), made=0), HOOK) for digest in digests),
        signing=tuple(SigningKey(Secret(text), SecretRow(name=text, made=0), HOOK) for text in SECRETS),
        api=tuple((digest, TokenRow(digest=digest.hex(), made=0)) for digest in digests),
    )


def counted(monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> tuple[int, bool]:
    """Return how many comparisons a call made, and whether it found something."""
    seen: list[int] = []
    real: Callable[[bytes, bytes], bool] = hmac.compare_digest

    def compare(a: bytes, b: bytes) -> bool:
        seen.append(len(a))
        assert len(a) == len(b) == 32
        return real(a, b)

    with monkeypatch.context() as patch:
        patch.setattr("tt_tui.listener.security.hmac.compare_digest", compare)
        found = bool(call())
    return len(seen), found


@pytest.mark.parametrize("place", [0, 3, 6])
def test_every_token_is_compared_with_every_candidate(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    right = counted(monkeypatch, lambda: security.prove_token(keys(), ("a", TOKENS[place], "b"), NOW))
    wrong = counted(monkeypatch, lambda: security.prove_token(keys(), ("a", "c" * 99, "b"), NOW))

    assert right == (3 * len(TOKENS), True)
    assert wrong == (3 * len(TOKENS), False)


@pytest.mark.parametrize("place", [0, 2, 4])
def test_every_signing_secret_is_tried(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    for given, is_right in ((sign(SECRETS[place], RAW), True), ("0" * 64, False), ("0", False)):
        headers = {b"x-webhook-signature": [given.encode()]}
        made = counted(monkeypatch, partial(security.prove_signature, keys(), headers, RAW, NOW))
        assert made == (len(SECRETS), is_right)


@pytest.mark.parametrize("place", [0, 6])
def test_every_api_token_is_compared(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    for token, is_right in ((TOKENS[place], True), ("wrong", False)):
        headers = {b"authorization": [f"Bearer {token}".encode()]}
        made = counted(monkeypatch, partial(security.prove_api_token, keys(), headers, NOW))
        assert made == (len(TOKENS), is_right)


def test_a_header_that_stands_twice_proves_nothing() -> None:
    right = sign(SECRETS[0], RAW).encode()

    assert security.prove_signature(keys(), {b"x-webhook-signature": [right]}, RAW, NOW)
    assert not security.prove_signature(keys(), {b"x-webhook-signature": [right, right]}, RAW, NOW)
    bearer = f"Bearer {TOKENS[0]}".encode()
    assert not security.prove_api_token(keys(), {b"authorization": [bearer, bearer]}, NOW)
