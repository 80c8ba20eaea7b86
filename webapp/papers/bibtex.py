"""BibTeX and BibLaTeX. bibtexparser finds entries, fields and the parts of names; pylatexenc the letters."""

import logging
import re
from collections.abc import Iterator

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import Block, DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry
from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.models.values import Author
from webapp.papers import dates
from webapp.papers.records import (
    LONGEST_TEXT,
    MOST_RECORDS,
    TOO_MANY,
    Record,
    Unreadable,
    find_doi,
    one_line,
    refused,
)

logging.getLogger("bibtexparser").setLevel(
    logging.CRITICAL
)  # what is wrong with a file is told to who sent it
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)

_MOST_BLOCKS = 4 * MOST_RECORDS  # with comments and short forms
_LATEX = LatexNodes2Text(math_mode="text")
_BROKEN = "Its brackets, quotation marks or commas do not fit together."


def is_bibtex(text: str) -> bool:
    """Does a text look like this format?"""
    return re.search(r"^[ \t]*@[A-Za-z]+[ \t]*[{(]", text, re.MULTILINE) is not None


def records(text: str) -> Iterator[Record]:
    """Every entry, in the order of the file. Raises Unreadable for more than are worth the time."""
    if len(re.findall(r"@[A-Za-z]+[ \t]*[{(]", text)) > _MOST_BLOCKS:
        raise Unreadable(TOO_MANY)
    library = parse_string(text)
    blocks = [*library.entries, *library.failed_blocks]
    for block in sorted(blocks, key=lambda block: block.start_line or 0):
        line = (block.start_line or 0) + 1
        entry: Block | None = block
        if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            entry = block.ignore_error_block  # two of one name are two papers; of two fields the first counts
        if isinstance(entry, Entry):
            yield Record(content=_content(_fields(entry)), line=line)
        else:
            yield refused(_BROKEN, line, title=one_line((block.raw or "").split("\n")[0])[:80])


def _fields(entry: Entry) -> dict[str, str]:
    fields: dict[str, str] = {}
    for field in entry.fields:
        if len(str(field.value)) <= LONGEST_TEXT:
            fields.setdefault(field.key.lower(), str(field.value))
    return fields


def _content(raw: dict[str, str]) -> ArticleContent:
    plain = {name: _plain(value) for name, value in raw.items() if name not in ("author", "doi", "url")}
    paper = PaperContent(
        title=_first(plain, "title"),
        doi=find_doi(raw.get("doi", "").replace("\\", "")),
        pmid=_first(plain, "pmid")
        or (_first(plain, "eprint") if plain.get("eprinttype") == "pubmed" else ""),
        pmcid=_first(plain, "pmcid", "pmc"),
        url=raw.get("url", "").replace("\\", ""),
        journal=_first(plain, "journal", "journaltitle", "booktitle"),
        published_on=dates.from_text(_first(plain, "date"))
        or dates.partial(_first(plain, "year"), _first(plain, "month"), _first(plain, "day")),
        volume=_first(plain, "volume"),
        issue=_first(plain, "number", "issue"),
        pages=re.sub(r"\s*(?:--+|–)\s*", "-", _first(plain, "pages")),
        abstract=_first(plain, "abstract"),
        authors=[_author(name) for name in split_multiple_persons_names(raw.get("author", ""))],
    )
    return ArticleContent(paper=paper)


def _author(name: str) -> Author:
    """The parts of a name; a name in brackets is a group's and stays whole."""
    parts = parse_single_name_into_parts(name, strict=False)
    family = _plain(" ".join([*parts.von, *parts.last]))
    given = _plain(" ".join([*parts.first, *parts.jr]))
    return Author(family=family, given=given)


def _plain(latex: str) -> str:
    """Text without LaTeX: "M{\\"u}ller" is "Müller"."""
    try:
        return one_line(_LATEX.latex_to_text(latex, tolerant_parsing=True))
    except (RecursionError, IndexError, ValueError, TypeError, AttributeError):
        return one_line(re.sub(r"[{}\\]", "", latex))  # not LaTeX after all: keep the words


def _first(fields: dict[str, str], *names: str) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")
