"""BibTeX and BibLaTeX: bibtexparser reads entries, fields and parts of names, pylatexenc decodes LaTeX."""

import logging
import re
from collections.abc import Iterator

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import Block, DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry
from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import date_in, date_of, doi_of_note, find_named_pmcid, find_named_pmid
from webapp.models.values import Author
from webapp.papers import names
from webapp.papers.records import (
    LONGEST_TEXT,
    MOST_RECORDS,
    TOO_MANY,
    Record,
    Unreadable,
    full_title,
    keywords,
    one_line,
    refused,
)

# Problems of a file are shown to whoever sent it; the site's log is not the place for them.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)

SIGN = re.compile(r"^[ \t]*@[A-Za-z]+[ \t]*[{(]", re.MULTILINE)
_MOST_BLOCKS = 4 * MOST_RECORDS  # comments and abbreviations count too
_LATEX = LatexNodes2Text(math_mode="text")
_TYPES = (
    "type", "document_type", "pubstate", "howpublished", "publisher", "archiveprefix", "eprinttype", "institution", "note",
)  # fmt: skip
# What an entry does not inherit from the volume that its field "crossref" names.
_OF_ITS_OWN = (
    "title",
    "subtitle",
    "author",
    "doi",
    "url",
    "pmid",
    "pmcid",
    "note",
    "pages",
    "abstract",
    "crossref",
)
_WHOLE_VOLUME = "It is a whole volume of a meeting, not a paper."
_MATH = re.compile(
    r"(?<!\\)\$((?=[\^_])(?:[^$\\]|\\.)+|(?=\S)(?:[^$\\]|\\.)+(?<=\S)(?=\$(?![\d^_])))\$"
)  # as Pandoc tells a formula from two prices
_SCRIPT = re.compile(r"([\^_])(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(\\[A-Za-z]+|[^\s\\{}]))")
_TEXT_SCRIPT = re.compile(r"\\text(su(?:per|b))script\s*(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(\w))")
# A letter with its accents, or a letter that LaTeX spells: bibtexparser cuts names between a command and its letter.
_LETTER = re.compile(
    r"\\(?:['`\"^~=.]|[bcdHkruv](?![A-Za-z]))\s*(?:\{\s*\\?[^\W\d_]\s*\}|\\?[^\W\d_](?![A-Za-z])|[^\W\d_])"
    r"|\\(?:ss|AE|ae|OE|oe|AA|aa|O|o|L|l|i|j|DH|dh|DJ|dj|TH|th)(?![A-Za-z])(?:\{\}|[ ]+(?!and\b))?"
)
_GREEK = "(?i:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega)"
_SIGNS = {"less": "<", "greater": ">", "bar": "|"}
_NO_COMMA = re.compile(
    r"[}\"]\s*\n\s*[A-Za-z]\w+\s*=\s*[{\"]"
)  # between two fields, which would be read as one
_NAMED_PART = re.compile(
    r"(?:^|,)\s*(family|given|prefix|suffix)\s*=\s*([^,]*)"
)  # as BibLaTeX may write names
_BROKEN = "Its brackets, quotation marks or commas don’t match up."


def records(text: str) -> Iterator[Record]:
    """Read all entries in the order of the file. Raises Unreadable for too many, without parsing them."""
    if len(re.findall(r"@[A-Za-z]+[ \t]*[{(]", text)) > _MOST_BLOCKS:
        raise Unreadable(TOO_MANY)
    library = parse_string(text, parse_stack=[])
    strings = {name.lower(): _joined(str(block.value), {}) for name, block in library.strings_dict.items()}
    blocks = [*library.entries, *library.failed_blocks]
    volumes: dict[str, dict[str, str]] = {}
    # The line and kind of each entry, and its fields, or None if it is broken.
    found: list[tuple[int, str, dict[str, str] | None]] = []
    for block in sorted(blocks, key=lambda block: block.start_line or 0):
        entry: Block | None = block
        if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            entry = block.ignore_error_block  # a second entry of one key is another paper
        line = (block.start_line or 0) + 1
        if not isinstance(entry, Entry) or any(_NO_COMMA.search(str(row.value)) for row in entry.fields):
            found.append((line, (block.raw or "").split("\n")[0], None))
            continue
        fields: dict[str, str] = {}
        for field in entry.fields:
            value = _joined(str(field.value), strings)
            if len(value) <= LONGEST_TEXT:
                fields.setdefault(field.key.lower(), value)  # the first of duplicate fields
        volumes.setdefault(entry.key.lower(), fields)
        found.append((line, entry.entry_type.lower(), fields))
    for line, kind, own in found:
        if own is None:
            yield refused(_BROKEN, line, title=one_line(kind)[:80])
            continue
        volume = volumes.get(own["crossref"].strip().lower(), {}) if own.get("crossref") else {}
        inherited = {name: value for name, value in volume.items() if name not in _OF_ITS_OWN}
        inherited |= {"booktitle": volume.get("booktitle") or volume["title"]} if "title" in volume else {}
        fields = inherited | own
        types = (part for name in _TYPES for part in re.split(r"[;,]", _plain(fields.get(name, ""))))
        record = Record(content=_content(fields), types=(kind, *types), line=line)
        yield refused(_WHOLE_VOLUME, line, record.title) if kind == "proceedings" else record


