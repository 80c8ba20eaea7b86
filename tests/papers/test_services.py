"""The client for outside services: each failure is a sentence that names the service, and none holds up the page."""

import dataclasses
import json
import re
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from flask import Flask

from tests.accounts.people import EditorClient, token
from tests.papers.conftest import Reply, StandIn, results
from tests.papers.known_paper import DOI, JATS, MESSAGE, NCT, PMCID, PMID, PUBMED, RESULT, STUDY
from tests.papers.test_import_pages import IMPORT, send
from tests.papers.test_one_box import found, words
from webapp.config import Config
from webapp.db.writing import writing
from webapp.papers import one_box, services, sources
from webapp.papers.services import CROSSREF, NotThere, ServiceFailed

HTML = b"<!doctype html><title>Down for maintenance</title>"
# By service: the path of its answer, and a question.
ASK: dict[str, tuple[str, Callable[[Config, float], Any]]] = {
    "Crossref": ("/crossref/", lambda config, until: sources.crossref_record(config, DOI, until)),
    "Europe PMC": (
        "/europe-pmc/",
        lambda config, until: sources.europe_pmc_record(config, "pmcid", PMCID, until),
    ),
    "PubMed": ("/pubmed/", lambda config, until: sources.pubmed_record(config, PMID, until)),
    "ClinicalTrials.gov": ("/trials/", lambda config, until: sources.registered_trial(config, NCT, until)),
}
HAPPY = {
    "Crossref": json.dumps({"message": MESSAGE}).encode(),
    "Europe PMC": json.dumps({"resultList": {"result": [RESULT]}}).encode(),
    "PubMed": PUBMED.encode(),
    "ClinicalTrials.gov": json.dumps(STUDY).encode(),
}
UNREADABLE = "We couldn’t read the answer from {}."
TRAPS = {
    "empty body": (Reply(b""), UNREADABLE),
    "HTML": (Reply(HTML), UNREADABLE),
    "not UTF-8": (Reply(b"\xff\xfe\x00"), UNREADABLE),
    "deep nesting": (Reply(b"[" * 100_000), UNREADABLE),
    "other JSON": (Reply(b'{"a": []}'), UNREADABLE),
    "other XML": (Reply(b"<eFetchResult><ERROR>ID list is empty!</ERROR></eFetchResult>"), UNREADABLE),
    "50 MB": (Reply(b" " * 50_000_000), "The answer from {} is too long to read."),
    "400": (Reply(b"Invalid field", 400), "{} refused our request (error 400)."),
    "404": (Reply(b"", 404), None),
    "429": (Reply(b"", 429, {"Retry-After": "7"}), "{} asks us to wait. Try again in 7 seconds."),
    "500": (Reply(b"", 500), "{} has a problem at the moment (error 500)."),
    "503 as text": (Reply(b"Service Unavailable", 503, {"Content-Type": "text/plain"}), "{} has a problem at the moment (error 503)."),
    "503, later": (Reply(b"", 503, {"Retry-After": "120"}), "{} asks us to wait. Try again in 120 seconds."),
    "504": (Reply(HTML, 504), "{} has a problem at the moment (error 504)."),
    "elsewhere": (Reply(b"", 302, {"Location": "http://localhost:1/"}), "{} sent us to another site, which we don’t trust."),
    "endless redirects": (Reply(b"", 302, {"Location": "?again"}), "{} refused our request (error 302)."),
    "slow body": (Reply(b" " * 9_000_000, seconds_per_chunk=0.2), "{} didn’t answer within 1 second."),
    "slow headers": (Reply(b"", seconds_per_header=0.1), "{} didn’t answer within 1 second."),
}  # fmt: skip
EMPTY = {
    "Europe PMC": [b'{"version": "6.9", "hitCount": 0, "resultList": {"result": []}}'],
    "PubMed": [b'<?xml version="1.0" ?><PubmedArticleSet></PubmedArticleSet>'],
}
ERRORS_INSIDE_200 = {
    "Crossref": [b'{"status": "error", "message-type": "validation-failure", "message": [{"type": "x"}]}'],
    "Europe PMC": [b'{"errCode": 404, "errMsg": "no such query"}', b'{"version": "6.9"}'],
    "PubMed": [b'{"error": "API rate limit exceeded", "count": "4", "limit": "3"}'],
    "ClinicalTrials.gov": [
        json.dumps({"protocolSection": {"identificationModule": {"nctId": "NCT9"}}}).encode()
    ],
}


