"""Papers, the articles (public texts) that explain them, the drafts editors work on, revisions, and public corrections."""

import re
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Float, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db.column_types import JsonList, JsonStruct, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.languages.language import gettext, gettext_noop
from webapp.models.answer import Answer
from webapp.models.category import ArticleCategory, Category
from webapp.models.people import People
from webapp.models.values import (
    AboutSci,
    ArticleStatus,
    Author,
    Finding,
    Implication,
    LaterEvent,
    PaperStatus,
    ReadFrom,
    Registration,
    Result,
    SignOff,
    StudyKind,
    Subject,
    TextKind,
)

RETRACTED_MESSAGE = gettext_noop("RETRACTED: the journal withdrew this paper. Please don’t rely on it.")
# Many journals say it in the title: "RETRACTED: …", "[Retracted] …", "Retracted article - …".
_SAYS_RETRACTED = re.compile(r"\W*retracted(?: article| paper)?\s*[:\]).–—-]", re.IGNORECASE)


class Paper(Base):
    """Bibliographic facts as the publisher gives them. ``published_on`` is ISO 8601 to the precision that is known."""

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    doi: Mapped[str | None] = mapped_column(String(255), unique=True)  # bare, lower case
    pmid: Mapped[str | None] = mapped_column(String(16), unique=True)
    pmcid: Mapped[str | None] = mapped_column(String(16))
    url: Mapped[str | None] = mapped_column(Text)  # only for a paper that has neither DOI nor PMID
    authors: Mapped[list[Author]] = mapped_column(JsonList(Author))
    journal: Mapped[str] = mapped_column(Text)
    published_on: Mapped[str] = mapped_column(String(10))  # "2019", "2019-03" or "2019-03-14"; sorts as text
    volume: Mapped[str | None] = mapped_column(String(32))
    issue: Mapped[str | None] = mapped_column(String(32))
    pages: Mapped[str | None] = mapped_column(String(64))
    abstract: Mapped[str | None] = mapped_column(Text)
    license: Mapped[str | None] = mapped_column(Text)
    is_free_to_read: Mapped[bool | None]  # None: not known
    read_from: Mapped[ReadFrom | None] = mapped_column(enum_text(ReadFrom))
    mesh_terms: Mapped[list[str]] = mapped_column(JsonList(str))
    status: Mapped[PaperStatus] = mapped_column(
        enum_text(PaperStatus), default=PaperStatus.PUBLISHED, index=True
    )
    status_on: Mapped[date | None]
    status_url: Mapped[str | None] = mapped_column(Text)
    status_note: Mapped[str | None] = mapped_column(Text)
    status_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @hybrid_property
    def is_retracted(self) -> bool:
        """Did the journal retract it? Pages, lists, counts and exports all ask here."""
        return self.status == PaperStatus.RETRACTED

    def stamped(self, title: str, word: str = "RETRACTED") -> str:
        """A title of the paper or of our summary, with a word in front of it if the journal retracted the paper."""
        return f"{word}: {title}" if self.is_retracted and not _SAYS_RETRACTED.match(title) else title

    @property
    def what_was_read(self) -> ReadFrom:
        """Pages, counts and exports ask here: they may only say that a paper is silent if its full text was read."""
        return self.read_from or ReadFrom.ABSTRACT

    @property
    def cited_title(self) -> str:
        return self.stamped(self.title)

    @property
    def year(self) -> int:
        return int(self.published_on[:4])

    @property
    def doi_url(self) -> str | None:
        return f"https://doi.org/{self.doi}" if self.doi else None

    @property
    def link(self) -> str | None:
        """Where the paper can be found: DOI, else PubMed, else the address an editor gave."""
        if self.doi:
            return self.doi_url
        return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/" if self.pmid else self.url


