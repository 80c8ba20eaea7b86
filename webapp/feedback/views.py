"""Was this helpful, what did the study show, report a mistake, and the contact form."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, Response, current_app, request, url_for
from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import EmailField, SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.catalog import queries
from webapp.catalog.answers import get_answer
from webapp.catalog.translations import heading_in_current_language, in_current_language
from webapp.db.writing import writing
from webapp.feedback import inbox, votes
from webapp.languages.language import gettext_noop
from webapp.models import Article, Live, Reason, Topic
from webapp.models.values import Result
from webapp.web import forms, htmx
from webapp.web.errors import SiteError
from webapp.web.forms import (
    PublicForm,
    check_press,
    is_exceeded,
    mail_address,
    one_line,
    press_token,
    refusal,
    visitor_address,
)
from webapp.web.http import never_store

bp = Blueprint("feedback", __name__)
bp.add_app_template_global(press_token)

HOUR = timedelta(hours=1)
PRESSES = 60  # answers by one press in an hour; a clinic may share one address
TRIES = 10  # written texts in an hour
NOTE_LENGTH = 1000
MESSAGE_LENGTH = 5000
ADDRESS_LENGTH = 254
CONTACT_TOPICS = [topic for topic in Topic if topic is not Topic.MISTAKE]


class NoteForm(PublicForm):
    """An optional note to a vote, and reasons after "No"."""

    reasons = SelectMultipleField(
        gettext_noop("What was the problem?"),
        name="reasons[]",  # several controls of one name: "[]" says that it is meant
        id="reasons",
        choices=[SelectChoice(reason.value, reason.label) for reason in Reason],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    note = TextAreaField(
        gettext_noop("What helped, or what was hard to follow?"),
        [Length(max=NOTE_LENGTH, message=gettext_noop("Please shorten your note to 1,000 characters"))],
    )


class ReportForm(PublicForm):
    message = TextAreaField(
        gettext_noop("What is wrong?"),
        [
            InputRequired(gettext_noop("Tell us what is wrong, and where you saw it")),
            Length(
                max=MESSAGE_LENGTH, message=gettext_noop("Please shorten your message to 5,000 characters")
            ),
        ],
    )
    email = EmailField(
        gettext_noop("Your email address"),
        [
            Optional(),
            Length(max=ADDRESS_LENGTH, message=gettext_noop("Enter a shorter email address")),
            mail_address,
        ],
    )


class ContactForm(PublicForm):
    topic = RadioField(
        gettext_noop("What is it about?"),
        [
            AnyOf(
                [topic.value for topic in CONTACT_TOPICS],
                message=gettext_noop("Choose what your message is about"),
            )
        ],
        choices=[SelectChoice(topic.value, topic.label) for topic in CONTACT_TOPICS],
        validate_choice=False,
    )
    name = StringField(
        gettext_noop("Your name"),
        [Length(max=120, message=gettext_noop("Please shorten the name to 120 characters")), one_line],
    )
    email = EmailField(
        gettext_noop("Your email address"),
        [
            InputRequired(gettext_noop("Enter your email address, like name@example.org")),
            Length(max=ADDRESS_LENGTH, message=gettext_noop("Enter a shorter email address")),
            mail_address,
        ],
    )
    message = TextAreaField(
        gettext_noop("Your message"),
        [
            InputRequired(gettext_noop("Write your message")),
            Length(
                max=MESSAGE_LENGTH, message=gettext_noop("Please shorten your message to 5,000 characters")
            ),
        ],
    )


@bp.get("/<any(research, answers):place>/<slug>/feedback")
def vote_page(place: str, slug: str) -> Response:
    """The question, or thanks for today's answer with room for a note."""
    text = _get_text(place, slug)
    vote = votes.find_vote_of_today(text, visitor_address(), datetime.now(UTC))
    if vote is None or "change" in request.args:
        return never_store(
            htmx.render("feedback/question.html", "feedback", text=heading_in_current_language(text))
        )
    return _thanks(
        NoteForm(formdata=None),
        place,
        text.slug,
        is_helpful=vote.is_helpful,
        text=heading_in_current_language(text),
    )


@bp.post("/<any(research, answers):place>/<slug>/feedback")
def vote(place: str, slug: str) -> Response:
    """Count one press on Yes or No."""
    check_press()
    given = request.form.get("answer", "")
    if given not in ("yes", "no"):
        raise SiteError(422, "Choose Yes or No.")
    with writing() as now:
        is_refused = is_exceeded("vote", visitor_address(), PRESSES, HOUR, now)
        if not is_refused:
            text = _get_text(place, slug)
            votes.vote(text, visitor_address(), given == "yes", now)
            slug = text.slug  # read here: after the commit it would take another transaction
    if is_refused:
        raise SiteError(429)
    if htmx.wants_fragment():
        return _thanks(NoteForm(formdata=None), place, slug, is_helpful=given == "yes")
    return htmx.redirect(url_for("feedback.vote_page", place=place, slug=slug))


