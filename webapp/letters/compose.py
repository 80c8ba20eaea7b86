"""Rendering a mail when it is sent, from current rows: no withdrawn article, and nobody who has unsubscribed."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import formataddr

import msgspec
from flask import current_app

from webapp.accounts.editors import find_editor
from webapp.accounts.mailed_links import LinkKind
from webapp.catalog.answers import answers_by_ids
from webapp.config import Config
from webapp.languages.language import ENGLISH, current_language, gettext, in_language, known_languages
from webapp.letters import corrections, desk_digest, emails
from webapp.letters.corrections import state_of
from webapp.letters.emails import RenderedMail
from webapp.mail import outbox
from webapp.mail.smtp import Letter, new_message_id
from webapp.models import (
    Article,
    IssueWords,
    MailKind,
    MessageAnswer,
    OutboxMessage,
    Subscriber,
    SubscriberState,
)
from webapp.models.values import ArticleStatus
from webapp.parsing import in_one_line
from webapp.publishing import reviews
from webapp.search import followed
from webapp.search.index import SearchUnavailable
from webapp.web import tokens
from webapp.web.site_settings import site_settings

CONFIRM_FOR = timedelta(hours=48)
AUTOMATIC = {"Auto-Submitted": "auto-generated"}


class SampleIssue(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a test of the next issue says apart from its summaries, stored as the text of its row in the outbox."""

    words: IssueWords = IssueWords()
    answer_ids: tuple[int, ...] = ()


def write_letter(message: OutboxMessage, now: datetime) -> Letter | None:
    """Render a mail of the outbox; None if it should no longer be sent."""
    rendered: RenderedMail | None = None
    match message.kind:
        case MailKind.CONTACT:
            rendered = RenderedMail(message.subject or "", message.text_body or "", None)
        case MailKind.TEST:
            test = msgspec.json.decode(message.text_body or "{}", type=SampleIssue)
            articles, answers = _public_articles(message), answers_by_ids(test.answer_ids)
            mail = emails.digest(articles, None, answers, words=test.words)
            rendered = replace(mail, subject=f"[Test] {mail.subject}")
        case MailKind.REVIEW_REQUEST | MailKind.REVIEW_ANSWERED | MailKind.CHECK_AGAIN:
            review = reviews.by_key(message.text_body or "0")
            rendered = emails.about_review(message.kind, review) if review else None
        case MailKind.PASSWORD_RESET | MailKind.INVITATION | MailKind.ACCOUNT_NOTICE | MailKind.DESK_DIGEST:
            rendered = _to_editor(message)
        case MailKind.ISSUE_STOPPED:
            stopped = outbox.stopped_issues()
            rendered = emails.issues_stopped(stopped) if stopped else None
        case _:
            if message.subscriber is not None:
                with in_language(known_languages().get(message.subscriber.language, ENGLISH)):
                    rendered = _to_subscriber(message, message.subscriber, now)
    if rendered is None:
        return None
    headers = dict(message.headers)
    if message.kind in (MailKind.DIGEST, MailKind.CORRECTION) and message.subscriber is not None:
        headers |= list_headers(message.subscriber, current_app.extensions["config"])
    elif message.kind != MailKind.CONTACT:
        headers |= AUTOMATIC
    return _letter(rendered, message.recipient, message.message_id, headers, now)


def preview(rendered: RenderedMail, recipient: str, now: datetime) -> Letter:
    """A mail for an editor to open; it is not sent."""
    return _letter(rendered, recipient, new_message_id(current_app.extensions["config"]), AUTOMATIC, now)