def _joined(value: str, strings: dict[str, str]) -> str:
    """Join the parts of a value like ``"Walking" # { again} # jan`` without their quotation marks and braces."""
    parts, depth, is_quoted, start = [], 0, False, 0
    for at, letter in enumerate(f"{value}#"):
        depth += (letter == "{") - (letter == "}")
        is_quoted ^= letter == '"' and depth == 0
        if (letter == "#" and depth <= 0 and not is_quoted) or at == len(value):
            part = value[start:at].strip()
            is_text = (part[:1], part[-1:]) in (("{", "}"), ('"', '"'))
            parts.append(part[1:-1] if is_text else strings.get(part.lower(), part))
            start = at + 1
    return "".join(parts)


def _content(raw: dict[str, str]) -> ArticleContent:
    plain = {name: _plain(value) for name, value in raw.items() if name not in ("author", "doi", "url")}
    authors = []
    # twice, for a letter with two accents
    letters = _LETTER.sub(_decoded_letter, _LETTER.sub(_decoded_letter, raw.get("author", "")))
    every = split_multiple_persons_names(letters)
    plain_names = list(map(_plain, every))
    # "Doe J" and "Wei LI" look alike: a single letter is no family name, and tells how the others are written.
    are_short = all(map(names.is_short, plain_names)) and any(
        re.search(r"\s[A-Z]\.?$", name) for name in plain_names
    )
    for name, plain_name in zip(every, plain_names, strict=True):
        named = dict(_NAMED_PART.findall(plain_name.replace('"', "")))
        if "family" in named:
            family = f"{named.get('prefix', '')} {named['family']}".strip()
            authors.append(
                Author(family=family, given=named.get("given", ""), suffix=named.get("suffix", ""))
            )
            continue
        parts = parse_single_name_into_parts(name, strict=False)  # a group's name in braces is one part
        family, given, suffix = (
            _plain(" ".join(words)) for words in ([*parts.von, *parts.last], parts.first, parts.jr)
        )
        if name.lstrip().startswith("{") or not (are_short or re.search("[,;]", name)):
            authors.append(Author(family=family, given=given, suffix=suffix))
        else:
            authors += names.read_any(_plain(name))
    notes = " ".join(plain.get(name, "") for name in ("note", "annote", "annotation", "addendum"))
    month = re.findall(r"[A-Za-z]{3,}|\d+", _first(plain, "month"))  # "10 oct" is a day and its month
    month.sort(key=lambda part: not part.isalpha())
    eprint, archive = _first(plain, "eprint"), _first(plain, "eprinttype", "archiveprefix").lower()
    arxiv = f"10.48550/arXiv.{eprint}" if eprint and archive == "arxiv" else ""
    paper = PaperContent(
        title=full_title(_first(plain, "title"), _first(plain, "subtitle")),
        doi=raw.get("doi")
        or doi_of_note("\n".join(raw.get(name, "") for name in ("note", "howpublished")))
        or arxiv,
        pmid=_first(plain, "pmid", "pubmed_id", "pubmedid", "pubmed-id")
        or (eprint if re.match("pubmed|pmid", archive) else find_named_pmid(notes)),
        pmcid=_first(plain, "pmcid", "pmc") or find_named_pmcid(notes),
        url=raw.get("url", ""),
        journal=_first(plain, "journal", "journaltitle", "booktitle"),
        published_on=date_in(_first(plain, "date"))
        or date_of(_first(plain, "year"), *([*month, _first(plain, "day")][:2])),
        volume=_first(plain, "volume"),
        issue=_first(plain, "number", "issue"),
        pages=_first(plain, "pages", "eid", "article-number", "articleno"),
        abstract=_first(plain, "abstract"),
        mesh_terms=keywords([_first(plain, "keywords", "keyword", "author_keywords")]),
        authors=authors,
    )
    return ArticleContent(paper=paper)


def _decoded_letter(command: re.Match[str]) -> str:
    return str(_LATEX.latex_to_text(command[0], tolerant_parsing=True)).strip()


def _plain(latex: str) -> str:
    """Decode LaTeX: "M{\\"u}ller" becomes "Müller".

    Signs that LaTeX would act on but most files mean as they stand are escaped before: "%" and "&", and "$" and "~" before a
    number.
    """
    latex = re.sub(r"\\(?:\(|\))", "$", re.sub(r"\\{2,}(?=[%&$#_])", r"\\", latex))
    latex = _TEXT_SCRIPT.sub(_as_tag, re.sub(r"(?<!\\)([%&])", r"\\\1", latex))
    pieces = _MATH.split(latex)
    pieces[::2] = (re.sub(r"(?<!\\)\$", r"\\$", piece) for piece in pieces[::2])
    pieces[1::2] = ("$" + _SCRIPT.sub(_as_tag, formula) + "$" for formula in pieces[1::2])
    latex = re.sub(r"(?<![\w.}])~(?=\d)", r"\\textasciitilde{}", "".join(pieces))
    latex = re.sub(rf"\\text(?=(?:{_GREEK})\b)", r"\\", latex)
    for name, sign in _SIGNS.items():
        latex = re.sub(rf"\{{text{name}\}}|\\text{name}(?![a-z])(?:\{{\}})?", sign, latex)
    try:
        text = one_line(_LATEX.latex_to_text(latex, tolerant_parsing=True))
        return re.sub(r"(?<!\w)`([^`']+)'", r"‘\1’", text)
    except (RecursionError, IndexError, ValueError, TypeError, AttributeError):
        return one_line(re.sub(r"[{}\\]", "", latex))  # invalid LaTeX: remove its braces and backslashes


def _as_tag(script: re.Match[str]) -> str:
    """Write a superscript or subscript as the tag that records.plain_text reads."""
    tag = "sup" if script[1] in ("^", "super") else "sub"
    return f"<{tag}>{script[2] or script[3] or ''}</{tag}>"


def _first(fields: dict[str, str], *names: str) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")
