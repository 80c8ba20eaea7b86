"""The blocks of text in a saved page, as its layout shows them: paragraphs, headings, list entries, and chips at the top."""

import re
from codecs import BOM_UTF8
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser

from webapp.papers.records import Unreadable, one_line, plain_text

_IGNORED = {
    "script", "style", "noscript", "template", "svg", "button", "select", "textarea", "iframe", "object",
    "title", "footer",
}  # fmt: skip
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "td", "th", "time", "tt",
    "u", "var", "wbr",
}  # fmt: skip
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_AFTER_HEADING = {*_HEADINGS, "p", "ul", "ol", "dl", "section", "table"}  # where one that is not closed ends
_LEADS = {"strong", "b", "span", "td", "th"}
AFTER_LEAD = " :–—-|"
_CHIP_CLASS = re.compile(r"(?:^|[\s_-])(?:chip|badge|tag|pill|category)(?:$|[\s_-])", re.IGNORECASE)
_CATEGORY_ADDRESS = re.compile(r"/categor(?:y|ies)/.", re.IGNORECASE)
_SAVED_FROM = re.compile(r"\s*saved from url=\(\d+\)(\S+)")
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_START = 4096  # bytes in which a page names its encoding


@dataclass(frozen=True)
class PageBlock:
    """A paragraph, heading, list entry or chip. ``lead`` is the part at its start that stands out, like a label in bold."""

    text: str
    lead: str = ""
    level: int = 0  # of a heading
    entry: int = 0  # the number of the list entry that it is in
    is_chip: bool = False
    is_link: bool = False
    is_navigation: bool = False
    links: tuple[str, ...] = ()

    @property
    def after_lead(self) -> str:
        return self.text[len(self.lead) :].lstrip(AFTER_LEAD)


def read(source: bytes, begins_part: Callable[[PageBlock], bool]) -> tuple[list[PageBlock], str]:
    """Read the blocks of a page, and the address that it gives itself. Raises Unreadable.

    Chips are looked for above the first block that begins a part. A page is decoded strictly: a letter that was guessed wrong
    would stay in a summary unseen.
    """
    declared = _CHARSET.search(source[:_START])
    encodings = ["utf-8-sig"]
    if declared and not source.startswith(BOM_UTF8):
        encodings.append(declared[1].decode())
    for encoding in encodings if b"\0" not in source else ():
        with suppress(UnicodeDecodeError, LookupError):
            text = source.decode(encoding)
            break
    else:
        raise Unreadable("This file has bytes that are no text in UTF-8 or in the encoding that it names.")
    if not text.strip():
        raise Unreadable("This file is empty.")
    reader = _Reader(begins_part)
    reader.feed(text)
    reader.close()
    reader.end_block()
    return reader.blocks, reader.address


