"""Results of Europe PMC's search (``resultType=core``), converted to records (https://europepmc.org/RestfulWebService)."""

import re
from typing import Any

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import find_pmid
from webapp.models.values import Author
from webapp.papers import dates, pubmed
from webapp.papers.notices import statuses
from webapp.papers.records import NoticeOf, Record, funding, heading
from webapp.parsing import list_at, text_at

_NOTICES = statuses("europe_pmc")
_NOTICES_OF = statuses("europe_pmc", "notices_of")


def record_from(result: dict[str, Any]) -> Record:
    """Convert a result, which may be a preprint."""
    types = [text_at(kind) for kind in list_at(result, "pubTypeList", "pubType")]
    related = list_at(result, "commentCorrectionList", "commentCorrection")
    notices = [
        (_NOTICES[kind], text_at(row, "reference"))
        for row in related
        if (kind := text_at(row, "type").lower()) in _NOTICES
    ]
    notices_of = tuple(
        NoticeOf("pmid", pmid, _NOTICES_OF[kind])
        for row in related
        if (kind := text_at(row, "type").lower()) in _NOTICES_OF and text_at(row, "source") == "MED"
        if (pmid := find_pmid(text_at(row, "id")))
    )
    grants = list_at(result, "grantsList", "grant")
    content = ArticleContent(
        paper=pubmed.with_status(_paper(result), types, notices),
        study_kind=pubmed.study_kind(types),
        funding=funding((text_at(row, "agency"), text_at(row, "grantId")) for row in grants),
    )
    types.append(text_at(result, "bookOrReportDetails", "publisher"))
    return Record(content=content, types=tuple(types), notices_of=notices_of)


def has_full_text(result: dict[str, Any]) -> bool:
    """Tell whether the text is open and in Europe PMC."""
    return text_at(result, "inEPMC") == "Y"


def _paper(result: dict[str, Any]) -> PaperContent:
    days = (text_at(result, "firstPublicationDate"), text_at(result, "journalInfo", "printPublicationDate"))
    headings = list_at(result, "meshHeadingList", "meshHeading")
    license_ = text_at(result, "license").upper()
    return PaperContent(
        title=pubmed.title(text_at(result, "title")),
        doi=text_at(result, "doi"),
        pmid=text_at(result, "pmid"),
        pmcid=text_at(result, "pmcid"),
        journal=text_at(result, "journalInfo", "journal", "title"),
        published_on=dates.earliest(map(dates.from_text, days)),
        volume=text_at(result, "journalInfo", "volume"),
        issue=text_at(result, "journalInfo", "issue"),
        pages=text_at(result, "pageInfo"),
        license=license_ if license_.startswith("CC") else "",
        is_free_to_read=True if has_full_text(result) else None,
        # The headings are tags in the text: "<h4>Methods</h4>We asked…".
        abstract=re.sub(r"<h4>([^<>]*?):?\s*</h4>", r"<p>\1: ", text_at(result, "abstractText")),
        authors=[
            Author(
                family=text_at(row, "lastName") or text_at(row, "collectiveName") or text_at(row, "fullName"),
                given=text_at(row, "firstName") or text_at(row, "initials"),
                orcid=text_at(row, "authorId", "value"),
            )
            for row in list_at(result, "authorList", "author")
        ],
        mesh_terms=[
            *(text_at(row, "descriptorName") for row in headings),
            *(heading(text_at(word)) for word in list_at(result, "keywordList", "keyword")),
        ],
    )
