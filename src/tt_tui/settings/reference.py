"""The configuration's own description: the sample file and the reference, both made from the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tomlkit
from pydantic.fields import FieldInfo

from tt_tui.settings.model import (
    AccountTable,
    DeskTable,
    GroupTable,
    LimitsTable,
    ListenerTable,
    MarketTable,
    PaperTable,
    RouteTable,
    ScreenTable,
    Table,
    WatchlistTable,
    WindowTable,
)
from tt_tui.settings.words import example, kind_of, literal

TABLES: tuple[tuple[str, type[Table]], ...] = (
    ("market", MarketTable),
    ("listener", ListenerTable),
    ("screen", ScreenTable),
    ("watchlist", WatchlistTable),
    ("desk", DeskTable),
    ("paper", PaperTable),
    ("accounts.NAME", AccountTable),
    ("accounts.NAME.limits", LimitsTable),
    ("groups.NAME", GroupTable),
    ("groups.NAME.routes", RouteTable),
    ("groups.NAME.routes.windows", WindowTable),
)
_OWN_TABLES = ("limits", "routes")
_ACCOUNTS = """
Accounts and groups of your own take the place of the built-in ones. Two accounts, and a group of both:

[accounts.first]
start_balance = 50000
[accounts.first.limits]
max_position = 5

[accounts.second]
start_balance = 100000

[groups.main]
accounts = ["first", "second"]
symbols = ["ES", "NQ"]
stop_ticks = 20

[[groups.micro.routes]]
account = "second"
symbols = ["MES"]
multiplier = 2
windows = [{ start = "08:30", end = "15:00", flatten_at_end = true }]

Roll days of your own; from that trade date on the next contract is front:

[rolls]
ESZ6 = 2026-12-14
"""


def sample() -> str:
    """Return a configuration file in which every key of the plain tables stands as a comment with its default."""
    document = tomlkit.document()
    document.add(tomlkit.comment("The configuration of tt; `tt config check` tells what is wrong in it."))
    document.add(tomlkit.comment("A key without # is set; the others stand at their defaults."))
    for name, model in TABLES:
        if "." in name:
            continue
        table = tomlkit.table()
        for line in _lines(model):
            table.add(tomlkit.comment(line))
        document.add(tomlkit.nl())
        table.comment(_about(model))
        document.add(name, table)
    document.add(tomlkit.nl())
    for line in _ACCOUNTS.strip().splitlines():
        document.add(tomlkit.comment(line) if line else tomlkit.nl())
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def _about(model: type[Table]) -> str:
    return " ".join((model.__doc__ or "").split())


def _lines(model: type[Table]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{field.description} ({kind_of(field)})"
        value = literal(field.default)
        yield f"{name} = {value or literal(example(field))}"


def reference() -> str:
    """Return ``docs/settings.md``: every key with its kind, its default and what it means."""
    parts = [
        "# Settings",
        "",
        "Made from the model by `python -m tt_tui.settings.reference`; a test compares.",
        "",
        "The file is `config.toml` in the configuration folder (`tt doctor` names it). `tt config init` writes a",
        "sample, `tt config check` tells every problem with its line, `tt config show` prints what is in force. No",
        "environment variable changes a key; `TT_CONFIG_FOLDER`, `TT_DATA_FOLDER`, `TT_STATE_FOLDER`,",
        "`TT_LOG_FOLDER` and `TT_RUNTIME_FOLDER` move the folders.",
        "",
        "Without a file there is a simulated market, and one paper account in each of the groups `main`, `topstep`,",
        "`apex` and `tradeday`. Accounts and groups of your own take the place of those. One account in two groups",
        "needs `shared = true` in both, or symbols that differ. Every account is paper until a later version brings",
        "brokers; `live = true` on a paper account is an error.",
    ]
    for name, model in TABLES:
        is_list = name.endswith(("routes", "windows"))
        parts += ["", f"## `{'[[' if is_list else '['}{name}{']]' if is_list else ']'}`", "", _about(model), ""]
        parts += ["| key | value | default | meaning |", "|---|---|---|---|"]
        parts += [_row(key, field) for key, field in model.model_fields.items()]
    parts += [
        "",
        "## `[rolls]`",
        "",
        "Roll days of your own: a contract, and the first trade date on which the next one is front, such as",
        "`ESZ6 = 2026-12-14`.",
        "",
    ]
    return "\n".join(parts)


def _row(key: str, field: FieldInfo) -> str:
    kind = "a table of its own" if key in _OWN_TABLES else kind_of(field)
    default = "" if key in _OWN_TABLES else _default(field)
    return f"| `{key}` | {kind} | {default} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.default
    return f"`{literal(value)}`" if value is not None else "unset"


if __name__ == "__main__":
    import sys

    sys.stdout.write(reference())
