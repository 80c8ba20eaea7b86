"""How sure one can be of a result for people with an injury, by one rule for all summaries.

A summary explains one paper, and the rule asks for the subject, the kind of study and the number of people:

- a review of many studies or a randomized trial: unsure, with 400 people or more fairly sure;
- any other study that compared people or followed them: very unsure, with 100 people or more unsure;
- a small early study, fewer than ten people, interviews, an expert overview: very unsure; a guideline: unsure;
- animals and the lab: very unsure at most, as most such results do not turn into a treatment for people;
- mixed results, people and animals together, or a paper that the journal has doubts about: never more than unsure;
- a plan whose trial has reported: unsure, as only “Since then” tells what it found;
- any other plan, a paper about methods, a retracted paper: nobody knows yet.

400 people is the rule of thumb of GRADE for results that are precise enough (Guyatt et al. 2011,
doi:10.1016/j.jclinepi.2011.01.012). No single paper makes anybody very sure: that word is for answers that rest on several.
"""

from dataclasses import dataclass

from webapp.content.result_words import FEW_PEOPLE, studied_count
from webapp.languages.language import gettext, gettext_noop
from webapp.models import Article
from webapp.models.in_words import plural
from webapp.models.values import Certainty, PaperStatus, Result, StudyKind, Subject

ENOUGH_FOR_A_TRIAL, ENOUGH_TO_COMPARE = 400, 100
_SAID = {
    StudyKind.EXPERT_OVERVIEW: (Certainty.VERY_UNSURE, gettext_noop("What experts think; not a new study.")),
    StudyKind.GUIDELINE: (Certainty.UNSURE, gettext_noop("Advice that experts agreed on; not a new study.")),
    StudyKind.INTERVIEWS: (
        Certainty.VERY_UNSURE,
        gettext_noop("What people told the researchers in interviews."),
    ),
    StudyKind.STUDY_PLAN: (
        Certainty.NOBODY_KNOWS,
        gettext_noop("This paper is a plan, so it has no results."),
    ),
    StudyKind.METHODS: (Certainty.NOBODY_KNOWS, gettext_noop("This is about how to study something.")),
}
_NAMES = {
    StudyKind.REVIEWS: gettext_noop("A review of many studies"),
    StudyKind.RANDOMIZED_TRIAL: gettext_noop("One randomized trial"),
    StudyKind.OTHER_PEOPLE: gettext_noop("One study without random groups"),
    StudyKind.SMALL_EARLY: gettext_noop("One small early study"),
}


@dataclass(frozen=True)
class HowSure:
    """How sure one can be, and why in a sentence or two."""

    certainty: Certainty
    reason: str


def how_sure(article: Article) -> HowSure:
    """How sure one can be of what a summary says, for people; see the rule above."""
    if article.paper.is_retracted:
        return HowSure(Certainty.NOBODY_KNOWS, gettext("The journal retracted (withdrew) this paper."))
    if article.study_kind is StudyKind.STUDY_PLAN and article.result is not Result.NOT_TESTED:
        return HowSure(
            Certainty.UNSURE, gettext("This paper is a plan. “Since then” tells what its trial found.")
        )
    if said := _SAID.get(article.study_kind):
        certainty, reason = said[0], gettext(said[1])
        if article.study_kind is StudyKind.STUDY_PLAN and article.since_then:
            reason = f"{reason} {gettext('“Since then” tells what happened after it.')}"
        return HowSure(certainty, reason)
    if article.subject in (Subject.ANIMALS, Subject.LAB) or article.study_kind is StudyKind.LAB_OR_ANIMALS:
        reason = gettext("Most results in animals don’t turn into a treatment for people.")
        if article.subject is Subject.LAB:
            reason = gettext("Most results in the lab don’t turn into a treatment for people.")
        return HowSure(Certainty.VERY_UNSURE, reason)
    count = studied_count(article)
    people = f", {plural(count, 'person', 'people')}" if count is not None else ""
    reason = f"{gettext(_NAMES.get(article.study_kind, gettext_noop('One study')))}{people}."
    certainty = _by_kind_and_size(article.study_kind, count)
    for applies, why in (
        (article.result is Result.MIXED, gettext("The results point in different directions.")),
        (article.subject is Subject.MIXED, gettext("People and animals were looked at together.")),
        (article.paper.status is PaperStatus.CONCERN, gettext("The journal has doubts about this paper.")),
    ):
        if applies:
            reason = f"{reason} {why}"
            certainty = min(certainty, Certainty.UNSURE, key=lambda one: one.step)
    return HowSure(certainty, reason)


def _by_kind_and_size(kind: StudyKind, count: int | None) -> Certainty:
    """Where the number of people is not known, it counts as small."""
    if kind in (StudyKind.REVIEWS, StudyKind.RANDOMIZED_TRIAL):
        if count is not None and count < FEW_PEOPLE:
            return Certainty.VERY_UNSURE
        return Certainty.FAIRLY_SURE if (count or 0) >= ENOUGH_FOR_A_TRIAL else Certainty.UNSURE
    is_large = kind is StudyKind.OTHER_PEOPLE and (count or 0) >= ENOUGH_TO_COMPARE
    return Certainty.UNSURE if is_large else Certainty.VERY_UNSURE
