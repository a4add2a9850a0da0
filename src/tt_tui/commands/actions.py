"""What keys do, and where."""

from __future__ import annotations

from tt_tui.commands.entry import PANE, Action

ACTIONS: tuple[Action, ...] = (
    Action(id="app.help", text="Help", keys=("f1",), shown=True),
    Action(id="app.command_line", text="Command line", keys=("escape",), shown=True),
    Action(id="app.palette", text="Palette", keys=("ctrl+p",), shown=True),
    Action(id="open.W", text="Watchlist", keys=("f2",), shown=True),
    Action(id="open.ALRT", text="Alerts", keys=("f3",), shown=True),
    Action(id="open.BLOT", text="Orders", keys=("f4",), shown=True),
    Action(id="open.POS", text="Positions", keys=("f5",), shown=True),
    Action(id="open.ACCT", text="Accounts", keys=("f6",)),
    Action(id="open.LOG", text="Log", keys=("f7",)),
    Action(id="open.HOOK", text="Webhook", keys=("f8",)),
    Action(id="pane.next", text="Next pane", keys=("ctrl+n",), shown=True),
    Action(id="pane.previous", text="Previous pane", keys=("ctrl+o",)),
    Action(id="pane.zoom", text="Zoom the pane", keys=("f9",)),
    Action(id="desk.flatten", text="Flatten", keys=("ctrl+g",), needs_confirmation=True, shown=True, types="FLAT"),
    Action(id="desk.kill", text="Kill switch", keys=("ctrl+t",), needs_confirmation=True, shown=True, types="KILL"),
    Action(id="desk.acknowledge", text="Acknowledge alarms", keys=("ctrl+y",)),
    Action(id="app.quit", text="Quit", keys=("ctrl+c",), needs_confirmation=True),
    Action(id="row.down", text="Next row", keys=("j", "down"), where=PANE),
    Action(id="row.up", text="Previous row", keys=("k", "up"), where=PANE),
    Action(id="row.first", text="First row", keys=("g", "home"), where=PANE),
    Action(id="row.last", text="Last row", keys=("G", "end"), where=PANE),
    Action(id="row.page_down", text="Next page", keys=("pagedown",), where=PANE),
    Action(id="row.page_up", text="Previous page", keys=("pageup",), where=PANE),
    Action(id="row.pick", text="Choose the row", keys=("enter",), where=PANE),
    Action(id="row.copy", text="Copy the row", keys=("y",), where=PANE),
    Action(id="watchlist.sort", text="Sort", keys=("s",), where="watchlist"),
    Action(id="alerts.details", text="Details", keys=("d",), where="alerts"),
    Action(id="orders.cancel", text="Cancel the order", keys=("ctrl+x",), needs_confirmation=True, where="orders"),
    Action(id="orders.confirm", text="Approve the order", keys=("ctrl+r",), needs_confirmation=True, where="orders"),
    Action(id="positions.close", text="Close", keys=("ctrl+x",), needs_confirmation=True, where="positions"),
    Action(
        id="positions.break_even", text="To break-even", keys=("ctrl+r",), needs_confirmation=True, where="positions"
    ),
)
"""Every key action; ``where`` is ``app``, ``pane`` (any list) or a pane kind."""
