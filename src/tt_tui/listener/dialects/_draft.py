"""The instruction while it is being read, and the last judgement of whether it is certainly a trade."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from tt_tui.domain.instruction import AccountShown, Action, Instruction
from tt_tui.domain.order import Bracket, Distance, OrderType, Origin, TimeInForce
from tt_tui.listener.dialects._fields import shown
from tt_tui.listener.dialects._json import Unreadable
from tt_tui.listener.dialects._positions import settle_position
from tt_tui.listener.dialects._words import FLAT, LONG, SHORT, Verb

_SYMBOL = re.compile(r"[A-Za-z0-9@/][A-Za-z0-9@/:!._#& -]{0,63}\Z")
_DELAYED = ("_DL", "_DLY")
_OPENING = (Action.BUY, Action.SELL, Action.ADD_BUY, Action.ADD_SELL, Action.REVERSE, Action.TARGET)
_ORDERING = (*_OPENING, Action.CLOSE, Action.FLATTEN)


@dataclass(slots=True)
class Draft:
    """What has been understood so far."""

    dialect: str
    symbol: str = ""
    exchange: str = ""
    verb: Verb | None = None
    verb_text: str = ""
    verb_side: str = ""
    """``long`` or ``short`` where a field beside the verb names the side."""
    names_position: bool = False
    """That field said long or short, which names a position, not buy or sell, which names an order."""
    quantity: Decimal | None = None
    quantity_type: str = "contracts"
    quantity_field: str = ""
    fraction: Decimal | None = None
    order_type: OrderType | None = None
    price: Decimal | None = None
    """A price without a role yet."""
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reference_price: Decimal | None = None
    trail: Distance | None = None
    time_in_force: TimeInForce | None = None
    protection: dict[str, Distance] = field(default_factory=dict)
    position_after: str = ""
    target_size: Decimal | None = None
    position_before: str = ""
    size_before: Decimal | None = None
    closes_first: bool = False
    reverse_if_opposite: bool | None = None
    allow_pyramid: bool | None = None
    cancel_after: int | None = None
    delay: int | None = None
    everything: bool = False
    account_group: str = ""
    account_shown: str = ""
    accounts_shown: tuple[AccountShown, ...] = ()
    strategy: str = ""
    comment: str = ""
    fired_at: int | None = None
    key: str = ""
    sender_order: str = ""
    auth: str = ""
    action: Action = Action.ERROR
    side_closed: str = ""
    warnings: list[str] = field(default_factory=list)
    unknown_keys: tuple[str, ...] = ()

    def finish(self) -> Instruction:
        """Return the instruction; raises Unreadable where it is not certainly a trade."""
        _settle_verb(self)
        _settle_symbol(self)
        settle_position(self)
        _settle_size(self)
        _settle_prices(self)
        bracket = _bracket(self)
        return Instruction(
            action=self.action,
            symbol=self.symbol,
            quantity=self.quantity,
            quantity_type=self.quantity_type,
            quantity_field=self.quantity_field,
            fraction=self.fraction,
            order_type=self.order_type,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            reference_price=self.reference_price,
            trail=self.trail,
            time_in_force=self.time_in_force,
            bracket=bracket,
            position_after=self.position_after,
            target_size=self.target_size,
            position_before=self.position_before,
            size_before=self.size_before,
            side_closed=self.side_closed,
            closes_first=self.closes_first,
            reverse_if_opposite=self.reverse_if_opposite,
            allow_pyramid=self.allow_pyramid,
            cancel_after=self.cancel_after,
            delay=self.delay,
            everything=self.everything,
            account_group=self.account_group,
            account_shown=self.account_shown,
            accounts_shown=self.accounts_shown,
            strategy=self.strategy,
            comment=self.comment,
            origin=Origin.ALERT,
            fired_at=self.fired_at,
            key=self.key,
            sender_order=self.sender_order,
            dialect=self.dialect,
            auth=self.auth,
            warnings=tuple(self.warnings),
            unknown_keys=self.unknown_keys,
        )

    def untraded(self, action: Action, why: str) -> Instruction:
        """Return what is shown of a body that is not traded, and why it is not."""
        return Instruction(
            action=action,
            symbol=self.symbol if _SYMBOL.match(self.symbol) else "",
            account_group=self.account_group,
            account_shown=self.account_shown,
            strategy=self.strategy,
            comment=self.comment,
            origin=Origin.ALERT,
            fired_at=self.fired_at,
            key=self.key,
            dialect=self.dialect,
            auth=self.auth,
            why=why,
            warnings=tuple(self.warnings),
            unknown_keys=self.unknown_keys,
        )


def _settle_verb(draft: Draft) -> None:
    """Turn the sender's verb and the side beside it into an action."""
    verb, side = draft.verb, draft.verb_side
    if verb is None:
        raise Unreadable("no action: send one of buy, sell, close, reverse, cancel")
    draft.action, draft.side_closed = verb.action, verb.side
    if verb.directed:
        _direct(draft, verb, side)
    elif side and verb.action in (Action.BUY, Action.SELL):
        if (side == LONG) is not (verb.action is Action.BUY):
            raise Unreadable(f'the action "{shown(draft.verb_text)}" contradicts the side {side}; keep one')
    elif side and draft.names_position:
        if verb.side and side != verb.side:
            raise Unreadable(f'the action "{shown(draft.verb_text)}" contradicts the side {side}; keep one')
        if verb.action is Action.CLOSE:
            draft.side_closed = side
        elif verb.action is Action.REVERSE and not draft.position_after:
            draft.position_after = side


