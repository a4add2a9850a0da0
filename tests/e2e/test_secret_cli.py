"""`tt secret` as a process: nothing hangs without a terminal, and no value is ever shown."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tt_tui.cli.secret import EXIT_NO_PLACE, EXIT_NOT_FOUND, EXIT_UNSAFE, EXIT_USAGE

pytestmark = pytest.mark.process

PROGRAM = "from tt_tui.cli.secret import secret_group; secret_group(prog_name='tt secret')"
PASSPHRASE = "a sound passphrase"
CANARY = "canary-value-1234"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def environ(data: Path) -> dict[str, str]:
    return {**os.environ, "TT_DATA_FOLDER": str(data)}


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    """Start the command without any terminal, as a service would."""

    def start(*arguments: str, stdin: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**environ, **extra},
            start_new_session=True,
        )

    return start


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """Return a credential directory that holds the passphrase."""
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    passphrase = folder / "tt-passphrase"
    passphrase.write_text(PASSPHRASE + "\n", encoding="utf-8")
    passphrase.chmod(0o400)
    return folder


def test_headless_without_a_passphrase_is_one_sentence_and_a_code(environ: dict[str, str], data: Path) -> None:
    with Path("/dev/null").open() as nothing:
        result = subprocess.run(
            [sys.executable, "-c", PROGRAM, "set", "broker-password"],
            stdin=nothing,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environ,
            start_new_session=True,
        )

    assert result.returncode == EXIT_NO_PLACE == 4
    assert result.stdout == ""
    assert result.stderr.startswith("Error: no place can keep a secret now: ")
    assert "TT_PASSPHRASE_FD" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not data.exists()


def test_a_pipe_that_never_closes_is_not_waited_for_when_nothing_can_be_kept(environ: dict[str, str]) -> None:
    reader, writer = os.pipe()
    try:
        result = subprocess.run(
            [sys.executable, "-c", PROGRAM, "set", "broker-password"],
            stdin=reader,
            capture_output=True,
            check=False,
            timeout=60,
            env=environ,
            start_new_session=True,
        )
    finally:
        os.close(reader)
        os.close(writer)

    assert result.returncode == EXIT_NO_PLACE


def test_set_list_remove_with_a_credential(run: Run, credentials: Path, data: Path) -> None:
    given = {"CREDENTIALS_DIRECTORY": str(credentials)}
    stored = run("set", "broker-password", stdin=CANARY + "\n", **given)
    listed = run("list", "--json")
    removed = run("remove", "broker-password", **given)
    again = run("remove", "broker-password", **given)

    assert stored.returncode == 0, stored.stderr
    assert stored.stdout == "broker-password ••••1234 is stored in the sealed secrets file.\n"
    assert json.loads(listed.stdout) == [{"name": "broker-password", "place": "the sealed secrets file"}]
    assert (removed.returncode, removed.stdout) == (0, "broker-password is removed.\n")
    assert again.returncode == EXIT_NOT_FOUND
    assert CANARY not in "".join(done.stdout + done.stderr for done in (stored, listed, removed, again))
    assert not [path for path in data.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


def test_a_passphrase_comes_by_descriptor(environ: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.write(writer, PASSPHRASE.encode() + b"\n")
    os.close(writer)
    try:
        result = subprocess.run(
            [sys.executable, "-c", PROGRAM, "set", "broker-password", "--json"],
            input=CANARY,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**environ, "TT_PASSPHRASE_FD": str(reader)},
            pass_fds=(reader,),
            start_new_session=True,
        )
    finally:
        os.close(reader)

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["place"] == "the sealed secrets file"


def test_a_sealed_file_open_to_others_is_refused(run: Run, credentials: Path, data: Path) -> None:
    given = {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert run("set", "broker-password", stdin=CANARY, **given).returncode == 0
    (data / "secrets" / "sealed-secrets").chmod(0o644)
    result = run("set", "broker-password", stdin=CANARY, **given)

    assert result.returncode == EXIT_UNSAFE == 5
    assert "mode 0644" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [(("set", "Not A Name"), CANARY), (("set", "broker-password"), ""), (("set", "broker-password", CANARY), "")],
)
def test_wrong_use_is_a_sentence(run: Run, credentials: Path, arguments: tuple[str, ...], stdin: str) -> None:
    result = run(*arguments, stdin=stdin, CREDENTIALS_DIRECTORY=str(credentials))

    assert result.returncode == EXIT_USAGE
    assert "Traceback" not in result.stderr


def test_the_help_has_the_codes(run: Run) -> None:
    assert "4 no keyring and no passphrase" in " ".join(run("set", "--help").stdout.split())


def test_a_person_types_value_and_passphrase_unseen(environ: dict[str, str], data: Path) -> None:
    answers = [
        (b"(hidden): ", CANARY),
        (b"Choose a passphrase", PASSPHRASE),
        (b"Type it again", PASSPHRASE),
    ]
    terminal, child_side = pty.openpty()
    takes_the_terminal = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", takes_the_terminal + PROGRAM, "set", "broker-password"],
        stdin=child_side,
        stdout=child_side,
        stderr=child_side,
        env=environ,
        start_new_session=True,
    )
    os.close(child_side)
    shown = b""
    for prompt, answer in answers:
        shown = read_until(terminal, prompt, shown)
        os.write(terminal, answer.encode() + b"\n")
    shown = read_until(terminal, None, shown)
    os.close(terminal)
    text = shown.decode()

    assert process.wait(60) == 0, text
    assert "broker-password ••••1234 is stored in the sealed secrets file." in text
    assert CANARY not in text
    assert PASSPHRASE not in text
    assert (data / "secrets" / "sealed-secrets").exists()


def read_until(terminal: int, words: bytes | None, shown: bytes) -> bytes:
    """Read the terminal until these words come after what was shown, or to its end."""
    start = len(shown)
    while words is None or words not in shown[start:]:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, shown
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            piece = b""
        if not piece:
            assert words is None, shown
            break
        shown += piece
    return shown
