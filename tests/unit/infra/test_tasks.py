"""Every task has a name and an end: errors are reported, restarts wait, and stopping is in order and in time."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tt_tui.infra.tasks import Crash, Restart, TaskSupervisor


class FakeClock:
    """Time that passes only in `sleep`, which also keeps what was waited."""

    def __init__(self) -> None:
        self.nanoseconds = 0
        self.slept: list[float] = []

    def monotonic(self) -> int:
        return self.nanoseconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.nanoseconds += int(seconds * 1e9)
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def crashes() -> list[Crash]:
    return []


@pytest.fixture
def supervisor(clock: FakeClock, crashes: list[Crash]) -> TaskSupervisor:
    return TaskSupervisor(clock, lambda: 0.0, crashes.append)


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_task_bears_its_name_while_it_runs(supervisor: TaskSupervisor) -> None:
    goes_on = asyncio.Event()

    async def work() -> None:
        await goes_on.wait()

    task = supervisor.start("guard", work)
    assert supervisor.names() == ("guard",)
    assert task.get_name() == "guard"
    goes_on.set()
    await task

    assert supervisor.names() == ()


async def test_an_error_is_reported_and_logged_and_the_task_ends(
    supervisor: TaskSupervisor, crashes: list[Crash], caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        raise ValueError("no quotes")

    await supervisor.start("hub", work)

    assert [(crash.name, str(crash.error), crash.retry_in) for crash in crashes] == [("hub", "no quotes", None)]
    assert "task hub ended by ValueError, it is not started again" in caplog.text


async def test_a_task_is_started_again_after_growing_waits(
    supervisor: TaskSupervisor, clock: FakeClock, crashes: list[Crash]
) -> None:
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs < 5:
            raise ValueError(str(runs))

    await supervisor.start("feed", work, Restart.ON_ERROR)

    assert runs == 5
    assert clock.slept == [1, 2, 4, 8]
    assert [crash.retry_in for crash in crashes] == [1, 2, 4, 8]


async def test_a_minute_of_health_makes_the_next_wait_short(supervisor: TaskSupervisor, clock: FakeClock) -> None:
    healthy = iter([0, 0, 60, 0])

    async def work() -> None:
        seconds = next(healthy, None)
        if seconds is None:
            return
        clock.nanoseconds += seconds * 10**9
        raise ValueError("again")

    await supervisor.start("feed", work, Restart.ON_ERROR)

    assert clock.slept == [1, 2, 1, 2]


async def test_a_task_that_ends_well_is_not_started_again(supervisor: TaskSupervisor, clock: FakeClock) -> None:
    async def work() -> None:
        return

    await supervisor.start("once", work, Restart.ON_ERROR)

    assert clock.slept == []


async def test_a_cancellation_from_inside_is_a_crash_not_a_silent_end(
    supervisor: TaskSupervisor, crashes: list[Crash]
) -> None:
    async def work() -> None:
        inner = asyncio.get_running_loop().create_future()
        inner.cancel()
        await inner

    await supervisor.start("guard", work)

    assert [type(crash.error) for crash in crashes] == [asyncio.CancelledError]


async def test_cancelling_ends_a_task_without_a_report(supervisor: TaskSupervisor, crashes: list[Crash]) -> None:
    task = supervisor.start("feed", forever, Restart.ON_ERROR)
    await asyncio.sleep(0)
    await supervisor.cancel("feed")
    await supervisor.cancel("feed")

    assert task.cancelled()
    assert crashes == []
    assert supervisor.names() == ()


async def test_a_report_that_fails_does_not_end_the_supervision(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(crash: Crash) -> None:
        raise RuntimeError("no one listens")

    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise ValueError("first")

    await TaskSupervisor(clock, lambda: 0.0, broken).start("feed", work, Restart.ON_ERROR)

    assert runs == 2
    assert "the report of task feed failed" in caplog.text


async def test_a_name_is_taken_once(supervisor: TaskSupervisor) -> None:
    supervisor.start("feed", forever)

    with pytest.raises(RuntimeError, match="task feed is already running"):
        supervisor.start("feed", forever)
    await supervisor.stop(5)


async def test_the_name_of_a_task_that_has_just_ended_is_free(supervisor: TaskSupervisor) -> None:
    async def end_at_once() -> None:
        return

    async def follow() -> None:
        assert first.done()
        assert "feed" in supervisor.names(), "the loop has not passed yet, which is what this is about"
        supervisor.start("feed", forever)

    first = supervisor.start("feed", end_at_once)
    following = supervisor.spawn("follow", follow())
    await following
    await asyncio.sleep(0)

    assert supervisor.names() == ("feed",)
    await supervisor.stop(5)


async def test_stopping_goes_from_the_last_to_the_first_each_waited_for(supervisor: TaskSupervisor) -> None:
    ended: list[str] = []

    def worker(name: str) -> None:
        async def work() -> None:
            try:
                await forever()
            finally:
                await asyncio.sleep(0)
                ended.append(name)

        supervisor.start(name, work)

    for name in ("journal", "desk", "listener"):
        worker(name)
    await asyncio.sleep(0)
    stuck = await supervisor.stop(30)

    assert ended == ["listener", "desk", "journal"]
    assert stuck == ()
    with pytest.raises(RuntimeError, match="being stopped"):
        supervisor.start("late", forever)


async def test_a_task_that_does_not_end_is_named_and_the_others_still_end(
    supervisor: TaskSupervisor, caplog: pytest.LogCaptureFixture
) -> None:
    release = asyncio.Event()
    ended = asyncio.Event()

    async def polite() -> None:
        try:
            await forever()
        finally:
            ended.set()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    supervisor.start("polite", polite)
    task = supervisor.start("stubborn", stubborn)
    await asyncio.sleep(0)
    stuck = await supervisor.stop(0)
    await ended.wait()

    assert "stubborn" in stuck
    assert "task stubborn did not end in time" in caplog.text
    release.set()
    await task


async def test_a_task_waiting_to_start_again_is_ended_too(supervisor: TaskSupervisor, clock: FakeClock) -> None:
    waiting = asyncio.Event()

    async def endless(seconds: float) -> None:
        waiting.set()
        await forever()

    clock.sleep = endless  # type: ignore[method-assign]

    async def work() -> None:
        raise ValueError("again")

    supervisor.start("feed", work, Restart.ON_ERROR)
    await waiting.wait()

    assert await supervisor.stop(30) == ()
    assert supervisor.names() == ()


async def test_a_spawned_coroutine_gives_its_result_and_its_error_to_who_awaits(
    supervisor: TaskSupervisor, crashes: list[Crash]
) -> None:
    async def answer() -> int:
        return 42

    async def fail() -> int:
        raise ValueError("none")

    assert await supervisor.spawn("ask", answer()) == 42
    with pytest.raises(ValueError, match="none"):
        await supervisor.spawn("ask", fail())
    assert crashes == []


async def test_a_spawned_coroutine_nobody_awaits_is_logged(
    supervisor: TaskSupervisor, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise ValueError("none")

    with caplog.at_level(logging.ERROR):
        task = supervisor.spawn("ask", fail())
        await asyncio.wait([task])

    assert "task ask ended by ValueError" in caplog.text
