"""State: a pure fold of events into what the desk and every screen know.

``State.apply`` is the only writer. The same fold runs at start, live, in a replay and in the copy that a
screen keeps; nothing else remembers anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec

from tt_tui.desk import fold_orders
from tt_tui.desk.rows import AccountRow, AlarmRow, AlertRow, ConnectionRow, InstructionRow, Order, StrategyRow
from tt_tui.domain import event as ev
from tt_tui.domain.account import AccountMode, KillLevel
from tt_tui.domain.alert import AlertStatus
from tt_tui.domain.order import Fill, OrderState, Role
from tt_tui.domain.position import Position

DAY = 86_400 * 1_000_000_000
KEEP = 7 * DAY
"""How long finished alerts, orders and their keys stay in the state; the journal keeps them for ever."""


def position_key(account: str, symbol: str) -> str:
    """Return the key of one account's position in one contract."""
    return f"{account}|{symbol}"


class State(msgspec.Struct, kw_only=True):
    """Everything known, by name or id."""

    seq: int = 0
    wall: int = 0
    alerts: dict[str, AlertRow] = {}
    alert_keys: dict[str, str] = {}
    """Sender and key of recent alerts, to the alert's id."""
    instructions: dict[str, InstructionRow] = {}
    orders: dict[str, Order] = {}
    intents: dict[str, list[str]] = {}
    """Intent ids to our order ids, one for each attempt."""
    broker_orders: dict[str, str] = {}
    """``account|broker order id`` to our order id."""
    live: dict[str, list[str]] = {}
    """Our ids of orders that may stand at a broker, or whose last fills are still to come, by account."""
    fills: dict[str, list[Fill]] = {}
    """By our order id."""
    fill_keys: dict[str, int] = {}
    """``account|fill id`` to the wall time of booking."""
    positions: dict[str, Position] = {}
    accounts: dict[str, AccountRow] = {}
    connections: dict[str, ConnectionRow] = {}
    strategies: dict[str, StrategyRow] = {}
    alarms: dict[str, AlarmRow] = {}
    kill: KillLevel = KillLevel.NONE
    kill_why: str = ""
    running: bool = False

    def apply(self, seq: int, wall: int, event: ev.AnyEvent) -> None:
        """Take one event; events of a kind this version does not know are refused by the decoder before."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, wall, event)
        self.seq = seq
        self.wall = wall

    def copy_bytes(self) -> bytes:
        """Return the whole state as bytes, for a snapshot or another process."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> State:
        """Return a state from ``copy_bytes``; raises ``msgspec.DecodeError`` when it is not one."""
        return msgspec.msgpack.decode(data, type=cls)

    def position(self, account: str, symbol: str) -> Position:
        """Return the position, flat where there never was one."""
        found = self.positions.get(position_key(account, symbol))
        return found if found is not None else Position(account=account, symbol=symbol)

    def live_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """Return the orders of an account that still count in risk, oldest first: they may fill, or have unseen."""
        rows = (self.orders[order_id] for order_id in self.live.get(account, ()))
        return [order for order in rows if symbol is None or order.request.symbol == symbol]

    def is_dormant(self, order: Order) -> bool:
        """Return whether a bracket child waits for its entry's first fill: it can't fill, and protects nothing yet."""
        if order.state is not OrderState.HELD or order.request.role not in (Role.STOP, Role.TARGET):
            return False
        parent = self.orders.get(order.request.parent_id)
        return parent is None or not parent.filled

    def held_symbols(self, account: str) -> list[str]:
        """Return the contracts in which an account has a position or a live order."""
        symbols = {
            position.symbol for position in self.positions.values() if position.account == account and position.quantity
        }
        symbols.update(order.request.symbol for order in self.live_orders(account))
        return sorted(symbols)

    def orders_of_alert(self, alert_id: str) -> list[Order]:
        """Return the orders that an alert caused, in order of intent."""
        row = self.alerts.get(alert_id)
        return [] if row is None else [self.orders[i] for i in row.order_ids if i in self.orders]

    def orders_of_intent(self, intent_id: str) -> list[Order]:
        """Return the attempts at one intent, oldest first."""
        return [self.orders[i] for i in self.intents.get(intent_id, ()) if i in self.orders]

    def kill_level(self, account: str) -> KillLevel:
        """Return the latch that holds for an account: its own or the desk's, whichever is more."""
        row = self.accounts.get(account)
        own = row.kill if row is not None else KillLevel.NONE
        levels = list(KillLevel)
        return own if levels.index(own) >= levels.index(self.kill) else self.kill


