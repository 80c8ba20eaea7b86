"""The publication that an article explains."""

import re
from datetime import date, datetime

from sqlalchemy import String, Text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db.column_types import JsonList, UtcDateTime, enum_text
from webapp.db.session import Base
from webapp.models.values import Author, PaperStatus

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

    def stamped(self, title: str) -> str:
        """A title of the paper or of our summary, with RETRACTED in front of it if the journal retracted the paper."""
        return f"RETRACTED: {title}" if self.is_retracted and not _SAYS_RETRACTED.match(title) else title

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
