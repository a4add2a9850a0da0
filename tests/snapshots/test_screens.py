"""A few whole screens as pictures. Update them with ``pytest tests/snapshots --snapshot-update`` on Python 3.11."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.fake_port import FakePort, day_of_trading, preview_line, with_status
from tests.tui.screen import make_app, wait_until
from tt_tui.domain import event as ev
from tt_tui.domain.account import KillLevel
from tt_tui.tui.settings import ScreenSettings
from tt_tui.tui.workspace import Workspace

Compare = Callable[..., bool]


def morning() -> FakePort:
    """Return a port with a morning's trading."""
    port = FakePort()
    port.previews = (preview_line("topstep-1", "buy 2 ESZ6 at market, stop 20 ticks, risk 500.00"),)
    day_of_trading(port)
    return port


def trouble() -> FakePort:
    """Return a port on which everything that is loud is loud."""
    port = morning()
    port.write(ev.KillThrown(level=KillLevel.HALTED, why="by hand", by="you"))
    port.write(ev.AlarmRaised(alarm_id="ALM-1", text="the stop of ESZ6 on topstep-1 is gone", severity="critical"))
    port.write(ev.AccountArmed(account="topstep-1"))
    with_status(port, problem="the journal's disk is full; entries are refused")
    return port


SCENES = {
    "wide": (morning, "amber-on-black", (200, 50), ""),
    "usual": (morning, "amber-on-black", (120, 36), ""),
    "small": (morning, "amber-on-black", (80, 24), ""),
    "orders_small": (morning, "amber-on-black", (80, 24), "BLOT\n"),
    "dark": (morning, "dark", (160, 45), "ACCT\n"),
    "high_contrast": (morning, "high-contrast", (160, 45), "HELP BUY\n"),
    "colours_256": (morning, "xterm-256", (160, 45), "HOOK\n"),
    "live_question": (morning, "amber-on-black", (120, 36), "BUY 2 ES STOP 20t ACC topstep-1\n"),
    "trouble": (trouble, "amber-on-black", (120, 36), "ACC topstep-1\n"),
    "quitting": (morning, "amber-on-black", (120, 36), "QUIT\n"),
    "completion": (morning, "amber-on-black", (120, 36), "b\t"),
}


@pytest.fixture(autouse=True)
def usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide what the developer's terminal says of colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize("name", SCENES)
def test_the_screen_looks_as_it_did(name: str, snap_compare: Compare) -> None:
    make, theme, size, typed = SCENES[name]
    port = make()
    app = make_app(port, ScreenSettings(theme=theme, zone=UTC, frame_rate=1, flash=False))

    assert snap_compare(app, terminal_size=size, run_before=typing(typed))


def typing(text: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Return what opens the workspace, types a text and draws a frame."""

    async def run(pilot: Pilot[Any]) -> None:
        app = pilot.app
        await wait_until(pilot, lambda: isinstance(app.screen, Workspace))
        workspace = app.screen
        assert isinstance(workspace, Workspace)
        await draw(pilot, workspace)
        line, _, _ = text.partition("\n")
        workspace.bar.line.type_text(line.rstrip("\t"))
        await pilot.pause()
        if text != line:
            await pilot.press("enter")
        if "\t" in text:
            await pilot.press("tab")
        await draw(pilot, workspace)

    return run


async def draw(pilot: Pilot[Any], workspace: Workspace) -> None:
    """Draw two frames: one that shows panes, one with the quotes of their rows."""
    for _ in range(2):
        await pilot.pause()
        workspace.flush()
    await pilot.pause()