def _started(state: State, wall: int, event: ev.DeskStarted) -> None:
    state.running = True
    for row in state.accounts.values():
        if row.armed and not row.stay_armed:
            row.armed = False


def _stopped(state: State, wall: int, event: ev.DeskStopped) -> None:
    state.running = False


def _alert_received(state: State, wall: int, event: ev.AlertReceived) -> None:
    alert = event.alert
    state.alerts[alert.alert_id] = AlertRow(alert=alert, status=AlertStatus.RECEIVED, changed=wall)
    state.alert_keys[f"{alert.sender.name}|{alert.key}"] = alert.alert_id


def _alert_repeated(state: State, wall: int, event: ev.AlertRepeated) -> None:
    row = state.alerts.get(event.alert_id)
    if row is not None:
        row.repeats += 1


def _alert_dropped(state: State, wall: int, event: ev.AlertDropped) -> None:
    row = state.alerts.get(event.alert_id)
    if row is not None:
        row.status, row.text, row.changed = AlertStatus.REFUSED, event.why, wall
        state.alert_keys.pop(f"{row.alert.sender.name}|{row.alert.key}", None)


def _alert_judged(state: State, wall: int, event: ev.AlertJudged) -> None:
    row = state.alerts.get(event.alert_id)
    if row is not None:
        row.status, row.text, row.changed = event.status, event.text, wall
        row.accounts = list(event.accounts)


def _instruction_taken(state: State, wall: int, event: ev.InstructionTaken) -> None:
    state.instructions[event.instruction_id] = InstructionRow(instruction=event.instruction, by=event.by, taken=wall)


def _instruction_done(state: State, wall: int, event: ev.InstructionDone) -> None:
    row = state.instructions.get(event.instruction_id)
    if row is not None:
        row.text, row.refused, row.done = event.text, event.refused, True


def _account_seen(state: State, wall: int, event: ev.AccountSeen) -> None:
    account = event.account
    row = state.accounts.get(account.name)
    if row is None:
        state.accounts[account.name] = AccountRow(account=account, balance=account.start_balance)
    else:
        row.account = account


def _balance(state: State, wall: int, event: ev.BalanceReported) -> None:
    row = state.accounts.get(event.balance.account)
    if row is not None:
        row.broker_balance = event.balance.cash
        row.broker_balance_at = wall


def _armed(state: State, wall: int, event: ev.AccountArmed) -> None:
    row = state.accounts.get(event.account)
    if row is not None:
        row.armed, row.stay_armed = True, event.stay


def _disarmed(state: State, wall: int, event: ev.AccountDisarmed) -> None:
    row = state.accounts.get(event.account)
    if row is not None:
        row.armed = row.stay_armed = False


def _locked(state: State, wall: int, event: ev.AccountLocked) -> None:
    row = state.accounts.get(event.account)
    if row is not None:
        row.locked, row.locked_until, row.lock_why = True, event.until, event.why


def _unlocked(state: State, wall: int, event: ev.AccountUnlocked) -> None:
    row = state.accounts.get(event.account)
    if row is not None:
        row.locked, row.locked_until, row.lock_why = False, 0, ""


def _kill(state: State, wall: int, event: ev.KillThrown) -> None:
    """Set a latch; one that is set already is never lowered by this, only a person lifts it."""
    holder = state.accounts.get(event.account) if event.account else state
    levels = list(KillLevel)
    if holder is not None and levels.index(event.level) >= levels.index(holder.kill):
        holder.kill, holder.kill_why = event.level, event.why


def _kill_cleared(state: State, wall: int, event: ev.KillCleared) -> None:
    if event.account:
        row = state.accounts.get(event.account)
        if row is not None:
            row.kill, row.kill_why = KillLevel.NONE, ""
    else:
        state.kill, state.kill_why = KillLevel.NONE, ""


def _strategy_stopped(state: State, wall: int, event: ev.StrategyStopped) -> None:
    state.strategies.setdefault(event.strategy, StrategyRow()).stopped = event.why


def _strategy_enabled(state: State, wall: int, event: ev.StrategyEnabled) -> None:
    row = state.strategies.setdefault(event.strategy, StrategyRow())
    row.stopped = ""
    row.entries.clear()


def _connection(state: State, wall: int, event: ev.ConnectionChanged) -> None:
    row = state.connections.setdefault(event.connection, ConnectionRow())
    row.state, row.why, row.since = event.state, event.why, wall


def _reconciled(state: State, wall: int, event: ev.Reconciled) -> None:
    row = state.accounts.get(event.account)
    if row is not None:
        row.reconciled_at = wall
        row.differences = list(event.differences)
        if event.confirmed_until:
            row.confirmed_until = event.confirmed_until


