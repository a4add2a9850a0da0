"""Bodies for the tests of the dialects."""

from __future__ import annotations

import json
from typing import Any


def body(**fields: Any) -> str:
    """Return a JSON body; a field set to None is sent as null."""
    return json.dumps(fields)
