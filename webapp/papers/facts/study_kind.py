"""Whether people, animals or material in a laboratory were studied, and the kind of study, as the authors name or describe it.

"Forty rats had a contusion of the cord."                           → animals; rats
"People were randomly assigned to training or usual care."  → randomized trial
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Any

from webapp.models import PaperPart
from webapp.models.values import StudyKind, Subject
from webapp.papers.facts.paper_text import PaperText, Sentence
from webapp.papers.facts.suggestion import WORDS, FoundValue, surest, words_of
from webapp.papers.notices import study_kinds

_PEOPLE, _LAB = words_of("human_signs"), words_of("lab", "signs")
_SPECIES = {
    species: re.compile(rf"\b(?:{'|'.join(signs)})\b", re.I) for species, signs in WORDS["species"].items()
}
_ONLY_IN_LAB = re.compile(r"post-?mortem (?:human )?(?:spinal|tissue|brain|samples|cords)", re.I)
_EARLIER = re.compile(
    r"(?:studies|experiments|evidence|research|work) (?:in|from|with|on) (?:\w+ )?animal|animal (?:studies|models?|experiments|research) (?:have|has|suggest|show)|(?:pre-?clinical|previous\w*|in animal)",
    re.I,
)
_KINDS: dict[str, Any] = WORDS["kinds"]
_SIGNS = {kind: {place: words_of("kinds", kind, place) for place in ("title", "text")} for kind in _KINDS}
_JATS = study_kinds("jats")
# Randomized trials that are reviewed, or still to be made.
_OTHERS_TRIALS = re.compile(
    r"(?:future|further|larger?|more|additional|needed|warranted|non-?randomi|other|previous|published|included|studies|"
    r"should be) ?(?:\w+ ){0,6}random|random\w* (?:\w+ ){0,4}(?:trials|studies)|individual patient data",
    re.I,
)


def subjects(paper: PaperText) -> Iterator[FoundValue]:
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
                weight = 3 if sentence.section.source is PaperPart.TITLE else 1
                totals[subject] = totals.get(subject, 0) + weight * count
                first.setdefault(subject, sentence)
    for subject, total in totals.items():
        yield FoundValue(subject, first[subject], total)


def species(paper: PaperText) -> Iterator[FoundValue]:
    """Animals named in title and abstract, unless people were studied; "animals" only where no species is."""
    studied = surest(subjects(paper))
    if studied is None or studied.value is Subject.PEOPLE:
        return
    for name, pattern in _SPECIES.items():
        for sentence in paper.summary:
            count = len(pattern.findall(sentence.text))
            yield FoundValue(name, sentence, count * (0.1 if name == "animals" else 1))


def kinds(paper: PaperText) -> Iterator[FoundValue]:
    """Add up the signs of every kind; animals and laboratories are a kind of their own."""
    studied = surest(subjects(paper))
    if studied and studied.value in (Subject.ANIMALS, Subject.LAB):
        yield FoundValue(StudyKind.LAB_OR_ANIMALS, studied.sentence, 12)
    for sentence in paper.sentences:
        if sentence.section.heading == "study_kind" and sentence.text in _JATS:
            yield FoundValue(_JATS[sentence.text], sentence, 20)
    for kind, signs in _SIGNS.items():
        scores: list[tuple[float, Sentence]] = []
        for sentence in paper.summary:
            is_title = sentence.section.source is PaperPart.TITLE
            found = signs["title" if is_title else "text"].finditer(sentence.text)
            count = len({match[0].casefold() for match in found})
            if kind == StudyKind.RANDOMIZED_TRIAL and _OTHERS_TRIALS.search(sentence.text):
                count = 0
            scores.append((_KINDS[kind]["weights"][not is_title] * min(count, 2), sentence))
        total, strongest = sum(score for score, _ in scores), max(scores, key=itemgetter(0), default=None)
        if strongest:
            total += 0.5 * (kind == StudyKind.OTHER_PEOPLE)  # where nothing else is said
            yield FoundValue(StudyKind(kind), strongest[1], min(total, _KINDS[kind]["most"]))


@lru_cache(maxsize=8)
def is_overview(paper: PaperText) -> bool:
    """Is the paper about other studies, so that levels and times in it describe no people of its own?"""
    kind = surest(kinds(paper))
    return kind is not None and kind.value in (StudyKind.REVIEWS, StudyKind.EXPERT_OVERVIEW)
