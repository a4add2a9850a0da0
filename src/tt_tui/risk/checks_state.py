"""Checks on the state of things, whatever the order's size and price: 1 to 6 and 8 to 10."""

from __future__ import annotations

from tt_tui.domain.account import AccountMode, ConnectionState, KillLevel
from tt_tui.domain.decision import Decision
from tt_tui.domain.order import OrderRequest, Origin
from tt_tui.risk.checks import is_price, product_of, refuse, seconds, symbol_of
from tt_tui.risk.view import GateView

_STOPPED = {
    KillLevel.REDUCING: ("KILL_REDUCING", "Only orders that reduce a position may go"),
    KillLevel.HALTED: ("KILL_HALTED", "Trading is halted"),
    KillLevel.FLATTEN: ("KILL_FLATTEN", "The kill switch is closing everything; nothing else may go"),
}
_HALTING = frozenset({KillLevel.HALTED, KillLevel.FLATTEN})
_MACHINES = frozenset({Origin.ALERT, Origin.STRATEGY})


def latches(order: OrderRequest, view: GateView) -> Decision | None:
    """1: the kill latch and the account's lock stop entries, a halt also the exits of machines.

    An exit of a person, the guard or the kill switch passes every latch (order-lifecycle §7).
    """
    if order.reduces:
        if view.kill in _HALTING and order.origin in _MACHINES:
            return _stopped(view)
        return None
    if view.kill is not KillLevel.NONE:
        return _stopped(view)
    if view.lock:
        text = f"{order.account} is locked: {view.lock.rstrip('.')}."
        return refuse("ACCOUNT_LOCKED", text, {"account": order.account})
    return None


def _stopped(view: GateView) -> Decision:
    code, words = _STOPPED[view.kill]
    return refuse(code, f"{words} until a person types RESUME.", {"kill": view.kill.value})


def armed(order: OrderRequest, view: GateView) -> Decision | None:
    """2: a live account trades only while it is armed."""
    if view.mode is AccountMode.PAPER or view.armed:
        return None
    text = f"{order.account} is a live account and not armed; type ARM {order.account} to let entries go."
    return refuse("NOT_ARMED", text, {"account": order.account, "mode": view.mode.value})


def connection(order: OrderRequest, view: GateView) -> Decision | None:
    """3: the broker session is up and its account agrees with ours."""
    state = view.connection
    if state is ConnectionState.READY:
        return None
    why = f" ({view.connection_why.rstrip('.')})" if view.connection_why else ""
    if state in (ConnectionState.RECONCILING, ConnectionState.DEGRADED):
        code, words = "NOT_RECONCILED", "has not yet agreed with its broker on orders and positions"
    else:
        code, words = "NOT_CONNECTED", "has no connection to its broker"
    return refuse(code, f"{order.account} {words}{why}.", {"connection": state.value})


def clock_skew(order: OrderRequest, view: GateView) -> Decision | None:
    """4: our clock and the broker's differ by no more than the limit."""
    limit = view.limits.max_skew
    if view.skew is None:
        if view.mode is AccountMode.PAPER or not order.origin.is_automated:
            return None
        text = f"The clock of {order.account}'s broker is not yet measured; automated live entries wait for it."
        return refuse("SKEW_UNKNOWN", text, {"limit_s": seconds(limit)})
    if abs(view.skew) <= limit:
        return None
    text = (
        f"This machine's clock and the broker's differ by {seconds(abs(view.skew))} s, "
        f"{seconds(limit)} s are allowed; check the time service."
    )
    return refuse("CLOCK_SKEW", text, {"skew_s": seconds(view.skew), "limit_s": seconds(limit)})


def session(order: OrderRequest, view: GateView) -> Decision | None:
    """5: the session is open, not near the account's flat-by time, and the firm's times allow it."""
    name = product_of(order, view)
    if not view.session_open:
        words = view.session_text.rstrip(".") or "closed now"
        return refuse("SESSION_CLOSED", f"{name} is {words}.", {"symbol": symbol_of(order)})
    if view.in_flat_window:
        text = f"{order.account} takes no new position in {name} this close to its flat-by time."
        return refuse("FLAT_WINDOW", text, {"symbol": symbol_of(order)})
    rule = view.firm.session
    return rule(order, view) if rule is not None else None


