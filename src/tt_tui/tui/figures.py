"""Numbers, ages and times as they stand on screen. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import Decimal

NONE = "–"
"""What stands where nothing is known."""
_SECOND = 1_000_000_000
_CENT = Decimal("0.01")


def money(value: Decimal | None, *, signed: bool = False) -> str:
    """Return an amount with two decimals and thousands; a dash where it is not known."""
    if value is None or not value.is_finite():
        return NONE
    # Adding zero turns a minus before nothing into none.
    cents = value.quantize(_CENT) + 0
    return f"{cents:+,.2f}" if signed and cents else f"{cents:,.2f}"


def quantity(value: Decimal | None) -> str:
    """Return a count without needless zeros."""
    if value is None:
        return NONE
    whole = int(value)
    return str(whole) if whole == value else f"{value.normalize():f}"


def volume(value: Decimal | None) -> str:
    """Return a large count in at most six characters, such as ``1.24M``."""
    if value is None:
        return NONE
    count = int(value)
    if count < 100_000:
        return str(count)
    if count < 1_000_000:
        return f"{count / 1_000:.0f}k"
    return f"{count / 1_000_000:.2f}M"


def percent(change: Decimal | None, base: Decimal | None) -> str:
    """Return a change in percent of its base, signed."""
    if change is None or not base:
        return NONE
    return f"{change / base * 100:+.2f}%"


def age(nanoseconds: int) -> str:
    """Return an age in at most four characters: ``0.2s``, ``14s``, ``3m``, ``2h``, ``5d``."""
    seconds = max(0, nanoseconds) / _SECOND
    if seconds < 1:
        return f"{int(seconds * 10) / 10:.1f}s"
    if seconds < 60:
        return f"{int(seconds)}s"
    if seconds < 3_600:
        return f"{int(seconds // 60)}m"
    if seconds < 172_800:
        return f"{int(seconds // 3_600)}h"
    return f"{int(seconds // 86_400)}d"


def clock_time(nanoseconds: int, zone: tzinfo | None = None) -> str:
    """Return a time of day; a dash for a time that never was."""
    if nanoseconds <= 0:
        return NONE
    return moment(nanoseconds, zone).strftime("%H:%M:%S")


def moment(nanoseconds: int, zone: tzinfo | None = None) -> datetime:
    """Return nanoseconds UTC as a time in a zone, the machine's own for None."""
    return datetime.fromtimestamp(nanoseconds / _SECOND, UTC).astimezone(zone)


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 order`` or ``2 orders``."""
    return f"{count} {one if count == 1 else many or one + 's'}"
