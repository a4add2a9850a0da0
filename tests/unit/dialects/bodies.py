"""Bodies for the tests of the dialects."""

from __future__ import annotations

import json
from typing import Any

from tt_tui.domain.instruction import Instruction
from tt_tui.listener.dialects import parse


def body(**fields: Any) -> str:
    """Return a JSON body; a field set to None is sent as null."""
    return json.dumps(fields)


def ask(**fields: Any) -> Instruction:
    """Parse a buy of one ES with more fields."""
    return parse(body(**{"symbol": "ES1!", "action": "buy", "quantity": 1, **fields}))
