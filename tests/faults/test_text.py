"""Text as it is pasted and as files hold it: nothing breaks by it, and nothing of it is lost."""

from pathlib import Path
from xml.etree import ElementTree

from flask import Flask
from sqlalchemy import select

from tests.editor.forms import complete, opened, press
from tests.engines import both_engines
from tests.factories import NOW, content
from tests.faults import fault
from tests.pages import PageClient
from webapp.content.article_content import from_json, to_toml
from webapp.content.checks import untraced_findings
from webapp.db.session import db
from webapp.models import Article, Draft
from webapp.models.values import Result
from webapp.papers.file_formats import read
from webapp.publishing.library import import_library
from webapp.search import indexing

NEW = "/editor/summaries/new"


def pasted(folder: str, file: str) -> str:
    return (fault(folder) / file).read_bytes().decode().strip("\r\n")


def the_article() -> Article:
    db.session.rollback()
    article: Article = db.session.scalars(select(Article)).one()
    return article


def import_with(line: str, folder: Path) -> None:
    """Import an article as TOML with one line changed for another."""
    name = line.partition(" =")[0]
    lines = to_toml(content(result=Result.MIXED)).split("\n")
    changed = [line if one.startswith(f"{name} =") else one for one in lines]
    (folder / "article.toml").write_text("\n".join(changed), encoding="utf-8")
    import_library(folder / "article.toml", NOW)
    db.session.commit()


def test_a_percent_sign_ends_no_text_in_bibtex() -> None:
    [record] = read((fault("02-bibtex-percent") / "percent.bib").read_bytes())
    assert record.title == "A 10% rise in bladder capacity after training"
    assert record.content.paper.abstract.endswith("One person died of a blood clot.")


def test_a_sign_of_less_than_is_no_tag() -> None:
    [record] = read((fault("04-json-less-than") / "less-than.json").read_bytes())
    paper = record.content.paper
    assert paper.title == "Blood pressure <85 mmHg versus >85 mmHg after spinal cord injury"
    assert "was <85 in group A and >90 in group B" in paper.abstract and "(p<0.05; n>20)" in paper.abstract


def test_a_control_character_in_the_form_breaks_no_feed(editor_client: PageClient) -> None:
    message = pasted("18-control-character-breaks-feeds", "paste-into-main-message.txt")
    press(
        editor_client,
        NEW,
        opened(editor_client, NEW, **complete() | {"main_message": message, "result": "mixed"}),
        "publish",
    )
    assert the_article().main_message == "Beds helped\nsome people."
    for path in ("/feed.atom", "/categories/pain-management/feed.atom", "/search/feed.atom?q=beds"):
        ElementTree.fromstring(editor_client.get(path).text)


def test_a_control_character_in_toml_breaks_no_feed(client: PageClient, tmp_path: Path) -> None:
    import_with(pasted("18-control-character-breaks-feeds", "line-for-a-toml-article.txt"), tmp_path)
    assert the_article().main_message == "Beds helped\nsome people."
    ElementTree.fromstring(client.get("/feed.atom").text)


@both_engines
def test_a_nul_in_toml_is_taken_out(app: Flask, tmp_path: Path) -> None:
    import_with(pasted("41-nul-on-postgresql", "line-for-a-toml-article.txt"), tmp_path)
    assert the_article().plain_title == "Twolines"


def test_invisible_characters_hide_no_word_from_the_search(editor_client: PageClient) -> None:
    message = pasted("27-invisible-characters-hide-words", "paste-into-main-message.txt")
    press(
        editor_client,
        NEW,
        opened(editor_client, NEW, **complete() | {"main_message": message, "result": "mixed"}),
        "publish",
    )
    assert the_article().main_message == "Baclofen eased hiccups."
    indexing.follow()
    for words in ("hiccups", "hic\u00adcups", "\u200bbaclofen"):
        assert (
            f"/research/{the_article().slug}" in editor_client.get("/search", query_string={"q": words}).text
        )


def test_a_quote_is_found_in_an_abstract_copied_from_a_pdf(editor_client: PageClient) -> None:
    folder = "27-invisible-characters-hide-words"
    fields = complete() | {
        "paper__abstract": pasted(folder, "paste-into-abstract.txt"),
        "findings__0__quote": pasted(folder, "quote-of-the-finding.txt"),
    }
    press(editor_client, NEW, opened(editor_client, NEW, **fields), "save")
    saved = from_json(db.session.scalars(select(Draft)).one().content)
    assert saved.findings[0].quote == "significant effect"
    assert list(untraced_findings(saved)) == []
