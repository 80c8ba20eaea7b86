"""Mail about corrections, to everybody who was sent an article that has changed since."""

from datetime import datetime

from sqlalchemy import select

from webapp.db.session import db
from webapp.letters.compose import article_state
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

DELIVERED = (MailState.SENT, MailState.SENDING, MailState.UNCERTAIN)  # for certain or possibly


def enqueue(now: datetime, after: int = 0) -> int:
    """Queue a mail for each subscriber and article whose state is not that of their last mail; returns how many.

    ``after``: only articles with a public change later than this one, by its id in the change log.
    Running it again queues nothing twice: a correction in the outbox shows the state of its article when it is sent.
    """
    pairs = (
        select(MessageArticle.article_id, MessageArticle.article_state)
        .where(
            MessageArticle.article_state.is_not(None),
            MessageArticle.article_id.in_(select(PublicChange.article_id).where(PublicChange.id > after)),
        )
        .distinct()
    )
    mailed: dict[int, set[str | None]] = {}
    for article_id, state in db.session.execute(pairs):
        mailed.setdefault(article_id, set()).add(state)
    query = select(Article).where(Article.id.in_(mailed)).order_by(Article.id)
    count = 0
    for article in db.session.scalars(query).all():
        if mailed[article.id] == {article_state(article)}:
            continue
        for person in _subscribers_to_notify(article):
            outbox.enqueue(MailKind.CORRECTION, person.email, now, subscriber=person, articles=[article])
            count += 1
    return count


def _subscribers_to_notify(article: Article) -> list[Subscriber]:
    """Confirmed subscribers whose last mail about this article shows another state of it."""
    query = (
        select(OutboxMessage, MessageArticle.article_state)
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
    for message, state in db.session.execute(query):
        is_delivered = state is not None and message.state in DELIVERED
        if message.subscriber and (is_delivered or message.kind == MailKind.CORRECTION):
            # A queued correction will show the current state, whatever it is by then.
            last[message.subscriber] = None if message.state == MailState.QUEUED else state
    return [person for person, state in last.items() if state not in (None, article_state(article))]
