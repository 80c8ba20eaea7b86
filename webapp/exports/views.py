"""Citations to take away, feeds, the sitemap, and lists of summaries or the whole library as files."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from http import HTTPStatus

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for

from webapp.catalog import queries
from webapp.catalog.answers import get_answer, list_answers, published_answers, recently_changed_answers
from webapp.catalog.history import corrections, recent_changes
from webapp.catalog.translations import headings_in_current_language, only_translated
from webapp.content.at_a_glance import glance
from webapp.content.sign_off_words import who_checked
from webapp.db import change_log
from webapp.db.session import db
from webapp.exports import library_files
from webapp.exports.card import answer_card_png, card_png
from webapp.exports.citation_files import FORMATS, citation_file
from webapp.exports.jsonld import answer_graph, article_graph, home_graph, jsonld_text
from webapp.exports.reference import (
    author_name,
    flags,
    inverted_name,
    paper_reference,
    share_text,
    summary_reference,
    vancouver,
)
from webapp.languages.language import ENGLISH, current_language, gettext, ngettext
from webapp.models import Article, Live
from webapp.models.in_words import number
from webapp.search import followed, results
from webapp.search.index import is_behind
from webapp.search.query import SearchQuery, Sort
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.http import never_store, text_file
from webapp.web.pagination import asked_page, existing
from webapp.web.site_settings import site_settings

bp = Blueprint("exports", __name__)
bp.add_app_template_filter(author_name)
bp.add_app_template_filter(inverted_name)
bp.add_app_template_filter(flags, "flags_text")
bp.add_app_template_global(lambda article: vancouver(paper_reference(article)), "citation")
bp.add_app_template_global(
    lambda article: vancouver(summary_reference(article, _site_url())), "citation_of_summary"
)
bp.add_app_template_global(lambda article: share_text(article, _site_url()), "share_text")
bp.add_app_template_global(lambda article: jsonld_text(article_graph(article, _site_url())), "article_jsonld")
bp.add_app_template_global(
    lambda answer, cited: jsonld_text(answer_graph(answer, cited, _site_url())), "answer_jsonld"
)
bp.add_app_template_global(lambda: library_files.LIST_FILES, "list_files")
bp.add_app_template_global(lambda: jsonld_text(home_graph(_site_url())), "home_jsonld")

ATOM, XML = "application/atom+xml; charset=utf-8", "application/xml; charset=utf-8"
FEED_LENGTH = 30
NEWEST_CHANGES = 5
NEWEST_IN_FEED = 3
MOST_IN_LIST_FILE = 1_000  # summaries; the whole library is at /data
IDS_IN_SITEMAP = 10_000  # a sitemap may have 50,000 addresses; one of this size takes a moment and is kept as a finished page


@bp.get("/research/<slug>.<any(ris, bib, json):ending>")
def citation(slug: str, ending: str) -> Response:
    """The paper (or, with ?of=summary, our summary) as a file for reference managers."""
    article = queries.get_published(slug)
    of_summary = request.args.get("of") == "summary"
    form = FORMATS[ending]
    return text_file(citation_file(article, form, of_summary, _site_url()), form.mimetype, f"{slug}.{ending}")


@bp.get("/research/<slug>/card-<int:changed>.png")
def card(slug: str, changed: int) -> Response:  # noqa: ARG001
    """The picture that messengers show when a summary is shared; after a change it has a new address."""
    article = queries.get_published(slug)
    return _picture(
        card_png(site_settings().name, article.title, glance(article), flags(article), who_checked(article))
    )


@bp.get("/answers/<slug>/card-<int:changed>.png")
def answer_card(slug: str, changed: int) -> Response:  # noqa: ARG001
    """The picture that messengers show when an answer is shared; after a change it has a new address."""
    answer = get_answer(slug)
    return _picture(
        answer_card_png(
            site_settings().name, answer.question, answer.verdict, answer.certainty, who_checked(answer)
        )
    )


@bp.app_template_global()
def card_address(live: Live) -> str:
    """Where the picture of a summary or answer is, as of its last change or sign-off."""
    endpoint = "exports.card" if isinstance(live, Article) else "exports.answer_card"
    path = url_for(endpoint, slug=live.slug, changed=int(live.updated_at.timestamp()))
    return _site_url() + path


@bp.get("/feed.atom")
def feed() -> Response:
    """New and changed summaries as an Atom feed."""
    return _atom(
        site_settings().name,
        request.path,
        url_for("articles.latest_research"),
        queries.recently_changed(1, FEED_LENGTH if current_language() is ENGLISH else MOST_IN_LIST_FILE).rows,
    )


@bp.get("/categories/<slug>/feed.atom")
def category_feed(slug: str) -> Response:
    """The newest summaries of one category as an Atom feed."""
    category = queries.get_category(slug)
    articles = queries.newest_in(category, FEED_LENGTH)
    page = url_for("articles.category", slug=slug)
    return _atom(f"{gettext(category.name)} – {site_settings().name}", request.path, page, articles)


@bp.get("/search/feed.atom")
def search_feed() -> Response:
    """The newest summaries that a search finds as an Atom feed."""
    # Newest first in any case, and without pages: the feed's own address says nothing of either.
    query, was_behind = SearchQuery.from_args(request.args).but(sort=Sort.BEST), is_behind()
    response = _atom(
        f"{followed.in_words(query) or gettext('Newest summaries')} – {site_settings().name}",
        query.address(request.path),
        query.address(url_for("search.search")),
        results.newest(query, shown=queries.WHOLE),
    )
    return never_store(response) if was_behind else response


@bp.get("/categories/<slug>.<any(ris, bib, csv):ending>")
def category_file(slug: str, ending: str) -> Response:
    """The summaries of one category as a file for reference managers or spreadsheets."""
    return _list_file(queries.newest_in(queries.get_category(slug), MOST_IN_LIST_FILE), ending, slug)


@bp.get("/search.<any(ris, bib, csv):ending>")
def search_file(ending: str) -> Response:
    """What a search finds as a file for reference managers or spreadsheets."""
    was_behind = is_behind()
    found = results.newest(SearchQuery.from_args(request.args), MOST_IN_LIST_FILE, queries.WHOLE)
    response = _list_file(found, ending, "search")
    return never_store(response) if was_behind else response


@bp.get("/feeds")
def feeds() -> Response:
    """What feeds are, and every feed of the site with what is newest in it."""
    return htmx.render(
        "exports/feeds.html",
        newest=headings_in_current_language(queries.recently_changed(1, NEWEST_IN_FEED).rows),
        answers=headings_in_current_language(recently_changed_answers(NEWEST_IN_FEED)),
        corrections=corrections()[:NEWEST_IN_FEED],
        categories=queries.category_counts(),
    )


@bp.get("/answers/feed.atom")
def answers_feed() -> Response:
    """New and changed answers as an Atom feed."""
    answers = only_translated(recently_changed_answers(FEED_LENGTH))
    updated = max((answer.updated_at for answer in answers), default=None)
    return _xml("exports/answers.atom.xml", ATOM, answers=answers, updated=updated)


@bp.get("/corrections/feed.atom")
def corrections_feed() -> Response:
    """Corrections of our summaries and answers as an Atom feed."""
    rows = [
        (row, min(datetime.combine(row.published_on, time(), UTC), row.of.updated_at))
        for row in corrections()
    ]
    updated = max((row.of.updated_at for row, _ in rows), default=None)
    return _xml("exports/corrections.atom.xml", ATOM, corrections=rows, updated=updated)


@bp.get("/sitemap.xml")
@bp.get("/sitemap-<int(min=1):number>.xml")
def sitemap(number: int = 0) -> Response:
    """Every public page, for search engines; of a large library, the files that list them."""
    part_count = 1 + queries.highest_id() // IDS_IN_SITEMAP
    if number > part_count:
        raise SiteError(404)
    if number == 0 and part_count > 1:
        return _xml("exports/sitemap_index.xml", XML, part_count=part_count)
    first_id = max(number - 1, 0) * IDS_IN_SITEMAP
    is_first = first_id == 0
    return _xml(
        "exports/sitemap.xml",
        XML,
        articles=queries.slugs_between(first_id, first_id + IDS_IN_SITEMAP - 1),
        categories=queries.category_counts() if is_first else (),
        terms=queries.term_slugs() if is_first else (),
        answers=list_answers() if is_first else (),
        is_first=is_first,
    )


@bp.get("/data")
def data() -> Response:
    """The whole library as files, with their license and what changed last."""
    return htmx.render(
        "exports/data.html",
        count=queries.count_published(),
        changes=recent_changes(1, NEWEST_CHANGES),
        files=library_files.FILES,
    )


@bp.get("/data/changes")
def changes() -> Response:
    """What changed in summaries and answers, and why, newest first."""
    page = existing(recent_changes(asked_page(), FEED_LENGTH))
    return htmx.render("exports/changes.html", page=page)


@bp.get("/data/articles.<any(csv, jsonl, ris):ending>")
def data_file(ending: str) -> Response:
    """All published summaries in one file, written while it is sent."""
    form = library_files.FILES[ending]
    # Asked before the articles are read: the file may be newer than its mark, never older.
    mark = change_log.newest()
    pieces = form.pieces(queries.published_in_batches(db.engine), _site_url())
    response = text_file(pieces, form.mimetype, f"articles.{ending}")
    response.set_etag(str(mark), weak=True)
    return response


@bp.get("/data/answers.jsonl")
def answers_file() -> Response:
    """All published answers in one file."""
    mark = change_log.newest()
    text = library_files.answers_jsonl(db.session.scalars(published_answers()), _site_url())
    response = text_file(text, library_files.FILES["jsonl"].mimetype, "answers.jsonl")
    response.set_etag(str(mark), weak=True)
    return response


@bp.app_template_global()
def download_words(count: int) -> str:
    """What a file of so many summaries holds, for the heading of its links."""
    if count > MOST_IN_LIST_FILE:
        return gettext("Download the newest %(newest)s of %(total)s summaries") % {
            "newest": number(MOST_IN_LIST_FILE),
            "total": number(count),
        }
    words = ngettext("Download this summary", "Download these %(count)s summaries", count)
    return words % {"count": number(count)}


def _picture(png: bytes) -> Response:
    headers = {"Content-Type": "image/png", "Cache-Control": "public, max-age=86400"}
    return make_response(png, HTTPStatus.OK, headers)


def _list_file(articles: Sequence[Article], ending: str, name: str) -> Response:
    form = library_files.LIST_FILES[ending]
    return text_file("".join(form.pieces([articles], _site_url())), form.mimetype, f"{name}.{ending}")


def _atom(title: str, path: str, page: str, articles: Sequence[Article]) -> Response:
    """A feed at ``path`` of the articles that people read on ``page``; in another language, of those that are translated."""
    articles = only_translated(articles)[:FEED_LENGTH]
    return _xml(
        "exports/feed.atom.xml",
        ATOM,
        title=title,
        address=_site_url() + page,
        self_address=_site_url() + current_language().prefix + path,
        articles=articles,
        updated=max((article.updated_at for article in articles), default=None),
    )


def _xml(template: str, content_type: str, **context: object) -> Response:
    return make_response(render_template(template, **context), HTTPStatus.OK, {"Content-Type": content_type})


def _site_url() -> str:
    url: str = current_app.config["SITE_URL"]
    return url
