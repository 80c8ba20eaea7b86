"""Votes, notes and answers below an article: one for each article and visitor, without knowing who the visitor is."""

import hmac
import ipaddress
import secrets
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, select

from webapp.db.session import db
from webapp.models import Article, DailySalt, Feedback, Reason, Understanding
from webapp.models.values import Result


class NoVoteYet(LookupError):
    """A note came without a vote, or a day after it: by then nobody can tell whose vote it was."""


def vote(article: Article, visitor: str, is_helpful: bool, now: datetime) -> Feedback:
    """Count an answer to "Was this summary helpful?"; a second one replaces the first. ``visitor``: network address."""
    row = find_vote(article, visitor, now)
    if row is None:
        row = Feedback(
            article_id=article.id, voter_hash=_made_hash(article, visitor, now), note=None, reasons=[]
        )
        db.session.add(row)
    if is_helpful:
        row.reasons = []
    row.is_helpful = is_helpful
    row.given_at = now
    row.done_at = None
    return row


def find_vote(article: Article, visitor: str, now: datetime) -> Feedback | None:
    """Today's answer of this visitor."""
    voter_hash = _find_hash(article, visitor, now.date())
    if voter_hash is None:
        return None
    return db.session.scalar(
        select(Feedback).where(Feedback.article_id == article.id, Feedback.voter_hash == voter_hash)
    )


def add_note(article: Article, visitor: str, note: str, reasons: Sequence[str], now: datetime) -> None:
    """Put words, and after "No" reasons, to today's vote; raises NoVoteYet."""
    row = find_vote(article, visitor, now)
    if row is None:
        raise NoVoteYet(article.slug)
    row.note = note.strip() or None
    row.reasons = [] if row.is_helpful else [Reason(reason).value for reason in reasons]
    row.done_at = None


def answer(article: Article, visitor: str, result: Result, now: datetime) -> None:
    """Count an answer to "What did this study show?"; only the first one, for the page explains it at once."""
    if find_answer(article, visitor, now) is None:
        voter_hash = _made_hash(article, visitor, now)
        db.session.add(
            Understanding(article_id=article.id, voter_hash=voter_hash, answer=result, given_at=now)
        )


def find_answer(article: Article, visitor: str, now: datetime) -> Understanding | None:
    """Today's first answer of this visitor to the question about the study."""
    voter_hash = _find_hash(article, visitor, now.date())
    if voter_hash is None:
        return None
    return db.session.scalar(
        select(Understanding).where(
            Understanding.article_id == article.id, Understanding.voter_hash == voter_hash
        )
    )


def forget_salts(now: datetime) -> None:
    """Throw away the secrets of past days; what was hashed with them cannot be traced from then on."""
    db.session.execute(delete(DailySalt).where(DailySalt.day < now.date()))


def _made_hash(article: Article, visitor: str, now: datetime) -> str:
    """The visitor's hash; makes the day's salt where this is the first answer of the day."""
    found = _find_hash(article, visitor, now.date())
    if found is not None:
        return found
    forget_salts(now)
    salt = DailySalt(day=now.date(), salt=secrets.token_hex(32))
    db.session.add(salt)
    return _hash(salt, article, visitor)


def _find_hash(article: Article, visitor: str, day: date) -> str | None:
    salt = db.session.get(DailySalt, day)
    return None if salt is None else _hash(salt, article, visitor)


def _hash(salt: DailySalt, article: Article, visitor: str) -> str:
    """Differs for each article, so that answers of one visitor cannot be put together."""
    return hmac.new(salt.salt.encode(), f"{article.id}:{_network(visitor)}".encode(), "sha256").hexdigest()


def _network(visitor: str) -> str:
    """An IPv6 address stands for its /64 network: browsers change the other half every day."""
    try:
        address = ipaddress.ip_address(visitor)
    except ValueError:
        return visitor
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return visitor
