"""Votes and notes below a summary or an answer, and what readers understood: one for each text and visitor, who stays unknown."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, select

from webapp.db.session import db
from webapp.models import Answer, AnswerFeedback, Article, DailySalt, Feedback, Live, Reason, Understanding
from webapp.models.values import Result

Row = TypeVar("Row", Feedback, AnswerFeedback, Understanding)


class NoVoteYet(LookupError):
    """A note came without a vote, or a day after it: by then nobody can tell whose vote it was."""


def vote(text: Live, visitor: str, is_helpful: bool, now: datetime) -> Feedback | AnswerFeedback:
    """Count an answer to "Was this helpful?"; a second one replaces the first. ``visitor``: see ``visitor_address``."""
    table: Any = AnswerFeedback if isinstance(text, Answer) else Feedback
    key = _key(text, visitor, _todays_salt(now))
    row: Feedback | AnswerFeedback | None = db.session.scalar(select(table).filter_by(**key))
    if row is None:
        row = table(**key, note=None, reasons=[])
        db.session.add(row)
    if is_helpful:
        row.reasons = []
    row.is_helpful = is_helpful
    row.given_at = now
    row.done_at = None
    return row


def find_vote_of_today(text: Live, visitor: str, now: datetime) -> Feedback | AnswerFeedback | None:
    """Today's vote of this visitor below the text."""
    if isinstance(text, Answer):
        return _find_row_of_today(AnswerFeedback, text, visitor, now)
    return _find_row_of_today(Feedback, text, visitor, now)


def find_answer_of_today(article: Article, visitor: str, now: datetime) -> Understanding | None:
    """What this visitor said today that the study showed."""
    return _find_row_of_today(Understanding, article, visitor, now)


def add_note(text: Live, visitor: str, note: str, reasons: Sequence[str], now: datetime) -> None:
    """Add a note to today's vote, and the reasons for a "No"; raises NoVoteYet."""
    row = find_vote_of_today(text, visitor, now)
    if row is None:
        raise NoVoteYet(text.slug)
    row.note = note.strip() or None
    row.reasons = [] if row.is_helpful else [Reason(reason).value for reason in reasons]
    row.done_at = None


def answer(article: Article, visitor: str, result: Result, now: datetime) -> None:
    """Count an answer to "What did this study show?"; only the first one, for the page explains it at once."""
    key = _key(article, visitor, _todays_salt(now))
    if db.session.scalar(select(Understanding).filter_by(**key)) is None:
        db.session.add(Understanding(**key, answer=result, given_at=now))


def forget_salts(now: datetime) -> None:
    """Throw away the secrets of past days; what was hashed with them cannot be traced from then on."""
    db.session.execute(delete(DailySalt).where(DailySalt.day < now.date()))


def _todays_salt(now: datetime) -> DailySalt:
    """The secret of the day, made for its first answer."""
    salt = db.session.get(DailySalt, now.date())
    if salt is None:
        forget_salts(now)
        salt = DailySalt(day=now.date(), salt=secrets.token_hex(32))
        db.session.add(salt)
    return salt


def _find_row_of_today(table: type[Row], text: Live, visitor: str, now: datetime) -> Row | None:
    salt = db.session.get(DailySalt, now.date())
    return db.session.scalar(select(table).filter_by(**_key(text, visitor, salt))) if salt else None


def _key(text: Live, visitor: str, salt: DailySalt) -> dict[str, Any]:
    """The columns that name this visitor's answer below this text on the day of the salt.

    The hash differs for each text, so that answers of one visitor cannot be put together.
    """
    voter_hash = hmac.new(
        salt.salt.encode(), f"{text.kind} {text.id}:{visitor}".encode(), "sha256"
    ).hexdigest()
    return {**text.key, "voter_hash": voter_hash}
