"""Words explained, what papers leave out, and the grid of studies."""

import re

import pytest
from flask import Flask

from tests.factories import add_answer, add_article
from tests.pages import PageClient
from webapp.catalog.glossary import Dictionary, Explainer, Term
from webapp.catalog.standing_questions import AnswerState, answers, count_answers
from webapp.catalog.topic_grid import FoundInPeople, found_in_people, study_grid
from webapp.db.session import db
from webapp.models import GlossaryTerm
from webapp.models.values import PaperStatus, ReadFrom, Result, StudyKind, Subject

AIS = Term("ais", "AIS", "A scale.")
AIS_A = Term("ais-a", "AIS A", "The top of the scale.")


@pytest.fixture
def glossary(app: Flask) -> None:
    db.session.add_all(
        [
            GlossaryTerm(
                slug="dry-mouth", term="dry mouth", forms=["xerostomia"], meaning="Too little spit."
            ),
            GlossaryTerm(
                slug="placebo",
                term="placebo",
                forms=["look-alike", "placebos"],
                meaning="A pill with no drug.",
            ),
        ]
    )
    db.session.commit()


def marked(explainer: Explainer, text: str) -> list[str]:
    return [piece.text for piece in explainer.explain(text).pieces if piece.term]


def test_the_longest_form_wins_and_only_the_first_use_counts() -> None:
    explainer = Explainer(Dictionary({"ais": AIS, "ais a": AIS_A}))
    assert marked(explainer, "AIS A and AIS and again AIS A.") == ["AIS A", "AIS"]
    assert marked(explainer, "AIS A once more.") == []


def test_a_part_of_a_word_is_no_use() -> None:
    explainer = Explainer(Dictionary({"ais": AIS}))
    assert marked(explainer, "A raise, an AIS-like scale, praise.") == []


def test_a_paragraph_loses_no_letter() -> None:
    text = "First AIS, then more."
    assert "".join(piece.text for piece in Explainer(Dictionary({"ais": AIS})).explain(text).pieces) == text
    assert Explainer(Dictionary({})).explain(text).pieces[-1].text == text


def test_the_first_use_opens_its_meaning_under_the_paragraph(client: PageClient, glossary: None) -> None:
    article = add_article()
    page = client.get(f"/research/{article.slug}").text
    assert page.count('href="#word-dry-mouth"') == 1
    assert page.count('id="word-dry-mouth"') == 1
    assert "Too little spit." in page


def test_the_glossary_can_be_searched(client: PageClient, glossary: None) -> None:
    assert "Too little spit." in client.get("/glossary").text
    found = client.get("/glossary?q=spit").text
    assert "dry mouth" in found and "placebo" not in found
    assert "Too little spit." in client.get("/glossary?q=Xerostomia").text
    assert "We haven’t explained “zebra” yet" in client.get("/glossary?q=zebra").text
    assert client.fragment("/glossary?q=spit").strip() in found


def test_a_word_has_a_page_with_the_summaries_that_use_it(client: PageClient, glossary: None) -> None:
    article = add_article()
    page = client.get("/glossary/dry-mouth").text
    assert article.title in page
    client.get("/glossary/zebra", status=404)


def test_silence_of_a_paper_is_counted(app: Flask) -> None:
    silent = add_article(
        funding="The paper does not say.", harms="The paper does not say.", participants="", sample_size=""
    )
    given = {question.key: answer for question, answer in answers(silent)}
    assert given["funding"] is given["harms"] is given["who"] is given["how-many"] is AnswerState.NOT_STATED
    assert given["interests"] is AnswerState.STATED


def test_a_question_that_does_not_fit_is_not_held_against_a_paper(app: Flask) -> None:
    interviews = add_article(
        study_kind=StudyKind.INTERVIEWS, result=Result.NOT_TESTED, harms="The paper does not say."
    )
    animals = add_article(subject=Subject.ANIMALS, species="rats")
    assert {q.key for q, answer in answers(interviews) if answer is AnswerState.NOT_APPLICABLE} == {
        "harms",
        "trial",
    }
    assert {q.key for q, answer in answers(animals) if answer is AnswerState.NOT_APPLICABLE} == {
        "level",
        "completeness",
    }


