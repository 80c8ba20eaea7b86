"""The countries where a study was made, or where its authors work.

"Setting: two rehabilitation centers in Norway."  → Norway
"""

import re
from collections.abc import Iterator

from webapp.models import Source
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.facts.suggestion import WORDS, Candidate

# Regular expressions take the Turkish İ and ı for an i, as in TÜRKİYE; ``casefold`` does not.
_TURKISH = str.maketrans("İı", "ii")
_NAMES = {
    word.casefold(): country for country, words in WORDS["countries"].items() for word in (country, *words)
}
_COUNTRY = re.compile(
    rf"(?<![\w-])(?:{'|'.join(sorted(map(re.escape, _NAMES), key=len, reverse=True))})(?![\w-])", re.I
)
_SETTING = re.compile(
    r"setting|\bin\b|center|centre|hospital|recruited|conducted|national|from|registry", re.I
)


def candidates(paper: PaperText) -> Iterator[Candidate]:
    """Countries of the text before those of the authors' addresses."""
    for sentence in paper.sentences:
        is_address = sentence.section.source is Source.STATEMENT
        if is_address and sentence.section.heading != "country":
            continue
        for match in _COUNTRY.finditer(sentence.text):
            if match[0].isupper() or not match[0].islower():  # "turkey" and "us" are no countries
                score = 1.0 if is_address else 2.0 + bool(_SETTING.search(sentence.text)) - sentence.place
                yield Candidate(_NAMES[match[0].translate(_TURKISH).casefold()], sentence, score)
