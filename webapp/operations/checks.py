"""Everything that must hold, looked at now: one sentence for each thing that does not."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from webapp.db.session import db
from webapp.mail.outbox import STALE_AFTER
from webapp.models import Article, ArticleSlug, MailState, OutboxMessage
from webapp.newsletter import digests
from webapp.operations import migrations, sqlite_files
from webapp.search import indexing
from webapp.search.index import SearchUnavailable, search_index


def problems(now: datetime) -> list[str]:
    """What is wrong; nothing if all is well. If the tables are not ours, the rest is not looked at."""
    found = [*_file_problems(), *_migration_problems()]
    if not found:
        found = [*_index_problems(), *_outbox_problems(now), *_address_problems()]
    return found


def _file_problems() -> Iterator[str]:
    """SQLite's own check of the file and of every reference; PostgreSQL holds both by itself."""
    if db.engine.dialect.name == "sqlite":
        for problem in sqlite_files.problems_of(Path(str(db.engine.url.database))):
            yield f"database: {problem}"


def _migration_problems() -> Iterator[str]:
    have, need = migrations.current(), migrations.newest()
    if have != need:
        yield f"database: it is at migration {have}, but the code needs {need}. Run: flask db upgrade"


def _index_problems() -> Iterator[str]:
    """What the index has wrong, but for changes that it is just about to follow."""
    try:
        difference = indexing.differences(search_index())
    except SearchUnavailable as error:
        yield f"search index: {error}. Run: flask search rebuild"
        return
    awaited = indexing.waiting_articles()
    for what, ids in (
        ("is not in it", difference.missing),
        ("is outdated in it", difference.outdated),
        ("is in it but not public", difference.surplus),
    ):
        for article_id in sorted(ids - awaited):
            yield f"search index: article {article_id} {what}. Run: flask search rebuild"


def _outbox_problems(now: datetime) -> Iterator[str]:
    for issue in digests.issues():
        accounting = digests.accounting(issue)
        if not accounting.is_right:
            yield f"outbox: issue {issue.id} does not add up: {accounting}"
    stuck = select(OutboxMessage.id).where(
        OutboxMessage.state == MailState.SENDING, OutboxMessage.claimed_at <= now - 2 * STALE_AFTER
    )
    for number in db.session.scalars(stuck):
        yield f"outbox: mail {number} was left half way and nobody settles it. Is a mailer running?"


def _address_problems() -> Iterator[str]:
    """Old addresses that lead nowhere, or that another summary took."""
    orphaned = (
        select(ArticleSlug.slug)
        .outerjoin(Article, Article.id == ArticleSlug.article_id)
        .where(Article.id.is_(None))
    )
    taken = select(ArticleSlug.slug).join(Article, Article.slug == ArticleSlug.slug)
    for slug in db.session.scalars(orphaned):
        yield f"old address /research/{slug}: its summary is gone"
    for slug in db.session.scalars(taken):
        yield f"old address /research/{slug}: a summary has it as its own"
