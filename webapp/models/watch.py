"""Watches, which are saved searches at outside services, and the candidates that they found."""

from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import JsonList, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.article import Draft
from webapp.models.editor import Editor
from webapp.models.values import Labeled, StudyKind, Subject


class WatchSource(Labeled):
    """A service that lists what is new."""

    EUROPE_PMC = "europe-pmc", "Europe PMC"
    PUBMED = "pubmed", "PubMed"
    CROSSREF = "crossref", "Crossref"
    CLINICAL_TRIALS = "clinical-trials", "ClinicalTrials.gov"


class Watch(Base):
    """A saved search at one service, which is run again and again.

    ``last_ok_at`` is the start of the last run that came to its end: the next one asks for what is new since. ``problem``
    says why the run after it did not. ``running_until``: a run has the watch until then, unless it was killed.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    source: Mapped[WatchSource] = mapped_column(enum_text(WatchSource))
    query: Mapped[str] = mapped_column(Text)
    every_hours: Mapped[int]
    is_on: Mapped[bool] = mapped_column(default=True)
    last_from: Mapped[date | None]  # the first day that it asked for
    last_ok_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(Text)
    next_run_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: as soon as possible
    running_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReasonKind(Labeled):
    """Why an editor may want a candidate, or should not."""

    RETRACTED = "retracted", "The journal retracted it"
    CONCERN = "concern", "The journal has doubts about it"
    KNOWN = "known", "We have this"
    PLAN_RESULTS = "plan-results", "Results of a plan we explain"
    SAME_TRIAL = "same-trial", "From a trial we explain"
    PREPRINT_PUBLISHED = "preprint-published", "The paper of a preprint we explain"
    CITES = "cites", "Cites a paper we explain"
    SEARCHED = "searched", "Readers searched for it and found nothing"
    REVIEW = "review", "Review of many studies"
    GUIDELINE = "guideline", "Guideline"
    PREPRINT = "preprint", "Preprint"
    NO_ABSTRACT = "no-abstract", "No abstract"


class CandidateReason(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reason. ``text`` is what readers searched for, with ``count``, or the title of our summary, with its ``article_id``."""

    kind: ReasonKind
    text: str = ""
    count: int = 0
    article_id: int | None = None


class CandidateState(Labeled):
    """What an editor decided."""

    NEW = "new", "New"
    KEPT = "kept", "Kept"
    NOT_FOR_US = "not-for-us", "Not for us"
    SKIPPED = "skipped", "Skipped"
    DRAFTED = "drafted", "Drafted"


class Candidate(Base):
    """A paper or trial that a watch found, once, however many services list it.

    ``content`` is what they say of it (``ArticleContent`` as JSON). Subject and kind of study are guesses of rules.
    ``draft_id``: of our text about the same paper, whether it was there before or was made of the candidate.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    title_hash: Mapped[str] = mapped_column(String(64), index=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    cited: Mapped[list[str]] = mapped_column(JsonList(str), default=list)  # DOIs
    sources: Mapped[list[str]] = mapped_column(JsonList(str), default=list)
    subject: Mapped[Subject | None] = mapped_column(enum_text(Subject))
    study_kind: Mapped[StudyKind | None] = mapped_column(enum_text(StudyKind))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    score: Mapped[int]
    reasons: Mapped[list[CandidateReason]] = mapped_column(JsonList(CandidateReason), default=list)
    state: Mapped[CandidateState] = mapped_column(enum_text(CandidateState), default=CandidateState.NEW)
    why: Mapped[str] = mapped_column(String(200), default="")  # it is not for us
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    assigned_to_id: Mapped[int | None] = mapped_column(
        ForeignKey("editor.id", ondelete="SET NULL"), index=True
    )
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id", ondelete="SET NULL"), index=True)
    identifiers: Mapped[list["CandidateIdentifier"]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", passive_deletes=True
    )
    assigned_to: Mapped[Editor | None] = relationship(foreign_keys=assigned_to_id, lazy="joined")
    draft: Mapped[Draft | None] = relationship(lazy="joined")

    @property
    def is_drafted(self) -> bool:
        """Was a draft made of it that is still there?"""
        return (
            self.state is CandidateState.DRAFTED and self.draft is not None and self.draft.deleted_at is None
        )

    __table_args__ = (Index("ix_candidate_state_score_id", "state", "score", "id"),)


class CandidateIdentifier(Base):
    """A DOI, PMID, PMCID or number of a trial. No two candidates have the same one."""

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    value: Mapped[str] = mapped_column(String(255), primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id", ondelete="CASCADE"), index=True)
