"""A hundred new papers are sorted by keyboard alone, and the screens work for everybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, func, select

from tests.browser.test_accessibility import violations
from tests.browser.test_fact_sheet import press_until
from tests.drills.site import Site, inside
from tests.factories import NOW
from webapp.content.article_content import ArticleContent, PaperContent
from webapp.db.session import db
from webapp.models import Candidate, CandidateState
from webapp.papers import candidates, rating
from webapp.papers.listings import Listed
from webapp.papers.rating import Library
from webapp.papers.records import Record

COUNT = 100
KEYS = "knks"


@pytest.fixture
def hundred(site: Site) -> Iterator[None]:
    """New papers, which are gone afterwards."""
    entries = [
        Listed(
            Record(
                content=ArticleContent(
                    paper=PaperContent(title=f"Made-up paper {number}", abstract="We asked people.")
                )
            )
        )
        for number in range(COUNT)
    ]
    with inside(site):
        candidates.add(map(rating.guess, entries), "PubMed", Library(), NOW)
    yield
    with inside(site):
        db.session.execute(delete(Candidate))


@pytest.mark.usefixtures("hundred")
def test_a_hundred_papers_are_sorted_by_keyboard_alone(editor: Page, site: Site) -> None:
    editor.goto("/editor/new-papers")
    press_until(editor, "Tab", "document.activeElement.matches('[data-row] [data-key]')")
    for done in range(COUNT):
        editor.keyboard.press(KEYS[done % len(KEYS)])
        expect(editor.locator(".tabs [aria-current] .n")).to_have_text(str(COUNT - done - 1))
    expect(editor.get_by_text("All new papers are sorted.")).to_be_focused()
    with inside(site):
        counted = dict(
            db.session.execute(select(Candidate.state, func.count()).group_by(Candidate.state)).all()
        )
    assert counted == {CandidateState.KEPT: 50, CandidateState.NOT_FOR_US: 25, CandidateState.SKIPPED: 25}
    press_until(editor, "Shift+Tab", "document.activeElement.dataset.key === 'u'")
    editor.keyboard.press("u")
    expect(editor.locator(".tabs [aria-current] .n")).to_have_text("1")
    assert violations(editor) == []