def contract(order: OrderRequest, view: GateView) -> Decision | None:
    """6: the contract is known; for entries also alive and not about to be rolled."""
    instrument, symbol = view.instrument, symbol_of(order)
    if instrument is None or (order.legs and instrument.symbol != symbol):
        seen = instrument.symbol if instrument is not None else ""
        text = f"{symbol} is no contract known here; write an explicit one such as ESZ6."
        return refuse("UNKNOWN_CONTRACT", text, {"symbol": symbol, "seen": seen})
    if order.reduces:
        return None
    last, cutoff, today = instrument.last_trade, view.entry_cutoff, view.trade_date
    if today is None:
        if last is None and cutoff is None:
            return None
        text = f"The trade date of {symbol} is not known, so its expiry can't be checked."
        return refuse("TRADE_DATE_UNKNOWN", text, {"symbol": symbol})
    if last is not None and today > last:
        numbers = {"trade_date": today.isoformat(), "last_trade": last.isoformat()}
        return refuse("EXPIRED", f"{symbol} expired: it last traded on {last:%a %d %b %Y}.", numbers)
    if cutoff is not None and today >= cutoff:
        numbers = {"trade_date": today.isoformat(), "entry_cutoff": cutoff.isoformat()}
        text = f"{symbol} is about to end: since {cutoff:%a %d %b %Y} only exits pass, enter the next contract."
        return refuse("ROLL_CUTOFF", text, numbers)
    return None


def duplicate(order: OrderRequest, view: GateView) -> Decision | None:
    """8: no earlier intent was the same wish."""
    if not view.duplicate_of:
        return None
    text = f"This repeats {view.duplicate_of}, which was already handled."
    return refuse("DUPLICATE", text, {"duplicate_of": view.duplicate_of})


def alert_age(order: OrderRequest, view: GateView) -> Decision | None:
    """9: an alert is fresh, by the sender's time, else by ours; live accounts need the sender's."""
    received, fired, limits = view.received, view.fired_at, view.limits
    if received is None:
        return None
    if fired is None and view.mode is not AccountMode.PAPER:
        text = "The alert does not say when it fired; live accounts need {{timenow}} in its message."
        return refuse("ALERT_UNTIMED", text, {"limit_s": seconds(limits.max_alert_age)})
    if fired is not None:
        # An alert that is judged late must not look fresh because its sender's clock runs ahead.
        ahead = fired - min(received, view.now)
        if ahead > limits.max_alert_ahead:
            numbers = {"ahead_s": seconds(ahead), "limit_s": seconds(limits.max_alert_ahead)}
            text = f"The alert says it fired {seconds(ahead)} s in the future; check the sender's clock."
            return refuse("ALERT_FROM_FUTURE", text, numbers)
    age = view.now - (received if fired is None else fired)
    if age <= limits.max_alert_age:
        return None
    numbers = {"age_s": seconds(age), "limit_s": seconds(limits.max_alert_age)}
    text = f"The alert is {numbers['age_s']} s old, {numbers['limit_s']} s are allowed."
    return refuse("STALE_ALERT", text, numbers)


def quote(order: OrderRequest, view: GateView) -> Decision | None:
    """10: there is a quote, and it is not stale by its product's age limit."""
    symbol = symbol_of(order)
    prices = (view.bid, view.ask, view.last)
    if view.quote_age is None or not any(price is not None and is_price(price) for price in prices):
        return refuse("NO_QUOTE", f"There is no quote for {symbol} yet.", {"symbol": symbol})
    if not view.quote_stale:
        return None
    age = seconds(view.quote_age)
    return refuse("QUOTE_STALE", f"The quote of {symbol} is {age} s old and counts as stale.", {"age_s": age})
