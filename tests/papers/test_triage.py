"""New papers without JavaScript: editors keep, skip and refuse what the watches found, and say what to look for."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EditorClient, add_editor, audited, sign_in, token
from tests.factories import NOW
from tests.pages import PageClient
from tests.papers.conftest import Reply, StandIn
from tests.papers.known_paper import DOI, PMID
from tests.papers.listed import pubmed_articles, pubmed_numbers
from webapp.content.article_content import ArticleContent, PaperContent, from_json
from webapp.db.session import db
from webapp.editor import triage
from webapp.models import AuditKind, Candidate, CandidateState, Draft, Editor, Role, Watch, WatchSource
from webapp.models.values import PaperStatus
from webapp.papers import candidates, rating
from webapp.papers.listings import Listed
from webapp.papers.rating import Library
from webapp.papers.records import Record

LIST = "/editor/new-papers"
WATCHES = f"{LIST}/watches"


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A signed-in writer: no higher role is needed to decide."""
    client = EditorClient(app)
    add_editor(role=Role.WRITER)
    sign_in(client)
    return client


@pytest.fixture
def editor(client: PageClient) -> Editor:
    """The same person as an editor, who may change what is looked for."""
    editor = db.session.scalars(select(Editor)).one()
    editor.role = Role.EDITOR
    db.session.commit()
    return editor


def add(*titles: str, **paper: Any) -> list[int]:
    """Candidates with these titles; returns their ids."""
    for title in titles:
        standard = {
            "title": title,
            "journal": "Spinal Cord",
            "published_on": "2026-11",
            "abstract": "We asked 12 people.",
        }
        record = Record(content=ArticleContent(paper=PaperContent(**standard | paper)))
        candidates.add([rating.guess(Listed(record))], "PubMed", Library(), NOW)
    db.session.commit()
    return list(
        db.session.scalars(select(Candidate.id).where(Candidate.title.in_(titles)).order_by(Candidate.id))
    )


def add_watch(**changes: Any) -> Watch:
    watch = Watch(
        **{"name": "Injury", "source": WatchSource.PUBMED, "query": "injury", "every_hours": 24} | changes
    )
    db.session.add(watch)
    db.session.commit()
    return watch


def press(client: PageClient, where: str = "", **fields: Any) -> str:
    """Press a button of the list; returns the page that follows, as words."""
    answer = client.post(f"{LIST}{where}", {"csrf_token": token(client, LIST), **fields})
    return words(client.get(answer.headers["Location"]).text)


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", page[page.index("<main") :]).split())


def states() -> dict[str, CandidateState]:
    db.session.rollback()
    return {row.title: row.state for row in db.session.scalars(select(Candidate))}


# ------------------------------------------------------------------ the list


def test_each_paper_says_where_it_is_from_what_it_seems_to_be_and_why_it_is_here(client: PageClient) -> None:
    add("Beds: a systematic review", "Doubtful beds")
    add("Taken back", status=PaperStatus.RETRACTED)
    page = words(client.get(LIST).text)
    assert (
        "To sort 3" in page
        and "Spinal Cord, 2026 Guess: people, review of many studies Review of many studies" in page
    )
    assert page.index("Beds: a systematic review") < page.index("Doubtful beds") < page.index("Taken back")
    assert "The journal retracted it" in page


def test_the_next_page_begins_after_a_paper_even_if_that_one_is_gone(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triage, "PAGE_SIZE", 2)
    numbers = add("One", "Two", "Three")
    following = re.search(rf'href="({LIST}\?after=\d+)"', client.get(LIST).text)
    assert following
    press(client, one=f"keep:{numbers[1]}")
    page = words(client.get(following[1]).text)
    assert "Keep : One" in page and "Keep : Three" not in page and "Back to the first ones" in page
    page = press(client, one=f"keep:{numbers[0]}", after=numbers[1])
    assert "Keep : Three" in page  # that page is done: the list goes on with what is left


@pytest.mark.parametrize(
    ("button", "state", "message"),
    [
        ("keep", CandidateState.KEPT, "Kept: Beds"),
        ("not-for-us", CandidateState.NOT_FOR_US, "Not for us: Beds"),
        ("skip", CandidateState.SKIPPED, "Skipped: Beds"),
    ],
)
def test_one_press_decides_and_another_takes_it_back(
    client: PageClient, button: str, state: CandidateState, message: str
) -> None:
    [number, _] = add("Beds", "Chairs")
    page = press(client, one=f"{button}:{number}")
    assert (
        message in page and "To sort 1" in page and states() == {"Beds": state, "Chairs": CandidateState.NEW}
    )
    page = press(client, "/undo", last=number)
    assert "Undone" in page and "To sort 2" in page
    assert states()["Beds"] is CandidateState.NEW
    press(client, "/undo", last=number)  # a second click
    assert states()["Beds"] is CandidateState.NEW


