"""What the command line may set over the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tt_tui.settings import Setup

DEMO_FOLDER = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Flags; None leaves the configured value."""

    demo: bool = False
    """Ignore the configuration, in folders of its own."""
    mouse: bool | None = None
    theme: str | None = None
    fps: int | None = None
    host: str | None = None
    port: int | None = None
    replay: Path | None = None
    symbol: str = ""
    zone: str = ""
    stamp: Literal["start", "end"] = "start"
    speed: float = 1.0
    seed: int | None = None

    def folder(self, base: Path) -> Path:
        """Return where this run keeps its files: a demo beside the real ones, each recording's apart."""
        if not self.demo:
            return base
        return base / DEMO_FOLDER if self.replay is None else base / DEMO_FOLDER / self.replay.stem

    def over(self, setup: Setup) -> Setup:
        """Return the setup with the flags in it."""
        import msgspec

        listener, screen, market, watchlist = setup.listener, setup.screen, setup.market, setup.watchlist
        if self.host is not None:
            listener = msgspec.structs.replace(listener, host=self.host)
        if self.port is not None:
            listener = msgspec.structs.replace(listener, port=self.port)
        if self.mouse is not None:
            screen = msgspec.structs.replace(screen, mouse=self.mouse)
        if self.theme is not None:
            screen = msgspec.structs.replace(screen, theme=self.theme)
        if self.fps is not None:
            screen = msgspec.structs.replace(screen, frame_rate=self.fps)
        if self.seed is not None:
            market = msgspec.structs.replace(market, seed=self.seed)
        if self.replay is not None:
            # The recording alone has prices; what it plays is watched by itself.
            watchlist = ()
            market = msgspec.structs.replace(
                market,
                kind="replay",
                replay_file=self.replay,
                replay_speed=self.speed,
                replay_symbol=self.symbol,
                replay_zone=self.zone or market.replay_zone,
                replay_stamp=self.stamp,
            )
        return msgspec.structs.replace(setup, listener=listener, screen=screen, market=market, watchlist=watchlist)
