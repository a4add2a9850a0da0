"""Delays grow, are spread upwards only, and start anew after a minute of health."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tt_tui.infra.backoff import Backoff, delay


@pytest.mark.parametrize(("attempt", "seconds"), [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (7, 60), (10_000, 60)])
def test_a_delay_doubles_up_to_a_minute(attempt: int, seconds: float) -> None:
    assert delay(attempt, lambda: 0.0) == seconds


@given(st.integers(0, 100), st.floats(0, 1, exclude_max=True))
def test_a_delay_is_spread_by_at_most_a_quarter_upwards(attempt: int, drawn: float) -> None:
    shortest = delay(attempt, lambda: 0.0)

    assert shortest <= delay(attempt, lambda: drawn) <= shortest * 1.25


def test_an_attempt_below_zero_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="was -1"):
        delay(-1, lambda: 0.0)


def test_failures_in_a_row_wait_longer_each_time() -> None:
    backoff = Backoff(lambda: 0.0)

    assert [backoff.failed() for _ in range(4)] == [1, 2, 4, 8]
    assert backoff.attempt == 4


@pytest.mark.parametrize(("healthy", "seconds"), [(59.999, 4), (60.0, 1), (3_600.0, 1)])
def test_a_minute_of_health_starts_anew(healthy: float, seconds: float) -> None:
    backoff = Backoff(lambda: 0.0)
    backoff.failed()
    backoff.failed()

    assert backoff.failed(healthy) == seconds


def test_a_reset_forgets_the_past() -> None:
    backoff = Backoff(lambda: 0.0)
    backoff.failed()
    backoff.reset()

    assert backoff.failed() == 1