def test_several_are_decided_and_undone_together(client: PageClient) -> None:
    numbers = add("One", "Two", "Three")
    assert "Not for us: 2 papers" in press(client, do="not-for-us", chosen=numbers[:2])
    press(client, "/why", last=numbers[0], why="Too early")
    assert set(db.session.scalars(select(Candidate.why))) == {"Too early", ""}
    assert "“Too early”" in words(client.get(f"{LIST}?show=not-for-us").text)
    press(client, "/undo", last=numbers[1])
    assert set(states().values()) == {CandidateState.NEW} and set(
        db.session.scalars(select(Candidate.why))
    ) == {""}


def test_papers_are_assigned_and_found_by_whoever_has_them(client: PageClient) -> None:
    numbers, ana = add("One", "Two"), db.session.scalars(select(Editor)).one().id
    add_editor("Rae", "rae@example.org", Role.REVIEWER)
    assert "Rae" not in client.get(LIST).text
    press(client, do="assign", chosen=numbers[:1], assigned_to=ana)
    page = words(client.get(f"{LIST}?show=mine").text)
    assert "Keep : One" in page and "For Ana Example" in page and "Two" not in page
    press(client, do="assign", chosen=numbers, assigned_to="")
    assert set(db.session.scalars(select(Candidate.assigned_to_id))) == {None}


def test_htmx_gets_the_list_with_the_focus_on_the_next_row(client: PageClient) -> None:
    numbers = add("One", "Two", "Three")
    fields = {"csrf_token": token(client, LIST), "one": f"keep:{numbers[1]}"}
    fragment = client.post_fragment(LIST, fields)
    focused = re.search(r'value="keep:(\d+)" data-key="k" data-focus', fragment)
    assert focused and int(focused[1]) == numbers[0] and "Kept: Two" in fragment


def test_the_page_of_a_paper_has_its_abstract_and_the_same_buttons(client: PageClient) -> None:
    [number] = add("Beds", doi="10.5555/beds")
    page = words(client.get(f"{LIST}/{number}").text)
    assert "We asked 12 people." in page and "doi.org/10.5555/beds" in page and "at PubMed" in page
    assert "Not for us: Beds" in press(client, do="not-for-us", chosen=number, why="Not research")
    assert "Decided: Not for us" in words(client.get(f"{LIST}/{number}").text)
    client.get(f"{LIST}/999", status=404)


def test_odd_presses_are_refused(client: PageClient) -> None:
    fields = {"csrf_token": token(client, LIST)}
    client.post(LIST, fields | {"do": "burn"}, status=400)
    client.post(LIST, fields | {"one": "keep"}, status=400)
    client.post(LIST, fields | {"do": "assign", "chosen": add("Beds"), "assigned_to": "99"}, status=400)
    client.get(f"{LIST}?show=all", status=404)
    assert "Nothing" not in press(client, one="keep:99999999999")


# ------------------------------------------------------------------ from kept to draft


def test_what_was_kept_goes_through_the_import_and_becomes_a_draft(
    client: PageClient, known_paper: StandIn
) -> None:
    [number] = add("A bed that turns by itself", doi=DOI)
    press(client, one=f"keep:{number}")
    fields = {"csrf_token": token(client, LIST), "chosen": number}
    review = client.post(f"{LIST}/drafts", fields).headers["Location"]
    assert "1 new" in words(client.get(review).text)
    client.post(review, {"csrf_token": token(client, review), "all": "yes"})
    draft = db.session.scalars(select(Draft)).one()
    assert from_json(draft.content).paper.pmid == PMID
    candidate = db.session.get_one(Candidate, number)
    assert (candidate.state, candidate.draft_id) == (CandidateState.DRAFTED, draft.id)
    assert "Open the draft" in client.get(f"{LIST}?show=drafted").text
    draft.deleted_at = NOW
    db.session.commit()
    assert "The draft was deleted." in client.get(f"{LIST}?show=drafted").text
    press(client, one=f"back:{number}")
    assert states() == {"A bed that turns by itself": CandidateState.NEW}


def test_without_the_services_the_draft_says_what_the_watch_found(
    client: PageClient, known_paper: StandIn
) -> None:
    known_paper.replies = {"/": Reply(b"", 500)}
    numbers = add("Beds", doi="10.5555/beds") + add("No number")
    review = client.post(f"{LIST}/drafts", {"csrf_token": token(client, LIST), "chosen": numbers}).headers[
        "Location"
    ]
    page = words(client.get(review).text)
    assert (
        "2 new, 0 already here, 0 left out." in page
        and "Europe PMC has a problem at the moment (error 500)." in page
    )


