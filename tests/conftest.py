"""What every test gets: a home of its own, and none of the developer's settings or secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDERS = ("CONFIG", "DATA", "STATE", "LOG", "RUNTIME")
XDG = {
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_STATE_HOME": "state",
    "XDG_CACHE_HOME": "cache",
    "XDG_RUNTIME_DIR": "run",
}
# Services and shells hand secrets over under these names too.
SECRET_ENDINGS = ("_TOKEN", "_SECRET", "_PASSWORD", "_API_KEY")
SECRET_NAMES = ("CREDENTIALS_DIRECTORY", "DBUS_SESSION_BUS_ADDRESS")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hide the user's folders and secrets from the test and what it starts; return its empty home."""
    for name in tuple(os.environ):
        if name.startswith("TT_") or name.endswith(SECRET_ENDINGS) or name in SECRET_NAMES:
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for variable, folder in XDG.items():
        monkeypatch.setenv(variable, str(home / folder))
    for name in FOLDERS:
        monkeypatch.setenv(f"TT_{name}_FOLDER", str(home / "tt" / name.lower()))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return home
