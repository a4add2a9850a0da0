"""Desk: the core, wired. It is opened on an event loop of its own and lives until it is closed."""

from __future__ import annotations

import logging
from collections.abc import Callable

from tt_tui.desk.closing import Cause, Closing
from tt_tui.desk.context import DeskContext
from tt_tui.desk.execution import Execution
from tt_tui.desk.flattening import Flattening
from tt_tui.desk.guard import Guard
from tt_tui.desk.intake import Intake, Taken
from tt_tui.desk.orders import Orders
from tt_tui.desk.port import Outcome, Preview, PreviewLine
from tt_tui.desk.protection import Protection
from tt_tui.desk.reconcile import Reconcile
from tt_tui.desk.reports import Reports
from tt_tui.desk.resolver import Resolver
from tt_tui.desk.senders import person_route
from tt_tui.desk.supervisor import Supervisor
from tt_tui.desk.trailing import Trailing
from tt_tui.domain import event as ev
from tt_tui.domain.account import AccountMode, KillLevel
from tt_tui.domain.alert import Sender
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import OrderState, Origin

_LOG = logging.getLogger(__name__)
OPEN_WAIT = 20.0
"""Seconds that the first reconciliation may take before alerts are judged, and refused, without it."""


class Desk:
    """Everything between a wish and a broker."""

    def __init__(self, context: DeskContext, *, version: str, pid: int, delays: Callable[[int], float]) -> None:
        self.context = context
        self._version = version
        self._pid = pid
        self._delays = delays
        self.reports = Reports(context)
        self.resolver = Resolver(context, self.reports)
        self.orders = Orders(context, self.reports, self.resolver)
        self.closing = Closing(context, self.orders, self.reports)
        self.protection = Protection(context, self.orders, self.closing)
        self.trailing = Trailing(context, self.orders, self.closing)
        self.execution = Execution(context, self.orders, self.closing, self.protection)
        self.flattening = Flattening(context, self.orders, self.closing)
        self.intake = Intake(context, self.execution, self.flattening)
        self.reconcile = Reconcile(context, self.reports, self.resolver, self.protection)
        self.guard = Guard(context, self.flattening, self.protection)
        self._supervisors: list[Supervisor] = []
        context.ledger.on_applied(lambda rows: context.notifier.notify())

    async def open(self) -> None:
        """Settle what a former process left, connect to every broker, and begin to judge alerts."""
        context = self.context
        receipt = context.ledger.write(ev.DeskStarted(version=self._version, pid=self._pid))
        self._settle_leftovers()
        await receipt.durable()
        for broker in context.brokers.values():
            supervisor = Supervisor(context, broker, self.reports, self.reconcile, self._delays)
            self._supervisors.append(supervisor)
            context.tasks.start(f"connection {broker.name}", supervisor.run)
        await context.wait_for(lambda: all(supervisor.tried for supervisor in self._supervisors), OPEN_WAIT)
        self.guard.roll_days()
        self.intake.recover()
        self.protection.check_all()
        self.trailing.start()
        self.execution.resume()
        self.intake.opened.set()
        context.tasks.start("guard", self.guard.run)

    def _settle_leftovers(self) -> None:
        """An intent without "sent" never left; a "sent" without an answer is unknown (order-lifecycle §4)."""
        context = self.context
        for order in list(context.state.orders.values()):
            if order.state is OrderState.INTENT:
                context.ledger.write(ev.OrderAbandoned(order_id=order.order_id))
            elif order.state is OrderState.WAITING:
                why = "the desk was restarted before it was confirmed"
                context.ledger.write(ev.OrderExpired(order_id=order.order_id, why=why))
            elif order.state is OrderState.SENT:
                why = "the desk ended before the broker's answer was written"
                context.ledger.write(ev.OrderLost(order_id=order.order_id, why=why))

    async def close(self, why: str) -> None:
        """Write the end; orders and stops stay where they are."""
        await self.context.ledger.write(ev.DeskStopped(why=why)).settled()
        self.context.ledger.snapshot()

    async def take_alert(
        self, sender: Sender, body: str, instruction: Instruction, key: str, key_seconds: int
    ) -> Taken:
        """Store an alert durably; its verdict follows by itself."""
        return await self.intake.take_alert(sender, body, instruction, key, key_seconds)

    async def submit(self, instruction: Instruction) -> Outcome:
        """Carry a wish out that is not an alert."""
        if instruction.action is Action.FLATTEN and instruction.everything:
            cause = Cause(origin=instruction.origin, why="flatten all")
            flat, text = await self.flattening.flatten(
                list(self.context.state.accounts), str(instruction.origin), cause
            )
            return Outcome(ok=flat, text=text)
        ok, text, order_ids = await self.intake.take_instruction(instruction, by=str(instruction.origin))
        return Outcome(ok=ok, text=text, order_ids=order_ids)

    async def preview(self, instruction: Instruction) -> Preview:
        """Tell what a wish would do on each account it concerns."""
        context, lines, live = self.context, [], 0
        for route in self.intake.person_routes(instruction):
            row = context.state.accounts.get(route.account)
            mode = AccountMode.LIVE if row is None else row.account.mode
            live += mode is AccountMode.LIVE
            if instruction.symbol:
                _, text, refused = self.execution.preview(instruction, person_route(route), instruction.strategy)
            else:
                held = ", ".join(context.state.held_symbols(route.account)) or "nothing held, no orders"
                text, refused = f"{instruction.action} all: {held}", False
            lines.append(PreviewLine(account=route.account, mode=mode, text=text, refused=refused))
        return Preview(lines=tuple(lines), asks=live > 0)

    async def arm(self, account: str, stay: bool) -> Outcome:
        """Permit entries on a live account whose settings permit live orders."""
        row = self.context.state.accounts.get(account)
        if row is None:
            return Outcome(ok=False, text=f"no account is called {account}")
        if row.account.mode is AccountMode.PAPER:
            return Outcome(ok=True, text=f"{account} is paper and needs no arming")
        if not self.context.config.account(account).live_permitted:
            text = f"{account} is live and its settings do not permit live orders; set live = true for it first"
            return Outcome(ok=False, text=text)
        await self.context.ledger.write(ev.AccountArmed(account=account, stay=stay, by="person")).durable()
        return Outcome(ok=True, text=f"{account} is armed: live orders leave{', also after a restart' if stay else ''}")

    async def disarm(self, account: str) -> Outcome:
        """Refuse entries on a live account again."""
        self.context.ledger.write(ev.AccountDisarmed(account=account, why="a person"))
        return Outcome(ok=True, text=f"{account} is disarmed; exits and cancels still pass")

    async def kill(self, level: KillLevel, account: str, why: str) -> Outcome:
        """Set the latch and do what its level asks."""
        cause = Cause(origin=Origin.KILL, why=why or "kill switch")
        ok, text = await self.flattening.kill(level, account, why or "kill switch", "person", cause)
        return Outcome(ok=ok, text=text)

    async def clear_kill(self, account: str) -> Outcome:
        """Lift a latch; without an account the desk's own and every account's."""
        names = [account] if account else ["", *self.context.state.accounts]
        self.context.ledger.write(*(ev.KillCleared(by="person", account=name) for name in names))
        return Outcome(ok=True, text=f"entries pass again on {account or 'all accounts'}")

    async def confirm(self, order_id: str) -> Outcome:
        """Approve a waiting order; the whole gate runs again."""
        order = self.context.state.orders.get(order_id)
        if order is None or order.state is not OrderState.WAITING:
            return Outcome(ok=False, text=f"{order_id} does not wait for a confirmation")
        sent = await self.orders.confirm(order_id)
        return Outcome(ok=sent.decision.lets_go, text=f"{order_id} {sent.state}: {sent.text}", order_ids=(order_id,))

    async def drop(self, order_id: str) -> Outcome:
        """Drop a waiting order."""
        order = self.context.state.orders.get(order_id)
        if order is None or order.state is not OrderState.WAITING:
            return Outcome(ok=False, text=f"{order_id} does not wait for a confirmation")
        self.context.ledger.write(ev.OrderExpired(order_id=order_id, why="dropped by a person"))
        return Outcome(ok=True, text=f"{order_id} dropped")

    async def enable_strategy(self, strategy: str) -> Outcome:
        """Let a stopped strategy's entries pass again."""
        row = self.context.state.strategies.get(strategy)
        if row is None or not row.stopped:
            stopped = [name for name, each in self.context.state.strategies.items() if each.stopped]
            known = f"stopped are: {', '.join(stopped)}" if stopped else "none is stopped"
            return Outcome(ok=False, text=f"{strategy} is not stopped; {known}")
        self.context.ledger.write(ev.StrategyEnabled(strategy=strategy, by="person"))
        return Outcome(ok=True, text=f"{strategy} may enter again")

    async def acknowledge(self, alarm_id: str) -> Outcome:
        """Mark one alarm, or all with an empty id, as seen."""
        alarms = self.context.state.alarms
        names = [name for name, row in alarms.items() if not row.acknowledged and alarm_id in ("", name)]
        if not names:
            return Outcome(ok=False, text="no alarm waits to be seen")
        self.context.ledger.write(*(ev.AlarmAcknowledged(alarm_id=name, by="person") for name in names))
        return Outcome(ok=True, text=f"{len(names)} alarm{'' if len(names) == 1 else 's'} seen")

    def snapshot_bytes(self) -> bytes:
        """Return the whole state as bytes; called on the desk's loop."""
        return self.context.state.copy_bytes()
