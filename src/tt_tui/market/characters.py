"""How each product of the simulated market behaves: price level, volatility, liquidity. Plausible, not real."""

from __future__ import annotations

from typing import NamedTuple

from tt_tui.domain.instrument import Instrument, Kind, product
from tt_tui.market.path import salt, uniform

DEFAULT_ROOTS = ("ES", "NQ", "RTY", "YM", "MES", "MNQ", "M2K", "MYM", "CL", "GC", "SI", "6E", "ZN", "BTC")
"""Futures that the simulated market shows when nothing is configured."""
DEFAULT_EQUITIES = ("SPY", "QQQ", "AAPL", "NVDA", "TSLA")
"""Shares that it shows then."""


class Character(NamedTuple):
    """One underlying's behaviour."""

    base: float
    daily: float
    """Own volatility a session, beside the market's one percent times beta."""
    beta: float = 0.0
    quotes_per_second: float = 6.0
    """In lively regular hours."""
    wide: float = 0.1
    """How often the spread is more than one tick."""
    size: float = 10.0
    """Typical size at the best price."""
    volume: int = 200_000
    """Contracts or shares a session."""


_CHARACTERS = {
    "ES": Character(6850.0, 0.0015, 1.0, 9.0, 0.03, 40.0, 1_500_000),
    "NQ": Character(25200.0, 0.004, 1.25, 9.0, 0.35, 4.0, 600_000),
    "RTY": Character(2480.0, 0.006, 1.1, 6.0, 0.25, 8.0, 180_000),
    "YM": Character(47600.0, 0.003, 0.85, 6.0, 0.3, 5.0, 130_000),
    "GC": Character(4080.0, 0.011, 0.0, 7.0, 0.3, 6.0, 220_000),
    "SI": Character(50.5, 0.019, 0.0, 5.0, 0.3, 5.0, 80_000),
    "HG": Character(5.05, 0.014, 0.2, 4.0, 0.25, 7.0, 70_000),
    "CL": Character(60.2, 0.02, 0.2, 7.0, 0.08, 20.0, 320_000),
    "NG": Character(4.35, 0.034, 0.0, 5.0, 0.15, 15.0, 180_000),
    "ZB": Character(117.5, 0.006, -0.15, 5.0, 0.02, 250.0, 350_000),
    "ZN": Character(112.9, 0.0035, -0.1, 6.0, 0.01, 900.0, 1_600_000),
    "ZF": Character(109.3, 0.0022, -0.06, 5.0, 0.01, 700.0, 1_000_000),
    "ZT": Character(104.2, 0.001, -0.03, 4.0, 0.01, 900.0, 500_000),
    "ZC": Character(432.0, 0.012, 0.0, 4.0, 0.05, 80.0, 200_000),
    "ZS": Character(1118.0, 0.011, 0.0, 4.0, 0.15, 30.0, 140_000),
    "ZW": Character(541.0, 0.014, 0.0, 4.0, 0.15, 30.0, 90_000),
    "6E": Character(1.1555, 0.0045, 0.1, 6.0, 0.05, 60.0, 200_000),
    "6J": Character(0.00655, 0.0055, -0.1, 5.0, 0.05, 60.0, 150_000),
    "BTC": Character(88500.0, 0.024, 0.8, 4.0, 0.6, 3.0, 12_000),
    "ETH": Character(2950.0, 0.032, 0.9, 4.0, 0.5, 5.0, 9_000),
    "SPY": Character(682.0, 0.0008, 1.0, 8.0, 0.05, 600.0, 60_000_000),
    "QQQ": Character(611.0, 0.003, 1.25, 8.0, 0.1, 500.0, 45_000_000),
    "IWM": Character(246.0, 0.006, 1.1, 6.0, 0.1, 800.0, 30_000_000),
    "DIA": Character(475.0, 0.003, 0.85, 4.0, 0.3, 300.0, 4_000_000),
    "AAPL": Character(271.0, 0.011, 1.1, 7.0, 0.2, 300.0, 50_000_000),
    "MSFT": Character(488.0, 0.01, 1.1, 6.0, 0.3, 200.0, 22_000_000),
    "NVDA": Character(182.0, 0.018, 1.7, 8.0, 0.15, 500.0, 180_000_000),
    "TSLA": Character(402.0, 0.026, 1.8, 8.0, 0.4, 200.0, 85_000_000),
    "AMZN": Character(226.0, 0.013, 1.2, 6.0, 0.2, 300.0, 40_000_000),
    "META": Character(612.0, 0.014, 1.2, 5.0, 0.4, 150.0, 14_000_000),
    "GOOGL": Character(299.0, 0.013, 1.1, 6.0, 0.2, 250.0, 35_000_000),
    "AMD": Character(212.0, 0.023, 1.7, 6.0, 0.3, 250.0, 45_000_000),
}


def underlying(instrument: Instrument) -> str:
    """Return the name of the path that a contract follows: a micro's is its mini's, all months share one."""
    if instrument.kind is Kind.FUTURE:
        found = product(instrument.root)
        return instrument.root if found is None or found.mini is None else found.mini
    return instrument.symbol


def character(name: str) -> Character:
    """Return how an underlying behaves; one without an entry gets plausible figures told from its name."""
    known = _CHARACTERS.get(name)
    if known is not None:
        return known
    price, wild = uniform(salt(name), 1), uniform(salt(name), 2)
    return Character(
        base=round(80.0 * 4.0**price, 2),
        daily=0.015 * 1.8**wild,
        beta=1.0,
        quotes_per_second=4.0,
        wide=0.4,
        size=150.0,
        volume=3_000_000,
    )
