"""The search page, its instant panel, the feed of a search, and the description for browsers."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for

from webapp.catalog.queries import category_counts
from webapp.search import misses, results
from webapp.search.query import SearchQuery
from webapp.web import htmx
from webapp.web.headers import never_store

bp = Blueprint("search", __name__)

TRY = ("stem cells", "nerve pain", "walking", "bladder care", "pressure sores")
SHORTEST_INSTANT = 2


@bp.get("/search")
def search() -> Response:
    """Find summaries by everyday or medical words."""
    query = SearchQuery.from_args(request.args)
    is_panel = "panel" in request.args
    is_asked = bool(query.filters or query.text)
    if is_panel:
        is_asked = query.letter_count >= SHORTEST_INSTANT
    path = url_for("search.search")
    found = (
        results.search(query, path, results.PANEL_SIZE if is_panel else results.PAGE_SIZE)
        if is_asked
        else None
    )
    is_miss = found is not None and found.page.total == 0
    ways_on = results.ways_on(query) if is_miss else None
    response = htmx.render(
        "search/search.html",
        "instant" if is_panel else "search_results",
        query=query,
        found=found,
        is_panel=is_panel,
        ways_on=ways_on,
        completions=results.completions(query) if is_panel else (),
        looked_for=results.shown_terms(found.reading.concepts) if found else [],
        categories=category_counts() if found is None else [],
        suggestions=TRY,
        path=path,
    )
    if is_miss and not query.filters:
        misses.count_miss(query, datetime.now(UTC).date())
    if is_miss or (found and found.is_reduced):
        never_store(response)  # each time has to be counted, or the next may find more
    return response


@bp.get("/search/feed.atom")
def feed() -> Response:
    """The newest summaries that a search finds, for feed readers."""
    query = SearchQuery.from_args(request.args)
    path = url_for("search.search")
    articles = results.newest(query, path)
    updated = max(
        (article.updated_at for article in articles), default=datetime(2025, 1, 1, tzinfo=UTC)
    ).isoformat()
    body = render_template("search/feed.xml", query=query, articles=articles, path=path, updated=updated)
    return make_response(body, HTTPStatus.OK, {"Content-Type": "application/atom+xml; charset=utf-8"})


@bp.get("/opensearch.xml")
def description() -> Response:
    """How browsers can search this site."""
    body = render_template("search/opensearch.xml", site_url=current_app.config["SITE_URL"])
    return make_response(
        body, HTTPStatus.OK, {"Content-Type": "application/opensearchdescription+xml; charset=utf-8"}
    )
