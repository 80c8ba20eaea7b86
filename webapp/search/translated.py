"""Searches in other languages than English: their words in English, and the texts of that language that they find.

A search is read by the table of the language (`search_words.toml`), which has English words for those of the language. Its texts
are few enough to be held in memory, as they were last published: each form is looked for in all words of its group, any other
word as its stem. Accents do not count. A word that is in no text and in no table counts as the one that it misspells by a
letter or two, in this language. Texts are ranked by BM25 (Robertson and Zaragoza 2009), title and question first.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import log
from pathlib import Path

import msgspec
from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from whoosh.lang import has_stemmer, stemmer_for_language

from webapp.catalog.answers import published_answers
from webapp.catalog.queries import published_by_ids
from webapp.catalog.translations import headings_in_current_language
from webapp.db.session import db
from webapp.languages.language import ENGLISH, Language, current_language, known_languages
from webapp.models import Answer, Article, Live, Translation
from webapp.models.values import TextKind
from webapp.search.words import folded_words
from webapp.web.live_values import LiveValue

Key = tuple[TextKind, int]
TITLE, LEAD = 6, 2  # what a word of a title or question counts, and of a main message, verdict or phrasing
K1, B = 1.2, 0.5  # how soon a word counts no more, and how much long texts are held back
LEAST = 0.5  # of what is asked has to be in a text
SHORTEST_WRONG, LONG = 5, 9  # letters of a word that may have one typing error, and two
SHORTEST_START = 4  # letters of a word that may be unfinished
MOST_REMEMBERED = 50_000  # stems


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of a language that mean the same, and the English ones; the first is the one that our texts use."""

    english: str
    words: list[str]


class _SearchWordsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stop_words: list[str] = []
    words: list[Group] = []


class SearchWords:
    """The table of one language."""

    def __init__(self, file: _SearchWordsFile) -> None:
        self.stop_words = frozenset(file.stop_words)
        self._groups = {tuple(folded_words(form)): group for group in file.words for form in group.words}
        self._longest = max(map(len, self._groups), default=0)

    def parts(self, spoken: Sequence[str]) -> Iterator[tuple[Sequence[str], Group | None]]:
        """A search in parts: the longest forms of the table, each with its group, and the words between them."""
        at = 0
        while at < len(spoken):
            lengths = range(min(self._longest, len(spoken) - at), 0, -1)
            length = next((one for one in lengths if tuple(spoken[at : at + one]) in self._groups), 1)
            part = tuple(spoken[at : at + length])
            yield part, self._groups.get(part)
            at += length


@cache
def search_words(folder: Path) -> SearchWords:
    """The table of the language of this folder; an empty one if it has none."""
    file = folder / "search_words.toml"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return SearchWords(msgspec.convert(tomllib.loads(text), _SearchWordsFile))


def in_english(text: str) -> tuple[str, Language] | tuple[None, None]:
    """A search with its words of another language in English, without stop words, and that language; nothing if no table has a word of it."""
    spoken = folded_words(text)
    for language in known_languages().values():
        if language.folder is None:
            continue
        table = search_words(language.folder)
        parts = list(table.parts(spoken))
        if any(group for _, group in parts):
            said = (
                group.english if group else " ".join(set(part) - table.stop_words) for part, group in parts
            )
            return " ".join(filter(None, said)), language
    return None, None


@dataclass(frozen=True)
class Document:
    """A text to be found: its key, and what it says, each part with its weight."""

    key: Key
    parts: Sequence[tuple[int, str]]


