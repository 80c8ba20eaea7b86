"""Summaries like this one, and searches that found nothing."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from urllib.request import urlopen

import msgspec
import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from tests.drills.site import Site, inside, running
from tests.engines import both_engines
from tests.factories import NOW, add_article, publish
from tests.pages import PageClient
from tests.search.conftest import Adds
from tests.writers import another_writer
from webapp import jobs
from webapp.config import Config
from webapp.db import writing as turns
from webapp.db.session import db
from webapp.models import SearchMiss
from webapp.models.values import Subject
from webapp.publishing.publication import content_of, withdraw
from webapp.search import indexing, misses, similar
from webapp.search.index import search_index
from webapp.search.query import SearchQuery
from webapp.search.similar import similar_to
from webapp.web.memory_counts import MemoryCounts

TODAY = date(2026, 11, 24)


@both_engines
def test_the_most_similar_summaries_come_first_and_never_the_same_one(app: Flask, add: Adds) -> None:
    one = add(plain_title="Purple zebrafish swim again", main_message="A purple zebrafish swam.")
    add(plain_title="A study of sleep", main_message="Sleep was longer.")
    like = add(plain_title="Purple zebrafish rest", main_message="A purple zebrafish rested.")
    found = similar_to(one, 2)
    assert found[0].id == like.id
    assert one.id not in [other.id for other in found]


@both_engines
def test_of_equally_similar_ones_people_come_first(app: Flask, add: Adds) -> None:
    texts = {"plain_title": "Purple zebrafish swim again", "main_message": "A purple zebrafish swam."}
    one = add(**texts)
    add(**texts, slug="in-people")
    add(**texts, subject=Subject.ANIMALS, species="rats", slug="in-rats")  # newer: first on a tie
    assert [other.slug for other in similar_to(one, 2)] == ["in-people", "in-rats"]


def test_what_is_similar_is_kept_for_some_articles_only(
    app: Flask, add: Adds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise crawlers would fill the memory of each worker."""
    monkeypatch.setattr(similar, "MOST_KEPT", 2)
    articles = [add(main_message="A purple zebrafish swam.") for _ in range(3)]
    for article in articles:
        assert len(similar_to(article)) == 2
    assert len(search_index().snapshot().similar_ids) == 1


def test_a_withdrawn_summary_is_like_nothing_any_more(app: Flask, add: Adds) -> None:
    one, other, gone = (add(main_message="A purple zebrafish swam.") for _ in range(3))
    withdraw(gone, "It was wrong.", NOW)
    db.session.commit()
    assert [found.id for found in similar_to(one)] == [other.id]


