"""How many people or animals were studied, with the sizes of the groups where the sentence gives them."""

import re
from collections.abc import Iterator
from math import log10

from webapp.content.quantities import number
from webapp.papers.facts.paper_text import PaperText, Sentence
from webapp.papers.facts.rules import Rules
from webapp.papers.facts.suggestion import NUMBER, WORDS, FoundValue

_RULES = Rules("sample_size")
_WHO = "|".join((*WORDS["people"], *(sign for signs in WORDS["species"].values() for sign in signs)))
_GAP = (  # what may stand between a number and a noun: "48 adult male rats", not "48 weeks"
    r"(?:(?!(?:of|in|with|and|were|was|to|from|received|for|at|on|than|vs|versus|had|who|or|by|years?|months?|weeks?|days?|"
    r"hours?|hrs?|h|min|points?|grade|mg|times|sessions?)\b|\d+\s)(?:(?:fe)?male\s+and\s+)?[\w'’/()-]+,?\s+){0,7}?"
)
_COUNTED = re.compile(
    rf"(?P<n>{NUMBER})(?:\s+of\s+the(?:\s+{NUMBER})?|/{NUMBER})?\s+{_GAP}(?:{_WHO})(?![\w-])", re.I
)
_PAIR = re.compile(
    rf"(?P<n>{NUMBER})\s+(?:[\w-]+\s+){{1,4}}?and\s+(?P<m>{NUMBER})\s+{_GAP}(?:{_WHO})(?![\w-])", re.I
)
_STUDIES = re.compile(rf"(?P<n>{NUMBER})\s+{_GAP}(?:{'|'.join(WORDS['studies'])})(?![\w-])", re.I)
_LABELED = re.compile(r"(?<!\w)([Nn])\s*=\s*(\d{1,3}(?:[, ]\d{3})+|\d+)(?![\d%]|[.,]\d)")
_ONE_PERSON = re.compile(
    r"\b(?:an?|the|his|her|one)\s+(?:\w+\s+){0,2}?\d+[- ]years?[- ]old|\b(?:report|present|describe|case of)\s+an?\s+"
    r"(?:\w+\s+){0,2}?(?:man|woman|boy|girl|person|patient)\s+(?:with|who)\b",
    re.I,
)
_GROUP = re.compile(
    rf"(?<!\w)(?P<n>{NUMBER})\s+(?:\w+\s+)?(?:men|women|males?|females?|in the|in each)\b", re.I
)
# "group 2 patients", "18-65 adults", "n = 5 patients", "12-year-old patients" are no counts.
_NO_COUNT_BEFORE = re.compile(
    r"(?:group|phase|type|grade|level|day|week|class|table|score|age[ds]?|[=<>≥≤±+$]|\d[-–/])\s*$",
    re.I,
)


def candidates(paper: PaperText) -> Iterator[FoundValue]:
    """Numbers of those studied; in a review of studies those in all of them, or else the number of studies."""
    for sentence in paper.sentences:
        text = sentence.text
        labeled = [(match[1], number(match[2]) or 0, match.span()) for match in _LABELED.finditer(text)]
        groups = [size for letter, size, _ in labeled if letter == "n"]
        for letter, size, span in labeled:
            score = 9.0 if letter == "N" else 4.0 - 1.5 * (len(groups) > 1)
            yield _sized(sentence, [size], score, span)
        if len(groups) > 1 and len(groups) == len(labeled):
            yield _sized(sentence, groups, 5.5, (0, 0))
        counted = [(number(match["n"]) or 0, match) for match in _COUNTED.finditer(text)]
        named = [number(match["n"]) or 0 for match in _GROUP.finditer(text)]
        for size, match in counted:
            before, after = text[max(0, match.start() - 12) : match.start()], text[match.end("n") :][:3]
            is_group = size in named and any(size != sum(named) == whole for whole, _ in counted)
            if is_group or _NO_COUNT_BEFORE.search(before) or after.startswith("-y"):
                continue
            parts = next((sizes for sizes in (groups, named) if sum(sizes) == size), [size])
            score = 5.0 + min(1.0, log10(size + 1) / 3) + 1.5 * (size in (sum(groups), *groups))
            yield _sized(sentence, parts, score, match.span())
        for match in _PAIR.finditer(text):
            yield _sized(sentence, [number(match["n"]) or 0, number(match["m"]) or 0], 6.2, match.span())
        for match in _ONE_PERSON.finditer(text):
            yield _sized(sentence, [1], 6.5 - 2 * sentence.place, (match.start(), match.start()))
        for match in _STUDIES.finditer(text):
            score = _RULES.weight(sentence, *match.span()) + 0.5
            yield FoundValue(f"{number(match['n'])} studies", sentence, score)


def _sized(sentence: Sentence, sizes: list[int], score: float, span: tuple[int, int]) -> FoundValue:
    """Suggest the sum of the sizes of groups."""
    listed = f" ({', '.join(map(str, sizes[:-1]))} and {sizes[-1]})" if len(sizes) > 1 else ""
    return FoundValue(
        f"{sum(sizes)}{listed}", sentence, score + _RULES.weight(sentence, *span) if all(sizes) else 0
    )
