"""A hardened process makes private files, leaves no core and cannot be looked into."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, os, resource, sys
from tt_tui.infra.process import harden
done = harden()
path = sys.argv[1]
with open(path, "w"):
    pass
dumpable = None
if sys.platform.startswith("linux"):
    import ctypes
    dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
print(json.dumps({
    "mode": os.stat(path).st_mode & 0o777,
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "off": done.core_dumps_off,
    "undumpable": done.undumpable,
    "dumpable": dumpable,
}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Harden a process of its own: the settings cannot be taken back."""
    path = tmp_path_factory.mktemp("process") / "file"
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    values: dict[str, object] = json.loads(result.stdout)
    return values


def test_new_files_are_private(seen: dict[str, object]) -> None:
    assert seen["mode"] == 0o600


def test_no_core_is_written(seen: dict[str, object]) -> None:
    assert seen["core"] == [0, 0]
    assert seen["off"] is True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has the switch")
def test_no_other_process_may_look_inside(seen: dict[str, object]) -> None:
    assert seen["undumpable"] is True
    assert seen["dumpable"] == 0


def test_importing_it_changes_nothing(tmp_path: Path) -> None:
    program = (
        "import os\nbefore = os.umask(0); os.umask(before)\n"
        "import tt_tui.infra.process\nafter = os.umask(0)\nassert before == after"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=tmp_path)
