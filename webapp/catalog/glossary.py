"""Words explained: the dictionary, and where an article uses a word for the first time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from sqlalchemy import func, or_, select

from webapp.catalog.queries import standing
from webapp.db import change_log
from webapp.db.session import db
from webapp.models import Article, GlossaryTerm
from webapp.web.errors import SiteError

USES_SHOWN = 12
_PART = re.compile(r"[\w-]+")
# The parts of an article in which words are explained and looked for.
_TEXT_FIELDS = ("main_message", "simple_explanation", "harms", "research_summary")


@dataclass(frozen=True)
class Term:
    """A word explained: its address, the word, and what it means."""

    slug: str
    term: str
    meaning: str


@dataclass(frozen=True)
class Piece:
    """A stretch of a paragraph; ``term`` is set where the stretch is the first use of a word explained."""

    text: str
    term: Term | None = None


@dataclass(frozen=True)
class Paragraph:
    """A paragraph in pieces, and the words that are used in it for the first time."""

    pieces: tuple[Piece, ...]

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

    def explain(self, text: str) -> Paragraph:
        """The paragraph in pieces; a word already explained further up is left alone."""
        pieces: list[Piece] = []
        at = 0
        for start, end, term in self._dictionary.uses(text):
            if term.slug in self._seen:
                continue
            self._seen.add(term.slug)
            pieces += [Piece(text[at:start]), Piece(text[start:end], term)]
            at = end
        return Paragraph((*pieces, Piece(text[at:])))


def new_explainer() -> Explainer:
    """An explainer that knows every word of the glossary."""
    return Explainer(_dictionary(str(db.engine.url), change_log.newest()))


@lru_cache(maxsize=2)
def _dictionary(_database: str, _generation: int) -> Dictionary:
    """The glossary as it is in one generation of one database."""
    rows = db.session.execute(
        select(GlossaryTerm.slug, GlossaryTerm.term, GlossaryTerm.meaning, GlossaryTerm.forms)
    )
    forms: dict[str, Term] = {}
    for slug, word, meaning, others in rows:
        term = Term(slug, word, meaning)
        forms |= {form.lower(): term for form in (word, *others)}
    return Dictionary(forms)


def terms_by_letter(wanted: str = "") -> list[tuple[str, list[GlossaryTerm]]]:
    """All terms (or those whose word or meaning has ``wanted``) under their first letter, in alphabetical order."""
    query = select(GlossaryTerm).order_by(func.lower(GlossaryTerm.term))
    if wanted:
        texts = GlossaryTerm.term, GlossaryTerm.meaning
        query = query.where(or_(*(text.icontains(wanted, autoescape=True) for text in texts)))
    terms = db.session.scalars(query)
    return [(letter, list(group)) for letter, group in groupby(terms, key=lambda term: term.term[0].upper())]


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
