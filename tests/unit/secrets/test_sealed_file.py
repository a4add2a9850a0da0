"""The sealed file opens with its passphrase only, notices every change, and is private or not read at all."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tt_tui.infra.redaction import Secret
from tt_tui.secrets import NoSecretPlace, SecretError, SecretsDamaged, SecretsLocked, SecretsUnsafe, sealed
from tt_tui.secrets.model import PlaceState
from tt_tui.secrets.passphrase import Ask, Passphrases
from tt_tui.secrets.sealed import FILE_NAME, SealedFile

from .fakes import Person

PASSPHRASE = "a sound passphrase"
CANARY = "canary-in-the-file"


class Given:
    """A passphrase that needs no person."""

    def __init__(self, passphrase: str | None = PASSPHRASE) -> None:
        self._passphrase = passphrase

    def given(self) -> Secret | None:
        return None if self._passphrase is None else Secret(self._passphrase)

    def can_ask(self) -> bool:
        return False

    def ask(self, prompt: str) -> Secret:
        raise AssertionError(prompt)


def asking(person: Ask) -> Passphrases:
    return Passphrases({}, person)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "secrets"


@pytest.fixture
def path(folder: Path) -> Path:
    """Return a sealed file with one secret in it."""
    SealedFile(folder, Given(), may_start=False).write("broker-password", CANARY)
    return folder / FILE_NAME


def opened(path: Path, passphrase: str | None = PASSPHRASE) -> SealedFile:
    return SealedFile(path.parent, Given(passphrase), may_start=False)


def test_what_is_written_is_read_by_the_next_process(path: Path) -> None:
    assert opened(path).read("broker-password") == CANARY
    assert opened(path).read("other") is None


def test_file_and_folder_are_private_and_hold_no_value(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert CANARY.encode() not in path.read_bytes()
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["lock", FILE_NAME]


def test_the_header_says_how_it_was_made(path: Path) -> None:
    header = json.loads(path.read_bytes().splitlines()[0])

    assert (header["format"], header["version"]) == ("tt-sealed-secrets", 1)
    assert (header["kdf"]["name"], header["kdf"]["n"]) == ("scrypt", 2**15)
    assert header["names"] == ["broker-password"]


def test_names_need_no_passphrase(path: Path) -> None:
    assert opened(path, None).names() == ("broker-password",)
    assert opened(path, None).read("other") is None


def test_adding_replacing_and_removing_keep_the_rest(path: Path) -> None:
    opened(path).write("second", "two-two")
    opened(path).write("second", "two-three")

    assert opened(path).delete("broker-password") is True
    assert opened(path).delete("broker-password") is False
    assert opened(path).names() == ("second",)
    assert opened(path).read("second") == "two-three"


def test_the_same_secret_is_sealed_anew_each_time(path: Path) -> None:
    before = path.read_bytes()
    opened(path).write("broker-password", CANARY)

    assert path.read_bytes() != before


def test_two_programs_do_not_lose_each_others_change(path: Path) -> None:
    first, second = opened(path), opened(path)
    first.write("one", "11111")
    second.write("two", "22222")
    first.write("three", "33333")

    assert opened(path).names() == ("broker-password", "one", "three", "two")


class TestPassphrase:
    def test_a_wrong_one_is_a_sentence(self, path: Path) -> None:
        with pytest.raises(SecretsLocked) as caught:
            opened(path, "another passphrase").read("broker-password")

        assert str(caught.value) == f"the passphrase does not open {path}; check it and try again"

    def test_a_wrong_one_cannot_write(self, path: Path) -> None:
        before = path.read_bytes()
        with pytest.raises(SecretsLocked):
            opened(path, "another passphrase").write("second", "22222")
        with pytest.raises(SecretsLocked):
            opened(path, "another passphrase").delete("broker-password")

        assert path.read_bytes() == before

    def test_none_is_a_sentence_that_says_how_to_give_it(self, path: Path) -> None:
        with pytest.raises(SecretsLocked) as caught:
            opened(path, None).read("broker-password")

        assert "nobody can be asked" in str(caught.value)
        assert "TT_PASSPHRASE_FD" in str(caught.value)

    def test_a_person_has_three_tries(self, path: Path) -> None:
        person = Person("wrong passphrase", "wronger passphrase", PASSPHRASE)
        file = SealedFile(path.parent, asking(person), may_start=False)

        assert file.read("broker-password") == CANARY
        assert file.read("broker-password") == CANARY
        assert person.asked == [f"Passphrase for {FILE_NAME}: "] * 3

    def test_after_three_wrong_tries_it_stays_closed(self, path: Path) -> None:
        person = Person("wrong passphrase 1", "wrong passphrase 2", "wrong passphrase 3", PASSPHRASE)
        with pytest.raises(SecretsLocked, match="does not open"):
            SealedFile(path.parent, asking(person), may_start=False).read("broker-password")

        assert len(person.asked) == 3

    def test_a_person_who_types_nothing_is_left_alone(self, path: Path) -> None:
        with pytest.raises(SecretsLocked, match="no passphrase was typed"):
            SealedFile(path.parent, asking(Person()), may_start=False).read("broker-password")

    def test_a_new_file_asks_twice(self, folder: Path) -> None:
        person = Person(PASSPHRASE, PASSPHRASE)
        SealedFile(folder, asking(person), may_start=True).write("one", "11111")

        assert len(person.asked) == 2
        assert opened(folder / FILE_NAME).read("one") == "11111"

    @pytest.mark.parametrize(
        ("answers", "words"),
        [((PASSPHRASE, "another passphrase"), "differ"), (("short",), "at least 12"), ((), "no passphrase was typed")],
    )
    def test_a_new_passphrase_that_is_no_good_makes_no_file(
        self, folder: Path, answers: tuple[str, ...], words: str
    ) -> None:
        with pytest.raises(SecretsLocked, match=words):
            SealedFile(folder, asking(Person(*answers)), may_start=True).write("one", "11111")

        assert not folder.exists()

    def test_nobody_is_asked_to_start_a_file_unless_allowed(self, folder: Path) -> None:
        person = Person(PASSPHRASE, PASSPHRASE)
        file = SealedFile(folder, asking(person), may_start=False)

        assert "no passphrase" in file.obstacle()
        with pytest.raises(NoSecretPlace):
            file.write("one", "11111")
        assert person.asked == []
        assert not folder.exists()

    def test_a_passphrase_changed_by_another_program_is_a_sentence(self, path: Path) -> None:
        file = opened(path)
        assert file.read("broker-password") == CANARY
        path.unlink()
        SealedFile(path.parent, Given("another passphrase"), may_start=False).write("broker-password", "other")

        with pytest.raises(SecretsLocked, match="changed by another program"):
            file.read("broker-password")


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    return content[:-20] + bytes([content[-20] ^ 1]) + content[-19:]


def rename(content: bytes) -> bytes:
    return content.replace(b'"broker-password"', b'"broker-passwore"')


def add_a_name(content: bytes) -> bytes:
    return content.replace(b'["broker-password"]', b'["broker-password", "hook"]')


def empty(content: bytes) -> bytes:
    return b""


def cheapen(content: bytes) -> bytes:
    return content.replace(b'"n": 32768', b'"n": 2')


def exhaust(content: bytes) -> bytes:
    return content.replace(b'"n": 32768', b'"n": 1099511627776')


def noise(content: bytes) -> bytes:
    return bytes(range(256)) * 4


class TestDamage:
    @pytest.mark.parametrize("harm", [cut, flip, rename, add_a_name, empty, cheapen, exhaust, noise])
    def test_every_change_is_noticed_and_nothing_is_overwritten(
        self, path: Path, harm: Callable[[bytes], bytes]
    ) -> None:
        harmed = harm(path.read_bytes())
        path.write_bytes(harmed)

        with pytest.raises(SecretsDamaged, match=f"{FILE_NAME} is damaged: .*Put back a copy"):
            opened(path).write("second", "22222")
        assert path.read_bytes() == harmed

    def test_a_damaged_file_is_damaged_to_who_reads(self, path: Path) -> None:
        path.write_bytes(flip(path.read_bytes()))

        with pytest.raises(SecretsDamaged):
            opened(path).read("broker-password")

    def test_a_later_version_is_named(self, path: Path) -> None:
        path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2'))

        with pytest.raises(SecretsDamaged, match="has version 2, this program reads 1"):
            opened(path).names()


class TestOpenToOthers:
    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o606])
    def test_a_file_others_can_read_is_not_read(self, path: Path, mode: int) -> None:
        path.chmod(mode)

        with pytest.raises(SecretsUnsafe, match=f"mode {mode:04o}.*chmod 600"):
            opened(path).read("broker-password")
        with pytest.raises(SecretsUnsafe):
            opened(path).write("second", "22222")

    @pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
    def test_a_folder_others_can_enter_is_not_used(self, path: Path, mode: int) -> None:
        path.parent.chmod(mode)

        with pytest.raises(SecretsUnsafe, match=f"mode {mode:04o}.*chmod 700"):
            opened(path).read("broker-password")

    def test_a_link_in_its_place_is_not_followed(self, path: Path, tmp_path: Path) -> None:
        elsewhere = path.rename(tmp_path / "elsewhere")
        path.symlink_to(elsewhere)

        with pytest.raises(SecretError, match="could not be read"):
            opened(path).read("broker-password")

    def test_a_pipe_in_its_place_does_not_hang(self, path: Path) -> None:
        path.unlink()
        os.mkfifo(path, 0o600)

        with pytest.raises(SecretsUnsafe, match="not a plain file"):
            opened(path).read("broker-password")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    def test_a_file_of_another_user_is_not_read(self, path: Path) -> None:
        os.chown(path, 12_345, 12_345)

        with pytest.raises(SecretsUnsafe, match="belongs to another user"):
            opened(path).read("broker-password")


def test_a_lock_held_by_another_process_is_waited_for_then_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_LOCK_TRIES", 2)
    monkeypatch.setattr(sealed, "_LOCK_PAUSE", 0)
    with (path.parent / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(SecretError, match="another process holds"):
            opened(path).write("second", "22222")

    opened(path).write("second", "22222")


def test_a_write_that_fails_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    file = opened(path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(SecretError, match=r"No space left on device.*what it held before stands"):
            file.write("second", "22222")

    assert path.read_bytes() == before
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["lock", FILE_NAME]


@pytest.mark.parametrize(
    ("source", "state", "words"),
    [(Given(), PlaceState.READY, FILE_NAME), (Given(None), PlaceState.LOCKED, "no passphrase for it")],
)
def test_the_report_says_whether_it_can_be_opened(path: Path, source: Given, state: PlaceState, words: str) -> None:
    report = SealedFile(path.parent, source, may_start=False).report()

    assert report.state is state
    assert words in report.why
    assert report.names == ("broker-password",)
