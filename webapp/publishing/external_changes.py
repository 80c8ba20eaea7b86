"""What is published apart from the form (an import, several summaries at once, a notice of a journal): the draft is told.

The draft gets the new text as its newest revision, so whoever has the form open meets it as a colleague's save. Changes
that wait in the draft are merged with it. Where both changed the same, ``merge_base`` is set: the form then shows both.
"""

from datetime import datetime

from sqlalchemy import select

from webapp.content import merging
from webapp.content.article_content import ArticleContent, from_json
from webapp.db.session import db
from webapp.models import Article, Draft, Revision
from webapp.publishing import publication, revisions, scheduling
from webapp.publishing.revisions import Desk, Kind

KINDS = (Kind.IMPORTED, Kind.REFILED, Kind.NOTICE)
NOT_OUT = "The summary changed meanwhile. Look at the text and schedule it again."
NOT_OUT_AFTER_NOTICE = (
    "The journal’s notice about the paper came in. Read the text again, then set a new time."
)


def publish(
    article: Article, content: ArticleContent, editor_id: int | None, kind: Kind, now: datetime
) -> None:
    """Give a live article other words. Raises publishing.NotPublishable with all reasons."""
    publication.publish(content, now, article)
    tell(article, editor_id, kind, now)


def tell(article: Article, editor_id: int | None, kind: Kind, now: datetime) -> None:
    """Bring what a live article says now into its draft, if it has one."""
    desk = revisions.open_article(article.id)
    if desk.draft is not None:
        _tell(desk, desk.draft, editor_id, kind, now)


def own_content(draft: Draft) -> ArticleContent:
    """What the draft said before others published beside it."""
    own = select(Revision).where(Revision.draft_id == draft.id, Revision.kind.not_in(KINDS))
    newest = db.session.scalar(own.order_by(Revision.number.desc()).limit(1))
    return from_json(newest.content) if newest else ArticleContent()


def opened_content(desk: Desk) -> ArticleContent:
    """What the form starts with: the newest text, with the draft's own changes where a decision waits."""
    if desk.draft is None or desk.draft.merge_base is None:
        return desk.content
    base = revisions.content_at(desk, desk.draft.merge_base)
    return merging.merge(base, desk.content, own_content(desk.draft))


def _tell(desk: Desk, draft: Draft, editor_id: int | None, kind: Kind, now: datetime) -> None:
    has_changes, own = desk.is_changed, own_content(draft)
    base = draft.merge_base if draft.merge_base is not None else draft.published_revision or 0
    scheduling.cancel(draft, now, NOT_OUT_AFTER_NOTICE if kind is Kind.NOTICE else NOT_OUT)
    live = publication.content_of(desk.article) if desk.article else desk.content
    accepted = revisions.accepted_before(draft)
    revision = revisions.add_revision(draft, live, editor_id, now, kind)
    revision.accepted_warnings, draft.published_revision = accepted, revision.number
    if not has_changes:
        return
    before = revisions.content_at(desk, base)
    merged = merging.merge(before, live, own)
    draft.merge_base = base if merging.clashes(before, live, merged) else None
    if draft.merge_base is None:
        revisions.add_revision(draft, merged, editor_id, now, Kind.SAVED)
