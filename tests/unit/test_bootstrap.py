"""The set-up in scripts/ on machines of every kind, each a PATH of stand-ins that keep a diary."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# All that the scripts may ask of a bare machine.
TOOLS = ("sh", "dirname", "cat", "cksum", "sed", "rm", "mkdir", "cp", "chmod", "uname")

# Stands in for an interpreter: answers the version question, makes environments, keeps a diary of its pip.
# Settings come as shell variables in front of it: version, ensurepip, venv, pip (yes or no), diary.
INTERPRETER = """
case "$1 $2" in
"-c import sys; print"*) echo "$new_enough" ;;
"-m venv")
    echo "$name $*" >>"$diary"
    shift 2
    with_pip=yes
    if [ "$1" = --without-pip ]; then with_pip=no; shift; fi
    mkdir -p "$1/bin"
    if [ "$venv" = no ]; then exit 1; fi
    if [ "$with_pip" = yes ] && [ "$ensurepip" = no ]; then exit 1; fi
    {
        echo '#!/bin/sh'
        echo "name=venv pip=$with_pip venv=no new_enough=yes diary='$diary'"
        sed 1,2d "$0"
    } >"$1/bin/python"
    chmod +x "$1/bin/python"
    ;;
"-m pip")
    [ "$pip" = yes ] || exit 1
    case "$*" in *--version*) exit 0 ;; esac
    echo "$name $*" >>"$diary"
    case "$*" in
    *"-r "*) [ ! -e "$diary.fail" ] || exit 7 ;;
    *"-e .") printf '#!/bin/sh\\necho "tt $*"\\n' >.venv/bin/tt; chmod +x .venv/bin/tt ;;
    esac
    ;;
"-I -c") [ "$3" = "import tt_tui" ] ;;
"-m pytest") echo "pytest $*" ;;
esac
"""

UV = """
echo "uv $*" >>"$diary"
case "$1" in
venv) mkdir -p .venv/bin && cp "$interpreter" .venv/bin/python ;;
esac
case "$*" in
*"-e .") printf '#!/bin/sh\\necho "tt $*"\\n' >.venv/bin/tt; chmod +x .venv/bin/tt ;;
esac
"""


@dataclass
class Machine:
    """A computer with nothing on its PATH but what a test puts there, and a copy of the project's scripts."""

    project: Path
    bin: Path
    diary: Path

    def python(
        self, name: str, *, new: bool = True, ensurepip: bool = True, pip: bool = True, venv: bool = True
    ) -> Path:
        answers = {
            "name": name,
            "new_enough": "yes" if new else "no",
            "ensurepip": "yes" if ensurepip else "no",
            "pip": "yes" if pip else "no",
            "venv": "yes" if venv else "no",
        }
        settings = " ".join(f"{key}={value}" for key, value in answers.items())
        return self.program(name, f"{settings} diary='{self.diary}'\n{INTERPRETER.strip()}\n")

    def uv(self) -> None:
        inner = self.bin.parent / "uv-python"
        settings = f"name=venv pip=no venv=no new_enough=yes diary='{self.diary}'"
        inner.write_text(f"#!/bin/sh\n{settings}\n{INTERPRETER.strip()}\n")
        inner.chmod(0o755)
        self.program("uv", f"diary='{self.diary}' interpreter='{inner}'\n{UV.strip()}\n")

    def program(self, name: str, text: str) -> Path:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)
        return path

    def start(self, script: str = "run", *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.project / "scripts" / script), *arguments],
            cwd=self.project,
            env={"PATH": str(self.bin), "HOME": str(self.project), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self) -> list[str]:
        return self.diary.read_text().splitlines() if self.diary.exists() else []

    def forget(self) -> None:
        self.diary.unlink()

    def installed(self) -> list[str]:
        return [line for line in self.calls() if " install " in line]