@bp.post("/<any(research, answers):place>/<slug>/feedback/note")
def note(place: str, slug: str) -> Response:
    """Take a note, or after "No" the reasons, for the editors."""
    form = NoteForm()
    status = refusal(form, "note", TRIES, HOUR)
    text = _get_text(place, slug)
    if status:
        vote = votes.find_vote_of_today(text, visitor_address(), datetime.now(UTC))
        is_helpful = vote is None or vote.is_helpful
        return _thanks(
            form, place, text.slug, status, is_helpful=is_helpful, text=heading_in_current_language(text)
        )
    if not form.is_robot:
        try:
            with writing() as now:
                votes.add_note(text, visitor_address(), form.note.data or "", form.reasons.data or [], now)
        except votes.NoVoteYet:
            return htmx.redirect(url_for("feedback.vote_page", place=place, slug=text.slug))
    if htmx.wants_fragment():
        return note_sent(place, text.slug)
    return htmx.redirect(url_for("feedback.note_sent", place=place, slug=text.slug))


@bp.get("/<any(research, answers):place>/<slug>/feedback/sent")
def note_sent(place: str, slug: str) -> Response:
    """Thanks for a note."""
    return never_store(htmx.render("feedback/note_sent.html", "feedback", text=_shown(place, slug)))


@bp.get("/research/<slug>/understanding")
def answer_page(slug: str) -> Response:
    """The question about the study, or what its answer is."""
    article = _get_standing(slug)
    given = votes.find_answer_of_today(article, visitor_address(), datetime.now(UTC))
    return never_store(
        htmx.render(
            "feedback/understanding.html", "understanding", article=in_current_language(article), given=given
        )
    )


@bp.post("/research/<slug>/understanding")
def answer(slug: str) -> Response:
    """Count an answer to "What did this study show?" and explain it."""
    check_press()
    given = request.form.get("answer", "")
    if given not in tuple(Result):
        raise SiteError(422, "Choose one of the answers.")
    with writing() as now:
        is_refused = is_exceeded("understanding", visitor_address(), PRESSES, HOUR, now)
        if not is_refused:
            article = _get_standing(slug)
            votes.answer(article, visitor_address(), Result(given), now)
    if is_refused:
        raise SiteError(429)
    if htmx.wants_fragment():
        return answer_page(article.slug)
    return htmx.redirect(url_for("feedback.answer_page", slug=article.slug))


@bp.get("/<any(research, answers):place>/<slug>/report")
def report(place: str, slug: str) -> Response:
    """Where a mistake in a summary or an answer is reported."""
    return _report_form(ReportForm(), place, _get_text(place, slug))


@bp.post("/<any(research, answers):place>/<slug>/report")
def send_report(place: str, slug: str) -> Response:
    """Take a report and mail it to the editors."""
    form = ReportForm()
    status = refusal(form, "report", TRIES, HOUR)
    text = _get_text(place, slug)
    if status:
        return _report_form(form, place, text, status)
    if not form.is_robot:
        message, email = form.message.data or "", form.email.data
        with writing() as now:
            inbox.send(Topic.MISTAKE, message, _editors(), now, email=email, about=text)
    return htmx.redirect(url_for("feedback.report_sent", place=place, slug=text.slug))


@bp.get("/<any(research, answers):place>/<slug>/report/sent")
def report_sent(place: str, slug: str) -> Response:
    """What happens with a report."""
    return htmx.render("feedback/report_sent.html", text=_shown(place, slug))


@bp.get("/contact")
def contact() -> Response:
    """The form by which anybody writes to the editors."""
    return _contact_form(ContactForm())


@bp.post("/contact")
def send_message() -> Response:
    """Take a message and mail it to the editors."""
    form = ContactForm()
    if status := refusal(form, "contact", TRIES, HOUR):
        return _contact_form(form, status)
    if not form.is_robot:
        topic, message = Topic(form.topic.data), form.message.data or ""
        with writing() as now:
            inbox.send(topic, message, _editors(), now, name=form.name.data, email=form.email.data)
    return htmx.redirect(url_for("feedback.message_sent"))


@bp.get("/contact/sent")
def message_sent() -> Response:
    """What happens with a message."""
    return htmx.render("feedback/contact_sent.html")


@bp.app_template_global()
def study_results() -> list[Result]:
    """The answers to choose from below an article."""
    return list(Result)


def _get_standing(slug: str) -> Article:
    """The article at this address; raises SiteError 404 for a retracted paper, of which there is nothing to understand."""
    article = queries.get_published(slug)
    if article.paper.is_retracted:
        raise SiteError(404, "The journal retracted (withdrew) this paper, so we don’t ask about it.")
    return article


def _thanks(
    form: NoteForm, place: str, slug: str, status: int = HTTPStatus.OK, *, is_helpful: bool, **page: Live
) -> Response:
    """Thanks with room for a note, and for reasons after "No"; the whole page shows the ``text`` too."""
    return forms.show(
        "feedback/thanks.html",
        "feedback",
        form,
        status,
        place=place,
        slug=slug,
        is_helpful=is_helpful,
        **page,
    )


def _get_text(place: str, slug: str) -> Live:
    return get_answer(slug) if place == "answers" else queries.get_published(slug)


def _shown(place: str, slug: str) -> Live:
    return heading_in_current_language(_get_text(place, slug))


def _report_form(form: ReportForm, place: str, text: Live, status: int = HTTPStatus.OK) -> Response:
    return forms.show(
        "feedback/report.html", "report", form, status, place=place, text=heading_in_current_language(text)
    )


def _contact_form(form: ContactForm, status: int = HTTPStatus.OK) -> Response:
    return forms.show("feedback/contact.html", "contact", form, status)


def _editors() -> str:
    address: str = current_app.extensions["config"].editors_mail
    return address
