"""The home page: for whom, what, why to trust it; a search, where to start, and the newest summaries."""

from tests.factories import add_answer, add_article
from tests.pages import PageClient
from webapp.models.values import StudyKind, Subject


def add_rat_study() -> None:
    add_article(
        plain_title="In rats", subject=Subject.ANIMALS, species="rats", study_kind=StudyKind.LAB_OR_ANIMALS
    )


def test_it_says_for_whom_and_why_to_trust_it_before_anything_else(client: PageClient) -> None:
    page = client.get("/").text
    places = [
        page.index(words)
        for words in ("For people living with an injury", 'name="q"', "Just injured? Start here",
                      "Written by AI; we say who checked it", 'href="/start#week"', "Latest research", "Browse by topic")
    ]  # fmt: skip
    assert places == sorted(places)


def test_it_begins_with_what_people_ask_most(client: PageClient) -> None:
    assert "What people ask most" not in client.get("/").text
    add_answer(slug="another-question", question="Another question?")
    add_answer(slug="will-i-walk-again", question="Will I walk again?", verdict="Nobody can tell one person.")
    page = client.get("/").text
    assert page.count('href="/answers/will-i-walk-again"') == 2  # under the search, too
    asked = page.split("What people ask most")[1]
    assert asked.index("Nobody can tell one person.") < asked.index("Another question?")
    assert "All 2 answers" in asked


def test_it_shows_the_newest_summaries_about_people_and_all_topics(client: PageClient) -> None:
    add_article(plain_title="In people")
    add_rat_study()
    page = client.get("/").text
    assert "In people" in page and "In rats" not in page
    assert page.count('class="topic__icon"') == 12


def test_where_no_summary_is_about_people_the_newest_is_shown(client: PageClient) -> None:
    add_rat_study()
    assert "In rats" in client.get("/").text
