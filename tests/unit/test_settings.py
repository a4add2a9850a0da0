"""The configuration file: what it can say, and that every mistake in it is told with its place and its cure."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.sources import ROOT
from tt_tui.domain.order import OrderType
from tt_tui.settings import default_setup
from tt_tui.settings.file import BadSettings, Problem, read_settings
from tt_tui.settings.lines import line_of, lines_of
from tt_tui.settings.reference import reference, sample

SECOND = 1_000_000_000
FULL = """
[market]
kind = "simulated"
seed = 7

[listener]
port = 0
public_hosts = ["alerts.example.com"]
head_seconds = 2.5

[screen]
theme = "dark"
fps = 15
mouse = false

[watchlist]
symbols = ["ES", "MNQZ6", "SPY"]

[desk]
default_group = "both"
entries_per_minute = 3
fill_timeout = 12

[paper]
commission = 2.09
commission_by_root = { MES = 0.62 }
margin.ES = 13200

[accounts.one]
start_balance = 100_000
[accounts.one.limits]
max_position = "none"
max_alert_age = 30
collar_percent = 0.5

[accounts.two]

[groups.both]
accounts = ["one", "two"]
stop_ticks = 20

[[groups.nights.routes]]
account = "two"
symbols = ["CL"]
shared = true
multiplier = 0.5
cap = 3
order_type = "limit"
sides = ["long"]
windows = [
  { start = "08:30", end = "15:00", flatten_at_end = true },
]

[rolls]
ESZ6 = 2026-12-14
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(BadSettings) as caught:
        read_settings(written(folder, text))
    return caught.value.problems


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.toml") == default_setup()


def test_an_empty_file_is_the_defaults_from_that_file(tmp_path: Path) -> None:
    setup, defaults = read_settings(written(tmp_path, "")), default_setup()

    assert setup.source.endswith("config.toml")
    assert (setup.desk, setup.accounts, setup.paper) == (defaults.desk, defaults.accounts, defaults.paper)
    assert (setup.listener, setup.screen, setup.market) == (defaults.listener, defaults.screen, defaults.market)
    assert setup.watchlist == defaults.watchlist


def test_everything_it_can_say_arrives(tmp_path: Path) -> None:
    text = FULL.replace('accounts = ["one", "two"]\nstop', 'accounts = ["one", "two"]\nsymbols = ["ES"]\nstop')
    setup = read_settings(written(tmp_path, text))

    assert (setup.market.seed, setup.listener.port, setup.listener.head_seconds) == (7, 0, 2.5)
    assert setup.listener.public_hosts == ("alerts.example.com",)
    assert (setup.screen.theme, setup.screen.frame_rate, setup.screen.mouse) == ("dark", 15, False)
    assert setup.watchlist == ("ES", "MNQZ6", "SPY")
    assert (setup.desk.default_group, setup.desk.entries_per_minute, setup.desk.fill_timeout) == ("both", 3, 12.0)
    assert setup.paper.commission == Decimal("2.09")
    assert (setup.paper.commission_by_root, setup.paper.margin) == ({"MES": Decimal("0.62")}, {"ES": Decimal(13200)})
    assert [(account.name, account.start_balance) for account in setup.accounts] == [
        ("one", Decimal(100_000)),
        ("two", Decimal(50_000)),
    ]
    limits = setup.desk.account("one").limits
    assert (limits.max_position, limits.max_alert_age, limits.collar_percent) == (None, 30 * SECOND, Decimal("0.5"))
    assert [route.account for route in setup.desk.groups["both"]] == ["one", "two"]
    assert {route.stop_ticks for route in setup.desk.groups["both"]} == {Decimal(20)}
    (night,) = setup.desk.groups["nights"]
    assert (night.multiplier, night.cap, night.order_type) == (Decimal("0.5"), Decimal(3), OrderType.LIMIT)
    assert (night.sides, night.symbols, night.windows[0].flatten_at_end) == (("long",), ("CL",), True)
    assert setup.desk.roll_overrides == {"ESZ6": date(2026, 12, 14)}


def test_one_account_alone_is_its_own_group(tmp_path: Path) -> None:
    setup = read_settings(written(tmp_path, "[accounts.solo]\n"))

    assert [route.account for route in setup.desk.groups["main"]] == ["solo"]
    assert not setup.desk.groups["main"][0].adopt


