"""The screen's copy of the state: event by event, from a whole state, and never counted twice."""

from __future__ import annotations

from decimal import Decimal

from tt_tui.domain.order import Side
from tt_tui.tui.replica import LogTail, Replica

from .fake_port import FakePort, account, day_of_trading, filled, request, working


def test_it_folds_what_the_desk_folded() -> None:
    port, replica = FakePort(), Replica()
    day_of_trading(port)

    assert replica.pull(port)
    assert replica.state.copy_bytes() == port.state.copy_bytes()
    assert not replica.pull(port)


def test_it_goes_on_from_a_whole_state() -> None:
    port, replica = FakePort(), Replica()
    day_of_trading(port)
    port.snapshot_first = True
    replica.pull(port)
    order = request("ORD-9", "ESZ6", Side.SELL, 1)
    port.write(*working(order), filled(order, "6720"))
    replica.pull(port)

    assert replica.state.copy_bytes() == port.state.copy_bytes()
    assert replica.state.position("paper-main", "ESZ6").quantity == Decimal(1)


def test_rows_that_the_whole_state_already_holds_are_not_counted_twice() -> None:
    from msgspec.structs import replace

    from tt_tui.desk.port import Batch

    port, replica = FakePort(), Replica()
    day_of_trading(port)

    class Repeating(FakePort):
        def events(self, after: int, limit: int = 2_000) -> Batch:
            return Batch(state=port.state.copy_bytes(), rows=tuple(replace(row) for row in port.rows))

    replica.pull(Repeating())

    assert replica.state.copy_bytes() == port.state.copy_bytes()


def test_one_frame_takes_a_bounded_number_of_events_and_later_ones_the_rest() -> None:
    port, replica = FakePort(), Replica()
    port.write(*(account(f"a-{number}") for number in range(7_000)))

    replica.pull(port)
    first = (replica.is_behind, replica.state.seq)
    replica.pull(port)

    assert first == (True, 6_000)
    assert (replica.is_behind, replica.state.seq) == (False, 7_000)


def test_before_the_desk_has_answered_nothing_is_known() -> None:
    replica = Replica()
    before = replica.has_read
    replica.pull(FakePort())

    assert (before, replica.has_read) == (False, True)


def test_the_log_holds_each_line_once_and_the_screens_own_between_them() -> None:
    port, tail = FakePort(), LogTail()
    port.log("one")
    tail.pull(port)
    tail.note(5, "warning", "the theme mine is no theme")
    port.log("two")
    tail.pull(port)
    tail.pull(port)

    assert [line.text for line in tail.lines] == ["one", "the theme mine is no theme", "two"]
    assert len({line.number for line in tail.lines}) == 3
