"""What editors decide about the facts of a paper. A decision is stored, and fills the field of the draft that takes it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select

from webapp.content.article_content import FACTS, NOT_STATED, ArticleContent, PaperContent, from_json
from webapp.content.identifiers import find_trials
from webapp.db.session import db
from webapp.models import Draft, Fact, FoundBy, PaperPart
from webapp.models.people import People
from webapp.models.values import ReadFrom, StudyKind, Subject
from webapp.papers import stored_texts
from webapp.papers.facts.paper_text import PaperText, Sentence
from webapp.papers.facts.people_values import NAMES, people_values
from webapp.papers.facts.suggestion import Field, Suggestion, as_text
from webapp.papers.records import LONGEST_TEXT, registrations
from webapp.publishing import revisions

LONGEST_FACT = 300  # characters, the limit of a short field of the authoring form
LONG_FIELDS = (Field.HARMS, Field.FUNDING, Field.CONFLICTS_OF_INTEREST)
CHOICES: dict[Field, dict[str, str]] = {
    Field.STUDY_KIND: {kind.value: kind.label for kind in StudyKind},
    Field.SUBJECT: {subject.value: subject.label for subject in Subject},
    Field.IS_FREE_TO_READ: {"true": "Yes", "false": "No"},
}
_TYPES = {
    field.name: field.type
    for kind in (PaperContent, ArticleContent)
    for field in msgspec.structs.fields(kind)
}


class Undecidable(ValueError):
    """A decision cannot be stored; the message says why and what to do."""


def decided(draft: Draft) -> dict[Field, Fact]:
    """Fetch what was decided about the facts of a draft's paper."""
    facts = db.session.scalars(select(Fact).where(Fact.draft_id == draft.id))
    return {Field(fact.field): fact for fact in facts}


def decide(
    draft: Draft, field: Field, value: str, seen: Sequence[Suggestion], *, editor_id: int, now: datetime
) -> None:
    """Store a decision, and put its value into the draft as a new revision. Raises Undecidable or Undecided.

    ``value`` may be NOT_STATED; ``seen`` are the suggestions that the editor agreed with or changed.
    """
    facts = decided(draft)
    fact = facts.get(field) or Fact(draft_id=draft.id, field=field, value="")
    content = with_fact(from_json(draft.content), field, value)
    if content.subject is Subject.PEOPLE:
        if field is Field.SUBJECT:  # the facts that were decided before
            for other, earlier in facts.items():
                content = _with_people(content, other, "", earlier.value, earlier.source)
        content = _with_people(content, field, fact.value, value, seen[0].source if seen else None)
    revisions.save(draft, content, draft.revision_number, editor_id, now)
    fact.value, fact.editor_id, fact.confirmed_at = value, editor_id, now
    fact.found_by = FoundBy.RULE if seen and value == joined(seen) else FoundBy.PERSON
    fact.source, fact.start, fact.end, fact.quote, fact.text_id = None, None, None, "", None
    if seen:
        first = seen[0]
        text = stored_texts.text_with(draft, first.section)
        fact.source, fact.start, fact.end, fact.quote = first.source, first.start, first.end, first.quote
        fact.text_id = text.id if text else None
    db.session.add(fact)


def find_sentence(fact: Fact, paper: PaperText) -> Sentence | None:
    """Find the sentence of a fact in the text as it is now, the one at its place first; it may be gone."""
    same = [sentence for sentence in paper.sentences if sentence.text == fact.quote]
    return min(same, key=lambda sentence: sentence.start != fact.start, default=None)


def joined(seen: Sequence[Suggestion]) -> str:
    """Write the values of suggestions as one value."""
    return ", ".join(suggestion.text for suggestion in seen)


def set_read_from(draft: Draft, read_from: ReadFrom | None, *, editor_id: int, now: datetime) -> None:
    """Put into a draft, as a new revision, how much of the paper was read. Raises Undecided."""
    content = from_json(draft.content)
    paper = msgspec.structs.replace(content.paper, read_from=read_from)
    content = msgspec.structs.replace(content, paper=paper)
    revisions.save(draft, content, draft.revision_number, editor_id, now)


def with_fact(content: ArticleContent, field: Field, value: str) -> ArticleContent:
    """Put a value into the field of the article or its paper that takes it, if there is one. Raises Undecidable."""
    most = LONGEST_TEXT if field in LONG_FIELDS else LONGEST_FACT
    if not value or len(value) > most:
        raise Undecidable(f"Enter what the paper says, in up to {most:,} characters.")
    if value == NOT_STATED and field not in FACTS:
        value = ""
    if field is Field.TRIAL_NUMBER:
        numbers = find_trials(value)
        if value and not numbers:
            raise Undecidable("Enter the number of a register, like NCT01234567 or ISRCTN12345678.")
        entries = [entry for number in numbers for entry in registrations([number])]
        return msgspec.structs.replace(content, registrations=entries)
    if field not in _TYPES:
        return content
    try:
        typed = value if _TYPES[field] is str else msgspec.convert(value or None, _TYPES[field], strict=False)
    except msgspec.ValidationError as error:
        raise Undecidable("Choose one of the values.") from error
    if field in PaperContent.__struct_fields__:
        paper = msgspec.structs.replace(content.paper, **{field: typed})
        return msgspec.structs.replace(content, paper=paper)
    return msgspec.structs.replace(content, **{field: typed})


def _with_people(
    content: ArticleContent, field: Field, before: str, value: str, source: PaperPart | None
) -> ArticleContent:
    """Fill in who took part from a fact and where it stands, but never replace what does not come from this fact."""
    people, old, new = content.people, people_values(field, before), people_values(field, value)
    for name in NAMES.get(field, ()):
        if getattr(people, name) in (None, [], old.get(name)):
            empty = getattr(People(), name)
            said_in = {key: place for key, place in people.said_in.items() if key != name}
            if name in new and source:
                said_in[name] = source.value
            people = msgspec.structs.replace(people, said_in=said_in, **{name: new.get(name, empty)})
    return msgspec.structs.replace(content, people=people)


def value_in(content: ArticleContent, field: Field) -> str:
    """Return what a content says about a fact, as a value; empty if it says nothing or has no field for it."""
    if field is Field.TRIAL_NUMBER:
        return ", ".join(entry.number for entry in content.registrations)
    of_paper = field in PaperContent.__struct_fields__
    value = getattr(content.paper if of_paper else content, field, None)
    return "" if value is None else as_text(value)


def in_words(field: Field, value: str) -> str:
    """Write a value as editors read it."""
    return "Not stated" if value == NOT_STATED else CHOICES.get(field, {}).get(value, value)
