"""The kind of study, as its authors name it or describe its method.

"People were randomly assigned to training or usual care."  → randomized trial
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Any

from webapp.models import Source
from webapp.models.values import StudyKind, Subject
from webapp.papers.facts import subject
from webapp.papers.facts.paper_text import PaperText, Sentence
from webapp.papers.facts.suggestion import WORDS, Candidate, any_of, surest
from webapp.papers.notices import study_kinds

_KINDS: dict[str, Any] = WORDS["kinds"]
_SIGNS = {kind: {place: any_of("kinds", kind, place) for place in ("title", "text")} for kind in _KINDS}
_JATS = study_kinds("jats")
# Randomized trials that are reviewed, or still to be made.
_OTHERS_TRIALS = re.compile(
    r"(?:future|further|larger?|more|additional|needed|warranted|non-?randomi|other|previous|published|included|studies|"
    r"should be) ?(?:\w+ ){0,6}random|random\w* (?:\w+ ){0,4}(?:trials|studies)|individual patient data",
    re.I,
)


def candidates(paper: PaperText) -> Iterator[Candidate]:
    """Add up the signs of every kind; animals and laboratories are a kind of their own."""
    studied = surest(subject.candidates(paper))
    if studied and studied.value in (Subject.ANIMALS, Subject.LAB):
        yield Candidate(StudyKind.LAB_OR_ANIMALS, studied.sentence, 12)
    for sentence in paper.sentences:
        if sentence.section.heading == "study_kind" and sentence.text in _JATS:
            yield Candidate(_JATS[sentence.text], sentence, 20)
    for kind, signs in _SIGNS.items():
        scores: list[tuple[float, Sentence]] = []
        for sentence in paper.summary:
            is_title = sentence.section.source is Source.TITLE
            found = signs["title" if is_title else "text"].finditer(sentence.text)
            count = len({match[0].casefold() for match in found})
            if kind == StudyKind.RANDOMIZED_TRIAL and _OTHERS_TRIALS.search(sentence.text):
                count = 0
            scores.append((_KINDS[kind]["weights"][not is_title] * min(count, 2), sentence))
        total, strongest = sum(score for score, _ in scores), max(scores, key=itemgetter(0), default=None)
        if strongest:
            total += 0.5 * (kind == StudyKind.OTHER_PEOPLE)  # where nothing else is said
            yield Candidate(StudyKind(kind), strongest[1], min(total, _KINDS[kind]["most"]))


@lru_cache(maxsize=8)
def is_overview(paper: PaperText) -> bool:
    """Is the paper about other studies, so that levels and times in it describe no people of its own?"""
    kind = surest(candidates(paper))
    return kind is not None and kind.value in (StudyKind.REVIEWS, StudyKind.EXPERT_OVERVIEW)
