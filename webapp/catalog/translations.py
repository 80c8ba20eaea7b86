"""What readers see of summaries and answers in another language than English."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import func, or_, select

from webapp.content.translation import Translated, fields_with, words_of
from webapp.db.session import db
from webapp.languages.language import ENGLISH, Language, current_language, gettext
from webapp.models import Answer, Article, Draft, Live, Revision, Translation
from webapp.web.live_values import LiveValue

OneLive = TypeVar("OneLive", Article, Answer, Live)
Key = tuple[int | None, int | None]  # of an article or an answer
_HEADINGS = ("plain_title", "main_message", "question", "verdict")  # what lists show of a text


class InLanguage:
    """A live text with its words in another language. What is not a word is asked of the original, as of now."""

    def __init__(self, original: Live, fields: dict[str, Any], translation: Translation) -> None:
        self.__dict__.update(fields)
        self.original, self.translation = original, translation
        self.retracted_word = gettext("RETRACTED")

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What the original is, for whoever asks whether it is a summary or an answer."""
        return type(self.original)

    def __getattr__(self, name: str) -> Any:
        """What the original says; its title is made of the translated one."""
        of_class = getattr(type(self.original), name, None)
        if isinstance(of_class, property) and of_class.fget:
            return of_class.fget(self)
        return getattr(self.original, name)


def in_current_language(live: OneLive) -> OneLive:
    """A text in the language of the page, or as it is, if it has no published translation.

    A translated one also knows its ``translation``, whether that ``is_current``, which texts are still ``in_english``, and,
    if it is not current, when the English text was published that it is of (``of_version``).
    """
    return each_in_current_language([live])[0]


def each_in_current_language(texts: Iterable[OneLive]) -> list[OneLive]:
    """Texts of one kind, each as ``in_current_language`` has it."""
    texts = list(texts)
    shown = {text.id: text for text in texts}
    for number, translation in _published(texts).items():
        text = shown[number]
        english, translated = words_of(text), Translated(translation.words, translation.made_from)
        words = translated.shown(english)
        is_current = translated.current(english).keys() == english.keys()
        fields = fields_with(text, words.get) | {
            "is_current": is_current,
            "in_english": {text for name, text in english.items() if name not in words},
            "of_version": None if is_current else translated_at(translation),
        }
        shown[number] = cast("OneLive", InLanguage(text, fields, translation))
    return [shown[text.id] for text in texts]


def headings_in_current_language(texts: Iterable[OneLive]) -> list[OneLive]:
    """What lists show of texts of one kind, in the language of the page where it is translated."""
    texts = list(texts)
    shown = {text.id: text for text in texts}
    for number, translation in _published(texts).items():
        words = {name: said for name in _HEADINGS if (said := translation.words.get(name))}
        shown[number] = cast("OneLive", InLanguage(shown[number], words, translation))
    return list(shown.values())


def heading_in_current_language(text: OneLive) -> OneLive:
    """What a line shows of a text, in the language of the page if it is translated."""
    return headings_in_current_language([text])[0]


def only_translated(texts: Iterable[OneLive]) -> list[OneLive]:
    """Those of the texts that can be read in the language of the page, as lists show them; in English all."""
    code = current_language().code
    return headings_in_current_language(text for text in texts if code in languages_of(text))


def language_of(live: Live) -> Language:
    """The language that a text on a page is in."""
    return current_language() if hasattr(live, "translation") else ENGLISH


def languages_of(live: Live) -> list[str]:
    """The codes of the languages that a text can be read in, English first."""
    return [
        ENGLISH.code,
        *_languages_of_texts().get((live.key.get("article_id"), live.key.get("answer_id")), ()),
    ]


def translated_at(translation: Translation) -> datetime | None:
    """When the English text was published that a translation says all of; None if that is not known."""
    of_text = or_(
        (Draft.article_id == translation.article_id) & (translation.article_id is not None),
        (Draft.answer_id == translation.answer_id) & (translation.answer_id is not None),
    )
    query = select(Revision.saved_at).join(Draft, Draft.id == Revision.draft_id)
    return db.session.scalar(query.where(of_text, Revision.number == translation.of_revision))


def _published(texts: Sequence[OneLive]) -> dict[int, Translation]:
    """The published translation of each text that has one in the language of the page, by the id of the text."""
    language = current_language().code
    translated = (
        [text for text in texts if language in languages_of(text)] if language != ENGLISH.code else []
    )
    if not translated:
        return {}
    key = next(iter(translated[0].key))
    column = getattr(Translation, key)
    newest = (
        select(func.max(Translation.id))
        .where(Translation.is_published, Translation.language == language)
        .where(column.in_([text.id for text in translated]))
        .group_by(column)
    )
    rows = db.session.scalars(select(Translation).where(Translation.id.in_(newest)))
    return {getattr(row, key): row for row in rows}


def _languages() -> dict[Key, list[str]]:
    """The languages of every text that has a published translation.

    They are read on a connection of their own: the transaction of the request may have begun before the newest change.
    """
    columns = Translation.article_id, Translation.answer_id, Translation.language
    query = select(*columns).where(Translation.is_published).distinct().order_by(Translation.language)
    found: dict[Key, list[str]] = {}
    with db.engine.connect() as connection:
        for article_id, answer_id, language in connection.execute(query):
            found.setdefault((article_id, answer_id), []).append(language)
    return found


# Each page says which languages its text is in, and most texts are in English only.
_languages_of_texts = LiveValue[dict[Key, list[str]], Mapping[Key, list[str]]](
    "the languages of texts", dict, _languages, lambda stored: stored
).current
