"""How a node's search index follows the database: by a cursor into the change log, or rebuilt in a new folder.

The index folder holds a cursor: the id of the last public change that the index contains. One process of a node at a time
reads the *current* rows of what changed since, brings the index up to date, commits it, and only then moves the cursor.
Killed before that commit: the cursor is the old one. Killed after: the work is repeated, which changes nothing. The
database is only read.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.catalog.queries import WITH_TOPICS, published, published_in_batches
from webapp.db import change_log
from webapp.db.change_log import ChangeKind, PublicChange
from webapp.db.session import db
from webapp.db.writing import stop_reading
from webapp.models import Article
from webapp.models.values import ArticleStatus
from webapp.search.documents import IndexDocument, document_of
from webapp.search.index import SearchBusy, SearchIndex, SearchUnavailable, is_behind, search_index

log = logging.getLogger(__name__)

BROKEN_FOR = 0.2  # seconds; another process may be switching to a new index just now
CHANGES_AT_ONCE = 500
ARTICLES_AT_ONCE = 500
DOCUMENTS_PER_COMMIT = 20_000


@dataclass(frozen=True)
class IndexDifference:
    """How index and database differ, in article ids."""

    missing: frozenset[int]
    outdated: frozenset[int]
    surplus: frozenset[int]

    @property
    def is_empty(self) -> bool:
        return not (self.missing or self.outdated or self.surplus)


def catch_up() -> int:
    """Bring the index up to date with every public change; builds it if there is none. Returns how many changes.

    Raises SearchUnavailable if another process holds the index for too long.
    """
    index = search_index()
    if not index.is_intact():
        rebuild()
        return 0
    total = 0
    with index.writing():
        while done := _follow_once(index):
            total += done
    return total


def rebuild(report: Callable[[int, int], None] = lambda _done, _total: None) -> int:
    """Build a replacement of the live index and switch to it; searches and the follower go on meanwhile.

    ``report`` is called with (articles done, articles in all). Returns how many articles the new index holds.
    Raises SearchUnavailable if a rebuild is going on already, or the folder cannot be written.
    """
    index = search_index()
    with index.rebuilding():
        replacement = index.create_replacement()
        with _reading() as session:
            total = session.scalar(select(func.count()).select_from(published().subquery())) or 0
            cursor = session.scalar(select(func.max(PublicChange.id))) or 0
        log.info("building a search index of %d articles", total)
        documents = _all_documents(report, total)
        # A limited number in each commit: all documents at once would not fit into memory.
        for document in documents:
            replacement.apply(chain((document,), islice(documents, DOCUMENTS_PER_COMMIT - 1)), ())
        with index.writing():
            _correct(replacement)
            if not differences(replacement).is_empty:
                raise SearchUnavailable("the new index does not equal the database")
            replacement.move_cursor(cursor)  # changes since are followed once more, which changes nothing
            index.replace_with(replacement)
        return replacement.snapshot().alive_count


def differences(index: SearchIndex) -> IndexDifference:
    """Compare an index with the published articles of the database."""
    indexed = index.snapshot().entries()
    query = select(Article.id, Article.revision_number).where(Article.status == ArticleStatus.PUBLISHED)
    with _reading() as session:
        wanted: dict[int, int] = dict(session.execute(query).all())
    return IndexDifference(
        missing=frozenset(wanted.keys() - indexed.keys()),
        outdated=frozenset(key for key, revision in wanted.items() if indexed.get(key, revision) != revision),
        surplus=frozenset(indexed.keys() - wanted.keys()),
    )


def lag(now: datetime) -> tuple[int, float]:
    """How many public changes this node's index has yet to follow, and for how many seconds the oldest has waited."""
    count, oldest = db.session.execute(
        select(func.count(PublicChange.id), func.min(PublicChange.at)).where(
            PublicChange.id > (search_index().cursor() or 0)
        )
    ).one()
    return count, max(0.0, (now - oldest).total_seconds()) if oldest else 0.0


