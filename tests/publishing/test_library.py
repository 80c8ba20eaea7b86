"""Import and export of the library as TOML, which is atomic and lossless."""

import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories import NOW, STARTER, add_article, content
from tests.writers import another_writer
from webapp.content.article_content import ArticleContent, from_toml, to_toml
from webapp.content.checks import errors, warnings
from webapp.db.session import db
from webapp.models import Answer, Article, Category, GlossaryTerm, PublicChange
from webapp.models.values import Subject
from webapp.publishing import library
from webapp.publishing.library import export_library, import_library
from webapp.publishing.publication import content_of

ARTICLE_FILES = sorted((STARTER / "articles").glob("*.toml"))


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def imported(app: Flask, path: Path, exit_code: int = 0) -> str:
    """Import a folder; what the command says."""
    result = app.test_cli_runner().invoke(args=["articles", "import", str(path)])
    assert result.exit_code == exit_code, result.output
    return result.output


def test_the_starter_library_loads(app: Flask) -> None:
    report = import_library(STARTER, NOW)
    assert report.added == count(Article) == len(ARTICLE_FILES) >= 24
    assert count(Category) == 12
    assert count(GlossaryTerm) >= 300
    assert report.answers.added == count(Answer) == len(list((STARTER / "answers").glob("*.toml")))
    assert (
        count(PublicChange) == report.added + report.answers.added + 1
    )  # the glossary; it has the categories already


def test_every_category_has_two_articles_or_more(starter_app: Flask) -> None:
    filed = [
        slug
        for article in db.session.scalars(select(Article))
        for slug in [c.slug for c in article.categories]
    ]
    for slug in db.session.scalars(select(Category.slug)):
        assert filed.count(slug) >= 2, slug


def test_one_article_explains_the_original_sites_own_paper(starter_app: Flask) -> None:
    assert [
        article for article in db.session.scalars(select(Article)) if article.paper.doi == "10.1002/jsp2.1186"
    ]


def test_loading_twice_changes_nothing(starter_app: Flask) -> None:
    """Otherwise the search index would read every article again at each import."""
    changes = count(PublicChange)
    report = import_library(STARTER, NOW)
    assert count(PublicChange) == changes
    assert (report.added, report.changed, report.unchanged) == (0, 0, len(ARTICLE_FILES))


def test_an_export_equals_its_import(starter_app: Flask, tmp_path: Path) -> None:
    assert export_library(tmp_path) == len(ARTICLE_FILES)
    for file in ARTICLE_FILES:
        assert (tmp_path / "articles" / file.name).read_text(encoding="utf-8") == file.read_text(
            encoding="utf-8"
        )


@pytest.mark.parametrize("file", ARTICLE_FILES, ids=lambda file: file.stem)
def test_a_starter_article_has_no_error_and_no_warning(file: Path) -> None:
    article = from_toml(file.read_text(encoding="utf-8"), ArticleContent)
    assert list(errors(article)) == []
    unchecked = "No text of the paper is stored"  # whose abstract is not ours to give
    assert [row for row in warnings(article) if not row.message.startswith(unchecked)] == []
    assert not article.paper.abstract
    assert not any(finding.quote for finding in article.findings)
    assert "AI" in article.written_by and "Not yet checked by a clinician" in article.written_by
    assert article.slug == file.stem


@pytest.mark.parametrize("file", ARTICLE_FILES, ids=lambda file: file.stem)
def test_an_animal_article_names_the_animal(file: Path) -> None:
    article = from_toml(file.read_text(encoding="utf-8"), ArticleContent)
    if article.subject is Subject.ANIMALS:
        assert article.species
        assert article.species.rstrip("s") in article.plain_title.lower() + article.main_message.lower()


def test_a_changed_file_changes_its_article(app: Flask, tmp_path: Path) -> None:
    article = add_article()
    changed = content_of(article)
    (tmp_path / "one.toml").write_text(
        to_toml(changed).replace("about the same.", "much the same."), encoding="utf-8"
    )
    report = import_library(tmp_path, NOW)
    assert (report.added, report.changed) == (0, 1)
    assert "much the same." in article.main_message
    assert article.revision_number == 2


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('result = "no-clear-difference"', 'result = "wonderful"', "Invalid enum value 'wonderful'"),
        ("harms =", "harmz =", "unknown field `harmz`"),
        ("slug = ", "slug = = ", "isn’t valid TOML"),
        ('harms = "Some people had a dry mouth."', 'harms = ""', "Say what harms were reported"),
        ('    "pain-management"', '    "astrology"', "There is no category “astrology”."),
    ],
)
def test_a_refused_file_says_line_and_reason_and_loads_nothing(
    app: Flask, tmp_path: Path, before: str, after: str, reason: str
) -> None:
    text = to_toml(content()).replace(before, after, 1)
    (tmp_path / "good.toml").write_text(to_toml(content()), encoding="utf-8")
    (tmp_path / "wrong.toml").write_text(text, encoding="utf-8")
    output = imported(app, tmp_path, exit_code=1)
    wrong = next(
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if after.split("=", maxsplit=1)[0] in line
    )
    line = wrong - 1 if "astrology" in after else wrong  # a problem of a list is told at its first line
    assert f"wrong.toml:{line}: " in output
    assert reason in output
    assert count(Article) == 0


