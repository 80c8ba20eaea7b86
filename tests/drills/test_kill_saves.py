"""Workers are killed -9 while an editor saves: every save that was answered is there, under the number it was told."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from tests.drills.people import Writer
from tests.drills.site import IS_FULL, Site, running, say

SAVES = 200 if IS_FULL else 12
LONGEST_SAVE = 0.1  # seconds, about; a kill comes at a random moment of it


def saved(site: Site) -> dict[int, str]:
    """What the database holds: text by revision number."""
    with closing(sqlite3.connect(Path(site.environment["INSTANCE_PATH"]) / "site.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = database.execute("SELECT number, json_extract(content, '$.harms') FROM revision")
        return dict(rows.fetchall())


@pytest.mark.proves("Promise 1: a worker killed during a save loses no acknowledged edit")
def test_every_answered_save_is_there_whatever_was_killed(site: Site) -> None:
    with running(site):
        chance = random.Random(5)
        writer = Writer(site)
        answered: dict[int, str] = {}
        kills = unanswered = 0
        while len(answered) < SAVES:
            workers, killers = site.workers(), []
            if workers and chance.random() < 0.5:
                victims = workers if chance.random() < 0.5 else [chance.choice(workers)]
                moment = chance.uniform(0, LONGEST_SAVE)
                killers = [Timer(moment, site.kill_worker, [victim]) for victim in victims]
                kills += len(victims)
            for killer in killers:
                killer.start()
            text = f"Save {len(answered) + unanswered + 1}."
            number = writer.save(text)
            if number is None:
                unanswered += 1
            else:
                assert number not in answered
                answered[number] = text
            for killer in killers:
                killer.join()

        there = saved(site)
        assert sorted(there) == list(range(1, len(there) + 1)), "a number is missing"
        assert {number: there.get(number) for number in answered} == answered
        assert len(there) <= 1 + len(answered) + unanswered, "a save is there twice"
        assert kills >= SAVES // 4
        say(f"{len(answered)} saves answered, {unanswered} not, {kills} kills: 0 lost")
