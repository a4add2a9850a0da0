"""A real process is killed at each named place of an alert's way, and another one goes on over its folders.

Whatever the place: no order twice, no fill lost, every answered alert ends in a verdict, a repeated alert is told
for what it is, and what the journal says is what the venue has.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.process import Died, Program, Reply
from tests.trace_checker import Trace, check_trace, read_state, read_trace
from tt_tui.desk.crash import CRASH_POINTS
from tt_tui.desk.state import State
from tt_tui.domain.account import KillLevel
from tt_tui.domain.order import OrderState, Role

pytestmark = pytest.mark.process

AT_ONCE = 4
"""Processes that run side by side; a start is what costs."""
ENTRY = {
    "symbol": "ES",
    "action": "buy",
    "quantity": 1,
    "strategy": "crash",
    "stop_loss_ticks": 100,
    "take_profit_ticks": 100,
}
EXIT = {"symbol": "ES", "action": "close", "strategy": "crash"}
ACCOUNT = "main-1"
KILLED = -signal.SIGKILL
UNDER_WAY = (OrderState.INTENT, OrderState.SENT, OrderState.UNKNOWN)


@dataclass(frozen=True)
class Case:
    """Where to die, one place for each process, and what must be true in the end."""

    places: tuple[str, ...]
    entries: int | None = 1
    """Entries that the venue has in the end: none where the order is proven not to have left; None for one or none."""
    exit_runs: bool = True
    """Whether the one exit alert closes; False where its order left and is proven not to have arrived."""
    by_kill: bool = False
    """Whether the kill switch closes, and not an alert."""

    @property
    def name(self) -> str:
        return ("kill switch: " if self.by_kill else "") + ", then ".join(self.places)


def _alert(*places: str, **facts: Any) -> Case:
    return Case(places, **facts)


def _kill(place: str) -> Case:
    return Case((place,), by_kill=True)


CASES = (
    # The slow ones first: absence is proven by two answers ten seconds apart.
    _alert("sent.after_commit:1", entries=0),
    _alert("sent.after_commit:2", exit_runs=False),
    _alert("paper.before_persist:1", entries=0),
    _alert("alert.before_commit:1"),
    _alert("alert.after_commit:1"),
    _alert("alert.after_commit:2"),
    _alert("alert.before_routing:1"),
    _alert("intent.before_commit:1"),
    _alert("intent.before_commit:2"),
    _alert("intent.after_commit:1", entries=0),
    _alert("intent.after_commit:2"),
    _alert("sent.before_commit:1", entries=0),
    _alert("paper.after_persist:1"),
    _alert("paper.after_persist:4"),
    _alert("paper.before_reply:1"),
    _alert("ack.before_commit:1"),
    _alert("ack.after_commit:1"),
    _alert("fill.before_commit:1"),
    _alert("fill.before_commit:2"),
    _alert("fill.after_commit:1"),
    _alert("verdict.before_commit:1"),
    _alert("verdict.after_commit:2"),
    _alert("cancel.before_commit:1"),
    _alert("cancel.after_commit:1"),
    _alert("close.before_send:1"),
    _alert("day_roll.after_commit:2"),
    _alert("journal.before_commit:1"),
    # How many events share a commit depends on the machine, so that this one falls anywhere between alert and fill.
    _alert("journal.after_commit:6", entries=None),
    _alert("alert.after_commit:1", "alert.before_routing:1", "intent.before_commit:1"),
    _alert("paper.after_persist:1", "ack.before_commit:1", "fill.before_commit:1"),
    _alert("close.before_send:1", "close.before_send:1"),
    _kill("kill.after_latch:1"),
    _kill("cancel.after_commit:1"),
)


@dataclass
class Story:
    """What one user did, over as many processes as it took."""

    program: Program
    answered: dict[str, str] = field(default_factory=dict)
    """Alert ids that were answered with 2xx, by what was posted."""

    def buy_and_close(self) -> None:
        """Post an entry and, once it is protected, an exit; what was answered before is posted once more."""
        self._post(ENTRY)
        self.program.until(lambda: is_quiet(self._state()), "a settled entry")
        self._post(EXIT)
        self.program.until(lambda: is_quiet(self._state()), "a settled exit")
        if self._state().held_symbols(ACCOUNT):
            self._post({**EXIT, "comment": "the first one never arrived"})
            self.program.until(lambda: is_quiet(self._state()), "a settled second exit")

    def buy_against_the_latch(self) -> None:
        """Wait until the kill switch has done what it was thrown for, and try to enter."""
        self.program.until(lambda: not self._state().held_symbols(ACCOUNT), "flat by the kill latch")
        alert = self._ask(f"/api/v1/alerts/{self._post(ENTRY)}")
        assert alert["status"] == "refused", alert
        assert alert["accounts"][0]["code"] == "KILL_FLATTEN", alert

    def _post(self, body: dict[str, Any]) -> str:
        """Return the alert's id once it has a verdict."""
        name = f"{body['action']} {body.get('comment', '')}"
        reply: Reply = self.program.post(body)
        assert reply.status == 200, reply
        alert_id = str(reply.json["alert_id"])
        if name in self.answered:
            assert reply.json == {"status": "duplicate", "alert_id": self.answered[name]}
        self.answered[name] = alert_id
        self.program.until(
            lambda: self._ask(f"/api/v1/alerts/{alert_id}")["status"] != "received", f"a verdict of {alert_id}"
        )
        return alert_id

    def _state(self) -> State:
        return read_state(self.program.data)

    def _ask(self, path: str) -> dict[str, Any]:
        reply = self.program.get(path)
        assert reply.status == 200, reply
        return dict(reply.json)


