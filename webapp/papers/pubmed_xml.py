"""PubMed's XML: one paper or a set (https://dtd.nlm.nih.gov/ncbi/pubmed/out/)."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from webapp.content.article_content import PaperContent
from webapp.content.identifiers import date_in, date_of, earliest_date, find_trials
from webapp.models.values import Author
from webapp.papers import pubmed
from webapp.papers.markup import paragraphs, words
from webapp.papers.records import Record, heading, refused, registrations

ROOTS = ("PubmedArticleSet", "PubmedArticle", "PubmedBookArticle", "PubmedBookArticleSet")


def records(root: Element) -> Iterator[Record]:
    """Read the paper of a file, or all papers of a set; books are refused."""
    for entry in [root] if root.tag in ("PubmedArticle", "PubmedBookArticle") else root:
        if entry.tag == "PubmedBookArticle":
            title = words(entry.find(".//ArticleTitle"))
            yield refused("This is a book in PubMed, not a paper.", title=title)
        if entry.tag != "PubmedArticle":
            continue
        citation, article = entry.find("MedlineCitation"), entry.find("MedlineCitation/Article")
        if citation is None or article is None:
            yield refused("It has no part “Article”, in which PubMed describes the paper.")
            continue
        banks = article.findall("DataBankList/DataBank")
        numbers = (
            f"{words(bank.find('DataBankName'))} {words(row)}"
            for bank in banks
            for row in bank.iter("AccessionNumber")
        )
        related = [
            (row.get("RefType", ""), words(row.find("RefSource")), words(row.find("PMID")))
            for row in citation.findall("CommentsCorrectionsList/CommentsCorrections")
        ]
        yield pubmed.record(
            "pubmed_xml",
            _paper(entry, citation, article),
            [words(kind) for kind in article.findall("PublicationTypeList/PublicationType")],
            related,
            conflicts_of_interest=words(citation.find("CoiStatement")),
            registrations=registrations(find_trials("; ".join(numbers))),
        )


def _paper(entry: Element, citation: Element, article: Element) -> PaperContent:
    issue = article.find("Journal/JournalIssue")
    issue = Element("JournalIssue") if issue is None else issue
    published = []
    for element in (*issue.findall("PubDate"), *article.findall("ArticleDate")):
        parts = [words(element.find(name)) for name in ("Year", "Month", "Day")]
        published.append(date_of(*parts) or date_in(words(element.find("MedlineDate"))))
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
        title=words(article.find("ArticleTitle")) or words(article.find("VernacularTitle")),
        doi=_identifier(entry, "doi") or words(article.find("ELocationID[@EIdType='doi']")),
        pmid=words(citation.find("PMID")),
        pmcid=_identifier(entry, "pmc"),
        journal=words(article.find("Journal/Title")) or words(article.find("Journal/ISOAbbreviation")),
        published_on=earliest_date(published),
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
