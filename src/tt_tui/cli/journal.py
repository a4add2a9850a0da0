"""`tt journal`: read what the desk wrote, also while it runs."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tt_tui.cli import exits

if TYPE_CHECKING:
    from tt_tui.desk.journal import Journal, Record

_EPILOG = exits.epilog(exits.NOT_FOUND, exits.WRONG_USE, exits.UNSAFE)
_LOOK_SECONDS = 0.5
_PAGE = 1000
_COLUMNS = ("seq", "at", "kind", "order_id", "alert_id", "event")
_file = click.option(
    "--file", type=click.Path(dir_okay=False, path_type=Path), help="Another journal than this user's own."
)
_demo = click.option("--demo", is_flag=True, help="The journal of `tt demo`.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group("journal", epilog=_EPILOG)
def journal_group() -> None:
    """Read, export and verify what the desk wrote; it may run meanwhile."""


@journal_group.command("tail", epilog=_EPILOG)
@click.option("-n", "count", type=click.IntRange(min=0), default=20, show_default=True, help="How many of the newest.")
@click.option("--follow", is_flag=True, help="Go on with what is written from now on, until Ctrl-C.")
@_file
@_demo
@_json
def tail(count: int, follow: bool, file: Path | None, demo: bool, as_json: bool) -> None:
    """Show the newest records."""
    with suppress(KeyboardInterrupt), opened(file, demo) as journal:
        after = max(0, journal.last_seq - count)
        while True:
            for record in journal.tail(after):
                click.echo(_line(record, as_json))
                after = record.seq
            if not follow:
                return
            time.sleep(_LOOK_SECONDS)


@journal_group.command("show", epilog=_EPILOG)
@click.argument("subject")
@_file
@_demo
@_json
def show(subject: str, file: Path | None, demo: bool, as_json: bool) -> None:
    """Show the record of a number, or every record of an order or alert id."""
    with opened(file, demo) as journal:
        records = list(_about(journal, subject))
    if not records:
        click.echo(f"tt: the journal has no record of {subject}; give a number, an order id or an alert id", err=True)
        sys.exit(exits.NOT_FOUND)
    for record in records:
        if as_json:
            click.echo(json.dumps(record_json(record)))
            continue
        click.echo(_line(record, False))
        click.echo(json.dumps(event_json(record), indent=2))


@journal_group.command("export", epilog=_EPILOG)
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="SEQ", help="Only later records.")
@_file
@_demo
def export(form: str, after: int, file: Path | None, demo: bool) -> None:
    """Write every record to standard output."""
    with opened(file, demo) as journal:
        if form == "jsonl":
            for record in journal.tail(after):
                click.echo(json.dumps(record_json(record)))
            return
        writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        for record in journal.tail(after):
            row = record_json(record)
            writer.writerow({**row, "event": json.dumps(row["event"])})


@journal_group.command("verify", epilog=_EPILOG)
@_file
@_demo
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def verify(file: Path | None, demo: bool, as_json: bool) -> None:
    """Check every record, key and page from the first on."""
    with opened(file, demo) as journal:
        report, path = journal.verify(), journal.path
    if as_json:
        document = {
            "ok": report.ok,
            "records": report.records,
            "first_bad_seq": report.first_bad_seq,
            "problems": list(report.problems),
        }
        click.echo(json.dumps(document))
    elif report.ok:
        click.echo(f"{path}: {report.records} records, all as they were written.")
    else:
        click.echo(f"{path} is damaged:", err=True)
        for problem in report.problems:
            click.echo(f"  {problem}", err=True)
    sys.exit(exits.DONE if report.ok else exits.UNSAFE)


@contextmanager
def opened(file: Path | None, demo: bool) -> Iterator[Journal]:
    """Open a journal for reading; an error of it ends the command with a sentence and a code."""
    from tt_tui.cli.failures import leave
    from tt_tui.cli.hooks_of_user import folder_of
    from tt_tui.cli.session import JOURNAL_FILE
    from tt_tui.desk.journal import Journal, JournalError
    from tt_tui.infra.clock import SystemClock

    path = file or folder_of(demo) / JOURNAL_FILE
    if not path.exists():
        click.echo(f"tt: there is no journal at {path}; the first start of the desk makes one", err=True)
        sys.exit(exits.NOT_FOUND)
    try:
        journal = Journal.open(path, clock=SystemClock(), read_only=True)
        try:
            yield journal
        finally:
            journal.close()
    except JournalError as error:
        leave(error)


def record_json(record: Record) -> dict[str, Any]:
    """Return a record as plain JSON values, redacted: what an alert carried may have held a secret."""
    return {
        "seq": record.seq,
        "at": moment(record.wall),
        "kind": record.kind,
        "order_id": record.order_id,
        "alert_id": record.alert_id,
        "event": event_json(record),
    }


def event_json(record: Record) -> Any:
    """Return what a record's event says, redacted; as text where it is not JSON."""
    from tt_tui.infra.redaction import Redactor

    try:
        event = json.loads(record.payload)
    except ValueError:
        event = record.payload.decode("utf-8", "replace")
    return Redactor().data(event)


def moment(nanoseconds: int) -> str:
    """Return a time in UTC to the microsecond."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def _about(journal: Journal, subject: str) -> Iterator[Record]:
    if subject.isdigit():
        yield from (record for record in journal.read(int(subject) - 1, 1) if record.seq == int(subject))
        return
    found = {record.seq: record for key in ("order_id", "alert_id") for record in _all(journal, {key: subject})}
    yield from (found[seq] for seq in sorted(found))


def _all(journal: Journal, wanted: dict[str, str]) -> Iterator[Record]:
    after = 0
    while page := journal.read(after, _PAGE, **wanted):
        yield from page
        after = page[-1].seq


def _line(record: Record, as_json: bool) -> str:
    if as_json:
        return json.dumps(record_json(record))
    about = " ".join(name for name in (record.order_id, record.alert_id) if name)
    return f"{record.seq:>8}  {moment(record.wall)}  {record.kind:<20} {about}".rstrip()
