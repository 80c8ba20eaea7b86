"""The editors' pages about the next issue: what is in it, what it says, when it goes out, tests, and sending it now."""

import hashlib
import re
from base64 import b64encode
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, make_response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, local_time, time_zone
from webapp.catalog.word_list import word_list
from webapp.content.plain_language import plain_check_of_text
from webapp.content.readability import paragraphs
from webapp.languages.language import ENGLISH, in_language, known_languages
from webapp.letters import compose, emails
from webapp.letters.emails import RenderedMail
from webapp.models import AuditKind, Frequency, IssueContent, IssueWords, Role
from webapp.newsletter import digests, next_issue, reports
from webapp.newsletter.issue_form import (
    IssueForm,
    content_from,
    field_names,
    following_text,
    is_mark,
    languages,
    moved,
    values_of,
    what_changed,
)
from webapp.newsletter.next_issue import Lineup, mark_of
from webapp.parsing import int_from, member_from
from webapp.publishing import audit, saved_texts
from webapp.publishing.revisions import SavedMeanwhile
from webapp.search.index import SearchUnavailable
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import normal_address
from webapp.web.http import SECURITY_HEADERS, never_store

MOST_OFFERED = (
    100  # texts in each list to choose from, so that the page stays quick after an import of thousands
)

bp = Blueprint("next_issue", __name__, url_prefix="/editor/newsletter/next/<frequency>")
editor_access.protect(bp, role=Role.EDITOR, form="next_issue.show")


class IssueRefused(Exception):
    """What was sent cannot be used as it is."""

    def __init__(self, form: IssueForm) -> None:
        super().__init__("the form was refused")
        self.form = form


@bp.get("")
def show(frequency: str) -> Response:
    """Show the next issue in a form: as it is, or as it was saved earlier."""
    kind, now = _frequency(frequency), datetime.now(UTC)
    line = next_issue.lineup(kind, now)
    earlier = int_from(request.args.get("from"))
    if earlier:
        content = saved_texts.get_text(next_issue.drafts(kind), earlier).content
        line = next_issue.lineup_of(kind, content, line.number, now)
    typed = editor_access.recovered_fields()
    form = IssueForm(formdata=typed if typed and "greeting" in typed else None, data=values_of(line))
    form.sends_at = line.content.send_at
    return _show(kind, form)


@bp.post("/save")
def save(frequency: str) -> Response:
    """Save what was changed of the next issue."""
    _save(_frequency(frequency), IssueForm())
    return htmx.redirect(url_for(".show", frequency=frequency, done="saved"))


@bp.post("/move")
def move(frequency: str) -> Response:
    """Move a text up or down, take it out, or put it in; and save."""
    form, pressed = IssueForm(), request.form.get("move", "")
    following = following_text(form, pressed)
    done = moved(form, pressed)
    _save(_frequency(frequency), form)
    return htmx.redirect(
        url_for(".show", frequency=frequency, done=done or None, at=pressed, then=following or None)
    )


@bp.post("/hold")
def hold(frequency: str) -> Response:
    """Put the next issue on hold, and save."""
    return _hold(frequency, "yes", "held")


@bp.post("/release")
def release(frequency: str) -> Response:
    """Let the next issue go out at its time again, and save."""
    return _hold(frequency, "", "released")


@bp.post("/test")
def send_test(frequency: str) -> Response:
    """Save, and mail the next issue to the current editor, as a test."""
    kind = _frequency(frequency)
    _save(kind, IssueForm())
    with editor_access.writing_as(Role.EDITOR) as now:
        line = next_issue.lineup(kind, now)
        if line.summaries:
            digests.send_test(line, normal_address(current_editor().email), now)
    done = "test-sent" if line.summaries else "nothing-in-it"
    return htmx.redirect(url_for(".show", frequency=frequency, done=done))


@bp.post("/look")
def look(frequency: str) -> Response:
    """Save, and go on to the preview."""
    _save(_frequency(frequency), IssueForm())
    return htmx.redirect(url_for(".preview", frequency=frequency))


@bp.post("/ask")
def ask(frequency: str) -> Response:
    """Save, and go on to the question whether to send it now."""
    _save(_frequency(frequency), IssueForm())
    return htmx.redirect(url_for(".ask_to_send", frequency=frequency))


@bp.get("/preview")
def preview(frequency: str) -> Response:
    """Preview the mail, in each language."""
    kind = _frequency(frequency)
    line = next_issue.lineup(kind, datetime.now(UTC))
    mails = [(known_languages()[code], _mail(line, code)) for code in languages() if line.summaries]
    return htmx.render("newsletter/preview.html", kind=kind, line=line, mails=mails)


