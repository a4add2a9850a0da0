"""The book of hooks: what is written, what is shown once, what other processes see, and what is said when it fails."""

from __future__ import annotations

import base64
import json
import stat
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.listener.support import NOW, SECOND, HandClock, MemoryStore, book_at
from tt_tui.domain.instruction import Action
from tt_tui.listener.dialects import parse
from tt_tui.listener.hook_file import Hook
from tt_tui.listener.hook_help import tradingview_message
from tt_tui.listener.hooks import HookBook, HookError
from tt_tui.listener.security import prove_token


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def book(tmp_path: Path, store: MemoryStore) -> HookBook:
    return book_at(tmp_path / "private" / "hooks.json", store, HandClock())


def proves(book: HookBook, token: str, now: int = NOW) -> bool:
    return prove_token(book.keys, (token,), now) is not None


def test_the_first_run_makes_one_of_each(book: HookBook) -> None:
    first = book.ensure_first(("topstep", "main", "apex"))

    assert first is not None
    tv, signed = book.hooks()
    assert (tv.name, tv.profile, tv.groups, tv.default_group) == (
        "tradingview",
        "tv",
        ("topstep", "main", "apex"),
        "main",
    )
    assert (signed.name, signed.profile, signed.groups) == ("relay", "signed", ("topstep", "main", "apex"))
    assert len(first.token.reveal()) * 6 >= 128
    assert len(first.api_token.reveal()) * 6 >= 128
    assert first.token.reveal().replace("-", "").replace("_", "").isalnum()
    assert len(base64.b64decode(first.signing_secret.reveal().removeprefix("whsec_"), validate=True)) == 32
    assert book.token() == first.token
    assert book.api_token() == first.api_token
    assert book.signing_secret() == first.signing_secret


def test_the_first_run_happens_once(book: HookBook, tmp_path: Path, store: MemoryStore) -> None:
    book.ensure_first(("main",))
    second = book_at(tmp_path / "private" / "hooks.json", store, HandClock(), seed="second")

    assert second.ensure_first(("main",)) is None
    second.load()
    assert second.token() is None
    assert second.signing_secret() == book.signing_secret()


def test_no_proof_lies_in_the_file(book: HookBook, tmp_path: Path) -> None:
    first = book.ensure_first(("main",))
    assert first is not None
    path = tmp_path / "private" / "hooks.json"

    text = path.read_text()
    for secret in (first.token, first.signing_secret, first.api_token):
        assert secret.reveal() not in text
        assert secret.reveal() not in repr(book.keys)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_running_book_takes_changes_of_another_process_up(book: HookBook, tmp_path: Path, store: MemoryStore) -> None:
    first = book.ensure_first(("main",))
    assert first is not None
    other = book_at(tmp_path / "private" / "hooks.json", store, HandClock(), seed="other")
    other.load()
    assert not book.refresh()

    added = other.add(Hook(name="mine", profile="tv", groups=("main",), symbols=("ES",), maximum_quantity=2))
    assert not proves(book, added.value.reveal())
    assert book.refresh()
    assert proves(book, added.value.reveal())
    assert proves(book, first.token.reveal())
    signed = other.rotate("relay", overlap_hours=0)
    book.refresh()
    assert [key.secret for key in book.keys.signing] == [signed.value]

    other.revoke("mine")
    book.refresh()
    assert not proves(book, added.value.reveal())
    assert not book.refresh()


def test_a_rotation_keeps_the_old_proof_for_its_hours(book: HookBook) -> None:
    first = book.ensure_first(("main",))
    assert first is not None
    old, new = first.token.reveal(), book.rotate("tradingview", overlap_hours=2).value.reveal()

    assert proves(book, old, NOW + 2 * 3600 * SECOND - 1)
    assert not proves(book, old, NOW + 2 * 3600 * SECOND)
    assert proves(book, new, NOW + 10**6 * SECOND)
    newest = book.rotate("tradingview", overlap_hours=24).value.reveal()
    assert not proves(book, old, NOW + 2 * 3600 * SECOND)
    book.revoke("tradingview", old_only=True)
    assert [proves(book, each) for each in (old, new, newest)] == [False, False, True]


def test_the_token_of_the_api_rotates_too(book: HookBook) -> None:
    book.ensure_first(("main",))

    issued = book.rotate("api", overlap_hours=0)

    assert issued.kind == "api_token"
    assert len(book.keys.api) == 1
    assert book.api_token() == issued.value


def test_a_revoked_hook_leaves_no_secret_behind(book: HookBook, store: MemoryStore) -> None:
    book.ensure_first(("main",))
    book.rotate("relay", overlap_hours=1)
    assert len(store.secrets) == 2

    book.revoke("relay")

    assert store.secrets == {}
    assert book.keys.signing == ()


