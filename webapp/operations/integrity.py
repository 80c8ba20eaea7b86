"""Integrity checks across the database, the search index and the outbox, as ``flask check`` runs them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from webapp.config import command_line
from webapp.db.session import db
from webapp.mail.outbox import STALE_AFTER
from webapp.models import Article, ArticleSlug, MailState, OutboxMessage
from webapp.newsletter import digests
from webapp.operations import migrations, sqlite_files
from webapp.search import indexing
from webapp.search.index import SearchUnavailable, search_index


def problems(now: datetime) -> list[str]:
    """Run every check and return one sentence per problem; an empty list means that the site is sound.

    A damaged file or an outdated schema ends the checks: queries on such tables would fail instead of reporting.
    """
    reported = []
    if db.engine.dialect.name == "sqlite":  # PostgreSQL enforces its own files and references
        path = Path(str(db.engine.url.database))
        if not path.exists():
            return [f"database: there is none in {path}. Run: {command_line('prepare')}"]
        reported += [f"database: {problem}" for problem in sqlite_files.problems_of(path)]
    if problem := migrations.problem():
        reported.append(f"database: {problem}")
    return reported or [*_index_problems(), *_row_problems(now)]


def _index_problems() -> Iterator[str]:
    """Compare the index with the database; changes that the index has not followed yet are not problems."""
    rebuild = command_line("search rebuild")
    try:
        difference = indexing.differences(search_index())
    except SearchUnavailable as error:
        yield f"search index: {error}. Run: {rebuild}"
        return
    awaited = indexing.waiting_articles()
    for what, ids in (
        ("is not in it", difference.missing),
        ("is outdated in it", difference.outdated),
        ("is in it but not public", difference.surplus),
    ):
        for article_id in sorted(ids - awaited):
            yield f"search index: article {article_id} {what}. Run: {rebuild}"


def _row_problems(now: datetime) -> Iterator[str]:
    """Check what no constraint enforces: the accounting of each issue, stuck mail, and redirects from old addresses."""
    for issue in digests.issues():
        accounting = digests.accounting(issue)
        if not accounting.is_right:
            yield f"outbox: issue {issue.id} does not add up: {accounting}"
    stuck = select(OutboxMessage.id).where(
        OutboxMessage.state == MailState.SENDING, OutboxMessage.claimed_at <= now - 2 * STALE_AFTER
    )
    for number in db.session.scalars(stuck):
        yield f"outbox: mail {number} was left half way and nobody settles it. Is a mailer running?"
    slugs = select(ArticleSlug.slug)
    orphaned = slugs.outerjoin(Article, Article.id == ArticleSlug.article_id).where(Article.id.is_(None))
    for slug in db.session.scalars(orphaned):
        yield f"old address /research/{slug}: its summary is gone"
    for slug in db.session.scalars(slugs.join(Article, Article.slug == ArticleSlug.slug)):
        yield f"old address /research/{slug}: a summary has it as its own"
