"""A cause is put into words in the network's language, with the same facts in either."""

from __future__ import annotations

from string import Formatter

from topology.model import Language
from topology.why import BLIND, PHRASES


def test_both_languages_have_every_phrase_with_the_same_gaps() -> None:
    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    english, indonesian = PHRASES[Language.EN], PHRASES[Language.ID]
    assert set(english) == set(indonesian)
    for phrase in english:
        assert gaps(english[phrase]) == gaps(indonesian[phrase]), phrase
    assert set(BLIND) == set(PHRASES) == set(Language)
