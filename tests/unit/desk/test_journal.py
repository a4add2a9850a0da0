"""The journal: order, atomic commits, unique keys, snapshots, reading and the lock."""

from __future__ import annotations

import asyncio
import hashlib
import stat
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import msgspec
import pytest

from tests.unit.desk.journal_helpers import Answers, FailPoint, StepClock, contents, entry, open_journal, write
from tt_tui.desk import journal_check, journal_schema
from tt_tui.desk.journal import (
    DuplicateKey,
    Entry,
    Journal,
    JournalFailed,
    JournalHeld,
    JournalUnsupported,
    holder,
)


async def test_appends_of_many_tasks_are_contiguous_and_in_call_order(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    calls: list[tuple[tuple[int, ...], str]] = []

    async def work(name: int) -> None:
        for step in range(20):
            label = f"{name}-{step}"
            submitted = journal.submit([Entry("Step", label.encode()), Entry("Step", label.encode())])
            calls.append((submitted.seqs, label))
            await submitted.durable

    await asyncio.gather(*(work(name) for name in range(16)))
    assert [seq for seqs, _ in calls for seq in seqs] == list(range(1, 641))
    expected = [(seq, label.encode()) for seqs, label in calls for seq in seqs]
    assert [(record.seq, record.payload) for record in contents(journal)] == expected
    assert journal.last_seq == journal.durable_seq == 640
    assert journal.verify().ok
    assert journal.close()


async def test_many_appends_share_a_commit(tmp_path: Path) -> None:
    points = FailPoint("")
    journal = open_journal(tmp_path / "journal.db", crash_point=points)
    futures = [journal.submit([entry(number)]).durable for number in range(200)]
    await asyncio.gather(*futures)
    assert points.passed.count("journal.after_commit") < 200
    journal.close()


def test_a_record_keeps_what_was_appended(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    given = Entry("OrderSent", b'{"side":"buy"}', order_id="ORD-Ä", alert_id="ALR-1", unique=("order:ORD-Ä", "b"))
    answers = Answers()
    journal.append([given], answers, wall=1_700_000_000_000_000_007)
    result = answers.wait(1)[0]
    (record,) = contents(journal)
    assert (record.seq, record.wall, record.mono) == (1, 1_700_000_000_000_000_007, result.mono)
    assert (record.kind, record.payload, record.order_id, record.alert_id, record.unique) == (
        given.kind,
        given.payload,
        given.order_id,
        given.alert_id,
        given.unique,
    )
    genesis = journal_schema.genesis_hash(1, _created(tmp_path / "journal.db"), "test-chain")
    head = f'1\x1f{record.wall}\x1f{record.mono}\x1fOrderSent\x1fORD-Ä\x1fALR-1\x1f["order:ORD-Ä","b"]\x1f'
    assert record.hash == hashlib.sha256(genesis + head.encode() + given.payload).digest()
    journal.close()


def _created(path: Path) -> int:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    created = connection.execute("SELECT created FROM meta").fetchall()[0][0]
    connection.close()
    assert isinstance(created, int)
    return created


def test_a_caller_is_told_only_what_another_connection_can_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    seen: list[int] = []
    told = Answers()
    journal = open_journal(path)

    def look(result: journal_schema.AppendResult) -> None:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        rows = connection.execute("SELECT seq FROM record WHERE seq <= ?", (result.seqs[-1],)).fetchall()
        connection.close()
        seen.append(len(rows) - result.seqs[-1])
        told(result)

    for number in range(20):
        journal.append([entry(number), entry(number)], look)
    told.wait(20)
    assert seen == [0] * 20
    journal.close()


def test_entries_of_one_append_are_committed_together(tmp_path: Path) -> None:
    points = FailPoint("journal.before_commit")
    journal = open_journal(tmp_path / "journal.db", crash_point=points)
    answers = Answers()
    points.errors = [apsw.FullError("no space")]
    journal.append([entry(number) for number in range(600)], answers)
    assert answers.wait(1)[0].error is not None
    assert contents(journal) == []
    journal.append([entry(600)], answers)
    assert answers.wait(2)[1].error is None
    assert [record.seq for record in contents(journal)] == list(range(1, 602))
    journal.close()


def test_a_taken_key_is_refused_at_once_and_takes_no_number(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    journal.append([entry(1, keyed=True)])
    with pytest.raises(DuplicateKey) as caught:
        journal.append([entry(2), entry(1, keyed=True)])
    assert (caught.value.key, caught.value.existing_seq) == ("order:ORD-000001", 1)
    assert journal.append([entry(3)]) == (2,)
    with pytest.raises(ValueError, match="twice"):
        journal.append([entry(4, keyed=True), entry(4, keyed=True)])
    assert journal.append([entry(4, keyed=True)]) == (3,)
    journal.close()


def test_a_key_is_refused_after_reopening_and_when_no_longer_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tt_tui.desk.journal._RECENT_KEYS", 5)
    journal = open_journal(tmp_path / "journal.db")
    write(journal, [entry(number, keyed=True) for number in range(40)])
    write(journal, [entry(number, keyed=True) for number in range(40, 60)])
    for number in range(60):
        with pytest.raises(DuplicateKey):
            journal.append([entry(number, keyed=True)])
    journal.close()
    again = open_journal(tmp_path / "journal.db")
    for number in range(60):
        with pytest.raises(DuplicateKey) as caught:
            again.append([entry(number, keyed=True)])
        assert caught.value.existing_seq == number + 1
    assert again.append([entry(60, keyed=True)]) == (61,)
    again.close()


def test_an_append_without_entries_or_with_broken_text_is_refused(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    with pytest.raises(ValueError, match="at least one"):
        journal.append([])
    for bad in (
        Entry("\udc80", b""),
        Entry("a", b"", order_id="\udc80"),
        Entry("a", b"", unique=("\udc80",)),
        Entry("a\x1f", b""),
        Entry("a", b"", alert_id="\x1f"),
        msgspec.structs.replace(entry(1), payload="text"),
        msgspec.structs.replace(entry(1), kind=None),
    ):
        with pytest.raises(ValueError):
            journal.append([entry(1), bad])
    with pytest.raises(ValueError):
        journal.append([entry(1)], wall=-1)
    with pytest.raises(ValueError):
        journal.append([entry(1)], wall=1 << 63)
    assert journal.append([entry(1)]) == (1,)
    assert journal.close()


def test_a_failing_callback_does_not_stop_the_writer(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")

    def broken(_: object) -> None:
        raise RuntimeError("a caller's fault")

    journal.append([entry(1)], broken)
    write(journal, [entry(2)])
    assert len(contents(journal)) == 2
    journal.close()


async def test_a_cancelled_wait_keeps_the_append(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    waiting = asyncio.ensure_future(journal.commit([entry(1)]))
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await journal.commit([entry(2)])
    assert [record.seq for record in contents(journal)] == list(range(1, journal.last_seq + 1))
    journal.close()


def test_read_filters(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    write(journal, [entry(number) for number in range(30)])
    assert [record.seq for record in journal.read(10, 5)] == [11, 12, 13, 14, 15]
    assert {record.kind for record in journal.read(0, 99, kind="OrderSent")} == {"OrderSent"}
    assert [record.seq for record in journal.read(0, 99, order_id="ORD-000007")] == [8]
    assert [record.seq for record in journal.read(8, 99, alert_id="ALR-000003", kind="AlertReceived")] == [10]
    journal.close()


def test_a_snapshot_returns_as_it_was_saved_and_two_are_kept(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db", snapshot_every=10)
    assert journal.snapshot() is None
    for batch in range(4):
        write(journal, [entry(number) for number in range(10)])
        due = [journal.snapshot_due]
        journal.save_snapshot(journal.last_seq, b"state %d" % batch)
        due.append(journal.snapshot_due)
        assert due == [True, False]
    write(journal, [entry(1)])
    journal.close()
    again = open_journal(tmp_path / "journal.db")
    assert again.snapshot() == (40, b"state 3")
    assert again.opening.snapshot_seq == 40
    assert [record.seq for record in again.tail(40)] == [41]
    again.close()
    connection = apsw.Connection(str(tmp_path / "journal.db"))
    assert [seq for (seq,) in connection.execute("SELECT seq FROM snapshot ORDER BY seq")] == [30, 40]
    connection.close()


def test_a_snapshot_taken_before_its_record_is_durable_waits_for_it(tmp_path: Path) -> None:
    points = FailPoint("journal.before_commit")
    journal = open_journal(tmp_path / "journal.db", crash_point=points)
    points.errors = [apsw.FullError("no space")]
    answers = Answers()
    journal.append([entry(1)], answers)
    journal.save_snapshot(1, b"state")
    assert answers.wait(1)[0].error is not None
    assert journal.snapshot() is None
    journal.append([entry(2)], answers)
    answers.wait(2)
    journal.append([entry(3)], answers)
    answers.wait(3)
    assert journal.snapshot() == (1, b"state")
    journal.close()


def test_a_snapshot_queued_behind_several_commits_is_kept(tmp_path: Path) -> None:
    gate = threading.Event()

    def slow_disk(name: str) -> None:
        if name == "journal.before_commit":
            assert gate.wait(30)

    journal = open_journal(tmp_path / "journal.db", crash_point=slow_disk)
    for number in range(600):
        journal.append([entry(number)])
    journal.save_snapshot(600, b"state")
    gate.set()
    journal.close()
    again = open_journal(tmp_path / "journal.db")
    assert again.snapshot() == (600, b"state")
    again.close()


def test_a_snapshot_of_another_history_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    write(journal, [entry(1)])
    journal.save_snapshot(1, b"state")
    journal.close()
    other = bytes(32)
    connection = apsw.Connection(str(path))
    connection.execute(
        "UPDATE snapshot SET record_hash = ?, checksum = ?",
        (other, journal_schema.snapshot_checksum(1, other, b"state")),
    )
    connection.close()
    again = open_journal(path)
    assert again.snapshot() is None
    again.close()


@pytest.mark.parametrize("change", ["state = x'00'", "record_hash = zeroblob(32)", "checksum = zeroblob(32)"])
def test_a_snapshot_that_is_not_whole_is_passed_over(tmp_path: Path, change: str) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    for number in range(2):
        write(journal, [entry(number)])
        journal.save_snapshot(number + 1, b"state %d" % number)
    write(journal, [entry(2)])
    journal.close()
    connection = apsw.Connection(str(path))
    connection.execute(f"UPDATE snapshot SET {change} WHERE seq = 2")
    connection.close()
    again = open_journal(path)
    assert again.snapshot() == (1, b"state 0")
    assert again.opening.snapshot_seq == 1
    assert "snapshot after record 2" in again.opening.notes[0]
    again.close()


def test_a_large_journal_is_checked_from_its_snapshot_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    write(journal, [entry(number, keyed=True) for number in range(300)])
    journal.save_snapshot(250, b"state")
    write(journal, [entry(300)])
    journal.close()
    whole = open_journal(path)
    assert (whole.opening.last_seq, whole.opening.verified) == (301, 301)
    whole.close()
    monkeypatch.setattr(journal_check, "WHOLE_CHECK_RECORDS", 300)
    quick = open_journal(path)
    assert (quick.opening.last_seq, quick.opening.verified, quick.opening.snapshot_seq) == (301, 51, 250)
    assert quick.verify().records == 301
    quick.close()


def test_a_second_journal_object_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    assert holder(path) is None
    journal = open_journal(path)
    journal.announce({"port": 8000})
    script = (
        "import sys, pathlib\n"
        "from tt_tui.desk.journal import Journal, JournalHeld\n"
        "from tt_tui.infra.clock import SystemClock\n"
        "try:\n"
        "    Journal.open(pathlib.Path(sys.argv[1]), clock=SystemClock())\n"
        "except JournalHeld as error:\n"
        "    print(error.pid, error.facts['port'], error)\n"
    )
    second = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    facts = holder(path)
    assert facts is not None
    pid = facts["pid"]
    assert second.stdout.startswith(f"{pid} 8000 process {pid} holds the journal")
    with pytest.raises(JournalHeld):
        open_journal(path)
    journal.close()
    assert holder(path) is None
    open_journal(path).close()


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.db"
    journal = open_journal(path)
    write(journal, [entry(1)])
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    names = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert names == dict.fromkeys(("journal.db", "journal.db-wal", "journal.db-shm", "journal.db.lock"), 0o600)
    journal.close()
    assert sorted(file.name for file in path.parent.iterdir()) == ["journal.db", "journal.db.lock"]


def test_a_closed_journal_takes_nothing_and_had_everything_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    for number in range(500):
        journal.append([entry(number)])
    assert journal.close()
    assert journal.close()
    with pytest.raises(JournalFailed, match="closed"):
        journal.append([entry(1)])
    with pytest.raises(JournalFailed, match="closed"):
        journal.read(0, 1)
    again = open_journal(path)
    assert again.last_seq == 500
    again.close()


def test_reading_beside_the_process_that_writes(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    reader = Journal.open(path, clock=StepClock(), read_only=True)
    assert reader.last_seq == 0
    write(journal, [entry(1), entry(2)])
    assert (reader.last_seq, reader.chain_id, len(contents(reader))) == (2, "test-chain", 2)
    assert reader.verify().ok
    with pytest.raises(JournalFailed, match="reading only"):
        reader.append([entry(3)])
    reader.close()
    journal.close()
    with pytest.raises(JournalUnsupported, match="no journal"):
        Journal.open(tmp_path / "none.db", clock=StepClock(), read_only=True)


def test_a_backup_of_a_running_journal_opens_with_all_that_was_durable(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.db")
    write(journal, [entry(number, keyed=True) for number in range(50)])
    journal.save_snapshot(50, b"state")
    write(journal, [entry(50)])  # told before the snapshot is stored,
    write(journal, [entry(51)])  # and this one after
    journal.backup(tmp_path / "backup.db")
    with pytest.raises(FileExistsError):
        journal.backup(tmp_path / "backup.db")
    write(journal, [entry(52)])
    restored = open_journal(tmp_path / "backup.db")
    assert contents(restored) == contents(journal)[:52]
    assert restored.snapshot() == (50, b"state")
    with pytest.raises(DuplicateKey):
        restored.append([entry(7, keyed=True)])
    restored.close()
    journal.close()


def test_the_write_ahead_log_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    for batch in range(60):
        write(journal, [Entry("Big", b"x" * 8000) for _ in range(50)])
        assert (tmp_path / "journal.db-wal").stat().st_size <= 64 * 1024 * 1024, batch
    assert (tmp_path / "journal.db-wal").stat().st_size < 3000 * 8000
    journal.close()


def test_an_old_sqlite_and_a_newer_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalUnsupported, match=r"3\.51\.3"):
        journal_schema.require_sqlite("3.51.2")
    journal_schema.require_sqlite("3.51.3")
    path = tmp_path / "journal.db"
    open_journal(path).close()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(JournalUnsupported, match="format 2"):
        open_journal(path)
    assert not list(tmp_path.glob("*.damaged-*"))


def test_every_setting_that_makes_a_commit_durable_is_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    open_journal(path).close()
    connection = journal_schema.connect_writer(path)
    settings = {
        name: connection.execute(f"PRAGMA {name}").fetchall()[0][0]
        for name in ("journal_mode", "synchronous", "fullfsync", "checkpoint_fullfsync", "wal_autocheckpoint")
    }
    connection.close()
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
        "wal_autocheckpoint": 0,
    }
