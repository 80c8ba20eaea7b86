"""Were people like the reader in a study? A reader's five answers, compared with what is stated of the people in it.

Each answer is compared on its own, with ``People`` alone: included if what is stated covers it, not included if it is outside,
else not stated. Nothing is inferred: "chronic" is no number of years, a mean age no range, and a region of the spine that a
study covers in part gets neither yes nor no. Of the AIS grades, A is complete and B to D are incomplete by their definition.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from babel.lists import format_list

from webapp.languages.language import current_language, gettext, gettext_noop
from webapp.models import Article
from webapp.models.in_words import plural
from webapp.models.people import LEVELS, REGIONS, Either, People, Range
from webapp.models.values import AboutSci, Labeled, StudyKind, Subject
from webapp.parsing import int_from

LONGEST = 99  # time since the injury, in years or in months
OLDEST = 120
MONTHS = 12  # in a year
COMPLETE = {"complete": True, "incomplete": False}
WALKS = {"walks": True, "nowalk": False}
_CODE = re.compile(
    rf"(?:(?P<level>{'|'.join([*LEVELS, *REGIONS]).lower()})-)?"
    rf"(?:(?P<complete>{'|'.join(COMPLETE)})-)?"
    r"(?:(?P<time>[0-9]{1,2})(?P<unit>[ym])-)?"
    r"(?:(?P<age>[0-9]{1,3})a-)?"
    rf"(?:(?P<walks>{'|'.join(WALKS)})-)?"
)


class ProfileQuestion(Labeled):
    """What a reader is asked, by the name that ``People.words`` has for it."""

    LEVEL = "injury_level", "Injury level"
    COMPLETENESS = "injury_completeness", "Complete or incomplete"
    TIME = "time_since_injury", "Time since injury"
    AGE = "age", "Age"
    WALKING = "walks", "Able to walk"


class Fit(Labeled):
    """Whether people with the reader's answer were in a study; in the order in which lists are sorted."""

    INCLUDED = "included", "Included"
    NOT_STATED = "not-stated", "Not stated"
    NOT_INCLUDED = "not-included", "Not included"


@dataclass(frozen=True)
class Profile:
    """A reader's answers; None for a question that was skipped. ``level``: like "C6", or a region like "cervical"."""

    level: str | None = None
    is_complete: bool | None = None
    months: int | None = None  # since the injury
    age: int | None = None
    walks: bool | None = None

    @classmethod
    def from_code(cls, code: str) -> "Profile | None":
        """The profile that has this code; None if there is none, or if it answers nothing."""
        match = _CODE.fullmatch(f"{code}-")
        if match is None:
            return None
        level, time = match["level"], int_from(match["time"], 1)
        profile = cls(
            level=level if level is None or level in REGIONS else level.upper(),
            is_complete=COMPLETE.get(match["complete"]),
            months=time and time * (MONTHS if match["unit"] == "y" else 1),
            age=int_from(match["age"], 0, OLDEST),
            walks=WALKS.get(match["walks"]),
        )
        return profile if profile.code == code else None

    @property
    def code(self) -> str:
        """The answers as part of an address, like ``c6-incomplete-12y-34a-walks``. Equal profiles have equal codes."""
        number, unit = self.time
        parts = (
            (self.level or "").lower(),
            *[word for word, is_complete in COMPLETE.items() if is_complete is self.is_complete],
            f"{number}{unit[0]}" if number else "",
            "" if self.age is None else f"{self.age}a",
            *[word for word, walks in WALKS.items() if walks is self.walks],
        )
        return "-".join(filter(None, parts))

    @property
    def time(self) -> tuple[int | None, str]:
        """The time since the injury as a number of "years", or of "months" if it is not whole years."""
        if self.months and self.months % MONTHS == 0:
            return self.months // MONTHS, "years"
        return self.months, "months"

    @property
    def words(self) -> str:
        """The answers as the reader sees them again."""
        number, unit = self.time
        time = plural(number or 0, unit.removesuffix("s"))
        parts = (
            gettext(REGIONS.get(self.level or "", self.level or "")),
            {True: gettext("complete"), False: gettext("incomplete"), None: ""}[self.is_complete],
            gettext("injured %(time)s ago") % {"time": time} if number else "",
            "" if self.age is None else gettext("age %(age)s") % {"age": self.age},
            {True: gettext("can walk"), False: gettext("can’t walk"), None: ""}[self.walks],
        )
        return ", ".join(filter(None, parts))