class Article(Base):
    """A published plain-language summary of one paper.

    A text that was never published has no row here (see ``Draft``), so no public page can show one by mistake.
    Print its facts with ``fact()`` of ``webapp/content/fact_words.py``: None, like "not stated", says nothing about the paper unless
    its full text was read.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    status: Mapped[ArticleStatus] = mapped_column(enum_text(ArticleStatus), default=ArticleStatus.PUBLISHED)
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id"), unique=True)
    paper: Mapped[Paper] = relationship(lazy="joined", innerjoin=True, cascade="all")

    plain_title: Mapped[str | None] = mapped_column(Text)
    main_message: Mapped[str] = mapped_column(Text)
    simple_explanation: Mapped[str] = mapped_column(Text)
    study_duration: Mapped[str | None] = mapped_column(Text)
    participants: Mapped[str | None] = mapped_column(Text)
    evidence_level: Mapped[str | None] = mapped_column(Text)

    subject: Mapped[Subject] = mapped_column(enum_text(Subject))
    species: Mapped[str | None] = mapped_column(String(80))
    about_sci: Mapped[AboutSci] = mapped_column(enum_text(AboutSci))
    study_kind: Mapped[StudyKind] = mapped_column(enum_text(StudyKind))
    result: Mapped[Result] = mapped_column(enum_text(Result))

    sample_size: Mapped[str | None] = mapped_column(Text)
    age: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    injury_level: Mapped[str | None] = mapped_column(Text)
    injury_completeness: Mapped[str | None] = mapped_column(Text)
    time_since_injury: Mapped[str | None] = mapped_column(Text)
    people: Mapped[People] = mapped_column(JsonStruct(People), nullable=True)

    findings: Mapped[list[Finding]] = mapped_column(JsonList(Finding))
    harms: Mapped[str | None] = mapped_column(Text)
    harms_read: Mapped[ReadFrom | None] = mapped_column(enum_text(ReadFrom))
    research_summary: Mapped[str] = mapped_column(Text)
    implications: Mapped[list[Implication]] = mapped_column(JsonList(Implication))
    questions: Mapped[list[str]] = mapped_column(JsonList(str))
    limitations: Mapped[list[str]] = mapped_column(JsonList(str))
    funding: Mapped[str | None] = mapped_column(Text)
    conflicts_of_interest: Mapped[str | None] = mapped_column(Text)
    registrations: Mapped[list[Registration]] = mapped_column(JsonList(Registration), server_default="[]")
    # Only the release before reads these two columns. Drop them in the next one.
    trial_number: Mapped[str | None] = mapped_column(String(80))
    trial_url: Mapped[str | None] = mapped_column(Text)
    since_then: Mapped[list[LaterEvent]] = mapped_column(JsonList(LaterEvent), server_default="[]")
    shows_dysreflexia_help: Mapped[bool] = mapped_column(default=False)

    written_by: Mapped[str] = mapped_column(Text)
    # Made from reviews (see ``webapp/publishing/sign_offs.py``); no form and no file can set it.
    sign_offs: Mapped[list[SignOff]] = mapped_column(JsonList(SignOff), server_default="[]")
    # Only the release before reads these two columns. Drop them in the next one.
    checked_by: Mapped[str | None] = mapped_column(Text)
    checked_on: Mapped[date | None]
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_note: Mapped[str | None] = mapped_column(Text)
    revision_number: Mapped[int]  # of the revision that readers see
    reading_grade: Mapped[float | None] = mapped_column(Float)  # of the simple explanation

    category_links: Mapped[list[ArticleCategory]] = relationship(
        order_by=ArticleCategory.position, cascade="all, delete-orphan", lazy="selectin"
    )
    corrections: Mapped[list["Correction"]] = relationship(
        order_by="Correction.published_on.desc(), Correction.id",
        cascade="all, delete-orphan",
        back_populates="article",
    )

    __table_args__ = (
        Index("ix_article_status_published_at", "status", "published_at"),
        Index("ix_article_status_updated_at", "status", "updated_at"),
        Index("ix_article_status_study_kind_result", "status", "study_kind", "result"),
    )

    kind: ClassVar = TextKind.SUMMARY
    retracted_word: ClassVar = "RETRACTED"  # in front of its title, in the language of that

    @property
    def path(self) -> str:
        """Where its page is on the site."""
        return f"/research/{self.slug}"

    @property
    def key(self) -> dict[str, int]:
        """By which its draft and its public changes refer to it."""
        return {"article_id": self.id}

    @property
    def title(self) -> str:
        """The plain title, or the paper's own where there is none. It says RETRACTED wherever it goes."""
        return self.paper.stamped(self.plain_title or self.paper.title, self.retracted_word)

    @property
    def takeaway(self) -> str:
        """What to take away from the article: its main message, or that nobody should rely on a retracted paper."""
        return gettext(RETRACTED_MESSAGE) if self.paper.is_retracted else self.main_message

    @property
    def categories(self) -> list[Category]:
        return [link.category for link in self.category_links]

    @property
    def primary_category(self) -> Category:
        return self.category_links[0].category

    @property
    def topics(self) -> tuple[str, ...]:
        """The names of its categories, the primary one first."""
        return tuple(gettext(link.category.name) for link in self.category_links)


