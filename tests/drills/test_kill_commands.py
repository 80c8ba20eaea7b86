"""Long commands are killed half way: what was there goes on being used, and the command can be run again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import flask_migrate
import pytest

from tests.drills.faults import Moment, dies
from tests.drills.site import IS_FULL, Site, inside
from tests.factories import NOW, add_article
from webapp.db.session import db
from webapp.operations import backups, sqlite_files
from webapp.search import indexing
from webapp.search.index import search_index

STATEMENTS = range(1, 200) if IS_FULL else (2,)  # of a migration, before which it is killed
Schema = list[tuple[str, str]]


def live_folder(site: Site) -> str:
    return (site.folder / "search_index" / "CURRENT").read_text(encoding="ascii")


@pytest.mark.proves(
    "Promise 1: a rebuild, a migration or a backup that is killed leaves what was there before"
)
@pytest.mark.parametrize(
    "moment",
    [Moment("open", ".trm"), Moment("os.rename", "CURRENT")],
    ids=["half filled", "before the switch"],
)
def test_a_rebuild_killed_before_its_end_leaves_the_old_index_in_use(site: Site, moment: Moment) -> None:
    with inside(site):
        article = add_article()
        indexing.rebuild(lambda _done, _total: None)
        before = live_folder(site)
        assert dies(site, moment, "search", "rebuild")
        assert live_folder(site) == before
        assert search_index().snapshot().entries() == {article.id: article.revision_number}
        db.session.rollback()
        indexing.rebuild(lambda _done, _total: None)
        left = {path.name for path in (site.folder / "search_index").iterdir()}
        assert left == {"CURRENT", "writer.lock", "rebuild.lock", live_folder(site)}


def test_a_rebuild_killed_after_the_switch_is_complete(site: Site) -> None:
    with inside(site):
        add_article()
        indexing.rebuild(lambda _done, _total: None)
        before = live_folder(site)
        assert dies(site, Moment("shutil.rmtree", "search_index", 1), "search", "rebuild")
        assert live_folder(site) != before
        assert indexing.differences(search_index()).is_empty


@pytest.fixture
def old_site(site: Site) -> Site:
    """A site before its first migration."""
    with inside(site):
        flask_migrate.downgrade(revision="base")
    return site


def database_of(site: Site) -> Path:
    return Path(site.environment["INSTANCE_PATH"]) / "site.sqlite3"


def schema_of(site: Site) -> Schema:
    with closing(sqlite3.connect(database_of(site))) as opened:
        return opened.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


@pytest.mark.proves(
    "Promise 1: a rebuild, a migration or a backup that is killed leaves what was there before"
)
def test_a_migration_killed_half_way_changed_nothing_and_can_be_repeated(old_site: Site) -> None:
    before = schema_of(old_site)
    moments = [Moment("sql", "TABLE", times) for times in STATEMENTS]
    for moment in (Moment("sql", "foreign_key_check"), *moments):
        if not dies(old_site, moment, "db", "upgrade"):
            assert moment.times > 10
            break
        assert schema_of(old_site) == before
        assert sqlite_files.problems_of(database_of(old_site)) == []
    with inside(old_site):
        flask_migrate.upgrade()
        flask_migrate.check()


@pytest.mark.proves(
    "Promise 1: a rebuild, a migration or a backup that is killed leaves what was there before"
)
@pytest.mark.parametrize(
    "moment",
    [Moment("sqlite3.connect", "?mode=ro"), Moment("os.rename", ".part")],
    ids=["before it is checked", "before it gets its name"],
)
def test_a_backup_killed_half_way_leaves_no_file_that_passes_for_one(site: Site, moment: Moment) -> None:
    folder = site.folder / "backups"
    assert dies(site, moment, "backup", str(folder))
    assert [path.suffix for path in folder.iterdir()] == [".part"]
    with inside(site):
        backups.back_up(folder, NOW)
    assert [path.suffix for path in folder.iterdir()] == [".sqlite3"]
