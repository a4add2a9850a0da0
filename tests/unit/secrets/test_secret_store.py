"""The store asks its places in order, never turns "locked" into "not set", and never needs a person to start."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tt_tui.secrets import (
    EphemeralStore,
    InvalidName,
    LayeredStore,
    NoSecretPlace,
    Secret,
    SecretError,
    SecretsLocked,
    SecretStore,
    SecretsUnsafe,
    StoredName,
    open_store,
)

from .fakes import MemoryKeyring, Person, PlaintextKeyring, none, trusted

PASSPHRASE = "a sound passphrase"
KEYRING = "the system keyring"
SEALED = "the sealed secrets file"
CANARY = "canary-in-the-store"


def file_of(tmp_path: Path, name: str, value: str) -> Path:
    path = tmp_path / name
    path.write_text(value, encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


def with_keyring(folder: Path, backend: MemoryKeyring, environ: dict[str, str] | None = None) -> LayeredStore:
    return open_store(False, False, folder=folder, environ=environ or {}, find_keyrings=lambda: iter((backend,)))


def with_passphrase(folder: Path, *answers: str) -> LayeredStore:
    return open_store(True, False, folder=folder, environ={}, find_keyrings=none, ask=Person(*answers))


def bare(folder: Path, *, ephemeral: bool, environ: dict[str, str] | None = None) -> LayeredStore:
    return open_store(False, ephemeral, folder=folder, environ=environ or {}, find_keyrings=none)


class TestOrder:
    def test_each_place_comes_before_the_next(self, tmp_path: Path, folder: Path) -> None:
        backend = trusted(MemoryKeyring)
        credentials = tmp_path / "credentials"
        credentials.mkdir()
        file_of(credentials, "tt-one", "of the credential")
        environ = {
            "CREDENTIALS_DIRECTORY": str(credentials),
            "TT_SECRET_ONE_FILE": str(file_of(tmp_path, "file", "of the file")),
            "TT_SECRET_ONE": "of the environment",
        }
        with_passphrase(folder, PASSPHRASE, PASSPHRASE).set("one", Secret("of the sealed file"))
        with_keyring(folder, backend).set("one", Secret("of the keyring"))
        seen = []
        for remove in ("CREDENTIALS_DIRECTORY", "TT_SECRET_ONE_FILE", "keyring", "sealed", "TT_SECRET_ONE"):
            person = Person(PASSPHRASE)
            store = open_store(
                True, False, folder=folder, environ=environ, find_keyrings=lambda: iter((backend,)), ask=person
            )
            found = store.get("one")
            assert found is not None
            seen.append(found.reveal())
            if remove == "keyring":
                with_keyring(folder, backend)._written[0].delete("one")
            elif remove == "sealed":
                with_passphrase(folder, PASSPHRASE).remove("one")
            else:
                del environ[remove]

        assert seen == [
            "of the credential",
            "of the file",
            "of the keyring",
            "of the sealed file",
            "of the environment",
        ]
        assert store.get("one") is None

    def test_set_takes_the_keyring_when_it_works(self, folder: Path) -> None:
        backend = trusted(MemoryKeyring)
        written = with_keyring(folder, backend).set("one", Secret(CANARY))

        assert (written.place, written.lasting, written.notes) == (KEYRING, True, ())
        assert list(backend.kept.values()) == [CANARY]

    def test_set_takes_the_sealed_file_when_the_keyring_is_refused(self, folder: Path) -> None:
        backend = PlaintextKeyring()
        store = open_store(
            True,
            False,
            folder=folder,
            environ={},
            find_keyrings=lambda: iter((backend,)),
            ask=Person(PASSPHRASE, PASSPHRASE),
        )

        assert store.set("one", Secret(CANARY)).place == SEALED
        assert backend.kept == {}
        assert not [path for path in folder.iterdir() if CANARY.encode() in path.read_bytes()]

    def test_a_value_given_from_outside_hides_the_stored_one_and_set_says_so(
        self, tmp_path: Path, folder: Path
    ) -> None:
        environ = {"TT_SECRET_ONE_FILE": str(file_of(tmp_path, "file", "of the file"))}
        written = with_keyring(folder, trusted(MemoryKeyring), environ).set("one", Secret(CANARY))

        assert len(written.notes) == 1
        assert "comes first, so the stored value is not used" in written.notes[0]

    def test_an_older_value_in_the_sealed_file_is_named(self, folder: Path) -> None:
        with_passphrase(folder, PASSPHRASE, PASSPHRASE).set("one", Secret("older value"))
        written = with_keyring(folder, trusted(MemoryKeyring)).set("one", Secret(CANARY))

        assert written.notes == (f"an older value stays in {SEALED}, unused",)

    def test_the_environment_is_last_and_warned_about_once(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = bare(folder, ephemeral=False, environ={"TT_SECRET_ONE": CANARY})
        with caplog.at_level(logging.WARNING):
            assert store.get("one") == Secret(CANARY)
            assert store.get("one") == Secret(CANARY)

        assert caplog.text.count("every child process inherits") == 1
        assert CANARY not in caplog.text
        assert store.describe().warnings


class TestLockedIsNotUnset:
    def test_a_keyring_that_went_away_answers_for_what_it_held(self, folder: Path) -> None:
        with_keyring(folder, trusted(MemoryKeyring)).set("one", Secret(CANARY))
        store = bare(folder, ephemeral=False, environ={"TT_SECRET_ONE": "of the environment"})

        with pytest.raises(SecretsLocked, match=f"one is in {KEYRING}"):
            store.get("one")
        with pytest.raises(SecretsLocked):
            store.remove("one")

    def test_a_new_value_does_not_go_behind_a_locked_one(self, folder: Path) -> None:
        with_keyring(folder, trusted(MemoryKeyring)).set("one", Secret(CANARY))
        store = with_passphrase(folder, PASSPHRASE, PASSPHRASE)

        with pytest.raises(SecretsLocked, match=f"one is in {KEYRING}"):
            store.set("one", Secret("a newer value"))
        assert store.set("two", Secret("another one")).place == SEALED

    def test_a_sealed_file_without_a_passphrase_answers_for_what_it_holds(self, folder: Path) -> None:
        with_passphrase(folder, PASSPHRASE, PASSPHRASE).set("one", Secret(CANARY))

        for ephemeral in (False, True):
            store = bare(folder, ephemeral=ephemeral)
            with pytest.raises(SecretsLocked):
                store.get("one")
            with pytest.raises(SecretsLocked):
                store.set("one", Secret("a newer value"))
            assert store.get("two") is None

    def test_an_unsafe_file_is_an_error_even_where_forgetting_is_allowed(self, folder: Path) -> None:
        with_passphrase(folder, PASSPHRASE, PASSPHRASE).set("one", Secret(CANARY))
        (folder / "sealed-secrets").chmod(0o644)

        with pytest.raises(SecretsUnsafe):
            bare(folder, ephemeral=True).get("two")


class TestBareMachine:
    def test_a_first_start_asks_nobody_and_writes_nothing(self, folder: Path) -> None:
        person = Person(PASSPHRASE, PASSPHRASE)
        store: SecretStore = open_store(True, True, folder=folder, environ={}, find_keyrings=none, ask=person)
        assert store.get("hook-signing") is None
        written = store.set("hook-signing", Secret(CANARY))

        assert isinstance(store, EphemeralStore)
        assert not store.lasting
        assert (written.place, written.lasting) == ("memory", False)
        assert store.get("hook-signing") == Secret(CANARY)
        assert store.names() == (StoredName("hook-signing", "memory"),)
        assert person.asked == []
        assert not folder.exists()

    def test_what_was_set_is_gone_in_the_next_process(self, folder: Path) -> None:
        bare(folder, ephemeral=True).set("hook-signing", Secret(CANARY))

        assert bare(folder, ephemeral=True).get("hook-signing") is None

    def test_it_says_so_and_how_to_make_it_last(self, folder: Path) -> None:
        report = bare(folder, ephemeral=True).describe()

        assert (report.writes_to, report.lasting) == ("memory", False)
        assert "last until this process ends" in report.sentence
        assert "tt secret set" in report.sentence
        assert "tt-passphrase" in report.sentence

    def test_what_is_given_from_outside_is_still_read(self, folder: Path) -> None:
        store = bare(folder, ephemeral=True, environ={"TT_SECRET_ONE": CANARY})

        assert store.get("one") == Secret(CANARY)

    def test_it_can_forget(self, folder: Path) -> None:
        store = bare(folder, ephemeral=True)
        store.set("one", Secret(CANARY))

        assert store.remove("one") is True
        assert store.remove("one") is False

    def test_without_leave_to_forget_set_is_refused_in_one_sentence(self, folder: Path) -> None:
        store = bare(folder, ephemeral=False)

        with pytest.raises(NoSecretPlace) as caught:
            store.set("one", Secret(CANARY))
        assert "no keyring on the list" in str(caught.value)
        assert "TT_PASSPHRASE_FD" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert store.get("one") is None
        assert store.describe().writes_to == ""
        assert not store.describe().lasting

    def test_a_lasting_place_is_preferred_where_one_works(self, tmp_path: Path, folder: Path) -> None:
        credentials = tmp_path / "credentials"
        credentials.mkdir()
        file_of(credentials, "tt-passphrase", PASSPHRASE)
        store = bare(folder, ephemeral=True, environ={"CREDENTIALS_DIRECTORY": str(credentials)})

        assert store.lasting
        assert store.set("hook-signing", Secret(CANARY)).place == SEALED

    def test_a_promised_passphrase_that_cannot_be_read_is_not_passed_over(self, folder: Path) -> None:
        with pytest.raises(SecretsLocked, match="TT_PASSPHRASE_FD=99999"):
            bare(folder, ephemeral=True, environ={"TT_PASSPHRASE_FD": "99999"})


class TestNamesAndValues:
    def test_the_list_has_names_and_places_only(self, folder: Path) -> None:
        store = with_keyring(folder, trusted(MemoryKeyring), {"TT_SECRET_ENV_ONE": CANARY})
        store.set("b", Secret(CANARY))
        store.set("a", Secret(CANARY))

        assert store.names() == (
            StoredName("a", KEYRING),
            StoredName("b", KEYRING),
            StoredName("env-one", "the environment"),
        )
        assert CANARY not in repr(store.names()) + repr(store.describe())

    @pytest.mark.parametrize("value", ["", "abc", "x" * 16_385, "nul\0inside", "half \ud800"])
    def test_a_value_that_is_no_good_is_refused(self, folder: Path, value: str) -> None:
        with pytest.raises(SecretError):
            with_keyring(folder, trusted(MemoryKeyring)).set("one", Secret(value))

    def test_a_name_that_is_no_good_is_refused_everywhere(self, folder: Path) -> None:
        store = bare(folder, ephemeral=True)

        with pytest.raises(InvalidName):
            store.get("../one")
        with pytest.raises(InvalidName):
            store.set("One", Secret(CANARY))
        with pytest.raises(InvalidName):
            store.remove("")
        with pytest.raises(InvalidName):
            store.place_to_set("passphrase")

    def test_what_comes_from_outside_cannot_be_removed_here(self, folder: Path) -> None:
        store = bare(folder, ephemeral=True, environ={"TT_SECRET_ONE": CANARY})

        with pytest.raises(SecretError, match="still given by the environment"):
            store.remove("one")

    def test_many_threads_lose_nothing(self, folder: Path) -> None:
        store = with_keyring(folder, trusted(MemoryKeyring))
        threads = [
            threading.Thread(target=store.set, args=(f"name-{number}", Secret(f"value {number}")))
            for number in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(store.names()) == 16
        assert all(store.get(f"name-{number}") == Secret(f"value {number}") for number in range(16))


class TestDoctor:
    def test_it_names_the_place_and_the_reason_for_each(self, folder: Path) -> None:
        report = with_keyring(folder, trusted(MemoryKeyring)).describe()
        states = {place.place: place.state.value for place in report.places}

        assert report.sentence == f"Secrets are stored in {KEYRING}."
        assert states == {
            "the systemd credential directory": "absent",
            "a file named by the environment": "absent",
            KEYRING: "ready",
            SEALED: "absent",
            "the environment": "absent",
        }
        assert all(place.why for place in report.places)

    def test_it_asks_nobody(self, folder: Path) -> None:
        with_passphrase(folder, PASSPHRASE, PASSPHRASE).set("one", Secret(CANARY))
        person = Person()
        store = open_store(True, False, folder=folder, environ={}, find_keyrings=none, ask=person)

        assert store.describe().writes_to == SEALED
        assert store.names() == (StoredName("one", SEALED),)
        assert person.asked == []

    def test_an_unsafe_place_is_a_line_not_an_end(self, folder: Path) -> None:
        with_passphrase(folder, PASSPHRASE, PASSPHRASE).set("one", Secret(CANARY))
        (folder / "sealed-secrets").chmod(0o644)
        report = bare(folder, ephemeral=False).describe()
        sealed = next(place for place in report.places if place.place == SEALED)

        assert sealed.state.value == "refused"
        assert "chmod 600" in sealed.why


def test_importing_it_loads_neither_keyring_nor_cryptography() -> None:
    program = "import json, sys\nimport tt_tui.secrets\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(json.loads(result.stdout))

    assert "tt_tui.secrets.store" in loaded
    assert loaded & {"keyring", "cryptography", "click", "platformdirs", "getpass"} == set()
