"""A summary at a glance: what the card on its page, the head of its print and its picture for messengers show."""

import re
from dataclasses import dataclass
from enum import StrEnum

from webapp.content.fact_words import fact, stated
from webapp.content.how_sure import HowSure, how_sure
from webapp.content.result_words import result_words, studied_count, who_took_part
from webapp.content.spine import lit_bars
from webapp.languages.language import gettext
from webapp.models import Article
from webapp.models.in_words import capitalized, plural
from webapp.models.people import LEVELS, REGIONS
from webapp.models.values import AboutSci, Result, StudyKind, Subject

MOST_FIGURES = 60  # more people than these, and each figure is ten of them, or a hundred …
_SHORT, _LONG = 60, 120  # letters that fit beside the spine, and into a field of the card
_LEVEL = "|".join(LEVELS)
_EXACT_LEVELS = re.compile(rf"({_LEVEL})(?: to ({_LEVEL}))?")
_SENTENCE = re.compile(r"[^.!?]*[.!?](?=\s|$)")


class Figure(StrEnum):
    """What one figure of a crowd shows."""

    PERSON = "person"
    ANIMAL = "animal"


@dataclass(frozen=True)
class Crowd:
    """How many people or animals there were, as figures; each may stand for 10, 100 … of them."""

    figure: Figure
    count: int
    each: int


@dataclass(frozen=True)
class Glance:
    """The fields of the card.

    ``result_of`` gives the shape and the color; None if the paper is retracted or a draft does not say the result yet.
    ``harms_go_on``: the field holds only the beginning of what the summary says of harms.
    """

    result: str
    result_of: Result | None
    who: str
    who_more: str
    crowd: Crowd | None
    lit: frozenset[int]
    level: str
    level_more: str
    study: str
    study_more: str
    sure: HowSure
    harms: str
    harms_go_on: bool


def glance(article: Article) -> Glance:
    """What a summary shows at a glance. A draft may not have said all of it yet."""
    count = studied_count(article)
    lit = lit_bars([] if article.about_sci is AboutSci.NO else _levels(article))
    level, level_more = _level_words(article, lit)
    kind = article.study_kind
    step = gettext("Step %(step)s of 5") % {"step": kind.step} if kind and kind.step else ""
    harms, harms_go_on = _beginning(fact(article, "harms"), _LONG)
    return Glance(
        result=capitalized(result_words(article)),
        result_of=None if article.paper.is_retracted else article.result or None,
        who=plural(count, "person planned", "people planned")
        if kind is StudyKind.STUDY_PLAN and article.subject is Subject.PEOPLE and count is not None
        else who_took_part(article),
        who_more=_who_more(article, count),
        crowd=_crowd(article, count),
        lit=lit,
        level=level,
        level_more=level_more,
        study=kind.label if kind else "",
        study_more=" · ".join(filter(None, (step, _if_short(stated(article, "study_duration"))))),
        sure=how_sure(article),
        harms=harms,
        harms_go_on=harms_go_on,
    )


def _who_more(article: Article, count: int | None) -> str:
    """Men, women and ages where they are known; if not even the number of people is, the participants as the summary has them."""
    words, ages = article.people.words, article.people.ages
    age = ""
    if ages and "age" in words:
        age = gettext("age %(age)s") if ages.from_ == ages.to else gettext("ages %(age)s")
        age %= {"age": words["age"]}
    known = ", ".join(filter(None, (words.get("sex"), age)))
    if known or (article.subject is Subject.PEOPLE and count is not None):
        return known
    return _beginning(fact(article, "participants"), _LONG)[0]


def _crowd(article: Article, count: int | None) -> Crowd | None:
    if not count or article.subject not in (Subject.PEOPLE, Subject.ANIMALS):
        return None
    each = 1
    while count > MOST_FIGURES * each:
        each *= 10
    figure = Figure.PERSON if article.subject is Subject.PEOPLE else Figure.ANIMAL
    return Crowd(figure, max(1, round(count / each)), each)


def _levels(article: Article) -> list[str]:
    """The levels of the injury; of animals, where the field has nothing but a level or a span."""
    match = _EXACT_LEVELS.fullmatch((article.injury_level or "").strip())
    return article.people.levels or ([level for level in match.groups() if level] if match else [])


def _level_words(article: Article, lit: frozenset[int]) -> tuple[str, str]:
    """What stands under the spine, in bold and after it."""
    if article.about_sci is AboutSci.NO:
        return gettext("Not about spinal cord injury"), gettext("So no level is lit.")
    completeness = _if_short(article.people.words.get("injury_completeness", ""))
    if lit:
        levels = _levels(article)
        regions = [gettext(REGIONS[level]) for level in levels if level in REGIONS]
        where = ", ".join(regions) or gettext(" to ").join(levels)
        return gettext("Injury: %(level)s") % {"level": where}, completeness
    if text := stated(article, "injury_level"):
        return gettext("Injury: %(level)s") % {"level": _beginning(text, _SHORT)[0]}, completeness
    return gettext("Which level?"), gettext("Not stated in what we read, so nothing is lit.")


def _if_short(text: str) -> str:
    return text if len(text) <= _SHORT else ""


def _beginning(text: str, most: int) -> tuple[str, bool]:
    """The whole text if it is short, else its first sentences that fit, and whether it goes on."""
    if len(text) <= most:
        return text, False
    kept = ""
    for sentence in _SENTENCE.findall(text):
        if kept and len(kept) + len(sentence) > most:
            break
        kept += sentence
    return (kept or text).strip(), len(kept.strip()) < len(text.strip())
