"""Drafts and their revisions. Saving changes what editors see; only publishing changes what readers see."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import func, or_, select, update

from webapp.content.answer_content import AnswerContent, Content, content_from_json
from webapp.content.article_content import ArticleContent, CorrectionContent, to_json
from webapp.content.problems import Problem
from webapp.db.session import db
from webapp.models import AuditKind, Draft, Editor, Live, Revision, Schedule
from webapp.models.values import TextKind
from webapp.publishing import audit, publication
from webapp.web.errors import SiteError

EMPTY: dict[TextKind, Content] = {
    TextKind.SUMMARY: ArticleContent(),
    TextKind.ANSWER: AnswerContent(question=""),
}


class Kind(StrEnum):
    """The event that made a revision."""

    SAVED = "saved"
    PUBLISHED = "published"
    RESTORED = "restored"
    SCHEDULED = "scheduled"
    IMPORTED = "imported"
    REFILED = "re-filed"
    NOTICE = "notice"
    UNDONE = "undone"
    AI_DRAFT = "AI draft"


class DraftNotFound(SiteError):
    """There is no draft, article or revision with this number."""

    def __init__(self) -> None:
        super().__init__(404, "We couldn’t find that text. Look for it in the list.")


class SavedMeanwhile(Exception):
    """The text is based on an older revision: somebody else, or the same person in another window, saved meanwhile."""


class Undecided(SiteError):
    """Somebody has to decide between two texts first: any other save would count as the decision."""

    def __init__(self) -> None:
        sentence = "There are two versions of this text. Open it in the form, decide between them, and save it. Then try again."
        super().__init__(409, sentence, title="Nothing was saved")


def new_draft(form_key: str | None = None, kind: TextKind = TextKind.SUMMARY) -> Draft:
    """Make an empty draft, which enters the database when it is first saved."""
    return Draft(
        kind=kind,
        title=title_of(EMPTY[kind]),
        content=to_json(EMPTY[kind]),
        revision_number=0,
        form_key=form_key,
        change_note="",
        is_correction=False,
        accepted_warnings={},
    )


def get_draft(draft_id: int) -> Draft:
    """Fetch a draft by its id. Raises DraftNotFound."""
    draft = db.session.get(Draft, draft_id)
    if draft is None:
        raise DraftNotFound
    return draft


def get_summary_draft(draft_id: int) -> Draft:
    """Fetch the draft of a summary by its id. Raises DraftNotFound, also for that of an answer, which has no paper."""
    draft = get_draft(draft_id)
    if draft.kind is not TextKind.SUMMARY:
        raise DraftNotFound
    return draft


def find_draft_of_form(form_key: str) -> Draft | None:
    """Find the draft that the form of a new text has made."""
    return db.session.scalar(select(Draft).where(Draft.form_key == form_key))


def find_same_paper(draft: Draft, content: Content) -> Draft | None:
    """Find another draft, published or not, about a paper with the DOI or PubMed number that this text has."""
    if isinstance(content, AnswerContent):
        return None
    paper, facts = content.paper, Draft.content["paper"]
    keys = (
        (func.lower(facts["doi"].as_string()), paper.doi.lower()),
        (facts["pmid"].as_string(), paper.pmid),
    )
    matches = [column == value for column, value in keys if value]
    if not matches:
        return None
    others = select(Draft).where(Draft.id != (draft.id or 0), Draft.deleted_at.is_(None), or_(*matches))
    return db.session.scalar(others.order_by(Draft.article_id.is_(None), Draft.id).limit(1))


def draft_of(**key: int) -> Draft:
    """Fetch the one draft of an article or an answer, published or withdrawn, by its key. Raises DraftNotFound."""
    draft = db.session.scalar(select(Draft).filter_by(**key))
    if draft is None:
        raise DraftNotFound
    return draft


def get_revision(draft: Draft, number: int) -> Revision:
    """Fetch a revision of a draft by its number. Raises DraftNotFound."""
    revision = db.session.scalar(
        select(Revision).where(Revision.draft_id == draft.id, Revision.number == number)
    )
    if revision is None:
        raise DraftNotFound
    return revision


def content_at(draft: Draft, number: int) -> Content:
    """Return the content of revision ``number``, or empty content if it does not exist."""
    try:
        return content_from_json(get_revision(draft, number).content)
    except DraftNotFound:
        return EMPTY[draft.kind]


def last_editor_name(draft: Draft) -> str:
    """Return the name of the person who saved the newest revision."""
    editor = db.session.get(Editor, draft.editor_id) if draft.editor_id else None
    return editor.name if editor else "The library"


def history(draft: Draft) -> list[tuple[Revision, str]]:
    """Return all revisions of a draft with the names of who wrote them, newest first."""
    query = (
        select(Revision, Editor.name)
        .outerjoin(Editor, Editor.id == Revision.editor_id)
        .where(Revision.draft_id == draft.id)
        .order_by(Revision.number.desc())
    )
    return [
        (revision, "AI" if revision.kind == Kind.AI_DRAFT else name or "The library")
        for revision, name in db.session.execute(query)
    ]


def save(
    draft: Draft,
    content: Content,
    base_number: int,
    editor_id: int | None,
    now: datetime,
    *,
    kind: Kind = Kind.SAVED,
) -> Draft:
    """Save a text as the newest revision, unless it equals the current one. Raises SavedMeanwhile or Undecided.

    ``base_number`` is the number of the revision that the text is based on.
    """
    if draft.revision_number != base_number:
        raise SavedMeanwhile
    if draft.merge_base is not None:
        raise Undecided
    if draft.revision_number == 0 or draft.deleted_at or content != content_from_json(draft.content):
        add_revision(draft, content, editor_id, now, kind)
    return draft


def approve(
    draft: Draft,
    content: Content,
    base_number: int,
    editor_id: int | None,
    now: datetime,
    *,
    publish_on: date,
    kind: Kind,
    accepted: Mapping[str, str] | None,
) -> Revision:
    """Save a text that passes all checks as the revision to publish, with its slug and the draft's note of what changed.

    ``accepted`` holds reasons by warning (see ``check_publishable``); with them, as for a person, a text that readers see needs
    such a note. Raises SavedMeanwhile or NotPublishable.
    """
    if draft.revision_number != base_number:
        raise SavedMeanwhile
    if draft.live is not None and accepted is not None and not draft.change_note:
        raise publication.NotPublishable([Problem("reason", "Say in a sentence why you changed it.")])
    if draft.is_correction and isinstance(content, ArticleContent):
        # Part of its text, which has others from before this site; the checks refuse one without a note.
        row = CorrectionContent(published_on=publish_on, text=draft.change_note)
        content = msgspec.structs.replace(content, corrections=[row, *content.corrections])
    content = publication.with_address(content, draft.live)
    reasons = publication.check_publishable(content, draft, accepted, now.date())
    draft.merge_base = None
    revision = add_revision(draft, content, editor_id, now, kind)
    revision.accepted_warnings, revision.change_note = reasons, draft.change_note or None
    revision.is_correction = draft.is_correction
    draft.accepted_warnings, draft.change_note, draft.is_correction = reasons, "", False
    return revision


def publish(
    draft: Draft,
    content: Content,
    base_number: int,
    editor_id: int,
    now: datetime,
    *,
    accepted: Mapping[str, str],
) -> None:
    """Publish a text by hand, with reasons as for ``approve``. Raises SavedMeanwhile or NotPublishable."""
    revision = approve(
        draft,
        content,
        base_number,
        editor_id,
        now,
        publish_on=now.date(),
        kind=Kind.PUBLISHED,
        accepted=accepted,
    )
    publication.make_public(draft, revision, now)
    end_schedule(draft, now, "It was published by hand.")
    audit.record(AuditKind.PUBLISHED, now, editor_id, detail=draft.title)


def publish_new(content: Content, now: datetime) -> Live:
    """Publish a new text without a form, as when a library is imported. Raises NotPublishable."""
    content = publication.with_address(content, None)
    publication.check_publishable(content, None, today=now.date())
    draft = Draft(change_note="", is_correction=False, accepted_warnings={})
    return publication.make_public(draft, add_revision(draft, content, None, now, Kind.IMPORTED), now)


def end_schedule(draft: Draft, now: datetime, why: str) -> bool:
    """End the schedule of a draft, and tell whether there was one; ``why`` is shown in its history."""
    waiting = update(Schedule).where(Schedule.draft_id == draft.id, Schedule.ended_at.is_(None))
    ended = waiting.values(ended_at=now, problem=why).returning(Schedule.id)
    return bool(db.session.scalars(ended).all())


def title_of(content: Content) -> str:
    """Return the title under which lists show a text."""
    if isinstance(content, AnswerContent):
        return content.question or "Untitled answer"
    return content.plain_title or content.paper.title or "Untitled summary"


def add_revision(
    draft: Draft, content: Content, editor_id: int | None, now: datetime, kind: Kind
) -> Revision:
    """Append a revision and make it the current text of the draft, which comes back if it was deleted."""
    draft.revision_number = (draft.revision_number or 0) + 1
    draft.kind = TextKind.ANSWER if isinstance(content, AnswerContent) else TextKind.SUMMARY
    draft.content, draft.title = to_json(content), title_of(content)
    draft.saved_at, draft.editor_id = now, editor_id
    draft.deleted_at = draft.tab = None
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
