"""What publishing writes to the live row of an article and of an answer alike."""

from datetime import UTC, datetime, time

from webapp.content.answer_content import Content
from webapp.db.session import db
from webapp.models import AnswerSlug, Article, ArticleSlug, Live
from webapp.models.values import ArticleStatus


def make_live(live: Live, content: Content, now: datetime) -> None:
    """Write the address, the status and the dates of a text to its row, which may be new."""
    former_slugs = ArticleSlug if isinstance(live, Article) else AnswerSlug
    if live.slug and live.slug != content.slug:  # links to its former address must go on working
        db.session.merge(former_slugs(slug=live.slug, **live.key))
        former = db.session.get(former_slugs, content.slug)
        if former is not None:
            db.session.delete(former)
    live.slug = content.slug
    live.status = ArticleStatus.PUBLISHED
    live.withdrawn_at = live.withdrawn_note = None
    if content.published_on and content.published_on != live.published_at.date():
        # Noon, so that most time zones show this date.
        live.published_at = datetime.combine(content.published_on, time(12), UTC)
    live.updated_at = now
