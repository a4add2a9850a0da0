"""Products that send pairs, lists and scripts, and the prose that is never traded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tt_tui.domain.instruction import Action
from tt_tui.domain.order import Bracket, Distance, OrderType, TimeInForce
from tt_tui.listener.dialects import parse

PLACE = "key=sesame; command=PLACE; account=sim101; instrument=ES 12-26; action=BUY; qty=1; "


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
