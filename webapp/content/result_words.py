"""What a study showed, in words that promise no more than it can show."""

import re

from webapp.content.quantities import number
from webapp.languages.language import gettext, gettext_noop
from webapp.models import Article
from webapp.models.in_words import plural
from webapp.models.values import Result, StudyKind, Subject

FEW_PEOPLE = 10  # fewer than these are too few to know
# Others compare people who were not put into groups at random, or nobody: something else may explain what they found.
CAN_SHOW_A_CAUSE = (StudyKind.REVIEWS, StudyKind.RANDOMIZED_TRIAL)
_DIRECTIONS = {
    Result.HELPED: gettext_noop("better"),
    Result.NO_CLEAR_DIFFERENCE: gettext_noop("no clear difference"),
    Result.MIXED: gettext_noop("mixed results"),
    Result.HARMFUL: gettext_noop("worse"),
}
# The animals that papers study most often; a summary may name others.
_SPECIES = (
    gettext_noop("rats"),
    gettext_noop("mice"),
    gettext_noop("dogs"),
    gettext_noop("cats"),
    gettext_noop("pigs"),
    gettext_noop("minipigs"),
    gettext_noop("rabbits"),
    gettext_noop("monkeys"),
    gettext_noop("lampreys"),
)
_COUNT = re.compile(r"\s*(\d[\d,]*) ([a-z]+)", re.IGNORECASE)
_PEOPLE = re.compile(
    "people|persons?|m[ae]n|wom[ae]n|adults?|child|children|patients?|participants?|volunteers?|veterans?",
    re.IGNORECASE,
)


def result_words(article: Article) -> str:
    """What the study showed; few people, animals or a mere link change the words. Empty where a draft does not say it yet."""
    if article.paper.is_retracted:
        return gettext("cannot be relied on")
    result = article.result
    if not result or result is Result.NOT_TESTED:
        return result.label.lower() if result else ""
    if article.study_kind is StudyKind.STUDY_PLAN:
        return gettext("%(result)s in the later results") % {"result": gettext(_DIRECTIONS[result])}
    if article.subject in (Subject.ANIMALS, Subject.LAB, Subject.MIXED):
        where = {
            Subject.ANIMALS: gettext(article.species or "animals"),
            Subject.LAB: gettext("the lab"),
            Subject.MIXED: gettext("people and animals together"),
        }[article.subject]
        return gettext("%(result)s in %(where)s") % {
            "result": gettext(_DIRECTIONS[result]),
            "where": where,
        }
    return _in_people(article, result)


def _in_people(article: Article, result: Result) -> str:
    count = studied_count(article)
    if count is not None and count < FEW_PEOPLE:
        what = gettext("mixed results") if result is Result.MIXED else result.label.lower()
        people = plural(count, "person", "people")
        return gettext("%(result)s in %(people)s – too few to know") % {"result": what, "people": people}
    if result in (Result.HELPED, Result.HARMFUL) and article.study_kind not in CAN_SHOW_A_CAUSE:
        return gettext("%(result)s – a link, not proof") % {"result": gettext(_DIRECTIONS[result])}
    return result.label.lower()


def who_took_part(article: Article) -> str:
    """How many people took part, or else what was studied: "12 people", "Animals (rats)". Empty where a draft does not say it yet."""
    if (count := people_count(article)) is not None:
        return plural(count, "person", "people")
    if article.subject is None:
        return ""
    label = article.subject.label
    return f"{label} ({gettext(article.species)})" if article.species else label


def people_count(article: Article) -> int | None:
    """How many people took part; None for animals, for plans, and where it is not stated as one number."""
    is_done = article.subject is Subject.PEOPLE and article.study_kind is not StudyKind.STUDY_PLAN
    return studied_count(article) if is_done else None


def studied_count(article: Article) -> int | None:
    """How many people or animals were studied; None where it is not stated as one number."""
    if article.people.count is not None:
        return article.people.count
    match = _COUNT.match(article.sample_size or "")
    if match and (_PEOPLE.fullmatch(match[2]) or match[2] in (article.species or "").split()):
        return number(match[1])
    return None
