"""What a result shows of an article, kept per process by revision, so that a page of results costs two small queries.

Which articles are public is asked anew every time: only what a given revision says is kept.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, select

from webapp.content.readability import reading_minutes
from webapp.db.session import db
from webapp.models import Article, ArticleCategory, Category, Paper
from webapp.models.article import running_text
from webapp.models.values import AboutSci, ArticleStatus, PaperStatus, Result, StudyKind, Subject
from webapp.search.documents import plain_texts
from webapp.search.snippets import SearchedText

CARDS_KEPT = 2_000

# Put together once: that costs more than asking.
_STANDING = (
    select(Article.id, Article.revision_number, Paper.status, Article.status)
    .join(Paper, Paper.id == Article.paper_id)
    .where(Article.id.in_(bindparam("ids", expanding=True)))
)
_TOPICS = (
    select(ArticleCategory.article_id, Category.name)
    .join(Category, Category.id == ArticleCategory.category_id)
    .where(ArticleCategory.article_id.in_(bindparam("ids", expanding=True)))
    .order_by(ArticleCategory.position)
)
_FACTS = (
    select(
        *(column for column in Article.__table__.columns if column.name not in ("funding", "written_by")),
        Paper.title.label("paper_title"),
        Paper.status.label("paper_status"),
        Paper.journal,
        Paper.published_on,
    )
    .join(Paper, Paper.id == Article.paper_id)
    .where(Article.id.in_(bindparam("ids", expanding=True)))
)

Key = tuple[int, int, PaperStatus]


@dataclass(frozen=True)
class PaperFacts:
    """What is shown of the paper."""

    status: PaperStatus
    journal: str
    year: int


@dataclass(frozen=True)
class Card:
    """One revision of an article, as lists show it; field names are those of ``models.Article``."""

    id: int
    slug: str
    title: str
    main_message: str
    paper: PaperFacts
    subject: Subject
    species: str | None
    about_sci: AboutSci
    study_kind: StudyKind
    result: Result
    topics: tuple[str, ...]
    minutes: int
    searched: SearchedText  # what snippets are taken from, most telling first


class _Kept:
    """The cards shown last."""

    def __init__(self) -> None:
        self._cards: OrderedDict[Key, Card] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Card | None:
        with self._lock:
            if key in self._cards:
                self._cards.move_to_end(key)
            return self._cards.get(key)

    def put(self, key: Key, card: Card) -> None:
        with self._lock:
            self._cards[key] = card
            if len(self._cards) > CARDS_KEPT:
                self._cards.popitem(last=False)


def public_cards(article_ids: Sequence[int]) -> list[Card]:
    """Those of the articles that are public now, in the given order. The index proposes, the database disposes."""
    kept: _Kept = current_app.extensions.setdefault("search_cards", _Kept())
    rows = db.session.execute(_STANDING, {"ids": article_ids})
    # Not asked of SQLite, which would look through all articles of that status for these few.
    keys: dict[int, Key] = {
        row[0]: (row[0], row[1], row[2]) for row in rows if row[3] == ArticleStatus.PUBLISHED
    }
    found = {article_id: kept.get(key) for article_id, key in keys.items()}
    missing = [article_id for article_id, card in found.items() if card is None]
    for card in _load(missing) if missing else ():
        found[card.id] = card
        kept.put(keys[card.id], card)
    return [card for card in map(found.get, article_ids) if card is not None]


def _load(article_ids: Sequence[int]) -> list[Card]:
    topics: dict[int, list[str]] = defaultdict(list)
    for article_id, name in db.session.execute(_TOPICS, {"ids": article_ids}):
        topics[article_id].append(name)
    rows = db.session.execute(_FACTS, {"ids": article_ids})
    return [_card(row, tuple(topics[row.id])) for row in rows]


def _card(row: Any, topics: tuple[str, ...]) -> Card:
    return Card(
        id=row.id,
        slug=row.slug,
        title=row.plain_title or row.paper_title,
        main_message=row.main_message,
        paper=PaperFacts(row.paper_status, row.journal, int(row.published_on[:4])),
        subject=row.subject,
        species=row.species,
        about_sci=row.about_sci,
        study_kind=row.study_kind,
        result=row.result,
        topics=topics,
        minutes=reading_minutes(running_text(row)),
        searched=SearchedText([text for text in plain_texts(row) if text]),
    )
