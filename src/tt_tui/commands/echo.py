"""Says in plain words what Enter will do with the line as it stands."""

from __future__ import annotations

from tt_tui.commands.parsed import (
    Acknowledge,
    Arm,
    Choose,
    Confirm,
    Disarm,
    Drop,
    Empty,
    Enable,
    Help,
    Kill,
    Mistake,
    OpenFunction,
    Parsed,
    PickRow,
    PickSymbol,
    PromptContext,
    Quit,
    Resume,
    Trade,
    WatchAdd,
    WatchRemove,
)
from tt_tui.commands.registry import FUNCTION_BY_MNEMONIC
from tt_tui.commands.wording import describe
from tt_tui.domain.account import KillLevel

_NAMED_AT_MOST = 3
_KILL_WORDS = {
    KillLevel.REDUCING: "refuse all but reducing orders",
    KillLevel.HALTED: "cancel and refuse entries",
    KillLevel.FLATTEN: "cancel all orders, close all positions and refuse entries",
}


def echo(parsed: Parsed, context: PromptContext) -> str:
    """Return one line: what Enter will do, what has to follow, or what is wrong; empty for an empty line."""
    if isinstance(parsed, Empty):
        return ""
    if isinstance(parsed, Mistake):
        return parsed.text
    asks = isinstance(parsed, Trade | Kill | Resume | Arm) and parsed.asks
    return f"{'Enter twice' if asks else 'Enter'}: {_does(parsed, context)}"


def _does(parsed: Parsed, context: PromptContext) -> str:
    match parsed:
        case Trade():
            return _trade(parsed, context)
        case Kill(level=level, account=account):
            return f"KILL: {_KILL_WORDS[level]} on {_one_or_all(account, context)} until RESUME"
        case Resume(account=account):
            return f"lift the kill switch on {_one_or_all(account, context)}"
        case Arm(account=account, stay=stay):
            until = "and keep it armed over a restart" if stay else "until the program restarts"
            return f"permit entries on {modes((account,), context)} {until}"
        case Disarm(accounts=accounts):
            return f"refuse entries on {modes(accounts, context)}"
        case Choose(name=name, is_group=is_group):
            members = context.groups.get(name, ()) if is_group else (name,)
            return f"work on {f'group {name}: ' if is_group else ''}{modes(members, context)}"
        case _:
            return _small(parsed)


def _small(parsed: Parsed) -> str:
    match parsed:
        case OpenFunction(mnemonic=mnemonic, symbol=symbol):
            title = FUNCTION_BY_MNEMONIC[mnemonic].title.lower()
            return f"open the {title}" + (f" of {symbol}" if symbol else "")
        case WatchAdd(symbols=symbols):
            return f"add {', '.join(symbols)} to the watchlist"
        case WatchRemove(symbols=symbols):
            return f"take {', '.join(symbols)} off the watchlist"
        case PickRow(number=number, symbol=symbol):
            return f"choose row {number}, {symbol}"
        case PickSymbol(symbol=symbol):
            return f"show {symbol}"
        case Confirm(order_id=order_id):
            return f"approve {order_id}; every check runs again"
        case Drop(order_id=order_id):
            return f"drop {order_id}; nothing is sent"
        case Enable(strategy=strategy):
            return f"let {strategy} enter again"
        case Acknowledge(alarm_id=alarm_id):
            return f"mark {alarm_id or 'all alarms'} as seen"
        case Help(word=word):
            return f"help on {word}" if word else "show all there is"
        case Quit():
            return "leave the workstation"
        case _:
            return ""


def _trade(parsed: Trade, context: PromptContext) -> str:
    wish = parsed.instruction
    text = describe(wish, context)
    if wish.everything:
        text += f" on EVERY account: {modes(parsed.accounts, context)}"
    elif wish.account_group:
        text += f" on group {wish.account_group}: {modes(parsed.accounts, context)}"
    elif parsed.accounts:
        text += f" on {modes(parsed.accounts, context)}"
    return f"{text} ({parsed.note})" if parsed.note else text


def _one_or_all(account: str, context: PromptContext) -> str:
    return modes((account,), context) if account else "every account"


def modes(accounts: tuple[str, ...], context: PromptContext) -> str:
    """Return accounts with PAPER or LIVE, or their count where they are many."""
    if len(accounts) <= _NAMED_AT_MOST:
        named = (f"{name} ({'LIVE' if name in context.live_accounts else 'PAPER'})" for name in accounts)
        return ", ".join(named) or "no account"
    live = sum(name in context.live_accounts for name in accounts)
    return f"{len(accounts)} accounts, {f'{live} LIVE' if live else 'all PAPER'}"
