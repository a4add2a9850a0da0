"""The union of all dialects' fields, read into a draft (alert-automation §2).

The symbol is read first, so that a refusal names it; then a dialect takes the fields that mean something else
to it, and this module reads the rest.
"""

from __future__ import annotations

from decimal import Decimal

from tt_tui.domain.order import OrderType, TimeInForce
from tt_tui.listener.dialects._brackets import read_protection
from tt_tui.listener.dialects._draft import Draft
from tt_tui.listener.dialects._fields import (
    Fields,
    Ignorable,
    boolean,
    fired_at,
    number,
    price,
    seconds,
    shown,
    text,
    word,
)
from tt_tui.listener.dialects._json import Unreadable, Value
from tt_tui.listener.dialects._secrets import is_proof, is_secret
from tt_tui.listener.dialects._sizes import read_size
from tt_tui.listener.dialects._verbs import read_verb
from tt_tui.listener.dialects._words import (
    FLAT,
    LONG,
    ORDER_TYPES,
    POSITIONS,
    SHORT,
    TIMES_IN_FORCE,
    squash,
)

_SYMBOLS = ("ticker", "symbol", "instrument", "tvinstrument")
_SPARE_SYMBOLS = ("pair", "s", "market")
_REFERENCES = ("signalprice", "triggerprice", "close", "lastprice")
_TIMES = ("timenow", "alerttimestamp", "firedat", "timestamp", "date", "time")
_ACCOUNTS = ("account", "accountid", "accountname", "acct", "accounts")
_COMMENTS = ("comment", "ordercomment", "alertmessage", "note", "msg", "text", "alert", "reason")
_KEYS = ("id", "alertid", "signalid", "idempotencykey", "dedupekey")
_SWITCHES = (("disabled", True), ("dryrun", True), ("test", True), ("enabled", False))
_POSITION_FIELDS = (
    "sentiment",
    "marketposition",
    "marketpositionsize",
    "position",
    "positionsize",
    "prevmarketposition",
    "prevmarketpositionsize",
)
_PRICE_FIELDS = (
    "ordertype",
    "type",
    "limitprice",
    "limit",
    "stopprice",
    "stop",
    "price",
    "orderprice",
    "timeinforce",
    "tif",
    *_REFERENCES,
)
_REVERSES = ("reverseorderclose", "reverseifopposite")
_PYRAMIDS = ("pyramid", "duplicatepositionallow", "allowpyramid")
_DELAYS = ("delay", "delayseconds")
_OPTION_FIELDS = ("flattenfirst", "cancelafter", *_REVERSES, *_PYRAMIDS, *_DELAYS)
_KNOWN = (
    "message",
    "interval",
    "timeframe",
    "bar",
    "open",
    "high",
    "low",
    "volume",
    "platform",
    "source",
    "broker",
    "asset",
    "assetclass",
    "chart",
    "charturl",
)


def read(fields: Fields, draft: Draft, *, plain: str = "price") -> None:
    """Read every field that is left; ``plain`` is the unit of a bare number of a stop or target.

    Raises Unreadable for an order field that cannot be understood, Ignorable for what is no wish to trade.
    """
    read_texts(fields, draft)
    read_switches(fields)
    read_verb(fields, draft)
    if fields.has_any(*_POSITION_FIELDS):
        read_positions(fields, draft)
    read_size(fields, draft)
    if fields.has_any(*_PRICE_FIELDS):
        read_prices(fields, draft)
    read_protection(fields, draft, plain=plain)
    if fields.has_any(*_OPTION_FIELDS):
        read_options(fields, draft)
    fields.drop(_KNOWN)
    draft.unknown_keys = fields.names_left()


def read_symbol(fields: Fields, draft: Draft) -> None:
    """Read the symbol under any of its names; raises Unreadable where two names say different ones."""
    found = ""
    for key in _SYMBOLS:
        entry = fields.take(key)
        value = word(*entry) if entry else None
        if value and found and _bare(value) != _bare(found):
            raise Unreadable(f"two symbols, {shown(found)} and {shown(value)}; send one of them")
        found = found or value or ""
    draft.symbol = found or fields.first(_SPARE_SYMBOLS, word) or ""
    draft.exchange = fields.first(("exchange", "tvexchange", "e"), text) or ""


def _bare(symbol: str) -> str:
    return symbol.rpartition(":")[2].upper()


def read_texts(fields: Fields, draft: Draft) -> None:
    """Read what is shown, timed or used to recognise a repeat, and where the sender's proof stood."""
    timed = fields.has_any(*_TIMES)
    draft.fired_at = fields.first(_TIMES, fired_at)
    if timed and draft.fired_at is None:
        draft.warnings.append("the time is not ISO with Z or offset, nor Unix time: the alert's age is unknown")
    draft.key = draft.key or fields.first(_KEYS, text) or ""
    draft.strategy = draft.strategy or fields.first(("strategy", "strategyname", "strategytag"), text) or ""
    draft.comment = fields.first(_COMMENTS, text) or text("", fields.peek("message")) or ""
    draft.account_group = fields.first(("accountgroup",), word) or ""
    draft.account_shown = draft.account_shown or fields.first(_ACCOUNTS, _accounts) or ""
    draft.sender_order = fields.first(("orderid", "strategyorderid"), text) or ""
    secrets = [key for key in fields.keys_left() if is_secret(key)]
    for key in secrets:
        entry = fields.take(key)
        if entry and not draft.auth and is_proof(key):
            draft.auth = f"body:{entry[0]}"


