"""What a mail says at the moment it goes out: from live rows, so that nothing withdrawn and nobody gone is in it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import current_app

from webapp.accounts.editors import find_editor
from webapp.accounts.resets import LinkKind
from webapp.config import Config
from webapp.letters import emails
from webapp.letters.emails import Written
from webapp.mail.smtp import Letter, new_message_id
from webapp.models import Article, MailKind, OutboxMessage, Subscriber, SubscriberState
from webapp.models.values import ArticleStatus
from webapp.web import tokens

CONFIRM_FOR = timedelta(hours=48)
AUTOMATIC = {"Auto-Submitted": "auto-generated"}


def write_letter(message: OutboxMessage, now: datetime) -> Letter | None:
    """The mail in full, or None where it should not be sent any more."""
    match message.kind:
        case MailKind.CONTACT:
            written = Written(message.subject or "", message.text_body or "", None)
        case MailKind.TEST:
            written = emails.digest(_public(message), None)
        case MailKind.PASSWORD_RESET | MailKind.INVITATION:
            editor = find_editor(message.recipient)
            if editor is None or editor.disabled_at:
                return None
            written = emails.set_password(LinkKind(message.kind.removeprefix("password-")), editor)
        case MailKind.ACCOUNT_NOTICE:
            editor = find_editor(message.recipient)
            if editor is None:
                return None
            written = emails.account_notice(message.text_body or "", editor, message.queued_at)
        case _:
            if message.subscriber is None:
                return None
            found = _to_subscriber(message, message.subscriber, now)
            if found is None:
                return None
            written = found
    return _letter(message, written, now)


def preview(articles: Sequence[Article], recipient: str, now: datetime) -> Letter:
    """A digest with these articles as it would look, for an editor to open; it is not sent."""
    config: Config = current_app.extensions["config"]
    written = emails.digest(articles, None)
    return Letter(
        sender=config.mail_from,
        recipient=recipient,
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=new_message_id(config),
        written_at=now,
        headers=AUTOMATIC,
    )


def standing(article: Article) -> str:
    """How an article stands, as far as somebody who was told of it must know when it changes."""
    return f"{article.status} {article.paper.status} {len(article.corrections)}"


def list_headers(subscriber: Subscriber, config: Config) -> dict[str, str]:
    """The headers by which mail programs offer to unsubscribe with one press (RFC 2369, RFC 2919, RFC 8058)."""
    host = config.site_url.partition("://")[2].partition(":")[0]
    return {
        "List-Id": f"Spinal Cord Research Help <news.{host}>",
        "List-Unsubscribe": f"<{emails.unsubscribe_link(subscriber)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _to_subscriber(message: OutboxMessage, subscriber: Subscriber, now: datetime) -> Written | None:
    match message.kind, subscriber.state:
        case MailKind.CONFIRM, SubscriberState.PENDING:
            return emails.confirm(_new_confirm_secret(subscriber, now))
        case MailKind.ALREADY_SUBSCRIBED, SubscriberState.CONFIRMED:
            return emails.already_subscribed(subscriber)
        case MailKind.PREFERENCES_LINK, SubscriberState.CONFIRMED:
            return emails.preferences_link(subscriber)
        case MailKind.DIGEST, SubscriberState.CONFIRMED:
            articles = _told_now(message, _public(message))
            return emails.digest(articles, subscriber) if articles else None
        case MailKind.CORRECTION, SubscriberState.CONFIRMED:
            [article] = _told_now(message, [link.article for link in message.article_links])
            return emails.correction(article, subscriber)
    return None


def _new_confirm_secret(subscriber: Subscriber, now: datetime) -> str:
    """A new secret for the link; only its hash is kept, so the link exists nowhere but in the mail."""
    secret = tokens.new_secret()
    subscriber.confirm_hash = tokens.secret_hash(secret)
    subscriber.confirm_until = now + CONFIRM_FOR
    return secret


def _public(message: OutboxMessage) -> list[Article]:
    articles = [link.article for link in message.article_links]
    return [article for article in articles if article.status == ArticleStatus.PUBLISHED]


def _told_now(message: OutboxMessage, articles: list[Article]) -> list[Article]:
    """Note what this mail says of each article's standing."""
    for link in message.article_links:
        link.told = standing(link.article) if link.article in articles else None
    return articles


def _letter(message: OutboxMessage, written: Written, now: datetime) -> Letter:
    config: Config = current_app.extensions["config"]
    headers = dict(message.headers)
    if message.kind in (MailKind.DIGEST, MailKind.CORRECTION) and message.subscriber is not None:
        headers |= list_headers(message.subscriber, config)
    elif message.kind != MailKind.CONTACT:
        headers |= AUTOMATIC
    return Letter(
        sender=config.mail_from,
        recipient=message.recipient,
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=message.message_id,
        written_at=now,
        headers=headers,
    )
