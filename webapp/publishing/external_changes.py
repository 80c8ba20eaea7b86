"""Changes made apart from the form: an import, a bulk change, a journal's notice. The draft takes them in.

The draft gets the new text as its newest revision, so whoever has the form open sees it as a colleague's save. Changes
that wait in the draft are merged with it. Where both changed the same, ``merge_base`` is set: the form then shows both.
"""

from datetime import datetime

from sqlalchemy import select

from webapp.content import merging
from webapp.content.article_content import ArticleContent, PaperContent, from_json
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import Article, Draft, Revision
from webapp.publishing import publication, revisions, scheduling
from webapp.publishing.revisions import Kind

KINDS = (Kind.IMPORTED, Kind.REFILED, Kind.NOTICE)
SCHEDULE_ENDED = "The summary changed meanwhile. Look at the text and schedule it again."
SCHEDULE_ENDED_BY_NOTICE = (
    "The journal’s notice about the paper came in. Read the text again, then set a new time."
)


def publish(
    article: Article, content: ArticleContent, editor_id: int | None, kind: Kind, now: datetime
) -> None:
    """Give a live article other words. Raises NotPublishable with all reasons."""
    publication.check_publishable(content, article)
    publication.make_public(article, content, now)
    revision = _take_in(revisions.draft_of(article.id), article, editor_id, kind, now)
    publication.announce_revision(article, revision, now)


def publish_notice(article: Article, said: PaperContent, now: datetime) -> None:
    """Show readers what the journal says of the paper; no check on the text may hold it back."""
    publication.set_paper_status(article, said, now)
    revision = _take_in(revisions.draft_of(article.id), article, None, Kind.NOTICE, now)
    note = f"The journal’s notice about the paper: {said.status.label}."
    publication.announce_revision(article, revision, now, note, ChangeKind.NOTICE)


def own_content(draft: Draft) -> ArticleContent:
    """What the draft said before it was changed from outside the form."""
    own = select(Revision).where(Revision.draft_id == draft.id, Revision.kind.not_in(KINDS))
    newest = db.session.scalar(own.order_by(Revision.number.desc()).limit(1))
    return from_json(newest.content) if newest else ArticleContent()


def opened_content(draft: Draft) -> ArticleContent:
    """What the form starts with: the newest text, with the draft's own changes where a decision waits."""
    if draft.merge_base is None:
        return from_json(draft.content)
    base = revisions.content_at(draft, draft.merge_base)
    return merging.merge(base, from_json(draft.content), own_content(draft))


def _take_in(draft: Draft, article: Article, editor_id: int | None, kind: Kind, now: datetime) -> Revision:
    """Add what the live article says now to its draft as a revision, and merge the draft's own changes with it.

    Call it before the article points to the new revision: the one that readers saw until now is what both grew from.
    """
    has_changes, own = draft.has_unpublished_changes, own_content(draft)
    base = draft.merge_base if draft.merge_base is not None else article.revision_number
    accepted = revisions.accepted_before(draft)
    scheduling.cancel(draft, now, SCHEDULE_ENDED_BY_NOTICE if kind is Kind.NOTICE else SCHEDULE_ENDED)
    live = publication.content_of(article)
    revision = revisions.add_revision(draft, live, editor_id, now, kind)
    revision.accepted_warnings = accepted
    if has_changes:
        before = revisions.content_at(draft, base)
        merged = merging.merge(before, live, own)
        draft.merge_base = base if merging.clashes(before, live, merged) else None
        if draft.merge_base is None:
            revisions.add_revision(draft, merged, editor_id, now, Kind.SAVED)
    return revision
