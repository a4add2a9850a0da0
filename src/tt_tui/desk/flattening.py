"""Flatten and kill: latch first, then refuse, then cancel, then close, then verify (order-lifecycle §8)."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable

import msgspec

from tt_tui.desk.closing import ATTEMPTS, Cause, Closing
from tt_tui.desk.context import DeskContext
from tt_tui.desk.orders import Orders
from tt_tui.desk.views import PROTECTION
from tt_tui.domain import event as ev
from tt_tui.domain.account import KillLevel

_LOG = logging.getLogger(__name__)
_OWN_LATCH = "flattening"
_UNASKED = "flat by our books, but the broker could not be asked"


class Flattening:
    """Takes whole accounts to flat; needs neither quotes nor a screen, and one broker's failure stops no other."""

    def __init__(self, context: DeskContext, orders: Orders, closing: Closing) -> None:
        self._context = context
        self._orders = orders
        self._closing = closing
        self._active: Counter[str] = Counter()

    def is_active(self, account: str) -> bool:
        """Return whether an account is being flattened now."""
        return self._active[account] > 0

    async def kill(self, level: KillLevel, account: str, why: str, by: str, cause: Cause) -> tuple[bool, str]:
        """Set the latch for one account or all, and do what its level asks; returns success and words."""
        context = self._context
        receipt = context.ledger.write(ev.KillThrown(level=level, why=why, by=by, account=account))
        durable = await receipt.settled()
        context.crash_point("kill.after_latch")
        if not durable:
            context.alarm(
                "the kill latch holds but could not be written; it will not survive a restart", severity="critical"
            )
        accounts = [account] if account else list(context.state.accounts)
        if level is KillLevel.REDUCING:
            return True, "only exits pass now"
        if level is KillLevel.HALTED:
            return await self._halt(accounts)
        return await self._all(accounts, cause)

    async def flatten(self, accounts: Iterable[str], by: str, cause: Cause) -> tuple[bool, str]:
        """Flatten accounts: entries are refused while it runs, and again permitted once it is verified."""
        wanted = list(accounts)
        latched = [name for name in wanted if self._context.state.kill_level(name) is KillLevel.NONE]
        events = [ev.KillThrown(level=KillLevel.REDUCING, why=_OWN_LATCH, by=by, account=name) for name in latched]
        if events:
            await self._context.ledger.write(*events).settled()
        flat, text = await self._all(wanted, cause)
        # A latch that somebody else threw in the meantime is not ours to lift.
        own = [name for name in latched if self._holds_own_latch(name)]
        if flat and own:
            self._context.ledger.write(*(ev.KillCleared(by=by, account=name) for name in own))
        if not flat and own:
            text += f"; entries stay refused on {', '.join(own)} until RESUME"
        return flat, text

    def _holds_own_latch(self, account: str) -> bool:
        row = self._context.state.accounts[account]
        return row.kill is KillLevel.REDUCING and row.kill_why == _OWN_LATCH

    async def cancel_all(self, account: str, order_ids: list[str]) -> None:
        """Cancel orders that a halt has not met; an alarm follows where that is not proven."""
        if not await self._orders.cancel_and_prove(order_ids, "halted"):
            text = f"{len(order_ids)} cancels on {account} are not confirmed while it is halted; look at the broker"
            self._context.alarm(text, severity="critical", account=account)

    async def _halt(self, accounts: list[str]) -> tuple[bool, str]:
        ids = [
            order.order_id
            for account in accounts
            for order in self._context.state.live_orders(account)
            if order.request.role not in PROTECTION
        ]
        gone = await self._orders.cancel_and_prove(ids, "halted")
        text = f"halted; {len(ids)} working orders canceled, stops stay"
        return gone, text if gone else f"halted; {len(ids)} cancels asked for, not all confirmed yet"

    async def _all(self, accounts: list[str], cause: Cause) -> tuple[bool, str]:
        results = await asyncio.gather(*(self._account(name, cause) for name in accounts), return_exceptions=True)
        flat, texts = True, []
        for name, result in zip(accounts, results, strict=True):
            if isinstance(result, BaseException):
                if not isinstance(result, Exception):
                    raise result
                _LOG.error("flattening %s failed", name, exc_info=result)
                flat = False
                texts.append(f"{name}: failed ({type(result).__name__}), close it at the broker")
                self._context.alarm(
                    f"flattening {name} failed; close it at the broker", severity="critical", account=name
                )
                continue
            flat = flat and result[0]
            texts.append(f"{name}: {result[1]}")
        return flat, "; ".join(texts)

    async def _account(self, account: str, cause: Cause) -> tuple[bool, str]:
        self._active[account] += 1
        try:
            return await self._to_flat(account, cause)
        finally:
            self._active[account] -= 1

    async def _to_flat(self, account: str, cause: Cause) -> tuple[bool, str]:
        """Close every contract, then ask the broker; what it has that we did not know of is closed as well."""
        state = self._context.state
        was_flat = not state.held_symbols(account)
        for attempt in range(ATTEMPTS):
            # What appeared after a close is closed by a new intent, else it would pass for a repeat of the first.
            if attempt and cause.intent:
                cause = msgspec.structs.replace(cause, intent=f"{cause.intent}/again")
            symbols = state.held_symbols(account)
            closed = await asyncio.gather(*(self._closing.close(account, symbol, cause) for symbol in symbols))
            failed = [result.text for result in closed if not result.flat]
            if failed:
                return False, "; ".join(failed)
            seen = await self._closing.read_back(account)
            if seen is None:
                return False, _UNASKED
            held = ", ".join(f"{row.quantity} {row.symbol}" for row in seen.positions if row.quantity)
            if not held and not state.held_symbols(account):
                return True, "was flat" if was_flat else "flat, no orders work"
            if held and not state.held_symbols(account):
                return False, f"flat by our books, but the broker has {held}"
        return False, "the broker shows new positions or orders after each close"
