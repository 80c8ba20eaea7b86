"""Summaries like this one, and searches that found nothing."""

from datetime import date, timedelta

from flask import Flask

from tests.engines import both_engines
from tests.pages import PageClient
from tests.search.conftest import Adds
from webapp.config import Config
from webapp.db.session import db
from webapp.models import SearchMiss
from webapp.models.values import Subject
from webapp.search import misses
from webapp.search.query import SearchQuery
from webapp.search.similar import similar_to

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
    add(**texts, subject=Subject.ANIMALS, species="rats", slug="in-rats")
    add(**texts, slug="in-people")
    assert [other.slug for other in similar_to(one, 2)] == ["in-people", "in-rats"]


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
    assert [miss.text for miss in misses.most_missed(5)] == ["salamander", "axolotl"]


def test_a_miss_is_forgotten_after_half_a_year(app: Flask) -> None:
    misses.count_miss(SearchQuery(text="salamander"), TODAY)
    misses.forget_old(TODAY + timedelta(days=180))
    assert misses.most_missed(5)
    misses.forget_old(TODAY + timedelta(days=181))
    assert not misses.most_missed(5)
