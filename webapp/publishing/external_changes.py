"""External changes: an import, a bulk change or a journal's notice changes a live text outside its form.

The draft gets the new text as its newest revision, so an open form meets it like a colleague's save. Unpublished changes
of the draft are merged with it. Where both changed the same field, ``merge_base`` is set, and the form shows both texts.
"""

from datetime import datetime

from sqlalchemy import select

from webapp.content import merging
from webapp.content.answer_content import Content, content_from_json
from webapp.content.article_content import PaperContent
from webapp.content.problems import Problem
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.models import Article, Draft, Live, Revision
from webapp.models.values import ArticleStatus
from webapp.publishing import publication, revisions
from webapp.publishing.revisions import Kind

STAYS_WITHDRAWN = "This text is withdrawn. To bring it back, publish it in the editor."
KINDS = (Kind.IMPORTED, Kind.REFILED, Kind.NOTICE)
SCHEDULE_ENDED = "The summary changed in the meantime. Check the text, and schedule it again."
SCHEDULE_ENDED_BY_NOTICE = (
    "The journal published a notice about the paper. Read the text again, then set a new time."
)


def publish(live: Live, content: Content, editor_id: int | None, kind: Kind, now: datetime) -> None:
    """Publish a text for a live article or answer and update its draft. Raises NotPublishable with all problems.

    A withdrawn one stays withdrawn until somebody decides otherwise (see ``publish_again``).
    """
    refuse_withdrawn(live)
    publish_again(live, content, editor_id, kind, now)


def refuse_withdrawn(live: Live) -> None:
    """Raise NotPublishable for a withdrawn text."""
    if live.status is ArticleStatus.WITHDRAWN:
        raise publication.NotPublishable([Problem("slug", STAYS_WITHDRAWN)])


def publish_again(live: Live, content: Content, editor_id: int | None, kind: Kind, now: datetime) -> None:
    """Publish a text as ``publish`` does, also for a withdrawn one, which comes back. Raises NotPublishable."""
    content, draft = publication.with_address(content, live), revisions.draft_of(**live.key)
    publication.check_publishable(content, draft, today=now.date())
    publication.make_public(draft, _update_draft(draft, content, editor_id, kind, now), now)


def publish_notice(article: Article, notice: PaperContent, now: datetime) -> None:
    """Publish a journal's notice about the paper, given as its status fields. No check of the text may hold it back."""
    publication.set_paper_status(article, notice, now)
    content = publication.content_of(article)
    revision = _update_draft(revisions.draft_of(article_id=article.id), content, None, Kind.NOTICE, now)
    note = f"The journal’s notice about the paper: {notice.status.label}."
    publication.announce_revision(article, revision, now, note, ChangeKind.NOTICE)


def own_content(draft: Draft) -> Content:
    """Return the newest content that was saved in the form, before any external change."""
    own = select(Revision).where(Revision.draft_id == draft.id, Revision.kind.not_in(KINDS))
    newest = db.session.scalar(own.order_by(Revision.number.desc()).limit(1))
    return content_from_json(newest.content) if newest else revisions.EMPTY[draft.kind]


def opened_content(draft: Draft) -> Content:
    """Return the content that a form opens with: the newest text, merged with the draft's own where a decision is due."""
    if draft.merge_base is None:
        return content_from_json(draft.content)
    base = revisions.content_at(draft, draft.merge_base)
    return merging.merge(base, content_from_json(draft.content), own_content(draft))


def _update_draft(draft: Draft, live: Content, editor_id: int | None, kind: Kind, now: datetime) -> Revision:
    """Add what readers see from now on to the draft as a revision, and merge the draft's unpublished changes with it.

    Call this before the live row points to the new revision: the revision that readers saw until now is the merge base.
    """
    # Before the new revision is added: it would count as an unpublished change itself.
    has_changes, own = draft.has_unpublished_changes, own_content(draft)
    base = draft.published_revision if draft.merge_base is None else draft.merge_base
    why = SCHEDULE_ENDED_BY_NOTICE if kind is Kind.NOTICE else SCHEDULE_ENDED
    revisions.end_schedule(draft, now, why)
    revision = revisions.add_revision(draft, live, editor_id, now, kind)
    revision.accepted_warnings = draft.accepted_warnings
    if has_changes:
        before = revisions.content_at(draft, base or 0)
        merged = merging.merge(before, live, own)
        draft.merge_base = base if merging.clashes(before, live, merged) else None
        if draft.merge_base is None:
            revisions.add_revision(draft, merged, editor_id, now, Kind.SAVED)
    return revision
