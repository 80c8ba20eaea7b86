"""Empty, truncated, dangerous, oversized and unrelated files: each is refused with a reason."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.papers.test_readers import JATS, NBIB, PUBMED, RIS
from webapp.papers.file_formats import BROKEN_LETTER, OTHER_ENCODING, read
from webapp.papers.records import Unreadable

BOMB = (
    "<!DOCTYPE article [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
    + "]><article><front><article-meta><title-group><article-title>&j;</article-title></title-group></article-meta></front></article>"
)
OUTSIDE = '<!DOCTYPE article [<!ENTITY x SYSTEM "file:///etc/passwd">]><article>&x;</article>'
BIB = "@article{a, title = {A made-up bed}}"


def reason(source: str | bytes) -> str:
    with pytest.raises(Unreadable) as refusal:
        read(source)
    return str(refusal.value)


@pytest.mark.proves(
    "Web: XML entities are refused, and look-ups ask one host with a limit on time and redirects",
    "ASVS 1.5.1",
)
@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"", "This file is empty."),
        (b" \r\n\xef\xbb\xbf", "This file is empty."),
        (b"\xef\xbb\xbf \n", "This file is empty."),
        (b"%PDF-1.7 ...", "This is a PDF"),
        (b"PK\x03\x04...", "This is a zip or Office file"),
        (b"TY  - JOUR\0", "This isn’t a text file."),
        ("Dear editors, here is a paper.", "We don’t know this format."),
        ("<!DOCTYPE html><title>Sign in</title>", "This is a web page"),
        ("<html><body>Sign in", "This is a web page"),
        (PUBMED[:700], "damaged or breaks off in line"),
        (JATS[:900], "damaged or breaks off in line"),
        (BOMB, "defines abbreviations of its own"),
        (OUTSIDE, "defines abbreviations of its own"),
        (b'<?xml version="1.0" encoding="klingon"?><article/>', "an encoding that we don’t know"),
        ("<rss><channel/></rss>", "it begins with “rss”"),
        ("<PubmedArticleSet></PubmedArticleSet>", "There is no paper in this file."),
        ('{"title": "cut o', "damaged or breaks off in line 1"),
        ('{"name": "a package"}', "There are no papers in this JSON."),
        ("[]", "There are no papers in this JSON."),
        ("[" * 100_000, "There are no papers in this JSON."),
        (RIS * 501, "more than 500 papers"),
        (NBIB * 501, "more than 500 papers"),
        (BIB * 2001, "more than 500 papers"),
        (b"TY  - JOUR\nTI  - " + b"a" * 10_000_000, "larger than 10 MB"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(source: str | bytes, sentence: str) -> None:
    if source == BOMB:
        assert "entities" in reason(source)
    assert sentence in reason(source)


@pytest.mark.proves("ASVS 5.3.2")
def test_the_name_of_a_file_does_not_matter() -> None:
    assert read(RIS.encode(), "paper.xml")[0].title == "A made-up bed"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_older_programs_encodings_are_read(encoding: str) -> None:
    source = RIS.replace("A made-up bed", "Ein Bett für Zoë").encode(encoding)
    assert read(source)[0].title == "Ein Bett für Zoë"


def test_bytes_in_no_known_encoding_do_no_harm() -> None:
    assert read(RIS.encode() + b"TY  - JOUR\nTI  - A \x81 bed\n")[1].title == "A � bed"


@pytest.mark.parametrize("source", [NBIB, PUBMED, JATS, RIS])
def test_a_broken_letter_is_replaced_and_noted_in_its_record_alone(source: str) -> None:
    text = source.replace("made-up", "naïve “made-up”").encode()
    damaged = text.replace("ï".encode(), b"\xc3", 1)
    assert damaged != text
    whole, [record] = read(text)[0], read(damaged)
    assert record.notes == (BROKEN_LETTER,) and whole.notes == ()
    assert str(record.content).replace("�", "ï") == str(whole.content)


def test_a_file_that_ends_in_the_middle_of_its_only_letter_is_still_utf_8() -> None:
    source = "TY  - JOUR\nTI  - A bed for Zoë".encode()[:-1]
    assert read(source)[0].title == "A bed for Zo�"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac-roman", "iso-8859-2"])
def test_an_encoding_that_is_guessed_is_noted(encoding: str) -> None:
    source = (RIS + RIS.replace("A made-up bed", "Ein Bett für Müller")).encode(encoding)
    plain, accented = read(source)
    assert (plain.notes, accented.notes) == ((), (OTHER_ENCODING,))


@pytest.mark.parametrize("mark", ["﻿", "﻿﻿"])
@pytest.mark.parametrize("source", [NBIB, PUBMED, JATS, RIS, BIB, '{"title": "A bed"}'])
def test_byte_order_marks_and_empty_lines_do_not_matter(source: str, mark: str) -> None:
    for start in (f"{mark}{source}", f"\n\n{source}", f"{mark}\r\n{source}", f" \n{mark} {source}"):
        assert read(start)[0].title == read(start.encode())[0].title == read(source)[0].title


@pytest.mark.parametrize("source", [PUBMED, JATS, NBIB, RIS, BIB])
@pytest.mark.parametrize("between", ["", "\n", "\n﻿", "\n\n ﻿\n"])
def test_files_that_were_joined_are_all_read(source: str, between: str) -> None:
    if not between and source == BIB:
        source += "\n"
    assert len(read(f"{source}{between}{source}".encode())) == 2
    assert len(read(source + between + source)) == 2


def test_the_encoding_that_xml_declares_is_used() -> None:
    source = '<?xml version="1.0" encoding="ISO-8859-1"?>' + PUBMED.partition("?>")[2].replace(
        "mice", "Mäuse"
    )
    assert read(source.encode("latin-1"))[0].title == "Effects of H₂O in Mäuse"
    assert read(source)[0].title == "Effects of H₂O in Mäuse"


# Small, but made to take long.
SLOW_FILES = (
    "<PubmedArticle>" + "<a>" * 20_000 + "</a>" * 20_000 + "</PubmedArticle>",
    JATS.replace("@related", "<xref/>a" * 20_000),
    "@article{a, title={" + "{" * 20_000 + "}" * 20_000 + "}}",
    "@article{a, title={x}, author={" + "A and " * 20_000 + "}}",
    "\n" * 20_000 + "x",
    '{"title": "a", "abstract": "' + "<" * 20_000 + '"}',
    "PMID- 1\nTI  - x\n" + "      y\n" * 20_000,
    f"TY  - JOUR\nTI  - {'a' * 20_000}\n",
    f"TY  - JOUR\nTI  - x\nAU  - {'A, ' * 20_000}\n",
)


@pytest.mark.proves("ASVS 15.2.2")
@pytest.mark.parametrize("source", SLOW_FILES)
def test_a_small_file_that_would_take_long_is_read_or_refused(source: str) -> None:
    with suppress(Unreadable):
        assert read(source)


@settings(max_examples=120)
@given(
    source=st.sampled_from(
        [NBIB, PUBMED, JATS, RIS, BIB, '[{"title": "A bed", "author": [{"family": "Doe"}]}]']
    ),
    at=st.integers(0, 2000),
    removed=st.integers(0, 80),
    added=st.sampled_from(
        ["", "{", "}", "\\", '"', "<", ">", "&", "TY  - ", "PMID- ", "\x00", "\ud800", "null", "]", "$", ","]
    ),
)
def test_damage_anywhere_gives_records_or_a_reason(source: str, at: int, removed: int, added: str) -> None:
    at %= len(source)
    try:
        records = read(source[:at] + added + source[at + removed :])
    except Unreadable as refusal:
        assert str(refusal).endswith(".")
    else:
        assert all(record.title or record.reason for record in records)
