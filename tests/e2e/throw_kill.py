"""A desk without a screen that buys one contract and then throws the kill switch, as a person at the prompt does."""

from __future__ import annotations

import sys
from decimal import Decimal

from tt_tui.cli.choices import Choices
from tt_tui.cli.session import Session
from tt_tui.domain.account import KillLevel
from tt_tui.domain.instruction import Action, Instruction
from tt_tui.domain.order import Bracket, Distance

PATIENCE = 30.0


def main() -> None:
    """Buy, throw, and end; a crash point ends it earlier."""
    session = Session(Choices(port=0), stream=sys.stdout)
    desk = session.open()
    distance = Distance(kind="ticks", value=Decimal(100))
    bought = desk.submit(
        Instruction(
            action=Action.BUY,
            symbol="ES",
            quantity=Decimal(1),
            accounts=("main-1",),
            bracket=Bracket(stop=distance, target=distance),
        )
    ).result(PATIENCE)
    assert bought.ok, bought.text
    thrown = desk.kill(KillLevel.FLATTEN, why="thrown by a test").result(PATIENCE)
    assert thrown.ok, thrown.text
    session.close("the test is done")
    session.end_log()


if __name__ == "__main__":
    main()
