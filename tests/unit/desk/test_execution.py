"""Carrying wishes out: each account on its own, one wish after another for a contract, and every rule of a route."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.faulty import FaultyBroker, faulty
from tests.memory_journal import MemoryJournal
from tests.rig import MONDAY, SECOND, FakeClock, Rig, desk_rig, settle
from tt_tui.desk.config import AccountRoute, TradingWindow
from tt_tui.desk.rows import Order
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import (
    Bracket,
    Distance,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Origin,
    Role,
    Side,
    TimeInForce,
)

ONE, TWO = Decimal(1), Decimal(2)
WORKING = {"order_type": OrderType.LIMIT, "limit_price": Decimal("4990.00")}


def rig_of(folder: Path, *routes: AccountRoute, **options: Any) -> Any:
    options.setdefault("memory", MemoryJournal())
    options.setdefault("wrap", FaultyBroker)
    return desk_rig(folder, routes={"main": routes or (AccountRoute(account="main-1"),)}, **options)


def route(**fields: Any) -> AccountRoute:
    return AccountRoute(account="main-1", **fields)


async def verdict(rig: Rig, **fields: Any) -> tuple[str, str, str]:
    """Send one alert; return the status, code and text of its first account."""
    row = rig.alert_row(await rig.alert(**fields))
    if not row.accounts:
        return str(row.status), "", row.text
    first = row.accounts[0]
    return first.status, first.code, first.text


def entries(rig: Rig, account: str = "main-1") -> list[Order]:
    return [order for order in rig.orders(account) if order.request.role is Role.ENTRY]


class Moody(FaultyBroker):
    """Fails orders of one account in a way that no connector may."""

    async def place(self, order: OrderRequest) -> OrderReport:
        if order.account == "main-2" and self.place_fault == "explode":
            raise ZeroDivisionError
        return await super().place(order)


async def test_each_account_is_judged_on_its_own(tmp_path: Path) -> None:
    routes = (
        route(),
        AccountRoute(account="main-2", sides=("short",)),
        AccountRoute(account="main-3", multiplier=Decimal(3)),
        AccountRoute(account="main-4", multiplier=Decimal(99)),
    )
    async with rig_of(tmp_path, *routes) as rig:
        row = rig.alert_row(await rig.alert(quantity=TWO))
        assert row.status is AlertStatus.EXECUTED
        assert [each.account for each in row.accounts] == [each.account for each in routes]
        assert [each.status for each in row.accounts] == ["filled", "refused", "filled", "refused"]
        assert [each.code for each in row.accounts][1::2] == ["SIDE", "MAX_ORDER_QUANTITY"]
        assert [rig.position(account=each.account) for each in routes] == [2, 0, 6, 0]


async def test_a_fault_on_one_account_stops_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    routes = (route(), AccountRoute(account="main-2"), AccountRoute(account="main-3"))
    async with rig_of(tmp_path, *routes, wrap=Moody) as rig:
        faulty(rig).place_fault = "explode"
        row = rig.alert_row(await rig.alert(quantity=ONE))
        assert [each.status for each in row.accounts] == ["filled", "unknown", "filled"]
        assert rig.position(account="main-3") == 1
        assert "placing" in caplog.text


async def test_a_fault_of_our_own_is_told_on_its_account_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig_of(tmp_path, route(), AccountRoute(account="main-2")) as rig:
        run = rig.desk.execution.run

        async def broken(instruction: Instruction, each: AccountRoute, cause: Any) -> Any:
            if each.account == "main-2":
                raise KeyError("a fault")
            return await run(instruction, each, cause)

        monkeypatch.setattr(rig.desk.execution, "run", broken)
        row = rig.alert_row(await rig.alert(quantity=ONE))
        assert [(each.status, each.code) for each in row.accounts] == [("filled", ""), ("refused", "FAULT")]
        assert any("main-2" in each.alarm.text for each in rig.state.alarms.values())
        assert "a wish failed on main-2" in caplog.text


class Slow(FaultyBroker):
    """Takes its time before it answers, and notes when calls begin and end."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.clock: FakeClock
        self.log: list[str] = []

    async def place(self, order: OrderRequest) -> OrderReport:
        name = f"{order.side} {order.quantity}"
        self.log.append(f"begin {name}")
        await self.clock.sleep(2)
        report = await super().place(order)
        self.log.append(f"end {name}")
        return report


