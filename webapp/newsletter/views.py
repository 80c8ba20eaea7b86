"""Pages for subscribing, following a search, confirming, preferences and unsubscribing, past issues, and the privacy page."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import msgspec
from flask import Blueprint, Response, request, url_for
from wtforms import (
    BooleanField,
    EmailField,
    RadioField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.catalog.queries import category_counts
from webapp.catalog.translations import headings_in_current_language
from webapp.db.writing import writing
from webapp.languages.language import gettext_noop
from webapp.letters import emails
from webapp.models import Frequency, Subscriber
from webapp.newsletter import digests, subscriptions
from webapp.newsletter.subscriptions import CONSENT_WORDING, PREFERENCES_FOR, SEARCH_CONSENT_WORDING
from webapp.search import followed
from webapp.search.query import SearchQuery
from webapp.web import forms, htmx
from webapp.web.forms import PublicForm, mail_address, refusal
from webapp.web.http import never_store, text_file
from webapp.web.tokens import TokenError

log = logging.getLogger(__name__)

bp = Blueprint("newsletter", __name__)
bp.add_app_template_filter(followed.in_words, "query_in_words")
bp.add_app_template_filter(lambda search: followed.in_words(followed.search_of(search)), "search_in_words")

HOUR = timedelta(hours=1)
TRIES = 10
FEED_LENGTH = 20
ADDRESS_LENGTH = 254  # RFC 5321 leaves that much for a whole address
TOPICS = SelectMultipleField(
    gettext_noop("Topics"),
    name="topics[]",
    id="topics",
    choices=lambda: [SelectChoice(row.category.slug, row.category.name) for row in category_counts()],
    widget=ListWidget(prefix_label=False),
    option_widget=CheckboxInput(),
)


class AddressForm(PublicForm):
    email = EmailField(
        gettext_noop("Your email address"),
        [
            InputRequired(gettext_noop("Enter your email address, like name@example.org")),
            Length(
                max=ADDRESS_LENGTH, message=gettext_noop("Enter an email address of at most 254 characters")
            ),
            mail_address,
        ],
    )


class SubscribeForm(AddressForm):
    topics = TOPICS


class FollowForm(AddressForm):
    """The search is in the fields of the search page: its words can be changed here, its filters are hidden."""

    q = StringField(gettext_noop("Words to look for"))

    @property
    def search(self) -> SearchQuery:
        return SearchQuery.from_args(request.values)

    def validate_q(self, _field: StringField) -> None:
        if not followed.stored(self.search):
            raise ValidationError(gettext_noop("Enter words to look for, like bladder infections"))


class PreferencesForm(PublicForm):
    topics = TOPICS
    searches_only = BooleanField(gettext_noop("Only what matches my searches, no topics"))
    frequency = RadioField(
        gettext_noop("How often?"), choices=[SelectChoice(choice.value, choice.label) for choice in Frequency]
    )

    def validate_searches_only(self, field: BooleanField) -> None:
        if field.data and self.topics.data:
            raise ValidationError(gettext_noop("Choose topics, or only your searches"))


class StoredTable(msgspec.Struct, frozen=True):
    """A table in plain words: why it exists, until when a row stays, and what each column holds."""

    table: str
    title: str
    why: str
    until: str
    fields: Mapping[str, str]


# Every stored field about readers, in plain words. A test compares it with the tables of the database.
STORED_TABLES = msgspec.toml.decode(
    Path(__file__).with_name("privacy.toml").read_bytes(), type=dict[str, list[StoredTable]]
)["tables"]


@bp.get("/subscribe")
def subscribe() -> Response:
    """Show the sign-up form."""
    return _sign_up_form(SubscribeForm())


@bp.post("/subscribe")
def ask() -> Response:
    """Sign an address up; the answer is the same whether or not it is subscribed."""
    form = SubscribeForm()
    if status := refusal(form, "subscribe", TRIES, HOUR):
        return _sign_up_form(form, status)
    if not form.is_robot:
        page = htmx.current_path()[:200]
        with writing() as now:
            subscriptions.ask(form.email.data, form.topics.data, page, now)
    return sign_up_sent() if htmx.wants_fragment() else htmx.redirect(url_for("newsletter.sign_up_sent"))


@bp.get("/subscribe/sent")
def sign_up_sent() -> Response:
    """Explain what happens after signing up."""
    return htmx.render("newsletter/sent.html", "signup")


@bp.get("/follow")
def follow() -> Response:
    """Show the form to follow a search or a topic by email."""
    form = FollowForm(formdata=None)
    form.q.data = form.search.text
    return _follow_form(form)


@bp.post("/follow")
def ask_to_follow() -> Response:
    """Ask an address whether it wants to follow a search; the answer is the same for every address."""
    form = FollowForm()
    if status := refusal(form, "subscribe", TRIES, HOUR):
        return _follow_form(form, status)
    if not form.is_robot:
        page, search = htmx.current_path()[:200], followed.stored(form.search)
        with writing() as now:
            subscriptions.ask_search(form.email.data, search, page, now)
    return sign_up_sent() if htmx.wants_fragment() else htmx.redirect(url_for("newsletter.sign_up_sent"))


@bp.get("/newsletter/confirm/<token>")
def confirm(token: str) -> Response:
    """Show a button to confirm: mail scanners open links, so opening this one confirms nothing."""
    subscriber = subscriptions.get_pending(token, datetime.now(UTC))
    return never_store(htmx.render("newsletter/confirm.html", token=token, subscriber=subscriber))


@bp.post("/newsletter/confirm/<token>")
def confirm_now(token: str) -> Response:
    """Confirm a subscription."""
    with writing() as now:
        subscriptions.confirm(token, now)
    return htmx.redirect(url_for("newsletter.confirmed"))


@bp.get("/newsletter/confirmed")
def confirmed() -> Response:
    """Welcome a new subscriber."""
    return htmx.render("newsletter/confirmed.html")


@bp.get("/newsletter/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """Show a button to unsubscribe."""
    subscriptions.unsubscribe_key(token)  # raises TokenError
    return never_store(htmx.render("newsletter/unsubscribe.html", token=token, is_done=False))


@bp.post("/newsletter/unsubscribe/<token>")
def unsubscribe_now(token: str) -> Response:
    """Unsubscribe. Mail programs send this request, too (RFC 8058), so it needs no cookie and no form token."""
    with writing() as now:
        subscriptions.unsubscribe(token, now)
    return never_store(htmx.render("newsletter/unsubscribe.html", token=token, is_done=True))


@bp.get("/newsletter/link")
def new_link() -> Response:
    """Ask for the address to send a new link to."""
    return _new_link_form(AddressForm())


@bp.post("/newsletter/link")
def send_new_link() -> Response:
    """Mail a new link; the answer is the same whether or not the address is subscribed."""
    form = AddressForm()
    if status := refusal(form, "newsletter-link", TRIES, HOUR):
        return _new_link_form(form, status)
    if not form.is_robot:
        with writing() as now:
            subscriptions.send_new_link(form.email.data, now)
    return htmx.redirect(url_for("newsletter.new_link_sent"))


@bp.get("/newsletter/link/sent")
def new_link_sent() -> Response:
    """Explain what happens after asking for a link."""
    return htmx.render("newsletter/link_sent.html")


@bp.get("/newsletter/preferences/<token>")
def preferences(token: str) -> Response:
    """Show a subscriber's topics and frequency, with links to their data."""
    subscriber = _owner(token)
    form = PreferencesForm(
        topics=subscriber.topics,
        frequency=subscriber.frequency,
        searches_only=subscriber.follows_searches_only,
    )
    return _preferences_form(form, subscriber, token)


