"""Editors working on one text: who has a draft, and comments at its fields, which nobody but editors sees."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.db.session import db
from webapp.models import Assignment, AuditKind, Draft, DraftComment
from webapp.models.values import TextKind
from webapp.parsing import clean_text, int_from
from webapp.publishing import audit

LONGEST_COMMENT = 2000  # characters

# The fields that comments can be at, with their names, in the order of the form. A list has its comments as a whole.
COMMENTED_FIELDS: dict[TextKind, dict[str, str]] = {
    TextKind.SUMMARY: {
        "paper": "The paper",
        "plain_title": "Plain title",
        "main_message": "Main message",
        "simple_explanation": "Simple explanation",
        "participants": "Who took part",
        "findings": "Key findings",
        "harms": "Harms and side effects",
        "research_summary": "Research summary",
        "implications": "Practical implications",
        "questions": "Questions for the care team",
        "limitations": "Study limitations",
        "funding": "Who paid",
        "registrations": "Registered trial",
        "since_then": "Since then",
    },
    TextKind.ANSWER: {
        "question": "The question",
        "verdict": "The verdict",
        "found": "What we found",
        "missing": "What is missing",
        "would_change": "What would change this",
        "questions": "Questions for the care team",
        "elsewhere": "Other places we trust",
    },
}


class CommentRefused(Exception):
    """A comment cannot be stored; the message says why."""


@dataclass(frozen=True)
class Conversation:
    """A comment and the replies to it, oldest first."""

    comment: DraftComment
    replies: tuple[DraftComment, ...]

    @property
    def is_done(self) -> bool:
        return self.comment.done_at is not None


@dataclass(frozen=True)
class Talk:
    """What is said at one field, oldest first."""

    open: tuple[Conversation, ...] = ()
    done: tuple[Conversation, ...] = ()


# ------------------------------------------------------------------ who has a draft


def assign(draft: Draft, editor_id: int | None, by_id: int | None, now: datetime) -> None:
    """Give a draft to an editor, or to nobody; nothing happens if they have it already."""
    earlier = db.session.get(Assignment, draft.id)
    if (earlier.editor_id if earlier else None) == editor_id:
        return
    had_by = earlier.editor_id if earlier else None
    if earlier is not None:
        db.session.delete(earlier)
        db.session.flush()
    if editor_id is not None:
        db.session.add(
            Assignment(draft_id=draft.id, editor_id=editor_id, assigned_by_id=by_id, assigned_at=now)
        )
    kind = AuditKind.ASSIGNED if editor_id else AuditKind.UNASSIGNED
    audit.record(kind, now, by_id, editor_id or had_by, draft.title)


def assignments(draft_ids: Iterable[int]) -> dict[int, Assignment]:
    """Fetch who has these drafts, by draft id."""
    query = select(Assignment).where(Assignment.draft_id.in_(draft_ids))
    return {row.draft_id: row for row in db.session.scalars(query)}


# ------------------------------------------------------------------ comments


def talks(draft: Draft) -> dict[str, Talk]:
    """Fetch all comments of a draft, by field."""
    query = select(DraftComment).where(DraftComment.draft_id == draft.id).order_by(DraftComment.id)
    replies: dict[int | None, list[DraftComment]] = {}
    for row in db.session.scalars(query):
        replies.setdefault(row.reply_to_id, []).append(row)
    fields: dict[str, list[Conversation]] = {}
    for first in replies.get(None, ()):
        fields.setdefault(first.field, []).append(Conversation(first, tuple(replies.get(first.id, ()))))
    return {
        field: Talk(
            tuple(one for one in conversations if not one.is_done),
            tuple(one for one in conversations if one.is_done),
        )
        for field, conversations in fields.items()
    }


def write(draft: Draft, place: str, text: str, editor_id: int, now: datetime) -> str:
    """Store a comment, and return the name of its field.

    ``place`` is that name, or the number of the comment it replies to; a reply opens a conversation again that was done.
    Sent twice, it is stored once. Raises CommentRefused.
    """
    words = clean_text(text).strip()
    if not words:
        raise CommentRefused("Write your comment first.")
    if len(words) > LONGEST_COMMENT:
        raise CommentRefused(f"Please use at most {LONGEST_COMMENT:,} characters. This has {len(words):,}.")
    if place in COMMENTED_FIELDS[draft.kind]:
        begun, field = None, place
    else:
        begun = find_comment(draft, place)
        if begun is None:
            raise CommentRefused("We couldn’t find that comment. Please write a new one.")
        field, begun.done_at, begun.done_by_id = begun.field, None, None
    reply_to_id = begun.id if begun else None
    if not _is_newest(draft, field, reply_to_id, words, editor_id):
        row = DraftComment(
            draft_id=draft.id,
            field=field,
            reply_to_id=reply_to_id,
            text=words,
            editor_id=editor_id,
            written_at=now,
        )
        db.session.add(row)
    return field


def is_written(draft: Draft, place: str, text: str, editor_id: int) -> bool:
    """Tell whether an editor wrote this at a place just before, so that it waits in no field any more."""
    begun = None if place in COMMENTED_FIELDS[draft.kind] else find_comment(draft, place)
    words = clean_text(text[:LONGEST_COMMENT]).strip()
    field, reply_to_id = (begun.field, begun.id) if begun else (place, None)
    return _is_newest(draft, field, reply_to_id, words, editor_id)


def _is_newest(draft: Draft, field: str, reply_to_id: int | None, words: str, editor_id: int) -> bool:
    """Tell whether this is the newest comment at a field, or the newest reply, and not done."""
    query = select(DraftComment).where(
        DraftComment.draft_id == draft.id,
        DraftComment.field == field,
        DraftComment.reply_to_id == reply_to_id,
    )
    last = db.session.scalar(query.order_by(DraftComment.id.desc()).limit(1))
    return last is not None and (last.text, last.editor_id, last.done_at) == (words, editor_id, None)


def find_comment(draft: Draft, number: str) -> DraftComment | None:
    """Find the comment with this number that begins a conversation about a draft."""
    comment_id = int_from(number)
    found = db.session.get(DraftComment, comment_id) if comment_id else None
    return found if found and (found.draft_id, found.reply_to_id) == (draft.id, None) else None


def settle(comment: DraftComment, editor_id: int, now: datetime) -> None:
    """Mark a conversation as done."""
    if comment.done_at is None:
        comment.done_at, comment.done_by_id = now, editor_id


def reopen(comment: DraftComment) -> None:
    """Take back that a conversation is done."""
    comment.done_at, comment.done_by_id = None, None
