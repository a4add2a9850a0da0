"""Every spelling of a contract that traders paste, read and written.

`parse_symbol` says what a text names, `resolve` turns it into the explicit contract of a trade date, and
`spell` writes a contract the way a platform wants it (source: the project's futures facts, section 5).
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

import msgspec

from tt_tui.domain.instrument import (
    MONTH_CODES,
    Instrument,
    Kind,
    UnknownSymbol,
    canonical_occ,
    equity,
    future,
    option,
    product,
    products,
)

_MAX_LENGTH = 64
_FUTURES_VENUES = frozenset({"CME", "CBOT", "NYMEX", "COMEX", "GLOBEX", "GLBX", "XCME", "XCBT", "XNYM", "XCEC"})
_SHARE_VENUES = frozenset(
    {"NASDAQ", "NYSE", "AMEX", "ARCA", "NYSEARCA", "BATS", "CBOE", "IEX", "OTC", "XNAS", "XNYS", "ARCX", "XASE"}
)
# Currencies and metals also list serial months beyond their cycle; elsewhere the cycle is all there is.
_SERIAL_GROUPS = frozenset({"fx", "metals"})
_MIC = {"CME": "XCME", "COMEX": "XCEC", "CBOT": "XCBT", "NYMEX": "XNYM"}
_CONFIRMED_MICS = frozenset({"XCME", "XCEC"})

_PREFIX = re.compile(r"([A-Z][A-Z0-9_]*):(.+)")
_DELAYED = re.compile(r"_(?:DL|DLY)$")
_MIC_SUFFIX = re.compile(r"(.+):(X[A-Z]{3})")
_CONTINUOUS = re.compile(r"([A-Z0-9]{1,4})([0-9])!")
_DATABENTO = re.compile(r"([A-Z0-9]{1,4})\.[CVN]\.([0-9])")
_NINJATRADER = re.compile(r"([A-Z0-9]{1,4}) (?:([0-9]{2})-([0-9]{2})|##-##)(?: [A-Z0-9]+)?")
_DATED = re.compile(rf"([A-Z0-9]+)([{MONTH_CODES}])([0-9]{{4}}|[0-9]{{1,2}})")
_PROJECTX = re.compile(rf"CON\.F\.US\.([A-Z0-9]+)\.([{MONTH_CODES}])([0-9]{{2}})")
_CQG_NAME = re.compile(r"F\.US\.([A-Z0-9]+)")
_SHARE = re.compile(r"[A-Z]{1,5}(?:[./-][A-Z]{1,2})?")
# Without an exchange a digit points to a mistyped contract rather than to a spot pair.
_PAIR = re.compile(r"\$?[A-Z]{2,}(?:[._/-][A-Z]+)*")
_PAIR_ELSEWHERE = re.compile(r"[A-Z0-9][A-Z0-9._/-]*")


class Platform(StrEnum):
    """Where a spelling comes from or goes to."""

    TRADINGVIEW = "tradingview"
    TRADOVATE = "tradovate"
    PROJECTX = "projectx"
    NINJATRADER = "ninjatrader"
    TASTYTRADE = "tastytrade"
    TASTYTRADE_STREAMER = "tastytrade_streamer"
    SCHWAB = "schwab"
    RITHMIC = "rithmic"
    DATABENTO = "databento"
    CQG = "cqg"


class Spelling(msgspec.Struct, frozen=True, kw_only=True):
    """What a text names, before any calendar is asked."""

    raw: str
    root: str
    kind: Kind
    symbol: str = ""
    """The explicit symbol where the text has one; empty for a continuous future."""
    continuous: int | None = None
    """1 for the front contract (also a bare root), 2 for the next; None for an explicit symbol."""
    year: int = 0
    month: int = 0
    exchange: str = ""
    """The exchange as written, without the mark of a delayed feed."""
    delayed: bool = False
    platform: Platform | None = None
    """Whose spelling it is, where only one has it."""


class FrontMonths(Protocol):
    """What `resolve` needs of a roll calendar."""

    def front(self, root: str, on: date, offset: int = 0) -> Instrument:
        """Return the front contract of a root on a trade date, or a later one by `offset`."""
        ...


def parse_symbol(text: str, *, today: date) -> Spelling:
    """Read any spelling of a symbol; case and outer spaces don't matter.

    A bare futures root is the future, unless an exchange says otherwise (``NYSE:CL`` is a share,
    ``BINANCE:BTC`` is not tradable here). A one-digit year is the one in [today − 1, today + 8].

    Raises:
        UnknownSymbol: a sentence with what was read and what to write.
    """
    raw = text.strip()
    if not raw or len(raw) > _MAX_LENGTH or not raw.isascii():
        raise _unknown(text)
    body, exchange, delayed = _split_exchange(raw.upper())
    found = _read(body, today, exchange)
    if found is None:
        raise _unknown(text)
    return msgspec.structs.replace(found, raw=raw, exchange=exchange, delayed=delayed)


def resolve(symbol: str | Spelling, *, today: date, rolls: FrontMonths) -> Instrument:
    """Return the explicit instrument of a symbol on a trade date; continuous ones by the roll calendar.

    Raises:
        UnknownSymbol: the text names nothing that can be traded here, or a month that is not listed.
    """
    spelling = symbol if isinstance(symbol, Spelling) else parse_symbol(symbol, today=today)
    if spelling.kind is Kind.EQUITY:
        return equity(spelling.symbol)
    if spelling.kind is Kind.OPTION:
        return option(spelling.symbol)
    if spelling.kind is Kind.OTHER:
        raise UnknownSymbol(
            f"{spelling.raw!r} is no future, US share or option; spot and index symbols can't be traded here"
        )
    if spelling.continuous is not None:
        return rolls.front(spelling.root, today, spelling.continuous - 1)
    found = product(spelling.root)
    if found is not None and found.group not in _SERIAL_GROUPS and MONTH_CODES[spelling.month - 1] not in found.cycle:
        listed = ", ".join(found.cycle)
        raise UnknownSymbol(f"{spelling.symbol}: {found.name} has no such month; listed are {listed}")
    return future(spelling.root, spelling.year, spelling.month)


def spell(instrument: Instrument, platform: Platform, *, hint: bool = False) -> str:
    """Write an instrument the way a platform spells it.

    With `hint` also forms that no provider has confirmed, good for a search and never for an order.

    Raises:
        ValueError: the platform does not have this instrument, or its spelling is not confirmed.
    """
    if instrument.kind is Kind.FUTURE:
        return _spell_future(instrument, platform, hint)
    if instrument.kind is Kind.EQUITY and platform in _SPELLS_SHARES:
        separator = _SPELLS_SHARES[platform]
        return instrument.symbol.replace(".", separator)
    if instrument.kind is Kind.OPTION and platform in {Platform.TASTYTRADE, Platform.SCHWAB}:
        return instrument.symbol
    raise ValueError(f"{instrument.symbol} has no spelling at {platform}: it knows no such {instrument.kind}")


_SPELLS_SHARES = {
    Platform.TRADINGVIEW: ".",
    Platform.TASTYTRADE: "/",
    Platform.TASTYTRADE_STREAMER: "/",
    Platform.SCHWAB: "/",
}


def _spell_future(instrument: Instrument, platform: Platform, hint: bool) -> str:
    root, letter = instrument.root, MONTH_CODES[instrument.month - 1]
    one, two, four = instrument.year % 10, f"{instrument.year % 100:02d}", instrument.year
    match platform:
        case Platform.TRADINGVIEW:
            return f"{root}{letter}{four}"
        case Platform.TRADOVATE | Platform.RITHMIC | Platform.DATABENTO:
            return f"{root}{letter}{one}"
        case Platform.NINJATRADER:
            return f"{root} {instrument.month:02d}-{two}"
        case Platform.TASTYTRADE:
            return f"/{root}{letter}{one}"
        case Platform.TASTYTRADE_STREAMER:
            return f"/{root}{letter}{two}:{_mic(instrument, hint)}"
        case Platform.SCHWAB:
            return f"/{root}{letter}{two}"
        case Platform.PROJECTX:
            return f"CON.F.US.{_cqg_root(instrument, hint)}.{letter}{two}"
        case Platform.CQG:
            return f"F.US.{_cqg_root(instrument, hint)}{letter}{two}"


def _mic(instrument: Instrument, hint: bool) -> str:
    mic = _MIC.get(instrument.exchange, "")
    if mic in _CONFIRMED_MICS or (mic and hint):
        return mic
    raise ValueError(
        f"the streamer's exchange code for {instrument.exchange} is not confirmed; "
        f"take the streamer symbol of {instrument.symbol} from the broker's instrument list"
    )


def _cqg_root(instrument: Instrument, hint: bool) -> str:
    found = product(instrument.root)
    if found is not None and found.cqg and (hint or found.cqg_status == "confirmed"):
        return found.cqg
    raise ValueError(
        f"the ProjectX and CQG root of {instrument.root} is not confirmed; "
        f"look {instrument.symbol} up in the broker's contract list"
    )


def _split_exchange(body: str) -> tuple[str, str, bool]:
    if body.startswith("/"):
        match = _MIC_SUFFIX.fullmatch(body)
        return (match[1], match[2], False) if match else (body, "", False)
    match = _PREFIX.fullmatch(body)
    if match is None:
        return body, "", False
    exchange = _DELAYED.sub("", match[1])
    return match[2].strip(), exchange, exchange != match[1]


def _read(body: str, today: date, exchange: str) -> Spelling | None:
    # CME_MINI, CBOT_MINI, CME_GBX: what follows the underscore says nothing about the contract.
    is_futures_venue = exchange.partition("_")[0] in _FUTURES_VENUES
    if not exchange or is_futures_venue:
        found = _read_future(body, today)
        if found is not None or is_futures_venue:
            return found
    try:
        occ = canonical_occ(body)
    except UnknownSymbol:
        return _read_share(body, exchange)
    return Spelling(raw="", root=occ[:6].rstrip(), kind=Kind.OPTION, symbol=occ)


def _read_share(body: str, exchange: str) -> Spelling | None:
    pair = len(body) == 7 and body[3] == "/"
    is_share = _SHARE.fullmatch(body) is not None and not pair
    if is_share and (not exchange or exchange in _SHARE_VENUES):
        ticker = re.sub(r"[/-]", ".", body)
        return Spelling(raw="", root=ticker, kind=Kind.EQUITY, symbol=ticker)
    shape = _PAIR_ELSEWHERE if exchange else _PAIR
    if shape.fullmatch(body) is None or body.startswith(("CON.F.", "F.US.")) or _DATED.fullmatch(body):
        return None
    return Spelling(raw="", root=body, kind=Kind.OTHER, symbol=body)


def _read_future(body: str, today: date) -> Spelling | None:
    mark = body[0] if body[:1] in {"/", "@"} else ""
    bare = body[len(mark) :]
    if not mark:
        special = _read_marked_forms(body, today)
        if special is not None:
            return special
    if product(bare) is not None:
        return _continuous(bare, 1, None)
    match = _DATED.fullmatch(bare)
    if match is None:
        return None
    root, platform = match[1], None
    if product(root) is None:
        if mark or match[1] not in _cqg_roots() or len(match[3]) != 2:
            return None
        root, platform = _cqg_roots()[root], Platform.CQG
    return _dated(root, match[2], match[3], today, platform)


def _read_marked_forms(body: str, today: date) -> Spelling | None:
    """Read the forms that show by their punctuation whose they are."""
    if match := _CONTINUOUS.fullmatch(body):
        number = int(match[2]) if match[2] in "12" else None
        return _continuous(match[1], number, Platform.TRADINGVIEW)
    if match := _DATABENTO.fullmatch(body):
        number = int(match[2]) + 1 if match[2] in "01" else None
        return _continuous(match[1], number, Platform.DATABENTO)
    if match := _NINJATRADER.fullmatch(body):
        if match[2] is None:
            return _continuous(match[1], 1, Platform.NINJATRADER)
        month = int(match[2])
        if product(match[1]) is None or not 1 <= month <= 12:
            return None
        return _dated(match[1], MONTH_CODES[month - 1], match[3], today, Platform.NINJATRADER)
    if match := _PROJECTX.fullmatch(body):
        root = _cqg_roots().get(match[1])
        return _dated(root, match[2], match[3], today, Platform.PROJECTX) if root else None
    if match := _CQG_NAME.fullmatch(body):
        if match[1] in _cqg_roots():
            return _continuous(_cqg_roots()[match[1]], 1, Platform.PROJECTX)
        dated = _DATED.fullmatch(match[1])
        root = _cqg_roots().get(dated[1]) if dated else None
        return _dated(root, dated[2], dated[3], today, Platform.CQG) if root and dated else None
    return None


def _continuous(root: str, number: int | None, platform: Platform | None) -> Spelling | None:
    if number is None or product(root) is None:
        return None
    return Spelling(raw="", root=root, kind=Kind.FUTURE, continuous=number, platform=platform)


def _dated(root: str, letter: str, digits: str, today: date, platform: Platform | None) -> Spelling | None:
    year = int(digits) if len(digits) == 4 else 2000 + int(digits)
    if len(digits) == 1:
        oldest = today.year - 1
        year = oldest + (int(digits) - oldest) % 10
    if not 1980 <= year <= 2099:
        return None
    month = MONTH_CODES.index(letter) + 1
    symbol = f"{root}{letter}{year % 10}"
    return Spelling(raw="", root=root, kind=Kind.FUTURE, symbol=symbol, year=year, month=month, platform=platform)


@lru_cache(maxsize=1)
def _cqg_roots() -> dict[str, str]:
    return {one.cqg: root for root, one in products().items() if one.cqg}


def _unknown(text: str) -> UnknownSymbol:
    shown = text[:_MAX_LENGTH]
    return UnknownSymbol(
        f"{shown!r} names no contract known here; write a future as ES, ES1!, ESZ2026 or CME_MINI:ES1!, "
        "a share as AAPL, an option as AAPL261218C00200000"
    )
