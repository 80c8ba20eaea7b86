"""Home, Latest Research, one article, and the categories."""

from dataclasses import replace
from http import HTTPStatus
from itertools import groupby

from flask import Blueprint, Response, current_app, make_response, request, url_for

from webapp.catalog import queries
from webapp.catalog.answers import answers_resting_on, asked_most, ids_of, list_answers
from webapp.catalog.by_profile import MOST_COMPARED, compare_all
from webapp.catalog.glossary import new_explainer
from webapp.catalog.history import corrections as all_corrections
from webapp.catalog.history import history
from webapp.catalog.queries import AddressMoved, ArticleNotFound, ArticleWithdrawn, Order
from webapp.catalog.site_pages import site_page
from webapp.catalog.standing_questions import answers as standing_answers
from webapp.catalog.standing_questions import count_answers
from webapp.catalog.topic_grid import found_in_people, study_grid
from webapp.catalog.translations import (
    heading_in_current_language,
    headings_in_current_language,
    in_current_language,
    languages_of,
)
from webapp.content import spine
from webapp.content.at_a_glance import glance
from webapp.exports.citation_files import FORMATS, citation_file
from webapp.languages.language import gettext
from webapp.models.in_words import month
from webapp.models.values import Result, StudyKind
from webapp.search.index import is_behind
from webapp.search.similar import similar_to
from webapp.web import errors, htmx
from webapp.web.errors import SiteError
from webapp.web.http import never_store
from webapp.web.page_views import count_view
from webapp.web.pagination import asked_page, existing
from webapp.web.reader_profile import asked_profile, only_included
from webapp.web.site_settings import site_settings

bp = Blueprint("articles", __name__)
bp.add_app_template_global(standing_answers, "standing_answers")
bp.add_app_template_filter(heading_in_current_language, "heading")
bp.add_app_template_global(lambda: list(Result), "results")
bp.add_app_template_global(glance)
bp.add_app_template_global(spine.drawing, "spine_drawing")

HOME_COUNT = 3


@bp.get("/")
def home() -> Response:
    """For whom the site is and why to trust it; a search, answers, where to start, the newest summaries, all topics."""
    newest = queries.newest_about_people(HOME_COUNT) or queries.latest(1, HOME_COUNT).rows
    lead = queries.published_by_ids(list(ids_of(filter(None, [site_settings().lead])).values()))
    lead = [article for article in lead if not article.paper.is_retracted]
    shown = [*lead, *(article for article in newest if article not in lead)][:HOME_COUNT]
    answers = list_answers()
    return htmx.render(
        "articles/home.html",
        answer_count=len(answers),
        asked=headings_in_current_language(asked_most(answers, site_settings().asked_most)),
        lead=lead,
        newest=headings_in_current_language(shown),
        categories=queries.category_counts(),
        start=site_page("start"),
    )


@bp.get("/research")
def latest_research() -> Response:
    """All summaries, newest first, by the month in which they were published here."""
    page = existing(queries.latest(asked_page()))
    shown = headings_in_current_language(page.rows)
    months = [(name, list(rows)) for name, rows in groupby(shown, key=lambda row: month(row.published_at))]
    return htmx.render("articles/latest.html", page=page, months=months)


@bp.route("/research/<slug:slug>", methods=["GET", "POST"])
def article(slug: str) -> Response:
    """One summary; a form with a reader's profile asks for its comparison with the people in the study."""
    try:
        found = queries.get_published(slug)
    except ArticleWithdrawn as withdrawn:
        return htmx.render("articles/withdrawn.html", status=410, article=withdrawn.article)
    # A program may ask by content type for the citation instead of the page.
    formats = {form.mimetype: form for form in FORMATS.values()}
    form = formats.get(request.accept_mimetypes.best_match(["text/html", *formats], default="text/html"))
    if form is not None:
        body = citation_file(found, form, of_summary=False, site_url=current_app.config["SITE_URL"])
        return make_response(body, HTTPStatus.OK, {"Content-Type": f"{form.mimetype}; charset=utf-8"})
    was_behind = is_behind()  # asked before the index is: it may catch up meanwhile
    shown = in_current_language(found)
    response = htmx.render(
        "articles/article.html",
        "people_like_me",
        article=shown,
        translations=languages_of(found),
        similar=headings_in_current_language(similar_to(found)),
        part_of=headings_in_current_language(answers_resting_on(found.id)),
        explainer=new_explainer(shown),
        is_draft=False,
    )
    count_view(found)
    # Otherwise similar articles from before a change would stay for minutes.
    return never_store(response) if was_behind else response


