"""No text shows a secret: not the wrapper's, not one that holds the value, not one that only looks like it."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from urllib.parse import quote, quote_plus

import msgspec
import pytest

from tt_tui.infra.redaction import MASK, LiveSecrets, Redactor, Secret, safe_traceback

CANARIES = (
    "canary-7Qz9-plain",
    'canary "quoted" \\ and é',
    "canary/with+url&parts=1?#",
    "canary\nof two lines",
    "whsec_Q2FuYXJ5Q2FuYXJ5Q2FuYXJ5",
    "k9!x",
)


@dataclasses.dataclass
class Login:
    user: str
    password: Secret


@pytest.fixture
def live() -> LiveSecrets:
    return LiveSecrets()


class TestSecret:
    @pytest.mark.parametrize("value", CANARIES)
    def test_no_way_of_showing_it_shows_the_value(self, value: str, live: LiveSecrets) -> None:
        secret = Secret(value, live)
        shown = [repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{secret!r}", f"{secret!a}"]
        shown += [repr([secret]), repr({"password": secret}), repr(Login("me", secret))]
        shown += ["%s %r".__mod__((secret, secret)), "{} {!r}".format(*[secret, secret])]

        assert not [text for text in shown if value in text]
        assert all(MASK in text for text in shown)

    def test_its_value_is_there_for_who_asks(self, live: LiveSecrets) -> None:
        assert Secret("hunter22", live).reveal() == "hunter22"

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_it_cannot_be_pickled(self, protocol: int, live: LiveSecrets) -> None:
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(Secret(CANARIES[0], live), protocol)

    def test_its_state_is_not_handed_out(self, live: LiveSecrets) -> None:
        secret = Secret(CANARIES[0], live)

        with pytest.raises(TypeError):
            secret.__getstate__()
        with pytest.raises(TypeError):
            vars(secret)

    def test_json_encoders_refuse_it(self, live: LiveSecrets) -> None:
        with pytest.raises(TypeError):
            json.dumps({"password": Secret(CANARIES[0], live)})
        with pytest.raises(TypeError):
            msgspec.json.encode({"password": Secret(CANARIES[0], live)})

    def test_copies_stay_wrapped(self, live: LiveSecrets) -> None:
        secret = Secret(CANARIES[0], live)

        assert copy.copy(secret) is secret
        assert copy.deepcopy({"a": secret})["a"] is secret
        assert dataclasses.asdict(Login("me", secret))["password"] is secret

    def test_equality_is_of_values_and_only_among_secrets(self, live: LiveSecrets) -> None:
        assert Secret("same value", live) == Secret("same value", live)
        assert Secret("same value", live) != Secret("same valuf", live)
        assert Secret("same value", live) != "same value"
        assert Secret("\udc80odd", live) == Secret("\udc80odd", live)

    def test_it_can_neither_be_changed_nor_hashed(self, live: LiveSecrets) -> None:
        secret = Secret("hunter22", live)

        with pytest.raises(AttributeError, match="cannot be changed"):
            secret._value = "other"
        with pytest.raises(TypeError):
            hash(secret)

    def test_only_text_is_wrapped(self) -> None:
        with pytest.raises(TypeError, match="was bytes"):
            Secret(b"hunter22")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("value", "shown"), [("short", "••••"), ("eleven-char", "••••"), ("long-enough-1234", "••••1234")]
    )
    def test_masked_shows_the_end_of_a_long_value_only(self, value: str, shown: str, live: LiveSecrets) -> None:
        assert Secret(value, live).masked() == shown


class TestLiveValues:
    @pytest.mark.parametrize("value", CANARIES)
    def test_every_spelling_of_a_live_value_goes(self, value: str, live: LiveSecrets) -> None:
        secret = Secret(value, live)
        spellings = [value, quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value), repr(value)]
        spellings.append(json.dumps(value, ensure_ascii=False))
        redactor = Redactor(live)

        for spelling in spellings:
            text = redactor.text(f"before {spelling} after")
            assert spelling.strip("\"'") not in text
            assert text.startswith("before ")
            assert text.endswith(" after")
        assert secret

    def test_a_longer_secret_is_taken_before_one_it_contains(self, live: LiveSecrets) -> None:
        secrets = [Secret("abcd", live), Secret("abcd-efgh", live)]

        assert Redactor(live).text("x abcd-efgh y abcd z") == "x *** y *** z"
        assert secrets

    def test_the_base64_part_of_a_signing_secret_alone_is_known(self, live: LiveSecrets) -> None:
        secret = Secret("whsec_Q2FuYXJ5Q2FuYXJ5", live)

        assert "Q2Fu" not in Redactor(live).text("key Q2FuYXJ5Q2FuYXJ5")
        assert secret

    def test_a_replaced_secret_is_still_looked_for(self, live: LiveSecrets) -> None:
        Secret("the old value", live)

        assert Redactor(live).text("was the old value") == "was ***"

    def test_many_replaced_secrets_neither_pile_up_nor_push_out_a_living_one(self, live: LiveSecrets) -> None:
        living = Secret("the living one", live)
        for number in range(1_000):
            Secret(f"token number {number:04}", live)

        assert len(live.variants()) < 2_000
        assert Redactor(live).text("the living one, token number 0999") == "***, ***"
        assert living

    def test_a_value_of_three_characters_is_not_looked_for(self, live: LiveSecrets) -> None:
        secret = Secret("buy", live)

        assert Redactor(live).text("buy 1 ES") == "buy 1 ES"
        assert secret


class TestShapes:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("key whsec_abc/+=DEF ok", "key whsec_*** ok"),
            ("Authorization: Bearer abc.def-ghi", "Authorization: ***"),
            ("sent bearer   abc123, then", "sent bearer ***, then"),
            ("Authorization: Basic dXNlcjpwYXNz", "Authorization: ***"),
            ("jwt eyJhbGciOi.eyJzdWIi.sig-nature_1 end", "jwt *** end"),
            ("GET /x?token=abc&y=2", "GET /x?token=***&y=2"),
            ("POST /webhook/tradingview/AbC-123_x HTTP/1.1", "POST /webhook/tradingview/*** HTTP/1.1"),
            ("/webhook/tradingview/abc?x=1", "/webhook/tradingview/***?x=1"),
            ('{"token": "abc", "symbol": "ES"}', '{"token": "***", "symbol": "ES"}'),
            ('{"secret": "a\\"bcd", "x": 1}', '{"secret": "***", "x": 1}'),
            (r"{\"password\": \"abc\", \"x\": 1}", r"{\"password\": \"***\", \"x\": 1}"),
            ("{'api_key': 'abc', 'n': 2}", "{'api_key': '***', 'n': 2}"),
            ('{"token": 123456, "n": 1}', '{"token": ***, "n": 1}'),
            ("client_secret=abc def", "client_secret=*** def"),
            ("X-Api-Key: abc", "X-Api-Key: ***"),
            ("passphrase: four words of it", "passphrase: ***"),
            ("accessToken=abc;", "accessToken=***;"),
            ("https://user:pw@host/x", "https://***@host/x"),
            ("Cookie: session", "Cookie: ***"),
            ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY----- tail", "*** tail"),
        ],
    )
    def test_what_looks_like_a_secret_goes(self, text: str, expected: str, live: LiveSecrets) -> None:
        assert Redactor(live).text(text) == expected

    def test_a_value_cut_short_is_taken_to_the_end(self, live: LiveSecrets) -> None:
        text = Redactor(live).text('body {"secret": "canary and no closing quote')

        assert "canary" not in text
        assert "closing" not in text

    @pytest.mark.parametrize(
        "text",
        [
            "order ORD-ABC filled 1 ESZ6 @ 5000.25",
            "active tokens: 3",
            "the token is not known",
            "mail a@b.example",
            "the bearer is missing",
            "GET /webhook/tradingview",
        ],
    )
    def test_ordinary_words_stay(self, text: str, live: LiveSecrets) -> None:
        expected = text.replace("bearer is", "bearer ***")

        assert Redactor(live).text(text) == expected

    def test_redacting_twice_changes_nothing_more(self, live: LiveSecrets) -> None:
        redactor = Redactor(live)
        once = redactor.text('token=abc {"secret": "x"} Bearer abc Authorization: Basic abc https://u:p@h')

        assert redactor.text(once) == once

    def test_data_loses_values_by_key_and_by_shape_at_any_depth(self, live: LiveSecrets) -> None:
        secret = Secret("canary-value", live)
        data = {
            "password": "short",
            "n": 1,
            "ok": None,
            "deep": [{"api_key": "x"}, ("canary-value", secret)],
            "canary-value": True,
        }

        assert Redactor(live).data(data) == {
            "password": MASK,
            "n": 1,
            "ok": None,
            "deep": [{"api_key": MASK}, [MASK, MASK]],
            MASK: True,
        }

    def test_data_that_holds_itself_ends(self, live: LiveSecrets) -> None:
        data: dict[str, object] = {}
        data["self"] = data

        assert "…" in json.dumps(Redactor(live).data(data), ensure_ascii=False)


class TestTraceback:
    def test_it_has_the_causes_but_neither_locals_nor_secrets(self, live: LiveSecrets) -> None:
        canary = "canary-in-a-local"

        def fail() -> None:
            kept = Secret("canary-in-the-text", live)
            try:
                raise ValueError(f"refused {kept.reveal()}")
            except ValueError as error:
                raise RuntimeError("token=canary-by-shape") from error

        with pytest.raises(RuntimeError) as caught:
            fail()
        text = safe_traceback(caught.value, Redactor(live))

        assert "ValueError: refused ***" in text
        assert "RuntimeError: token=***" in text
        assert "direct cause" in text
        assert canary not in text
        assert "canary-in-the-text" not in text

    def test_an_error_that_cannot_speak_is_shown_all_the_same(self) -> None:
        class Mute(Exception):
            def __str__(self) -> str:
                raise ValueError("no words")

        assert "Mute" in safe_traceback(Mute())

    def test_an_endless_text_is_cut_in_the_middle(self) -> None:
        text = safe_traceback(ValueError("start " + "x" * 500_000 + " end"))

        assert len(text) < 70_000
        assert "left out" in text
        assert text.endswith(" end")
