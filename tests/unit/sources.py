"""The project's own source files, as the tests on imports and conventions read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
PACKAGE = "tt_tui"


@dataclass(frozen=True)
class Import:
    """One import of one module, wherever it stands in a file."""

    module: str
    line: int

    def is_of(self, package: str) -> bool:
        return self.module == package or self.module.startswith(f"{package}.")

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """One source file of the package."""

    path: Path
    name: str
    text: str
    tree: ast.Module

    @property
    def label(self) -> str:
        """Its path inside the package, as `infra/clock.py`."""
        return self.path.relative_to(SOURCE / PACKAGE).as_posix()

    def is_in(self, *packages: str) -> bool:
        return any(f"{self.name}.".startswith(f"{PACKAGE}.{package}.") for package in packages)

    def imports(self) -> Iterator[Import]:
        """Yield every import, those inside functions too; `from a import b` counts as `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(alias.name, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                for alias in node.names:
                    yield Import(f"{base}.{alias.name}", node.lineno)

    def references(self) -> Iterator[tuple[str, int]]:
        """Yield (full dotted name, line) of every use of an imported name: `time.time_ns` however it was imported."""
        meaning = self._meaning_of_names()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name | ast.Attribute):
                dotted = _dotted(node)
                head, dot, rest = dotted.partition(".")
                if head in meaning:
                    yield f"{meaning[head]}{dot}{rest}", node.lineno

    def _absolute(self, node: ast.ImportFrom) -> str:
        if node.level == 0:
            return node.module or ""
        steps = self.name.split(".")
        is_package = self.path.name == "__init__.py"
        base = steps[: len(steps) - node.level + is_package]
        return ".".join([*base, *([node.module] if node.module else [])])

    def _meaning_of_names(self) -> dict[str, str]:
        meaning = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.asname:
                        meaning[alias.asname] = alias.name
                    else:
                        top = alias.name.partition(".")[0]
                        meaning[top] = top
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                for alias in node.names:
                    meaning[alias.asname or alias.name] = f"{base}.{alias.name}"
        return meaning


def _dotted(node: ast.AST) -> str:
    """Return `a.b.c` of a chain of attributes on a name, an empty string for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def read(path: Path, source: Path = SOURCE) -> Module:
    steps = path.relative_to(source).with_suffix("").parts
    name = ".".join(steps[:-1] if steps[-1] == "__init__" else steps)
    text = path.read_text(encoding="utf-8")
    return Module(path=path, name=name, text=text, tree=ast.parse(text, filename=str(path)))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, in order of name."""
    found = tuple(read(path) for path in sorted((SOURCE / PACKAGE).rglob("*.py")))
    assert found, f"no source found under {SOURCE}"
    return found


def example(text: str, name: str = "tt_tui.example") -> Module:
    """Return a module that exists only in a test, to prove that a rule can fail."""
    path = SOURCE.joinpath(*name.split(".")).with_suffix(".py")
    return Module(path=path, name=name, text=text, tree=ast.parse(text))