def list_headers(subscriber: Subscriber, config: Config) -> dict[str, str]:
    """Headers for one-click unsubscribing in mail programs (RFC 2369, RFC 2919, RFC 8058)."""
    host = config.site_url.partition("://")[2].partition(":")[0]
    return {
        "List-Id": formataddr((site_settings().name, f"news.{host}")),
        "List-Unsubscribe": f"<{emails.unsubscribe_link(subscriber)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _to_editor(message: OutboxMessage) -> RenderedMail | None:
    editor, text = find_editor(message.recipient), message.text_body or ""
    if editor is None:
        return None
    if message.kind == MailKind.ACCOUNT_NOTICE:
        return emails.account_notice(text, editor, message.queued_at)
    if editor.disabled_at:
        return None
    if message.kind == MailKind.DESK_DIGEST:
        since, until = map(datetime.fromisoformat, text.split())
        # Collected again when the mail is sent: by then somebody may have done what it would ask for.
        parts = desk_digest.parts_for(editor, since, until) if editor.wants_digest else []
        return emails.desk_digest(editor, parts) if parts else None
    return emails.set_password(LinkKind(message.kind.removeprefix("password-")), editor)


def _to_subscriber(message: OutboxMessage, subscriber: Subscriber, now: datetime) -> RenderedMail | None:
    match message.kind, subscriber.state:
        case MailKind.CONFIRM, _ if subscriber.is_asked_to_confirm:
            secret = tokens.new_secret()  # only its hash is stored, so the link exists in the mail alone
            subscriber.confirm_hash, subscriber.confirm_until = tokens.secret_hash(secret), now + CONFIRM_FOR
            return emails.confirm(secret)
        case MailKind.ALREADY_SUBSCRIBED, SubscriberState.CONFIRMED:
            return emails.already_subscribed(subscriber)
        case MailKind.PREFERENCES_LINK, SubscriberState.CONFIRMED:
            return emails.preferences_link(subscriber)
        case MailKind.DIGEST, SubscriberState.CONFIRMED:
            return _digest(message, subscriber)
        case MailKind.CORRECTION, SubscriberState.CONFIRMED:
            return corrections.rendered(message, subscriber)
    return None


def _digest(message: OutboxMessage, subscriber: Subscriber) -> RenderedMail | None:
    """The articles of an issue for this subscriber that are public, and the answers on their topics, each noted as it is now."""
    articles, answers, issue = _public_articles(message), [], message.issue
    for link in message.article_links:
        link.article_state = state_of(link.article) if link.article in articles else None
    if issue is not None and not subscriber.follows_searches_only:
        topics = set(subscriber.topics)
        of_issue = answers_by_ids(issue.answer_ids or ())
        answers = [answer for answer in of_issue if not topics or topics & set(answer.categories)]
    message.answer_links = [MessageAnswer(answer=answer, answer_state=state_of(answer)) for answer in answers]
    # What editors say in the current language; nothing if they wrote for other languages only.
    said = msgspec.convert(issue.words or {}, dict[str, IssueWords]) if issue else {}
    words = said.get(current_language().code, IssueWords())
    reasons = _reasons(articles, subscriber)
    return emails.digest(articles, subscriber, answers, reasons, words) if articles else None


def _reasons(articles: Sequence[Article], subscriber: Subscriber) -> dict[int, str]:
    """Why a subscriber is sent each article: which topics and searches of theirs it matches; nothing if they get everything."""
    reasons = {
        article.id: [
            gettext(category.name) for category in article.categories if category.slug in subscriber.topics
        ]
        for article in articles
    }
    with suppress(SearchUnavailable):  # the reasons are not worth waiting for
        for search, found in followed.found_by(subscriber.searches, articles).items():
            for article_id in found:
                reasons[article_id].append(followed.in_words(followed.search_of(search)))
    return {article_id: "; ".join(names) for article_id, names in reasons.items()}


def _public_articles(message: OutboxMessage) -> list[Article]:
    articles = [link.article for link in message.article_links]
    return [article for article in articles if article.status == ArticleStatus.PUBLISHED]


def _letter(
    rendered: RenderedMail, recipient: str, message_id: str, headers: Mapping[str, str], now: datetime
) -> Letter:
    return Letter(
        sender=current_app.extensions["config"].mail_from,
        sender_name=site_settings().name,
        recipient=recipient,
        subject=in_one_line(rendered.subject),  # a header; titles of texts stand in it
        text=rendered.text,
        html=rendered.html,
        message_id=message_id,
        written_at=now,
        headers=headers,
    )
