"""Price paths of the simulated market: pure functions of a seed and a time.

A path is a sum of octaves of value noise, each four times slower and twice as wide as the one before, which
moves like a random walk over seconds to days and stays near its base over years. Any moment can be asked for
at once, so history, the live market and the market after a restart are the same function.
"""

from __future__ import annotations

import itertools
import math
from hashlib import blake2b

SESSION_SECONDS = 23 * 3600
"""Length of a futures session, for which daily volatility is meant."""

_MASK = (1 << 64) - 1
_FASTEST = 0.5
_OCTAVES = 13
_INTRADAY = 2048.0
"""Octaves with a shorter period than this, in seconds, follow the hours of the day."""
# The variance of such a sum over a time t is 2.44 t times the squared amplitude per root second.
_VARIANCE = 2.44
# A uniform number in [-1, 1) times the root of three has variance one.
_UNIT = math.sqrt(3.0)

_SHAPE = (
    (0.0, 0.35),
    (2.0, 0.6),
    (6.0, 0.55),
    (7.5, 0.9),
    (8.4, 1.0),
    (8.5, 1.7),
    (9.5, 1.3),
    (11.5, 0.85),
    (13.0, 0.85),
    (14.5, 1.3),
    (15.0, 1.2),
    (15.25, 0.5),
    (16.0, 0.35),
    (17.0, 0.5),
    (19.0, 0.4),
    (24.0, 0.35),
)
"""Hour of the day in Chicago and how lively the market is then; 1 is the day's average in regular hours."""


def activity(hour: float) -> float:
    """Return how lively the market is at an hour of the day in Chicago (0 to 24), around 0.35 to 1.7."""
    for (left, low), (right, high) in itertools.pairwise(_SHAPE):
        if hour < right:
            return low + (high - low) * (hour - left) / (right - left)
    return _SHAPE[-1][1]


def salt(*words: object) -> int:
    """Return 64 well-mixed bits of some words, the same in every process."""
    text = "\x1f".join(map(str, words)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest())


def uniform(salted: int, index: int) -> float:
    """Return the number in [-1, 1) that belongs to an index (splitmix64)."""
    z = (salted + index * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return (z ^ (z >> 31)) / 9223372036854775808.0 - 1.0


class _Octave:
    """One octave: straight lines between random places, one a period; it remembers the line it is on."""

    __slots__ = ("_salt", "_width", "cell", "left", "phase", "rate", "slope")

    def __init__(self, salted: int, period: float, width: float) -> None:
        self._salt = salted
        self._width = width * _UNIT
        self.rate = 1.0 / period
        # Octaves whose corners fell together would bend the path at round times.
        self.phase = uniform(salted, -1)
        self.cell = -1
        self.left = self.slope = 0.0

    def move(self, cell: int) -> None:
        """Go to another line."""
        self.cell = cell
        self.left = uniform(self._salt, cell) * self._width
        self.slope = uniform(self._salt, cell + 1) * self._width - self.left


def _sum(octaves: tuple[_Octave, ...], seconds: float) -> float:
    # Written out in one loop, for this is where the simulated market spends its time.
    total = 0.0
    for octave in octaves:
        place = seconds * octave.rate + octave.phase
        cell = int(place)
        if cell != octave.cell:
            octave.move(cell)
        total += octave.left + octave.slope * (place - cell)
    return total


class Noise:
    """One random walk in logarithms of price.

    Args:
        salted: names the walk.
        daily: standard deviation of its move over one session, 0.01 for a percent.
    """

    def __init__(self, salted: int, daily: float) -> None:
        per_root_second = daily / math.sqrt(_VARIANCE * SESSION_SECONDS)
        periods = [_FASTEST * 4.0**number for number in range(_OCTAVES)]
        octaves = [_Octave(salt(salted, period), period, per_root_second * math.sqrt(period)) for period in periods]
        fast = sum(period < _INTRADAY for period in periods)
        self._fast = tuple(octaves[:fast])
        self._slow = tuple(octaves[fast:])
        self._known: tuple[float, float, float] = (-1.0, 0.0, 0.0)

    def at(self, seconds: float, lively: float) -> float:
        """Return the walk's place at a time in seconds, its quick moves scaled by the hour's liveliness."""
        known = self._known
        if known[0] != seconds:
            known = self._known = (seconds, _sum(self._fast, seconds), _sum(self._slow, seconds))
        return known[2] + lively * known[1]


class Path:
    """The price of one underlying: its own walk, and its share of the whole market's.

    Args:
        base: price that it stays around.
        daily: its own volatility a session, beside the market's.
        beta: how many percent it moves with a percent of the market.
    """

    def __init__(self, seed: int, name: str, *, base: float, daily: float, beta: float, market: Noise) -> None:
        self._base = base
        self._own = Noise(salt(seed, name), daily)
        self._beta = beta
        self._market = market

    def price(self, seconds: float, lively: float) -> float:
        """Return the price at a time in seconds since the epoch."""
        walk = self._own.at(seconds, lively)
        if self._beta:
            walk += self._beta * self._market.at(seconds, lively)
        return self._base * math.exp(walk)


def market_noise(seed: int) -> Noise:
    """Return the walk that all shares and indices have in common: one percent a session."""
    return Noise(salt(seed, "market"), 0.01)
