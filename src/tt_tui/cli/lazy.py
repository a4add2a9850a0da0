"""A group of commands that imports a verb only when it is used; its help needs none of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click


class Verb(NamedTuple):
    """Where a command is, and what it does in one line."""

    place: str
    """``module:attribute``."""
    help: str


class LazyGroup(click.Group):
    """A group whose commands are named in a table."""

    def __init__(self, *arguments: Any, verbs: Mapping[str, Verb] | None = None, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._verbs = dict(verbs or {})

    @property
    def verbs(self) -> Mapping[str, Verb]:
        """Return the table."""
        return self._verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the table's order."""
        return [*self._verbs, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of that name; None where there is none."""
        verb = self._verbs.get(cmd_name)
        if verb is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = verb.place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{verb.place} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table's lines, without an import."""
        own = {name: command.get_short_help_str(90) for name, command in self.commands.items()}
        rows = [*((name, verb.help) for name, verb in self._verbs.items()), *own.items()]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