@pytest.mark.parametrize(
    ("text", "line", "key", "seen", "expected", "write"),
    [
        ("[listener]\nprot = 1", 2, "listener.prot", "did you mean port?", "one of enabled, host, port", "port = 8000"),
        ("\n[lisener]\nport = 1", 2, "lisener", "did you mean listener?", "one of market, listener", "[listener]"),
        ("[listener]\nport = 99999", 2, "listener.port", "99999", "a whole number from 0 to 65535", "port = 8000"),
        ('[listener]\nport = "8000"', 2, "listener.port", '"8000"', "a whole number from 0 to 65535", "port = 8000"),
        ("[listener]\nport = true", 2, "listener.port", "true", "a whole number", "port = 8000"),
        ("[listener]\nenabled = 1", 2, "listener.enabled", "1", "true or false", "enabled = true"),
        ("[listener]\nhost = 1", 2, "listener.host", "1", "text in quotes", 'host = "127.0.0.1"'),
        ("[listener]\nhead_seconds = 0", 2, "listener.head_seconds", "0", "above 0", "head_seconds = 5.0"),
        (
            'listener.public_hosts = ["https://a.b/c"]',
            1,
            "listener.public_hosts[1]",
            "no host name",
            "a name",
            "public_",
        ),
        (
            'listener.trusted_proxies = ["here"]',
            1,
            "listener.trusted_proxies[1]",
            "neither",
            "an IP address",
            "trusted_",
        ),
        ("[screen]\nfps = 0", 2, "screen.fps", "0", "a whole number from 1 to 60", "fps = 20"),
        ('[screen]\ntheme = "drak"', 2, "screen.theme", "no theme drak", "dark", 'theme = "dark"'),
        ('[market]\nkind = "live"', 2, "market.kind", '"live"', '"simulated" or "replay"', 'kind = "simulated"'),
        ('[market]\nkind = "replay"', 2, "market.kind", "needs a recording", "its file", "file = "),
        ("[watchlist]\nsymbols = 'ES'", 2, "watchlist.symbols", '"ES"', "a list in brackets", 'symbols = ["ES"'),
        ('[watchlist]\nsymbols = ["E!!"]', 2, "watchlist.symbols[1]", "E!!", "a root", "for example ES"),
        ('[desk]\ndefault_group = "x"\n[groups.y]\naccounts = ["main-1"]', 2, "desk.default_group", "x", "y", '"y"'),
        ("[accounts.a]\nlive = true", 2, "accounts.a.live", "can't be live", "false", "live = false"),
        ('[accounts.a]\nbroker = "ib"', 2, "accounts.a.broker", '"ib"', '"paper"', 'broker = "paper"'),
        ('[accounts."1 a"]', 1, "accounts.1 a", "1 a", "begins with a letter", "[accounts."),
        (
            '[accounts.a]\nstart_balance = "50"',
            2,
            "accounts.a.start_balance",
            '"50"',
            "a number",
            "start_balance = 50000",
        ),
        ("[accounts.a.limits]\nmax_open_orders = 1.5", 2, "accounts.a.limits.max_open_orders", "1.5", "whole", "= 50"),
        ("[accounts.a]\n[accounts.b]", 1, "accounts", "no group", "a group", "[groups.main]"),
        ('[groups.main]\naccounts = ["man-1"]', 2, "groups.main.accounts[1]", "man-1", "main-1", '["main-1"]'),
        ("[groups.main]", 1, "groups.main", "no account", "at least one", 'accounts = ["main-1"]'),
        ('[groups.main]\naccounts = ["main-1", "main-1"]', 2, "groups.main.accounts[1]", "twice", "once", ""),
        ("[[groups.main.routes]]\ncap = 1", 1, "groups.main.routes[1].account", "missing", "a value", 'account = "'),
        (
            '[[groups.main.routes]]\naccount = "main-1"\n[[groups.main.routes]]\naccount = "apex-1"\ncap = 0',
            5,
            "groups.main.routes[2].cap",
            "0",
            "above 0",
            "cap = 3",
        ),
        (
            '[groups.main]\naccounts = ["main-1"]\nwindows = [{start = "8:30", end = "15:00"}]',
            3,
            "groups.main.windows[1].start",
            '"8:30"',
            "HH:MM",
            'start = "08:30"',
        ),
        (
            '[groups.main]\naccounts = ["main-1"]\n[groups.more]\naccounts = ["main-1"]\nshared = true',
            4,
            "groups.more.accounts[1]",
            "in the group main too",
            "shared = true in both",
            "shared = true",
        ),
        ("[paper]\nmargin = { EZ = 1 }", 2, "paper.margin.EZ", "no futures root", "a root", " = 1"),
        ('[rolls]\nESZ6 = "2026-12-14"', 2, "rolls.ESZ6", '"2026-12-14"', "without quotes", "ESZ6 = 2026-12-14"),
        ("[rolls]\nES = 2026-12-14", 2, "rolls.ES", "not a contract", "a contract", "ESZ6 = 2026-12-14"),
        ("[listener]\nport = ", 2, "", "not TOML", "key = value", "port = 8000"),
    ],
)
def test_a_mistake_is_told_with_place_and_cure(
    tmp_path: Path, text: str, line: int, key: str, seen: str, expected: str, write: str
) -> None:
    (found,) = problems(tmp_path, text)

    assert (found.line, found.key) == (line, key)
    assert seen in found.seen
    assert expected in found.expected
    assert write in found.write
    assert f"{tmp_path / 'config.toml'}:{line}: " in str(found)


