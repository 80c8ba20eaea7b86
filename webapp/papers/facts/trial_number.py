"""The numbers of registered trials, as their registers write them.

"Registration: NCT 01234567 and ACTRN12610000123456."  → NCT01234567; ACTRN12610000123456
"""

import re
from collections.abc import Iterator

from webapp.content.identifiers import find_trials
from webapp.models import Source
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.facts.suggestion import Candidate

_REGISTERED = re.compile(r"regist|clinicaltrials\.gov|trial number|identifier", re.I)


def candidates(paper: PaperText) -> Iterator[Candidate]:
    """Every number, first those of the abstract and of sentences about registration: others may be of other trials."""
    for sentence in paper.sentences:
        if re.search(r"\d{4}", sentence.text):
            is_own = sentence.section.source is not Source.FULL_TEXT
            is_said = bool(_REGISTERED.search(sentence.text + sentence.section.heading))
            for number in find_trials(sentence.text):
                yield Candidate(number, sentence, 1.0 + 2 * is_own + is_said)
