"""The exact value at which each limit starts to refuse, the value before it, and what is said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.risk.cases import NOTHING, NOW, exit_of, limit, order, resting, view
from tt_tui.domain.account import AccountMode, ConnectionState
from tt_tui.domain.decision import Answer
from tt_tui.domain.instrument import equity, future, option
from tt_tui.domain.order import OrderRequest, OrderState, OrderType, Origin, Role, Side
from tt_tui.risk.gate import judge
from tt_tui.risk.view import SECOND

PASSES = "ACCEPTED"


def code(
    judged: OrderRequest | None = None,
    limits: Mapping[str, Any] = NOTHING,
    **changes: Any,
) -> str:
    return judge(judged or order(), view(limits, **changes)).code


@pytest.mark.parametrize(
    ("skew", "expected"),
    [
        (5 * SECOND, PASSES),
        (-5 * SECOND, PASSES),
        (5 * SECOND + 1, "CLOCK_SKEW"),
        (-5 * SECOND - 1, "CLOCK_SKEW"),
    ],
)
def test_skew_of_five_seconds_passes(skew: int, expected: str) -> None:
    assert code(skew=skew) == expected


@pytest.mark.parametrize("mode", list(AccountMode))
@pytest.mark.parametrize("origin", list(Origin))
def test_an_unmeasured_clock_stops_machines_on_live_accounts_only(mode: AccountMode, origin: Origin) -> None:
    refused = mode is AccountMode.LIVE and origin is not Origin.PERSON
    assert code(order(origin=origin), mode=mode, skew=None) == ("SKEW_UNKNOWN" if refused else PASSES)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 12, 16), PASSES),
        (date(2026, 12, 17), "ROLL_CUTOFF"),
        (date(2026, 12, 18), "ROLL_CUTOFF"),
        (date(2026, 12, 19), "EXPIRED"),
    ],
)
def test_contract_dates(today: date, expected: str) -> None:
    decision = judge(order(), view(trade_date=today, entry_cutoff=date(2026, 12, 17)))
    assert decision.code == expected
    if expected == "ROLL_CUTOFF":
        assert "Thu 17 Dec 2026" in decision.text
        assert decision.numbers["entry_cutoff"] == "2026-12-17"


def test_the_last_trading_day_itself_passes_without_a_cutoff() -> None:
    assert code(trade_date=date(2026, 12, 18), entry_cutoff=None) == PASSES
    assert code(trade_date=date(2026, 12, 19), entry_cutoff=None) == "EXPIRED"


def test_a_share_has_no_dates_and_an_option_has() -> None:
    share, call = equity("AAPL"), option("AAPL  261218C00200000")
    prices: dict[str, Any] = {"bid": Decimal("200.00"), "ask": Decimal("200.01"), "last": Decimal("200.00")}
    nothing: dict[str, Any] = {"trade_date": None, "entry_cutoff": None}
    assert code(order(symbol="AAPL"), instrument=share, **(prices | nothing)) == PASSES
    assert code(order(symbol=call.symbol), instrument=call, **(prices | nothing)) == "TRADE_DATE_UNKNOWN"


def test_a_view_of_another_contract_is_no_known_contract() -> None:
    decision = judge(order(symbol="ESZ6"), view(instrument=future("MES", 2026, 12)))
    assert decision.code == "UNKNOWN_CONTRACT"
    assert decision.numbers == {"symbol": "ESZ6", "seen": "MESZ6"}


@pytest.mark.parametrize(
    ("fired", "received", "expected"),
    [
        (NOW - 60 * SECOND, NOW, PASSES),
        (NOW - 60 * SECOND - 1, NOW, "STALE_ALERT"),
        (NOW + 5 * SECOND, NOW, PASSES),
        (NOW + 5 * SECOND + 1, NOW, "ALERT_FROM_FUTURE"),
        # Its sender's clock ran a minute ahead when it came; waiting doesn't make it fresh.
        (NOW, NOW - 60 * SECOND, "ALERT_FROM_FUTURE"),
        (NOW + 6 * SECOND, NOW + 6 * SECOND, "ALERT_FROM_FUTURE"),
        (None, NOW, "ALERT_UNTIMED"),
        # Nothing received: no alert, or one that a person confirmed meanwhile.
        (NOW - 90 * SECOND, None, PASSES),
        (None, None, PASSES),
    ],
)
def test_alert_age_on_a_live_account(fired: int | None, received: int | None, expected: str) -> None:
    assert code(order(origin=Origin.ALERT), fired_at=fired, received=received) == expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [(NOW - 60 * SECOND, PASSES), (NOW - 60 * SECOND - 1, "STALE_ALERT"), (None, PASSES)],
)
def test_an_untimed_alert_ages_from_its_receipt_on_paper(received: int | None, expected: str) -> None:
    judged = order(origin=Origin.ALERT)
    assert code(judged, mode=AccountMode.PAPER, fired_at=None, received=received) == expected


def test_who_is_no_alert_has_no_age() -> None:
    assert code(order(origin=Origin.PERSON), fired_at=None, received=None) == PASSES


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ({"bid": None, "ask": None, "last": None}, "NO_QUOTE"),
        ({"bid": Decimal("NaN"), "ask": Decimal("Infinity"), "last": Decimal("1E+400")}, "NO_QUOTE"),
        ({"ask": None, "bid": None}, PASSES),
        ({"ask": None, "last": None}, PASSES),
    ],
)
def test_a_quote_has_at_least_one_price(prices: dict[str, Any], expected: str) -> None:
    assert code(**prices) == expected


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("10", PASSES), ("11", "MAX_ORDER_QUANTITY"), ("0", "BAD_QUANTITY"), ("-1", "BAD_QUANTITY")]
    + [(text, "BAD_QUANTITY") for text in ("NaN", "sNaN", "Infinity", "-Infinity", "0.5", "1E+40", "1E-40")],
)
def test_quantity(quantity: str, expected: str) -> None:
    assert code(order(quantity=quantity)) == expected


def test_parts_of_a_share_may_leave_but_not_enter() -> None:
    share: dict[str, Any] = {"instrument": equity("AAPL"), "trade_date": None, "entry_cutoff": None}
    judged = exit_of("0.5", symbol="AAPL")
    assert code(judged, position=Decimal("0.5"), **share) == PASSES
    assert code(order(quantity="0.5", symbol="AAPL"), **share) == "BAD_QUANTITY"
    assert code(exit_of("0.5"), position=Decimal(1)) == "BAD_QUANTITY"


@pytest.mark.parametrize(("most", "expected"), [("250012.50", PASSES), ("250012.49", "MAX_NOTIONAL"), (None, PASSES)])
def test_notional_of_a_market_buy_is_the_ask_times_the_point_value(most: str | None, expected: str) -> None:
    assert code(limits={"max_notional": Decimal(most) if most else None}) == expected


@pytest.mark.parametrize(
    ("changes", "worth"),
    [
        ({"order_type": OrderType.LIMIT, "limit_price": Decimal("4990.00")}, "249500.00"),
        ({"order_type": OrderType.STOP, "stop_price": Decimal("5010.00")}, "250500.00"),
        ({"order_type": OrderType.TRAILING_STOP, "trail": Decimal("5.00")}, "250012.50"),
    ],
)
def test_notional_counts_a_buy_at_its_own_price(changes: dict[str, Any], worth: str) -> None:
    cent = Decimal("0.01")
    assert code(order(**changes), limits={"max_notional": Decimal(worth)}) == PASSES
    assert code(order(**changes), limits={"max_notional": Decimal(worth) - cent}) == "MAX_NOTIONAL"


def test_notional_counts_a_sell_at_the_market_when_that_is_more() -> None:
    judged = limit("4990.00", Side.SELL)
    assert code(judged, limits={"max_notional": Decimal(250_000)}) == PASSES
    assert code(judged, limits={"max_notional": Decimal(249_999)}) == "MAX_NOTIONAL"


@pytest.mark.parametrize(
    ("room", "each", "expected"),
    [
        ("12000", "12000", PASSES),
        ("11999.99", "12000", "MARGIN"),
        ("0.01", None, PASSES),
        ("0", None, "MARGIN"),
        ("0", "0", "MARGIN"),
        ("1", "0", PASSES),
        ("-5", "12000", "MARGIN"),
        (None, "12000", PASSES),
    ],
)
def test_margin(room: str | None, each: str | None, expected: str) -> None:
    changes: dict[str, Any] = {
        "margin_room": Decimal(room) if room else None,
        "margin_per_unit": Decimal(each) if each else None,
    }
    assert code(**changes) == expected


@pytest.mark.parametrize(
    ("held", "side", "expected"),
    [
        ("18", Side.BUY, PASSES),
        ("19", Side.BUY, "MAX_POSITION"),
        ("-22", Side.BUY, PASSES),
        ("-19", Side.SELL, "MAX_POSITION"),
        ("-18", Side.SELL, PASSES),
        ("30", Side.SELL, PASSES),
    ],
)
def test_position(held: str, side: Side, expected: str) -> None:
    assert code(order(side, 2), position=Decimal(held)) == expected


def test_position_counts_live_entries_of_the_side_and_nets_nothing() -> None:
    buys = (resting(Side.BUY, 9, order_id="A"), resting(Side.BUY, 9, state=OrderState.HELD, order_id="B"))
    sells = (resting(Side.SELL, 50, limit_price=Decimal(5100), order_id="C"),)
    assert code(order(quantity=2), open_orders=buys + sells) == PASSES
    decision = judge(order(quantity=3), view(open_orders=buys + sells))
    assert decision.code == "MAX_POSITION"
    assert decision.numbers["working"] == "18"
    assert decision.numbers["worst"] == "21"
    assert decision.numbers["largest"] == "2"


def test_an_opposite_position_that_live_exits_close_is_no_cushion() -> None:
    pair = tuple(
        resting(Side.BUY, 2, role, order_id=role, oco_group="PAIR", state=OrderState.HELD)
        for role in (Role.STOP, Role.TARGET)
    )
    limits = {"max_order_quantity": None}
    short = {"position": Decimal(-2)}
    assert code(order(quantity=22), limits, **short) == PASSES
    assert code(order(quantity=20), limits, open_orders=pair, **short) == PASSES
    assert code(order(quantity=21), limits, open_orders=pair, **short) == "MAX_POSITION"


def test_exits_of_a_position_not_yet_there_are_no_new_risk() -> None:
    child = resting(Side.SELL, 20, Role.STOP, OrderState.HELD, stop_price=Decimal(4900))
    assert code(order(Side.SELL, 10), open_orders=(child,)) == PASSES


@pytest.mark.parametrize(("live", "expected"), [(49, PASSES), (50, "MAX_OPEN_ORDERS")])
def test_open_orders(live: int, expected: str) -> None:
    assert code(account_open_orders=live) == expected


@pytest.mark.parametrize(("sent", "expected"), [(59, PASSES), (60, "ORDER_RATE")])
def test_rate(sent: int, expected: str) -> None:
    assert code(sent_last_minute=sent) == expected


@pytest.mark.parametrize(("repeats", "expected"), [(9, PASSES), (10, "REPEATED")])
def test_repeats(repeats: int, expected: str) -> None:
    decision = judge(order(strategy="orb"), view(repeats=repeats))
    assert decision.code == expected
    assert expected == PASSES or decision.text.startswith("orb already entered ESZ6 10 times")


def test_a_limit_of_none_is_no_limit() -> None:
    names = ("max_order_quantity", "max_notional", "max_position", "max_open_orders", "collar_percent")
    none = dict.fromkeys((*names, "max_orders_per_minute", "max_repeats"))
    busy: dict[str, Any] = {"account_open_orders": 10**6, "sent_last_minute": 10**6, "repeats": 10**6}
    judged = order(quantity=10**6, reference_price=Decimal(1))
    assert judge(judged, view(none, position=Decimal(10**6), **busy)).answer is Answer.ACCEPT


def test_words_a_trader_understands() -> None:
    closed = judge(order(), view(session_open=False, session_text="closed until Sun 17:00 Chicago"))
    assert closed.text == "ES is closed until Sun 17:00 Chicago."
    locked = judge(order(), view(lock="the daily loss limit was reached."))
    assert locked.text == "topstep-1 is locked: the daily loss limit was reached."
    old = judge(order(origin=Origin.ALERT), view(fired_at=NOW - 61_500_000_000))
    assert old.text == "The alert is 61.5 s old, 60 s are allowed."
    assert old.numbers == {"age_s": "61.5", "limit_s": "60"}
    full = judge(order(Side.SELL, 3), view(position=Decimal(-19)))
    assert full.text == ("3 more ESZ6 could make 22 short with what is held and working, 20 are allowed; 1 would pass.")
    unproven = judge(order(), view(unknown_here=True))
    assert unproven.text == "The outcome of an order in ESZ6 is not proven; new entries wait until it is."
    down = judge(order(), view(connection_why="the socket was closed", connection=ConnectionState.DOWN))
    assert down.text == "topstep-1 has no connection to its broker (the socket was closed)."
