"""PubMed's publication types, and notices, as both its tagged format and its XML use them."""

from collections.abc import Collection, Iterable

from webapp.content.article_content import PaperContent
from webapp.content.identifiers import find_doi
from webapp.models.values import PaperStatus, StudyKind
from webapp.papers.notices import Notice, study_kinds, with_notice, worst

_KINDS = study_kinds("pubmed")


def study_kind(types: Iterable[str]) -> StudyKind | None:
    """Derive the kind of study from publication types."""
    names = {name.lower() for name in types}
    return next((kind for name, kind in _KINDS.items() if name in names), None)


def with_status(
    paper: PaperContent, types: Collection[str], notices: Iterable[tuple[PaperStatus, str]]
) -> PaperContent:
    """Set the status of a paper from its publication types and from its notices: (status, citation) pairs."""
    names = {name.lower() for name in types}
    listed = [Notice(status, find_doi(citation)) for status, citation in notices]
    if "retracted publication" in names:
        listed.append(Notice(PaperStatus.RETRACTED))
    return with_notice(paper, worst(listed), "PubMed lists the journal’s notice.")


def title(text: str) -> str:
    """Remove the period that PubMed adds to a title."""
    return text.removesuffix(".") if not text.endswith("..") else text
