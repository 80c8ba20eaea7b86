"""Reading a file of papers in any supported format, which its content tells; file names are often wrong."""

import codecs
import re
from collections.abc import Iterator

import msgspec

from webapp.papers import bibtex, csl, jats, markup, nbib, pubmed_xml, ris
from webapp.papers.records import MOST_RECORDS, TOO_MANY, Record, Unreadable, normalized

MOST_BYTES = 10_000_000
FORMATS = "NBIB (PubMed), RIS, BibTeX, PubMed XML, JATS XML, CSL-JSON and Crossref JSON"

_HTML = re.compile(r"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_OTHER_KINDS = {b"%PDF": "a PDF", b"PK\x03\x04": "a zip or Office file", b"\x1f\x8b": "a compressed file"}


def read(source: bytes | str, file: str = "") -> list[Record]:
    """Read all records of an upload (bytes) or pasted text, in order, with refused ones. Raises Unreadable.

    ``file`` is the name that the records' location shows.
    """
    if len(source) > MOST_BYTES:
        raise Unreadable(
            f"This file is larger than {MOST_BYTES // 1_000_000} MB. Split it and import one part after another."
        )
    text = source if isinstance(source, str) else _decode(source)
    if not text.strip():
        raise Unreadable("This file is empty. Choose another one.")
    records: list[Record] = []
    for record in _detect_and_read(source, text):
        if len(records) == MOST_RECORDS:
            raise Unreadable(TOO_MANY)
        records.append(normalized(msgspec.structs.replace(record, number=len(records) + 1, file=file)))
    if not records:
        raise Unreadable("There is no paper in this file.")
    return records


def _detect_and_read(source: bytes | str, text: str) -> Iterator[Record]:
    if text.lstrip().startswith("<"):
        if _HTML.match(text.lstrip()):
            raise Unreadable(
                "This is a web page, not an export. Use the button “Cite”, “Export” or “Save” of the database."
            )
        root = markup.parse(source)  # in bytes, since the XML declaration may name an encoding
        if root.tag in pubmed_xml.ROOTS:
            return pubmed_xml.records(root)
        if root.tag == "article" or root.find(".//article") is not None:
            return jats.records(root)
        raise Unreadable(
            f"This XML holds no papers that we know: it begins with “{root.tag[:40]}”. We read PubMed XML and JATS XML."
        )
    if text.lstrip().startswith(("{", "[")):
        return csl.records(text)
    if ris.is_ris(text):
        return ris.records(text)
    if nbib.is_nbib(text):
        return nbib.records(text)
    if bibtex.is_bibtex(text):
        return bibtex.records(text)
    raise Unreadable(f"We do not know this format. We read {FORMATS}.")


def _decode(source: bytes) -> str:
    """Decode UTF-8, UTF-16 with its mark, or else Windows-1252, which older programs write."""
    kind = next((kind for start, kind in _OTHER_KINDS.items() if source.startswith(start)), "")
    if kind:
        raise Unreadable(f"This is {kind}, not an export of papers. We read {FORMATS}.")
    if source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return source.decode("utf-16", errors="replace")
    if b"\0" in source:
        raise Unreadable(f"This is not a text file. We read {FORMATS}.")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return source.decode(encoding)
        except UnicodeDecodeError:
            continue
    return source.decode("latin-1")
