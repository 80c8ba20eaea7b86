"""Nine questions that every paper should answer. That it leaves one open is counted only of papers read in full."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from webapp.catalog.queries import standing
from webapp.content.article_content import DOES_NOT_APPLY, NOT_STATED
from webapp.content.fact_words import fact_value, stated
from webapp.db.session import db
from webapp.languages.language import gettext_noop
from webapp.models import Article, Paper
from webapp.models.values import ReadFrom, Result, StudyKind, Subject


class AnswerState(StrEnum):
    """Does what was read of the paper answer the question?"""

    STATED = "stated"
    NOT_STATED = NOT_STATED
    NOT_APPLICABLE = DOES_NOT_APPLY


@dataclass(frozen=True)
class StandingQuestion:
    """One standing question: its key, the words readers see, and the field of ``Article`` that answers it."""

    key: str
    words: str
    field: str


QUESTIONS = (
    StandingQuestion("who", gettext_noop("Who was studied?"), "participants"),
    StandingQuestion("how-many", gettext_noop("How many were studied?"), "sample_size"),
    StandingQuestion("how-long", gettext_noop("How long did the study last?"), "study_duration"),
    StandingQuestion("level", gettext_noop("At which level was the injury?"), "injury_level"),
    StandingQuestion(
        "completeness", gettext_noop("Was the injury complete or incomplete?"), "injury_completeness"
    ),
    StandingQuestion("harms", gettext_noop("Which harms were seen?"), "harms"),
    StandingQuestion("funding", gettext_noop("Who paid?"), "funding"),
    StandingQuestion("interests", gettext_noop("Did the authors stand to gain?"), "conflicts_of_interest"),
    StandingQuestion("trial", gettext_noop("Where is the trial registered?"), "registrations"),
)

_TRIALS = (StudyKind.RANDOMIZED_TRIAL, StudyKind.STUDY_PLAN)


@dataclass(frozen=True)
class QuestionCount:
    """How many of the articles' papers state, do not state, or need not state the answer to one question."""

    question: StandingQuestion
    stated: int
    not_stated: int
    not_applicable: int

    @property
    def asked(self) -> int:
        """How many papers should have answered."""
        return self.stated + self.not_stated


def answer(article: Article | Row[Any], question: StandingQuestion) -> AnswerState:
    """Whether what was read of an article's paper answers a question. What the text says counts, not what we hope it means.

    Harms need a treatment, a register needs a trial, an injury level needs people with an injury.
    """
    match question.key:
        case "harms":
            applies = article.result != Result.NOT_TESTED
        case "trial":
            applies = article.study_kind in _TRIALS
        case "level" | "completeness":
            applies = article.subject == Subject.PEOPLE and article.about_sci != "no"
        case _:
            applies = True
    if not applies:
        return AnswerState.NOT_APPLICABLE
    if stated(article, question.field):
        return AnswerState.STATED
    value = fact_value(article, question.field)
    return AnswerState.NOT_APPLICABLE if value.startswith(DOES_NOT_APPLY) else AnswerState.NOT_STATED


def answers(article: Article) -> list[tuple[StandingQuestion, AnswerState]]:
    return [(question, answer(article, question)) for question in QUESTIONS]


def count_answers() -> list[QuestionCount]:
    """For each question, how many papers of standing articles give each answer. Only papers read in full are counted."""
    asked = [getattr(Article, question.field) for question in QUESTIONS]
    facts = (Article.people, Article.subject, Article.about_sci, Article.study_kind, Article.result)
    read_in_full = standing().join(Article.paper).where(Paper.read_from == ReadFrom.FULL_TEXT)
    # read a few at a time: all of a large library would not fit into memory
    query = read_in_full.with_only_columns(*asked, *facts).execution_options(yield_per=1_000)
    rows: Iterable[Row[Any]] = db.session.execute(query)
    counts = Counter((question.key, answer(row, question)) for row in rows for question in QUESTIONS)
    return [
        QuestionCount(question, *(counts[question.key, given] for given in AnswerState))
        for question in QUESTIONS
    ]
