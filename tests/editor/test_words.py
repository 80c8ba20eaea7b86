"""The words of the site in the editor: readers, writers and search have at once what editors save."""

import io
import tomllib
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text

from tests.accounts.people import add_editor, audited, sign_in, token
from tests.editor.forms import sent_by
from tests.factories import NOW, add_article
from tests.pages import H, PageClient, parsed
from webapp.catalog.word_list import word_list
from webapp.content.article_content import ArticleContent
from webapp.content.plain_language import plain_check
from webapp.db.change_log import ChangeKind, announce
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import AuditKind, GlossaryTerm, Role, SearchMiss
from webapp.publishing import words
from webapp.search import indexing
from webapp.search.best_bets import best_bets
from webapp.search.synonyms import table

LIST, NEW = "/editor/words", "/editor/new-word"
MADE_UP = {"word": "zorbic gait", "meaning": "A made-up way to walk.", "forms": "zorbic gaits", "plain": "odd walking", "lay": "wibbly legs\r\n\r\nwobbly walk"}  # fmt: skip


@pytest.fixture
def desk(app: Flask, client: PageClient) -> PageClient:
    """The browser of an editor."""
    add_editor(role=Role.EDITOR)
    sign_in(client)
    return client


def fields_of(page: str) -> dict[str, str]:
    forms = (form for form in parsed(page).iter(f"{H}form") if "word" in sent_by(form))
    return sent_by(next(forms)).to_dict()


def typed(client: PageClient, path: str, **changes: str) -> dict[str, str]:
    return fields_of(client.get(path).text) | changes


def add(client: PageClient, *, status: int = 303, **changes: str) -> str:
    return client.post(NEW, typed(client, NEW, **{**MADE_UP, **changes}), status=status).text


def numbers(slug: str) -> list[int]:
    db.session.rollback()
    return [saved.number for saved in words.history(slug)]


def test_every_word_that_came_with_the_site_can_be_saved(app: Flask) -> None:
    entries = word_list().entries
    assert len(entries) > 800
    for slug, entry in entries.items():
        words.check(entry, slug, entries)
    assert sum(bool(entry.meaning) for entry in entries.values()) >= 329
    assert len(table().concepts) >= 500


def test_a_word_is_explained_shown_to_writers_and_searched_at_once(desk: PageClient, app: Flask) -> None:
    add_article(slug="a-walk", simple_explanation="They practiced zorbic gait every day.")
    indexing.catch_up()
    reader = PageClient(app)
    before = reader.get("/search?q=wibbly+legs").text
    assert "They practiced" not in reader.get("/glossary").text and "zorbic gait" not in before
    add(desk)
    assert "A made-up way to walk." in reader.get("/glossary/zorbic-gait").text
    assert "A made-up way to walk." in reader.get("/research/a-walk").text
    assert "zorbic gait" in reader.get("/search?q=wibbly+legs").text
    check = plain_check(ArticleContent(harms="Zorbic gait hurt."), (), word_list().hard_words)
    assert [(swap.word, swap.plain) for swap in check.swaps] == [("Zorbic gait", "odd walking")]
    assert audited()[-1] == AuditKind.WORD_CHANGED
    assert "a-walk" in desk.get(f"{LIST}/zorbic-gait").text
    assert "zorbic gait" in desk.get(f"{LIST}?q=wibbly").text


def test_a_search_while_typing_reads_no_words_when_nothing_changed(desk: PageClient, app: Flask) -> None:
    add(desk)
    reader = PageClient(app)
    reader.get("/search?panel=1&q=wibbly+legs")
    made = table()
    asked: list[str] = []

    def ask() -> int:
        asked.append("asked")
        return 0

    answer = app.extensions["newest_change"]
    app.extensions["newest_change"] = ask
    reader.get("/search?panel=1&q=wobbly+walk")
    app.extensions["newest_change"] = answer
    assert asked == []
    assert table() is made


