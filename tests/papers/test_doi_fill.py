"""Fill from DOI, with real messages from a stand-in server and every way in which a look-up can fail."""

import dataclasses
import json
from datetime import date
from typing import Any

import pytest
from flask import Flask

from tests.accounts.people import EditorClient, add_editor, sign_in
from tests.editor.forms import Sent, fields_of, opened, press
from tests.pages import PageClient
from tests.papers.conftest import SAMPLES, StandIn
from webapp.models.values import Author, PaperStatus
from webapp.papers import services
from webapp.papers.crossref import is_notice_itself, paper_from, worst_notice
from webapp.papers.file_formats import read

NEW = "/editor/summaries/new"


@pytest.fixture
def client(app: Flask, crossref: StandIn) -> PageClient:
    """A signed-in editor of a site that uses the stand-in."""
    app.extensions["config"] = dataclasses.replace(app.extensions["config"], crossref_url=crossref.url)
    client = EditorClient(app)
    add_editor()
    sign_in(client)
    return client


def message(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["message"]
    return found


def fill(client: PageClient, doi: str = "10.1155/2019/7803293", **more: str) -> tuple[str, Sent]:
    page = press(client, NEW, opened(client, NEW, paper__doi=doi, **more), "fill", status=200).text
    return page, fields_of(page)


def test_the_fields_of_the_paper_are_filled(client: PageClient, crossref: StandIn) -> None:
    crossref.answers_with("with_abstract")
    page, shown = fill(client, "https://doi.org/10.1155/2019/7803293", harms="Typed before.")
    assert shown["paper-doi"] == "10.1155/2019/7803293"
    assert shown["paper-title"] == "A Trajectory Partition Method Based on Combined Movement Features"
    assert shown["paper-journal"] == "Wireless Communications and Mobile Computing"
    assert shown["paper-published_on"] == "2019-07-24"
    assert shown["paper-authors"].splitlines()[0] == "Tang, Ji"
    assert shown["paper-license"] == "CC BY 4.0"
    assert shown["paper-abstract"].startswith("Trajectory data mining")
    assert shown["harms"] == "Typed before."
    assert "Crossref lists no retraction and no correction." in page


@pytest.mark.parametrize(
    "typed",
    [
        "doi.org/10.1155/2019/7803293", "https://www.doi.org/10.1155/2019/7803293", "DOI 10.1155/2019/7803293.", "<10.1155/2019/7803293>",
        "10.1155%2F2019%2F7803293", "{10.1155/2019/7803293}", "10.1155/2019/7803293\u200b",
    ],
)  # fmt: skip
def test_a_doi_is_read_in_its_many_spellings(client: PageClient, crossref: StandIn, typed: str) -> None:
    crossref.answers_with("with_abstract")
    assert fill(client, typed)[1]["paper-doi"] == "10.1155/2019/7803293"
    assert crossref.asked[0][0] == "/works/10.1155/2019/7803293"


@pytest.mark.parametrize(
    ("address", "sent"),
    [("editors@example.org", True), ("editors@localhost", False), ("editors@nas.local", False)],
)
def test_requests_to_crossref_name_a_contact_that_mail_can_reach(
    app: Flask, client: PageClient, crossref: StandIn, address: str, sent: bool
) -> None:
    config = app.extensions["config"]
    app.extensions["config"] = dataclasses.replace(config, editors_mail=address)
    crossref.answers_with("wiley_1998")
    fill(client, "10.1002/(sici)1097-461x(1998)66:4<261::aid-qua1>3.0.co;2-t")
    path, agent = crossref.asked[0]
    assert path == "/works/10.1002/(sici)1097-461x(1998)66:4<261::aid-qua1>3.0.co;2-t"
    assert (f"mailto:{address}" in agent) is sent
    assert ("Crossref can’t reach us" in client.get("/editor/papers").text) is not sent


def test_typed_text_is_not_overwritten(client: PageClient, crossref: StandIn) -> None:
    crossref.answers_with("with_abstract")
    page, shown = fill(client, paper__title="My own title")
    assert shown["paper-title"] == "My own title"
    assert "We kept your text in: title of the paper." in page


def test_a_retraction_is_filled_in_with_a_warning(client: PageClient, crossref: StandIn) -> None:
    said = message("with_abstract") | {"updated-by": [_notice("retraction", "10.1155/2021/1", [2021, 5, 6])]}
    crossref.body = json.dumps({"message": said}).encode()
    page, shown = fill(client)
    assert "Careful: Crossref lists a notice. The paper is marked “Retracted”." in page
    assert (shown["paper-status"], shown["paper-status_on"]) == ("retracted", "2021-05-06")
    assert shown["paper-status_url"] == "https://doi.org/10.1155/2021/1"


def test_the_doi_of_a_notice_gets_a_warning(client: PageClient, crossref: StandIn) -> None:
    crossref.answers_with("plos_correction")
    assert "this DOI is itself a notice about another paper" in fill(client)[0]


@pytest.mark.proves("ASVS 16.5.2")
@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (404, b"Resource not found.", "Crossref doesn’t know 10.1155/2019/7803293."),
        (429, b"", "Crossref asks us to wait. Try again in 10 seconds."),
        (500, b"", "Crossref has a problem at the moment (error 500)."),
        (200, b"<!doctype html><title>Maintenance</title>", "couldn’t read"),
        (200, b"", "couldn’t read"),
        (200, b'{"message": []}', "couldn’t read"),
        (200, b"[" * 100_000, "couldn’t read"),
        (200, b"\xff\xfe", "couldn’t read"),
        (200, b" " * 50_000_000, "too long to read"),
    ],
)
def test_whatever_goes_wrong_is_said_and_the_fields_stay(
    client: PageClient, crossref: StandIn, status: int, body: bytes, sentence: str
) -> None:
    crossref.status, crossref.body = status, body
    page, shown = fill(client, harms="Typed before.", paper__title="By hand")
    assert sentence in page and "We couldn’t check for a retraction." in page
    assert "Crossref lists no retraction" not in page
    assert (shown["harms"], shown["paper-title"]) == ("Typed before.", "By hand")


