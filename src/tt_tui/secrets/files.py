"""Reading and writing files that nobody else may read."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from tt_tui.secrets.model import SecretError, SecretsUnsafe

_LONGEST_FILE = 1_048_576
_OTHERS = 0o077
# systemd opens a credential to its service by an access list, which shows as the group's bit.
_EVERYBODY = 0o007


def read_private(path: Path, *, follow: bool = False, group_may_read: bool = False) -> bytes | None:
    """Return the bytes of a file that only this user can read; None when there is none.

    Args:
        path: the file.
        follow: whether it may be a symbolic link.
        group_may_read: whether the group's bit is accepted, for systemd credentials only.

    Raises:
        SecretsUnsafe: others can read it, it belongs to another user, or it is no plain file.
        SecretError: the system refused to read it, or it is larger than 1 MiB.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SecretError(f"{path} could not be read ({error.strerror})") from error
    with os.fdopen(descriptor, "rb") as file:
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode):
            raise SecretsUnsafe(f"{path} is not a plain file, so no secret is read from it")
        if seen.st_mode & (_EVERYBODY if group_may_read else _OTHERS):
            raise SecretsUnsafe(
                f"{path} can be read by others (mode {stat.S_IMODE(seen.st_mode):04o}), so it is not read; "
                f"run `chmod 600 {path}`, or mount a container's secret with mode=0400"
            )
        if seen.st_uid not in (os.geteuid(), 0):
            raise SecretsUnsafe(f"{path} belongs to another user (uid {seen.st_uid}), so it is not read")
        content = file.read(_LONGEST_FILE + 1)
    if len(content) > _LONGEST_FILE:
        raise SecretError(f"{path} is larger than 1 MiB, which no secret is")
    return content


def private_text(path: Path, content: bytes) -> str:
    """Return a file's text without the one line break that editors add.

    Raises:
        SecretError: it is empty or not UTF-8.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretError(f"{path} is not UTF-8 text, so no secret is read from it") from None
    text = text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")
    if not text:
        raise SecretError(f"{path} is empty; write the secret into it or remove it")
    return text


def check_private_folder(folder: Path, *, make: bool) -> bool:
    """Return whether the folder exists (made with mode 0700 when asked) and is this user's alone.

    Raises:
        SecretsUnsafe: others can enter it, or it belongs to another user.
        SecretError: it could not be made.
    """
    try:
        if make:
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        seen = folder.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SecretError(f"the folder {folder} could not be made ({error.strerror})") from error
    if not stat.S_ISDIR(seen.st_mode):
        raise SecretsUnsafe(f"{folder} is not a folder; move it away")
    if seen.st_uid != os.geteuid():
        raise SecretsUnsafe(f"{folder} belongs to another user (uid {seen.st_uid}); choose a folder of your own")
    if seen.st_mode & _OTHERS:
        raise SecretsUnsafe(
            f"{folder} is open to others (mode {stat.S_IMODE(seen.st_mode):04o}), so it is not used; "
            f"run `chmod 700 {folder}`"
        )
    return True


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step with mode 0600, durable when this returns.

    Raises:
        SecretError: it could not be written; the old content then stands.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise SecretError(f"{path} could not be written ({error.strerror}); what it held before stands") from error