@bp.post("/newsletter/preferences/<token>")
def save_preferences(token: str) -> Response:
    """Save a subscriber's topics and frequency."""
    form = PreferencesForm()
    subscriber = _owner(token)
    if status := refusal(form, "newsletter-preferences", TRIES, HOUR):
        return _preferences_form(form, subscriber, token, status)
    with writing():
        subscriptions.change(
            _owner(token),
            form.topics.data,
            Frequency(form.frequency.data),
            searches_only=form.searches_only.data,
        )
    return htmx.redirect(url_for("newsletter.preferences", token=token, saved="yes"))


@bp.post("/newsletter/preferences/<token>/searches/stop")
def stop_search(token: str) -> Response:
    """Stop following one search."""
    with writing() as now:
        subscriptions.stop_search(_owner(token), request.form.get("search", ""), now)
    return htmx.redirect(url_for("newsletter.preferences", token=token, saved="yes"))


@bp.get("/newsletter/preferences/<token>/data")
def my_data(token: str) -> Response:
    """Download everything that is stored about a subscriber."""
    body = msgspec.json.format(msgspec.json.encode(subscriptions.everything_about(_owner(token))), indent=2)
    return never_store(text_file(body.decode(), "application/json", "my-newsletter-data.json"))


@bp.get("/newsletter/preferences/<token>/erase")
def erase(token: str) -> Response:
    """Show a button to erase a subscriber's data."""
    _owner(token)
    return never_store(htmx.render("newsletter/erase.html", token=token))


