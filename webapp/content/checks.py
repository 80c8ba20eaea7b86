"""The checks an article passes before it is published. Errors stop it; warnings can be accepted with a reason."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from webapp.content.article_content import ArticleContent, is_partial_date
from webapp.content.readability import reading_grade, sentences, words
from webapp.models.values import PaperStatus, Subject

SHORT_GRADE = 8.0  # simple explanation and findings
LONG_GRADE = 10.0  # research summary
SENTENCE_WORDS = 25
EXPLANATION_WORDS = 120
FINDING_WORDS = 30
TITLE_WORDS = 15
LEAST_FINDINGS = 2
MOST_FINDINGS = 5
MOST_CATEGORIES = 3

_HOPE = re.compile(
    r"\b(cures?|cured|breakthroughs?|miracles?|patients will|safe and effective)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"[“\"][^”\"]*[”\"]")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w])")
_SHORT_FORM = re.compile(r"\b[A-Z][A-Z0-9]*[A-Z][A-Z0-9]*s?\b")
_KNOWN_SHORT_FORMS = {"US", "USA", "UK", "AM", "PM", "AI", "DNA", "MRI", "CT", "HIV"}
_ANIMAL_WORDS = re.compile(
    r"\b(animals?|rats?|mice|mouse|dogs?|cats?|pigs?|piglets?|monkeys?|lampreys?|fish|rabbits?|"
    r"lab|laborator(?:y|ies)|dish(?:es)?|cells?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Problem:
    """One thing a check found: the field it is about, and a sentence that says what to do."""

    field: str
    message: str


@dataclass(frozen=True)
class Report:
    """All that the checks found. An article with no error can be published."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check(content: ArticleContent) -> Report:
    """Run every check of a single article's text; what needs the database is checked where it is published."""
    return Report(errors=tuple(_run(_ERRORS, content)), warnings=tuple(_run(_WARNINGS, content)))


def _run(rules: tuple["Rule", ...], content: ArticleContent) -> Iterator[Problem]:
    for rule in rules:
        yield from rule(content)


# ------------------------------------------------------------------ errors


def _required(content: ArticleContent) -> Iterator[Problem]:
    needed = (
        ("paper-title", content.paper.title, "Enter the title of the paper."),
        ("paper-journal", content.paper.journal, "Enter the journal."),
        ("simple_explanation", content.simple_explanation, "Write the simple explanation."),
        ("main_message", content.main_message, "Write the main message, one or two sentences."),
        ("research_summary", content.research_summary, "Write the research summary."),
        ("harms", content.harms, "Say what harms were reported, or write “The paper does not say”."),
        ("funding", content.funding, "Say who paid, or write “The paper does not say”."),
        ("limitations", any(content.limitations), "Enter at least one limitation of the study."),
        ("categories", content.categories, "Choose the main category."),
        ("subject", content.subject, "Choose whom or what the paper studied."),
        ("about_sci", content.about_sci, "Choose whether the paper is about spinal cord injury."),
        ("study_kind", content.study_kind, "Choose the kind of study."),
        ("result", content.result, "Choose what the study showed."),
        ("written_by", content.written_by, "Say who wrote this summary."),
    )
    yield from (Problem(field, message) for field, value, message in needed if not value)


def _identified(content: ArticleContent) -> Iterator[Problem]:
    paper = content.paper
    if not (paper.doi or paper.pmid or paper.url):
        yield Problem("paper-doi", "Enter a DOI, a PubMed number or another link to the paper.")
    if paper.doi and not re.fullmatch(r"10\.\d{4,9}/\S+", paper.doi):
        yield Problem("paper-doi", "Enter the DOI as it is printed, like 10.1002/jsp2.1186.")
    if paper.pmid and not re.fullmatch(r"\d{1,9}", paper.pmid):
        yield Problem("paper-pmid", "Enter the PubMed number as figures only, like 29984670.")
    if not is_partial_date(paper.published_on):
        yield Problem(
            "paper-published_on", "Enter the year as four digits, like 2022, or a date like 2022-03-14."
        )


