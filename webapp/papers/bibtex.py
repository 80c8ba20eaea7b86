"""BibTeX and BibLaTeX: bibtexparser reads entries, fields and parts of names, pylatexenc decodes LaTeX."""

import logging
import re
from collections.abc import Iterator

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import Block, DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry
from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.models.values import Author
from webapp.papers import dates, names
from webapp.papers.records import (
    LONGEST_TEXT,
    MOST_RECORDS,
    TOO_MANY,
    Record,
    Unreadable,
    one_line,
    refused,
)

# Problems of a file are shown to whoever sent it; the site's log is not the place for them.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)

_MOST_BLOCKS = 4 * MOST_RECORDS  # comments and abbreviations count too
_LATEX = LatexNodes2Text(math_mode="text")
_BROKEN = "Its brackets, quotation marks or commas do not fit together."


def is_bibtex(text: str) -> bool:
    """Tell whether a text has a BibTeX entry."""
    return re.search(r"^[ \t]*@[A-Za-z]+[ \t]*[{(]", text, re.MULTILINE) is not None


def records(text: str) -> Iterator[Record]:
    """Read all entries in the order of the file. Raises Unreadable for too many, without parsing them."""
    if len(re.findall(r"@[A-Za-z]+[ \t]*[{(]", text)) > _MOST_BLOCKS:
        raise Unreadable(TOO_MANY)
    library = parse_string(text)
    blocks = [*library.entries, *library.failed_blocks]
    for block in sorted(blocks, key=lambda block: block.start_line or 0):
        line = (block.start_line or 0) + 1
        entry: Block | None = block
        if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            entry = block.ignore_error_block  # a second entry of one key is another paper
        if not isinstance(entry, Entry):
            yield refused(_BROKEN, line, title=one_line((block.raw or "").split("\n")[0])[:80])
            continue
        fields: dict[str, str] = {}
        for field in entry.fields:
            if len(str(field.value)) <= LONGEST_TEXT:
                fields.setdefault(field.key.lower(), str(field.value))  # the first of duplicate fields
        names = (
            "type",
            "document_type",
            "pubstate",
            "howpublished",
            "publisher",
            "archiveprefix",
            "eprinttype",
            "institution",
            "note",
        )
        types = (kind for name in names for kind in re.split(r"[;,]", _plain(fields.get(name, ""))))
        yield Record(content=_content(fields), types=(entry.entry_type, *types), line=line)


def _content(raw: dict[str, str]) -> ArticleContent:
    plain = {name: _plain(value) for name, value in raw.items() if name not in ("author", "doi", "url")}
    authors = []
    for name in split_multiple_persons_names(raw.get("author", "")):
        parts = parse_single_name_into_parts(name, strict=False)  # a group's name in braces is one part
        family, given, suffix = (
            _plain(" ".join(words)) for words in ([*parts.von, *parts.last], parts.first, parts.jr)
        )
        if name.lstrip().startswith("{") or not re.search("[,;]", name):
            authors.append(names.tidied(Author(family=family, given=given, suffix=suffix)))
        else:
            authors += names.read_any(_plain(name))
    paper = PaperContent(
        title=_first(plain, "title"),
        doi=raw.get("doi", ""),
        pmid=_first(plain, "pmid")
        or (_first(plain, "eprint") if plain.get("eprinttype") == "pubmed" else ""),
        pmcid=_first(plain, "pmcid", "pmc"),
        url=raw.get("url", ""),
        journal=_first(plain, "journal", "journaltitle", "booktitle"),
        published_on=dates.from_text(_first(plain, "date"))
        or dates.partial(_first(plain, "year"), _first(plain, "month"), _first(plain, "day")),
        volume=_first(plain, "volume"),
        issue=_first(plain, "number", "issue"),
        pages=_first(plain, "pages"),
        abstract=_first(plain, "abstract"),
        authors=authors,
    )
    return ArticleContent(paper=paper)


def _plain(latex: str) -> str:
    """Decode LaTeX: "M{\\"u}ller" becomes "Müller"."""
    try:
        return one_line(_LATEX.latex_to_text(latex, tolerant_parsing=True))
    except (RecursionError, IndexError, ValueError, TypeError, AttributeError):
        return one_line(re.sub(r"[{}\\]", "", latex))  # invalid LaTeX: remove its braces and backslashes


def _first(fields: dict[str, str], *names: str) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")
