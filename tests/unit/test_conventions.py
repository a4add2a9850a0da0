"""The house rules that no other tool checks. An exception is a line here, with its reason."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

from .sources import Module, example, modules

MOST_LINES = 400

# Each exception: the module's path inside the package, and why.
LONG_MODULES: dict[str, str] = {}
CLOCK_MODULES = {"infra/clock.py": "it is the clock"}
RANDOM_MODULES = {
    "infra/ids.py": "it makes the ids",
    "listener/hooks.py": "the default of an injected source: tokens and signing secrets",
    "secrets/keychain.py": "the default of an injected source: the proof that a keyring keeps what it is given",
    "secrets/sealed.py": "the default of an injected source: the salt of the sealed file",
}
TASK_MODULES = {
    "infra/tasks.py": "it is the supervisor that names, logs and cancels every task",
    "desk/notifier.py": "its timer lives inside one call, which cancels and awaits it",
}
HTTP_MODULES = {"infra/http.py": "it is the one client, so that another library changes one module"}

CLOCK = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
}
# A seeded generator of one's own is injected randomness; the module's functions are hidden state.
RANDOM_ALLOWED = {"random.Random"}
# Compares in constant time; draws nothing.
SECRETS_ALLOWED = {"secrets.compare_digest"}


def asks_the_clock(module: Module) -> Iterator[str]:
    for name, line in module.references():
        if name in CLOCK and module.label not in CLOCK_MODULES:
            yield f"{module.label}:{line}: {name}: take a Clock instead"


def draws_randomness(module: Module) -> Iterator[str]:
    for name, line in module.references():
        top, _, rest = name.partition(".")
        drawn = (
            name == "os.urandom"
            or (top == "uuid" and rest in {"uuid1", "uuid4", "uuid6", "uuid7"})
            or (top == "random" and rest and name not in RANDOM_ALLOWED)
            or (top == "secrets" and rest and name not in SECRETS_ALLOWED)
        )
        if drawn and module.label not in RANDOM_MODULES:
            yield f"{module.label}:{line}: {name}: take Ids or a seeded generator instead"


def starts_bare_tasks(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or module.label in TASK_MODULES:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in {"create_task", "ensure_future"}:
            yield f"{module.label}:{node.lineno}: {called}: start it through infra.tasks, which logs its end"


def prints(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        is_print = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        if is_print and not module.is_in("cli"):
            yield f"{module.label}:{getattr(node, 'lineno', 0)}: print: the terminal belongs to the screen; log it"


def imports_textual(module: Module) -> Iterator[str]:
    for found in module.imports():
        if found.is_of("textual") and not module.is_in("tui"):
            yield f"{module.label}:{found.line}: {found.module}: only tui/ knows Textual"


def imports_an_http_client(module: Module) -> Iterator[str]:
    for found in module.imports():
        if found.top in {"httpx2", "httpx", "requests", "urllib3", "aiohttp"} and module.label not in HTTP_MODULES:
            yield f"{module.label}:{found.line}: {found.module}: use infra.http"


def is_too_long(module: Module) -> Iterator[str]:
    lines = module.text.count("\n")
    if lines > MOST_LINES and module.label not in LONG_MODULES:
        yield f"{module.label}: {lines} lines, at most {MOST_LINES}: it does more than one thing"


Rule = Callable[[Module], Iterator[str]]
RULES: tuple[Rule, ...] = (
    asks_the_clock,
    draws_randomness,
    starts_bare_tasks,
    prints,
    imports_textual,
    imports_an_http_client,
    is_too_long,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_rule_holds_everywhere(rule: Rule) -> None:
    broken = [line for module in modules() for line in rule(module)]

    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (asks_the_clock, "import time\ntime.time_ns()"),
        (asks_the_clock, "from time import time as now\nnow()"),
        (asks_the_clock, "import datetime as dt\ndt.datetime.now()"),
        (asks_the_clock, "from datetime import datetime\nclock = datetime.now"),
        (asks_the_clock, "def late():\n    from datetime import date\n    return date.today()"),
        (draws_randomness, "import uuid\nuuid.uuid4()"),
        (draws_randomness, "import random\nrandom.random()"),
        (draws_randomness, "from random import choice\nchoice([1])"),
        (draws_randomness, "import os\nos.urandom(8)"),
        (draws_randomness, "import secrets\nsecrets.token_urlsafe()"),
        (starts_bare_tasks, "import asyncio\nasyncio.create_task(work())"),
        (starts_bare_tasks, "loop.create_task(work())"),
        (starts_bare_tasks, "from asyncio import ensure_future\nensure_future(work())"),
        (prints, "print('hello')"),
        (imports_textual, "from textual.app import App"),
        (imports_textual, "def late():\n    import textual"),
        (imports_an_http_client, "import httpx2"),
        (imports_an_http_client, "from httpx2 import AsyncClient"),
        (is_too_long, "x = 1\n" * 401),
    ],
)
def test_a_rule_finds_what_it_forbids(rule: Rule, text: str) -> None:
    assert list(rule(example(text)))


@pytest.mark.parametrize(
    ("rule", "text", "name"),
    [
        (asks_the_clock, "def f(clock):\n    return clock.now()", "tt_tui.desk.example"),
        (asks_the_clock, "from time import monotonic_ns\ntime_ns = 3", "tt_tui.desk.example"),
        (draws_randomness, "import random\nrandom.Random(7).random()", "tt_tui.market.example"),
        (draws_randomness, "from tt_tui import secrets\nsecrets.token()", "tt_tui.cli.example"),
        (draws_randomness, "import secrets\nsecrets.compare_digest(a, b)", "tt_tui.listener.example"),
        (prints, "print('hello')", "tt_tui.cli.example"),
        (imports_textual, "from textual.app import App", "tt_tui.tui.example"),
        (imports_an_http_client, "import httpx2", "tt_tui.infra.http"),
        (is_too_long, "x = 1\n" * 400, "tt_tui.desk.example"),
    ],
)
def test_a_rule_lets_the_rest_be(rule: Rule, text: str, name: str) -> None:
    assert not list(rule(example(text, name)))


@pytest.mark.parametrize("relative", ["from . import x", "from .. import x", "from ..desk import x"])
def test_a_relative_import_is_read_as_what_it_is(relative: str) -> None:
    (found,) = example(relative, "tt_tui.tui.panes").imports()

    assert found.module.startswith("tt_tui.")
    assert ".." not in found.module


def test_no_exception_outlives_its_reason() -> None:
    labels = {module.label for module in modules()}
    listed = {**LONG_MODULES, **CLOCK_MODULES, **RANDOM_MODULES, **TASK_MODULES, **HTTP_MODULES}

    assert all(listed.values())
    assert listed.keys() <= labels
