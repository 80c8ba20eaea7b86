"""What each service lists as new for a search, page by page to the end.

A list that breaks off, repeats itself or hides an error in a good answer raises ServiceFailed: it never looks like a list
with nothing in it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Any

from webapp.config import Config
from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import find_doi, find_pmid, find_trials
from webapp.models import WatchSource
from webapp.models.values import StudyKind, Subject
from webapp.papers import file_formats, sources
from webapp.papers.importing import Identifier
from webapp.papers.records import Record, Unreadable, normalized, plain_text, refused, registrations
from webapp.papers.services import (
    CLINICAL_TRIALS,
    CROSSREF_LISTS,
    EUROPE_PMC,
    PUBMED,
    MustWait,
    Service,
    ServiceFailed,
    contact,
    fetch,
    unreadable,
)
from webapp.papers.sources import TOOL, read_object, read_records
from webapp.parsing import int_from, list_at, text_at, value_at
from webapp.search.words import stems

MOST_LISTED = 5_000  # in one run; PubMed lists no more than 9,999
PAGE_SIZE = 100
SECONDS = 60.0  # for one page, with the wait that a service asks for
_TRIES = 3  # of one page, if the service asks us to wait
_LONGEST_ERROR = 200  # characters of a service's own words
_NO_PAPER = "It doesn’t describe a paper."
_NO_RESULTS_YET = "It has no results yet."
_NOT_ASKED_FOR = "Title and abstract don’t have all words of the search."


@dataclass(frozen=True)
class ListingQuery:
    """What to ask a service: a search in its own language, for the days from ``first`` to ``last``."""

    config: Config
    source: WatchSource
    query: str
    first: date
    last: date
    page_size: int = PAGE_SIZE
    tries: int = _TRIES

    def ask(self, service: Service, path: str, **query: str) -> bytes:
        """Fetch a page. A service that asks us to wait for a moment is asked again when it said."""
        for _ in range(self.tries - 1):
            try:
                return fetch(self.config, service, path, until=monotonic() + SECONDS, **query)
            except MustWait:
                continue
        return fetch(self.config, service, path, until=monotonic() + SECONDS, **query)


@dataclass(frozen=True)
class Listed:
    """A paper or a trial in a list. ``trial`` is the number of a trial, ``cited`` are DOIs.

    ``twins`` are the identifiers of the paper's preprint, or of the preprint's paper; ``subject`` and ``study_kind`` are guesses.
    """

    record: Record
    trial: str = ""
    cited: tuple[str, ...] = ()
    twins: tuple[Identifier, ...] = ()
    subject: Subject | None = None
    study_kind: StudyKind | None = None


@dataclass(frozen=True)
class ListPage:
    """A page of a list of ``total`` entries. ``understood_as`` is the search as the service read it, if it says."""

    entries: list[Listed]
    total: int
    understood_as: str = ""


def pages(question: ListingQuery) -> Iterator[ListPage]:
    """Give every page of what a service lists. Raises ServiceFailed, also after some pages."""
    service, read = _READERS[question.source]
    count, seen = 0, set[tuple[str, ...]]()
    for page in read(question):
        papers = ((entry.trial, entry.record.content.paper) for entry in page.entries)
        contents = tuple(trial or paper.doi or paper.pmid or paper.title for trial, paper in papers)
        if contents in seen:  # the cursor does not tell: Crossref's may stay the same while the list goes on
            raise ServiceFailed(f"{service.name} lists the same page again and again.")
        seen.add(contents)
        yield page
        count += len(page.entries)
        if page.total > MOST_LISTED:
            raise ServiceFailed(
                f"{service.name} lists {page.total:,} results, and we read no more than {MOST_LISTED:,}. "
                "Make the search narrower."
            )
        if count >= page.total:
            return
        if not page.entries:
            break
    raise ServiceFailed(f"{service.name} listed {count:,} of {page.total:,} results, and then no more.")


def _europe_pmc(question: ListingQuery) -> Iterator[ListPage]:
    query = {
        "query": f"({question.query}) AND FIRST_IDATE:[{question.first} TO {question.last}]",
        "resultType": "core",
        "format": "json",
        "pageSize": str(question.page_size),
    } | contact(question.config, "email")
    cursor = "*"
    while cursor:
        answer = read_object(EUROPE_PMC, question.ask(EUROPE_PMC, "/search", **query, cursorMark=cursor))
        if problem := text_at(answer, "errMsg"):
            raise _says(EUROPE_PMC, problem)
        results = value_at(answer, "resultList", "result")
        yield ListPage(
            [_from_europe_pmc(row) for row in _rows(EUROPE_PMC, results)],
            _count(EUROPE_PMC, answer, "hitCount"),
        )
        cursor = text_at(answer, "nextCursorMark")


def _from_europe_pmc(row: Any) -> Listed:
    if not isinstance(row, dict):
        return Listed(refused(_NO_PAPER))
    related = list_at(row, "commentCorrectionList", "commentCorrection")
    twins = [entry for entry in related if text_at(entry, "type").lower().startswith("preprint")]
    found = [("doi", find_doi(text_at(entry, "reference"))) for entry in twins]
    found += [
        ("pmid", find_pmid(text_at(entry, "id"))) for entry in twins if text_at(entry, "source") == "MED"
    ]
    return Listed(
        normalized(sources.record_from_europe_pmc(row)), twins=tuple(pair for pair in found if pair[1])
    )


def _pubmed(question: ListingQuery) -> Iterator[ListPage]:
    common = {"db": "pubmed", "tool": TOOL} | contact(question.config, "email")
    days = {
        "datetype": "edat",
        "mindate": f"{question.first:%Y/%m/%d}",
        "maxdate": f"{question.last:%Y/%m/%d}",
    }
    asked = {"term": question.query, "retmode": "json", "retmax": "9999"}
    answer = read_object(PUBMED, question.ask(PUBMED, "/esearch.fcgi", **common, **days, **asked))
    found = value_at(answer, "esearchresult")
    if problem := text_at(answer, "error") or text_at(found, "ERROR"):
        raise _says(PUBMED, problem)
    total = _count(PUBMED, found, "count")
    numbers = [text_at(number) for number in _rows(PUBMED, value_at(found, "idlist"))]
    understood_as = text_at(found, "querytranslation")
    if unknown := [text_at(phrase) for phrase in list_at(found, "errorlist", "phrasesnotfound")]:
        raise _says(PUBMED, f"it doesn’t know “{unknown[0]}”.")
    if not numbers:
        yield ListPage([], total, understood_as)
    for start in range(0, len(numbers), question.page_size):
        wanted = numbers[start : start + question.page_size]
        body = question.ask(PUBMED, "/efetch.fcgi", **common, retmode="xml", id=",".join(wanted))
        records = read_records(PUBMED, body)
        if len(records) < len(wanted):
            raise ServiceFailed(
                f"PubMed described {len(records)} of {len(wanted)} papers that it had listed."
            )
        yield ListPage([Listed(record) for record in records], total, understood_as)


def _crossref(question: ListingQuery) -> Iterator[ListPage]:
    # Crossref ranks by words and finds millions of papers with "injury" alone: of its list, what has all words counts. The
    # date of the index changes whenever somebody cites a paper, so a new paper is told by the date on which it was created.
    query = {
        "query.bibliographic": question.query,
        "filter": f"from-created-date:{question.first},until-created-date:{question.last}",
        "rows": str(question.page_size),
    } | contact(question.config, "mailto")
    wanted, cursor = set(stems(question.query)), "*"
    while cursor:
        body = question.ask(CROSSREF_LISTS, "/works", **query, cursor=cursor)
        answer = read_object(CROSSREF_LISTS, body, "message")
        items = _rows(CROSSREF_LISTS, answer.get("items"))
        yield ListPage(
            [_from_crossref(item, wanted) for item in items], _count(CROSSREF_LISTS, answer, "total-results")
        )
        cursor = text_at(answer, "next-cursor")


def _from_crossref(item: Any, wanted: set[str]) -> Listed:
    try:
        record = file_formats.read_message(item, CROSSREF_LISTS.name)
    except Unreadable as refusal:
        return Listed(refused(str(refusal)))
    paper = record.content.paper
    if not wanted <= set(stems(f"{paper.title} {paper.abstract}")):
        return Listed(refused(_NOT_ASKED_FOR, title=paper.title))
    related = (list_at(item, "relation", name) for name in ("is-preprint-of", "has-preprint"))
    twins = [("doi", find_doi(text_at(entry, "id"))) for entries in related for entry in entries]
    cited = (find_doi(text_at(entry, "DOI")) for entry in list_at(item, "reference"))
    return Listed(record, cited=tuple(filter(None, cited)), twins=tuple(pair for pair in twins if pair[1]))


def _clinical_trials(question: ListingQuery) -> Iterator[ListPage]:
    query = {
        "query.cond": question.query,
        "filter.advanced": f"AREA[LastUpdatePostDate]RANGE[{question.first},MAX]",
        "countTotal": "true",
        "pageSize": str(question.page_size),
    }
    token, total = None, None
    while token != "":
        more: dict[str, str] = {"pageToken": token} if token else {}
        answer = read_object(CLINICAL_TRIALS, question.ask(CLINICAL_TRIALS, "/studies", **query, **more))
        if total is None:  # only the first page has it
            total = _count(CLINICAL_TRIALS, answer, "totalCount")
        yield ListPage(
            [_from_register(study) for study in _rows(CLINICAL_TRIALS, answer.get("studies"))], total
        )
        token = text_at(answer, "nextPageToken")


def _from_register(study: Any) -> Listed:
    trial = sources.trial_from(study)
    if not (find_trials(trial.number) == [trial.number] and trial.title):
        return Listed(refused("It doesn’t describe a trial."))
    if not trial.has_results:
        return Listed(refused(_NO_RESULTS_YET, title=trial.title))
    paper = PaperContent(title=trial.title, journal=CLINICAL_TRIALS.name, published_on=trial.updated_on)
    content = ArticleContent(paper=paper, registrations=registrations([trial.number]))
    return Listed(Record(content=content), trial=trial.number)


def _rows(service: Service, value: Any) -> list[Any]:
    """Return a list that the answer must have."""
    if not isinstance(value, list):
        raise unreadable(service)
    return value


def _count(service: Service, answer: Any, name: str) -> int:
    """Return how many results a list has. Some services write numbers as texts."""
    count = int_from(text_at(answer, name))
    if count is None:
        raise unreadable(service)
    return count


def _says(service: Service, problem: str) -> ServiceFailed:
    return ServiceFailed(f"{service.name} refused the search: {plain_text(problem)[:_LONGEST_ERROR]}")


_READERS: dict[WatchSource, tuple[Service, Callable[[ListingQuery], Iterator[ListPage]]]] = {
    WatchSource.EUROPE_PMC: (EUROPE_PMC, _europe_pmc),
    WatchSource.PUBMED: (PUBMED, _pubmed),
    WatchSource.CROSSREF: (CROSSREF_LISTS, _crossref),
    WatchSource.CLINICAL_TRIALS: (CLINICAL_TRIALS, _clinical_trials),
}
