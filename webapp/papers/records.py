"""Records, which every format's reader yields, and the normalization that all of them need."""

import re
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, TypeVar

import msgspec

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import READERS, find_doi, find_orcid
from webapp.content.paper_status import is_notice, status_of
from webapp.models import Article, Paper, PaperSection
from webapp.models.values import PaperStatus, Registration
from webapp.papers import names
from webapp.parsing import clean_text, decode_entities

MOST_RECORDS = 500
TOO_MANY = f"This file holds more than {MOST_RECORDS} papers. Split it and import one part after another."
LONGEST_TEXT = 20_000  # characters, the limit of a field of the authoring form
LONGEST_PAPER = 2_000_000  # characters, more than ten times a long paper
IS_A_NOTICE = "This is a notice about another paper, not a paper."
NO_TITLE = "It has no title."
TOO_LONG = f"The text is longer than {LONGEST_PAPER:,} characters, so only title and abstract are stored."
NOT_ALL_AUTHORS = "The file doesn’t name all authors. Add the missing ones."

# How databases say that they know no pages.
_NO_PAGES = re.compile(
    r"(?:no|n/?a|nan|none)(?:-\w*)?|no[nt]?[\s-]*(?:pagination[\s-]*)?specified|\W*", re.IGNORECASE
)
_REGISTERS = {
    "NCT": ("ClinicalTrials.gov", "https://clinicaltrials.gov/study/"),
    "ISRCTN": ("ISRCTN", "https://www.isrctn.com/"),
}
_LONGEST_KEYWORD = 120  # characters
_FORM_LIMITS = {"journal": 300, "license": 300}  # characters, where the column has no limit

