"""Whatever stands in a field is only text in everything that the site sends out: pages, feeds, files, mails."""

import csv
import io
import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from xml.etree import ElementTree

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from flask import Flask

from tests.drills.site import IS_FULL
from tests.hostile.corpus import XSS
from tests.hostile.inert import check_data, check_html, check_page
from tests.hostile.world import World, build
from tests.newsletter.steps import delivered
from tests.pages import PageClient
from webapp.db.session import db
from webapp.letters import corrections
from webapp.mail import outbox
from webapp.models import Article, MailKind
from webapp.publishing.undoing import UNDO_FOR

# Every field holds the whole corpus; in the long version also each text by itself, as the first thing in a field.
TEXTS = [" ".join(XSS), *(XSS if IS_FULL else ())]
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture(params=range(len(TEXTS)), ids=str)
def world(app: Flask, request: pytest.FixtureRequest) -> World:
    """A site with hostile text in every field."""
    return build(app, lambda field: f"{TEXTS[request.param]} {field}")


def answers(app: Flask, client: PageClient, world: World) -> Iterator[tuple[str, str]]:
    """Kind and text of every page, and of every fragment."""
    for path in world.pages(app):
        for headers in ({}, FRAGMENT):
            response = client.flask.get(path, headers=headers)
            assert response.status_code < 500, f"{path}: {response.status_code}"
            assert "evil" not in str(response.headers), path
            kind = response.mimetype or ""
            if not kind.startswith("image/"):
                yield kind, response.text


@pytest.mark.proves(
    "Promise 4: hostile text is inert on every page, in every file and in every mail",
    "ASVS 1.2.1",
    "ASVS 1.2.3",
    "ASVS 1.3.7",
)
def test_hostile_text_is_inert_on_every_page_and_in_every_file(
    app: Flask, client: PageClient, world: World
) -> None:
    seen = set()
    for kind, text in answers(app, client, world):
        seen.add(kind)
        if kind == "text/html":
            check_page(text)
        elif kind.endswith("xml"):
            check_feed(text)
        else:
            check_data(text)
    assert {"text/html", "application/atom+xml", "text/csv", "application/x-research-info-systems"} <= seen


def check_feed(text: str) -> None:
    for element in ElementTree.fromstring(text).iter():
        assert "probe" not in element.tag and not any("xss" in name for name in element.attrib)
        if element.get("type") == "html":
            check_html(element.text or "")
        assert "javascript:" not in element.get("href", "")


def test_hostile_text_opens_no_field_of_a_citation(app: Flask, client: PageClient, world: World) -> None:
    path = f"/research/{world.values['slug']}"
    (entry,) = rispy.loads(client.get(f"{path}.ris").text)
    assert set(entry) <= {
        "type_of_reference", "title", "authors", "journal_name", "secondary_title", "volume", "number", "start_page", "end_page", "year", "date",
        "doi", "urls", "url", "notes", "abstract", "access_date", "publication_year", "id", "accession_number", "keywords", "custom1", "note",
        "name_of_database", "alternate_title3", "unknown_tag",
    }, set(entry)  # fmt: skip
    library = parse_string(client.get(f"{path}.bib").text)
    assert len(library.entries) == 1 and not library.failed_blocks
    assert len(json.loads(client.get(f"{path}.json").data)) == 1


@pytest.mark.proves(
    "Promise 4: hostile text is inert on every page, in every file and in every mail", "ASVS 1.2.10"
)
def test_hostile_text_is_no_formula_in_a_spreadsheet(client: PageClient) -> None:
    rows = list(csv.reader(io.StringIO(client.get("/data/articles.csv").text)))
    assert len({len(row) for row in rows}) == 1 and len(rows) == 2
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.proves("Promise 4: hostile text is inert on every page, in every file and in every mail")
def test_hostile_text_is_inert_in_every_mail(app: Flask, world: World) -> None:
    delivered()  # the digest, and the message to the editors
    article = db.session.get_one(Article, world.values["article_id"])
    db.session.delete(article.corrections[0])
    db.session.commit()
    now = article.updated_at + UNDO_FOR
    corrections.enqueue(now)
    outbox.enqueue(MailKind.TEST, "editor@example.org", now, articles=[article])
    db.session.commit()
    mails = delivered(now)
    assert len(mails) >= 4, outbox.state_line()
    for mail in mails:
        check_mail(mail)


def check_mail(mail: EmailMessage) -> None:
    for name, value in mail.items():
        text = str(value)
        if name in ("From", "List-Id"):  # the name of the site, quoted if it must be, and one address
            text = re.sub(r'^(?:"(?:[^"\\]|\\.)*"|[^"()<>\[\]:;@\\,]+) ', "", text)
            assert re.fullmatch(r"<[\w.@-]+>", text), str(value)
        assert name == "Subject" or "probe" not in text, name  # a subject names the text that it is about
        assert not re.search(r"[\x00-\x1f\x7f]", text), name
    for part in mail.walk():
        if part.get_content_type() == "text/html":
            html = str(part.get_content())
            check_html(html)
            assert not re.search(r"<(script|img|link|form)\b", html)
        elif part.get_content_type() == "text/plain":
            check_data(str(part.get_content()))
