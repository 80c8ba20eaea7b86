"""Publication of answers: the checks that need the database, and the live rows."""

from collections.abc import Mapping
from datetime import datetime

from flask import current_app
from sqlalchemy import select

from webapp.catalog.answers import ids_of, published_answers
from webapp.content.answer_checks import answer_errors
from webapp.content.answer_content import AnswerContent
from webapp.content.problems import Problem
from webapp.db import change_log
from webapp.db.session import db
from webapp.models import Answer, AnswerCitation, AnswerSlug, Article

_FIELDS = [name for name in AnswerContent.__struct_fields__ if name not in ("slug", "published_on")]


def cited_articles(content: AnswerContent) -> dict[str, Article]:
    """The article behind each slug that a text cites, published or withdrawn."""
    ids = ids_of(content.cited)
    articles = {
        row.id: row for row in db.session.scalars(select(Article).where(Article.id.in_(ids.values())))
    }
    return {slug: articles[number] for slug, number in ids.items()}


def problems(content: AnswerContent, own_id: int | None, cited: Mapping[str, Article]) -> list[Problem]:
    """Find what stops publishing an answer, apart from its address and categories."""
    found = list(answer_errors(content, cited))
    cards = {card.id for card in current_app.extensions["safety_cards"].cards}
    for card in content.safety_cards:
        if card not in cards:
            found.append(Problem("safety_cards", f"There is no safety card “{card}”."))
    asked = {text.casefold() for text in (content.question, *content.phrasings)}
    for other in db.session.scalars(published_answers().where(Answer.id != (own_id or 0))):
        others = {text.casefold() for text in (other.question, *other.phrasings)}
        for same in sorted(asked & others):
            message = f"“{other.question}” is an answer to “{same}” already. Remove it here or there."
            found.append(Problem("phrasings", message))
    return found


def find_answer(slug: str) -> Answer | None:
    """Find the answer that has or had this address, published or withdrawn."""
    owner_id = slug_owner(slug)
    return db.session.get(Answer, owner_id) if owner_id else None


def content_of(answer: Answer) -> AnswerContent:
    """Read back what a live answer says."""
    return AnswerContent(
        slug=answer.slug,
        published_on=answer.published_at.date(),
        **{name: getattr(answer, name) for name in _FIELDS},
    )


def transient_answer(content: AnswerContent, now: datetime) -> Answer:
    """Make an answer outside the database to preview a draft, which may be incomplete."""
    answer = Answer(revision_number=0, published_at=now, updated_at=now, sign_offs=[], slug=content.slug)
    for name in _FIELDS:
        setattr(answer, name, getattr(content, name))
    return answer


def fill(answer: Answer, content: AnswerContent) -> None:
    """Write what an answer says, and what it cites, to its live row, which may be new."""
    for name in _FIELDS:
        setattr(answer, name, getattr(content, name))
    answer.checked_change = change_log.newest()
    db.session.add(answer)
    db.session.flush()
    cited = set(ids_of(content.cited).values())
    citations = select(AnswerCitation).where(AnswerCitation.answer_id == answer.id)
    before = {row.article_id: row for row in db.session.scalars(citations)}
    for article_id in before.keys() - cited:
        db.session.delete(before[article_id])
    db.session.add_all(AnswerCitation(answer_id=answer.id, article_id=one) for one in cited - before.keys())


def slug_owner(slug: str) -> int | None:
    """The id of the answer that has or had this address."""
    return db.session.scalar(select(Answer.id).where(Answer.slug == slug)) or db.session.scalar(
        select(AnswerSlug.answer_id).where(AnswerSlug.slug == slug)
    )
