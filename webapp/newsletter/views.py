"""Sign-up, the links in mails, preferences, and the archive of past issues."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import msgspec
from flask import Blueprint, Response, make_response, request, url_for

from webapp.db.writing import writing
from webapp.letters import emails
from webapp.models import Frequency, Subscriber
from webapp.newsletter import digests, subscriptions
from webapp.newsletter.forms import AddressForm, PreferencesForm, SubscribeForm
from webapp.newsletter.privacy import KEPT
from webapp.newsletter.subscriptions import CONSENT_WORDING, PREFERENCES_FOR, LinkTooOld
from webapp.web import forms, htmx
from webapp.web.errors import SiteError
from webapp.web.forms import check_same_site, refusal
from webapp.web.responses import never_store

bp = Blueprint("newsletter", __name__)

HOUR = timedelta(hours=1)
TRIES = 10
FEED_LENGTH = 20


@bp.get("/subscribe")
def subscribe() -> Response:
    """The sign-up form."""
    return _sign_up_form(SubscribeForm())


@bp.post("/subscribe")
def ask() -> Response:
    """Take a sign-up; the answer is the same whether we know the address or not."""
    form = SubscribeForm()
    if status := refusal(form, "subscribe", TRIES, HOUR):
        return _sign_up_form(form, status)
    if not form.is_robot:
        with writing() as now:
            subscriptions.ask(form.email.data, form.topics.data, _page_of_form(), now)
    return _check_your_email()


@bp.get("/subscribe/sent")
def sign_up_sent() -> Response:
    """What happens after signing up."""
    return htmx.render("newsletter/sent.html", "signup")


@bp.get("/newsletter/confirm/<token>")
def confirm(token: str) -> Response:
    """One button: mail scanners open links, so opening one confirms nothing."""
    try:
        subscriptions.get_pending(token, datetime.now(UTC))
    except LinkTooOld:
        return _link_too_old()
    return never_store(htmx.render("newsletter/confirm.html", token=token))


@bp.post("/newsletter/confirm/<token>")
def confirm_now(token: str) -> Response:
    """The address is proved; from now on the newsletter comes."""
    check_same_site()
    try:
        with writing() as now:
            subscriptions.confirm(token, now)
    except LinkTooOld:
        return _link_too_old()
    return htmx.redirect(url_for("newsletter.confirmed"))


@bp.get("/newsletter/confirmed")
def confirmed() -> Response:
    """The sign-up is complete."""
    return htmx.render("newsletter/confirmed.html")


@bp.get("/newsletter/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """One button, no questions."""
    if not subscriptions.is_unsubscribe_token(token):
        return _link_too_old()
    return never_store(htmx.render("newsletter/unsubscribe.html", token=token, is_done=False))


@bp.post("/newsletter/unsubscribe/<token>")
def unsubscribe_now(token: str) -> Response:
    """Stop the newsletter. Mail programs press this too (RFC 8058), so it asks for no cookie and no form token."""
    try:
        with writing() as now:
            subscriptions.unsubscribe(token, now)
    except LinkTooOld:
        return _link_too_old()
    return never_store(htmx.render("newsletter/unsubscribe.html", token=token, is_done=True))


@bp.get("/newsletter/link")
def new_link() -> Response:
    """Ask for a fresh link to confirm, change or stop."""
    return _new_link_form(AddressForm())


@bp.post("/newsletter/link")
def send_new_link() -> Response:
    """Mail a fresh link, if the address is one we know; the answer is always the same."""
    form = AddressForm()
    if status := refusal(form, "newsletter-link", TRIES, HOUR):
        return _new_link_form(form, status)
    if not form.is_robot:
        with writing() as now:
            subscriptions.send_new_link(form.email.data, now)
    return htmx.redirect(url_for("newsletter.new_link_sent"))


@bp.get("/newsletter/link/sent")
def new_link_sent() -> Response:
    """What happens after asking for a link."""
    return htmx.render("newsletter/link_sent.html")


@bp.get("/newsletter/preferences/<token>")
def preferences(token: str) -> Response:
    """Topics, how often, and what we keep about you."""
    try:
        subscriber = _owner(token)
    except LinkTooOld:
        return _link_too_old()
    form = PreferencesForm(topics=subscriber.topics, frequency=subscriber.frequency)
    return _preferences_form(form, subscriber, token)


@bp.post("/newsletter/preferences/<token>")
def save_preferences(token: str) -> Response:
    """Keep the choice."""
    form = PreferencesForm()
    try:
        subscriber = _owner(token)
        if status := refusal(form, "newsletter-preferences", TRIES, HOUR):
            return _preferences_form(form, subscriber, token, status)
        with writing():
            subscriptions.change(_owner(token), form.topics.data, Frequency(form.frequency.data))
    except LinkTooOld:
        return _link_too_old()
    return htmx.redirect(url_for("newsletter.preferences", token=token, saved="yes"))


@bp.get("/newsletter/preferences/<token>/data")
def my_data(token: str) -> Response:
    """Everything we keep about you, as a file."""
    try:
        found = subscriptions.everything_about(_owner(token))
    except LinkTooOld:
        return _link_too_old()
    body = msgspec.json.format(msgspec.json.encode(found), indent=2)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Disposition": 'attachment; filename="my-newsletter-data.json"',
    }
    return never_store(make_response(body, HTTPStatus.OK, headers))


@bp.get("/newsletter/preferences/<token>/erase")
def erase(token: str) -> Response:
    """One button that makes us forget you."""
    try:
        _owner(token)
    except LinkTooOld:
        return _link_too_old()
    return never_store(htmx.render("newsletter/erase.html", token=token))


@bp.post("/newsletter/preferences/<token>/erase")
def erase_now(token: str) -> Response:
    """Forget somebody for good."""
    check_same_site()
    try:
        with writing() as now:
            subscriptions.erase(_owner(token), now)
    except LinkTooOld:
        return _link_too_old()
    return htmx.redirect(url_for("newsletter.erased"))


@bp.get("/newsletter/erased")
def erased() -> Response:
    """We know nothing about you any more."""
    return htmx.render("newsletter/erased.html")


@bp.get("/newsletter/issues")
def issues() -> Response:
    """Past issues of the newsletter."""
    return htmx.render("newsletter/issues.html", issues=digests.issues())


@bp.get("/newsletter/issues/<int:number>")
def issue(number: int) -> Response:
    """One past issue, with the summaries that are still public."""
    try:
        found = digests.get_issue(number)
    except LookupError as error:
        raise SiteError(
            404, "We have no issue with this number. Here are all of them: /newsletter/issues"
        ) from error
    return htmx.render("newsletter/issue.html", issue=found, articles=digests.public_articles(found))


@bp.get("/newsletter/issues/feed.atom")
def issues_feed() -> Response:
    """Past issues for feed readers."""
    found = [(issue, digests.public_articles(issue)) for issue in digests.issues()[:FEED_LENGTH]]
    body = htmx.render("newsletter/issues.atom.xml", issues=found, url=emails.link)
    body.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    return body


@bp.get("/privacy")
def privacy() -> Response:
    """What we keep about readers, why, and for how long."""
    return htmx.render("newsletter/privacy.html", everything_kept=KEPT)


def _owner(token: str) -> Subscriber:
    return subscriptions.get_subscriber(emails.PREFERENCES, token, PREFERENCES_FOR)


def _sign_up_form(form: SubscribeForm, status: int = HTTPStatus.OK) -> Response:
    return forms.show("newsletter/subscribe.html", "signup", form, status, consent=CONSENT_WORDING)


def _check_your_email() -> Response:
    if htmx.wants_fragment():
        return sign_up_sent()
    return htmx.redirect(url_for("newsletter.sign_up_sent"))


def _new_link_form(form: AddressForm, status: int = HTTPStatus.OK) -> Response:
    return forms.show("newsletter/new_link.html", "new_link", form, status, is_too_old=False)


def _link_too_old() -> Response:
    """The same page for a link that is used up, too old, altered or meant for something else."""
    form = AddressForm(formdata=None)
    return forms.show("newsletter/new_link.html", "new_link", form, HTTPStatus.GONE, is_too_old=True)


def _preferences_form(
    form: PreferencesForm, subscriber: Subscriber, token: str, status: int = HTTPStatus.OK
) -> Response:
    return forms.show(
        "newsletter/preferences.html",
        "preferences",
        form,
        status,
        token=token,
        subscriber=subscriber,
        unsubscribe_link=emails.unsubscribe_link(subscriber),
        is_saved="saved" in request.args,
    )


def _page_of_form() -> str:
    """On which page of ours the form stood: for the record of consent, without anything a person typed."""
    return htmx.current_path()[:200]
