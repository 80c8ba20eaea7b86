"""Writers take turns, and what they write is committed as a whole or not at all."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from itertools import count, islice
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from tests.engines import both_engines
from tests.factories import NOW
from tests.newsletter.steps import filled
from tests.writers import another_writer
from webapp.db import writing as turns
from webapp.db.session import db
from webapp.db.writing import MOST_WAITING, TurnTaken, writing
from webapp.models import Attempt


def add_attempt(bucket: str) -> None:
    db.session.add(Attempt(bucket=bucket, window_at=NOW, count=0))


def attempts() -> list[str]:
    return list(db.session.scalars(select(Attempt.bucket)))


@both_engines
def test_what_was_written_is_committed(app: Flask) -> None:
    with writing() as now:
        add_attempt("one")
    db.session.rollback()
    assert attempts() == ["one"]
    assert now <= datetime.now(UTC)


@both_engines
def test_an_exception_rolls_everything_back(app: Flask) -> None:
    with pytest.raises(LookupError), writing():
        add_attempt("one")
        db.session.flush()
        raise LookupError
    assert attempts() == []


def test_it_cannot_be_nested(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="inside"), writing():
        add_attempt("one")
        with writing():
            add_attempt("two")
    assert attempts() == []


def test_after_a_nested_one_was_refused_there_is_another_turn(app: Flask) -> None:
    with pytest.raises(RuntimeError), writing(), writing():
        pass
    with writing():
        add_attempt("one")
    assert attempts() == ["one"]


def test_what_was_changed_before_it_is_refused(app: Flask) -> None:
    add_attempt("one")
    with pytest.raises(RuntimeError, match="before"), writing():
        pass


@both_engines
def test_what_was_read_before_it_is_read_again(app: Flask) -> None:
    add_attempt("shared")
    db.session.commit()
    row = db.session.get_one(Attempt, ("shared", NOW))
    assert row.count == 0

    def count_on() -> None:
        with app.app_context(), writing():
            db.session.get_one(Attempt, ("shared", NOW)).count = 5

    with ThreadPoolExecutor(1) as pool:
        pool.submit(count_on).result()
    with writing():
        row.count += 1
    assert db.session.scalar(select(Attempt.count)) == 6


@both_engines
def test_writers_that_read_first_wait_for_each_other(app: Flask) -> None:
    add_attempt("shared")
    db.session.commit()

    def add_one(_: int) -> None:
        with app.app_context(), writing():
            db.session.get_one(Attempt, ("shared", NOW)).count += 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_one, range(100)))
    assert db.session.get_one(Attempt, ("shared", NOW)).count == 100


@both_engines
def test_who_does_not_want_to_wait_is_told_that_the_turn_is_taken(app: Flask) -> None:
    with another_writer(app), pytest.raises(TurnTaken), writing(wait=False):
        pass
    with writing(wait=False):
        add_attempt("one")
    assert attempts() == ["one"]


def test_who_waits_for_sqlite_goes_on_looking_often(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise others would take each turn between two looks, and a vote beside an import would give up."""
    monkeypatch.setattr(turns, "EAGERNESS", 1)
    looks, has_looked_often = count(1), Event()

    def see(*given: Any) -> None:
        if given[2] == "BEGIN IMMEDIATE" and next(looks) == 4:
            has_looked_often.set()

    event.listen(db.engine, "before_cursor_execute", see)

    def write() -> None:
        with app.app_context(), writing():
            add_attempt("one")

    with ThreadPoolExecutor(1) as pool:
        with another_writer(app):
            written = pool.submit(write)
            assert has_looked_often.wait(10)
        written.result()
    assert attempts() == ["one"]


@both_engines
def test_a_crowd_of_writers_leaves_threads_for_readers(app: Flask) -> None:
    """Some requests wait for their turn. The others are told to come back, with what they typed."""
    app.testing = False
    form = filled(topic="question", email="ana@example.org", message="What I typed")

    def send(_: int) -> TestResponse:
        return app.test_client().post("/contact", data=form, headers={"Sec-Fetch-Site": "same-origin"})

    with ThreadPoolExecutor(12) as pool:
        with another_writer(app):
            sending = [pool.submit(send, number) for number in range(12)]
            refused = [one.result() for one in islice(as_completed(sending), 12 - MOST_WAITING)]
            assert {one.result().status_code for one in sending if one.done()} == {503}
            assert app.test_client().get("/about").status_code == 200
        answers = [one.result() for one in sending]
    assert [answer.status_code for answer in answers].count(303) == MOST_WAITING
    for answer in refused:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert "What I typed" in answer.text
