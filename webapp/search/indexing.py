"""How the search index follows the database: marker rows, one writer at a time, rebuild beside and switch.

Every change of a public text leaves a marker row in its own transaction. Whoever gets the writer's lock reads the
*current* rows, brings the index up to date, commits it, and only then deletes the markers it saw. Killed before that
commit: the markers are still there. Killed after: the work is repeated, which changes nothing.

The markers are deleted in a transaction of this module's own: the index commit before it cannot be rolled back.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from threading import Thread

from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, selectinload

from webapp.catalog.queries import published
from webapp.db import change_log
from webapp.db.engine import WITHOUT_TURN, is_any
from webapp.db.session import db
from webapp.models import Article, ArticleCategory, SearchMarker
from webapp.models.values import ArticleStatus
from webapp.search.backends import Backend, SearchBusy, SearchUnavailable, engine
from webapp.search.documents import document_of
from webapp.search.plan import IndexDocument

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
INSPECT_SECONDS = 3.0  # how often the files are looked at
COMPARE_SECONDS = 60.0  # how often the index is compared with the database
MARKERS_AT_ONCE = 500
ARTICLES_AT_ONCE = 500
DOCUMENTS_PER_COMMIT = 20_000


@dataclass(frozen=True)
class Difference:
    """How index and database differ, in article ids."""

    missing: frozenset[int]
    outdated: frozenset[int]
    surplus: frozenset[int]

    @property
    def is_empty(self) -> bool:
        return not (self.missing or self.outdated or self.surplus)


def catch_up(now: datetime) -> int:
    """Bring the index up to date with every marker there is; builds it if there is none. Returns how many changes.

    Raises SearchUnavailable if another process keeps the index for too long.
    """
    index = engine()
    if not index.is_intact():
        rebuild(_silently)
        return 0
    total = 0
    with index.writing():
        while done := _follow_once(index, now):
            total += done
    return total


def rebuild(report: Callable[[int, int], None]) -> int:
    """Build a new index beside the live one and switch to it; searches and the follower go on meanwhile.

    ``report`` is told (articles done, articles in all). Returns how many articles the new index holds.
    Raises SearchUnavailable if a rebuild is going on already, or the folder cannot be written.
    """
    index = engine()
    with index.rebuilding():
        beside = index.start_beside()
        total = db.session.scalar(select(func.count()).select_from(published().subquery())) or 0
        db.session.rollback()
        done = 0
        documents = _all_documents()
        while batch := list(islice(documents, DOCUMENTS_PER_COMMIT)):
            beside.apply(_counted(batch, partial(_report_from, report, done, total)), ())
            done += len(batch)
        with index.writing():
            difference = differences(beside)
            beside.apply(_documents(difference.missing | difference.outdated), difference.surplus)
            if not differences(beside).is_empty:
                raise SearchUnavailable("the new index does not equal the database")
            index.switch_to(beside)
    change_log.bump()
    db.session.commit()
    return done


def differences(index: Backend) -> Difference:
    """Compare an index with the published articles of the database."""
    indexed = index.entries()
    rows = db.session.execute(
        select(Article.id, Article.revision_number).where(Article.status == ArticleStatus.PUBLISHED)
    )
    wanted = {row[0]: row[1] for row in rows}
    db.session.rollback()
    return Difference(
        missing=frozenset(wanted.keys() - indexed.keys()),
        outdated=frozenset(key for key, revision in wanted.items() if indexed.get(key, revision) != revision),
        surplus=frozenset(indexed.keys() - wanted.keys()),
    )


def lag(now: datetime) -> tuple[int, float]:
    """How many markers wait, and for how many seconds the oldest has."""
    count, oldest = db.session.execute(
        select(func.count(SearchMarker.id), func.min(SearchMarker.marked_at))
    ).one()
    return count, max(0.0, (now - oldest).total_seconds()) if oldest else 0.0


def start_following(app: Flask) -> Thread:
    """Start the thread that keeps the index up with the database for as long as this process lives."""
    thread = Thread(target=_follow, args=(app,), name="search-follower", daemon=True)
    thread.start()
    return thread


def _follow(app: Flask) -> None:
    """Poll for markers; whichever process gets the writer's lock does the work, the others wait for the next round."""
    inspect_at = 0.0
    has_waited = False
    while True:
        try:
            with app.app_context():
                if time.monotonic() >= inspect_at:
                    _rebuild_if_broken()
                    inspect_at = time.monotonic() + INSPECT_SECONDS
                if is_any(select(SearchMarker.id)):
                    _follow_if_first()
        except SearchBusy:
            if not has_waited:
                log.debug("another process keeps the search index up to date; this one stands by")
            has_waited = True
        except (SearchUnavailable, SQLAlchemyError) as error:
            log.warning("the search index could not follow: %s", error)
            time.sleep(1)
        except Exception:  # one failure never ends the loop
            log.exception("the search index could not follow; trying again")
            time.sleep(1)
        time.sleep(POLL_SECONDS)


