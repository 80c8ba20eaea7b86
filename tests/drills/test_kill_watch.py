"""The command that looks for new papers is killed at any moment: no candidate is lost, none is stored twice."""

import random
import sqlite3
from contextlib import closing

import pytest

from tests.drills.faults import Moment, dies
from tests.drills.site import IS_FULL, Site, inside
from tests.papers.conftest import stand_in
from tests.papers.listed import europe_pmc, result
from webapp.db.session import db
from webapp.models import Watch, WatchSource

PAPERS = range(1, 25 if IS_FULL else 5)  # in pages of two
STATEMENTS = (
    "BEGIN",
    "INSERT INTO candidate ",
    "INSERT INTO candidate_identifier",
    "UPDATE watch",
    "FROM candidate",
)
FEW = (("INSERT INTO candidate_identifier", 2), ("UPDATE watch", 3))
KILLS = 200 if IS_FULL else len(FEW)


def moment(number: int) -> Moment:
    """The moment of a kill: any at all in the long form, always the same in the short one."""
    if not IS_FULL:
        return Moment("sql", *FEW[number])
    chance = random.Random(number)
    return Moment("sql", chance.choice(STATEMENTS), chance.randrange(1, 2 * len(PAPERS)))


def stored(site: Site) -> list[str]:
    """The title of each candidate. The watch is free again, as some minutes after a kill."""
    with closing(sqlite3.connect(site.folder / "instance" / "site.sqlite3")) as opened, opened:
        opened.execute("UPDATE watch SET running_until = NULL")
        owners = opened.execute("SELECT count(DISTINCT candidate_id) FROM candidate_identifier").fetchone()[0]
        titles = [title for (title,) in opened.execute("SELECT title FROM candidate ORDER BY id")]
    assert len(set(titles)) == len(titles) == owners
    return titles


@pytest.mark.proves("Promise 1: a search for new papers that is killed loses none and finds none twice")
def test_a_search_for_new_papers_can_be_killed_at_any_moment(site: Site) -> None:
    titles = [f"Made-up paper {number} on spinal cord injury" for number in PAPERS]
    with stand_in() as services:
        services.replies["/search"] = europe_pmc(*map(result, PAPERS))
        site.environment["EUROPE_PMC_URL"] = services.url
        with inside(site):
            watch = {"source": WatchSource.EUROPE_PMC, "query": "injury", "every_hours": 24}
            db.session.add(Watch(name="Injury", **watch))
        kills = number = 0
        while kills < KILLS:
            if dies(site, moment(number), "papers", "watch"):
                kills += 1
                stored(site)
            else:  # it came to its end before the moment: then everything is there, and all begins again
                assert stored(site) == titles
                with closing(sqlite3.connect(site.folder / "instance" / "site.sqlite3")) as opened, opened:
                    opened.execute("DELETE FROM candidate_identifier")
                    opened.execute("DELETE FROM candidate")
            number += 1
        site.flask("papers", "watch")
    assert stored(site) == titles
