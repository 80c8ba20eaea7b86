"""One box for papers: identifiers, addresses of pages, a list of them, or records in any format that files may have."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import reduce
from typing import Any

import msgspec

from webapp.config import Config
from webapp.content import merging
from webapp.content.identifiers import find_listed
from webapp.db.writing import stop_reading
from webapp.papers import file_formats, sources
from webapp.papers.importing import PendingImport, identifiers_of
from webapp.papers.records import NO_TITLE, Record, Unreadable
from webapp.papers.services import (
    CLINICAL_TRIALS,
    CROSSREF,
    EUROPE_PMC,
    PUBMED,
    NotThere,
    Service,
    ServiceFailed,
)
from webapp.papers.sources import RegisteredTrial

MOST_ASKED = 20
SECONDS = 18.0  # for all of them together
LONGEST_LIST = 20_000  # characters
_THREADS = 8
EMPTY = "Enter at least one paper, or choose a file."
_EXAMPLES = "a DOI, a PubMed or PMC number, an NCT number, or the address of a paper there"
NOTHING_UNDERSTOOD = f"We found no paper in this. Enter {_EXAMPLES}."
TOO_LONG = "This is too long for a list of papers, and in none of the formats that we read."
NOT_UNDERSTOOD = f"We don’t see which paper this is. Enter {_EXAMPLES}."
NO_TIME = "There was no time left to ask about this one. Try again."


def find(text: str, config: Config) -> PendingImport:
    """Read records, or ask the services about each identifier of a list. Raises Unreadable.

    Whatever was not found stays in the box.
    """
    stop_reading()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise Unreadable(EMPTY)
    is_list = not file_formats.is_marked_up(text) and all(map(find_listed, lines))
    if not is_list and file_formats.is_known(text):
        return PendingImport(file_formats.read(text))
    if len(text) > LONGEST_LIST:
        raise Unreadable(TOO_LONG)
    listed = {line: find_listed(line) for line in lines}
    wanted = list(dict.fromkeys(pair for pairs in listed.values() for pair in pairs))
    if not wanted:
        raise Unreadable(NOTHING_UNDERSTOOD)
    answers: list[Record | RegisteredTrial] = _ask_about(wanted[:MOST_ASKED], config)
    answers += [Record(asked=line, reason=NOT_UNDERSTOOD) for line, pairs in listed.items() if not pairs]
    records = [answer for answer in answers if isinstance(answer, Record)]
    left = [record.asked for record in records if record.reason]
    if rest := [name(*pair) for pair in wanted[MOST_ASKED:]]:
        left += rest
        reason = f"We ask about {MOST_ASKED} at a time. The others are still in the box: send it again."
        records.append(Record(asked=f"{len(rest)} more", reason=reason))
    return PendingImport(
        [msgspec.structs.replace(record, number=number) for number, record in enumerate(records, start=1)],
        [answer for answer in answers if isinstance(answer, RegisteredTrial)],
        "\n".join(left),
    )


def _ask_about(wanted: list[tuple[str, str]], config: Config) -> list[Record | RegisteredTrial]:
    """Ask about all at the same time, and go on without those that take too long."""
    until = time.monotonic() + SECONDS
    pool = ThreadPoolExecutor(_THREADS)
    asked = [pool.submit(_Lookup(config, until).ask_about, *pair) for pair in wanted]
    wait(asked, timeout=SECONDS + 1)  # finding the address of a host may take longer: nothing limits that
    pool.shutdown(wait=False, cancel_futures=True)
    return [
        answer.result() if answer.done() else Record(asked=name(*pair), reason=NO_TIME)
        for pair, answer in zip(wanted, asked, strict=True)
    ]


def name(kind: str, identifier: str) -> str:
    """Return how the box calls an identifier."""
    return f"PMID {identifier}" if kind == "pmid" else identifier


class _Lookup:
    """Questions about one paper or trial to several services, with their answers and failures."""

    def __init__(self, config: Config, until: float) -> None:
        self.config, self.until = config, until
        self.records: dict[str, Record] = {}  # by where they come from
        self.known: dict[str, str] = {}
        self.missing: list[str] = []
        self.failures: list[str] = []

    def ask_about(self, kind: str, identifier: str) -> Record | RegisteredTrial:
        """Return a trial, a paper, or why there is none."""
        if kind == "trial":
            trial = self._ask(CLINICAL_TRIALS, sources.registered_trial, identifier)
            if isinstance(trial, RegisteredTrial):
                return trial
        else:
            self.known[kind] = identifier
            first = self._ask(EUROPE_PMC, sources.europe_pmc_record, kind, identifier)
            if "pmid" in self.known:
                self._ask(PUBMED, sources.pubmed_record, self.known["pmid"])
            if "doi" in self.known:
                self._ask(CROSSREF, sources.crossref_record, self.known["doi"])
            if first and first.content.paper.is_free_to_read and "pmcid" in self.known:
                self._ask(EUROPE_PMC, sources.full_text, self.known["pmcid"], origin="its full text")
        return self.merged(name(kind, identifier))

    def _ask(self, service: Service, question: Callable[..., Any], *words: str, origin: str = "") -> Any:
        """Ask a service. Its record is taken, unless it is about another paper."""
        try:
            answer = question(self.config, *words, self.until)
        except NotThere:
            self.missing.append(service.name)
            return None
        except ServiceFailed as failure:
            self.failures.append(str(failure))
            return None
        if isinstance(answer, Record):
            origin = origin or service.name
            keys = dict(identifiers_of(answer.content.paper))
            if any(self.known.get(name, value) != value for name, value in keys.items()):
                self.failures.append(f"{origin} describes another paper, so we left it out.")
            else:
                self.known |= keys
                self.records[origin] = answer
        return answer

    def merged(self, asked: str) -> Record:
        """Merge the answers. PubMed's come first, because editors there tidy them; publishers write Crossref's."""
        origins = [
            name for name in ("PubMed", "its full text", "Europe PMC", "Crossref") if name in self.records
        ]
        if not origins:
            missing = f"Not found. We asked {' and '.join(self.missing)}." if self.missing else ""
            return Record(asked=asked, reason=" ".join(filter(None, (*self.failures, missing))))
        found = [self.records[name] for name in origins]
        text = self.records.get("its full text", Record())
        content = reduce(merging.filled, (record.content for record in found))
        refusals = (record.reason for record in found if record.reason != NO_TITLE)
        return Record(
            content=content,
            sections=text.sections,
            file=text.file,
            notes=(f"From {', '.join(origins)}.", *found[0].notes, *self.failures),
            reason=next(filter(None, refusals), "" if content.paper.title else NO_TITLE),
            asked=asked,
        )
