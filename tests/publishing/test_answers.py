"""Publication of answers: what the database decides, import and export, and the live rows."""

from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from tests.engines import both_engines
from tests.factories import NOW, add_answer, add_article, answer_content, content, publish
from webapp.catalog import answers as catalog
from webapp.catalog.answers import AnswerWithdrawn
from webapp.catalog.queries import AddressMoved
from webapp.content.article_content import to_toml
from webapp.db.session import db
from webapp.models import Answer, AnswerCitation, Article, Draft, PublicChange
from webapp.models.values import Claim, TextKind
from webapp.publishing import answers, external_changes, library, publication, revisions
from webapp.publishing.library import LibraryRefused, export_library, import_library
from webapp.publishing.publication import NotPublishable
from webapp.publishing.revisions import Kind
from webapp.publishing.words import Counts
from webapp.web.errors import SiteError


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import in steps does not wait for others."""
    monkeypatch.setattr(library, "PAUSE", 0)


def refusals(folder: Path) -> list[tuple[str, int | None, str]]:
    """File, line and reason for which an import is refused, which is the same for both ways to import."""
    found = []
    for load in (partial(import_library, now=NOW), library.import_in_steps):
        with pytest.raises(LibraryRefused) as refused:
            load(folder)
        db.session.rollback()
        found.append([(row.path.name, row.line, row.reason) for row in refused.value.refusals])
    assert found[0] == found[1]
    return found[0]


def folder_with(path: Path, text: str, *articles: Any) -> Path:
    """A folder with these articles and an answer as TOML."""
    for name in ("articles", "answers"):
        (path / name).mkdir(exist_ok=True)
    for article in articles:
        (path / "articles" / f"{article.slug}.toml").write_text(to_toml(article), encoding="utf-8")
    (path / "answers" / "does-it-help.toml").write_text(text, encoding="utf-8")
    return path


@both_engines
def test_a_published_answer_is_found_with_what_it_cites(app: Flask) -> None:
    articles = [add_article() for _ in range(2)]
    answer = add_answer(*(article.slug for article in articles))
    assert (
        catalog.list_answers() == catalog.list_answers("pain-management") == [catalog.get_answer(answer.slug)]
    )
    assert catalog.list_answers("rehabilitation") == []
    assert catalog.cited(answer) == {article.slug: article for article in articles}
    assert catalog.answers_resting_on(articles[0].id) == [answer]
    changes = db.session.scalars(select(PublicChange.answer_id)).all()
    assert changes == [None, None, answer.id]


def test_a_citation_follows_a_summary_to_its_new_address(app: Flask) -> None:
    article = add_article(slug="former")
    answer = add_answer("former")
    publish(msgspec.structs.replace(publication.content_of(article), slug="present"), NOW, article)
    assert catalog.cited(answer) == {"former": article}
    assert publication.check_publishable(answers.content_of(answer), revisions.draft_of(**answer.key)) == {}


def test_what_is_no_longer_cited_is_forgotten(app: Flask) -> None:
    slugs = [add_article().slug for _ in range(2)]
    answer = add_answer(*slugs)
    text = answer_content(slugs[1], slug=answer.slug, question=answer.question, phrasings=answer.phrasings)
    external_changes.publish(answer, text, None, Kind.IMPORTED, NOW)
    cited = db.session.scalars(select(Article.slug).join(AnswerCitation)).all()
    assert cited == [slugs[1]]


def test_a_former_address_leads_to_the_present_one(app: Flask) -> None:
    answer = add_answer(slug="former")
    text = msgspec.structs.replace(answers.content_of(answer), slug="present")
    external_changes.publish(answer, text, None, Kind.IMPORTED, NOW)
    with pytest.raises(AddressMoved, match="present"):
        catalog.get_answer("former")
    with pytest.raises(NotPublishable, match="Another answer has this address"):
        add_answer(slug="former")
    add_article(slug="present")  # summaries have addresses of their own
    with pytest.raises(SiteError, match="We have no answer"):
        catalog.get_answer("never")


def test_a_withdrawn_answer_is_gone_from_lists_until_it_is_published_again(app: Flask) -> None:
    answer = add_answer(slug="withdrawn")
    publication.withdraw(answer, "It was wrong.", NOW)
    assert catalog.list_answers() == []
    with pytest.raises(AnswerWithdrawn):
        catalog.get_answer("withdrawn")
    text = answers.content_of(answer)
    with pytest.raises(NotPublishable, match="withdrawn"):
        external_changes.publish(answer, text, None, Kind.IMPORTED, NOW)
    external_changes.publish_again(answer, text, None, Kind.PUBLISHED, NOW)
    assert catalog.get_answer("withdrawn").withdrawn_note is None


def test_no_phrasing_belongs_to_two_answers(app: Flask) -> None:
    first = add_answer()
    with pytest.raises(NotPublishable) as refused:
        add_answer(phrasings=[first.phrasings[0].upper(), *(f"other {number}" for number in range(5))])
    (problem,) = refused.value.problems
    assert problem.field == "phrasings" and first.question in problem.message


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"categories": ["astrology"]}, "categories"),
        ({"safety_cards": ["no-such-card"]}, "safety_cards"),
        ({"slug": "Not An Address"}, "slug"),
        ({"verdict_rests_on": ["no-such-summary"]}, "verdict_rests_on"),
    ],
)
def test_what_does_not_exist_is_refused(app: Flask, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(NotPublishable) as refused:
        add_answer(**changes)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_draft_says_what_it_is(app: Flask) -> None:
    add_answer()
    kinds = dict(db.session.execute(select(Draft.kind, Draft.title)).all())
    assert kinds.keys() == {TextKind.SUMMARY, TextKind.ANSWER}
    assert kinds[TextKind.ANSWER].endswith("help?")


@pytest.mark.usefixtures("no_pause")
def test_an_export_equals_its_import(app: Flask, tmp_path: Path) -> None:
    answer = add_answer(safety_cards=["new-loss"])
    text = answers.content_of(answer)
    export_library(tmp_path)
    assert import_library(tmp_path, NOW).answers == Counts(unchanged=1)
    changed = msgspec.structs.replace(text, missing=["Much."])
    (tmp_path / "answers" / f"{answer.slug}.toml").write_text(to_toml(changed), encoding="utf-8")
    result = app.test_cli_runner().invoke(args=["articles", "import", str(tmp_path)])
    assert "0 answers added, 1 changed, 0 unchanged." in result.output
    db.session.expire_all()
    assert (answer.missing, answer.revision_number) == (["Much."], 2)


@pytest.mark.usefixtures("app", "no_pause")
def test_an_answer_comes_with_the_summaries_it_cites(tmp_path: Path) -> None:
    """All files are checked before the first is loaded: what an answer cites is not in the database yet."""
    article = content()
    folder = folder_with(tmp_path, to_toml(answer_content(article.slug, slug="")), article)
    assert library.import_in_steps(folder).answers.added == 1
    assert catalog.get_answer("does-it-help").question  # the address is the name of the file
    alone = folder / "answers" / "does-it-help.toml"
    assert library.import_in_steps(alone).answers.unchanged == 1


@pytest.mark.usefixtures("app", "no_pause")
@pytest.mark.parametrize(
    ("changes", "line", "reason"),
    [
        (
            {"found": [Claim(text="One.", rests_on=["known"]), Claim(text="So it is.")]},
            "[[found]]",
            "Name the summaries",
        ),
        ({"verdict": "Of 77 people, none got better."}, "verdict =", "77"),
        ({"verdict_rests_on": ["known", "unknown"]}, "verdict_rests_on =", "unknown"),
        ({"next_check_on": None}, "", "Enter the date"),
    ],
)
def test_a_refusal_names_file_line_and_reason(
    tmp_path: Path, changes: dict[str, Any], line: str, reason: str
) -> None:
    text = to_toml(answer_content("known", **changes))
    lines = [number for number, row in enumerate(text.splitlines(), start=1) if line and row.startswith(line)]
    found = refusals(folder_with(tmp_path, text, content(slug="known")))
    assert [(name, at) for name, at, said in found if reason in said] == [
        ("does-it-help.toml", lines[-1] if lines else None)
    ]
    assert db.session.scalars(select(Answer)).all() == []


@pytest.mark.usefixtures("app", "no_pause")
@pytest.mark.parametrize("text", ["question = ", 'question = "Why?"\nanswer = "So."', 'verdict = "So."'])
def test_a_file_that_is_no_answer_is_refused(tmp_path: Path, text: str) -> None:
    ((name, *_),) = refusals(folder_with(tmp_path, text))
    assert name == "does-it-help.toml"
