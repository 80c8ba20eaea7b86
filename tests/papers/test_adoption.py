"""``flask articles adopt``: saved pages of the original site become drafts, and their addresses lead to the summaries."""

from pathlib import Path

import msgspec
import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import add_editor
from tests.factories import NOW, add_article, content, publish_draft
from tests.pages import PageClient
from webapp.content.article_content import ArticleContent, PaperContent, from_json
from webapp.db.session import db
from webapp.models import AdoptedPage, Article, Autosave, Draft, Revision
from webapp.models.values import AboutSci, Finding, Implication
from webapp.papers import adoption, original_pages
from webapp.papers.records import Unreadable
from webapp.publishing import deletion, revisions

PAGES = Path(__file__).with_name("original_pages")


def findings(*texts: str) -> list[Finding]:
    return [Finding(text=text) for text in texts]


# What each page says: by its file, its address on the original site, and the content of its draft.
EXPECTED = {
    "01-whole.html": (
        "/research/made-up-paper-one",
        ArticleContent(
            categories=["pain-management", "rehabilitation"],
            simple_explanation="Warm air was blown on shoulders.\n\nThey hurt less.",
            study_duration="12 weeks",
            participants="24 people",
            evidence_level="Level 2",
            findings=findings("12 of 24 people hurt less.", "Nobody was harmed."),
            research_summary="The first paragraph.\n\nThe second paragraph.",
            implications=[
                Implication(title="Ask first", text="Talk to your therapist."),
                Implication(title="Go slowly", text="Start with a minute."),
            ],
            limitations=["Few people took part.", "It was short."],
            paper=PaperContent(
                title="Made-up paper one: warm air for sore shoulders",
                doi="10.5555/made.1",
                journal="Journal of Invented Results",
                published_on="2019-03-14",
            ),
        ),
    ),
    "02-doi-address.html": (
        "/articles/view?id=2",
        ArticleContent(
            categories=["orthopedics"],
            simple_explanation="It’s about bones — and “discs”.",
            findings=findings("Bones grew by 5 %.", "p < 0.05 in rats."),
            research_summary="Cells made 10⁶ copies; CO₂ fell.",
            paper=PaperContent(
                title="Two & a half: bones <and> “discs”",
                doi="10.5555/made.2",
                journal="Made-up Bone Letters",
                published_on="2020",
            ),
        ),
    ),
    "03-doi-blanks.html": (
        "/03-doi-blanks",
        ArticleContent(
            categories=["regenerative-medicine", "how-the-injury-works"],
            simple_explanation="Cells grew in a dish.",
            study_duration="not stated",
            participants="not stated",
            evidence_level="Laboratory",
            findings=findings("Cells grew.", "Participants in other studies are still awaited."),
            implications=[
                Implication(title="Too early", text="this is a dish."),
                Implication(title="Wait", text="ask again later."),
            ],
            limitations=["No people.", "No animals."],
            paper=PaperContent(
                title="Three: cells in a dish",
                doi="10.5555/made.3",
                journal="Dish Notes",
                published_on="2021-05",
            ),
        ),
    ),
    "04-missing-parts.html": (
        "/04-missing-parts",
        ArticleContent(
            categories=["mind-family-and-daily-life"],
            simple_explanation="Little is known.",
            limitations=["Nearly all parts are missing."],
            paper=PaperContent(title="Participants: a title without a journal"),
        ),
    ),
    "05-odd-nesting.html": (
        "/research/five a",
        ArticleContent(
            simple_explanation="Tags were not closed well.",
            findings=findings("First, in rats. And more of it.", "Second.", "A part of it."),
            research_summary="Group A | 4 of 9\n\nOne point",
            implications=[Implication(title="Title of one", text="Text of one. More of one.")],
            paper=PaperContent(
                title="Five: nested too deeply",
                doi="10.5555/made.5",
                journal="Nest Journal",
                published_on="2018-02-03",
            ),
        ),
    ),
    "06-four-chips.html": (
        "/06-four-chips",
        ArticleContent(
            categories=["devices-and-stimulation", "rehabilitation"],
            about_sci=AboutSci.YES,
            simple_explanation="A device helped.",
            findings=findings("It helped.", "It lasted."),
            paper=PaperContent(
                title="Six: a paper with four chips",
                doi="10.5555/made.6",
                journal="Chip Quarterly",
                published_on="2017",
            ),
        ),
    ),
    "07-references.html": (
        "/07-references",
        ArticleContent(
            simple_explanation="See the picture.\n\n[Picture: A spine with ten levels]",
            findings=findings("Ten levels [Picture: ten]"),
            paper=PaperContent(
                title="Seven: with references and pictures",
                doi="10.5555/made.7",
                journal="Picture Papers",
                published_on="2016",
            ),
        ),
    ),
    "08-twice.html": (
        "/08-twice",
        ArticleContent(
            simple_explanation="Said twice.",
            findings=findings("Found twice."),
            research_summary="Notes: the team had a plan.\n\nParticipants\n\nTwenty rats.",
            paper=PaperContent(
                title="Eight: each part is there twice",
                doi="10.5555/made.8",
                journal="Twice Weekly",
                published_on="2015",
            ),
        ),
    ),
    "09-hidden-letters.html": (
        "/09-hidden-letters",
        ArticleContent(
            simple_explanation="Café and café are one.",
            findings=findings("“Quoted” it’s said."),
            implications=[Implication(text="Walking may help some."), Implication(text="A second one.")],
            paper=PaperContent(
                title="Nine: hidden letters of the first kind",
                doi="10.5555/made.9",
                journal="Hidden Letters",
                published_on="2013",
            ),
        ),
    ),
    "10-windows.html": (
        "/10-windows",
        ArticleContent(
            simple_explanation="It’s old.",
            study_duration="1 year",
            participants="9 men 3 women",
            findings=findings("Old."),
            limitations=["Old data."],
            paper=PaperContent(
                title="Ten: a café study from “Zürich”",
                doi="10.5555/made.10",
                journal="Zürcher Hefte",
                published_on="2012",
            ),
        ),
    ),
}
# Of the pages with something that an editor should look at.
NOTES = [
    "Check: 06-four-chips.html: Not taken over: the part “Related Articles”.",
    "Check: 07-references.html: Not taken over: references: Writer A. Seven. Picture Papers 2016. doi:10.5555/made.7; Another B. A book.",
    "Check: 08-twice.html: Check the date: “sometime in spring”.",
    "Check: 09-hidden-letters.html: Check the year: 2014 beside the journal, 2013 as the date.",
]


