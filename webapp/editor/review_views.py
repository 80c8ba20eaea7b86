"""Asking for reviews, answering them on the desk or by a mailed link, and the list of summaries nobody has checked."""

import logging
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request, url_for
from wtforms.fields.choices import SelectChoice

from webapp.accounts import editor_access, editors
from webapp.accounts.editor_access import current_editor, may
from webapp.content.answer_content import AnswerContent, Content, content_from_json
from webapp.content.article_content import ArticleContent
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.editor import queries
from webapp.editor.review_forms import AskForm, ReviewForm
from webapp.models import Draft, Editor, Review, Role, SafetyReview
from webapp.models.values import ReviewerKind
from webapp.publishing import answers, publication, reviews, revisions, safety_cards
from webapp.publishing.reviews import AnyReview, ReviewClosed
from webapp.publishing.sign_offs import ALL_PARTS, ANSWER_PARTS, CARD_PARTS, PARTS
from webapp.safety.cards import Card
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.forms import is_exceeded, visitor_address
from webapp.web.http import never_store
from webapp.web.pagination import asked_page, existing

log = logging.getLogger(__name__)

BY_LINK = ("by_link", "send_by_link", "undo_by_link")
SENT_BY_ADDRESS = 30  # an hour

bp = Blueprint("reviews", __name__)
editor_access.protect(bp, role=Role.REVIEWER, open_to_all=[f"reviews.{name}" for name in BY_LINK])
bp.context_processor(lambda: {"review_parts": ALL_PARTS})


# ------------------------------------------------------------------ asking


@bp.get("/editor/summaries/<int:draft_id>/reviews")
def of_summary(draft_id: int) -> Response:
    """Show the reviews of a text, with a form to ask for another."""
    editor_access.require(Role.WRITER)
    draft = _saved(draft_id)
    return _show_reviews(draft, _ask_form(draft, formdata=editor_access.recovered_fields()))


@bp.post("/editor/summaries/<int:draft_id>/reviews")
def ask(draft_id: int) -> Response:
    """Ask somebody for a review."""
    editor_access.require(Role.WRITER)
    draft = _saved(draft_id)
    form = _ask_form(draft)
    if not form.validate():
        return _show_reviews(draft, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    with editor_access.writing_as(Role.WRITER) as now:
        reviewer = db.session.get(Editor, int(form.reviewer.data)) if form.reviewer.data else None
        review = Review(
            draft=_saved(draft_id),
            revision_number=form.revision.data,
            kind=(reviewer and reviewer.reviewer_kind) or ReviewerKind(form.kind.data),
            name=reviewer.name if reviewer else form.name.data,
            role=(reviewer and reviewer.printed_role) or "",
            email=reviewer.email if reviewer else form.email.data,
            reviewer_id=reviewer.id if reviewer else None,
            **_asked(form, now),
        )
        reviews.ask(review, now)
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for(".of_summary", draft_id=draft_id, done="asked"))


@bp.get("/editor/safety/<card_id>/reviews")
def of_card(card_id: str) -> Response:
    """Show the reviews of a safety card that were asked for by mail, with a form to ask for another."""
    editor_access.require(Role.ADMIN)
    return _show_reviews(
        safety_cards.get_card(card_id), _card_form(formdata=editor_access.recovered_fields())
    )


