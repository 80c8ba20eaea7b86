"""Drafts and their history: open, save, publish. What readers see changes only by publishing."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import select

from webapp.content.article_content import ArticleContent, CorrectionContent, from_json, to_json
from webapp.content.checks import Problem, check
from webapp.db.session import db
from webapp.models import Article, ArticleVersion, Draft, Editor, Revision
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


class WarningsOpen(Exception):
    """A text can be published once each of these warnings is accepted with a reason."""

    def __init__(self, warnings: tuple[Problem, ...]) -> None:
        super().__init__(len(warnings))
        self.warnings = warnings


@dataclass(frozen=True)
class Desk:
    """What lies in front of an editor: a new text (neither), a live article nobody has worked on yet, or a draft."""

    draft: Draft | None = None
    article: Article | None = None

    @property
    def content(self) -> ArticleContent:
        if self.draft is not None:
            return from_json(self.draft.content)
        return publication.content_of(self.article) if self.article else ArticleContent()

    @property
    def revision_number(self) -> int:
        """The newest saved revision; taking up a live article goes on from the number of its own."""
        return (
            self.draft.revision_number
            if self.draft
            else (self.article.revision_number if self.article else 0)
        )

    @property
    def is_changed(self) -> bool:
        """Is there something saved that readers do not see yet?"""
        draft = self.draft
        return draft is not None and (
            draft.revision_number != draft.published_revision or draft.merge_base is not None
        )


def open_draft(draft_id: int) -> Desk:
    """A draft, locked against other writers until the transaction ends; raises DraftNotFound."""
    draft = db.session.get(Draft, draft_id, with_for_update=True)
    if draft is None:
        raise DraftNotFound(draft_id)
    return Desk(draft, draft.article)


def open_article(article_id: int) -> Desk:
    """A live or withdrawn article, with its draft if it has one; raises DraftNotFound."""
    article = db.session.get(Article, article_id)
    if article is None:
        raise DraftNotFound(article_id)
    return Desk(db.session.scalar(select(Draft).where(Draft.article_id == article_id)), article)


def get_revision(draft: Draft, number: int) -> Revision:
    """One saved text of a draft; raises DraftNotFound."""
    revision = db.session.scalar(
        select(Revision).where(Revision.draft_id == draft.id, Revision.number == number)
    )
    if revision is None:
        raise DraftNotFound(number)
    return revision


def content_at(desk: Desk, number: int) -> ArticleContent:
    """What revision ``number`` says; an empty content if there is none."""
    if desk.draft is None:
        return _published_at(desk, number)
    try:
        return from_json(get_revision(desk.draft, number).content)
    except DraftNotFound:
        return ArticleContent()


def _published_at(desk: Desk, number: int) -> ArticleContent:
    """What a live article said at its revision ``number``, when nobody had worked on it yet."""
    article_id = desk.article.id if desk.article else None
    said = select(ArticleVersion.content).where(
        ArticleVersion.article_id == article_id, ArticleVersion.number <= number
    )
    content = db.session.scalar(said.order_by(ArticleVersion.number.desc()).limit(1))
    return from_json(content) if content else desk.content


def last_editor_name(desk: Desk) -> str:
    """Who saved the newest revision."""
    editor = db.session.get(Editor, desk.draft.editor_id) if desk.draft and desk.draft.editor_id else None
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
    desk: Desk,
    content: ArticleContent,
    base_number: int,
    editor_id: int | None,
    now: datetime,
    *,
    kind: Kind = Kind.SAVED,
) -> Draft:
    """Keep a text as the newest revision; the same text twice makes one. Raises SavedMeanwhile."""
    draft = checked_draft(desk, base_number, editor_id, now)
    if draft.revision_number == 0 or content != from_json(draft.content):
        add_revision(draft, content, editor_id, now, kind)
    return draft


def publish(
    desk: Desk,
    content: ArticleContent,
    base_number: int,
    editor_id: int,
    now: datetime,
    *,
    accepted: dict[str, str] | None = None,
    change_note: str = "",
    is_correction: bool = False,
) -> Draft:
    """Make a text what readers see. Raises SavedMeanwhile, publishing.NotPublishable (all reasons) or WarningsOpen."""
    if desk.revision_number != base_number:
        raise SavedMeanwhile(base_number)
    content, reasons = approved(
        desk, content, accepted or {}, change_note if is_correction else "", now.date()
    )
    draft = checked_draft(desk, base_number, editor_id, now)
    draft.article = publication.publish(content, now, draft.article, change_note)
    said = publication.content_of(draft.article)
    revision = add_revision(draft, said, editor_id, now, Kind.PUBLISHED)
    revision.accepted_warnings, revision.change_note = reasons, change_note or None
    draft.published_revision = revision.number
    return draft


def approved(
    desk: Desk, content: ArticleContent, accepted: dict[str, str], correction: str, on: date
) -> tuple[ArticleContent, dict[str, str]]:
    """The text as it may be published ``on`` that day, with its address and correction, and the reasons that count.

    Raises publishing.NotPublishable (all reasons) or WarningsOpen.
    """
    if correction:
        row = CorrectionContent(published_on=on, text=correction)
        content = msgspec.structs.replace(content, corrections=[row, *content.corrections])
    slug = content.slug or publication.free_slug(title_of(content), desk.article)
    content = msgspec.structs.replace(content, slug=slug)
    problems = publication.problems_of(content, desk.article)
    if problems:
        raise publication.NotPublishable(problems)
    return content, _reasons(content, accepted)


def restore(desk: Desk, number: int, base_number: int, editor_id: int, now: datetime) -> Draft:
    """Make an earlier text the newest revision; the history stays. Raises SavedMeanwhile or DraftNotFound."""
    if desk.draft is None:
        raise DraftNotFound(number)
    content = from_json(get_revision(desk.draft, number).content)
    return save(desk, content, base_number, editor_id, now, kind=Kind.RESTORED)


def accepted_before(draft: Draft | None) -> dict[str, str]:
    """The warnings accepted at the last publishing, with their reasons."""
    if draft is None or draft.published_revision is None:
        return {}
    return dict(get_revision(draft, draft.published_revision).accepted_warnings)


def title_of(content: ArticleContent) -> str:
    """What lists call a text."""
    return content.plain_title or content.paper.title or UNTITLED


def _reasons(content: ArticleContent, accepted: dict[str, str]) -> dict[str, str]:
    warnings = check(content).warnings
    if any(not accepted.get(warning.message) for warning in warnings):
        raise WarningsOpen(warnings)
    return {warning.message: accepted[warning.message] for warning in warnings}


def checked_draft(desk: Desk, base_number: int, editor_id: int | None, now: datetime) -> Draft:
    """The draft to write to, begun where there is none; nothing has been saved since ``base_number``."""
    if desk.revision_number != base_number:
        raise SavedMeanwhile(base_number)
    draft = desk.draft or _begin(desk.article, editor_id, now)
    draft.merge_base = None  # whoever saves has decided
    return draft


def _begin(article: Article | None, editor_id: int | None, now: datetime) -> Draft:
    draft = Draft(
        article=article, title=UNTITLED, content={}, revision_number=0, saved_at=now, editor_id=editor_id
    )
    db.session.add(draft)
    db.session.flush()
    if article is not None:
        draft.revision_number = article.revision_number - 1
        first = add_revision(draft, publication.content_of(article), None, article.updated_at, Kind.PUBLISHED)
        draft.published_revision = first.number
    return draft


def add_revision(
    draft: Draft, content: ArticleContent, editor_id: int | None, now: datetime, kind: Kind
) -> Revision:
    """The newest text of a draft from now on."""
    draft.revision_number += 1
    draft.content, draft.title = to_json(content), title_of(content)
    draft.saved_at, draft.editor_id = now, editor_id
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