def _findings(content: ArticleContent) -> Iterator[Problem]:
    if not LEAST_FINDINGS <= len(content.findings) <= MOST_FINDINGS:
        yield Problem("findings", "Enter two to five key findings.")
    for number, finding in enumerate(content.findings, start=1):
        if not finding.text:
            yield Problem(f"findings-{number - 1}-text", f"Write finding {number}, or remove it.")
        if not finding.place:
            yield Problem(
                f"findings-{number - 1}-place", f"Say where in the paper finding {number} comes from."
            )
    yield from untraced_quotes(content)


def untraced_quotes(content: ArticleContent) -> Iterator[Problem]:
    """Quotes that the stored abstract does not have."""
    for number, finding in enumerate(content.findings, start=1):
        if finding.counts and not finding.groups:
            yield Problem(
                f"findings-{number - 1}-counts",
                f"Write the counts of finding {number} like this: New dressing: 12 of 40; usual dressing: 9 of 41.",
            )
        if finding.quote and _folded(finding.quote) not in _folded(content.paper.abstract):
            yield Problem(
                f"findings-{number - 1}-quote",
                f"The quote of finding {number} is not in the stored abstract, word for word.",
            )


def _links(content: ArticleContent) -> Iterator[Problem]:
    links = (
        ("paper-url", content.paper.url),
        ("paper-status_url", content.paper.status_url),
        ("trial_url", content.trial_url),
    )
    for field, address in links:
        if address and not re.fullmatch(r"https?://\S+", address):
            yield Problem(field, "Enter the whole address, like https://example.org/paper.")


def _categories(content: ArticleContent) -> Iterator[Problem]:
    if len(content.categories) > MOST_CATEGORIES:
        yield Problem("categories", "Choose at most three categories.")


def _retraction(content: ArticleContent) -> Iterator[Problem]:
    if content.paper.status in (PaperStatus.RETRACTED, PaperStatus.CONCERN) and not content.paper.status_note:
        yield Problem("paper-status_note", "Write the banner text that tells readers what the journal says.")


def _implications(content: ArticleContent) -> Iterator[Problem]:
    for number, implication in enumerate(content.implications, start=1):
        if not (implication.title and implication.text):
            yield Problem(
                f"implications-{number - 1}-title",
                f"Give implication {number} a title and a text, or remove it.",
            )


# ---------------------------------------------------------------- warnings


def _grades(content: ArticleContent) -> Iterator[Problem]:
    limits = (
        ("simple_explanation", "simple explanation", content.simple_explanation, SHORT_GRADE),
        ("findings", "key findings", "\n".join(finding.text for finding in content.findings), SHORT_GRADE),
        ("research_summary", "research summary", content.research_summary, LONG_GRADE),
    )
    for field, name, text, limit in limits:
        grade = reading_grade(text)
        if grade > limit:
            yield Problem(field, f"The {name} reads at grade {grade:g}. Aim for {limit:g} or lower.")


def _lengths(content: ArticleContent) -> Iterator[Problem]:
    count = len(words(content.simple_explanation))
    if count > EXPLANATION_WORDS:
        yield Problem(
            "simple_explanation", f"The simple explanation has {count} words. Keep it to {EXPLANATION_WORDS}."
        )
    if len(words(content.plain_title)) > TITLE_WORDS:
        yield Problem("plain_title", f"Keep the plain title to {TITLE_WORDS} words.")
    for number, finding in enumerate(content.findings, start=1):
        if len(words(finding.text)) > FINDING_WORDS:
            yield Problem(f"findings-{number - 1}-text", f"Keep finding {number} to {FINDING_WORDS} words.")


