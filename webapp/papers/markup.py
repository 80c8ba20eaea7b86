"""XML files, read so that they can do no harm: no entities of their own, nothing fetched from elsewhere."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from webapp.papers.records import Unreadable, one_line

_BLOCKS = {"title", "p", "sec", "label", "list-item", "td", "th"}


def parse(source: bytes | str) -> Element:
    """The root of a file, names without their namespaces. Raises Unreadable."""
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
            element.tail = f" {element.tail or ''}"  # the next block does not begin in the middle of a word
    return root


def drop(root: Element, tags: Iterable[str]) -> None:
    """Take elements out wherever they are; the text after them stays."""
    unwanted = set(tags)
    for parent in root.iter():
        if any(child.tag in unwanted for child in parent):
            _drop_from(parent, unwanted)


def _drop_from(parent: Element, unwanted: set[str]) -> None:
    kept: list[Element] = []
    texts = [[parent.text or ""]]  # before the first child that stays, and after each that does
    for child in parent:
        if child.tag not in unwanted:
            kept.append(child)
            texts.append([])
        texts[-1].append(child.tail or "")
    parent.text, *tails = ("".join(parts) for parts in texts)
    parent[:] = kept
    for child, tail in zip(kept, tails, strict=True):
        child.tail = tail


def words(element: Element | None) -> str:
    """All text of an element on one line; "" if there is no such element."""
    return "" if element is None else one_line("".join(element.itertext()))


def paragraphs(blocks: Iterable[tuple[str, str]]) -> str:
    """Headings and texts as paragraphs: "METHODS: We asked …"."""
    return "\n\n".join(f"{heading}: {text}" if heading else text for heading, text in blocks if text)
