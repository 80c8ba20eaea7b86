"""What PubMed says of a paper, which its tagged format, its XML and Europe PMC all have in common."""

from collections.abc import Iterable
from typing import Any

import msgspec

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import find_doi, find_pmid
from webapp.models.values import PaperStatus
from webapp.papers.notices import Notice, statuses, study_kinds, with_notice, worst
from webapp.papers.records import NoticeOf, Record

_KINDS = study_kinds("pubmed")


def record(
    terms: str,
    paper: PaperContent,
    types: Iterable[str],
    related: Iterable[tuple[str, str, str]],
    **more: Any,
) -> Record:
    """Make the record of an entry with these publication types; ``more`` are fields of its content.

    ``related`` are journals' notices: the term of each, as terms.toml has it under ``terms``, its citation, and the PubMed
    number of the paper at its other end.
    """
    listed, about = [], []
    notices, notices_of = statuses(terms), statuses(terms, "notices_of")
    for term, citation, number in related:
        if term in notices:
            listed.append(Notice(notices[term], find_doi(citation)))
        elif term in notices_of and (pmid := find_pmid(number)):
            about.append(NoticeOf("pmid", pmid, notices_of[term]))
    types = tuple(types)
    names = {name.lower() for name in types}
    if "retracted publication" in names:
        listed.append(Notice(PaperStatus.RETRACTED))
    if not paper.title.endswith(".."):  # PubMed adds a period
        paper = msgspec.structs.replace(paper, title=paper.title.removesuffix("."))
    paper = with_notice(paper, worst(listed), "PubMed lists the journal’s notice.")
    kind = next((kind for name, kind in _KINDS.items() if name in names), None)
    content = ArticleContent(paper=paper, study_kind=kind, **more)
    return Record(content=content, types=types, notices_of=tuple(about))
