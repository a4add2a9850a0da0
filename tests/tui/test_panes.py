"""What each pane says of what has happened."""

from __future__ import annotations

from decimal import Decimal

from tt_tui.domain import event as ev
from tt_tui.domain.account import ConnectionState
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.decision import Answer, Decision
from tt_tui.domain.instruction import Action
from tt_tui.domain.order import OrderState, Role, Side
from tt_tui.tui.settings import ScreenSettings
from tt_tui.tui.view import View

from .fake_port import (
    FakePort,
    account,
    alert,
    connected,
    filled,
    judged,
    preview_line,
    reported,
    request,
    with_status,
    working,
)
from .screen import SETTINGS, Desk, open_desk

WIDE = (200, 50)


def row(desk: Desk, kind: str, key: str) -> dict[str, str]:
    """Return a row of a pane by column title."""
    table = desk.workspace.body.panes[kind].main_table
    assert table is not None
    titles = [column.title for column in table._columns]
    return dict(zip(titles, table.row_text(key).split("\t"), strict=True))


async def test_the_watchlist_shows_price_change_age_and_source() -> None:
    async with open_desk(size=WIDE) as desk:
        shown = row(desk, "watchlist", "ESZ6")

        assert shown["Last"].strip() == "6715.00"
        assert shown["Change"] == "+25.50"
        assert shown["%"] == "+0.38%"
        assert (shown["Bid"], shown["Ask"], shown["Size"]) == ("6714.75", "6715.00", "12×7")
        assert (shown["Age"], shown["Source"], shown["Volume"]) == ("0.2s", "simulated", "1.23M")
        assert row(desk, "watchlist", "ZNZ6")["Last"].strip() == "112'18.5"


async def test_a_stale_quote_says_so_and_how_old_it_is() -> None:
    async with open_desk(size=WIDE) as desk:
        shown = row(desk, "watchlist", "GCG7")

        assert shown["Age"] == "stale"
        assert shown["Source"] == "simulated 1m"


async def test_a_change_of_price_is_an_arrow_and_a_flash_that_ends() -> None:
    port = FakePort()
    with_status(port, watchlist=("ESZ6",))
    port.quote("ESZ6", "6700", "6700.25")
    async with open_desk(port, settings=ScreenSettings(theme="dark", zone=SETTINGS.zone, frame_rate=1)) as desk:
        table = desk.workspace.body.panes["watchlist"].main_table
        assert table is not None
        port.quote("ESZ6", "6700.25", "6700.50")
        await desk.frame()
        assert table._cells["ESZ6"][1] == ("6700.25▲", "flash-up")
        port.clock.advance(0.5)
        await desk.frame()

        assert table._cells["ESZ6"][1] == ("6700.25▲", "up")


async def test_sorting_by_name_and_back() -> None:
    async with open_desk() as desk:
        await desk.press("f2", "s")
        assert [*desk.workspace.body.panes["watchlist"].row_numbers()] == ["CLF7", "ESZ6", "GCG7", "NQZ6", "ZNZ6"]
        await desk.press("s")

        assert tuple(desk.workspace.body.panes["watchlist"].row_numbers()) == desk.port.desk.watchlist


async def test_enter_on_a_watched_row_begins_a_sentence_and_sends_nothing() -> None:
    async with open_desk() as desk:
        await desk.press("f2", "j", "enter")

        assert desk.line == "BUY 1 NQZ6"
        assert not desk.port.calls


async def test_an_alert_shows_its_verdict_and_enter_its_body_accounts_and_orders() -> None:
    async with open_desk(size=WIDE) as desk:
        shown = row(desk, "alerts", "A-3")
        assert shown["Verdict"] == "refused"
        assert shown["Alert"] == "buy 5 CL1!"
        assert "above the limit of 3" in shown["Why"]
        await desk.press("f3", "enter")
        assert '{"symbol": "CL1!", "action": "buy", "quantity": 5}' in desk.text
        assert "SIZE_LIMIT" in desk.text
        await desk.press("j")
        assert "ORD-BB2" in desk.text
        await desk.press("enter")

        assert "ORD-BB2" not in desk.text


