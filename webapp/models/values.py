"""Fixed lists and small value objects that articles and papers are made of. Labels are the words readers see."""

import re
from datetime import date
from enum import StrEnum

import msgspec

from webapp.languages.language import gettext

_GROUP = re.compile(r"([^:;]+):\s*(\d{1,7}) (?:of|de) (\d{1,7})")


class Labeled(StrEnum):
    """A StrEnum whose members carry the words shown on screen: ``NAME = "value", "Label"``."""

    english: str

    def __new__(cls, value: str, english: str = "") -> "Labeled":
        member = str.__new__(cls, value)
        member._value_ = value
        member.english = english or value
        return member

    @property
    def label(self) -> str:
        """The words in the language of the page."""
        return gettext(self.english)


class Subject(Labeled):
    """Whom or what the paper studied."""

    PEOPLE = "people", "People"
    ANIMALS = "animals", "Animals"
    LAB = "lab", "Lab"
    MIXED = "mixed", "Mixed"


class AboutSci(Labeled):
    """Is the paper about spinal cord injury?"""

    YES = "yes", "Yes"
    PARTLY = "partly", "Partly"
    NO = "no", "No"


class Result(Labeled):
    """What the study showed about the thing it tested, by its own main outcome; of a plan, what its trial found later."""

    HELPED = "helped", "Helped"
    NO_CLEAR_DIFFERENCE = "no-clear-difference", "No clear difference"
    MIXED = "mixed", "Mixed"
    HARMFUL = "harmful", "Harmful"
    NOT_TESTED = "not-tested", "Does not test a treatment"


class StudyKind(Labeled):
    """Kind of study, with its evidence step 1 to 5 where it has one. The editor sets it; it is never guessed."""

    REVIEWS = "reviews", "Review of many studies"
    RANDOMIZED_TRIAL = "randomized-trial", "Randomized trial"
    OTHER_PEOPLE = "other-people", "Other study with people"
    SMALL_EARLY = "small-early", "Small early study"
    LAB_OR_ANIMALS = "lab-or-animals", "Laboratory or animals"
    EXPERT_OVERVIEW = "expert-overview", "Expert overview"
    GUIDELINE = "guideline", "Guideline"
    INTERVIEWS = "interviews", "Interviews"
    STUDY_PLAN = "study-plan", "Study plan"
    METHODS = "methods", "Methods"

    @property
    def step(self) -> int | None:
        """Evidence step: 5 is reviews of many studies, 1 is laboratory or animals, None has words only."""
        return _STEPS.get(self)


_STEPS = {kind: step for step, kind in enumerate(reversed(list(StudyKind)[:5]), start=1)}


class Certainty(Labeled):
    """How sure one can be of a summary's result, or of an answer, for people with an injury; from the least to the most."""

    NOBODY_KNOWS = "nobody-knows", "Nobody knows yet"
    VERY_UNSURE = "very-unsure", "Very unsure"
    UNSURE = "unsure", "Unsure"
    FAIRLY_SURE = "fairly-sure", "Fairly sure"
    VERY_SURE = "very-sure", "Very sure"

    @property
    def step(self) -> int:
        """From 1, nobody knows yet, to 5, very sure."""
        return list(Certainty).index(self) + 1


class PaperStatus(Labeled):
    """What the journal says of the paper."""

    PUBLISHED = "published", "Published"
    PREPRINT = "preprint", "Preprint"
    CORRECTED = "corrected", "Corrected"
    CONCERN = "expression-of-concern", "Expression of concern"
    RETRACTED = "retracted", "Retracted"

    @property
    def gravity(self) -> int:
        """How grave the journal's notice is, from 1; 0 where there is no notice."""
        return _NOTICES.index(self) + 1 if self in _NOTICES else 0


_NOTICES = (PaperStatus.CORRECTED, PaperStatus.CONCERN, PaperStatus.RETRACTED)


class ReadFrom(Labeled):
    """What was read of a paper before its summary was written. Where nobody entered it, only the abstract counts as read."""

    FULL_TEXT = "full-text", "the full text"
    PART = "part", "part of the full text"
    ABSTRACT = "abstract", "only the abstract"


class ArticleStatus(Labeled):
    """Where an article stands. A text that was never published is a Draft, not an Article."""

    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Author(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One author of a paper, as the journal prints the name; a group has a family name alone.

    ``family`` begins with its particles ("van den Berg"); ``suffix`` is "Jr.", "Sr.", "III" or "3rd".
    """

    family: str
    given: str = ""
    suffix: str = ""
    orcid: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One key finding, its place in the paper ("Abstract, results") and, if an editor gave them, a quote and counts.

    ``counts`` is how many in each group, as "New dressing: 12 of 40; usual dressing: 9 of 41".
    """

    text: str = ""
    place: str = ""
    quote: str = ""
    counts: str = ""

    @property
    def groups(self) -> list["GroupCount"]:
        """The groups of ``counts`` in order; none unless two or more can be compared."""
        matches = [_GROUP.fullmatch(part.strip()) for part in self.counts.split(";")]
        groups = [GroupCount(match[1].strip(), int(match[2]), int(match[3])) for match in matches if match]
        is_complete = len(groups) == len(matches) > 1
        return groups if is_complete and all(0 <= g.count <= g.total > 0 for g in groups) else []


class GroupCount(msgspec.Struct, frozen=True):
    """How many of one group's people (or animals) had the outcome."""

    label: str
    count: int
    total: int

    @property
    def of_hundred(self) -> int:
        """The share as a whole number out of 100."""
        return round(100 * self.count / self.total)


class Implication(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A practical implication: a short title and a text."""

    title: str = ""
    text: str = ""


class Registration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The entry of a trial in a public register, like NCT01234567 at ClinicalTrials.gov."""

    number: str = ""
    register: str = ""
    url: str = ""


class LaterEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What happened after the paper: results of a plan, a newer trial. ``on`` is ISO 8601 to the precision that is known.

    ``source`` says where it was seen, if that is not the publication behind ``doi`` or ``url`` itself.
    """

    on: str = ""
    text: str = ""
    doi: str = ""
    url: str = ""
    source: str = ""

    @property
    def link(self) -> str:
        return f"https://doi.org/{self.doi}" if self.doi else self.url


class TextKind(Labeled):
    """What a draft is the working copy of."""

    SUMMARY = "summary", "Summary"
    ANSWER = "answer", "Answer"


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing that an answer says we found, and the slugs of the summaries that it rests on."""

    text: str = ""
    rests_on: list[str] = []


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Another trustworthy place to read about a question."""

    name: str = ""
    url: str = ""


class ReviewerKind(Labeled):
    """What somebody knows a summary's subject from. Only a clinician's sign-off ends "Not yet checked by a clinician"."""

    CLINICIAN = "clinician", "Clinician"
    RESEARCHER = "researcher", "Researcher"
    LIVES_WITH_INJURY = "lives-with-injury", "Person living with an injury"


class SignOff(msgspec.Struct, frozen=True):
    """What readers see of a review that was signed. ``role`` is as printed; ``is_earlier``: what was signed has changed since."""

    name: str
    role: str
    kind: ReviewerKind
    on: date
    is_earlier: bool = False