def test_best_bets_are_made_again_after_a_word_changed_and_not_after_another_change(desk: PageClient) -> None:
    made = best_bets()
    with writing() as now:
        announce(ChangeKind.SETTINGS, now)
    assert best_bets() is made
    add(desk)
    assert best_bets() is not made


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"word": ""}, "Enter the word."),
        ({"word": "12"}, "Enter the word."),
        ({"word": "x" * 121}, "Keep this to 120 characters."),
        ({"meaning": "x" * 601}, "Keep this to 600 characters."),
        ({"lay": "x" * 121}, "is too long. Keep it to 120 characters."),
        ({"lay": "\r\n".join(f"word {number}" for number in range(101))}, "Keep each list to 100 words."),
        ({"acronyms": "!!"}, "“!!” has no letters that search could look for."),
        ({"word": "Neurogenic Bladder"}, "“Neurogenic Bladder” is in the list already."),
        ({"kind": "adverbs"}, "Not a valid choice."),
    ],
)
def test_a_word_that_cannot_be_used_is_refused(
    desk: PageClient, changes: dict[str, str], reason: str
) -> None:
    page = add(desk, status=422, **changes | {"misspelled": "what I typed stays"})
    assert reason in page and "what I typed stays" in page and "<title>Error: " in page
    assert "zorbic-gait" not in words.entries()


def test_a_word_about_which_nothing_is_said_is_refused(desk: PageClient) -> None:
    assert "Say what it means" in add(desk, status=422, meaning="", forms="", plain="", lay="")


def test_a_preview_saves_nothing(desk: PageClient) -> None:
    add_article(slug="a-walk", harms="Two people fell in zorbic gaits.")
    page = add(desk, status=200, preview="yes")
    assert "“wibbly legs”" in page and "also looks for zorbic gait" in page and "/research/a-walk" in page
    assert "zorbic-gait" not in words.entries()


def test_a_word_has_a_history_and_earlier_texts_open_in_the_form(desk: PageClient) -> None:
    add(desk)
    path = f"{LIST}/zorbic-gait"
    desk.post(path, typed(desk, path, meaning="Another meaning."))
    assert "Another meaning." in desk.get("/glossary").text
    assert numbers("zorbic-gait") == [2, 1]
    assert "<ins>" in desk.get(f"{path}/revisions/2").text and "<ins>" in desk.get(f"{path}/revisions/1").text
    desk.post(path, typed(desk, f"{path}?from=1"))
    assert "A made-up way to walk." in desk.get("/glossary").text
    desk.post(path, typed(desk, path))  # unchanged
    assert numbers("zorbic-gait") == [3, 2, 1]
    for wrong in (f"{path}?from=9", f"{path}/revisions/9", f"{LIST}/nothing", f"{LIST}/nothing/revisions/1"):
        desk.get(wrong, status=404)


def test_a_deleted_word_is_gone_everywhere_and_can_be_brought_back(desk: PageClient, app: Flask) -> None:
    add(desk)
    path = f"{LIST}/zorbic-gait"
    guard = {"csrf_token": token(desk, path), "number": "1"}
    desk.post(f"{path}/delete", guard)
    desk.get("/glossary/zorbic-gait", status=404)
    assert "zorbic gait" not in {concept.name for concept in table().concepts}
    assert audited()[-1] == AuditKind.WORD_DELETED
    desk.post(f"{path}/delete", guard, status=404)
    desk.post(path, typed(desk, f"{path}?from=1"))
    assert "A made-up way to walk." in desk.get("/glossary").text
    concept = f"{LIST}/neurogenic-bladder"
    desk.post(f"{concept}/delete", guard | {"number": "0"})
    assert "neurogenic bladder" not in {concept.name for concept in table().concepts}
    desk.get(f"{concept}?from=0")


def test_a_word_saved_meanwhile_is_not_overwritten_unseen(desk: PageClient) -> None:
    add(desk)
    path = f"{LIST}/zorbic-gait"
    late = typed(desk, path, meaning="The later meaning.")
    desk.post(path, typed(desk, path, meaning="The earlier meaning."))
    page = desk.post(path, late, status=409).text
    assert "Somebody changed this word in the meantime." in page and "The later meaning." in page
    assert "Somebody changed" in desk.post(f"{path}/delete", late, status=409).text
    desk.post(path, fields_of(page))
    assert numbers("zorbic-gait") == [3, 2, 1]