def adopted(app: Flask, folder: Path, *options: str, exit_code: int = 0) -> list[str]:
    """Run the command; the lines of what it says."""
    result = app.test_cli_runner().invoke(args=["articles", "adopt", *options, str(folder)])
    assert result.exit_code == exit_code, result.output
    db.session.expire_all()
    return result.output.splitlines()


def draft_at(address: str) -> Draft:
    page = db.session.get(AdoptedPage, address)
    assert page is not None
    return page.draft


def publish(draft: Draft, doi: str) -> Article:
    """Publish a draft of a page, completed by an editor."""
    publish_draft(draft, content(paper={"doi": doi}), NOW)
    db.session.commit()
    assert draft.article is not None
    return draft.article


def page_of(title: str, doi: str = "", explanation: str = "Said.", address: str = "") -> str:
    return (
        f'<link rel="canonical" href="{address}"><h1>{title}</h1><p>Journal, 2019 · DOI: {doi}</p>'
        f"<h2>Simple Explanation</h2><p>{explanation}</p><h2>Key Findings</h2><ol><li>Found.</li></ol>"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for pages."""
    path = tmp_path / "pages"
    path.mkdir()
    return path


def test_ten_pages_become_drafts_with_every_element(app: Flask) -> None:
    lines = adopted(app, PAGES)
    assert lines[-1] == "10 adopted, 0 updated, 0 unchanged, 0 refused = 10 pages."
    for file, (address, wanted) in EXPECTED.items():
        found = from_json(draft_at(address).content)
        for name in ArticleContent.__struct_fields__:
            assert getattr(found, name) == getattr(wanted, name), f"{file}: {name}"
    assert [line for line in lines if line.startswith("Check: ")] == NOTES
    assert "Category: Physiology → How the Injury Works (1)" in lines
    assert "Category: Spinal Cord Injury → the flag “About spinal cord injury: yes” (1)" in lines
    assert "Category without one here: Skin & Hair (1)" in lines
    assert db.session.scalar(select(func.count()).select_from(Article)) == 0

    lines = adopted(app, PAGES)
    assert lines[-1] == "0 adopted, 0 updated, 10 unchanged, 0 refused = 10 pages."
    assert db.session.scalar(select(func.count()).select_from(Revision)) == 10


def test_a_dry_run_says_the_same_and_writes_nothing(app: Flask) -> None:
    lines = adopted(app, PAGES, "--dry-run")
    assert lines[-1] == (
        "Nothing was written. It would be: 10 adopted, 0 updated, 0 unchanged, 0 refused = 10 pages."
    )
    assert db.session.scalar(select(func.count()).select_from(Draft)) == 0


def test_a_changed_page_updates_only_an_untouched_draft(app: Flask, folder: Path) -> None:
    for name in ("touched", "typed", "untouched", "deleted"):
        (folder / f"{name}.html").write_text(page_of(name.title()))
    adopted(app, folder)
    touched, typed, deleted = draft_at("/touched"), draft_at("/typed"), draft_at("/deleted")
    own = msgspec.structs.replace(from_json(touched.content), main_message="Our own words.")
    editor = add_editor()
    revisions.save(touched, own, 1, editor.id, NOW)
    db.session.add(
        Autosave(
            editor_id=editor.id,
            form_key=f"draft-{typed.id}",
            tab="a",
            title="Typed",
            fields=[["main_message", "Not saved yet."]],
            saved_at=NOW,
        )
    )
    deletion.delete(deleted, NOW)
    db.session.commit()
    for name in ("touched", "typed", "untouched", "deleted"):
        (folder / f"{name}.html").write_text(page_of(name.title(), explanation="Said anew."))
    lines = adopted(app, folder)
    assert (
        f"Refused: touched.html: The page has changed, but somebody has worked on its draft: draft {touched.id}"
        in lines
    )
    assert "Refused: deleted.html: The page has changed, but its draft was deleted." in lines
    assert lines[-1] == "0 adopted, 1 updated, 0 unchanged, 3 refused = 4 pages."
    assert from_json(draft_at("/typed").content).simple_explanation == "Said."
    assert from_json(draft_at("/untouched").content).simple_explanation == "Said anew."
    assert from_json(draft_at("/touched").content) == own


def test_the_old_address_leads_to_the_published_summary(client: PageClient, app: Flask, folder: Path) -> None:
    address = "https://old.example.org/articles/view?id=7"
    (folder / "a.html").write_text(page_of("Seven", "10.5555/seven", address=address))
    (folder / "b.html").write_text(page_of("Eight", "10.5555/eight", address="/research/eight-of-old/"))
    adopted(app, folder)
    client.get("/articles/view?id=7", status=404)
    seven = publish(draft_at("/articles/view?id=7"), "10.5555/seven")
    eight = publish(draft_at("/research/eight-of-old"), "10.5555/eight")
    for old, article in (
        ("/articles/view?id=7", seven),
        ("/research/eight-of-old", eight),
        ("/research/eight-of-old/?utm_source=mail", eight),
    ):
        assert client.get(old, status=301).headers["Location"] == f"/research/{article.slug}"
    client.get("/articles/view?id=8", status=404)
    client.get("/articles/view", status=404)
    client.post("/articles/view?id=7", status=404)


def test_what_is_no_summary_is_refused_with_the_reason(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(original_pages, "MOST_BYTES", 2_000_000)
    monkeypatch.setattr(adoption, "MOST_BYTES", 2_000_000)
    pages = {
        "a.html": page_of("One", "10.5555/one").encode(),
        "b.html": page_of("Another title", "https://doi.org/10.5555/ONE").encode(),
        "bytes.html": page_of("Broken").encode() + b"\xff\xfe",
        "category.html": b"<h1>Pain Management</h1><p>Ten summaries</p>",
        "empty.html": b" \n",
        "large.html": b" " * 2_000_001,
        "null.html": page_of("Null").encode() + b"\0",
        "same-address.html": page_of("Third", address="/a").encode(),
        "untitled.html": page_of("").encode(),
    }
    for name, text in pages.items():
        (folder / name).write_bytes(text)
    lines = adopted(app, folder)
    reasons = dict(
        line.removeprefix("Refused: ").split(": ", 1) for line in lines if line.startswith("Refused")
    )
    assert reasons == {
        "b.html": "It is about the same paper as a.html.",
        "bytes.html": "This file has bytes that are no text in UTF-8 or in the encoding that it names.",
        "category.html": "This page doesn’t have the layout of a summary: its labels, like “Key Findings”, are missing.",
        "empty.html": "This file is empty.",
        "large.html": "This file is larger than 2 MB.",
        "null.html": "This file has bytes that are no text in UTF-8 or in the encoding that it names.",
        "same-address.html": "It has the same address as a.html: /a",
        "untitled.html": "This page has no title.",
    }
    assert lines[-1] == "1 adopted, 0 updated, 0 unchanged, 8 refused = 9 pages."


def test_a_paper_that_is_here_already_is_refused(app: Flask, folder: Path) -> None:
    article = add_article()
    (folder / "a.html").write_text(page_of("Other words", article.paper.doi or ""))
    reason = f"There’s already a text about this paper: article {article.id}."
    assert f"Refused: a.html: {reason}" in adopted(app, folder, exit_code=1)


def test_a_folder_without_pages_is_said(app: Flask, folder: Path) -> None:
    assert adopted(app, folder, exit_code=1)[-1] == "0 adopted, 0 updated, 0 unchanged, 0 refused = 0 pages."


def test_an_address_too_long_for_the_table_is_refused() -> None:
    with pytest.raises(Unreadable, match="longer than 255"):
        original_pages.read(page_of("Long", address=f"/{'x' * 255}").encode(), "a.html")