@pytest.mark.parametrize(
    ("hook", "says"),
    [
        (Hook(name="tradingview", profile="tv", groups=("main",)), "taken"),
        (Hook(name="api", profile="tv", groups=("main",)), "taken"),
        (Hook(name="My Hook", profile="tv", groups=("main",)), "small letters"),
        (Hook(name="a" * 33, profile="tv", groups=("main",)), "at most 32"),
        (Hook(name="x", profile="open", groups=("main",)), "tv .a token. or signed"),
        (Hook(name="x", profile="tv"), "at least one account group"),
        (Hook(name="x", profile="tv", groups=("apex",)), "default group 'main'"),
        (Hook(name="x", profile="tv", groups=("main",), sides=("up",)), "long and short"),
        (Hook(name="x", profile="tv", groups=("main",), maximum_quantity=0), "at least 1"),
    ],
)
def test_a_hook_that_makes_no_sense_is_refused(book: HookBook, hook: Hook, says: str) -> None:
    book.ensure_first(("main",))

    with pytest.raises(HookError, match=says):
        book.add(hook)
    assert len(book.hooks()) == 2


def test_an_unknown_hook_is_answered_with_those_there_are(book: HookBook) -> None:
    book.ensure_first(("main",))

    with pytest.raises(HookError, match="there are: tradingview, relay"):
        book.rotate("relais")
    with pytest.raises(HookError, match="0 to 8760 hours"):
        book.rotate("relay", overlap_hours=-1)


def test_a_file_that_others_can_read_is_not_used(book: HookBook, tmp_path: Path) -> None:
    book.ensure_first(("main",))
    (tmp_path / "private" / "hooks.json").chmod(0o640)

    with pytest.raises(HookError, match="chmod 600"):
        book.load()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1, "hooks": 3}', '{"version": 2}', "\ud800"])
def test_a_damaged_file_is_said_and_changes_nothing(book: HookBook, tmp_path: Path, text: str) -> None:
    first = book.ensure_first(("main",))
    assert first is not None
    (tmp_path / "private" / "hooks.json").write_bytes(text.encode("utf-8", "surrogatepass"))

    with pytest.raises(HookError, match=r"damaged|newer version"):
        book.refresh()
    assert proves(book, first.token.reveal())


def test_a_deleted_file_revokes_everything(book: HookBook, tmp_path: Path) -> None:
    first = book.ensure_first(("main",))
    assert first is not None
    (tmp_path / "private" / "hooks.json").unlink()

    assert book.refresh()
    assert not proves(book, first.token.reveal())


def test_where_nothing_keeps_a_secret_each_run_has_its_own(tmp_path: Path) -> None:
    path = tmp_path / "hooks.json"
    first = book_at(path, MemoryStore(lasting=False), HandClock())
    made = first.ensure_first(("main",))
    assert made is not None
    assert first.notes == ()
    assert first.signing_secret() == made.signing_secret

    later = book_at(path, MemoryStore(lasting=False), HandClock(), seed="later")
    assert later.ensure_first(("main",)) is None
    later.load()
    secret = later.signing_secret()
    assert secret is not None
    assert secret != made.signing_secret
    (note,) = later.notes
    assert note.startswith("Nothing on this machine keeps a secret, so relay has a new signing secret for this run")
    later.load()
    assert later.signing_secret() == secret
    with pytest.raises(HookError, match="could not be kept"):
        later.rotate("relay")
    assert proves(later, made.token.reveal())


def test_a_locked_store_refuses_only_what_it_holds(book: HookBook, store: MemoryStore) -> None:
    first = book.ensure_first(("main",))
    assert first is not None
    store.locked = True

    book.load()

    assert book.keys.signing == ()
    assert proves(book, first.token.reveal())
    assert "the keyring is locked" in book.notes[0]
    with pytest.raises(HookError, match="the keyring is locked"):
        book.rotate("relay")


def test_the_help_shows_a_token_in_the_run_that_made_it_only(
    book: HookBook, tmp_path: Path, store: MemoryStore
) -> None:
    first = book.ensure_first(("main", "topstep"))
    assert first is not None
    text = book.help_text("http://127.0.0.1:8000")
    assert f"http://127.0.0.1:8000/webhook/tradingview/{first.token.reveal()}" in text
    assert first.signing_secret.reveal() in text
    assert 'openssl dgst -sha256 -hmac "$SIGNING_SECRET"' in text
    assert "{{strategy.market_position_size}}" in text

    later = book_at(tmp_path / "private" / "hooks.json", store, HandClock(), seed="later")
    later.load()
    assert first.token.reveal() not in later.help_text("http://127.0.0.1:8000")
    assert "tt hook rotate tradingview" in later.help_text("http://127.0.0.1:8000")
    assert "does not run" in later.help_text("")
    later.revoke("tradingview")
    later.revoke("relay")
    assert "tt hook add" in later.help_text("http://127.0.0.1:8000")


def test_the_ready_message_means_what_the_strategy_did() -> None:
    text = tradingview_message("my-strategy", "topstep")
    for name, value in {
        "ticker": "ES1!",
        "strategy.order.action": "sell",
        "strategy.order.contracts": "4",
        "strategy.market_position": "short",
        "strategy.market_position_size": "2",
        "timenow": "2026-11-23T16:00:00Z",
    }.items():
        text = text.replace("{{" + name + "}}", value)

    assert "{{" not in text
    found = parse(json.dumps(json.loads(text)))
    assert found.action not in (Action.IGNORE, Action.ERROR), found.why
    assert (found.symbol, found.position_after, found.target_size) == ("ES1!", "short", Decimal(2))
    assert (found.account_group, found.strategy, found.fired_at) == ("topstep", "my-strategy", NOW)
    assert not found.unknown_keys
