"""Safe parsing of XML files, which may define no entities and load nothing, and their text."""

import html
import re
from collections.abc import Iterable
from itertools import chain
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import errors

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from webapp.papers.records import Unreadable, one_line

_SCRIPTS = {"sup", "sub", "inf"}  # stay as tags in the text, for records.plain_text
_BLOCKS = {"title", "p", "sec", "label", "list-item", "td", "th", "break"}

# What HTML allows and XML does not.
_HTML_ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|apos|#\d+|#x[\da-f]+);)(?:\w+;)?", re.IGNORECASE)
_FORBIDDEN = re.compile(
    "[\0-\x08\v\f\x0e-\x1f\ufffe\uffff]|&#(?:0*(?:[0-8]|1[124-9]|2\\d|3[01])|x0*(?:[0-8bcef]|1[\\da-f]));",
    re.I,
)


def parse(text: str) -> list[Element]:
    """Parse a file, which may be several that were joined, and strip namespaces from its tags. Raises Unreadable."""
    text = re.sub(r"<\?xml\b[^>]*\?>", "", text)  # only an XML declaration at the very start would be valid
    # An "&" of no entity is a letter; one that the file defines itself is for the parser to refuse.
    text = _HTML_ENTITY.sub(lambda match: "&amp;" if match[0] == "&" else html.unescape(match[0]), text)
    text = _FORBIDDEN.sub(" ", text)
    try:
        roots = [_parse(text)]
    except ParseError as error:
        if error.code != errors.codes[errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]:
            raise _damaged(error) from error
        try:
            roots = list(_parse(f"<files>{re.sub(r'<!DOCTYPE[^>[]*>', '', text)}</files>"))
        except ParseError as second_error:
            raise _damaged(second_error) from second_error
    for element in chain.from_iterable(root.iter() for root in roots):
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
        if element.tag in ("msup", "msub") and len(element) > 1:
            element[1].tag = element.tag[1:]
        if element.tag in _SCRIPTS:
            element.text = f"<{element.tag}>{element.text or ''}"
            element.tail = f"</{element.tag}>{element.tail or ''}"
        if element.tag in _BLOCKS:
            element.tail = f" {element.tail or ''}"  # otherwise "Aims</title><p>We" would read "AimsWe"
    for root in roots:
        drop(root, ("tex-math",))  # a formula that MathML says again
    return roots


def _parse(text: str) -> Element:
    try:
        root: Element = fromstring(text, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise Unreadable(
            "This XML file defines abbreviations of its own (entities). We don’t read files like that, because they can "
            "do harm. Export the paper again from PubMed or from the journal."
        ) from error
    return root


def _damaged(error: ParseError) -> Unreadable:
    return Unreadable(f"This XML file is damaged or breaks off in line {error.position[0]}. Export it again.")


def drop(root: Element, tags: Iterable[str]) -> None:
    """Remove elements wherever they are, but not the text after them."""
    unwanted = set(tags)
    for parent in root.iter():
        if not any(child.tag in unwanted for child in parent):
            continue
        remaining: list[Element] = []
        texts = [[parent.text or ""]]  # before the first remaining child, then after each
        for child in parent:
            if child.tag not in unwanted:
                remaining.append(child)
                texts.append([])
            texts[-1].append(child.tail or "")
        parent.text, *tails = ("".join(parts) for parts in texts)
        parent[:] = remaining
        for child, tail in zip(remaining, tails, strict=True):
            child.tail = tail


def words(element: Element | None) -> str:
    """Return all text inside an element on one line, and "" for no element."""
    return "" if element is None else one_line("".join(element.itertext()))


def paragraphs(blocks: Iterable[tuple[str, str]]) -> str:
    """Join (heading, text) pairs to paragraphs like "METHODS: We asked …"."""
    return "\n\n".join(f"{heading}: {text}" if heading else text for heading, text in blocks if text)