@pytest.fixture(params=["plain", "with a space"])
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    place = tmp_path / request.param
    project = place / "project"
    shutil.copytree(ROOT / "scripts", project / "scripts")
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, project / name)
    tools = place / "bin"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"this machine has no {tool}"
        (tools / tool).symlink_to(found)
    return Machine(project=project, bin=tools, diary=place / "diary")


def test_a_bare_machine_gets_an_environment_and_the_program_starts(machine: Machine) -> None:
    machine.python("python3.12")

    result = machine.start("run", "demo", "two words")

    assert result.returncode == 0, result.stderr
    assert result.stdout == "tt demo two words\n"
    made, locked, project = machine.calls()
    assert made == f"python3.12 -m venv {machine.project}/.venv"
    assert "--require-hashes -r requirements.lock" in locked
    assert "--no-deps --no-build-isolation -e ." in project


def test_the_development_set_comes_from_its_own_lock(machine: Machine) -> None:
    machine.python("python3.11")

    result = machine.start("test", "-k", "some thing")

    assert result.stdout == "pytest -m pytest -n 2 --dist loadfile -k some thing\n"
    assert "--require-hashes -r requirements-dev.lock" in machine.installed()[0]


def test_the_named_interpreter_comes_first(machine: Machine) -> None:
    machine.python("python3.14")
    chosen = machine.python("my-python")

    machine.start(PYTHON=str(chosen))

    assert machine.calls()[0].startswith("my-python -m venv")


def test_the_named_interpreter_may_be_a_relative_path(machine: Machine) -> None:
    machine.python("my-python", ensurepip=False)

    result = machine.start(PYTHON="../bin/my-python")

    assert result.returncode == 0, result.stderr
    assert machine.installed()[0].startswith("my-python -m pip")


@pytest.mark.parametrize("named", ["/nowhere/python", "python-of-old"])
def test_a_named_interpreter_that_is_unfit_is_passed_over(machine: Machine, named: str) -> None:
    machine.python("python-of-old", new=False)
    machine.python("python3")

    assert machine.start(PYTHON=named).returncode == 0

    assert machine.calls()[0].startswith("python3 -m venv")


def test_the_newest_interpreter_wins(machine: Machine) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        machine.python(name)

    machine.start()

    assert machine.calls()[0].startswith("python3.14 -m venv")


def test_an_interpreter_that_is_too_old_is_passed_over(machine: Machine) -> None:
    machine.python("python3", new=False)
    machine.python("python3.11")

    machine.start()

    assert machine.calls()[0].startswith("python3.11 -m venv")


def test_a_shim_that_only_prints_an_error_is_passed_over(machine: Machine) -> None:
    machine.program("python3.13", "echo 'python3.13: command not found' >&2\nexit 127\n")
    machine.program("python3.12", "echo 'please choose a version'\nexit 0\n")
    machine.python("python3.11")

    result = machine.start()

    assert machine.calls()[0].startswith("python3.11 -m venv")
    assert "command not found" not in result.stderr


def test_without_ensurepip_the_outer_pip_installs(machine: Machine) -> None:
    machine.python("python3", ensurepip=False)

    result = machine.start("run", "--version")

    assert result.stdout == "tt --version\n", result.stderr
    inside = f"--python {machine.project}/.venv/bin/python"
    assert machine.calls()[1] == f"python3 -m venv --without-pip {machine.project}/.venv"
    assert len(machine.installed()) == 2
    assert all(line.startswith("python3 -m pip") and inside in line for line in machine.installed())


def test_the_outer_pip_may_belong_to_another_interpreter(machine: Machine) -> None:
    machine.python("python3.12", ensurepip=False, pip=False)
    machine.python("python3", new=False)

    assert machine.start().returncode == 0

    assert all(line.startswith("python3 -m pip") for line in machine.installed())


