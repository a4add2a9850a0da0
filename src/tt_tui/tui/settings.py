"""What the user may set about the screen, and what the terminal says by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

LOCAL_RATE = 20
REMOTE_RATE = 10
_RATES = range(1, 61)


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """The screen's settings; empty or None lets the terminal decide."""

    frame_rate: int | None = None
    """Frames a second, 1 to 60."""
    theme: str = ""
    """Name of a theme, shipped or the user's own."""
    mouse: bool = True
    """False leaves selecting and copying to the terminal."""
    flash: bool = True
    """False (reduced motion) shows changes by an arrow only."""
    config_folder: Path | None = None
    """Where the user's themes and keymap lie; None for the platform's folder."""
    history_file: Path | None = None
    """Where typed lines are kept over a restart; None keeps them for this session."""
    zone: tzinfo | None = None
    """Zone of the times shown; None for the machine's."""


def frames_per_second(settings: ScreenSettings, environ: Mapping[str, str]) -> int:
    """Return the frame rate: what was set, else 10 over SSH and 20 at home."""
    if settings.frame_rate is not None:
        return min(max(settings.frame_rate, _RATES.start), _RATES.stop - 1)
    remote = bool(environ.get("SSH_TTY") or environ.get("SSH_CONNECTION"))
    return REMOTE_RATE if remote else LOCAL_RATE


def may_flash(settings: ScreenSettings, environ: Mapping[str, str]) -> bool:
    """Return whether changed prices may light up: not without colours, not when motion is unwanted."""
    return settings.flash and not environ.get("NO_COLOR")