@bp.get("/preview.eml")
def preview_mail(frequency: str) -> Response:
    """Download the next issue as a file for a mail program."""
    now = datetime.now(UTC)
    body = compose.preview(_previewed(frequency), current_editor().email, now).to_bytes()
    headers = {"Content-Type": "message/rfc822", "Content-Disposition": 'attachment; filename="preview.eml"'}
    return never_store(make_response(body, HTTPStatus.OK, headers))


@bp.get("/preview.html")
def preview_html(frequency: str) -> Response:
    """Show the HTML of the mail as a page of its own."""
    html = _previewed(frequency).html or ""
    # The style of a mail is in the mail; this one and no other is allowed.
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = b64encode(hashlib.sha256("".join(styles).encode()).digest()).decode()
    policy = SECURITY_HEADERS["Content-Security-Policy"].replace(
        "style-src 'self'", f"style-src 'sha256-{digest}'"
    )
    return never_store(make_response(html, HTTPStatus.OK, {"Content-Security-Policy": policy}))


@bp.get("/send")
def ask_to_send(frequency: str) -> Response:
    """Ask whether to send it now, with the number of people."""
    return _ask(_frequency(frequency))


@bp.post("/send")
def send(frequency: str) -> Response:
    """Send it now."""
    kind = _frequency(frequency)
    after_issue, number = (int_from(request.form.get(name)) or 0 for name in ("after_issue", "number"))
    with editor_access.writing_as(Role.EDITOR) as now:
        if after_issue != next_issue.last_id(kind):  # the second of two presses, or the job was faster
            return htmx.redirect(url_for("editor_newsletter.overview", done="sent-before"))
        next_issue.refuse_outdated(kind, after_issue, number)
        issue = digests.make_issue(kind, now)
        audit.record(AuditKind.NEWSLETTER_SENT, now, current_editor().id, detail=f"{kind.label}: by hand")
        done = issue.recipient_count
    return htmx.redirect(url_for("editor_newsletter.overview", done="sent", people=done))


@bp.get("/drafts/<int:number>")
def changes(frequency: str, number: int) -> Response:
    """Show what was changed then."""
    kind = _frequency(frequency)
    saved = next_issue.drafts(kind)
    after = saved_texts.get_text(saved, number).content
    before = saved_texts.get_text(saved, number - 1).content if number > 1 else IssueContent()
    return htmx.render(
        "newsletter/next_issue_changes.html",
        kind=kind,
        number=number,
        differences=_differences(before, after),
    )


@bp.errorhandler(IssueRefused)
def show_refused(refused: IssueRefused) -> Response:
    """Show the form again with everything that was typed. A refused “Release it” has released nothing."""
    content, _ = next_issue.saved_content(_asked(), datetime.now(UTC))
    refused.form.is_held.data = "yes" if content.is_held else ""
    return _show(_asked(), refused.form, HTTPStatus.UNPROCESSABLE_ENTITY)


@bp.errorhandler(SavedMeanwhile)
def show_newer(_: SavedMeanwhile) -> Response:
    """Show what somebody saved meanwhile, with everything that was typed. Nothing was saved or sent."""
    kind = _asked()
    if request.endpoint == "next_issue.send":
        return _ask(kind, HTTPStatus.CONFLICT)
    form, line = IssueForm(), next_issue.lineup(kind, datetime.now(UTC))
    moved(form, request.form.get("move", ""))
    form.validate()
    theirs, mine = line.content, content_from(form)
    form.number.data, form.is_held.data = line.number, "yes" if theirs.is_held else ""
    if form.after_issue.data != line.after_issue:  # it went out: what it had is no longer to be chosen
        form.after_issue.data = line.after_issue
        for name in ("chosen", "listed", "offered", "left_out", "is_fixed"):
            form[name].data = values_of(line)[name]
    return _show(kind, form, HTTPStatus.CONFLICT, differences=_differences(theirs, mine))


@bp.errorhandler(digests.NothingNew)
def show_nothing(_: digests.NothingNew) -> Response:
    """Go back to the form, which says that nobody would get anything."""
    return htmx.redirect(url_for(".show", frequency=_asked(), done="nobody"))


@bp.errorhandler(SearchUnavailable)
def show_not_ready(_: SearchUnavailable) -> Response:
    """Ask to try again: without the search index we don’t know who follows what."""
    sentence = "The search index isn’t ready, so we don’t know who follows what. Try again in a minute."
    raise SiteError(HTTPStatus.SERVICE_UNAVAILABLE, sentence)


