"""Check 7: every number of an order is finite, on the tick, in whole lots, and on the right side."""

from __future__ import annotations

from decimal import Decimal

from tt_tui.domain.decision import Decision
from tt_tui.domain.instrument import Instrument, Kind
from tt_tui.domain.order import Bracket, Distance, OrderRequest, OrderType
from tt_tui.risk.checks import exact, is_price, is_size, market_price, refuse, shown, symbol_of
from tt_tui.risk.checks_state import contract
from tt_tui.risk.view import GateView

_NEEDED: dict[OrderType, tuple[str, ...]] = {
    OrderType.MARKET: (),
    OrderType.LIMIT: ("limit_price",),
    OrderType.STOP: ("stop_price",),
    OrderType.STOP_LIMIT: ("stop_price", "limit_price"),
    OrderType.TRAILING_STOP: ("trail",),
}
_WORDS = {"limit_price": "limit price", "stop_price": "stop price", "trail": "trailing distance"}


def form(order: OrderRequest, view: GateView) -> Decision | None:
    """7: one leg, a whole quantity above zero, the prices that the type needs, all on the tick.

    A bracket must lose on its stop and win on its target; an exit carries none, as it would be left over and
    open a new position.
    """
    instrument = view.instrument
    if instrument is None:
        return contract(order, view)
    if len(order.legs) != 1:
        text = f"An order has one leg, this one has {len(order.legs)}."
        return refuse("LEGS", text, {"legs": str(len(order.legs))})
    return (
        _quantity(order, instrument)
        or _prices(order, instrument)
        or (_bracket(order, order.bracket, instrument, view) if order.bracket is not None else None)
    )


def _quantity(order: OrderRequest, instrument: Instrument) -> Decision | None:
    quantity = order.quantity
    if not is_size(quantity):
        text = f"A quantity of {exact(quantity)} can't be traded; write a whole number above zero."
        return refuse("BAD_QUANTITY", text, {"quantity": exact(quantity)})
    # A broker may hold parts of a share; they must be able to leave.
    if quantity % 1 == 0 or (order.reduces and instrument.kind is Kind.EQUITY):
        return None
    text = f"{order.symbol} trades in whole units, {exact(quantity)} were asked."
    return refuse("BAD_QUANTITY", text, {"quantity": exact(quantity), "lot": "1"})


def _prices(order: OrderRequest, instrument: Instrument) -> Decision | None:
    for field in _NEEDED[order.order_type]:
        if getattr(order, field) is None:
            kind = order.order_type.value.replace("_", "-")
            text = f"A {kind} order needs a {_WORDS[field]}."
            return refuse("PRICE_MISSING", text, {"missing": field})
    if order.limit_price is not None and (wrong := _price("limit price", order.limit_price, instrument)):
        return wrong
    if order.stop_price is not None and (wrong := _price("stop price", order.stop_price, instrument)):
        return wrong
    if order.trail is not None and (wrong := _price("trailing distance", order.trail, instrument)):
        return wrong
    reference = order.reference_price
    if reference is None or order.reduces or (is_price(reference) and reference > 0):
        return None
    text = f"A reference price of {exact(reference)} is no price."
    return refuse("BAD_PRICE", text, {"reference_price": exact(reference)})


def _price(what: str, price: Decimal, instrument: Instrument) -> Decision | None:
    if not is_price(price) or price <= 0:
        text = f"A {what} of {exact(price)} can't be traded; write a number above zero."
        return refuse("BAD_PRICE", text, {"price": exact(price)})
    if instrument.is_on_tick(price):
        return None
    tick = exact(instrument.tick_size)
    text = f"The {what} {exact(price)} is off the tick: {instrument.root} moves in steps of {tick}."
    return refuse("OFF_TICK", text, {"price": exact(price), "tick": tick})


def _bracket(order: OrderRequest, bracket: Bracket, instrument: Instrument, view: GateView) -> Decision | None:
    if order.reduces:
        text = f"An exit of {symbol_of(order)} carries no bracket; it would open a new position later."
        return refuse("BAD_BRACKET", text, {"role": order.role.value})
    parts = {
        "stop": bracket.stop,
        "target": bracket.target,
        "trailing stop": bracket.trail,
        "break-even": bracket.break_even,
    }
    for name, distance in parts.items():
        if distance is not None and (wrong := _distance(name, distance, instrument)):
            return wrong
    return _sides(order, bracket, instrument, view)


def _distance(name: str, distance: Distance, instrument: Instrument) -> Decision | None:
    value = distance.value
    if distance.kind == "price" and name != "trailing stop":
        return _price(f"{name} price", value, instrument)
    if distance.kind != "ticks":
        text = f"The {name} is given in {distance.kind}; by now it must be in ticks."
        return refuse("BAD_BRACKET", text, {"part": name, "kind": distance.kind})
    if is_price(value) and value > 0 and value % 1 == 0:
        return None
    text = f"The {name} is {exact(value)} ticks away; write a whole number of ticks above zero."
    return refuse("BAD_BRACKET", text, {"part": name, "ticks": exact(value)})


def _sides(order: OrderRequest, bracket: Bracket, instrument: Instrument, view: GateView) -> Decision | None:
    entry, sign = _entry_price(order, view), order.side.sign
    stop, target = _absolute(bracket.stop), _absolute(bracket.target)
    sides = ((stop, -1, "stop"), (target, 1, "target"), (_absolute(bracket.break_even), 1, "break-even"))
    for price, way, name in sides:
        if price is None or entry is None or (price - entry) * sign * way > 0:
            continue
        side = "above" if sign * way > 0 else "below"
        text = (
            f"The {name} of a {order.side.value} at {shown(instrument, entry)} must be {side} it, "
            f"{shown(instrument, price)} was asked."
        )
        return refuse("BRACKET_SIDE", text, {"part": name, "price": exact(price), "entry": exact(entry)})
    if stop is None or target is None or (target - stop) * sign > 0:
        return None
    text = (
        f"The target {shown(instrument, target)} of a {order.side.value} loses more than "
        f"its stop {shown(instrument, stop)}."
    )
    return refuse("BRACKET_SIDE", text, {"target": exact(target), "stop": exact(stop)})


def _absolute(distance: Distance | None) -> Decimal | None:
    return distance.value if distance is not None and distance.kind == "price" else None


def _entry_price(order: OrderRequest, view: GateView) -> Decimal | None:
    """Return where the entry will fill as far as is known: a limit through the market fills at the touch."""
    market = None if view.quote_stale else market_price(order.side, view)
    match order.order_type:
        case OrderType.LIMIT:
            limit = order.limit_price
            if market is None or limit is None:
                return limit
            return min(limit, market) if order.side.sign > 0 else max(limit, market)
        case OrderType.STOP | OrderType.STOP_LIMIT:
            return order.stop_price
        case OrderType.TRAILING_STOP:
            return None
        case OrderType.MARKET:
            return market
