"""Words explained: the dictionary, and where an article uses a word for the first time."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import groupby
from unicodedata import combining, normalize

import msgspec
from sqlalchemy import or_, select

from webapp.catalog.queries import standing
from webapp.catalog.translations import language_of
from webapp.content.translation import mark
from webapp.db import change_log
from webapp.db.session import db
from webapp.languages.language import ENGLISH, Language, current_language, known_languages
from webapp.models import Article, GlossaryTerm, Live
from webapp.web.errors import SiteError

USES_SHOWN = 12
_PART = re.compile(r"[\w-]+")
# The parts of an article in which words are explained and looked for.
_TEXT_FIELDS = ("main_message", "simple_explanation", "harms", "research_summary")


@dataclass(frozen=True)
class Term:
    """A word explained: its address, the word, what it means, and what else it is found under, in one language."""

    slug: str
    term: str
    meaning: str
    forms: tuple[str, ...] = ()
    is_translated: bool = False


class TermWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A term in another language. ``made_from`` is the mark of the English meaning that it says."""

    slug: str
    made_from: str
    term: str
    forms: tuple[str, ...] = ()
    meaning: str


class GlossaryWords(msgspec.Struct, frozen=True, kw_only=True, dict=True, forbid_unknown_fields=True):
    """The `glossary.toml` of a language; ``made_by`` says who or what translated it."""

    made_by: str
    terms: tuple[TermWords, ...]

    @cached_property
    def by_slug(self) -> dict[str, TermWords]:
        return {term.slug: term for term in self.terms}


@dataclass(frozen=True)
class GlossedRun:
    """A stretch of a paragraph; ``term`` is set where the stretch is the first use of a word explained."""

    text: str
    term: Term | None = None


@dataclass(frozen=True)
class GlossedParagraph:
    """A paragraph in pieces, and the words that are used in it for the first time."""

    pieces: tuple[GlossedRun, ...]

    @property
    def terms(self) -> list[Term]:
        return [piece.term for piece in self.pieces if piece.term]


class Dictionary:
    """Every form of every word explained, found in a text by its first part: as quick for many words as for few."""

    def __init__(self, forms: dict[str, Term]) -> None:
        self._forms: dict[str, list[tuple[str, Term]]] = {}
        # the longest is tried first: "AIS A" wins over "AIS"
        for form in sorted(forms, key=len, reverse=True):
            if first := _PART.match(form):
                self._forms.setdefault(first.group(), []).append((form, forms[form]))

    def uses(self, text: str) -> Iterator[tuple[int, int, Term]]:
        """Where words stand in a text as whole words, in order and apart: (start, end, term)."""
        folded = text.replace(
            "İ", "I"
        ).lower()  # the one letter that becomes two, which would move all places
        present = self._forms.keys() & _PART.findall(folded)
        after = 0
        for part in _PART.finditer(folded) if present else ():
            if part[0] not in present or (start := part.start()) < after:
                continue
            for form, term in self._forms[part[0]]:
                end = start + len(form)
                if folded.startswith(form, start) and not _PART.match(folded, end):
                    yield start, end, term
                    after = end
                    break


