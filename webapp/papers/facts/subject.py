"""Whether people, animals or material in a laboratory were studied, and which animals.

"Forty rats had a contusion of the cord."  → animals; rats
"""

import re
from collections.abc import Iterator

from webapp.models import Source
from webapp.models.values import Subject
from webapp.papers.facts.paper_text import PaperText, Sentence
from webapp.papers.facts.suggestion import WORDS, Candidate, any_of, surest

_PEOPLE, _LAB = any_of("human_signs"), any_of("lab", "signs")
_SPECIES = {
    species: re.compile(rf"\b(?:{'|'.join(signs)})\b", re.I) for species, signs in WORDS["species"].items()
}
_ONLY_IN_LAB = re.compile(r"post-?mortem (?:human )?(?:spinal|tissue|brain|samples|cords)", re.I)
_EARLIER = re.compile(
    r"(?:studies|experiments|evidence|research|work) (?:in|from|with|on) (?:\w+ )?animal|animal (?:studies|models?|experiments|research) (?:have|has|suggest|show)|(?:pre-?clinical|previous\w*|in animal)",
    re.I,
)


def candidates(paper: PaperText) -> Iterator[Candidate]:
    """Count the signs of each in title and abstract; a sentence about earlier experiments counts for no animals."""
    totals: dict[Subject, float] = {}
    first: dict[Subject, Sentence] = {}
    for sentence in paper.summary:
        text = sentence.text
        animals = sum(len(pattern.findall(text)) for pattern in _SPECIES.values())
        lab = len(_LAB.findall(text)) * (12 if _ONLY_IN_LAB.search(text) else 0.7)
        signs = {
            Subject.PEOPLE: len(_PEOPLE.findall(text)),
            Subject.ANIMALS: 0 if _EARLIER.search(text) else 2 * animals,
            Subject.LAB: lab,
        }
        for subject, count in signs.items():
            if count:
                weight = 3 if sentence.section.source is Source.TITLE else 1
                totals[subject] = totals.get(subject, 0) + weight * count
                first.setdefault(subject, sentence)
    for subject, total in totals.items():
        yield Candidate(subject, first[subject], total)


def species(paper: PaperText) -> Iterator[Candidate]:
    """Animals named in title and abstract, unless people were studied; "animals" only where no species is."""
    studied = surest(candidates(paper))
    if studied is None or studied.value is Subject.PEOPLE:
        return
    for name, pattern in _SPECIES.items():
        for sentence in paper.summary:
            count = len(pattern.findall(sentence.text))
            yield Candidate(name, sentence, count * (0.1 if name == "animals" else 1))
