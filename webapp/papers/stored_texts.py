"""The texts of papers, stored with their drafts for editors only: reading them, and all that a draft has as one text."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from webapp.content.article_content import PaperContent, from_json
from webapp.content.identifiers import find_doi
from webapp.db.session import db
from webapp.models import Draft, PaperPart, PaperSection, StoredText
from webapp.models.values import ReadFrom
from webapp.papers import file_formats, pdf_text
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.records import LONGEST_PAPER, TOO_LONG, Unreadable
from webapp.parsing import clean_text
from webapp.publishing import publication

MOST_BYTES = 8_000_000  # JATS XML is a few times longer than its text
FORMATS = "JATS XML and plain text. From a PDF, copy the text and paste it here"
_TOO_LONG = f"This is longer than {LONGEST_PAPER:,} characters. Leave out parts that you don’t need."
_ENGLISH = re.compile(r"\b(?:the|of|and|in|to|with|was|were|a|for)\b", re.I)
_ENOUGH_WORDS = 40
_LEAST_ENGLISH = 0.08  # of all words; English has three times as many of these, Spanish a third


def texts_of(draft: Draft) -> PaperText:
    """Return title and abstract of a draft's paper, and the sections of all its stored texts, split into sentences."""
    paper = from_json(draft.content).paper
    return PaperText(
        PaperSection(PaperPart.TITLE, paper.title),
        PaperSection(PaperPart.ABSTRACT, paper.abstract),
        *publication.stored_sections(draft),
    )


def stored(draft: Draft) -> Sequence[StoredText]:
    """Fetch the stored texts of a draft, the first added first."""
    return db.session.scalars(
        select(StoredText).where(StoredText.draft_id == draft.id).order_by(StoredText.id)
    ).all()


def text_with(draft: Draft, number: int) -> StoredText | None:
    """Return the stored text that has the section with this number in ``texts_of``; None for title and abstract."""
    number -= 2
    for text in stored(draft):
        if 0 <= number < len(text.sections):
            return text
        number -= len(text.sections)
    return None


def store(
    draft: Draft,
    sections: Sequence[PaperSection],
    kind: ReadFrom,
    *,
    source: str,
    editor_id: int | None,
    now: datetime,
) -> None:
    """Store a text with a draft, once. Raises Unreadable if the draft would have too much of it."""
    if not sections:
        return
    known = [list(text.sections) for text in stored(draft)]
    if list(sections) in known:
        return
    if sum(len(section.text) for text in (*known, sections) for section in text) > LONGEST_PAPER:
        raise Unreadable(_TOO_LONG)
    db.session.add(
        StoredText(
            draft_id=draft.id,
            kind=kind,
            sections=list(sections),
            source=clean_text(source)[:200],
            added_at=now,
            editor_id=editor_id,
        )
    )


def erase(draft: Draft, text_id: int) -> None:
    """Delete a stored text of a draft for good."""
    db.session.execute(delete(StoredText).where(StoredText.id == text_id, StoredText.draft_id == draft.id))


def kind_of(sections: Sequence[PaperSection]) -> ReadFrom:
    """Tell how much of the paper a file in JATS XML has: its body, or no more than what describes the paper."""
    has_body = any(section.source is PaperPart.FULL_TEXT for section in sections)
    return ReadFrom.FULL_TEXT if has_body else ReadFrom.ABSTRACT


def read(source: bytes | str, paper: PaperContent) -> tuple[Sequence[PaperSection], ReadFrom | None]:
    """Read a text of this paper: JATS XML, or plain text as it is copied from a PDF. Raises Unreadable.

    How much of the paper it is, JATS tells; of plain text it is None.
    """
    text = file_formats.decode(source, FORMATS)[0] if isinstance(source, bytes) else source
    if not re.match(r"\s*<[?!a-z]", text, re.I):
        sections, kind = pdf_text.sections(text), None
    else:
        record = file_formats.read(text)[0]
        other = find_doi(record.content.paper.doi)
        if other and paper.doi and other != find_doi(paper.doi):
            raise Unreadable(f"This is another paper: “{record.title}” (DOI {other}).")
        if record.reason:
            raise Unreadable(record.reason)
        sections, kind = record.sections, kind_of(record.sections)
        if not sections:
            nothing = "There is nothing in this file beyond title and abstract."
            raise Unreadable(_TOO_LONG if TOO_LONG in record.notes else nothing)
    if not sections:
        raise Unreadable("There is no text to store. Choose a file, or paste the text.")
    return sections, kind


def doubts(paper: PaperText) -> list[str]:
    """Say what an editor should know about a text before relying on its suggestions."""
    running = " ".join(section.text for section in paper.sections if section.source is not PaperPart.TABLE)
    words = len(re.findall(r"[^\W\d_]+", running))
    tables = [section.text for section in paper.sections if section.source is PaperPart.TABLE]
    found = []
    if words >= _ENOUGH_WORDS and len(_ENGLISH.findall(running)) < _LEAST_ENGLISH * words:
        found.append("This doesn’t look like English. We find facts in English texts only.")
    if tables and not any(re.search(r"\d", text.partition("\n")[2]) for text in tables):
        found.append("The tables have no numbers. In the paper they may be pictures.")
    return found