@bp.post("/editor/safety/<card_id>/reviews")
def ask_about_card(card_id: str) -> Response:
    """Ask somebody without an account about the text of a safety card that readers see."""
    editor_access.require(Role.ADMIN)
    form, card = _card_form(), safety_cards.get_card(card_id)
    if not form.validate():
        return _show_reviews(card, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    with editor_access.writing_as(Role.ADMIN) as now:
        review = SafetyReview(
            revision=safety_cards.stored_text(card_id, current_editor(), now),
            kind=ReviewerKind(form.kind.data),
            name=form.name.data,
            email=form.email.data,
            **_asked(form, now),
        )
        reviews.ask(review, now)
        editor_access.discard_recovered_fields()
    return htmx.redirect(url_for(".of_card", card_id=card_id, done="asked"))


@bp.post("/editor/safety/<card_id>/reviews/<int:review_id>/undo")
def undo_of_card(card_id: str, review_id: int) -> Response:
    """Take back the sign-off of a safety card that came by mail."""
    with editor_access.writing_as(Role.ADMIN) as now:
        review = db.session.get(SafetyReview, review_id)
        if review is None or review.revision.card_id != card_id:
            raise SiteError(HTTPStatus.NOT_FOUND)
        reviews.undo(review, current_editor().id, now)
    return htmx.redirect(url_for(".of_card", card_id=card_id, done="undone"))


@bp.get("/editor/unchecked")
def unchecked() -> Response:
    """List published summaries that no clinician has checked, and those that are due to be checked again."""
    editor_access.require(Role.WRITER)
    is_oldest_first, now = request.args.get("sort") == "oldest", datetime.now(UTC)
    return htmx.render(
        "editor/unchecked.html",
        page=existing(queries.unchecked(asked_page(), now.date(), is_oldest_first=is_oldest_first)),
        is_oldest_first=is_oldest_first,
        recent_days=queries.RECENT.days,
        due=reviews.due_again(now),
    )


# ------------------------------------------------------------------ answering on the desk


@bp.get("/editor/reviews")
def asked_of_me() -> Response:
    """List what the signed-in person was asked to review."""
    return htmx.render("editor/reviews.html", reviews=reviews.asked_of(current_editor()))


@bp.get("/editor/reviews/<int:review_id>")
def show(review_id: int) -> Response:
    """Show a text with a form to review it."""
    review = _asked_of_me(review_id)
    reviews.refuse_answered(review)
    return _show_review(review, _review_form(review, formdata=editor_access.recovered_fields()))


@bp.post("/editor/reviews/<int:review_id>")
def send(review_id: int) -> Response:
    """Send a review."""
    return _answer(_asked_of_me(review_id))


@bp.post("/editor/reviews/<int:review_id>/undo")
def undo(review_id: int) -> Response:
    """Take a sign-off back: one's own, or as an admin."""
    with editor_access.writing_as(Role.REVIEWER) as now:
        review = db.session.get(Review, review_id)
        if review is None or not (may(Role.ADMIN) or review.reviewer == current_editor()):
            raise SiteError(HTTPStatus.NOT_FOUND)
        reviews.undo(review, current_editor().id, now)
    if review.reviewer == current_editor():
        return htmx.redirect(url_for(".show", review_id=review_id))
    return htmx.redirect(url_for(".of_summary", draft_id=review.draft_id, done="undone"))


# ------------------------------------------------------------------ answering by a mailed link


@bp.get("/review/<token>")
def by_link(token: str) -> Response:
    """Show a text with a form to review it to somebody without an account."""
    review = reviews.refuse_closed(*reviews.by_token(token), datetime.now(UTC))
    return _show_review(review, _review_form(review), token=token)


@bp.post("/review/<token>")
def send_by_link(token: str) -> Response:
    """Send a review by a link."""
    review = reviews.refuse_closed(*reviews.by_token(token), datetime.now(UTC))
    with writing() as now:
        is_throttled = is_exceeded("review", visitor_address(), SENT_BY_ADDRESS, timedelta(hours=1), now)
    if is_throttled:
        form = _review_form(review)
        form.agrees.errors = ["You’ve sent this many times. Please wait an hour, then send it again."]
        return _show_review(review, form, HTTPStatus.TOO_MANY_REQUESTS, token=token)
    return _answer(review, token)


@bp.post("/review/<token>/undo")
def undo_by_link(token: str) -> Response:
    """Take a sign-off back by the link that it was made with, while the link works."""
    review, number = reviews.by_token(token)
    with writing() as now:
        if review is None or number != review.revision_number or now > reviews.closes_at(review):
            reviews.refuse_closed(review, number, now)
        else:
            reviews.undo(review, None, now)
    return htmx.redirect(url_for(".by_link", token=token))


@bp.errorhandler(ReviewClosed)
def show_closed(closed: ReviewClosed) -> Response:
    """Say why a review cannot be answered (any more), with what was said."""
    review, token = closed.review, (request.view_args or {}).get("token", "")
    log.info("a review is closed: %s", closed.why, extra={"review_id": review.id if review else None})
    action = (
        url_for(".undo_by_link", token=token) if token else review and url_for(".undo", review_id=review.id)
    )
    can_undo = (
        review is not None
        and review.is_signed
        and (not token or datetime.now(UTC) <= reviews.closes_at(review))
    )
    status = HTTPStatus.OK if request.method == "GET" else HTTPStatus.CONFLICT
    context = {"review": review, "why": closed.why, "action": action, "can_undo": can_undo, "token": token}
    return never_store(htmx.render("editor/review_closed.html", status=status, **context))


# ------------------------------------------------------------------ shared by the views


def _saved(draft_id: int) -> Draft:
    draft = revisions.get_draft(draft_id)
    if draft.deleted_at is not None:
        raise SiteError(HTTPStatus.NOT_FOUND, "This draft is deleted. Bring it back first.")
    return draft


def _asked_of_me(review_id: int) -> Review:
    """A review that the signed-in person was asked for; raises SiteError 404."""
    review = db.session.get(Review, review_id)
    if review is None or review.reviewer != current_editor():
        raise SiteError(HTTPStatus.NOT_FOUND)
    return review


def _ask_form(draft: Draft, **filled: Any) -> AskForm:
    form = AskForm(**filled)
    people = [
        SelectChoice(str(one.id), f"{one.name} ({one.reviewer_kind.label.lower()})")
        for one in editors.all_editors()
        if one.reviewer_kind and not one.disabled_at and one != current_editor()
    ]
    form.reviewer.choices = [SelectChoice("", "Someone without an account"), *people]
    newest, published = draft.revision_number, draft.published_revision
    form.revision.choices = [SelectChoice(newest, f"What was saved last (revision {newest})")]
    if published not in (None, newest):
        form.revision.choices.append(SelectChoice(published, f"What readers see (revision {published})"))
    return form


def _asked(form: AskForm, now: datetime) -> dict[str, Any]:
    """What is stored of every request, whatever it is about and whoever is asked."""
    question = (form.question.data or "").strip()
    return {"asked_by_id": current_editor().id, "question": question, "asked_at": now, "parts": []}


def _card_form(**filled: Any) -> AskForm:
    """The form to ask about a safety card: who has an account signs it in the editor, and only what readers see can be signed."""
    form = AskForm(**filled)
    del form.reviewer, form.revision
    return form


def _show_reviews(of: Draft | Card, form: AskForm, status: int = HTTPStatus.OK) -> Response:
    about: dict[str, Any] = {"card": None, "draft": of}
    if isinstance(of, Card):
        about = {"card": of, "draft": None}
    return htmx.render(
        "editor/review_requests.html",
        status=status,
        form=form,
        done=request.args.get("done", ""),
        is_admin=may(Role.ADMIN),
        reviews=reviews.of_card(of.id) if isinstance(of, Card) else reviews.of_draft(of),
        **about,
    )


def _review_form(review: AnyReview, **filled: Any) -> ReviewForm:
    """The form of a review, with what was saved to finish later."""
    said = {part.part: {"opinion": part.opinion, "text": part.text} for part in review.parts}
    mine = {name: getattr(review, name) for name in ("name", "role")}
    mine["keeps_name"] = isinstance(review, Review) and review.keeps_name
    return ReviewForm(**filled, data=mine | said)


def _content(review: AnyReview) -> Content | Card:
    if isinstance(review, SafetyReview):
        cards = safety_cards.live_cards()
        return cards.card(cards.as_written(review.revision.content))
    return content_from_json(revisions.get_revision(review.draft, review.revision_number).content)


def _shown_parts(content: Content | Card) -> list[str]:
    if isinstance(content, Card):
        return list(CARD_PARTS)
    if isinstance(content, AnswerContent):
        return list(ANSWER_PARTS)
    return [part for part in PARTS if part != "since_then" or content.since_then]


def _answer(review: AnyReview, token: str = "") -> Response:
    """Store a sent review, or one to finish later; refused, its form is shown again as it was filled in."""
    form, shown, is_sent = _review_form(review), _shown_parts(_content(review)), "later" not in request.form
    if not (form.is_complete(shown) if is_sent else form.validate()):
        return _show_review(review, form, HTTPStatus.UNPROCESSABLE_ENTITY, token=token)
    with writing() as now:
        reviews.refuse_answered(review)  # another request may have sent it meanwhile
        if form.agrees.data or not is_sent:
            review.name, review.role = form.name.data or review.name, form.role.data
            if isinstance(review, Review):
                review.keeps_name = bool(token) or form.keeps_name.data
        if is_sent:
            reviews.answer(review, form.parts(shown), now, signs=form.agrees.data)
        else:
            review.parts = form.parts(shown)
        if not token:
            editor_access.discard_recovered_fields()
    return htmx.redirect(request.path if is_sent else f"{request.path}?saved=yes")


def _show_review(
    review: AnyReview, form: ReviewForm, status: int = HTTPStatus.OK, token: str = ""
) -> Response:
    content = _content(review)
    response = htmx.render(
        "editor/review.html",
        status=status,
        review=review,
        answer=content if isinstance(content, AnswerContent) else None,
        cited=answers.cited_articles(content) if isinstance(content, AnswerContent) else {},
        article=publication.transient_article(content, datetime.now(UTC))
        if isinstance(content, ArticleContent)
        else None,
        card=content if isinstance(content, Card) else None,
        form=form,
        parts=_shown_parts(content),
        until=reviews.closes_at(review),
        is_saved="saved" in request.args and status == HTTPStatus.OK,
        token=token,
    )
    return never_store(response)
