"""Ids made before anything is written: the one module that asks the operating system for randomness."""

from __future__ import annotations

import os
from collections.abc import Callable

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BITS = 80
_CHARACTERS = _BITS // 5


class RandomIds:
    """Unique, meaningless ids: a prefix, a dash and 80 random bits in base32 (at most 20 characters)."""

    def __init__(self, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._entropy = entropy

    def new(self, prefix: str) -> str:
        """Return a new id such as ``ORD-MZXW6YTBOI3DEMZU``; the prefix has at most three letters."""
        if not 1 <= len(prefix) <= 3:
            raise ValueError(f"an id prefix has 1 to 3 letters, was {prefix!r}")
        number = int.from_bytes(self._entropy(_BITS // 8), "big")
        letters = []
        for _ in range(_CHARACTERS):
            number, digit = divmod(number, 32)
            letters.append(_ALPHABET[digit])
        return f"{prefix}-{''.join(reversed(letters))}"
