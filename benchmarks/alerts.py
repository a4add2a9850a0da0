"""Alerts: how soon they are answered and at the paper broker, beside a bare server, and how many a second.

Run with ``python -m benchmarks.alerts``. The client and the floor are processes of their own. An order is at the
broker when the journal has the broker's first word of it; both clocks are this machine's.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import apsw
from tests.e2e.process import Program, environment

from benchmarks._measure import RUNS, Measured, idle_lag_p99, is_busy, percentile, print_table, progress
from benchmarks._terminal import Terminal
from benchmarks.webhook_floor import Floor
from tt_tui.domain import event as ev

RATE = 50
SECONDS = 8
CONNECTIONS = 8
BURST = 3000
WARM_UP = 64
WARM_UP_FROM = 1_000_000
PATIENCE = 60.0
GROUPS = ("main", "topstep", "apex", "tradeday")
SYMBOLS = ("ES", "NQ", "RTY", "YM", "CL", "GC", "6E", "ZN")
"""Alerts of one account and contract wait for each other; these are many strategies on many of both."""


def config() -> str:
    """Return settings in which no throttle and no limit holds an alert back."""
    parts = ["[desk]\nentries_per_minute = 1_000_000\nentries_per_day = 1_000_000\nmax_stored_alerts = 100_000\n"]
    limits = ("max_position", "max_open_orders", "max_orders_per_minute", "max_repeats")
    for group in GROUPS:
        parts.append(f"[accounts.{group}-1.limits]\n" + "".join(f'{name} = "none"\n' for name in limits))
        parts.append(f'[groups.{group}]\naccounts = ["{group}-1"]\n')
    return "\n".join(parts)


def body(number: int) -> bytes:
    """Return one alert; no two are alike."""
    fields = {
        "symbol": SYMBOLS[number % len(SYMBOLS)],
        "action": "buy",
        "quantity": 1,
        "strategy": f"benchmark {number % 32}",
        "account_group": GROUPS[number // len(SYMBOLS) % len(GROUPS)],
        "comment": f"number {number}",
    }
    return json.dumps(fields).encode()


class Sender:
    """Posts alerts that all differ over one kept connection."""

    def __init__(self, port: int, path: str, secret: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._path = path
        self._secret = secret

    def post(self, number: int) -> tuple[float, int, str, int]:
        """Return milliseconds, status, alert id and the wall time at which it was sent."""
        alert = body(number)
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers["X-Webhook-Signature"] = hmac.new(self._secret.encode(), alert, hashlib.sha256).hexdigest()
        wall, start = time.time_ns(), time.perf_counter()
        self._connection.request("POST", self._path, body=alert, headers=headers)
        response = self._connection.getresponse()
        data = response.read()
        taken = (time.perf_counter() - start) * 1000
        return taken, response.status, json.loads(data).get("alert_id", ""), wall


def paced(sender: Sender, first: int = 0) -> list[tuple[float, int, str, int]]:
    """Post at the rate for the time; a late answer delays no later alert's due time."""
    done = []
    begun = time.perf_counter()
    for number in range(RATE * SECONDS):
        time.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
        done.append(sender.post(first + number))
    return done


def serve_floor(folder: str, pipe: Connection) -> None:
    """Run the bare server until told to end; the target of a process."""
    with Floor(Path(folder)) as port:
        pipe.send(port)
        pipe.recv()


@contextmanager
def floor(folder: Path) -> Iterator[int]:
    """Run the bare server in a process and give its port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve_floor, args=(str(folder), theirs))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join()


def at_broker(journal: Path) -> dict[str, int]:
    """Return, by alert id, the wall time of the broker's first word of its order."""
    order_of: dict[str, str] = {}
    found: dict[str, int] = {}
    for wall, payload in _rows(journal, "kind IN ('OrderIntended', 'OrderReported')"):
        event = ev.decode(payload)
        if isinstance(event, ev.OrderIntended):
            order_of[event.request.order_id] = event.request.alert_id
        elif isinstance(event, ev.OrderReported) and event.order_id in order_of:
            found.setdefault(order_of[event.order_id], wall)
    return found


def count(journal: Path, kind: str) -> int:
    """Return how many durable events of a kind there are."""
    return len(_rows(journal, f"kind = '{kind}'"))


