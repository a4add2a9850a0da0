"""Position fields: the side and size after and before the fill, which win over the verb.

The truth table is that of tradingview §2, the contradictions those of alert-automation §2.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tt_tui.domain.instruction import Action
from tt_tui.listener.dialects._json import Unreadable
from tt_tui.listener.dialects._words import FLAT, LONG, SHORT

if TYPE_CHECKING:
    from tt_tui.listener.dialects._draft import Draft

_WANTED = {Action.BUY: LONG, Action.ADD_BUY: LONG, Action.SELL: SHORT, Action.ADD_SELL: SHORT}


def settle_position(draft: Draft) -> None:
    """Square the verb with the position fields.

    A trade that ends flat is a close, one that crosses zero a reverse, one that shrinks a position keeps its
    verb with the target, or becomes a part close where no target size was told. Raises Unreadable for a
    contradiction.
    """
    _check_size(draft.position_after, draft.target_size, "after the trade")
    _check_size(draft.position_before, draft.size_before, "before the trade")
    if not draft.position_after or draft.action in (
        Action.CANCEL,
        Action.BREAK_EVEN,
        Action.TARGET,
        Action.IGNORE,
    ):
        return
    if draft.action in (Action.CLOSE, Action.FLATTEN):
        _settle_close(draft)
    elif draft.action is Action.REVERSE:
        if draft.position_after in (FLAT, draft.position_before):
            raise _contradiction(draft)
        _settle_reversal(draft)
    elif draft.position_after == FLAT:
        _settle_flat(draft)
    elif draft.position_after == _WANTED[draft.action]:
        _settle_same_way(draft)
    else:
        _settle_reduction(draft)


def _settle_flat(draft: Draft) -> None:
    """A buy or sell that leaves no position closes what the other side held; it never opens."""
    if draft.action in (Action.ADD_BUY, Action.ADD_SELL):
        raise _contradiction(draft)
    if draft.position_before and draft.position_before != _opposite(_WANTED[draft.action]):
        raise _contradiction(draft)
    draft.action = Action.CLOSE


def _settle_same_way(draft: Draft) -> None:
    """A buy into a long: an opening, an addition, or through zero a reversal."""
    before, after = draft.size_before, draft.target_size
    if draft.position_before == draft.position_after:
        if before is not None and after is not None and after <= before:
            raise _contradiction(draft)
    elif draft.position_before in (LONG, SHORT):
        if draft.action in (Action.ADD_BUY, Action.ADD_SELL):
            raise _contradiction(draft)
        draft.action = Action.REVERSE
        _settle_reversal(draft)


def _settle_reversal(draft: Draft) -> None:
    """The sender's quantity of a reversal is close and open together: keep it only with a target."""
    if draft.target_size is not None or draft.quantity is None or draft.position_before not in (LONG, SHORT):
        return
    if draft.size_before is None:
        raise Unreadable(
            "a reversal without the new size: the quantity counts close and open together; add "
            "market_position_size to the message"
        )
    new = draft.quantity - draft.size_before
    if new <= 0:
        raise _contradiction(draft)
    draft.target_size = new


def _settle_reduction(draft: Draft) -> None:
    """A buy that leaves a short, or a sell that leaves a long: legal only where it shrinks."""
    before, after = draft.size_before, draft.target_size
    if draft.action in (Action.ADD_BUY, Action.ADD_SELL):
        raise _contradiction(draft)
    if draft.position_before and draft.position_before != draft.position_after:
        raise _contradiction(draft)
    if before is not None and after is not None and after >= before:
        raise _contradiction(draft)
    if after is None:
        _part_close(draft)


def _settle_close(draft: Draft) -> None:
    """A close may leave a smaller position of the same side, never another one."""
    side = draft.position_after
    if side == FLAT:
        return
    before, after = draft.size_before, draft.target_size
    if draft.side_closed and draft.side_closed != side:
        raise _contradiction(draft)
    if draft.position_before and draft.position_before != side:
        raise _contradiction(draft)
    if before is not None and after is not None and after >= before:
        raise _contradiction(draft)
    if after is None:
        _part_close(draft)
    draft.side_closed = side


def _part_close(draft: Draft) -> None:
    """Close a part by quantity: the sender told no size to aim for."""
    if draft.quantity is None and draft.fraction is None:
        raise Unreadable(
            f"the position after the trade is still {draft.position_after}, and neither a quantity nor "
            "market_position_size says how much to close"
        )
    side = draft.position_after
    draft.warnings.append(f"part of the {side} is closed, as the position stays {side}; it never opens")
    draft.action, draft.side_closed, draft.position_after = Action.CLOSE, side, ""


def _check_size(side: str, size: Decimal | None, when: str) -> None:
    if size is None or not side:
        return
    if (side == FLAT) is not (size == 0) or size < 0:
        raise Unreadable(f"the position {when} is {side} with size {size}; these contradict each other")


def _opposite(side: str) -> str:
    return SHORT if side == LONG else LONG


def _contradiction(draft: Draft) -> Unreadable:
    was = _state(draft.position_before, draft.size_before) or "unknown"
    now = _state(draft.position_after, draft.target_size)
    return Unreadable(
        f'the action "{draft.verb_text[:40] or draft.action.value}" contradicts the position fields: before {was}, '
        f"after {now}; check that the message uses strategy.order.action and strategy.market_position"
    )


def _state(side: str, size: Decimal | None) -> str:
    return side if size is None or side == FLAT else f"{side} {size}"
