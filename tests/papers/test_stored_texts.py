"""Texts of papers are read from files and from what was copied out of a PDF, and stored with the draft they belong to."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.factories import NOW
from tests.papers.test_facts import ARTICLE
from webapp.content.article_content import PaperContent
from webapp.db.session import db
from webapp.models import Draft, PaperPart, PaperSection, StoredText
from webapp.models.values import ReadFrom
from webapp.papers import file_formats, importing, pdf_text, stored_texts
from webapp.papers.facts.paper_text import PaperText
from webapp.papers.records import LONGEST_PAPER, TOO_LONG, Unreadable
from webapp.publishing import deletion

COPIED = """Journal of Made-up Trials 12 (2021) 101

A made-up pill
Participants and Methods
Forty partici-
pants took a self-
reported pill. All wrote a self-reported diary
Journal of Made-up Trials 12 (2021) 102
Page 2 of 9

for 12 weeks.

Doses were 5 mg.
3. Results
Nobody fell.
Journal of Made-up Trials 12 (2021) 103
Funding:
A made-up fund.
References
1. Doe J. Another pill for 400 people.
"""


def made_draft() -> Draft:
    """A draft made by importing a paper in JATS XML."""
    return importing.create_drafts(file_formats.read(ARTICLE, "paper.xml"), None, NOW)[0]


def sections(text: str) -> dict[str, str]:
    return {section.heading: section.text for section in pdf_text.sections(text)}


def test_an_import_stores_the_whole_paper_that_it_read(app: Flask) -> None:
    draft = made_draft()
    [stored] = stored_texts.stored(draft)
    assert (stored.kind, stored.source, stored.editor_id) == (ReadFrom.FULL_TEXT, "paper.xml", None)
    db.session.expire_all()
    found = {(one.section.source.value, one.text) for one in stored_texts.texts_of(draft).sentences}
    assert ("title", "Massage of the hand") in found
    assert ("abstract", "He was massaged.") in found
    assert ("full text", "There were 14 participants enrolled.") in found
    assert ("table", "Closed | 5 of 12") in found
    assert ("statement", "A foundation paid.") in found


def test_a_file_without_a_body_is_not_called_the_whole_paper(app: Flask) -> None:
    [draft] = importing.create_drafts(
        file_formats.read(re.sub("<body>.*</article>", "</article>", ARTICLE, flags=re.S)), None, NOW
    )
    assert [text.kind for text in stored_texts.stored(draft)] == [ReadFrom.ABSTRACT]


def test_a_record_with_no_more_than_an_abstract_stores_nothing(app: Flask) -> None:
    [draft] = importing.create_drafts(file_formats.read("TY  - JOUR\nTI  - A bed\nER  -\n"), None, NOW)
    assert stored_texts.stored(draft) == []


def test_a_text_is_deleted_for_good_with_its_draft(app: Flask) -> None:
    draft = made_draft()
    deletion.delete(draft, NOW)
    deletion.forget_deleted(NOW + deletion.UNDO_FOR)
    assert stored_texts.stored(draft)
    deletion.forget_deleted(NOW + deletion.UNDO_FOR + timedelta(minutes=1))
    assert db.session.scalar(select(func.count()).select_from(StoredText)) == 0


def test_the_same_text_is_stored_once(app: Flask) -> None:
    draft = made_draft()
    again, _ = stored_texts.read(ARTICLE, PaperContent())
    stored_texts.store(draft, again, ReadFrom.FULL_TEXT, source="b.xml", editor_id=None, now=NOW)
    assert [text.source for text in stored_texts.stored(draft)] == ["paper.xml"]


def test_a_draft_holds_no_more_than_two_million_characters(app: Flask) -> None:
    draft = made_draft()
    huge = [PaperSection(PaperPart.FULL_TEXT, "a" * LONGEST_PAPER)]
    with pytest.raises(Unreadable, match="longer than 2,000,000 characters"):
        stored_texts.store(draft, huge, ReadFrom.PART, source="Pasted", editor_id=None, now=NOW)


def test_of_a_longer_paper_the_record_is_imported_with_a_note() -> None:
    [record] = file_formats.read(ARTICLE.replace("enrolled.", "enrolled." + "a " * LONGEST_PAPER))
    assert (record.title, record.sections) == ("Massage of the hand", ())
    assert TOO_LONG in record.notes


def test_what_nobody_sees_is_taken_out_of_a_text(app: Flask) -> None:
    hidden = ARTICLE.replace("enrolled", "enrol\u200bled\u00ad at 10<sup>6</sup>/mL &amp;lt; 5")
    text = " ".join(section.text for section in stored_texts.read(hidden, PaperContent())[0])
    assert "enrolled at 10⁶/mL < 5." in text
    assert pdf_text.sections("Nobody\0 fell\x07.")[0].text == "Nobody fell."


# ------------------------------------------------------------------ copied from a PDF


def test_a_hyphen_at_the_end_of_a_line_goes_unless_the_word_has_one_elsewhere() -> None:
    assert "Forty participants took a self-reported pill." in sections(COPIED)["Participants and Methods"]


def test_running_heads_and_page_numbers_do_not_break_a_sentence() -> None:
    assert "a self-reported diary for 12 weeks.\n\nDoses" in sections(COPIED)["Participants and Methods"]
    assert "Journal of Made-up" not in str(sections(COPIED))


def test_page_numbers_on_lines_of_their_own_go_and_cells_of_a_table_stay() -> None:
    pages = "\n".join(f"{'Words.' + chr(10)}" * 25 + f"{page}\n" for page in (101, 102, 103))
    assert "10" not in sections(pages)[""]
    assert sections("Age\n41\n42\n43\n44\n5 of 12\n")[""] == "Age 41 42 43 44 5 of 12"


def test_the_last_word_of_a_paragraph_is_no_heading() -> None:
    assert sections("We present the\nresults\nof a trial.") == {"": "We present the results of a trial."}


def test_headings_begin_sections_statements_answer_their_field_and_references_are_left_out() -> None:
    found = pdf_text.sections(COPIED)
    assert [(section.source.value, section.heading) for section in found[1:]] == [
        ("full text", "Participants and Methods"),
        ("full text", "3. Results"),
        ("statement", "funding"),
    ]
    assert "400" not in str(found)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(COPIED.splitlines()) | st.text(max_size=20), max_size=40).map("\n".join))
def test_any_text_can_be_pasted(text: str) -> None:
    for section in pdf_text.sections(text):
        assert section.text.strip() and "\0" not in section.text
    PaperText(*pdf_text.sections(text))


def test_a_huge_text_without_paragraphs_is_read() -> None:
    [section] = pdf_text.sections("12\nwords with-\nout end\n" * 40_000)
    assert section.text.endswith("words without end")


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"%PDF-1.7 renamed to .txt", "This is a PDF, which we can’t read. We read JATS XML and plain text"),
        (ARTICLE[:600].encode(), "damaged or breaks off"),
        (b"   \n", "There is no text to store"),
        ("", "There is no text to store"),
        ("<html><body>A page</body></html>", "This is a web page"),
        (b"a\0b", "This isn’t a text file"),
        (
            ARTICLE.replace(
                "<title-group>", '<article-id pub-id-type="doi">10.5555/b</article-id><title-group>'
            ),
            "This is another paper: “Massage of the hand” (DOI 10.5555/b).",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(source: bytes | str, sentence: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        stored_texts.read(source, PaperContent(doi="10.5555/a"))
    assert sentence in str(refusal.value)


def test_a_file_that_is_too_long_is_said_to_be_too_long() -> None:
    huge = ARTICLE.replace("enrolled.", "enrolled." + "a " * LONGEST_PAPER)
    with pytest.raises(Unreadable, match="longer than 2,000,000 characters"):
        stored_texts.read(huge, PaperContent())


def test_a_text_that_begins_with_less_than_is_no_xml() -> None:
    assert stored_texts.read("<10 participants fell.", PaperContent())[0][0].text == "<10 participants fell."


def test_a_text_in_spanish_is_stored_and_said_to_be_no_english() -> None:
    spanish = (
        "Los participantes con una lesión medular tomaron la pastilla durante doce semanas en casa. " * 5
    )
    english = "The participants with an injury of the cord took the pill for twelve weeks at home. " * 5
    for text, count in ((spanish, 1), (english, 0)):
        doubts = stored_texts.doubts(PaperText(*stored_texts.read(text, PaperContent())[0]))
        assert len([doubt for doubt in doubts if "English" in doubt]) == count


def test_tables_without_numbers_are_pointed_out() -> None:
    table = "Table 1\n\nGroup | Closed\n\nPill | {}"
    for cell, count in (("see figure", 1), ("5 of 12", 0)):
        assert len(stored_texts.doubts(PaperText(PaperSection(PaperPart.TABLE, table.format(cell))))) == count