@bp.get("/research/<slug>/history")
def article_history(slug: str) -> Response:
    """What changed in one summary since it was first published, word by word, and why."""
    found = queries.get_published(slug)
    return htmx.render(
        "articles/history.html", article=heading_in_current_language(found), steps=history(found)
    )


@bp.app_errorhandler(AddressMoved)
def lead_to_new_address(moved: AddressMoved) -> Response:
    """Lead from any former address of a text or category (its page, file …) to the same at its address of today."""
    query = request.query_string.decode()
    location = url_for(request.endpoint or "", **{**(request.view_args or {}), "slug": moved.slug})
    return htmx.moved(f"{location}?{query}" if query else location)


@bp.app_errorhandler(HTTPStatus.NOT_FOUND)
@bp.app_errorhandler(ArticleNotFound)
def lead_from_original_site(error: Exception) -> Response:
    """Lead from the address of a page on the original site to the summary that it became; else say that nothing is there."""
    if request.method in ("GET", "HEAD"):
        slug = queries.find_adopted(request.path, request.query_string.decode(errors="replace"))
        if slug is not None:
            return htmx.moved(url_for("articles.article", slug=slug))
    return errors.show(error if isinstance(error, SiteError) else SiteError(HTTPStatus.NOT_FOUND))


@bp.get("/categories")
def categories() -> Response:
    """All categories with what they are about."""
    return htmx.render("articles/categories.html", categories=queries.category_counts())


@bp.route("/categories/<slug:slug>", methods=["GET", "POST"])
def category(slug: str) -> Response:
    """The summaries filed under one category; a form with a reader's profile asks to compare the studies with it."""
    found = queries.get_category(slug)
    order = request.args.get("sort", Order.NEWEST)
    if order not in list(Order):
        raise SiteError(404)
    counted = queries.kinds_and_results(found)
    total = sum(count for *_, count in counted)
    profile, compared = asked_profile(), None
    if profile:
        ids = queries.ids_in_category(found, Order(order), MOST_COMPARED)
        compared = compare_all(ids, profile)
        ids = compared.listed(best_first=order == Order.PEOPLE, included_only=only_included())
        page = existing(queries.page_of_ids(ids, asked_page()))
    else:
        page = existing(queries.in_category(found, Order(order), asked_page(), total))
    return htmx.render(
        "articles/category.html",
        "category_list",
        category=found,
        answers=headings_in_current_language(list_answers(found.slug)),
        page=replace(page, rows=headings_in_current_language(page.rows)),
        total=total,
        compared=compared,
        is_included_only=only_included(),
        order=order,
        found_in_people=found_in_people(counted),
        grid=study_grid(counted),
        retracted=headings_in_current_language(queries.retracted(found)),
    )


@bp.get("/corrections")
def corrections() -> Response:
    """What we got wrong and put right, and which papers were retracted, newest first."""
    return htmx.render(
        "articles/corrections.html",
        corrections=all_corrections(),
        retracted=headings_in_current_language(queries.retracted()),
    )


@bp.get("/what-papers-leave-out")
def what_papers_leave_out() -> Response:
    """How many of the papers that we read in full answer nine questions that every paper should."""
    counts, in_all = count_answers(), queries.count_standing()
    # Every paper should say who was studied, so this question counts all of them.
    return htmx.render("articles/left_out.html", counts=counts, total=counts[0].asked, in_all=in_all)


@bp.app_template_global()
def evidence_ladder() -> list[tuple[StudyKind, str]]:
    """The five evidence steps from the top, each with what it means in plain words."""
    return [
        (StudyKind.REVIEWS, gettext("Researchers searched for many studies and weighed them together.")),
        (
            StudyKind.RANDOMIZED_TRIAL,
            gettext(
                "A computer put people into groups at random, like a coin toss, so they can be compared fairly."
            ),
        ),
        (
            StudyKind.OTHER_PEOPLE,
            gettext(
                "Researchers compared people, or followed them over time. Other things may explain the difference."
            ),
        ),
        (
            StudyKind.SMALL_EARLY,
            gettext(
                "A handful of people, and nobody to compare them with. It shows what is possible, not what to expect."
            ),
        ),
        (
            StudyKind.LAB_OR_ANIMALS,
            gettext(
                "Done in a dish or in animals. Most of those results don’t turn into a treatment for people."
            ),
        ),
    ]
