"""Words explained: the dictionary, and where an article uses a word for the first time."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from sqlalchemy import func, or_, select

from webapp.articles.queries import published
from webapp.extensions import db
from webapp.models import Article, GlossaryTerm

USES_SHOWN = 12
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


class Explainer:
    """Finds the first use of each word as one article is read from top to bottom."""

    def __init__(self, forms: dict[str, Term]) -> None:
        self._forms = forms
        self._pattern = _pattern(tuple(forms))
        self._seen: set[str] = set()

    def explain(self, text: str) -> Paragraph:
        """The paragraph in pieces; a word already explained further up is left alone."""
        pieces: list[Piece] = []
        at = 0
        for match in self._pattern.finditer(text):
            term = self._forms[match.group(0).lower()]
            if term.slug in self._seen:
                continue
            self._seen.add(term.slug)
            pieces += [Piece(text[at : match.start()]), Piece(match.group(0), term)]
            at = match.end()
        return Paragraph((*pieces, Piece(text[at:])))


def new_explainer() -> Explainer:
    """An explainer that knows every word of the glossary."""
    rows = db.session.execute(
        select(GlossaryTerm.slug, GlossaryTerm.term, GlossaryTerm.meaning, GlossaryTerm.forms)
    )
    forms: dict[str, Term] = {}
    for slug, word, meaning, others in rows:
        term = Term(slug, word, meaning)
        forms |= {form.lower(): term for form in (word, *others)}
    return Explainer(forms)


def terms_by_letter(wanted: str = "") -> list[tuple[str, list[GlossaryTerm]]]:
    """All terms (or those whose word or meaning has ``wanted``) under their first letter, in alphabetical order."""
    query = select(GlossaryTerm).order_by(func.lower(GlossaryTerm.term))
    if wanted:
        query = query.where(
            or_(
                GlossaryTerm.term.icontains(wanted, autoescape=True),
                GlossaryTerm.meaning.icontains(wanted, autoescape=True),
            )
        )
    terms = db.session.scalars(query)
    return [(letter, list(group)) for letter, group in groupby(terms, key=lambda term: term.term[0].upper())]


def get_term(slug: str) -> GlossaryTerm:
    """The term at this address; raises LookupError."""
    term = db.session.scalar(select(GlossaryTerm).where(GlossaryTerm.slug == slug))
    if term is None:
        raise LookupError(slug)
    return term


def articles_with(term: GlossaryTerm, count: int = USES_SHOWN) -> list[Article]:
    """Published articles whose text has the term as a whole word, newest first."""
    forms = (term.term, *term.forms)
    columns = [getattr(Article, name) for name in _TEXT_FIELDS]
    likely = published().where(
        or_(*(column.icontains(form, autoescape=True) for column in columns for form in forms))
    )
    pattern = _pattern(tuple(form.lower() for form in forms))
    rows = db.session.scalars(likely.order_by(Article.published_at.desc(), Article.id.desc()))
    return [article for article in rows if pattern.search(_text(article))][:count]


def _text(article: Article) -> str:
    return "\n".join(getattr(article, name) or "" for name in _TEXT_FIELDS)


@lru_cache(maxsize=64)
def _pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the forms as a whole word; the longest is tried first, so "AIS A" wins over "AIS"."""
    longest_first: Iterable[str] = sorted(forms, key=len, reverse=True)
    either = "|".join(re.escape(form) for form in longest_first) or r"(?!)"
    return re.compile(rf"(?<![\w-])(?:{either})(?![\w-])", re.IGNORECASE)
