"""What can be traded: explicit contracts with exact tick arithmetic, and the products they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from tt_tui.domain import expiry, price_grid

MONTH_CODES = "FGHJKMNQUVXZ"
"""The letters of the contract months, January first."""

_PRODUCTS = Path(__file__).with_name("data") / "products.toml"
_SECOND = 1_000_000_000
_CENT = Decimal("0.01")
_OPTION_MULTIPLIER = Decimal(100)
_OCC = re.compile(r"(?P<root>[A-Z]{1,5}[0-9]?) *(?P<expiry>[0-9]{6})(?P<right>[CP])(?P<strike>[0-9]{8})")
_EQUITY = re.compile(r"[A-Z]{1,5}(?:\.[A-Z]{1,2})?")

PriceFormat = Literal["decimal", "32nds"]


class UnknownSymbol(ValueError):
    """A symbol that names nothing this program can trade; the text says what was read and what to write."""


class Kind(StrEnum):
    """What sort of thing a symbol names; ``OTHER`` (spot crypto, spot FX, an index) can't be traded here."""

    FUTURE = "future"
    EQUITY = "equity"
    OPTION = "option"
    OTHER = "other"


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One explicit contract or share, with all that pricing an order in it needs."""

    symbol: str
    """Canonical: ``ESZ6`` (one-digit year), ``AAPL``, or OCC with the root padded to six characters."""
    root: str
    kind: Kind
    exchange: str = ""
    name: str = ""
    tick_size: Decimal
    point_value: Decimal
    """Account currency for a move of 1.0 in price, for one contract."""
    group: str
    """Group of the session calendar."""
    year: int = 0
    month: int = 0
    last_trade: date | None = None
    first_notice: date | None = None
    max_quote_age: int = 60 * _SECOND
    """Nanoseconds after which a quote is stale while the session is open."""
    price_format: PriceFormat = "decimal"
    cash_settled: bool = False

    @property
    def tick_value(self) -> Decimal:
        """Return the worth of one tick of one contract."""
        return self.tick_size * self.point_value

    def is_on_tick(self, price: Decimal) -> bool:
        """Tell whether a price is finite and a whole number of ticks."""
        return price.is_finite() and price_grid.is_multiple(price, self.tick_size)

    def ticks(self, difference: Decimal) -> Decimal:
        """Return a price difference counted in ticks, exactly; not whole when off the grid."""
        return difference / self.tick_size

    def round_to_tick(self, price: Decimal, *, up: bool) -> Decimal:
        """Return the nearest price on the grid at or above (`up`) or at or below the one given.

        Raises:
            ValueError: the price is no finite number of a sane size.
        """
        return price_grid.round_to(price, self.tick_size, up=up)

    def round_limit(self, price: Decimal, side_sign: int) -> Decimal:
        """Return a limit price on the grid, on the less aggressive side: a buy (+1) down, a sell (-1) up."""
        return self.round_to_tick(price, up=side_sign < 0)

    def round_stop(self, price: Decimal, side_sign: int) -> Decimal:
        """Return a protective stop on the grid, on the side that loses less: a sell (-1) up, a buy down."""
        return self.round_to_tick(price, up=side_sign < 0)

    def format_price(self, price: Decimal | None) -> str:
        """Return a price as a trader reads it: ``110'16.5`` for Treasuries, else decimals by tick.

        A price off the grid (an average) is shown in decimals, with two digits more. None is a dash.
        """
        if price is None:
            return "–"
        return price_grid.format_price(price, self.tick_size, thirty_seconds=self.price_format == "32nds")

    def parse_price(self, text: str) -> Decimal:
        """Return the price a person wrote, in decimals or, for Treasuries, as ``110'16.5``.

        The result may be off the grid. Raises ValueError with a sentence for anything else.
        """
        return price_grid.parse_price(text, thirty_seconds=self.price_format == "32nds", symbol=self.symbol)


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A futures product: what all its contract months share."""

    root: str
    exchange: str
    name: str
    group: str
    tick_size: Decimal
    point_value: Decimal
    cycle: str
    """Letters of the months normally listed."""
    roll_cycle: str
    """Letters of the liquid months that the front contract walks through."""
    micro: str | None = None
    mini: str | None = None
    """For a micro, the root of the contract it divides."""
    micro_ratio: int = 1
    """How many micros make one of the larger contract; on both of them. 1 where there is no micro."""
    max_quote_age: int
    price_format: PriceFormat = "decimal"
    settlement: Literal["cash", "delivery"]
    last_trade: str
    first_notice: str
    roll: str
    cqg: str
    """Root at ProjectX and CQG; empty when not known."""
    cqg_status: Literal["confirmed", "hint", "unknown"] = "confirmed"

    @property
    def tick_value(self) -> Decimal:
        """Return the worth of one tick of one contract."""
        return self.tick_size * self.point_value

    @property
    def mini_equivalent(self) -> Decimal:
        """Return how much of a full contract one of this is: 1, or 1/ratio for a micro."""
        return Decimal(1) / self.micro_ratio if self.mini else Decimal(1)


