"""What mnemonics open."""

from __future__ import annotations

from tt_tui.commands.entry import Function

FUNCTIONS: tuple[Function, ...] = (
    Function(
        mnemonic="W",
        title="Watchlist",
        pane="watchlist",
        arguments="[ADD|DEL SYMBOL ...]",
        help="Live quotes with their age. ADD and DEL change the list.",
        examples=("W", "W ADD ES NQ", "W DEL ES"),
        words=("watch", "watchlist", "quotes", "prices", "market"),
    ),
    Function(
        mnemonic="ALRT",
        title="Alerts",
        pane="alerts",
        help="Every alert that came in, with what became of it on each account and why.",
        examples=("ALRT",),
        words=("alerts", "signals", "verdicts"),
    ),
    Function(
        mnemonic="BLOT",
        title="Orders",
        pane="orders",
        help="The blotter: orders that work, wait or are done, with their state at the broker.",
        examples=("BLOT",),
        words=("orders", "blotter", "fills", "working"),
    ),
    Function(
        mnemonic="POS",
        title="Positions",
        pane="positions",
        help="What each account holds, its average price, protection and live profit and loss.",
        examples=("POS",),
        words=("positions", "holdings", "profit", "pnl"),
    ),
    Function(
        mnemonic="ACCT",
        title="Accounts",
        pane="accounts",
        help="Equity, day profit and loss, PAPER or LIVE, armed or not, and the connection of each account.",
        examples=("ACCT",),
        words=("accounts", "balance", "equity", "connections"),
    ),
    Function(
        mnemonic="LOG",
        title="Log",
        pane="log",
        help="What the program did and what went wrong, newest last.",
        examples=("LOG",),
        words=("log", "messages", "errors", "events"),
    ),
    Function(
        mnemonic="HOOK",
        title="Webhook",
        pane="hook",
        help="The webhook's address, a message to paste into a TradingView alert, and a curl line to try it.",
        examples=("HOOK",),
        words=("webhook", "tradingview", "url", "token", "listener"),
    ),
    Function(
        mnemonic="HELP",
        title="Help",
        pane="help",
        arguments="[word]",
        help="Everything there is, or one word with examples to run.",
        examples=("HELP", "HELP BUY", "HELP W"),
        words=("help", "commands", "keys", "manual"),
    ),
)
"""Every function, in the order that help and palette show them."""
