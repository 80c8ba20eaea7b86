"""PubMed's publication types, and notices, as both its tagged format and its XML use them.

Publication types: https://www.nlm.nih.gov/mesh/pubtypes.html. Only unambiguous types determine the kind of study; for
"Clinical Trial", "Review" or "Case Reports" an editor chooses.
"""

from collections.abc import Collection, Iterable

import msgspec

from webapp.content.article_content import PaperContent
from webapp.content.identifiers import find_doi
from webapp.models.values import PaperStatus, StudyKind

# In order of precedence: the protocol of a randomized trial has both types, and is a plan.
_KINDS = {
    "clinical trial protocol": StudyKind.STUDY_PLAN,
    "meta-analysis": StudyKind.REVIEWS,
    "network meta-analysis": StudyKind.REVIEWS,
    "systematic review": StudyKind.REVIEWS,
    "practice guideline": StudyKind.GUIDELINE,
    "guideline": StudyKind.GUIDELINE,
    "randomized controlled trial": StudyKind.RANDOMIZED_TRIAL,
    "observational study": StudyKind.OTHER_PEOPLE,
}


def study_kind(types: Iterable[str]) -> StudyKind | None:
    """Derive the kind of study from publication types."""
    names = {name.lower() for name in types}
    return next((kind for name, kind in _KINDS.items() if name in names), None)


def with_status(
    paper: PaperContent, types: Collection[str], notices: Iterable[tuple[PaperStatus, str]]
) -> PaperContent:
    """Set the status of a paper from its publication types and from its notices: (status, citation) pairs."""
    names = {name.lower() for name in types}
    citations = dict(reversed(list(notices)))  # of several with one status, the first
    if "retracted publication" in names:
        citations.setdefault(PaperStatus.RETRACTED, "")
    for status in (PaperStatus.RETRACTED, PaperStatus.CONCERN, PaperStatus.CORRECTED):
        if status in citations:
            doi = find_doi(citations[status])
            return msgspec.structs.replace(
                paper,
                status=status,
                status_url=f"https://doi.org/{doi}" if doi else "",
                status_note="PubMed lists the journal’s notice.",
            )
    return paper


def title(text: str) -> str:
    """Remove the period that PubMed adds to a title."""
    return text.removesuffix(".") if not text.endswith("..") else text
