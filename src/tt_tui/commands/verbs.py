"""What words do."""

from __future__ import annotations

from tt_tui.commands.entry import Verb

_ENTRY_USAGE = (
    "[size] SYMBOL [@ limit | AT stop [@ limit]] [DAY|GTC|IOC|FOK] [STOP d] [TP d] [TRAIL 10t] [BE 8t] "
    "[ACC name|GRP name]"
)
_ENTRY_HELP = (
    "Nothing after the symbol is a market order, @ a limit, AT a stop, AT with @ a stop-limit. STOP and TP are the "
    "bracket, as ticks from the entry (20t) or as a price; TRAIL lets the stop follow, BE moves it to the entry price "
    "once so many ticks ahead. Without a size it is 1. A bare root is the front future; a share is $ES or ES US. "
)

VERBS: tuple[Verb, ...] = (
    Verb(
        word="BUY",
        title="Buy",
        usage=f"BUY {_ENTRY_USAGE}",
        help=f"{_ENTRY_HELP}BUY HALF closes half of a short position and does nothing else.",
        examples=(
            "BUY 2 ES",
            "BUY 2 ES @ 5012.25 STOP 8t TP 16t",
            "BUY 2 ES AT 5020",
            "BUY 2 ES AT 5020 @ 5021 GTC",
            "BUY 1 ZN @ 110'16.5 TRAIL 10t",
            "BUY 1 MES STOP 20t BE 8t GRP {group}",
        ),
        words=("buy", "long", "enter"),
        moves_money=True,
    ),
    Verb(
        word="SELL",
        title="Sell",
        usage=f"SELL {_ENTRY_USAGE}",
        help=f"{_ENTRY_HELP}SELL HALF closes half of a long position and does nothing else.",
        examples=("SELL 1 NQ @ 18250 STOP 20t TP 40t", "SELL 1 CL AT 70.50 ACC {account}", "SELL HALF ES"),
        words=("sell", "short", "enter"),
        moves_money=True,
    ),
    Verb(
        word="CLOSE",
        title="Close a position",
        usage="CLOSE [size|HALF|50%] SYMBOL [ACC name|GRP name]",
        help="Cancels what works in the contract, proves it gone and closes what is left; a size closes a part.",
        examples=("CLOSE ES", "CLOSE HALF ES", "CLOSE 1 NQ ACC {account}"),
        words=("close", "exit", "cover"),
        moves_money=True,
    ),
    Verb(
        word="REV",
        title="Reverse a position",
        usage="REV SYMBOL [ACC name|GRP name]",
        help="Closes the position, waits for the fill, then opens the same size on the other side.",
        examples=("REV ES",),
        words=("reverse", "flip"),
        moves_money=True,
    ),
    Verb(
        word="CXL",
        title="Cancel orders",
        usage="CXL ALL|SYMBOL|ORD-... [ACC name|GRP name]",
        help="Cancels working entries and exits at the prompt's accounts, of one contract, or one order by its id.",
        examples=("CXL ALL", "CXL ES", "CXL ORD-MZXW6YTBOI3DEMZU"),
        words=("cancel", "orders"),
        moves_money=True,
    ),
    Verb(
        word="BE",
        title="Stop to break-even",
        usage="BE SYMBOL [ACC name|GRP name]",
        help="Moves the stop of a position to its average price.",
        examples=("BE ES",),
        words=("breakeven", "break-even", "stop"),
        moves_money=True,
    ),
    Verb(
        word="TRAIL",
        title="Trail the stop",
        usage="TRAIL SYMBOL 10t [ACC name|GRP name]",
        help="Lets the stop of a position follow the best price at so many ticks.",
        examples=("TRAIL ES 10t",),
        words=("trail", "trailing", "stop"),
        moves_money=True,
    ),
    Verb(
        word="FLAT",
        title="Flatten",
        usage="FLAT [SYMBOL|ALL] [ACC name|GRP name]",
        help=(
            "Blocks entries, cancels, closes and verifies: the account or group at the prompt, one contract there, or "
            "with ALL every account. ALL asks."
        ),
        examples=("FLAT", "FLAT ES", "FLAT ACC {account}", "FLAT ALL"),
        words=("flatten", "liquidate", "panic", "exit"),
        moves_money=True,
    ),
    Verb(
        word="KILL",
        title="Kill switch",
        usage="KILL [REDUCE|FLATTEN] [ACC name]",
        help=(
            "Sets a latch that a restart keeps: entries are canceled and refused, stops stay. REDUCE cancels nothing, "
            "FLATTEN also cancels and closes everything. It holds for every account unless ACC names one, and asks. "
            "RESUME lifts it."
        ),
        examples=("KILL", "KILL REDUCE", "KILL FLATTEN", "KILL ACC {account}"),
        words=("kill", "halt", "stop", "panic", "emergency"),
        moves_money=True,
    ),
    Verb(
        word="RESUME",
        title="Lift the kill switch",
        usage="RESUME [ACC name]",
        help="Lifts the latch of KILL, for every account or the one named. Live accounts ask.",
        examples=("RESUME", "RESUME ACC {account}"),
        words=("resume", "unlock", "unkill"),
    ),
    Verb(
        word="ARM",
        title="Arm a live account",
        usage="ARM name [STAY]",
        help="Permits entries on a live account until the program restarts; with STAY also after, which asks.",
        examples=("ARM {live}", "ARM {live} STAY"),
        words=("arm", "live", "permit"),
    ),
    Verb(
        word="DISARM",
        title="Disarm live accounts",
        usage="DISARM [name]",
        help="Refuses entries on a live account again; without a name, on all live accounts at the prompt.",
        examples=("DISARM {live}",),
        words=("disarm", "safe"),
    ),
    Verb(
        word="CONFIRM",
        title="Approve a waiting order",
        usage="CONFIRM ORD-...",
        help="Approves an order that waits for a person; every check runs again before it leaves.",
        examples=("CONFIRM ORD-MZXW6YTBOI3DEMZU",),
        words=("confirm", "approve", "waiting"),
        moves_money=True,
    ),
    Verb(
        word="DROP",
        title="Drop a waiting order",
        usage="DROP ORD-...",
        help="Drops an order that waits for a person; nothing is sent.",
        examples=("DROP ORD-MZXW6YTBOI3DEMZU",),
        words=("drop", "deny", "refuse", "waiting"),
    ),
    Verb(
        word="ENABLE",
        title="Enable a strategy",
        usage="ENABLE strategy",
        help="Lets the entries of a stopped strategy pass again.",
        examples=("ENABLE {strategy}",),
        words=("enable", "strategy", "start"),
    ),
    Verb(
        word="ACK",
        title="Acknowledge alarms",
        usage="ACK [ALL|id]",
        help="Marks an alarm as seen, or all that are shown.",
        examples=("ACK", "ACK ALL"),
        words=("acknowledge", "alarm", "seen", "silence"),
    ),
    Verb(
        word="ACC",
        title="Choose an account",
        usage="ACC name",
        help="Makes an account the one at the prompt. At the end of a sentence it holds for that one only.",
        examples=("ACC {account}", "BUY 2 ES ACC {account}"),
        words=("account", "switch", "choose"),
    ),
    Verb(
        word="GRP",
        title="Choose a group",
        usage="GRP name",
        help="Makes a group of accounts the one at the prompt. At the end of a sentence it holds for that one only.",
        examples=("GRP {group}", "BUY 2 ES GRP {group}"),
        words=("group", "switch", "choose"),
    ),
    Verb(
        word="QUIT",
        title="Quit",
        usage="QUIT",
        help="Leaves the workstation; with positions, orders or stops it asks whether to go on without a screen.",
        examples=("QUIT",),
        words=("quit", "exit", "leave"),
    ),
)
"""Every verb, in the order that help and palette show them."""
