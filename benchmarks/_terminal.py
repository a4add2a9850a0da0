"""A program on a real pseudo-terminal of 200 × 50 that is always read, as a healthy terminal is."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

WIDTH, HEIGHT = 200, 50
_KEPT = 1_000_000


class Terminal:
    """Runs a command in its own session on a terminal; a thread reads all that it writes."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._environment = {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._seen = bytearray()
        self._marks: dict[bytes, float] = {}
        self._changed = threading.Condition()
        self._over = False
        self.written = 0
        """Bytes that the program wrote so far."""
        self.started = 0.0

    def __enter__(self) -> Terminal:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        self._master = master

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            self._command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=self._environment,
            preexec_fn=take_terminal,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._over = True
        self._reader.join()
        os.close(self._master)

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._process.pid

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def wait_for(self, mark: bytes, patience: float = 30.0) -> float:
        """Return when a text came, in seconds after the start; raises where it never does."""
        deadline = time.monotonic() + patience
        with self._changed:
            while mark not in self._seen:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError(f"{mark!r} never came; the end of what did: {bytes(self._seen[-600:])!r}")
                self._changed.wait(0.1)
            return self._marks.get(mark, time.perf_counter()) - self.started

    def watch(self, *marks: bytes) -> None:
        """Note when each of these texts comes first."""
        self._marks = dict.fromkeys(marks, float("inf"))

    def _read(self) -> None:
        while not self._over:
            if not select.select([self._master], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                return
            now = time.perf_counter()
            with self._changed:
                self.written += len(data)
                if len(self._seen) < _KEPT:
                    self._seen += data
                    for mark, at in self._marks.items():
                        if at == float("inf") and mark in self._seen:
                            self._marks[mark] = now
                self._changed.notify_all()


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process used so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib_of(pid: int) -> float:
    """Return a process's resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_048_576
