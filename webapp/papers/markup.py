"""Safe parsing of XML files, which may define no entities and load nothing, and their text."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from webapp.papers.records import Unreadable, one_line

_BLOCKS = {"title", "p", "sec", "label", "list-item", "td", "th"}


def parse(source: bytes | str) -> Element:
    """Parse a file and strip namespaces from its tags. Raises Unreadable."""
    try:
        root: Element = fromstring(source, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise Unreadable(
            "This XML file defines abbreviations of its own (entities). We do not read such files, because they can "
            "do harm. Export the paper again from PubMed or from the journal."
        ) from error
    except ParseError as error:
        raise Unreadable(
            f"This XML file is damaged or breaks off in line {error.position[0]}. Export it again."
        ) from error
    except (LookupError, ValueError) as error:
        raise Unreadable("This XML file uses an encoding that we do not know. Save it as UTF-8.") from error
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
        if element.tag in _BLOCKS:
            element.tail = f" {element.tail or ''}"  # otherwise "Aims</title><p>We" would read "AimsWe"
    return root


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
