"""Nothing that the site gives out says of a paper what only somebody who read it in full could know."""

import csv
import json
import re
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import update

from tests.factories import PEOPLE, add_article
from tests.hostile.world import World, build
from tests.newsletter.steps import delivered
from tests.pages import PageClient
from webapp.content.article_content import FACTS
from webapp.db.session import db
from webapp.exports.jsonld import article_graph
from webapp.letters import corrections
from webapp.mail import outbox
from webapp.models import Article, MailKind, Paper
from webapp.models.values import Finding, LaterEvent, PaperStatus, ReadFrom, Registration
from webapp.publishing.undoing import UNDO_FOR
from webapp.search import indexing

CLAIMS_SILENCE = re.compile(
    r"\b(paper|study) (does not|doesn['’]t) (say|mention|report|state)|not mentioned in the paper\.", re.I
)
EVENT = LaterEvent(
    on="2025-03", text="The trial’s results came out.", doi="10.5555/since.then", source="A register"
)


@pytest.fixture
def world(app: Flask) -> World:
    """Articles as the release before stored them: nobody entered what was read, and facts are the words from then."""
    world = build(app, lambda field: "ordinary spasm" if field not in FACTS else "The paper does not say.")
    old_words = dict.fromkeys(FACTS, "The paper does not say.")
    db.session.execute(update(Article).values(old_words))
    db.session.execute(update(Paper).values(read_from=None))
    db.session.commit()
    indexing.rebuild()
    return world


def test_no_output_says_that_a_paper_is_silent_which_was_not_read_in_full(
    app: Flask, client: PageClient, world: World
) -> None:
    article = db.session.get_one(Article, world.values["article_id"])
    # A review is of a revision, which says itself what was read: only the live rows are those of the release before.
    paths = [path for path in world.pages(app) if not path.startswith(("/editor", "/review/"))]
    paths += [f"/research/{article.slug}.{ending}?of=summary" for ending in ("ris", "bib", "json")]
    paths += [f"/data/articles.{ending}" for ending in ("csv", "jsonl", "ris")]
    paths += [
        f"/visit-pack?s={article.id}",
        "/search?q=spasm",
        "/search?q=paper",
        "/search?panel=1&q=spasm",
        "/search/feed.atom?q=spasm",
    ]
    outputs = {path: client.flask.get(path).data.decode(errors="replace") for path in paths}
    mails = delivered()
    outbox.enqueue(MailKind.TEST, "editor@example.org", article.updated_at, articles=[article])
    db.session.delete(article.corrections[0])
    db.session.commit()
    corrections.enqueue(article.updated_at + UNDO_FOR)
    db.session.commit()
    for number, mail in enumerate([*mails, *delivered(article.updated_at + UNDO_FOR)]):
        texts = [str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"]
        outputs[f"mail {number}"] = "\n".join(texts)
    for name, text in outputs.items():
        assert not CLAIMS_SILENCE.search(unescape(re.sub("</?mark>", "", text))), name
    own = f"/research/{article.slug}"
    must_say = {
        own,
        "/",
        "/feed.atom",
        "/search?q=spasm",
        "/search/feed.atom?q=spasm",
        f"/visit-pack?s={article.id}",
    }
    must_say |= {f"{own}.{ending}?of=summary" for ending in ("ris", "bib", "json")}
    says_it = {name for name, text in outputs.items() if "only the abstract" in text}
    assert must_say <= says_it
    assert sum(name.startswith("mail") for name in says_it) >= 2  # digests


def test_what_is_known_goes_wherever_the_summary_goes(client: PageClient) -> None:
    entry = Registration(number="NCT01234567", register="A register", url="https://example.org/trial")
    counts = "New bed: 3 of 40; usual bed: 9 of 41"
    finding = Finding(text="Fewer had sores.", place="Table 2", counts=counts)
    article = add_article(
        people=PEOPLE,
        registrations=[entry],
        since_then=[EVENT],
        findings=[finding, finding],
        harms="Two had a cough.",
        harms_read=ReadFrom.PART,
        age="",
        funding="not stated",
        paper={"read_from": ReadFrom.ABSTRACT},
    )
    page = client.get(f"/research/{article.slug}").text
    for text in ("<b>March 2025:</b>", EVENT.text, "https://doi.org/10.5555/since.then", "Source: A register",
                 '<a href="https://example.org/trial">NCT01234567</a> (A register)', "18 to 65, 41.5 on average",
                 "16 men and 2 women", "an accident or violence", "For harms, we read part of the full text."):  # fmt: skip
        assert text in page, text
    pack = unescape(client.get(f"/visit-pack?s={article.id}").text)
    assert "March 2025: The trial’s results came out. Source: A register." in pack
    assert "Two had a cough. For harms, we read part of the full text." in pack
    assert "Since then (March 2025): The trial’s results came out." in client.get("/feed.atom").text
    [line] = client.get("/data/articles.jsonl").text.splitlines()
    said = json.loads(line)
    assert (said["paper"]["read_from"], said["country"], said["harms_read"]) == (
        "abstract",
        "not stated",
        "part",
    )
    assert said["since_then"] == [
        {"on": "2025-03", "text": EVENT.text, "doi": EVENT.doi, "source": EVENT.source}
    ]
    assert (said["people"]["ages"]["from"], said["findings"][0]["counts"]) == (18, counts)
    [row] = csv.DictReader(client.get("/data/articles.csv").text.lstrip("\ufeff").splitlines())
    assert (row["read_from"], row["harms_read"], row["funding"]) == ("abstract", "part", "not stated")
    assert (row["registrations"], row["since_then"]) == ("NCT01234567", f"2025-03: {EVENT.text}")
    assert "sample_size: 18 people" in row["people"]


def test_search_engines_are_told_what_is_known(client: PageClient) -> None:
    counts = "New bed: 3 of 40; usual bed: 9 of 41"
    article = add_article(
        people=PEOPLE,
        country="Chile",
        registrations=[Registration(number="7", url="https://example.org/trial")],
        since_then=[EVENT],
        findings=[Finding(text="Fewer had sores.", place="Table 2", counts=counts)] * 2,
    )
    page, paper, _ = article_graph(article, "https://example.org")
    assert "We read the full text" in page["disambiguatingDescription"]
    assert page["hasPart"][0]["description"] == f"{counts}. Table 2"
    assert page["citation"] == [
        {
            "@type": "CreativeWork",
            "abstract": EVENT.text,
            "datePublished": "2025-03",
            "url": EVENT.link,
            "creditText": EVENT.source,
        }
    ]
    study = paper["about"]
    assert (study["identifier"], study["sameAs"]) == (["7"], ["https://example.org/trial"])
    assert study["studyLocation"]["name"] == "Chile" and "C5 to C8" in study["population"]


def test_search_engines_are_not_told_the_findings_of_a_retracted_paper(client: PageClient) -> None:
    article = add_article(paper={"status": PaperStatus.RETRACTED, "status_note": "Made up."})
    assert "hasPart" not in article_graph(article, "https://example.org")[0]


@pytest.mark.parametrize(
    ("read_from", "gives"),
    [(ReadFrom.FULL_TEXT, "This one gives"), (ReadFrom.PART, "The part we read gives"), (ReadFrom.ABSTRACT, "Its abstract gives")],
)  # fmt: skip
def test_the_nine_facts_are_counted_in_what_was_read(
    client: PageClient, read_from: ReadFrom, gives: str
) -> None:
    article = add_article(paper={"read_from": read_from})
    assert f"We look for 9 facts in every study. {gives} 6." in client.get(f"/research/{article.slug}").text
