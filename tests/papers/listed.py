"""What services list: made-up papers and trials in the shape of each service, in pages of two."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from tests.papers.conftest import Answering, Reply

PER_PAGE = 2


def result(number: int, **changes: Any) -> dict[str, Any]:
    """A result of Europe PMC."""
    return {
        "id": str(number),
        "source": "MED",
        "pmid": str(number),
        "doi": f"10.5555/listed.{number}",
        "title": f"Made-up paper {number} on spinal cord injury.",
        "abstractText": f"We studied {number} people with spinal cord injury.",
        "authorList": {"author": [{"lastName": "Doe", "firstName": "Jo"}]},
        "journalInfo": {"journal": {"title": "Spinal cord"}},
        "firstPublicationDate": "2026-11-20",
    } | changes


def message(number: int, **changes: Any) -> dict[str, Any]:
    """A message of Crossref."""
    return {
        "DOI": f"10.5555/listed.{number}",
        "type": "journal-article",
        "title": [f"Made-up paper {number} on spinal cord injury"],
        "container-title": ["Spinal Cord"],
        "published": {"date-parts": [[2026, 11]]},
        "author": [{"family": "Doe", "given": "Jo"}],
    } | changes


def study(number: str, **changes: Any) -> dict[str, Any]:
    """A study of ClinicalTrials.gov with results."""
    protocol = {
        "identificationModule": {"nctId": number, "briefTitle": f"Made-up trial {number}"},
        "statusModule": {"lastUpdatePostDateStruct": {"date": "2026-11-20"}},
    }
    return {"protocolSection": protocol, "hasResults": True} | changes


def pubmed_article(number: str) -> str:
    """A paper in PubMed's XML."""
    title = escape(f"Made-up paper {number} on spinal cord injury")
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{number}</PMID><Article><Journal><JournalIssue><PubDate>'
        "<MedlineDate>2026 Nov-Dec</MedlineDate></PubDate></JournalIssue><Title>Spinal cord</Title></Journal>"
        f"<ArticleTitle>{title}.</ArticleTitle><Abstract><AbstractText>We studied people.</AbstractText></Abstract>"
        '<AuthorList CompleteYN="Y"><Author><LastName>Doe</LastName><ForeName>Jo</ForeName></Author></AuthorList></Article>'
        f'</MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="doi">10.5555/listed.{number}</ArticleId>'
        "</ArticleIdList></PubmedData></PubmedArticle>"
    )


def europe_pmc(*rows: dict[str, Any], total: int | None = None) -> Answering:
    """The search of Europe PMC, whose last cursor is the one that was sent."""

    def answer(query: dict[str, str]) -> Reply:
        page, after = _page(rows, query["cursorMark"].removeprefix("*") or "0")
        cursor = after if page else query["cursorMark"]
        count = len(rows) if total is None else total
        return Reply.of(
            {"version": "6.9", "hitCount": count, "nextCursorMark": cursor, "resultList": {"result": page}}
        )

    return answer


def crossref(*rows: Any) -> Answering:
    """A list of Crossref."""

    def answer(query: dict[str, str]) -> Reply:
        page, after = _page(rows, query["cursor"].removeprefix("*") or "0")
        found = {"total-results": len(rows), "items": page, "next-cursor": after}
        return Reply.of({"status": "ok", "message-type": "work-list", "message": found})

    return answer


def trials(*rows: dict[str, Any]) -> Answering:
    """A list of ClinicalTrials.gov, which says the total on the first page alone."""

    def answer(query: dict[str, str]) -> Reply:
        page, after = _page(rows, query.get("pageToken", "0"))
        more = {"nextPageToken": after} if int(after) < len(rows) else {}
        total = {} if "pageToken" in query else {"totalCount": len(rows)}
        return Reply.of({"studies": page} | more | total)

    return answer


def pubmed_numbers(*numbers: str, **changes: Any) -> Reply:
    """PubMed's esearch, which writes its numbers as texts."""
    found = {"count": str(len(numbers)), "idlist": list(numbers), "querytranslation": "spinal[All Fields]"}
    return Reply.of({"header": {"version": "0.3"}, "esearchresult": found | changes})


def pubmed_articles(query: dict[str, str]) -> Reply:
    """PubMed's efetch."""
    body = "".join(map(pubmed_article, query["id"].split(",")))
    return Reply(f'<?xml version="1.0" ?><PubmedArticleSet>{body}</PubmedArticleSet>'.encode())


def _page(rows: Sequence[Any], start: str) -> tuple[list[Any], str]:
    after = int(start) + PER_PAGE
    return list(rows[int(start) : after]), str(after)
