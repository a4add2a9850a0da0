"""The book of hooks: who may send alerts, by which proof, for what; changed by commands, re-read while it runs.

Tokens are kept as SHA-256 digests and shown once, when they are made. Signing secrets must be known to check a
signature, so they lie in the secret store under a name. A signing secret is ``whsec_`` and the base64 of 32 random
bytes. Standard Webhooks signs with the decoded bytes; ``X-Webhook-Signature`` signs with the text as shown, so
that ``openssl dgst -sha256 -hmac "$SECRET"`` gives the right answer.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from tt_tui.infra.redaction import Secret
from tt_tui.listener.hook_file import (
    Hook,
    HookError,
    HookFile,
    SecretRow,
    TokenRow,
    check_hook,
    one_writer,
    read_hooks,
    write_hooks,
)
from tt_tui.listener.hook_help import help_text

__all__ = ["FirstRun", "Hook", "HookBook", "HookError", "Issued", "Keys", "SigningStore"]

TOKEN_HOOK = "tradingview"  # noqa: S105 a hook's name
SIGNED_HOOK = "relay"
API_NAME = "api"
TOKEN_BYTES = 24
SECRET_BYTES = 32
_HOUR = 3600 * 1_000_000_000
_Row = TypeVar("_Row", TokenRow, SecretRow)


class SigningStore(Protocol):
    """The part of the secret store that hooks use; every call may block."""

    @property
    def lasting(self) -> bool:
        """Whether what is set survives the process."""
        ...

    def get(self, name: str) -> Secret | None:
        """Return a secret, None where there is none."""
        ...

    def set(self, name: str, secret: Secret) -> object:
        """Keep a secret."""
        ...

    def remove(self, name: str) -> bool:
        """Forget a secret."""
        ...


class WallClock(Protocol):
    """Wall time in nanoseconds UTC."""

    def now(self) -> int:
        """Return the time."""
        ...


@dataclass(frozen=True, slots=True)
class Issued:
    """A proof that was just made, in plain words for the one time it is shown."""

    name: str
    kind: str
    """``token``, ``signing_secret`` or ``api_token``."""
    value: Secret


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What the first start made; shown once."""

    token: Secret
    signing_secret: Secret
    api_token: Secret


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A token to compare with."""

    digest: bytes
    row: TokenRow
    hook: Hook


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signing secret to compute with."""

    secret: Secret
    row: SecretRow
    hook: Hook


@dataclass(frozen=True, slots=True)
class Keys:
    """Everything a proof is compared with, as of one reading of the book."""

    tokens: tuple[TokenKey, ...] = ()
    signing: tuple[SigningKey, ...] = ()
    api: tuple[tuple[bytes, TokenRow], ...] = ()


