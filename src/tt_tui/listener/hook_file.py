"""The hooks on disk: what each may trade, and its proofs as digests and as names of secrets, never in plain text."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from tt_tui.domain.alert import Sender
from tt_tui.infra.locations import private_folder

LONGEST_NAME = 32
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_PROFILES = ("tv", "signed")
_SIDES = ("long", "short")


class HookError(Exception):
    """The hooks could not be read or changed; the text says what was seen and can be done."""


class TokenRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One token, known by its SHA-256 only; wall times in nanoseconds UTC."""

    digest: str
    made: int
    expires: int | None = None

    def is_live(self, now: int) -> bool:
        """Return True while it is accepted."""
        return self.expires is None or now < self.expires


class SecretRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One signing secret, by its name in the secret store."""

    name: str
    made: int
    expires: int | None = None

    def is_live(self, now: int) -> bool:
        """Return True while it is accepted."""
        return self.expires is None or now < self.expires


class Hook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sender: a strategy of its own, with what its proof permits (webhook-security §2)."""

    name: str
    profile: str
    """``tv`` proves itself by a token, ``signed`` by a signature."""
    groups: tuple[str, ...] = ()
    default_group: str = "main"
    symbols: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    maximum_quantity: int | None = None
    tokens: tuple[TokenRow, ...] = ()
    secrets: tuple[SecretRow, ...] = ()

    def sender(self, *, timed: bool = False) -> Sender:
        """Return the sender that the desk judges."""
        return Sender(
            name=self.name,
            profile=self.profile,
            groups=self.groups,
            symbols=self.symbols,
            sides=self.sides,
            maximum_quantity=self.maximum_quantity,
            default_group=self.default_group,
            timed=timed,
        )


class HookFile(msgspec.Struct, frozen=True, kw_only=True):
    """All hooks, and the tokens that may read the API."""

    version: int = 1
    hooks: tuple[Hook, ...] = ()
    api_tokens: tuple[TokenRow, ...] = ()

    def hook(self, name: str) -> Hook:
        """Return the hook of that name; raises ``HookError`` naming those there are."""
        for hook in self.hooks:
            if hook.name == name:
                return hook
        names = ", ".join(hook.name for hook in self.hooks) or "none yet; `tt hook add NAME` makes one"
        raise HookError(f"no hook is called {name!r}; there are: {names}")

    def with_hook(self, hook: Hook) -> HookFile:
        """Return the file with a hook added, or replaced by its name."""
        kept = [hook if each.name == hook.name else each for each in self.hooks]
        if all(each.name != hook.name for each in self.hooks):
            kept.append(hook)
        return msgspec.structs.replace(self, hooks=tuple(kept))

    def without(self, name: str) -> HookFile:
        """Return the file without a hook."""
        return msgspec.structs.replace(self, hooks=tuple(hook for hook in self.hooks if hook.name != name))


def check_hook(hook: Hook) -> Hook:
    """Return the hook when it makes sense; raises ``HookError`` saying what does not."""
    if len(hook.name) > LONGEST_NAME or not _NAME.fullmatch(hook.name):
        raise HookError(
            f"{hook.name[:LONGEST_NAME]!r} can't name a hook: use small letters, digits and single dashes, "
            f"at most {LONGEST_NAME}, such as my-strategy"
        )
    if hook.profile not in _PROFILES:
        raise HookError(f"{hook.name}: the profile is tv (a token) or signed (a signature), was {hook.profile!r}")
    if not hook.groups:
        raise HookError(f"{hook.name}: name at least one account group that it may use")
    if hook.default_group not in hook.groups:
        raise HookError(
            f"{hook.name}: the default group {hook.default_group!r} is not one of its groups: {', '.join(hook.groups)}"
        )
    if not set(hook.sides) <= set(_SIDES):
        raise HookError(f"{hook.name}: sides are long and short, was {', '.join(hook.sides)}")
    if hook.maximum_quantity is not None and hook.maximum_quantity < 1:
        raise HookError(f"{hook.name}: the maximum quantity is at least 1, was {hook.maximum_quantity}")
    return hook


def read_hooks(path: Path) -> HookFile | None:
    """Return what the file holds, None where there is none yet; raises ``HookError``."""
    try:
        with path.open("rb") as file:
            seen = os.fstat(file.fileno())
            data = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HookError(f"{path} can't be read: {error.strerror}") from error
    if seen.st_uid != os.getuid() or seen.st_mode & 0o077:
        raise HookError(f"others can read or change {path}, so it is not used; run `chmod 600` on it, as its owner")
    try:
        found = msgspec.json.decode(data, type=HookFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HookError(f"{path} is damaged ({error}); restore it, or delete it to begin anew") from error
    if found.version != 1:
        raise HookError(f"{path} was written by a newer version (format {found.version}); update this program")
    names = [hook.name for hook in found.hooks]
    if len(set(names)) != len(names):
        raise HookError(f"{path} names a hook twice; keep one of them")
    for hook in found.hooks:
        check_hook(hook)
    return found


def write_hooks(path: Path, hooks: HookFile) -> None:
    """Replace the file durably, readable by this user only; raises ``HookError``."""
    draft = path.with_name(f"{path.name}.new")
    try:
        private_folder(path.parent)
        with suppress(FileNotFoundError):
            draft.unlink()
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(hooks), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise HookError(f"{path} can't be written: {error}") from error


@contextmanager
def one_writer(path: Path) -> Iterator[None]:
    """Keep other processes from changing the hooks meanwhile."""
    try:
        private_folder(path.parent)
        descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HookError(f"{path.parent} can't be written: {error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
