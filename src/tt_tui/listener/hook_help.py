"""How to send alerts here: the address, a ready TradingView message, a signed curl line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from tt_tui.infra.redaction import Secret
from tt_tui.listener.hook_file import Hook

PATH = "/webhook/tradingview"


def tradingview_message(strategy: str, group: str) -> str:
    """Return the text for the alert's message box; TradingView replaces what stands in double braces."""
    message = {
        "symbol": "{{ticker}}",
        "action": "{{strategy.order.action}}",
        "quantity": "{{strategy.order.contracts}}",
        "market_position": "{{strategy.market_position}}",
        "market_position_size": "{{strategy.market_position_size}}",
        "timenow": "{{timenow}}",
        "strategy": strategy,
        "account_group": group,
    }
    return json.dumps(message, indent=2)


def curl_line(url: str, group: str) -> str:
    """Return shell lines that sign and post one alert; the secret comes from ``SIGNING_SECRET``."""
    body = json.dumps(
        {"symbol": "ES", "action": "buy", "quantity": 1, "strategy": "test_strategy", "account_group": group}
    )
    return "\n".join(
        (
            f"BODY='{body}'",
            "SIGNATURE=$(printf '%s' \"$BODY\" | openssl dgst -sha256 -hmac \"$SIGNING_SECRET\" -r | cut -d' ' -f1)",
            f"curl -sS -X POST {url}{PATH} -H 'Content-Type: application/json' \\",
            '  -H "X-Webhook-Signature: $SIGNATURE" --data-binary "$BODY"',
        )
    )


def help_text(
    url: str, hooks: Sequence[Hook], made: Mapping[str, Secret], signing_secret: Callable[[str], Secret | None]
) -> str:
    """Return the page; a token that was not made in this run can't be shown again."""
    if not url:
        return "The listener does not run, so no alert can arrive; the log says why."
    parts = [
        f"Alerts arrive at {url}{PATH}.",
        "TradingView reaches public names on port 443 only: put a tunnel or a reverse proxy in front of it, and add "
        "its name to public_hosts.",
    ]
    for hook in hooks:
        groups = ", ".join(hook.groups)
        if hook.profile == "tv":
            parts += ["", f"{hook.name}: for TradingView's webhook URL, account groups {groups}"]
            token = made.get(hook.name)
            if token is None:
                parts.append(f"  its token was shown when it was made; `tt hook rotate {hook.name}` makes a new one")
            else:
                parts.append(f"  {url}{PATH}/{token.reveal()}")
            parts += ["  message:", _indented(tradingview_message(hook.name, hook.default_group))]
        else:
            secret = signing_secret(hook.name)
            parts += ["", f"{hook.name}: for your own programs, signed, account groups {groups}"]
            if secret is None:
                parts.append(f"  its signing secret can't be read; `tt hook rotate {hook.name}` makes a new one")
            else:
                parts.append(f"  SIGNING_SECRET='{secret.reveal()}'")
            parts.append(_indented(curl_line(url, hook.default_group)))
    if not hooks:
        parts += ["", "No hook exists, so every alert is refused; `tt hook add NAME` makes one."]
    return "\n".join(parts)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