@pytest.mark.parametrize("interpreter", ["none", "without venv", "without pip"])
def test_uv_is_the_last_resort(machine: Machine, interpreter: str) -> None:
    machine.uv()
    if interpreter != "none":
        machine.python("python3", ensurepip=False, pip=False, venv=interpreter == "without pip")

    result = machine.start("run", "--version")

    assert result.stdout == "tt --version\n", result.stderr
    venv, locked, project = [line for line in machine.calls() if line.startswith("uv ")]
    wanted = ">=3.11" if interpreter == "none" else f"{machine.bin}/python3"
    assert venv == f"uv venv --quiet --python {wanted} {machine.project}/.venv"
    inside = f"uv pip install --quiet --python {machine.project}/.venv/bin/python"
    assert locked == f"{inside} --require-hashes -r requirements.lock"
    assert project == f"{inside} --no-deps --no-build-isolation -e ."


@pytest.mark.parametrize(
    ("manager", "answer", "advice"),
    [
        ("apt-get", "3.13", "sudo apt install python3.13 python3.13-venv"),
        ("apt-get", "none", "sudo apt install python3 python3-venv"),
        ("dnf", "", "sudo dnf install python3.12"),
        ("brew", "", "brew install python@3.13"),
        ("nothing", "", "install Python 3.11 or later"),
    ],
)
def test_with_nothing_to_build_on_one_line_says_what_to_type(
    machine: Machine, manager: str, answer: str, advice: str
) -> None:
    machine.program(manager, "exit 1\n")
    machine.program("apt-cache", f'[ "$2" = python{answer}-venv ]\n')
    (machine.bin / "uname").unlink()
    machine.program("uname", "echo Linux\n")

    result = machine.start()

    assert result.returncode == 3
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert advice in result.stderr


def test_a_mac_without_homebrew_is_told_of_it(machine: Machine) -> None:
    (machine.bin / "uname").unlink()
    machine.program("uname", "echo Darwin\n")

    result = machine.start("test")

    assert (result.returncode, result.stderr.count("\n")) == (3, 1)
    assert "brew install python" in result.stderr


def test_the_second_start_installs_nothing(machine: Machine) -> None:
    machine.python("python3")
    machine.start()
    machine.forget()

    result = machine.start("run", "--version")

    assert (result.stdout, result.stderr) == ("tt --version\n", "")
    assert machine.calls() == []


def test_after_the_tests_ran_the_program_starts_at_once(machine: Machine) -> None:
    machine.python("python3")
    machine.start("test")
    machine.forget()

    machine.start("run")
    machine.start("test")

    assert machine.calls() == []


def test_the_tests_add_their_set_to_an_environment_made_for_the_program(machine: Machine) -> None:
    machine.python("python3")
    machine.start("run")
    machine.forget()

    machine.start("test")

    assert not any(" -m venv " in line for line in machine.calls())
    assert "-r requirements-dev.lock" in machine.installed()[0]


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_is_installed_into_the_same_environment(machine: Machine, changed: str) -> None:
    machine.python("python3")
    machine.start()
    machine.forget()
    with (machine.project / changed).open("a") as file:
        file.write("# changed\n")

    machine.start()

    assert not any(" -m venv " in line for line in machine.calls())
    assert len(machine.installed()) == 2


def test_an_environment_without_pip_is_brought_up_to_date_from_outside(machine: Machine) -> None:
    machine.python("python3", ensurepip=False)
    machine.start()
    machine.forget()
    with (machine.project / "requirements.lock").open("a") as file:
        file.write("# changed\n")

    machine.start()

    assert len(machine.installed()) == 2
    assert all(line.startswith("python3 -m pip") for line in machine.calls())


def test_an_environment_made_by_uv_is_brought_up_to_date_by_uv(machine: Machine) -> None:
    machine.uv()
    machine.start()
    machine.forget()
    with (machine.project / "requirements.lock").open("a") as file:
        file.write("# changed\n")

    machine.start()

    assert [line.split()[:3] for line in machine.calls()] == [["uv", "pip", "install"]] * 2


