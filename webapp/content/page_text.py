"""The plain format of the site's own pages: a few marks at the start of a line, bold words, titles and links; no HTML.

    ## A heading {#its-anchor}        ### A smaller heading
    - a list                          1. a numbered list
    - [ ] a question to take along    > a letter to copy
    + a good sign                     ! a warning
    ? a question that an answer answers, or ? [a link](/start) on a line of its own
    {license}                         a part that the site itself fills in
    **bold**, *the title of a journal*, [a link](https://example.org)

Paragraphs are separated by blank lines.
"""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple


class BlockKind(StrEnum):
    """What a block of a page is."""

    PARAGRAPH = "paragraph"
    LIST = "list"
    NUMBERS = "numbers"
    TO_ASK = "to ask"
    LETTER = "letter"
    LEADS_ON = "leads on"
    GOOD_SIGNS = "good signs"
    WARNINGS = "warnings"
    LIVE_PART = "live part"


class Block(NamedTuple):
    """One block of a page; lists have a line for each entry, others have one line."""

    kind: BlockKind
    lines: tuple[str, ...]


class Section(NamedTuple):
    """A heading and what stands below it, up to the next heading; what stands before the first one has level 0."""

    level: int
    title: str
    anchor: str
    blocks: tuple[Block, ...]

    @property
    def is_signs(self) -> bool:
        """Is it a box of good signs or of warnings, with the heading inside?"""
        return self.level != 2 and [block.kind for block in self.blocks] in (  # noqa: PLR2004 - a part of the page
            [BlockKind.GOOD_SIGNS],
            [BlockKind.WARNINGS],
        )

    @property
    def is_list_to_ask(self) -> bool:
        """Does it have nothing but questions to take along?"""
        return [block.kind for block in self.blocks] == [BlockKind.TO_ASK]


class Chapter(NamedTuple):
    """A large heading of a page, with the smaller ones below it."""

    head: Section
    sections: tuple[Section, ...]


class Inline(NamedTuple):
    """A run of a line: ``mark`` says how it is set; the text of a mark may hold other marks."""

    mark: str  # "", "bold", "title" or "link"
    text: str
    address: str = ""


# No class repeats a character that ends it, so that a long line is read once.
_MARKS = re.compile(
    r"\*\*(?P<bold>[^*]+)\*\*|\*(?P<title>[^*\s](?:[^*]*[^*\s])?)\*|\[(?P<link>[^\[\]]+)\]\((?P<address>[^()\s]+)\)"
)
_HEADING = re.compile(r"(##|###) (.+?)(?: \{#([a-z][a-z0-9-]*)\})?")
_LIVE_PART = re.compile(r"\{([a-z][a-z ]*(?:: [a-z0-9, -]+)?)\}")
_NUMBER = re.compile(r"\d{1,2}\. ")
_DIGITS = re.compile(r"\d+(?:[.,:-]\d+)*")
_STARTS = {
    "- [ ] ": BlockKind.TO_ASK,
    "- ": BlockKind.LIST,
    "+ ": BlockKind.GOOD_SIGNS,
    "! ": BlockKind.WARNINGS,
    "> ": BlockKind.LETTER,
    "? ": BlockKind.LEADS_ON,
}


def pieces(line: str) -> Iterator[Inline]:
    """A line cut into runs of plain text and of marked text."""
    at = 0
    for found in _MARKS.finditer(line):
        if found.start() > at:
            yield Inline("", line[at : found.start()])
        mark = found.lastgroup or ""
        if mark == "address":
            yield Inline("link", found["link"], found["address"])
        else:
            yield Inline(mark, found[mark])
        at = found.end()
    if at < len(line):
        yield Inline("", line[at:])


def addresses(text: str) -> list[str]:
    """Where the links of a text lead."""
    return re.findall(r"\]\(([^()\s]+)\)", text)


def facts_of(line: str) -> tuple[object, ...]:
    """What of a line is the same in each language: what it is part of, its anchor, its numbers, and where its links lead."""
    kind, words = _line(line)
    if kind is BlockKind.LIVE_PART:
        return kind, words
    heading = _HEADING.fullmatch(line)
    return (
        kind,
        heading and (heading[1], heading[3]),
        sorted(_DIGITS.findall(words)),
        sorted(addresses(words)),
    )


def sections(text: str) -> list[Section]:
    """The sections of a page, in their order."""
    found, blocks = [Section(0, "", "", ())], list[Block]()
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        lines = [" ".join(line.split()) for line in paragraph.splitlines() if line.strip()]
        for kind, group in groupby(map(_line, lines), key=itemgetter(0)):
            if kind is not None:
                blocks += _blocks(kind, [rest for _, rest in group])
                continue
            for _, line in group:
                found[-1] = found[-1]._replace(blocks=tuple(blocks))
                heading, blocks = _HEADING.fullmatch(line), []
                assert heading is not None
                found.append(Section(len(heading[1]), heading[2], heading[3] or "", ()))
    found[-1] = found[-1]._replace(blocks=tuple(blocks))
    return found


def side_by_side(sections: Sequence[Section]) -> list[list[Section]]:
    """Sections in rows: boxes of signs that follow each other are one row, every other section is a row of its own."""
    rows = list[list[Section]]()
    for section in sections:
        if section.is_signs and rows and rows[-1][0].is_signs:
            rows[-1].append(section)
        else:
            rows.append([section])
    return rows


def parts(sections: Sequence[Section]) -> list[Chapter]:
    """The parts of a page, each with the sections below its heading."""
    heads = [number for number, section in enumerate(sections) if section.level == 2]  # noqa: PLR2004 - "##"
    ends = [*heads[1:], len(sections)]
    return [
        Chapter(sections[head], tuple(sections[head + 1 : end]))
        for head, end in zip(heads, ends, strict=False)
    ]


def _line(line: str) -> tuple[BlockKind | None, str]:
    """What a line is part of (None: it is a heading), and the line without its mark."""
    if _HEADING.fullmatch(line):
        return None, line
    if found := _LIVE_PART.fullmatch(line):
        return BlockKind.LIVE_PART, found[1]
    if found := _NUMBER.match(line):
        return BlockKind.NUMBERS, line[found.end() :]
    start = next((start for start in _STARTS if line.startswith(start)), "")
    return _STARTS.get(start, BlockKind.PARAGRAPH), line[len(start) :]


def _blocks(kind: BlockKind, lines: Sequence[str]) -> list[Block]:
    if kind in (BlockKind.PARAGRAPH, BlockKind.LETTER):
        return [Block(kind, (" ".join(lines),))]
    if kind is BlockKind.LIVE_PART:
        return [Block(kind, (line,)) for line in lines]
    return [Block(kind, tuple(lines))]