def running_text(article: Article) -> str:
    """What a reader reads of an article from top to bottom."""
    return " ".join(
        (
            article.main_message,
            article.simple_explanation,
            *(finding.text for finding in article.findings),
            article.research_summary,
            *(implication.text for implication in article.implications),
            *article.limitations,
        )
    )


Live = Article | Answer  # the rows that readers see of a text


class ArticleSlug(Base):
    """Every address an article has had before; answered with a redirect to its present one."""

    slug: Mapped[str] = mapped_column(String(120), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)


class AdoptedPage(Base):
    """A page of the original site that became a draft. Once that is published, the page's address leads to it.

    ``address`` is the path, decoded and without a slash at its end, with the query if there is one; ``digest`` that of what
    the page said.
    """

    address: Mapped[str] = mapped_column(String(255), primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    draft: Mapped["Draft"] = relationship()
    digest: Mapped[str] = mapped_column(String(64))


class Correction(Base):
    """A dated public note that an article changed, and why."""

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)
    article: Mapped[Article] = relationship(back_populates="corrections")
    published_on: Mapped[date]
    text: Mapped[str] = mapped_column(Text)


class Draft(Base):
    """The editors' working copy of an article or an answer: ``content`` is what it says as JSON, complete or not.

    Each has one; ``article_id`` and ``answer_id`` are None until it is first published. ``revision_number`` counts its saves.
    ``change_note``, ``is_correction`` and ``accepted_warnings`` are what was entered for the next publication.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"), unique=True)
    article: Mapped[Article | None] = relationship()
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answer.id"), unique=True, index=True)
    answer: Mapped[Answer | None] = relationship()
    kind: Mapped[TextKind] = mapped_column(
        enum_text(TextKind), default=TextKind.SUMMARY, server_default=TextKind.SUMMARY.value
    )
    title: Mapped[str] = mapped_column(Text, default="")  # what lists call it
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision_number: Mapped[int] = mapped_column(default=0)
    # The article changed apart from this draft, and both changed the same: from this revision on, somebody has to decide.
    merge_base: Mapped[int | None]
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id"))
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # deleted for good a day later
    change_note: Mapped[str] = mapped_column(Text, default="")
    is_correction: Mapped[bool] = mapped_column(default=False)
    accepted_warnings: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # warning -> reason
    form_key: Mapped[str | None] = mapped_column(String(40), unique=True)  # of the form that made it
    tab: Mapped[str | None] = mapped_column(String(16))  # that saved the newest revision, if it was a form

    # An id is never given twice: a form that is still open would save its text into another draft.
    __table_args__ = ({"sqlite_autoincrement": True},)

    @property
    def live(self) -> Live | None:
        """The live row that it was published as, if it was."""
        return self.article or self.answer

    @property
    def published_revision(self) -> int | None:
        """The revision that readers see, if any."""
        return self.live.revision_number if self.live else None

    @property
    def has_unpublished_changes(self) -> bool:
        """Is there something saved that readers do not see yet?"""
        return self.revision_number != self.published_revision or self.merge_base is not None


class Revision(Base):
    """Immutable saved text of a draft."""

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"))
    number: Mapped[int]
    # saved, published, restored, scheduled, imported, re-filed, notice, undone, AI draft
    kind: Mapped[str] = mapped_column(String(16))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("editor.id"))
    accepted_warnings: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # warning -> reason
    change_note: Mapped[str | None] = mapped_column(Text)  # what changed for the reader
    # that corrected a mistake; False again once it was undone
    is_correction: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (UniqueConstraint("draft_id", "number"),)