def test_counts_add_up_to_the_articles(app: Flask) -> None:
    add_article()
    add_article(harms="The paper does not say.")
    add_article(result=Result.NOT_TESTED)
    for not_counted in (
        {"status": PaperStatus.RETRACTED, "status_note": "Made up."},
        {"read_from": ReadFrom.ABSTRACT},
        {"read_from": ReadFrom.PART},
    ):
        add_article(paper=not_counted)
    for count in count_answers():
        assert count.stated + count.not_stated + count.not_applicable == 3
    harms = next(count for count in count_answers() if count.question.key == "harms")
    assert (harms.stated, harms.not_stated, harms.not_applicable) == (1, 1, 1)


def test_the_page_of_gaps_shows_every_question(client: PageClient) -> None:
    add_article()
    add_article(paper={"read_from": ReadFrom.ABSTRACT})
    page = client.get("/what-papers-leave-out").text
    assert page.count('<th scope="row">') == 9
    assert "We count the papers that we read in full: 1 of the 2 summarized here." in page


def test_the_grid_shows_gaps_and_adds_up() -> None:
    grid = study_grid(
        [
            (Subject.PEOPLE, StudyKind.REVIEWS, Result.HELPED, 1),
            (Subject.MIXED, StudyKind.REVIEWS, Result.HELPED, 1),
            (Subject.PEOPLE, StudyKind.METHODS, Result.NOT_TESTED, 1),
        ]
    )
    assert grid.total == 3
    assert grid.largest == 2
    kinds = [row.kind for row in grid.rows]
    assert kinds[:5] == list(StudyKind)[:5]
    assert StudyKind.METHODS in kinds and StudyKind.GUIDELINE not in kinds
    assert grid.rows[1].total == 0


def test_only_summaries_of_people_count_toward_what_is_known() -> None:
    found = found_in_people(
        [
            (Subject.PEOPLE, StudyKind.RANDOMIZED_TRIAL, Result.HELPED, 1),
            (Subject.PEOPLE, StudyKind.OTHER_PEOPLE, Result.HELPED, 2),
            (Subject.PEOPLE, StudyKind.REVIEWS, Result.NO_CLEAR_DIFFERENCE, 3),
            (Subject.ANIMALS, StudyKind.LAB_OR_ANIMALS, Result.HARMFUL, 4),
            (Subject.MIXED, StudyKind.REVIEWS, Result.HELPED, 5),
        ]
    )
    assert found == [
        FoundInPeople(Result.HELPED, 3, without_cause=2),
        FoundInPeople(Result.NO_CLEAR_DIFFERENCE, 3, without_cause=0),
    ]


def test_a_category_says_what_is_known_of_people(client: PageClient) -> None:
    add_article(result=Result.HELPED, study_kind=StudyKind.OTHER_PEOPLE, main_message="Pain eased.")
    add_article(result=Result.NO_CLEAR_DIFFERENCE)
    add_article(subject=Subject.ANIMALS, species="rats", study_kind=StudyKind.LAB_OR_ANIMALS)
    page = client.get("/categories/pain-management").text
    known = re.sub("<[^>]+>", " ", page.split('id="known"')[1].split("</section>")[0])
    for words in ("Of 2 summaries of people", "1 helped", "It can’t show that the treatment was the reason",
                  "1 found no clear difference", "The other summary isn’t about people alone"):  # fmt: skip
        assert words in " ".join(known.split())
    assert 'id="known"' not in client.get("/categories/orthopedics").text


def test_a_category_begins_with_its_answers(client: PageClient) -> None:
    add_answer(
        question="Main here?", verdict="This can be said.", categories=["pain-management", "orthopedics"]
    )
    page = client.get("/categories/pain-management").text
    known = page.split('id="known"')[1].split("</section>")[0]
    assert (
        known.index("Main here?") < known.index("This can be said.") < known.index("Of 1 summary of people")
    )
    elsewhere = client.get("/categories/orthopedics").text
    assert "Main here?" in elsewhere and "This can be said." not in elsewhere


def test_a_category_says_what_the_grid_covers(client: PageClient) -> None:
    add_article()
    assert (
        "Of the 1 study summarized here, not all research." in client.get("/categories/pain-management").text
    )
    assert "What kinds of study" not in client.get("/categories/orthopedics").text
