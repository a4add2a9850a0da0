"""What to tell of a key: what it expects, and a line that could be written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tt_tui.settings.model import Settings

_KINDS = {
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "tuple_type": "a list in brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "date_type": "a date without quotes, such as 2026-12-14",
    "date_from_datetime_inexact": "a date without a time, such as 2026-12-14",
    "string_pattern_mismatch": "a name of letters, digits, - and _, at most 32, that begins with a letter",
}
_UNIONS = (Union, UnionType)
_BY_VALIDATOR = {
    "_clock_time": "HH:MM",
    "_limit": 'number or "none"',
    "_whole_limit": 'whole number or "none"',
}
_BOUNDS = {
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than_equal": "a number of at most {le}",
}


def expected(key: tuple[str | int, ...], detail: Mapping[str, Any]) -> str:
    """Return what the key expects, in words."""
    kind, context = detail["type"], detail.get("ctx", {})
    field = field_of(key)
    bounds = _bounds(field)
    if bounds and (kind in _BOUNDS or kind == "int_type"):
        return bounds
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**context)
    if kind == "literal_error":
        return f"one of {context.get('expected', '')}".replace("'", '"')
    if kind == "value_error":
        return str(context.get("error", detail["msg"]))
    if kind == "missing":
        return f"a value ({field.description})" if field and field.description else "a value"
    return _KINDS.get(kind, str(detail["msg"]))


def _bounds(field: FieldInfo | None) -> str:
    """Return ``a whole number from 0 to 65535`` where a field has both bounds."""
    if field is None:
        return ""
    low = next((each.ge for each in _metadata(field) if hasattr(each, "ge")), None)
    high = next((each.le for each in _metadata(field) if hasattr(each, "le")), None)
    if low is None:
        return ""
    whole = "a whole number" if _is_whole(field.annotation) else "a number"
    return f"{whole} of at least {low}" if high is None else f"{whole} from {low} to {high}"


def _metadata(field: FieldInfo) -> list[Any]:
    found = list(field.metadata)
    for part in get_args(field.annotation):
        if get_origin(part) is Annotated:
            for each in get_args(part)[1:]:
                found += each.metadata if isinstance(each, FieldInfo) else [each]
    return found


def _is_whole(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return _is_whole(get_args(annotation)[0])
    if get_origin(annotation) in _UNIONS:
        return any(_is_whole(part) for part in get_args(annotation))
    return annotation is int


def model_of(path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """Return the model that describes the table at a path."""
    model: Any = Settings
    for step in path:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(step))
            model = None if field is None else _inner(field.annotation)
        elif isinstance(model, dict | tuple):
            model = model[0]
        if model is None:
            return None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _inner(annotation: Any) -> Any:
    """Return the model of a field: itself, or in a one-element tuple what a step more leads to."""
    origin = get_origin(annotation)
    if origin is Annotated or get_origin(annotation) in _UNIONS:
        return next((found for part in get_args(annotation) if (found := _inner(part)) is not None), None)
    if origin is dict:
        return (get_args(annotation)[1],)
    if origin is tuple:
        return (get_args(annotation)[0],)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def field_of(path: tuple[str | int, ...]) -> FieldInfo | None:
    """Return the field at a path; for an element of a list or table the field that holds it."""
    for end in range(len(path), 0, -1):
        model = model_of(path[: end - 1])
        if model is not None:
            return model.model_fields.get(str(path[end - 1]))
    return None


def nearest_keys(path: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the table around a key knows."""
    model = model_of(path[:-1])
    return list(model.model_fields) if model is not None else []


def to_write(path: tuple[str | int, ...]) -> str:
    """Return a line that would do, such as ``port = 8000``; empty where there is no single one."""
    if path[:1] == ("rolls",):
        return "ESZ6 = 2026-12-14"
    if path[:1] in (("accounts",), ("groups",)) and len(path) == 2:
        return f"[{path[0]}.{'topstep' if path[0] == 'groups' else 'topstep-1'}]"
    field, model = field_of(path), model_of(path)
    if field is None or model is not None:
        return f"[{'.'.join(str(step) for step in path)}]" if model is not None else ""
    name = next(step for step in reversed(path) if isinstance(step, str))
    holder = model_of(path[:-1])
    value = example(field)
    if isinstance(value, Mapping) and (holder is None or name not in holder.model_fields):
        name, value = next(iter(value.items()), ("ES", 1))
    return f"{name} = {literal(value)}"


def example(field: FieldInfo) -> Any:
    """Return a value that the field accepts: its example, else its default."""
    if field.examples:
        return field.examples[0]
    return field.default


def literal(value: Any) -> str:
    """Return a value as TOML writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | date():
            return str(value)
        case Decimal():
            return format(value, "f")
        case str() | Path():
            return json.dumps(str(value), ensure_ascii=False)
        case list() | tuple():
            return f"[{', '.join(literal(each) for each in value)}]"
        case dict():
            return "{" + ", ".join(f"{key} = {literal(each)}" for key, each in value.items()) + "}"
    return ""


def shown(value: Any) -> str:
    """Return what stands in the file, short."""
    text = literal(value) or str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def kind_of(field: FieldInfo) -> str:
    """Return what kind of value a field takes, in words for the reference."""
    for each in field.metadata:
        function = getattr(each, "func", None)
        if function is not None and function.__name__ in _BY_VALIDATOR:
            return _BY_VALIDATOR[function.__name__]
    if get_origin(field.annotation) not in (tuple, dict) and (bounds := _bounds(field)):
        return bounds.removeprefix("a ")
    return _kind(field.annotation)


def _kind(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(parts[0])
    if origin is Literal:
        return " or ".join(json.dumps(part) for part in parts)
    if origin in _UNIONS:
        return " or ".join(_kind(part) for part in parts if part is not type(None))
    if origin is tuple:
        return f"list of {_kind(parts[0])}"
    if origin is dict:
        return f"table of {_kind(parts[1])}"
    names = {
        bool: "true or false",
        int: "whole number",
        Decimal: "number",
        str: "text",
        Path: "file name",
        date: "date",
    }
    return names.get(annotation, "table")
