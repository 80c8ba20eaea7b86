"""Mail about corrections, to everybody who was sent a summary or an answer that has changed since."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, contains_eager

from webapp.catalog.history import changed_since, corrections_of
from webapp.db.session import db
from webapp.letters import emails
from webapp.letters.emails import RenderedMail, SentBefore
from webapp.mail import outbox
from webapp.models import (
    Answer,
    Article,
    Live,
    MailKind,
    MailState,
    MessageAnswer,
    MessageArticle,
    OutboxMessage,
    PublicChange,
    Subscriber,
    SubscriberState,
)
from webapp.models.values import ArticleStatus, PaperStatus
from webapp.parsing import member_from
from webapp.publishing import undoing
from webapp.publishing.undoing import UNDO_FOR

DELIVERED = (MailState.SENT, MailState.SENDING, MailState.UNCERTAIN)  # for certain or possibly


# Where it is stored which texts of one kind each mail had: the mail, the text, and its state there; and the column of the log of
# public changes for that kind.
SENT: dict[
    type[Live],
    tuple[
        InstrumentedAttribute[int],
        InstrumentedAttribute[int],
        InstrumentedAttribute[str | None],
        InstrumentedAttribute[int | None],
    ],
] = {
    Article: (
        MessageArticle.message_id,
        MessageArticle.article_id,
        MessageArticle.article_state,
        PublicChange.article_id,
    ),
    Answer: (
        MessageAnswer.message_id,
        MessageAnswer.answer_id,
        MessageAnswer.answer_state,
        PublicChange.answer_id,
    ),
}


def enqueue(now: datetime, after: int = 0, since: datetime | None = None) -> int:
    """Queue a mail for each subscriber and text whose state is not that of their last mail; returns how many.

    ``after``: only texts with a public change later than this one, by its id in the change log, or whose last change can no
    longer be undone but could at ``since``. As long as it can, nobody is mailed about it.
    Running it again queues nothing twice: a correction in the outbox shows the state of its text when it is sent.
    """
    is_new = PublicChange.id > after
    if since is not None:
        hold_ended = and_(PublicChange.at > since - UNDO_FOR, PublicChange.at <= now - UNDO_FOR)
        is_new = or_(is_new, hold_ended)
    texts: list[Live] = []
    for kind, (_, text_id, state, changed_id) in SENT.items():
        changed = select(changed_id).where(is_new, changed_id.is_not(None))
        pairs = select(text_id, state).where(
            state.is_not(None), text_id.in_(changed), text_id.not_in(undoing.on_hold(changed_id, now))
        )
        mailed: dict[int, set[str | None]] = {}
        for number, as_mailed in db.session.execute(pairs.distinct()):
            mailed.setdefault(number, set()).add(as_mailed)
        found = (db.session.get_one(kind, number) for number in sorted(mailed))
        texts += [text for text in found if isinstance(text, Live) and mailed[text.id] != {state_of(text)}]
    count = 0
    for text in texts:
        current = state_of(text)
        about: dict[str, Any] = {"articles" if isinstance(text, Article) else "answers": [text]}
        for person, as_sent in _last_mailed(text).items():
            if as_sent not in (None, current):
                outbox.enqueue(MailKind.CORRECTION, person.email, now, subscriber=person, **about)
                count += 1
    return count


def reader_count(text: Live) -> int:
    """How many people a correction of this text is mailed to: confirmed subscribers who were sent it."""
    return sum(state is not None for state in _last_mailed(text).values())


def _last_mailed(text: Live) -> dict[Subscriber, str | None]:
    """The state of a text in the last mail about it to each confirmed subscriber; None where the next mail is queued."""
    message_id, text_id, as_mailed, _ = SENT[type(text)]
    query = (
        select(OutboxMessage, as_mailed)
        .join(OutboxMessage.subscriber)
        .options(contains_eager(OutboxMessage.subscriber))
        .where(
            message_id == OutboxMessage.id,
            text_id == text.id,
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


def state_of(text: Live) -> str:
    """The state of an article or an answer; a change of it is mailed to the people who were sent it."""
    if isinstance(text, Answer):
        return f"{text.status} {len(corrections_of(text))}"
    return f"{text.status} {text.paper.status} {len(text.corrections)}"


def rendered(message: OutboxMessage, subscriber: Subscriber) -> RenderedMail:
    """The mail about a text as it is now, which is noted with the mail."""
    for about in message.answer_links:
        about.answer_state = state_of(about.answer)
        return emails.correction(about.answer, subscriber, _sent_before(message, about.answer))
    [link] = message.article_links
    link.article_state = state_of(link.article)
    return emails.correction(link.article, subscriber, _sent_before(message, link.article))


def _sent_before(message: OutboxMessage, text: Live) -> SentBefore | None:
    """What the last mail about a text before this one showed its subscriber."""
    message_id, text_id, state, _ = SENT[type(text)]
    query = (
        select(OutboxMessage.claimed_at, state)
        .where(
            message_id == OutboxMessage.id,
            text_id == text.id,
            OutboxMessage.subscriber_id == message.subscriber_id,
            OutboxMessage.id < message.id,
            OutboxMessage.claimed_at.is_not(None),
            state.is_not(None),
        )
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    )
    at, said = db.session.execute(query).one_or_none() or (None, None)
    if at is None or said is None:
        return None
    status = member_from(PaperStatus, said.split()[1]) or PaperStatus.PUBLISHED
    return SentBefore(at, status, [] if text.status == ArticleStatus.WITHDRAWN else changed_since(text, at))
