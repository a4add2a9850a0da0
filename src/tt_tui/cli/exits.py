"""The exit codes of every command, in one table; ``docs/commands.md`` shows the same."""

from __future__ import annotations

from types import MappingProxyType

DONE = 0
NOT_FOUND = 1
WRONG_USE = 2
HELD = 3
NO_PLACE = 4
UNSAFE = 5
NO_LISTENER = 6
FAILED = 70

MEANINGS = MappingProxyType(
    {
        DONE: "done",
        NOT_FOUND: "nothing of that name, or a check that failed",
        WRONG_USE: "wrong use, or a configuration, recording or file that can't be used",
        HELD: "another process holds the desk",
        NO_PLACE: "no place to keep a secret, or it is locked",
        UNSAFE: "a journal or secret file is damaged, unsafe or can't be written",
        NO_LISTENER: "the listener's address is taken, or nothing answers there",
        FAILED: "the program failed in a way it did not expect",
    }
)


def epilog(*codes: int) -> str:
    """Return the end of a command's help: the codes it may leave with."""
    return "Exit codes: " + "; ".join(f"{code} {MEANINGS[code]}" for code in (DONE, *codes)) + "."
