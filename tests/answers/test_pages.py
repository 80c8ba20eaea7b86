"""What readers see of the answers: all of them by topic, and one with everything that belongs to it."""

import json
import re
from typing import Any
from xml.etree.ElementTree import Element

import msgspec
import pytest

from tests.factories import NOW, add_answer, add_article
from tests.pages import H, PageClient, check_page
from webapp.db.session import db
from webapp.models import Answer, Article
from webapp.models.people import People
from webapp.models.values import Certainty, Claim, LaterEvent, PaperStatus, Result, StudyKind, Subject
from webapp.publishing import answers, external_changes, publication
from webapp.publishing.revisions import Kind


def claim(*articles: Article, text: str = "Pain was about the same with the pill.") -> Claim:
    return Claim(text=text, rests_on=[article.slug for article in articles])


def study(slug: str, **values: Any) -> Article:
    """A summary whose live row has the given values, whatever its text says."""
    article = add_article(slug=slug)
    for name, value in values.items():
        setattr(article, name, value)
    return article


def numbers(tree: Element, class_name: str) -> list[str]:
    """The first whole number in each element of a class."""
    return [
        re.findall(r"\d+", "".join(element.itertext()))[0]
        for element in tree.iter()
        if class_name in (element.get("class") or "").split()
    ]


@pytest.fixture
def many() -> Answer:
    """An answer on studies of many kinds and results: some cited twice, one only by the verdict, one of animals."""
    kinds = [StudyKind.REVIEWS, StudyKind.RANDOMIZED_TRIAL, StudyKind.OTHER_PEOPLE, StudyKind.SMALL_EARLY]
    studies = [
        study(
            f"trial-{number}",
            study_kind=kinds[number % len(kinds)],
            result=list(Result)[number % len(Result)],
            people=People(count=count),
            sample_size="" if count is None else f"{count} people",
        )
        for number, count in enumerate([2, 48, 432, 1_863, None, 60, 9])
    ]
    rats = study(
        "rats",
        subject=Subject.ANIMALS,
        species="rats",
        study_kind=StudyKind.LAB_OR_ANIMALS,
        sample_size="40 rats",
    )
    found = [claim(*studies[:3]), claim(*studies[2:6]), claim(rats, text="In rats, it was the same.")]
    return add_answer(
        slug="does-the-pill-help",
        question="Does the pill help?",
        verdict_rests_on=[studies[1].slug, studies[6].slug],
        found=found,
        certainty=Certainty.FAIRLY_SURE,
        certainty_reason="The trials agree.",
        safety_cards=["new-loss"],
        written_by="AI, from the summaries named here. Not yet checked by a clinician.",
    )


def test_an_answer_has_all_its_parts(client: PageClient, many: Answer) -> None:
    page = client.get("/answers/does-the-pill-help").text
    for text in (
        '<h1>Does the pill help?</h1>', "none shows that it eases pain", "Fairly sure", "The trials agree.",
        "What we found", "48 people, 2021", "We have no summary of a long trial.", "A long trial would.", "What else could ease my pain?",
        "/emergency#new-loss", "https://example.org/pain", "AI, from the summaries named here.",
        "Not yet checked by a clinician.", "November 24, 2026", "May 24, 2027", "The same as a table",
        '<link rel="canonical" href="http://localhost/answers/does-the-pill-help">',
        '<meta property="og:title" content="Does the pill help?">',
    ):  # fmt: skip
        assert text in page, text
    assert page.index("none shows that") < page.index("Fairly sure") < page.index("What we found")


def test_the_picture_and_its_table_have_every_study_once(client: PageClient, many: Answer) -> None:
    tree = check_page(client.get("/answers/does-the-pill-help").text)
    table = next(element for element in tree.iter(f"{H}table") if element.get("class") == "twin")
    rows = [
        re.match(r"\d+", "".join(row.itertext())) for row in table.iter(f"{H}th") if row.get("scope") == "row"
    ]
    assert [row[0] for row in rows if row] == [str(number) for number in range(1, 9)]
    assert sorted(numbers(tree, "study-dot"), key=int) == [str(number) for number in range(1, 9)]


def test_a_claim_is_followed_by_the_studies_it_rests_on(client: PageClient, many: Answer) -> None:
    tree = check_page(client.get("/answers/does-the-pill-help").text)
    refs = [element for element in tree.iter(f"{H}ul") if element.get("class") == "refs"]
    assert [numbers(element, "ref") for element in refs] == [
        ["1", "2", "3"],
        ["3", "4", "5", "6"],
        ["7"],
    ]


