"""A keyring is used only when its class is on the list and it has kept, returned and forgotten a test value."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tt_tui.secrets import SecretError, SecretsDamaged, SecretsLocked, SecretsUnsafe
from tt_tui.secrets.keychain import INDEX_NAME, SystemKeyring, refusal_of_path
from tt_tui.secrets.model import PlaceState

from .fakes import (
    ForgetfulKeyring,
    HangingKeyring,
    LockedKeyring,
    MemoryKeyring,
    PlaintextKeyring,
    StickyKeyring,
    trusted,
)

CANARY = "canary-in-a-keyring"


def place(folder: Path, *backends: MemoryKeyring, seconds: float = 30) -> SystemKeyring:
    return SystemKeyring(folder, lambda: iter(backends), seconds=seconds, environ={})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


@pytest.fixture
def hanging() -> Iterator[HangingKeyring]:
    backend = trusted(HangingKeyring)
    yield backend
    backend.released.set()
    for thread in threading.enumerate():
        if thread.name == "tt-keyring":
            thread.join(30)


def test_a_keyring_on_the_list_that_works_keeps_returns_and_forgets(folder: Path) -> None:
    backend = trusted(MemoryKeyring)
    keyring = place(folder, backend)
    keyring.write("broker-password", CANARY)

    assert keyring.read("broker-password") == CANARY
    assert keyring.names() == ("broker-password",)
    assert keyring.report().state is PlaceState.READY
    assert "keyring.backends.SecretService.Keyring, proved" in keyring.report().why
    assert keyring.delete("broker-password")
    assert not keyring.delete("broker-password")
    assert keyring.names() == ()
    assert backend.kept == {}


def test_the_proof_leaves_nothing_behind(folder: Path) -> None:
    backend = trusted(MemoryKeyring)

    assert place(folder, backend).obstacle() == ""
    assert backend.kept == {}
    assert not folder.exists()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("keyrings.alt.file.PlaintextKeyring", "plain text"),
        ("keyring.backends.null.Keyring", "keeps nothing"),
        ("keyring.backends.chainer.ChainerBackend", "not on the list"),
        ("keyring.backends.fail.Keyring", "never works"),
        ("keyrings.alt.file.EncryptedKeyring", "not on the list"),
        ("somewhere.Keyring", "not on the list"),
    ],
)
def test_backends_are_refused_by_name(path: str, reason: str) -> None:
    assert reason in refusal_of_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "keyring.backends.macOS.Keyring",
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
    ],
)
def test_the_list_holds_the_systems_own(path: str) -> None:
    assert refusal_of_path(path) == ""


def test_a_plain_text_keyring_is_refused_and_never_written_to(folder: Path) -> None:
    backend = PlaintextKeyring()
    keyring = place(folder, backend)

    assert keyring.obstacle()
    assert keyring.report().state is PlaceState.REFUSED
    assert "PlaintextKeyring (keeps secrets in plain text)" in keyring.report().why
    with pytest.raises(SecretsLocked):
        keyring.write("broker-password", CANARY)
    assert backend.kept == {}
    assert keyring.names() == ()


def test_a_good_keyring_behind_a_refused_one_is_used(folder: Path) -> None:
    keyring = place(folder, PlaintextKeyring(), trusted(MemoryKeyring))

    assert keyring.obstacle() == ""


@pytest.mark.parametrize("kind", [ForgetfulKeyring, StickyKeyring])
def test_a_keyring_that_does_not_keep_or_forget_is_not_used(kind: type[MemoryKeyring], folder: Path) -> None:
    assert "no keyring on the list" in place(folder, trusted(kind)).obstacle()


def test_a_keyring_that_fails_its_test_says_so_without_what_it_was_handed(folder: Path) -> None:
    why = place(folder, trusted(LockedKeyring)).obstacle()

    assert why == "it failed its test (RuntimeError)"


def test_a_hanging_proof_is_given_up(folder: Path, hanging: HangingKeyring) -> None:
    hanging.stuck.set()
    keyring = place(folder, hanging, seconds=0.01)

    assert "did not answer in 0.01 s" in keyring.obstacle()
    assert keyring.read("broker-password") is None


def test_looking_for_keyrings_may_hang_too(folder: Path) -> None:
    released = threading.Event()

    def find() -> Iterator[MemoryKeyring]:
        released.wait()
        return iter(())

    keyring = SystemKeyring(folder, find, seconds=0.01, environ={})
    try:
        assert "did not answer" in keyring.obstacle()
    finally:
        released.set()


def test_a_keyring_that_hangs_later_is_asked_no_more(folder: Path, hanging: HangingKeyring) -> None:
    keyring = place(folder, hanging, seconds=0.25)
    keyring.write("broker-password", CANARY)
    hanging.stuck.set()

    with pytest.raises(SecretsLocked, match="it stopped answering"):
        keyring.read("broker-password")
    running = threading.active_count()
    with pytest.raises(SecretsLocked, match="broker-password is in the system keyring, which cannot be opened now"):
        keyring.read("broker-password")
    assert threading.active_count() == running


def test_a_person_gets_time_to_unlock_a_keyring_known_to_hold_something(folder: Path) -> None:
    place(folder, trusted(MemoryKeyring)).write("broker-password", CANARY)
    seen = threading.Event()
    backend = trusted(MemoryKeyring)

    def find() -> Iterator[MemoryKeyring]:
        # Longer than the short limit, which is over at once.
        seen.wait(0.05)
        return iter((backend,))

    assert SystemKeyring(folder, find, seconds=0, environ={}).obstacle()
    assert SystemKeyring(folder, find, seconds=0, patience=30, environ={}).obstacle() == ""
    assert SystemKeyring(folder / "empty", find, seconds=0, patience=30, environ={}).obstacle()


def test_what_a_missing_keyring_is_known_to_hold_is_locked_not_unset(folder: Path) -> None:
    place(folder, trusted(MemoryKeyring)).write("broker-password", CANARY)
    gone = place(folder)

    with pytest.raises(SecretsLocked, match="broker-password is in the system keyring"):
        gone.read("broker-password")
    with pytest.raises(SecretsLocked):
        gone.delete("broker-password")
    assert gone.read("other") is None
    assert gone.delete("other") is False
    assert gone.report().state is PlaceState.LOCKED


def test_a_value_that_does_not_come_back_is_an_error(folder: Path) -> None:
    backend = trusted(MemoryKeyring)
    keyring = place(folder, backend)
    assert keyring.obstacle() == ""
    backend.set_password = lambda *_: None  # type: ignore[method-assign]

    with pytest.raises(SecretError, match="do not rely on it"):
        keyring.write("broker-password", CANARY)


def test_an_error_of_the_backend_is_not_quoted(folder: Path) -> None:
    backend = trusted(MemoryKeyring)
    keyring = place(folder, backend)
    assert keyring.obstacle() == ""

    def refuse(service: str, username: str, password: str) -> None:
        raise RuntimeError(f"could not keep {password}")

    backend.set_password = refuse  # type: ignore[method-assign]

    with pytest.raises(SecretsLocked) as caught:
        keyring.write("broker-password", CANARY)
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_list_of_names_is_private_and_checked(folder: Path) -> None:
    keyring = place(folder, trusted(MemoryKeyring))
    keyring.write("broker-password", CANARY)
    index = folder / INDEX_NAME

    assert stat.S_IMODE(index.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert CANARY not in index.read_text()
    assert json.loads(index.read_text())["names"] == ["broker-password"]
    index.chmod(0o644)
    with pytest.raises(SecretsUnsafe, match="can be read by others"):
        keyring.names()
    index.chmod(0o600)
    index.write_text("{")
    with pytest.raises(SecretsDamaged, match="damaged"):
        keyring.names()


def test_a_plug_in_that_keeps_plain_text_is_not_even_loaded(tmp_path: Path) -> None:
    """What `keyring` itself would choose on a headless machine where such a plug-in is installed."""
    (tmp_path / "altkeys.py").write_text("raise SystemExit('the plug-in was loaded')\n", encoding="utf-8")
    distribution = tmp_path / "altkeys-1.0.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: altkeys\nVersion: 1.0\n", encoding="utf-8")
    (distribution / "entry_points.txt").write_text(
        "[keyring.backends]\nalt = altkeys.PlaintextKeyring\n", encoding="utf-8"
    )
    program = (
        "import pathlib, sys\n"
        "from tt_tui.secrets.keychain import SystemKeyring\n"
        "report = SystemKeyring(pathlib.Path(sys.argv[1])).report()\n"
        "print(report.state.value, report.why)\n"
    )
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
        "PYTHON_KEYRING_BACKEND": "altkeys.PlaintextKeyring",
    }
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "secrets")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environ,
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("refused ")
    assert "altkeys.PlaintextKeyring (keeps secrets in plain text)" in result.stdout
