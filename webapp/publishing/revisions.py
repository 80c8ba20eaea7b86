"""Drafts and their history: open, save, publish. What readers see changes only by publishing."""

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
    """How a revision came to be."""

    SAVED = "saved"
    PUBLISHED = "published"
    RESTORED = "restored"
    SCHEDULED = "scheduled"
    IMPORTED = "imported"
    REFILED = "re-filed"
    NOTICE = "notice"


class DraftNotFound(LookupError):
    """There is no such draft, article or revision."""


class SavedMeanwhile(Exception):
    """The text was written on another revision than the newest: somebody, or the same person elsewhere, saved meanwhile."""

    def __init__(self, base_number: int) -> None:
        super().__init__(base_number)
        self.base_number = base_number


def new_draft() -> Draft:
    """An empty text that is not in the database before it is first saved."""
    return Draft(title=UNTITLED, content=to_json(ArticleContent()), revision_number=0)


def get_draft(draft_id: int) -> Draft:
    """A draft; raises DraftNotFound."""
    draft = db.session.get(Draft, draft_id)
    if draft is None:
        raise DraftNotFound(draft_id)
    return draft


def draft_of(article_id: int) -> Draft:
    """The draft of a live or withdrawn article; raises DraftNotFound if there is no such article."""
    draft = db.session.scalar(select(Draft).where(Draft.article_id == article_id))
    if draft is None:
        raise DraftNotFound(article_id)
    return draft


def get_revision(draft: Draft, number: int) -> Revision:
    """One saved text of a draft; raises DraftNotFound."""
    revision = db.session.scalar(
        select(Revision).where(Revision.draft_id == draft.id, Revision.number == number)
    )
    if revision is None:
        raise DraftNotFound(number)
    return revision


def content_at(draft: Draft, number: int) -> ArticleContent:
    """What revision ``number`` says; an empty content if there is none."""
    try:
        return from_json(get_revision(draft, number).content)
    except DraftNotFound:
        return ArticleContent()


def last_editor_name(draft: Draft) -> str:
    """Who saved the newest revision."""
    editor = db.session.get(Editor, draft.editor_id) if draft.editor_id else None
    return editor.name if editor else "The library"


def history(draft: Draft) -> list[tuple[Revision, str]]:
    """Every saved text of a draft with the name of who saved it, newest first."""
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
    """Save a text as the newest revision; the same text twice makes one. Raises SavedMeanwhile.

    ``base_number`` is the revision that the text was written on.
    """
    check_base(draft, base_number)
    draft.merge_base = None  # whoever saves has decided
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
    """Make a text what readers see. Raises SavedMeanwhile or NotPublishable."""
    check_base(draft, base_number)
    content, reasons = approve(draft, content, accepted, change_note if is_correction else "", now.date())
    draft.article = article = publication.make_public(draft.article, content, now)
    draft.merge_base = None
    said = publication.content_of(article)
    revision = add_revision(draft, said, editor_id, now, Kind.PUBLISHED)
    revision.accepted_warnings, revision.change_note = reasons, change_note or None
    publication.announce_revision(article, revision, now, change_note)
    return draft


def approve(
    draft: Draft, content: ArticleContent, accepted: Mapping[str, str] | None, correction: str, on: date
) -> tuple[ArticleContent, dict[str, str]]:
    """The text as it may be published ``on`` that day, with its address and correction, and why its warnings are accepted.

    Raises NotPublishable.
    """
    if correction:
        row = CorrectionContent(published_on=on, text=correction)
        content = msgspec.structs.replace(content, corrections=[row, *content.corrections])
    content = publication.with_address(content, draft.article)
    return content, publication.check_publishable(content, draft.article, accepted)


def publish_new(content: ArticleContent, now: datetime, kind: Kind = Kind.IMPORTED) -> Article:
    """Publish a text that no editor worked on: an article of an imported library. Raises NotPublishable."""
    publication.check_publishable(content, None)
    article = publication.make_public(None, content, now)
    draft = Draft(article=article)
    revision = add_revision(draft, publication.content_of(article), None, now, kind)
    publication.announce_revision(article, revision, now)
    return article


def restore(draft: Draft, number: int, base_number: int, editor_id: int, now: datetime) -> Draft:
    """Make an earlier text the newest revision; the history stays. Raises SavedMeanwhile or DraftNotFound."""
    content = from_json(get_revision(draft, number).content)
    return save(draft, content, base_number, editor_id, now, kind=Kind.RESTORED)


def accepted_before(draft: Draft) -> dict[str, str]:
    """The warnings accepted at the last publishing, with their reasons."""
    if draft.published_revision is None:
        return {}
    return dict(get_revision(draft, draft.published_revision).accepted_warnings)


def title_of(content: ArticleContent) -> str:
    """What lists call a text."""
    return content.plain_title or content.paper.title or UNTITLED


def check_base(draft: Draft, base_number: int) -> None:
    """Has nothing been saved since ``base_number``? Raises SavedMeanwhile."""
    if draft.revision_number != base_number:
        raise SavedMeanwhile(base_number)


def add_revision(
    draft: Draft, content: ArticleContent, editor_id: int | None, now: datetime, kind: Kind
) -> Revision:
    """The newest text of a draft from now on."""
    draft.revision_number = (draft.revision_number or 0) + 1
    draft.content, draft.title = to_json(content), title_of(content)
    draft.saved_at, draft.editor_id = now, editor_id
    db.session.add(draft)
    db.session.flush()
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
