"""The file that tells a program which started this one where it listens, and with which proofs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tt_tui.listener.hooks import FirstRun


def write_ready(path: Path, address: str, proofs: FirstRun | None) -> None:
    """Write the file whole, for this user only; whoever waits for it never sees a part of it.

    All values work: a token that was made in an earlier run can't be shown, so then another one stands here that
    this process alone accepts, beside the old one. Raises ``OSError``.
    """
    document = {
        "url": f"http://{address}" if address else "",
        "token": proofs.token.reveal() if proofs else "",
        "signing_secret": proofs.signing_secret.reveal() if proofs else "",
        "api_token": proofs.api_token.reveal() if proofs else "",
        "pid": os.getpid(),
    }
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)
        file.write("\n")
    draft.replace(path)