def test_every_problem_is_told_at_once_in_order_of_the_lines(tmp_path: Path) -> None:
    text = "[screen]\nfps = 0\n[accounts.a]\nlive = true\n[listener]\nport = -1\nprot = 3\n[rolls]\nXX = 2026-01-01\n"

    found = problems(tmp_path, text)

    assert [each.line for each in found] == [2, 4, 6, 7, 9]


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'[screen]\ntheme = "\xff"\n')

    with pytest.raises(BadSettings, match=r"config\.toml:2: .*UTF-8"):
        read_settings(path)


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="can't be read"):
        read_settings(tmp_path)


def test_no_environment_variable_changes_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LISTENER", "TT_LISTENER", "DESK", "ACCOUNTS"):
        monkeypatch.setenv(name, '{"port": 1}')

    assert read_settings(written(tmp_path, "")).listener.port == 8000


def test_two_groups_may_share_an_account_that_says_so_or_trade_different_symbols(tmp_path: Path) -> None:
    shared = '[groups.main]\naccounts = ["main-1"]\nshared = true\n[groups.b]\naccounts = ["main-1"]\nshared = true\n'
    apart = (
        '[groups.main]\naccounts = ["main-1"]\nsymbols = ["ES"]\n[groups.b]\naccounts = ["main-1"]\nsymbols = ["CL"]\n'
    )

    assert set(read_settings(written(tmp_path, shared)).desk.groups) == {"main", "b"}
    assert set(read_settings(written(tmp_path, apart)).desk.groups) == {"main", "b"}


def test_the_sample_is_right_and_so_is_every_line_of_it_once_set(tmp_path: Path) -> None:
    assert read_settings(written(tmp_path, sample())).desk == default_setup().desk

    tables = ("market", "listener", "screen", "watchlist", "desk", "paper")
    plain = sample().partition("\n# Accounts and groups")[0]
    live = "\n".join(
        line.removeprefix("# ") if line.startswith("# ") and _is_a_setting(line[2:]) else line
        for line in plain.splitlines()
    )
    assert set(tomllib.loads(live)) == set(tables)
    setup = read_settings(written(tmp_path, live.replace("fps = 20", "fps = 30")))
    assert setup.screen.frame_rate == 30
    assert setup.desk == default_setup().desk


def test_the_accounts_of_the_sample_work_once_set(tmp_path: Path) -> None:
    own = sample().partition("# [accounts.first]")[2].partition("# Roll days")[0]
    text = "\n".join(line.removeprefix("# ") for line in f"# [accounts.first]{own}".splitlines())

    setup = read_settings(written(tmp_path, text))

    assert set(setup.desk.groups) == {"main", "micro"}


def _is_a_setting(line: str) -> bool:
    try:
        return len(tomllib.loads(line)) == 1
    except tomllib.TOMLDecodeError:
        return False


def test_the_reference_is_made_from_the_model() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == reference()


def test_lines_are_found_through_lists_dots_quotes_and_values_over_several_lines() -> None:
    text = '[a]\nx = [\n  1,\n]\n"b c".d = 1\n[[l]]\nk = 1\n[[l]]\nk = """\n[no]\n"""\nz = 2\n[l.sub]\nq = 1\n'
    lines = lines_of(text)

    assert lines[("a", "x")] == 2
    assert lines[("a", "b c", "d")] == 5
    assert (lines[("l", 0, "k")], lines[("l", 1, "k")], lines[("l", 1, "z")]) == (7, 9, 12)
    assert lines[("l", 1, "sub", "q")] == 14
    assert ("no",) not in lines
    assert line_of(lines, ("a", "x", 0)) == 2
    assert line_of(lines, ("elsewhere",)) is None
