"""Each product's own shape: that it is recognised, and what its fields mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.dialects.bodies import body
from tt_tui.domain.instruction import AccountShown, Action
from tt_tui.domain.order import Bracket, Distance, OrderType, TimeInForce
from tt_tui.listener.dialects import parse

PLACE = "key=sesame; command=PLACE; account=sim101; instrument=ES 12-26; action=BUY; qty=1; "
COMMAS = {
    "secret": "sesame",
    "max_lag": "300",
    "timestamp": "2026-11-23T12:00:00Z",
    "trigger_price": "5000.25",
    "tv_exchange": "CME_MINI",
    "tv_instrument": "ES1!",
    "bot_uuid": "4f2a",
}
PICK = {"symbol": "NQ1!", "date": "2026-11-23T12:00:00Z", "data": "buy", "quantity": "1", "token": "sesame"}
ALTRADY = {"api_key": "k", "api_secret": "s", "exchange": "BIFU", "symbol": "BIFU_USDT_BTC", "side": "long"}
OKX = {"instrument": "BTC-USDT-SWAP", "signalToken": "sesame", "timestamp": "2026-11-23T12:00:00Z", "maxLag": "60"}


def test_traderspost_strategy_template_as_it_is_sent() -> None:
    found = parse(
        body(
            ticker="MNQ1!",
            action="sell",
            sentiment="flat",
            quantity="2",
            price="21000.50",
            time="2026-11-23T12:00:00Z",
            interval="5",
        )
    )
    assert (found.dialect, found.action, found.position_after) == ("traderspost", Action.CLOSE, "flat")
    assert (found.quantity, found.reference_price, found.unknown_keys) == (Decimal(2), Decimal("21000.50"), ())


@pytest.mark.parametrize(
    ("action", "wanted"),
    [("buy", Action.BUY), ("sell", Action.SELL), ("exit", Action.CLOSE), ("cancel", Action.CANCEL)],
)
def test_traderspost_verbs(action: str, wanted: Action) -> None:
    found = parse(body(ticker="MNQ", action=action))
    assert (found.dialect, found.action, found.quantity) == ("traderspost", wanted, None)


def test_traderspost_trailing_entry_and_break_even() -> None:
    trail = parse(body(ticker="NQ1!", action="buy", orderType="trailing_stop", trailAmount=10))
    assert (trail.order_type, trail.trail) == (OrderType.TRAILING_STOP, Distance(kind="points", value=Decimal(10)))
    move = parse(body(ticker="NQ1!", action="breakeven", breakevenOffset=2))
    assert move.action is Action.BREAK_EVEN
    assert move.bracket == Bracket(break_even=Distance(kind="points", value=Decimal(2)))


def test_pickmytrade_zero_is_not_used_and_its_accounts_are_only_shown() -> None:
    found = parse(
        body(
            **PICK,
            risk_percentage="0",
            price="21000",
            tp="0",
            percentage_tp="0",
            dollar_tp="25",
            sl="20900",
            dollar_sl="0",
            trail="0",
            trail_stop="5",
            update_tp="false",
            duplicate_position_allow="false",
            reverse_order_close="true",
            order_type="MKT",
            platform="TRADOVATE",
            multiple_accounts=[{"token": "sesame", "account_id": "7", "risk_percentage": 2, "quantity_multiplier": 0}],
        )
    )
    assert (found.dialect, found.action, found.quantity, found.quantity_type) == (
        "pickmytrade",
        Action.BUY,
        Decimal(1),
        "contracts",
    )
    assert found.bracket == Bracket(
        target=Distance(kind="currency", value=Decimal(25)), stop=Distance(kind="price", value=Decimal(20900))
    )
    assert (found.reverse_if_opposite, found.allow_pyramid) == (True, False)
    assert found.accounts_shown == (AccountShown(name="7", risk_percent=Decimal(2), multiplier=Decimal(0)),)
    assert (found.account_shown, found.accounts, found.auth) == ("7", (), "body:token")
    assert "sesame" not in repr(found)


def test_pickmytrade_sizes_by_risk_only_where_it_says_so() -> None:
    risk = parse(body(**{**PICK, "quantity": "0", "risk_percentage": "1.5", "sl": "20900"}))
    assert (risk.quantity, risk.quantity_type) == (Decimal("1.5"), "risk_percentage")
    nothing = parse(body(**{**PICK, "quantity": "0", "risk_percentage": "0"}))
    assert nothing.action is Action.ERROR
    close = parse(body(**{**PICK, "data": "close", "quantity": "0"}))
    assert (close.action, close.quantity) == (Action.CLOSE, None)


def test_pickmytrade_trail() -> None:
    found = parse(body(**PICK, trail="1", trail_stop="5", trail_trigger="2", trail_freq="1"))
    assert found.bracket == Bracket(trail=Distance(kind="points", value=Decimal(5)))
    assert any("trail_trigger" in warning for warning in found.warnings)
    assert parse(body(**PICK, trail="1", trail_stop="0")).action is Action.ERROR


@pytest.mark.parametrize("separator", ["; ", ";\n", "\r\n", "\n"])
def test_crosstrade_place(separator: str) -> None:
    pairs = "key=sesame,command=PLACE,account=sim101,instrument=ES 12-26,action=SELL,qty=2,order_type=STOPLIMIT"
    pairs += ",limit_price=5000.25,stop_price=5000.5,TIF=GTC,take_profit=25 ticks,stop_loss=1.5%,cancel_after=30"
    found = parse(separator.join(pairs.split(",")))
    assert (found.dialect, found.action, found.symbol, found.quantity) == (
        "crosstrade",
        Action.SELL,
        "ES 12-26",
        Decimal(2),
    )
    assert (found.order_type, found.limit_price, found.stop_price) == (
        OrderType.STOP_LIMIT,
        Decimal("5000.25"),
        Decimal("5000.5"),
    )
    assert (found.time_in_force, found.cancel_after) == (TimeInForce.GTC, 30)
    assert found.bracket == Bracket(
        target=Distance(kind="ticks", value=Decimal(25)), stop=Distance(kind="percent", value=Decimal("1.5"))
    )
    assert (found.account_shown, found.auth, found.unknown_keys) == ("sim101", "body:key", ())


@pytest.mark.parametrize(
    ("command", "action", "extra"),
    [
        ("PLACE", Action.BUY, {"closes_first": False}),
        ("FLATPLACE", Action.BUY, {"closes_first": True}),
        ("CLOSEPOSITION", Action.CLOSE, {"everything": False}),
        ("FLATTEN", Action.CLOSE, {"everything": False}),
        ("REVERSE", Action.REVERSE, {"position_after": ""}),
        ("REVERSEPOSITION", Action.REVERSE, {"position_after": "long", "target_size": Decimal(1)}),
        ("CANCELORDERS", Action.CANCEL, {"everything": False}),
        ("CANCELALLORDERS", Action.CANCEL, {"everything": False, "symbol": "ES 12-26"}),
    ],
)
def test_crosstrade_commands(command: str, action: Action, extra: dict[str, Any]) -> None:
    found = parse(PLACE.replace("PLACE", command))
    assert found.action is action, found.why
    assert {name: getattr(found, name) for name in extra} == extra


@pytest.mark.parametrize(
    ("command", "action"), [("FLATTENEVERYTHING", Action.FLATTEN), ("CANCELALLORDERS", Action.CANCEL)]
)
def test_crosstrade_everything_needs_no_instrument(command: str, action: Action) -> None:
    found = parse(f"key=sesame; command={command};")
    assert (found.action, found.everything, found.symbol) == (action, True, "")


@pytest.mark.parametrize(
    "text",
    [
        *(
            PLACE.replace("PLACE", word)
            for word in ("CHANGE", "CANCELREPLACE", "CANCELORDER", "CLOSESTRATEGY", "BUYNOW")
        ),
        PLACE.replace("command=PLACE", "command="),
        PLACE + "require_market_position=flat;",
        PLACE + "max_positions=1;",
        PLACE + "order_type=LIMIT;",
        PLACE + "qty=2;",
        PLACE + "tif=OPG;",
        PLACE + "now or never;",
        PLACE.replace("qty=1", "qty={{strategy.order.contracts}}"),
        PLACE.replace("action=BUY; ", ""),
        "key=sesame; command=FLATTEN;",
        "key=sesame; command=CLOSEPOSITION;",
    ],
)
def test_crosstrade_commands_that_cannot_be_kept_are_errors(text: str) -> None:
    assert parse(text).action is Action.ERROR


def test_crosstrade_atm_strategy_is_no_protection_and_says_so() -> None:
    found = parse(PLACE + "strategy=scalp;")
    assert found.bracket is None
    assert any("ATM" in warning for warning in found.warnings)


def test_crosstrade_flatten_of_one_side() -> None:
    found = parse("key=sesame; command=FLATTEN; instrument=ES1!; market_position=short;")
    assert (found.action, found.side_closed, found.position_after) == (Action.CLOSE, "short", "")


@pytest.mark.parametrize(
    ("action", "wanted", "side_closed"),
    [
        ("buy", Action.BUY, ""),
        ("sell", Action.SELL, ""),
        ("enter_long", Action.BUY, ""),
        ("enter_short", Action.SELL, ""),
        ("exit_long", Action.CLOSE, "long"),
        ("exit_short", Action.CLOSE, "short"),
    ],
)
def test_3commas_signals(action: str, wanted: Action, side_closed: str) -> None:
    found = parse(body(**COMMAS, action=action, order={"amount": "0.5", "currency_type": "base"}))
    assert (found.dialect, found.action, found.side_closed) == ("threecommas", wanted, side_closed)
    assert (found.quantity, found.quantity_type, found.quantity_field) == (Decimal("0.5"), "base", "order.amount")
    assert (found.reference_price, found.auth) == (Decimal("5000.25"), "body:secret")
    assert found.unknown_keys == ()


def test_3commas_strategy_info_syncs_the_position() -> None:
    info = {
        "market_position": "short",
        "market_position_size": "2",
        "prev_market_position": "long",
        "prev_market_position_size": "1",
    }
    found = parse(body(**COMMAS, action="sell", strategy_info=info))
    assert (found.action, found.position_after, found.target_size) == (Action.REVERSE, "short", Decimal(2))
    flat = {**info, "market_position": "flat", "market_position_size": "0"}
    closed = parse(
        body(**COMMAS, action="exit_long", strategy_info=flat, order={"amount": 10, "currency_type": "quote"})
    )
    assert (closed.action, closed.quantity, closed.quantity_type) == (Action.CLOSE, None, "contracts")


@pytest.mark.parametrize("action", [{"action": "close_at_market_price"}, {}])
def test_3commas_dca_bots_are_not_ours(action: dict[str, str]) -> None:
    found = parse(
        body(message_type="bot", bot_id=123, email_token="sesame", delay_seconds=0, pair="USDT_BTC", **action)
    )
    assert (found.action, found.dialect) == (Action.IGNORE, "threecommas")


@pytest.mark.parametrize(
    ("kind", "quantity_type"),
    [("contract", "contracts"), ("margin", "margin"), ("percentage_balance", "percentage_balance")],
)
def test_okx_investment_types(kind: str, quantity_type: str) -> None:
    found = parse(body(**OKX, action="ENTER_SHORT", orderType="market", investmentType=kind, amount="3"))
    assert (found.dialect, found.action, found.quantity) == ("okx", Action.SELL, Decimal(3))
    assert found.quantity_type == quantity_type


def test_okx_exit_and_relative_limits() -> None:
    found = parse(body(**OKX, action="EXIT_LONG"))
    assert (found.action, found.side_closed) == (Action.CLOSE, "long")
    relative = parse(body(**OKX, action="ENTER_LONG", orderType="limit", orderPriceOffset="0.5", amount="3"))
    assert relative.action is Action.ERROR


@pytest.mark.parametrize(
    ("action", "wanted"),
    [("open", Action.BUY), ("increase", Action.ADD_BUY), ("close", Action.CLOSE), ("reverse", Action.REVERSE)],
)
def test_altrady_positions(action: str, wanted: Action) -> None:
    found = parse(body(**ALTRADY, action=action))
    assert (found.dialect, found.action) == ("altrady", wanted), found.why


def test_altrady_sides_sizes_and_protection() -> None:
    found = parse(
        body(
            **{**ALTRADY, "side": "short"},
            action="open",
            quote_amount=500,
            take_profit=[{"price_percentage": 2, "position_percentage": 100}],
            stop_loss={"stop_percentage": 1},
        )
    )
    assert (found.action, found.quantity_type, found.quantity_field) == (Action.SELL, "quote_amount", "quote_amount")
    assert found.bracket == Bracket(
        target=Distance(kind="percent", value=Decimal(2)), stop=Distance(kind="percent", value=Decimal(1))
    )
    assert parse(body(**ALTRADY)).action is Action.BUY
    assert parse(body(**ALTRADY, action="reduce")).action is Action.ERROR


@pytest.mark.parametrize("action", ["start_bot", "stop_bot", "stop_and_close", "start_and_open"])
def test_altrady_bot_commands_are_not_ours(action: str) -> None:
    assert parse(body(**ALTRADY, action=action)).action is Action.IGNORE
    assert parse(body(api_key="k", api_secret="s", action=action)).action is Action.IGNORE


@pytest.mark.parametrize(
    "extra",
    [
        {"dca_orders": [{"price_percentage": 1}]},
        {"take_profit": [{"price_percentage": 1}, {"price_percentage": 2}]},
        {"take_profit": [{"price_percentage": 1, "position_percentage": 50}]},
        {"stop_loss": {"cool_down": 1}},
    ],
)
def test_altrady_ladders_are_refused(extra: dict[str, Any]) -> None:
    assert parse(body(**ALTRADY, action="open", **extra)).action is Action.ERROR


def test_alertatron_order_with_protection() -> None:
    script = "MyKeys(ES1!) {\n  cancel(which=all);\n  market(side=buy, amount=2);\n  # protect\n"
    found = parse(script + "  stopOrTakeProfit(tp=1%, sl=@4990.25);\n}\n#bot")
    assert (found.dialect, found.action, found.symbol, found.quantity) == ("alertatron", Action.BUY, "ES1!", Decimal(2))
    assert found.bracket == Bracket(
        target=Distance(kind="percent", value=Decimal(1)), stop=Distance(kind="price", value=Decimal("4990.25"))
    )
    assert found.account_shown == "MyKeys"


@pytest.mark.parametrize(
    ("command", "action", "extra"),
    [
        ("market(position=0)", Action.CLOSE, {"position_after": "flat"}),
        ("market(position=3)", Action.TARGET, {"position_after": "long", "target_size": Decimal(3)}),
        ("market(position=-3)", Action.TARGET, {"position_after": "short", "target_size": Decimal(3)}),
        ("limit(side=sell, amount=1, offset=@5000)", Action.SELL, {"limit_price": Decimal(5000)}),
        ("market(side=sell, amount=50%p, reduceOnly=true)", Action.CLOSE, {"fraction": Decimal("0.5")}),
        ("market(side=buy, amount=50%)", Action.BUY, {"quantity_type": "percent_of_balance"}),
        ("cancel(which=all)", Action.CANCEL, {}),
    ],
)
def test_alertatron_commands(command: str, action: Action, extra: dict[str, Any]) -> None:
    found = parse(f"MyKeys(ES1!) {{ {command}; }} #bot")
    assert found.action is action, found.why
    assert {name: getattr(found, name) for name in extra} == extra


@pytest.mark.parametrize(
    "commands",
    [
        "market(side=buy, amount=1); market(side=sell, amount=1)",
        "limit(side=buy, amount=1, offset=10)",
        "limit(side=buy, amount=1)",
        "stopOrder(side=sell, amount=1, offset=10)",
        "market(amount=1)",
        "market(side=buy, amount=0)",
        "market(position=)",
        "cancel(which=tagged)",
        "stopOrTakeProfit(tp=1, sl=1)",
        "market(side=buy, amount=1); stopOrTakeProfit(wobble=1)",
        "wait(10)",
        "buy everything",
        "",
    ],
)
def test_alertatron_scripts_that_cannot_be_kept_are_errors(commands: str) -> None:
    assert parse(f"MyKeys(ES1!) {{ {commands} }} #bot").action is Action.ERROR


@pytest.mark.parametrize(
    ("text", "action", "extra"),
    [
        ("e=oanda s=ES1! b=long q=1", Action.BUY, {"quantity": Decimal(1), "order_type": None}),
        ("e=oanda s=ES1! b=sell q=2 t=market", Action.SELL, {"order_type": OrderType.MARKET}),
        ("s=ES1! b=short q=1 t=limit p=5000", Action.SELL, {"limit_price": Decimal(5000)}),
        ("s=ES1! b=long q=1 t=ioc fp=5000.25", Action.BUY, {"time_in_force": TimeInForce.IOC}),
        ("s=ES1! b=long q=10%", Action.BUY, {"quantity_type": "percent", "quantity_field": "q"}),
        ("s=ES1! b=long q=100 u=currency", Action.BUY, {"quantity_type": "currency"}),
        ("s=ES1! b=long q=1 delay=5", Action.BUY, {"delay": 5}),
        ("s=eur/usd c=order", Action.CANCEL, {"symbol": "eur/usd"}),
        ("s=ES1! c=position", Action.CLOSE, {"side_closed": ""}),
        ("s=ES1! c=position b=long q=50%", Action.CLOSE, {"side_closed": "long", "fraction": Decimal("0.5")}),
        ("e=x\ns=ES1!\nb=long\nq=1", Action.BUY, {"quantity": Decimal(1)}),
        ("s=ES1! b=long q=1 d=1", Action.IGNORE, {}),
    ],
)
def test_autoview_commands(text: str, action: Action, extra: dict[str, Any]) -> None:
    found = parse(text)
    assert (found.dialect, found.action) == ("autoview", action), found.why
    assert {name: getattr(found, name) for name in extra} == extra


def test_autoview_protection() -> None:
    found = parse("s=ES1! b=long q=1 tp=1% fsl=4990 ts=5")
    assert found.bracket == Bracket(
        target=Distance(kind="percent", value=Decimal(1)),
        stop=Distance(kind="price", value=Decimal(4990)),
        trail=Distance(kind="points", value=Decimal(5)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "s=ES1! b=long q=1\ns=NQ1! b=short q=1",
        "s=ES1! b=long q=1 | s=ES1! c=order",
        "s=ES1! b=long q=1 p=-1%",
        "s=ES1! b=long q=1 p=@5000",
        "s=ES1! b=long q=1 t=limit",
        "s=ES1! b=long q=1 t=wobble",
        "s=ES1! b=up q=1",
        "s=ES1! c=everything",
        "s=ES1! c=position cm=2",
        "s=ES1! b=long q=1-3",
        "s=ES1! b=long q=1 q=2",
        "b=long q=1 s=",
    ],
)
def test_autoview_commands_that_cannot_be_kept_are_errors(text: str) -> None:
    assert parse(text).action is Action.ERROR


@pytest.mark.parametrize(
    ("command", "action", "kind", "side_closed"),
    [
        ("buy", Action.BUY, OrderType.MARKET, ""),
        ("sell", Action.SELL, OrderType.MARKET, ""),
        ("buystop", Action.BUY, OrderType.STOP, ""),
        ("sellstop", Action.SELL, OrderType.STOP, ""),
        ("buylimit", Action.BUY, OrderType.LIMIT, ""),
        ("selllimit", Action.SELL, OrderType.LIMIT, ""),
        ("closelongbuy", Action.BUY, OrderType.MARKET, ""),
        ("closelongsell", Action.SELL, OrderType.MARKET, ""),
        ("closelong", Action.CLOSE, None, "long"),
        ("closeshort", Action.CLOSE, None, "short"),
        ("closeall", Action.CLOSE, None, ""),
        ("cancellong", Action.CANCEL, None, "long"),
        ("cancelshort", Action.CANCEL, None, "short"),
    ],
)
def test_pineconnector_commands(command: str, action: Action, kind: OrderType | None, side_closed: str) -> None:
    found = parse(f"60123456789,{command},ES1!,risk=1,price=5000,comment=hello")
    assert (found.dialect, found.action, found.symbol) == ("pineconnector", action, "ES1!"), found.why
    assert (found.order_type, found.side_closed) == (kind, side_closed)
    assert (found.quantity, found.quantity_type) == (Decimal(1), "risk")
    assert found.closes_first is command.startswith("closelongb") or found.closes_first is ("gsell" in command)
    assert "60123456789" not in repr(found)


def test_pineconnector_distances_have_the_unit_of_its_program() -> None:
    found = parse("60123456789,buy,EURUSD,risk=1,sl=50,tp=20 ticks")
    assert found.bracket == Bracket(
        stop=Distance(kind="pips", value=Decimal(50)), target=Distance(kind="ticks", value=Decimal(20))
    )
    assert any("EA" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("60123456789,newsltplong,ES1!,sl=5", Action.ERROR),
        ("60123456789,closealleaoff,ES1!", Action.ERROR),
        ("60123456789,buylimit,ES1!,risk=1", Action.ERROR),
        ("60123456789,buy,ES1!,risk=1,spread=2", Action.ERROR),
        ("60123456789,buy,ES1!,risk={{plot_0}}", Action.ERROR),
        ("60123456789,buy,{{ticker}},risk=1", Action.ERROR),
        ("60123456789,buy", Action.ERROR),
        ("60123456789,buy,risk=1", Action.ERROR),
        ("60123456789,eaon,eaon", Action.IGNORE),
        ("60123456789,dance,ES1!", Action.IGNORE),
        ("Alert, buy, ES1!", Action.IGNORE),
    ],
)
def test_pineconnector_messages_that_are_not_traded(text: str, action: Action) -> None:
    assert parse(text).action is action


def test_coinrule_side_is_the_verb_and_id_the_key() -> None:
    found = parse(body(secret="sesame", side="close_short", symbol="BTCUSDT", id="abc-7"))
    assert (found.dialect, found.action, found.side_closed, found.key) == ("coinrule", Action.CLOSE, "short", "abc-7")
    assert parse(body(secret="sesame", side="open_long", symbol="BTCUSDT", id="abc-8")).action is Action.BUY


def test_hackingthemarkets_nested_order() -> None:
    found = parse(
        body(
            passphrase="sesame",
            time="2026-11-23T12:00:00Z",
            exchange="BINANCE",
            ticker="BTCUSDT",
            bar={"time": "2026-11-23T11:59:00Z", "open": 1, "high": 3, "low": 1, "close": 2, "volume": 150_177},
            strategy={
                "position_size": -2,
                "order_action": "sell",
                "order_contracts": 2,
                "order_price": 90000.5,
                "order_id": "Short",
                "market_position": "short",
                "market_position_size": 2,
                "prev_market_position": "flat",
                "prev_market_position_size": 0,
            },
        )
    )
    assert (found.dialect, found.action, found.quantity) == ("hackingthemarkets", Action.SELL, Decimal(2))
    assert (found.position_after, found.target_size, found.sender_order) == ("short", Decimal(2), "Short")
    assert (found.reference_price, found.auth, found.strategy) == (Decimal("90000.5"), "body:passphrase", "")


def test_phsphd_capitals_and_credentials() -> None:
    found = parse(
        body(
            Broker="Tradovate",
            Action="Sell",
            Ticker="MESZ2026",
            Quantity="1",
            TakeProfitPoints="5",
            StopLossPoints="4",
            LimitPrice="6000.25",
            Username="JohnDoe",
            Password="hunter22",
            API_KEY="hunter33",
        )
    )
    assert (found.dialect, found.action, found.order_type) == ("phsphd", Action.SELL, OrderType.LIMIT)
    assert found.bracket == Bracket(
        target=Distance(kind="points", value=Decimal(5)), stop=Distance(kind="points", value=Decimal(4))
    )
    assert found.auth == ""
    assert any("credentials" in warning for warning in found.warnings)
    assert not any(secret in repr(found) for secret in ("JohnDoe", "hunter22", "hunter33"))


@pytest.mark.parametrize(
    ("signal", "action", "quantity"),
    [("BUY", Action.BUY, 3), ("sell", Action.SELL, 3), ("FLAT", Action.CLOSE, None), ("hold", Action.IGNORE, None)],
)
def test_thetopham_signals(signal: str, action: Action, quantity: int | None) -> None:
    found = parse(
        body(secret="sesame", account="epsilon", strategy="simple", symbol="MES1!", signal=signal, size=3, alert="5m")
    )
    assert (found.dialect, found.action, found.quantity) == ("thetopham", action, quantity)
    assert (found.account_shown, found.strategy, found.comment) == ("epsilon", "simple", "5m")


def test_the_users_own_message() -> None:
    found = parse(body(symbol="ES", action="buy", quantity=1, strategy="test_strategy", account_group="topstep"))
    assert (found.dialect, found.action, found.symbol, found.quantity) == ("seed", Action.BUY, "ES", Decimal(1))
    assert (found.strategy, found.account_group, found.order_type) == ("test_strategy", "topstep", None)


def test_seed_price_is_a_limit_only_beside_its_type() -> None:
    limit = parse(body(symbol="QQQ", action="sell", quantity=50, order_type="limit", price=380.5))
    assert (limit.order_type, limit.limit_price, limit.reference_price) == (OrderType.LIMIT, Decimal("380.5"), None)
    market = parse(body(symbol="QQQ", action="sell", quantity=50, price=380.5))
    assert (market.limit_price, market.reference_price) == (None, Decimal("380.5"))


@pytest.mark.parametrize(
    "text", ["symbol=ES1! action=buy qty=2", "action=buy;symbol=ES1!;qty=2", "qty=2\nsymbol=ES1!\naction=buy"]
)
def test_pairs_are_read_like_objects(text: str) -> None:
    found = parse(text)
    assert (found.action, found.symbol, found.quantity) == (Action.BUY, "ES1!", Decimal(2))


@pytest.mark.parametrize(
    "text",
    [
        "MES1! Crossing 6012.25",
        "MACD Strategy (12, 26, 9): order buy @ 1 filled on ES1!. New strategy position is 1",
        "buy ES1! now",
        "RSI=30 crossing",
        "ENTER-LONG_BYBIT_BTCUSDT_BOT-1_5M",
        '"buy ES1!"',
        "true",
        "Hello {{ticker}}",
    ],
)
def test_prose_is_shown_and_never_traded(text: str) -> None:
    found = parse(text)
    assert (found.action, found.dialect) == (Action.IGNORE, "prose")
    assert found.comment
    assert found.why


@pytest.mark.parametrize(
    "fields", [{"key": "sesame", "msg": "hello", "telegram": "1"}, {"key": "WebhookReceived:123abc"}, {"message": "hi"}]
)
def test_notices_in_objects_are_shown_and_never_traded(fields: dict[str, str]) -> None:
    assert parse(body(**fields)).action is Action.IGNORE


def test_an_object_with_a_symbol_and_no_verb_is_a_broken_template() -> None:
    found = parse(body(source="tv", exchange="CME", ticker="ES1!", timeframe="5", alert="crossing"))
    assert found.action is Action.ERROR
    assert "no action" in found.why
