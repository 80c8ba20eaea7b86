"""What PubMed's own words mean, the same in its tagged format and in its XML.

Publication types: https://www.nlm.nih.gov/mesh/pubtypes.html. Only a type that says the kind of study outright gives
one; "Clinical Trial", "Review" or "Case Reports" leave it open, and an editor chooses.
"""

from collections.abc import Collection, Iterable

import msgspec

from webapp.content.article_content import PaperContent
from webapp.models.values import PaperStatus, StudyKind
from webapp.papers.records import find_doi

# The first that a paper has counts: a protocol of a randomized trial is a plan.
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
_NOTICES = {"retraction of publication", "retraction notice", "published erratum", "expression of concern"}
_TRIALS = {
    "clinicaltrials.gov": "https://clinicaltrials.gov/study/{}",
    "isrctn": "https://www.isrctn.com/{}",
}


def study_kind(types: Iterable[str]) -> StudyKind | None:
    """The kind of study that publication types say outright."""
    said = {kind.lower() for kind in types}
    return next((kind for name, kind in _KINDS.items() if name in said), None)


def is_notice(types: Iterable[str]) -> bool:
    """Is this record a notice about another paper?"""
    return any(kind.lower() in _NOTICES for kind in types)


def with_status(
    paper: PaperContent, types: Collection[str], notices: Iterable[tuple[PaperStatus, str]]
) -> PaperContent:
    """The paper with what PubMed says of it; ``notices`` are the citations of notices, by what they say."""
    said = {kind.lower() for kind in types}
    found = dict(reversed(list(notices)))  # of several of one kind, the first
    if "retracted publication" in said:
        found.setdefault(PaperStatus.RETRACTED, "")
    for status in (PaperStatus.RETRACTED, PaperStatus.CONCERN, PaperStatus.CORRECTED):
        if status in found:
            doi = find_doi(found[status])
            return msgspec.structs.replace(
                paper,
                status=status,
                status_url=f"https://doi.org/{doi}" if doi else "",
                status_note="PubMed lists the journal’s notice.",
            )
    is_preprint = "preprint" in said
    return msgspec.structs.replace(paper, status=PaperStatus.PREPRINT) if is_preprint else paper


def title(text: str) -> str:
    """A title without the full stop that PubMed puts at its end."""
    return text.removesuffix(".") if not text.endswith("..") else text


def trial(entries: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Number and address of the registered trial, from (register, number); nothing if there are several."""
    numbers = {(register.lower(), number) for register, number in entries if register.lower() in _TRIALS}
    if len(numbers) != 1:
        return "", ""
    [(register, number)] = numbers
    return number, _TRIALS[register].format(number)
