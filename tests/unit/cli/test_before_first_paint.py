"""What is loaded when the first frame stands: the screen's own, and nothing that the desk needs."""

from __future__ import annotations

import json
import subprocess
import sys

LATE = {"pydantic", "pydantic_settings", "starlette", "uvicorn", "polars", "numba", "keyring", "cryptography", "httpx2"}
PROGRAM = """
import asyncio, json, sys
from tt_tui.cli import choices, session, signals, terminal, workstation
from tt_tui.infra import process
from tt_tui.tui.app import WorkstationApp
from tt_tui.tui.settings import ScreenSettings

chosen = choices.Choices(demo=True)
opened = session.Session(chosen)
opened.refuse_second()
opened.ask_passphrase()
workstation._screen_table(chosen)
seen = []

def factory():
    seen.append(sorted(sys.modules))
    raise RuntimeError("far enough")

async def run():
    app = WorkstationApp(factory, ScreenSettings())
    async with app.run_test() as pilot:
        while not seen:
            await pilot.pause()

asyncio.run(run())
print("LOADED", json.dumps(seen[0]))
"""


def test_the_first_frame_stands_before_anything_of_the_desk_is_loaded() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60)

    assert result.returncode == 0, result.stderr
    loaded = set(json.loads(result.stdout.rpartition("LOADED ")[2]))
    assert "textual" in loaded
    assert loaded & LATE == set()
    assert not {name for name in loaded if name.startswith(("tt_tui.brokers", "tt_tui.market", "tt_tui.assembly"))}
