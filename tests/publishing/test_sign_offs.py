"""What readers see of a review that was signed, and of which version, wherever a summary goes."""

import json
import tomllib
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.factories import NOW, add_article, content, publish
from tests.newsletter.steps import delivered, text_of
from tests.pages import PageClient
from webapp.content.article_content import ArticleContent, from_json, from_toml, to_json, to_toml
from webapp.content.sign_off_words import NOT_CHECKED, who_checked, written_by
from webapp.db.session import db
from webapp.exports.jsonld import article_graph
from webapp.mail import outbox
from webapp.models import Article, MailKind, Opinion, PartReview, Review
from webapp.models.values import ReviewerKind
from webapp.publishing import publication, reviews, revisions
from webapp.publishing.library import export_library, import_library
from webapp.publishing.sign_offs import PARTS

BY_AI = "Written with the help of AI. Not yet checked by a clinician."
SIGNED = "Checked by Lee Roe, physical therapist, November 24, 2026."
EARLIER = "Checked by Lee Roe, physical therapist, on November 24, 2026, of an earlier version."


def signed(article: Article, parts: Any = PARTS, **changes: Any) -> Review:
    """A review of the text that readers see, signed and committed, with which ``parts`` it agrees."""
    draft = revisions.draft_of(article_id=article.id)
    values = {
        "revision_number": draft.revision_number,
        "kind": ReviewerKind.CLINICIAN,
        "name": "Lee Roe",
        "role": "physical therapist",
        "email": "lee@example.org",
        "asked_at": NOW,
        "keeps_name": True,
    }
    review = Review(draft=draft, **values | changes)
    db.session.add(review)
    reviews.answer(review, [PartReview(part, Opinion.AGREE) for part in parts], NOW, signs=True)
    db.session.commit()
    return review


def edited(article: Article, **changes: Any) -> None:
    """The article with other words, published and committed."""
    publish(
        content(slug=article.slug, paper={"doi": article.paper.doi}, **changes),
        NOW + timedelta(days=2),
        article,
    )
    db.session.commit()


def outputs(client: PageClient, article: Article, folder: Path) -> dict[str, str]:
    """All that says who checked a summary, by what it is."""
    page = client.get(f"/research/{article.slug}").text
    head, _, rest = page.partition('<div class="read__body">')
    export_library(folder)
    outbox.enqueue(MailKind.TEST, "editor@example.org", NOW, articles=[article])
    db.session.commit()
    [mail] = delivered()
    own = f"/research/{article.slug}"
    found = {
        "top of the article": head[head.index("<h1>") :],
        "bottom of the article": rest[rest.index("About this summary") :],
        "share text": page[page.index("data-share=") :].partition("hidden")[0],
        "card": client.get("/research").text,
        "feed": client.get("/feed.atom").text,
        "visit pack": client.get(f"/visit-pack?s={article.id}").text,
        "TOML": (folder / "articles" / f"{article.slug}.toml").read_text(encoding="utf-8"),
        "JSON Lines": client.get("/data/articles.jsonl").text,
        "CSV": client.get("/data/articles.csv").text,
        "mail": text_of(mail),
        "JSON-LD": json.dumps(article_graph(article, "http://localhost")),
    }
    for ending in ("ris", "bib", "json"):
        found[ending] = client.get(f"{own}.{ending}?of=summary").text
    return {name: " ".join(unescape(text).split()) for name, text in found.items()}


def test_a_sign_off_goes_wherever_the_summary_goes(client: PageClient, tmp_path: Path) -> None:
    article = add_article(written_by=BY_AI)
    signed(article)
    for name, text in outputs(client, article, tmp_path).items():
        assert SIGNED in text, name
        assert "not yet checked" not in text.lower(), name
    page = article_graph(article, "http://localhost")[0]
    assert page["lastReviewed"] == "2026-11-24"
    assert page["reviewedBy"] == [{"@type": "Person", "name": "Lee Roe", "jobTitle": "physical therapist"}]


