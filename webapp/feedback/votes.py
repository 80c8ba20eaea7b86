"""Votes, notes and answers below an article: one for each article and visitor, without knowing who the visitor is."""

import hmac
import ipaddress
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, select

from webapp.db.session import db
from webapp.models import Article, DailySalt, Feedback, Reason, Understanding
from webapp.models.values import Result

IPV6 = 6
Row = TypeVar("Row", Feedback, Understanding)


class NoVoteYet(LookupError):
    """A note came without a vote, or a day after it: by then nobody can tell whose vote it was."""


def vote(article: Article, visitor: str, is_helpful: bool, now: datetime) -> Feedback:
    """Count an answer to "Was this summary helpful?"; a second one replaces the first. ``visitor``: network address."""
    key = _key(article, visitor, _todays_salt(now))
    row = db.session.scalar(select(Feedback).filter_by(**key))
    if row is None:
        row = Feedback(**key, note=None, reasons=[])
        db.session.add(row)
    if is_helpful:
        row.reasons = []
    row.is_helpful = is_helpful
    row.given_at = now
    row.done_at = None
    return row


def find_answer_of_today(table: type[Row], article: Article, visitor: str, now: datetime) -> Row | None:
    """Today's answer of this visitor below the article: a vote (Feedback), or what the study showed (Understanding)."""
    salt = db.session.get(DailySalt, now.date())
    return db.session.scalar(select(table).filter_by(**_key(article, visitor, salt))) if salt else None


def add_note(article: Article, visitor: str, note: str, reasons: Sequence[str], now: datetime) -> None:
    """Add a note to today's vote, and the reasons for a "No"; raises NoVoteYet."""
    row = find_answer_of_today(Feedback, article, visitor, now)
    if row is None:
        raise NoVoteYet(article.slug)
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


def _key(article: Article, visitor: str, salt: DailySalt) -> dict[str, Any]:
    """The columns that name this visitor's answer below this article on the day of the salt.

    The hash differs for each article, so that answers of one visitor cannot be put together. An IPv6 address stands for
    its /64 network: browsers change the other half every day.
    """
    with suppress(ValueError):  # "unknown" is no address
        if ipaddress.ip_address(visitor).version == IPV6:
            visitor = str(ipaddress.ip_network((visitor, 64), strict=False))
    voter_hash = hmac.new(salt.salt.encode(), f"{article.id}:{visitor}".encode(), "sha256").hexdigest()
    return {"article_id": article.id, "voter_hash": voter_hash}
