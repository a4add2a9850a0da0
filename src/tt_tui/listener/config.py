"""What the listener is told."""

from __future__ import annotations

import msgspec

TRADINGVIEW_ADDRESSES = ("52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7")
"""Where TradingView posts from (its support article 43000529348); a setting, since it can change."""


class ListenerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Address, what is believed of the network, and limits; times in seconds."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 8000
    """0 lets the system choose."""
    public_hosts: tuple[str, ...] = ()
    """Names under which a tunnel or reverse proxy is reached; ``Host`` must be one of them or local."""
    trusted_proxies: tuple[str, ...] = ()
    """Peers whose ``X-Forwarded-For`` is believed."""
    tradingview_addresses: tuple[str, ...] = TRADINGVIEW_ADDRESSES
    tradingview_only: bool = False
    """Refuse token hooks from other addresses, where the real address is known through a trusted proxy."""
    max_connections: int = 256
    head_seconds: float = 5.0
    body_seconds: float = 5.0
    request_seconds: float = 10.0
    keep_alive_seconds: float = 15.0
    max_head: int = 8 * 1024
    max_headers: int = 50
    max_body: int = 16 * 1024
    answer_seconds: float = 1.0
    unproven_per_minute: int = 300
    unproven_per_address: int = 30
