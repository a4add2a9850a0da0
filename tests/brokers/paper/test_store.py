"""The venue's own file: what was written is what a new engine starts from."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.brokers.paper.support import BUY, LISTED, SELL, START, Venue, counted_ids, d, quote, request, ticks
from tt_tui.brokers.paper.engine import MatchingEngine
from tt_tui.brokers.paper.settings import PaperSettings
from tt_tui.brokers.paper.store import PaperStore, StoreFailed
from tt_tui.domain.order import Bracket, OrderState, OrderType


@pytest.fixture
def store(tmp_path: Path) -> PaperStore:
    store = PaperStore(tmp_path / "deep" / "paper.sqlite")
    store.open()
    return store


def keep(venue: Venue, store: PaperStore) -> None:
    changes = venue.engine.take_changes()
    assert changes is not None
    store.save(changes, recorded=venue.now)


def again(venue: Venue, store: PaperStore, history: int = 10_000) -> MatchingEngine:
    engine = MatchingEngine(
        instrument=LISTED.get,
        sessions=venue.hours,
        new_id=counted_ids("R"),
        settings=PaperSettings(history=history, commission=d("2.05")),
        was_used=store.was_used,
    )
    engine.restore(store.load(history))
    return engine


def busy_venue() -> Venue:
    """Return a venue with partial fills, a working bracket, a trailing mark and a spent order."""
    venue = Venue(PaperSettings(commission=d("2.05")))
    venue.quote(100, 100.25, 100, ask_size=2)
    bracket = Bracket(stop=ticks(20), target=ticks(40), break_even=ticks(8), stop_id="OUR-S", target_id="OUR-T")
    venue.place(request(BUY, 5, bracket=bracket))
    venue.place(request(SELL, 1, OrderType.TRAILING_STOP, trail=3))
    venue.place(request(BUY, 1, OrderType.LIMIT, limit=90, oco_group="G"))
    venue.quote(101, 101.25, 101, ask_size=1)
    venue.cancel(venue.place(request(BUY, 1, OrderType.STOP_LIMIT, stop=110, limit=111)))
    venue.place(request(BUY, "1.5"))
    return venue


def test_a_reloaded_engine_equals_the_one_that_was_kept(store: PaperStore) -> None:
    venue = busy_venue()
    keep(venue, store)
    store.close()
    store.open()
    assert again(venue, store).state() == venue.engine.state()


def test_a_reloaded_engine_goes_on_as_the_other_would(store: PaperStore) -> None:
    venue = busy_venue()
    keep(venue, store)
    engine = again(venue, store)
    for one in (quote(103, 103.25, 103), quote(100, 100.25, 100), quote(89, 89.25, 89)):
        at = venue.tick()
        left, right = venue.engine.on_quote(one, at), engine.on_quote(one, at)
        assert [type(event) for event in left] == [type(event) for event in right]
    assert venue.engine.state() == engine.state()
    assert again(venue, store).state() != engine.state()


def test_one_call_is_one_transaction(store: PaperStore) -> None:
    """A fill that is in the file already can't come twice; nothing of such a call is kept."""
    venue = Venue()
    venue.quote(100, 100.25)
    venue.place(request(BUY))
    changes = venue.engine.take_changes()
    assert changes is not None
    store.save(changes, 1)
    before = store.load(10)
    venue.place(request(BUY))
    more = venue.engine.take_changes()
    assert more is not None
    with pytest.raises(StoreFailed, match="can't write the paper accounts"):
        store.save(type(more)(accounts=(), positions=(), orders=more.orders, fills=changes.fills), 2)
    assert store.load(10) == before


def test_history_is_asked_by_either_clock(store: PaperStore) -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    order = venue.place(request(BUY))
    changes = venue.engine.take_changes()
    assert changes is not None
    store.save(changes, recorded=5_000)
    for since in (order.updated, 5_000):
        assert [row.broker_id for row in store.orders("main", since)] == [order.broker_id]
        assert len(store.fills("main", since)) == 1
    assert store.orders("main", 5_001) == []
    assert store.fills("main", 5_001) == []
    assert store.fills("second", 0) == []


def test_open_orders_belong_to_every_answer(store: PaperStore) -> None:
    venue = Venue()
    venue.place(request(BUY))
    keep(venue, store)
    assert [row.state for row in store.orders("main", 1 << 60)] == [OrderState.WORKING]


def test_only_recent_finished_orders_are_loaded_and_every_id_stays_known(store: PaperStore) -> None:
    venue = Venue(PaperSettings(history=2))
    venue.quote(100, 100.25)
    parent = venue.place(request(BUY, order_id="OLD", bracket=Bracket(stop=ticks(400))))
    for number in range(5):
        venue.place(request(BUY, order_id=f"OUR-{number}"))
        keep(venue, store)
    loaded = {order.order_id or order.role for order in store.load(2).orders}
    assert loaded == {"OLD", "stop", "OUR-3", "OUR-4"}
    engine = again(venue, store, history=2)
    assert engine.order(parent.broker_id) is not None
    assert store.was_used("main", "OUR-0")
    assert not store.was_used("main", "OUR-9")
    found = store.find("main", "OUR-0")
    assert found is not None
    assert found.state is OrderState.FILLED


def test_a_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "paper.sqlite"
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(StoreFailed, match="no paper account file of version 1"):
        PaperStore(path).open()
    check = apsw.Connection(str(path))
    assert [name for (name,) in check.execute("SELECT name FROM sqlite_schema")] == ["theirs"]
    check.close()


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "paper.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreFailed, match=r"can't open the paper accounts in .*move the file away"):
        PaperStore(path).open()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = PaperStore(tmp_path / "paper.sqlite")
    store.close()
    with pytest.raises(StoreFailed, match="is not open"):
        store.load(1)


def test_the_file_is_for_its_owner_only(store: PaperStore, tmp_path: Path) -> None:
    assert (tmp_path / "deep" / "paper.sqlite").stat().st_mode & 0o077 == 0


def test_amounts_come_back_exactly(store: PaperStore) -> None:
    venue = Venue(PaperSettings(commission=d("0.1234567890123")))
    venue.quote("100.25", "100.5")
    venue.place(request(BUY, 3))
    keep(venue, store)
    (account,) = store.load(1).accounts
    assert account.cash == START - 3 * d("0.1234567890123")
    assert str(account.cash) == str(venue.cash)


def test_a_commit_does_not_wait_for_the_disk(store: PaperStore) -> None:
    db = store._open_db()
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (1,)


def test_a_long_log_is_moved_into_the_file_and_does_not_grow_on(store: PaperStore, tmp_path: Path) -> None:
    venue = Venue()
    venue.quote(100, 100.25)
    log = tmp_path / "deep" / "paper.sqlite-wal"
    longest = 0
    while store._moving is None:
        venue.place(request(BUY))
        keep(venue, store)
        longest += 1
    store._moving.result()
    size = log.stat().st_size
    for _ in range(longest // 2):
        venue.place(request(BUY))
        keep(venue, store)
    assert log.stat().st_size == size
    assert len(store.fills("main", 0)) == longest + longest // 2
