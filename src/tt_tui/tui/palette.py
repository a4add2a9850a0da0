"""The palette's entries: every function and every verb of the registry."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tt_tui.commands.help import usage
from tt_tui.commands.registry import FUNCTIONS, VERBS
from tt_tui.tui.workspace import Workspace


class RegistryCommands(Provider):
    """Finds by code, title and plain words; what is chosen is typed into the command line."""

    async def discover(self) -> Hits:
        """Yield all functions."""
        for text, code, about in _entries():
            yield DiscoveryHit(text, partial(self._type, code), help=about)

    async def search(self, query: str) -> Hits:
        """Yield what matches."""
        matcher = self.matcher(query)
        for text, code, about in _entries():
            score = matcher.match(f"{text} {about}")
            if score > 0:
                yield Hit(score, matcher.highlight(text), partial(self._type, code), help=about)

    def _type(self, code: str) -> None:
        if isinstance(self.screen, Workspace):
            self.screen.type_sentence(code)


def _entries() -> list[tuple[str, str, str]]:
    functions = [(f"{one.mnemonic} {one.title}", one.mnemonic, " ".join(one.words)) for one in FUNCTIONS]
    return functions + [(f"{one.word} {one.title}", f"{one.word} ", usage(one)) for one in VERBS]