class HookBook:
    """Hooks over one file. Changes are seen by a running listener within a second (``refresh``).

    Args:
        path: the file; mode 0600 in a private folder.
        store: where signing secrets lie.
        clock: gives the time of making and expiry.
        entropy: gives random bytes.
        store_error: what the store raises where it can't answer or keep.
    """

    def __init__(
        self,
        path: Path,
        store: SigningStore,
        clock: WallClock,
        entropy: Callable[[int], bytes] = os.urandom,
        *,
        store_error: type[Exception] = OSError,
    ) -> None:
        self._path = path
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._store_error = store_error
        self._file = HookFile()
        self._seen: tuple[int, int, int] | None = None
        self._made: dict[str, Secret] = {}
        self._run_secrets: dict[str, Secret] = {}
        self._run_hooks: dict[str, Hook] = {}
        """Proofs of this run alone, by the hook that they are another proof of."""
        self._run_api: tuple[TokenRow, ...] = ()
        self.keys = Keys()
        """What proofs are compared with; replaced as a whole, so any thread may read it."""
        self.notes: tuple[str, ...] = ()
        """What the user should know of the last reading, a sentence each."""

    def ensure_first(self, groups: Sequence[str]) -> FirstRun | None:
        """Make the first token, signing secret and API token for these groups; None where a book exists already.

        Blocks; raises ``HookError``.
        """
        with one_writer(self._path):
            if read_hooks(self._path) is not None:
                return None
            default = "main" if "main" in groups else next(iter(groups), "")
            token, api_token = self._new_token(), self._new_token()
            secret, row = self._new_secret(SIGNED_HOOK, lasting=False)
            shared = {"groups": tuple(groups), "default_group": default}
            tv = msgspec.convert({"name": TOKEN_HOOK, "profile": "tv", **shared}, Hook)
            signed = msgspec.convert({"name": SIGNED_HOOK, "profile": "signed", **shared}, Hook)
            hooks = (
                check_hook(msgspec.structs.replace(tv, tokens=(self._token_row(token),))),
                check_hook(msgspec.structs.replace(signed, secrets=(row,))),
            )
            write_hooks(self._path, HookFile(hooks=hooks, api_tokens=(self._token_row(api_token),)))
        self._made |= {TOKEN_HOOK: token, API_NAME: api_token}
        self.load()
        return FirstRun(token=token, signing_secret=secret, api_token=api_token)

    def load(self) -> None:
        """Read the book and its signing secrets; blocks, raises ``HookError``.

        Where nothing on this machine can keep a secret, a signing secret that is gone is made anew for this run.
        """
        self._seen = self._stamp()
        self._compile(read_hooks(self._path) or HookFile(), make_missing=not self._store.lasting)

    def refresh(self) -> bool:
        """Read the book again where it has changed on disk; returns whether it had. Blocks, raises ``HookError``."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        self._compile(read_hooks(self._path) or HookFile(), make_missing=False)
        return True

    def hooks(self) -> tuple[Hook, ...]:
        """Return the hooks as of the last reading."""
        return self._file.hooks

    def add(self, hook: Hook) -> Issued:
        """Add a hook (without proofs) and make its first proof; blocks, raises ``HookError``."""
        with one_writer(self._path):
            file = read_hooks(self._path) or HookFile()
            if any(each.name == hook.name for each in file.hooks) or hook.name == API_NAME:
                raise HookError(f"the name {hook.name} is taken; `tt hook rotate {hook.name}` makes a new proof")
            return self._issue(file, check_hook(msgspec.structs.replace(hook, tokens=(), secrets=())), expires=None)

    def rotate(self, name: str, overlap_hours: float = 24.0) -> Issued:
        """Make a new proof; the old ones are accepted for that many hours more. Blocks, raises ``HookError``.

        ``api`` names the token of the API.
        """
        if not 0 <= overlap_hours <= 24 * 365:
            raise HookError(f"the overlap is 0 to 8760 hours, was {overlap_hours:g}")
        with one_writer(self._path):
            file = read_hooks(self._path) or HookFile()
            expires = self._clock.now() + int(overlap_hours * _HOUR)
            if name == API_NAME:
                token = self._new_token()
                rows = (*_ending(file.api_tokens, expires, self._clock.now()), self._token_row(token))
                self._save(msgspec.structs.replace(file, api_tokens=rows))
                self._made[API_NAME] = token
                return Issued(API_NAME, "api_token", token)
            return self._issue(file, file.hook(name), expires)

    def revoke(self, name: str, *, old_only: bool = False) -> Hook:
        """Remove a hook with all its proofs, or only those that a rotation replaced; returns what it was.

        Blocks, raises ``HookError``.
        """
        with one_writer(self._path):
            file = read_hooks(self._path) or HookFile()
            hook = file.hook(name)
            gone = hook.secrets[:-1] if old_only else hook.secrets
            if old_only:
                file = file.with_hook(msgspec.structs.replace(hook, tokens=hook.tokens[-1:], secrets=hook.secrets[-1:]))
            else:
                file = file.without(name)
                self._made.pop(name, None)
            self._save(file)
        self._forget(gone)
        return hook

    def token(self, name: str = TOKEN_HOOK) -> Secret | None:
        """Return a hook's token where it was made in this run; afterwards nobody knows it."""
        return self._made.get(name)

    def api_token(self) -> Secret | None:
        """Return the API's token where it was made in this run."""
        return self._made.get(API_NAME)

    def signing_secret(self, name: str = SIGNED_HOOK) -> Secret | None:
        """Return a hook's newest signing secret, None where it can't be read."""
        found = [key.secret for key in self.keys.signing if key.hook.name == name]
        return found[-1] if found else None

    def proofs_of_run(self) -> FirstRun:
        """Return a token, a signing secret and an API token that work now, for a program that started this one.

        What can no longer be shown gets another value beside it, which this process alone accepts until it ends or
        the hook is revoked. A value is empty where no hook of its kind exists. Called before the listener starts.
        """
        file, nothing = self._file, Secret("")
        signed = next((hook.name for hook in file.hooks if hook.profile == "signed"), "")
        posted = next((hook.name for hook in file.hooks if hook.profile == "tv"), "")
        secret, token, api_token = self.signing_secret(signed), self.token(posted), self.api_token()
        if signed and secret is None:
            secret, row = self._secret_value(), SecretRow(name=f"run-{signed}", made=self._clock.now())
            self._run_secrets[row.name] = secret
            self._run_hooks[signed] = Hook(name=signed, profile="signed", secrets=(row,))
        if posted and token is None:
            token = self._made[posted] = self._new_token()
            self._run_hooks[posted] = Hook(name=posted, profile="tv", tokens=(self._token_row(token),))
        if api_token is None:
            api_token = self._made[API_NAME] = self._new_token()
            self._run_api = (self._token_row(api_token),)
        self._compile(file, make_missing=False)
        return FirstRun(token=token or nothing, signing_secret=secret or nothing, api_token=api_token)

    def help_text(self, url: str) -> str:
        """Return the address, a ready TradingView message and a signed curl line, in plain text."""
        return help_text(url, self._file.hooks, self._made, self.signing_secret)

    def _issue(self, file: HookFile, hook: Hook, expires: int | None) -> Issued:
        now = self._clock.now()
        if hook.profile == "tv":
            token = self._new_token()
            rows = _ending(hook.tokens, expires, now) if expires is not None else ()
            self._save(file.with_hook(msgspec.structs.replace(hook, tokens=(*rows, self._token_row(token)))))
            self._made[hook.name] = token
            return Issued(hook.name, "token", token)
        secret, row = self._new_secret(hook.name, lasting=True)
        kept = _ending(hook.secrets, expires, now) if expires is not None else ()
        self._save(file.with_hook(msgspec.structs.replace(hook, secrets=(*kept, row))))
        self._forget([old for old in hook.secrets if all(old.name != each.name for each in kept)])
        return Issued(hook.name, "signing_secret", secret)

    def _save(self, file: HookFile) -> None:
        write_hooks(self._path, file)
        self._seen = self._stamp()
        self._compile(file, make_missing=False)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            seen = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise HookError(f"{self._path} can't be read: {error.strerror}") from error
        return seen.st_mtime_ns, seen.st_ino, seen.st_size

    def _compile(self, file: HookFile, *, make_missing: bool) -> None:
        notes: list[str] = []
        signing = []
        now = self._clock.now()
        for hook in file.hooks:
            for row in (*hook.secrets, *self._run_rows(hook.name).secrets):
                if row.is_live(now) and (secret := self._read(hook, row, notes, make_missing)) is not None:
                    signing.append(SigningKey(secret, row, hook))
        tokens = tuple(
            TokenKey(bytes.fromhex(row.digest), row, hook)
            for hook in file.hooks
            for row in (*hook.tokens, *self._run_rows(hook.name).tokens)
        )
        api = tuple((bytes.fromhex(row.digest), row) for row in (*file.api_tokens, *self._run_api))
        self._file, self.notes = file, tuple(notes)
        self.keys = Keys(tokens=tokens, signing=tuple(signing), api=api)

    def _run_rows(self, name: str) -> Hook:
        return self._run_hooks.get(name) or Hook(name=name, profile="")

    def _read(self, hook: Hook, row: SecretRow, notes: list[str], make_missing: bool) -> Secret | None:
        known = self._run_secrets.get(row.name)
        if known is not None:
            return known
        why = "it is not in the secret store"
        try:
            found = self._store.get(row.name)
        except self._store_error as error:
            found, why = None, str(error)
        if found is not None:
            return found
        if make_missing:
            made = self._run_secrets[row.name] = self._secret_value()
            notes.append(
                f"Nothing on this machine keeps a secret, so {hook.name} has a new signing secret for this run; "
                "set up a keyring or a passphrase (`tt doctor` says how) to keep it."
            )
            return made
        notes.append(
            f"The signing secret of {hook.name} can't be read, so its alerts are refused: {why}; "
            f"`tt hook rotate {hook.name}` makes a new one."
        )
        return None

    def _new_token(self) -> Secret:
        return Secret(base64.urlsafe_b64encode(self._entropy(TOKEN_BYTES)).decode().rstrip("="))

    def _token_row(self, token: Secret) -> TokenRow:
        return TokenRow(digest=hashlib.sha256(token.reveal().encode()).hexdigest(), made=self._clock.now())

    def _secret_value(self) -> Secret:
        return Secret(f"whsec_{base64.b64encode(self._entropy(SECRET_BYTES)).decode()}")

    def _new_secret(self, hook: str, *, lasting: bool) -> tuple[Secret, SecretRow]:
        """Make a signing secret and keep it; one that another process must read needs a place that lasts."""
        if lasting and not self._store.lasting:
            raise HookError(
                f"a new signing secret for {hook} could not be kept: this machine has neither a keyring nor a "
                "passphrase for the secret file; `tt doctor` says how to set one up"
            )
        secret = self._secret_value()
        row = SecretRow(name=f"hook-{hook}-{self._entropy(4).hex()}", made=self._clock.now())
        if not self._store.lasting:
            self._run_secrets[row.name] = secret
            return secret, row
        try:
            self._store.set(row.name, secret)
        except self._store_error as error:
            raise HookError(f"the signing secret of {hook} could not be kept: {error}") from error
        return secret, row

    def _forget(self, rows: Sequence[SecretRow]) -> None:
        for row in rows:
            self._run_secrets.pop(row.name, None)
            try:
                self._store.remove(row.name)
            except self._store_error as error:
                self.notes = (*self.notes, f"{row.name} is no longer accepted, but stays in the secret store: {error}")


def _ending(rows: Sequence[_Row], expires: int, now: int) -> tuple[_Row, ...]:
    """Return the rows that still live, ending at that time at the latest."""
    return tuple(
        msgspec.structs.replace(row, expires=expires if row.expires is None else min(row.expires, expires))
        for row in rows
        if row.is_live(now) and expires > now
    )
