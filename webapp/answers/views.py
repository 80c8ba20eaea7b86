"""All answers by topic, and one answer."""

from flask import Blueprint, Response

from webapp.answers.evidence import Evidence
from webapp.catalog.answers import AnswerWithdrawn, cited, get_answer, list_answers
from webapp.catalog.glossary import new_explainer
from webapp.catalog.history import corrections_of
from webapp.catalog.history import history as changes
from webapp.catalog.queries import category_counts
from webapp.catalog.translations import (
    each_in_current_language,
    heading_in_current_language,
    headings_in_current_language,
    in_current_language,
    languages_of,
)
from webapp.web import htmx
from webapp.web.page_views import count_view

bp = Blueprint("answers", __name__)


@bp.get("/answers")
def index() -> Response:
    """Every question that has an answer, under its main topic."""
    answers = headings_in_current_language(list_answers())
    topics = [row.category for row in category_counts()]
    return htmx.render(
        "answers/index.html",
        topics=[
            (topic, under)
            for topic in topics
            if (under := [answer for answer in answers if answer.categories[:1] == [topic.slug]])
        ],
    )


@bp.get("/answers/<slug>")
def answer(slug: str) -> Response:
    """One question, what can be said, how sure that is, and what it rests on."""
    found = get_answer(slug)
    shown, articles = in_current_language(found), cited(found)
    count_view(found)
    return htmx.render(
        "answers/answer.html",
        answer=shown,
        translations=languages_of(found),
        evidence=Evidence(
            shown, dict(zip(articles, each_in_current_language(articles.values()), strict=True))
        ),
        corrections=corrections_of(found),
        explainer=new_explainer(shown),
    )


@bp.get("/answers/<slug>/history")
def history(slug: str) -> Response:
    """What changed in one answer since it was first published, word by word, and why."""
    found = get_answer(slug)
    return htmx.render(
        "answers/history.html", answer=heading_in_current_language(found), steps=changes(found)
    )


@bp.app_errorhandler(AnswerWithdrawn)
def say_it_was_withdrawn(withdrawn: AnswerWithdrawn) -> Response:
    """Say when and why an answer was taken off the site."""
    return htmx.render("answers/withdrawn.html", status=withdrawn.status, answer=withdrawn.answer)