@dataclass(frozen=True)
class Comparison:
    """How a study compares with a profile, for each question that was answered, and in one sentence."""

    fits: dict[ProfileQuestion, Fit]
    sentence: str

    @property
    def overall(self) -> Fit:
        """Not included if one answer is not; else included if at least one is."""
        given = self.fits.values()
        return next((fit for fit in (Fit.NOT_INCLUDED, Fit.INCLUDED) if fit in given), Fit.NOT_STATED)

    @property
    def rank(self) -> tuple[int, int]:
        """The place in a list that begins with people like the reader: lower is earlier."""
        return list(Fit).index(self.overall), -list(self.fits.values()).count(Fit.INCLUDED)


def compare(profile: Profile, article: Article) -> Comparison:
    """Compare the people in a study with a reader's profile."""
    answers = _answers(profile, article.people)
    nobody = ""  # why nobody in the study was like any reader
    if article.subject is Subject.ANIMALS:
        animals = article.species or gettext("animals")
        nobody = gettext("This study was done in %(animals)s, not in people.") % {"animals": animals}
    elif article.subject is Subject.LAB:
        nobody = gettext("This study was done in a lab, not in living people.")
    elif article.about_sci is AboutSci.NO:
        nobody = gettext("This study wasn’t about people with a spinal cord injury.")
    if nobody:
        return Comparison(dict.fromkeys(answers, Fit.NOT_INCLUDED), nobody)
    fits = {question: fit for question, (fit, _) in answers.items()}
    differences = [difference for _, difference in answers.values() if difference]
    return Comparison(fits, _sentence(fits, differences, article))


@dataclass(frozen=True)
class Difference:
    """How people in a study were different from the reader, said of one person and of several."""

    of_one: str
    of_several: str


# Whether it fits and, if people in the study were different from the reader, how.
_Answer = tuple[Fit, Difference | None]
_NOT_STATED: _Answer = (Fit.NOT_STATED, None)
_INCLUDED: _Answer = (Fit.INCLUDED, None)
LONGER_AGO = Difference(
    gettext_noop("was injured longer ago than you"), gettext_noop("were injured longer ago than you")
)
MORE_RECENTLY = Difference(
    gettext_noop("was injured more recently than you"), gettext_noop("were injured more recently than you")
)
OLDER = Difference(gettext_noop("was older than you"), gettext_noop("were older than you"))
YOUNGER = Difference(gettext_noop("was younger than you"), gettext_noop("were younger than you"))
HIGHER, LOWER, ANOTHER_LEVEL, COMPLETE_INJURY, INCOMPLETE, COULD_WALK, COULD_NOT_WALK = (
    Difference(words, words)
    for words in (
        gettext_noop("had a higher injury than yours"),
        gettext_noop("had a lower injury than yours"),
        gettext_noop("had another injury level"),
        gettext_noop("had a complete injury"),
        gettext_noop("had an incomplete injury"),
        gettext_noop("could walk"),
        gettext_noop("couldn’t walk"),
    )
)


def _answers(profile: Profile, people: People) -> dict[ProfileQuestion, _Answer]:
    """The comparison for each question that was answered."""
    answers = {}
    if profile.level is not None:
        answers[ProfileQuestion.LEVEL] = _level(profile.level, people.levels)
    if profile.is_complete is not None:
        stated = {grade == "A" for grade in people.ais if grade != "E"} | _yes_and_no(people.complete)
        otherwise = INCOMPLETE if profile.is_complete else COMPLETE_INJURY
        answers[ProfileQuestion.COMPLETENESS] = _yes_or_no(profile.is_complete, stated, otherwise)
    if profile.months is not None:
        years = people.years_since or Range()
        ends = [None if end is None else round(end * MONTHS) for end in (years.from_, years.to)]
        months = Range(from_=ends[0], to=ends[1])
        answers[ProfileQuestion.TIME] = _in_range(profile.months, months, LONGER_AGO, MORE_RECENTLY)
    if profile.age is not None:
        answers[ProfileQuestion.AGE] = _in_range(profile.age, people.ages, OLDER, YOUNGER)
    if profile.walks is not None:
        otherwise = COULD_NOT_WALK if profile.walks else COULD_WALK
        answers[ProfileQuestion.WALKING] = _yes_or_no(profile.walks, _yes_and_no(people.walks), otherwise)
    return answers


