"""How the site is doing: numbers of the library, its readers, the search and the newsletter."""

from datetime import UTC, datetime

from flask import Blueprint, Response

from webapp.accounts import editor_access
from webapp.editor import dashboard, queries
from webapp.feedback import inbox
from webapp.newsletter import reports
from webapp.search import indexing, misses
from webapp.search.index import search_index
from webapp.web import htmx

MISSES = 10

bp = Blueprint("dashboard", __name__)
editor_access.protect(bp)


@bp.get("/editor/dashboard")
def overview() -> Response:
    """Show numbers of the library, its readers, the search and the newsletter."""
    now = datetime.now(UTC)
    return htmx.render(
        "editor/dashboard.html",
        now=now,
        states=queries.state_counts(),
        weeks=dashboard.answers_by_week(now),
        least_helpful=dashboard.least_helpful(),
        unread=inbox.unread_count(),
        misses=misses.most_missed(MISSES),
        newest=dashboard.newest(now, search_index().cursor() or 0),
        lag=indexing.lag(now),
        bands=dashboard.grade_bands(),
        hardest=dashboard.hardest(),
        subscribers=reports.subscriber_counts(),
    )
