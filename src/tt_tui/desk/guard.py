"""Guard: what has to happen by the clock: day rolls, expired confirmations and locks, ends of trading windows."""

from __future__ import annotations

import logging

from tt_tui.desk.closing import Cause
from tt_tui.desk.config import AccountRoute, TradingWindow
from tt_tui.desk.context import DeskContext
from tt_tui.desk.entries import inside
from tt_tui.desk.flattening import Flattening
from tt_tui.desk.protection import Protection
from tt_tui.desk.views import PROTECTION
from tt_tui.domain import event as ev
from tt_tui.domain.account import KillLevel
from tt_tui.domain.order import OrderState, Origin

_LOG = logging.getLogger(__name__)
_SECOND = 1_000_000_000
TICK = 1.0
"""Seconds between two looks."""
PROTECTION_EVERY = 5
"""Looks between two full comparisons of protection with positions."""


class Guard:
    """Looks once a second; works with the screen hung, the feed dead or a broker down."""

    def __init__(self, context: DeskContext, flattening: Flattening, protection: Protection) -> None:
        self._context = context
        self._flattening = flattening
        self._protection = protection
        self._was_inside: dict[tuple[str, str], bool] = {}
        self._flattened: dict[str, tuple[object, ...]] = {}
        """What an account held, worked and was connected as when its latch was last carried out."""
        self._swept: set[str] = set()
        """Orders whose cancel a halt has asked for; a refused cancel is not repeated."""
        self._journal_said = ""
        self._looks = 0

    async def run(self) -> None:
        """Look until cancelled; a fault of one look is logged and the next one comes."""
        while True:
            try:
                await self.look()
            except Exception:  # the guard outlives whatever one look met
                _LOG.exception("a look of the guard failed")
            await self._context.clock.sleep(TICK)

    async def look(self) -> None:
        """Do once what is due now."""
        self.roll_days()
        self._expire()
        self._watch_journal()
        self._window_ends()
        self._finish_kill()
        self._looks += 1
        if self._looks % PROTECTION_EVERY == 0:
            for account in self._context.state.accounts:
                for symbol in self._context.state.held_symbols(account):
                    self._protection.check(account, symbol)

    def roll_days(self) -> None:
        """Begin the trade date of every account that has not begun; catches up after a sleep (order-lifecycle §11).

        A venue whose clock steps back, as a simulated one does, does not roll back.
        """
        context = self._context
        for name, row in list(context.state.accounts.items()):
            today = context.trade_date(name)
            if row.trade_date is None or today > row.trade_date:
                context.ledger.write(ev.DayRolled(account=name, trade_date=today, closing_balance=row.balance))
                context.crash_point("day_roll.after_commit")

    def _expire(self) -> None:
        context, now = self._context, self._context.clock.now()
        limit = context.config.confirm_seconds * _SECOND
        for order in list(context.state.orders.values()):
            if order.state is OrderState.WAITING and now - order.created > limit:
                why = f"not confirmed within {context.config.confirm_seconds} s"
                context.ledger.write(ev.OrderExpired(order_id=order.order_id, why=why))
        for name, row in list(context.state.accounts.items()):
            if row.locked and row.locked_until and now >= row.locked_until:
                context.ledger.write(ev.AccountUnlocked(account=name, why="its time is over"))

    def _watch_journal(self) -> None:
        problem = self._context.ledger.failed or ""
        if problem and not self._journal_said:
            _LOG.critical("the journal can't be written: %s; entries are refused", problem)
        elif self._journal_said and not problem:
            _LOG.warning("the journal is written again")
        self._journal_said = problem

    def _window_ends(self) -> None:
        """Flatten a route whose trading window has just ended, where the user wants that."""
        context = self._context
        for routes in context.config.groups.values():
            for route in routes:
                for window in route.windows:
                    if self._has_ended(route, window):
                        context.start(
                            f"window end {route.account} {context.ids.new('WIN')}",
                            lambda route=route, window=window: self._close_window(route, window),  # type: ignore[misc]
                        )

    async def _close_window(self, route: AccountRoute, window: TradingWindow) -> None:
        cause = Cause(origin=Origin.GUARD, why=f"the window {window.start}–{window.end} ended")
        _, text = await self._flattening.flatten([route.account], "guard", cause)
        self._context.alarm(f"{cause.why}; {text}", account=route.account)

    def _has_ended(self, route: AccountRoute, window: TradingWindow) -> bool:
        if not window.flatten_at_end:
            return False
        key = (route.account, f"{window.start}-{window.end}")
        now_inside = inside(window, self._context.venue_of(route.account).now())
        was_inside = self._was_inside.get(key)
        self._was_inside[key] = now_inside
        if now_inside or was_inside is False or not self._context.state.held_symbols(route.account):
            return False
        # After a restart outside all windows, what is still held was to be flat by now.
        at = self._context.venue_of(route.account).now()
        return was_inside is True or not any(inside(each, at) for each in route.windows)

    def _finish_kill(self) -> None:
        """A latch that outlived its process, or a broken connection, is carried out when it can be.

        A flatten that ended in an alarm is not repeated before something has changed (reliability F5).
        """
        context, state = self._context, self._context.state
        for name in list(state.accounts):
            level = state.kill_level(name)
            if level is KillLevel.HALTED:
                self._sweep(name)
            if level is not KillLevel.FLATTEN or not state.held_symbols(name):
                self._flattened.pop(name, None)
            elif not self._flattening.is_active(name) and self._flattened.get(name) != self._picture(name):
                self._flattened[name] = self._picture(name)
                context.start(f"finish kill {name}", lambda account=name: self._flatten_one(account))  # type: ignore[misc]

    def _sweep(self, account: str) -> None:
        """Cancel what reached the broker after the latch, such as an order whose answer was lost."""
        live = [order for order in self._context.state.live_orders(account) if order.request.role not in PROTECTION]
        live = [order for order in live if order.state.is_live]
        fresh = [order.order_id for order in live if order.broker_order_id and order.order_id not in self._swept]
        if fresh:
            self._swept.update(fresh)
            self._context.start(f"sweep {account} {fresh[0]}", lambda: self._flattening.cancel_all(account, fresh))

    def _picture(self, account: str) -> tuple[object, ...]:
        state = self._context.state
        row = state.accounts[account]
        link = state.connections.get(row.account.connection)
        held = [(each.symbol, each.quantity) for each in state.positions.values() if each.account == account]
        live = [order.order_id for order in state.live_orders(account)]
        return held, live, None if link is None else (link.state, link.since)

    async def _flatten_one(self, account: str) -> None:
        cause = Cause(origin=Origin.KILL, why="the kill latch asks for flat")
        await self._flattening.flatten([account], "kill", cause)
        self._flattened[account] = self._picture(account)
