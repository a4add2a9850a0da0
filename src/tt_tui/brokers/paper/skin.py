"""How a venue of fewer abilities would hear and answer: the same engine, with less of it in reach."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from tt_tui.brokers.paper.orders import Event
from tt_tui.desk.ports import BrokerCapabilities
from tt_tui.domain.errors import Rejected
from tt_tui.domain.order import Fill, OrderReport, OrderRequest, OrderType

_E = TypeVar("_E", bound=Event)

EVERYTHING = BrokerCapabilities(
    native_brackets=True,
    native_oco=True,
    native_trailing=True,
    replace=True,
    client_ids=True,
    flatten=True,
)
"""What the paper venue can do by itself; a test may give it less."""


def inward(order: OrderRequest, can: BrokerCapabilities, name: str) -> OrderRequest:
    """Return a request as a venue of these abilities understands it: groups and ids that it lacks are not heard.

    Raises:
        Rejected: the order needs what the venue can't do.
    """
    bracket = order.bracket
    if bracket is not None and not can.native_brackets:
        raise Rejected(f"{name} keeps no brackets: place the protection by orders", "unsupported")
    trails = order.order_type is OrderType.TRAILING_STOP or (bracket is not None and bracket.trail is not None)
    if trails and not can.native_trailing:
        raise Rejected(f"{name} keeps no trailing stops: move a stop instead", "unsupported")
    if order.oco_group and not can.native_oco:
        order = msgspec.structs.replace(order, oco_group="")
    if not can.client_ids:
        bare = bracket and msgspec.structs.replace(bracket, stop_id="", target_id="")
        order = msgspec.structs.replace(order, order_id="", parent_id="", bracket=bare)
    return order


def outward(event: _E, can: BrokerCapabilities) -> _E:
    """Return a report as a venue of these abilities says it: without our id where it keeps none."""
    if can.client_ids or not isinstance(event, OrderReport | Fill):
        return event
    return msgspec.structs.replace(event, order_id="")
