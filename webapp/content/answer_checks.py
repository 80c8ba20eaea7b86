"""The checks an answer passes before it is published, against the summaries that it cites.

``cited`` gives the article behind each slug, also a withdrawn one; a slug that is missing there belongs to no summary.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from webapp.content.answer_content import AnswerContent
from webapp.content.article_content import FACTS
from webapp.content.checks import (
    MOST_CATEGORIES,
    SHORT_GRADE,
    WHOLE_ADDRESS,
    is_address,
    wording_problems,
)
from webapp.content.claims import NOT_PEOPLE, claimed
from webapp.content.number_check import Trace, traced_in
from webapp.content.problems import Problem
from webapp.content.quantities import quantities
from webapp.content.readability import reading_grade, sentences
from webapp.content.source_text import SourceText
from webapp.models import Article, PaperPart, PaperSection
from webapp.models.article import running_text
from webapp.models.in_words import plural
from webapp.models.values import ArticleStatus, Certainty, Subject

LEAST_PHRASINGS, MOST_PHRASINGS = 5, 20
LEAST_CLAIMS, MOST_CLAIMS = 3, 8
VERDICT_SENTENCES = 2

_REQUIRED = {
    "question": "Write the question as people ask it.",
    "verdict": "Write the verdict, one or two sentences.",
    "certainty": "Choose how sure we are.",
    "certainty_reason": "Say in a sentence why we are that sure.",
    "missing": "Say what we don’t have or know.",
    "would_change": "Say what would change this answer.",
    "questions": "Enter at least one question for the care team.",
    "categories": "Choose the main category.",
    "written_by": "Say who wrote this answer.",
    "next_check_on": "Enter the date by which this answer will be checked again.",
}
_ANIMALS = (Subject.ANIMALS, Subject.LAB)
# "4 summaries", "3 of these 4 summaries", "two small trials": how many of the cited ones a sentence speaks of.
_OF_CITED = re.compile(
    r"\s+(?:of\s+(?:(?:the|these|our)\s+)?\S+\s+)?(?:[\w-]+\s+)?(?:(?P<summaries>summar(?:y|ies))|trials?|stud(?:y|ies)|papers?)\b",
    re.IGNORECASE,
)


def answer_errors(content: AnswerContent, cited: Mapping[str, Article]) -> Iterator[Problem]:
    """Find what stops publishing; ``publishing`` adds what needs the database."""
    for field, message in _REQUIRED.items():
        if not getattr(content, field):
            yield Problem(field, message)
    claim_count, is_open = len(content.found), content.certainty is Certainty.NOBODY_KNOWS
    verdict_length = len(sentences(content.verdict))
    rules: list[tuple[object, str, str]] = [
        (
            LEAST_PHRASINGS <= len(content.phrasings) <= MOST_PHRASINGS,
            "phrasings",
            f"Enter {LEAST_PHRASINGS} to {MOST_PHRASINGS} other ways in which people ask this.",
        ),
        (len(content.categories) <= MOST_CATEGORIES, "categories", "Choose at most three categories."),
        (verdict_length <= VERDICT_SENTENCES, "verdict", "Keep the verdict to two sentences."),
        (
            content.verdict_rests_on or is_open,
            "verdict_rests_on",
            f"Name the summaries that the verdict rests on, or choose “{Certainty.NOBODY_KNOWS.label}”.",
        ),
        (
            claim_count <= MOST_CLAIMS and (claim_count >= LEAST_CLAIMS or is_open),
            "found",
            f"Enter {LEAST_CLAIMS} to {MOST_CLAIMS} things that we found, or choose “{Certainty.NOBODY_KNOWS.label}”.",
        ),
    ]
    for index, claim in enumerate(content.found):
        number, field = index + 1, f"found-{index}"
        rules += [
            (claim.text, f"{field}-text", f"Write claim {number}, or remove it."),
            (claim.rests_on, f"{field}-rests_on", f"Name the summaries that claim {number} rests on."),
        ]
    for index, place in enumerate(content.elsewhere):
        field = f"elsewhere-{index}"
        rules += [
            (place.name and place.url, f"{field}-name", f"Give place {index + 1} a name and a link."),
            (is_address(place.url), f"{field}-url", WHOLE_ADDRESS),
        ]
    yield from (Problem(field, message) for is_right, field, message in rules if not is_right)
    for field, slugs in _citations(content):
        yield from _unfit(field, slugs, cited)
    for field, text in answer_texts(content):
        if words := claimed("general", text, unless="denied"):
            message = f"“{words}” speaks for all research. Say “of the summaries here”, and how many."
            yield Problem(field, message, text)
    yield from untraced_numbers(content, cited)


def answer_warnings(content: AnswerContent, cited: Mapping[str, Article]) -> Iterator[Problem]:
    """Find what needs a reason to be published."""
    for field, name, text in (
        ("verdict", "verdict", content.verdict),
        ("found", "text under “What we found”", "\n".join(claim.text for claim in content.found)),
    ):
        grade = reading_grade(text)
        if grade > SHORT_GRADE:
            yield Problem(field, f"The {name} reads at grade {grade:g}. Aim for {SHORT_GRADE:g} or lower.")
    are_people = []
    for index, claim in enumerate(content.found):
        subjects = {cited[slug].subject for slug in claim.rests_on if slug in cited}
        is_of_animals = bool(subjects) and subjects <= set(_ANIMALS)
        are_people.append(not is_of_animals)
        if is_of_animals and not any(claimed(kind, claim.text) for kind in NOT_PEOPLE):
            message = "This wasn’t tested in people. Say what it was tested in."
            yield Problem(f"found-{index}-text", message, claim.text)
    if are_people != sorted(are_people, reverse=True):
        yield Problem("found", "Put what was found in people before what was found in animals or in the lab.")
    for field, sentence in ((field, one) for field, text in answer_texts(content) for one in sentences(text)):
        if order := claimed("orders", sentence):
            yield Problem(field, f"“{order}” tells readers what to do. Say what was found.", sentence)
    for problems in wording_problems(answer_texts(content)).values():
        yield from problems


def answer_texts(content: AnswerContent) -> list[tuple[str, str]]:
    """The answer's running texts in page order, each with its field's name."""
    return [
        ("verdict", content.verdict),
        ("certainty_reason", content.certainty_reason),
        *((f"found-{i}-text", claim.text) for i, claim in enumerate(content.found)),
        *((f"missing-{i}", text) for i, text in enumerate(content.missing)),
        *((f"would_change-{i}", text) for i, text in enumerate(content.would_change)),
        *((f"questions-{i}", text) for i, text in enumerate(content.questions)),
    ]


def _citations(content: AnswerContent) -> list[tuple[str, list[str]]]:
    """The field of each list of cited summaries, with their slugs."""
    claims = ((f"found-{index}-rests_on", claim.rests_on) for index, claim in enumerate(content.found))
    return [("verdict_rests_on", content.verdict_rests_on), *claims]


def _unfit(field: str, slugs: Iterable[str], cited: Mapping[str, Article]) -> Iterator[Problem]:
    """Summaries that cannot be cited here, by name."""
    for slug in slugs:
        article = cited.get(slug)
        if article is None:
            yield Problem(field, f"We have no summary “{slug}”. Enter its address or more of its title.")
        elif article.status is not ArticleStatus.PUBLISHED:
            yield Problem(field, f"“{article.title}” was withdrawn. An answer can’t rest on it.")
        elif article.paper.is_retracted:
            yield Problem(
                field, f"The journal retracted the paper of “{article.title}”. An answer can’t rest on it."
            )
        elif field == "verdict_rests_on" and article.subject in _ANIMALS:
            message = f"“{article.title}” didn’t study people. It can support a claim, but not the verdict."
            yield Problem(field, message)


def untraced_numbers(content: AnswerContent, cited: Mapping[str, Article]) -> Iterator[Problem]:
    """Numbers of the verdict and of claims that none of the summaries they rest on has."""
    texts = {"verdict": content.verdict} | {
        f"found-{index}-text": claim.text for index, claim in enumerate(content.found)
    }
    for (field, text), (_, slugs) in zip(texts.items(), _citations(content), strict=True):
        articles = [cited[slug] for slug in slugs if slug in cited]
        source = SourceText.joined([_summary_text(article) for article in articles])
        for sentence in dict.fromkeys(sentences(text)):
            rest = sentence
            for number in reversed(quantities(sentence)):
                match = _OF_CITED.match(sentence, number.start + len(number.text))
                is_too_many = number.value > len(slugs)
                if not match or (is_too_many and not match["summaries"]):
                    continue  # it counts something else, and has to be in a summary
                if is_too_many:
                    cites = plural(len(slugs), "summary", "summaries")
                    message = f"This speaks of {number.text} summaries, but rests on {cites}."
                    yield Problem(field, message, sentence)
                rest = rest[: number.start] + rest[number.start + len(number.text) :]
            for text_of_number, (trace, *_) in traced_in(rest, source).items():
                if trace is Trace.MISSING:
                    message = f"None of the summaries that this rests on has the number {text_of_number}."
                    yield Problem(field, message, sentence)


def _summary_text(article: Article) -> SourceText:
    """Everything that a summary says, for the number check."""
    facts = (getattr(article, name) or "" for name in FACTS)
    texts = (
        running_text(article),
        "\n".join(filter(None, [*facts, article.evidence_level])),
        "\n".join(article.people.words.values()),
        "\n".join(f"{finding.counts}\n{finding.quote}" for finding in article.findings),
        "\n".join(f"{event.on} {event.text}" for event in article.since_then),
        article.paper.published_on,
    )
    title = f"{article.title}\n{article.paper.title}"
    return _read(title, *(PaperSection(PaperPart.ABSTRACT, text) for text in texts))


# Read once for all answers that cite it, as when the starter library is loaded.
_read = lru_cache(maxsize=200)(SourceText)
