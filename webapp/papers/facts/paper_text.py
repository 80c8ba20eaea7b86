"""A paper's text as sections, and their sentences, which the rules for facts read one at a time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from webapp.models import PaperPart, PaperSection

# A longer one is a table or a list without full stops. No rule reads across a sentence, so that reading stays linear.
LONGEST_SENTENCE = 1_000
_END = re.compile(r"[.!?][\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9≥≤<>])|\n\s*\n")
_ABBREVIATION = re.compile(r"(?:\b(?:vs|e\.g|i\.e|cf|al|Fig|Figs|approx|ca|No|Nos|Dr|St|Inc|etc|[A-Z])|=)\.$")


@dataclass(frozen=True)
class Sentence:
    """A sentence, its section's number, where it starts there, and how much of the section precedes it (0 to 1)."""

    section: PaperSection
    number: int
    start: int
    text: str
    place: float


class PaperText:
    """The sections of a paper with their sentences; ``summary`` are those of title and abstract."""

    def __init__(self, *sections: PaperSection) -> None:
        self.sections = sections
        self.sentences = [
            Sentence(section, number, start, section.text[start:end], start / len(section.text))
            for number, section in enumerate(sections)
            for start, end in sentence_spans(section.text)
        ]
        self.summary = [
            one for one in self.sentences if one.section.source in (PaperPart.TITLE, PaperPart.ABSTRACT)
        ]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PaperText) and self.sections == other.sections

    def __hash__(self) -> int:
        return hash(self.sections)


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Split a text into sentences of at most LONGEST_SENTENCE characters, without the white space around them."""
    start = 0
    ends = (
        match.end()
        for match in _END.finditer(text)
        if not _ABBREVIATION.search(text, max(0, match.start() - 8), match.start() + 1)
    )
    for end in (*ends, len(text)):
        while start < end:
            cut = min(end, start + LONGEST_SENTENCE)
            if cut < end:
                cut = max(text.rfind(" ", start, cut), text.rfind("\n", start, cut)) + 1 or cut
            piece = text[start:cut]
            if piece.strip():
                yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
            start = cut
