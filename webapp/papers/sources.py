"""What each outside service says of one paper or trial, and how the answers become records.

Every function that asks raises ServiceFailed, and NotThere for the unknown; ``until`` is the time by ``time.monotonic()`` at
which the answer is no longer of use. Files of Crossref, PubMed and JATS have readers of their own.
"""

import json
import re
from typing import Any
from urllib.parse import quote

import msgspec

from webapp.config import Config
from webapp.content.article_content import PaperContent
from webapp.content.identifiers import READERS, date_in, earliest_date, find_doi
from webapp.models.values import Author
from webapp.papers import file_formats, pubmed
from webapp.papers.crossref import Message
from webapp.papers.records import Record, Unreadable, funding, heading, normalized, plain_text
from webapp.papers.services import (
    CLINICAL_TRIALS,
    CROSSREF,
    EUROPE_PMC,
    PUBMED,
    NotThere,
    Service,
    contact,
    fetch,
    unreadable,
)
from webapp.parsing import int_from, list_at, text_at, value_at

TOOL = "SpinalCordResearchHelp"  # as which PubMed knows us
_UNKNOWN_COUNT = 99_999_999  # stands at ClinicalTrials.gov where nobody gave a number
_QUERIES = {"doi": 'DOI:"{}"', "pmid": "EXT_ID:{} AND SRC:MED", "pmcid": "PMCID:{}"}


class RegisteredTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of a trial. A date is a day or a month; what it does not say is empty."""

    number: str
    title: str
    status: str
    sponsor: str
    participant_count: int | None
    is_count_final: bool
    started_on: str
    completed_on: str
    updated_on: str
    has_results: bool


def crossref_message(config: Config, doi: str, until: float | None = None) -> Message:
    """Fetch Crossref's message about a bare DOI."""
    if not doi or doi != find_doi(doi):
        raise NotThere("Enter the DOI as it is printed, like 10.1002/jsp2.1186.")
    try:
        body = fetch(config, CROSSREF, f"/works/{quote(doi, safe='')}", until=until)
    except NotThere as missing:
        raise NotThere(f"Crossref doesn’t know {doi}. Check the DOI.") from missing
    message: Message = read_object(CROSSREF, body, "message")
    return message


def crossref_record(config: Config, doi: str, until: float) -> Record:
    """Fetch what Crossref says of a paper, with the notices of its journal."""
    try:
        return file_formats.read_message(crossref_message(config, doi, until), CROSSREF.name)
    except Unreadable as refusal:
        raise unreadable(CROSSREF) from refusal


def pubmed_record(config: Config, pmid: str, until: float) -> Record:
    """Fetch PubMed's entry of a paper."""
    query = {"db": "pubmed", "id": pmid, "retmode": "xml", "tool": TOOL}
    body = fetch(config, PUBMED, "/efetch.fcgi", until=until, **query, **contact(config, "email"))
    if b"<PubmedArticleSet" in body and not re.search(rb"<Pubmed(Book)?Article[ >]", body):
        raise NotThere("PubMed doesn’t have this paper.")
    return read_records(PUBMED, body)[0]


def europe_pmc_record(config: Config, kind: str, identifier: str, until: float) -> Record:
    """Search Europe PMC for the paper with a DOI, PMID or PMCID. Its full text is there if it is free to read."""
    query = {"query": _QUERIES[kind].format(identifier), "resultType": "core", "format": "json"}
    answer = read_object(EUROPE_PMC, fetch(config, EUROPE_PMC, "/search", until=until, **query))
    results = value_at(answer, "resultList", "result")
    if not isinstance(results, list):  # an error comes with status 200, too
        raise unreadable(EUROPE_PMC)
    for result in results:
        if READERS[kind](text_at(result, kind)) == identifier:
            return normalized(record_from_europe_pmc(result))
    raise NotThere("Europe PMC doesn’t have this paper.")


def full_text(config: Config, pmcid: str, until: float) -> Record:
    """Fetch the open full text of a paper from Europe PMC, as JATS XML."""
    body = fetch(config, EUROPE_PMC, f"/{pmcid}/fullTextXML", until=until)
    return read_records(EUROPE_PMC, body)[0]


def registered_trial(config: Config, number: str, until: float) -> RegisteredTrial:
    """Fetch what ClinicalTrials.gov says of the trial with an NCT number."""
    answer = read_object(CLINICAL_TRIALS, fetch(config, CLINICAL_TRIALS, f"/studies/{number}", until=until))
    trial = trial_from(answer)
    if trial.number != number:
        raise unreadable(CLINICAL_TRIALS)
    return trial


