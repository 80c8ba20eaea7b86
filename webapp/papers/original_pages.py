"""Saved pages of the original site, read as the content of summaries by the labels that its layout prints.

The labels say where each part begins, not tags or classes: a browser, an archive and a program that copies sites save the same
page with different ones.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from webapp.content.article_content import ArticleContent, PaperContent
from webapp.content.identifiers import date_in, find_doi
from webapp.models.values import Finding, Implication
from webapp.papers import page_blocks
from webapp.papers.file_formats import MOST_BYTES
from webapp.papers.page_blocks import AFTER_LEAD, PageBlock
from webapp.papers.records import Record, Unreadable, normalized, one_line
from webapp.parsing import clean_text

MOST_ADDRESS = 255  # characters, the length of the column

_PARTS = {
    "simple explanation": "simple_explanation",
    "study duration": "study_duration",
    "participants": "participants",
    "evidence level": "evidence_level",
    "key findings": "findings",
    "research summary": "research_summary",
    "practical implications": "implications",
    "study limitations": "limitations",
    "reference": "references",
    "references": "references",
}
_FACTS = {"study_duration", "participants", "evidence_level"}
_LONG_PARTS = {"findings", "research_summary", "implications", "limitations"}
_LEAST_LONG_PARTS = 2  # of a page in the layout; the explanation counts as one
_END = re.compile(r"your feedback|was this summary helpful")

_NO_CATEGORIES = {"", "home", "research", "latest research", "categories", "top", "all categories"}
_CRUMB_END = re.compile(r"\s*[›»→>/]\s*")
_PIECE_END = re.compile(r"\s*[·•|]\s*|[\s,;]+(?=(?:DOI|Published)\s*:)", re.IGNORECASE)
_PUBLISHED = re.compile(r"published(?:\s+on)?\s*:\s*(.*)", re.IGNORECASE)
_JOURNAL = re.compile(r"(?:journal\s*:\s*)?(.+?)\s*(?:,\s*|\()((?:18|19|20)\d\d)\)?", re.IGNORECASE)
_NUMBER = re.compile(r"\(?\d{1,2}[.):]?")
_NUMBERED = re.compile(r"\(?\d{1,2}[.):]\s+")


@dataclass(frozen=True)
class OriginalPage:
    """A page that was read: its address on the original site, the names of its categories, and what it says."""

    file: str
    address: str
    categories: tuple[str, ...]
    record: Record


def read(source: bytes, file: str) -> OriginalPage:
    """Read a saved page; ``file`` is its path below the folder of pages. Raises Unreadable with the reason."""
    if len(source) > MOST_BYTES:
        raise Unreadable(f"This file is larger than {MOST_BYTES // 1_000_000} MB.")
    blocks, own_address = page_blocks.read(source, lambda block: _part_of(block) not in (None, ("", "")))
    top, parts, notes = _parts(blocks)
    if len(parts.keys() & (_LONG_PARTS | {"simple_explanation"})) < _LEAST_LONG_PARTS:
        raise Unreadable(
            "This page doesn’t have the layout of a summary: its labels, like “Key Findings”, are missing."
        )
    title = next((block.text for block in reversed(top) if block.level == 1), "")
    if not title:
        raise Unreadable("This page has no title.")
    paper = _paper(title, top, parts, notes)
    content = ArticleContent(
        paper=paper,
        findings=[Finding(text=text) for text in _entries(parts.get("findings", []))],
        implications=_implications(parts.get("implications", [])),
        limitations=_entries(parts.get("limitations", [])),
        simple_explanation=_paragraphs(parts.get("simple_explanation", [])),
        research_summary=_paragraphs(parts.get("research_summary", [])),
        study_duration=one_line(_paragraphs(parts.get("study_duration", []))),
        participants=one_line(_paragraphs(parts.get("participants", []))),
        evidence_level=one_line(_paragraphs(parts.get("evidence_level", []))),
    )
    record = normalized(Record(content=ArticleContent(paper=paper), file=file, notes=tuple(notes)))
    content = msgspec.structs.replace(content, paper=record.content.paper)
    # or else where a program that copies sites found the page, from the name that it gave the file
    of_file = re.sub(r"(?:(?:^|/)index)?\.html?$", "", Path(file).as_posix(), flags=re.IGNORECASE)
    address = _path(own_address) or f"/{of_file}"
    if len(address) > MOST_ADDRESS:
        raise Unreadable(f"The page’s address is longer than {MOST_ADDRESS} characters.")
    categories = _categories(top, title)
    if not categories:
        ends = (
            re.fullmatch(r"\W*back to (?:the )?(.+)", block.text, re.I) for block in blocks if block.is_link
        )
        categories = [end[1] for end in ends if end and _is_category(end[1])][-1:]
    return OriginalPage(file, address, tuple(categories), msgspec.structs.replace(record, content=content))


def _label(text: str) -> str:
    """A label without case, numbers and the signs around it."""
    return one_line(re.sub(r"[^a-z ]+", " ", text.casefold()))


def _is_category(text: str) -> bool:
    return _label(text) not in _NO_CATEGORIES


def _part_of(
    block: PageBlock, current: str = "", known: Collection[str] = (), level: int = 0
) -> tuple[str, str] | None:
    """The part that a block begins, and what it says of it already; ("", "") where the summary ends.

    ``current`` is the part that the block stands in, ``known`` the parts found so far, ``level`` the level of their headings.
    """
    label = _label(block.text)
    if _END.match(label) or (block.is_link and label.startswith("back to ")):
        return "", ""
    before, _, after = block.text.partition(":")
    found = [(label, ""), (_label(before), after.strip()), (_label(block.lead), block.after_lead)]
    part, rest = next(((_PARTS[label], rest) for label, rest in found if label in _PARTS), ("", ""))
    if not part or block.is_navigation or (block.level == 1 and rest):
        return None  # a title may begin like "Participants: …"
    # "Participants walked further" is a finding, and a long summary may have a paragraph on "Participants", too.
    if part in _FACTS and current in _LONG_PARTS and (rest or part in known or block.level > level):
        return None
    return part, rest


def _parts(blocks: Iterable[PageBlock]) -> tuple[list[PageBlock], dict[str, list[PageBlock]], list[str]]:
    """Sort blocks by part: those above the first one, those of each, and notes on what belongs to none."""
    top: list[PageBlock] = []
    parts: dict[str, list[PageBlock]] = {}
    notes: list[str] = []
    seen = set[tuple[str, str]]()
    current: str | None = None  # above the first part; "" between parts
    level = 2  # of the headings that begin parts
    for block in blocks:
        begun = _part_of(block, current or "", parts, level)
        if begun is not None and (begun[0] or current is not None):
            current, rest = begun
            level = block.level or level
            if current:
                parts.setdefault(current, [])
            if rest:
                parts[current].append(PageBlock(rest, entry=block.entry, links=block.links))
        elif current is None:
            top.append(block)
        elif block.level and block.level <= level:
            current = ""
            notes.append(f"Not taken over: the part “{block.text}”.")
        elif current and (current, block.text) not in seen:
            seen.add((current, block.text))  # some pages hold a part twice, for phones and for computers
            parts[current].append(block)
    return top, {name: found for name, found in parts.items() if found}, notes


def _paper(
    title: str, top: list[PageBlock], parts: dict[str, list[PageBlock]], notes: list[str]
) -> PaperContent:
    """Read the line of the journal, the DOI and the date, above the first part."""
    start = max(number for number, block in enumerate(top) if block.level == 1)
    own = [block for block in top[start:] if not (block.is_navigation or block.is_chip or block.level)]
    # A label and its value may be two blocks.
    lines = re.sub(r":\n", ": ", "\n".join(block.text for block in own)).split("\n")
    pieces = [piece for line in lines for piece in _PIECE_END.split(line) if piece]
    journal = year = published_on = ""
    for piece in pieces:
        if match := _PUBLISHED.fullmatch(piece):
            published_on = date_in(match[1])
            if not published_on:
                notes.append(f"Check the date: “{match[1]}”.")
        elif not journal and (match := _JOURNAL.fullmatch(piece)):
            journal, year = match[1], match[2]
    dois = list(_dois([*pieces, *(link for block in own for link in block.links)]))
    references = parts.get("references", [])
    if references:
        notes.append(f"Not taken over: references: {'; '.join(_entries(references))}")
        if not dois:
            dois = list(_dois(text for block in references for text in (block.text, *block.links)))
            dois = dois if len(dois) == 1 else []
    if len(dois) > 1:
        notes.append(f"Check the DOI: the page has {' and '.join(dois)}.")
    if year and published_on and published_on[:4] != year:
        notes.append(f"Check the year: {year} beside the journal, {published_on} as the date.")
    return PaperContent(
        title=title, journal=journal, doi=next(iter(dois), ""), published_on=published_on or year
    )


def _dois(texts: Iterable[str]) -> list[str]:
    """The DOIs in texts, each once, also with blanks around the slash or after a dot."""
    joined = (re.sub(r"(?<=\w\.)\s+(?=\d)", "", re.sub(r"\s*/\s*", "/", text)) for text in texts)
    return list(dict.fromkeys(filter(None, map(find_doi, joined))))


def _categories(top: list[PageBlock], title: str) -> list[str]:
    """The names of the categories, the primary one first: those of the breadcrumb, then the chips."""
    crumbs = [crumb for block in top for crumb in _CRUMB_END.split(block.text) if crumb]
    found = [
        crumb
        for home, research, crumb in zip(crumbs, crumbs[1:], crumbs[2:], strict=False)
        if (home.casefold(), research.casefold()) == ("home", "research") and crumb != title
    ]
    chips = [block.text for block in top if block.is_chip and _is_category(block.text)]
    by_name = {name.casefold(): name for name in reversed([*found, *chips])}
    return list(reversed(by_name.values()))


def _joined(blocks: Iterable[PageBlock]) -> Iterator[PageBlock]:
    """Blocks, those of one list entry as one; numbers of their own, as around a list, are left out."""
    entries: dict[int, list[PageBlock]] = {}
    order: list[PageBlock | int] = []
    for block in blocks:
        if _NUMBER.fullmatch(block.text):
            continue
        if not block.entry:
            order.append(block)
        elif block.entry in entries:
            entries[block.entry].append(block)
        else:
            entries[block.entry] = [block]
            order.append(block.entry)
    for one in order:
        if isinstance(one, PageBlock):
            yield one
            continue
        first, *rest = entries[one]
        lead = first.lead or (first.text if first.level else "")
        yield PageBlock(" ".join([first.text, *(block.text for block in rest)]), lead, entry=one)


def _entries(blocks: Iterable[PageBlock]) -> list[str]:
    """The entries of a list, without their numbers: "1. ", or a number that stands out in each, in order."""
    joined = list(_joined(blocks))
    if len(joined) > 1 and [block.lead for block in joined] == [str(n) for n in range(1, len(joined) + 1)]:
        return [block.after_lead for block in joined]
    return [
        _NUMBERED.sub("", block.text, count=1) if _NUMBERED.match(block.text) else block.text
        for block in joined
    ]


def _paragraphs(blocks: Iterable[PageBlock]) -> str:
    return "\n\n".join(block.text for block in _joined(blocks))


def _implications(blocks: Iterable[PageBlock]) -> list[Implication]:
    """Each implication with its title: a heading, or what stands out at the start of a paragraph or list entry."""
    found: list[Implication] = []
    for block in _joined(blocks):
        lead = block.text if block.level else block.lead
        if block.text[len(block.lead) :].lstrip()[:1].islower() and not lead.endswith(":"):
            lead = ""  # a word that stands out at the start of a sentence
        title = re.sub(_NUMBERED.pattern, "", lead.rstrip(" :."), count=1)
        text = block.text[len(lead) :].lstrip(AFTER_LEAD) if lead else block.text
        if title or block.entry or not found or not found[-1].title:
            found.append(Implication(title=title, text=text))
        else:
            found[-1] = Implication(title=found[-1].title, text=f"{found[-1].text} {text}".strip())
    return found


def _path(address: str) -> str:
    """The path and query of an address, without the slash at its end; "" for that of the home page and of a file."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    if parts.scheme not in ("", "http", "https"):
        return ""
    path, query = clean_text(unquote(parts.path)).rstrip("/"), clean_text(parts.query)
    if not path.startswith("/"):
        return ""
    return f"{path}?{query}" if query else path
