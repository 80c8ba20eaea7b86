"""The answers of the starter library: what their checks only warn of, and what they say where evidence is missing."""

from flask import Flask

from webapp.catalog.answers import published_answers
from webapp.content.answer_checks import answer_warnings
from webapp.db.session import db
from webapp.models.values import Certainty
from webapp.publishing.answers import cited_articles, content_of


def test_no_answer_has_a_warning(starter_app: Flask) -> None:
    texts = [content_of(answer) for answer in db.session.scalars(published_answers())]
    assert len(texts) >= 20
    found = [(text.slug, row) for text in texts for row in answer_warnings(text, cited_articles(text))]
    assert found == []


def test_an_answer_without_evidence_says_so_first(starter_app: Flask) -> None:
    answers = list(db.session.scalars(published_answers()))
    thin = [answer for answer in answers if answer.certainty is Certainty.VERY_UNSURE]
    assert thin
    assert [
        answer.slug for answer in thin if not answer.verdict.startswith("We have no summary of a trial")
    ] == []