class Explainer:
    """Finds the first use of each word as one article is read from top to bottom."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._seen: set[str] = set()

    def explain(self, text: str) -> GlossedParagraph:
        """The paragraph in pieces; a word already explained further up is left alone."""
        pieces: list[GlossedRun] = []
        at = 0
        for start, end, term in self._dictionary.uses(text):
            if term.slug in self._seen:
                continue
            self._seen.add(term.slug)
            pieces += [GlossedRun(text[at:start]), GlossedRun(text[start:end], term)]
            at = end
        return GlossedParagraph((*pieces, GlossedRun(text[at:])))


@cache
def read_glossary(language: Language) -> GlossaryWords | None:
    """The words explained in another language, as they came with the site; raises msgspec.ValidationError."""
    file = language.folder / "glossary.toml" if language.folder else None
    if file is None or not file.is_file():
        return None
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), GlossaryWords)


def languages_of_glossary() -> list[str]:
    """The codes of the languages in which words are explained, English first."""
    return [code for code, one in known_languages().items() if one is ENGLISH or read_glossary(one)]


def languages_of_term(term: GlossaryTerm) -> list[str]:
    """The codes of the languages in which a word is explained, English first."""
    others = (code for code, one in known_languages().items() if term_in(one, term).is_translated)
    return [ENGLISH.code, *others]


def term_in(language: Language, term: GlossaryTerm) -> Term:
    """A term in a language, or in English if its meaning there changed since it was translated."""
    glossary = read_glossary(language)
    words = glossary.by_slug.get(term.slug) if glossary else None
    if words is None or words.made_from != mark(term.meaning):
        return Term(term.slug, term.term, term.meaning, tuple(term.forms))
    return Term(term.slug, words.term, words.meaning, words.forms, is_translated=True)


def _terms_in_current_language() -> list[tuple[GlossaryTerm, Term]]:
    language = current_language()
    return [(term, term_in(language, term)) for term in db.session.scalars(select(GlossaryTerm))]


def new_explainer(live: Live | None = None) -> Explainer:
    """An explainer that knows every word of the glossary, as the text that it reads says it."""
    is_translated = live is not None and language_of(live) is not ENGLISH
    return Explainer(
        _dictionary(str(db.engine.url), change_log.newest(), current_language(), is_translated=is_translated)
    )


@lru_cache(maxsize=4)
def _dictionary(_database: str, _generation: int, _language: Language, *, is_translated: bool) -> Dictionary:
    """The glossary as it is in one generation of one database, for texts in English or in the language of the page."""
    forms: dict[str, Term] = {}
    for english, term in _terms_in_current_language():
        own = term if is_translated else english
        forms |= {form.lower(): term for form in (own.term, *own.forms)}
    return Dictionary(forms)


def terms_by_letter(wanted: str = "") -> list[tuple[str, list[Term]]]:
    """All terms (or those whose word, other form or meaning has ``wanted``) under their first letter, in alphabetical order.

    Accents do not count: "médula" stands under M, and is found by "medula" and by its English word.
    """
    asked = _folded(wanted)
    found = [
        term
        for english, term in _terms_in_current_language()
        if not asked
        or any(
            asked in _folded(text)
            for text in (term.term, term.meaning, *term.forms, english.term, *english.forms)
        )
    ]
    found.sort(key=lambda term: _folded(term.term))
    groups = groupby(found, key=lambda term: _folded(term.term)[0].upper())
    return [(letter, list(group)) for letter, group in groups]


@lru_cache(maxsize=4_000)  # each word is asked for twice a page, on every page
def _folded(text: str) -> str:
    return "".join(one for one in normalize("NFKD", text.casefold()) if not combining(one))


def get_term(slug: str) -> GlossaryTerm:
    """The term at this address; raises SiteError 404."""
    term = db.session.scalar(select(GlossaryTerm).where(GlossaryTerm.slug == slug))
    if term is None:
        raise SiteError(404, "We haven’t explained that word yet. Try a search.")
    return term


def articles_with(term: GlossaryTerm) -> list[Article]:
    """The newest standing articles whose text has the term as a whole word."""
    forms = (term.term, *term.forms)
    dictionary = Dictionary(dict.fromkeys(map(str.lower, forms), Term(term.slug, term.term, term.meaning)))
    columns = [getattr(Article, name) for name in _TEXT_FIELDS]
    likely = standing().where(
        or_(*(column.icontains(form, autoescape=True) for column in columns for form in forms))
    )
    rows = db.session.scalars(likely.order_by(Article.published_at.desc(), Article.id.desc()))
    return [
        article
        for article in rows
        if any(next(dictionary.uses(getattr(article, name) or ""), None) for name in _TEXT_FIELDS)
    ][:USES_SHOWN]
