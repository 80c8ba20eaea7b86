"""The history that readers can see."""

import re
from typing import Any

import msgspec
from flask import Flask

from tests.factories import NOW, add_article, publish
from tests.pages import PageClient
from webapp.db.session import db
from webapp.models import Article
from webapp.publishing.publication import content_of, withdraw


def change(article: Article, note: str, **changes: Any) -> None:
    publish(msgspec.structs.replace(content_of(article), **changes), NOW.replace(day=25), article, note)
    db.session.commit()


def test_a_changed_word_is_marked_with_the_reason(client: PageClient) -> None:
    article = add_article(main_message="Pain changed in both groups.")
    change(article, "The paper says it may have.", main_message="Pain may have changed in both groups.")
    page = client.get(f"/research/{article.slug}/history").text
    assert "November 25, 2026" in page
    assert "The paper says it may have." in page
    assert re.search(r"<ins>.{0,60}may have.{0,40}</ins>", page)
    assert f'href="/research/{article.slug}/history"' in client.get(f"/research/{article.slug}").text


def test_an_article_as_it_was_first_published_has_no_history(client: PageClient) -> None:
    article = add_article()
    assert "Nothing has changed since" in client.get(f"/research/{article.slug}/history").text
    assert "/history" not in client.get(f"/research/{article.slug}").text


def test_changes_come_newest_first(client: PageClient) -> None:
    article = add_article()
    change(article, "The first change.", harms="None.")
    change(article, "The second change.", harms="Two people fell.")
    page = client.get(f"/research/{article.slug}/history").text
    assert page.index("The second change.") < page.index("The first change.")


def test_fields_and_values_are_shown_in_words(client: PageClient) -> None:
    article = add_article(categories=["pain-management"], shows_dysreflexia_help=False)
    change(
        article,
        "Filed anew.",
        slug="a-new-address",
        categories=["rehabilitation"],
        shows_dysreflexia_help=True,
    )
    page = client.get("/research/a-new-address/history").text
    assert "<h3>Web address</h3>" in page and "Slug" not in page
    assert "Rehabilitation" in page and "rehabilitation" not in page
    assert re.search(r"<del>.{0,60}No.{0,40}</del>", page) and re.search(
        r"<ins>.{0,60}Yes.{0,40}</ins>", page
    )


def test_the_abstract_of_the_paper_is_never_in_the_public_history(client: PageClient) -> None:
    article = add_article(paper={"abstract": "Forty zebrafish swam."})
    changed = msgspec.structs.replace(content_of(article).paper, abstract="Forty salamanders swam.")
    publish(msgspec.structs.replace(content_of(article), paper=changed), NOW, article, "A typing error.")
    db.session.commit()
    page = client.get(f"/research/{article.slug}/history").text
    assert "A typing error." in page
    assert "zebrafish" not in page and "salamanders" not in page


def test_the_history_of_a_withdrawn_article_is_closed(app: Flask, client: PageClient) -> None:
    article = add_article()
    withdraw(article, "", NOW)
    db.session.commit()
    client.get(f"/research/{article.slug}/history", status=410)
    client.get("/research/nothing/history", status=404)
