"""The verbs that print data, in one process: config, hook, journal, alert parse and doctor."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tt_tui.cli import exits, root
from tt_tui.desk.journal import Entry, Journal
from tt_tui.domain import event as ev
from tt_tui.infra.clock import SystemClock


def tt(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(root, arguments, input=stdin)


def data() -> Path:
    return Path(os.environ["TT_DATA_FOLDER"])


def config() -> Path:
    return Path(os.environ["TT_CONFIG_FOLDER"]) / "config.toml"


@pytest.fixture
def passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the commands a place that keeps signing secrets."""
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    (folder / "tt-passphrase").write_text("a sound passphrase")
    (folder / "tt-passphrase").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))


@pytest.fixture
def journal() -> Path:
    """Return a journal with a start, an alarm and an end."""
    path = data() / "journal.sqlite"
    clock = SystemClock()
    events = [
        ev.DeskStarted(version="1", pid=1),
        ev.AlarmRaised(alarm_id="A-1", severity="warning", text="bearer canary-value-1234 was seen"),
        ev.DeskStopped(why="done"),
    ]
    book = Journal.open(path, clock=clock, chain_id="CHN-1")
    for number, one in enumerate(events):
        book.append([Entry(type(one).__name__, ev.encode(one), order_id="O-1" if number == 1 else "")])
    assert book.close()
    return path


def test_config_init_writes_once_and_for_this_user_only() -> None:
    first = tt("config", "init")

    assert first.exit_code == exits.DONE, first.output
    assert stat.S_IMODE(config().stat().st_mode) == 0o600
    assert tt("config", "check").exit_code == exits.DONE
    config().write_text("# mine\n")
    assert tt("config", "init").exit_code == exits.NOT_FOUND
    assert config().read_text() == "# mine\n"


def test_config_check_and_show_tell_every_problem() -> None:
    config().parent.mkdir(parents=True)
    config().write_text("[listener]\nprot = 1\nport = -1\n")

    checked = tt("config", "check", "--json")

    assert checked.exit_code == exits.WRONG_USE
    found = json.loads(checked.stdout)["problems"]
    assert [(each["line"], each["key"]) for each in found] == [(2, "listener.prot"), (3, "listener.port")]
    assert found[0]["write"] == "port = 8000"
    shown = tt("config", "show")
    assert shown.exit_code == exits.WRONG_USE
    assert "listener.prot" in shown.stderr


def test_config_show_prints_what_is_in_force() -> None:
    config().parent.mkdir(parents=True)
    config().write_text("[listener]\nport = 9001\n")

    shown = json.loads(tt("config", "show", "--json").stdout)

    assert shown["listener"]["port"] == 9001
    assert shown["desk"]["accounts"]["main-1"]["limits"]["max_order_quantity"] == "10"
    assert "listener.port = 9001" in tt("config", "show").stdout


@pytest.mark.usefixtures("passphrase")
def test_a_hook_is_added_shown_rotated_and_revoked() -> None:
    added = tt("hook", "add", "my-strategy", "--group", "topstep", "--symbol", "ES", "--max-quantity", "2", "--json")
    assert added.exit_code == exits.DONE, added.output
    token = json.loads(added.stdout)["value"]
    assert tt("hook", "add", "my-relay", "--signed").exit_code == exits.DONE

    listed = tt("hook", "list", "--json")
    rows = {row["name"]: row for row in json.loads(listed.stdout)}
    assert rows["my-strategy"]["groups"] == ["topstep"]
    assert (rows["my-strategy"]["symbols"], rows["my-strategy"]["maximum_quantity"]) == (["ES"], 2)
    assert rows["my-relay"]["profile"] == "signed"
    assert rows["my-relay"]["groups"][0] == "main"
    assert token not in listed.stdout
    assert "my-strategy" in tt("hook", "list").stdout

    rotated = json.loads(tt("hook", "rotate", "my-strategy", "--json").stdout)
    assert rotated["value"] != token
    rows = {row["name"]: row for row in json.loads(tt("hook", "list", "--json").stdout)}
    assert len(rows["my-strategy"]["proofs"]) == 2

    assert "http://127.0.0.1:8000/webhook/tradingview" in tt("hook", "url").stdout
    assert tt("hook", "revoke", "my-strategy").exit_code == exits.DONE
    assert tt("hook", "rotate", "my-strategy").exit_code == exits.NOT_FOUND
    gone = tt("hook", "revoke", "my-strategy")
    assert (gone.exit_code, "there are: my-relay" in gone.stderr) == (exits.NOT_FOUND, True)


