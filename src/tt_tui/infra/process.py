"""What a process that holds secrets does to itself first."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

_PR_SET_DUMPABLE = 4


@dataclass(frozen=True, slots=True)
class Hardening:
    """What `harden` achieved; the doctor shows it."""

    umask: int
    core_dumps_off: bool
    undumpable: bool


def harden() -> Hardening:
    """Make new files private (umask 077), forbid core dumps and, on Linux, looks into memory.

    Call it first in commands that hold secrets. On Linux an ordinary user's process can afterwards not open
    ``/dev/stdin`` or ``/dev/fd/N`` by name (it still reads its open descriptors), so a command that takes
    file names and holds no secret should not call it.
    """
    os.umask(0o077)
    return Hardening(umask=0o077, core_dumps_off=_forbid_core_files(), undumpable=_forbid_dumping())


def _forbid_core_files() -> bool:
    try:
        import resource
    except ImportError:
        return False
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        return False
    return True


def _forbid_dumping() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    try:
        library = ctypes.CDLL(None, use_errno=True)
        return bool(library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False
