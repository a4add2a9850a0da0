"""When the screen itself fails: no local variable and no secret is shown, and the command can go on headless."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from tests.tui.fake_port import FakePort
from tt_tui.infra.redaction import Secret
from tt_tui.tui.app import WorkstationApp
from tt_tui.tui.settings import ScreenSettings

class Failing(WorkstationApp):
    def on_mount(self):
        password = "1174-eulav-lacol"[::-1]
        self.kept = Secret("5180-terces-detnalp"[::-1])
        raise RuntimeError("broken by " + self.kept.reveal() + password[:0])

print("RESULT", Failing(FakePort, ScreenSettings(theme="dark")).run(headless=True))
"""


@pytest.mark.process
def test_a_crash_shows_no_local_and_no_secret_and_has_a_result(tmp_path: Path) -> None:
    program = tmp_path / "failing.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(program)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    shown = done.stdout + done.stderr

    assert "RESULT crashed" in done.stdout
    assert "RuntimeError: broken by ***" in shown
    assert "the desk goes on without it" in shown
    assert "value-4711" not in shown
    assert "secret-0815" not in shown


@pytest.mark.process
def test_the_app_loads_nothing_of_the_desk_before_the_first_paint() -> None:
    program = "import sys, json, tt_tui.tui.app; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    for name in (
        "msgspec",
        "tt_tui.desk",
        "tt_tui.domain",
        "tt_tui.commands",
        "pydantic",
        "starlette",
    ):
        assert f'"{name}"' not in done.stdout, name