def long_sentences(content: ArticleContent) -> Iterator[Problem]:
    """Sentences that are hard to hold in mind."""
    for field, text in own_texts(content):
        for sentence in sentences(text):
            if len(words(sentence)) > SENTENCE_WORDS:
                yield Problem(
                    field, f"This sentence has more than {SENTENCE_WORDS} words: “{sentence[:60]}…”"
                )


def untraced_numbers(content: ArticleContent) -> Iterator[Problem]:
    """Numbers in the summary that the stored abstract, where there is one, does not have."""
    if not content.paper.abstract:
        return
    known = {_figure(number) for number in _NUMBER.findall(content.paper.abstract)}
    for field, text in own_texts(content):
        for number in _NUMBER.findall(text):
            if _figure(number) not in known:
                yield Problem(field, f"The number {number} is not in the stored abstract. Check it.")


def _animals(content: ArticleContent) -> Iterator[Problem]:
    if content.subject not in (Subject.ANIMALS, Subject.LAB):
        return
    for field, name in (("plain_title", "plain title"), ("main_message", "main message")):
        if not _ANIMAL_WORDS.search(getattr(content, field)):
            yield Problem(field, f"Say in the {name} that this was not tested in people.")


def hope_words(content: ArticleContent) -> Iterator[Problem]:
    """Words that promise more than one study can show, outside quotes."""
    for field, text in own_texts(content):
        for match in _HOPE.finditer(_QUOTED.sub("", text)):
            yield Problem(field, f"“{match.group(0)}” promises more than a study can show. Use calmer words.")


def _percentages(content: ArticleContent) -> Iterator[Problem]:
    for number, finding in enumerate(content.findings, start=1):
        if re.search(r"\d\s?(%|percent)", finding.text) and not re.search(
            r"\b\d[\d,]*\s+(?:out\s+)?of\s+(?:the\s+)?\d|\bn\s?=\s?\d", finding.text
        ):
            yield Problem(
                f"findings-{number - 1}-text",
                f"Give the count beside the percentage in finding {number}, like 3 of 12.",
            )


def short_forms(content: ArticleContent) -> Iterator[Problem]:
    """Short forms that are nowhere written out."""
    seen: set[str] = set()
    whole = " ".join(text for _, text in own_texts(content))
    for field, text in own_texts(content):
        for form in _SHORT_FORM.findall(text):
            bare = form.removesuffix("s")
            if bare in seen or bare in _KNOWN_SHORT_FORMS or re.fullmatch(r"[CTLS]\d+", bare):
                continue
            seen.add(bare)
            if f"({bare})" not in whole and f"({bare}s)" not in whole:
                yield Problem(field, f"Write out {bare} the first time it is used.")


# ------------------------------------------------------------------ shared


def own_texts(content: ArticleContent) -> list[tuple[str, str]]:
    """The article's own running texts in page order, each with its field's name."""
    return [
        ("plain_title", content.plain_title),
        ("main_message", content.main_message),
        ("simple_explanation", content.simple_explanation),
        *((f"findings-{i}-text", finding.text) for i, finding in enumerate(content.findings)),
        ("harms", content.harms),
        ("research_summary", content.research_summary),
        *((f"implications-{i}-text", implication.text) for i, implication in enumerate(content.implications)),
        *((f"limitations-{i}", text) for i, text in enumerate(content.limitations)),
    ]


def _folded(text: str) -> str:
    """Text with white space and typographic marks evened out, to compare a quote with its source."""
    return " ".join(text.translate(str.maketrans("‘’“”–—‐‑", "''\"\"----")).split()).lower()


def _figure(number: str) -> str:
    return number.replace(",", "")


Rule = Callable[[ArticleContent], Iterator[Problem]]
_ERRORS: tuple[Rule, ...] = (
    _required,
    _identified,
    _links,
    _findings,
    _categories,
    _implications,
    _retraction,
)
_WARNINGS: tuple[Rule, ...] = (
    _grades,
    _lengths,
    long_sentences,
    untraced_numbers,
    _animals,
    hope_words,
    _percentages,
    short_forms,
)
