"""A damaged journal is never used as if it were whole: flipped bytes, torn and cut files."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import apsw
import pytest

from tests.unit.desk.journal_helpers import StepClock, contents, copy_as_crashed, entry, open_journal, write
from tt_tui.desk.journal import (
    DuplicateKey,
    Journal,
    JournalDamaged,
    JournalUnsupported,
    JournalUnwritable,
    Record,
)

FRAME = 24 + 4096
WAL_HEAD = 32
RECORDS = 45


def make(path: Path, records: int = RECORDS) -> list[Record]:
    """Write a small journal and leave two copies: ``closed.db``, and ``crashed.db`` with its write-ahead log."""
    journal = open_journal(path)
    for number in range(records):
        write(journal, [entry(number, keyed=number % 3 == 0)])
        if number in (15, 30):
            journal.save_snapshot(number + 1, b"state %d" % number * 20)
    written = contents(journal)
    copy_as_crashed(path, path.with_name("crashed.db"))
    journal.close()
    path.rename(path.with_name("closed.db"))
    return written


def flip(path: Path, place: int, bits: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= bits
    path.write_bytes(data)


def outcome(path: Path, written: list[Record]) -> str:
    """Open a journal that may be damaged; say how that was noticed, or prove that nothing is wrong."""
    try:
        journal = open_journal(path)
    except JournalDamaged as error:
        return "JournalDamaged" if error.copy is not None else "no copy"
    except (JournalUnsupported, JournalUnwritable) as error:
        return type(error).__name__
    try:
        found = contents(journal)
        assert journal.last_seq == len(found)
        if journal.opening.notes and "write-ahead" in journal.opening.notes[0]:
            assert found == written[:-1]
            return "last write dropped and noted"
        assert found == written
        for number in range(0, RECORDS, 3):
            with pytest.raises(DuplicateKey):
                journal.append([entry(number, keyed=True)])
        snapshot = journal.snapshot()
        if journal.opening.notes:
            assert snapshot in ((16, b"state 15" * 20), None)
            return "snapshot dropped and noted"
        assert snapshot == (31, b"state 30" * 20)
        write(journal, [entry(99, keyed=True)])
        assert journal.verify().ok
        return "harmless"
    finally:
        assert journal.close()


@pytest.mark.parametrize(("name", "side", "flips"), [("closed.db", "", 500), ("crashed.db", "-wal", 500)])
def test_a_flipped_byte_is_noticed_or_harmless(tmp_path: Path, name: str, side: str, flips: int) -> None:
    written = make(tmp_path / "journal.db")
    source = tmp_path / name
    size = source.with_name(name + side).stat().st_size
    seen: Counter[str] = Counter()
    chance = random.Random(20261123)
    work = tmp_path / "work"
    for number in range(flips):
        folder = work / str(number)
        folder.mkdir(parents=True)
        path = folder / "journal.db"
        path.write_bytes(source.read_bytes())
        if side:
            path.with_name(path.name + side).write_bytes(source.with_name(name + side).read_bytes())
        flip(path.with_name(path.name + side), chance.randrange(size), 1 << chance.randrange(8))
        seen[outcome(path, written)] += 1
    assert seen["JournalDamaged"] > flips // 10, seen
    assert seen["no copy"] == 0, seen


def test_a_changed_record_names_its_number_and_leaves_everything_in_place(tmp_path: Path) -> None:
    make(tmp_path / "journal.db")
    path = tmp_path / "closed.db"
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE record SET payload = x'7b7d' WHERE seq = 20")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalDamaged) as caught:
        open_journal(path)
    error = caught.value
    assert error.first_bad_seq == 20
    assert error.copy is not None
    assert error.copy.read_bytes() == before == path.read_bytes()
    assert "record 20 does not match its hash" in str(error)
    assert "backup" in str(error)
    with pytest.raises(JournalDamaged) as again:
        open_journal(path)
    assert again.value.copy == error.copy
    reader = Journal.open(path, clock=StepClock(), read_only=True)
    assert len(contents(reader)) == RECORDS
    report = reader.verify()
    assert (report.ok, report.first_bad_seq, report.records) == (False, 20, RECORDS)
    reader.close()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM record WHERE seq = 20", "record 20 is missing"),
        ("DELETE FROM record WHERE seq <= 3", "record 1 is missing"),
        ("UPDATE record SET seq = 99 WHERE seq = 45", "record 45 is missing"),
        ("UPDATE record SET wall = wall + 1 WHERE seq = 7", "record 7 does not match"),
        ("UPDATE record SET uniques = '' WHERE seq = 4", "record 4 does not match"),
        ("DELETE FROM unique_key WHERE seq = 4", "15 unique keys .* only 14 are held"),
        ("UPDATE unique_key SET seq = 5 WHERE seq = 4", "15 unique keys .* only 14 are held"),
        ("INSERT INTO unique_key VALUES ('order:other', 5)", "16 unique keys are held"),
        ("UPDATE meta SET chain_id = 'other'", "first row"),
        ("UPDATE meta SET hash = zeroblob(32)", "first row"),
        ("DELETE FROM meta", "0 first rows"),
        ("CREATE TRIGGER sly AFTER INSERT ON record BEGIN DELETE FROM unique_key; END", "tables"),
        ("DROP TABLE snapshot", "tables"),
        ("PRAGMA journal_mode = DELETE", "journal mode is delete"),
        ("PRAGMA application_id = 7", "not a journal"),
    ],
)
def test_each_kind_of_change_is_named(tmp_path: Path, statement: str, problem: str) -> None:
    make(tmp_path / "journal.db")
    path = tmp_path / "closed.db"
    connection = apsw.Connection(str(path))
    connection.execute(statement)
    connection.close()
    with pytest.raises(JournalDamaged, match=problem):
        open_journal(path)
    reader = Journal.open(path, clock=StepClock(), read_only=True)
    assert re.search(problem, reader.verify().problems[0])
    reader.close()


@pytest.mark.parametrize("content", [b"", b"hello, this is no database at all" * 200])
def test_an_emptied_or_foreign_file_is_not_taken_for_a_new_journal(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    open_journal(path).close()
    path.write_bytes(content)
    with pytest.raises(JournalDamaged):
        open_journal(path)
    assert path.read_bytes() == content


def test_a_write_ahead_log_without_its_journal_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    make(tmp_path / "journal.db")
    path = tmp_path / "crashed.db"
    path.unlink()
    with pytest.raises(JournalDamaged, match=r"crashed\.db is gone"):
        open_journal(path)


def test_a_journal_cut_short_is_damaged(tmp_path: Path) -> None:
    make(tmp_path / "journal.db")
    path = tmp_path / "closed.db"
    data = path.read_bytes()
    for size in range(len(data) - 4096, 0, -4096):
        path.write_bytes(data[:size])
        with pytest.raises(JournalDamaged):
            open_journal(path)


def _commit_ends(wal: bytes) -> list[int]:
    """Return the sizes of a log at which a commit is whole."""
    starts = range(WAL_HEAD, len(wal), FRAME)
    return [start + FRAME for start in starts if int.from_bytes(wal[start + 4 : start + 8], "big")]


def test_a_log_torn_anywhere_recovers_to_its_last_whole_commit(tmp_path: Path) -> None:
    written = make(tmp_path / "journal.db", 20)
    data = (tmp_path / "crashed.db").read_bytes()
    wal = (tmp_path / "crashed.db-wal").read_bytes()
    ends = _commit_ends(wal)
    chance = random.Random(7)
    previous = -1
    for cut in sorted(chance.sample(range(WAL_HEAD, len(wal)), 120)):
        path = tmp_path / f"cut{cut}" / "journal.db"
        path.parent.mkdir()
        path.write_bytes(data)
        path.with_name("journal.db-wal").write_bytes(wal[:cut])
        journal = open_journal(path)
        found = contents(journal)
        assert found == written[: len(found)]
        assert len(found) >= previous
        previous = len(found)
        whole = sum(1 for end in ends if end <= cut)
        assert len(found) in (whole, whole - 1)  # one of the commits is a snapshot's
        write(journal, [entry(99)])
        assert journal.verify().ok
        journal.close()


@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"\x5a"])
def test_a_garbled_last_commit_is_dropped_and_noted(tmp_path: Path, filler: bytes) -> None:
    written = make(tmp_path / "journal.db")
    path = tmp_path / "crashed.db"
    wal = path.with_name("crashed.db-wal")
    data = wal.read_bytes()
    start = _commit_ends(data)[-2]
    wal.write_bytes(data[: start + 24] + filler * (len(data) - start - 24))
    journal = open_journal(path)
    assert contents(journal) == written[:-1]
    assert "write-ahead log" in journal.opening.notes[0]
    write(journal, [entry(99)])
    assert journal.verify().ok
    journal.close()


def test_damage_before_the_last_commit_of_the_log_is_no_torn_write(tmp_path: Path) -> None:
    make(tmp_path / "journal.db")
    path = tmp_path / "crashed.db"
    wal = path.with_name("crashed.db-wal")
    start = _commit_ends(wal.read_bytes())[-3]
    flip(wal, start + 24 + 100, 1)
    before = wal.read_bytes()
    with pytest.raises(JournalDamaged, match="committed frames follow") as caught:
        open_journal(path)
    assert wal.read_bytes() == before
    assert caught.value.copy is not None
    assert caught.value.copy.with_name(caught.value.copy.name + "-wal").read_bytes() == before


def test_a_damaged_head_of_the_log_is_not_an_empty_log(tmp_path: Path) -> None:
    written = make(tmp_path / "journal.db")
    path = tmp_path / "crashed.db"
    wal = path.with_name("crashed.db-wal")
    data = wal.read_bytes()
    for place in range(WAL_HEAD):
        wal.write_bytes(data)
        flip(wal, place, 4)
        with pytest.raises(JournalDamaged):
            open_journal(path)
    wal.write_bytes(data)
    journal = open_journal(path)
    assert contents(journal) == written
    journal.close()