@bp.post("/newsletter/preferences/<token>/erase")
def erase_now(token: str) -> Response:
    """Erase a subscriber's data."""
    with writing() as now:
        subscriptions.erase(_owner(token), now)
    return htmx.redirect(url_for("newsletter.erased"))


@bp.get("/newsletter/erased")
def erased() -> Response:
    """Say that the data is erased."""
    return htmx.render("newsletter/erased.html")


@bp.get("/newsletter/issues")
def issues() -> Response:
    """List past issues."""
    return htmx.render("newsletter/issues.html", issues=digests.issues())


@bp.get("/newsletter/issues/<int:number>")
def issue(number: int) -> Response:
    """Show a past issue, with its summaries that are still public."""
    past = digests.get_issue(number)
    return htmx.render(
        "newsletter/issue.html",
        issue=past,
        articles=headings_in_current_language(digests.public_articles(past)),
    )


@bp.get("/newsletter/issues/feed.atom")
def issues_feed() -> Response:
    """The latest issues as an Atom feed."""
    latest = [(issue, digests.public_articles(issue)) for issue in digests.issues()[:FEED_LENGTH]]
    body = htmx.render("newsletter/issues.atom.xml", issues=latest, url=emails.link)
    body.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    return body


@bp.get("/privacy")
def privacy() -> Response:
    """List what is stored about readers, why, and for how long."""
    return htmx.render("newsletter/privacy.html", tables=STORED_TABLES)


@bp.errorhandler(TokenError)
def show_invalid_link(error: TokenError) -> Response:
    """Show one page for a link that was used, is too old, was altered or has another purpose."""
    log.info("a link did not work", extra={"purpose": str(error)})
    form = AddressForm(formdata=None)
    return forms.show("newsletter/new_link.html", "new_link", form, HTTPStatus.GONE, is_too_old=True)


def _owner(token: str) -> Subscriber:
    return subscriptions.get_subscriber(emails.PREFERENCES, token, PREFERENCES_FOR)


def _sign_up_form(form: SubscribeForm, status: int = HTTPStatus.OK) -> Response:
    return forms.show("newsletter/subscribe.html", "signup", form, status, consent=CONSENT_WORDING)


def _follow_form(form: FollowForm, status: int = HTTPStatus.OK) -> Response:
    return forms.show("newsletter/follow.html", "signup", form, status, consent=SEARCH_CONSENT_WORDING)


def _new_link_form(form: AddressForm, status: int = HTTPStatus.OK) -> Response:
    return forms.show("newsletter/new_link.html", "new_link", form, status, is_too_old=False)


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
