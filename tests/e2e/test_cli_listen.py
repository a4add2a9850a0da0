"""`tt listen` as a real process: ready file, alerts, a second process, and its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.e2e.started import ALERT, PATIENCE, PROGRAM, ask, filled, listening, post
from tt_tui.cli import exits

pytestmark = pytest.mark.process


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        start_new_session=True,
    )


def test_the_users_test_passes_and_sigterm_ends_it_in_good_order(tmp_path: Path) -> None:
    with listening(tmp_path) as started:
        said = started.said
        assert said["pid"] == started.process.pid
        assert stat.S_IMODE(started.ready.stat().st_mode) == 0o600
        assert ask(f"{said['url']}/health")[0] == 200

        reply = filled(said, post(said))

        assert (reply["status"], reply["symbol"], reply["quantity"]) == ("filled", "ES", 1)
        assert started.end() == exits.DONE
        assert not started.ready.exists()
        lines = [json.loads(line) for line in started.log.read_text().splitlines()]
        assert {"at", "level", "logger", "message"} <= lines[0].keys()
        assert "the desk is closed: SIGTERM" in [line["message"] for line in lines]


def test_the_token_url_of_the_ready_file_takes_an_alert(tmp_path: Path) -> None:
    with listening(tmp_path) as started:
        said = started.said
        status, taken = ask(f"{said['url']}/webhook/tradingview/{said['token']}", json.dumps(ALERT).encode())

        assert (status, taken["status"]) == (200, "received")


def test_a_later_run_writes_proofs_that_work_and_refuses_a_revoked_hook(tmp_path: Path) -> None:
    with listening(tmp_path) as started:
        first = started.said
        assert started.end(signal.SIGINT) == exits.DONE
    with listening(tmp_path) as started:
        said = started.said
        assert said["token"] != first["token"]
        body = json.dumps(ALERT).encode()

        assert ask(f"{said['url']}/webhook/tradingview/{said['token']}", body)[0] == 200
        assert ask(f"{said['url']}/webhook/tradingview/{first['token']}", body)[0] == 200
        assert filled(said, post(said, 1))["status"] == "filled"

        for value in (said["token"], said["signing_secret"], said["api_token"]):
            assert value not in started.log.read_text()


def test_sighup_stops_nothing(tmp_path: Path) -> None:
    with listening(tmp_path) as started:
        started.process.send_signal(signal.SIGHUP)

        assert filled(started.said, post(started.said))["status"] == "filled"
        assert started.end() == exits.DONE
        assert "the desk goes on without it" in started.log.read_text()


def test_a_second_process_is_told_who_holds_the_desk(tmp_path: Path) -> None:
    with listening(tmp_path) as started:
        second = run("listen", "--port", "0")

        assert second.returncode == exits.HELD
        assert f"process {started.process.pid}, started " in second.stderr
        assert started.said["url"].removeprefix("http://") in second.stderr
        assert ask(f"{started.said['url']}/health")[0] == 200


def test_a_taken_port_is_a_sentence_and_a_code() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        result = run("listen", "--port", str(port))

    assert result.returncode == exits.NO_LISTENER
    assert str(port) in result.stderr
    assert "Traceback" not in result.stderr


def test_a_bad_configuration_is_told_whole(own_home: Path) -> None:
    config = Path(os.environ["TT_CONFIG_FOLDER"]) / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[listener]\nprot = 1\n\n[screen]\nfps = "fast"\n')

    result = run("listen", "--port", "0")

    assert result.returncode == exits.WRONG_USE
    assert f"{config}:2: listener.prot" in result.stderr
    assert f"{config}:5: screen.fps" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_damaged_journal_is_a_sentence_and_a_code() -> None:
    journal = Path(os.environ["TT_DATA_FOLDER"]) / "journal.sqlite"
    journal.parent.mkdir(parents=True, mode=0o700)
    journal.write_bytes(b"no journal at all" * 1000)

    result = run("listen", "--port", "0")

    assert result.returncode == exits.UNSAFE
    assert "damaged" in result.stderr
    assert "Traceback" not in result.stderr
    assert journal.exists()


def test_an_alert_is_sent_from_the_command_line_and_read_back(tmp_path: Path) -> None:
    alert = tmp_path / "alert.json"
    alert.write_text(json.dumps(ALERT))
    with listening(tmp_path) as started:
        sent = run("alert", "send", str(alert), "--ready-file", str(started.ready), "--json")
        assert sent.returncode == exits.DONE, sent.stderr
        reply = json.loads(sent.stdout)
        alert_id = reply["reply"]["alert_id"]
        assert reply["status"] == 200
        filled(started.said, alert_id)

        shown = run("journal", "show", alert_id, "--json")

        kinds = [json.loads(line)["kind"] for line in shown.stdout.splitlines()]
        assert kinds[0] == "AlertReceived"
        assert "OrderIntended" in kinds
        assert run("journal", "verify").returncode == exits.DONE
        tail = run("journal", "tail", "-n", "3", "--json").stdout.splitlines()
        assert len(tail) == 3
        listed = json.loads(run("hook", "list", "--json").stdout)
        assert [hook["name"] for hook in listed] == ["tradingview", "relay"]

        unsigned = run("alert", "send", "-", "--url", started.said["url"], stdin=json.dumps(ALERT))
        assert unsigned.returncode == exits.WRONG_USE
        assert "signing secret" in unsigned.stderr


def test_a_listener_that_does_not_answer_is_a_code_of_its_own(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ready.write_text(json.dumps({"url": f"http://127.0.0.1:{port}", "signing_secret": "whsec_bm90aGluZw=="}))

    result = run("alert", "send", "-", "--ready-file", str(ready), stdin=json.dumps(ALERT))

    assert result.returncode == exits.NO_LISTENER
    assert "was not sent" in result.stderr
