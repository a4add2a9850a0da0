"""The wheel, as a user gets it: built, installed into an empty environment and run, so that a missing file shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60

pytestmark = pytest.mark.process


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel and sees, behind it, the libraries of the test environment."""

    wheel: Path
    venv: Path

    def program(self, name: str) -> str:
        return str(self.venv / "bin" / name)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program(command[0]), *command[1:]],
            cwd=self.venv,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )


def installers(python: str) -> Iterator[list[str]]:
    """Yield the commands that may be able to install into that environment; the test's own may have no pip."""
    bases = [sys.executable, getattr(sys, "_base_executable", sys.executable), shutil.which("python3")]
    for base in bases:
        if base:
            yield [base, "-m", "pip", "--python", python]
    uv = shutil.which("uv")
    if uv:
        yield [uv, "pip", "--python", python]


def must(*command: str, cwd: Path) -> str:
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}{result.stderr}"
    return result.stdout


def install(wheel: Path, python: str, cwd: Path) -> None:
    for command in installers(python):
        able = subprocess.run([*command, "list"], cwd=cwd, capture_output=True, timeout=PATIENCE, check=False)
        if able.returncode == 0:
            must(*command, "install", "--no-index", "--no-deps", "--no-cache-dir", str(wheel), cwd=cwd)
            return
    pytest.fail("no pip and no uv that can install into another environment")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    place = tmp_path_factory.mktemp("wheel")
    must(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place), cwd=ROOT)
    (wheel,) = place.glob("*.whl")
    venv = place / "venv"
    must(sys.executable, "-m", "venv", "--without-pip", str(venv), cwd=place)
    python = str(venv / "bin" / "python")
    install(wheel, python, place)
    # Only now: with it in view, an installer would take the checkout for an older version and remove it.
    # A .pth file inside the folder it names is not read, so the checkout itself stays out of sight.
    purelib = Path(must(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).strip())
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (purelib / "test_environment.pth").write_text("".join(f"{path}\n" for path in sorted(libraries)))
    return Installed(wheel=wheel, venv=venv)


def test_the_wheel_holds_every_file_of_the_package_and_what_is_shipped(installed: Installed) -> None:
    held = set(zipfile.ZipFile(installed.wheel).namelist())
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for kind in ("themes", "keymaps"):
        wanted |= {f"tt_tui/_shipped/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / kind).glob("*.toml")}

    assert wanted <= held
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)


def test_what_runs_is_the_wheel_and_not_the_checkout(installed: Installed) -> None:
    program = (
        "import tt_tui; from tt_tui.infra import locations\n"
        "print(tt_tui.__file__); print(*[locations.shipped(kind) for kind in ('themes', 'keymaps')], sep='\\n')"
    )

    result = installed.run("python", "-c", program)

    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    assert all(Path(line).is_relative_to(installed.venv) for line in lines)


def test_every_module_of_the_wheel_can_be_imported(installed: Installed) -> None:
    program = (
        "import importlib, pkgutil, tt_tui\n"
        "names = [m.name for m in pkgutil.walk_packages(tt_tui.__path__, 'tt_tui.')]\n"
        "names = [name for name in names if not name.endswith('.__main__')]\n"
        "assert len(names) > 10, names\n"
        "for name in names: importlib.import_module(name)"
    )

    result = installed.run("python", "-c", program)

    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["tt", "tt-tui"])
def test_it_tells_its_version(installed: Installed, name: str) -> None:
    version = installed.wheel.name.split("-")[1]

    result = installed.run(name, "--version")

    assert result.returncode == 0, result.stderr
    assert re.search(rf"\b{re.escape(version)}\b", result.stdout)


def test_the_doctor_looks_at_this_machine(installed: Installed) -> None:
    result = installed.run("tt", "doctor")

    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.strip()
    assert "Traceback" not in result.stderr


def wait_until_ready(process: subprocess.Popen[bytes], ready: Path) -> dict[str, object]:
    """Return what the ready file says, once it is there; fail when the program ends before."""
    for _ in range(PATIENCE * 20):
        if ready.exists():
            said = json.loads(ready.read_text())
            assert isinstance(said, dict)
            return said
        try:
            code = process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"tt listen ended with code {code} before it was ready")
    pytest.fail("tt listen was never ready")


def test_it_listens_without_a_screen_and_ends_when_told(installed: Installed, tmp_path: Path) -> None:
    ready, log = tmp_path / "ready.json", tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [installed.program("tt"), "listen", "--port", "0", "--ready-file", str(ready)],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        said = wait_until_ready(process, ready)
        assert {"url", "token", "signing_secret", "api_token", "pid"} <= said.keys()
        assert said["pid"] == process.pid
        assert stat.S_IMODE(ready.stat().st_mode) == 0o600

        url = str(said["url"]).rstrip("/")
        assert re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]*", url)
        with urllib.request.urlopen(f"{url}/health", timeout=PATIENCE) as reply:
            assert reply.status == 200

        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=5) == 0, log.read_text()
    except BaseException:
        process.kill()
        process.wait()
        print(log.read_text())
        raise
    assert "Traceback" not in log.read_text()