@lru_cache(maxsize=1)
def products() -> Mapping[str, Product]:
    """Return every futures product by root, from the shipped data."""
    import tomllib

    data = tomllib.loads(_PRODUCTS.read_text(encoding="utf-8"))
    rows: dict[str, dict[str, Any]] = {}
    for root, own in data["products"].items():
        rows[root] = data["groups"][own["group"]] | own
    micros = {row["parent"]: (root, row["ratio"]) for root, row in rows.items() if "parent" in row}
    return MappingProxyType({root: _product(root, row, micros.get(root)) for root, row in rows.items()})


def _product(root: str, row: dict[str, Any], micro: tuple[str, int] | None) -> Product:
    expiry.check_rules(row["last_trade"], row["first_notice"], row["roll"])
    status = row.get("cqg_status", "confirmed")
    return Product(
        root=root,
        exchange=row["exchange"],
        name=row["name"],
        group=row["group"],
        tick_size=Decimal(row["tick_size"]),
        point_value=Decimal(row["point_value"]),
        cycle=row["cycle"],
        roll_cycle=row.get("roll_cycle", row["cycle"]),
        micro=micro[0] if micro else None,
        mini=row.get("parent"),
        micro_ratio=micro[1] if micro else row.get("ratio", 1),
        max_quote_age=row["max_quote_age"] * _SECOND,
        price_format=row.get("price_format", "decimal"),
        settlement=row["settlement"],
        last_trade=row["last_trade"],
        first_notice=row["first_notice"],
        roll=row["roll"],
        cqg="" if status == "unknown" else row.get("cqg", root),
        cqg_status=status,
    )


def product(root: str) -> Product | None:
    """Return the product of a root, or None."""
    return products().get(root)


@lru_cache(maxsize=4096)
def future(root: str, year: int, month: int) -> Instrument:
    """Return the contract of a root for one month, with its last trading and first notice day.

    Raises:
        UnknownSymbol: the root is no product, or year and month are no contract month.
    """
    found = products().get(root)
    if found is None:
        raise UnknownSymbol(f"{root!r} is no futures root known here; known are {', '.join(products())}")
    if not 1 <= month <= 12 or not 1980 <= year <= 2099:
        raise UnknownSymbol(f"{root}: {year}-{month} is no contract month; write for example {root}Z6")
    return Instrument(
        symbol=f"{root}{MONTH_CODES[month - 1]}{year % 10}",
        root=root,
        kind=Kind.FUTURE,
        exchange=found.exchange,
        name=found.name,
        tick_size=found.tick_size,
        point_value=found.point_value,
        group=found.group,
        year=year,
        month=month,
        last_trade=expiry.last_trade(found.last_trade, year, month),
        first_notice=expiry.first_notice(found.first_notice, found.last_trade, year, month),
        max_quote_age=found.max_quote_age,
        price_format=found.price_format,
        cash_settled=found.settlement == "cash",
    )


def equity(symbol: str) -> Instrument:
    """Return a US share or fund by ticker (``AAPL``, ``BRK.B``), with a tick of one cent.

    Raises:
        UnknownSymbol: the text does not look like a US ticker.
    """
    if not _EQUITY.fullmatch(symbol):
        raise UnknownSymbol(f"{symbol!r} is no US ticker: one to five capital letters, like AAPL or BRK.B")
    return Instrument(
        symbol=symbol,
        root=symbol,
        kind=Kind.EQUITY,
        tick_size=_CENT,
        point_value=Decimal(1),
        group="us_equity",
    )


def canonical_occ(text: str) -> str:
    """Return an OCC option symbol with its root padded to six characters; UnknownSymbol if it is none."""
    match = _OCC.fullmatch(text)
    if match is None or int(match["strike"]) == 0 or _occ_expiry(match["expiry"]) is None:
        raise UnknownSymbol(f"{text!r} is no OCC option symbol, like 'AAPL  261218C00200000'")
    return f"{match['root']:<6}{match['expiry']}{match['right']}{match['strike']}"


def option(occ: str) -> Instrument:
    """Return an equity option by its OCC symbol, padded or not; tick 0.01, 100 shares.

    Raises:
        UnknownSymbol: the text is no OCC symbol.
    """
    symbol = canonical_occ(occ)
    expires = _occ_expiry(symbol[6:12])
    root = symbol[:6].rstrip()
    strike = (Decimal(symbol[13:]) / 1000).normalize()
    right = "call" if symbol[12] == "C" else "put"
    return Instrument(
        symbol=symbol,
        root=root,
        kind=Kind.OPTION,
        name=f"{root} {expires} {strike:f} {right}",
        tick_size=_CENT,
        point_value=_OPTION_MULTIPLIER,
        group="us_equity",
        last_trade=expires,
    )


def _occ_expiry(digits: str) -> date | None:
    try:
        return date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return None
