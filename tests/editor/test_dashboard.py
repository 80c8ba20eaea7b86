"""How the site is doing: what is counted, and that a longer library does not make it ask more."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from xml.etree.ElementTree import Element

from sqlalchemy import event
from werkzeug.datastructures import MultiDict

from tests.factories import NOW, add_article, content
from tests.pages import H, PageClient, parsed
from webapp import jobs
from webapp.db.session import db
from webapp.feedback import votes
from webapp.models import Editor
from webapp.publishing import revisions
from webapp.publishing.publication import withdraw
from webapp.search import indexing, misses
from webapp.search.query import SearchQuery

PAGE = "/editor/dashboard"
HARD = "Administration of pharmacological interventions demonstrated considerable neurological improvement."


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            said.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def table(page: str, caption: str) -> dict[str, str]:
    """A table of bars: what stands beside each label."""
    for found in parsed(page).iter(f"{H}table"):
        if caption in (found.findtext(f"{H}caption") or ""):
            return dict(map(cells, found.iter(f"{H}tr")))
    raise AssertionError(f"no table {caption}")


def cells(row: Element) -> tuple[str, str]:
    label, value = ["".join(cell.itertext()).strip() for cell in row]
    return label, value


def miss(words: str) -> None:
    misses.count_miss(SearchQuery.from_args(MultiDict({"q": words})), NOW.date())
    jobs.write_misses(Event())


def test_summaries_are_counted_by_state(client: PageClient, editor: Editor) -> None:
    for _ in range(3):
        article = add_article()
    withdraw(article, "Gone.", NOW)
    revisions.save(revisions.new_draft(), content(), 0, editor.id, NOW)
    db.session.commit()
    counts = table(client.get(PAGE).text, "which state")
    assert (counts["Published"], counts["Withdrawn"], counts["Draft"]) == ("2", "1", "1")


def test_answers_are_shown_by_week_and_by_summary_and_notes_are_counted(
    client: PageClient, editor: Editor
) -> None:
    article = add_article(plain_title="A lantern")
    for number, (is_helpful, days) in enumerate([(True, 0), (False, 0), (False, 9), (False, 100)]):
        votes.vote(article, f"192.0.2.{number}", is_helpful, NOW - timedelta(days=days))
    votes.add_note(article, "192.0.2.1", "", ["hard-to-follow"], NOW)
    db.session.commit()
    page = client.get(PAGE).text
    weeks = table(page, "by week")
    assert weeks["Week of November 23, 2026"] == "1 yes, 1 no"
    assert weeks["Week of November 9, 2026"] == "0 yes, 1 no"
    assert len(weeks) == 13
    assert table(page, "by summary")["A lantern"] == "1 yes, 3 no"
    assert "1 message" in page


def test_words_that_found_nothing_are_shown(client: PageClient, editor: Editor) -> None:
    for _ in range(3):
        miss("exoskeleton hire")
    db.session.commit()
    assert table(client.get(PAGE).text, "found nothing")["“exoskeleton hire”"] == "3"


def test_each_newest_summary_says_whether_the_search_knows_it(client: PageClient, editor: Editor) -> None:
    add_article(NOW)
    page = client.get(PAGE).text
    assert "not searchable yet" in page and "1 change not searchable yet" in page
    indexing.catch_up()
    page = client.get(PAGE).text
    assert "Search finds everything that is published." in page
    assert 'searchable <span aria-hidden="true">✔</span>' in page


def test_grades_are_shown_and_lead_to_what_is_too_hard(client: PageClient, editor: Editor) -> None:
    add_article()
    add_article(plain_title="A hard one", simple_explanation=HARD)
    page = client.get(PAGE).text
    grades = table(page, "reading grade")
    assert (grades["5 or lower"], grades["Above 10"]) == ("1", "1")
    assert "Hardest to read" in page
    listed = client.get("/editor/summaries?tab=hard").text
    assert "A hard one" in listed and "in trial" not in listed


def test_a_longer_library_makes_no_more_queries(client: PageClient, editor: Editor) -> None:
    add_article()
    client.get(PAGE)
    with counted_queries() as few:
        client.get(PAGE)
    for number in range(15):
        add_article(simple_explanation=HARD)
        miss(f"nothing {number}")
    db.session.commit()
    client.get(PAGE)  # what is held in memory is read again after a change
    with counted_queries() as many:
        client.get(PAGE)
    assert len(many) == len(few) <= 13