def waiting_articles() -> set[int]:
    """The ids of articles that changed since this node's index followed last."""
    query = select(PublicChange.article_id).where(
        PublicChange.id > (search_index().cursor() or 0), PublicChange.article_id.is_not(None)
    )
    return {article_id for article_id in db.session.scalars(query) if article_id is not None}


def follow() -> None:
    """Follow what changed since last time, if no other process is doing so; raises SearchUnavailable."""
    if is_behind():
        stop_reading()
        index = search_index()
        with suppress(SearchBusy), index.writing(patience=0):
            _follow_once(index)


def compare() -> None:
    """Compare the index with the database and update what differs, for what no change announced (a wrong cursor, say)."""
    if is_behind() or not _is_usable():
        return  # other jobs bring it up to date
    stop_reading()
    index = search_index()
    with suppress(SearchBusy), index.writing(patience=0):
        corrected = _correct(index)
        if not corrected.is_empty:
            log.warning("the search index differed from the database and was corrected: %s", corrected)


def rebuild_if_broken() -> None:
    """Rebuild the index if it is missing or damaged, which takes seconds to minutes.

    An index that contains more changes than the database knows is of another database, as after a restore.
    """
    if _is_usable():
        return
    time.sleep(BROKEN_FOR)
    if _is_usable():
        return
    stop_reading()  # a rebuild takes long
    with suppress(SearchBusy):  # for minutes, if another process is building a large one
        count = rebuild()
        log.warning(
            "the search index was missing, damaged or of another database; rebuilt: %d articles", count
        )


def _is_usable() -> bool:
    index = search_index()
    cursor = index.cursor()
    return index.is_intact() and cursor is not None and cursor <= change_log.newest()


def _correct(index: SearchIndex) -> IndexDifference:
    """Update what differs from the database; returns how it differed. The writer's lock is held."""
    difference = differences(index)
    if not difference.is_empty:
        index.apply(_documents(difference.missing | difference.outdated), difference.surplus)
    return difference


def _follow_once(index: SearchIndex) -> int:
    """Follow up to CHANGES_AT_ONCE public changes; returns how many. The writer's lock is held."""
    with _reading() as session:  # nothing is held in the database while the index is written
        query = select(PublicChange.id, PublicChange.article_id, PublicChange.kind).where(
            PublicChange.id > (index.cursor() or 0)
        )
        changes = session.execute(query.order_by(PublicChange.id).limit(CHANGES_AT_ONCE)).all()
        not_searched = (ChangeKind.CHECKED, ChangeKind.SIGNED_OFF)
        article_ids = {
            change.article_id
            for change in changes
            if change.article_id is not None and change.kind not in not_searched
        }
        # An article is found by the names of its categories too.
        if any(change.kind is ChangeKind.CATEGORIES for change in changes):
            article_ids.update(session.scalars(select(Article.id)))
    if not changes:
        return 0
    index.apply(_documents(article_ids), removed=article_ids)
    index.move_cursor(changes[-1].id)
    log.info("the search index followed %d changes", len(changes))
    return len(changes)


def _reading() -> Session:
    """A session apart from the caller's, so that its rows and its transaction end with the block."""
    return Session(db.engine)


def _documents(article_ids: Iterable[int]) -> Iterator[IndexDocument]:
    """What the index is given of those of the articles that are published, a few read at a time."""
    wanted = sorted(article_ids)
    for start in range(0, len(wanted), ARTICLES_AT_ONCE):
        some = Article.id.in_(wanted[start : start + ARTICLES_AT_ONCE])
        query = published().where(some).options(WITH_TOPICS)
        with _reading() as session:
            documents = [document_of(article) for article in session.scalars(query.order_by(Article.id))]
        yield from documents


def _all_documents(report: Callable[[int, int], None], total: int) -> Iterator[IndexDocument]:
    """Every published article, each reported once it is written."""
    articles = chain.from_iterable(published_in_batches(db.engine))
    for done, article in enumerate(articles, start=1):
        yield document_of(article)
        report(done, total)