# A "<" begins a tag only before the name of one that publishers use; anything else is a sign of less than.
_INLINE = (
    r"jats:[\w-]+|mml:[\w-]+|i|b|u|a|em|strong|sub|sup|inf|small|big|tt|font|span|italic|bold|sc|scp|monospace|underline|named-content|"
    r"styled-content|inline-formula|xref|ext-link|uri|img|math|m(?:i|n|o|row|text|style|sub|sup|frac)"
)
_BLOCK = r"(?:jats:)?(?:p|br|div|title|sec|section|abstract|li|ul|ol|tr|td|h[1-6]|list|list-item|blockquote)"
_ATTRIBUTES = r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))*\s*/?>"
_TAG = re.compile(rf"</?(?:({_BLOCK})|{_INLINE}){_ATTRIBUTES}", re.IGNORECASE)
_FORMULA_TWICE = re.compile(
    r"<(jats:)?tex-math\b[^<>]*>.{0,2000}?</\1?tex-math>(?=\s*<(?:mml:)?math\b)", re.DOTALL | re.IGNORECASE
)
_POWER = re.compile(
    r"<((?:mml:)?)m(sup|sub)\b[^<>]*>\s{0,9}(<(\1m\w+)\b[^<>]*>[^<]*</\4>)\s{0,9}(.{0,300}?)\s{0,9}</\1m\2>",
    re.DOTALL | re.IGNORECASE,
)
_SCRIPT = re.compile(
    r"(?P<capital>(?-i:(?<=[A-Z])))?<(?:jats:)?(?P<kind>sup|sub|inf)\b[^<>]*>(?P<text>.{0,300}?)</(?:jats:)?(?P=kind)\s*>",
    re.DOTALL | re.IGNORECASE,
)
_RAISED = str.maketrans("0123456789+-−–=.∘", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼·°")
_LOWERED = str.maketrans("0123456789+-−–=", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌")
_RAISED_WORDS = {"n": "ⁿ", "o": "°", "tm": "™"}

Value = TypeVar("Value")


class Unreadable(ValueError):
    """A file cannot be read at all; the message says why and what to do."""


class NoticeOf(msgspec.Struct, frozen=True):
    """The paper that a record is a journal's notice about: one of its identifiers, and the status that it has by that."""

    kind: str
    identifier: str
    status: PaperStatus


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A paper in a file; ``reason`` says why it is refused. ``number`` and ``line`` count from 1.

    ``types`` are the kinds that the file gives the work, and its publisher, which only ``normalized`` needs; ``notes`` say
    what an editor should check; ``sections`` are the text beyond title and abstract. ``asked`` is the identifier by which
    the paper was looked up. ``notices_of``: a notice is refused as a paper, and says which papers it is about.
    """

    content: ArticleContent = ArticleContent()
    sections: tuple[PaperSection, ...] = ()
    types: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    line: int | None = None
    number: int = 0
    file: str = ""
    asked: str = ""
    notices_of: tuple[NoticeOf, ...] = ()

    @property
    def location(self) -> str:
        """The position in the file, like "papers.ris, record 3, line 41"."""
        parts = [
            self.file,
            f"record {self.number}" if self.number else "",
            f"line {self.line}" if self.line else "",
        ]
        return ", ".join(part for part in parts if part)

    @property
    def title(self) -> str:
        return self.content.paper.title


def refused(reason: str, line: int | None = None, title: str = "") -> Record:
    """Make a record that cannot be used."""
    return Record(content=ArticleContent(paper=PaperContent(title=title)), reason=reason, line=line)


def normalized(record: Record) -> Record:
    """Normalize texts and identifiers, and drop what the database or the authoring form could not hold."""
    content: ArticleContent = _clean(record.content)
    paper = content.paper
    found = {
        name: READERS[name](getattr(paper, name)) for name in ("doi", "pmid", "pmcid", "url", "status_url")
    }
    found["doi"] = found["doi"] or find_doi(paper.url)
    if found["doi"] or found["pmid"]:
        found["url"] = ""
    authors = [msgspec.structs.replace(author, orcid=find_orcid(author.orcid)) for author in paper.authors]
    known, is_complete = names.complete(authors)
    lengths = accumulate(len(names.written(author)) + len("\r\n") for author in known)
    headings: dict[str, str] = {}
    for term in paper.mesh_terms:
        headings.setdefault(term.casefold(), term)
    paper = msgspec.structs.replace(
        paper,
        **found,
        abstract="\n\n".join(_paragraphs(record.content.paper.abstract)),
        # The form writes all authors in one field: as many of the first ones as it can hold.
        authors=[author for author, length in zip(known, lengths, strict=True) if length <= LONGEST_TEXT],
        pages=_pages(paper.pages),
        mesh_terms=list(headings.values()),
    )
    paper = _fitting(msgspec.structs.replace(paper, status=status_of(paper, record.types)), Paper)
    content = _fitting(msgspec.structs.replace(content, paper=paper), Article)
    reason = "" if paper.title else NO_TITLE
    if is_notice(paper.title, record.types):
        reason = IS_A_NOTICE
    notes = list(record.notes)
    if not is_complete:
        notes.append(NOT_ALL_AUTHORS)
    texts = ("\n\n".join(_paragraphs(section.text)) for section in record.sections)
    sections = tuple(
        PaperSection(section.source, text, plain_text(section.heading))
        for section, text in zip(record.sections, texts, strict=True)
        if text
    )
    if sum(len(section.text) for section in sections) > LONGEST_PAPER:
        sections = ()
        notes.append(TOO_LONG)
    if unclear := [
        author for author in paper.authors if "," in author.given or re.search("[,;]", author.family)
    ]:
        notes.append(f"Check the authors: “{names.written(unclear[0]).rstrip(';')}” may be more than one.")
    return msgspec.structs.replace(
        record,
        content=content,
        sections=sections,
        types=(),
        notes=tuple(notes),
        reason=record.reason or reason,
    )


def _pages(text: str) -> str:
    """Write a range as "12-9": with a hyphen, without "pp.", and without an end that is open or the same."""
    text = re.sub(r"\s*(?:-{1,3}|[‐‑‒–—−])\s*", "-", re.sub(r"^pp?\.?\s*(?=\d)", "", text))
    start, _, end = text.partition("-")
    text = start.rstrip("+") if end in ("", "+", start) else text
    return "" if _NO_PAGES.fullmatch(text) else text


def full_title(title: str, subtitle: str) -> str:
    """Join a title and its subtitle with a colon, unless the title has its own mark or holds the subtitle."""
    if not (title and subtitle) or title.casefold().endswith(subtitle.casefold()):
        return title
    return f"{title} {subtitle}" if re.search(r"[:?!.;–—-]$", title) else f"{title}: {subtitle}"


def keywords(values: list[str]) -> list[str]:
    """Return keywords without MeSH's qualifiers; a value may be a list with semicolons, a single one a list with commas."""
    if len(values) == 1 and ";" not in values[0]:
        values = values[0].split(",")
    values = [word for value in values for word in value.split(";")]
    return list(filter(None, map(heading, values)))


def heading(text: str) -> str:
    """Return a subject heading without its qualifiers: "Beds" for "*Beds/adverse effects"."""
    term = re.sub(r"/\*?[a-z].*|\*", "", one_line(text)).strip(" ;,.")
    return term if len(term) < _LONGEST_KEYWORD else ""


def funding(funders: Iterable[tuple[str, str]]) -> str:
    """Write who paid, each funder once, with the numbers of its grants: "A fund (W81, W82); A clinic"."""
    written = (f"{name} ({grants})" if grants else name for name, grants in funders)
    return "; ".join(dict.fromkeys(filter(None, written)))


def registrations(numbers: Iterable[str]) -> list[Registration]:
    """Return the trial's entry in each register, ClinicalTrials.gov's first.

    Of several in one register it is unclear which is this paper's trial: then there is none.
    """
    by_register: dict[str, str] = {}
    for number in dict.fromkeys(numbers):
        start = re.split(r"[^A-Za-z]", number)[0]
        if start in by_register:
            return []
        by_register[start] = number
    known = sorted(by_register.items(), key=lambda entry: entry[0] != "NCT")
    found = [(number, *_REGISTERS.get(start, ("", ""))) for start, number in known]
    return [
        Registration(number=number, register=register, url=url and url + number)
        for number, register, url in found
    ]


def plain_text(text: str) -> str:
    """Write a text on one line, without tags, entities and invisible characters."""
    return " ".join(_paragraphs(text))


def one_line(text: str) -> str:
    """Collapse line breaks and runs of white space."""
    return " ".join(text.split())


def _paragraphs(text: str) -> list[str]:
    """Split a text into paragraphs without tags and entities; the heading of an abstract is none."""
    text = _without_tags(decode_entities(_without_tags(text)))  # the tags themselves may be encoded
    paragraphs = map(one_line, re.split(r"\n\s*\n", clean_text(text)))
    return [paragraph for paragraph in paragraphs if paragraph and paragraph.lower() != "abstract"]


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    text = _POWER.sub(r"\3<\2>\5</\2>", _FORMULA_TWICE.sub("", text))
    return _TAG.sub(lambda tag: "\n\n" if tag[1] else "", _SCRIPT.sub(_in_unicode, text))


def _in_unicode(script: re.Match[str]) -> str:
    """Write a superscript or subscript: "10⁶", "CO₂", "5th", "VO₂max", "GABA-A"; letters stay as they are."""
    text = decode_entities(_TAG.sub("", script["text"])).strip()
    if script["kind"].lower() == "sup":
        return _RAISED_WORDS.get(text.lower()) or text.translate(_RAISED)
    if re.search(r"[-+−–=][^\W\d]", text):
        return text  # "1−x", which has no sign for its letter
    is_hyphenated = script["capital"] is not None and re.match("[A-Z]", text)
    return ("-" if is_hyphenated else "") + text.translate(_LOWERED)


def _clean(value: Any) -> Any:
    """Make all texts plain, and remove empty members from lists."""
    if type(value) is str:  # not a StrEnum
        return plain_text(value)
    if isinstance(value, list):
        return [member for member in map(_clean, value) if member]
    if isinstance(value, msgspec.Struct):
        return type(value)(**{name: _clean(getattr(value, name)) for name in value.__struct_fields__})
    return value


def _fitting(value: Value, model: type[Article] | type[Paper]) -> Value:
    """Drop texts that are too long for their field, rather than cut them: such a text is in the wrong field."""
    columns = model.__table__.c
    changes = {}
    for name in value.__struct_fields__:  # type: ignore[attr-defined]
        text = getattr(value, name)
        if isinstance(text, str) and name in columns:
            limit = _FORM_LIMITS.get(name) or getattr(columns[name].type, "length", None) or LONGEST_TEXT
            if len(text) > limit:
                changes[name] = ""
    return msgspec.structs.replace(value, **changes)  # type: ignore[type-var]
