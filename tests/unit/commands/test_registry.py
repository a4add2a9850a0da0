"""The registry is complete and safe: unique words, runnable examples, keys that arrive, help and docs from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tt_tui.commands.actions import ACTIONS
from tt_tui.commands.entry import APP, PANE, Function, Verb
from tt_tui.commands.functions import FUNCTIONS
from tt_tui.commands.grammar import parse
from tt_tui.commands.help import Names, docs_table, examples, help_text, names_of, usage
from tt_tui.commands.parsed import Mistake
from tt_tui.commands.registry import VERB_BY_WORD
from tt_tui.commands.sentences import SENTENCES
from tt_tui.commands.verbs import VERBS

from .context import PAPER

DOCS = Path(__file__).parents[3] / "docs" / "functions.md"
ENTRIES: tuple[Function | Verb, ...] = (*FUNCTIONS, *VERBS)
EXAMPLES = [line for entry in ENTRIES for line in examples(entry, names_of(PAPER))]
# Lost or taken for another key by terminals, tmux, screen and SSH.
UNSAFE = {f"ctrl+{letter}" for letter in "sqjimhbaz"} | {"ctrl+left_square_bracket"}
# What moves money by an action of the screen.
MONEY = {"desk.flatten", "desk.kill", "orders.cancel", "orders.confirm", "positions.close", "positions.break_even"}


def test_every_word_is_there_once() -> None:
    words = [one.mnemonic for one in FUNCTIONS] + [one.word for one in VERBS]

    assert len(words) == len(set(words))
    assert all(word == word.upper() and word.isalpha() for word in words)


def test_every_verb_can_be_read() -> None:
    assert SENTENCES.keys() == VERB_BY_WORD.keys()


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_can_be_run(line: str) -> None:
    assert not isinstance(parse(line, PAPER), Mistake)


def test_every_entry_has_an_example_and_words_that_people_say() -> None:
    assert all(entry.examples and entry.words and entry.help for entry in ENTRIES)
    assert all(word == word.lower() for entry in ENTRIES for word in entry.words)


def test_action_ids_are_unique_and_their_places_exist() -> None:
    ids = [one.id for one in ACTIONS]

    assert len(ids) == len(set(ids))
    assert {one.where for one in ACTIONS} <= {APP, PANE, *(one.pane for one in FUNCTIONS)}


def test_no_key_does_two_things_in_one_place() -> None:
    for place in {one.where for one in ACTIONS}:
        together = [one for one in ACTIONS if one.where in {APP, PANE, place}]
        keys = [key for one in together for key in one.keys]
        assert len(keys) == len(set(keys)), place


def test_keys_arrive_over_ssh_and_tmux() -> None:
    assert not {key for one in ACTIONS for key in one.keys} & UNSAFE


def test_what_moves_money_asks_and_is_on_no_bare_key() -> None:
    found = {one.id: one for one in ACTIONS}

    assert found.keys() >= MONEY
    for action in (found[name] for name in MONEY):
        assert action.needs_confirmation
        assert all(key.startswith("ctrl+") for key in action.keys)


def test_a_function_key_opens_a_function_that_exists() -> None:
    opened = {one.id.removeprefix("open.") for one in ACTIONS if one.id.startswith("open.")}

    assert opened == {one.mnemonic for one in FUNCTIONS} - {"HELP"}


def test_what_an_action_types_can_be_run() -> None:
    typed = [one.types for one in ACTIONS if one.types]

    assert typed
    assert not [line for line in typed if isinstance(parse(line, PAPER), Mistake)]


def test_help_shows_everything_or_one_word() -> None:
    everything = help_text()

    assert all(f"  {one.mnemonic} " in everything for one in FUNCTIONS)
    assert all(f"  {one.word} " in everything for one in VERBS)
    assert all(one.text in everything for one in ACTIONS)
    for entry in ENTRIES:
        word = entry.mnemonic if isinstance(entry, Function) else entry.word
        page = help_text(word.lower(), names_of(PAPER))
        assert entry.title in page.splitlines()[0]
        assert usage(entry).split()[0] in page
        assert all(line in page for line in examples(entry, names_of(PAPER)))


def test_help_fits_the_width() -> None:
    for entry in VERBS:
        assert max(map(len, help_text(entry.word, width=60).splitlines())) <= 60


def test_examples_use_the_users_own_names() -> None:
    assert names_of(PAPER) == Names(account="paper-1", group="main", live="live-1", strategy="my-strategy")
    assert "KILL ACC paper-1" in help_text("KILL", names_of(PAPER))


def test_the_docs_are_as_generated() -> None:
    assert DOCS.read_text(encoding="utf-8") == docs_table(), (
        "write them again: python -c 'from tt_tui.commands.help import docs_table; print(docs_table(), end=\"\")' "
        "> docs/functions.md"
    )
