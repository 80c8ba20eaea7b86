"""Translations of summaries and answers: their history, their files, what the checks say of them, and who signed them.

Readers see the newest text that was published; saving without publishing leaves that as it is.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import func, select

from webapp.catalog.answers import published_answers
from webapp.catalog.queries import published
from webapp.content.article_content import ContentError
from webapp.content.article_content import to_toml as written
from webapp.content.language_words import language_words
from webapp.content.problems import Problem
from webapp.content.translation import (
    FILES,
    AnswerTranslation,
    ArticleTranslation,
    Translated,
    TranslationFile,
    from_file,
    mark,
    to_file,
    words_of,
)
from webapp.content.translation_checks import translation_errors, translation_warnings
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.languages.language import Language
from webapp.models import Answer, Article, AuditKind, Editor, Live, Translation, TranslationState
from webapp.models.values import ArticleStatus
from webapp.publishing import audit, saved_texts
from webapp.publishing.library import Refusal
from webapp.publishing.publication import NotPublishable
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.saved_texts import refuse_outdated

MARK_AGAIN = "The marks don’t belong to these paragraphs. “translations mark” notes them again."


@dataclass(frozen=True)
class Standing:
    """A text and its translation into one language as of now: the newest saved one, and what is still right of it."""

    live: Live
    saved: Sequence[Translation]  # newest first

    @property
    def newest(self) -> Translation | None:
        return self.saved[0] if self.saved else None

    @property
    def published(self) -> Translation | None:
        """What readers see."""
        return next((one for one in self.saved if one.is_published), None)

    @cached_property
    def english(self) -> dict[str, str]:
        return words_of(self.live)

    @cached_property
    def translated(self) -> Translated:
        newest = self.newest
        return Translated(newest.words, newest.made_from) if newest else Translated({}, {})

    @cached_property
    def to_translate(self) -> list[str]:
        """The paragraphs that are missing, or whose English changed since."""
        english = self.english
        current = self.translated.current(english)
        return [name for name in english if name not in current]

    @cached_property
    def state(self) -> TranslationState:
        newest = self.newest
        if newest is None:
            return TranslationState.MISSING
        if not newest.is_published:
            return TranslationState.DRAFT
        if self.to_translate:
            return TranslationState.CHANGED
        return TranslationState.CHECKED if newest.checked_at else TranslationState.UNCHECKED


def standing(live: Live, language: Language) -> Standing:
    """Where a text stands in a language."""
    return Standing(live, saved_texts.history(Translation, language=language.code, **live.key))


def overview(language: Language) -> list[Standing]:
    """Where each published text stands in a language: answers by question, then summaries by title."""
    newest = select(func.max(Translation.id)).where(Translation.language == language.code)
    newest = newest.group_by(Translation.article_id, Translation.answer_id)
    saved = {
        (row.article_id, row.answer_id): row
        for row in db.session.scalars(select(Translation).where(Translation.id.in_(newest)))
    }
    articles = sorted(db.session.scalars(published()).unique(), key=lambda article: article.title)
    lives: list[Live] = [*db.session.scalars(published_answers()), *articles]
    rows = [saved.get((live.key.get("article_id"), live.key.get("answer_id"))) for live in lives]
    return [Standing(live, [row] if row else []) for live, row in zip(lives, rows, strict=True)]


def problems(live: Live, words: Mapping[str, str], language: Language) -> tuple[list[Problem], list[Problem]]:
    """What stops publishing these words, and what somebody has to look at first."""
    assert language.folder is not None
    english = words_of(live)
    return (
        list(translation_errors(english, words)),
        list(translation_warnings(english, words, language_words(language.folder))),
    )


@dataclass(frozen=True)
class Typed:
    """What a translator typed: paragraphs by name, and those of which the earlier words are ``still_right``.

    ``base`` is the number of the text that it was written on.
    """

    base: int
    words: Mapping[str, str]
    still_right: Collection[str]
    phrasings: list[str]
    made_by: str


def save(at: Standing, typed: Typed, language: Language, editor: Editor, now: datetime) -> Translation:
    """Save what a translator typed as a draft, if it is something new; paragraphs that were not typed stay as they are.

    Raises SavedMeanwhile if another text was saved since.
    """
    refuse_outdated(at.saved, typed.base)
    english, before = at.english, at.translated
    current, shown = before.current(english), before.shown(english)
    words = {name: text for name in english if (text := typed.words.get(name, shown.get(name, "")))}
    marks = {name: mark(text) for name, text in english.items()}
    made_from = {
        name: marks[name]
        if name in current or name in typed.still_right or text != shown.get(name)
        else before.made_from.get(name, "")
        for name, text in words.items()
    }
    is_whole = made_from == marks
    row = Translation(
        **at.live.key,
        language=language.code,
        number=typed.base + 1,
        words=words,
        made_from=made_from,
        phrasings=typed.phrasings,
        made_by=typed.made_by,
        of_revision=at.live.revision_number if is_whole else at.newest and at.newest.of_revision,
        is_published=False,
        editor=editor,
        saved_at=now,
    )
    if at.newest and _says(at.newest) == _says(row):
        return at.newest
    db.session.add(row)
    return row


def publish(at: Standing, language: Language, editor: Editor, now: datetime, *, looked_at: bool) -> None:
    """Make the newest saved text the one that readers see.

    Raises NotPublishable if it has problems, or warnings that nobody has ``looked_at``.
    """
    row = at.saved[0]
    errors, warnings = problems(at.live, row.words, language)
    if errors or (warnings and not looked_at):
        raise NotPublishable(errors, warnings)
    if not row.is_published:
        row.is_published = True
        change_log.announce(ChangeKind.SETTINGS, now)
        audit.record(AuditKind.TRANSLATED, now, editor.id, detail=f"{at.live.title} ({language.name})")


def sign(at: Standing, number: int, editor: Editor, now: datetime) -> None:
    """Store that somebody compared the text that readers see with all of the original.

    Raises SavedMeanwhile if they read another one, or if the original changed meanwhile.
    """
    refuse_outdated(at.saved, number)
    row = at.published
    if row is None or row is not at.newest or at.to_translate:
        raise SavedMeanwhile
    row.checked_by, row.checked_kind, row.checked_role = editor, editor.reviewer_kind, editor.printed_role
    row.checked_at = now
    change_log.announce(ChangeKind.SETTINGS, now)
    audit.record(AuditKind.SIGNED_OFF, now, editor.id, detail=f"{at.live.title} ({row.language})")


def undo_sign_off(at: Standing, editor: Editor, now: datetime) -> None:
    """Take one's own sign-off of the text that readers see back."""
    row = at.published
    if row is not None and row.checked_by == editor:
        row.checked_by = row.checked_kind = row.checked_role = row.checked_at = None
        change_log.announce(ChangeKind.SETTINGS, now)
        audit.record(AuditKind.SIGN_OFF_UNDONE, now, editor.id, detail=f"{at.live.title} ({row.language})")