def test_what_readers_did_not_find_can_be_added(desk: PageClient) -> None:
    for missed, count in (("quadd walker", 3), ("bladder control", 2), ("xqzv", 1)):
        db.session.add(SearchMiss(text=missed, count=count, first_on=date(2026, 1, 1), last_on=NOW.date()))
    db.session.commit()
    page = desk.get(LIST).text
    assert page.index("quadd walker") < page.index("xqzv")
    assert "The words are known. A summary is missing." in page
    assert typed(desk, f"{NEW}?word=xqzv")["word"] == "xqzv"
    assert typed(desk, f"{LIST}/neurogenic-bladder?also=xqzv")["lay"].endswith("\nxqzv")


def test_words_go_out_and_in_as_a_file(desk: PageClient) -> None:
    add(desk)
    file = desk.get("/editor/words.toml").text
    rows = {row["slug"]: row for row in tomllib.loads(file)["words"]}
    assert rows["zorbic-gait"]["lay"] == ["wibbly legs", "wobbly walk"]
    guard = {"csrf_token": token(desk, NEW)}

    def load(body: str, status: int = 200) -> str:
        return desk.post(
            "/editor/words-file", guard | {"file": (io.BytesIO(body.encode()), "w.toml")}, status=status
        ).text

    assert f"0 words added, 0 changed, {len(rows)} unchanged." in load(file)
    more = '\n[[words]]\nword = "brumple"\nmeaning = "A second made-up word."\n'
    assert "1 word added, 1 changed" in load(file.replace("wibbly legs", "wibbly feet") + more)
    assert "A second made-up word." in desk.get("/glossary").text
    for wrong in (
        "[[words]]\nword = ",
        '[[words]]\nmeaning = "x"',
        f'{more}[[words]]\nword = "Brumple"\nplain = "x"',
        f'{more}color = "x"',
        f'{more}slug = "A/b"',
    ):
        assert "Nothing was loaded." in load(wrong.replace("brumple", "glorpish"), status=422)
    assert "glorpish" not in words.entries()
    desk.post("/editor/words-file", guard, status=422)


def test_an_imported_glossary_goes_into_the_history(desk: PageClient) -> None:
    db.session.add(GlossaryTerm(slug="brumple", term="brumple", forms=[], meaning="As it was imported."))
    db.session.commit()
    path = f"{LIST}/brumple"
    desk.post(path, typed(desk, path, meaning="As an editor has it."))
    assert numbers("brumple") == [2, 1]  # what was imported, and what was made of it
    assert "As it was imported." in desk.get(f"{path}?from=1").text
    term = db.session.query(GlossaryTerm).filter_by(slug="brumple").one()
    with writing() as now:
        term.meaning = "As it was imported again."
        words.note_import([term], now)
    assert numbers("brumple") == [3, 2, 1]
    assert "An import" in desk.get(path).text


def test_writers_see_the_words_and_editors_change_them(client: PageClient) -> None:
    add_editor(role=Role.WRITER)
    sign_in(client)
    assert "Add a word" not in client.get(LIST).text
    assert "Save</button>" not in client.get(f"{LIST}/neurogenic-bladder").text
    guard = {"csrf_token": token(client, "/editor/account"), "number": "0"}
    client.get(NEW, status=403)
    for path in (
        NEW,
        f"{LIST}/neurogenic-bladder",
        f"{LIST}/neurogenic-bladder/delete",
        "/editor/words-file",
    ):
        client.post(path, guard | MADE_UP, status=403)


def test_a_word_that_cannot_be_read_does_not_stop_search(
    desk: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    add(desk)
    with writing() as now:
        db.session.execute(text("UPDATE site_text SET content = '{\"word\": 7}'"))
        announce(ChangeKind.GLOSSARY, now)
    desk.get("/search?q=wibbly+legs")
    assert "the stored word zorbic-gait cannot be used" in caplog.text