def _rows(journal: Path, where: str) -> list[tuple[int, bytes]]:
    connection = apsw.Connection(str(journal), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(2000)
    try:
        return list(connection.execute(f"SELECT wall, payload FROM record WHERE {where} ORDER BY seq"))
    finally:
        connection.close()


def wait_until(is_so: Callable[[], bool], what: str) -> float:
    """Return the time at which it is so."""
    deadline = time.perf_counter() + PATIENCE
    while not is_so():
        if time.perf_counter() > deadline:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(0.05)
    return time.perf_counter()


def configured(folder: Path) -> Path:
    """Return a user's folder whose desk has no throttle."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "config.toml").write_text(config())
    return folder


def without_screen(folder: Path) -> list[tuple[float, int, str, int]]:
    """Measure the headless listener at the rate."""
    with Program(configured(folder)) as program:
        program.start()
        program.wait_ready()
        port = int(program.ready["url"].rpartition(":")[2])
        sender = Sender(port, "/webhook/tradingview", program.ready["signing_secret"])
        for number in range(WARM_UP):
            sender.post(WARM_UP_FROM + number)
        return paced(sender)


def with_screen(folder: Path) -> tuple[list[float], list[float]]:
    """Measure the workstation on a terminal; return milliseconds to the answer and to the broker."""
    with Program(configured(folder)) as program:
        program.start()
        program.wait_ready()
        token = program.ready["token"]
        program.terminate()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    journal = folder / "data" / "journal.sqlite"
    with Terminal([sys.executable, "-m", "tt_tui", "--port", str(port)], environment(folder)) as terminal:
        terminal.wait_for(b"PAPER")
        sender = Sender(port, f"/webhook/tradingview/{token}")
        for number in range(WARM_UP):
            sender.post(WARM_UP_FROM + number)
        done = paced(sender)
        wait_until(lambda: count(journal, "AlertJudged") >= len(done) + WARM_UP, "every verdict")
    _all_taken(done)
    broker = at_broker(journal)
    missing = [alert_id for _, _, alert_id, _ in done if alert_id not in broker]
    if missing:
        raise RuntimeError(f"{len(missing)} of {len(done)} alerts made no order")
    return [row[0] for row in done], [(broker[alert_id] - wall) / 1e6 for _, _, alert_id, wall in done]


def _all_taken(done: list[tuple[float, int, str, int]]) -> None:
    refused = [status for _, status, _, _ in done if status != 200]
    if refused:
        raise RuntimeError(f"{len(refused)} of {len(done)} alerts were answered {set(refused)}")


class Burst(NamedTuple):
    """What came of alerts that several senders posted as fast as they were answered."""

    answered: float
    """Alerts a second, to the last answer."""
    judged: float
    """Alerts a second, to the last verdict."""
    refused: int
    """Answered otherwise than with 200; their senders know."""
    lost: int
    """Answered with 200, and not in the journal."""


def burst(folder: Path) -> Burst:
    """Post to the headless listener as fast as several senders can."""
    with Program(configured(folder)) as program:
        program.start()
        program.wait_ready()
        port = int(program.ready["url"].rpartition(":")[2])
        taken: list[str] = []

        def send(first: int) -> None:
            sender = Sender(port, "/webhook/tradingview", program.ready["signing_secret"])
            for number in range(first, BURST, CONNECTIONS):
                _, status, alert_id, _ = sender.post(number)
                if status == 200:
                    taken.append(alert_id)

        begun = time.perf_counter()
        senders = [threading.Thread(target=send, args=(first,)) for first in range(CONNECTIONS)]
        for each in senders:
            each.start()
        for each in senders:
            each.join()
        answered = time.perf_counter() - begun
        journal = program.data / "journal.sqlite"
        judged = wait_until(lambda: count(journal, "AlertJudged") >= len(taken), "every verdict") - begun
        program.terminate()
        stored = {
            event.alert.alert_id
            for _, payload in _rows(journal, "kind = 'AlertReceived'")
            if isinstance(event := ev.decode(payload), ev.AlertReceived)
        }
    return Burst(len(taken) / answered, len(taken) / judged, BURST - len(taken), len(set(taken) - stored))


def main() -> None:
    """Measure all five times and print the table."""
    answer50 = Measured(f"POST → 2xx durable, screen open, {RATE}/s, p50", "ms", bar=5)
    answer99 = Measured(f"POST → 2xx durable, screen open, {RATE}/s, p99", "ms", bar=40)
    order50 = Measured(f"POST → order at the paper broker, screen open, {RATE}/s, p50", "ms", bar=5)
    order99 = Measured(f"POST → order at the paper broker, screen open, {RATE}/s, p99", "ms", bar=40)
    headless50 = Measured(f"POST → 2xx durable, no screen, {RATE}/s, p50", "ms", note="bar: 3 × the bare server")
    headless99 = Measured(f"POST → 2xx durable, no screen, {RATE}/s, p99", "ms")
    floor50 = Measured(f"bare server that commits one row, {RATE}/s, p50 (floor)", "ms")
    answered = Measured(f"alerts stored and answered, {CONNECTIONS} senders", "alerts/s", bar=300, more_is_better=True)
    judged = Measured("the same, to the last verdict", "alerts/s", more_is_better=True)
    refused = Measured(f"not taken of {BURST:,}", "alerts")
    lost = Measured("answered with 200 and not stored", "alerts", bar=0)
    idle = Measured("idle loop lag p99 (floor)", "ms")
    for run in range(RUNS):
        progress(f"alerts, run {run + 1}")
        calm = idle_lag_p99(2.0)
        idle.values.append(calm)
        for row in (answer99, order99, headless99):
            row.busy_runs += is_busy(calm)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            answers, orders = with_screen(folder / "screen")
            answer50.values.append(percentile(answers, 50))
            answer99.values.append(percentile(answers, 99))
            order50.values.append(percentile(orders, 50))
            order99.values.append(percentile(orders, 99))
            done = without_screen(folder / "headless")
            _all_taken(done)
            headless50.values.append(percentile([row[0] for row in done], 50))
            headless99.values.append(percentile([row[0] for row in done], 99))
            with floor(folder) as port:
                sender = Sender(port, "/")
                for number in range(WARM_UP):
                    sender.post(number)
                floor50.values.append(percentile([row[0] for row in paced(sender)], 50))
            found = burst(folder / "burst")
            answered.values.append(found.answered)
            judged.values.append(found.judged)
            refused.values.append(found.refused)
            lost.values.append(found.lost)
    headless50.bar = 3 * floor50.median
    rows = [answer50, answer99, order50, order99, headless50, headless99, floor50]
    print_table("Alerts", [*rows, answered, judged, refused, lost, idle])


if __name__ == "__main__":
    main()