async def test_alerts_for_one_account_and_contract_run_strictly_one_after_another(tmp_path: Path) -> None:
    async with rig_of(tmp_path, wrap=Slow) as rig:
        broker = faulty(rig)
        assert isinstance(broker, Slow)
        broker.clock = rig.clock
        for quantity in (3, 1, 2):
            await rig.take(quantity=Decimal(quantity))
        await rig.take(action=Action.CLOSE)
        await rig.until(lambda: len(broker.log) == 8, seconds=20)
        assert broker.log == [
            f"{word} {name}" for name in ("buy 3", "buy 1", "buy 2", "sell 6") for word in ("begin", "end")
        ]
        await rig.until(lambda: rig.position() == 0)


async def test_an_alert_does_not_overtake_another_that_waits_for_the_first_quote(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.take(symbol="NQ", quantity=TWO)
        await rig.clock.advance(0.04, step=0.01)
        rig.quote("NQ", "18000.00", "18000.25")
        await rig.take(symbol="NQ", action=Action.CLOSE)
        await rig.clock.advance(5)
        assert [order.request.side for order in rig.orders()] == [Side.BUY, Side.SELL]
        assert rig.position("NQZ6") == 0


async def test_other_contracts_and_accounts_do_not_wait(tmp_path: Path) -> None:
    async with rig_of(tmp_path, route(), AccountRoute(account="main-2"), wrap=Slow) as rig:
        broker = faulty(rig)
        assert isinstance(broker, Slow)
        broker.clock = rig.clock
        rig.quote("NQ", "18000.00", "18000.25")
        await rig.take(quantity=ONE)
        await rig.take(symbol="NQ", quantity=TWO)
        await settle(40)
        assert sorted(broker.log) == ["begin buy 1", "begin buy 1", "begin buy 2", "begin buy 2"]


async def test_a_reverse_opens_only_after_its_close_has_filled(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=TWO)
        rig.quote("ES", "5000.00", "5000.25", "1")
        await rig.take(action=Action.REVERSE)
        await settle(60)
        assert rig.position() == 1
        assert len(entries(rig)) == 1, "half of the close is not filled"
        await rig.clock.advance(3)
        assert len(entries(rig)) == 1
        rig.quote("ES", "5000.00", "5000.25")
        await rig.until(lambda: rig.position() == -2)
        assert [order.request.role for order in rig.orders()] == [Role.ENTRY, Role.EXIT, Role.ENTRY]


async def test_a_reverse_whose_close_fails_opens_nothing(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=TWO)
        faulty(rig).place_fault = "reject"
        status, code, text = await verdict(rig, action=Action.REVERSE)
        assert (status, code) == ("refused", "NOT_FLAT")
        assert "not flat after 3 attempts" in text
        assert len(entries(rig)) == 1
        assert len(faulty(rig).placed) == 4, "one entry and three attempts at the close"
        assert rig.position() == 2


# Rules of a route.


@pytest.mark.parametrize(
    ("fields", "alert", "code"),
    [
        ({"sides": ("short",)}, {}, "SIDE"),
        ({"symbols": ("NQ", "CL")}, {}, "SYMBOL"),
        ({"symbols": ("ES",)}, {}, ""),
        ({"symbols": ("ESZ6",)}, {}, ""),
        ({"windows": (TradingWindow(start="08:30", end="09:59"),)}, {}, "WINDOW"),
        ({"windows": (TradingWindow(start="08:30", end="10:01"),)}, {}, ""),
        ({"windows": (TradingWindow(start="17:00", end="10:00"),)}, {}, "WINDOW"),
        ({"windows": (TradingWindow(start="17:00", end="10:30"),)}, {}, ""),
        (
            {
                "windows": (
                    TradingWindow(start="08:00", end="09:00"),
                    TradingWindow(start="10:00", end="11:00"),
                )
            },
            {},
            "",
        ),
        ({}, {"symbol": "XYZ1!"}, "UNKNOWN_SYMBOL"),
        ({}, {"quantity_type": "percent"}, "SIZE_UNIT"),
        ({}, {"quantity": Decimal("1.5")}, "SIZE_FRACTION"),
    ],
)
async def test_rules_of_a_route(tmp_path: Path, fields: dict[str, Any], alert: dict[str, Any], code: str) -> None:
    async with rig_of(tmp_path, route(**fields)) as rig:
        status, found, text = await verdict(rig, **{"quantity": ONE, **alert})
        assert found == code, text
        assert status == ("refused" if code else "filled")
        assert text


async def test_exits_pass_the_rules_of_entries(tmp_path: Path) -> None:
    window = TradingWindow(start="08:30", end="10:01")
    async with rig_of(tmp_path, route(windows=(window,), max_trades_per_day=1, cooldown=600)) as rig:
        assert (await verdict(rig, quantity=TWO))[0] == "filled"
        await rig.clock.advance(120, step=1)
        rig.quote("ES", "5000.00", "5000.25")
        assert (await verdict(rig, action=Action.CLOSE, quantity=ONE))[0] == "filled"
        assert (await verdict(rig, action=Action.CLOSE))[0] == "filled"
        assert rig.position() == 0


async def test_trades_a_day_are_counted_by_account_and_begin_again(tmp_path: Path) -> None:
    async with rig_of(tmp_path, route(max_trades_per_day=2)) as rig:
        assert [(await verdict(rig, quantity=ONE))[1] for _ in range(3)] == ["", "", "TRADE_COUNT"]
        await rig.clock.advance(25 * 3600, step=600)
        rig.quote("ES", "5000.00", "5000.25")
        assert (await verdict(rig, quantity=ONE))[1] == ""


async def test_a_cooldown_is_by_contract(tmp_path: Path) -> None:
    async with rig_of(tmp_path, route(cooldown=30)) as rig:
        rig.quote("NQ", "18000.00", "18000.25")
        assert (await verdict(rig, quantity=ONE))[1] == ""
        status, code, text = await verdict(rig, quantity=ONE)
        assert (status, code) == ("refused", "COOLDOWN")
        assert "30 s" in text
        assert (await verdict(rig, symbol="NQ", quantity=ONE))[1] == ""
        await rig.clock.advance(31)
        rig.quote("ES", "5000.00", "5000.25")
        assert (await verdict(rig, quantity=ONE))[1] == ""


@pytest.mark.parametrize(("symbol", "contract"), [("ES", "MESZ6"), ("MES", "MESZ6"), ("NQ1!", "MNQZ6")])
async def test_a_mini_is_traded_as_its_micro(tmp_path: Path, symbol: str, contract: str) -> None:
    async with rig_of(tmp_path, route(micro=True, multiplier=Decimal(10))) as rig:
        rig.quote("MES", "5000.00", "5000.25")
        rig.quote("MNQ", "18000.00", "18000.25")
        row = rig.alert_row(await rig.alert(symbol=symbol, quantity=ONE))
        assert row.accounts[0].contract == contract
        assert rig.position(contract) == 10
        await rig.alert(symbol=symbol, action=Action.CLOSE)
        assert rig.position(contract) == 0


@pytest.mark.parametrize(("action", "price"), [(Action.BUY, "5000.25"), (Action.SELL, "5000.00")])
async def test_a_limit_without_a_price_stands_at_the_touch(tmp_path: Path, action: Action, price: str) -> None:
    async with rig_of(tmp_path, route(order_type=OrderType.LIMIT)) as rig:
        await rig.alert(action=action, quantity=ONE)
        (order,) = entries(rig)
        assert order.request.order_type is OrderType.LIMIT
        assert order.limit_price == Decimal(price)


async def test_a_limit_without_a_price_and_without_a_quote_is_refused(tmp_path: Path) -> None:
    async with rig_of(tmp_path, route(order_type=OrderType.LIMIT), quotes=False) as rig:
        assert (await verdict(rig, quantity=ONE))[1] == "NO_QUOTE"
        assert rig.orders() == []


async def test_the_routes_bracket_fills_in_what_the_alert_left_out(tmp_path: Path) -> None:
    ticks = {"stop_ticks": Decimal(20), "target_ticks": Decimal(40), "break_even_ticks": Decimal(10)}
    async with rig_of(tmp_path, route(**ticks)) as rig:
        own = Bracket(stop=Distance(kind="points", value=Decimal(2)))
        await rig.alert(quantity=ONE)
        await rig.alert(quantity=ONE, bracket=own)
        first, second = (order.request.bracket for order in entries(rig))
        assert first is not None
        assert second is not None
        assert [first.stop, first.target, first.break_even] == [
            Distance(kind="ticks", value=Decimal(value)) for value in (20, 40, 10)
        ]
        assert second.stop == Distance(kind="ticks", value=Decimal(8))
        assert second.target == first.target
        ids = [first.stop_id, first.target_id, second.stop_id, second.target_id]
        assert len(set(ids)) == 4
        assert all(ids)


@pytest.mark.parametrize(
    ("distance", "code"),
    [
        (Distance(kind="ticks", value=Decimal("0.4")), "BRACKET"),
        (Distance(kind="moons", value=Decimal(3)), "BRACKET"),
        (Distance(kind="price", value=Decimal("5100.00")), "BRACKET_SIDE"),
        (Distance(kind="percent", value=Decimal("0.1")), ""),
        (Distance(kind="currency", value=Decimal(250)), ""),
    ],
)
async def test_a_bracket_that_can_not_be_kept_refuses_the_entry(tmp_path: Path, distance: Distance, code: str) -> None:
    async with rig_of(tmp_path) as rig:
        assert (await verdict(rig, quantity=ONE, bracket=Bracket(stop=distance)))[1] == code
        assert rig.position() == (0 if code else 1)


@pytest.mark.parametrize("field", ["trail", "break_even"])
async def test_a_trailing_distance_is_not_a_price(tmp_path: Path, field: str) -> None:
    async with rig_of(tmp_path) as rig:
        parts: dict[str, Any] = {"stop": Distance(kind="ticks", value=Decimal(8))}
        parts[field] = Distance(kind="price", value=Decimal(4999))
        assert (await verdict(rig, quantity=ONE, bracket=Bracket(**parts)))[1] == "BRACKET"


async def test_prices_are_put_on_the_tick(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        wish = {"quantity": ONE, "order_type": OrderType.LIMIT, "time_in_force": TimeInForce.GTC}
        await rig.alert(limit_price=Decimal("4990.13"), **wish)
        await rig.alert(action=Action.ADD_SELL, limit_price=Decimal("5010.13"), **wish)
        assert [order.limit_price for order in entries(rig)] == [Decimal("4990.00"), Decimal("5010.25")]
        assert {order.request.time_in_force for order in entries(rig)} == {TimeInForce.GTC}


# Cancels.


async def test_an_entry_that_does_not_fill_is_canceled_after_its_time(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=ONE, cancel_after=20, **WORKING)
        await rig.clock.advance(19)
        assert entries(rig)[0].state is OrderState.WORKING
        await rig.clock.advance(2)
        assert entries(rig)[0].state is OrderState.CANCELED


async def test_what_is_left_of_a_partly_filled_entry_is_canceled_after_its_time(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        rig.quote("ES", "5000.00", "5000.25", "1")
        limit = {"order_type": OrderType.LIMIT, "limit_price": Decimal("5000.25")}
        await rig.alert(quantity=TWO, cancel_after=5, **limit)
        await rig.clock.advance(6)
        (order,) = entries(rig)
        assert order.state is OrderState.CANCELED
        assert order.filled == 1
        assert rig.position() == 1


async def test_the_time_of_an_entry_runs_on_over_a_restart(tmp_path: Path) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        await rig.alert(quantity=ONE, cancel_after=20, **WORKING)
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        await rig.clock.advance(15)
        assert entries(rig)[0].state is OrderState.WORKING
        await rig.clock.advance(7)
        assert entries(rig)[0].state is OrderState.CANCELED


async def test_a_cancel_by_id_takes_that_order_alone(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=ONE, **WORKING)
        await rig.alert(quantity=ONE, **WORKING)
        first, second = entries(rig)
        cancel = Instruction(action=Action.CANCEL, order_id=first.order_id)
        outcome = await rig.desk.submit(cancel)
        assert outcome.ok, outcome.text
        await settle(20)
        assert (first.state, second.state) == (OrderState.CANCELED, OrderState.WORKING)
        again = await rig.desk.submit(cancel)
        assert again.ok
        assert "nothing left to cancel" in again.text
        unknown = await rig.desk.submit(Instruction(action=Action.CANCEL, order_id="ORD-NOT"))
        assert not unknown.ok
        assert "BLOT" in unknown.text


@pytest.mark.parametrize(("side", "left"), [("long", {"sell"}), ("short", {"buy"}), ("", set())])
async def test_a_cancel_by_side(tmp_path: Path, side: str, left: set[str]) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=ONE, **WORKING)
        high = {"order_type": OrderType.LIMIT, "limit_price": Decimal("5010.00")}
        await rig.alert(action=Action.ADD_SELL, quantity=ONE, **high)
        assert (await verdict(rig, action=Action.CANCEL, side_closed=side))[0] == "done"
        await settle(20)
        assert {str(order.request.side) for order in rig.state.live_orders("main-1")} == left


async def test_a_cancel_leaves_protection_to_its_position(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=ONE, bracket=Bracket(stop=Distance(kind="ticks", value=Decimal(20))))
        await rig.until(lambda: bool(rig.state.live_orders("main-1")))
        await rig.alert(quantity=ONE, **WORKING)
        await rig.alert(action=Action.CANCEL)
        await settle(20)
        assert [order.request.role for order in rig.state.live_orders("main-1")] == [Role.STOP]


async def test_a_cancel_that_is_not_proven_is_told(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        await rig.alert(quantity=ONE, **WORKING)
        faulty(rig).refuse_cancels = True
        status, code, text = await verdict(rig, action=Action.CANCEL)
        assert (status, code) == ("refused", "CANCEL_UNPROVEN")
        assert "not confirmed" in text


async def test_a_smaller_target_replaces_an_entry_that_still_works(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        fields = {"position_after": "long", **WORKING}
        await rig.alert(quantity=TWO, target_size=TWO, **fields)
        await rig.alert(quantity=ONE, target_size=ONE, **fields)
        first, second = entries(rig)
        assert (first.state, second.state) == (OrderState.CANCELED, OrderState.WORKING)
        assert second.quantity == 1
        assert (await verdict(rig, quantity=ONE, target_size=ONE, **fields))[0] == "done"


# Quotes that come late.


async def test_the_first_quote_of_a_contract_is_given_a_moment(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        taken = await rig.take(symbol="NQ", quantity=ONE)
        await rig.clock.advance(1)
        rig.quote("NQ", "18000.00", "18000.25")
        await rig.until(lambda: rig.alert_row(taken.alert_id).status is not AlertStatus.RECEIVED)
        assert rig.position("NQZ6") == 1


async def test_without_a_quote_nothing_is_opened(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        assert (await verdict(rig, symbol="NQ", quantity=ONE))[1] == "NO_QUOTE"


async def test_an_exit_waits_for_no_quote(tmp_path: Path) -> None:
    clock, memory = FakeClock(), MemoryJournal()
    async with rig_of(tmp_path, clock=clock, memory=memory) as rig:
        await rig.alert(quantity=ONE)
    async with rig_of(tmp_path, clock=clock, memory=memory, quotes=False) as rig:
        await rig.take(action=Action.CLOSE)
        await settle(60)
        assert [order.request.role for order in rig.orders()] == [Role.ENTRY, Role.EXIT]
        assert faulty(rig).placed[-1].role is Role.EXIT


async def test_a_stale_alert_and_one_from_the_future_open_nothing(tmp_path: Path) -> None:
    async with rig_of(tmp_path, route(max_alert_age=10)) as rig:
        fired = {"stale": MONDAY - 30 * SECOND, "young": MONDAY - 5 * SECOND, "ahead": MONDAY + 60 * SECOND}
        now = rig.clock.now() - MONDAY
        found = {}
        for name, at in fired.items():
            row = rig.alert_row(await rig.alert(quantity=ONE, fired_at=at + now))
            found[name] = (row.status, row.accounts[0].code)
        assert found == {
            "stale": (AlertStatus.STALE, "STALE_ALERT"),
            "young": (AlertStatus.EXECUTED, ""),
            "ahead": (AlertStatus.STALE, "ALERT_FROM_FUTURE"),
        }


async def test_a_preview_tells_and_does_nothing(tmp_path: Path) -> None:
    async with rig_of(tmp_path, route(), AccountRoute(account="main-2")) as rig:
        await rig.alert(quantity=TWO)
        before = len(rig.state.orders)
        wish = Instruction(action=Action.SELL, symbol="ES", quantity=Decimal(3), accounts=("main-1", "main-2"))
        preview = await rig.desk.preview(wish)
        assert [line.text for line in preview.lines] == [
            "cancel what works in ESZ6 and close it, then sell 1 ESZ6 market"
        ] * 2
        assert not preview.asks
        bad = await rig.desk.preview(msgspec.structs.replace(wish, symbol="XYZ1!"))
        assert all(line.refused for line in bad.lines)
        assert len(rig.state.orders) == before


async def test_a_persons_size_is_as_typed(tmp_path: Path) -> None:
    async with rig_of(tmp_path, route(multiplier=Decimal(5), sides=("short",), symbols=("NQ",))) as rig:
        wish = Instruction(action=Action.BUY, symbol="ES", quantity=ONE, accounts=("main-1",), origin=Origin.PERSON)
        outcome = await rig.desk.submit(wish)
        assert outcome.ok, outcome.text
        assert rig.position() == 1


async def test_a_repeat_in_the_time_between_status_and_fill_does_nothing(tmp_path: Path) -> None:
    async with rig_of(tmp_path) as rig:
        faulty(rig).mute_fills = True
        fields = {"quantity": TWO, "position_after": "long", "target_size": TWO}
        await rig.take(**fields)
        await rig.clock.advance(2)
        assert rig.orders()[0].state is OrderState.FILLED
        assert rig.position() == 0
        assert (await verdict(rig, **fields))[0] == "done"
        await rig.until(lambda: rig.position() == 2, seconds=20)
        assert len(entries(rig)) == 1


async def test_an_order_that_is_canceled_before_its_answer_came_is_canceled_when_it_has(tmp_path: Path) -> None:
    async with rig_of(tmp_path, wrap=Slow) as rig:
        broker = faulty(rig)
        assert isinstance(broker, Slow)
        broker.clock = rig.clock
        await rig.take(quantity=ONE, **WORKING)
        await settle(40)
        (order,) = entries(rig)
        assert order.state is OrderState.SENT
        gone = rig.tasks.spawn("gone", rig.desk.orders.cancel_and_prove([order.order_id], "test"))
        await rig.until(gone.done, seconds=6)
        assert gone.result()
        assert str(order.state) == "canceled"
