"""Ids made before anything is written: the one module that asks the operating system for randomness."""

from __future__ import annotations

import os
from base64 import b32encode
from collections.abc import Callable

_BYTES = 10


class RandomIds:
    """Unique, meaningless ids: a prefix, a dash and 80 random bits in base32 (at most 20 characters)."""

    def __init__(self, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._entropy = entropy

    def new(self, prefix: str) -> str:
        """Return a new id such as ``ORD-MZXW6YTBOI3DEMZU``; the prefix has at most three letters."""
        if not 1 <= len(prefix) <= 3:
            raise ValueError(f"an id prefix has 1 to 3 letters, was {prefix!r}")
        return f"{prefix}-{b32encode(self._entropy(_BYTES)).decode()}"