def _accounts(name: str, value: Value) -> str | None:
    if isinstance(value, list):
        return ", ".join(found for item in value if (found := text(name, item)))[:256] or None
    return text(name, value)


def read_switches(fields: Fields) -> None:
    """Raise Ignorable where the sender marked the alert as disabled or as a test."""
    for key, switched_off in _SWITCHES if fields.has_any("disabled", "dryrun", "test", "enabled") else ():
        value = fields.peek(key)
        if isinstance(value, bool | str | Decimal) and _truth(value) is switched_off:
            raise Ignorable(f'"{key}" is {shown(value).lower()}: the sender marked it as not to be traded')
        if value is not None:
            fields.drop((key,))


def _truth(value: bool | str | Decimal) -> bool | None:
    try:
        return boolean("", value)
    except Unreadable:
        return None


def read_positions(fields: Fields, draft: Draft) -> None:
    """Read the side and size after and before the trade; a signed size names its side too."""
    after = fields.agreed(("sentiment", "marketposition"), _position)
    spoken = fields.peek("position")
    if after is None and isinstance(spoken, str) and squash(spoken) in POSITIONS:
        fields.drop(("position",))
        after = POSITIONS[squash(spoken)]
    size = fields.agreed(("marketpositionsize",), number)
    signed = fields.agreed(("positionsize",), number)
    if signed is not None:
        side = LONG if signed > 0 else SHORT if signed < 0 else FLAT
        if after is None:
            after = side
        elif signed < 0 and after != SHORT:
            raise Unreadable(f"the position is {after} with the signed size {signed}; these contradict each other")
        if size is not None and size != abs(signed):
            raise Unreadable(f"two position sizes, {size} and {abs(signed)}; send one of them")
        size = abs(signed)
    draft.position_after = after or ""
    draft.target_size = size
    draft.position_before = fields.agreed(("prevmarketposition",), _position) or ""
    draft.size_before = fields.agreed(("prevmarketpositionsize",), number)


def _position(name: str, value: Value) -> str | None:
    found = word(name, value)
    if found is None:
        return None
    side = POSITIONS.get(squash(found))
    if side is None:
        raise Unreadable(f'"{shown(name)}" is {shown(found)}; send long, short or flat')
    return side


def read_prices(fields: Fields, draft: Draft) -> None:
    """Read the order type, its prices and how long it stands."""
    kind = fields.first(("ordertype",), word)
    loose = fields.peek("type")
    if kind is None and isinstance(loose, str) and squash(loose) in ORDER_TYPES:
        fields.drop(("type",))
        kind = loose
    if kind is not None:
        draft.order_type = ORDER_TYPES.get(squash(kind))
        if draft.order_type is None:
            raise Unreadable(
                f'the order type "{shown(kind)}" is not known; send market, limit, stop, stop_limit or trailing_stop'
            )
    draft.limit_price = fields.agreed(("limitprice", "limit"), price)
    draft.stop_price = fields.agreed(("stopprice",), price)
    _read_stop(fields, draft)
    entry = fields.take("price") or fields.take("orderprice")
    if entry is not None:
        draft.price = _role_price(draft, *entry)
    draft.reference_price = fields.first(_REFERENCES, _reference)
    if draft.order_type is OrderType.TRAILING_STOP:
        _read_trail(fields, draft)
    standing = fields.first(("timeinforce", "tif"), word)
    if standing is not None:
        draft.time_in_force = time_in_force(standing)


def time_in_force(found: str) -> TimeInForce:
    """Return how long an order stands; raises Unreadable for what no broker here can keep."""
    standing = TIMES_IN_FORCE.get(squash(found))
    if standing is None:
        raise Unreadable(f'the time in force "{shown(found)}" is not supported; send day, gtc, ioc or fok')
    return standing


def _read_stop(fields: Fields, draft: Draft) -> None:
    """Read a bare ``stop``, which is an entry's trigger only beside a stop order type."""
    entry = fields.take("stop")
    found = price(*entry) if entry else None
    if found is None:
        return
    if draft.order_type not in (OrderType.STOP, OrderType.STOP_LIMIT):
        raise Unreadable('"stop" is ambiguous: send stop_loss to protect, or order_type stop with stop_price to enter')
    draft.stop_price = draft.stop_price or found


def _role_price(draft: Draft, name: str, value: Value) -> Decimal | None:
    """Read the price; only an order that needs it makes a broken one an error."""
    if draft.order_type in (None, OrderType.MARKET):
        return _reference(name, value)
    return price(name, value)


def _reference(name: str, value: Value) -> Decimal | None:
    """Read a price for the collar only: na is absent, a surviving placeholder an error."""
    if isinstance(value, str) and value.strip().lower() in ("nan", "na", "n/a"):
        return None
    return price(name, value)


def _read_trail(fields: Fields, draft: Draft) -> None:
    legs = Draft(dialect=draft.dialect)
    read_protection(fields, legs, only=("trail",))
    draft.trail = legs.protection.get("trail")


def read_options(fields: Fields, draft: Draft) -> None:
    """Read the switches and delays of an entry."""
    draft.closes_first = draft.closes_first or fields.first(("flattenfirst",), boolean) is True
    draft.reverse_if_opposite = fields.first(_REVERSES, boolean)
    draft.allow_pyramid = fields.first(_PYRAMIDS, boolean)
    draft.delay = fields.first(_DELAYS, seconds)
    draft.cancel_after = fields.first(("cancelafter",), seconds)