def import_folder(language: Language, now: datetime) -> list[Refusal]:
    """Publish the translations in the folder of a language, as they came with the site; returns why some were refused.

    One that an editor has changed stays as it is. Files of texts that the site does not have are passed over.
    """
    refusals = list[Refusal]()
    for kind, live, file in _files(language.folder) if language.folder else ():
        at = standing(live, language)
        if at.newest and at.newest.editor_id is not None:
            continue
        try:
            row = _row_of(from_file(file.read_text(encoding="utf-8"), FILES[kind]), live, language, now)
        except ContentError as error:
            refusals.append(Refusal(file, error.line, error.reason))
            continue
        if at.newest and _says(at.newest) == _says(row):
            continue
        row.number = saved_texts.newest_number(at.saved) + 1
        db.session.add(row)
        change_log.announce(ChangeKind.SETTINGS, now)
    return refusals


def to_toml(live: Live, row: Translation) -> str:
    """A translation as a file, from which the same one is read back."""
    kind = AnswerTranslation if isinstance(live, Answer) else ArticleTranslation
    marks = [row.made_from.get(name, "") for name in row.words]
    own = {"made_by": row.made_by, "made_from": marks}
    return written(to_file(kind, row.words, own | ({"phrasings": row.phrasings} if row.phrasings else {})))


def _files(folder: Path) -> Iterator[tuple[str, Live, Path]]:
    """Each file of a language's folder with its kind and the published text that it is of."""
    articles, answers = (
        {file.stem: file for file in (folder / name).glob("*.toml")} for name in ("articles", "answers")
    )
    of_articles = select(Article).where(Article.slug.in_(articles)).order_by(Article.id)
    for article in db.session.scalars(of_articles.where(Article.status == ArticleStatus.PUBLISHED)).unique():
        yield "articles", article, articles[article.slug]
    of_answers = select(Answer).where(Answer.slug.in_(answers)).order_by(Answer.id)
    for answer in db.session.scalars(of_answers.where(Answer.status == ArticleStatus.PUBLISHED)):
        yield "answers", answer, answers[answer.slug]


def _row_of(file: TranslationFile, live: Live, language: Language, now: datetime) -> Translation:
    words = words_of(file)
    if len(file.made_from) != len(words):
        raise ContentError(MARK_AGAIN)
    made_from = dict(zip(words, file.made_from, strict=True))
    is_whole = made_from == {name: mark(text) for name, text in words_of(live).items()}
    return Translation(
        **live.key,
        language=language.code,
        words=words,
        made_from=made_from,
        phrasings=getattr(file, "phrasings", []),
        made_by=file.made_by,
        of_revision=live.revision_number if is_whole else None,
        is_published=True,
        saved_at=now,
    )


def _says(row: Translation) -> tuple[object, ...]:
    return row.words, row.made_from, row.phrasings, row.made_by
