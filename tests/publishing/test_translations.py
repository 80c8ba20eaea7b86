"""Translations: what comes with the site, what translators save and publish, who signs, and what readers see of it."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import add_editor, audited
from tests.factories import NOW, add_article
from webapp.catalog.translations import in_current_language, languages_of, translated_at
from webapp.content.language_words import english_words
from webapp.content.translation import mark, words_of
from webapp.db import change_log
from webapp.db.change_log import ChangeKind, PublicChange
from webapp.db.session import db
from webapp.languages.language import Language, in_language
from webapp.models import Article, AuditKind, Editor, Translation, TranslationState
from webapp.models.values import LaterEvent, ReviewerKind
from webapp.publishing import external_changes, translations
from webapp.publishing.publication import NotPublishable, content_of
from webapp.publishing.revisions import Kind, SavedMeanwhile
from webapp.publishing.translations import Standing, Typed, standing

LATER = NOW + timedelta(days=1)
MADE_BY = "Traducido por una persona."


@pytest.fixture
def capitals(tmp_path: Path) -> Language:
    """A language that is English in capitals, with a folder of its own."""
    folder = tmp_path / "es"
    (folder / "articles").mkdir(parents=True)
    negations = f"negations = {json.dumps(english_words().negations)}\n"
    (folder / "checks.toml").write_text(negations, encoding="utf-8")
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'  # no message is translated
    (folder / "messages.po").write_text(head, encoding="utf-8")
    return Language(code="es", locale="es_US", name="Español", invitation="Léelo", folder=folder)


@pytest.fixture
def article(app: Flask) -> Article:
    article = add_article(since_then=[LaterEvent(on="2020", text="A plan.", doi="10.5555/plan")])
    db.session.commit()
    return article


@pytest.fixture
def editor(app: Flask) -> Editor:
    editor = add_editor()
    editor.reviewer_kind, editor.printed_role = ReviewerKind.CLINICIAN, "nurse"
    return editor


def typed(at: Standing, changes: dict[str, str] | None = None, *still_right: str) -> Typed:
    """What a translator sends of the paragraphs that have to be translated; all of them in capitals."""
    words = {name: at.english[name].upper() for name in at.to_translate}
    number = at.newest.number if at.newest else 0
    return Typed(number, words if changes is None else changes, still_right, [], MADE_BY)


@pytest.fixture
def publish(article: Article, capitals: Language, editor: Editor) -> Callable[[], Standing]:
    """Translate and publish all that has to be translated."""

    def publish() -> Standing:
        at = standing(article, capitals)
        translations.save(at, typed(at), capitals, editor, NOW)
        translations.publish(standing(article, capitals), capitals, editor, NOW, looked_at=False)
        db.session.commit()
        return standing(article, capitals)

    return publish


def change(article: Article, **fields: object) -> None:
    """Publish another English text."""
    wanted = msgspec.structs.replace(content_of(article), **fields)
    external_changes.publish(article, wanted, None, Kind.IMPORTED, LATER)
    db.session.commit()


def shown(article: Article, language: Language) -> Article:
    with in_language(language):
        return in_current_language(article)


def write_file(article: Article, language: Language, **changes: object) -> None:
    words = words_of(article)
    message = words["main_message"]
    file = {"made_by": MADE_BY, "main_message": message.upper(), "made_from": [mark(message)]}
    assert language.folder is not None
    lines = [f"{name} = {json.dumps(value)}" for name, value in (file | changes).items()]
    (language.folder / "articles" / f"{article.slug}.toml").write_text("\n".join(lines), encoding="utf-8")


def test_a_draft_is_shown_to_nobody(article: Article, capitals: Language, editor: Editor) -> None:
    at = standing(article, capitals)
    assert at.state is TranslationState.MISSING
    translations.save(at, typed(at), capitals, editor, NOW)
    db.session.commit()
    assert standing(article, capitals).state is TranslationState.DRAFT
    assert shown(article, capitals) is article
    assert languages_of(article) == ["en"]


def test_what_is_published_is_announced_and_shown_with_the_facts_of_the_original(
    article: Article, capitals: Language, publish: Callable[[], Standing]
) -> None:
    assert publish().state is TranslationState.UNCHECKED
    page = shown(article, capitals)
    assert page.main_message == article.main_message.upper()
    assert page.title == article.title.upper()
    assert page.since_then == [LaterEvent(on="2020", text="A PLAN.", doi="10.5555/plan")]
    assert page.paper is article.paper
    assert languages_of(article) == ["en", "es"]
    newest = db.session.get(PublicChange, change_log.newest())
    assert newest is not None and newest.kind == ChangeKind.SETTINGS
    assert audited()[-1] == AuditKind.TRANSLATED


def test_one_changed_paragraph_asks_for_that_paragraph_only(
    article: Article, capitals: Language, editor: Editor, publish: Callable[[], Standing]
) -> None:
    publish()
    change(article, main_message="In this study, pain was the same in both groups.")
    at = standing(article, capitals)
    assert at.state is TranslationState.CHANGED
    assert at.to_translate == ["main_message"]
    row = translations.save(at, typed(at, {"main_message": "IN THIS STUDY, EQUAL."}), capitals, editor, LATER)
    before = at.newest
    assert before is not None
    unchanged = {name: text for name, text in row.words.items() if name != "main_message"}
    assert unchanged == {name: text for name, text in before.words.items() if name != "main_message"}
    assert standing(article, capitals).to_translate == []


def test_readers_learn_which_version_a_translation_is_of(
    article: Article, capitals: Language, publish: Callable[[], Standing]
) -> None:
    row = publish().newest
    assert row is not None
    later = LaterEvent(on="2022", text="It was retracted.", doi="10.5555/retracted")
    change(article, main_message="In this study, pain was the same.", since_then=[later, *article.since_then])
    page = shown(article, capitals)
    assert not page.is_current  # type: ignore[attr-defined]
    assert page.main_message == row.words["main_message"]
    assert [event.text for event in page.since_then] == ["It was retracted.", "A PLAN."]
    assert page.in_english == {"It was retracted."}  # type: ignore[attr-defined]
    assert translated_at(row) == NOW


def test_a_changed_paragraph_may_still_be_right(
    article: Article, capitals: Language, editor: Editor, publish: Callable[[], Standing]
) -> None:
    publish()
    change(article, main_message="In this study, the pill did not ease pain.")
    at = standing(article, capitals)
    translations.save(at, typed(at, {}), capitals, editor, LATER)
    at = standing(article, capitals)
    assert at.to_translate == ["main_message"]  # saving alone decides nothing
    translations.save(at, typed(at, {}, "main_message"), capitals, editor, LATER)
    assert standing(article, capitals).to_translate == []


def test_problems_stop_publishing_and_warnings_have_to_be_looked_at(
    article: Article, capitals: Language, editor: Editor
) -> None:
    at = standing(article, capitals)
    whole = typed(at)
    words = {**whole.words, "main_message": "IN 99 PEOPLE, PAIN WAS NOT LESS."}
    translations.save(at, typed(at, {"main_message": "ONE."}), capitals, editor, NOW)
    at = standing(article, capitals)
    with pytest.raises(NotPublishable) as refused:
        translations.publish(at, capitals, editor, NOW, looked_at=True)
    assert "findings-0-text" in {problem.field for problem in refused.value.problems}
    translations.save(at, typed(at, words), capitals, editor, NOW)
    at = standing(article, capitals)
    with pytest.raises(NotPublishable) as refused:
        translations.publish(at, capitals, editor, NOW, looked_at=False)
    assert not refused.value.problems
    assert {warning.field for warning in refused.value.warnings} == {"main_message"}
    translations.publish(at, capitals, editor, NOW, looked_at=True)
    assert at.published is at.newest


def test_saving_the_same_again_keeps_what_is_there(
    article: Article, capitals: Language, editor: Editor, publish: Callable[[], Standing]
) -> None:
    at = publish()
    assert translations.save(at, typed(at), capitals, editor, LATER) is at.newest


def test_a_sign_off_holds_for_the_text_that_was_read(
    article: Article, capitals: Language, editor: Editor, publish: Callable[[], Standing]
) -> None:
    at = publish()
    translations.sign(at, 1, editor, NOW)
    db.session.commit()
    assert standing(article, capitals).state is TranslationState.CHECKED
    row = shown(article, capitals).translation  # type: ignore[attr-defined]
    assert (row.checked_by, row.checked_kind, row.checked_role) == (editor, ReviewerKind.CLINICIAN, "nurse")
    change(article, main_message="In this study, pain was the same in both groups.")
    with pytest.raises(SavedMeanwhile):
        translations.sign(standing(article, capitals), 1, editor, NOW)
    assert publish().state is TranslationState.UNCHECKED


def test_a_sign_off_can_be_taken_back_by_who_gave_it(
    article: Article, capitals: Language, editor: Editor, publish: Callable[[], Standing]
) -> None:
    at = publish()
    translations.sign(at, 1, editor, NOW)
    translations.undo_sign_off(at, add_editor("Other", "other@example.org"), NOW)
    assert standing(article, capitals).state is TranslationState.CHECKED
    translations.undo_sign_off(at, editor, NOW)
    assert standing(article, capitals).state is TranslationState.UNCHECKED


def test_a_text_that_was_saved_meanwhile_is_not_overwritten(
    article: Article, capitals: Language, editor: Editor
) -> None:
    at = standing(article, capitals)
    text = typed(at)
    translations.save(at, text, capitals, editor, NOW)
    with pytest.raises(SavedMeanwhile):
        translations.save(standing(article, capitals), text, capitals, editor, NOW)


def test_what_comes_with_the_site_is_published_once(article: Article, capitals: Language) -> None:
    write_file(article, capitals)
    assert translations.import_folder(capitals, NOW) == []
    db.session.commit()
    at = standing(article, capitals)
    assert at.state is TranslationState.CHANGED  # the file has one paragraph only
    assert shown(article, capitals).main_message == article.main_message.upper()
    assert translations.import_folder(capitals, NOW) == []
    assert db.session.scalars(select(Translation.number)).all() == [1]
    write_file(article, capitals, main_message="ANOTHER TEXT.")
    translations.import_folder(capitals, NOW)
    db.session.commit()
    assert shown(article, capitals).main_message == "ANOTHER TEXT."


def test_what_an_editor_translated_is_not_overwritten_by_a_file(
    article: Article, capitals: Language, publish: Callable[[], Standing]
) -> None:
    publish()
    write_file(article, capitals, main_message="ANOTHER TEXT.")
    translations.import_folder(capitals, NOW)
    db.session.commit()
    assert shown(article, capitals).main_message == article.main_message.upper()


def test_a_file_whose_marks_do_not_fit_is_refused(article: Article, capitals: Language) -> None:
    write_file(article, capitals, made_from=[])
    assert [refusal.reason for refusal in translations.import_folder(capitals, NOW)] == [
        translations.MARK_AGAIN
    ]


def test_a_translation_is_written_as_the_file_that_it_is_read_from(
    article: Article, capitals: Language, publish: Callable[[], Standing]
) -> None:
    row = publish().newest
    assert row is not None and capitals.folder is not None
    db.session.delete(row)
    db.session.flush()
    file = capitals.folder / "articles" / f"{article.slug}.toml"
    file.write_text(translations.to_toml(article, row), encoding="utf-8")
    assert translations.import_folder(capitals, NOW) == []
    again = standing(article, capitals).newest
    assert again is not None
    assert (again.words, again.made_from, again.made_by) == (row.words, row.made_from, row.made_by)
