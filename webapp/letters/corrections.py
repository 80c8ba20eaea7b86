"""Corrections: whoever was sent an article is told when it is corrected, withdrawn, or its paper retracted."""

from datetime import datetime

from sqlalchemy import select

from webapp.db.session import db
from webapp.letters.compose import standing
from webapp.mail import outbox
from webapp.models import (
    Article,
    MailKind,
    MailState,
    MessageArticle,
    OutboxMessage,
    PublicChange,
    Subscriber,
    SubscriberState,
)

GONE_OUT = (MailState.SENT, MailState.SENDING, MailState.UNCERTAIN)


def enqueue(now: datetime, after: int = 0) -> int:
    """Queue a mail for each person and article that stands otherwise than their last mail said; returns how many.

    ``after``: only articles with a public change later than this one, by its id in the change log.
    Run again, it queues nothing twice: a correction on its way will say how things stand when it is written. Goes to
    those whose digest went out, or may have gone out, and who still get the newsletter.
    """
    count = 0
    for article in _changed_articles(after):
        for person in _people_to_tell(article):
            outbox.enqueue(MailKind.CORRECTION, person.email, now, subscriber=person, articles=[article])
            count += 1
    return count


def _changed_articles(after: int) -> list[Article]:
    """Articles of which some mail told otherwise than they stand."""
    pairs = (
        select(MessageArticle.article_id, MessageArticle.told)
        .where(
            MessageArticle.told.is_not(None),
            MessageArticle.article_id.in_(select(PublicChange.article_id).where(PublicChange.id > after)),
        )
        .distinct()
    )
    told: dict[int, set[str | None]] = {}
    for article_id, words in db.session.execute(pairs):
        told.setdefault(article_id, set()).add(words)
    query = select(Article).where(Article.id.in_(told)).order_by(Article.id)
    return [article for article in db.session.scalars(query) if told[article.id] != {standing(article)}]


def _people_to_tell(article: Article) -> list[Subscriber]:
    """Confirmed subscribers whose last mail about this article told otherwise."""
    query = (
        select(OutboxMessage, MessageArticle.told)
        .join(MessageArticle, MessageArticle.message_id == OutboxMessage.id)
        .join(OutboxMessage.subscriber)
        .where(
            MessageArticle.article_id == article.id,
            OutboxMessage.kind.in_((MailKind.DIGEST, MailKind.CORRECTION)),
            Subscriber.state == SubscriberState.CONFIRMED,
        )
        .order_by(OutboxMessage.id)
    )
    last: dict[Subscriber, str | None] = {}
    for message, told in db.session.execute(query):
        was_told = told is not None and message.state in GONE_OUT
        if message.subscriber and (was_told or message.kind == MailKind.CORRECTION):
            last[message.subscriber] = None if message.state == MailState.QUEUED else told
    return [person for person, told in last.items() if told is not None and told != standing(article)]
