"""Crash points: named places in the order path where a test can end the process.

Each is a call of a function that does nothing unless a test has armed it.
"""

from __future__ import annotations

from collections.abc import Callable

CrashPoint = Callable[[str], None]

CRASH_POINTS = (
    "alert.before_commit",
    "alert.after_commit",
    "alert.before_routing",
    "intent.before_commit",
    "intent.after_commit",
    "sent.before_commit",
    "sent.after_commit",
    "paper.before_persist",
    "paper.after_persist",
    "paper.before_reply",
    "ack.before_commit",
    "ack.after_commit",
    "fill.before_commit",
    "fill.after_commit",
    "verdict.before_commit",
    "verdict.after_commit",
    "cancel.before_commit",
    "cancel.after_commit",
    "close.before_send",
    "kill.after_latch",
    "day_roll.after_commit",
    "journal.before_commit",
    "journal.after_commit",
)
"""Every place, in the order in which an alert meets them."""


def no_crash(name: str) -> None:
    """Do nothing; what runs outside tests."""