class _Reader(HTMLParser):
    """Reads a page into blocks. It never fails: what is not closed ends with what is around it."""

    def __init__(self, begins_part: Callable[[PageBlock], bool]) -> None:
        super().__init__()
        self.begins_part = begins_part
        self.blocks: list[PageBlock] = []
        self.address = ""
        self._texts: list[str] = []
        self._has_text = False
        self._links: list[str] = []
        self._lead, self._lead_tag, self._link_text, self._chip_tag = "", "", "", ""
        self._ignored: list[str] = []
        self._heading, self._navigation = 0, 0
        self._entries: list[int] = []  # of the open lists, the number of the entry that is open
        self._entry_count = 0
        self._is_in_top = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if self._ignored:
            if tag == self._ignored[0]:
                self._ignored.append(tag)
        elif tag in _IGNORED:
            self._ignored.append(tag)
        elif tag in ("link", "meta", "img"):
            self._read_empty(tag, attributes)
        elif tag == "br":
            if self._heading or self._entry:
                self._texts.append(" ")
            else:
                self.end_block()
        elif tag in ("sup", "sub"):
            self._texts.append(f"<{tag}>")
        elif tag in _INLINE:
            self._start_inline(tag, attributes)
        else:
            self._start_block(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._ignored:
            if tag == self._ignored[0]:
                self._ignored.pop()
        elif tag in ("sup", "sub"):
            self._texts.append(f"</{tag}>")
        elif tag in _INLINE:
            if tag == "a" and not self._link_text:
                self._link_text = plain_text("".join(self._texts))
            if tag == self._lead_tag and not self._lead:
                self._lead = plain_text("".join(self._texts))
            if tag == self._chip_tag or (tag == "a" and self._navigation):
                self.end_block()
                self._chip_tag = ""
        elif tag not in _IGNORED:
            self.end_block()
            if tag in _HEADINGS:
                self._heading = 0
            elif tag == "nav":
                self._navigation = max(0, self._navigation - 1)
            elif tag in ("ul", "ol") and self._entries:
                self._entries.pop()
            elif tag == "li" and self._entries:
                self._entries[-1] = 0

    def handle_data(self, data: str) -> None:
        if not self._ignored:
            self._texts.append(data)
            self._has_text = self._has_text or not data.isspace()

    def handle_comment(self, data: str) -> None:
        if match := _SAVED_FROM.match(data):
            self.address = self.address or match[1]

    def parse_marked_section(self, i: int, report: bool = True) -> int:  # noqa: ARG002
        """Read "<![…" as a comment: the parser raises AssertionError at one that it does not know."""
        return self.parse_bogus_comment(i)

    def end_block(self) -> None:
        """Store what was read since the last block, if it is more than white space."""
        text = plain_text("".join(self._texts))
        if text:
            block = PageBlock(
                text,
                self._lead if text.startswith(self._lead) else "",
                self._heading,
                self._entry,
                self._chip_tag != "",
                self._link_text == text,
                self._navigation > 0,
                tuple(self._links),
            )
            self.blocks.append(block)
            self._is_in_top = self._is_in_top and not self.begins_part(block)
        self._texts, self._links, self._has_text = [], [], False
        self._lead = self._lead_tag = self._link_text = ""

    @property
    def _entry(self) -> int:
        return next((number for number in reversed(self._entries) if number), 0)

    def _read_empty(self, tag: str, attributes: dict[str, str]) -> None:
        """Read an element without content: the address of the page, or the description of a picture."""
        if tag == "img":
            if alt := one_line(attributes.get("alt", "")):
                self.end_block()
                self._texts.append(f"[Picture: {alt}]")
                self.end_block()
        elif "canonical" in attributes.get("rel", "").lower().split():
            self.address = attributes.get("href", "")
        elif attributes.get("property") == "og:url":
            self.address = self.address or attributes.get("content", "")

    def _start_block(self, tag: str) -> None:
        self.end_block()
        if tag in _AFTER_HEADING:
            self._heading = 0
        if tag in _HEADINGS:
            self._heading = int(tag[1])
        elif tag == "nav":
            self._navigation += 1
        elif tag in ("ul", "ol"):
            self._entries.append(0)
        elif tag == "li":
            self._entry_count += 1
            self._entries[-1:] = [self._entry_count]

    def _start_inline(self, tag: str, attributes: dict[str, str]) -> None:
        address = attributes.get("href", "") if tag == "a" else ""
        is_named_chip = tag in ("a", "span") and _CHIP_CLASS.search(attributes.get("class", ""))
        if self._navigation:
            if tag == "a":
                self.end_block()
        elif self._is_in_top and not self._chip_tag and (is_named_chip or _CATEGORY_ADDRESS.search(address)):
            self.end_block()
            self._chip_tag = tag
        if address:
            self._links.append(address)
        if tag in ("td", "th") and self._has_text:
            self._texts.append(" | ")
        if tag in _LEADS and not self._lead_tag and not self._has_text:
            self._lead_tag = tag
