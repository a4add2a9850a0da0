"""Products that send JSON objects: that each is recognised, and what its fields mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.dialects.bodies import body
from tt_tui.domain.instruction import AccountShown, Action
from tt_tui.domain.order import Bracket, Distance, OrderType
from tt_tui.listener.dialects import parse

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
    "fields", [{"key": "sesame", "msg": "hello", "telegram": "1"}, {"key": "WebhookReceived:123abc"}, {"message": "hi"}]
)
def test_notices_in_objects_are_shown_and_never_traded(fields: dict[str, str]) -> None:
    assert parse(body(**fields)).action is Action.IGNORE


def test_an_object_with_a_symbol_and_no_verb_is_a_broken_template() -> None:
    found = parse(body(source="tv", exchange="CME", ticker="ES1!", timeframe="5", alert="crossing"))
    assert found.action is Action.ERROR
    assert "no action" in found.why
