"""``python -m tt_tui`` is `tt`."""

from __future__ import annotations

from tt_tui.cli import main

main()
