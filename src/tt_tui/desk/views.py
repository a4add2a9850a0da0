"""Takes the picture that the gate judges: one account, its venue and the market, at one moment."""

from __future__ import annotations

import msgspec

from tt_tui.desk.context import DEFAULT_GROUP, DeskContext
from tt_tui.desk.fold_orders import repeat_key
from tt_tui.desk.rows import AccountRow, Order, count_since
from tt_tui.domain.account import AccountMode, ConnectionState
from tt_tui.domain.instrument import Instrument, UnknownSymbol
from tt_tui.domain.order import OrderRequest, OrderState, Role
from tt_tui.risk.view import SECOND, GateView, Limits, OpenOrder

PROTECTION = (Role.STOP, Role.TARGET)
_MAY_BE_TRIED_AGAIN = frozenset(
    {
        OrderState.INTENT,
        OrderState.DENIED,
        OrderState.NOT_SENT,
        OrderState.REJECTED,
        OrderState.NEVER_ARRIVED,
        OrderState.ABANDONED,
    }
)
"""States that prove that an earlier attempt did nothing, or that it has not been sent."""


def gate_view(
    context: DeskContext,
    request: OrderRequest,
    *,
    superseded: tuple[str, ...] = (),
    in_flat_window: bool = False,
    confirmed: bool = False,
) -> GateView:
    """Return what the gate may look at for one order; ``confirmed`` leaves the alert's age out."""
    state, config = context.state, context.config.account(request.account)
    account = state.accounts.get(request.account)
    broker = context.broker_of(request.account)
    venue_now = context.venue_of(request.account).now()
    now = context.clock.now()
    instrument = _instrument(context, request)
    group = DEFAULT_GROUP if instrument is None else instrument.group
    is_open = context.calendar.is_open(group, venue_now)
    view = context.quotes.view(request.symbol)
    row = None if account is None else state.connections.get(account.account.connection)
    open_orders = [
        _open_order(order)
        for order in state.live_orders(request.account, request.symbol)
        if order.order_id != request.order_id and not state.is_dormant(order)
    ]
    alert = state.alerts.get(request.alert_id)
    strategy = state.strategies.get(request.strategy)
    fired_at = None if alert is None or confirmed else alert.alert.instruction.fired_at
    route = context.config.route(request.account)
    limits = config.limits
    if route.max_alert_age is not None:
        limits = _with_age(limits, route.max_alert_age)
    return GateView(
        now=now,
        venue_now=venue_now,
        kill=state.kill_level(request.account),
        mode=AccountMode.LIVE if account is None else account.account.mode,
        armed=account is not None and account.armed and config.live_permitted,
        lock=account.lock_why if account is not None and account.locked else "",
        connection=ConnectionState.DOWN if row is None else row.state,
        connection_why="no connection carries this account" if row is None else row.why,
        skew=None if broker is None else broker.skew,
        session_open=is_open,
        session_text="" if is_open else context.calendar.describe(group, venue_now),
        in_flat_window=in_flat_window,
        instrument=instrument,
        trade_date=context.calendar.trade_date(group, venue_now),
        entry_cutoff=None if instrument is None else context.rolls.entry_cutoff(instrument),
        duplicate_of=_duplicate(context, request),
        fired_at=fired_at,
        received=None if alert is None or confirmed else alert.alert.received,
        bid=None if view is None else view.quote.bid,
        ask=None if view is None else view.quote.ask,
        last=None if view is None else view.quote.last,
        quote_age=None if view is None else view.age,
        quote_stale=view is None or view.stale,
        position=state.position(request.account, request.symbol).quantity,
        open_orders=tuple(open_orders),
        superseded=superseded,
        unknown_here=any(order.state is OrderState.UNKNOWN for order in open_orders),
        account_open_orders=_count_open(context, request),
        sent_last_minute=_sent_last_minute(account, now),
        repeats=0 if strategy is None else _repeats(strategy.repeats, request, now, limits.repeat_window),
        throttled="" if strategy is None else strategy.stopped,
        limits=limits,
        firm=config.firm,
    )


def _instrument(context: DeskContext, request: OrderRequest) -> Instrument | None:
    try:
        return context.instrument(request.symbol, request.account)
    except UnknownSymbol:
        return None


def _open_order(order: Order) -> OpenOrder:
    return OpenOrder(
        order_id=order.order_id,
        side=order.request.side,
        remaining=order.remaining,
        state=order.state,
        role=order.request.role,
        order_type=order.request.order_type,
        oco_group=order.request.oco_group,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        strategy=order.request.strategy,
    )


def _with_age(limits: Limits, seconds: int) -> Limits:
    return msgspec.structs.replace(limits, max_alert_age=seconds * SECOND)


def _duplicate(context: DeskContext, request: OrderRequest) -> str:
    """Return an earlier attempt of the same intent that may have reached the broker."""
    if not request.intent_id:
        return ""
    for order in context.state.orders_of_intent(request.intent_id):
        if order.order_id != request.order_id and order.state not in _MAY_BE_TRIED_AGAIN:
            return order.order_id
    return ""


def _count_open(context: DeskContext, request: OrderRequest) -> int:
    return sum(
        1
        for order in context.state.live_orders(request.account)
        if order.request.role not in PROTECTION and order.order_id != request.order_id
    )


def _sent_last_minute(account: AccountRow | None, now: int) -> int:
    return 0 if account is None else count_since(account.sent, now - 60 * SECOND)


def _repeats(repeats: dict[str, list[int]], request: OrderRequest, now: int, window: int) -> int:
    key = repeat_key(request.account, request.symbol, request.side)
    return count_since(repeats.get(key, []), now - window)
