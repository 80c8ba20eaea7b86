"""The text of each mail to a subscriber or an editor, as plain text and as simple HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, render_template

from webapp.accounts import mailed_links
from webapp.accounts.mailed_links import LinkKind
from webapp.catalog.history import corrections_of
from webapp.content.comparison import FieldDifference
from webapp.content.readability import paragraphs
from webapp.languages.language import ENGLISH, current_language, gettext, gettext_noop
from webapp.models import (
    MOST_SEARCHES,
    Answer,
    Article,
    Editor,
    Issue,
    IssueWords,
    Live,
    MailKind,
    Review,
    Subscriber,
)
from webapp.models.in_words import day, plural
from webapp.models.values import ArticleStatus, PaperStatus, TextKind
from webapp.publishing import reviews
from webapp.publishing.reviews import AnyReview
from webapp.web import tokens

NO_WORDS = IssueWords()
UNSUBSCRIBE = "newsletter-unsubscribe"
PREFERENCES = "newsletter-preferences"
SET_PASSWORD = {
    LinkKind.RESET: "Choose a new password",
    LinkKind.INVITATION: "Your editor account",
}
# What the journal says about the study of a summary. A preprint is no notice.
NOTICES = {
    PaperStatus.RETRACTED: gettext_noop(
        "The journal retracted (withdrew) the study behind this summary. Please don’t rely on it."
    ),
    PaperStatus.CONCERN: gettext_noop("The journal has doubts about the study behind this summary."),
    PaperStatus.CORRECTED: gettext_noop("The journal has corrected the study behind this summary."),
}


NO_NOTICE = gettext_noop("The journal hadn’t said anything against the study.")
MOST_DIFFERENCES = 5  # quoted in a mail; the page of the history has all


@dataclass(frozen=True)
class SentBefore:
    """What a subscriber was sent of an article: when, what the journal said then, and what has other words now."""

    at: datetime
    paper_status: PaperStatus
    differences: Sequence[FieldDifference]


@dataclass(frozen=True)
class RenderedMail:
    """Subject and text of a mail."""

    subject: str
    text: str
    html: str | None


def confirm(secret: str) -> RenderedMail:
    """A link to confirm a new subscription."""
    return _rendered(
        gettext("Please confirm your subscription"), "confirm", link=link("newsletter.confirm", token=secret)
    )


def already_subscribed(subscriber: Subscriber) -> RenderedMail:
    """The answer to a sign-up with an address that is subscribed already."""
    follows_most = len(subscriber.searches) >= MOST_SEARCHES
    return _rendered(
        gettext("You already get our newsletter"), "already_subscribed", subscriber, follows_most=follows_most
    )


def preferences_link(subscriber: Subscriber) -> RenderedMail:
    """A new link to the preferences."""
    return _rendered(gettext("Your newsletter settings"), "preferences_link", subscriber)


def digest(
    articles: Sequence[Article],
    subscriber: Subscriber | None,
    answers: Sequence[Answer] = (),
    reasons: Mapping[int, str] = MappingProxyType({}),
    words: IssueWords = NO_WORDS,
) -> RenderedMail:
    """New summaries and answers; without a subscriber it is a test or a preview, and has no links to preferences.

    ``reasons``: by the id of an article, the topics and searches of the subscriber that it matches. ``words``: of the editors.
    """
    subject = words.subject or usual_subject(len(articles))
    greeting = paragraphs(words.greeting)
    return _rendered(
        subject, "digest", subscriber, articles=articles, answers=answers, reasons=reasons, greeting=greeting
    )


def usual_subject(count: int) -> str:
    """The subject of a mail with so many new summaries, if the editors wrote none."""
    return plural(count, "new research summary for you", "new research summaries for you")


def correction(text: Live, subscriber: Subscriber, sent: SentBefore | None = None) -> RenderedMail:
    """A notice that a text was corrected or withdrawn, or that the journal has something to say about an article's paper.

    ``sent``: what the subscriber was sent. What has other words now is quoted before and after in English mail only, since nobody
    has translated the earlier words.
    """
    status = text.paper.status if isinstance(text, Article) else PaperStatus.PUBLISHED
    subject = gettext("Correction: %(title)s")
    if status == PaperStatus.RETRACTED:
        subject = "%(title)s"  # which says so
    elif text.status == ArticleStatus.WITHDRAWN:
        subject = gettext("Taken down: %(title)s")
    elif status == PaperStatus.CONCERN:
        subject = gettext("The journal has doubts: %(title)s")
    subject %= {"title": text.title}
    quoted = sent.differences[:MOST_DIFFERENCES] if sent and current_language() is ENGLISH else ()
    if isinstance(text, Answer):
        last = corrections_of(text)[:1]
        return _rendered(
            subject, "correction_of_answer", subscriber, answer=text, last=last, differences=quoted
        )
    notice, earlier_notice = gettext(NOTICES.get(status, "")), None
    if sent is not None and sent.paper_status != status and notice:
        earlier_notice = gettext(NOTICES.get(sent.paper_status, NO_NOTICE))
    return _rendered(
        subject,
        "correction",
        subscriber,
        article=text,
        notice=notice,
        earlier_notice=earlier_notice,
        sent=sent,
        differences=quoted,
    )


def set_password(kind: LinkKind, editor: Editor) -> RenderedMail:
    """A link for an editor to set a password."""
    address = link("reset.new_password", kind=kind.value, token=mailed_links.new_token(kind, editor))
    subject = SET_PASSWORD[kind]
    return _rendered(subject, f"password_{kind}", link=address, editor=editor)


def account_notice(sentence: str, editor: Editor, at: datetime) -> RenderedMail:
    """A notice to an editor about a change of their password or second factor."""
    when = f"{day(at)}, {at:%-I:%M %p} UTC"
    return _rendered("A change to your account", "account_notice", sentence=sentence, editor=editor, at=when)


def about_review(kind: MailKind, review: AnyReview) -> RenderedMail | None:
    """A request to review a text, or a notice to the editor who asked; None if it is out of date."""
    if kind == MailKind.REVIEW_REQUEST:
        if review.answered_at or review.replaced_at:
            return None
        address = link("reviews.show", review_id=review.id)
        if review.reviewer_id is None:
            address = link("reviews.by_link", token=reviews.link_token(review))
        what = "an answer" if review.what == TextKind.ANSWER else f"a {review.what}"
        subject, until = f"Would you check {what} for us?", reviews.closes_at(review)
        return _rendered(subject, "review_request", review=review, link=address, until=until)
    sentence = f"{review.name} {'signed it off' if review.is_signed else 'sent a review'}."
    if kind == MailKind.CHECK_AGAIN:
        if not review.is_signed:
            return None
        sentence = f"{review.name} checked this {review.what} a year ago. Is it still right?"
    if isinstance(review, Review):
        address = link("reviews.of_summary", draft_id=review.draft_id)
    else:
        address = link("reviews.of_card", card_id=review.revision.card_id)
    subject = "About a review you asked for"
    return _rendered(subject, "review_notice", sentence=sentence, review=review, link=address)


def issues_stopped(stopped: Sequence[tuple[Issue, str | None]]) -> RenderedMail:
    """A notice to the editors about issues that are refused, each with the last answer of the mail server."""
    return _rendered("We stopped sending the newsletter", "issues_stopped", stopped=stopped)


def desk_digest(editor: Editor, parts: Sequence[Any]) -> RenderedMail:
    """What happened since the day before that concerns an editor."""
    off = link("accounts.stop_digest", token=mailed_links.digest_token(editor))
    return _rendered("Your day at the desk", "desk_digest", editor=editor, parts=parts, off=off)


def unsubscribe_link(subscriber: Subscriber) -> str:
    """The address to unsubscribe; it has no time limit."""
    return link("newsletter.unsubscribe", token=tokens.sign(UNSUBSCRIBE, subscriber.key))


def preferences_page_link(subscriber: Subscriber) -> str:
    return link("newsletter.preferences", token=tokens.sign(PREFERENCES, subscriber.key))


def _rendered(subject: str, name: str, subscriber: Subscriber | None = None, **context: Any) -> RenderedMail:
    if subscriber is not None:
        context["unsubscribe_link"] = unsubscribe_link(subscriber)
        context["preferences_link"] = preferences_page_link(subscriber)
    context = {"subject": subject, "unsubscribe_link": "", "preferences_link": "", "url": link} | context
    return RenderedMail(
        subject,
        render_template(f"email/{name}.txt", **context),
        render_template(f"email/{name}.html", **context),
    )


def link(endpoint: str, **values: Any) -> str:
    """An absolute address on the site in the current language, also outside a request."""
    site, mounted_at = urlsplit(current_app.config["SITE_URL"]), f"{current_language().prefix}/"
    addresses = current_app.url_map.bind(site.netloc, mounted_at, url_scheme=site.scheme)
    return addresses.build(endpoint, values, force_external=True)
