"""The search page, its instant panel, and the description for browsers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for

from webapp.catalog.answers import published_answers
from webapp.catalog.queries import HEADLINES, category_counts
from webapp.catalog.translations import headings_in_current_language
from webapp.db.session import db
from webapp.languages.language import ENGLISH, current_language, gettext, gettext_noop
from webapp.models import Answer
from webapp.search import misses, results
from webapp.search.best_bets import BestBet, best_bets
from webapp.search.index import is_behind
from webapp.search.query import SearchQuery
from webapp.search.synonyms import table
from webapp.search.translated import find_translated
from webapp.web import htmx
from webapp.web.http import never_store
from webapp.web.reader_profile import asked_profile, only_included, profile_in_address

bp = Blueprint("search", __name__)

TRY = (
    gettext_noop("stem cells"),
    gettext_noop("nerve pain"),
    gettext_noop("walking"),
    gettext_noop("bladder care"),
    gettext_noop("pressure sores"),
)
SHORTEST_INSTANT = 2  # letters and digits
PANEL_SIZE = 5
COMPLETION_COUNT = 4
ANSWER_COUNT = 2  # among the completions


@bp.route("/search", methods=["GET", "POST"])
def search() -> Response:
    """Find summaries by everyday or medical words; a form with a reader's profile asks to compare the studies with it."""
    query = SearchQuery.from_args(request.args)
    was_behind = is_behind()  # asked before the index is: it may catch up while this is answered
    is_panel = "panel" in request.args
    path = url_for("search.search")
    if is_panel:
        is_asked = sum(map(str.isalnum, query.text)) >= SHORTEST_INSTANT
        answer = results.search(query, PANEL_SIZE, shown=HEADLINES) if is_asked else None
    else:
        query = replace(query, profile=profile_in_address(), is_included_only=only_included())
        is_asked = bool(query.text or query.filters)
        answer = results.search(query, filters_path=path, profile=asked_profile()) if is_asked else None
    shown = current_app.extensions["safety_cards"].match(query.text)
    names = results.with_results(table().names_starting(query.text), query) if is_panel else ()
    bets = best_bets()
    best_bet, answers = bets.find_unfinished(query.text) if is_panel else (bets.find(query.text), [])
    is_first = is_asked and query.page == 1 and not query.filters
    texts = find_translated(query.text, PANEL_SIZE if is_panel else results.PAGE_SIZE) if is_first else []
    is_miss = answer is not None and answer.total == 0 and not texts
    response = htmx.render(
        "search/search.html",
        "instant" if is_panel else "search_results",
        query=query,
        results=answer,
        shown=shown,
        is_panel=is_panel,
        next_steps=results.next_steps(answer) if answer and is_miss else None,
        best_bet=next(iter(_in_language([best_bet] if best_bet else [])), None),
        texts=texts,
        answers=_in_language(answers[:ANSWER_COUNT]),
        completions=list(islice(names, COMPLETION_COUNT)),
        categories=category_counts() if answer is None else [],
        suggestions=[gettext(words) for words in TRY],
        path=path,
    )
    is_counted = is_miss and not best_bet and not shown.is_private
    if answer and is_counted and not answer.is_filtered and request.method != "POST":
        misses.count_miss(query, datetime.now(UTC).date())
    if is_counted or (answer and (answer.is_reduced or was_behind)):
        never_store(response)  # each time has to be counted, or the next may find more
    return response


def _in_language(bets: Sequence[BestBet]) -> Sequence[BestBet | Answer]:
    """What is shown of answers that are asked for; in another language than English, their words in it."""
    if not bets or current_language() is ENGLISH:
        return bets
    slugs = [bet.slug for bet in bets]
    found = headings_in_current_language(
        db.session.scalars(published_answers().where(Answer.slug.in_(slugs)))
    )
    return sorted(found, key=lambda answer: slugs.index(answer.slug))


@bp.get("/opensearch.xml")
def description() -> Response:
    """How browsers can search this site."""
    body = render_template("search/opensearch.xml", site_url=current_app.config["SITE_URL"])
    return make_response(
        body, HTTPStatus.OK, {"Content-Type": "application/opensearchdescription+xml; charset=utf-8"}
    )
