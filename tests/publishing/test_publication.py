"""Publishing a content, reading it back, and the problems that prevent it."""

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import NOW, add_article, content, publish
from webapp.db.session import db
from webapp.models import Article, ChangeKind, PublicChange, Revision
from webapp.models.values import ArticleStatus, Finding
from webapp.publishing.publication import NotPublishable, content_of, withdraw


def problems(**changes: object) -> dict[str, str]:
    with pytest.raises(NotPublishable) as refused:
        publish(content(**changes), NOW)
    return {problem.field: problem.message for problem in refused.value.problems}


def test_a_text_is_read_back_as_it_was_published(app: Flask) -> None:
    wanted = content(published_on=NOW.date())
    assert content_of(publish(wanted, NOW)) == wanted


def test_publishing_is_announced_with_the_revision_that_readers_see(app: Flask) -> None:
    article = add_article()
    change = db.session.scalars(select(PublicChange)).one()
    assert (change.kind, change.article_id) == (ChangeKind.PUBLISHED, article.id)
    assert db.session.get_one(Revision, change.revision_id).number == article.revision_number == 1


def test_all_problems_are_reported_at_once(app: Flask) -> None:
    found = problems(
        harms="",
        funding="",
        findings=[Finding(text="One.", place="")],
        subject=None,
        paper={"published_on": "22"},
    )
    assert {"harms", "funding", "findings", "findings-0-place", "subject", "paper-published_on"} <= set(found)
    assert db.session.scalar(select(Article)) is None


def test_a_second_article_about_a_paper_is_refused(app: Flask) -> None:
    add_article(paper={"doi": "10.5555/one"})
    assert "There’s already a summary of this paper" in problems(paper={"doi": "10.5555/one"})["paper-doi"]


def test_a_taken_or_malformed_address_is_refused(app: Flask) -> None:
    add_article(slug="taken")
    assert "slug" in problems(slug="taken")
    assert "slug" in problems(slug="Not An Address")


def test_a_renamed_article_keeps_its_old_address_and_can_have_it_back(app: Flask) -> None:
    article = add_article(slug="first")
    publish(content(slug="second", paper={"doi": article.paper.doi}), NOW, article)
    publish(content(slug="first", paper={"doi": article.paper.doi}), NOW, article)
    db.session.commit()
    assert article.slug == "first"
    assert "slug" in problems(slug="second")


def test_withdrawing_keeps_the_row_and_announces_it(app: Flask) -> None:
    article = add_article()
    withdraw(article, "The paper was about something else.", NOW)
    db.session.commit()
    assert article.status is ArticleStatus.WITHDRAWN
    kinds = db.session.scalars(select(PublicChange.kind).order_by(PublicChange.id))
    assert list(kinds) == [ChangeKind.PUBLISHED, ChangeKind.WITHDRAWN]


def test_publishing_a_withdrawn_article_brings_it_back(app: Flask) -> None:
    article = add_article()
    text = content_of(article)
    withdraw(article, "", NOW)
    publish(text, NOW, article)
    assert article.status is ArticleStatus.PUBLISHED
    assert article.withdrawn_at is None


def test_texts_without_an_address_get_different_ones(app: Flask) -> None:
    one, other = (publish(content(slug="", plain_title="One title"), NOW) for _ in range(2))
    assert (one.slug, other.slug) == ("one-title", "one-title-2")
