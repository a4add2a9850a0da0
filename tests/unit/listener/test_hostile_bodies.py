"""10,000 generated hostile bodies: no 5xx, nothing traded, nothing echoed, nothing remembered but what is counted."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from tests.unit.listener.support import SECOND, House
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.instrument import UnknownSymbol
from tt_tui.domain.rolls import RollCalendar
from tt_tui.domain.symbology import resolve

COUNT = 10_000
TEMPLATE = {"symbol": "ES", "action": "buy", "quantity": 1, "strategy": "s", "account_group": "main"}
HOSTILE: tuple[Any, ...] = (
    True, [], {}, [[["x"]]], {"a": {"b": 1}}, -1, 0, "-1", "0", "1e308", "NaN", "Infinity", "1,5",
    "{{strategy.order.contracts}}", "1; DROP TABLE orders", "../../etc/passwd", "\u0000", "\u202e", "9" * 400,
    "50%", "$100", "all", "half", 1e308, -0.0,
)  # fmt: skip


def _wrong_amount(rng: random.Random) -> bytes:
    return json.dumps({**TEMPLATE, "quantity": rng.choice(HOSTILE)}).encode()


def _wrong_verb(rng: random.Random) -> bytes:
    words: tuple[Any, ...] = (
        "",
        "b",
        "hodl",
        "buysell",
        "{{strategy.order.action}}",
        "BUY SELL",
        "🚀",
        1,
        None,
        ["buy"],
        {"buy": 1},
    )
    return json.dumps({**TEMPLATE, "action": rng.choice(words), "quantity": rng.choice(HOSTILE)}).encode()


def _wrong_symbol(rng: random.Random) -> bytes:
    words: tuple[Any, ...] = ("", "{{ticker}}", None, 5, [], {}, "ES;NQ", "E" * 300, "\ud83d", "ES\nNQ", "<script>")
    return json.dumps({**TEMPLATE, "symbol": rng.choice(words)}).encode()


def _cut(rng: random.Random) -> bytes:
    whole = json.dumps(TEMPLATE).encode()
    return whole[: rng.randrange(1, len(whole) - 1)]


def _deep(rng: random.Random) -> bytes:
    depth = rng.choice((9, 20, 50, 100, 200, 500, 5_000))
    opened = rng.choice((b"[", b'{"a":'))
    return (opened * depth)[:16_000]


def _bytes(rng: random.Random) -> bytes:
    return b"\xff\x00" + rng.randbytes(rng.randrange(0, 400))


def _twice(rng: random.Random) -> bytes:
    return b'{"symbol": "ES", "action": "buy", "quantity": 1, "quantity": %d, "action": "sell"}' % rng.randrange(2, 99)


def _wide(rng: random.Random) -> bytes:
    return json.dumps({**TEMPLATE, **{f"k{number}": number for number in range(rng.randrange(65, 400))}}).encode()


def _patterns(rng: random.Random) -> bytes:
    piece = rng.choice((b'token="', b"token=", b'"key":', b'\\"', b"a=b;", b"'", b"{", b"secret: \xe2\x80\x9c", b", "))
    return piece * (rng.randrange(1, 16_000 if rng.random() < 0.05 else 800) // len(piece))


MAKERS = (_wrong_amount, _wrong_verb, _wrong_symbol, _cut, _deep, _bytes, _twice, _wide, _patterns)


def _is_tradable(instruction: Instruction) -> bool:
    """Return True for what the desk would carry out; it refuses what no symbol names, and every other unit."""
    if instruction.action in (Action.ERROR, Action.IGNORE) or instruction.quantity_type != "contracts":
        return False
    try:
        resolve(instruction.symbol, today=date(2026, 11, 23), rolls=RollCalendar())
    except UnknownSymbol:
        return False
    return True


async def test_hostile_bodies_do_nothing(tmp_path: Path) -> None:
    house, rng = House(tmp_path), random.Random(20_261_123)
    statuses: Counter[int] = Counter()
    for number in range(COUNT):
        maker = MAKERS[number % len(MAKERS)]
        body = maker(rng)
        is_proven = rng.random() < 0.5
        house.clock.at += SECOND // 20
        answer = await house.post(body, None if is_proven else rng.choice(("", "wrong")))
        statuses[answer.status] += 1
        assert answer.status < 500, body
        assert is_proven or answer.status in (401, 429), body
        assert b"Traceback" not in answer.body
        assert house.token.encode() not in answer.body
        assert len(answer.body) < 2_000

    traded = [(body, instruction) for _, body, instruction, _, _ in house.desk.taken if _is_tradable(instruction)]
    assert not traded, traded[:3]
    assert statuses[400] > COUNT // 4
    assert statuses[401] + statuses[429] > COUNT // 4
    assert sum(statuses.values()) == COUNT
