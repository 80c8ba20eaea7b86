"""The best passage of an article for a query, with the words of the query highlighted as spans. Never HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.search.words import Span, highlights

LONGEST = 240  # characters
WINDOW = 160  # characters: words so close together make one passage
MOST_GROUPS, MOST_PLACES = 16, 8  # so many are looked for, in so many places each
_FIRST_PIECE = re.compile(r"[\d.]+|[^\d.]+")
_SENTENCE_END = re.compile(r"[.!?][\"”’)]*\s+(?=[A-Z0-9“\"(])")


@dataclass(frozen=True)
class Snippet:
    """A piece of text and the spans to highlight in it: (start, end), in order."""

    text: str
    spans: tuple[Span, ...]


def snippet(texts: Sequence[str], highlighted: Sequence[frozenset[str]]) -> Snippet:
    """Where most of the query stands close together, from the start of its sentence; else the start of the first text."""
    lines = "\n".join(text.replace("\n", " ") for text in texts)
    folded = lines.lower()
    place = _densest(folded if len(folded) == len(lines) else lines, highlighted[:MOST_GROUPS])
    line = lines.rfind("\n", 0, place) + 1
    end = lines.find("\n", place)
    passage = " ".join(_cut(lines[line : end if end >= 0 else len(lines)], place - line).split())
    return Snippet(passage, highlights(passage, highlighted))


def _densest(folded: str, highlighted: Sequence[frozenset[str]]) -> int:
    """Where the first window starts that has most of the groups of stems whole.

    A stem is looked for as the start of a word, and a name or measure as its first letters or number: quicker than stemming
    whole texts, and near enough to choose a passage.
    """
    places: list[tuple[int, str]] = []
    for one in {one for group in highlighted for one in group}:
        start = one.removesuffix("i") if one.isalpha() else _FIRST_PIECE.findall(one)[0]
        at, count = folded.find(start), 0
        while at >= 0 and count < MOST_PLACES:
            if not at or not folded[at - 1].isalnum():
                places.append((at, one))
                count += 1
            at = folded.find(start, at + 1)
    places.sort()
    present = {one for _, one in places}
    groups = [group for group in highlighted if group <= present]
    most, best = 0, 0
    for number, (start_at, _) in enumerate(places):
        near = {one for at, one in places[number : number + 20] if at - start_at < WINDOW}
        count = sum([group <= near for group in groups])
        if count > most:
            most, best = count, start_at
        if most == len(groups):
            break
    return best


def _cut(text: str, at: int) -> str:
    """About LONGEST characters from the start of the sentence, or from just before the word if that is far away."""
    start = max((match.end() for match in _SENTENCE_END.finditer(text, 0, at)), default=0)
    before = ""
    if at - start > LONGEST // 2:
        start = text.rfind(" ", start, at - LONGEST // 3) + 1
        before = "… "
    end = len(text)
    if end - start > LONGEST:
        ends = [match.start() + 1 for match in _SENTENCE_END.finditer(text, at, start + LONGEST)]
        end = ends[-1] if ends else text.rfind(" ", at, start + LONGEST)
        end = end if end > at else start + LONGEST
    after = "" if end == len(text) or text[end - 1] in ".!?" else " …"
    return f"{before}{text[start:end].strip()}{after}"
