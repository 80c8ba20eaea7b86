"""JATS XML, the format of whole papers at journals and PubMed Central (https://jats.nlm.nih.gov).

Funding and conflicts of interest are copied word for word from the elements that JATS has for them; headings are not
interpreted. The trial number is taken from the abstract and from sections about registration only: a number elsewhere
may be that of another trial. The rest of the paper becomes the record's sections.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import date_of, earliest_date, find_doi, find_trials
from webapp.models import CELL, PaperPart, PaperSection
from webapp.models.values import Author
from webapp.papers import names
from webapp.papers.crossref import short_license
from webapp.papers.markup import drop, paragraphs, words
from webapp.papers.notices import Notice, statuses, study_kinds, with_notice, worst
from webapp.papers.records import Record, full_title, keywords, refused, registrations

_LINK = "{http://www.w3.org/1999/xlink}href"
_NOTICES, _KINDS = statuses("jats"), study_kinds("jats")
_LATER_DATES = ("pmc-release", "nihms-submitted", "retracted", "corrected", "preprint")
_OTHER_ABSTRACTS = (
    "graphical",
    "teaser",
    "toc",
    "precis",
    "editor",
    "key-points",
    "plain-language-summary",
    "video",
)
# Elements that hold paragraphs and one another.
_PARTS = ("sec", "list", "list-item", "boxed-text", "ack", "app-group", "app", "notes", "fn-group", "fn")
_REGISTERED = re.compile(r"(trial|study|protocol) registration|registration (number|of the trial)", re.I)


def records(root: Element) -> Iterator[Record]:
    """Read the paper of a file, or all papers of a set."""
    drop(root, ("sub-article", "response", "ref-list", "fn-marker", "object-id"))
    for article in [root] if root.tag == "article" else root.iter("article"):
        meta = article.find("front/article-meta")
        if meta is None:
            yield refused("It has no part “article-meta”, which describes the paper.")
            continue
        kind = article.get("article-type", "").lower()
        headings = [words(subject) for subject in meta.findall("article-categories/subj-group/subject")]
        kinds = [kind, *(heading.lower().replace(" ", "-") for heading in headings)]
        registered = [part for part in article.iter("sec") if _REGISTERED.search(words(part.find("title")))]
        parts = (*meta.findall("abstract"), *registered)
        statements = " ".join(map(words, meta.iterfind("funding-group/funding-statement")))
        funders = dict.fromkeys(map(words, meta.iterfind("funding-group/award-group/funding-source")))
        content = ArticleContent(
            paper=_paper(article, meta),
            study_kind=next((_KINDS[name] for name in kinds if name in _KINDS), None),
            funding=statements
            or _marked(article, "financial-disclosure", "supported-by")
            or "; ".join(funders),
            conflicts_of_interest=_marked(article, "conflict", "coi-statement"),
            registrations=registrations(find_trials(" ".join(map(words, parts)))),
        )
        publisher = words(article.find("front/journal-meta/publisher/publisher-name"))
        yield Record(content=content, types=(*kinds, publisher), sections=_sections(article, content))


def _sections(article: Element, content: ArticleContent) -> tuple[PaperSection, ...]:
    """Read what JATS has elements for, the running text, part by part, and the tables, which are taken out of it."""
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
    tables = []
    for wrap in article.iter("table-wrap"):
        caption = f"{words(wrap.find('label'))} {words(wrap.find('caption'))}"
        rows = [CELL.join(words(cell).replace(CELL, " / ") for cell in row) for row in wrap.iter("tr")]
        notes = words(wrap.find("table-wrap-foot"))
        tables.append(PaperSection(PaperPart.TABLE, "\n\n".join((caption, *rows, notes))))
    drop(article, ("table-wrap",))
    running = []
    for part in (*article.iterfind("body/*"), *article.iterfind("back/*")):
        title = part.find("title")
        if title is not None:
            part.remove(title)
        running.append(PaperSection(PaperPart.FULL_TEXT, "\n\n".join(_blocks(part)), words(title)))
    return (
        *(PaperSection(PaperPart.STATEMENT, text, name) for name, text in statements.items()),
        *running,
        *tables,
    )


def _blocks(part: Element) -> Iterator[str]:
    """The headings and paragraphs of a part in their order."""
    if part.tag not in _PARTS:
        yield words(part)
    else:
        for child in part:
            yield from _blocks(child)


def _paper(article: Element, meta: Element) -> PaperContent:
    title = ""
    group = meta.find("title-group")
    if group is not None:
        drop(group, ("xref", "fn"))
        title = full_title(words(group.find("article-title")), words(group.find("subtitle")))
    start, end = words(meta.find("fpage")), words(meta.find("lpage"))
    notices = [
        Notice(_NOTICES[kind], find_doi(row.get(_LINK, "")))
        for row in reversed(meta.findall("related-article"))  # of several, the last counts
        if (kind := row.get("related-article-type", "")) in _NOTICES
    ]
    journal = article.find("front/journal-meta")
    journal = Element("journal-meta") if journal is None else journal
    paper = PaperContent(
        title=title,
        doi=_identifier(meta, "doi"),
        pmid=_identifier(meta, "pmid"),
        pmcid=_identifier(meta, "pmc") or _identifier(meta, "pmcid"),
        journal=words(journal.find(".//journal-title")) or words(journal.find("journal-id")),
        published_on=earliest_date(
            date_of(*(words(date.find(part)) for part in ("year", "month", "day")))
            for date in meta.findall("pub-date")
            if (date.get("pub-type") or date.get("date-type")) not in _LATER_DATES
        ),
        volume=words(meta.find("volume")),
        issue=words(meta.find("issue")),
        pages=f"{start}-{end}" if end else start or words(meta.find("elocation-id")),
        license=_license(meta),
        abstract=_abstract(meta),
        authors=[
            author for author in map(_author, meta.findall("contrib-group/contrib")) if author is not None
        ],
        mesh_terms=keywords(list(map(words, meta.iterfind("kwd-group//kwd")))),
    )
    return with_notice(paper, worst(notices))


def _author(contrib: Element) -> Author | None:
    """Read a person or group; None for a contributor who is no author, such as an editor."""
    if contrib.get("contrib-type", "author") != "author":
        return None
    drop(contrib, ("xref", "fn", "sup", "institution-id", "email"))
    places = ("name", "name-alternatives/name", "string-name", "name-alternatives/string-name")
    name = next((found for place in places if (found := contrib.find(place)) is not None), None)
    orcid = words(contrib.find("contrib-id[@contrib-id-type='orcid']")) or words(contrib.find("uri"))
    if name is None:
        group = contrib.find("collab")
        group = contrib.find("collab-alternatives/collab") if group is None else group
        if group is not None:
            drop(group, ("contrib-group",))  # its members are no authors here
        return Author(family=words(group))
    if name.find("surname") is None:
        return next(iter(names.read_any(words(name))), None)
    family, given, suffix = (words(name.find(part)) for part in ("surname", "given-names", "suffix"))
    return Author(family=family, given=given, suffix=suffix, orcid=orcid)


def _identifier(meta: Element, kind: str) -> str:
    return words(meta.find(f"article-id[@pub-id-type='{kind}']"))


def _license(meta: Element) -> str:
    for element in meta.iterfind("permissions//*"):
        address = (
            element.get(_LINK, "") or (element.text or "")
            if element.tag in ("license", "ext-link", "license_ref")
            else ""
        )
        if short_license(address):
            return short_license(address)
    match = re.search(r"\bCC[ -](BY(?:-[A-Z]{2})*)\b", words(meta.find("permissions/license")))
    return f"CC {match.group(1)}" if match else ""


def _abstract(meta: Element) -> str:
    abstracts = (
        part for part in meta.findall("abstract") if part.get("abstract-type") not in _OTHER_ABSTRACTS
    )
    blocks = []
    for block in next(abstracts, ()):
        if block.tag == "sec":
            text = " ".join(words(part) for part in block if part.tag != "title")
            blocks.append((words(block.find("title")).rstrip(":."), text))
        elif block.tag != "title":
            blocks.append(("", words(block)))
    return paragraphs(blocks)


def _marked(article: Element, *types: str) -> str:
    """Return the text of the first footnote, section or note of one of these types, without its title."""
    for part in article.iter():
        kind = part.get("fn-type") or part.get("sec-type") or part.get("notes-type") or ""
        if kind.lower() in types:
            return " ".join(words(paragraph) for paragraph in part.iter("p"))
    return ""
