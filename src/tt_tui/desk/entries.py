"""Entries: makes the order request of new risk, with its prices on the grid and its bracket in ticks or prices."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from tt_tui.desk.closing import Cause
from tt_tui.desk.config import AccountRoute, TradingWindow
from tt_tui.desk.context import DeskContext
from tt_tui.desk.routing import Open, Refuse
from tt_tui.desk.state import entries_today
from tt_tui.domain.instruction import Instruction
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.order import Bracket, Distance, Leg, OrderRequest, OrderType, Role, Side, TimeInForce

_SECOND = 1_000_000_000
_CHICAGO = ZoneInfo("America/Chicago")


def wall_minutes(at: int) -> int:
    """Return minutes since midnight, Chicago wall time."""
    local = datetime.fromtimestamp(at // _SECOND, _CHICAGO)
    return local.hour * 60 + local.minute


def inside(window: TradingWindow, at: int) -> bool:
    """Return whether a time lies in a window; one whose end is before its start runs over midnight."""
    start, end, now = _minutes(window.start), _minutes(window.end), wall_minutes(at)
    return start <= now < end if start <= end else now >= start or now < end


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def route_refusal(context: DeskContext, route: AccountRoute, instrument: Instrument) -> Refuse | None:
    """Return why the route takes no entry now: windows, trades a day, cooldown."""
    account = context.state.accounts.get(route.account)
    venue_now = context.venue_of(route.account).now()
    if route.windows and not any(inside(window, venue_now) for window in route.windows):
        times = ", ".join(f"{window.start}–{window.end}" for window in route.windows)
        return Refuse("WINDOW", f"{route.account} trades at {times} Chicago only")
    if account is None:
        return None
    if route.max_trades_per_day is not None:
        count = entries_today(context.state, route.account)
        if count >= route.max_trades_per_day:
            return Refuse("TRADE_COUNT", f"{route.account} has made its {count} trades of the day")
    last = account.last_entry.get(instrument.symbol)
    if route.cooldown and last is not None:
        left = route.cooldown - (context.clock.now() - last) // _SECOND
        if left > 0:
            return Refuse("COOLDOWN", f"{route.account} waits {left} s more between entries in {instrument.root}")
    return None


def symbol_permitted(route: AccountRoute, instrument: Instrument) -> Refuse | None:
    """Return why the route does not trade a contract, None where it does."""
    if not route.symbols or instrument.root in route.symbols or instrument.symbol in route.symbols:
        return None
    return Refuse(
        "SYMBOL", f"the route of {route.account} trades {', '.join(route.symbols)} only, not {instrument.root}"
    )


def entry_request(
    context: DeskContext,
    instruction: Instruction,
    route: AccountRoute,
    instrument: Instrument,
    step: Open,
    cause: Cause,
) -> OrderRequest | Refuse:
    """Return the order for new risk; a bracket that can't be expressed refuses it, for it is never left out."""
    order_type = instruction.order_type or route.order_type
    limit, stop = instruction.limit_price, instruction.stop_price
    view = context.quotes.view(instrument.symbol)
    touch = None if view is None else (view.quote.ask if step.side is Side.BUY else view.quote.bid)
    if order_type is OrderType.LIMIT and limit is None:
        if touch is None:
            return Refuse("NO_QUOTE", f"no price for {instrument.symbol} to place a limit at")
        limit = touch
    entry_price = limit or stop or touch or (None if view is None else view.quote.last)
    bracket = _bracket(context, instruction.bracket, route, instrument, step.side, entry_price)
    if isinstance(bracket, Refuse):
        return bracket
    trail = None
    if order_type is OrderType.TRAILING_STOP:
        if instruction.trail is None:
            return Refuse("TRAIL", "a trailing stop needs its distance")
        ticks = in_ticks(instruction.trail, instrument, entry_price)
        if isinstance(ticks, Refuse):
            return ticks
        trail = ticks * instrument.tick_size
    return OrderRequest(
        order_id=context.ids.new("ORD"),
        account=route.account,
        legs=(Leg(symbol=instrument.symbol, side=step.side, quantity=step.quantity),),
        order_type=order_type,
        limit_price=None if limit is None else instrument.round_limit(limit, step.side.sign),
        stop_price=None if stop is None else instrument.round_to_tick(stop, up=step.side is Side.BUY),
        trail=trail,
        time_in_force=instruction.time_in_force or TimeInForce.DAY,
        bracket=bracket,
        origin=cause.origin,
        role=Role.ENTRY,
        intent_id=f"{cause.intent}/entry" if cause.intent else "",
        instruction_id=cause.instruction_id,
        alert_id=cause.alert_id,
        strategy=cause.strategy,
        reference_price=instruction.reference_price,
        created=context.clock.now(),
    )


def _bracket(
    context: DeskContext,
    asked: Bracket | None,
    route: AccountRoute,
    instrument: Instrument,
    side: Side,
    entry_price: Decimal | None,
) -> Bracket | Refuse | None:
    """Return the bracket in ticks or prices: what was asked, and what the route adds where it was not."""
    wanted = asked or Bracket()
    stop, target, trail, even = wanted.stop, wanted.target, wanted.trail, wanted.break_even
    if stop is None and trail is None:
        stop = _ticks(route.stop_ticks)
        trail = _ticks(route.trail_ticks)
    parts = [stop, target or _ticks(route.target_ticks), trail, even or _ticks(route.break_even_ticks)]
    if not any(parts):
        return None
    found: list[Distance | None] = []
    for index, part in enumerate(parts):
        if part is None:
            found.append(None)
            continue
        if part.kind == "price" and index > 1:
            return Refuse("BRACKET", "a trailing or break-even distance is not a price; write it in ticks, such as 10t")
        if part.kind == "price":
            up = (side is Side.BUY) == (index == 0)
            found.append(Distance(kind="price", value=instrument.round_to_tick(part.value, up=up)))
            continue
        ticks = in_ticks(part, instrument, entry_price)
        if isinstance(ticks, Refuse):
            return ticks
        found.append(Distance(kind="ticks", value=ticks))
    has_stop = found[0] is not None or found[2] is not None
    return Bracket(
        stop=found[0],
        target=found[1],
        trail=found[2],
        break_even=found[3],
        stop_id=context.ids.new("ORD") if has_stop else "",
        target_id=context.ids.new("ORD") if found[1] is not None else "",
    )


def _ticks(value: Decimal | None) -> Distance | None:
    return None if value is None else Distance(kind="ticks", value=value)


def in_ticks(distance: Distance, instrument: Instrument, entry_price: Decimal | None) -> Decimal | Refuse:
    """Return a distance as whole ticks, at least one; percent needs a price to be a percentage of."""
    match distance.kind:
        case "ticks":
            ticks = distance.value
        case "points":
            ticks = distance.value / instrument.tick_size
        case "currency":
            ticks = distance.value / instrument.tick_value
        case "percent":
            if entry_price is None:
                return Refuse("NO_QUOTE", f"no price for {instrument.symbol} to take {distance.value} % of")
            ticks = entry_price * distance.value / 100 / instrument.tick_size
        case _:
            return Refuse("BRACKET", f"a distance in {distance.kind} is not understood")
    whole = ticks.to_integral_value(ROUND_HALF_UP)
    if whole < 1:
        return Refuse("BRACKET", f"{distance.value} {distance.kind} is less than one tick of {instrument.root}")
    return whole
