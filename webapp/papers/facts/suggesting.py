"""All suggestions for a paper: the one function that screens and benchmarks call, and the rules of a few lines.

"Setting: two rehabilitation centers in Norway."         → Norway
"Wounds closed in 12 of 40 and in 9 of 41 people."       → 12 of 40; 9 of 41
"Five of 12 and 3/11 could walk."                        → 5 of 12; 3 of 11
"Registration: NCT 01234567 and ACTRN12610000123456."    → NCT01234567; ACTRN12610000123456
"This work was supported by a grant from a foundation."  → the sentence
"This article is distributed under CC BY-NC 4.0."        → CC BY-NC, free to read
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial

from webapp.content.identifiers import find_trials
from webapp.content.quantities import number
from webapp.models import PaperPart
from webapp.papers.crossref import short_license
from webapp.papers.facts import sample_size, study_kind
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.facts.rules import Rules
from webapp.papers.facts.suggestion import NUMBER, WORDS, Field, FoundValue, Suggestion, best, words_of

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
_OF = re.compile(
    rf"(?P<part>{NUMBER})(?:\s(?:out\s)?of\s(?:the\s)?|\s?/\s?)(?P<whole>{NUMBER})(?!\s?(?:/|%|mm|h\b))", re.I
)
_REGISTERED = re.compile(r"regist|clinicaltrials\.gov|trial number|identifier", re.I)
_LICENSE = re.compile(
    r"\bCC[ -](BY(?:-(?:NC|ND|SA))*)\b|https?://creativecommons\.org/\S+|\bCreative Commons Attribution[\w -]{0,60}",
    re.I,
)
_PARTS = {"noncommercial": "NC", "noderiv": "ND", "sharealike": "SA"}
_OPEN = re.compile(r"open[- ]access|creative\s?commons|\bCC[ -]BY", re.I)


def countries(paper: PaperText) -> Iterator[FoundValue]:
    """Countries of the text before those of the authors' addresses."""
    for sentence in paper.sentences:
        is_address = sentence.section.source is PaperPart.STATEMENT
        if is_address and sentence.section.heading != "country":
            continue
        for match in _COUNTRY.finditer(sentence.text):
            if match[0].isupper() or not match[0].islower():  # "turkey" and "us" are no countries
                score = 1.0 if is_address else 2.0 + bool(_SETTING.search(sentence.text)) - sentence.place
                yield FoundValue(_NAMES[match[0].translate(_TURKISH).casefold()], sentence, score)


def counts(paper: PaperText) -> Iterator[FoundValue]:
    """Sentences with counts, those of two or more groups first."""
    for sentence in paper.sentences:
        pairs = [
            (number(match["part"]) or 0, number(match["whole"]) or 0) for match in _OF.finditer(sentence.text)
        ]
        pairs = [(part, whole) for part, whole in pairs if part <= whole > 1]
        if pairs:
            value = "; ".join(f"{part} of {whole}" for part, whole in pairs[:6])
            score = min(len(pairs), 3) - 0.5 * (sentence.section.source is PaperPart.FULL_TEXT)
            yield FoundValue(value, sentence, score)


def trial_numbers(paper: PaperText) -> Iterator[FoundValue]:
    """Every number, first those of the abstract and of sentences about registration: others may be of other trials."""
    for sentence in paper.sentences:
        if re.search(r"\d{4}", sentence.text):
            is_own = sentence.section.source is not PaperPart.FULL_TEXT
            is_said = bool(_REGISTERED.search(sentence.text + sentence.section.heading))
            for found in find_trials(sentence.text):
                yield FoundValue(found, sentence, 1.0 + 2 * is_own + is_said)


def licenses(paper: PaperText) -> Iterator[FoundValue]:
    """Creative Commons licenses, by their abbreviation, address or full name."""
    for sentence in paper.sentences:
        for match in _LICENSE.finditer(sentence.text):
            name = re.sub(r"[\s-]+", "", match[0].lower())
            parts = (short for part, short in _PARTS.items() if part in name)
            value = short_license(match[0]) or "-".join((f"CC {(match[1] or 'BY').upper()}", *parts))
            yield FoundValue(value, sentence, 1.0 + (sentence.section.heading == "license"))


def free_to_read(paper: PaperText) -> Iterator[FoundValue]:
    """Open access by a license or in words. No paper says that it is not free to read."""
    for sentence in paper.sentences:
        if sentence.section.heading == "license" and _OPEN.search(sentence.text):
            yield FoundValue(value=True, sentence=sentence, score=1.0)


def statements(paper: PaperText, heading: str, signs: re.Pattern[str]) -> Iterator[FoundValue]:
    """The journal's own statement first, then sentences with these signs."""
    for sentence in paper.sentences:
        if sentence.section.source is PaperPart.STATEMENT:
            yield FoundValue(sentence.text, sentence, 3.0 if sentence.section.heading == heading else 0)
        elif signs.search(sentence.text):
            yield FoundValue(sentence.text, sentence, 1.0 + sentence.place)


RULES: dict[Field, Callable[[PaperText], Iterable[FoundValue]]] = {
    Field.SAMPLE_SIZE: sample_size.candidates,
    Field.STUDY_KIND: study_kind.kinds,
    Field.SUBJECT: study_kind.subjects,
    Field.SPECIES: study_kind.species,
    Field.COUNTRY: countries,
    Field.COUNTS: counts,
    Field.FUNDING: partial(statements, heading="funding", signs=words_of("funding")),
    Field.CONFLICTS_OF_INTEREST: partial(
        statements, heading="conflicts_of_interest", signs=words_of("interests")
    ),
    Field.TRIAL_NUMBER: trial_numbers,
    Field.IS_FREE_TO_READ: free_to_read,
    Field.LICENSE: licenses,
}
RULES |= {field: Rules(field).candidates for field in Field if field not in RULES}


@lru_cache(maxsize=8)  # a full text takes half a second, and each decision shows the sheet again
def suggestions(paper: PaperText) -> dict[Field, list[Suggestion]]:
    """Suggest at most three values for every field, the best first; none where the paper seems not to say."""
    return {field: best(field, candidates(paper)) for field, candidates in RULES.items()}
