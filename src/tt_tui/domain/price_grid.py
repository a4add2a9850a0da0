"""Exact arithmetic on a price grid, and the two ways a price is written: decimals and Treasury 32nds.

Ticks are counted in integers, because a remainder in binary floats is wrong for 0.015625 and 0.0000005.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal

_MAX_MAGNITUDE = 15
_MAX_DIGITS = 40
_THIRTY_SECOND = Decimal(1) / 32
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_QUOTED = re.compile(r"(?P<points>[0-9]+)['’-](?P<parts>[0-9]{2})(?:\.?(?P<fraction>[0-9]{1,3}))?")
# Boards cut the eighths of a 32nd to one digit: .125 is written 1, .25 is 2, .375 is 3 and so on.
_EIGHTHS = {f"{eighth * 125:03d}": eighth for eighth in range(8)}


def is_multiple(price: Decimal, tick: Decimal) -> bool:
    """Tell whether a finite price is a whole number of ticks."""
    return _is_sane(price) and _divide(price, tick)[1] == 0


def round_to(price: Decimal, tick: Decimal, *, up: bool) -> Decimal:
    """Return the nearest multiple of the tick at or above (`up`) or at or below the price.

    Raises:
        ValueError: the price is not finite, or beyond any market's size.
    """
    if not price.is_finite() or not _is_sane(price):
        raise ValueError(f"{price} is no price that can be put on a grid of {tick}")
    count, rest = _divide(price, tick)
    return (count + (1 if up and rest else 0)) * tick


def format_price(price: Decimal, tick: Decimal, *, thirty_seconds: bool) -> str:
    """Return the price as a trader reads it; off the grid, in decimals with two digits more."""
    if not price.is_finite():
        return str(price)
    on_grid = is_multiple(price, tick)
    if on_grid and thirty_seconds:
        return _format_thirty_seconds(price, tick)
    places = _places(tick) + (0 if on_grid else 2)
    return f"{price.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):f}" if _is_sane(price) else str(price)


def parse_price(text: str, *, thirty_seconds: bool, symbol: str) -> Decimal:
    """Return the price written as decimals, or as points'32nds where that is the product's way.

    Raises:
        ValueError: a sentence that says what was read and what to write.
    """
    stripped = text.strip()
    if len(stripped) <= _MAX_DIGITS:
        if _DECIMAL.fullmatch(stripped):
            price = Decimal(stripped)
            if _is_sane(price):
                return price
        elif thirty_seconds and (match := _QUOTED.fullmatch(stripped)):
            parts, eighths = int(match["parts"]), _eighths(match["fraction"] or "")
            if parts < 32 and eighths is not None:
                return Decimal(match["points"]) + (parts * 8 + eighths) * _THIRTY_SECOND / 8
    example = "110'16.5 or 110.515625" if thirty_seconds else "5012.25"
    raise ValueError(f"{text[:_MAX_DIGITS]!r} is no price for {symbol}; write it like {example}")


def _is_sane(price: Decimal) -> bool:
    # An exponent from outside may be huge; a ratio of it would take the machine's memory.
    exponent = price.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_MAX_DIGITS and price.adjusted() <= _MAX_MAGNITUDE


def _divide(price: Decimal, tick: Decimal) -> tuple[int, int]:
    numerator, denominator = price.as_integer_ratio()
    tick_numerator, tick_denominator = tick.as_integer_ratio()
    return divmod(numerator * tick_denominator, denominator * tick_numerator)


def _places(tick: Decimal) -> int:
    exponent = tick.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _format_thirty_seconds(price: Decimal, tick: Decimal) -> str:
    sign = "-" if price < 0 else ""
    eighths, _ = _divide(abs(price), _THIRTY_SECOND / 8)
    points, rest = divmod(eighths, 256)
    parts, fraction = divmod(rest, 8)
    tail = "" if tick >= _THIRTY_SECOND else f".{fraction * 125 // 100}"
    return f"{sign}{points}'{parts:02d}{tail}"


def _eighths(fraction: str) -> int | None:
    for digits, eighth in _EIGHTHS.items():
        if digits.startswith(fraction) or digits == fraction.ljust(3, "0"):
            return eighth
    return None
