"""Drafts and their revisions. Saving changes what editors see; only publishing changes what readers see."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import select

from webapp.content.article_content import ArticleContent, CorrectionContent, from_json, to_json
from webapp.db.session import db
from webapp.models import Article, Draft, Editor, Revision
from webapp.publishing import publication

UNTITLED = "Untitled summary"


class Kind(StrEnum):
    """The event that made a revision."""

    SAVED = "saved"
    PUBLISHED = "published"
    RESTORED = "restored"
    SCHEDULED = "scheduled"
    IMPORTED = "imported"
    REFILED = "re-filed"
    NOTICE = "notice"


class DraftNotFound(LookupError):
    """A draft, article or revision with this number does not exist."""


class SavedMeanwhile(Exception):
    """The text is based on an older revision: somebody else, or the same person in another window, saved meanwhile."""

    def __init__(self, base_number: int) -> None:
        super().__init__(base_number)
        self.base_number = base_number


def new_draft() -> Draft:
    """Make an empty draft, which enters the database when it is first saved."""
    return Draft(title=UNTITLED, content=to_json(ArticleContent()), revision_number=0)


def get_draft(draft_id: int) -> Draft:
    """Fetch a draft by its id. Raises DraftNotFound."""
    draft = db.session.get(Draft, draft_id)
    if draft is None:
        raise DraftNotFound(draft_id)
    return draft


def draft_of(article_id: int) -> Draft:
    """Fetch the one draft of an article, published or withdrawn. Raises DraftNotFound."""
    draft = db.session.scalar(select(Draft).where(Draft.article_id == article_id))
    if draft is None:
        raise DraftNotFound(article_id)
    return draft


def get_revision(draft: Draft, number: int) -> Revision:
    """Fetch a revision of a draft by its number. Raises DraftNotFound."""
    revision = db.session.scalar(
        select(Revision).where(Revision.draft_id == draft.id, Revision.number == number)
    )
    if revision is None:
        raise DraftNotFound(number)
    return revision


def content_at(draft: Draft, number: int) -> ArticleContent:
    """Return the content of revision ``number``, or empty content if it does not exist."""
    try:
        return from_json(get_revision(draft, number).content)
    except DraftNotFound:
        return ArticleContent()


def last_editor_name(draft: Draft) -> str:
    """Return the name of the person who saved the newest revision."""
    editor = db.session.get(Editor, draft.editor_id) if draft.editor_id else None
    return editor.name if editor else "The library"


def history(draft: Draft) -> list[tuple[Revision, str]]:
    """Return all revisions of a draft with their editors' names, newest first."""
    query = (
        select(Revision, Editor.name)
        .outerjoin(Editor, Editor.id == Revision.editor_id)
        .where(Revision.draft_id == draft.id)
        .order_by(Revision.number.desc())
    )
    return [(revision, name or "The library") for revision, name in db.session.execute(query)]


def save(
    draft: Draft,
    content: ArticleContent,
    base_number: int,
    editor_id: int | None,
    now: datetime,
    *,
    kind: Kind = Kind.SAVED,
) -> Draft:
    """Save a text as the newest revision, unless it equals the current one. Raises SavedMeanwhile.

    ``base_number`` is the number of the revision that the text is based on.
    """
    check_base(draft, base_number)
    draft.merge_base = None  # saving the form resolves the conflict that it showed
    if draft.revision_number == 0 or content != from_json(draft.content):
        add_revision(draft, content, editor_id, now, kind)
    return draft


def publish(
    draft: Draft,
    content: ArticleContent,
    base_number: int,
    editor_id: int | None,
    now: datetime,
    *,
    accepted: Mapping[str, str] | None,
    change_note: str = "",
    is_correction: bool = False,
) -> Draft:
    """Save a text and publish it. Raises SavedMeanwhile or NotPublishable.

    ``accepted`` holds reasons by warning (see ``check_publishable``); a correction is also listed on the page.
    """
    check_base(draft, base_number)
    content, reasons = approve(draft, content, accepted, change_note if is_correction else "", now.date())
    draft.article = article = publication.make_public(draft.article, content, now)
    draft.merge_base = None
    revision = add_revision(draft, publication.content_of(article), editor_id, now, Kind.PUBLISHED)
    revision.accepted_warnings, revision.change_note = reasons, change_note or None
    publication.announce_revision(article, revision, now, change_note)
    return draft


def approve(
    draft: Draft, content: ArticleContent, accepted: Mapping[str, str] | None, correction: str, on: date
) -> tuple[ArticleContent, dict[str, str]]:
    """Check a text and complete it with its slug and a correction dated ``on``; returns it with the accepted warnings.

    Returns the text and the reason for which each warning was accepted.
    Raises NotPublishable.
    """
    if correction:
        row = CorrectionContent(published_on=on, text=correction)
        content = msgspec.structs.replace(content, corrections=[row, *content.corrections])
    content = publication.with_address(content, draft.article)
    return content, publication.check_publishable(content, draft.article, accepted)


def publish_new(content: ArticleContent, now: datetime, kind: Kind = Kind.IMPORTED) -> Article:
    """Publish a new article without a form, as when a library is imported. Raises NotPublishable."""
    content = publication.with_address(content, None)
    publication.check_publishable(content, None)
    article = publication.make_public(None, content, now)
    draft = Draft(article=article)
    revision = add_revision(draft, publication.content_of(article), None, now, kind)
    publication.announce_revision(article, revision, now)
    return article


def restore(draft: Draft, number: int, base_number: int, editor_id: int, now: datetime) -> Draft:
    """Save an earlier revision's text as the newest revision. Raises SavedMeanwhile or DraftNotFound."""
    content = from_json(get_revision(draft, number).content)
    return save(draft, content, base_number, editor_id, now, kind=Kind.RESTORED)


def accepted_before(draft: Draft) -> dict[str, str]:
    """Return the reasons for which warnings were accepted at the last publication, by the warning's message."""
    if draft.published_revision is None:
        return {}
    return dict(get_revision(draft, draft.published_revision).accepted_warnings)


def title_of(content: ArticleContent) -> str:
    """Return the title under which lists show a text."""
    return content.plain_title or content.paper.title or UNTITLED


def check_base(draft: Draft, base_number: int) -> None:
    """Raise SavedMeanwhile if a newer revision than ``base_number`` exists."""
    if draft.revision_number != base_number:
        raise SavedMeanwhile(base_number)


def add_revision(
    draft: Draft, content: ArticleContent, editor_id: int | None, now: datetime, kind: Kind
) -> Revision:
    """Append a revision and make it the current text of the draft."""
    draft.revision_number = (draft.revision_number or 0) + 1
    draft.content, draft.title = to_json(content), title_of(content)
    draft.saved_at, draft.editor_id = now, editor_id
    db.session.add(draft)
    db.session.flush()  # a new draft gets its id
    revision = Revision(
        draft_id=draft.id,
        number=draft.revision_number,
        kind=kind,
        content=draft.content,
        saved_at=now,
        editor_id=editor_id,
        accepted_warnings={},
    )
    db.session.add(revision)
    return revision
