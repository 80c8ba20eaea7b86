"""What is stored of a paper, as the checks of a summary read it: sentences with their quantities, and runs of words."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations, pairwise

from webapp.content.article_content import PaperContent
from webapp.content.quantities import SHARE, Quantity, quantities
from webapp.content.readability import sentences
from webapp.models import PaperPart, PaperSection

RUN = 8  # words in a row that are a copy
_PLACES = {PaperPart.ABSTRACT: "abstract", PaperPart.FULL_TEXT: "full text", PaperPart.TABLE: "tables"}
_CITATIONS = re.compile(r"\[\d+(?:\s?[,–-]\s?\d+)*\]")  # "[12]", "[3–5]": no numbers of the study
_PART_OF = re.compile(r"\s*(?:/|(?:in|(?:out\s+)?of)(?:\s+(?:the|every|all))?)\s*", re.IGNORECASE)
_MOST_COUNTS, _MOST_ADDENDS = 8, 4  # of a sentence; more would make sums of almost any number
_STEM = re.compile(r"[^\W\d_]{5}")
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class SourceSentence:
    """A sentence of a paper, or a row of a table."""

    text: str
    source: PaperPart

    @cached_property
    def quantities(self) -> list[Quantity]:
        return quantities(self.text, is_row=self.source is PaperPart.TABLE)

    @cached_property
    def stems(self) -> set[str]:
        """The beginnings of its words, by which it is compared with one of our sentences."""
        return stems(self.text)

    @cached_property
    def sums(self) -> dict[float, str]:
        """The sums of its counts, each with its addends, as of groups; a row of a table has too many of them."""
        counts = [quantity for quantity in self.quantities if quantity.is_count]
        if self.source is PaperPart.TABLE or len(counts) > _MOST_COUNTS:
            return {}
        return {
            sum(quantity.value for quantity in chosen): " + ".join(quantity.text for quantity in chosen)
            for size in range(2, _MOST_ADDENDS + 1)
            for chosen in combinations(counts, size)
        }

    @cached_property
    def shares(self) -> list[tuple[float, str]]:
        """The shares that it gives, in percent: "25%" as it is, "3 of 12" worked out."""
        given = [(one.value, one.text) for one in self.quantities if one.unit == SHARE]
        return given + [
            (100 * part.value / whole.value, f"{part.text} of {whole.text}")
            for part, whole in parts_of_wholes(self.text, self.quantities)
        ]


class SourceText:
    """The title, the abstract and the stored sections of a paper."""

    def __init__(self, title: str, *sections: PaperSection) -> None:
        self.title = title
        self.sections = [row for row in sections if row.source in _PLACES and row.text.strip()]
        # Where numbers were looked for, like "abstract and tables"; empty if no text is stored.
        places = [name for source, name in _PLACES.items() if source in {row.source for row in self.sections}]
        self.places = " and ".join(filter(None, (", ".join(places[:-1]), *places[-1:])))

    @classmethod
    def joined(cls, sources: Sequence["SourceText"]) -> "SourceText":
        """Read several texts as one; what was made of each is not made again."""
        joined = cls("", *(section for source in sources for section in source.sections))
        joined.sentences = [sentence for source in sources for sentence in source.sentences]
        return joined

    @cached_property
    def sentences(self) -> list[SourceSentence]:
        """All sentences, the title first."""
        return [
            SourceSentence(sentence, section.source)
            for section in (PaperSection(PaperPart.TITLE, self.title), *self.sections)
            for sentence in sentences(_CITATIONS.sub("", section.text))
        ]

    @cached_property
    def by_value(self) -> dict[float, list[SourceSentence]]:
        """The sentences in which a number stands."""
        found = defaultdict[float, list[SourceSentence]](list)
        for sentence in self.sentences:
            for quantity in sentence.quantities:
                found[quantity.value].append(sentence)
        return found

    @cached_property
    def runs(self) -> set[tuple[str, ...]]:
        """Every run of words of the paper's texts but those of its title; tables are names and numbers."""
        texts = (section.text for section in self.sections if section.source is not PaperPart.TABLE)
        return {run for text in texts for run in runs(text)}.difference(runs(self.title))


def stems(text: str) -> set[str]:
    return {match[0].lower() for match in _STEM.finditer(text)}


def parts_of_wholes(text: str, found: list[Quantity]) -> list[tuple[Quantity, Quantity]]:
    """Pairs of counts like "3 of 12", "3/12", "1 in 4" or "3 out of every 10" among the quantities of a text."""
    return [
        (part, whole)
        for part, whole in pairwise(found)
        if part.is_count and whole.is_count and part.value <= whole.value > 0
        if _PART_OF.fullmatch(text, part.start + len(part.text), whole.start)
    ]


def runs(text: str) -> list[tuple[str, ...]]:
    """All runs of RUN words in a text, in lower case; the first begins with the first word."""
    words = [match[0].lower() for match in WORD.finditer(text)]
    return list(zip(*(words[start:] for start in range(RUN)), strict=False))


def source_text(paper: PaperContent, sections: tuple[PaperSection, ...] = ()) -> SourceText:
    """Put together what is stored of a paper; ``sections`` are those of its stored texts."""
    return _read(paper.title, PaperSection(PaperPart.ABSTRACT, paper.abstract), *sections)


_read = lru_cache(maxsize=4)(SourceText)  # while somebody writes, the same text is read again and again
