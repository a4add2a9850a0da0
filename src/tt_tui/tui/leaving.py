"""What is still open when the user wants to go."""

from __future__ import annotations

from collections import Counter

from tt_tui.domain.order import OrderState
from tt_tui.tui import figures, marks
from tt_tui.tui.view import View


def still_open(view: View) -> list[str]:
    """Return a line for each thing that quitting would leave behind; empty only where it is known that nothing is."""
    if not view.known:
        return ["What is open is not known: the desk has not told yet."]
    lines = [
        f"{one.account}: {'long' if one.quantity > 0 else 'short'} {figures.quantity(abs(one.quantity))} {one.symbol}"
        for one in marks.held(view.state)
    ]
    orders: Counter[tuple[str, str]] = Counter()
    for account, ids in view.state.live.items():
        for order_id in ids:
            state = view.state.orders[order_id].state
            kind = {OrderState.HELD: "held stop or order", OrderState.UNKNOWN: "order of UNKNOWN outcome"}
            orders[account, kind.get(state, "working order")] += 1
    lines += [f"{account}: {figures.plural(count, kind)}" for (account, kind), count in orders.items()]
    return lines
