"""One door: an order, a change or a cancel leaves for a broker from one module, and after the gate (R17)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.unit.sources import Module, example, modules

DOORS = {
    "place": {"desk/orders.py"},
    "replace": {"desk/orders.py"},
    "cancel": {"desk/orders.py"},
    "flatten": {"desk/closing.py"},
}
"""Methods of the ``Broker`` port that change something at a venue, and who may call them."""
MAKERS = {"desk/entries.py", "desk/closing.py", "desk/protection.py", "desk/reports.py"}
"""Who may make an order request: entries, exits, stops and targets, and what brokers told us of."""


def broker_calls(module: Module) -> Iterator[tuple[str, int]]:
    """Yield calls of a port's order methods on anything that is named as a broker."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute) or node.attr not in DOORS:
            continue
        owner = node.value
        name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        of_many = isinstance(owner, ast.Subscript) and "brokers" in ast.unparse(owner)
        of_call = isinstance(owner, ast.Call) and "broker" in ast.unparse(owner.func)
        if "broker" in name or of_many or of_call:
            yield node.attr, node.lineno


def requests_made(module: Module) -> Iterator[int]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "OrderRequest":
            yield node.lineno


def strangers() -> list[str]:
    return [
        f"{module.label}:{line} calls {method}"
        for module in modules()
        for method, line in broker_calls(module)
        if module.label not in DOORS[method]
    ]


def test_only_the_doors_call_a_broker() -> None:
    assert strangers() == []


@pytest.mark.parametrize(("method", "doors"), DOORS.items())
def test_each_door_is_in_use(method: str, doors: set[str]) -> None:
    found = {module.label for module in modules() for each, _ in broker_calls(module) if each == method}
    assert found == doors


def test_only_the_desk_makes_order_requests() -> None:
    makers = {module.label for module in modules() if any(requests_made(module))}
    assert makers == MAKERS


def test_nothing_but_orders_and_the_closing_names_the_gates_way_out() -> None:
    """``Orders`` asks the gate before each send; whoever else imports the gate only looks."""
    importers = {
        module.label for module in modules() for each in module.imports() if each.is_of("tt_tui.risk.gate.judge")
    }
    assert importers == {"desk/orders.py"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("async def f(broker, order):\n    await broker.place(order)", [("place", 2)]),
        ("async def f(self, o):\n    await self._broker.cancel('a', o)", [("cancel", 2)]),
        ("async def f(c, o):\n    await c.brokers['x'].replace('a', o, 1)", [("replace", 2)]),
        ("async def f(c, o):\n    await c.broker_of('a').flatten('a', o)", [("flatten", 2)]),
        ("def f(text):\n    return text.replace('a', 'b')", []),
        ("def f(task):\n    task.cancel()", []),
    ],
)
def test_the_rule_sees_what_it_should(text: str, found: list[tuple[str, int]]) -> None:
    assert list(broker_calls(example(text))) == found


def test_every_send_lies_behind_the_gate() -> None:
    """In the door itself: ``place`` is called in one method, which only what was judged reaches."""
    (orders,) = (module for module in modules() if module.label == "desk/orders.py")
    methods = [node for node in ast.walk(orders.tree) if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)]
    calls = {
        method.name: {
            node.func.attr
            for node in ast.walk(method)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        | {node.func.id for node in ast.walk(method) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        for method in methods
    }
    assert [name for name, called in calls.items() if "place" in called] == ["_place"]
    assert [name for name, called in calls.items() if "_place" in called] == ["_send"]
    senders = [name for name, called in calls.items() if "_send" in called]
    assert sorted(senders) == ["confirm", "submit"]
    assert all("judge" in calls[name] for name in senders)
