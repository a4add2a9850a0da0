"""Where things live: the user's folders and what is shipped."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tt_tui.infra import locations

FOLDERS: dict[str, Callable[[], Path]] = {
    "TT_CONFIG_FOLDER": locations.config_folder,
    "TT_DATA_FOLDER": locations.data_folder,
    "TT_STATE_FOLDER": locations.state_folder,
    "TT_LOG_FOLDER": locations.log_folder,
    "TT_RUNTIME_FOLDER": locations.runtime_folder,
}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("variable", FOLDERS)
def test_a_folder_can_be_set(variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "mine"))

    assert FOLDERS[variable]() == tmp_path / "mine"


@pytest.mark.parametrize("variable", FOLDERS)
@pytest.mark.parametrize("value", [None, ""])
def test_else_it_is_the_platforms_and_inside_the_home(
    variable: str, value: str | None, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    if value is None:
        monkeypatch.delenv(variable, raising=False)
    else:
        monkeypatch.setenv(variable, value)

    folder = FOLDERS[variable]()

    assert "tt" in folder.parts
    assert folder.is_relative_to(own_home), "the test environment lets the developer's own folders through"


def test_the_folders_are_all_different(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in FOLDERS:
        monkeypatch.delenv(variable, raising=False)

    assert len({folder() for folder in FOLDERS.values()}) == len(FOLDERS)


def test_a_set_folder_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TT_DATA_FOLDER", "here")
    monkeypatch.setenv("TT_LOG_FOLDER", "~/logs")

    assert locations.data_folder() == tmp_path / "here"
    assert locations.log_folder() == tmp_path / "home" / "logs"


def test_asking_makes_nothing(own_home: Path) -> None:
    for folder in FOLDERS.values():
        folder()

    assert list(own_home.iterdir()) == []


def test_a_private_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    wanted = tmp_path / "a" / "b"

    assert locations.private_folder(wanted) == wanted
    assert locations.private_folder(wanted) == wanted

    assert [mode(wanted), mode(wanted.parent)] == [0o700, 0o700]


def test_a_folder_that_stands_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)

    locations.private_folder(shared)

    assert mode(shared) == 0o755


def test_a_folder_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)

    with pytest.raises(PermissionError, match="chmod o-w"):
        locations.private_folder(shared)


def test_the_folder_of_another_user_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)

    with pytest.raises(PermissionError, match=f"another user \\(uid {owner}\\)"):
        locations.private_folder(tmp_path)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(NotADirectoryError, match="is a file"):
        locations.private_folder(tmp_path / "file")


def test_shipped_themes_and_keymaps_are_found() -> None:
    assert locations.shipped("themes").is_dir()
    assert locations.shipped("keymaps").is_dir()


@pytest.mark.parametrize("kind", ["themes", "keymaps", "plans"])
def test_a_wheel_ships_inside_the_package(
    kind: locations.ShippedKind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "site-packages" / "tt_tui"
    inside = package / "risk" / "plans" if kind == "plans" else package / "_shipped" / kind
    inside.mkdir(parents=True)
    (tmp_path / kind).mkdir()
    monkeypatch.setattr(locations, "_PACKAGE", package)

    assert locations.shipped(kind) == inside


def test_an_incomplete_installation_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(locations, "_PACKAGE", tmp_path / "lib" / "tt_tui")

    with pytest.raises(FileNotFoundError, match=r"_shipped/themes and .*install tt-tui again"):
        locations.shipped("themes")


def test_importing_it_costs_next_to_nothing() -> None:
    program = "import sys; import tt_tui.infra.locations; print('platformdirs' in sys.modules)"

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout == "False\n"
