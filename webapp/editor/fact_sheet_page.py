"""A paper and its facts: the text with the places marked where facts stand, and a row for each fact."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webapp.content.article_content import from_json
from webapp.db.session import db
from webapp.models import Draft, Editor, Fact, Section, StoredText
from webapp.models.values import ReadFrom
from webapp.papers import stored_texts
from webapp.papers.facts import decisions
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.facts.suggesting import suggestions
from webapp.papers.facts.suggestion import Field, Suggestion

GROUPS = {
    "Who was studied": (
        Field.SUBJECT,
        Field.SPECIES,
        Field.SAMPLE_SIZE,
        Field.SEX,
        Field.AGE,
        Field.TIME_SINCE_INJURY,
        Field.INJURY_COMPLETENESS,
        Field.INJURY_LEVEL,
        Field.WALKING,
        Field.COUNTRY,
    ),
    "What was done": (Field.STUDY_KIND, Field.STUDY_DURATION, Field.INTERVENTION, Field.COMPARISON),
    "What came out": (Field.COUNTS, Field.HARMS),
    "About the paper": (
        Field.FUNDING,
        Field.CONFLICTS_OF_INTEREST,
        Field.TRIAL_NUMBER,
        Field.IS_FREE_TO_READ,
        Field.LICENSE,
    ),
}


@dataclass(frozen=True)
class Row:
    """A fact with what was decided or else what is suggested; ``place`` is the id of the decided fact's sentence, if it still stands."""

    number: int
    field: Field
    offers: Sequence[Suggestion]
    fact: Fact | None
    editor: Editor | None
    place: str
    in_summary: str  # what the draft says


@dataclass(frozen=True)
class Piece:
    """A run of the text; if facts stand in it, their numbers, and its id. A solid one is confirmed."""

    text: str
    id: str = ""
    numbers: tuple[int, ...] = ()
    is_confirmed: bool = False


@dataclass(frozen=True)
class FactSheet:
    """Everything that the page shows: rows by group, and for each section its paragraphs."""

    groups: dict[str, list[Row]]
    manuscript: list[tuple[Section, list[list[Piece]]]]
    texts: Sequence[StoredText]
    doubts: list[str]
    read_from: ReadFrom | None  # what the stored texts allow to say was read, if the draft does not say so

    @property
    def rows(self) -> list[Row]:
        return [row for rows in self.groups.values() for row in rows]

    @property
    def settled_count(self) -> int:
        return sum(row.fact is not None for row in self.rows)

    @property
    def next_open(self) -> Row | None:
        return next((row for row in self.rows if row.fact is None), None)


def fact_sheet(draft: Draft) -> FactSheet:
    """Put the sheet of a draft together; nothing in it is stored."""
    content, paper = from_json(draft.content), stored_texts.texts_of(draft)
    found, facts, texts = suggestions(paper), decisions.decided(draft), stored_texts.stored(draft)
    marks: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    groups: dict[str, list[Row]] = {}
    number = 0
    for title, fields in GROUPS.items():
        groups[title] = []
        for field in fields:
            fact, offers = facts.get(field), found[field]
            if field is Field.SPECIES and not (offers or fact):  # no animals
                continue
            number += 1
            sentence = decisions.find_sentence(fact, paper) if fact else None
            place = place_of(sentence.number, sentence.start) if sentence else ""
            suggested = {place_of(offer.section, offer.start) for offer in offers}
            for one in filter(None, [place] if fact else suggested):
                marks[one].append((number, fact is not None))
            editor = db.session.get(Editor, fact.editor_id) if fact else None
            in_summary = decisions.value_in(content, field)
            groups[title].append(Row(number, field, offers, fact, editor, place, in_summary))
    kinds = [kind for kind in ReadFrom if kind in {text.kind for text in texts}]
    offered = kinds[0] if kinds and kinds[0] is not content.paper.read_from else None
    return FactSheet(groups, list(_manuscript(paper, marks)), texts, stored_texts.doubts(paper), offered)


def place_of(section: int, start: int) -> str:
    """Return the id of the sentence that starts there in the section with this number."""
    return f"s{section}-{start}"


def _manuscript(
    paper: PaperText, marks: dict[str, list[tuple[int, bool]]]
) -> Iterator[tuple[Section, list[list[Piece]]]]:
    """Cut the sections into paragraphs, and those into marked sentences and what is between them."""
    marked: dict[int, list[tuple[int, Piece]]] = defaultdict(list)
    for sentence in paper.sentences:
        place = place_of(sentence.number, sentence.start)
        if place in marks:
            numbers, states = zip(*marks[place], strict=True)
            marked[sentence.number].append(
                (sentence.start, Piece(sentence.text, place, numbers, all(states)))
            )
    for number, section in enumerate(paper.sections):
        paragraphs = []
        for match in re.finditer(r"\S.*?(?=\n\s*\n|\Z)", section.text, re.DOTALL):
            pieces, at = [], match.start()
            for start, piece in marked[number]:
                if match.start() <= start < match.end():
                    pieces += [Piece(section.text[at:start]), piece]
                    at = start + len(piece.text)
            pieces.append(Piece(section.text[at : match.end()]))
            paragraphs.append([piece for piece in pieces if piece.text])
        if paragraphs:
            yield section, paragraphs