def _alarm(state: State, wall: int, event: ev.AlarmRaised) -> None:
    state.alarms[event.alarm_id] = AlarmRow(alarm=event, raised=wall)


def _alarm_seen(state: State, wall: int, event: ev.AlarmAcknowledged) -> None:
    row = state.alarms.get(event.alarm_id)
    if row is not None:
        row.acknowledged = True


def _day_rolled(state: State, wall: int, event: ev.DayRolled) -> None:
    row = state.accounts.get(event.account)
    if row is not None:
        row.trade_date = event.trade_date
        row.day_start_balance = event.closing_balance
        row.realised_today = row.fees_today = Decimal(0)
        row.entries_today.clear()
    _forget(state, wall - KEEP)


def _forget(state: State, before: int) -> None:
    """Drop what is finished and old; a pure function of the events, so that every copy drops the same."""
    state.alert_keys = {
        key: alert_id
        for key, alert_id in state.alert_keys.items()
        if (row := state.alerts.get(alert_id)) is not None and row.alert.key_expires > before + KEEP
    }
    kept_alerts = set(state.alert_keys.values())
    needed = _needed_orders(state)
    done_orders = [
        order_id
        for order_id, order in state.orders.items()
        if order.state.is_terminal and order.updated < before and order_id not in needed
    ]
    for order_id in done_orders:
        order = state.orders.pop(order_id)
        state.fills.pop(order_id, None)
        attempts = [each for each in state.intents.pop(order.request.intent_id, ()) if each in state.orders]
        if attempts:
            state.intents[order.request.intent_id] = attempts
        state.broker_orders.pop(f"{order.request.account}|{order.broker_order_id}", None)
    for alert_id in [
        alert_id
        for alert_id, row in state.alerts.items()
        if row.changed < before and row.status is not AlertStatus.RECEIVED and alert_id not in kept_alerts
    ]:
        del state.alerts[alert_id]
    for key in [key for key, fills in state.fills.items() if key not in state.orders and fills[-1].ts_recv < before]:
        del state.fills[key]
    _drop(state.fill_keys, lambda at: at < before)
    _drop(state.alarms, lambda row: row.acknowledged and row.raised < before)
    _drop(state.instructions, lambda row: row.done and row.taken < before)


def _needed_orders(state: State) -> set[str]:
    """Return orders that are finished and still count: a position's opener knows which stop was asked for."""
    openers = {position.opened_by for position in state.positions.values() if position.quantity}
    parents = {state.orders[order_id].request.parent_id for live in state.live.values() for order_id in live}
    return openers | parents


def _drop(rows: dict[str, Any], is_old: Callable[[Any], bool]) -> None:
    for key in [key for key, row in rows.items() if is_old(row)]:
        del rows[key]


def entries_today(state: State, account: str, symbols: Iterable[str] = ()) -> int:
    """Return how many entries an account sent on its trade date, of given contracts or of all."""
    row = state.accounts.get(account)
    if row is None:
        return 0
    chosen = set(symbols)
    return sum(count for symbol, count in row.entries_today.items() if not chosen or symbol in chosen)


def is_paper(state: State, account: str) -> bool:
    """Return True only where the account is known to be paper."""
    row = state.accounts.get(account)
    return row is not None and row.account.mode is AccountMode.PAPER


_HANDLERS: dict[type[Any], Callable[[Any, int, Any], None]] = {
    ev.DeskStarted: _started,
    ev.DeskStopped: _stopped,
    ev.AlertReceived: _alert_received,
    ev.AlertRepeated: _alert_repeated,
    ev.AlertDropped: _alert_dropped,
    ev.AlertJudged: _alert_judged,
    ev.InstructionTaken: _instruction_taken,
    ev.InstructionDone: _instruction_done,
    ev.AccountSeen: _account_seen,
    ev.BalanceReported: _balance,
    ev.AccountArmed: _armed,
    ev.AccountDisarmed: _disarmed,
    ev.AccountLocked: _locked,
    ev.AccountUnlocked: _unlocked,
    ev.KillThrown: _kill,
    ev.KillCleared: _kill_cleared,
    ev.StrategyStopped: _strategy_stopped,
    ev.StrategyEnabled: _strategy_enabled,
    ev.ConnectionChanged: _connection,
    ev.Reconciled: _reconciled,
    ev.AlarmRaised: _alarm,
    ev.AlarmAcknowledged: _alarm_seen,
    ev.DayRolled: _day_rolled,
    **fold_orders.HANDLERS,
}
