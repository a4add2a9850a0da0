"""Positions: exact arithmetic through partial fills and reversals (order-lifecycle §10)."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tt_tui.domain.order import Side

_ZERO = Decimal(0)
_COST_DIGITS = Decimal("1e-12")


class Position(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one account holds of one contract.

    The cost is kept as the exact sum of price times quantity, so that the average is a fraction that is
    rounded for display only.
    """

    account: str
    symbol: str
    quantity: Decimal = _ZERO
    """Signed: positive long, negative short."""
    cost: Decimal = _ZERO
    """Sum of entry price times quantity held, unsigned quantity, in price units."""
    realised: Decimal = _ZERO
    """Profit and loss of what was closed, in currency, before fees."""
    fees: Decimal = _ZERO
    owner: str = ""
    """The strategy that opened it; empty for a person's or an external position."""
    opened_by: str = ""
    """The order id that opened it."""
    estimated: bool = False
    """True where quantity came from the broker and the price is an estimate."""

    @property
    def average(self) -> Decimal | None:
        """Return the average entry price, None when flat."""
        return self.cost / abs(self.quantity) if self.quantity else None

    @property
    def side(self) -> Side | None:
        """Return BUY when long, SELL when short, None when flat."""
        if not self.quantity:
            return None
        return Side.BUY if self.quantity > 0 else Side.SELL

    def open_profit(self, mark: Decimal, point_value: Decimal) -> Decimal:
        """Return the open profit and loss at ``mark``, in currency, before fees."""
        if not self.quantity:
            return _ZERO
        value = mark * abs(self.quantity) - self.cost
        return value * point_value if self.quantity > 0 else -value * point_value


def book(
    position: Position,
    side: Side,
    quantity: Decimal,
    price: Decimal,
    fee: Decimal,
    point_value: Decimal,
    *,
    owner: str = "",
    order_id: str = "",
) -> Position:
    """Return the position after one fill.

    A fill on the other side closes at the average; what is left after zero opens at the fill's price.
    """
    if quantity <= 0:
        raise ValueError(f"a fill has a quantity above zero, was {quantity}")
    held = position.quantity
    signed = quantity * side.sign
    fees = position.fees + fee
    if held == 0 or (held > 0) == (signed > 0):
        opening = held == 0
        return msgspec.structs.replace(
            position,
            quantity=held + signed,
            cost=position.cost + price * quantity,
            fees=fees,
            owner=owner if opening else position.owner,
            opened_by=order_id if opening else position.opened_by,
            estimated=False if opening else position.estimated,
        )
    closed = min(abs(held), quantity)
    rest_held = abs(held) - closed
    cost_closed = position.cost
    if rest_held:
        # A third of a cost has no end. Cut at a fixed digit, the parts still add up to the whole exactly.
        cost_closed = (position.cost * closed / abs(held)).quantize(_COST_DIGITS)
    gain = price * closed - cost_closed
    if held < 0:
        gain = -gain
    realised = position.realised + gain * point_value
    left = held + signed
    through_zero = quantity > abs(held)
    flat = left == 0
    return msgspec.structs.replace(
        position,
        quantity=left,
        cost=price * abs(left) if through_zero else position.cost - cost_closed,
        realised=realised,
        fees=fees,
        owner=owner if through_zero else ("" if flat else position.owner),
        opened_by=order_id if through_zero else ("" if flat else position.opened_by),
        estimated=False if (through_zero or flat) else position.estimated,
    )
