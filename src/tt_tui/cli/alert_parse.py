"""``tt alert parse``: show what an alert body means to this program, without trading it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from decimal import Decimal

    from tt_tui.domain.instruction import AccountShown, Instruction
    from tt_tui.domain.order import Distance

_WORDS = {"flatten": "close", "add_buy": "buy", "add_sell": "sell"}
_DELAYED = "delayed exchange"
_EVERYTHING = "all accounts and instruments"


def instruction_json(instruction: Instruction, today: date) -> dict[str, Any]:
    """Return an instruction as plain JSON values; a key that is not known is absent.

    ``quantity`` is there only in contracts or shares; any other size is ``size`` with its unit and the sender's
    field. ``today`` is the date that abbreviated contract years are read against.
    """
    found: dict[str, Any] = {"action": _WORDS.get(instruction.action.value, instruction.action.value)}
    found.update(_symbol(instruction, today))
    found.update(_size(instruction))
    found.update(_order(instruction))
    found.update(_position(instruction))
    found.update(_about(instruction))
    return {key: value for key, value in found.items() if value is not None and value != ""}


def _symbol(instruction: Instruction, today: date) -> dict[str, Any]:
    """Return the root, and the contract as the sender wrote it where it names one."""
    from tt_tui.domain.instrument import UnknownSymbol
    from tt_tui.domain.symbology import parse_symbol

    if not instruction.symbol:
        return {}
    try:
        spelling = parse_symbol(instruction.symbol, today=today)
    except UnknownSymbol:
        return {"symbol_root": instruction.symbol.rpartition(":")[2].lstrip("@/").upper()}
    dated = spelling.month if spelling.continuous is None else 0
    return {
        "symbol_root": spelling.root,
        "contract": _without_exchange(instruction.symbol) if dated else None,
    }


def _without_exchange(symbol: str) -> str:
    prefix, colon, rest = symbol.partition(":")
    return rest if colon and "/" not in prefix else symbol


def _size(instruction: Instruction) -> dict[str, Any]:
    quantity = _number(instruction.quantity)
    fraction = _number(instruction.fraction)
    if instruction.quantity_type == "contracts":
        return {"quantity": quantity, "fraction": fraction}
    return {
        "size": quantity,
        "quantity_type": instruction.quantity_type,
        "quantity_field": instruction.quantity_field,
        "fraction": fraction,
    }


def _order(instruction: Instruction) -> dict[str, Any]:
    bracket = instruction.bracket
    return {
        "order_type": instruction.order_type and instruction.order_type.value,
        "limit_price": _number(instruction.limit_price),
        "stop_price": _number(instruction.stop_price),
        "price": _number(instruction.reference_price),
        "time_in_force": instruction.time_in_force and instruction.time_in_force.value,
        "take_profit": _distance(bracket.target if bracket else None),
        "stop_loss": _distance(bracket.stop if bracket else None),
        "trail": _distance(instruction.trail or (bracket.trail if bracket else None)),
        "break_even": _distance(bracket.break_even if bracket else None),
        "add": instruction.action.value.startswith("add_") or None,
        "flatten_first": instruction.closes_first or None,
        "reverse_if_opposite": instruction.reverse_if_opposite,
        "allow_pyramid": instruction.allow_pyramid,
        "cancel_after": instruction.cancel_after,
        "delay": instruction.delay,
        "scope": _EVERYTHING if instruction.everything else None,
    }


def _position(instruction: Instruction) -> dict[str, Any]:
    return {
        "position_after": instruction.position_after,
        "target_size": _number(instruction.target_size),
        "position_before": instruction.position_before,
        "size_before": _number(instruction.size_before),
        "side_closed": instruction.side_closed,
    }


def _about(instruction: Instruction) -> dict[str, Any]:
    """Return who sent it, when, under which names, and why it is not traded."""
    delayed = any(warning.startswith(_DELAYED) for warning in instruction.warnings)
    notice = instruction.action == "ignore" and not instruction.symbol
    return {
        "account": instruction.account_group or instruction.account_shown,
        "account_group": instruction.account_group,
        "accounts": [_account(row) for row in instruction.accounts_shown] or None,
        "strategy": instruction.strategy,
        "comment": instruction.comment,
        "order_id": instruction.sender_order,
        "dedupe_key": instruction.key,
        "fired_at": _moment(instruction.fired_at),
        "auth": instruction.auth,
        "dialect": instruction.dialect,
        "notify": notice or None,
        "why": instruction.why,
        "warn": _DELAYED if delayed else None,
        "warnings": list(instruction.warnings) or None,
        "unknown_keys": list(instruction.unknown_keys) or None,
    }


def _account(row: AccountShown) -> dict[str, Any]:
    found = {"id": row.name, "risk_pct": _number(row.risk_percent), "multiplier": _number(row.multiplier)}
    return {key: value for key, value in found.items() if value is not None}


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _distance(distance: Distance | None) -> dict[str, int | float | None] | None:
    """Return a distance as its unit and number; money is called ``dollar``, as alerts call it."""
    if distance is None:
        return None
    return {"dollar" if distance.kind == "currency" else distance.kind: _number(distance.value)}


def _moment(nanoseconds: int | None) -> str | None:
    if nanoseconds is None:
        return None
    moment = datetime.fromtimestamp(nanoseconds // 1_000_000_000, tz=UTC)
    return moment.isoformat().replace("+00:00", "Z")


def bodies(content: bytes) -> list[tuple[bytes, str]]:
    """Return the bodies of a file with their content types: its JSON lines with ``raw``, else the whole file."""
    found: list[tuple[bytes, str]] = []
    for line in content.splitlines():
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            return [(content, "")]
        if not isinstance(row, dict) or not isinstance(row.get("raw"), str):
            return [(content, "")]
        found.append((row["raw"].encode("utf-8", "replace"), str(row.get("content_type") or "")))
    return found or [(content, "")]


def _sentence(found: dict[str, Any]) -> str:
    """Return one line for a person."""
    size = found.get("quantity", found.get("size"))
    unit = f" {found['quantity_type']}" if "quantity_type" in found else ""
    words = [
        found["action"].upper(),
        "" if size is None else f"{size}{unit}",
        str(found.get("contract") or found.get("symbol_root") or found.get("scope") or ""),
        str(found.get("order_type") or ""),
        str(found.get("limit_price") or found.get("stop_price") or ""),
        f"-> {found['position_after']}" if "position_after" in found else "",
        f"({found['dialect']})" if "dialect" in found else "",
    ]
    line = " ".join(word for word in words if word)
    notes = [note for note in (found.get("why"), *found.get("warnings", [])) if note]
    return "\n    ".join([line, *notes])


@click.command("parse")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def parse(file: Path, as_json: bool) -> None:
    """Show what the alert in FILE means; nothing is traded.

    FILE is one alert body, or JSON lines that each hold a "raw" body and a "content_type"; "-" reads standard
    input. The exit code is 0 also for bodies that are errors; 2 means that FILE cannot be read.
    """
    from tt_tui.infra.clock import SystemClock
    from tt_tui.listener.dialects import parse as parse_body

    content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    today = datetime.fromtimestamp(SystemClock().now() // 1_000_000_000, tz=UTC).date()
    for raw, content_type in bodies(content):
        found = instruction_json(parse_body(raw, content_type=content_type), today)
        click.echo(json.dumps(found, ensure_ascii=False) if as_json else _sentence(found))
