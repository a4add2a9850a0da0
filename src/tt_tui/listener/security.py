"""Who sent a request, and whether it is to be believed (webhook-security §3.4 to §3.9).

Every comparison hashes both sides and runs in constant time, and every candidate is compared with every active
proof: neither the answer's time nor its text tells which part was wrong.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tt_tui.listener.config import ListenerConfig
from tt_tui.listener.hook_file import Hook
from tt_tui.listener.hooks import Keys, SigningKey

_LOG = logging.getLogger(__name__)

Headers = Mapping[bytes, Sequence[bytes]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SIGNED_WINDOW = 300
"""Seconds that a signed time may differ from ours, either way (Standard Webhooks, Stripe, Svix)."""
LONGEST_ID = 256
MOST_SIGNATURES = 8
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Proof:
    """A sender that is believed."""

    hook: Hook
    secret: str = ""
    """The token it showed, to be taken out of whatever is stored."""
    key: str = ""
    """The unique id that the proof itself covers."""
    signed_at: int | None = None
    """The time that the proof itself covers, nanoseconds UTC."""

    def __repr__(self) -> str:
        return f"Proof({self.hook.name})"


@dataclass(frozen=True, slots=True)
class Stale:
    """A right signature with a time outside the window."""

    hook: Hook
    seconds: int
    """How old; negative where it lies in the future."""


def is_same(given: bytes, expected: bytes) -> bool:
    """Compare in constant time, whatever the lengths."""
    return hmac.compare_digest(hashlib.sha256(given).digest(), hashlib.sha256(expected).digest())


def is_same_digest(given: bytes, expected: bytes) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(given, expected)


def prove_token(keys: Keys, candidates: Sequence[str], now: int) -> Proof | None:
    """Return whose token is among the candidates; all are compared with all."""
    found: Proof | None = None
    for candidate in candidates:
        digest = hashlib.sha256(candidate.encode("utf-8", "surrogatepass")).digest()
        for key in keys.tokens:
            if is_same_digest(digest, key.digest) & key.row.is_live(now):
                found = Proof(key.hook, secret=candidate)
    return found


def prove_api_token(keys: Keys, headers: Headers, now: int) -> bool:
    """Return True where ``Authorization`` carries a token that may read the API."""
    values = headers.get(b"authorization", ())
    scheme, _, token = (values[0] if len(values) == 1 else b"").partition(b" ")
    digest = hashlib.sha256(token.strip()).digest()
    found = False
    for expected, row in keys.api:
        found |= is_same_digest(digest, expected) & row.is_live(now)
    return found and scheme.lower() == b"bearer"


def prove_signature(keys: Keys, headers: Headers, raw: bytes, now: int) -> Proof | Stale | None:
    """Return who signed the raw body, by either signed form."""
    if b"webhook-signature" in headers:
        return _standard(keys, headers, raw, now)
    values = headers[b"x-webhook-signature"]
    given = values[0].strip().lower() if len(values) == 1 else b""
    hook = _signer(keys, [given.removeprefix(b"sha256=")], now, lambda key: _hex_signature(key, raw))
    return None if hook is None else Proof(hook)


def is_signed(headers: Headers) -> bool:
    """Return True where a request shows a signature, so that nothing else proves it."""
    return b"webhook-signature" in headers or b"x-webhook-signature" in headers


def _standard(keys: Keys, headers: Headers, raw: bytes, now: int) -> Proof | Stale | None:
    fields = [headers.get(name, ()) for name in (b"webhook-id", b"webhook-timestamp", b"webhook-signature")]
    if any(len(values) != 1 for values in fields):
        return None
    message_id, stamp, signatures = (values[0].strip() for values in fields)
    given = [part[3:] for part in signatures.split(b" ")[:MOST_SIGNATURES] if part.startswith(b"v1,")]
    signed = b".".join((message_id, stamp, raw))
    hook = _signer(keys, given, now, lambda key: _standard_signature(key, signed))
    is_id = 0 < len(message_id) <= LONGEST_ID and message_id.isascii() and message_id.decode("ascii").isprintable()
    if hook is None or not is_id or not (stamp.isdigit() and len(stamp) <= 12):
        return None
    seconds = int(stamp)
    age = now // _SECOND - seconds
    if abs(age) > SIGNED_WINDOW:
        return Stale(hook, age)
    return Proof(hook, key=message_id.decode("ascii"), signed_at=seconds * _SECOND)


def _signer(keys: Keys, given: Sequence[bytes], now: int, sign: Callable[[SigningKey], bytes]) -> Hook | None:
    found: Hook | None = None
    for key in keys.signing:
        expected = sign(key)
        for signature in given:
            if is_same(signature, expected) & bool(expected) & key.row.is_live(now):
                found = key.hook
    return found


def _hex_signature(key: SigningKey, raw: bytes) -> bytes:
    return hmac.new(key.secret.reveal().encode(), raw, hashlib.sha256).hexdigest().encode()


def _standard_signature(key: SigningKey, signed: bytes) -> bytes:
    try:
        secret = base64.b64decode(key.secret.reveal().removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return b""
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest())


class Doors:
    """What the network says of a request: the name it was sent to, whether a browser sent it, and from where."""

    def __init__(self, config: ListenerConfig) -> None:
        names = [*LOCAL_HOSTS, *config.public_hosts]
        if config.host not in ("0.0.0.0", "::"):  # noqa: S104 compared, not bound
            names.append(f"[{config.host}]" if ":" in config.host else config.host)
        self._hosts = {name.lower().encode() for name in names}
        self._proxies = _networks(config.trusted_proxies, "trusted_proxies")
        self._tradingview = _networks(config.tradingview_addresses, "tradingview_addresses")
        self._tradingview_only = config.tradingview_only

    def knows_host(self, headers: Headers) -> bool:
        """Return True where ``Host`` is one of ours, which a page in a browser can't forge."""
        values = headers.get(b"host", ())
        if len(values) != 1:
            return False
        host = values[0].lower()
        name, _, port = host.rpartition(b":")
        if port.isdigit() and name and not (b":" in name and not name.endswith(b"]")):
            host = name
        return host in self._hosts

    def is_from_browser(self, headers: Headers) -> bool:
        """Return True for what a page in a browser sends."""
        if b"origin" in headers:
            return True
        return any(value.strip().lower() != b"none" for value in headers.get(b"sec-fetch-site", ()))

    def address(self, peer: str, headers: Headers) -> str | None:
        """Return the real client's address, None where a tunnel or proxy hides it.

        ``X-Forwarded-For`` is read only where the peer is a trusted proxy, and then the right-most hop that is
        not one itself.
        """
        own = _address(peer)
        if own is None:
            return None
        if not _is_among(own, self._proxies):
            return None if own.is_loopback else str(own)
        hops = b",".join(headers.get(b"x-forwarded-for", ())).split(b",")
        for hop in reversed(hops):
            found = _address(hop.decode("latin-1").strip())
            if found is None:
                return None
            if not _is_among(found, self._proxies):
                return str(found)
        return None

    def permits(self, hook: Hook, address: str | None) -> bool:
        """Return False for a token from an address that is known not to be TradingView's, where only its count."""
        if not self._tradingview_only or hook.profile != "tv" or address is None:
            return True
        found = _address(address)
        return found is not None and _is_among(found, self._tradingview)


def _networks(texts: Sequence[str], setting: str) -> tuple[Network, ...]:
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            _LOG.error("%s: %r is neither an address nor a network such as 10.0.0.0/8; it is not used", setting, text)
    return tuple(found)


def _is_among(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _address(text: str) -> Address | None:
    """Return the address that a hop names, with or without a port."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
