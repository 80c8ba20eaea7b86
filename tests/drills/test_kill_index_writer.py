"""The process that writes the index is killed at the worst moments: nothing is lost, and another one takes over."""

import time
from datetime import UTC, datetime

import pytest

from tests.drills.faults import Moment, dies, standing_still
from tests.drills.site import IS_FULL, Site, inside, running
from tests.factories import add_article
from tests.waiting import seconds_until
from webapp.db.session import db
from webapp.search import indexing
from webapp.search.index import search_index

COMMIT = "_MAIN_"  # in the name that makes what was written valid
SEAL = ".seal"  # what is written right after the commit, before markers are deleted
CATCH_UP = ("search", "update")


def found() -> bool:
    """Is every published article in the index, as another process sees it?"""
    is_equal = indexing.differences(search_index()).is_empty
    db.session.rollback()
    return is_equal


def waiting() -> int:
    count, _ = indexing.lag(datetime.now(UTC))
    db.session.rollback()
    return count


def catch_up() -> None:
    while waiting():  # where there was no index, the first round only builds it
        indexing.catch_up()
    assert found()


@pytest.mark.proves("Promise 1: the index writer killed between its commit and its cursor repeats the work")
def test_killed_between_the_commit_of_the_index_and_the_marker_the_work_is_repeated(site: Site) -> None:
    with inside(site):
        add_article()
        catch_up()
        add_article()
        assert dies(site, Moment("os.rename", SEAL), *CATCH_UP)
        assert found() and waiting() == 1
        catch_up()


@pytest.mark.skipif(not IS_FULL, reason="takes a minute: DRILL=full")
@pytest.mark.parametrize("event", ["open", "os.rename", "os.remove"])
def test_killed_before_any_file_that_it_touches_the_work_is_repeated(site: Site, event: str) -> None:
    with inside(site):
        add_article()
        catch_up()
        times = 1
        while True:
            add_article()
            if not dies(site, Moment(event, str(site.folder / "search_index"), times), *CATCH_UP):
                break
            assert waiting() == 1
            catch_up()
            times += 1
        assert times > 1
        assert found() and waiting() == 0


@pytest.mark.proves("Promise 1: another process takes over when the index writer is killed")
def test_killed_while_it_holds_the_lock_the_standby_takes_over_in_two_seconds(site: Site) -> None:
    site.environment["WEB_CONCURRENCY"] = "1"
    with inside(site):
        add_article()
        catch_up()
        add_article()
        with standing_still(site, Moment("os.rename", COMMIT), *CATCH_UP) as writer, running(site):
            time.sleep(1)
            assert not found(), "the standby did not wait for the lock"
            writer.kill()
            seconds_until(found)
            seconds_until(lambda: waiting() == 0)
