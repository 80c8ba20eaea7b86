"""The words of each mail to a subscriber, as plain text and as simple HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, render_template

from webapp.accounts import resets
from webapp.accounts.resets import LinkKind
from webapp.models import Article, Editor, Subscriber
from webapp.web import tokens
from webapp.web.templating import plural

UNSUBSCRIBE = "newsletter-unsubscribe"
PREFERENCES = "newsletter-preferences"
SET_PASSWORD = {
    LinkKind.RESET: "A new password for the editor",
    LinkKind.INVITATION: "Your account in the editor",
}


@dataclass(frozen=True)
class Written:
    """A mail's words. Subjects are our own, in plain ASCII, so that the header stays one line."""

    subject: str
    text: str
    html: str | None


def confirm(secret: str) -> Written:
    """Asks to press the link that proves the address."""
    return _written(
        "Please confirm your newsletter", "confirm", link=link("newsletter.confirm", token=secret)
    )


def already_subscribed(subscriber: Subscriber) -> Written:
    """Tells somebody who signs up again that they are on the list already."""
    return _written("You already get our newsletter", "already_subscribed", subscriber)


def preferences_link(subscriber: Subscriber) -> Written:
    """Sends a fresh link to the preferences."""
    return _written("Your newsletter settings", "preferences_link", subscriber)


def digest(articles: Sequence[Article], subscriber: Subscriber | None) -> Written:
    """The new summaries; without a subscriber it is a test, and its links to the settings lead nowhere personal."""
    subject = f"{plural(len(articles), 'new research summary', 'new research summaries')} for you"
    return _written(subject, "digest", subscriber, articles=articles)


def correction(article: Article, subscriber: Subscriber) -> Written:
    """Tells somebody who was sent an article that it was corrected or withdrawn, or its paper retracted."""
    return _written("A correction to a summary we sent you", "correction", subscriber, article=article)


def set_password(kind: LinkKind, editor: Editor) -> Written:
    """Sends an editor a link by which to set a password."""
    address = link("reset.new_password", kind=kind.value, token=resets.new_token(kind, editor))
    subject = SET_PASSWORD[kind]
    return _written(subject, f"password_{kind}", link=address, editor=editor)


def account_notice(sentence: str, editor: Editor, at: datetime) -> Written:
    """Tells an editor that their password or second factor changed, or was used in an unusual way."""
    when = f"{at:%B} {at.day}, {at.year}, {at:%H:%M} UTC"
    return _written("A change to your account", "account_notice", sentence=sentence, editor=editor, at=when)


def unsubscribe_link(subscriber: Subscriber) -> str:
    """Stops the newsletter; works as long as the site's key does."""
    return link("newsletter.unsubscribe", token=tokens.sign(UNSUBSCRIBE, subscriber.key))


def preferences_page_link(subscriber: Subscriber) -> str:
    """Opens this person's settings."""
    return link("newsletter.preferences", token=tokens.sign(PREFERENCES, subscriber.key))


def _written(subject: str, name: str, subscriber: Subscriber | None = None, **context: Any) -> Written:
    if subscriber is not None:
        context["unsubscribe_link"] = unsubscribe_link(subscriber)
        context["preferences_link"] = preferences_page_link(subscriber)
    context = {"subject": subject, "unsubscribe_link": "", "preferences_link": "", "url": link} | context
    return Written(
        subject,
        render_template(f"email/{name}.txt", **context),
        render_template(f"email/{name}.html", **context),
    )


def link(endpoint: str, **values: Any) -> str:
    """A full address on the site, the same inside and outside a request."""
    site = urlsplit(current_app.config["SITE_URL"])
    return current_app.url_map.bind(site.netloc, url_scheme=site.scheme).build(
        endpoint, values, force_external=True
    )
