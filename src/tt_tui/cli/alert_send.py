"""Signs and posts one alert."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tt_tui.infra.http import HttpClient, HttpReply
from tt_tui.infra.redaction import Secret

PATH = "/webhook/tradingview"
_LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post, and what to sign with."""

    url: str
    secret: Secret


def target_of(url: str | None, hook: str | None, ready_file: Path | None, *, demo: bool) -> Target:
    """Return address and secret: of the ready file, else of the running desk and the secret store.

    Raises ``ValueError`` where one of them is not to be had, ``HookError`` or ``SecretError``.
    """
    if ready_file is not None:
        return _of_ready_file(ready_file, url)
    from tt_tui.cli.hooks_of_user import folder_of, signing_secret

    secret = signing_secret(hook, demo=demo)
    if secret is None:
        secret = _asked()
    return Target(url or _running(folder_of(demo)), secret)


def post(target: Target, body: bytes) -> HttpReply:
    """Post a body with its signature; raises ``NotSent`` or ``OutcomeUnknown``."""
    signature = hmac.new(target.secret.reveal().encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Webhook-Signature": signature}
    local = urlsplit(target.url).hostname in _LOCAL
    with HttpClient(trust_env=not local) as client:
        return client.post(f"{target.url.rstrip('/')}{PATH}", body, headers)


def _of_ready_file(path: Path, url: str | None) -> Target:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Target(url or str(found["url"]), Secret(str(found["signing_secret"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no ready file of `tt listen` ({type(error).__name__}); write it anew") from None


def _asked() -> Secret:
    if not sys.stdin.isatty():
        raise ValueError(
            "the signing secret is neither in the secret store nor can it be asked for here; use --ready-file, or "
            "run this in a terminal"
        )
    import getpass

    return Secret(getpass.getpass("Signing secret (hidden): "))


def _running(data: Path) -> str:
    from tt_tui.cli.session import JOURNAL_FILE
    from tt_tui.desk.journal_lock import holder

    facts = holder(data / JOURNAL_FILE) or {}
    listener = facts.get("listener")
    if not listener:
        raise ValueError("no running desk of this user listens for alerts; start `tt` or `tt listen`, or give --url")
    return f"http://{listener}"
