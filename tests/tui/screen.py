"""Runs the workstation over a desk in memory and reads its screen as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC

from textual.pilot import Pilot

from tt_tui.tui.app import WorkstationApp
from tt_tui.tui.result import ScreenResult
from tt_tui.tui.settings import ScreenSettings
from tt_tui.tui.workspace import Workspace

from .fake_port import FakePort, day_of_trading

SETTINGS = ScreenSettings(theme="amber-on-black", zone=UTC, frame_rate=1, flash=False)
"""One frame a second at most: tests draw frames themselves."""


def make_app(port: FakePort, settings: ScreenSettings = SETTINGS) -> WorkstationApp:
    """Return the app over a port."""
    return WorkstationApp(lambda: port, settings, clock=port.clock, environ={})


class Desk:
    """The app, its desk and the hands of a user."""

    def __init__(self, app: WorkstationApp, port: FakePort, pilot: Pilot[ScreenResult]) -> None:
        self.app = app
        self.port = port
        self.pilot = pilot

    @property
    def workspace(self) -> Workspace:
        """Return the workspace."""
        assert isinstance(self.app.screen_stack[1], Workspace)
        return self.app.screen_stack[1]

    @property
    def text(self) -> str:
        """Return all that stands on screen."""
        return screen_text(self.app)

    @property
    def line(self) -> str:
        """Return what stands at the prompt."""
        return self.workspace.bar.line.value

    async def frame(self) -> None:
        """Draw one frame."""
        await self.pilot.pause()
        self.workspace.flush()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys and draw a frame."""
        await self.pilot.press(*keys)
        await self.frame()

    async def type(self, text: str) -> None:
        """Type a text at the prompt."""
        self.workspace.bar.line.type_text(text)
        await self.frame()

    async def keys(self, text: str) -> None:
        """Press the key of each character, wherever the keyboard is."""
        await self.press(*(_KEYS.get(char, char) for char in text))

    async def run(self, text: str) -> None:
        """Type a line and press Enter."""
        await self.type(text)
        await self.press("enter")


_KEYS = {" ": "space", "@": "at", "-": "minus", ".": "full_stop", "'": "apostrophe"}


def screen_text(app: WorkstationApp) -> str:
    """Return what stands on screen; the one place that knows Textual's compositor."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def wait_until(pilot: Pilot[ScreenResult], is_so: Callable[[], bool]) -> None:
    """Let the app work until something is so."""
    for _ in range(500):
        if is_so():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came to be so")


@asynccontextmanager
async def open_desk(
    port: FakePort | None = None, size: tuple[int, int] = (160, 45), settings: ScreenSettings = SETTINGS
) -> AsyncIterator[Desk]:
    """Open the workspace over a port, or over a morning's trading."""
    if port is None:
        port = FakePort()
        day_of_trading(port)
    app = make_app(port, settings)
    async with app.run_test(size=size) as pilot:
        await wait_until(pilot, lambda: len(app.screen_stack) > 1)
        desk = Desk(app, port, pilot)
        await desk.frame()
        await desk.frame()
        yield desk
