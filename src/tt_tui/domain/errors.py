"""Errors of the trading path.

TradingError
├── NotSent          proven that no byte left; the same id may be sent again
├── Rejected         the broker refused, with its words
├── OutcomeUnknown   the outcome cannot be proven now
├── Unavailable      a query could not be asked; says nothing about what would have been found
│   ├── AuthExpired
│   └── RateLimited  carries how long to wait
└── JournalFailed    what was to be written is not durable
"""

from __future__ import annotations


class TradingError(Exception):
    """Something in the trading path failed; the text says what was tried, seen and can be done."""


class NotSent(TradingError):
    """Proven that no byte of the request left this machine."""


class Rejected(TradingError):
    """The broker refused the request; ``code`` is the broker's word."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class OutcomeUnknown(TradingError):
    """The request may or may not have been carried out."""


class Unavailable(TradingError):
    """A question could not be asked; failure is not emptiness."""


class AuthExpired(Unavailable):
    """The session is no longer valid and could not be renewed."""


class RateLimited(Unavailable):
    """The broker, or our budget for it, asks us to wait ``seconds``."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds
