"""Routing: from one instruction to what each account of its group has to do. Pure (order-lifecycle §8).

Position fields win: the order is the target less what is held and on its way, so that a repeat does nothing.
Without them a quantity is netted, as TradingView's strategies mean it, unless the route or the sender says
that the other side is closed first.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

import msgspec

from tt_tui.desk.config import AccountRoute
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Origin, Side
from tt_tui.domain.position import Position

ZERO = Decimal(0)


class Open(msgspec.Struct, frozen=True):
    """Take new risk."""

    side: Side
    quantity: Decimal


class Reduce(msgspec.Struct, frozen=True):
    """Close a part of the position."""

    quantity: Decimal


class Close(msgspec.Struct, frozen=True):
    """Cancel what works in the contract, prove it gone, and close what is left."""


class CancelEntries(msgspec.Struct, frozen=True):
    """Cancel entries and exits that work, and plan again on what is left."""


class CancelWorking(msgspec.Struct, frozen=True):
    """Cancel entries and exits that work; protection stays with its position."""

    side: Side | None = None
    """Of one side only."""
    order_id: str = ""
    """This one order only, protection or not."""


class MoveStop(msgspec.Struct, frozen=True):
    """Move the protective stop: to break-even, or to trail."""

    break_even: bool


class Nothing(msgspec.Struct, frozen=True):
    """The account is already as asked."""

    text: str


class Refuse(msgspec.Struct, frozen=True):
    """The route does not permit it."""

    code: str
    text: str


Step = Open | Reduce | Close | CancelEntries | CancelWorking | MoveStop | Nothing | Refuse


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has in one contract when a plan is made."""

    position: Position
    in_flight: Decimal = ZERO
    """Signed quantity of entries and exits that are sent and not filled."""
    live_orders: int = 0
    """Live orders of any kind."""
    unknown: bool = False

    @property
    def committed(self) -> Decimal:
        """Return the signed quantity held once all that is on its way has filled."""
        return self.position.quantity + self.in_flight


def plan(instruction: Instruction, route: AccountRoute, holding: Holding, strategy: str) -> tuple[Step, ...]:
    """Return what one account has to do, in order; the last step may be a refusal or nothing."""
    owned = _ownership(instruction, route, holding.position, strategy)
    if owned is not None:
        return (owned,)
    match instruction.action:
        case Action.CANCEL:
            return _cancel(instruction, holding)
        case Action.BREAK_EVEN | Action.TRAIL:
            if not holding.position.quantity:
                return (Nothing("flat, there is no stop to move"),)
            return (MoveStop(instruction.action is Action.BREAK_EVEN),)
        case Action.FLATTEN:
            return _close(holding)
        case Action.CLOSE:
            return _close_or_reduce(instruction, route, holding)
        case Action.REVERSE if not instruction.position_after:
            return _reverse(route, holding)
    if instruction.action is Action.TARGET and not instruction.position_after:
        return (Refuse("NOT_A_TRADE", "a target needs the position after it: long, short or flat"),)
    if not instruction.action.opens:
        return (Refuse("NOT_A_TRADE", f"{instruction.action} is not a trade"),)
    steps = _trade(instruction, route, holding)
    return _against_verb(instruction, holding, steps) or steps


def _ownership(instruction: Instruction, route: AccountRoute, position: Position, strategy: str) -> Refuse | None:
    """A position belongs to who opened it; a person may change any (order-lifecycle §8)."""
    if instruction.origin not in (Origin.ALERT, Origin.STRATEGY) or not position.quantity:
        return None
    if position.owner == strategy:
        return None
    if not position.owner:
        if route.adopt:
            return None
        return Refuse(
            "NOT_OWNED",
            f"the position in {position.symbol} was not opened by an alert; set adopt = true on the route of "
            f"{position.account} to let alerts change it",
        )
    if route.shared:
        return None
    return Refuse(
        "NOT_OWNED",
        f"the position in {position.symbol} belongs to {position.owner}; set shared = true on the route of "
        f"{position.account} to let {strategy or 'others'} trade on it",
    )


def _cancel(instruction: Instruction, holding: Holding) -> tuple[Step, ...]:
    if not holding.live_orders:
        return (Nothing("no order works here"),)
    side = {"long": Side.BUY, "short": Side.SELL}.get(instruction.side_closed)
    return (CancelWorking(side=side, order_id=instruction.order_id),)


def _against_verb(instruction: Instruction, holding: Holding, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """A sell never opens a long, nor a buy a short: the entry that it belongs to was missed here."""
    wanted = {Action.BUY: Side.BUY, Action.SELL: Side.SELL}.get(instruction.action)
    if wanted is None or not any(isinstance(step, Open) and step.side is not wanted for step in steps):
        return ()
    return (
        Refuse(
            "POSITION_DIFFERS",
            f"a {instruction.action} that should leave {instruction.position_after} {instruction.target_size or ''} "
            f"would have to {wanted.opposite} here, where the account is {_words(holding.committed)}; "
            "an earlier alert was missed",
        ),
    )


def size(instruction: Instruction, route: AccountRoute, asked: Decimal | None) -> Decimal | Refuse:
    """Return contracts to trade on one account: fixed, or what was asked times the multiplier, at most the cap."""
    if route.fixed_size is not None:
        quantity = route.fixed_size
    elif instruction.quantity_type != "contracts":
        field = instruction.quantity_field or "the size"
        return Refuse(
            "SIZE_UNIT",
            f"{field} is {instruction.quantity_type}, not contracts; set fixed_size on the route of {route.account}",
        )
    else:
        wish = route.default_quantity if asked is None else asked
        if not wish.is_finite() or wish != wish.to_integral_value():
            return Refuse("SIZE_FRACTION", f"{wish} is not a whole number of contracts")
        quantity = (wish * route.multiplier).to_integral_value(ROUND_DOWN)
    if route.cap is not None:
        quantity = min(quantity, route.cap)
    if quantity <= 0:
        return Refuse("SIZE_ZERO", f"the size for {route.account} comes to {quantity}; nothing is traded")
    return quantity


def _side_permitted(route: AccountRoute, side: Side) -> Refuse | None:
    word = "long" if side is Side.BUY else "short"
    if word in route.sides:
        return None
    return Refuse("SIDE", f"the route of {route.account} permits {' and '.join(route.sides) or 'no side'}, not {word}")


def _open(route: AccountRoute, side: Side, quantity: Decimal) -> Step:
    return _side_permitted(route, side) or Open(side, quantity)


def _close(holding: Holding) -> tuple[Step, ...]:
    if not holding.position.quantity and not holding.live_orders:
        return (Nothing("already flat"),)
    return (Close(),)


def _close_or_reduce(instruction: Instruction, route: AccountRoute, holding: Holding) -> tuple[Step, ...]:
    held = holding.position.quantity
    if instruction.side_closed:
        wanted = 1 if instruction.side_closed == "long" else -1
        if held * wanted <= 0:
            return (Nothing(f"no {instruction.side_closed} position to close"),)
    part: Decimal | None = None
    if instruction.fraction is not None:
        part = max(Decimal(1), (abs(held) * instruction.fraction).to_integral_value(ROUND_DOWN))
    elif instruction.quantity is not None and not instruction.position_after:
        found = size(instruction, msgspec.structs.replace(route, cap=None), instruction.quantity)
        if isinstance(found, Refuse):
            return (found,)
        part = found
    if part is not None and held and part < abs(held):
        return (Reduce(part),)
    return _close(holding)


def _reverse(route: AccountRoute, holding: Holding) -> tuple[Step, ...]:
    held = holding.position.quantity
    if not held:
        return (Nothing("flat, nothing to reverse"),)
    side = Side.SELL if held > 0 else Side.BUY
    return (Close(), _open(route, side, abs(held)))


def _trade(instruction: Instruction, route: AccountRoute, holding: Holding) -> tuple[Step, ...]:
    if instruction.position_after == "flat":
        return _close(holding)
    asked = instruction.target_size if instruction.target_size is not None else instruction.quantity
    quantity = size(instruction, route, asked)
    if isinstance(quantity, Refuse):
        return (quantity,)
    committed = holding.committed
    if instruction.position_after:
        sign = 1 if instruction.position_after == "long" else -1
        if instruction.target_size is None and committed * sign > 0:
            return _same_side(instruction, route, Side.BUY if sign > 0 else Side.SELL, quantity)
        return _toward(sign * quantity, route, holding)
    side = Side.BUY if instruction.action in (Action.BUY, Action.ADD_BUY) else Side.SELL
    if instruction.action in (Action.ADD_BUY, Action.ADD_SELL):
        return (_open(route, side, quantity),)
    if instruction.closes_first:
        return (*_close_first(holding), _open(route, side, quantity))
    if committed * side.sign > 0:
        return _same_side(instruction, route, side, quantity)
    reverses = route.reverse if instruction.reverse_if_opposite is None else instruction.reverse_if_opposite
    if committed * side.sign < 0 and reverses:
        return (Close(), _open(route, side, quantity))
    return _toward(committed + side.sign * quantity, route, holding)


def _close_first(holding: Holding) -> tuple[Step, ...]:
    return (Close(),) if holding.position.quantity or holding.live_orders else ()


def _same_side(instruction: Instruction, route: AccountRoute, side: Side, quantity: Decimal) -> tuple[Step, ...]:
    adds = route.pyramid if instruction.allow_pyramid is None else instruction.allow_pyramid
    if not adds:
        word = "long" if side is Side.BUY else "short"
        return (Refuse("PYRAMID", f"already {word}, and adding is off for {route.account}"),)
    return (_open(route, side, quantity),)


def _toward(target: Decimal, route: AccountRoute, holding: Holding) -> tuple[Step, ...]:
    """Return the steps from what is committed to a signed target."""
    committed = holding.committed
    if target == committed:
        return (Nothing(f"already {_words(committed)}, as asked"),)
    side = Side.BUY if target > committed else Side.SELL
    if committed == 0 or (committed > 0) == (side is Side.BUY):
        return (_open(route, side, abs(target - committed)),)
    if target == 0:
        return (Close(),)
    if (target > 0) == (committed > 0):
        if holding.in_flight:
            return (CancelEntries(),)
        return (Reduce(abs(target - committed)),)
    return (Close(), _open(route, side, abs(target)))


def _words(quantity: Decimal) -> str:
    if not quantity:
        return "flat"
    return f"{'long' if quantity > 0 else 'short'} {abs(quantity)}"
