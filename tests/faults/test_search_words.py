"""Questions, spellings, names and numbers that searches of other sites trip over."""

import re

import pytest
from flask import Flask

from tests.factories import add_article
from tests.faults import fault
from webapp.search import indexing, results
from webapp.search.index import search_index
from webapp.search.query import SearchQuery
from webapp.search.understanding import understand

# What each text of the fault about hyphens and numbers is written like in a paper, and what it must not bring.
WRITTEN = {
    "IL-10": ("IL 10", "10 patients walked 10.50 m"),
    "IL10": ("IL-10", "10 patients had IL-6"),
    "10 mg": ("10mg", "10 people took 25 mg"),
    "0.5": ("0.5 points", "0 of 5 people, 5 of 10"),
    "NT-3": ("NT3", "3 groups of NT proteins"),
    "24h": ("24 hours", "24 people, 2 hours"),
    "COVID-19": ("Covid 19", "19 people had a cold"),
}


def found(text: str) -> list[int]:
    answer = results.search(SearchQuery(text=text), 60)
    return [hit.article.id for hit in (*answer.page.rows, *answer.animals.rows)]


def test_a_long_question_is_searched_to_its_end(starter_app: Flask) -> None:
    questions = (
        (fault("19-question-cut-after-twelve-words") / "questions.txt")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    telling = ("stem cells", "pressure sores", "nerve pain")
    with starter_app.test_request_context():
        for question, subject in zip(questions, telling, strict=True):
            understanding = understand(SearchQuery(text=question), search_index().snapshot())
            assert understanding.left_out == ()
            assert set(found(question)[:3]) & set(found(subject)[:3])


def test_british_spellings_find_what_american_ones_find(starter_app: Flask) -> None:
    lines = (fault("20-british-spelling") / "queries.txt").read_text(encoding="utf-8").splitlines()
    pairs = [re.findall(r"([a-z]+(?: [a-z]+)*)\s*\(", line) for line in lines]
    assert len(pairs) == len(lines)
    with starter_app.test_request_context():
        for british, american in pairs:
            assert found(british) == found(american) != [], british
            for text in (british, american):
                corrected = understand(SearchQuery(text=text), search_index().snapshot()).corrected
                assert corrected != "grew matter"


@pytest.mark.parametrize("text", WRITTEN)
def test_names_and_numbers_stay_together(app: Flask, text: str) -> None:
    queries = fault("33-hyphens-and-numbers-flood") / "queries.txt"
    assert text in queries.read_text(encoding="utf-8").splitlines()
    same, other = WRITTEN[text]
    right = [
        add_article(research_summary=f"The team measured {form} in all of them.").id for form in (text, same)
    ]
    add_article(research_summary=f"The team measured {other} in all of them.")
    add_article()
    indexing.catch_up()
    with app.test_request_context():
        assert sorted(found(text)) == sorted(found(same)) == right