def record_from_europe_pmc(result: dict[str, Any]) -> Record:
    """Convert a result of Europe PMC's search (``resultType=core``), which may be a preprint.

    Format: https://europepmc.org/RestfulWebService.
    """
    related = [
        (
            text_at(row, "type").lower(),
            text_at(row, "reference"),
            text_at(row, "id") if text_at(row, "source") == "MED" else "",
        )
        for row in list_at(result, "commentCorrectionList", "commentCorrection")
    ]
    types = map(text_at, list_at(result, "pubTypeList", "pubType"))
    grants = list_at(result, "grantsList", "grant")
    return pubmed.record(
        "europe_pmc",
        _paper(result),
        (*types, text_at(result, "bookOrReportDetails", "publisher")),
        related,
        funding=funding((text_at(row, "agency"), text_at(row, "grantId")) for row in grants),
    )


def _paper(result: dict[str, Any]) -> PaperContent:
    days = (text_at(result, "firstPublicationDate"), text_at(result, "journalInfo", "printPublicationDate"))
    headings = list_at(result, "meshHeadingList", "meshHeading")
    license_ = text_at(result, "license").upper()
    return PaperContent(
        title=text_at(result, "title"),
        doi=text_at(result, "doi"),
        pmid=text_at(result, "pmid"),
        pmcid=text_at(result, "pmcid"),
        journal=text_at(result, "journalInfo", "journal", "title"),
        published_on=earliest_date(map(date_in, days)),
        volume=text_at(result, "journalInfo", "volume"),
        issue=text_at(result, "journalInfo", "issue"),
        pages=text_at(result, "pageInfo"),
        license=license_ if license_.startswith("CC") else "",
        is_free_to_read=True if text_at(result, "inEPMC") == "Y" else None,
        # The headings are tags in the text: "<h4>Methods</h4>We asked…".
        abstract=re.sub(r"<h4>([^<>]*?):?\s*</h4>", r"<p>\1: ", text_at(result, "abstractText")),
        authors=[
            Author(
                family=text_at(row, "lastName") or text_at(row, "collectiveName") or text_at(row, "fullName"),
                given=text_at(row, "firstName") or text_at(row, "initials"),
                orcid=text_at(row, "authorId", "value"),
            )
            for row in list_at(result, "authorList", "author")
        ],
        mesh_terms=[
            *(text_at(row, "descriptorName") for row in headings),
            *(heading(text_at(word)) for word in list_at(result, "keywordList", "keyword")),
        ],
    )


def trial_from(study: Any) -> RegisteredTrial:
    """Convert what ClinicalTrials.gov (API version 2) says of one trial, which is never a paper."""
    protocol = value_at(study, "protocolSection")
    days = [
        date_in(text_at(protocol, "statusModule", f"{name}DateStruct", "date"))
        for name in ("start", "completion", "lastUpdatePost")
    ]
    enrollment = ("designModule", "enrollmentInfo")
    return RegisteredTrial(
        number=text_at(protocol, "identificationModule", "nctId"),
        title=plain_text(text_at(protocol, "identificationModule", "briefTitle")),
        status=plain_text(text_at(protocol, "statusModule", "overallStatus")).replace("_", " ").capitalize(),
        sponsor=plain_text(text_at(protocol, "sponsorCollaboratorsModule", "leadSponsor", "name")),
        participant_count=int_from(text_at(protocol, *enrollment, "count"), 0, _UNKNOWN_COUNT - 1),
        is_count_final=text_at(protocol, *enrollment, "type") == "ACTUAL",
        started_on=days[0],
        completed_on=days[1],
        updated_on=days[2],
        has_results=value_at(study, "hasResults") is True,
    )


def read_object(service: Service, body: bytes, *path: str) -> dict[str, Any]:
    """Read the JSON object that an answer has under these names."""
    try:
        found = value_at(json.loads(body), *path)
    except (ValueError, RecursionError) as error:
        raise unreadable(service) from error
    if not isinstance(found, dict):
        raise unreadable(service)
    return found


def read_records(service: Service, body: bytes) -> list[Record]:
    """Read an answer that is a file in one of the formats."""
    try:
        return file_formats.read(body, service.name)
    except Unreadable as refusal:
        raise unreadable(service) from refusal
