"""Intake: takes alerts durably, and carries every wish out, account by account (webhook-security §3, §5)."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from tt_tui.desk.closing import Cause
from tt_tui.desk.config import AccountRoute
from tt_tui.desk.context import DeskContext
from tt_tui.desk.execution import Execution, Result, is_exit, status_of
from tt_tui.desk.flattening import Flattening
from tt_tui.desk.ledger import Receipt
from tt_tui.desk.rows import AlertRow, count_since
from tt_tui.desk.senders import person_route, sender_problem, sender_route
from tt_tui.desk.views import PROTECTION
from tt_tui.domain import event as ev
from tt_tui.domain.alert import AccountVerdict, Alert, AlertStatus, Sender
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import OrderState, Origin, Role

_LOG = logging.getLogger(__name__)
_SECOND = 1_000_000_000
_LATE_EXIT = (
    "the desk was restarted before this exit ran; look at the position and close it by hand if it is still meant"
)
_SAME_ID = (
    "an alert with the id of {} but another message was taken for its repeat and not traded; an id has to be "
    "unique for 7 days, such as one made of {{{{ticker}}}} and {{{{timenow}}}}"
)
_NOT_BEGUN = "the desk was restarted before it was carried out here; it is not sent late"


class Busy(Exception):
    """More alerts wait for a verdict than are kept; the sender should try again."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What the listener answers."""

    alert_id: str
    duplicate: bool = False


