"""Numbers in the authoring form: looked up in the abstract and in the stored text with its tables, one line for each."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import add_editor, sign_in
from tests.editor.forms import changed, complete, fields_of, opened, press
from tests.factories import NOW
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Draft, StoredText
from webapp.papers import file_formats, importing

ARTICLE = """<article><front><article-meta><title-group><article-title>Wheelchair lessons at home</article-title></title-group>
<abstract><p>Veterans had five lessons or none.</p></abstract></article-meta></front>
<body><sec><title>Results</title><p>Twenty-four participants dropped out, of 106. Lessons took 101.07 hours.</p>
<table-wrap><caption><p>Table 2 Skills</p></caption><table><tr><td>Group</td><td>Lessons</td><td>None</td></tr>
<tr><td>Total score</td><td>5.9 (3.1)</td><td>1.52</td></tr><tr><td>Distance (m)</td><td>35.97</td><td>3.0</td></tr>
<tr><td>Falls</td><td>12 of 48</td><td>9 of 58</td></tr></table></table-wrap></sec></body></article>"""
TEXTS = {
    "findings-0-text": "Scores rose by 5.9 points with lessons and by about 1.5 without, not clearly more.",
    "findings-1-text": "Veterans with lessons wheeled about 118 feet farther; 25% of them (12 of 48) fell.",
    "simple_explanation": "Of 106 veterans, 24 left. The lessons took about four days in all.",
}


@pytest.fixture
def edit(client: PageClient) -> str:
    """The address of a draft that was made by importing the paper."""
    add_editor()
    sign_in(client)
    [draft] = importing.create_drafts(file_formats.read(ARTICLE), None, NOW)
    db.session.commit()
    return f"/editor/summaries/{draft.id}"


def texts(**changes: str) -> dict[str, Any]:
    """The form's fields, filled in for the imported paper."""
    own = {
        name: value for name, value in complete().items() if name not in ("paper__title", "paper__abstract")
    }
    return own | {"plain_title": "Wheelchair lessons made no clear difference"} | TEXTS | changes


def test_numbers_of_text_and_tables_are_published_without_a_warning(client: PageClient, edit: str) -> None:
    press(client, edit, opened(client, edit, **texts()), "publish")


def test_without_the_stored_text_each_of_them_is_a_warning(client: PageClient, edit: str) -> None:
    db.session.delete(db.session.scalars(select(StoredText)).one())
    db.session.commit()
    page = press(client, edit, opened(client, edit, **texts()), "publish", status=422).text
    for number in ("5.9", "1.5", "118 feet", "25%", "12", "48", "106", "24", "four days"):
        assert f"We didn’t find {number} in the stored text of the paper." in page


def test_the_form_shows_each_number_with_its_sentence_and_that_of_the_paper(
    client: PageClient, edit: str
) -> None:
    harms = "Seven veterans hurt a shoulder."
    press(client, edit, opened(client, edit, **texts(harms=harms)), "save")
    page = client.get(edit).text
    assert "Looked up in the title and the abstract, full text and tables." in page
    assert page.index('<th scope="row">Seven</th>') < page.index('<th scope="row">5.9</th>')
    assert f'<a href="#harms">“{harms}”</a>' in page
    assert "Converted: 35.97 m is 118 feet" in page
    assert "The paper: “Distance (m) | 35.97 | 3.0”" in page
    fragment = client.post_fragment(f"{edit}/check", fields_of(page))
    assert "Converted: 35.97 m is 118 feet" in fragment


def test_without_any_text_the_numbers_are_counted_once(client: PageClient, app: Flask) -> None:
    add_editor()
    sign_in(client)
    new = "/editor/summaries/new"
    sent = opened(client, new, **complete() | {"paper__abstract": "", "harms": "In 7 of 9 people."})
    page = press(client, new, sent, "publish", status=422).text
    assert "Please look at 1 warning" in page
    assert "No text of the paper is stored: 2 numbers were not checked." in page
    assert "No text of the paper is stored, so 2 numbers were not checked." in page


def test_a_reason_is_shown_to_whoever_reads_the_preview(client: PageClient, edit: str) -> None:
    sent = opened(client, edit, **texts(harms="Seven veterans hurt a shoulder."))
    page = press(client, edit, sent, "publish", status=422).text
    press(client, edit, changed(fields_of(page), **{"accept-0": "It is in the appendix."}), "publish")
    draft = db.session.scalars(select(Draft)).one()
    assert list(draft.accepted_warnings.values()) == ["It is in the appendix."]
    assert "It is in the appendix." in client.get(f"{edit}/history").text
    assert "It is in the appendix." in client.get(f"{edit}/preview").text
