"""The import pages without JavaScript: a dry run, then drafts."""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import EditorClient, add_editor, sign_in, token
from tests.editor.forms import opened, press
from tests.factories import NOW, add_article, content
from tests.pages import PageClient
from tests.papers.test_readers import NBIB, RIS
from webapp.content.article_content import from_json
from webapp.db.session import db
from webapp.models import Draft, Editor, Revision, Role
from webapp.models.values import PaperStatus, StudyKind
from webapp.papers import file_formats
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


def confirm(client: PageClient, address: str, *, status: int = 303) -> str:
    answer = client.post(address, {"csrf_token": token(client, IMPORT)}, status=status)
    return answer.headers.get("Location", answer.text)


def drafts() -> list[Draft]:
    return list(db.session.scalars(select(Draft).order_by(Draft.id)))


def test_a_file_becomes_drafts_after_a_dry_run(client: PageClient) -> None:
    address = send(client, NBIB.encode())
    page = client.get(address).text
    assert "1 new, 0 already here, 0 refused." in page and "Make 1 draft" in page
    assert drafts() == []
    done = confirm(client, address)
    assert "1 draft made." in client.get(done).text
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
    assert "1 new, 3 already here, 0 refused." in page
    assert f'href="/editor/articles/{article.id}"' in page
    assert f'href="/editor/summaries/{drafts()[-1].id}"' in page
    assert "The same as record 3, line 14." in page


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
    assert "1 new, 0 already here, 1 refused." in page
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
        ("Dear editors", "We do not know this format."),
        ("", "This file is empty."),
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
    assert confirm(client, second).endswith("made=0")
    assert len(drafts()) == 1


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
        address = send(client, RIS)
        now.shift(timedelta(minutes=30))
        client.post("/editor/sign-out", {"csrf_token": token(client, IMPORT)})
        assert "/editor/sign-in" in client.post(address, {}).headers["Location"]
        sign_in(client)
        confirm(client, address)
    assert len(drafts()) == 1


def test_the_list_of_summaries_leads_here(client: PageClient) -> None:
    assert 'href="/editor/papers"' in client.get("/editor/").text
    assert f'href="{IMPORT}"' in client.get("/editor/papers").text


def test_the_page_states_the_limits(client: PageClient) -> None:
    assert re.search(r"Up to 500 papers and 10 MB", client.get(IMPORT).text)


@pytest.mark.parametrize("made", ["x", "-1", "99999999999999999999", "²"])
def test_an_odd_address_does_no_harm(client: PageClient, made: str) -> None:
    assert "made." not in client.get(IMPORT, query_string={"made": made}).text
    client.get("/editor/papers/import/nothing", status=410)
    client.get("/editor/papers?page=9", status=404)
