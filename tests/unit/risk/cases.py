"""A world in which every order passes, and one change each that breaks exactly one rule of the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

from tt_tui.domain.account import AccountMode, ConnectionState, KillLevel
from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.instrument import future
from tt_tui.domain.order import (
    Bracket,
    Distance,
    Leg,
    OrderRequest,
    OrderState,
    OrderType,
    Origin,
    Role,
    Side,
)
from tt_tui.risk.view import SECOND, FirmRules, GateView, Limits, OpenOrder

NOW = 1_790_000_000 * SECOND
ES = future("ES", 2026, 12)
BID, ASK, LAST = Decimal("5000.00"), Decimal("5000.25"), Decimal("5000.00")
NOTHING: Mapping[str, Any] = MappingProxyType({})


def order(
    side: Side = Side.BUY, quantity: Decimal | str | int = 1, symbol: str = "ESZ6", **changes: Any
) -> OrderRequest:
    """Return a market entry of a person, changed as asked."""
    leg = Leg(symbol=symbol, side=side, quantity=Decimal(quantity))
    base = OrderRequest(order_id="ORD-JUDGED", account="topstep-1", legs=(leg,), origin=Origin.PERSON)
    return msgspec.structs.replace(base, **changes)


def limit(price: str, side: Side = Side.BUY, quantity: int = 1, **changes: Any) -> OrderRequest:
    """Return a limit entry."""
    return order(side, quantity, order_type=OrderType.LIMIT, limit_price=Decimal(price), **changes)


def exit_of(quantity: Decimal | str | int, side: Side = Side.SELL, **changes: Any) -> OrderRequest:
    """Return an exit at the market, by default of a long position."""
    return order(side, quantity, **({"role": Role.EXIT} | changes))


def view(limits: Mapping[str, Any] = NOTHING, firm: Mapping[str, Any] = NOTHING, **changes: Any) -> GateView:
    """Return a live, armed, reconciled account with a fresh market and no orders, changed as asked."""
    base = GateView(
        now=NOW,
        venue_now=NOW,
        mode=AccountMode.LIVE,
        armed=True,
        connection=ConnectionState.READY,
        skew=0,
        session_open=True,
        instrument=ES,
        trade_date=date(2026, 12, 1),
        entry_cutoff=date(2026, 12, 18),
        bid=BID,
        ask=ASK,
        last=LAST,
        quote_age=0,
        quote_stale=False,
        fired_at=NOW,
        received=NOW,
        limits=Limits(**limits),
        firm=FirmRules(**firm),
    )
    return msgspec.structs.replace(base, **changes)


def resting(
    side: Side,
    remaining: int | str = 1,
    role: Role = Role.ENTRY,
    state: OrderState = OrderState.WORKING,
    order_id: str = "ORD-OTHER",
    **changes: Any,
) -> OpenOrder:
    """Return a live order of ours."""
    return OpenOrder(order_id=order_id, side=side, remaining=Decimal(remaining), state=state, role=role, **changes)


def refusing(order: OrderRequest, view: GateView) -> Decision | None:
    """Refuse everything, as a firm's rule may."""
    return Decision(answer=Answer.REFUSE, code="FIRM_SAYS_NO", text="The firm says no.")


@dataclass(frozen=True)
class Violation:
    """One broken rule, as changes to an order that passes and to the world it passes in."""

    number: int
    code: str
    order: Mapping[str, Any] = field(default_factory=dict)
    view: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    firm: Mapping[str, Any] = field(default_factory=dict)
    quantity: Decimal = Decimal(1)

    def world(self, **changes: Any) -> GateView:
        """Return the view with the rule broken."""
        return view(self.limits, self.firm, **(changes | dict(self.view)))


_TICKS = Distance(kind="ticks", value=Decimal("1.5"))
_OWN_OFFER = resting(Side.SELL, order_id="ORD-OFFER", limit_price=ASK)
_UNKNOWN = resting(Side.BUY, state=OrderState.UNKNOWN, order_id="ORD-LOST")

