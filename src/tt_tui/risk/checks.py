"""What the checks of the gate share: how a refusal is worded, which prices count, how sizes are cut."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.instrument import Instrument
from tt_tui.domain.order import OrderRequest, Role, Side
from tt_tui.risk.view import SECOND, GateView

ZERO = Decimal(0)
_PRICE_DIGITS = 12
_QUANTITY_DIGITS = 9
_SHOWN_DIGITS = 24


def refuse(code: str, text: str, numbers: dict[str, str], largest: Decimal | None = None) -> Decision:
    """Return a refusal; ``largest`` offers a size that this one rule would let pass."""
    return Decision(answer=Answer.REFUSE, code=code, text=text, numbers=numbers, quantity=largest)


def cut(view: GateView, code: str, text: str, numbers: dict[str, str], room: Decimal) -> Decision:
    """Return what a size rule says when ``room`` is less than what was asked.

    It reduces to the whole units that fit where the account wants that, else it refuses and offers them.
    """
    largest = whole(room)
    if largest <= 0:
        return refuse(code, text, numbers)
    answer = Answer.REDUCE if view.limits.reduce_to_fit else Answer.REFUSE
    return Decision(answer=answer, code=code, text=text, numbers=numbers, quantity=largest)


def whole(quantity: Decimal) -> Decimal:
    """Return the whole units that fit into a quantity; zero where it is no finite number above zero."""
    if not quantity.is_finite() or quantity < 1:
        return ZERO
    if quantity.adjusted() > _PRICE_DIGITS:
        return quantity
    return quantity.to_integral_value(rounding=ROUND_FLOOR)


def exact(value: Decimal) -> str:
    """Return a number as plain digits without loss; an absurd exponent is left as it was written."""
    text = str(value)
    if "E" in text and abs(value.adjusted()) <= _SHOWN_DIGITS:
        return format(value, "f")
    return text


def seconds(nanoseconds: int) -> str:
    """Return a time span in seconds, exactly."""
    text = exact(Decimal(nanoseconds) / SECOND)
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_price(value: Decimal) -> bool:
    """Tell whether a number from outside can be a price at all; a few futures may trade below zero."""
    return value.is_finite() and -_PRICE_DIGITS <= value.adjusted() <= _PRICE_DIGITS


def is_size(quantity: Decimal) -> bool:
    """Tell whether a number from outside can be a quantity at all: above zero and of a sane size."""
    return quantity.is_finite() and quantity > 0 and quantity.adjusted() <= _QUANTITY_DIGITS


def symbol_of(order: OrderRequest) -> str:
    """Return the contract's name for a sentence, also for an order without legs."""
    return order.legs[0].symbol if order.legs else "the contract"


def product_of(order: OrderRequest, view: GateView) -> str:
    """Return the product's name for a sentence."""
    return view.instrument.root if view.instrument is not None else symbol_of(order)


def shown(instrument: Instrument, price: Decimal) -> str:
    """Return a price as a trader reads it."""
    return instrument.format_price(price)


def market_price(side: Side, view: GateView) -> Decimal | None:
    """Return what an order of that side meets now: the touch, else the last trade, else the far touch."""
    near, far = (view.ask, view.bid) if side is Side.BUY else (view.bid, view.ask)
    for price in (near, view.last, far):
        if price is not None and is_price(price):
            return price
    return None


def exits_in_flight(
    view: GateView, side: Side, judged: OrderRequest | None = None, superseded: tuple[str, ...] = ()
) -> Decimal:
    """Return how much the live exits of one side may still close.

    Of an OCO group either the stops fill or the targets, so that a pair counts once and the stops of several
    fills add up. The order judged does not compete with itself, nor with the other half of its own group.
    Orders that the same close cancels first are left out.
    """
    total = ZERO
    groups: dict[str, list[Decimal]] = {}
    own = judged.oco_group if judged is not None else ""
    for other in view.open_orders:
        if other.role is Role.ENTRY or other.side is not side or other.order_id in superseded:
            continue
        if judged is not None and other.order_id == judged.order_id:
            continue
        stops = other.role is Role.STOP or other.stop_price is not None
        if not other.oco_group:
            total += other.remaining
        elif judged is None or other.oco_group != own:
            groups.setdefault(other.oco_group, [ZERO, ZERO])[stops] += other.remaining
        elif stops is (judged.role is Role.STOP or judged.stop_price is not None):
            total += other.remaining
    return total + sum((max(halves) for halves in groups.values()), ZERO)
