"""Decisions: the gate's answer to one order, with a stable code and the numbers behind it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec


class Answer(StrEnum):
    """What the gate says."""

    ACCEPT = "accept"
    REDUCE = "reduce"
    CONFIRM = "confirm"
    REFUSE = "refuse"


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The gate's answer to one order request."""

    answer: Answer
    code: str
    """Stable reason code, such as ``SESSION_CLOSED``; ``ACCEPTED`` when nothing spoke against it."""
    text: str
    """One sentence for the screen: the rule, what was seen, what would pass."""
    numbers: dict[str, str] = {}
    """What the rule compared, by name, as exact text."""
    quantity: Decimal | None = None
    """The quantity that may go, for REDUCE."""

    @property
    def lets_go(self) -> bool:
        """Return True when the order may leave now, whole or in part."""
        return self.answer in (Answer.ACCEPT, Answer.REDUCE)