VIOLATIONS: dict[str, Violation] = {
    "reducing": Violation(1, "KILL_REDUCING", view={"kill": KillLevel.REDUCING}),
    "halted": Violation(1, "KILL_HALTED", view={"kill": KillLevel.HALTED}),
    "flatten": Violation(1, "KILL_FLATTEN", view={"kill": KillLevel.FLATTEN}),
    "locked": Violation(1, "ACCOUNT_LOCKED", view={"lock": "the daily loss limit was reached"}),
    "unarmed": Violation(2, "NOT_ARMED", view={"armed": False}),
    "down": Violation(3, "NOT_CONNECTED", view={"connection": ConnectionState.DOWN}),
    "connecting": Violation(3, "NOT_CONNECTED", view={"connection": ConnectionState.CONNECTING}),
    "reconciling": Violation(3, "NOT_RECONCILED", view={"connection": ConnectionState.RECONCILING}),
    "degraded": Violation(3, "NOT_RECONCILED", view={"connection": ConnectionState.DEGRADED}),
    "skew": Violation(4, "CLOCK_SKEW", view={"skew": -5 * SECOND - 1}),
    "skew-unknown": Violation(4, "SKEW_UNKNOWN", view={"skew": None}),
    "closed": Violation(5, "SESSION_CLOSED", view={"session_open": False}),
    "flat-window": Violation(5, "FLAT_WINDOW", view={"in_flat_window": True}),
    "firm-session": Violation(5, "FIRM_SAYS_NO", firm={"session": refusing}),
    "no-contract": Violation(6, "UNKNOWN_CONTRACT", view={"instrument": None}),
    "expired": Violation(6, "EXPIRED", view={"trade_date": date(2026, 12, 19)}),
    "roll": Violation(6, "ROLL_CUTOFF", view={"trade_date": date(2026, 12, 18)}),
    "no-trade-date": Violation(6, "TRADE_DATE_UNKNOWN", view={"trade_date": None}),
    "off-tick": Violation(7, "OFF_TICK", order={"stop_price": Decimal("5000.10")}),
    "no-price": Violation(7, "PRICE_MISSING", order={"order_type": OrderType.LIMIT}),
    "bad-price": Violation(7, "BAD_PRICE", order={"limit_price": Decimal("NaN")}),
    "fraction": Violation(7, "BAD_QUANTITY", quantity=Decimal("1.5")),
    "no-legs": Violation(7, "LEGS", order={"legs": ()}),
    "bracket": Violation(7, "BAD_BRACKET", order={"bracket": Bracket(stop=_TICKS)}),
    "duplicate": Violation(8, "DUPLICATE", view={"duplicate_of": "INT-EARLIER"}),
    "stale-alert": Violation(
        9, "STALE_ALERT", view={"fired_at": NOW - 60 * SECOND - 1, "received": NOW - 60 * SECOND - 1}
    ),
    "from-future": Violation(9, "ALERT_FROM_FUTURE", view={"fired_at": NOW + 5 * SECOND + 1}),
    "untimed": Violation(9, "ALERT_UNTIMED", view={"fired_at": None}),
    "no-quote": Violation(10, "NO_QUOTE", view={"quote_age": None}),
    "stale-quote": Violation(10, "QUOTE_STALE", view={"quote_stale": True, "quote_age": 6 * SECOND}),
    "order-size": Violation(11, "MAX_ORDER_QUANTITY", limits={"max_order_quantity": Decimal(2)}, quantity=Decimal(3)),
    "notional": Violation(12, "MAX_NOTIONAL", limits={"max_notional": Decimal(250_000)}),
    "margin": Violation(12, "MARGIN", view={"margin_room": Decimal("12000"), "margin_per_unit": Decimal("12000.01")}),
    "no-margin": Violation(12, "MARGIN", view={"margin_room": Decimal(0)}),
    "collar": Violation(13, "COLLAR", order={"reference_price": Decimal("4800")}),
    "position": Violation(14, "MAX_POSITION", limits={"max_position": Decimal(0)}),
    "unknown-here": Violation(14, "UNKNOWN_ORDER", view={"unknown_here": True}),
    "unknown-order": Violation(14, "UNKNOWN_ORDER", view={"open_orders": (_UNKNOWN,)}),
    "open-orders": Violation(15, "MAX_OPEN_ORDERS", view={"account_open_orders": 50}),
    "rate": Violation(16, "ORDER_RATE", view={"sent_last_minute": 60}),
    "repeats": Violation(16, "REPEATED", view={"repeats": 10}),
    "throttled": Violation(16, "THROTTLED", view={"throttled": "more than 10 entries in a minute"}),
    "firm-loss": Violation(17, "FIRM_SAYS_NO", firm={"loss": refusing}),
    "own-offer": Violation(18, "SELF_CROSS", view={"open_orders": (_OWN_OFFER,)}),
    "firm": Violation(19, "FIRM_SAYS_NO", firm={"firm": refusing}),
}
"""Every refusal of the gate, by the name of its violation."""

ONE_EACH: dict[int, str] = {
    1: "halted",
    2: "unarmed",
    3: "down",
    4: "skew",
    5: "closed",
    6: "roll",
    7: "off-tick",
    8: "duplicate",
    9: "stale-alert",
    10: "stale-quote",
    11: "order-size",
    12: "notional",
    13: "collar",
    14: "position",
    15: "open-orders",
    16: "rate",
    17: "firm-loss",
    18: "own-offer",
    19: "firm",
}
"""One violation for each check; any two of them can hold at once."""
