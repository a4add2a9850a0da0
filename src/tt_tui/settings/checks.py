"""What is wrong between the keys of a configuration, each of which is right by itself."""

from __future__ import annotations

import difflib
import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tt_tui.domain.instrument import UnknownSymbol, product, products
from tt_tui.domain.rolls import RollCalendar
from tt_tui.domain.symbology import parse_symbol
from tt_tui.infra.clock import SystemClock
from tt_tui.infra.locations import shipped
from tt_tui.settings import default_setup
from tt_tui.settings.model import AccountTable, GroupTable, RouteTable, Settings

Key = tuple[str | int, ...]


class Finding(NamedTuple):
    """Something wrong: where, what was seen, what was expected, and a line that would do."""

    key: Key
    seen: str
    expected: str
    write: str = ""


def check(settings: Settings, data: Mapping[str, Any], config: Path) -> list[Finding]:
    """Return what is wrong; ``data`` is the file as it is, with what could not be read."""
    today = datetime.fromtimestamp(SystemClock().now() // 1_000_000_000, tz=UTC).date()
    return [
        *_accounts(settings),
        *_groups(settings, data),
        *_sharing(settings),
        *_market(settings),
        *_symbols(settings, today),
        *_roots(settings),
        *_rolls(settings),
        *_network(settings),
        *_theme(settings, config),
    ]


def account_names(settings: Settings, data: Mapping[str, Any]) -> list[str]:
    """Return the accounts that a group may name: those of the file, else those of the defaults."""
    own = data.get("accounts")
    if settings.accounts or (isinstance(own, Mapping) and own):
        return [*settings.accounts, *(name for name in own or () if name not in settings.accounts)]
    return [account.name for account in default_setup().accounts]


def routes_of(group: GroupTable) -> list[tuple[Key, RouteTable]]:
    """Return a group's routes with their places in its table."""
    common = {name: getattr(group, name) for name in group.model_fields_set - {"accounts", "routes"}}
    named = [
        (("accounts", number), RouteTable.model_construct(**{**RouteTable(account=name).__dict__, **common}))
        for number, name in enumerate(group.accounts)
    ]
    return [*named, *((("routes", number), route) for number, route in enumerate(group.routes))]


def _accounts(settings: Settings) -> Iterator[Finding]:
    for name, account in settings.accounts.items():
        if account.live and account.broker == "paper":
            yield Finding(("accounts", name, "live"), "a paper account can't be live", "false", "live = false")
    if len(settings.accounts) > 1 and not settings.groups:
        names = ", ".join(f'"{name}"' for name in settings.accounts)
        yield Finding(
            ("accounts",),
            "there are several accounts and no group says which of them trade",
            "a group of accounts",
            f"[groups.{settings.desk.default_group}] with accounts = [{names}]",
        )


def _groups(settings: Settings, data: Mapping[str, Any]) -> Iterator[Finding]:
    known = account_names(settings, data)
    default = settings.desk.default_group
    if settings.groups and default not in settings.groups:
        names = ", ".join(settings.groups)
        first = next(iter(settings.groups))
        place: Key = ("desk", "default_group") if "default_group" in settings.desk.model_fields_set else ("groups",)
        yield Finding(
            place,
            f"no group is called {default}, where lines and alerts go that name none",
            f"one of {names}",
            f'default_group = "{first}" under [desk]',
        )
    for name, group in settings.groups.items():
        routes = routes_of(group)
        if not routes:
            yield Finding(("groups", name), "it has no account", "at least one", f'accounts = ["{known[0]}"]')
        counts = Counter(route.account for _, route in routes)
        for place, route in routes:
            key = ("groups", name, *place)
            if route.account not in known:
                near = (difflib.get_close_matches(route.account, known, 1) or known[:1])[0]
                write = f'accounts = ["{near}"]' if place[0] == "accounts" else f'account = "{near}"'
                yield Finding(key, f"no account is called {route.account}", f"one of {', '.join(known)}", write)
            elif counts[route.account] > 1:
                yield Finding(key, f"{route.account} is in the group twice", "each account once")
                counts[route.account] = 1
            yield from _route(key, route)


def _route(key: Key, route: RouteTable) -> Iterator[Finding]:
    for number, window in enumerate(route.windows):
        if window.start == window.end:
            place = (*key, "windows", number) if key[-2] == "routes" else (*key[:2], "windows", number)
            yield Finding(
                place, f"the window starts and ends at {window.start}", "an end after its start", 'end = "15:00"'
            )
    if not route.sides:
        yield Finding((*key[:2], "sides"), "no side is permitted", "long, short or both", 'sides = ["long", "short"]')


def _sharing(settings: Settings) -> Iterator[Finding]:
    """Two groups that trade one contract on one account share a position (order-lifecycle §8)."""
    seen: dict[str, list[tuple[str, RouteTable]]] = {}
    for name, group in settings.groups.items():
        for place, route in routes_of(group):
            for other, held in seen.get(route.account, ()):
                if other != name and _overlap(held, route) and not (held.shared and route.shared):
                    yield Finding(
                        ("groups", name, *place),
                        f"{route.account} is in the group {other} too, and both may trade the same contracts",
                        "symbols that differ, or shared = true in both",
                        "shared = true",
                    )
            seen.setdefault(route.account, []).append((name, route))


def _overlap(one: RouteTable, other: RouteTable) -> bool:
    return not one.symbols or not other.symbols or bool(set(one.symbols) & set(other.symbols))


def _market(settings: Settings) -> Iterator[Finding]:
    market = settings.market
    if market.kind != "replay":
        return
    if market.file is None:
        yield Finding(("market", "kind"), "a replay needs a recording", "its file", 'file = "recording.parquet"')
    elif not market.file.is_file():
        seen = f"there is no file {market.file}"
        yield Finding(("market", "file"), seen, "a CSV or Parquet file", 'file = "recording.parquet"')


def _symbols(settings: Settings, today: date) -> Iterator[Finding]:
    places: list[tuple[Key, str]] = [
        (("watchlist", "symbols", number), symbol) for number, symbol in enumerate(settings.watchlist.symbols)
    ]
    for name, group in settings.groups.items():
        places += [(("groups", name, "symbols", number), symbol) for number, symbol in enumerate(group.symbols)]
        for at, route in enumerate(group.routes):
            where = ("groups", name, "routes", at, "symbols")
            places += [((*where, number), symbol) for number, symbol in enumerate(route.symbols)]
    if settings.market.symbol:
        places.append((("market", "symbol"), settings.market.symbol))
    for key, symbol in places:
        try:
            parse_symbol(symbol, today=today)
        except UnknownSymbol as error:
            yield Finding(key, str(error), "a root, contract or share", "for example ES, ESZ6 or SPY")


def _roots(settings: Settings) -> Iterator[Finding]:
    tables = {"commission_by_root": settings.paper.commission_by_root, "margin": settings.paper.margin}
    for table, rows in tables.items():
        for root in rows:
            if product(root) is None:
                near = (difflib.get_close_matches(root, products(), 1) or ["ES"])[0]
                yield Finding(("paper", table, root), f"{root} is no futures root", "a root", f"{near} = {rows[root]}")


def _rolls(settings: Settings) -> Iterator[Finding]:
    for contract, day in settings.rolls.items():
        try:
            RollCalendar({contract: day})
        except ValueError as error:
            yield Finding(("rolls", contract), str(error), "a contract and its roll day", "ESZ6 = 2026-12-14")


def _network(settings: Settings) -> Iterator[Finding]:
    listener = settings.listener
    for name in ("trusted_proxies", "tradingview_addresses"):
        for number, text in enumerate(getattr(listener, name)):
            try:
                ipaddress.ip_network(text.strip(), strict=False)
            except ValueError:
                seen = f'"{text}" is neither an address nor a network'
                yield Finding(("listener", name, number), seen, "an IP address or network", f'{name} = ["127.0.0.1"]')
    for number, text in enumerate(listener.public_hosts):
        if not text or any(mark in text for mark in "/ :"):
            seen = f'"{text}" is no host name'
            write = 'public_hosts = ["alerts.example.com"]'
            yield Finding(("listener", "public_hosts", number), seen, "a name without https:// and path", write)


def _theme(settings: Settings, config: Path) -> Iterator[Finding]:
    wanted = settings.screen.theme
    folders = [shipped("themes"), config / "themes"]
    names = sorted({file.stem for folder in folders if folder.is_dir() for file in folder.glob("*.toml")})
    if wanted and wanted not in names:
        near = (difflib.get_close_matches(wanted, names, 1) or ["dark"])[0]
        seen = f"there is no theme {wanted}"
        yield Finding(("screen", "theme"), seen, f"one of {', '.join(names)}", f'theme = "{near}"')


def the_only_account(settings: Settings) -> tuple[str, AccountTable] | None:
    """Return the account that trades alone where no group is configured."""
    return next(iter(settings.accounts.items()), None) if len(settings.accounts) == 1 else None
