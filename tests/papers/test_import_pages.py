"""The import pages without JavaScript: a dry run, then drafts."""

import re
from contextvars import Context
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import EditorClient, add_editor, audited, sign_in, token
from tests.editor.forms import opened, press
from tests.factories import NOW, add_article, content
from tests.pages import PageClient
from tests.papers.test_readers import NBIB, RIS
from webapp.content.article_content import from_json
from webapp.db.session import db
from webapp.editor.papers_views import MOST_CHOSEN
from webapp.models import AuditKind, Draft, Editor, Revision, Role
from webapp.models.values import PaperStatus, StudyKind
from webapp.papers import file_formats, importing
from webapp.papers.importing import ImportPlan
from webapp.papers.records import Record
from webapp.publishing import revisions

IMPORT = "/editor/papers/import"


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A signed-in writer: no higher role is needed to import."""
    client = EditorClient(app)
    add_editor(role=Role.WRITER)
    sign_in(client)
    return client


def send(client: PageClient, source: bytes | str, *, status: int = 303) -> str:
    """Send a file (bytes) or pasted text; returns the URL of the dry run, or the page that refuses it."""
    fields = {"csrf_token": token(client, IMPORT)}
    data = fields | (
        {"text": source} if isinstance(source, str) else {"file": (BytesIO(source), "papers.txt")}
    )
    answer = client.post(IMPORT, data, status=status, content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # the test client leaves that to the garbage collector
    return answer.headers["Location"] if status == 303 else answer.text


def confirm(client: PageClient, address: str, *chosen: int, status: int = 303) -> str:
    """Make drafts of the chosen records, or else of all; returns the URL of what was made, or the page that refuses."""
    fields = {"chosen": list(chosen)} if chosen else {"all": "yes"}
    answer = client.post(address, fields | {"csrf_token": token(client, IMPORT)}, status=status)
    return answer.headers.get("Location", answer.text)


def undo(client: PageClient, made: str) -> str:
    """Press Undo below the list of the drafts that were made; returns the page that follows."""
    return client.get(client.post(f"{made}/undo", {"csrf_token": token(client, made)}).location).text


def beds(count: int) -> str:
    return "".join(f"TY  - JOUR\nTI  - Made-up bed {number}\nER  -\n" for number in range(1, count + 1))


def drafts() -> list[Draft]:
    return list(db.session.scalars(select(Draft).order_by(Draft.id)))


def test_a_file_becomes_drafts_after_a_dry_run(client: PageClient) -> None:
    address = send(client, NBIB.encode())
    page = client.get(address).text
    assert "1 new, 0 already here, 0 left out." in page and "Make drafts of the chosen papers" in page
    assert drafts() == []
    done = confirm(client, address)
    assert "<h1>1 draft made</h1>" in client.get(done).text
    [draft] = drafts()
    content = from_json(draft.content)
    assert draft.title == "A made-up trial of a made-up bed: a randomized trial"
    assert (content.paper.doi, content.study_kind) == ("10.5555/bed.1", StudyKind.RANDOMIZED_TRIAL)
    assert draft.article_id is None and db.session.scalar(select(func.count()).select_from(Revision)) == 1
    assert 'value="10.5555/bed.1"' in client.get(f"/editor/summaries/{draft.id}").text


def test_an_imported_draft_can_be_saved_as_it_is(client: PageClient) -> None:
    confirm(client, send(client, NBIB))
    [draft] = drafts()
    before = draft.content
    press(client, f"/editor/summaries/{draft.id}", opened(client, f"/editor/summaries/{draft.id}"), "save")
    db.session.expire_all()
    assert drafts()[0].content == before


def test_pasted_text_is_imported_too(client: PageClient) -> None:
    confirm(client, send(client, RIS))
    assert [draft.title for draft in drafts()] == ["A made-up bed"]


def test_duplicates_are_not_imported(client: PageClient) -> None:
    article = add_article(paper={"doi": "10.5555/known", "title": "Known by its DOI"})
    confirm(client, send(client, RIS))
    ris = (
        RIS.replace("ER  -", "DO  - 10.5555/KNOWN\nER  -")
        + RIS.replace("A made-up bed", "a MADE-UP Bed!")
        + NBIB_AS_RIS * 2
    )
    page = client.get(send(client, ris)).text
    assert "1 new, 3 already here, 0 left out." in page
    assert f'href="/editor/articles/{article.id}"' in page
    assert f'href="/editor/summaries/{drafts()[-1].id}"' in page
    assert "It’s the same as record 3, line 14." in page


NBIB_AS_RIS = "TY  - JOUR\nTI  - Another bed\nC2  - 12345678\nDB  - Scopus\nER  -\n"


@pytest.mark.parametrize(
    ("more", "is_known"),
    [
        ("AN  - 777\nDB  - PubMed\n", True),
        ("UR  - https://pmc.example.org/PMC888\n", True),
        ("DO  - 10.5555/other\n", False),
        ("PY  - 1999\n", False),
        ("PY  - 2022\n", True),
    ],
)
def test_duplicates_are_recognized_by_identifiers_then_by_title(
    client: PageClient, more: str, is_known: bool
) -> None:
    add_article(
        paper={
            "title": "A made-up bed",
            "doi": "10.5555/bed",
            "pmid": "777",
            "pmcid": "PMC888",
            "published_on": "2021",
        }
    )
    title = "Another title" if "777" in more or "888" in more else "A made-up bed"
    page = client.get(send(client, f"TY  - JOUR\nTI  - {title}\n{more}ER  -\n")).text
    assert ("0 new, 1 already here" in page) == is_known


def test_a_draft_without_a_year_can_be_a_duplicate(client: PageClient) -> None:
    text = content(paper={"title": "A made-up bed", "doi": "", "published_on": "soon"})
    revisions.save(revisions.new_draft(), text, 0, db.session.scalars(select(Editor.id)).one(), NOW)
    db.session.commit()
    page = client.get(send(client, "TY  - JOUR\nTI  - A made-up bed\nPY  - 2022\nER  -\n")).text
    assert "0 new, 1 already here" in page


def test_refused_records_are_listed_with_their_reason_and_the_others_go_in(client: PageClient) -> None:
    address = send(client, RIS + "TY  - JOUR\nPY  - 2020\nER  -\n")
    page = client.get(address).text
    assert "1 new, 0 already here, 1 left out." in page
    assert "Record 2, line 7:</b> It has no title." in page
    confirm(client, address)
    assert len(drafts()) == 1


def test_a_retracted_paper_is_marked_before_anybody_writes_about_it(client: PageClient) -> None:
    address = send(client, RIS.replace("A made-up bed", "RETRACTED: A made-up bed"))
    assert "Retracted" in client.get(address).text
    confirm(client, address)
    assert from_json(drafts()[0].content).paper.status == PaperStatus.RETRACTED


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"", "This file is empty."),
        (b"%PDF-1.7", "This is a PDF"),
        ("Dear editors", "We found no paper in this."),
        ("", "Enter at least one paper, or choose a file."),
        (b"<html>", "This is a web page"),
    ],
)
def test_an_unreadable_file_is_explained_at_its_field(
    client: PageClient, source: bytes | str, sentence: str
) -> None:
    page = send(client, source, status=422)
    assert sentence in page
    assert (
        not isinstance(source, str)
        or f">\r\n{source}</textarea>" in page
        or f">\n{source}</textarea>" in page
    )


def test_a_file_of_almost_ten_megabytes_is_taken(client: PageClient) -> None:
    junk = b"KW  - " + b"k" * 994 + b"\n"
    source = b"TY  - JOUR\nTI  - A made-up bed\n" + junk * 9_980 + b"ER  -\n"
    assert 9_900_000 < len(source) < file_formats.MOST_BYTES
    assert "1 new" in client.get(send(client, source)).text


@pytest.mark.proves("Web: bodies, imports and the number of fields are limited", "ASVS 5.2.1")
def test_a_larger_one_is_refused_with_a_sentence(client: PageClient) -> None:
    assert "larger than 10 MB" in send(client, b"TY  - JOUR\n" + b"k" * 10_000_001, status=422)
    assert "larger than 10 MB" in send(client, b"TY  - JOUR\n" + b"k" * 11_000_000, status=413)


def test_other_forms_and_strangers_may_not_send_that_much(app: Flask, client: PageClient) -> None:
    client.post("/editor/summaries/new", {"paper-abstract": "k" * 1_100_000}, status=413)
    EditorClient(app).post(IMPORT, {"text": "k" * 1_100_000}, status=413)


def test_more_than_five_hundred_papers_are_too_many(client: PageClient) -> None:
    assert "more than 500 papers" in send(client, RIS * 501, status=422)


def test_confirming_twice_makes_one_draft(client: PageClient) -> None:
    address = send(client, RIS)
    confirm(client, address)
    assert "The drafts were made already" in confirm(client, address, status=410)
    assert len(drafts()) == 1


def test_a_paper_imported_meanwhile_is_not_duplicated(client: PageClient) -> None:
    first, second = send(client, RIS), send(client, RIS)
    confirm(client, first)
    assert "There’s nothing new to import." in confirm(client, second, status=422)
    assert len(drafts()) == 1 and audited().count(AuditKind.IMPORTED) == 1


def test_a_paper_imported_while_another_import_is_planned_is_not_duplicated(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, plan = send(client, RIS), send(client, RIS), importing.plan

    def confirm_first() -> None:
        with client.flask.application.app_context():
            confirm(client, first)

    def plan_slowly(records: list[Record]) -> ImportPlan:
        monkeypatch.setattr(importing, "plan", plan)
        made = plan(records)
        Context().run(confirm_first)
        return made

    monkeypatch.setattr(importing, "plan", plan_slowly)
    assert "There’s nothing new to import." in confirm(client, second, status=422)
    assert len(drafts()) == 1


def test_only_the_chosen_papers_become_drafts(client: PageClient) -> None:
    confirm(client, send(client, beds(3)), 1, 3)
    assert [draft.title for draft in drafts()] == ["Made-up bed 1", "Made-up bed 3"]


@pytest.mark.parametrize(("count", "checked"), [(MOST_CHOSEN, MOST_CHOSEN), (MOST_CHOSEN + 1, 0)])
def test_a_few_papers_are_chosen_at_first_and_of_many_none(
    client: PageClient, count: int, checked: int
) -> None:
    page = client.get(send(client, beds(count))).text
    assert len(re.findall(r'name="chosen" value="\d+" checked', page)) == checked
    assert page.count('name="chosen"') == count and (f"All {count} papers" in page) == (checked == 0)


@pytest.mark.parametrize("chosen", ["", "9", "x", "²"])
def test_without_a_choice_nothing_is_made(client: PageClient, chosen: str) -> None:
    address = send(client, beds(2))
    page = client.post(address, {"chosen": chosen, "csrf_token": token(client, IMPORT)}, status=422).text
    assert 'href="#new-1">Choose at least one paper.' in page
    assert drafts() == [] and AuditKind.IMPORTED not in audited()


def test_an_import_is_undone_except_where_somebody_worked_on_a_draft(client: PageClient) -> None:
    made = confirm(client, send(client, beds(4)))
    saved, typed, deleted, _untouched = (f"/editor/summaries/{draft.id}" for draft in drafts())
    press(client, saved, opened(client, saved, harms="None."), "save")
    press(client, typed, opened(client, typed, harms="None."), "autosave")
    press(client, deleted, opened(client, deleted), "delete")
    page = undo(client, made)
    assert "<h1>1 draft deleted</h1>" in page
    assert (
        page.count("Someone changed it in the meantime.") == 2 and page.count("It was deleted already.") == 1
    )
    db.session.expire_all()
    assert [draft.deleted_at is None for draft in drafts()] == [True, True, False, False]
    assert audited()[-2:] == [AuditKind.DRAFT_DELETED, AuditKind.UNDONE]


def test_an_import_can_be_repeated_once_it_is_undone(client: PageClient) -> None:
    undo(client, confirm(client, send(client, RIS)))
    assert "1 new, 0 already here" in client.get(send(client, RIS)).text


def test_undoing_an_import_of_which_nothing_is_left_is_not_in_the_audit_log(client: PageClient) -> None:
    made = confirm(client, send(client, RIS))
    path = f"/editor/summaries/{drafts()[0].id}"
    press(client, path, opened(client, path), "delete")
    undo(client, made)
    assert AuditKind.UNDONE not in audited()


def test_an_import_is_undone_within_a_day(client: PageClient) -> None:
    with time_machine.travel(datetime.now(UTC)) as now:
        made = confirm(client, send(client, RIS))
        now.shift(timedelta(days=1, minutes=1))
        sign_in(client)
        assert "Undo</button>" not in client.get(made).text
        client.post(f"{made}/undo", {"csrf_token": token(client, IMPORT)}, status=409)
    assert drafts()[0].deleted_at is None


def test_a_writer_cannot_undo_a_colleagues_import(app: Flask, client: PageClient) -> None:
    made = confirm(client, send(client, RIS))
    for role, status in ((Role.WRITER, 403), (Role.EDITOR, 303)):
        add_editor(role.label, f"{role}@example.org", role)
        other = EditorClient(app)
        sign_in(other, f"{role}@example.org")
        other.get(made, status=200 if status == 303 else 403)
        other.post(f"{made}/undo", {"csrf_token": token(other, IMPORT)}, status=status)


def test_a_dry_run_expires_after_an_hour(client: PageClient) -> None:
    with time_machine.travel(datetime.now(UTC)) as now:
        address = send(client, RIS)
        now.shift(timedelta(minutes=59))
        client.get(address)
        now.shift(timedelta(minutes=2))
        client.get(address, status=410)


@pytest.mark.proves("ASVS 8.2.2")
def test_nobody_else_can_open_a_dry_run(app: Flask, client: PageClient) -> None:
    address = send(client, RIS)
    add_editor("Bo Example", "bo@example.org")
    other = EditorClient(app)
    sign_in(other, "bo@example.org")
    other.get(address, status=410)
    confirm(other, address, status=410)


def test_a_confirmation_after_the_sign_in_ran_out_can_be_sent_again(client: PageClient) -> None:
    with time_machine.travel(datetime.now(UTC)) as now:
        client.post("/editor/sign-out", {"csrf_token": token(client, IMPORT)})
        sign_in(client)
        address = send(client, beds(2))
        now.shift(timedelta(minutes=30))
        client.post("/editor/sign-out", {"csrf_token": token(client, IMPORT)})
        assert "/editor/sign-in" in client.post(address, {"chosen": "2"}).headers["Location"]
        sign_in(client)
        page = client.get(address).text
        assert re.findall(r'name="chosen" value="(\d)" checked', page) == ["2"]
        confirm(client, address, 2)
    assert len(drafts()) == 1


def test_the_list_of_summaries_leads_here(client: PageClient) -> None:
    assert 'href="/editor/papers"' in client.get("/editor/summaries").text
    assert f'href="{IMPORT}"' in client.get("/editor/papers").text


def test_the_page_states_the_limits(client: PageClient) -> None:
    assert re.search(r"Up to 500 papers and 10 MB", client.get(IMPORT).text)


def test_an_odd_address_does_no_harm(client: PageClient) -> None:
    client.get("/editor/papers/import/nothing", status=410)
    client.get("/editor/papers?page=9", status=404)
