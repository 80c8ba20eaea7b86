"""What each outside service says of one paper or trial. Every function raises ServiceFailed, and NotThere for the unknown.

``until`` is the time by ``time.monotonic()`` at which the answer is no longer of use.
"""

import json
import re
from typing import Any
from urllib.parse import quote

from webapp.config import Config
from webapp.content.identifiers import READERS, find_doi
from webapp.papers import clinical_trials, file_formats
from webapp.papers.clinical_trials import RegisteredTrial
from webapp.papers.crossref import Message
from webapp.papers.records import Record, Unreadable
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
from webapp.parsing import text_at, value_at

TOOL = "SpinalCordResearchHelp"  # as which PubMed knows us
_QUERIES = {"doi": 'DOI:"{}"', "pmid": "EXT_ID:{} AND SRC:MED", "pmcid": "PMCID:{}"}


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
    return _record(PUBMED, body)


def europe_pmc_result(config: Config, kind: str, identifier: str, until: float) -> dict[str, Any]:
    """Search Europe PMC for the paper with a DOI, PMID or PMCID."""
    query = {"query": _QUERIES[kind].format(identifier), "resultType": "core", "format": "json"}
    answer = read_object(EUROPE_PMC, fetch(config, EUROPE_PMC, "/search", until=until, **query))
    results = value_at(answer, "resultList", "result")
    if not isinstance(results, list):  # an error comes with status 200, too
        raise unreadable(EUROPE_PMC)
    for result in results:
        if READERS[kind](text_at(result, kind)) == identifier:
            found: dict[str, Any] = result
            return found
    raise NotThere("Europe PMC doesn’t have this paper.")


def full_text(config: Config, pmcid: str, until: float) -> Record:
    """Fetch the open full text of a paper from Europe PMC, as JATS XML."""
    return _record(EUROPE_PMC, fetch(config, EUROPE_PMC, f"/{pmcid}/fullTextXML", until=until))


def registered_trial(config: Config, number: str, until: float) -> RegisteredTrial:
    """Fetch what ClinicalTrials.gov says of the trial with an NCT number."""
    answer = read_object(CLINICAL_TRIALS, fetch(config, CLINICAL_TRIALS, f"/studies/{number}", until=until))
    trial = clinical_trials.trial_from(answer)
    if trial.number != number:
        raise unreadable(CLINICAL_TRIALS)
    return trial


def read_object(service: Service, body: bytes, *path: str) -> dict[str, Any]:
    """Read the JSON object that an answer has under these names."""
    try:
        found = value_at(json.loads(body), *path)
    except (ValueError, RecursionError) as error:
        raise unreadable(service) from error
    if not isinstance(found, dict):
        raise unreadable(service)
    return found


def _record(service: Service, body: bytes) -> Record:
    try:
        return file_formats.read(body, service.name)[0]
    except Unreadable as refusal:
        raise unreadable(service) from refusal