def test_a_hook_for_a_group_that_is_not_there_is_refused() -> None:
    result = tt("hook", "add", "mine", "--group", "nobody")

    assert result.exit_code == exits.WRONG_USE
    assert "there are: main, topstep, apex, tradeday" in result.stderr


def test_a_signed_hook_needs_a_place_that_keeps_secrets() -> None:
    result = tt("hook", "add", "mine", "--signed")

    assert result.exit_code in (exits.WRONG_USE, exits.NO_PLACE)
    assert "passphrase" in result.stderr


@pytest.mark.usefixtures("journal")
def test_the_journal_is_shown_by_number_and_by_id_without_secrets() -> None:
    kinds = [json.loads(line)["kind"] for line in tt("journal", "tail", "-n", "2", "--json").stdout.splitlines()]
    assert kinds == ["AlarmRaised", "DeskStopped"]

    by_number, by_order = tt("journal", "show", "2", "--json"), tt("journal", "show", "O-1", "--json")

    assert json.loads(by_number.stdout) == json.loads(by_order.stdout)
    assert json.loads(by_number.stdout)["event"]["event"] == "AlarmRaised"
    assert "canary-value-1234" not in by_number.stdout + tt("journal", "show", "2").stdout
    missing = tt("journal", "show", "NOBODY")
    assert (missing.exit_code, "NOBODY" in missing.stderr) == (exits.NOT_FOUND, True)


@pytest.mark.usefixtures("journal")
def test_the_journal_is_exported_whole() -> None:
    lines = tt("journal", "export").stdout.splitlines()
    rows = list(csv.DictReader(io.StringIO(tt("journal", "export", "--format", "csv").stdout)))

    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3]
    assert [row["kind"] for row in rows] == ["DeskStarted", "AlarmRaised", "DeskStopped"]
    assert json.loads(rows[0]["event"])["pid"] == 1
    assert len(tt("journal", "export", "--after", "2").stdout.splitlines()) == 1


def test_a_journal_is_verified(journal: Path) -> None:
    good = tt("journal", "verify", "--json")
    assert (good.exit_code, json.loads(good.stdout)["records"]) == (exits.DONE, 3)

    content = journal.read_bytes()
    journal.write_bytes(content.replace(b'"why":"done"', b'"why":"gone"'))

    bad = tt("journal", "verify", "--json")
    assert (bad.exit_code, json.loads(bad.stdout)["ok"]) == (exits.UNSAFE, False)


def test_a_journal_that_is_not_there_is_told() -> None:
    result = tt("journal", "tail")

    assert (result.exit_code, "no journal" in result.stderr) == (exits.NOT_FOUND, True)


def test_an_alert_is_parsed_from_standard_input() -> None:
    result = tt("alert", "parse", "-", "--json", stdin='{"symbol": "ES", "action": "buy", "quantity": 1}')

    found = json.loads(result.stdout)
    assert (found["action"], found["symbol_root"], found["quantity"]) == ("buy", "ES", 1)


def test_the_doctor_finds_a_machine_usable() -> None:
    result = tt("doctor", "--json")

    report = json.loads(result.stdout)
    assert (result.exit_code, report["usable"]) == (exits.DONE, True), report
    topics = {each["topic"] for each in report["findings"]}
    assert topics >= {"program", "screen", "folders", "configuration", "journal", "secrets", "listener", "clock"}
    assert any(each["topic"] == "shipped" and "dark" in each["text"] for each in report["findings"])


def test_the_doctor_says_what_is_in_the_way() -> None:
    config().parent.mkdir(parents=True)
    config().write_text("[screen]\nfps = 0\n")
    data().mkdir(parents=True)
    data().chmod(0o777)

    result = tt("doctor")

    assert result.exit_code == exits.NOT_FOUND
    assert "screen.fps" in result.stdout
    assert "chmod o-w" in result.stdout
