"""The text of a paper in JATS XML, with what its own elements say about funding, interests, license, kind and country."""

from copy import deepcopy
from xml.etree.ElementTree import Element

from webapp.papers import jats
from webapp.papers.facts.paper_text import PaperText, Section, Source
from webapp.papers.markup import drop, words


def paper_text(article: Element) -> PaperText:
    """Read an ``article`` as ``markup.parse`` returns it; its tables and figures are taken out of the running text."""
    content = next(jats.records(article)).content
    license_address = " ".join(
        address
        for element in article.iterfind(".//permissions//*")
        for address in element.attrib.values()
        if "//" in address
    )
    statements = {
        "study_kind": article.get("article-type", "").lower(),
        "funding": content.funding,
        "conflicts_of_interest": content.conflicts_of_interest,
        "license": f"{words(article.find('.//permissions'))} {license_address}".strip(),
        "country": "; ".join(dict.fromkeys(map(words, article.iterfind(".//aff//country")))),
        "keywords": "; ".join(content.paper.mesh_terms),
    }
    tables = [
        # A blank line ends a sentence: no rule reads two rows at once.
        Section(Source.TABLE, "\n\n".join(" | ".join(map(words, row)) for row in wrap.iter("tr")))
        for wrap in article.iter("table-wrap")
    ]
    body = article.find("body")
    parts = [] if body is None else deepcopy(list(body))
    for part in parts:
        drop(part, ("table-wrap", "fig"))
    return PaperText(
        Section(Source.TITLE, content.paper.title),
        Section(Source.ABSTRACT, content.paper.abstract),
        *(Section(Source.STATEMENT, text, heading) for heading, text in statements.items() if text),
        *(Section(Source.FULL_TEXT, words(part)) for part in parts),
        *tables,
    )
