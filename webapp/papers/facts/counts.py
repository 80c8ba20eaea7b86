"""Counts of the people or animals of whom something was true, group by group.

"Wounds closed in 12 of 40 and in 9 of 41 people."  → 12 of 40; 9 of 41
"Five of 12 and 3/11 could walk."                    → 5 of 12; 3 of 11
"""

import re
from collections.abc import Iterator

from webapp.content.number_words import number
from webapp.models import Source
from webapp.papers.facts.numbers import NUMBER
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.facts.suggestion import Candidate

_OF = re.compile(
    rf"(?P<part>{NUMBER})(?:\s(?:out\s)?of\s(?:the\s)?|\s?/\s?)(?P<whole>{NUMBER})(?!\s?(?:/|%|mm|h\b))", re.I
)


def candidates(paper: PaperText) -> Iterator[Candidate]:
    """Sentences with counts, those of two or more groups first."""
    for sentence in paper.sentences:
        pairs = [
            (number(match["part"]) or 0, number(match["whole"]) or 0) for match in _OF.finditer(sentence.text)
        ]
        pairs = [(part, whole) for part, whole in pairs if part <= whole > 1]
        if pairs:
            value = "; ".join(f"{part} of {whole}" for part, whole in pairs[:6])
            score = min(len(pairs), 3) - 0.5 * (sentence.section.source is Source.FULL_TEXT)
            yield Candidate(value, sentence, score)
