"""Mail about corrections, to everybody who was sent an article that has changed since."""

from datetime import datetime

from sqlalchemy import and_, or_, select

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
from webapp.publishing import undoing
from webapp.publishing.undoing import UNDO_FOR

DELIVERED = (MailState.SENT, MailState.SENDING, MailState.UNCERTAIN)  # for certain or possibly


def enqueue(now: datetime, after: int = 0, since: datetime | None = None) -> int:
    """Queue a mail for each subscriber and article whose state is not that of their last mail; returns how many.

    ``after``: only articles with a public change later than this one, by its id in the change log, or whose last change can no
    longer be undone but could at ``since``. As long as it can, nobody is mailed about it.
    Running it again queues nothing twice: a correction in the outbox shows the state of its article when it is sent.
    """
    is_new = PublicChange.id > after
    if since is not None:
        hold_ended = and_(PublicChange.at > since - UNDO_FOR, PublicChange.at <= now - UNDO_FOR)
        is_new = or_(is_new, hold_ended)
    changed = select(PublicChange.article_id).where(is_new, PublicChange.article_id.is_not(None))
    pairs = (
        select(MessageArticle.article_id, MessageArticle.article_state)
        .where(
            MessageArticle.article_state.is_not(None),
            MessageArticle.article_id.in_(changed),
            MessageArticle.article_id.not_in(undoing.articles_on_hold(now)),
        )
        .distinct()
    )
    mailed: dict[int, set[str | None]] = {}
    for article_id, state in db.session.execute(pairs):
        mailed.setdefault(article_id, set()).add(state)
    query = select(Article).where(Article.id.in_(mailed)).order_by(Article.id)
    count = 0
    for article in db.session.scalars(query).all():
        current = article_state(article)
        if mailed[article.id] == {current}:
            continue
        for person, state in _last_mailed(article).items():
            if state not in (None, current):
                outbox.enqueue(MailKind.CORRECTION, person.email, now, subscriber=person, articles=[article])
                count += 1
    return count


def reader_count(article: Article) -> int:
    """How many people a correction of this article is mailed to: confirmed subscribers who were sent it."""
    return sum(state is not None for state in _last_mailed(article).values())


def _last_mailed(article: Article) -> dict[Subscriber, str | None]:
    """The state of an article in the last mail about it to each confirmed subscriber; None where the next mail is queued."""
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
    return last