async def test_new_alerts_come_first_and_the_chosen_row_stays_chosen() -> None:
    async with open_desk() as desk:
        await desk.press("f3", "j")
        table = desk.workspace.body.panes["alerts"].main_table
        assert table is not None
        assert table.selected == "A-2"
        desk.port.write(alert("A-9", Action.SELL, "YM1!", 1), judged("A-9", AlertStatus.STALE, "it is 90 s old"))
        await desk.frame()

        assert table.keys[0] == "A-9"
        assert table.selected == "A-2"


async def test_an_alert_without_a_verdict_is_counted_loudly() -> None:
    async with open_desk() as desk:
        desk.port.write(alert("A-9", Action.SELL, "YM1!", 1), ev.AlertRepeated(alert_id="A-1", sender="tv-main"))
        await desk.frame()

        assert "1 open" in desk.text
        assert "(sent 2 times)" in row(desk, "alerts", "A-1")["Why"]


async def test_an_order_of_unknown_outcome_is_loud() -> None:
    async with open_desk(size=WIDE) as desk:
        shown = row(desk, "orders", "ORD-CC3")
        table = desk.workspace.body.panes["orders"].main_table
        assert table is not None

        assert shown["State"] == "?? UNKNOWN"
        assert table._cells["ORD-CC3"][4] == ("?? UNKNOWN", "loud")
        assert "no answer within 5 s" in shown["Why"]
        assert "1 UNKNOWN" in desk.text


async def test_orders_show_fills_average_price_and_the_brokers_last_word() -> None:
    async with open_desk(size=WIDE) as desk:
        order = request("ORD-E", "ESZ6", Side.BUY, 3, limit="6700.50")
        desk.port.write(*working(order), filled(order, "6700.25", 1))
        desk.port.clock.advance(7)
        await desk.frame()
        shown = row(desk, "orders", "ORD-E")

        assert shown["Order"] == "BUY 3 ESZ6"
        assert shown["Price"] == "LMT 6700.50"
        assert (shown["State"], shown["Filled"], shown["Average"], shown["Heard"]) == (
            "partial",
            "1/3",
            "6700.25",
            "7s",
        )
        assert row(desk, "orders", "ORD-AA1S")["For"] == "stop"
        assert row(desk, "orders", "ORD-AA1S")["Price"] == "STP 6702.25"


async def test_standing_orders_come_before_those_that_are_done() -> None:
    async with open_desk() as desk:
        table = desk.workspace.body.panes["orders"].main_table
        assert table is not None
        states = [desk.port.state.orders[key].state for key in table.keys]

        assert [state.is_live for state in states] == sorted((state.is_live for state in states), reverse=True)


async def test_an_orders_details_tell_the_gates_answer_and_the_fills() -> None:
    async with open_desk(size=WIDE) as desk:
        order = request("ORD-E", "ESZ6", Side.BUY, 3)
        decision = Decision(
            answer=Answer.REDUCE, code="SIZE_LIMIT", text="3 cut to 2", numbers={"limit": "2"}, quantity=Decimal(2)
        )
        desk.port.write(
            ev.OrderIntended(request=order),
            ev.OrderDecided(order_id="ORD-E", decision=decision),
            ev.OrderSent(order_id="ORD-E"),
            filled(order, "6701.00", 2),
        )
        await desk.frame()
        await desk.press("f4", "home")
        table = desk.workspace.body.panes["orders"].main_table
        assert table is not None
        table.select("ORD-E")
        await desk.press("enter")

        assert "gate: reduce SIZE_LIMIT  limit 2" in desk.text
        assert "buy 2 @ 6701.00" in desk.text


async def test_keys_on_orders_and_positions_type_sentences_only() -> None:
    async with open_desk() as desk:
        await desk.press("f4", "ctrl+x")
        assert desk.line == "CXL ORD-DD4"
        await desk.press("f5", "ctrl+x")
        assert desk.line == "CLOSE ESZ6 ACC paper-main"
        await desk.press("f5", "ctrl+r")

        assert desk.line == "BE ESZ6 ACC paper-main"
        assert not desk.port.calls


