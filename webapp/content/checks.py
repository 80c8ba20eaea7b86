"""The checks an article passes before it is published. Errors stop it; warnings can be accepted with a reason."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import attrgetter
from unicodedata import normalize

from webapp.content.article_content import FACTS, ArticleContent, own_texts
from webapp.content.claims import NOT_PEOPLE, claim_errors, claim_warnings, claimed
from webapp.content.identifiers import find_date, find_doi
from webapp.content.number_check import number_warnings
from webapp.content.paper_status import is_notice, status_of
from webapp.content.problems import Problem
from webapp.content.readability import reading_grade, sentences, words
from webapp.content.source_text import source_text
from webapp.models import PaperSection
from webapp.models.people import AIS_GRADES, REGIONS, Ages, People, Range, Sex, is_span
from webapp.models.values import PaperStatus, ReadFrom, Result, StudyKind, Subject
from webapp.parsing import LARGEST, clean_text

SHORT_GRADE = 8.0  # simple explanation and findings
LONG_GRADE = 10.0  # research summary
SENTENCE_WORDS = 25
EXPLANATION_WORDS = 120
FINDING_WORDS = 30
TITLE_WORDS = 15
LEAST_FINDINGS = 2
MOST_FINDINGS = 5
MOST_CATEGORIES = 3
MOST_YEARS = 120
WHOLE_ADDRESS = "Enter the whole address, like https://example.org/paper."

# Fields are named as in the form: "paper-title" is the title of the paper.
_REQUIRED = {
    "paper-title": "Enter the title of the paper.",
    "paper-journal": "Enter the journal.",
    "simple_explanation": "Write the simple explanation.",
    "main_message": "Write the main message, one or two sentences.",
    "research_summary": "Write the research summary.",
    "paper-read_from": "Choose what was read of the paper.",
    "harms": "Say what harms were reported, or write “not stated” or “does not apply”.",
    "funding": "Say who paid, or write “not stated” or “does not apply”.",
    "limitations": "Enter at least one limitation of the study.",
    "categories": "Choose the main category.",
    "subject": "Choose who or what the paper studied.",
    "about_sci": "Choose whether the paper is about spinal cord injury.",
    "study_kind": "Choose the kind of study.",
    "result": "Choose what the study showed.",
    "written_by": "Say who wrote this summary.",
}
_WHEN = "Enter the year as four digits, like 2022, or a date like 2022-03-14."
_SILENT_PAPER = re.compile(r"\bpaper (?:does not|doesn['’]t) (?:say|mention|report|state)\b", re.IGNORECASE)
_NOT_READ = "Nobody read the paper in full. Write “not stated”, or say what the abstract doesn’t say."
_FORMATS = {
    "paper-pmid": (r"[1-9]\d{0,8}", "Enter the PubMed number as digits only, like 29984670."),
    "paper-pmcid": (r"PMC[1-9]\d{0,8}", "Enter the PubMed Central number with its letters, like PMC7654321."),
}
_LEVELS = (
    "Enter a level, like C5, the ends of a span, like C5, C8, or regions: cervical, thoracic, lumbar, sacral."
)
_HAVE_PLACE = tuple(name for name in People.__struct_fields__ if name != "said_in")
SAID_IN = f"Start each line with one of: {', '.join(_HAVE_PLACE)}."
_PARTS_THAT_WARN = ("simple_explanation", "findings", "research_summary")

_HOPE = re.compile(
    r"\b(cures?|cured|breakthroughs?|miracles?|patients will|safe and effective)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"[“\"][^”\"]*[”\"]")
_PERCENTAGE = re.compile(r"\d\s?(%|percent)")
_COUNT = re.compile(r"\b\d[\d,]*\s+(?:out\s+)?of\s+(?:the\s+)?\d|\bn\s?=\s?\d")
SHORT_FORM = re.compile(r"\b[A-Z][A-Z0-9]*[A-Z][A-Z0-9]*s?\b")
_KNOWN_SHORT_FORM = re.compile(
    r"US|USA|UK|AM|PM|AI|DNA|MRI|CT|HIV|[CTLS]\d+"
)  # the last: levels of the spine
_PLAIN_MARKS = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("“”„‟″«»", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)


@dataclass(frozen=True)
class Grade:
    """The reading grade of one part of an article, and the grade to aim for."""

    field: str
    name: str
    grade: float
    limit: float


class Wording(StrEnum):
    """What can be wrong with the words of a text."""

    LONG_SENTENCE = "long sentence"
    SHORT_FORM = "unexplained short form"
    HOPE = "promise"


def errors(
    content: ArticleContent, sections: Sequence[PaperSection] = (), today: date = date.max
) -> Iterator[Problem]:
    """Find what stops publishing; ``publishing`` adds what needs the database.

    ``sections`` are those of the paper's stored texts, beside its abstract; ``today`` tells which dates are in the future.
    """
    for field, message in _REQUIRED.items():
        value = attrgetter(field.replace("-", "."))(content)
        if not value or not any(value):  # a list of empty lines is empty, too
            yield Problem(field, message)
    for field, (pattern, message) in _FORMATS.items():
        value = attrgetter(field.replace("-", "."))(content)
        if value and not re.fullmatch(pattern, value):
            yield Problem(field, message)
    paper, findings = content.paper, content.findings
    needs_note, status = paper.status in (PaperStatus.RETRACTED, PaperStatus.CONCERN), status_of(paper)
    doi = find_doi(paper.doi)
    example = f"without anything around it: {doi}." if doi else "like 10.1002/jsp2.1186."
    rules = [
        (paper.doi.lower() == doi, "paper-doi", f"Enter the DOI as it is printed, {example}"),
        (
            paper.doi or paper.pmid or paper.url,
            "paper-doi",
            "Enter a DOI, a PubMed number or another link to the paper.",
        ),
        (
            paper.published_on and paper.published_on == find_date(paper.published_on),
            "paper-published_on",
            _WHEN,
        ),
        (is_address(paper.url), "paper-url", WHOLE_ADDRESS),
        (is_address(paper.status_url), "paper-status_url", WHOLE_ADDRESS),
        (
            paper.status_note or not needs_note,
            "paper-status_note",
            "Write the banner text that tells readers what the journal says.",
        ),
        (
            status == paper.status,
            "paper-status",
            f"The title, journal or DOI says “{status.label}”. Choose that under “What the journal says”.",
        ),
        (
            not is_notice(paper.title),
            "paper-title",
            "This is a notice about another paper. Enter the paper itself.",
        ),
        (
            all(row.text.strip() for row in content.corrections),
            "change_note",
            "Say what you corrected: readers see it under Corrections.",
        ),
        (
            content.study_kind is not StudyKind.STUDY_PLAN
            or content.result in (None, Result.NOT_TESTED)
            or content.since_then,
            "result",
            f"A plan has no results. Choose “{Result.NOT_TESTED.label}”, or say under “Since then” what its trial found.",
        ),
        (len(content.categories) <= MOST_CATEGORIES, "categories", "Choose at most three categories."),
        (LEAST_FINDINGS <= len(findings) <= MOST_FINDINGS, "findings", "Enter two to five key findings."),
    ]
    for field, on in (
        ("paper-published_on", paper.published_on),
        *((f"since_then-{number}-on", event.on) for number, event in enumerate(content.since_then)),
    ):
        rules.append((on <= today.isoformat()[: len(on)], field, f"{on} is in the future. Correct the date."))
    for number, finding in enumerate(findings, start=1):
        field = f"findings-{number - 1}"
        rules += [
            (finding.text, f"{field}-text", f"Write finding {number}, or remove it."),
            (finding.place, f"{field}-place", f"Say where in the paper finding {number} comes from."),
        ]
    for number, row in enumerate(content.implications, start=1):
        message = f"Give implication {number} a title and a text, or remove it."
        rules.append((row.title and row.text, f"implications-{number - 1}-title", message))
    for number, entry in enumerate(content.registrations, start=1):
        field, message = (
            f"registrations-{number - 1}",
            f"Enter the number of registration {number}, or remove it.",
        )
        rules += [
            (entry.number, f"{field}-number", message),
            (is_address(entry.url), f"{field}-url", WHOLE_ADDRESS),
        ]
    for number, event in enumerate(content.since_then, start=1):
        field = f"since_then-{number - 1}"
        rules += [
            (event.on and event.on == find_date(event.on), f"{field}-on", _WHEN),
            (event.text, f"{field}-text", f"Say what happened in event {number}, or remove it."),
            (event.doi == find_doi(event.doi), f"{field}-doi", "Enter the DOI without anything around it."),
            (event.link or event.source, f"{field}-doi", f"Give event {number} a DOI, a link or a source."),
            (is_address(event.url), f"{field}-url", WHOLE_ADDRESS),
        ]
    if paper.read_from is not ReadFrom.FULL_TEXT:
        facts = ((name, getattr(content, name)) for name in FACTS)
        rules += [
            (not _SILENT_PAPER.search(text), field, _NOT_READ)
            for field, text in dict.fromkeys((*own_texts(content), *facts))  # harms are both
        ]
    yield from people_problems(content.people)
    yield from (Problem(field, message) for is_right, field, message in rules if not is_right)
    yield from untraced_findings(content, sections)
    yield from claim_errors(content, source_text(paper, tuple(sections)))


def people_problems(people: People) -> Iterator[Problem]:
    """Find values of ``people`` that nobody can have."""
    years, ages, sex = people.years_since or Range(), people.ages or Ages(), people.sex or Sex()
    rules = [
        ("levels", is_span(people.levels) or set(people.levels) <= set(REGIONS), _LEVELS),
        ("ais", set(people.ais) <= set(AIS_GRADES), "Use the AIS grades A to E, like: A, B."),
        ("said_in", set(people.said_in) <= set(_HAVE_PLACE), SAID_IN),
    ]
    for name, ends in (
        ("years_since_from", (years.from_, years.to)),
        ("ages_from", (ages.from_, ages.typical, ages.to)),
    ):
        known = [number for number in ends if number is not None]
        is_right = known == sorted(known) and all(0 <= number <= MOST_YEARS for number in known)
        rules.append((name, is_right, f"Use numbers from 0 to {MOST_YEARS} that don’t get smaller."))
    for name, count in (("sex_men", sex.men), ("sex_women", sex.women), ("count", people.count)):
        rules.append((name, count is None or 0 <= count <= LARGEST, "Enter a whole number, like 18."))
    yield from (Problem(f"people-{name}", message) for name, is_right, message in rules if not is_right)


def warnings(content: ArticleContent, sections: Sequence[PaperSection] = ()) -> Iterator[Problem]:
    """Find what needs a reason to be published. The same warning may come twice."""
    yield from number_warnings(content, source_text(content.paper, tuple(sections)))
    for part in grades(content):
        if part.grade > part.limit and part.field in _PARTS_THAT_WARN:
            message = (
                f"The {part.name.lower()} reads at grade {part.grade:g}. Aim for {part.limit:g} or lower."
            )
            yield Problem(part.field, message)
    count = len(words(content.simple_explanation))
    if count > EXPLANATION_WORDS:
        message = f"The simple explanation has {count} words. Keep it to {EXPLANATION_WORDS}."
        yield Problem("simple_explanation", message)
    if len(words(content.plain_title)) > TITLE_WORDS:
        message = f"Keep the plain title to {TITLE_WORDS} words."
        yield Problem("plain_title", message, content.plain_title)
    if content.subject in (Subject.ANIMALS, Subject.LAB):
        for field, name in (("plain_title", "plain title"), ("main_message", "main message")):
            text = getattr(content, field)
            if not any(claimed(kind, text) for kind in NOT_PEOPLE):
                yield Problem(field, f"Say in the {name} that this wasn’t tested in people.", text)
    for index, finding in enumerate(content.findings):
        field = f"findings-{index}-text"
        if len(words(finding.text)) > FINDING_WORDS:
            yield Problem(field, f"Keep this finding to {FINDING_WORDS} words.", finding.text)
        if _PERCENTAGE.search(finding.text) and not _COUNT.search(finding.text):
            message = "Give the count next to the percentage, like 3 of 12."
            yield Problem(field, message, finding.text)
    yield from claim_warnings(content)
    for problems in wording_problems(own_texts(content)).values():
        yield from problems


def grades(content: ArticleContent) -> list[Grade]:
    """The reading grade of every part that has text."""
    findings = "\n".join(finding.text for finding in content.findings)
    implications = "\n".join(implication.text for implication in content.implications)
    parts = (
        ("simple_explanation", "Simple explanation", content.simple_explanation, SHORT_GRADE),
        ("findings", "Key findings", findings, SHORT_GRADE),
        ("research_summary", "Research summary", content.research_summary, LONG_GRADE),
        ("implications", "Practical implications", implications, LONG_GRADE),
        ("limitations", "Study limitations", "\n".join(content.limitations), LONG_GRADE),
    )
    return [
        Grade(field, name, reading_grade(text), limit) for field, name, text, limit in parts if text.strip()
    ]


def untraced_findings(content: ArticleContent, sections: Sequence[PaperSection] = ()) -> Iterator[Problem]:
    """Quotes that the stored text of the paper does not contain, and counts that cannot be read."""
    text = "\n".join((content.paper.abstract, *(section.text for section in sections)))
    paper, *quotes = (  # what is not seen differs between a quote and its source, and typographic marks do
        " ".join(normalize("NFKC", clean_text(one)).translate(_PLAIN_MARKS).split()).lower()
        for one in (text, *(finding.quote for finding in content.findings))
    )
    for number, (finding, quote) in enumerate(zip(content.findings, quotes, strict=True), start=1):
        if finding.counts and not finding.groups:
            message = f"Write the counts of finding {number} like this: New dressing: 12 of 40; usual dressing: 9 of 41."
            yield Problem(f"findings-{number - 1}-counts", message)
        if quote not in paper:
            message = f"The quote of finding {number} isn’t in the stored text of the paper, word for word."
            yield Problem(f"findings-{number - 1}-quote", message)


def is_address(text: str) -> bool:
    """Whether a text is a whole address, or empty."""
    return re.fullmatch(r"(https?://\S+)?", text) is not None


def wording_problems(texts: Sequence[tuple[str, str]]) -> dict[Wording, list[Problem]]:
    """What is wrong with the words of our own texts, by field: every kind, with an empty list where all is well.

    A promise in a quotation is not our own.
    """
    everything = " ".join(text for _, text in texts)
    seen: set[str] = set()
    found: dict[Wording, list[Problem]] = {kind: [] for kind in Wording}
    for field, sentence in ((field, sentence) for field, text in texts for sentence in sentences(text)):
        if len(words(sentence)) > SENTENCE_WORDS:
            message = f"This sentence has more than {SENTENCE_WORDS} words: “{sentence[:60]}…”"
            found[Wording.LONG_SENTENCE].append(Problem(field, message, sentence))
        for form in (form.removesuffix("s") for form in SHORT_FORM.findall(sentence)):
            if form not in seen and not _KNOWN_SHORT_FORM.fullmatch(form):
                seen.add(form)
                if f"({form})" not in everything and f"({form}s)" not in everything:
                    message = f"Write out {form} the first time it is used."
                    found[Wording.SHORT_FORM].append(Problem(field, message, sentence))
    for field, text in texts:
        for sentence in sentences(_QUOTED.sub("", text)):
            for match in _HOPE.finditer(sentence):
                message = f"“{match.group()}” promises more than a study can show. Use calmer words."
                found[Wording.HOPE].append(Problem(field, message, sentence))
    return found
