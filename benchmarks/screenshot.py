"""Makes docs/screenshot.svg from the running program: a real desk, a real alert by HTTP, real fills.

Run it with ``.venv/bin/python -m benchmarks.screenshot``.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import json
import os
import re
import tempfile
from pathlib import Path

SIZE = (160, 42)
TARGET = Path(__file__).parents[1] / "docs" / "screenshot.svg"
ALERTS = (
    {"symbol": "NQ", "action": "buy", "quantity": 1, "strategy": "breakout", "account_group": "main"},
    {"ticker": "CME_MINI:ES1!", "action": "sell", "sentiment": "short", "quantity": "1", "strategy": "fade",
     "account_group": "topstep"},
    {"symbol": "GC", "action": "buy", "quantity": 30, "strategy": "too_big", "account_group": "apex"},
    {"symbol": "CL1!", "action": "close", "strategy": "swing", "account_group": "tradeday"},
)  # fmt: skip


def post(address: str, secret: str, body: bytes) -> None:
    """Send one signed alert."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("POST", "/webhook/tradingview", body, {"X-Webhook-Signature": signature})
    connection.getresponse().read()
    connection.close()


async def make(folder: Path) -> None:
    """Run the workstation without a terminal, trade a little, and write what it shows."""
    for name in ("CONFIG", "DATA", "STATE", "LOG", "RUNTIME"):
        os.environ[f"TT_{name}_FOLDER"] = str(folder / name.lower())
    from tt_tui.cli.choices import Choices
    from tt_tui.cli.session import Session
    from tt_tui.tui.app import WorkstationApp

    session = Session(Choices(demo=True, port=0), with_proofs=True)
    app = WorkstationApp(session.open)
    async with app.run_test(size=SIZE) as pilot:
        while session.port is None or not session.port.status().listener:
            await pilot.pause(0.1)
        await pilot.pause(1.0)
        assert session.proofs is not None
        secret = session.proofs.signing_secret.reveal()
        for sentence in ("BUY 2 ES STOP 20t TP 40t", "SELL 1 CL @ 99.00"):
            await pilot.press(*(character if character != " " else "space" for character in sentence), "enter")
            await pilot.pause(0.5)
        for alert in ALERTS:
            await asyncio.to_thread(post, session.port.status().listener, secret, json.dumps(alert).encode())
            await pilot.pause(0.5)
        for character in "SELL HALF ES":
            await pilot.press(character if character != " " else "space")
        await pilot.pause(1.0)
        # The picture names a font to be fetched from elsewhere; a reader's own monospace will do.
        picture = re.sub(r"@font-face \{.*?\}\s*", "", app.export_screenshot(title="tt"), flags=re.DOTALL)
        TARGET.write_text(picture, encoding="utf-8")
    session.close("the picture is made")


def main() -> None:
    """Make the picture."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(make(Path(folder)))
    print(f"wrote {TARGET.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
