"""PubMed's XML: one paper or a set (https://dtd.nlm.nih.gov/ncbi/pubmed/out/)."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import find_pmid, find_trials
from webapp.models.values import Author
from webapp.papers import dates, pubmed
from webapp.papers.markup import paragraphs, words
from webapp.papers.notices import statuses
from webapp.papers.records import NoticeOf, Record, heading, refused, registrations

ROOTS = ("PubmedArticleSet", "PubmedArticle", "PubmedBookArticle", "PubmedBookArticleSet")

_NOTICES = statuses("pubmed_xml")
_NOTICES_OF = statuses("pubmed_xml", "notices_of")


def records(root: Element) -> Iterator[Record]:
    """Read the paper of a file, or all papers of a set; books are refused."""
    for element in [root] if root.tag in ("PubmedArticle", "PubmedBookArticle") else root:
        if element.tag == "PubmedArticle":
            yield _record(element)
        elif element.tag == "PubmedBookArticle":
            yield refused(
                "This is a book in PubMed, not a paper.", title=words(element.find(".//ArticleTitle"))
            )


def _record(entry: Element) -> Record:
    citation, article = entry.find("MedlineCitation"), entry.find("MedlineCitation/Article")
    if citation is None or article is None:
        return refused("It has no part “Article”, in which PubMed describes the paper.")
    types = [words(kind) for kind in article.findall("PublicationTypeList/PublicationType")]
    banks = article.findall("DataBankList/DataBank")
    numbers = (
        f"{words(bank.find('DataBankName'))} {words(row)}"
        for bank in banks
        for row in bank.iter("AccessionNumber")
    )
    related = citation.findall("CommentsCorrectionsList/CommentsCorrections")
    notices = [
        (_NOTICES[row.get("RefType", "")], words(row.find("RefSource")))
        for row in related
        if row.get("RefType") in _NOTICES
    ]
    notices_of = tuple(
        NoticeOf("pmid", pmid, _NOTICES_OF[row.get("RefType", "")])
        for row in related
        if row.get("RefType") in _NOTICES_OF and (pmid := find_pmid(words(row.find("PMID"))))
    )
    content = ArticleContent(
        paper=pubmed.with_status(_paper(entry, citation, article), types, notices),
        study_kind=pubmed.study_kind(types),
        conflicts_of_interest=words(citation.find("CoiStatement")),
        registrations=registrations(find_trials("; ".join(numbers))),
    )
    return Record(content=content, types=tuple(types), notices_of=notices_of)


def _paper(entry: Element, citation: Element, article: Element) -> PaperContent:
    issue = article.find("Journal/JournalIssue")
    issue = Element("JournalIssue") if issue is None else issue
    published = []
    for element in (*issue.findall("PubDate"), *article.findall("ArticleDate")):
        parts = [words(element.find(name)) for name in ("Year", "Month", "Day")]
        published.append(dates.partial(*parts) or dates.from_text(words(element.find("MedlineDate"))))
    authors = []
    for author in article.findall("AuthorList/Author"):
        if author.get("ValidYN") == "N":  # a spelling that PubMed corrected in the next element
            continue
        family = words(author.find("LastName")) or words(author.find("CollectiveName"))
        given = words(author.find("ForeName")) or words(author.find("Initials"))
        orcid = words(author.find("Identifier[@Source='ORCID']"))
        suffix = words(author.find("Suffix"))
        authors.append(Author(family=family, given=given, suffix=suffix, orcid=orcid))
    if article.find("AuthorList[@CompleteYN='N']") is not None:
        authors.append(Author(family="et al."))
    return PaperContent(
        title=pubmed.title(words(article.find("ArticleTitle")) or words(article.find("VernacularTitle"))),
        doi=_identifier(entry, "doi") or words(article.find("ELocationID[@EIdType='doi']")),
        pmid=words(citation.find("PMID")),
        pmcid=_identifier(entry, "pmc"),
        journal=words(article.find("Journal/Title")) or words(article.find("Journal/ISOAbbreviation")),
        published_on=dates.earliest(published),
        volume=words(issue.find("Volume")),
        issue=words(issue.find("Issue")),
        pages=words(article.find("Pagination/MedlinePgn"))
        or words(article.find("ELocationID[@EIdType='pii']")),
        abstract=paragraphs(
            (part.get("Label", "").replace("UNLABELLED", ""), words(part))
            for part in article.findall("Abstract/AbstractText")
        ),
        authors=authors,
        mesh_terms=[
            *map(words, citation.findall("MeshHeadingList/MeshHeading/DescriptorName")),
            *map(heading, map(words, citation.findall("KeywordList/Keyword"))),
        ],
    )


def _identifier(entry: Element, kind: str) -> str:
    return words(entry.find(f"PubmedData/ArticleIdList/ArticleId[@IdType='{kind}']"))