class TranslatedTexts:
    """The published texts of one language, ready to be searched."""

    def __init__(self, language: Language, documents: Iterable[Document]) -> None:
        assert language.folder is not None
        self._table = search_words(language.folder)
        stemmer = stemmer_for_language(language.stemmer) if has_stemmer(language.stemmer) else str
        self._stem = lru_cache(MOST_REMEMBERED)(stemmer)
        self._texts: dict[Key, Counter[str]] = {}
        for document in documents:
            counts = Counter[str]()
            for weight, text in document.parts:
                for stem in self._stems(folded_words(text)):
                    counts[stem] += weight
            self._texts[document.key] = counts
        self._lengths = {key: sum(counts.values()) for key, counts in self._texts.items()}
        self._mean = sum(self._lengths.values()) / max(1, len(self._lengths))
        self._holding = Counter(stem for counts in self._texts.values() for stem in counts)

    def find(self, text: str) -> list[Key]:
        """The keys of the texts that are about enough of what was asked, the best first."""
        clauses = []  # for each thing that is asked, how much each text says of it, in any of the ways to say it
        for part, group in self._table.parts(folded_words(text)):
            if group is not None:
                forms = {tuple(self._stems(folded_words(form))) for form in group.words} - {()}
            elif part[0] not in self._table.stop_words:
                forms = {(stem,) for stem in self._known(part[0])}
            else:
                continue
            clauses.append({key: max(self._weight(key, form) for form in forms) for key in self._texts})
        # What a thing that is asked counts, by how many texts are about it (the IDF of BM25), in whatever words.
        holding = [sum(map(bool, clause.values())) for clause in clauses]
        rareness = [log(1 + (len(self._texts) - count + 0.5) / (count + 0.5)) for count in holding]
        scores: dict[Key, float] = {}
        for key in self._texts if clauses else ():
            found = [rare * clause[key] for rare, clause in zip(rareness, clauses, strict=True)]
            share = sum(map(bool, found)) / len(clauses)
            if share >= LEAST:
                scores[key] = sum(found) * share
        return sorted(scores, key=lambda key: (-scores[key], key))

    def _stems(self, spoken: Iterable[str]) -> list[str]:
        return [self._stem(word) for word in spoken if word not in self._table.stop_words]

    def _weight(self, key: Key, form: tuple[str, ...]) -> float:
        """How often a text has a form, as BM25 weighs it: nothing unless it has all words of it."""
        counts = self._texts[key]
        held_back = K1 * (1 - B + B * self._lengths[key] / self._mean)
        weights = [counts[stem] * (K1 + 1) / (counts[stem] + held_back) for stem in form]
        return sum(weights) / len(weights) if all(weights) else 0

    def _known(self, word: str) -> list[str]:
        """The stems of the texts that a word may stand for: its own, those that it begins, or the one that it misspells."""
        stem = self._stem(word)
        if stem in self._holding or len(stem) < SHORTEST_START:
            return [stem]
        if begun := [one for one in self._holding if one.startswith(word)]:
            return begun
        most = 0 if len(stem) < SHORTEST_WRONG else 2 if len(stem) >= LONG else 1
        near = process.extractOne(stem, self._holding.keys(), scorer=OSA.distance, score_cutoff=most)
        return [near[0] if near else stem]


def find_translated(text: str, most: int) -> list[Live]:
    """The published answers and summaries that a search finds in the language of the page, the best first; in English none.

    Those of retracted papers come after all others.
    """
    code = current_language().code
    if code == ENGLISH.code:
        return []
    texts = _translated_texts().get(code)
    keys = texts.find(text)[:most] if texts else []
    articles = published_by_ids([number for kind, number in keys if kind is TextKind.SUMMARY])
    wanted = [number for kind, number in keys if kind is TextKind.ANSWER]
    answers = db.session.scalars(published_answers().where(Answer.id.in_(wanted))) if wanted else ()
    shown: list[Live] = [*headings_in_current_language(articles), *headings_in_current_language(answers)]
    by_key = {(live.kind, live.id): live for live in shown}
    found = [by_key[key] for key in keys if key in by_key]
    return sorted(found, key=lambda live: isinstance(live, Article) and live.paper.is_retracted)


def _newest() -> list[int]:
    """The newest published text of each translation."""
    newest = select(func.max(Translation.id)).where(Translation.is_published)
    newest = newest.group_by(Translation.article_id, Translation.answer_id, Translation.language)
    with db.engine.connect() as connection:
        return sorted(connection.scalars(newest))


def _built(ids: list[int]) -> dict[str, TranslatedTexts]:
    documents: dict[str, list[Document]] = {}
    with Session(db.engine) as session:
        for row in session.scalars(select(Translation).where(Translation.id.in_(ids))):
            documents.setdefault(row.language, []).append(document_of(row))
    known = known_languages()
    return {code: TranslatedTexts(known[code], found) for code, found in documents.items() if code in known}


_translated_texts = LiveValue("the translated texts", dict[str, TranslatedTexts], _newest, _built).current


def document_of(row: Translation) -> Document:
    """What is searched of a translation."""
    key = (TextKind.SUMMARY, row.article_id) if row.article_id else (TextKind.ANSWER, row.answer_id or 0)
    weights = {"plain_title": TITLE, "question": TITLE, "main_message": LEAD, "verdict": LEAD}
    parts = [(weights.get(name, 1), text) for name, text in row.words.items()]
    return Document(key, [*parts, *((LEAD, phrasing) for phrasing in row.phrasings)])
