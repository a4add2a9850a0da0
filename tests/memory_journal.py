"""A journal in memory that is durable at once: a desk on it runs without threads, so thousands of runs are cheap."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from tt_tui.desk.journal import AppendResult, DuplicateKey, Entry, JournalFailed, Record, Submitted


class MemoryJournal:
    """``EventStore`` without a file; ``failed`` and ``full`` are set by a test."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.keys: set[str] = set()
        self.failed: str | None = None
        """Appends keep their place and are not durable."""
        self.full = False
        """Nothing more is taken."""

    def submit(self, entries: Sequence[Entry], *, wall: int | None = None) -> Submitted:
        if self.full:
            raise JournalFailed("32 MiB wait for the journal, no more is taken: disk full")
        for entry in entries:
            for key in entry.unique:
                if key in self.keys:
                    raise DuplicateKey(key, 0)
                self.keys.add(key)
        first = len(self.records) + 1
        for seq, entry in enumerate(entries, first):
            self.records.append(
                Record(
                    seq=seq,
                    wall=wall or 0,
                    mono=0,
                    kind=entry.kind,
                    order_id=entry.order_id,
                    alert_id=entry.alert_id,
                    unique=entry.unique,
                    payload=entry.payload,
                    hash=b"",
                )
            )
        future: asyncio.Future[AppendResult] = asyncio.get_running_loop().create_future()
        seqs = tuple(range(first, first + len(entries)))
        if self.failed:
            future.set_exception(JournalFailed(self.failed))
        else:
            future.set_result(AppendResult(seqs, wall or 0, 0))
        return Submitted(seqs, future)

    def save_snapshot(self, seq: int, state: bytes) -> None:
        """Keep nothing: a restart folds everything again, which is what a test wants."""

    def snapshot(self) -> tuple[int, bytes] | None:
        return None

    def tail(self, after_seq: int) -> Iterator[Record]:
        return iter(self.records[after_seq:])

    def close(self) -> bool:
        return True