def _level(level: str, studied: Sequence[str]) -> _Answer:
    own, theirs = _places([level]), _places(studied)
    if own <= theirs:
        return _INCLUDED
    if own & theirs or not theirs:
        return _NOT_STATED
    higher, lower = max(theirs) < min(own), min(theirs) > max(own)
    return Fit.NOT_INCLUDED, HIGHER if higher else LOWER if lower else ANOTHER_LEVEL


def _places(levels: Sequence[str]) -> frozenset[int]:
    """The places in LEVELS that a level, a span or regions cover, as ``People.levels`` has them."""
    if regions := [level for level in levels if level in REGIONS]:
        letters = {region[0].upper() for region in regions}
        return frozenset(place for place, level in enumerate(LEVELS) if level[0] in letters)
    ends = [LEVELS.index(level) for level in levels]
    return frozenset(range(min(ends), max(ends) + 1)) if ends else frozenset()


def _yes_or_no(own: bool, stated: set[bool], otherwise: Difference) -> _Answer:
    """``stated``: what is so of people in the study; ``otherwise``: what they were if none was like the reader."""
    if not stated:
        return _NOT_STATED
    return _INCLUDED if own in stated else (Fit.NOT_INCLUDED, otherwise)


def _yes_and_no(stated: Either | None) -> set[bool]:
    return {Either.YES: {True}, Either.NO: {False}, Either.BOTH: {True, False}}[stated] if stated else set()


def _in_range(number: int, stated: Range | None, above: Difference, below: Difference) -> _Answer:
    """``above``, ``below``: what people in the study were if all of it is above or below the reader's number."""
    if stated is None or (stated.from_ is None and stated.to is None):
        return _NOT_STATED
    if stated.from_ is not None and number < stated.from_:
        return Fit.NOT_INCLUDED, above
    if stated.to is not None and number > stated.to:
        return Fit.NOT_INCLUDED, below
    return _INCLUDED


_ALIKE = {
    ProfileQuestion.LEVEL: gettext_noop("injury level"),
    ProfileQuestion.COMPLETENESS: gettext_noop("how complete the injury is"),
    ProfileQuestion.TIME: gettext_noop("time since injury"),
    ProfileQuestion.AGE: gettext_noop("age"),
    ProfileQuestion.WALKING: gettext_noop("walking"),
}


def _sentence(fits: dict[ProfileQuestion, Fit], differences: list[Difference], article: Article) -> str:
    """How people in a study were different from the reader; if nothing is known of that, how they were alike."""
    is_one, is_plan = article.people.count == 1, article.study_kind is StudyKind.STUDY_PLAN
    if differences:
        if is_one and not is_plan:
            different = _listed([gettext(difference.of_one) for difference in differences])
            return gettext("The person in this study %(different)s.") % {"different": different}
        different = _listed([gettext(difference.of_several) for difference in differences])
        sentence = gettext("People in this study %(different)s.")
        if is_plan:
            sentence = gettext("The people this study was looking for %(different)s.")
        return sentence % {"different": different}
    alike = [gettext(_ALIKE[question]) for question, fit in fits.items() if fit is Fit.INCLUDED]
    if not alike:
        return gettext("What we read doesn’t say whether people like you took part.")
    sentence = gettext("The person in this study was like you in %(alike)s")
    if not is_one:
        sentence = gettext("This study included people like you in %(alike)s")
    if is_plan:
        sentence = gettext("This study was looking for people like you in %(alike)s")
    rest = gettext(", but what we read doesn’t say the rest") if len(alike) < len(fits) else ""
    return f"{sentence % {'alike': _listed(alike)}}{rest}."


def _listed(parts: list[str]) -> str:
    """Parts of a sentence: "a", "a and b", or "a, b, and c"."""
    return format_list(parts, locale=current_language().locale)