@pytest.fixture
def settings(config: Config, crossref: StandIn, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Settings of a site that asks the stand-in, and waits a moment for an answer."""
    monkeypatch.setattr(services, "SECONDS", 0.6)
    return crossref.stands_for_all(config)


def question(service: str, settings: Config) -> Any:
    return ASK[service][1](settings, monotonic() + 5)


@pytest.mark.parametrize("service", ASK)
def test_a_good_answer_is_read(settings: Config, crossref: StandIn, service: str) -> None:
    crossref.body = HAPPY[service]
    assert question(service, settings)


@pytest.mark.proves(
    "Web: XML entities are refused, and look-ups ask one host with a limit on time and redirects"
)
@pytest.mark.parametrize(
    ("service", "trap"),
    [(service, trap) for service in ASK for trap in TRAPS if service == "PubMed" or "slow" not in trap],
)
def test_every_trap_is_a_sentence(settings: Config, crossref: StandIn, service: str, trap: str) -> None:
    reply, sentence = TRAPS[trap]
    crossref.replies = {ASK[service][0]: reply}
    with pytest.raises(ServiceFailed) as failure:
        question(service, settings)
    assert isinstance(failure.value, NotThere) == (sentence is None)
    assert service in str(failure.value)
    if sentence:
        assert str(failure.value) == sentence.format(service)


@pytest.mark.parametrize("service", ASK)
def test_an_answer_that_breaks_off_is_not_used(settings: Config, crossref: StandIn, service: str) -> None:
    crossref.body, crossref.is_cut = HAPPY[service], True
    with pytest.raises(ServiceFailed, match="couldn’t read"):
        question(service, settings)
    crossref.body, crossref.is_cut = HAPPY[service][:-9], False
    with pytest.raises(ServiceFailed, match="couldn’t read"):
        question(service, settings)


@pytest.mark.parametrize(("service", "body"), [(name, body) for name in EMPTY for body in EMPTY[name]])
def test_an_empty_list_means_that_it_is_not_there(
    settings: Config, crossref: StandIn, service: str, body: bytes
) -> None:
    crossref.body = body
    with pytest.raises(NotThere):
        question(service, settings)


@pytest.mark.parametrize(
    ("service", "body"), [(name, body) for name in ERRORS_INSIDE_200 for body in ERRORS_INSIDE_200[name]]
)
def test_an_error_inside_200_is_no_answer(
    settings: Config, crossref: StandIn, service: str, body: bytes
) -> None:
    crossref.body = body
    with pytest.raises(ServiceFailed) as failure:
        question(service, settings)
    assert str(failure.value) == UNREADABLE.format(service) and not isinstance(failure.value, NotThere)


# ------------------------------------------------------------------ pace


def test_requests_to_a_service_keep_their_distance(
    settings: Config, crossref: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(services, "sleep", waits.append)
    crossref.body = HAPPY["Crossref"]
    for _ in range(3):
        services.fetch(settings, CROSSREF, "/works/x", until=monotonic() + 60)
    assert waits[0] == 0 and 0 < waits[1] <= 0.25 < waits[2] <= 0.5


def test_a_limit_that_an_answer_names_is_kept(
    settings: Config, crossref: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(services, "sleep", waits.append)
    crossref.headers = {"x-rate-limit-limit": "1", "x-rate-limit-interval": "9s"}
    for _ in range(2):
        services.fetch(settings, CROSSREF, "/works/x", until=monotonic() + 60)
    assert waits[0] == 0 and 8 < waits[1] <= 9


@pytest.mark.parametrize("later", ["30", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", "", "-5"])
def test_after_a_refusal_the_service_is_left_alone(settings: Config, crossref: StandIn, later: str) -> None:
    crossref.status, crossref.headers = 429, {"Retry-After": later}
    for _ in range(2):
        with pytest.raises(ServiceFailed, match="Crossref asks us to wait"):
            services.fetch(settings, CROSSREF, "/works/x")
    assert len(crossref.asked) == 1


def test_a_service_is_not_asked_when_the_answer_would_come_too_late(
    settings: Config, crossref: StandIn
) -> None:
    with pytest.raises(ServiceFailed, match="no time left to ask Crossref"):
        services.fetch(settings, CROSSREF, "/works/x", until=monotonic() - 1)
    assert crossref.asked == []


# ------------------------------------------------------------------ contact


def test_pubmed_gets_our_address_only_if_mail_can_reach_it(settings: Config, crossref: StandIn) -> None:
    crossref.body = HAPPY["PubMed"]
    for address in ("editors@localhost", "editors@example.org"):
        question("PubMed", dataclasses.replace(settings, editors_mail=address))
    assert ["email=" in path for path in crossref.paths] == [False, True]
    assert ["mailto:" in agent for _, agent in crossref.asked] == [False, True]
    assert all("tool=SpinalCordResearchHelp" in path for path in crossref.paths)


# ------------------------------------------------------------------ on the page


def test_one_failing_service_does_not_keep_the_others_from_answering(
    writer: EditorClient, known_paper: StandIn
) -> None:
    known_paper.replies["/crossref/"] = Reply(b"", 500)
    known_paper.replies.pop(f"/crossref/works/{DOI}")
    known_paper.replies["/pubmed/"] = Reply(HTML)
    known_paper.replies.pop("/pubmed/efetch.fcgi")
    page = found(writer, DOI)
    assert "1 new" in page and "From its full text, Europe PMC." in page
    assert "Crossref has a problem at the moment (error 500)." in page
    assert "We couldn’t read the answer from PubMed." in page


def test_when_all_fail_each_is_named_and_what_was_typed_stays(
    writer: EditorClient, known_paper: StandIn
) -> None:
    known_paper.replies = {"/europe-pmc/": Reply(HTML), "/crossref/": Reply(b"", 504)}
    page = writer.get(send(writer, DOI)).text
    assert f"{DOI}: We couldn’t read the answer from Europe PMC. Crossref has a problem" in words(page)
    assert f">{DOI}</textarea>" in page.replace("\r\n", "").replace("\n", "")


def test_a_slow_service_holds_the_page_up_no_longer_than_stated(
    writer: EditorClient, known_paper: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_box, "SECONDS", 0.5)
    known_paper.replies = {"/": Reply(b" " * 9_000_000, seconds_per_chunk=0.2)}
    page = found(writer, f"{DOI}\n{NCT}")
    assert "Europe PMC didn’t answer within 1 second." in page
    assert "ClinicalTrials.gov didn’t answer within 1 second." in page


def test_an_answer_about_another_paper_is_left_out(writer: EditorClient, known_paper: StandIn) -> None:
    known_paper.replies[f"/crossref/works/{DOI}"] = Reply.of({"message": MESSAGE | {"DOI": "10.5555/other"}})
    page = found(writer, DOI)
    assert "Crossref describes another paper, so we left it out." in page and "1 new" in page


@pytest.mark.parametrize(
    "rows",
    [
        [RESULT, RESULT],
        [RESULT | {"doi": "10.5555/other", "pmid": "1"}, RESULT],
        [{"doi": DOI, "title": "A bed that turns by itself", "authorList": None, "journalInfo": 5}],
    ],
    ids=["twice", "among others", "almost empty"],
)
def test_odd_results_are_one_paper(
    writer: EditorClient, known_paper: StandIn, rows: list[dict[str, Any]]
) -> None:
    known_paper.replies["/europe-pmc/search"] = results(*rows)
    page = found(writer, DOI)
    assert "1 new, 0 already here, 0 left out." in page and "A bed that turns by itself" in page


def test_a_full_text_that_is_not_there_after_all_is_no_failure(
    writer: EditorClient, known_paper: StandIn
) -> None:
    known_paper.replies.pop(f"/europe-pmc/{PMCID}/fullTextXML")
    assert "From PubMed, Europe PMC, Crossref." in found(writer, DOI)


def test_a_full_text_that_is_cut_is_said(writer: EditorClient, known_paper: StandIn) -> None:
    known_paper.replies[f"/europe-pmc/{PMCID}/fullTextXML"] = Reply(JATS.encode()[:-40])
    page = found(writer, DOI)
    assert "From PubMed, Europe PMC, Crossref. We couldn’t read the answer from Europe PMC." in page


def test_no_service_is_asked_while_others_wait_to_write(app: Flask, known_paper: StandIn) -> None:
    with pytest.raises(RuntimeError), writing():
        one_box.find(DOI, app.extensions["config"])
    assert known_paper.asked == []


def test_htmx_gets_the_answer_below_the_box(writer: EditorClient, known_paper: StandIn) -> None:
    fields = {"csrf_token": token(writer, IMPORT), "text": DOI}
    headers = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
    answer = writer.flask.post(IMPORT, data=fields, headers=headers)
    assert "1 new, 0 already here, 0 left out." in answer.text
    assert without_tokens(answer.text) in without_tokens(writer.get(answer.headers["HX-Push-Url"]).text)
    refused = writer.post_fragment(IMPORT, {**fields, "text": "bowel program"}, status=422)
    assert "We found no paper in this." in refused and "bowel program" in refused


def without_tokens(page: str) -> str:
    return re.sub(r'(?<=name="csrf_token" value=")[^"]*', "", page).strip()
