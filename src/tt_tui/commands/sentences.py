"""Every verb but the entries: closing, canceling, stops, the kill switch, arming, choosing, and small things."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from tt_tui.commands import amounts
from tt_tui.commands.entries import read_entry, trade
from tt_tui.commands.parsed import (
    Acknowledge,
    Arm,
    Choose,
    Confirm,
    Disarm,
    Drop,
    Enable,
    Kill,
    Parsed,
    PromptContext,
    Quit,
    Resume,
    Trade,
)
from tt_tui.commands.reading import Reader, Word, shown, wrong
from tt_tui.commands.scope import ACCOUNT, GROUP, is_override, match_name, prompt_scope, read_name, read_scope, why_asks
from tt_tui.commands.symbols import read_symbol
from tt_tui.domain.account import KillLevel
from tt_tui.domain.instruction import Action, Instruction

_ORDER_ID = re.compile(r"(?:ORD|EXT)-[A-Z0-9-]{1,16}")
_ALARM_ID = re.compile(r"[A-Z]{1,3}-[A-Z0-9-]{1,16}")
_ALL = "ALL"
_KILL_LEVELS = {
    "REDUCE": KillLevel.REDUCING,
    "HALT": KillLevel.HALTED,
    "FLATTEN": KillLevel.FLATTEN,
}
_KILL_DOES = {
    KillLevel.REDUCING: "refuses everything that does not reduce a position",
    KillLevel.HALTED: "cancels and refuses entries",
    KillLevel.FLATTEN: "cancels all orders and closes all positions",
}

Sentence = Callable[[Reader, PromptContext], Parsed]


def _buy(reader: Reader, context: PromptContext) -> Parsed:
    return read_entry(reader, context, Action.BUY)


def _sell(reader: Reader, context: PromptContext) -> Parsed:
    return read_entry(reader, context, Action.SELL)


def _close(reader: Reader, context: PromptContext) -> Parsed:
    """``CLOSE ES``, ``CLOSE HALF ES``, ``CLOSE 1 ES``."""
    first = reader.peek()
    if first is None:
        raise reader.missing("CLOSE what? A symbol follows, such as CLOSE ES or CLOSE HALF ES", context.rows[:5])
    if first.key == _ALL:
        raise wrong(first, "CLOSE takes one symbol; FLAT closes all at the prompt (the share is $ALL)")
    part = amounts.fraction(first)
    sized = part is None and amounts.is_size(first)
    if part is not None or sized:
        reader.take()
    target = read_symbol(reader, context, "CLOSE needs a symbol, such as CLOSE HALF ES")
    wish = Instruction(
        action=Action.CLOSE, symbol=target.symbol, fraction=part, quantity=amounts.size(first) if sized else None
    )
    return _on_scope(reader, context, wish, "the symbol but ACC or GRP")


def _reverse(reader: Reader, context: PromptContext) -> Parsed:
    target = read_symbol(reader, context, "REV what? A symbol follows, such as REV ES")
    return _on_scope(reader, context, Instruction(action=Action.REVERSE, symbol=target.symbol), _SYMBOL_ENDS)


def _break_even(reader: Reader, context: PromptContext) -> Parsed:
    target = read_symbol(reader, context, "BE of what? A symbol follows, such as BE ES")
    return _on_scope(reader, context, Instruction(action=Action.BREAK_EVEN, symbol=target.symbol), _SYMBOL_ENDS)


def _trail(reader: Reader, context: PromptContext) -> Parsed:
    target = read_symbol(reader, context, "TRAIL what? A symbol and ticks follow, such as TRAIL ES 10t")
    distance = amounts.need_ticks(reader, f"TRAIL {target.model.root}")
    wish = Instruction(action=Action.TRAIL, symbol=target.symbol, trail=distance)
    return _on_scope(reader, context, wish, "the distance but ACC or GRP")


def _cancel(reader: Reader, context: PromptContext) -> Parsed:
    """``CXL ALL``, ``CXL ES``, ``CXL ORD-…``."""
    first = reader.peek()
    if first is None or is_override(first):
        raise reader.missing("CXL what? ALL, a symbol or an order id follows", (_ALL, *context.rows[:4]))
    if _ORDER_ID.fullmatch(first.key):
        reader.take()
        reader.finish("an order id, which names its account itself")
        wish = Instruction(action=Action.CANCEL, order_id=first.key)
        why = "its account may be LIVE" if context.live_accounts else ""
        return Trade(instruction=wish, accounts=(), asks=bool(why), why_asks=why)
    if first.key == _ALL:
        reader.take()
        return _on_scope(reader, context, Instruction(action=Action.CANCEL), "ALL but ACC or GRP")
    target = read_symbol(reader, context, "CXL needs ALL, a symbol or an order id")
    return _on_scope(reader, context, Instruction(action=Action.CANCEL, symbol=target.symbol), _SYMBOL_ENDS)


def _flatten(reader: Reader, context: PromptContext) -> Parsed:
    """``FLAT``, ``FLAT ES``, ``FLAT ALL``."""
    first = reader.peek()
    if first is None or is_override(first):
        return _on_scope(reader, context, Instruction(action=Action.FLATTEN), "FLAT")
    if first.key != _ALL:
        target = read_symbol(reader, context, "FLAT needs a symbol, ALL or nothing")
        return _on_scope(reader, context, Instruction(action=Action.FLATTEN, symbol=target.symbol), _SYMBOL_ENDS)
    reader.take()
    reader.finish("FLAT ALL, which is every account; FLAT ACC name flattens one")
    wish = Instruction(action=Action.FLATTEN, everything=True, accounts=context.accounts)
    live = why_asks(context.accounts, context)
    why = "it flattens every account" + (f"; {live}" if live else "")
    return Trade(instruction=wish, accounts=context.accounts, asks=True, why_asks=why)


def _kill(reader: Reader, context: PromptContext) -> Parsed:
    level, word = KillLevel.HALTED, reader.peek()
    if word is not None and word.key in _KILL_LEVELS:
        level = _KILL_LEVELS[reader.take().key]
    account = _one_or_all(reader, context, "KILL REDUCE, KILL FLATTEN or KILL ACC name")
    whom = account or "every account"
    why = f"it {_KILL_DOES[level]} on {whom} until RESUME"
    return Kill(level=level, account=account, why_asks=why)


def _resume(reader: Reader, context: PromptContext) -> Parsed:
    account = _one_or_all(reader, context, "RESUME or RESUME ACC name")
    why = why_asks((account,) if account else context.accounts, context)
    return Resume(account=account, asks=bool(why), why_asks=why)


def _one_or_all(reader: Reader, context: PromptContext, forms: str) -> str:
    """Take ``ACC name``, ``ALL`` or nothing; return the account, empty for all."""
    word = reader.peek()
    if word is not None and word.key == ACCOUNT:
        reader.take()
        return read_name(reader, context.accounts, "account", ACCOUNT)
    if word is not None and word.key == _ALL:
        reader.take()
        word = reader.peek()
    if word is not None:
        hint = (f"ACC {word.text}",) if match_name(word.text, context.accounts) else ()
        raise wrong(word, f"{shown(word.text)} is not understood here; write {forms}", hint)
    return ""


def _arm(reader: Reader, context: PromptContext) -> Parsed:
    """``ARM name``, ``ARM name STAY``; the typed name is the confirmation."""
    live = tuple(name for name in context.accounts if name in context.live_accounts)
    words = (reader.need("ARM needs the name of a live account, typed out", live), *reader.rest())
    if words[0].key == ACCOUNT and len(words) > 1:
        words = words[1:]
    stay = len(words) > 1 and words[-1].key == "STAY"
    names = words[:-1] if stay else words
    account = _name_of(names, context)
    if account not in context.live_accounts:
        raise _wrong_words(names, f"{account} is a PAPER account and needs no arming", live)
    why = f"{account} stays armed over a restart" if stay else ""
    return Arm(account=account, stay=stay, asks=stay, why_asks=why)


def _disarm(reader: Reader, context: PromptContext) -> Parsed:
    words = reader.rest()
    if not words:
        live = tuple(name for name in prompt_scope(reader, context).accounts if name in context.live_accounts)
        if not live:
            raise reader.missing("no account at the prompt is live; DISARM takes a name", tuple(context.live_accounts))
        return Disarm(accounts=live)
    if words[0].key == ACCOUNT and len(words) > 1:
        words = words[1:]
    account = _name_of(words, context)
    if account not in context.live_accounts:
        raise _wrong_words(words, f"{account} is a PAPER account, which is never armed", ())
    return Disarm(accounts=(account,))


def _name_of(words: tuple[Word, ...], context: PromptContext) -> str:
    reader = Reader(words, words[-1].end)
    return read_name(reader, context.accounts, "account", "ARM")


def _wrong_words(words: tuple[Word, ...], text: str, suggestions: tuple[str, ...]) -> Exception:
    return wrong(Word("", words[0].start, words[-1].end), text, suggestions)


def _order_id(reader: Reader, verb: str) -> str:
    word = reader.need(f"{verb} needs the id of a waiting order, such as ORD-…; the orders pane shows it")
    if not _ORDER_ID.fullmatch(word.key):
        raise wrong(word, f"{shown(word.text)} is no order id; it looks like ORD-MZXW6YTBOI3DEMZU")
    reader.finish("an order id")
    return word.key


def _confirm(reader: Reader, context: PromptContext) -> Parsed:
    return Confirm(order_id=_order_id(reader, "CONFIRM"))


def _drop(reader: Reader, context: PromptContext) -> Parsed:
    return Drop(order_id=_order_id(reader, "DROP"))


def _enable(reader: Reader, context: PromptContext) -> Parsed:
    first = reader.need("ENABLE needs the name of a stopped strategy")
    return Enable(strategy=" ".join(word.text for word in (first, *reader.rest())))


def _acknowledge(reader: Reader, context: PromptContext) -> Parsed:
    word = reader.peek()
    if word is None or reader.accept(_ALL):
        reader.finish("ACK ALL")
        return Acknowledge()
    if not _ALARM_ID.fullmatch(word.key):
        raise wrong(word, f"{shown(word.text)} is no alarm id; write ACK for all that are shown, or an id like ALM-…")
    reader.take()
    reader.finish("an alarm id")
    return Acknowledge(alarm_id=word.key)


def _choose_account(reader: Reader, context: PromptContext) -> Parsed:
    return Choose(name=read_name(reader, context.accounts, "account", ACCOUNT), is_group=False)


def _choose_group(reader: Reader, context: PromptContext) -> Parsed:
    return Choose(name=read_name(reader, tuple(context.groups), "group", GROUP), is_group=True)


def _quit(reader: Reader, context: PromptContext) -> Parsed:
    reader.finish("QUIT")
    return Quit()


def _on_scope(reader: Reader, context: PromptContext, wish: Instruction, after: str) -> Trade:
    scope = read_scope(reader, context, after)
    return trade(msgspec.structs.replace(wish, account_group=scope.group, accounts=scope.accounts), scope, context)


_SYMBOL_ENDS = "the symbol but ACC or GRP"

SENTENCES: Mapping[str, Sentence] = MappingProxyType(
    {
        "BUY": _buy,
        "SELL": _sell,
        "CLOSE": _close,
        "REV": _reverse,
        "CXL": _cancel,
        "BE": _break_even,
        "TRAIL": _trail,
        "FLAT": _flatten,
        "KILL": _kill,
        "RESUME": _resume,
        "ARM": _arm,
        "DISARM": _disarm,
        "CONFIRM": _confirm,
        "DROP": _drop,
        "ENABLE": _enable,
        "ACK": _acknowledge,
        "ACC": _choose_account,
        "GRP": _choose_group,
        "QUIT": _quit,
    }
)
"""How each verb of the registry reads what follows it."""