def _direct(draft: Draft, verb: Verb, side: str) -> None:
    """Give a verb without a direction of its own, such as open or add, the side beside it."""
    if verb.action is Action.ADD_BUY and not side:
        side = draft.position_after
    if side not in (LONG, SHORT) or (verb.partial and not draft.names_position):
        raise Unreadable(f'"{shown(draft.verb_text)}" needs a side: send long or short beside it')
    if verb.partial:
        draft.side_closed = side
    elif side == SHORT:
        draft.action = Action.SELL if verb.action is Action.BUY else Action.ADD_SELL


def _settle_symbol(draft: Draft) -> None:
    """Refuse a missing or impossible symbol; warn of delayed data."""
    symbol = draft.symbol
    if not symbol:
        if draft.everything:
            return
        raise Unreadable('no symbol: send it as "symbol" or "ticker", such as ES1!')
    if not _SYMBOL.match(symbol):
        raise Unreadable(f'"{shown(symbol)}" is not a symbol; send one such as ES1!, ESZ2025 or AAPL')
    prefix = symbol.partition(":")[0] if ":" in symbol else draft.exchange
    if prefix and prefix.upper().endswith(_DELAYED):
        draft.warnings.append(
            f"delayed exchange: {shown(prefix)} is a delayed feed, so the alert fired late; "
            "subscribe to the exchange's real-time data"
        )


def _settle_size(draft: Draft) -> None:
    """Refuse sizes that are not above zero, and part closes without a size.

    A close that ends flat needs no size, so one in a foreign unit must not hold it up.
    """
    quantity, fraction = draft.quantity, draft.fraction
    if quantity is not None and quantity <= 0:
        raise Unreadable(f"the quantity is {quantity}; send one above zero, or none for the route's size")
    if draft.action is Action.CLOSE and draft.position_after == FLAT and draft.quantity_type != "contracts":
        draft.quantity, draft.quantity_type, draft.quantity_field = None, "contracts", ""
    if fraction is not None and not 0 < fraction <= 1:
        raise Unreadable("the part to close must be above 0 and at most 100 %")
    if draft.verb is not None and draft.verb.partial and quantity is None and fraction is None:
        raise Unreadable(f'"{shown(draft.verb_text)}" needs a quantity: send how much to close')


def _settle_prices(draft: Draft) -> None:
    """Give every price its role: an order's limit or stop, or a reference for the collar only."""
    if draft.action not in _ORDERING:
        draft.order_type = draft.limit_price = draft.stop_price = draft.trail = None
        draft.reference_price = draft.reference_price or draft.price
        return
    kind, price = draft.order_type, draft.price
    if kind is None:
        if draft.stop_price is not None and draft.limit_price is None:
            raise Unreadable(
                "a stop price without an order type: send order_type stop for an entry, or stop_loss to protect it"
            )
        if draft.limit_price is not None:
            kind = OrderType.LIMIT if draft.stop_price is None else OrderType.STOP_LIMIT
    elif kind is OrderType.LIMIT and draft.limit_price is None:
        draft.limit_price, price = price, None
    elif kind is OrderType.STOP and draft.stop_price is None:
        draft.stop_price, price = price, None
    elif kind is OrderType.STOP_LIMIT and draft.limit_price is None:
        draft.limit_price, price = price, None
    _check_prices(draft, kind)
    draft.order_type = kind
    draft.reference_price = price if price is not None else draft.reference_price


def _check_prices(draft: Draft, kind: OrderType | None) -> None:
    """Refuse an order type whose price is missing; set aside prices that a market order has no use for."""
    if kind in (OrderType.LIMIT, OrderType.STOP_LIMIT) and draft.limit_price is None:
        raise Unreadable("a limit order without a limit price: send limit_price, or order_type market")
    if kind in (OrderType.STOP, OrderType.STOP_LIMIT) and draft.stop_price is None:
        raise Unreadable("a stop order without a stop price: send stop_price, or order_type market")
    if kind is OrderType.TRAILING_STOP and draft.trail is None:
        raise Unreadable("a trailing stop without a distance: send trailAmount or trailPercent")
    if kind is OrderType.LIMIT and draft.stop_price is not None:
        raise Unreadable("a limit order with a stop price: send order_type stop_limit, or stop_loss to protect")
    if kind is OrderType.MARKET:
        if draft.limit_price is not None:
            draft.warnings.append("a market order has no limit: the limit price is kept as a reference only")
            draft.reference_price = draft.limit_price
        if draft.stop_price is not None:
            raise Unreadable(
                "a market order with a stop price: send order_type stop, or stop_loss to protect the position"
            )
        draft.limit_price = None
    elif kind is OrderType.STOP and draft.limit_price is not None:
        raise Unreadable("a stop order with a limit price: send order_type stop_limit, or leave one price out")


def _bracket(draft: Draft) -> Bracket | None:
    """Return the protection of an entry; refuses distances that can only be a mix-up of units."""
    legs = draft.protection
    if not legs or draft.action not in (*_OPENING, Action.BREAK_EVEN):
        return None
    seen = draft.limit_price or draft.stop_price or draft.reference_price
    for leg, distance in legs.items():
        if seen is None or leg == "break_even":
            continue
        if distance.kind == "price" and not seen / 2 <= distance.value <= seen * 2:
            raise Unreadable(
                f"the {leg} {distance.value} is far from the price {seen}: it looks like a distance; "
                "name its unit, as in 20 ticks, 5 points or 1%"
            )
        if distance.kind == "points" and distance.value >= seen / 2:
            raise Unreadable(
                f"the {leg} of {distance.value} points is too far from the price {seen}: it looks like a price"
            )
    return Bracket(
        stop=legs.get("stop"),
        target=legs.get("target"),
        trail=legs.get("trail"),
        break_even=legs.get("break_even"),
    )