def test_a_claim_about_a_later_study_shows_no_size_of_the_first(client: PageClient) -> None:
    event = LaterEvent(on="2023", text="A trial of 193 people found the same.", source="A register")
    followed, other = add_article(since_then=[event]), add_article()
    texts = [
        "A later European trial of 193 people found the same.",
        "The pill was tried. Later, 193 people took it.",
        "Pain was the same a year later.",
    ]
    answer = add_answer(followed.slug, found=[claim(followed, other, text=text) for text in texts])
    tree = check_page(client.get(f"/answers/{answer.slug}").text)
    refs = ["".join(element.itertext()) for element in tree.iter(f"{H}a") if element.get("class") == "ref"]
    assert [text.partition(", ")[2] for text in refs] == [
        *("2021, and since then", "40 people, 2021"),
        *("2021, and since then", "40 people, 2021"),
        *("40 people, 2021", "40 people, 2021"),
    ]


def test_no_study_of_animals_is_named_behind_the_verdict(client: PageClient, many: Answer) -> None:
    page = client.get("/answers/does-the-pill-help").text
    assert "This rests on studies 2 and 8 below." in page
    with pytest.raises(publication.NotPublishable):
        add_answer("rats")


def test_what_was_retracted_or_withdrawn_counts_no_more_and_the_answer_says_so(
    client: PageClient, many: Answer
) -> None:
    retracted, withdrawn = (db.session.query(Article).filter_by(slug=f"trial-{n}").one() for n in (0, 5))
    retracted.paper.status = PaperStatus.RETRACTED
    publication.withdraw(withdrawn, "", NOW)
    db.session.commit()
    page = client.get("/answers/does-the-pill-help").text
    tree = check_page(page)
    assert "This answer needs another look." in page and "2 summaries that it rested on are no longer" in page
    assert len(numbers(tree, "study-dot")) == 6
    assert "/research/trial-0" not in page and "/research/trial-5" not in page


def test_the_list_has_every_question_under_its_topic_with_how_sure(client: PageClient, many: Answer) -> None:
    page = client.get("/answers").text
    assert page.index("Pain Management") < page.index("Does the pill help?") < page.index("Fairly sure")
    assert "There are no answers here yet" not in page


def test_without_answers_the_list_says_so(client: PageClient) -> None:
    assert "There are no answers here yet" in client.get("/answers").text


def test_the_page_of_a_summary_names_the_answers_that_rest_on_it(client: PageClient, many: Answer) -> None:
    other = add_article(slug="other")
    assert "This is part of the answer to" not in client.get(f"/research/{other.slug}").text
    page = client.get("/research/trial-1").text
    assert (
        'This is part of the answer to: <a href="/answers/does-the-pill-help">Does the pill help?</a>' in page
    )


def test_a_withdrawn_answer_says_so(client: PageClient, many: Answer) -> None:
    publication.withdraw(many, "It left out a trial.", NOW)
    db.session.commit()
    page = client.get("/answers/does-the-pill-help", status=410).text
    assert "This answer was withdrawn" in page and "It left out a trial." in page
    assert "This is part of the answer to" not in client.get("/research/trial-1").text
    assert "Does the pill help?" not in client.get("/answers").text


def test_an_unknown_address_offers_a_search(client: PageClient) -> None:
    assert 'name="q"' in client.get("/answers/nowhere", status=404).text


def test_a_former_address_leads_to_the_present_one_and_the_history_says_what_changed(
    client: PageClient,
) -> None:
    answer = add_answer(slug="former")
    assert "Nothing has changed since" in client.get("/answers/former/history").text
    text = msgspec.structs.replace(
        answers.content_of(answer), slug="present", missing=["We have no summary of a large trial."]
    )
    external_changes.publish(answer, text, None, Kind.IMPORTED, NOW)
    db.session.commit()
    for ending in ("", "/history", "/report", "/card-1.png", "/feedback?change=1"):
        moved = client.get(f"/answers/former{ending}", status=301)
        assert moved.location == f"/answers/present{ending}"
    page = client.get("/answers/present/history").text
    assert 'href="/answers/present/history"' in client.get("/answers/present").text
    assert "[removed: </span>long" in page and "[added: </span>large" in page


def test_search_engines_read_the_question_its_answer_and_what_it_rests_on(
    client: PageClient, many: Answer
) -> None:
    page = client.get("/answers/does-the-pill-help").text
    graph = json.loads(page.partition('application/ld+json">')[2].partition("</script>")[0])["@graph"]
    question = graph[0]["mainEntity"]
    answer = question["acceptedAnswer"]
    assert (graph[0]["@type"], question["@type"], answer["@type"]) == ("MedicalWebPage", "Question", "Answer")
    assert question["name"] == "Does the pill help?"
    assert answer["text"].startswith(many.verdict) and "How sure: fairly sure." in answer["text"]
    assert len(answer["citation"]) == 8 and "http://localhost/research/trial-1" in answer["citation"]
    sitemap = client.get("/sitemap.xml").text
    assert "<loc>http://localhost/answers/does-the-pill-help</loc>" in sitemap
