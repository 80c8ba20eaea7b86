"""Watches: each list is read to its end, every trap is a sentence, and a run that fails loses nothing."""

import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from threading import Event
from time import monotonic
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from tests.factories import NOW
from tests.papers.conftest import Reply, StandIn
from tests.papers.listed import (
    crossref as crossref_list,
)
from tests.papers.listed import (
    europe_pmc,
    message,
    pubmed_article,
    pubmed_articles,
    pubmed_numbers,
    result,
    study,
    trials,
)
from tests.papers.test_papers_commands import run as run_command
from tests.papers.test_services import TRAPS
from webapp import jobs
from webapp.cli import STARTER
from webapp.db.session import db
from webapp.models import Candidate, CandidateIdentifier, Watch, WatchSource
from webapp.papers import listings, services, watching
from webapp.papers.candidates import ListingOutcome
from webapp.papers.listings import ListingQuery
from webapp.papers.rating import Library
from webapp.papers.watching import WatchReport
from webapp.web.outgoing import open_until

PATHS = {
    WatchSource.EUROPE_PMC: "/europe-pmc/search",
    WatchSource.PUBMED: "/pubmed/esearch.fcgi",
    WatchSource.CROSSREF: "/crossref/works",
    WatchSource.CLINICAL_TRIALS: "/trials/studies",
}
NCTS = ("NCT00000001", "NCT00000002", "NCT00000003")
PAPERS = (11, 12, 13)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    """The day on which these watches run."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def stand_in(app: Flask, crossref: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """All four services, each with three papers or trials; a site with an address for contact."""
    monkeypatch.setattr(watching, "PAUSE", 0.0)
    settings = crossref.stands_for_all(app.extensions["config"])
    app.extensions["config"] = dataclasses.replace(settings, editors_mail="editors@example.org")
    crossref.replies = {
        "/europe-pmc/search": europe_pmc(*map(result, PAPERS)),
        "/pubmed/esearch.fcgi": pubmed_numbers(*map(str, PAPERS)),
        "/pubmed/efetch.fcgi": pubmed_articles,
        "/crossref/works": crossref_list(*map(message, PAPERS)),
        "/trials/studies": trials(*map(study, NCTS)),
    }
    return crossref


def add_watch(source: WatchSource = WatchSource.EUROPE_PMC, **changes: Any) -> Watch:
    watch = Watch(
        **{"name": "Injury", "source": source, "query": "spinal cord injury", "every_hours": 24} | changes
    )
    db.session.add(watch)
    db.session.commit()
    return watch


def run(app: Flask, watch: Watch) -> WatchReport:
    """Run a watch, whatever other runs were going on."""
    watch.running_until = None
    db.session.commit()
    report = watching.run(watch.id, app.extensions["config"], Library())
    db.session.expire_all()
    return report


def count() -> int:
    return db.session.scalar(select(func.count(Candidate.id))) or 0


# ------------------------------------------------------------------ what is listed


@pytest.mark.parametrize("source", WatchSource)
def test_a_list_is_read_to_its_end(app: Flask, stand_in: StandIn, source: WatchSource) -> None:
    watch = add_watch(source)
    report = run(app, watch)
    assert report.outcomes == {ListingOutcome.NEW: 3} and not report.problem
    assert count() == 3
    assert (watch.problem, watch.last_ok_at, watch.last_from) == (None, NOW, date(2026, 10, 25))
    assert watch.next_run_at == NOW + timedelta(days=1)
    assert run(app, watch).outcomes == {ListingOutcome.KNOWN: 3}
    assert count() == 3 and watch.last_from == date(2026, 11, 21)


def test_each_service_is_asked_for_the_window_in_its_own_words(app: Flask, stand_in: StandIn) -> None:
    for source in WatchSource:
        run(app, add_watch(source))
    asked = " ".join(stand_in.paths)
    assert "(spinal+cord+injury)+AND+FIRST_IDATE:[2026-10-25+TO+2026-11-24]" in asked
    assert "datetype=edat&mindate=2026/10/25&maxdate=2026/11/24" in asked
    assert "filter=from-created-date:2026-10-25,until-created-date:2026-11-24" in asked
    assert "AREA[LastUpdatePostDate]RANGE[2026-10-25,MAX]" in asked
    assert asked.count("email=editors@example.org") == 4 and asked.count("mailto=editors@example.org") == 2


def test_pubmed_describes_what_it_listed_page_by_page(app: Flask, stand_in: StandIn) -> None:
    question = ListingQuery(
        app.extensions["config"], WatchSource.PUBMED, "injury", NOW.date(), NOW.date(), page_size=2
    )
    assert [len(page.entries) for page in listings.pages(question)] == [2, 1]
    assert ["id=11,12" in stand_in.paths[1], "id=13" in stand_in.paths[2]] == [True, True]


def test_nothing_new_is_no_problem(app: Flask, stand_in: StandIn) -> None:
    stand_in.replies |= {
        "/europe-pmc/search": europe_pmc(),
        "/pubmed/esearch.fcgi": pubmed_numbers(),
        "/crossref/works": crossref_list(),
        "/trials/studies": trials(),
    }
    for source in WatchSource:
        watch = add_watch(source)
        assert run(app, watch).outcomes == {} and watch.problem is None and watch.last_ok_at == NOW


def test_what_is_no_paper_for_us_is_left_out_and_counted(app: Flask, stand_in: StandIn) -> None:
    stand_in.replies |= {
        "/europe-pmc/search": europe_pmc(
            result(1, title=""), result(2, title="Correction to: A bed"), result(3)
        ),
        "/crossref/works": crossref_list(
            message(4, title=["A brain injury"]), [message(6), message(7)], message(5)
        ),
        "/trials/studies": trials(study(NCTS[0], hasResults=False), study("NCT" * 100), study(NCTS[1])),
    }
    for source in (WatchSource.EUROPE_PMC, WatchSource.CROSSREF, WatchSource.CLINICAL_TRIALS):
        assert run(app, add_watch(source)).outcomes == {ListingOutcome.NEW: 1, ListingOutcome.LEFT_OUT: 2}


def test_a_record_without_abstract_or_listed_twice_is_one_candidate(app: Flask, stand_in: StandIn) -> None:
    row = result(1, abstractText=None)
    stand_in.replies["/europe-pmc/search"] = europe_pmc(row, row, result(2))
    assert run(app, add_watch()).outcomes == {ListingOutcome.NEW: 2, ListingOutcome.KNOWN: 1}
    assert count() == 2


# ------------------------------------------------------------------ traps


@pytest.mark.parametrize("source", WatchSource)
def test_every_trap_is_a_sentence_and_never_nothing_new(
    app: Flask, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, source: WatchSource
) -> None:
    monkeypatch.setattr(services, "SECONDS", 0.6)
    watch = add_watch(source, last_ok_at=NOW - timedelta(days=2))
    for trap, (reply, sentence) in TRAPS.items():
        if trap in ("50 MB", "slow body", "slow headers") and source is not WatchSource.PUBMED:
            continue  # the client is the same for all
        services._paces.clear()
        stand_in.replies = {PATHS[source]: reply}
        report = run(app, watch)
        expected = sentence or "{} doesn’t have this."
        assert report.problem == watch.problem == expected.format(source.label), trap
        assert watch.last_ok_at == NOW - timedelta(days=2) and not report.outcomes, trap
        assert watch.next_run_at == NOW + timedelta(hours=1) and watch.running_until is None


ERRORS_INSIDE_200: list[tuple[WatchSource, Reply, str]] = [
    (WatchSource.EUROPE_PMC, Reply.of({"errCode": 404, "errMsg": "no <b>such</b> query"}), "Europe PMC refused the search: no such query"),
    (WatchSource.EUROPE_PMC, Reply.of({"version": "6.9"}), "We couldn’t read the answer from Europe PMC."),
    (WatchSource.EUROPE_PMC, Reply.of({"hitCount": "many", "resultList": {"result": []}}), "We couldn’t read the answer from Europe PMC."),
    (WatchSource.PUBMED, pubmed_numbers(ERROR="retstart is too large"), "PubMed refused the search: retstart is too large"),
    (WatchSource.PUBMED, Reply.of({"error": "API rate limit exceeded"}), "PubMed refused the search: API rate limit exceeded"),
    (WatchSource.PUBMED, pubmed_numbers(errorlist={"phrasesnotfound": ["spinl"]}), "PubMed refused the search: it doesn’t know “spinl”."),
    (WatchSource.PUBMED, pubmed_numbers("1", idlist={}), "We couldn’t read the answer from PubMed."),
    (WatchSource.PUBMED, pubmed_numbers("1", count="12000"), "PubMed lists 12,000 results, and we read no more than 5,000. Make the search narrower."),
    (WatchSource.CROSSREF, Reply.of({"message-type": "validation-failure", "message": [{"type": "x"}]}), "We couldn’t read the answer from Crossref."),
    (WatchSource.CROSSREF, Reply.of({"message": {"items": []}}), "We couldn’t read the answer from Crossref."),
    (WatchSource.CLINICAL_TRIALS, Reply.of({"studies": {}}), "We couldn’t read the answer from ClinicalTrials.gov."),
]  # fmt: skip


def test_an_error_inside_200_is_said(app: Flask, stand_in: StandIn) -> None:
    for source, reply, sentence in ERRORS_INSIDE_200:
        stand_in.replies[PATHS[source]] = reply
        assert run(app, add_watch(source)).problem == sentence


def test_a_list_that_stops_early_or_repeats_itself_is_no_end(app: Flask, stand_in: StandIn) -> None:
    watch = add_watch()
    same = Reply.of({"hitCount": 9, "nextCursorMark": "x", "resultList": {"result": [result(1), result(2)]}})
    for reply, sentence in (
        (europe_pmc(result(1), result(2), total=9), "Europe PMC listed 2 of 9 results, and then no more."),
        (same, "Europe PMC lists the same page again and again."),
    ):
        stand_in.replies["/europe-pmc/search"] = reply
        run(app, watch)
        assert watch.problem == sentence and watch.last_ok_at is None
    assert count() == 2
    set_of_one = f"<PubmedArticleSet>{pubmed_article('11')}</PubmedArticleSet>".encode()
    stand_in.replies["/pubmed/efetch.fcgi"] = Reply(set_of_one)
    report = run(app, add_watch(WatchSource.PUBMED))
    assert report.problem == "PubMed described 1 of 3 papers that it had listed."


def test_a_run_that_fails_half_way_keeps_what_it_found_and_its_window(app: Flask, stand_in: StandIn) -> None:
    watch, good = add_watch(last_ok_at=NOW - timedelta(days=9)), europe_pmc(*map(result, PAPERS))
    stand_in.replies["/europe-pmc/search"] = lambda query: (
        good(query) if query["cursorMark"] == "*" else Reply(b"", 500)
    )
    assert run(app, watch).outcomes == {ListingOutcome.NEW: 2}
    assert watch.problem == "Europe PMC has a problem at the moment (error 500)."
    assert watch.last_ok_at == NOW - timedelta(days=9)
    stand_in.replies["/europe-pmc/search"] = good
    assert run(app, watch).outcomes == {ListingOutcome.NEW: 1, ListingOutcome.KNOWN: 2}
    assert "2026-11-12" in stand_in.paths[0] and "2026-11-12" in stand_in.paths[-1]
    assert count() == 3 and watch.problem is None


def test_a_service_that_asks_us_to_wait_is_asked_again(app: Flask, stand_in: StandIn) -> None:
    good, refusals = (
        europe_pmc(*map(result, PAPERS)),
        [Reply(b"", 429, {"Retry-After": "7"}), Reply(b"", 503, {"Retry-After": "5"})],
    )
    stand_in.replies["/europe-pmc/search"] = lambda query: refusals.pop() if refusals else good(query)
    assert run(app, add_watch()).outcomes == {ListingOutcome.NEW: 3}


# ------------------------------------------------------------------ pace


def test_requests_keep_the_distance_that_each_service_asks_for(
    app: Flask, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, asked_at = [1000.0], list[float]()
    monkeypatch.setattr(services, "monotonic", lambda: clock[0])
    monkeypatch.setattr(services, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + max(seconds, 0)))
    monkeypatch.setattr(listings, "monotonic", lambda: clock[0])
    # The stand-in's answers come by the real clock.

    def open_now(_deadline: float, *rest: Any) -> Any:
        asked_at.append(clock[0])
        return open_until(monotonic() + 10, *rest)

    monkeypatch.setattr(services, "open_until", open_now)
    least = {
        WatchSource.EUROPE_PMC: 0.2,
        WatchSource.PUBMED: 0.34,
        WatchSource.CROSSREF: 1.0,
        WatchSource.CLINICAL_TRIALS: 1.0,
    }
    for source, seconds in least.items():
        asked_at.clear()
        run(app, add_watch(source))
        gaps = [after - before for before, after in pairwise(asked_at)]
        assert len(gaps) >= 1 and min(gaps) >= seconds - 1e-6, source
    good = crossref_list(*map(message, PAPERS))
    limited = {"x-rate-limit-limit": "1", "x-rate-limit-interval": "9s"}
    stand_in.replies["/crossref/works"] = lambda query: dataclasses.replace(good(query), headers=limited)
    asked_at.clear()
    run(app, db.session.scalars(select(Watch).where(Watch.source == WatchSource.CROSSREF)).one())
    assert asked_at[1] - asked_at[0] >= 9


# ------------------------------------------------------------------ when watches run


def test_a_watch_is_due_after_its_hours_and_a_failed_one_after_one(app: Flask, stand_in: StandIn) -> None:
    watch = add_watch(every_hours=6)
    add_watch(WatchSource.CROSSREF, is_on=False)

    def asked_after(hours: float) -> int:
        stand_in.asked.clear()
        with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
            watching.run_due(app.extensions["config"], lambda: False)
        return len(stand_in.asked)

    assert [asked_after(hours) for hours in (0, 1, 5.9, 6, 7)] == [2, 0, 0, 2, 0]
    stand_in.replies["/europe-pmc/search"] = Reply(b"", 500)
    assert [asked_after(hours) for hours in (12, 12.9, 13, 13.5)] == [1, 0, 1, 0]
    db.session.refresh(watch)
    assert watch.problem


def test_two_runs_never_ask_one_service_at_the_same_time(app: Flask, stand_in: StandIn) -> None:
    watch = add_watch(running_until=NOW + timedelta(minutes=1))
    other = add_watch(query="tetraplegia")
    config = app.extensions["config"]
    watching.run_due(config, lambda: False)
    assert stand_in.asked == []
    assert (
        watching.run(other.id, config, Library()).problem == "Another run is asking Europe PMC at the moment."
    )
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):  # the run that had it was killed
        watching.run_due(config, lambda: False)
    db.session.refresh(watch)
    assert watch.problem is None and watch.last_ok_at


def test_a_search_that_is_changed_during_its_run_is_run_again(app: Flask, stand_in: StandIn) -> None:
    watch = add_watch()
    good = europe_pmc(*map(result, PAPERS))

    def change(query: dict[str, str]) -> Reply:
        with app.app_context():
            db.session.get_one(Watch, watch.id).query = "tetraplegia"
            db.session.commit()
        return good(query)

    stand_in.replies["/europe-pmc/search"] = change
    run(app, watch)
    assert watch.last_ok_at is None and watch.next_run_at is None and watch.running_until is None


@pytest.mark.parametrize(
    ("address", "is_asked"), [("editors@localhost", False), ("editors@example.org", True)]
)
def test_the_job_asks_no_service_that_could_not_reach_us(
    app: Flask, stand_in: StandIn, address: str, is_asked: bool
) -> None:
    add_watch()
    app.extensions["config"] = dataclasses.replace(app.extensions["config"], editors_mail=address)
    jobs.find_papers(Event())
    assert bool(stand_in.asked) is is_asked


def test_the_starter_watches_are_loaded_once(app: Flask, stand_in: StandIn) -> None:
    watching.load_defaults(STARTER / "watches.toml")
    db.session.flush()
    watching.load_defaults(STARTER / "watches.toml")
    assert [watch.source for watch in watching.every_watch()] == list(WatchSource)
    assert all(watch.is_on and watch.last_ok_at is None for watch in watching.every_watch())


# ------------------------------------------------------------------ the command


def test_the_command_runs_all_that_are_on_and_accounts_for_every_entry(app: Flask, stand_in: StandIn) -> None:
    for source in WatchSource:
        add_watch(source)
    add_watch(WatchSource.CROSSREF, name="Off", is_on=False)
    dry = run_command(app, "watch", "--dry-run")
    assert dry.exit_code == 0 and "4 watches: 12 new candidates would be stored, 0 failed." in dry.output
    assert count() == 0
    result = run_command(app, "watch")
    assert "Europe PMC, Injury: 3 listed: 3 new, 0 already ours, 0 found before, 0 left out." in result.output
    assert "PubMed, Injury: 3 listed: 0 new, 0 already ours, 3 found before, 0 left out." in result.output
    assert "4 watches: 6 new candidates stored, 0 failed." in result.output and "Off" not in result.output
    assert count() == 6 and result.stderr == ""


def test_the_command_says_what_failed_and_who_cannot_reach_us(app: Flask, stand_in: StandIn) -> None:
    add_watch()
    app.extensions["config"] = dataclasses.replace(app.extensions["config"], editors_mail="editors@localhost")
    stand_in.replies["/europe-pmc/search"] = Reply(b"", 500)
    result = run_command(app, "watch")
    assert result.exit_code == 1
    assert "No service can reach us at editors@localhost. Set EDITORS_MAIL." in result.stderr
    assert "Europe PMC, Injury: Europe PMC has a problem at the moment (error 500)." in result.stderr


def test_a_try_shows_the_first_ones_and_how_the_search_was_read(app: Flask, stand_in: StandIn) -> None:
    config = app.extensions["config"]
    tried = watching.try_out(Watch(source=WatchSource.PUBMED, query="injury"), config)
    assert (len(tried.entries), tried.total, tried.understood_as) == (3, 3, "spinal[All Fields]")
    stand_in.replies["/pubmed/esearch.fcgi"] = Reply(b"", 400)
    assert watching.try_out(Watch(source=WatchSource.PUBMED, query="("), config).problem
    assert count() == 0 and not db.session.scalar(select(func.count()).select_from(CandidateIdentifier))
