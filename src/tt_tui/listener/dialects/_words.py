"""The words of all dialects for verbs, order types and times in force (alert-automation §2)."""

from __future__ import annotations

from typing import NamedTuple

from tt_tui.domain.instruction import Action
from tt_tui.domain.order import OrderType, TimeInForce

LONG, SHORT, FLAT = "long", "short", "flat"


class Verb(NamedTuple):
    """What a sender's word asks for."""

    action: Action
    side: str = ""
    """For a close, the only side it may touch."""
    directed: bool = False
    """The word needs a side beside it, as ``open`` and ``add`` do."""
    partial: bool = False
    """The word needs a size, as ``reduce`` does."""


def squash(word: str) -> str:
    """Return a word without case, hyphens, underscores and spaces."""
    return word.strip().lower().replace("-", "").replace("_", "").replace(" ", "")


def _verbs() -> dict[str, Verb]:
    groups: tuple[tuple[Verb, str], ...] = (
        (
            Verb(Action.BUY),
            "buy long enterlong entrylong openlong golong bullish bull b buytoopen longentry buylong",
        ),
        (
            Verb(Action.SELL),
            "sell short entershort entryshort openshort goshort sellshort bearish bear selltoopen shortentry",
        ),
        (
            Verb(Action.CLOSE),
            "close exit flat flatten closeposition exitposition closeall exitall closelongshort closetrade",
        ),
        (Verb(Action.CLOSE, LONG), "closelong exitlong selltoclose longexit closebuy exitbuy"),
        (Verb(Action.CLOSE, SHORT), "closeshort exitshort buytocover buytoclose shortexit closesell exitsell"),
        (Verb(Action.REVERSE), "reverse reverseposition flip"),
        (
            Verb(Action.CANCEL),
            "cancel cancelall cancelorder cancelorders cancelallorders canceltrade cancelpending",
        ),
        (Verb(Action.IGNORE), "hold none test ping alive heartbeat noop nothing"),
        (Verb(Action.BREAK_EVEN), "breakeven"),
        (Verb(Action.BUY, directed=True), "open enter entry openposition"),
        (Verb(Action.ADD_BUY, directed=True), "add increase scalein"),
        (Verb(Action.CLOSE, directed=True, partial=True), "reduce decrease scaleout"),
    )
    return {word: verb for verb, words in groups for word in words.split()}


VERBS = _verbs()

SIDES = {
    **dict.fromkeys(("long", "buy", "bullish", "bull", "b"), LONG),
    **dict.fromkeys(("short", "sell", "bearish", "bear", "sellshort"), SHORT),
}

POSITIONS = {
    **dict.fromkeys(("long", "bullish", "bull"), LONG),
    **dict.fromkeys(("short", "bearish", "bear"), SHORT),
    **dict.fromkeys(("flat", "none", "neutral"), FLAT),
}

ORDER_TYPES = {
    **dict.fromkeys(("market", "mkt"), OrderType.MARKET),
    **dict.fromkeys(("limit", "lmt"), OrderType.LIMIT),
    **dict.fromkeys(("stop", "stp", "stopmarket", "stopmkt", "stopmarketorder"), OrderType.STOP),
    **dict.fromkeys(("stoplimit", "stplmt", "stplimit", "stoplmt"), OrderType.STOP_LIMIT),
    **dict.fromkeys(("trailingstop", "trailstop", "trail"), OrderType.TRAILING_STOP),
}

TIMES_IN_FORCE = {
    "day": TimeInForce.DAY,
    "gtc": TimeInForce.GTC,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
}