class Intake:
    """The one way in for alerts and for persons."""

    def __init__(self, context: DeskContext, execution: Execution, flattening: Flattening) -> None:
        self._context = context
        self._execution = execution
        self._flattening = flattening
        self._entries_under_way: defaultdict[str, set[str]] = defaultdict(set)
        """Alerts that may enter and have no verdict yet, by strategy."""
        self._waiting = 0
        self.opened = asyncio.Event()
        """Set once the desk is reconciled and old alerts are judged; before it, new ones are stored and wait."""

    async def take_alert(
        self, sender: Sender, body: str, instruction: Instruction, key: str, key_seconds: int
    ) -> Taken:
        """Store an alert and return once it is durable; raises ``JournalFailed`` or ``Busy``, and then stored nothing.

        ``body`` has its secrets replaced already. A repeat of ``key`` within its time is a duplicate.
        """
        context, now = self._context, self._context.clock.now()
        while (row := self._first_of(sender, key, now)) is not None:
            # It follows the alert itself in the journal, so that a repeat is not answered before its alert is durable.
            known, repeats = row.alert, row.repeats
            await context.ledger.write(ev.AlertRepeated(alert_id=known.alert_id, sender=sender.name)).durable()
            if self._first_of(sender, key, now) is row:
                if not repeats and body != known.body:
                    context.alarm(_SAME_ID.format(known.alert_id))
                return Taken(alert_id=known.alert_id, duplicate=True)
        if self._waiting >= context.config.max_stored_alerts:
            raise Busy(f"{self._waiting} alerts wait for a verdict")
        alert_id = context.ids.new("ALT")
        alert = Alert(
            alert_id=alert_id,
            received=now,
            sender=sender,
            body=body,
            instruction=msgspec.structs.replace(instruction, alert_id=alert_id, origin=Origin.ALERT),
            key=key,
            key_expires=now + key_seconds * _SECOND,
        )
        context.crash_point("alert.before_commit")
        receipt = context.ledger.write(ev.AlertReceived(alert=alert))
        self._start(alert, receipt)
        await receipt.durable()
        context.crash_point("alert.after_commit")
        return Taken(alert_id=alert_id)

    def _first_of(self, sender: Sender, key: str, now: int) -> AlertRow | None:
        """Return the alert that another with this key repeats; one that could not be stored has lost its key."""
        state = self._context.state
        row = state.alerts.get(state.alert_keys.get(f"{sender.name}|{key}", ""))
        return row if row is not None and row.alert.key_expires > now else None

    def _start(self, alert: Alert, receipt: Receipt | None = None) -> None:
        self._waiting += 1
        self._context.start(f"alert {alert.alert_id}", lambda: self._handle(alert, receipt))

    async def _handle(self, alert: Alert, receipt: Receipt | None) -> None:
        try:
            if receipt is not None and not await receipt.settled():
                why = "it could not be stored, so its sender was asked to send it again"
                self._context.ledger.write(ev.AlertDropped(alert_id=alert.alert_id, why=why))
                return
            await self.opened.wait()
            await self._judge(alert)
        finally:
            self._waiting -= 1

    async def _judge(self, alert: Alert) -> None:
        self._context.crash_point("alert.before_routing")
        instruction = alert.instruction
        if instruction.action is Action.IGNORE:
            self._verdict(alert, AlertStatus.IGNORED, instruction.why or "not a trade")
            return
        if instruction.action is Action.ERROR:
            self._verdict(alert, AlertStatus.BAD, instruction.why or "not certainly a trade")
            return
        routes, problem = self._routes(alert)
        if problem:
            self._verdict(alert, AlertStatus.REFUSED, problem)
            return
        strategy = instruction.strategy or alert.sender.name
        opening = not is_exit(instruction.action) and instruction.position_after != "flat"
        if opening:
            self._throttle(strategy)
            self._entries_under_way[strategy].add(alert.alert_id)
        try:
            results = await self._run_all(instruction, routes, strategy, alert.alert_id, Origin.ALERT)
        finally:
            if opening:
                self._entries_under_way[strategy].discard(alert.alert_id)
        self._conclude(alert, results)

    def _routes(self, alert: Alert) -> tuple[Sequence[AccountRoute], str]:
        """Return the accounts that an alert concerns, or why it concerns none (webhook-security §2)."""
        context, sender, instruction = self._context, alert.sender, alert.instruction
        if instruction.delay:
            return (), "a delay before acting is not supported; take it out of the alert's message"
        if instruction.everything and is_exit(instruction.action):
            names = [route.account for group in sender.groups for route in context.config.groups.get(group, ())]
            found = [context.config.route(name) for name in dict.fromkeys(names)]
            return found, "" if found else f"{sender.name} may use no account group that has accounts"
        group = instruction.account_group or sender.default_group
        routes = context.config.groups.get(group)
        if routes is None or group not in sender.groups:
            permitted = ", ".join(name for name in sender.groups if name in context.config.groups) or "none"
            return (), f"the account group {group!r} is not one that {sender.name} may use; it may use: {permitted}"
        if not routes:
            return (), f"the account group {group!r} has no accounts"
        problem = sender_problem(context, sender, instruction, routes[0].account)
        opening = not is_exit(instruction.action)
        return ((), problem) if problem else ([sender_route(sender, route, opening=opening) for route in routes], "")

    def _throttle(self, strategy: str) -> None:
        """Stop a strategy that enters too often; a person enables it again (RTS 6 art. 15(3))."""
        context, now = self._context, self._context.clock.now()
        row = context.state.strategies.get(strategy)
        if row is not None and row.stopped:
            return
        entries = [] if row is None else row.entries
        under_way = sum(not self._has_entered(alert_id) for alert_id in self._entries_under_way[strategy])
        minute = count_since(entries, now - 60 * _SECOND) + under_way
        day = count_since(entries, now - 86_400 * _SECOND) + under_way
        if minute >= context.config.entries_per_minute:
            why = f"{minute} entries within a minute; type ENABLE {strategy} to let it enter again"
        elif day >= context.config.entries_per_day:
            why = f"{day} entries within a day; type ENABLE {strategy} to let it enter again"
        else:
            return
        context.ledger.write(ev.StrategyStopped(strategy=strategy, why=why))
        context.alarm(f"{strategy} was stopped: {why}", severity="critical")

    def _has_entered(self, alert_id: str) -> bool:
        """Return whether an alert's entry was sent, so that its strategy has it counted already."""
        orders = self._context.state.orders_of_alert(alert_id)
        return any(order.sent_at and order.request.role is Role.ENTRY for order in orders)

    async def _run_all(
        self, instruction: Instruction, routes: Sequence[AccountRoute], strategy: str, wish_id: str, origin: Origin
    ) -> list[Result]:
        """Run every account on its own: what one refuses or breaks does not touch the others."""
        is_alert = origin is Origin.ALERT
        work = [
            self._run_one(
                instruction,
                route,
                Cause(
                    origin=origin,
                    alert_id=wish_id if is_alert else "",
                    instruction_id="" if is_alert else wish_id,
                    strategy=strategy,
                    intent=f"{wish_id}:{route.account}",
                ),
            )
            for route in routes
        ]
        results = await asyncio.gather(*work, return_exceptions=True)
        found = []
        for route, result in zip(routes, results, strict=True):
            if isinstance(result, Result):
                found.append(result)
                continue
            if not isinstance(result, Exception):
                raise result
            _LOG.error("a wish failed on %s", route.account, exc_info=result)
            self._context.alarm(
                f"{route.account}: the desk failed while carrying a wish out ({type(result).__name__}); "
                "look at its orders",
                severity="critical",
                account=route.account,
            )
            found.append(
                Result(account=route.account, texts=["the desk failed, see the log"], code="FAULT", refused=True)
            )
        return found

    async def _run_one(self, instruction: Instruction, route: AccountRoute, cause: Cause) -> Result:
        if instruction.symbol or not is_exit(instruction.action):
            return await self._execution.run(instruction, route, cause)
        result = Result(account=route.account)
        closes = instruction.action in (Action.CLOSE, Action.FLATTEN)
        if not closes or cause.origin in (Origin.ALERT, Origin.STRATEGY):
            # Contract by contract, so that what is not the strategy's own is left alone.
            for symbol in self._context.state.held_symbols(route.account):
                single = msgspec.structs.replace(instruction, symbol=symbol)
                part = await self._execution.run(single, msgspec.structs.replace(route, micro=False), cause)
                result.texts.extend(part.texts)
                result.order_ids.extend(part.order_ids)
                result.refused, result.code = result.refused or part.refused, result.code or part.code
            result.done = not result.refused
            result.texts = result.texts or ["no order works and nothing is held"]
            return result
        flat, text = await self._flattening.flatten([route.account], cause.strategy or str(cause.origin), cause)
        result.texts.append(text.removeprefix(f"{route.account}: "))
        result.done, result.refused = flat, not flat
        return result

    def _conclude(self, alert: Alert, results: Sequence[Result]) -> None:
        state = self._context.state
        verdicts = []
        for result in results:
            orders = [
                order
                for order in state.orders_of_alert(alert.alert_id)
                if order.request.account == result.account and order.request.role not in PROTECTION
            ]
            verdicts.append(result.verdict(status_of(result, orders)))
        self._write_verdict(alert, verdicts)

    def _write_verdict(self, alert: Alert, verdicts: Sequence[AccountVerdict]) -> None:
        statuses = {verdict.status for verdict in verdicts}
        if statuses & {"unknown", "working", "filled", "canceled"}:
            status = AlertStatus.EXECUTED
        elif "waiting" in statuses:
            status = AlertStatus.WAITING
        elif statuses == {"done"}:
            status = AlertStatus.DONE
        elif all(verdict.code in ("STALE_ALERT", "ALERT_FROM_FUTURE") for verdict in verdicts):
            status = AlertStatus.STALE
        else:
            status = AlertStatus.REFUSED
        text = "; ".join(f"{verdict.account}: {verdict.text}" for verdict in verdicts)
        self._verdict(alert, status, text, verdicts)

    def _verdict(self, alert: Alert, status: AlertStatus, text: str, accounts: Sequence[AccountVerdict] = ()) -> None:
        self._context.crash_point("verdict.before_commit")
        self._context.ledger.write(
            ev.AlertJudged(alert_id=alert.alert_id, status=status, text=text, accounts=tuple(accounts))
        )
        self._context.crash_point("verdict.after_commit")

    async def take_instruction(self, instruction: Instruction, by: str) -> tuple[bool, str, tuple[str, ...]]:
        """Carry a person's, strategy's or guard's wish out; returns success, words and our order ids."""
        context = self._context
        instruction_id = context.ids.new("INS")
        order = context.state.orders.get(instruction.order_id)
        if order is not None:
            request = order.request
            instruction = msgspec.structs.replace(instruction, accounts=(request.account,), symbol=request.symbol)
        elif instruction.order_id:
            return False, f"no order is called {instruction.order_id}; BLOT lists them", ()
        routes = self._person_routes(instruction)
        context.ledger.write(ev.InstructionTaken(instruction_id=instruction_id, instruction=instruction, by=by))
        if not routes:
            text = "no account was named, or none of that name is known"
            context.ledger.write(ev.InstructionDone(instruction_id=instruction_id, text=text, refused=True))
            return False, text, ()
        strategy = instruction.strategy if instruction.origin is Origin.STRATEGY else ""
        results = await self._run_all(instruction, routes, strategy, instruction_id, instruction.origin)
        text = "; ".join(f"{result.account}: {'; '.join(result.texts)}" for result in results)
        refused = all(result.refused for result in results)
        context.ledger.write(ev.InstructionDone(instruction_id=instruction_id, text=text, refused=refused))
        ids = tuple(order_id for result in results for order_id in result.order_ids)
        return not any(result.refused for result in results), text, ids

    def _person_routes(self, instruction: Instruction) -> list[AccountRoute]:
        config, known = self._context.config, self._context.state.accounts
        if instruction.everything:
            return [config.route(name) for name in known]
        if instruction.accounts:
            return [person_route(config.route(name)) for name in instruction.accounts if name in known]
        return [
            person_route(route) for route in config.groups.get(instruction.account_group, ()) if route.account in known
        ]

    def person_routes(self, instruction: Instruction) -> list[AccountRoute]:
        """Return the accounts that a person's wish concerns."""
        return self._person_routes(instruction)

    def recover(self) -> None:
        """Give every alert that a former process left without a verdict one, before new ones are judged."""
        for row in [row for row in self._context.state.alerts.values() if row.status is AlertStatus.RECEIVED]:
            self._recover(row.alert)
        for instruction_id, taken in list(self._context.state.instructions.items()):
            if not taken.done:
                text = "the desk ended while this was carried out; look at the orders"
                self._context.ledger.write(ev.InstructionDone(instruction_id=instruction_id, text=text, refused=True))

    def _recover(self, alert: Alert) -> None:
        orders = [
            order
            for order in self._context.state.orders_of_alert(alert.alert_id)
            if order.request.role not in PROTECTION
        ]
        if orders:
            verdicts = []
            for account in dict.fromkeys(order.request.account for order in orders):
                own = [order for order in orders if order.request.account == account]
                text = ", ".join(f"{o.request.side} {o.quantity} {o.request.symbol} {o.state}" for o in own)
                verdicts.append(
                    AccountVerdict(
                        account=account,
                        status=status_of(Result(account=account), own),
                        text=f"{text} (read back after a restart)",
                        contract=own[0].request.symbol,
                        order_ids=tuple(order.order_id for order in own),
                    )
                )
            if not all(order.state is OrderState.ABANDONED for order in orders):
                seen = {verdict.account for verdict in verdicts}
                verdicts += [
                    AccountVerdict(account=route.account, status="refused", text=_NOT_BEGUN, code="RESTART")
                    for route in self._routes(alert)[0]
                    if route.account not in seen
                ]
                self._write_verdict(alert, verdicts)
                return
            if not is_exit(alert.instruction.action):
                self._verdict(
                    alert, AlertStatus.STALE, "the desk ended before its order was sent; it is not sent late", verdicts
                )
                return
        # No order of it ever left, so that an exit may run from its beginning.
        age = (self._context.clock.now() - alert.received) // _SECOND
        if is_exit(alert.instruction.action) and not self._exit_may_run(alert, age):
            self._verdict(alert, AlertStatus.STALE, _LATE_EXIT)
            self._context.alarm(f"{alert.alert_id}: {_LATE_EXIT}", severity="critical")
            return
        self._start(alert)

    def _exit_may_run(self, alert: Alert, age: int) -> bool:
        """An exit runs late only while young, and while the position that it meant has not changed."""
        if age > self._context.config.exit_replay_limit:
            return False
        return not any(fill.ts_recv > alert.received for fills in self._context.state.fills.values() for fill in fills)