def is_quiet(state: State) -> bool:
    """Return whether every order's fate is known, and what is held is protected by a working stop of its size."""
    if any(order.state in UNDER_WAY for order in state.orders.values()):
        return False
    live = state.live_orders(ACCOUNT)
    stops = sum(order.remaining for order in live if order.request.role is Role.STOP and not order.pending_cancel)
    held = sum(abs(position.quantity) for position in state.positions.values())
    return stops == held and (bool(held) or not live)


def live_through(case: Case, folder: Path) -> tuple[Trace, Story]:
    """Start, die at each place in turn, go on after the last, end in good order, and read what is left."""
    with Program(folder) as program:
        story = Story(program)
        for number, place in enumerate((*case.places, "")):
            first_of_kill = case.by_kill and number == 0
            program.start(crash_point=place, module="tests.e2e.throw_kill" if first_of_kill else "tt_tui")
            try:
                if first_of_kill:
                    program.until(lambda: False, "the kill switch")
                program.wait_ready()
                if case.by_kill:
                    story.buy_against_the_latch()
                else:
                    story.buy_and_close()
            except Died:
                code = program.wait_end()
                assert place, f"it ended by itself with {code}\n{program.output()}"
                assert code == KILLED, f"it ended with {code} and not at {place}\n{program.output()}"
            else:
                assert not place, f"{place} was never met"
        assert program.terminate() == 0, program.output()
        return read_trace(program.data), story


Lives = dict[Case, Future[tuple[Trace, Story]]]


@pytest.fixture(scope="module")
def lives(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    """Live through every case that was asked for, a few side by side."""
    items = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    wanted = {item.callspec.params["case"] for item in items if hasattr(item, "callspec")}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="life") as pool:
        yield {
            case: pool.submit(live_through, case, tmp_path_factory.mktemp("life", numbered=True))
            for case in CASES
            if case in wanted
        }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_process_that_dies_anywhere_loses_nothing_and_doubles_nothing(case: Case, lives: Lives) -> None:
    trace, story = lives[case].result()

    assert check_trace(trace) == []
    entries = len(trace.entries(ACCOUNT))
    assert entries == case.entries or (case.entries is None and entries <= 1)
    assert trace.venue_position(ACCOUNT) == 0
    for alert_id in story.answered.values():
        assert alert_id in trace.state.alerts
    if case.by_kill:
        assert trace.state.kill is KillLevel.FLATTEN
    elif case.exit_runs:
        assert len(story.answered) == 2, "the first exit alert did not close"


def test_every_crash_point_is_died_at() -> None:
    died_at = {place.partition(":")[0] for case in CASES for place in case.places}

    assert died_at == set(CRASH_POINTS)
