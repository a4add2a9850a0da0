"""Which accounts a sentence acts on: the prompt's, or those that ``ACC`` or ``GRP`` name at its end."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tt_tui.commands.parsed import PromptContext
from tt_tui.commands.reading import Reader, Word, near, shown, wrong

ACCOUNT = "ACC"
GROUP = "GRP"
_MARKS = (ACCOUNT, GROUP)


class Scope(msgspec.Struct, frozen=True):
    """The accounts of one sentence."""

    accounts: tuple[str, ...]
    group: str = ""
    """The group that they are, empty for a single account."""


def is_override(word: Word | None) -> bool:
    """Tell whether a word starts ``ACC name`` or ``GRP name``."""
    return word is not None and word.key in _MARKS


def read_scope(reader: Reader, context: PromptContext, after: str) -> Scope:
    """Take the end of a sentence: an override, or nothing and the prompt holds."""
    mark = reader.accept(*_MARKS)
    if mark is None:
        reader.finish(after)
        return prompt_scope(reader, context)
    if mark.key == ACCOUNT:
        return Scope((read_name(reader, context.accounts, "account", ACCOUNT),))
    name = read_name(reader, tuple(context.groups), "group", GROUP)
    return _group(reader, context, name)


def prompt_scope(reader: Reader, context: PromptContext) -> Scope:
    """Return the accounts at the prompt; raise where there are none."""
    name = context.account_or_group
    if context.is_group and name in context.groups:
        return _group(reader, context, name)
    if name in context.accounts and not context.is_group:
        return Scope((name,))
    raise reader.missing("no account is chosen; write ACC and a name first, or at the end of the sentence", _MARKS)


def read_name(reader: Reader, known: tuple[str, ...], what: str, mark: str) -> str:
    """Take all that is left as one name, in any case; raise with the names there are."""
    first = reader.need(f"{mark} needs the name of {_article(what)}: {_listed(known)}", known)
    words = (first, *reader.rest())
    typed = " ".join(word.text for word in words)
    found = match_name(typed, known)
    if found is not None:
        return found
    whole = Word(typed, first.start, words[-1].end)
    lowered = {name.lower(): name for name in known}
    suggestions = tuple(lowered[name] for name in near(typed.lower(), tuple(lowered))) or known[:5]
    raise wrong(whole, f"{shown(typed)} is no {what}; there are {_listed(known)}", suggestions)


def match_name(typed: str, known: Iterable[str]) -> str | None:
    """Return the name that was typed, exactly or in another case; None also where two differ in case only."""
    names = tuple(known)
    if typed in names:
        return typed
    found = [name for name in names if name.lower() == typed.lower()]
    return found[0] if len(found) == 1 else None


def why_asks(accounts: Iterable[str], context: PromptContext) -> str:
    """Return why a wish on these accounts asks for a second Enter; empty where it does not."""
    live = [name for name in accounts if name in context.live_accounts]
    if not live:
        return ""
    return f"{live[0]} is LIVE" if len(live) == 1 else f"{len(live)} LIVE accounts: {', '.join(live)}"


def _group(reader: Reader, context: PromptContext, name: str) -> Scope:
    members = context.groups[name]
    if not members:
        raise reader.missing(f"the group {name} has no accounts; choose another with GRP or ACC", _MARKS)
    return Scope(tuple(members), name)


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def _listed(names: tuple[str, ...]) -> str:
    shown_names = ", ".join(names[:8])
    return f"{shown_names} and {len(names) - 8} more" if len(names) > 8 else shown_names or "none"