async def test_a_position_is_marked_where_it_could_be_left_now() -> None:
    async with open_desk(size=WIDE) as desk:
        long, short = row(desk, "positions", "paper-main|ESZ6"), row(desk, "positions", "paper-main|NQZ6")

        assert (long["Quantity"], long["Mark"], long["Open P&L"]) == ("LONG 2", "6714.75", "+250.00")
        assert (short["Quantity"], short["Mark"], short["Open P&L"]) == ("SHORT 1", "24822.75", "-245.00")
        assert long["Stop"] == "6702.25"
        assert short["Stop"] == "none"


async def test_a_stop_for_a_part_only_is_told() -> None:
    async with open_desk(size=WIDE) as desk:
        stop = request("ORD-S", "NQZ6", Side.BUY, 1, stop="24900", role=Role.STOP)
        entry = request("ORD-N", "NQZ6", Side.SELL, 2)
        desk.port.write(*working(entry), filled(entry, "24800"), *working(stop))
        await desk.frame()
        assert row(desk, "positions", "paper-main|NQZ6")["Stop"] == "24900.00 for 1"
        desk.port.write(reported(stop, OrderState.CANCELED))
        await desk.frame()

        assert row(desk, "positions", "paper-main|NQZ6")["Stop"] == "none"


async def test_without_a_price_the_profit_is_a_dash() -> None:
    async with open_desk(size=WIDE) as desk:
        desk.port.quotes.clear()
        await desk.frame()
        shown = row(desk, "positions", "paper-main|ESZ6")

        assert (shown["Mark"], shown["Open P&L"]) == ("–", "–")


async def test_accounts_show_mode_money_connection_and_whether_they_may_enter() -> None:
    async with open_desk(size=WIDE) as desk:
        await desk.run("ACCT")
        paper, live = row(desk, "accounts", "paper-main"), row(desk, "accounts", "topstep-1")
        assert (paper["Mode"], paper["May enter"]) == ("PAPER", "yes")
        assert paper["Equity"] == "50,000.80"
        assert (live["Mode"], live["May enter"]) == ("LIVE", "not armed")
        assert "degraded" in live["Connection"]
        desk.port.write(
            ev.AccountArmed(account="topstep-1"), ev.AccountLocked(account="paper-main", until=0, why="daily loss")
        )
        await desk.frame()

        assert row(desk, "accounts", "topstep-1")["May enter"] == "ARMED"
        assert row(desk, "accounts", "paper-main")["May enter"] == "locked: daily loss"


async def test_the_log_follows_its_end_until_the_cursor_leaves_it() -> None:
    async with open_desk(size=(160, 45)) as desk:
        for number in range(50):
            desk.port.log(f"line {number}")
        await desk.frame()
        assert "line 49" in desk.text
        await desk.press("f7", "k", "k")
        desk.port.log("one more")
        await desk.frame()
        assert "one more" not in desk.text
        await desk.press("end")

        assert "one more" in desk.text


async def test_help_shows_a_word_with_examples_of_the_users_own_names() -> None:
    async with open_desk(size=WIDE) as desk:
        await desk.run("HELP ARM")
        assert "ARM topstep-1" in desk.text
        await desk.type("CLOSE")
        await desk.press("f1")

        assert "CLOSE HALF ES" in desk.text


async def test_the_hook_page_is_the_desks_own_words() -> None:
    async with open_desk(size=WIDE) as desk:
        await desk.press("f8")

        assert "http://127.0.0.1:8000/webhook/tradingview/<token>" in desk.text


async def test_before_the_desk_runs_panes_say_starting_and_not_flat() -> None:
    port = FakePort()
    with_status(port, running=False)
    async with open_desk(port) as desk:
        assert "the desk is starting" in desk.text
        assert "Not known yet." in desk.text
        assert "Flat." not in desk.text


async def test_many_accounts_are_summed_in_the_strip() -> None:
    port = FakePort()
    port.write(account("topstep-1", live=True), account("topstep-2", live=True), account("paper-main"))
    port.write(connected("topstepx", ConnectionState.DOWN))
    port.previews = (preview_line("topstep-1", "x"),)
    async with open_desk(port) as desk:
        await desk.run("GRP topstep")

        assert "Equity 100,000.00" in desk.text


def test_panes_need_nothing_but_the_view() -> None:
    assert {"state", "frame", "status", "target", "now"} <= set(View.__dataclass_fields__)
