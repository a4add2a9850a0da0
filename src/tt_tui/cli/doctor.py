"""`tt doctor`: what this machine has, what the program would use, and what is in the way."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import click

from tt_tui.cli import exits

Level = Literal["ok", "note", "bad"]
_MARKS: dict[Level, str] = {"ok": "ok  ", "note": "note", "bad": "BAD "}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    topic: str
    level: Level
    text: str
    """What was seen; for a bad one also what to do."""


Look = Callable[[], Iterator[Finding]]


@click.command("doctor", epilog=exits.epilog(exits.NOT_FOUND))
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Look at this machine and say what is in the way; nothing is changed and nothing is asked.

    The exit code is 0 when the program can be used, also with notes, and 1 when something bad was found.
    """
    from tt_tui.cli.doctor_looks import LOOKS

    findings = [finding for topic, look in LOOKS.items() for finding in _looked(topic, look)]
    bad = any(finding.level == "bad" for finding in findings)
    if as_json:
        rows: list[dict[str, Any]] = [
            {"topic": each.topic, "level": each.level, "text": each.text} for each in findings
        ]
        click.echo(json.dumps({"usable": not bad, "findings": rows}))
    else:
        width = max(len(each.topic) for each in findings)
        for each in findings:
            click.echo(f"{_MARKS[each.level]}  {each.topic:<{width}}  {each.text}")
        click.echo("Something is in the way; see the lines with BAD." if bad else "tt can be used here.")
    sys.exit(exits.NOT_FOUND if bad else exits.DONE)


def _looked(topic: str, look: Callable[[], Iterator[tuple[Level, str]]]) -> Iterator[Finding]:
    from tt_tui.infra.redaction import Redactor

    redact = Redactor().text
    try:
        for level, text in look():
            yield Finding(topic, level, redact(text))
    except Exception as error:  # one look that fails must not hide the others
        yield Finding(topic, "bad", redact(f"could not be looked at: {type(error).__name__}: {error}"))
