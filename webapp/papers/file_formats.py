"""Reading a file of papers in any supported format, which its content tells; file names are often wrong."""

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from webapp.papers import bibtex, crossref, jats, markup, nbib, pubmed_xml, ris
from webapp.papers.crossref import Message
from webapp.papers.records import MOST_RECORDS, TOO_MANY, Record, Unreadable, normalized

MOST_BYTES = 10_000_000
FORMATS = "NBIB (PubMed), RIS, BibTeX, PubMed XML, JATS XML, CSL-JSON and Crossref JSON"

BROKEN_LETTER = "The file has a broken letter. Look for “�” and correct it."
OTHER_ENCODING = "The file isn’t in UTF-8. Check letters with accents and other special characters."

_DECLARED = re.compile(rb"\s*<\?xml[^>]*encoding=[\"']([\w.:-]+)")
_ENCODINGS = re.compile(
    r"utf-?8|us-ascii|iso-8859-\d{1,2}|latin-?\d{1,2}|windows-125\d|cp125\d|macintosh|gbk|gb2312|gb18030|big5|shift_jis|euc-(?:jp|kr)|koi8-r"
)
_MARK_UP = re.compile(r"\s*(?:<[!?a-z]|[{[]\s*[\"{[\]}]|@[a-z]+\s*[{(])", re.IGNORECASE)
# Formats that a line of a text gives away, in the order in which they are tried.
_LINE_FORMATS = (
    (ris.SIGN, ris.records),
    (nbib.SIGN, nbib.records),
    (bibtex.SIGN, bibtex.records),
)
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
    text, is_guessed = (source, False) if isinstance(source, str) else decode(source)
    text = re.sub("[\ufeff\ud800-\udfff]", "", text)  # the mark also stands where files were joined
    if not text.strip():
        raise Unreadable("This file is empty. Choose another one.")
    records: list[Record] = []
    for record in _records_in(text):
        if len(records) == MOST_RECORDS:
            raise Unreadable(TOO_MANY)
        records.append(_finished(record, len(records) + 1, file, is_guessed=is_guessed))
    if not records:
        raise Unreadable("There is no paper in this file.")
    return records


def read_message(message: Message, file: str) -> Record:
    """Read a message of Crossref as ``read`` would read its text. Raises Unreadable."""
    if not crossref.is_paper(message):
        raise Unreadable(crossref.NOT_PAPERS)
    return _finished(crossref.record_from(message), 1, file)


def is_marked_up(text: str) -> bool:
    """Tell whether a text begins as XML, JSON or BibTeX."""
    return _MARK_UP.match(text) is not None


def is_known(text: str) -> bool:
    """Tell whether a text is in one of the formats."""
    return is_marked_up(text) or any(sign.search(text) for sign, _ in _LINE_FORMATS)


def _finished(record: Record, number: int, file: str, *, is_guessed: bool = False) -> Record:
    known = normalized(msgspec.structs.replace(record, number=number, file=file))
    letters = msgspec.json.encode(known.content).decode()
    notes = list(known.notes)
    if "\ufffd" in letters:
        notes.append(BROKEN_LETTER)
    if is_guessed and not letters.isascii():
        notes.append(OTHER_ENCODING)
    return msgspec.structs.replace(known, notes=tuple(notes))


def _records_in(text: str) -> Iterator[Record]:
    """Read a text in the format that its first signs tell. Raises Unreadable, also after some records."""
    start = text.lstrip()
    if _HTML.match(start):
        raise Unreadable(
            "This is a web page, not an export. Use the button “Cite”, “Export” or “Save” of the database."
        )
    if start.startswith("<"):
        for root in markup.parse(text):
            if root.tag in pubmed_xml.ROOTS:
                yield from pubmed_xml.records(root)
            elif root.tag == "article" or root.find(".//article") is not None:
                yield from jats.records(root)
            else:
                raise Unreadable(
                    f"This XML holds no papers that we know: it begins with “{root.tag[:40]}”. We read PubMed XML and JATS XML."
                )
    elif start.startswith(("{", "[")):
        yield from crossref.records(text)
    elif known := next((records for sign, records in _LINE_FORMATS if sign.search(text)), None):
        yield from known(text)
    else:
        raise Unreadable(f"We don’t know this format. We read {FORMATS}.")


def decode(source: bytes, formats: str = FORMATS) -> tuple[str, bool]:
    """Decode a file; returns the text, and whether its encoding is a guess. Raises Unreadable, which names the ``formats``.

    It is in UTF-16 if it begins with its mark, in what its XML declaration names, in UTF-8 even with a broken letter, as long
    as more letters are whole, or else in Windows-1252, which older programs write.
    """
    kind = next((kind for start, kind in _OTHER_KINDS.items() if source.startswith(start)), "")
    if kind:
        raise Unreadable(f"This is {kind}, which we can’t read. We read {formats}.")
    if source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return source.decode("utf-16", errors="replace"), False
    if b"\0" in source:
        raise Unreadable(f"This isn’t a text file. We read {formats}.")
    declared = _DECLARED.match(source)
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if not _ENCODINGS.fullmatch(encoding):
        raise Unreadable("This XML file uses an encoding that we don’t know. Save it as UTF-8.")
    text = source.decode(encoding, errors="replace")
    broken = text.count("\ufffd") - source.count("\ufffd".encode())
    whole = sum(map(len, re.findall(r"[^\x00-\x7f]+", text))) - broken
    is_cut = codecs.getincrementaldecoder("utf-8")("replace").decode(source).isascii()  # in its only letter
    if broken and not (declared or is_cut or whole >= broken):
        with suppress(UnicodeDecodeError):  # a byte that Windows-1252 does not have is no letter
            return source.decode("cp1252"), True
    return text, False