@pytest.mark.proves(
    "Web: XML entities are refused, and look-ups ask one host with a limit on time and redirects"
)
def test_a_slow_answer_is_given_up(
    client: PageClient, crossref: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "SECONDS", 0.3)
    crossref.body, crossref.seconds_per_chunk = b" " * 900_000, 0.1
    assert "Crossref didn’t answer within 1 second." in fill(client)[0]


def test_an_unreachable_crossref_is_explained(app: Flask, client: PageClient) -> None:
    app.extensions["config"] = dataclasses.replace(
        app.extensions["config"], crossref_url="http://127.0.0.1:1"
    )
    assert "We couldn’t reach Crossref." in fill(client)[0]


@pytest.mark.proves(
    "Web: XML entities are refused, and look-ups ask one host with a limit on time and redirects",
    "ASVS 1.3.6",
    "ASVS 13.2.4",
    "ASVS 15.3.2",
)
def test_a_redirect_to_another_place_is_not_followed(client: PageClient, crossref: StandIn) -> None:
    crossref.status, crossref.headers = 302, {"Location": "http://localhost:1/secret"}
    assert "Crossref sent us to another site" in fill(client)[0]


def test_a_redirect_on_the_same_host_is_followed(client: PageClient, crossref: StandIn) -> None:
    crossref.status, crossref.headers = 301, {"Location": f"{crossref.url}/works/again"}
    fill(client)
    assert [path for path, _ in crossref.asked][:2] == ["/works/10.1155/2019/7803293", "/works/again"]


@pytest.mark.proves("ASVS 1.3.6", "ASVS 13.2.4", "ASVS 15.3.2")
@pytest.mark.parametrize("doi", ["", "jsp2.1186", "10.1/x", "../../etc"])
def test_what_is_no_doi_is_never_asked_for(client: PageClient, crossref: StandIn, doi: str) -> None:
    assert "Enter the DOI as it is printed" in fill(client, doi)[0]
    assert crossref.asked == []


# ------------------------------------------------------------------ messages


def test_a_year_alone_stays_a_year() -> None:
    assert paper_from(message("wiley_1998")).published_on == "1998"


def test_a_group_is_an_author_too() -> None:
    assert paper_from(message("plos_correction")).authors == [Author(family="The PLOS ONE Staff")]
    assert is_notice_itself(message("plos_correction")) and not is_notice_itself(message("wiley_1998"))


def test_the_gravest_notice_counts() -> None:
    rows = [
        _notice("correction", "10.1000/c", [2022]),
        _notice("Retraction", "10.1000/R", [2021, 2, 3]),
        {"type": "new_version"},
    ]
    notice = worst_notice({"updated-by": rows})
    assert notice is not None
    assert (notice.status, notice.doi, notice.on) == (PaperStatus.RETRACTED, "10.1000/r", date(2021, 2, 3))


def test_a_title_that_says_retracted_counts_without_a_notice() -> None:
    assert paper_from({"title": ["RETRACTED: A paper"]}).status == PaperStatus.RETRACTED
    assert paper_from({"title": ["Retracting needles"]}).status == PaperStatus.PUBLISHED


def test_posted_content_is_a_preprint() -> None:
    assert paper_from({"type": "posted-content"}).status == PaperStatus.PREPRINT


def test_mark_up_becomes_plain_text() -> None:
    abstract = "<jats:title>Abstract</jats:title><jats:p>A <jats:italic>big</jats:italic> &amp; bold step.</jats:p><jats:p>End.</jats:p>"
    [record] = read(json.dumps({"title": ["Effects of H<sub>2</sub>O"], "abstract": abstract}))
    paper = record.content.paper
    assert (paper.title, paper.abstract) == ("Effects of H₂O", "A big & bold step.\n\nEnd.")


@pytest.mark.parametrize(
    "odd",
    [None, 5, "x", [], [None], {"date-parts": None}, {"date-parts": [[None]]}, {"date-parts": [[99, 99]]}],
)
def test_fields_of_any_type_do_no_harm(odd: object) -> None:
    names = (
        "title",
        "DOI",
        "container-title",
        "published",
        "issued",
        "volume",
        "author",
        "license",
        "abstract",
        "updated-by",
        "update-to",
    )
    said = dict.fromkeys(names, odd)
    paper = paper_from(said)
    assert paper.published_on == "" and paper.authors == []
    assert worst_notice(said) is None and not is_notice_itself(said)


def _notice(kind: str, doi: str, on: list[int]) -> dict[str, Any]:
    return {"DOI": doi, "type": kind, "updated": {"date-parts": [on]}}