@pytest.mark.parametrize("name", ["categories.toml", "glossary.toml"])
def test_a_list_that_is_no_text_is_refused(app: Flask, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes("# café".encode("latin-1"))
    assert f"{name}: We can’t read this file" in imported(app, tmp_path, exit_code=1)


@pytest.mark.parametrize(
    ("slug", "name", "reason"),
    [
        ("sleep", "Naps", 'The slug "sleep" is in this list twice.'),
        ("naps", "Sleep", '"sleep" has the name "Sleep" already.'),
        ("naps", "Pain Management", '"pain-management" has the name "Pain Management" already.'),
        ("naps", "N" * 81, "Expected `str` of length <= 80"),
        ("naps and more", "Naps", "Expected `str` matching regex"),
    ],
)
def test_a_list_that_the_database_would_refuse_is_refused_by_its_line(
    app: Flask, tmp_path: Path, slug: str, name: str, reason: str
) -> None:
    file = folder_of(tmp_path) / "categories.toml"
    with file.open("a", encoding="utf-8") as opened:
        opened.write(
            f'\n[[categories]]\nslug = "{slug}"\nname = "{name}"\nicon = "moon"\ndescription = "x"\n'
        )
    assert f"{file}:7: {reason}" in imported(app, tmp_path, exit_code=1)
    assert count(Category) == 12


def test_two_files_about_one_paper_become_one_article(app: Flask, tmp_path: Path) -> None:
    first = content(slug="first", paper={"doi": "10.5555/same"})
    second = content(slug="second", paper={"doi": "10.5555/SAME".lower()})
    (tmp_path / "a.toml").write_text(to_toml(first), encoding="utf-8")
    (tmp_path / "b.toml").write_text(to_toml(second), encoding="utf-8")
    report = import_library(tmp_path, NOW)
    assert (report.added, report.changed) == (1, 1)


def test_the_commands_report_their_counts(app: Flask, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    assert (
        f"{len(ARTICLE_FILES)} articles added, 0 changed"
        in runner.invoke(args=["articles", "import", str(STARTER)]).output
    )
    assert (
        f"{len(ARTICLE_FILES)} articles written"
        in runner.invoke(args=["articles", "export", str(tmp_path)]).output
    )


def folder_of(path: Path, *articles: ArticleContent) -> Path:
    """A folder with a file for each article, in this order, and a category that the site does not have yet."""
    for number, article in enumerate(articles):
        (path / f"{number}.toml").write_text(to_toml(article), encoding="utf-8")
    category = 'slug = "sleep"\nname = "Sleep"\nicon = "moon"\ndescription = "About sleep."\n'
    (path / "categories.toml").write_text(f"[[categories]]\n{category}", encoding="utf-8")
    return path


def test_others_can_write_during_an_import(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a long import would leave no turn to votes and saves, which give up after five seconds."""
    monkeypatch.setattr(library, "TURN", 0)
    counts: list[int] = []

    def write(_seconds: float) -> None:
        with another_writer(app):
            counts.append(count(Article))
        db.session.rollback()

    monkeypatch.setattr(time, "sleep", write)
    articles = [content(categories=["sleep"]) for _ in range(3)]
    assert "3 articles added" in imported(app, folder_of(tmp_path, *articles))
    assert counts == [0, 1, 2]


@pytest.mark.parametrize(
    "refused", [content(harms=""), content(categories=["astrology"]), content(slug="one")]
)
def test_no_transaction_of_an_import_is_committed_if_a_file_is_refused(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: ArticleContent
) -> None:
    monkeypatch.setattr(library, "TURN", 0)
    monkeypatch.setattr(library, "PAUSE", 0)
    output = imported(app, folder_of(tmp_path, content(slug="one"), refused), exit_code=1)
    assert "1.toml" in output and "Nothing was loaded." in output
    assert (count(Article), count(Category)) == (0, 12)


def test_an_import_says_how_much_was_loaded_when_somebody_got_in_its_way(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another summary with the second file's address is published between the check and the second transaction."""
    monkeypatch.setattr(library, "TURN", 0)
    slugs_of_others = iter(["another", "two"])
    monkeypatch.setattr(time, "sleep", lambda _seconds: add_article(slug=next(slugs_of_others)))
    output = imported(app, folder_of(tmp_path, content(slug="one"), content(slug="two")), exit_code=1)
    assert "Loaded before the site changed: 1 text." in output
    assert set(db.session.scalars(select(Article.slug))) == {"another", "one", "two"}