def test_drafts_need_a_choice(client: PageClient) -> None:
    add("Beds")
    page = client.post(f"{LIST}/drafts", {"csrf_token": token(client, LIST)}, status=422).text
    assert "Choose at least one paper." in page


# ------------------------------------------------------------------ what is looked for


def test_a_problem_of_a_watch_is_said_on_the_list(client: PageClient) -> None:
    add_watch(
        problem="PubMed has a problem at the moment (error 500).",
        last_ok_at=NOW - timedelta(days=4),
        last_from=NOW.date(),
    )
    add_watch(source=WatchSource.EUROPE_PMC)
    page = words(client.get(LIST).text)
    assert (
        "PubMed has a problem at the moment (error 500). Last good answer: November 20, 2026, 09:30." in page
    )
    assert "Europe PMC: not asked yet" in page and "Nobody can reach us at editors@localhost." in page
    assert "PubMed has a problem" in client.get(WATCHES).text


@pytest.mark.usefixtures("editor")
def test_an_editor_adds_and_changes_a_search(client: PageClient) -> None:
    fields = {"name": "Beds", "source": "crossref", "query": "spinal bed", "every_hours": "12", "is_on": "y"}
    new = f"{WATCHES}/new"
    client.post(new, fields | {"csrf_token": token(client, new)})
    watch = db.session.scalars(select(Watch)).one()
    assert (watch.name, watch.source, watch.every_hours, watch.is_on) == (
        "Beds",
        WatchSource.CROSSREF,
        12,
        True,
    )
    watch.last_ok_at, watch.last_from, watch.problem, watch.next_run_at = NOW, NOW.date(), "Oh", NOW
    db.session.commit()
    address = f"{WATCHES}/{watch.id}"
    client.post(address, fields | {"name": "Beds again", "csrf_token": token(client, address)})
    db.session.refresh(watch)
    assert (watch.name, watch.last_ok_at) == ("Beds again", NOW)
    del fields["is_on"]
    client.post(address, fields | {"query": "spinal chair", "csrf_token": token(client, address)})
    db.session.refresh(watch)
    assert not any((watch.last_ok_at, watch.problem, watch.next_run_at, watch.is_on))
    assert audited()[-1] is AuditKind.WATCH_CHANGED
    assert "Off" in words(client.get(WATCHES).text)


@pytest.mark.usefixtures("editor")
def test_a_try_shows_what_a_search_finds_and_stores_nothing(
    client: PageClient, app: Flask, crossref: StandIn
) -> None:
    app.extensions["config"] = crossref.stands_for_all(app.extensions["config"])
    crossref.replies = {
        "/pubmed/esearch.fcgi": pubmed_numbers("11", "12"),
        "/pubmed/efetch.fcgi": pubmed_articles,
    }
    new = f"{WATCHES}/new"
    fields = {"name": "Beds", "source": "pubmed", "query": "bed", "every_hours": "24", "try": "yes"}
    page = words(client.post(new, fields | {"csrf_token": token(client, new)}, status=200).text)
    assert (
        "2 results" in page
        and "spinal[All Fields]" in page
        and "Made-up paper 12 on spinal cord injury" in page
    )
    crossref.replies = {"/": Reply(b"Bad request", 400)}
    page = words(client.post(new, fields | {"csrf_token": token(client, new)}, status=200).text)
    assert "PubMed refused our request (error 400)." in page
    assert db.session.scalars(select(Watch)).all() == []


@pytest.mark.usefixtures("editor")
@pytest.mark.parametrize(
    "change", [{"name": " "}, {"query": ""}, {"every_hours": "0"}, {"every_hours": "x"}, {"source": "x"}]
)
def test_an_incomplete_search_is_not_saved(client: PageClient, change: dict[str, str]) -> None:
    fields = {"name": "Beds", "source": "pubmed", "query": "bed", "every_hours": "24"} | change
    new = f"{WATCHES}/new"
    assert (
        "Please fix one thing"
        in client.post(new, fields | {"csrf_token": token(client, new)}, status=422).text
    )
    assert db.session.scalars(select(Watch)).all() == []


def test_writers_may_look_at_searches_and_reviewers_see_no_new_papers(client: PageClient) -> None:
    watch = add_watch()
    assert f"{WATCHES}/{watch.id}" not in client.get(WATCHES).text
    client.get(f"{WATCHES}/{watch.id}", status=403)
    db.session.scalars(select(Editor)).one().role = Role.REVIEWER
    db.session.commit()
    for path in (LIST, WATCHES):
        client.get(path, status=403)


def test_my_work_leads_to_the_best_new_papers(client: PageClient) -> None:
    assert "New papers" not in words(client.get("/editor/").text)
    add("Beds: a systematic review", "Doubtful beds")
    page = words(client.get("/editor/").text)
    assert (
        "Beds: a systematic review" in page and "New papers 1" in page
    )  # the other one is under "Start here"
