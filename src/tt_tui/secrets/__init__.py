"""Where credentials live: one store over several places, in a fixed order.

First come places that are only read: the systemd credential directory, then files named by ``TT_SECRET_<NAME>_FILE``.
Then the two that `tt secret set` writes: the system keyring, when a write-read-delete test proves it, and a file
sealed with a passphrase. Last, with a warning, environment variables. Nothing is ever stored in plain text.

The first place that holds a name answers for it, or says why it cannot: a locked keyring is an error, never "not set".

Where neither keyring nor passphrase is to be had, `open_store` with ``allow_ephemeral`` gives an `EphemeralStore`:
what is set lives in memory until the process ends, and `describe` says so, with what to do to make it last. A
listener on a bare headless machine thus makes its signing secret anew at each start. A key file beside a sealed
file would be no better than plain text, so there is none. What need not be read back (a token) is better kept as
a digest than here.
"""

from __future__ import annotations

from tt_tui.infra.redaction import Secret
from tt_tui.secrets.model import (
    InvalidName,
    NoSecretPlace,
    PlaceReport,
    SecretError,
    SecretsDamaged,
    SecretsLocked,
    SecretStore,
    SecretsUnsafe,
    StoredName,
    StoreReport,
    Written,
    check_name,
)
from tt_tui.secrets.store import EphemeralStore, LayeredStore, open_store

__all__ = [
    "EphemeralStore",
    "InvalidName",
    "LayeredStore",
    "NoSecretPlace",
    "PlaceReport",
    "Secret",
    "SecretError",
    "SecretStore",
    "SecretsDamaged",
    "SecretsLocked",
    "SecretsUnsafe",
    "StoreReport",
    "StoredName",
    "Written",
    "check_name",
    "open_store",
]