def _frequency(text: str) -> Frequency:
    kind = member_from(Frequency, text)
    if kind is None:
        raise SiteError(HTTPStatus.NOT_FOUND, "There is a weekly and a monthly newsletter.")
    return kind


def _asked() -> Frequency:
    return _frequency((request.view_args or {})["frequency"])


def _hold(frequency: str, is_held: str, done: str) -> Response:
    form = IssueForm()
    form.is_held.data = is_held
    _save(_frequency(frequency), form)
    return htmx.redirect(url_for(".show", frequency=frequency, done=done))


def _save(kind: Frequency, form: IssueForm) -> None:
    form.set_before = next_issue.saved_content(kind, datetime.now(UTC))[0].send_at
    if not form.validate():
        raise IssueRefused(form)
    content = content_from(form)
    with editor_access.writing_as(Role.EDITOR) as now:
        line = next_issue.lineup(kind, now)
        what = what_changed(line.content, content)
        if what:
            next_issue.refuse_outdated(kind, form.after_issue.data, form.number.data)
            next_issue.save(line, content, current_editor(), now, what)
        editor_access.discard_recovered_fields()


def _previewed(frequency: str) -> RenderedMail:
    line = next_issue.lineup(_frequency(frequency), datetime.now(UTC))
    code = request.args.get("language", ENGLISH.code)
    if not line.summaries or code not in languages():
        raise SiteError(HTTPStatus.NOT_FOUND, "There is nothing new to show yet.")
    return _mail(line, code)


def _mail(line: Lineup, code: str) -> RenderedMail:
    """The mail to somebody who gets all topics, in a language."""
    words = line.content.words.get(code, IssueWords())
    with in_language(known_languages()[code]):
        return emails.digest(line.summaries, None, line.answers, words=words)


def _differences(before: IssueContent, after: IssueContent) -> list[tuple[str, str, str]]:
    """What is different in two states of an issue: the name of each part, and both in words."""
    now = datetime.now(UTC)

    def in_words(content: IssueContent) -> dict[str, str]:
        titles = [text.title for text in next_issue.texts_of(content.chosen, now)]
        at = local_time(content.send_at) if content.send_at else "At the usual time"
        parts = {
            "In it, in this order": "\n".join(titles) or "All that is new",
            "When": "On hold" if content.is_held else at,
        }
        for code in languages():
            said = content.words.get(code, IssueWords())
            for name, text in zip(field_names(code), (said.subject, said.greeting), strict=True):
                parts[str(getattr(IssueForm, name).args[0])] = text or "Empty"
        return parts

    old, new = in_words(before), in_words(after)
    return [(name, old[name], new[name]) for name in old if old[name] != new[name]]


def _ask(kind: Frequency, status: int = HTTPStatus.OK) -> Response:
    now = datetime.now(UTC)
    upcoming = reports.upcoming(next_issue.lineup(kind, now), now)
    return htmx.render(
        "newsletter/send.html",
        status=status,
        kind=kind,
        upcoming=upcoming,
        is_behind=status == HTTPStatus.CONFLICT,
    )


def _show(
    kind: Frequency,
    form: IssueForm,
    status: int = HTTPStatus.OK,
    differences: list[tuple[str, str, str]] | None = None,
) -> Response:
    now = datetime.now(UTC)
    saved = next_issue.drafts(kind)
    line = next_issue.lineup_of(kind, content_from(form), form.number.data, now)
    verb, _, pressed = request.args.get("at", "").partition(":")
    names = {
        mark_of(text): text.title for text in (*line.summaries, *line.answers, *line.left_out, *line.new)
    }
    return htmx.render(
        "newsletter/next_issue.html",
        status=status,
        kind=kind,
        form=form,
        line=line,
        upcoming=reports.upcoming(line, now),
        others=[reports.upcoming(next_issue.lineup(other, now), now) for other in Frequency if other != kind],
        offered=MOST_OFFERED,
        check=plain_check_of_text(form.greeting.data or "", word_list().hard_words),
        greeting=paragraphs(form.greeting.data or ""),
        usual_subject=emails.usual_subject(len(line.summaries)),
        other_language_count=reports.other_language_count(kind),
        saved=saved,
        differences=differences,
        mark_of=mark_of,
        done=request.args.get("done", ""),
        pressed=f"{pressed}-{verb}" if is_mark(pressed) else "",
        following=request.args.get("then", ""),
        moved_title=names.get(pressed, ""),
        zone=time_zone(),
        editor=current_editor(),
    )
