"""What systemd, a container, a descriptor or the environment hands over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tt_tui.secrets import InvalidName, SecretError, SecretsLocked, SecretsUnsafe, check_name, passphrase
from tt_tui.secrets.given import CredentialDirectory, EnvironmentVariables, FileVariables
from tt_tui.secrets.model import PlaceState
from tt_tui.secrets.passphrase import Passphrases

CANARY = "canary-from-outside"


def private(path: Path, content: bytes, mode: int = 0o400) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


class TestNames:
    @pytest.mark.parametrize("name", ["a", "tradovate-password", "topstep-1-api-key", "x" * 64])
    def test_plain_names_are_allowed(self, name: str) -> None:
        assert check_name(name) == name

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "A",
            "1a",
            "a--b",
            "-a",
            "a-",
            "a_b",
            "a.b",
            "a/b",
            "../a",
            "é",
            "a\n",
            "x" * 65,
            "passphrase",
            "key-file",
        ],
    )
    def test_others_are_not(self, name: str) -> None:
        with pytest.raises(InvalidName):
            check_name(name)


class TestCredentialDirectory:
    def test_a_credential_is_a_secret_by_its_prefix(self, tmp_path: Path) -> None:
        private(tmp_path / "tt-broker-password", CANARY.encode() + b"\n")
        private(tmp_path / "tt-passphrase", b"a sound passphrase")
        private(tmp_path / "other", b"not ours")
        place = CredentialDirectory({"CREDENTIALS_DIRECTORY": str(tmp_path)})

        assert place.read("broker-password") == CANARY
        assert place.read("other") is None
        assert place.names() == ("broker-password",)
        assert place.report().state is PlaceState.READY

    def test_the_groups_bit_is_how_systemd_shows_its_access_list(self, tmp_path: Path) -> None:
        private(tmp_path / "tt-one", b"11111", 0o440)

        assert CredentialDirectory({"CREDENTIALS_DIRECTORY": str(tmp_path)}).read("one") == "11111"

    def test_one_that_everybody_can_read_is_refused(self, tmp_path: Path) -> None:
        private(tmp_path / "tt-one", b"11111", 0o444)

        with pytest.raises(SecretsUnsafe):
            CredentialDirectory({"CREDENTIALS_DIRECTORY": str(tmp_path)}).read("one")

    @pytest.mark.parametrize("environ", [{}, {"CREDENTIALS_DIRECTORY": ""}, {"CREDENTIALS_DIRECTORY": "/nowhere/x"}])
    def test_without_a_directory_there_is_nothing(self, environ: dict[str, str]) -> None:
        place = CredentialDirectory(environ)

        assert place.names() == ()
        assert place.read("one") is None


class TestFileVariables:
    def test_the_file_it_names_is_read(self, tmp_path: Path) -> None:
        file = private(tmp_path / "file", CANARY.encode() + b"\r\n")
        link = tmp_path / "link"
        link.symlink_to(file)
        place = FileVariables({"TT_SECRET_BROKER_PASSWORD_FILE": str(link), "TT_SECRET_X": "y"})

        assert place.read("broker-password") == CANARY
        assert place.read("x") is None
        assert place.names() == ("broker-password",)

    def test_a_file_of_mode_0644_is_refused(self, tmp_path: Path) -> None:
        file = private(tmp_path / "file", b"11111", 0o644)

        with pytest.raises(SecretsUnsafe, match=r"mode 0644.*chmod 600 .*mode=0400"):
            FileVariables({"TT_SECRET_ONE_FILE": str(file)}).read("one")

    def test_a_missing_file_is_not_an_unset_secret(self, tmp_path: Path) -> None:
        with pytest.raises(SecretError, match=r"TT_SECRET_ONE_FILE names .* which does not exist"):
            FileVariables({"TT_SECRET_ONE_FILE": str(tmp_path / "gone")}).read("one")

    @pytest.mark.parametrize(("content", "words"), [(b"\n", "is empty"), (b"\xff\xfe", "not UTF-8")])
    def test_a_file_without_text_is_an_error(self, tmp_path: Path, content: bytes, words: str) -> None:
        file = private(tmp_path / "file", content)

        with pytest.raises(SecretError, match=words):
            FileVariables({"TT_SECRET_ONE_FILE": str(file)}).read("one")

    def test_a_huge_file_is_no_secret(self, tmp_path: Path) -> None:
        file = private(tmp_path / "file", b"x" * 1_048_577)

        with pytest.raises(SecretError, match="larger than 1 MiB"):
            FileVariables({"TT_SECRET_ONE_FILE": str(file)}).read("one")


class TestEnvironment:
    def test_a_variable_is_a_secret_with_a_warning(self) -> None:
        place = EnvironmentVariables({"TT_SECRET_BROKER_PASSWORD": CANARY, "TT_SECRET_A_FILE": "x", "TT_SECRET_B": ""})

        assert place.read("broker-password") == CANARY
        assert place.read("b") is None
        assert place.names() == ("broker-password",)
        assert "every child process inherits" in place.warning("broker-password")
        assert CANARY not in place.warning("broker-password")


class TestPassphrase:
    @pytest.fixture
    def pipe(self) -> Iterator[tuple[int, int]]:
        reader, writer = os.pipe()
        yield reader, writer
        for descriptor in (reader, writer):
            with suppress(OSError):
                os.close(descriptor)

    def test_the_credential_comes_first(self, tmp_path: Path) -> None:
        private(tmp_path / "tt-passphrase", b"of the credential\n")
        source = Passphrases({"CREDENTIALS_DIRECTORY": str(tmp_path), "TT_PASSPHRASE_FD": "99999"}, None)
        given = source.given()

        assert given is not None
        assert given.reveal() == "of the credential"

    @pytest.mark.parametrize("content", [b"of the descriptor", b"of the descriptor\n", b"of the descriptor\r\nmore"])
    def test_the_descriptors_first_line_is_it_and_is_read_once(self, pipe: tuple[int, int], content: bytes) -> None:
        reader, writer = pipe
        os.write(writer, content)
        os.close(writer)
        source = Passphrases({"TT_PASSPHRASE_FD": str(reader)}, None)

        for _ in range(2):
            given = source.given()
            assert given is not None
            assert given.reveal() == "of the descriptor"
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(reader)

    def test_a_writer_that_keeps_the_pipe_open_is_not_waited_for_after_a_line(self, pipe: tuple[int, int]) -> None:
        reader, writer = pipe
        os.write(writer, b"of the descriptor\n")
        given = Passphrases({"TT_PASSPHRASE_FD": str(reader)}, None).given()

        assert given is not None
        assert given.reveal() == "of the descriptor"

    def test_a_silent_descriptor_is_given_up(self, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(passphrase, "_FD_SECONDS", 0)
        source = Passphrases({"TT_PASSPHRASE_FD": str(pipe[0])}, None)

        for _ in range(2):
            with pytest.raises(SecretsLocked, match="gave no passphrase"):
                source.given()

    @pytest.mark.parametrize("value", ["99999", "-1", "three", "9" * 30])
    def test_a_descriptor_that_is_none_is_a_sentence(self, value: str) -> None:
        with pytest.raises(SecretsLocked, match="is no descriptor with text this process can read"):
            Passphrases({"TT_PASSPHRASE_FD": value}, None).given()

    def test_without_any_there_is_none(self) -> None:
        source = Passphrases({}, None)

        assert source.given() is None
        assert not source.can_ask()
        with pytest.raises(SecretsLocked, match="nobody can be asked"):
            source.ask("Passphrase: ")
