"""The best passage of a text for a search, with the found words marked as spans. Never HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.search.words import STOP_WORDS, stem, words

LONGEST = 240  # characters
WINDOW = 160  # found words so close together make one passage
MOST_GROUPS, MOST_PLACES = 16, 8  # so many are looked for, in so many places each
_SENTENCE_END = re.compile(r"[.!?][\"”’)]*\s+(?=[A-Z0-9“\"(])")

Span = tuple[int, int]


@dataclass(frozen=True)
class Snippet:
    """A piece of text and where in it the found words stand: (start, end), in order."""

    text: str
    spans: tuple[Span, ...]


class SearchedText:
    """All texts of an article as one, a line each, ready to be looked through."""

    __slots__ = ("text",)

    def __init__(self, texts: Sequence[str]) -> None:
        self.text = "\n".join(" ".join(text.split()) for text in texts)

    @property
    def folded(self) -> str:
        """In small letters. Made each time (10 µs): kept, it would double what the texts of a process take."""
        small = self.text.lower()
        return small if len(small) == len(self.text) else self.text  # places must stay the same


def best_passage(searched: SearchedText, marked: Sequence[frozenset[str]]) -> Snippet:
    """Where most of what was asked stands close together, from the start of its sentence; else the start of the text."""
    place = _densest(searched.folded, marked[:MOST_GROUPS])
    text = searched.text
    line = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    passage = _cut(text[line : end if end >= 0 else len(text)], place - line)
    return Snippet(passage, spans_in(passage, marked))


def spans_in(text: str, marked: Sequence[frozenset[str]]) -> tuple[Span, ...]:
    """Where the marked stems stand in a text; words side by side become one span."""
    asked = frozenset().union(*marked)
    found = [(word, one) for word in words(text) if (one := stem(word.folded)) in asked]
    present = {one for _, one in found}
    wanted = {one for group in marked if group <= present for one in group}
    spans: list[Span] = []
    for word, one in found:
        if one not in wanted or word.folded in STOP_WORDS:
            continue
        if spans and text[spans[-1][1] : word.start] in (" ", "-"):
            spans[-1] = (spans[-1][0], word.end)
        else:
            spans.append((word.start, word.end))
    return tuple(spans)


def _densest(folded: str, marked: Sequence[frozenset[str]]) -> int:
    """Where the first window starts in which most of the groups of stems stand whole.

    A stem is looked for as the start of a word: quicker than stemming whole texts, and near enough to choose a passage.
    """
    found = sorted(
        (at, one) for one in {one for group in marked for one in group} for at in _places(folded, one)
    )
    best, place = 0, 0
    for number, (start_at, _) in enumerate(found):
        near = {one for at, one in found[number : number + 20] if at - start_at < WINDOW}
        count = sum(1 for group in marked if group <= near)
        if count > best:
            best, place = count, start_at
    return place


def _places(folded: str, one: str) -> list[int]:
    """The first few places where a word starts like the stem."""
    start = one.removesuffix("i")
    places: list[int] = []
    at = folded.find(start)
    while at >= 0 and len(places) < MOST_PLACES:
        if not at or not folded[at - 1].isalnum():
            places.append(at)
        at = folded.find(start, at + 1)
    return places


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
