"""Reconciliation: one routine at start, after a reconnect and slowly for ever (order-lifecycle §6).

A query that fails ends the pass and changes nothing: failure is not emptiness. A second pass over the same
facts writes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from decimal import Decimal

from tt_tui.desk.context import DeskContext
from tt_tui.desk.ports import Broker, Snapshot
from tt_tui.desk.protection import Protection
from tt_tui.desk.reports import Reports
from tt_tui.desk.resolver import Resolver
from tt_tui.domain import event as ev
from tt_tui.domain.account import KillLevel
from tt_tui.domain.order import OrderState

DAY = 86_400 * 1_000_000_000
SECOND_LOOK = 5.0
"""Seconds between a position difference and the second look that confirms it."""
_NOT_THERE = "the broker's open orders and history do not have it"


class Reconcile:
    """Compares our picture of accounts with their brokers' and books the difference."""

    def __init__(self, context: DeskContext, reports: Reports, resolver: Resolver, protection: Protection) -> None:
        self._context = context
        self._reports = reports
        self._resolver = resolver
        self._protection = protection

    async def account(self, broker: Broker, account: str, *, first: bool) -> tuple[str, ...]:
        """Run one pass over an account; returns the differences in words. Raises ``Unavailable``.

        ``first`` is the pass after a start or a reconnect: it may wait to be sure of a position, since entries
        are refused until it ends.
        """
        context = self._context
        asked_at = context.clock.now()
        seen = await self._ask(broker, account)
        self._take(seen)
        missing = self._missing(seen, asked_at)
        for order_id in missing:
            context.ledger.write(ev.OrderLost(order_id=order_id, why=_NOT_THERE))
        for order in context.state.live_orders(account):
            if order.state is OrderState.UNKNOWN:
                self._resolver.resolve(order.order_id)
        differences = [f"order {order_id} is not at the broker" for order_id in missing]
        first_look = self._position_differences(seen)
        if first_look:
            await context.clock.sleep(SECOND_LOOK)
            seen = await self._ask(broker, account)
            self._take(seen)
            differences += self._adjust(seen, first_look)
        row = context.state.accounts.get(account)
        if first or differences or (row is not None and row.differences):
            context.ledger.write(
                ev.Reconciled(account=account, differences=tuple(differences), confirmed_until=broker.venue.now())
            )
        for symbol in context.state.held_symbols(account):
            self._protection.check(account, symbol)
        return tuple(differences)

    async def _ask(self, broker: Broker, account: str) -> Snapshot:
        row = self._context.state.accounts.get(account)
        since = 0 if row is None or not row.confirmed_until else row.confirmed_until - DAY
        async with asyncio.timeout(self._context.config.place_timeout):
            return await broker.snapshot(account, since)

    def _take(self, seen: Snapshot) -> None:
        """Book fills, then statuses: a fill outranks a status."""
        for fill in seen.fills:
            self._reports.take(fill)
        for report in seen.orders:
            self._reports.take(report)
        if seen.balance is not None:
            self._reports.take(seen.balance)

    def _missing(self, seen: Snapshot, asked_at: int) -> list[str]:
        """Return our live orders, sent before the question, that the broker's answer does not have."""
        there = {self._reports.order_id_of(row.account, row.order_id, row.broker_order_id) for row in seen.orders}
        return [
            order.order_id
            for order in self._context.state.live_orders(seen.account)
            if order.order_id not in there
            and order.sent_at < asked_at
            and order.updated < asked_at
            and order.state is not OrderState.UNKNOWN
            and order.state.is_live
        ]

    def _position_differences(self, seen: Snapshot) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Return ours and theirs by contract, where they differ."""
        theirs = {row.symbol: row.quantity for row in seen.positions if row.quantity}
        ours = {
            row.symbol: row.quantity
            for row in self._context.state.positions.values()
            if row.account == seen.account and row.quantity
        }
        found = {}
        for symbol in sorted({*theirs, *ours}):
            pair = (ours.get(symbol, Decimal(0)), theirs.get(symbol, Decimal(0)))
            if pair[0] != pair[1]:
                found[symbol] = pair
        return found

    def _adjust(self, seen: Snapshot, first_look: Mapping[str, tuple[Decimal, Decimal]]) -> list[str]:
        """Take the broker's quantity where two looks agreed that ours is wrong; entries stop on the account.

        What differs in one look only may be a fill on its way; the next pass looks again.
        """
        context, texts = self._context, []
        averages = {row.symbol: row.average for row in seen.positions}
        for symbol, (ours, theirs) in self._position_differences(seen).items():
            if first_look.get(symbol) != (ours, theirs):
                continue
            price = averages.get(symbol) or self._estimate(seen.account, symbol)
            text = f"{symbol}: we had {ours}, the broker has {theirs}"
            last = context.state.seq
            digest = hashlib.sha256(f"{seen.account}|{symbol}|{ours}|{theirs}|{last}".encode()).hexdigest()
            context.ledger.write(
                ev.PositionAdjusted(
                    account=seen.account,
                    symbol=symbol,
                    quantity=theirs,
                    price=price,
                    point_value=context.point_value(symbol, seen.account),
                    adjustment_id=f"ADJ-{digest[:16].upper()}",
                    why=text,
                ),
                ev.KillThrown(
                    level=KillLevel.REDUCING,
                    why=f"the books differed from the broker's: {text}",
                    by="reconciliation",
                    account=seen.account,
                ),
            )
            context.alarm(
                f"{seen.account} {text}; the broker's figure was taken, entries stay off until RESUME",
                severity="critical",
                account=seen.account,
            )
            texts.append(text)
        return texts

    def _estimate(self, account: str, symbol: str) -> Decimal:
        view = self._context.quotes.view(symbol)
        mid = None if view is None else view.quote.mid
        if mid is not None:
            return mid
        return self._context.state.position(account, symbol).average or Decimal(0)
