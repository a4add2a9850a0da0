"""What a sender's proof permits, and how a person's wish differs from an alert's (webhook-security §2)."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tt_tui.desk.config import AccountRoute
from tt_tui.desk.context import DeskContext
from tt_tui.desk.execution import is_exit
from tt_tui.domain.alert import Sender
from tt_tui.domain.instruction import Instruction
from tt_tui.domain.instrument import UnknownSymbol


def sender_problem(context: DeskContext, sender: Sender, instruction: Instruction, account: str) -> str:
    """Return why a sender may not have this wish carried out, empty where it may."""
    if not instruction.symbol:
        return "the alert names no symbol"
    if sender.symbols:
        try:
            instrument = context.instrument(instruction.symbol, account)
        except UnknownSymbol as error:
            return str(error)
        if instrument.root not in sender.symbols and instrument.symbol not in sender.symbols:
            return f"{sender.name} may trade {', '.join(sender.symbols)} only, not {instrument.root}"
    if is_exit(instruction.action):
        return ""
    asked = instruction.target_size or instruction.quantity
    if sender.maximum_quantity is not None and asked is not None and asked > sender.maximum_quantity:
        return f"{sender.name} may trade {sender.maximum_quantity} at most, the alert asked for {asked}"
    side = instruction.position_after
    if sender.sides and side in ("long", "short") and side not in sender.sides:
        return f"{sender.name} may open {' and '.join(sender.sides)} positions only, not {side}"
    return ""


def sender_route(sender: Sender, route: AccountRoute, *, opening: bool) -> AccountRoute:
    """Return a route that opens no side and no size that its sender may not; what closes is not held up by it."""
    if sender.sides:
        route = msgspec.structs.replace(route, sides=tuple(side for side in route.sides if side in sender.sides))
    if opening and sender.maximum_quantity is not None:
        # Also what the route itself would make of the alert: its fixed size, its default, its multiplier.
        most = Decimal(sender.maximum_quantity)
        route = msgspec.structs.replace(route, cap=most if route.cap is None else min(route.cap, most))
    return route


def person_route(route: AccountRoute) -> AccountRoute:
    """Return a route for a person's wish: the account's limits hold, but its size is as typed."""
    return msgspec.structs.replace(
        route,
        multiplier=AccountRoute(account="").multiplier,
        fixed_size=None,
        micro=False,
        sides=("long", "short"),
        symbols=(),
    )
