"""Who paid, what interests the authors declare, and how the paper may be read and shared.

"This work was supported by a grant from a foundation."  → the sentence
"This article is distributed under CC BY-NC 4.0."        → CC BY-NC, free to read
"""

import re
from collections.abc import Iterator

from webapp.models import Source
from webapp.papers.crossref import short_license
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.facts.suggestion import Candidate, any_of

_FUNDING, _INTERESTS = any_of("funding"), any_of("interests")
_LICENSE = re.compile(
    r"\bCC[ -](BY(?:-(?:NC|ND|SA))*)\b|https?://creativecommons\.org/\S+|\bCreative Commons Attribution[\w -]{0,60}",
    re.I,
)
_PARTS = {"noncommercial": "NC", "noderiv": "ND", "sharealike": "SA"}
_OPEN = re.compile(r"open[- ]access|creative\s?commons|\bCC[ -]BY", re.I)


def funding(paper: PaperText) -> Iterator[Candidate]:
    """The journal's own statement first."""
    return _statements(paper, "funding", _FUNDING)


def conflicts_of_interest(paper: PaperText) -> Iterator[Candidate]:
    """The journal's own statement first."""
    return _statements(paper, "conflicts_of_interest", _INTERESTS)


def licenses(paper: PaperText) -> Iterator[Candidate]:
    """Creative Commons licenses, by their abbreviation, address or full name."""
    for sentence in paper.sentences:
        for match in _LICENSE.finditer(sentence.text):
            name = re.sub(r"[\s-]+", "", match[0].lower())
            parts = (short for part, short in _PARTS.items() if part in name)
            value = short_license(match[0]) or "-".join((f"CC {(match[1] or 'BY').upper()}", *parts))
            yield Candidate(value, sentence, 1.0 + (sentence.section.heading == "license"))


def free_to_read(paper: PaperText) -> Iterator[Candidate]:
    """Open access by a license or in words. No paper says that it is not free to read."""
    for sentence in paper.sentences:
        if sentence.section.heading == "license" and _OPEN.search(sentence.text):
            yield Candidate(value=True, sentence=sentence, score=1.0)


def _statements(paper: PaperText, heading: str, signs: re.Pattern[str]) -> Iterator[Candidate]:
    for sentence in paper.sentences:
        if sentence.section.source is Source.STATEMENT:
            yield Candidate(sentence.text, sentence, 3.0 if sentence.section.heading == heading else 0)
        elif signs.search(sentence.text):
            yield Candidate(sentence.text, sentence, 1.0 + sentence.place)