def test_the_words_that_few_summaries_share_say_what_is_similar(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rarer of two words counts; one that no other summary has does not, however often it is said."""
    monkeypatch.setattr(similar, "TELLING_COUNT", 1)
    message = "Zebrafish zebrafish zebrafish zebrafish zebrafish."
    one = add_article(plain_title="Xylophone xylophone xylophone xylophone", main_message=message)
    add_article(main_message="Sleep was longer.")
    like = add_article(main_message="One zebrafish swam.")
    indexing.catch_up()
    assert [other.id for other in similar_to(one)] == [like.id]


def test_new_words_make_other_summaries_similar_at_once(app: Flask, add: Adds) -> None:
    fish, sleep = add(main_message="A purple zebrafish rested."), add(main_message="Insomnia was rarer.")
    add(main_message="A purple zebrafish swam."), add(main_message="Insomnia lasted.")
    one = add(main_message="A purple zebrafish ate.")
    assert fish in similar_to(one, 2)
    publish(msgspec.structs.replace(content_of(one), main_message="Insomnia ended."), NOW, one)
    db.session.commit()
    assert sleep in similar_to(one, 2)


def test_without_an_index_the_topic_decides(
    app: Flask, config: Config, add: Adds, client: PageClient
) -> None:
    one, other = add(), add()
    (config.search_index / "CURRENT").unlink()
    assert [found.id for found in similar_to(one)] == [other.id]
    assert other.slug in client.get(f"/research/{one.slug}").text


@both_engines
def test_a_miss_keeps_words_and_days_and_nothing_else(app: Flask) -> None:
    misses.count_miss(SearchQuery(text="Purple  Salamander"), TODAY)
    misses.count_miss(SearchQuery(text="purple salamander"), TODAY + timedelta(days=1))
    jobs.write_misses(Event())
    miss = db.session.query(SearchMiss).one()
    assert (miss.text, miss.count) == ("purple salamander", 2)
    assert (miss.first_on, miss.last_on) == (TODAY, TODAY + timedelta(days=1))
    assert {column.name for column in SearchMiss.__table__.columns} == {
        "id",
        "text",
        "count",
        "first_on",
        "last_on",
    }


def test_editors_see_what_is_missed_most_without_its_beginnings(app: Flask) -> None:
    for text in ("salam", "salamander", "salamander", "axolotl"):
        misses.count_miss(SearchQuery(text=text), TODAY)
    jobs.write_misses(Event())
    assert [miss.text for miss in misses.most_missed(5)] == ["salamander", "axolotl"]


def test_a_miss_is_answered_while_somebody_else_writes_and_counted_later(
    app: Flask, client: PageClient, add: Adds
) -> None:
    add()
    db.session.remove()
    with another_writer(app):
        assert "We have no summary on salamander yet" in client.get("/search?q=salamander").text
    jobs.write_misses(Event())
    assert written() == {"salamander": 1}


def test_what_cannot_be_written_is_written_the_next_time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "JOBS_TIMEOUT", 0)
    misses.count_miss(SearchQuery(text="salamander"), TODAY)
    with closing(sqlite3.connect(str(db.engine.url.database), isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError):
            jobs.write_misses(Event())
    db.session.rollback()
    misses.count_miss(SearchQuery(text="salamander"), TODAY)
    jobs.write_misses(Event())
    assert written() == {"salamander": 2}


def test_what_could_not_be_committed_is_written_the_next_time(app: Flask) -> None:
    misses.count_miss(SearchQuery(text="salamander"), TODAY)

    def full(_session: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("the disk is full"))

    event.listen(db.session, "before_commit", full)
    with pytest.raises(OperationalError):
        jobs.write_misses(Event())
    event.remove(db.session, "before_commit", full)
    assert written() == {}
    jobs.write_misses(Event())
    assert written() == {"salamander": 1}


def test_only_so_many_different_misses_wait_in_memory(app: Flask) -> None:
    app.extensions["search_misses"] = MemoryCounts(2)
    for words in ("axolotl", "newt", "salamander", "newt"):
        misses.count_miss(SearchQuery(text=words), TODAY)
    jobs.write_misses(Event())
    assert written() == {"axolotl": 1, "newt": 2}


def test_a_full_table_counts_what_it_has_and_takes_nothing_new(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(misses, "MOST_ROWS", 1)
    for words in ("axolotl", "salamander", "axolotl"):
        misses.count_miss(SearchQuery(text=words), TODAY)
        jobs.write_misses(Event())
    assert written() == {"axolotl": 2}


def test_a_job_writes_what_was_counted(app: Flask) -> None:
    misses.count_miss(SearchQuery(text="salamander"), TODAY)
    jobs.write_misses(Event())
    assert written() == {"salamander": 1}
    assert not misses.counts_of(app).is_any()


def test_misses_are_written_when_a_worker_ends(tmp_path: Path) -> None:
    site = Site(tmp_path, WEB_CONCURRENCY="1")
    site.flask("db", "upgrade")
    with running(site):
        urlopen(f"{site.url}/search?q=xylophones+quux").close()
        site.stop()
    with inside(site):
        assert written() == {"xylophones quux": 1}


def written() -> dict[str, int]:
    """What the database has counted."""
    counts = {miss.text: miss.count for miss in db.session.scalars(select(SearchMiss))}
    db.session.rollback()  # do not keep the write lock
    return counts


def test_a_miss_is_forgotten_after_half_a_year(app: Flask) -> None:
    misses.count_miss(SearchQuery(text="salamander"), TODAY)
    jobs.write_misses(Event())
    misses.forget_old(TODAY + timedelta(days=180))
    assert misses.most_missed(5)
    misses.forget_old(TODAY + timedelta(days=181))
    assert not misses.most_missed(5)