def test_an_edit_of_a_signed_part_says_so_wherever_the_summary_goes(
    client: PageClient, tmp_path: Path
) -> None:
    article = add_article(written_by=BY_AI)
    signed(article)
    edited(article, written_by=BY_AI, harms="Nobody was harmed.")
    for name, text in outputs(client, article, tmp_path).items():
        assert EARLIER in text, name
        assert "not yet checked" not in text.lower(), name
    assert "lastReviewed" not in article_graph(article, "http://localhost")[0]


def test_a_summary_without_a_sign_off_is_not_yet_checked(client: PageClient) -> None:
    article = add_article(written_by=BY_AI)
    page = client.get(f"/research/{article.slug}").text
    assert page.count(NOT_CHECKED) >= 2 and "Checked by" not in page
    assert f"<dd>{written_by(article)}</dd>" in page


def test_an_edit_of_a_part_that_nobody_signed_changes_nothing(app: Flask) -> None:
    article = add_article()
    signed(article, ["harms"])
    edited(article, harms=article.harms, research_summary="The team did something else.")
    assert who_checked(article) == SIGNED


def test_signing_a_text_that_readers_do_not_see_yet_prints_nothing_before_it_is_published(app: Flask) -> None:
    article = add_article()
    draft, wanted = (
        revisions.draft_of(article_id=article.id),
        content(slug=article.slug, paper={"doi": article.paper.doi}),
    )
    wanted = from_json(to_json(wanted) | {"harms": "Nobody was harmed."})
    revisions.save(draft, wanted, 1, None, NOW)
    db.session.flush()
    signed(article)
    assert who_checked(article) == NOT_CHECKED
    publish(wanted, NOW, article)
    assert who_checked(article) == SIGNED


@pytest.mark.parametrize(
    ("kind", "role", "words"),
    [
        (ReviewerKind.CLINICIAN, "", "Lee Roe, clinician, "),
        (ReviewerKind.RESEARCHER, "neuroscientist", "Lee Roe, neuroscientist, "),
        (ReviewerKind.LIVES_WITH_INJURY, "", "Lee Roe, who lives with an injury, "),
    ],
)
def test_only_a_clinician_ends_not_yet_checked(app: Flask, kind: ReviewerKind, role: str, words: str) -> None:
    article = add_article()
    signed(article, kind=kind, role=role)
    ends = "" if kind is ReviewerKind.CLINICIAN else f" {NOT_CHECKED}"
    assert who_checked(article) == f"Checked by {words}November 24, 2026.{ends}"


def test_a_sign_off_that_is_taken_back_is_gone(client: PageClient) -> None:
    article = add_article()
    review = signed(article)
    assert SIGNED in client.get(f"/research/{article.slug}").text
    reviews.undo(review, None, NOW)
    db.session.commit()
    assert "Lee Roe" not in client.get(f"/research/{article.slug}").text


def test_a_file_cannot_claim_that_somebody_checked_it(app: Flask) -> None:
    plain = content()
    claimed = f'checked_by = "Dr. Nobody"\nchecked_on = 2026-01-01\n{to_toml(plain)}'
    assert from_toml(claimed, ArticleContent) == plain
    assert from_json(to_json(plain) | {"checked_by": "Dr. Nobody", "checked_on": "2026-01-01"}) == plain
    article = publication.content_of(add_article(written_by="Dr. Nobody"))
    assert "checked" not in to_json(article)


def test_an_exported_library_brings_its_texts_along_but_no_sign_off(app: Flask, tmp_path: Path) -> None:
    article = add_article()
    signed(article)
    export_library(tmp_path)
    path = tmp_path / "articles" / f"{article.slug}.toml"
    assert path.read_text(encoding="utf-8").startswith(f"# {SIGNED}\n")
    assert "sign_offs" not in tomllib.loads(path.read_text(encoding="utf-8"))
    assert import_library(tmp_path, NOW).unchanged == 1
    assert who_checked(article) == SIGNED
    path.write_text(path.read_text(encoding="utf-8").replace("10.5555/", "10.5555/copy."), encoding="utf-8")
    text = path.read_text(encoding="utf-8").replace(article.slug, "a-copy")
    path.write_text(text, encoding="utf-8")
    assert import_library(tmp_path, NOW).added == 1
    copy = db.session.query(Article).filter_by(slug="a-copy").one()
    assert who_checked(copy) == NOT_CHECKED
