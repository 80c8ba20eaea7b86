"""Questions about published answers, and about the summaries that they rest on."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import load_only

from webapp.catalog.queries import AddressMoved, published_by_ids
from webapp.db.session import db
from webapp.models import Answer, AnswerCitation, AnswerSlug, Article, ArticleSlug
from webapp.models.values import ArticleStatus
from webapp.web.errors import SiteError
from webapp.web.site_settings import ASKED_COUNT


class AnswerWithdrawn(SiteError):
    """The answer at this address was taken off the site."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(410)
        self.answer = answer


def published_answers() -> Select[Answer]:
    """Every answer that readers may see, by question."""
    published = select(Answer).where(Answer.status == ArticleStatus.PUBLISHED)
    return published.order_by(Answer.question, Answer.id)


def list_answers(category_slug: str = "") -> list[Answer]:
    """What lists show of the published answers: all, or those of one category."""
    shown = load_only(
        Answer.slug, Answer.question, Answer.verdict, Answer.certainty, Answer.categories, Answer.updated_at
    )
    answers = db.session.scalars(published_answers().options(shown))
    return [answer for answer in answers if not category_slug or category_slug in answer.categories]


def asked_most(answers: Iterable[Answer], slugs: Iterable[str]) -> list[Answer]:
    """The answers for the home page: those that an admin chose, in that order, then others, as many as it has room for."""
    places = {slug: place for place, slug in enumerate(slugs)}
    return sorted(answers, key=lambda answer: places.get(answer.slug, len(places)))[:ASKED_COUNT]


def recently_changed_answers(count: int) -> Sequence[Answer]:
    """The published answers that changed last."""
    newest = published_answers().order_by(None).order_by(Answer.updated_at.desc(), Answer.id.desc())
    return db.session.scalars(newest.limit(count)).all()


def published_between(start: datetime, end: datetime) -> Sequence[Answer]:
    """The answers that were first published after ``start`` and not after ``end``, newest first."""
    new = published_answers().where(Answer.published_at > start, Answer.published_at <= end)
    return db.session.scalars(new.order_by(None).order_by(Answer.published_at.desc(), Answer.id.desc())).all()


def answers_by_ids(answer_ids: Collection[int]) -> list[Answer]:
    """Those of the answers that readers may see now, in the given order."""
    found = {
        answer.id: answer
        for answer in db.session.scalars(published_answers().where(Answer.id.in_(answer_ids)))
    }
    return [found[number] for number in answer_ids if number in found]


def get_answer(slug: str) -> Answer:
    """The published answer at this address; raises SiteError 404, AnswerWithdrawn or AddressMoved."""
    answer = db.session.scalar(select(Answer).where(Answer.slug == slug))
    if answer is None:
        former = select(Answer.slug).join(AnswerSlug, AnswerSlug.answer_id == Answer.id)
        moved_to = db.session.scalar(former.where(AnswerSlug.slug == slug))
        if moved_to is None:
            raise SiteError(404, "We have no answer at this address. Try a search.")
        raise AddressMoved(moved_to)
    if answer.status is not ArticleStatus.PUBLISHED:
        raise AnswerWithdrawn(answer)
    return answer


def cited(answer: Answer) -> dict[str, Article]:
    """The summaries that an answer rests on, by the slugs that it has for them, in two queries.

    A summary that is no longer on the site is left out; one whose paper was retracted is not.
    """
    ids = ids_of(answer.cited_slugs)
    by_id = {article.id: article for article in published_by_ids(list(ids.values()))}
    return {slug: by_id[number] for slug, number in ids.items() if number in by_id}


def ids_of(slugs: Iterable[str]) -> dict[str, int]:
    """The id of the article behind each slug that an article has or had, published or withdrawn; in the order given."""
    wanted = list(slugs)
    present = select(Article.slug, Article.id).where(Article.slug.in_(wanted))
    former = select(ArticleSlug.slug, ArticleSlug.article_id).where(ArticleSlug.slug.in_(wanted))
    found: dict[str, int] = {slug: number for slug, number in db.session.execute(present.union_all(former))}  # noqa: C416
    return {slug: found[slug] for slug in wanted if slug in found}


def answers_resting_on(article_id: int) -> Sequence[Answer]:
    """The published answers that cite an article."""
    citing = select(AnswerCitation.answer_id).where(AnswerCitation.article_id == article_id)
    shown = load_only(Answer.slug, Answer.question)
    return db.session.scalars(published_answers().options(shown).where(Answer.id.in_(citing))).all()
