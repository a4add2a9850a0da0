"""The one place that makes asyncio tasks: each has a name, a rule for its errors and an owner."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tt_tui.infra.backoff import Backoff

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, None]]

log = logging.getLogger(__name__)


class _Clock(Protocol):
    def monotonic(self) -> int: ...

    async def sleep(self, seconds: float) -> None: ...


class Restart(enum.Enum):
    """What follows when a task ends by an error."""

    NEVER = "never"
    ON_ERROR = "on error"


@dataclass(frozen=True, slots=True)
class Crash:
    """A task ended by an error."""

    name: str
    error: BaseException
    retry_in: float | None
    """Seconds until it runs again; None when it does not."""


class TaskSupervisor:
    """Starts, names, restarts and ends tasks; belongs to the event loop it is used on.

    Args:
        clock: measures health and waits between restarts.
        random: gives numbers in [0, 1) that spread the restarts.
        on_crash: told of every crash, on the loop; it must not block.
    """

    def __init__(
        self, clock: _Clock, random: Callable[[], float], on_crash: Callable[[Crash], None] | None = None
    ) -> None:
        self._clock = clock
        self._random = random
        self._on_crash = on_crash
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._stopping = False

    def start(self, name: str, work: Work, restart: Restart = Restart.NEVER) -> asyncio.Task[None]:
        """Run ``work()`` as a task of that name, again after an error when the rule says so.

        Raises:
            RuntimeError: the supervisor is stopping, or a task of that name is running.
        """
        return self._adopt(name, self._supervise(name, work, restart))

    def spawn(self, name: str, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run one coroutine whose result or error the caller awaits; an error is logged all the same.

        Raises:
            RuntimeError: the supervisor is stopping, or a task of that name is running.
        """
        task = self._adopt(name, coroutine)
        task.add_done_callback(_log_failure)
        return task

    @property
    def stopping(self) -> bool:
        """Return True once `stop` was called; nothing can be started any more."""
        return self._stopping

    def names(self) -> tuple[str, ...]:
        """Return the names of the running tasks, in the order of their start."""
        return tuple(self._tasks)

    async def cancel(self, name: str) -> None:
        """End the task of that name and wait for it; nothing happens when there is none."""
        task = self._tasks.get(name)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def stop(self, timeout: float) -> tuple[str, ...]:
        """End all tasks, the last started first, each before the next, in that many seconds in all.

        Returns:
            The names of the tasks that had not ended when the time was over; they are cancelled all the same.
        """
        self._stopping = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        stuck: list[str] = []
        for name, task in reversed(list(self._tasks.items())):
            if task is asyncio.current_task():
                continue
            task.cancel()
            # One pass of the loop is given even when the time is over, so a well-behaved task ends cleanly.
            await asyncio.wait([task], timeout=max(0.0, deadline - loop.time()))
            if not task.done():
                stuck.append(name)
                log.error("task %s did not end in time", name)
        return tuple(stuck)

    def _adopt(self, name: str, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        problem = ""
        before = self._tasks.get(name)
        if self._stopping:
            problem = f"task {name} cannot start: everything is being stopped"
        # One that has ended stays listed until the loop's next pass; its name is free at once.
        elif before is not None and not before.done():
            problem = f"task {name} is already running; end it first or choose another name"
        if problem:
            coroutine.close()
            raise RuntimeError(problem)
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.pop(name, None)
        self._tasks[name] = task
        task.add_done_callback(lambda ended: self._forget(name, ended))
        return task

    def _forget(self, name: str, ended: asyncio.Task[Any]) -> None:
        if self._tasks.get(name) is ended:
            del self._tasks[name]

    async def _supervise(self, name: str, work: Work, restart: Restart) -> None:
        backoff = Backoff(self._random)
        while True:
            started = self._clock.monotonic()
            error = await self._run_once(work)
            if error is None:
                return
            healthy = (self._clock.monotonic() - started) / 1e9
            retry_in = backoff.failed(healthy) if restart is Restart.ON_ERROR and not self._stopping else None
            self._report(Crash(name, error, retry_in))
            if retry_in is None:
                return
            await self._clock.sleep(retry_in)

    async def _run_once(self, work: Work) -> BaseException | None:
        try:
            await work()
        except asyncio.CancelledError as error:
            # A cancellation nobody asked this task for comes from what it awaited: a crash like any other.
            task = asyncio.current_task()
            if self._stopping or task is None or task.cancelling():
                raise
            return error
        except Exception as error:
            return error
        return None

    def _report(self, crash: Crash) -> None:
        kind = type(crash.error).__name__
        after = "it is not started again" if crash.retry_in is None else f"again in {crash.retry_in:.1f} s"
        log.error("task %s ended by %s, %s", crash.name, kind, after, exc_info=crash.error)
        if self._on_crash is None:
            return
        try:
            self._on_crash(crash)
        except Exception:
            log.exception("the report of task %s failed", crash.name)


def _log_failure(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.error("task %s ended by %s", task.get_name(), type(error).__name__, exc_info=error)