def test_an_interrupted_install_is_begun_again(machine: Machine) -> None:
    machine.python("python3")
    fail = Path(f"{machine.diary}.fail")
    fail.touch()
    failed = machine.start()
    fail.unlink()
    (machine.project / ".venv" / "left-over").touch()

    result = machine.start("run", "--version")

    assert failed.returncode == 7
    assert result.stdout == "tt --version\n", result.stderr
    assert sum(" -m venv " in line for line in machine.calls()) == 2
    assert not (machine.project / ".venv" / "left-over").exists()


@pytest.mark.parametrize("damage", ["no stamp", "interpreter gone", "interpreter broken", "no program"])
def test_a_damaged_environment_is_rebuilt(machine: Machine, damage: str) -> None:
    machine.python("python3")
    machine.start()
    machine.forget()
    venv = machine.project / ".venv"
    if damage == "no stamp":
        (venv / "run.stamp").unlink()
    elif damage == "interpreter gone":
        (venv / "bin" / "python").unlink()
    elif damage == "interpreter broken":
        (venv / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    else:
        (venv / "bin" / "tt").unlink()

    result = machine.start("run", "--version")

    assert result.stdout == "tt --version\n", result.stderr
    assert machine.calls()[0].startswith("python3 -m venv")


def test_a_moved_project_is_set_up_anew(machine: Machine) -> None:
    machine.python("python3")
    machine.start()
    machine.forget()
    machine.project = machine.project.rename(machine.project.with_name("moved"))

    machine.start()

    assert machine.calls()[0] == f"python3 -m venv {machine.project}/.venv"


def test_the_program_runs_where_the_user_stands(machine: Machine, tmp_path: Path) -> None:
    machine.python("python3")
    machine.start()
    (machine.project / ".venv" / "bin" / "tt").write_text("#!/bin/sh\npwd\n")

    result = subprocess.run(
        [str(machine.project / "scripts" / "run")],
        cwd=tmp_path,
        env={"PATH": str(machine.bin)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert result.stdout.strip() == str(tmp_path)


@pytest.mark.parametrize("script", ["scripts/run", "scripts/test", "scripts/check", "scripts/lock", ".ci/run"])
def test_a_script_is_plain_sh_and_may_be_executed(script: str) -> None:
    path = ROOT / script

    assert path.read_text().startswith("#!/bin/sh\n")
    assert os.access(path, os.X_OK)
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0


def test_without_uv_the_lock_script_says_how_to_get_it(machine: Machine) -> None:
    result = machine.start("lock")

    assert (result.returncode, result.stderr.count("\n")) == (3, 1)
    assert "uv" in result.stderr


@pytest.mark.parametrize("broken", ["", "ruff", "mypy", "lint-imports"])
def test_the_check_runs_all_four_and_fails_when_one_does(machine: Machine, broken: str) -> None:
    machine.python("python3")
    machine.start("test")
    for tool in ("ruff", "mypy", "lint-imports"):
        path = machine.project / ".venv" / "bin" / tool
        path.write_text(f"#!/bin/sh\necho {tool} $*\nexit {int(tool == broken)}\n")
        path.chmod(0o755)

    result = machine.start("check")

    assert result.returncode == bool(broken)
    assert result.stdout.splitlines() == ["ruff format --check .", "ruff check .", "mypy", "lint-imports"]
    assert ("check failed" in result.stderr) == bool(broken)


@pytest.mark.parametrize("failing", ["", "check", "test"])
def test_a_change_must_pass_the_check_and_then_the_tests(machine: Machine, failing: str) -> None:
    shutil.copytree(ROOT / ".ci", machine.project / ".ci")
    for script in ("check", "test"):
        path = machine.project / "scripts" / script
        path.write_text(f"#!/bin/sh\necho {script}\nexit {int(script == failing)}\n")

    result = subprocess.run(
        ["sh", str(machine.project / ".ci" / "run")],
        env={"PATH": str(machine.bin)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == bool(failing)
    assert result.stdout.split() == (["check"] if failing == "check" else ["check", "test"])
