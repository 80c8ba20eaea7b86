"""The answers of the starter library: what their checks only warn of, and what they say where evidence is missing."""

from flask import Flask

from tests.factories import NOW
from webapp.answers.evidence import Evidence
from webapp.catalog.answers import published_answers
from webapp.content.answer_checks import answer_warnings, untraced_numbers
from webapp.db.session import db
from webapp.models.values import Certainty
from webapp.publishing.answers import cited_articles, content_of
from webapp.publishing.publication import content_of as article_content
from webapp.publishing.publication import transient_article


def test_no_answer_has_a_warning(starter_app: Flask) -> None:
    texts = [content_of(answer) for answer in db.session.scalars(published_answers())]
    assert len(texts) >= 20
    found = [(text.slug, row) for text in texts for row in answer_warnings(text, cited_articles(text))]
    assert found == []


def test_a_number_that_came_after_a_paper_does_not_stand_beside_its_size(starter_app: Flask) -> None:
    wrong, count = [], 0
    for answer in list(db.session.scalars(published_answers())):
        text, cited = content_of(answer), cited_articles(content_of(answer))
        earlier = {slug: transient_article(article_content(cited[slug]), NOW) for slug in cited}
        for article in earlier.values():
            article.since_then = []
        later = {problem.field for problem in untraced_numbers(text, earlier)}
        evidence = Evidence(answer, cited)
        for number, claim in enumerate(text.found):
            if f"found-{number}-text" in later:
                count += 1
                marks = [study.mark(claim.text) for study in evidence.behind(claim.rests_on)]
                if not any(mark.endswith("since then") for mark in marks):
                    wrong.append((answer.slug, claim.text))
    assert count > 10
    assert wrong == []


def test_an_answer_without_evidence_says_so_first(starter_app: Flask) -> None:
    answers = list(db.session.scalars(published_answers()))
    thin = [answer for answer in answers if answer.certainty is Certainty.VERY_UNSURE]
    assert thin
    assert [
        answer.slug for answer in thin if not answer.verdict.startswith("We have no summary of a trial")
    ] == []
