"""A journal that can't write says so, loses nothing while it lives, and goes on when it can."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from tests.unit.desk.journal_helpers import Answers, FailPoint, contents, entry, open_journal, write
from tt_tui.desk import journal as journal_module
from tt_tui.desk.journal import DuplicateKey, Entry, JournalFailed, JournalUnwritable


async def test_a_failed_commit_is_told_and_its_records_are_written_later_in_order(tmp_path: Path) -> None:
    points = FailPoint("journal.before_commit")
    failures: list[str] = []
    recovered = Answers()
    journal = open_journal(
        tmp_path / "journal.db",
        crash_point=points,
        on_failure=failures.append,
        on_recovered=lambda seq: recovered(journal_module.AppendResult((seq,), 0, 0)),
    )
    await journal.commit([entry(1)])
    # The writer tries again by itself as well, so that the disk is full until told otherwise.
    points.errors = [apsw.FullError("no space")] * 10_000
    with pytest.raises(JournalFailed, match="disk is full"):
        await journal.commit([entry(2, keyed=True)])
    assert str(journal.failed) == failures[0]
    assert "disk is full" in failures[0]
    assert (journal.durable_seq, journal.last_seq) == (1, 2)
    with pytest.raises(DuplicateKey):
        journal.append([entry(2, keyed=True)])
    with pytest.raises(JournalFailed):
        await journal.commit([entry(3)])
    points.errors = []
    assert await journal.commit([entry(4)]) == (4,)
    recovered.wait(1)
    assert str(journal.failed) == "None"
    assert [record.order_id for record in contents(journal)] == [f"ORD-{number:06}" for number in (1, 2, 3, 4)]
    assert journal.verify().ok
    assert journal.close()


def test_retry_writes_what_is_queued_without_a_new_append(tmp_path: Path) -> None:
    points = FailPoint("journal.before_commit")
    recovered = Answers()
    journal = open_journal(
        tmp_path / "journal.db",
        crash_point=points,
        on_recovered=lambda seq: recovered(journal_module.AppendResult((seq,), 0, 0)),
    )
    points.errors = [apsw.IOError("bad disk")]
    answers = Answers()
    journal.append([entry(1)], answers)
    assert "disk error" in str(answers.wait(1)[0].error)
    journal.retry()
    assert recovered.wait(1)[0].seqs == (1,)
    assert len(answers.results) == 1
    assert (journal.failed, journal.durable_seq) == (None, 1)
    journal.close()


@pytest.mark.parametrize("more", [0, 3])
def test_a_commit_that_reached_the_disk_but_was_told_failed_is_not_written_twice(tmp_path: Path, more: int) -> None:
    points = FailPoint("journal.after_commit")
    journal = open_journal(tmp_path / "journal.db", crash_point=points)
    write(journal, [entry(0)] * more)
    points.errors = [apsw.IOError("fsync failed"), apsw.IOError("fsync failed")]
    answers = Answers()
    journal.append([entry(1, keyed=True), entry(2)], answers)
    assert answers.wait(1)[0].error is not None
    journal.append([entry(3)], answers)
    journal.append([entry(4)], answers)
    answers.wait(3)
    journal.append([entry(5)], answers)
    assert answers.wait(4)[3].error is None
    assert [record.seq for record in contents(journal)] == list(range(1, more + 6))
    assert journal.verify().ok
    assert journal.close()


def test_rows_of_another_writer_stop_the_journal_for_good(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    write(journal, [entry(1)])
    other = apsw.Connection(str(path))
    other.execute("INSERT INTO record SELECT 2, wall, mono, kind, '', '', '', payload, hash FROM record")
    answers = Answers()
    for number in (2, 3, 4):
        journal.append([entry(number)], answers)
        assert answers.wait(number - 1)[-1].error is not None
    other.execute("BEGIN IMMEDIATE; ROLLBACK")  # a failed commit left no lock behind
    other.close()
    assert "not the one this process wrote" in str(journal.failed)
    assert not journal.close()


def test_alerts_leave_room_for_exits_while_the_disk_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "WAITING_BYTES", 20_000)
    gate = threading.Event()

    def slow_disk(name: str) -> None:
        if name == "journal.before_commit":
            assert gate.wait(30)

    journal = open_journal(tmp_path / "journal.db", crash_point=slow_disk)
    alert = Entry(kind="AlertReceived", payload=b"x" * 500)
    taken = 0
    with contextlib.suppress(JournalFailed):
        while taken < 100:
            journal.append([alert])
            taken += 1
    assert 0 < taken < 20
    for _ in range(5):
        journal.append([Entry(kind="OrderIntended", payload=b"{}")])
    gate.set()
    assert journal.close()


def test_what_waits_for_the_disk_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "WAITING_BYTES", 2000)
    gate = threading.Event()

    def slow_disk(name: str) -> None:
        if name == "journal.before_commit":
            assert gate.wait(30)

    journal = open_journal(tmp_path / "journal.db", crash_point=slow_disk)
    taken = 0
    refusal = ""
    while not refusal:
        try:
            journal.append([entry(taken)])
            taken += 1
        except JournalFailed as error:
            refusal = str(error)
    assert "no more is taken" in refusal
    assert journal.last_seq == taken < 100
    gate.set()
    assert journal.close()
    again = open_journal(tmp_path / "journal.db")
    assert again.last_seq == taken
    again.close()


def test_closing_with_a_dead_disk_ends_and_says_that_something_is_lost(tmp_path: Path) -> None:
    points = FailPoint("journal.before_commit")
    journal = open_journal(tmp_path / "journal.db", crash_point=points)
    points.errors = [apsw.IOError("gone") for _ in range(100)]
    journal.append([entry(1)])
    assert not journal.close()


def test_closing_while_the_disk_hangs_keeps_the_lock(tmp_path: Path) -> None:
    gate = threading.Event()
    path = tmp_path / "journal.db"

    def hung_disk(_: str) -> None:
        assert gate.wait(30)

    journal = open_journal(path, crash_point=hung_disk)
    journal.append([entry(1)])
    assert not journal.close(timeout=0)
    with pytest.raises(journal_module.JournalHeld):
        open_journal(path)
    gate.set()


def test_a_folder_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(JournalUnwritable, match="folder could not be made"):
        open_journal(tmp_path / "file" / "journal.db")
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(JournalUnwritable):
        open_journal(tmp_path / "journal.db")


@pytest.mark.parametrize("side", ["-wal", "-shm", ".lock", ".new"])
def test_a_side_file_that_cannot_be_opened_is_no_damage(tmp_path: Path, side: str) -> None:
    path = tmp_path / "journal.db"
    if side != ".new":
        open_journal(path).close()
    path.with_name(path.name + side).unlink(missing_ok=True)
    path.with_name(path.name + side).mkdir()
    with pytest.raises(JournalUnwritable):
        open_journal(path)
    assert not list(tmp_path.glob("*.damaged-*"))
    path.with_name(path.name + side).rmdir()
    open_journal(path).close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_refused_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.db"
    open_journal(path).close()
    path.parent.chmod(0o500)
    try:
        with pytest.raises(JournalUnwritable):
            open_journal(path)
    finally:
        path.parent.chmod(0o700)


def test_a_file_sqlite_may_only_read_is_refused_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_journal(path).close()
    data = bytearray(path.read_bytes())
    data[18] = 3  # a write version SQLite does not know: it reads the file and refuses to write
    path.write_bytes(data)
    with pytest.raises(JournalUnwritable, match="only read"):
        open_journal(path)


_FULL_DISK = """
import asyncio, json, pathlib, resource, sys
from tt_tui.desk.journal import Entry, Journal, JournalFailed
from tt_tui.infra.clock import SystemClock

