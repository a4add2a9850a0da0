"""Where things live on this machine: the one module that knows a path.

The user's folders follow the platform (XDG on Linux, Library on macOS); each can be set by an environment
variable, which is how a service, a container or a test keeps them apart. What the program ships (themes,
keymaps, plans) is found both in an installed wheel and in a checkout.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Literal

APP = "tt"

ShippedKind = Literal["themes", "keymaps", "plans"]

_PACKAGE = Path(__file__).resolve().parent.parent
# What lies inside the package in both cases; everything else is a top-level folder of the repository.
_INSIDE_PACKAGE = {"plans": Path("risk", "plans")}


def config_folder() -> Path:
    """Return the folder of what the user configures: `TT_CONFIG_FOLDER`, else the platform's."""
    from platformdirs import user_config_path

    return _chosen("TT_CONFIG_FOLDER") or user_config_path(APP, appauthor=False)


def data_folder() -> Path:
    """Return the folder of what must not be lost, as the journal: `TT_DATA_FOLDER`, else the platform's."""
    from platformdirs import user_data_path

    return _chosen("TT_DATA_FOLDER") or user_data_path(APP, appauthor=False)


def state_folder() -> Path:
    """Return the folder of what is nice to keep, as the history: `TT_STATE_FOLDER`, else the platform's."""
    from platformdirs import user_state_path

    return _chosen("TT_STATE_FOLDER") or user_state_path(APP, appauthor=False)


def log_folder() -> Path:
    """Return the folder of the log files: `TT_LOG_FOLDER`, else the platform's."""
    from platformdirs import user_log_path

    return _chosen("TT_LOG_FOLDER") or user_log_path(APP, appauthor=False)


def runtime_folder() -> Path:
    """Return the folder of sockets and process files: `TT_RUNTIME_FOLDER`, else the platform's."""
    from platformdirs import user_runtime_path

    return _chosen("TT_RUNTIME_FOLDER") or user_runtime_path(APP, appauthor=False)


def private_folder(path: Path) -> Path:
    """Make the folder, and every missing parent, for this user only (mode 0700), and return it.

    A folder that already exists keeps its mode: it may be shared on purpose, and it is not ours to change.

    Raises:
        NotADirectoryError: something that is no folder has that name.
        PermissionError: the folder belongs to another user, or everybody may write to it.
    """
    missing = []
    folder = path
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not path.is_dir():
        raise NotADirectoryError(f"{path} was to be a folder but is a file; move it away or choose another folder")
    seen = path.stat()
    if seen.st_uid != os.getuid():
        raise PermissionError(f"{path} belongs to another user (uid {seen.st_uid}); choose a folder of your own")
    if seen.st_mode & stat.S_IWOTH:
        raise PermissionError(f"everybody may write to {path}; run `chmod o-w {path}` or choose another folder")
    return path


def shipped(kind: ShippedKind) -> Path:
    """Return the folder of what the program ships under that name, in a wheel as in a checkout.

    Raises:
        FileNotFoundError: the installation is incomplete; the text names the places that were tried.
    """
    if kind in _INSIDE_PACKAGE:
        places = [_PACKAGE / _INSIDE_PACKAGE[kind]]
    else:
        places = [_PACKAGE / "_shipped" / kind, _PACKAGE.parent.parent / kind]
    for place in places:
        if place.is_dir():
            return place
    tried = " and ".join(str(place) for place in places)
    raise FileNotFoundError(f"the shipped {kind} are missing, tried {tried}; please install tt-tui again")


def _chosen(variable: str) -> Path | None:
    value = os.environ.get(variable, "")
    return Path(value).expanduser().absolute() if value else None
