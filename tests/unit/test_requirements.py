"""What the code imports, what the wheel asks for, and what the locks hold must be the same story."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .sources import PACKAGE, ROOT, modules

LOCKS = ("requirements.lock", "requirements-dev.lock")
EXACT = ("textual", "rich", "pytest-textual-snapshot")
# Spelt in two halves, or this file would be a finding.
REGISTRIES = ("files.python" + "hosted", "pypi" + ".org", "py" + "pi.python")
OTHER_LOCKS = ("uv" + ".lock", "py" + "lock.toml", "poetry" + ".lock", "Pipfile" + ".lock")


@cache
def project() -> dict[str, object]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def table(*keys: str) -> dict[str, list[str]]:
    found: object = project()
    for key in keys:
        assert isinstance(found, dict)
        found = found[key]
    assert isinstance(found, dict)
    return found


def runtime() -> list[Requirement]:
    return [Requirement(line) for line in table("project")["dependencies"]]


def development() -> list[Requirement]:
    return [Requirement(line) for line in table("dependency-groups")["dev"] if isinstance(line, str)]


def locked(lock: str) -> dict[str, str]:
    """Return the version of each distribution the lock holds."""
    lines = (ROOT / lock).read_text().splitlines()
    pins = [line.split(";")[0].strip(" \\").split("==") for line in lines if re.match(r"[a-zA-Z0-9]", line)]
    return {canonicalize_name(name): version for name, version in pins}


def tracked() -> list[Path]:
    """Return the files of the repository; of a copy without git, all but the generated ones."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]


def test_every_import_is_provided_by_what_the_wheel_requires() -> None:
    provided = packages_distributions()
    asked = {canonicalize_name(Requirement(line).name) for line in requires("tt-tui") or ()}
    missing = []
    for module in modules():
        for found in module.imports():
            if found.top in sys.stdlib_module_names or found.top in {PACKAGE, "__future__"}:
                continue
            distributions = {canonicalize_name(name) for name in provided.get(found.top, ())}
            if not distributions & asked:
                missing.append(f"{module.label}:{found.line}: {found.top} ({sorted(distributions) or 'unknown'})")

    assert not missing, "\n".join(missing)


def test_the_installed_project_is_the_one_that_stands_here() -> None:
    installed = {Requirement(line) for line in requires("tt-tui") or () if "extra ==" not in line}

    assert installed == set(runtime()), "run scripts/test, which installs the project again"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_meets_the_project(lock: str) -> None:
    pins = locked(lock)
    build = [Requirement(line) for line in table("build-system")["requires"]]
    wanted = runtime() + build + (development() if "dev" in lock else [])

    for requirement in wanted:
        version = pins.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in {lock}; run scripts/lock"
        assert requirement.specifier.contains(version), f"{lock} has {requirement.name} {version}; run scripts/lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_hashes_everything_and_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()

    entries = re.split(r"\n(?=[a-zA-Z0-9])", text.strip())
    assert len(entries) == len(locked(lock)) > 40
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert " @ " not in text
    assert not re.search(r"^--?[a-z]", text, flags=re.MULTILINE), "an option of pip stands in the lock"


def test_the_development_lock_holds_the_other_at_the_same_versions() -> None:
    smaller, larger = locked(LOCKS[0]), locked(LOCKS[1])

    assert smaller.items() <= larger.items()


def test_what_is_built_with_is_installed_before_the_build() -> None:
    assert table("dependency-groups")["build"] == table("build-system")["requires"]


@pytest.mark.parametrize("name", EXACT)
def test_what_draws_the_screen_is_pinned_exactly(name: str) -> None:
    (requirement,) = [one for one in runtime() + development() if one.name == name]

    assert re.fullmatch(r"==[0-9.]+", str(requirement.specifier))


def test_no_file_records_a_package_registry() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        name = path.relative_to(ROOT).as_posix()
        found += [f"{name}: {host}" for host in REGISTRIES if host in text]
        if re.search(r"(?<!no-emit-)index-url[\"']?\s*[=: ]\s*[\"']?(https?|file):", text):
            found.append(f"{name}: an index")
        if path.name in OTHER_LOCKS:
            found.append(name)

    assert not found, "\n".join(found)