async def main():
    told, refused = [], 0
    journal = Journal.open(pathlib.Path(sys.argv[1]), clock=SystemClock())
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    while refused < 3:
        try:
            told.extend(await journal.commit([Entry("Fill", b"x" * 3000)]))
        except JournalFailed as error:
            refused += 1
            reason = str(error)
    durable_when_full, last_when_full = journal.durable_seq, journal.last_seq
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    told.extend(await journal.commit([Entry("Fill", b"after")]))
    print(json.dumps({"told": told, "reason": reason, "durable": durable_when_full, "last": last_when_full,
                      "failed": journal.failed, "closed": journal.close()}))

asyncio.run(main())
"""


def test_a_real_write_error_keeps_every_record_and_goes_on_when_there_is_space(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    said = json.loads(done.stdout)
    assert said["durable"] == said["last"] - 3
    assert said["told"] == [*range(1, said["durable"] + 1), said["last"] + 1]
    assert "could not be written" in said["reason"]
    assert said["closed"]
    journal = open_journal(path)
    assert journal.last_seq == said["last"] + 1
    assert journal.verify().ok
    journal.close()


_WRITER = """
import asyncio, os, pathlib, sys
from tt_tui.desk.journal import Entry, Journal
from tt_tui.infra.clock import SystemClock

journal = Journal.open(pathlib.Path(sys.argv[1]), clock=SystemClock(), snapshot_every=50)

async def work(name):
    step = 0
    while True:
        step += 1
        keys = (f"order:{os.getpid()}-{name}-{step}",)
        seqs = await journal.commit([Entry("Sent", b"{}", unique=keys), Entry("Ack", b"{}")])
        if journal.snapshot_due:
            journal.save_snapshot(seqs[-1], b"x" * 20000)
        os.write(1, b"%d\\n" % seqs[-1])

async def main():
    await asyncio.gather(*(work(name) for name in range(8)))

asyncio.run(main())
"""


def test_killed_in_mid_write_every_acknowledged_append_is_there(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for attempt in range(6):
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(150 + attempt * 37)]
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        acknowledged += [int(line) for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
        journal = open_journal(path)
        assert journal.last_seq >= max(acknowledged)
        assert journal.last_seq % 2 == 0  # an append of two is there whole or not at all
        snapshot = journal.snapshot()
        assert snapshot is not None
        assert journal.verify().ok
        assert journal.close()