def _rebuild_if_broken() -> None:
    index = engine()
    if index.is_intact():
        return
    time.sleep(POLL_SECONDS)
    if index.is_intact():
        return
    log.warning("the search index is missing or damaged: it is built anew")
    try:
        count = rebuild(_silently)
    except SearchUnavailable as error:
        log.info("the search index was not built anew: %s", error)
    else:
        log.info("the search index was built anew with %d articles", count)


def _follow_if_first() -> None:
    index = engine()
    try:
        with index.writing(patience=0):
            _follow_once(index, datetime.now(UTC))
    finally:
        db.session.remove()


def _follow_once(index: Backend, now: datetime) -> int:
    """Follow up to MARKERS_AT_ONCE markers; returns how many. The writer's lock is held."""
    markers = db.session.scalars(select(SearchMarker).order_by(SearchMarker.id).limit(MARKERS_AT_ONCE)).all()
    seen = [marker.id for marker in markers]
    article_ids = {marker.article_id for marker in markers}
    waited = max(((now - marker.marked_at).total_seconds() for marker in markers), default=0.0)
    db.session.rollback()  # nothing is held in the database while articles are read and the index is written
    if not seen:
        return 0
    started = time.monotonic()
    changed = _documents(article_ids)
    index.apply(changed, article_ids - {document.article_id for document in changed})
    db.session.execute(delete(SearchMarker).where(SearchMarker.id.in_(seen)))
    known_at = now + timedelta(seconds=time.monotonic() - started)
    db.session.execute(update(Article).where(Article.id.in_(article_ids)).values(indexed_at=known_at))
    change_log.bump()  # results and similar summaries are others now
    db.session.commit()
    log.info("the search index followed %d changes, the oldest after %.2f s", len(seen), waited)
    return len(seen)


def _documents(article_ids: Iterable[int]) -> list[IndexDocument]:
    """What the index is given of those of the articles that are published."""
    wanted = sorted(article_ids)
    return [
        document
        for start in range(0, len(wanted), ARTICLES_AT_ONCE)
        for document in _read(wanted[start : start + ARTICLES_AT_ONCE])
    ]


def _all_documents() -> Iterator[IndexDocument]:
    """Every published article, a few at a time, so that the database is never held for long."""
    last = 0
    while True:
        ids = db.session.scalars(
            select(Article.id)
            .where(Article.status == ArticleStatus.PUBLISHED, Article.id > last)
            .order_by(Article.id)
            .limit(ARTICLES_AT_ONCE)
        ).all()
        db.session.rollback()
        if not ids:
            return
        yield from _read(ids)
        last = ids[-1]


def _read(article_ids: Sequence[int]) -> list[IndexDocument]:
    """Read in a session of its own, which forgets the rows at once, leaves the caller's alone and keeps no writer waiting."""
    topics = selectinload(Article.category_links).joinedload(ArticleCategory.category)
    query = published().where(Article.id.in_(article_ids)).order_by(Article.id).options(topics)
    with Session(db.engine.execution_options(**WITHOUT_TURN)) as session:
        return [document_of(article) for article in session.scalars(query)]


def _report_from(report: Callable[[int, int], None], before: int, total: int, count: int) -> None:
    report(before + count, total)


def _silently(done: int, total: int) -> None:
    """Report no progress."""


def _counted(documents: Sequence[IndexDocument], tell: Callable[[int], None]) -> Iterator[IndexDocument]:
    for count, document in enumerate(documents, start=1):
        yield document
        tell(count)
