"""Whatever characters stand in the fields of an article and its paper, what the site sends out can be read."""

import csv
import io
import json
import logging
import re
from email import message_from_bytes, policy
from xml.etree import ElementTree

import msgspec
import rispy
from bibtexparser.entrypoint import parse_string
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.factories import NOW, publish
from tests.hostile.world import everything
from tests.pages import PageClient
from webapp.content.article_content import ArticleContent, from_json, to_json
from webapp.db.session import db
from webapp.letters import emails
from webapp.mail.smtp import Letter
from webapp.models import Article
from webapp.models.values import Finding
from webapp.parsing import clean_texts
from webapp.web.logs import JsonFormatter

NASTY = "\x00\x01\x0b\x0c\r\n\t\x1b\x7f\x85\u00ad\u200b\u2028\u2029\u202e\ufeff\ufffe\uffff\ud800\ufb01<>&\"'{}\\%$#_~^|@,;:]=-"
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from(NASTY)), max_size=20)
FEEDS = ("/feed.atom", "/categories/pain-management/feed.atom", "/corrections/feed.atom", "/sitemap.xml")


def filled(text: str) -> ArticleContent:
    """What an article says with the text in every field, as it is read from a form or a file."""
    whole = everything(
        lambda field: f"A {field} {text} end", slug="any-character", paper={"doi": "10.5555/any"}
    )
    findings = [
        Finding(text=f"Pain {text} end", place=f"Abstract {text}"),
        Finding(text="Sleep", place="Abstract"),
    ]
    return from_json(clean_texts(to_json(msgspec.structs.replace(whole, findings=findings))))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
@example(NASTY)
@example("\nER  - \nTY  - JOUR\n}\n@article{x,\n]]><x>")
def test_any_character_leaves_every_output_readable(app: Flask, client: PageClient, text: str) -> None:
    article = publish(filled(text), NOW, db.session.scalar(select(Article)))
    db.session.commit()
    for path in FEEDS:
        ElementTree.fromstring(client.get(path).data)
    page = client.get("/research/any-character").text
    [structured] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(structured)["@graph"]
    for of in ("paper", "summary"):
        address = f"/research/any-character.{{}}?of={of}"
        assert len(rispy.loads(client.get(address.format("ris")).text)) == 1
        library = parse_string(client.get(address.format("bib")).text)
        assert (len(library.entries), library.failed_blocks) == (1, [])
        assert len(json.loads(client.get(address.format("json")).data)) == 1
    assert len(rispy.loads(client.get("/data/articles.ris").text)) == 1
    assert len(client.get("/data/articles.jsonl").data.splitlines()) == 1
    assert len(list(csv.DictReader(io.StringIO(client.get("/data/articles.csv").text)))) == 1
    with app.test_request_context():
        mail = emails.digest([article], None)
    sent = Letter(
        sender="news@example.org", recipient="ana@example.org", subject=mail.subject, text=mail.text, html=mail.html,
        message_id="<1@example.org>", written_at=NOW,
    ).to_bytes()  # fmt: skip
    assert not [
        name for name, value in message_from_bytes(sent, policy=policy.default).items() if "\n" in value
    ]


@given(TEXTS)
@example(NASTY)
def test_any_character_leaves_a_line_of_the_log_one_line(text: str) -> None:
    record = logging.LogRecord("webapp", logging.INFO, "", 1, "%s", (text,), None)
    line = JsonFormatter().format(record)
    assert len(line.encode().splitlines()) == len(line.splitlines()) == 1
    assert json.loads(line)["message"] == text
